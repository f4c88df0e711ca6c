//! The vault: private values and their salts, beside the log and never in it (docs/format.md §8).
//!
//! Durability: [`Vault::put`] returns when the rows are synced. Order: rows are put before the entry that names their
//! digests is appended, so nothing acknowledged can lack them; rows that no entry came to name are swept after a day.
//! Erased means gone: the database overwrites what it deletes and its write-ahead log is cut off. Every value is
//! sealed under the vault key, which is none of the ledger's keys. Trust: none in the rows; a value is given out only
//! if it has its digest.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use crate::disclosure::{Disclosure, digest_of, digests_in};
use crate::keyring::{KeyringError, SEAL_BYTES, SealingKey};
use crate::reader::Reader;
use crate::refusal::Refusal;
use crate::select::signed;
use crate::sqlite::check_schema_version;
use crate::store::StoreError;

/// The private values of a ledger.
#[derive(Debug)]
pub struct Vault {
    file: PathBuf,
    connection: Mutex<Connection>,
    key: SealingKey,
    /// Digests that entries are known to name, to be noted with the next write: losing them costs the sweep a look.
    confirmed: Mutex<Vec<String>>,
}

/// What a look at every value showed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CheckedVault {
    /// Digests whose stored value cannot be opened or has another digest.
    pub altered: Vec<String>,
    /// Attachments that values name, each behind the digest of the value.
    pub attachments: Vec<(String, String)>,
}

/// What a vault holds, as far as it is known without its key.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Digests of all values.
    pub digests: HashSet<String>,
    /// Digests of those that are too short to be sealed values.
    pub cut: Vec<String>,
    /// Values that were put more than a day ago and are not known to be named by an entry: the daily sweep looks at them.
    pub unswept: u64,
}

/// Why the vault could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A value has not the digest it is named by.
    #[error("the private value {digest} was altered: restore the vault from a backup")]
    Altered {
        /// The digest.
        digest: String,
        /// What the format's reader refused.
        #[source]
        source: Refusal,
    },
    /// The database refused.
    #[error("the vault's database {file} could not {doing}")]
    Database {
        /// The database.
        file: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        #[source]
        source: rusqlite::Error,
    },
    /// A value that was erased is to be put again.
    #[error("the private value {digest} was erased and is not taken in again")]
    Erased {
        /// The digest.
        digest: String,
    },
    /// The vault key is missing or another one.
    #[error("the vault does not open")]
    Keyring(#[source] KeyringError),
    /// The ledger could not be read.
    #[error("the ledger could not be read to see which private values it names")]
    Ledger(#[source] StoreError),
    /// Another process reads the vault, so that its write-ahead log could not be cut off.
    #[error(
        "the values are deleted, but traces stay in {file}-wal while another program reads it: end it, erase again"
    )]
    Traces {
        /// The database.
        file: PathBuf,
    },
}

impl Vault {
    /// Opens the vault of a folder; makes it, with a key of its own, if it is not there.
    ///
    /// # Errors
    ///
    /// [`VaultError`] if the key or the database cannot be used, or the database is of another version.
    pub fn open(folder: &Path) -> Result<Self, VaultError> {
        let file = folder.join("vault.db");
        let key_file = folder.join(KEY_FILE);
        let key = match file.is_file() {
            true => SealingKey::load(KEY_VARIABLE, &key_file),
            false => SealingKey::load_or_create(KEY_VARIABLE, &key_file),
        };
        let key = key.map_err(VaultError::Keyring)?;
        let failed = |source| VaultError::Database { file: file.clone(), doing: "be opened", source };
        let connection = Connection::open(&file).map_err(failed)?;
        connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(failed)?;
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")
            .map_err(failed)?;
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |columns| columns.get(0))
            .map_err(failed)?;
        if tables == 0 {
            connection.execute_batch(&format!("BEGIN;\n{SCHEMA}\nCOMMIT;")).map_err(failed)?;
        }
        check_schema_version(&connection, &file).map_err(VaultError::Ledger)?;
        Ok(Self { file, connection: Mutex::new(connection), key, confirmed: Mutex::new(Vec::new()) })
    }

    /// Opens the vault of a folder for reading only, beside whoever writes.
    ///
    /// # Errors
    ///
    /// As [`Vault::open`]; nothing is made.
    pub fn open_read_only(folder: &Path) -> Result<Self, VaultError> {
        let (file, connection) = reading(folder)?;
        let key = SealingKey::load(KEY_VARIABLE, &folder.join(KEY_FILE)).map_err(VaultError::Keyring)?;
        Ok(Self { file, connection: Mutex::new(connection), key, confirmed: Mutex::new(Vec::new()) })
    }

    /// Keeps disclosures durably. `ledger_size` is the ledger's size before: an entry that names them comes later.
    /// The same ones again are nothing to do.
    ///
    /// # Errors
    ///
    /// [`VaultError::Erased`] if one of them was erased; then none is kept.
    pub fn put(&self, disclosures: &[Disclosure], ledger_size: u64) -> Result<(), VaultError> {
        if disclosures.is_empty() {
            return Ok(());
        }
        let now_ms = chrono::Utc::now().timestamp_millis();
        let mut sealed = Vec::with_capacity(disclosures.len());
        for disclosure in disclosures {
            let value = self.key.seal(disclosure.text.as_bytes(), &disclosure.digest);
            sealed.push((&disclosure.digest, value.map_err(VaultError::Keyring)?));
        }
        self.write("take private values", |connection| {
            for (digest, value) in &sealed {
                let erased = "SELECT 1 FROM erased WHERE digest = ?1";
                if connection.prepare_cached(erased)?.exists([digest])? {
                    return Ok(Err(VaultError::Erased { digest: (*digest).clone() }));
                }
                let put = connection
                    .prepare_cached("INSERT OR IGNORE INTO disclosures (digest, sealed) VALUES (?1, ?2)")?
                    .execute(params![digest, value])?;
                if put > 0 {
                    connection
                        .prepare_cached(
                            "INSERT OR IGNORE INTO unconfirmed (digest, put_at_ms, from_position) VALUES (?1, ?2, ?3)",
                        )?
                        .execute(params![digest, now_ms, signed(ledger_size)])?;
                }
            }
            Ok(Ok(()))
        })?
    }

    /// Notes that an entry with these digests was appended.
    pub fn confirm(&self, digests: impl IntoIterator<Item = String>) {
        locked(&self.confirmed).extend(digests);
    }

    /// The disclosures of these digests, in their order; none where the vault has no such value (erased, or never its).
    ///
    /// # Errors
    ///
    /// [`VaultError::Altered`] if a value has not its digest.
    pub fn values(&self, digests: &[&str]) -> Result<Vec<Option<Disclosure>>, VaultError> {
        let sealed = self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT sealed FROM disclosures WHERE digest = ?1")?;
            let find = |digest: &&str| {
                select.query_row([*digest], |columns| columns.get::<_, Vec<u8>>(0)).optional()
            };
            digests.iter().map(find).collect::<Result<Vec<_>, _>>()
        })?;
        let values = digests.iter().zip(sealed);
        values.map(|(digest, sealed)| sealed.map(|sealed| self.unseal(digest, &sealed)).transpose()).collect()
    }

    /// Erases these values for ever. Doing it again does no harm and finishes what was interrupted.
    ///
    /// # Errors
    ///
    /// [`VaultError::Traces`] if the write-ahead log could not be cut off.
    pub fn erase(&self, digests: &[&str]) -> Result<(), VaultError> {
        self.write("erase private values", |connection| {
            for digest in digests {
                connection
                    .prepare_cached("INSERT OR IGNORE INTO erased (digest) VALUES (?1)")?
                    .execute([digest])?;
                delete(connection, digest)?;
            }
            Ok(())
        })?;
        self.cut_off()
    }

    /// Deletes values that no entry came to name within a day. Answers how many.
    ///
    /// # Errors
    ///
    /// [`VaultError`]; nothing is deleted if the ledger cannot be read.
    pub fn sweep(&self, ledger: &Reader) -> Result<usize, VaultError> {
        self.sweep_before(ledger, chrono::Utc::now().timestamp_millis() - UNNAMED_MS_MAX)
    }

    /// Shows the digest of every value that is kept, in no order: for `verify`.
    ///
    /// # Errors
    ///
    /// [`VaultError`] if the database cannot be read.
    pub fn each_digest(&self, each: &mut dyn FnMut(&str)) -> Result<(), VaultError> {
        self.read(|connection| {
            let mut select =
                connection.prepare_cached("SELECT digest FROM disclosures WHERE typeof(digest) = 'text'")?;
            let mut rows = select.query([])?;
            while let Some(columns) = rows.next()? {
                each(columns.get_ref(0)?.as_str().unwrap_or_default());
            }
            Ok(())
        })
    }

    /// Looks at every value: for `verify`.
    ///
    /// # Errors
    ///
    /// [`VaultError`] if the database cannot be read.
    pub fn checked(&self) -> Result<CheckedVault, VaultError> {
        self.read(|connection| {
            let mut select =
                connection.prepare_cached("SELECT digest, sealed FROM disclosures ORDER BY digest")?;
            let (mut rows, mut checked) = (select.query([])?, CheckedVault::default());
            // one by one: there may be more of them than memory
            while let Some(columns) = rows.next()? {
                // a digest of another type is never looked up: the value is as good as gone
                let digest = columns.get_ref(0)?.as_str().unwrap_or("(no digest)");
                let sealed = columns.get_ref(1)?.as_bytes().unwrap_or_default();
                match self.unseal(digest, sealed) {
                    Err(_) => checked.altered.push(digest.to_owned()),
                    Ok(value) => {
                        let names = attachments_in(&value);
                        checked.attachments.extend(names.into_iter().map(|name| (digest.to_owned(), name)));
                    }
                }
            }
            Ok(checked)
        })
    }

    /// What can be said of a folder's vault without its key, beside whoever writes: for `verify` and `doctor`.
    ///
    /// # Errors
    ///
    /// [`VaultError`] if the database cannot be read or is of another version.
    pub fn listing(folder: &Path) -> Result<Listing, VaultError> {
        let (file, connection) = reading(folder)?;
        let read = || {
            let mut listing = Listing::default();
            let mut select = connection.prepare("SELECT digest, length(sealed) FROM disclosures")?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()? {
                let digest = row.get_ref(0)?.as_str().unwrap_or("(no digest)").to_owned();
                let sealed: i64 = row.get(1)?;
                if !usize::try_from(sealed).is_ok_and(|bytes| bytes > SEAL_BYTES) {
                    listing.cut.push(digest.clone());
                }
                listing.digests.insert(digest);
            }
            let mut select = connection.prepare("SELECT count(*) FROM unconfirmed WHERE put_at_ms < ?1")?;
            let before = chrono::Utc::now().timestamp_millis() - UNNAMED_MS_MAX;
            listing.unswept = select.query_row([before], |row| row.get(0))?;
            Ok(listing)
        };
        read().map_err(|source| VaultError::Database { file, doing: "be read", source })
    }

    fn sweep_before(&self, ledger: &Reader, put_before_ms: i64) -> Result<usize, VaultError> {
        self.write("note which values are named", |_| Ok(()))?;
        let old: Vec<(String, i64)> = self.read(|connection| {
            let mut select = connection
                .prepare_cached("SELECT digest, from_position FROM unconfirmed WHERE put_at_ms < ?1")?;
            let rows = select.query_map([put_before_ms], |columns| Ok((columns.get(0)?, columns.get(1)?)))?;
            rows.collect()
        })?;
        let Some(from) = old.iter().map(|(_, from)| u64::try_from(*from).unwrap_or(0)).min() else {
            return Ok(0);
        };
        let named = named_from(ledger, from).map_err(VaultError::Ledger)?;
        let (named, unnamed): (Vec<_>, Vec<_>) =
            old.into_iter().map(|(digest, _)| digest).partition(|digest| named.contains(digest));
        self.confirm(named);
        self.write("sweep private values", |connection| {
            unnamed.iter().try_for_each(|digest| delete(connection, digest))
        })?;
        if !unnamed.is_empty() {
            self.cut_off()?;
        }
        Ok(unnamed.len())
    }

    fn unseal(&self, digest: &str, sealed: &[u8]) -> Result<Disclosure, VaultError> {
        let altered = |source| VaultError::Altered { digest: digest.to_owned(), source };
        let refused = |why: &str| altered(Refusal::new("vault-value", why));
        let text = self
            .key
            .open(sealed, digest, "a private value")
            .map_err(|_| refused("it does not open under the vault key"))?;
        let text = std::str::from_utf8(&text).map_err(|_| refused("it is not text"))?;
        if digest_of(text) != digest {
            return Err(refused("it has another digest"));
        }
        Disclosure::parse(text).map_err(altered)
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>) -> Result<T, VaultError> {
        read(&locked(&self.connection)).map_err(|source| self.failed("be read", source))
    }

    /// One transaction, with what was confirmed since the last one.
    fn write<T>(
        &self,
        doing: &'static str,
        write: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, VaultError> {
        let mut connection = locked(&self.connection);
        let confirmed = std::mem::take(&mut *locked(&self.confirmed));
        let run = || {
            let transaction = connection.transaction()?;
            for digest in &confirmed {
                transaction.prepare_cached("DELETE FROM unconfirmed WHERE digest = ?1")?.execute([digest])?;
            }
            let answer = write(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        };
        run().map_err(|source| self.failed(doing, source))
    }

    /// Empties the write-ahead log: what was overwritten in the database must not live on there.
    fn cut_off(&self) -> Result<(), VaultError> {
        let busy: i64 = self.read(|connection| {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |columns| columns.get(0))
        })?;
        match busy {
            0 => Ok(()),
            _ => Err(VaultError::Traces { file: self.file.clone() }),
        }
    }

    fn failed(&self, doing: &'static str, source: rusqlite::Error) -> VaultError {
        VaultError::Database { file: self.file.clone(), doing, source }
    }
}

/// The attachments that a value names (docs/format.md §8), lower-case hex.
#[must_use]
pub fn attachments_in(value: &Disclosure) -> Vec<String> {
    let photos = value.value.as_array().filter(|_| value.name == "photos").into_iter().flatten();
    photos.filter_map(|photo| photo["sha256"].as_str().map(str::to_owned)).collect()
}

/// A connection that only reads.
fn reading(folder: &Path) -> Result<(PathBuf, Connection), VaultError> {
    let file = folder.join("vault.db");
    let failed = |source| VaultError::Database { file: file.clone(), doing: "be read", source };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&file, flags).map_err(failed)?;
    connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(failed)?;
    check_schema_version(&connection, &file).map_err(VaultError::Ledger)?;
    Ok((file, connection))
}

/// All digests that entries name from a position on.
fn named_from(ledger: &Reader, from: u64) -> Result<HashSet<String>, StoreError> {
    let mut named = HashSet::new();
    ledger.rows(from, u64::MAX, |row| {
        named.extend(digests_in(row.data));
        Ok::<_, StoreError>(())
    })?;
    Ok(named)
}

fn delete(connection: &Connection, digest: &str) -> Result<(), rusqlite::Error> {
    connection.prepare_cached("DELETE FROM disclosures WHERE digest = ?1")?.execute([digest])?;
    connection.prepare_cached("DELETE FROM unconfirmed WHERE digest = ?1")?.execute([digest])?;
    Ok(())
}

/// A lock that somebody panicked under still guards a sound connection: its transaction was rolled back.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const SCHEMA: &str = include_str!("../../migrations/sqlite/vault/0001.sql");
const KEY_VARIABLE: &str = "WUPING_VAULT_KEY";
const KEY_FILE: &str = "vault.key";
const UNNAMED_MS_MAX: i64 = 24 * 60 * 60 * 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::private::split_private;
    use crate::test_ledger::TestLedger;
    use serde_json::json;

    fn said(name: &str) -> (String, Vec<Disclosure>) {
        split_private(json!({"private": {"name": name, "phone": null}, "type": "OwnerNamed"})).unwrap()
    }

    fn digests(disclosures: &[Disclosure]) -> Vec<&str> {
        disclosures.iter().map(|disclosure| disclosure.digest.as_str()).collect()
    }

    /// Whether a text stands anywhere in the vault's files.
    fn in_files(folder: &Path, text: &[u8]) -> bool {
        let files =
            std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
        files.into_iter().any(|bytes| bytes.windows(text.len()).any(|window| window == text))
    }

    #[test]
    fn values_are_given_back_by_their_digests_and_lie_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path()).unwrap();
        let (_, disclosures) = said("Chen Xiaoming");
        vault.put(&disclosures, 7).unwrap();
        vault.put(&disclosures, 7).unwrap();
        drop(vault);
        let vault = Vault::open(folder.path()).unwrap();
        let mut asked = digests(&disclosures);
        asked.push("another");
        let values = vault.values(&asked).unwrap();
        assert_eq!(values[..2], [Some(disclosures[0].clone()), Some(disclosures[1].clone())]);
        assert_eq!(values[2], None);
        assert!(
            !in_files(folder.path(), b"Xiaoming") && !in_files(folder.path(), disclosures[0].text.as_bytes())
        );
        assert_eq!(vault.checked().unwrap().altered, Vec::<String>::new());
    }

    #[test]
    fn an_erased_value_is_gone_and_does_not_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path()).unwrap();
        let (_, disclosures) = said("Chen Xiaoming");
        vault.put(&disclosures, 0).unwrap();
        let sealed: Vec<u8> = vault
            .read(|connection| {
                let sql = "SELECT sealed FROM disclosures WHERE digest = ?1";
                connection.query_row(sql, [&disclosures[0].digest], |columns| columns.get(0))
            })
            .unwrap();
        assert!(in_files(folder.path(), &sealed));
        vault.erase(&[&disclosures[0].digest]).unwrap();
        vault.erase(&[&disclosures[0].digest]).unwrap();
        assert!(!in_files(folder.path(), &sealed));
        assert_eq!(vault.values(&digests(&disclosures)).unwrap(), [None, Some(disclosures[1].clone())]);
        assert!(matches!(vault.put(&disclosures, 0), Err(VaultError::Erased { .. })));
    }

    #[test]
    fn an_altered_value_is_not_given_out() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path()).unwrap();
        let (_, disclosures) = said("Chen");
        vault.put(&disclosures, 0).unwrap();
        let swap = "DROP TRIGGER disclosures_are_never_updated; \
                    UPDATE disclosures SET sealed = (SELECT max(sealed) FROM disclosures);";
        vault.read(|connection| connection.execute_batch(swap)).unwrap();
        assert_eq!(vault.checked().unwrap().altered.len(), 1);
        assert!(matches!(vault.values(&digests(&disclosures)), Err(VaultError::Altered { .. })));
    }

    #[test]
    fn a_lost_vault_key_is_said_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        drop(Vault::open(folder.path()).unwrap());
        std::fs::remove_file(folder.path().join(KEY_FILE)).unwrap();
        assert!(matches!(Vault::open(folder.path()), Err(VaultError::Keyring(KeyringError::Absent { .. }))));
    }

    #[tokio::test]
    async fn what_no_entry_came_to_name_is_swept_and_nothing_else() {
        let test = TestLedger::new().await;
        let vault = Vault::open(test.path()).unwrap();
        let size = test.ledger.reader().size().unwrap();
        let (lost, acknowledged, confirmed) = (said("lost"), said("acknowledged"), said("confirmed"));
        for (data, disclosures) in [&lost, &acknowledged, &confirmed] {
            vault.put(disclosures, size).unwrap();
            if !std::ptr::eq(data, &raw const lost.0) {
                let mut request = test.said("premises/p-1", "OwnerNamed", json!({}));
                request.events[0].data.clone_from(data);
                test.ledger.writer().append(request).await.unwrap();
            }
        }
        vault.confirm(confirmed.1.iter().map(|disclosure| disclosure.digest.clone()));
        assert_eq!(vault.sweep(test.ledger.reader()).unwrap(), 0, "all are younger than a day");
        let later = chrono::Utc::now().timestamp_millis() + 1;
        assert_eq!(vault.sweep_before(test.ledger.reader(), later).unwrap(), 2);
        assert_eq!(vault.sweep_before(test.ledger.reader(), later).unwrap(), 0);
        assert_eq!(vault.values(&digests(&lost.1)).unwrap(), [None, None]);
        for (_, kept) in [acknowledged, confirmed] {
            assert!(vault.values(&digests(&kept)).unwrap().iter().all(Option::is_some));
        }
    }
}

//! The vault: private values and their salts, beside the log and never in it (docs/format.md §8). It lies where the ledger lies:
//! in `vault.db` of the folder, or in tables of the ledger's database on a Postgres server, so that all nodes see the same.
//!
//! Durability: [`Vault::put`] returns when the rows are synced. Order: rows are put before the entry that names their
//! digests is appended, so nothing acknowledged can lack them; rows that no entry came to name are swept after a day.
//! Erased means gone: the file overwrites what it deletes and its write-ahead log is cut off; the table is written anew without
//! it, where the login may do that. Every value is sealed under the vault key, which is none of the ledger's keys. Trust: none in
//! the rows; a value is given out only if it has its digest.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::disclosure::{Disclosure, digest_of, digests_in};
use crate::keyring::{KeyringError, SEAL_BYTES, SealingKey};
use crate::locks::locked;
use crate::place::{Place, remove_database_file};
use crate::postgres_beside::Beside;
use crate::reader::Reader;
use crate::refusal::Refusal;
use crate::store::StoreError;
use crate::vault_postgres::VaultTables;
use crate::vault_sqlite::VaultFile;
use crate::vault_store::{Put, Sealed, VaultStore};

/// The private values of a ledger.
#[derive(Debug)]
pub struct Vault {
    store: Mutex<Box<dyn VaultStore>>,
    key: SealingKey,
    /// Digests that entries are known to name, to be noted with the next write: losing them costs the sweep a look.
    confirmed: Mutex<Vec<String>>,
}

/// What a look at every value showed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CheckedVault {
    /// Digests whose stored value cannot be opened or has another digest.
    pub altered: Vec<String>,
    /// How many values there are.
    pub values: u64,
}

/// What a folder's vault holds, by digests alone: asked without its key, beside whoever writes.
#[derive(Debug)]
pub struct VaultDigests {
    store: Box<dyn VaultStore>,
}

impl VaultDigests {
    /// Of a folder's vault.
    ///
    /// # Errors
    ///
    /// [`VaultError`] if the database cannot be read or is of another version.
    pub fn of_folder(folder: &Path) -> Result<Self, VaultError> {
        let beside = Beside::read_only_of_folder(folder).map_err(VaultError::Server)?;
        let store: Box<dyn VaultStore> = match beside {
            Some(beside) => Box::new(VaultTables::over(beside)),
            None => Box::new(VaultFile::open_read_only(folder.join(FILE))?),
        };
        Ok(Self { store })
    }

    /// Which of these digests have a value, in their order.
    ///
    /// # Errors
    ///
    /// [`VaultError`] if the database cannot be read.
    pub fn are_there(&mut self, digests: &[&str]) -> Result<Vec<bool>, VaultError> {
        self.store.are_there(digests)
    }

    /// Shows each digest, and whether what is there is long enough to be a sealed value.
    ///
    /// # Errors
    ///
    /// [`VaultError`] if the database cannot be read.
    pub fn each(&mut self, each: &mut dyn FnMut(&str, bool)) -> Result<(), VaultError> {
        self.store.each_digest(&mut |digest, bytes| each(digest, bytes > SEAL_BYTES as u64))
    }
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
    /// Its file is not known to be on disk.
    #[error("the vault's database {file} could not be brought to disk")]
    Disk {
        /// The database.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
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
    /// The ledger is on a server, and its private values are not all there.
    #[error(
        "the ledger is on a Postgres server, and private values still lie in {file}: run `wuping upgrade` once, which moves them \
         there"
    )]
    LeftBehind {
        /// The file that they lie in.
        file: PathBuf,
    },
    /// The ledger could not be read.
    #[error("the ledger could not be read to see which private values it names")]
    Ledger(#[source] StoreError),
    /// The server that the vault is on refused, or does not answer.
    #[error("the vault on the Postgres server could not be used")]
    Server(#[source] StoreError),
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
    /// Opens the vault of a folder's ledger; makes it, with a key of its own, if it is not there.
    ///
    /// # Errors
    ///
    /// [`VaultError`] if the key or the database cannot be used, the key is another one, or the database is of another version.
    pub fn open(folder: &Path) -> Result<Self, VaultError> {
        let (file, key_file) = (folder.join(FILE), folder.join(KEY_FILE));
        if let Some(beside) = Beside::of_folder(folder).map_err(VaultError::Server)? {
            none_left_behind(file)?;
            let tables = VaultTables::over(beside);
            let some_values = tables.some_values()?;
            let key = match (tables.key_check()?, some_values.as_slice()) {
                (None, []) => SealingKey::load_or_create(KEY_VARIABLE, &key_file),
                _ => SealingKey::load(KEY_VARIABLE, &key_file),
            };
            let key = key.map_err(VaultError::Keyring)?;
            // values that a backup brought are there before anything is that their key is known by
            must_open(&key, &some_values, ON_SERVER)?;
            tables.put_key_check(&key.seal(KEY_CHECK.as_bytes(), KEY_CHECK).map_err(VaultError::Keyring)?)?;
            check_key(&tables, &key)?;
            return Ok(Self::over(tables, key));
        }
        let key = match file.is_file() {
            true => SealingKey::load(KEY_VARIABLE, &key_file),
            false => SealingKey::load_or_create(KEY_VARIABLE, &key_file),
        };
        let (key, file) = (key.map_err(VaultError::Keyring)?, VaultFile::open(file)?);
        must_open(&key, &file.some_values()?, FILE)?;
        Ok(Self::over(file, key))
    }

    /// Opens the vault of a folder's ledger for reading only, beside whoever writes.
    ///
    /// # Errors
    ///
    /// As [`Vault::open`]; nothing is made.
    pub fn open_read_only(folder: &Path) -> Result<Self, VaultError> {
        let key = || SealingKey::load(KEY_VARIABLE, &folder.join(KEY_FILE)).map_err(VaultError::Keyring);
        if let Some(beside) = Beside::read_only_of_folder(folder).map_err(VaultError::Server)? {
            let (tables, key) = (VaultTables::over(beside), key()?);
            check_key(&tables, &key)?;
            return Ok(Self::over(tables, key));
        }
        let (file, key) = (VaultFile::open_read_only(folder.join(FILE))?, key()?);
        must_open(&key, &file.some_values()?, FILE)?;
        Ok(Self::over(file, key))
    }

    /// Whether a folder's ledger has a vault: always where it is on a server.
    ///
    /// # Errors
    ///
    /// [`VaultError::Ledger`] if it cannot be found out where the ledger is.
    pub fn is_there(folder: &Path) -> Result<bool, VaultError> {
        match Place::of(folder).map_err(VaultError::Ledger)? {
            Place::Postgres(_) => Ok(true),
            Place::Sqlite(folder) => Ok(folder.join(FILE).is_file()),
        }
    }

    fn over(store: impl VaultStore + 'static, key: SealingKey) -> Self {
        Self { store: Mutex::new(Box::new(store)), key, confirmed: Mutex::new(Vec::new()) }
    }

    /// Keeps disclosures durably. `ledger_size` is the ledger's size before: an entry that names them comes later.
    /// The same ones again are there already; those that no entry is known to name have another day until they are swept.
    ///
    /// # Errors
    ///
    /// [`VaultError::Erased`] if one of them was erased; then none is kept.
    pub fn put(&self, disclosures: &[Disclosure], ledger_size: u64) -> Result<(), VaultError> {
        if disclosures.is_empty() {
            return Ok(());
        }
        let mut values = Vec::with_capacity(disclosures.len());
        for Disclosure { digest, text, .. } in disclosures {
            let sealed = self.key.seal(text.as_bytes(), digest).map_err(VaultError::Keyring)?;
            values.push(Sealed { digest: digest.clone(), sealed });
        }
        let confirmed = std::mem::take(&mut *locked(&self.confirmed));
        let (values, confirmed) = (values.as_slice(), confirmed.as_slice());
        let put = Put { values, put_at_ms: now_ms(), from_position: ledger_size, confirmed };
        match locked(&self.store).put(&put)? {
            Some(digest) => Err(VaultError::Erased { digest }),
            None => Ok(()),
        }
    }

    /// As [`LedgerStore::wait_for_disk`](crate::store::LedgerStore::wait_for_disk), of private values.
    ///
    /// # Errors
    ///
    /// [`VaultError::Disk`].
    pub fn wait_for_disk(&self, wait: bool) -> Result<(), VaultError> {
        locked(&self.store).wait_for_disk(wait)
    }

    /// A mark of a text under the vault's key: the same each time, and nobody without the key can tell what it is of.
    pub fn mark(&self, of: &str) -> String {
        self.key.mark(of)
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
        let sealed = locked(&self.store).values(digests)?;
        let values = digests.iter().zip(sealed);
        values.map(|(digest, sealed)| sealed.map(|sealed| self.unseal(digest, &sealed)).transpose()).collect()
    }

    /// Erases these values for ever. Doing it again does no harm and finishes what was interrupted.
    ///
    /// # Errors
    ///
    /// [`VaultError::Traces`] if the write-ahead log could not be cut off.
    pub fn erase(&self, digests: &[&str]) -> Result<(), VaultError> {
        locked(&self.store).erase(digests)
    }

    /// Deletes values that no entry came to name within a day. One that is put again while the ledger is looked through stays.
    /// Answers how many.
    ///
    /// # Errors
    ///
    /// [`VaultError`]; nothing is deleted if the ledger cannot be read.
    pub fn sweep(&self, ledger: &Reader) -> Result<usize, VaultError> {
        self.sweep_before(ledger, now_ms() - UNNAMED_MS_MAX)
    }

    /// Looks at every value, and shows the attachments that it names behind its digest: for `verify`.
    ///
    /// # Errors
    ///
    /// [`VaultError`] if the database cannot be read.
    pub fn checked(&self, each_attachment: &mut dyn FnMut(&str, &str)) -> Result<CheckedVault, VaultError> {
        let mut checked = CheckedVault::default();
        locked(&self.store).each(&mut |digest, sealed| {
            checked.values += 1;
            match self.unseal(digest, sealed) {
                Err(_) => checked.altered.push(digest.to_owned()),
                Ok(value) => attachments_in(&value).iter().for_each(|name| each_attachment(digest, name)),
            }
        })?;
        Ok(checked)
    }

    /// What can be said of a folder's vault without its key, beside whoever writes: for `doctor`.
    ///
    /// # Errors
    ///
    /// [`VaultError`] if the database cannot be read or is of another version.
    pub fn listing(folder: &Path) -> Result<Listing, VaultError> {
        let mut vault = VaultDigests::of_folder(folder)?;
        let mut listing = Listing::default();
        vault.each(&mut |digest, is_long_enough| {
            if !is_long_enough {
                listing.cut.push(digest.to_owned());
            }
            listing.digests.insert(digest.to_owned());
        })?;
        listing.unswept = vault.store.unconfirmed(now_ms() - UNNAMED_MS_MAX)?.len() as u64;
        Ok(listing)
    }

    /// Moves what lies in a folder's `vault.db` to the Postgres server that its ledger is on, and removes the file: values under
    /// the vault key of both, and what was erased. Answers how many values there were. Once more does no harm.
    ///
    /// # Errors
    ///
    /// [`VaultError`]; the file stays until everything is there.
    pub fn move_to_server(folder: &Path) -> Result<u64, VaultError> {
        let file = folder.join(FILE);
        let Some(beside) = Beside::of_folder(folder).map_err(VaultError::Server)? else { return Ok(0) };
        if !file.is_file() {
            return Ok(0);
        }
        let mut tables = VaultTables::over(beside);
        let key = SealingKey::load(KEY_VARIABLE, &folder.join(KEY_FILE)).map_err(VaultError::Keyring)?;
        tables.put_key_check(&key.seal(KEY_CHECK.as_bytes(), KEY_CHECK).map_err(VaultError::Keyring)?)?;
        check_key(&tables, &key)?;
        let moved = crate::vault_move::moved(VaultFile::open(file.clone())?, &mut tables)?;
        remove_database_file(&file).map_err(VaultError::Ledger)?;
        Ok(moved)
    }

    pub(crate) fn sweep_before(&self, ledger: &Reader, put_before_ms: i64) -> Result<usize, VaultError> {
        let confirmed = std::mem::take(&mut *locked(&self.confirmed));
        let old = {
            let mut store = locked(&self.store);
            store.confirm(&confirmed)?;
            store.unconfirmed(put_before_ms)?
        };
        let Some(from) = old.iter().map(|value| value.from_position).min() else { return Ok(0) };
        let named = named_from(ledger, from).map_err(VaultError::Ledger)?;
        let (named, unnamed): (Vec<_>, Vec<_>) =
            old.into_iter().partition(|value| named.contains(&value.digest));
        let named: Vec<String> = named.into_iter().map(|value| value.digest).collect();
        let mut store = locked(&self.store);
        store.confirm(&named)?;
        if unnamed.is_empty() { Ok(0) } else { store.sweep(&unnamed) }
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
}

/// The attachments that a value names (docs/format.md §8), lower-case hex.
#[must_use]
pub fn attachments_in(value: &Disclosure) -> Vec<String> {
    let photos = value.value.as_array().filter(|_| value.name == "photos").into_iter().flatten();
    photos.filter_map(|photo| photo["sha256"].as_str().map(str::to_owned)).collect()
}

/// Refuses a file of private values that the server's tables lack.
fn none_left_behind(file: PathBuf) -> Result<(), VaultError> {
    if file.is_file() { Err(VaultError::LeftBehind { file }) } else { Ok(()) }
}

/// Refuses another key than that of everybody who put values there.
fn check_key(tables: &VaultTables, key: &SealingKey) -> Result<(), VaultError> {
    let Some(sealed) = tables.key_check()? else { return Ok(()) };
    key.open(&sealed, KEY_CHECK, ON_SERVER).map_err(VaultError::Keyring)?;
    Ok(())
}

/// Refuses a key that opens nothing of what is there: values sealed under two keys would never all be read again. One that it does not
/// open may have been altered, which verification finds.
fn must_open(
    key: &SealingKey,
    some_values: &[(String, Vec<u8>)],
    vault: &'static str,
) -> Result<(), VaultError> {
    let mut refused = Ok(());
    for (digest, sealed) in some_values {
        match key.open(sealed, digest, vault) {
            Ok(_) => return Ok(()),
            Err(error) => refused = Err(VaultError::Keyring(error)),
        }
    }
    refused
}

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
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

const FILE: &str = "vault.db";
const KEY_VARIABLE: &str = "WUPING_VAULT_KEY";
const KEY_FILE: &str = "vault.key";
const ON_SERVER: &str = "the vault on the Postgres server";
const KEY_CHECK: &str = "wuping-vault-key/1";
const UNNAMED_MS_MAX: i64 = 24 * 60 * 60 * 1000;

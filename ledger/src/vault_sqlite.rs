//! The vault in a file of its own, `vault.db`. It overwrites what it deletes, and its write-ahead log is cut off behind an erasure.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use crate::disk::wait_for_disk;
use crate::select::signed;
use crate::sqlite::schema_version;
use crate::store::StoreError;
use crate::vault::VaultError;
use crate::vault_store::{NO_DIGEST, Put, Sealed, Unconfirmed, VaultStore};

/// A connection to `vault.db`.
#[derive(Debug)]
pub(crate) struct VaultFile {
    file: PathBuf,
    connection: Connection,
}

/// Refuses a file of another version: never a guess.
fn check_version(connection: &Connection, file: &Path) -> Result<(), StoreError> {
    match schema_version(connection)? {
        SCHEMA_VERSION => Ok(()),
        found => {
            let database = file.display().to_string();
            Err(StoreError::SchemaVersion { database, found, known: SCHEMA_VERSION })
        }
    }
}

impl VaultFile {
    /// Opens the vault's file; makes it if it is not there.
    pub(crate) fn open(file: PathBuf) -> Result<Self, VaultError> {
        let failed = |source| database(&file, "be opened", source);
        let connection = Connection::open(&file).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")
            .map_err(failed)?;
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |columns| columns.get(0))
            .map_err(failed)?;
        if tables == 0 {
            connection.execute_batch(&format!("BEGIN;\n{SCHEMA}\nCOMMIT;")).map_err(failed)?;
        }
        check_version(&connection, &file).map_err(VaultError::Ledger)?;
        Ok(Self { file, connection })
    }

    /// Opens the vault's file for reading only, beside whoever writes.
    pub(crate) fn open_read_only(file: PathBuf) -> Result<Self, VaultError> {
        let failed = |source| database(&file, "be read", source);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&file, flags).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        check_version(&connection, &file).map_err(VaultError::Ledger)?;
        Ok(Self { file, connection })
    }

    /// A few of the values, by their digests: the key at hand must open one of them.
    pub(crate) fn some_values(&self) -> Result<Vec<(String, Vec<u8>)>, VaultError> {
        self.read(|connection| {
            let mut read = connection.prepare(SOME_VALUES)?;
            read.query_map([], |columns| Ok((columns.get(0)?, columns.get(1)?)))?.collect()
        })
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, VaultError> {
        read(&self.connection).map_err(|source| database(&self.file, "be read", source))
    }

    fn write<T>(
        &mut self,
        doing: &'static str,
        write: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, VaultError> {
        let connection = &mut self.connection;
        let run = || {
            let transaction = connection.transaction()?;
            let answer = write(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        };
        run().map_err(|source| database(&self.file, doing, source))
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
}

impl VaultStore for VaultFile {
    fn wait_for_disk(&mut self, wait: bool) -> Result<(), VaultError> {
        wait_for_disk(&self.connection, wait)
            .map_err(|source| VaultError::Disk { file: self.file.clone(), source })
    }

    fn put(&mut self, put: &Put<'_>) -> Result<Option<String>, VaultError> {
        self.write("take private values", |connection| {
            confirm(connection, put.confirmed)?;
            for Sealed { digest, .. } in put.values {
                let erased = "SELECT 1 FROM erased WHERE digest = ?1";
                if connection.prepare_cached(erased)?.exists([digest])? {
                    return Ok(Some(digest.clone()));
                }
            }
            for Sealed { digest, sealed } in put.values {
                let new = connection
                    .prepare_cached("INSERT OR IGNORE INTO disclosures (digest, sealed) VALUES (?1, ?2)")?
                    .execute(params![digest, sealed])?;
                if new > 0 {
                    connection
                        .prepare_cached(
                            "INSERT OR IGNORE INTO unconfirmed (digest, put_at_ms, from_position) VALUES (?1, ?2, ?3)",
                        )?
                        .execute(params![digest, put.put_at_ms, signed(put.from_position)])?;
                } else {
                    let renew = "UPDATE unconfirmed SET put_at_ms = max(put_at_ms, ?2) WHERE digest = ?1";
                    connection.prepare_cached(renew)?.execute(params![digest, put.put_at_ms])?;
                }
            }
            Ok(None)
        })
    }

    fn confirm(&mut self, digests: &[String]) -> Result<(), VaultError> {
        self.write("note which values are named", |connection| confirm(connection, digests))
    }

    fn values(&mut self, digests: &[&str]) -> Result<Vec<Option<Vec<u8>>>, VaultError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT sealed FROM disclosures WHERE digest = ?1")?;
            let find = |digest: &&str| {
                select.query_row([*digest], |columns| columns.get::<_, Vec<u8>>(0)).optional()
            };
            digests.iter().map(find).collect()
        })
    }

    fn are_there(&mut self, digests: &[&str]) -> Result<Vec<bool>, VaultError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT 1 FROM disclosures WHERE digest = ?1")?;
            digests.iter().map(|digest| select.exists([*digest])).collect()
        })
    }

    fn erase(&mut self, digests: &[&str]) -> Result<(), VaultError> {
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

    fn sweep(&mut self, listed: &[Unconfirmed]) -> Result<usize, VaultError> {
        let swept = self.write("sweep private values", |connection| {
            let mut swept = 0;
            for Unconfirmed { digest, put_at_ms, .. } in listed {
                let forget = "DELETE FROM unconfirmed WHERE digest = ?1 AND put_at_ms = ?2";
                if connection.prepare_cached(forget)?.execute(params![digest, put_at_ms])? > 0 {
                    delete(connection, digest)?;
                    swept += 1;
                }
            }
            Ok(swept)
        })?;
        self.cut_off()?;
        Ok(swept)
    }

    fn unconfirmed(&mut self, put_before_ms: i64) -> Result<Vec<Unconfirmed>, VaultError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT digest, put_at_ms, from_position FROM unconfirmed WHERE put_at_ms < ?1",
            )?;
            let rows = select.query_map([put_before_ms], |columns| {
                let from_position = columns.get(2).map(|from: i64| u64::try_from(from).unwrap_or(0))?;
                Ok(Unconfirmed { digest: columns.get(0)?, put_at_ms: columns.get(1)?, from_position })
            })?;
            rows.collect()
        })
    }

    fn each(&mut self, each: &mut dyn FnMut(&str, &[u8])) -> Result<(), VaultError> {
        self.read(|connection| {
            let mut select =
                connection.prepare_cached("SELECT digest, sealed FROM disclosures ORDER BY digest")?;
            let mut rows = select.query([])?;
            while let Some(columns) = rows.next()? {
                let digest = columns.get_ref(0)?.as_str().unwrap_or(NO_DIGEST);
                each(digest, columns.get_ref(1)?.as_bytes().unwrap_or_default());
            }
            Ok(())
        })
    }

    fn each_digest(&mut self, each: &mut dyn FnMut(&str, u64)) -> Result<(), VaultError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT digest, length(sealed) FROM disclosures")?;
            let mut rows = select.query([])?;
            while let Some(columns) = rows.next()? {
                // what is no value at all has no length
                let length: Option<i64> = columns.get(1)?;
                let digest = columns.get_ref(0)?.as_str().unwrap_or(NO_DIGEST);
                each(digest, length.and_then(|length| u64::try_from(length).ok()).unwrap_or(0));
            }
            Ok(())
        })
    }

    fn each_erased(&mut self, each: &mut dyn FnMut(&str)) -> Result<(), VaultError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT digest FROM erased")?;
            let mut rows = select.query([])?;
            while let Some(columns) = rows.next()? {
                each(columns.get_ref(0)?.as_str().unwrap_or(NO_DIGEST));
            }
            Ok(())
        })
    }
}

fn database(file: &Path, doing: &'static str, source: rusqlite::Error) -> VaultError {
    VaultError::Database { file: file.to_owned(), doing, source }
}

fn confirm(connection: &Connection, digests: &[String]) -> rusqlite::Result<()> {
    let mut delete = connection.prepare_cached("DELETE FROM unconfirmed WHERE digest = ?1")?;
    digests.iter().try_for_each(|digest| delete.execute([digest]).map(|_| ()))
}

fn delete(connection: &Connection, digest: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM disclosures WHERE digest = ?1")?.execute([digest])?;
    connection.prepare_cached("DELETE FROM unconfirmed WHERE digest = ?1")?.execute([digest])?;
    Ok(())
}

const SCHEMA_VERSION: i64 = 1;
const SCHEMA: &str = include_str!("../../migrations/sqlite/vault/0001.sql");
/// What is no value at all is passed over: verification tells of it.
const SOME_VALUES: &str = "SELECT digest, sealed FROM disclosures WHERE typeof(sealed) = 'blob' LIMIT 8";
const PATIENCE: Duration = Duration::from_secs(10);

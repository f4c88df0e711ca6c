//! The office's own records, which are no evidence: passwords, sessions, and the tokens of other systems. Lost, people
//! sign in again and feeds are opened anew.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use wuping_ledger::encoding::{b64u_encode, hex_encode, sha256};
use wuping_ledger::keyring::{KeyringError, random};

use crate::lists::Kind;

/// Passwords, sessions and feeds in `office.db`.
#[derive(Debug)]
pub struct Office {
    connection: Mutex<Connection>,
}

/// Somebody who is signed in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Session {
    /// The account.
    pub account: String,
    /// The token that every form must send back.
    pub csrf: String,
    /// Thumbprint of the account's key.
    pub kid: String,
}

/// A channel by which another system shares results.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenFeed {
    /// Its name, `feed-police`.
    pub channel: String,
    /// The departments whose indicators it shares.
    pub departments: Vec<String>,
    /// What it may deliver.
    pub kinds: Vec<Kind>,
}

/// Why the office's records could not be used.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// The database refused.
    #[error(
        "the office's records (office.db) could not be read or written; if the file is damaged, remove it: people then set new passwords"
    )]
    Database(#[from] rusqlite::Error),
    /// A password could not be hashed.
    #[error("the password could not be kept: {0}")]
    Hash(argon2::password_hash::Error),
    /// The system has no random bytes.
    #[error("no random bytes to make a session of")]
    Random(#[from] KeyringError),
}

impl Office {
    /// Open the records of a folder, making them where there are none.
    ///
    /// # Errors
    /// If the database cannot be opened.
    pub fn open(folder: &Path) -> Result<Self, OfficeError> {
        let connection = Connection::open(folder.join("office.db"))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.execute_batch(SCHEMA)?;
        add_kinds(&connection)?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// Give an account a name to sign in by, a password and its key.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn set_login(
        &self,
        login: &str,
        account: &str,
        kid: &str,
        password: &str,
    ) -> Result<(), OfficeError> {
        let salt = SaltString::encode_b64(&random::<16>()?).map_err(OfficeError::Hash)?;
        let hash = Argon2::default().hash_password(password.as_bytes(), &salt).map_err(OfficeError::Hash)?;
        self.lock().execute(
            "INSERT INTO logins (login, account, kid, hash) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (login) DO UPDATE SET account = ?2, kid = ?3, hash = ?4",
            params![login, account, kid, hash.to_string()],
        )?;
        Ok(())
    }

    /// Put an account's new key in the place of the old one, for sessions that go on too.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn set_key(&self, account: &str, kid: &str) -> Result<(), OfficeError> {
        let connection = self.lock();
        connection.execute("UPDATE logins SET kid = ?2 WHERE account = ?1", [account, kid])?;
        connection.execute("UPDATE sessions SET kid = ?2 WHERE account = ?1", [account, kid])?;
        Ok(())
    }

    /// Start a session, if the password is right. The answer is the token for the browser.
    ///
    /// # Errors
    /// If the records cannot be read.
    pub fn sign_in(&self, login: &str, password: &str, now: i64) -> Result<Option<String>, OfficeError> {
        let found: Option<(String, String, String)> = self
            .lock()
            .query_row("SELECT account, kid, hash FROM logins WHERE login = ?1", [login], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        // An unknown name costs as much time as a wrong password, so that names cannot be told apart by it.
        let hash = found.as_ref().map_or(NOBODY, |(_, _, hash)| hash.as_str());
        let right = PasswordHash::new(hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        let Some((account, kid, _)) = found.filter(|_| right) else { return Ok(None) };
        self.start(&account, &kid, now).map(Some)
    }

    /// Start a session without a password: for the sample's role cards only.
    ///
    /// # Errors
    /// If there is no such login, the answer is `None`; an error if the records cannot be read.
    pub fn enter_sample(&self, login: &str, now: i64) -> Result<Option<String>, OfficeError> {
        let found: Option<(String, String)> = self
            .lock()
            .query_row("SELECT account, kid FROM logins WHERE login = ?1", [login], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        found.map(|(account, kid)| self.start(&account, &kid, now)).transpose()
    }

    /// The session of a token, unless it has ended.
    ///
    /// # Errors
    /// If the records cannot be read.
    pub fn session(&self, token: &str, now: i64) -> Result<Option<Session>, OfficeError> {
        let session = self.lock().query_row(
            "SELECT account, kid, csrf FROM sessions WHERE token = ?1 AND until > ?2",
            params![hex_encode(&sha256(token.as_bytes())), now],
            |row| Ok(Session { account: row.get(0)?, kid: row.get(1)?, csrf: row.get(2)? }),
        );
        Ok(session.optional()?)
    }

    /// End a session.
    ///
    /// # Errors
    /// If the records cannot be written.
    pub fn sign_out(&self, token: &str) -> Result<(), OfficeError> {
        self.lock()
            .execute("DELETE FROM sessions WHERE token = ?1", [hex_encode(&sha256(token.as_bytes()))])?;
        Ok(())
    }

    /// The account and key of a login.
    ///
    /// # Errors
    /// If the records cannot be read.
    pub fn login(&self, login: &str) -> Result<Option<(String, String)>, OfficeError> {
        let found =
            self.lock().query_row("SELECT account, kid FROM logins WHERE login = ?1", [login], |row| {
                Ok((row.get(0)?, row.get(1)?))
            });
        Ok(found.optional()?)
    }

    /// The key that the server signs with for an account; none if it has no login.
    ///
    /// # Errors
    /// If the records cannot be read.
    pub fn key_of(&self, account: &str) -> Result<Option<String>, OfficeError> {
        let select = "SELECT kid FROM logins WHERE account = ?1";
        Ok(self.lock().query_row(select, [account], |row| row.get(0)).optional()?)
    }

    /// Open a channel for another system, for the indicators of these departments. The answer is the token that it sends
    /// with each delivery; opening it again makes a new one and ends the old.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn open_feed(&self, channel: &str, departments: &[String]) -> Result<String, OfficeError> {
        self.open_feed_for(channel, departments, &[Kind::Indicators])
    }

    /// As [`Office::open_feed`], for deliveries of these kinds.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn open_feed_for(
        &self,
        channel: &str,
        departments: &[String],
        kinds: &[Kind],
    ) -> Result<String, OfficeError> {
        let token = b64u_encode(&random::<32>()?);
        let kinds = kinds.iter().map(|kind| kind.code()).collect::<Vec<_>>().join(" ");
        self.lock().execute(
            "INSERT INTO feeds (channel, departments, token, kinds) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (channel) DO UPDATE SET departments = ?2, token = ?3, kinds = ?4",
            params![channel, departments.join(" "), hex_encode(&sha256(token.as_bytes())), kinds],
        )?;
        Ok(token)
    }

    /// Close a channel: its token is refused from now on. The answer is whether there was one.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn close_feed(&self, channel: &str) -> Result<bool, OfficeError> {
        Ok(self.lock().execute("DELETE FROM feeds WHERE channel = ?1", [channel])? > 0)
    }

    /// The channels that are open, by name.
    ///
    /// # Errors
    /// If the records cannot be read.
    pub fn feeds(&self) -> Result<Vec<OpenFeed>, OfficeError> {
        let connection = self.lock();
        let mut read =
            connection.prepare("SELECT channel, departments, kinds FROM feeds ORDER BY channel")?;
        let feeds = read.query_map([], open_feed)?.collect::<Result<_, _>>()?;
        Ok(feeds)
    }

    /// The channel that a token belongs to.
    ///
    /// # Errors
    /// If the records cannot be read.
    pub fn feed_by_token(&self, token: &str) -> Result<Option<OpenFeed>, OfficeError> {
        let digest = hex_encode(&sha256(token.as_bytes()));
        let select = "SELECT channel, departments, kinds FROM feeds WHERE token = ?1";
        Ok(self.lock().query_row(select, [digest], open_feed).optional()?)
    }

    fn start(&self, account: &str, kid: &str, now: i64) -> Result<String, OfficeError> {
        let token = b64u_encode(&random::<32>()?);
        let csrf = b64u_encode(&random::<16>()?);
        let connection = self.lock();
        connection.execute("DELETE FROM sessions WHERE until <= ?1", [now])?;
        connection.execute(
            "INSERT INTO sessions (token, account, kid, csrf, until) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![hex_encode(&sha256(token.as_bytes())), account, kid, csrf, now + SESSION_SECONDS],
        )?;
        Ok(token)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many names there are to sign in by, in the records of a folder; looked at beside whoever writes.
///
/// # Errors
/// If the database cannot be read.
pub fn logins(folder: &Path) -> rusqlite::Result<u64> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(folder.join("office.db"), flags)?;
    connection.query_row("SELECT count(*) FROM logins", [], |row| row.get(0))
}

/// Ends every session in a copy of the records, and leaves nothing of them: whoever was signed in when it was copied is not when it
/// is put back.
///
/// # Errors
/// If the database cannot be written.
pub fn end_sessions(file: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    // a copy made before there were sessions has no such table
    connection.execute_batch(SCHEMA)?;
    connection.execute("DELETE FROM sessions", []).map(|_| ())
}

fn open_feed(row: &rusqlite::Row<'_>) -> rusqlite::Result<OpenFeed> {
    let departments: String = row.get(1)?;
    let departments = departments.split_whitespace().map(str::to_owned).collect();
    let kinds: String = row.get(2)?;
    let kinds = kinds.split_whitespace().filter_map(Kind::of_code).collect();
    Ok(OpenFeed { channel: row.get(0)?, departments, kinds })
}

/// Records of before there were several kinds of deliveries know of results only.
fn add_kinds(connection: &Connection) -> rusqlite::Result<()> {
    let known = "SELECT count(*) FROM pragma_table_info('feeds') WHERE name = 'kinds'";
    let known: u64 = connection.query_row(known, [], |row| row.get(0))?;
    if known == 0 {
        connection.execute_batch("ALTER TABLE feeds ADD COLUMN kinds TEXT NOT NULL DEFAULT 'indicators'")?;
    }
    Ok(())
}

/// How long a session lasts: a working day.
pub const SESSION_SECONDS: i64 = 12 * 3600;

const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS logins (login TEXT PRIMARY KEY, account TEXT NOT NULL, kid TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sessions (
    token TEXT PRIMARY KEY, account TEXT NOT NULL, kid TEXT NOT NULL, csrf TEXT NOT NULL, until INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS feeds (channel TEXT PRIMARY KEY, departments TEXT NOT NULL, token TEXT NOT NULL) STRICT;";

#[cfg(test)]
mod tests {
    use super::*;

    fn office() -> (tempfile::TempDir, Office) {
        let folder = tempfile::tempdir().unwrap();
        let office = Office::open(folder.path()).unwrap();
        office.set_login("li", "a-1", "kid-1", "correct horse").unwrap();
        (folder, office)
    }

    #[test]
    fn a_session_lasts_a_working_day_and_ends_on_signing_out() {
        let (_folder, office) = office();
        let token = office.sign_in("li", "correct horse", 1_000).unwrap().unwrap();
        assert_eq!(office.session(&token, 1_001).unwrap().unwrap().account, "a-1");
        assert!(office.session(&token, 1_000 + SESSION_SECONDS).unwrap().is_none());
        office.sign_out(&token).unwrap();
        assert!(office.session(&token, 1_001).unwrap().is_none());
    }

    #[test]
    fn a_wrong_password_and_an_unknown_name_are_answered_alike() {
        let (_folder, office) = office();
        assert!(office.sign_in("li", "wrong", 0).unwrap().is_none());
        assert!(office.sign_in("nobody", "correct horse", 0).unwrap().is_none());
    }

    #[test]
    fn a_feed_of_before_delivers_results_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let before = Connection::open(folder.path().join("office.db")).unwrap();
        before
            .execute_batch(
                "CREATE TABLE feeds (channel TEXT PRIMARY KEY, departments TEXT NOT NULL, token TEXT NOT NULL) STRICT;
                 INSERT INTO feeds VALUES ('feed-police', 'police', 'digest');",
            )
            .unwrap();
        drop(before);
        let office = Office::open(folder.path()).unwrap();
        office.open_feed_for("feed-fire", &["fire".to_owned()], &[Kind::Incidents]).unwrap();
        drop(office);
        let feeds = Office::open(folder.path()).unwrap().feeds().unwrap();
        let kinds: Vec<_> = feeds.iter().map(|feed| (feed.channel.as_str(), feed.kinds.clone())).collect();
        assert_eq!(kinds, [("feed-fire", vec![Kind::Incidents]), ("feed-police", vec![Kind::Indicators])]);
    }

    #[test]
    fn neither_passwords_nor_tokens_lie_in_the_file() {
        let (folder, office) = office();
        let token = office.sign_in("li", "correct horse", 0).unwrap().unwrap();
        drop(office);
        let bytes: Vec<u8> = ["office.db", "office.db-wal"]
            .iter()
            .filter_map(|name| std::fs::read(folder.path().join(name)).ok())
            .flatten()
            .collect();
        let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(has("a-1") && !has("correct horse") && !has(&token));
    }
}

//! The office's records in a file of their own, `office.db`.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, params};
use wuping_ledger::table_copy::{Kind, Table, TableFile};

use super::store::{Login, OfficeStore};
use super::{OfficeError, OpenFeed, Session};

/// A connection to `office.db`.
#[derive(Debug)]
pub(super) struct OfficeFile {
    connection: Connection,
}

impl OfficeFile {
    /// Opens the file, making it where it is not.
    pub(super) fn open(file: &Path) -> Result<Self, OfficeError> {
        let connection = Connection::open(file)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.execute_batch(SCHEMA)?;
        add_kinds(&connection)?;
        Ok(Self { connection })
    }

    /// Opens the file for reading only, beside whoever writes.
    pub(super) fn open_read_only(file: &Path) -> Result<Self, OfficeError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(PATIENCE)?;
        Ok(Self { connection })
    }
}

impl OfficeStore for OfficeFile {
    fn put_login(&mut self, login: &Login) -> Result<(), OfficeError> {
        let transaction = self.connection.transaction()?;
        transaction.execute(
            "DELETE FROM sessions WHERE account = ?2 OR account IN (SELECT account FROM logins WHERE login = ?1)",
            [&login.login, &login.account],
        )?;
        transaction.execute(
            "INSERT INTO logins (login, account, kid, hash) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (login) DO UPDATE SET account = ?2, kid = ?3, hash = ?4",
            params![login.login, login.account, login.kid, login.hash],
        )?;
        transaction.commit()?;
        Ok(())
    }

    fn login(&mut self, login: &str) -> Result<Option<Login>, OfficeError> {
        let select = "SELECT login, account, kid, hash FROM logins WHERE login = ?1";
        Ok(self.connection.query_row(select, [login], known).optional()?)
    }

    fn logins(&mut self) -> Result<Vec<Login>, OfficeError> {
        let mut read =
            self.connection.prepare("SELECT login, account, kid, hash FROM logins ORDER BY login")?;
        let logins = read.query_map([], known)?.collect::<Result<_, _>>()?;
        Ok(logins)
    }

    fn login_of(&mut self, account: &str) -> Result<Option<String>, OfficeError> {
        let select = "SELECT login FROM logins WHERE account = ?1 ORDER BY login LIMIT 1";
        Ok(self.connection.query_row(select, [account], |row| row.get(0)).optional()?)
    }

    fn key_of(&mut self, account: &str) -> Result<Option<String>, OfficeError> {
        let select = "SELECT kid FROM logins WHERE account = ?1";
        Ok(self.connection.query_row(select, [account], |row| row.get(0)).optional()?)
    }

    fn set_key(&mut self, account: &str, kid: &str) -> Result<(), OfficeError> {
        let transaction = self.connection.transaction()?;
        transaction.execute("UPDATE logins SET kid = ?2 WHERE account = ?1", [account, kid])?;
        transaction.execute("UPDATE sessions SET kid = ?2 WHERE account = ?1", [account, kid])?;
        transaction.commit()?;
        Ok(())
    }

    fn put_session(
        &mut self,
        digest: &str,
        session: &Session,
        until: i64,
        now: i64,
    ) -> Result<(), OfficeError> {
        self.connection.execute("DELETE FROM sessions WHERE until <= ?1", [now])?;
        self.connection.execute(
            "INSERT INTO sessions (token, account, kid, csrf, until) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![digest, session.account, session.kid, session.csrf, until],
        )?;
        Ok(())
    }

    fn session(&mut self, digest: &str, now: i64) -> Result<Option<Session>, OfficeError> {
        let session = self.connection.query_row(
            "SELECT account, kid, csrf FROM sessions WHERE token = ?1 AND until > ?2",
            params![digest, now],
            |row| Ok(Session { account: row.get(0)?, kid: row.get(1)?, csrf: row.get(2)? }),
        );
        Ok(session.optional()?)
    }

    fn end_session(&mut self, digest: &str) -> Result<(), OfficeError> {
        self.connection.execute("DELETE FROM sessions WHERE token = ?1", [digest])?;
        Ok(())
    }

    fn put_feed(&mut self, feed: &OpenFeed, digest: &str) -> Result<(), OfficeError> {
        let [departments, kinds] = feed.texts();
        self.connection.execute(
            "INSERT INTO feeds (channel, departments, token, kinds) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (channel) DO UPDATE SET departments = ?2, token = ?3, kinds = ?4",
            params![feed.channel, departments, digest, kinds],
        )?;
        Ok(())
    }

    fn close_feed(&mut self, channel: &str) -> Result<bool, OfficeError> {
        Ok(self.connection.execute("DELETE FROM feeds WHERE channel = ?1", [channel])? > 0)
    }

    fn feeds(&mut self) -> Result<Vec<(OpenFeed, String)>, OfficeError> {
        let select = "SELECT channel, departments, kinds, token FROM feeds ORDER BY channel";
        let mut read = self.connection.prepare(select)?;
        let feeds = read.query_map([], |row| Ok((open_feed(row)?, row.get(3)?)))?;
        let feeds = feeds.collect::<Result<_, _>>()?;
        Ok(feeds)
    }

    fn feed(&mut self, digest: &str) -> Result<Option<OpenFeed>, OfficeError> {
        let select = "SELECT channel, departments, kinds FROM feeds WHERE token = ?1";
        Ok(self.connection.query_row(select, [digest], open_feed).optional()?)
    }
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
    add_kinds(&connection)?;
    connection.execute("DELETE FROM sessions", []).map(|_| ())
}

fn known(row: &Row<'_>) -> rusqlite::Result<Login> {
    Ok(Login { login: row.get(0)?, account: row.get(1)?, kid: row.get(2)?, hash: row.get(3)? })
}

fn open_feed(row: &Row<'_>) -> rusqlite::Result<OpenFeed> {
    let (departments, kinds): (String, String) = (row.get(1)?, row.get(2)?);
    Ok(OpenFeed::of_texts(row.get(0)?, &departments, &kinds))
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

const PATIENCE: Duration = Duration::from_secs(5);
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS logins (login TEXT PRIMARY KEY, account TEXT NOT NULL, kid TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sessions (
    token TEXT PRIMARY KEY, account TEXT NOT NULL, kid TEXT NOT NULL, csrf TEXT NOT NULL, until INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS feeds (
    channel TEXT PRIMARY KEY, departments TEXT NOT NULL, token TEXT NOT NULL, kinds TEXT NOT NULL DEFAULT 'indicators'
) STRICT;";

/// The office's records in a backup: all but the sessions.
pub const OFFICE: TableFile = TableFile {
    name: "office.db",
    schema: SCHEMA,
    tables: &[
        Table {
            in_file: "logins",
            on_server: "office_logins",
            columns: &[
                ("login", Kind::Text),
                ("account", Kind::Text),
                ("kid", Kind::Text),
                ("hash", Kind::Text),
            ],
            ordered_by: 1,
        },
        Table {
            in_file: "feeds",
            on_server: "office_feeds",
            columns: &[
                ("channel", Kind::Text),
                ("departments", Kind::Text),
                ("token", Kind::Text),
                ("kinds", Kind::Text),
            ],
            ordered_by: 1,
        },
    ],
};

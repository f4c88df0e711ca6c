//! The office's records in tables of the ledger's database on a Postgres server, which all nodes share: who signs in at one is
//! signed in at all.

use wuping_ledger::postgres_beside::{Beside, Columns, ToSql};

use super::store::{Login, OfficeStore};
use super::{OfficeError, OpenFeed, Session};

/// The tables.
#[derive(Debug)]
pub(super) struct OfficeTables {
    beside: Beside,
}

impl OfficeTables {
    pub(super) fn over(beside: Beside) -> Self {
        Self { beside }
    }

    fn rows(
        &self,
        sql: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Columns>, OfficeError> {
        self.beside.with(|session| session.query(sql, parameters)).map_err(OfficeError::Server)
    }

    fn first(
        &self,
        sql: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Columns>, OfficeError> {
        Ok(self.rows(sql, parameters)?.into_iter().next())
    }

    fn write(&self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> Result<u64, OfficeError> {
        let write = "be written to for the office's records";
        self.beside.with(|session| session.execute(sql, parameters, write)).map_err(OfficeError::Server)
    }
}

impl OfficeStore for OfficeTables {
    fn put_login(&mut self, login: &Login) -> Result<(), OfficeError> {
        let sql = "WITH ended AS (DELETE FROM office_sessions WHERE account = $2 \
                       OR account IN (SELECT account FROM office_logins WHERE login = $1)) \
                   INSERT INTO office_logins (login, account, kid, hash) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (login) DO UPDATE SET account = $2, kid = $3, hash = $4";
        self.write(sql, &[&login.login, &login.account, &login.kid, &login.hash]).map(|_| ())
    }

    fn login(&mut self, login: &str) -> Result<Option<Login>, OfficeError> {
        let sql = "SELECT login, account, kid, hash FROM office_logins WHERE login = $1";
        Ok(self.first(sql, &[&login])?.as_ref().map(known))
    }

    fn logins(&mut self) -> Result<Vec<Login>, OfficeError> {
        let sql = "SELECT login, account, kid, hash FROM office_logins ORDER BY login";
        Ok(self.rows(sql, &[])?.iter().map(known).collect())
    }

    fn login_of(&mut self, account: &str) -> Result<Option<String>, OfficeError> {
        let sql = "SELECT login FROM office_logins WHERE account = $1 ORDER BY login LIMIT 1";
        Ok(self.first(sql, &[&account])?.map(|columns| columns.get(0)))
    }

    fn key_of(&mut self, account: &str) -> Result<Option<String>, OfficeError> {
        let sql = "SELECT kid FROM office_logins WHERE account = $1 LIMIT 1";
        Ok(self.first(sql, &[&account])?.map(|columns| columns.get(0)))
    }

    fn set_key(&mut self, account: &str, kid: &str) -> Result<(), OfficeError> {
        let sql = "WITH of_logins AS (UPDATE office_logins SET kid = $2 WHERE account = $1) \
                   UPDATE office_sessions SET kid = $2 WHERE account = $1";
        self.write(sql, &[&account, &kid]).map(|_| ())
    }

    fn put_session(
        &mut self,
        digest: &str,
        session: &Session,
        until: i64,
        now: i64,
    ) -> Result<(), OfficeError> {
        let sql = "WITH over AS (DELETE FROM office_sessions WHERE until <= $6) \
                   INSERT INTO office_sessions (token, account, kid, csrf, until) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (token) DO NOTHING";
        let Session { account, csrf, kid } = session;
        self.write(sql, &[&digest, account, kid, csrf, &until, &now]).map(|_| ())
    }

    fn session(&mut self, digest: &str, now: i64) -> Result<Option<Session>, OfficeError> {
        let sql = "SELECT account, kid, csrf FROM office_sessions WHERE token = $1 AND until > $2";
        let session =
            |columns: Columns| Session { account: columns.get(0), kid: columns.get(1), csrf: columns.get(2) };
        Ok(self.first(sql, &[&digest, &now])?.map(session))
    }

    fn end_session(&mut self, digest: &str) -> Result<(), OfficeError> {
        self.write("DELETE FROM office_sessions WHERE token = $1", &[&digest]).map(|_| ())
    }

    fn put_feed(&mut self, feed: &OpenFeed, digest: &str) -> Result<(), OfficeError> {
        let sql = "INSERT INTO office_feeds (channel, departments, token, kinds) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (channel) DO UPDATE SET departments = $2, token = $3, kinds = $4";
        let [departments, kinds] = feed.texts();
        self.write(sql, &[&feed.channel, &departments, &digest, &kinds]).map(|_| ())
    }

    fn close_feed(&mut self, channel: &str) -> Result<bool, OfficeError> {
        Ok(self.write("DELETE FROM office_feeds WHERE channel = $1", &[&channel])? > 0)
    }

    fn feeds(&mut self) -> Result<Vec<(OpenFeed, String)>, OfficeError> {
        let sql = "SELECT channel, departments, kinds, token FROM office_feeds ORDER BY channel";
        Ok(self.rows(sql, &[])?.iter().map(|columns| (open_feed(columns), columns.get(3))).collect())
    }

    fn feed(&mut self, digest: &str) -> Result<Option<OpenFeed>, OfficeError> {
        let sql = "SELECT channel, departments, kinds FROM office_feeds WHERE token = $1";
        Ok(self.first(sql, &[&digest])?.as_ref().map(open_feed))
    }
}

// the columns are `text NOT NULL`, as the migration has them: reading them as text does not fail

fn known(columns: &Columns) -> Login {
    Login { login: columns.get(0), account: columns.get(1), kid: columns.get(2), hash: columns.get(3) }
}

fn open_feed(columns: &Columns) -> OpenFeed {
    OpenFeed::of_texts(columns.get(0), columns.get(1), columns.get(2))
}

//! Where the office's records lie: one small trait, kept by a file of its own and by tables of the ledger's database on Postgres.
//! A store knows digests of tokens and hashes of passwords, and no token or password.

use super::{OfficeError, OpenFeed, Session};
use crate::list_kind::Kind;

/// A name to sign in by.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Login {
    pub(super) login: String,
    pub(super) account: String,
    pub(super) kid: String,
    /// Of the password.
    pub(super) hash: String,
}

/// Keeps logins, sessions and feeds. Each method is one transaction; once more does the same as once.
pub(super) trait OfficeStore: std::fmt::Debug + Send {
    /// Keeps a login, in the place of one of the same name, and ends the sessions of its account and of the one that had the name.
    fn put_login(&mut self, login: &Login) -> Result<(), OfficeError>;

    /// The login of a name.
    fn login(&mut self, login: &str) -> Result<Option<Login>, OfficeError>;

    /// All logins, by name.
    fn logins(&mut self) -> Result<Vec<Login>, OfficeError>;

    /// The first name to sign in by of an account.
    fn login_of(&mut self, account: &str) -> Result<Option<String>, OfficeError>;

    /// The key of an account.
    fn key_of(&mut self, account: &str) -> Result<Option<String>, OfficeError>;

    /// Puts an account's new key in the place of the old one, in its logins and sessions.
    fn set_key(&mut self, account: &str, kid: &str) -> Result<(), OfficeError>;

    /// Keeps a session under the digest of its token, and ends those that are over by `now`.
    fn put_session(
        &mut self,
        digest: &str,
        session: &Session,
        until: i64,
        now: i64,
    ) -> Result<(), OfficeError>;

    /// The session under a digest, unless it is over by `now`.
    fn session(&mut self, digest: &str, now: i64) -> Result<Option<Session>, OfficeError>;

    /// Ends the session under a digest.
    fn end_session(&mut self, digest: &str) -> Result<(), OfficeError>;

    /// Keeps a feed under the digest of its token, in the place of one of the same channel.
    fn put_feed(&mut self, feed: &OpenFeed, digest: &str) -> Result<(), OfficeError>;

    /// Closes the feed of a channel: whether there was one.
    fn close_feed(&mut self, channel: &str) -> Result<bool, OfficeError>;

    /// All feeds, by channel, each with the digest of its token.
    fn feeds(&mut self) -> Result<Vec<(OpenFeed, String)>, OfficeError>;

    /// The feed under a digest.
    fn feed(&mut self, digest: &str) -> Result<Option<OpenFeed>, OfficeError>;
}

impl OpenFeed {
    /// Its departments and its kinds of deliveries, each as one text.
    pub(super) fn texts(&self) -> [String; 2] {
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.code()).collect();
        [self.departments.join(" "), kinds.join(" ")]
    }

    /// The feed of these texts.
    pub(super) fn of_texts(channel: String, departments: &str, kinds: &str) -> Self {
        let departments = departments.split_whitespace().map(str::to_owned).collect();
        let kinds = kinds.split_whitespace().filter_map(Kind::of_code).collect();
        Self { channel, departments, kinds }
    }
}

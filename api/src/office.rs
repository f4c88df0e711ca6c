//! The office's own records, which are no evidence: passwords, sessions, and the tokens of other systems. Lost, people
//! sign in again and feeds are opened anew. They lie where the ledger lies: in `office.db` of the folder, or in tables of the
//! ledger's database on a Postgres server, so that whoever signs in at one node is signed in at all.

mod entrance;
mod file;
mod store;
mod tables;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use wuping_ledger::encoding::{b64u_encode, hex_encode, sha256};
use wuping_ledger::keyring::{KeyringError, random};
use wuping_ledger::place::remove_database_file;
use wuping_ledger::postgres_beside::Beside;
use wuping_ledger::store::StoreError;

use self::entrance::Entrance;
pub use self::entrance::{Attempt, Entered};
use self::file::OfficeFile;
pub use self::file::{OFFICE, end_sessions};
use self::store::{Login, OfficeStore};
use self::tables::OfficeTables;
use crate::list_kind::Kind;

/// Passwords, sessions and feeds.
#[derive(Debug)]
pub struct Office {
    store: Mutex<Box<dyn OfficeStore>>,
    entrance: Entrance,
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
    /// The thread that looked at a password ended before it had an answer.
    #[error("a password was not looked at to the end")]
    Ended(#[from] tokio::task::JoinError),
    /// The file is not needed any more, and could not be removed.
    #[error("the office's records are moved to the server, and their file is still there")]
    NotRemoved(#[source] StoreError),
    /// The ledger is on a server, and the office's records are not.
    #[error(
        "the ledger is on a Postgres server, and the office's records still lie in {file}: run `wuping upgrade` once, which \
         moves them there"
    )]
    LeftBehind {
        /// The file that they lie in.
        file: PathBuf,
    },
    /// The server that the records are on refused, or does not answer.
    #[error("the office's records on the Postgres server could not be read or written")]
    Server(#[source] StoreError),
    /// A password could not be hashed.
    #[error("the password could not be kept: {0}")]
    Hash(argon2::password_hash::Error),
    /// The system has no random bytes.
    #[error("no random bytes to make a session of")]
    Random(#[from] KeyringError),
}

impl Office {
    /// Open the records of a folder's ledger, making them where there are none.
    ///
    /// # Errors
    /// If the database cannot be opened.
    pub fn open(folder: &Path) -> Result<Self, OfficeError> {
        let file = folder.join(FILE);
        let store: Box<dyn OfficeStore> = match Beside::of_folder(folder).map_err(OfficeError::Server)? {
            Some(_) if file.is_file() => return Err(OfficeError::LeftBehind { file }),
            Some(beside) => Box::new(OfficeTables::over(beside)),
            None => Box::new(OfficeFile::open(&file)?),
        };
        Ok(Self { store: Mutex::new(store), entrance: Entrance::default() })
    }

    /// Give an account a name to sign in by, a password and its key. Whoever is signed in to the account, or was by that name,
    /// is not any more: the old password may have been somebody else's too.
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
        let [login, account, kid] = [login, account, kid].map(str::to_owned);
        self.lock().put_login(&Login { login, account, kid, hash: hash.to_string() })
    }

    /// Put an account's new key in the place of the old one, for sessions that go on too.
    ///
    /// # Errors
    /// If it cannot be kept.
    pub fn set_key(&self, account: &str, kid: &str) -> Result<(), OfficeError> {
        self.lock().set_key(account, kid)
    }

    /// Start a session, if the password is right, however many were tried: for whoever runs this program. The answer is the
    /// session's token.
    ///
    /// # Errors
    /// If the records cannot be read.
    pub fn sign_in(&self, login: &str, password: &str, now: i64) -> Result<Option<String>, OfficeError> {
        let found = self.right(login, password)?;
        found.map(|login| self.start(login, now).map(|(token, _)| token)).transpose()
    }

    /// Start a session without a password: for the sample's role cards only.
    ///
    /// # Errors
    /// If there is no such login, the answer is `None`; an error if the records cannot be read.
    pub fn enter_sample(&self, login: &str, now: i64) -> Result<Option<String>, OfficeError> {
        let found = self.lock().login(login)?;
        found.map(|login| self.start(login, now).map(|(token, _)| token)).transpose()
    }

    /// The session of a token, unless it has ended.
    ///
    /// # Errors
    /// If the records cannot be read.
    pub fn session(&self, token: &str, now: i64) -> Result<Option<Session>, OfficeError> {
        self.lock().session(&digest(token), now)
    }

    /// End a session.
    ///
    /// # Errors
    /// If the records cannot be written.
    pub fn sign_out(&self, token: &str) -> Result<(), OfficeError> {
        self.lock().end_session(&digest(token))
    }

    /// The account and key of a login.
    ///
    /// # Errors
    /// If the records cannot be read.
    pub fn login(&self, login: &str) -> Result<Option<(String, String)>, OfficeError> {
        Ok(self.lock().login(login)?.map(|login| (login.account, login.kid)))
    }

    /// The name by which an account signs in; none if it has no login.
    ///
    /// # Errors
    /// If the records cannot be read.
    pub fn login_of(&self, account: &str) -> Result<Option<String>, OfficeError> {
        self.lock().login_of(account)
    }

    /// The key that the server signs with for an account; none if it has no login.
    ///
    /// # Errors
    /// If the records cannot be read.
    pub fn key_of(&self, account: &str) -> Result<Option<String>, OfficeError> {
        self.lock().key_of(account)
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
        let (channel, departments, kinds) = (channel.to_owned(), departments.to_vec(), kinds.to_vec());
        let feed = OpenFeed { channel, departments, kinds };
        self.lock().put_feed(&feed, &digest(&token))?;
        Ok(token)
    }

    /// Close a channel: its token is refused from now on. The answer is whether there was one.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn close_feed(&self, channel: &str) -> Result<bool, OfficeError> {
        self.lock().close_feed(channel)
    }

    /// The channels that are open, by name.
    ///
    /// # Errors
    /// If the records cannot be read.
    pub fn feeds(&self) -> Result<Vec<OpenFeed>, OfficeError> {
        Ok(self.lock().feeds()?.into_iter().map(|(feed, _)| feed).collect())
    }

    /// The channel that a token belongs to.
    ///
    /// # Errors
    /// If the records cannot be read.
    pub fn feed_by_token(&self, token: &str) -> Result<Option<OpenFeed>, OfficeError> {
        self.lock().feed(&digest(token))
    }

    /// The login of a name, if this is its password.
    fn right(&self, login: &str, password: &str) -> Result<Option<Login>, OfficeError> {
        let found = self.lock().login(login)?;
        // An unknown name costs as much time as a wrong password, so that names cannot be told apart by it.
        let hash = found.as_ref().map_or(NOBODY, |login| login.hash.as_str());
        let right = PasswordHash::new(hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        Ok(found.filter(|_| right))
    }

    fn start(&self, login: Login, now: i64) -> Result<(String, Session), OfficeError> {
        let token = b64u_encode(&random::<32>()?);
        let Login { account, kid, .. } = login;
        let session = Session { account, csrf: b64u_encode(&random::<16>()?), kid };
        self.lock().put_session(&digest(&token), &session, now + SESSION_SECONDS, now)?;
        Ok((token, session))
    }

    fn lock(&self) -> MutexGuard<'_, Box<dyn OfficeStore>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The names to sign in by, each with its account, in the records of a folder's ledger; looked at beside whoever writes. None if
/// there are no records.
///
/// # Errors
/// If the database cannot be read.
pub fn logins(folder: &Path) -> Result<Option<Vec<(String, String)>>, OfficeError> {
    let file = folder.join(FILE);
    let mut store: Box<dyn OfficeStore> =
        match Beside::read_only_of_folder(folder).map_err(OfficeError::Server)? {
            Some(beside) => Box::new(OfficeTables::over(beside)),
            None if file.is_file() => Box::new(OfficeFile::open_read_only(&file)?),
            None => return Ok(None),
        };
    Ok(Some(store.logins()?.into_iter().map(|known| (known.login, known.account)).collect()))
}

/// Moves what lies in a folder's `office.db` to the Postgres server that its ledger is on, but for the sessions, and removes the
/// file. What another node moved there before stays as it is. Answers how many names to sign in by there were.
///
/// # Errors
/// [`OfficeError`]; the file stays until everything is there.
pub fn move_to_server(folder: &Path) -> Result<usize, OfficeError> {
    let file = folder.join(FILE);
    let Some(beside) = Beside::of_folder(folder).map_err(OfficeError::Server)? else { return Ok(0) };
    if !file.is_file() {
        return Ok(0);
    }
    let (mut from, mut to) = (OfficeFile::open(&file)?, OfficeTables::over(beside));
    let logins = from.logins()?;
    for login in &logins {
        if to.login(&login.login)?.is_none() {
            to.put_login(login)?;
        }
    }
    let there: Vec<String> = to.feeds()?.into_iter().map(|(feed, _)| feed.channel).collect();
    for (feed, digest) in from.feeds()? {
        if !there.contains(&feed.channel) {
            to.put_feed(&feed, &digest)?;
        }
    }
    drop(from);
    remove_database_file(&file).map_err(OfficeError::NotRemoved)?;
    Ok(logins.len())
}

/// What is kept of a token.
fn digest(token: &str) -> String {
    hex_encode(&sha256(token.as_bytes()))
}

/// How long a session lasts: a working day.
pub const SESSION_SECONDS: i64 = 12 * 3600;

const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const FILE: &str = "office.db";

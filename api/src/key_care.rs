//! Looking after people's keys in daily work: their own devices, and for an administrator everybody's. The registrar signs;
//! keys of the server and root keys are looked after from the command line, under a root key.

use serde_json::Value;
use wuping_domain::account::Standing;
use wuping_domain::facts::Role as Grants;
use wuping_ledger::append::{AppendError, Author};
use wuping_ledger::key_state::{KeyRecord, KeyState};
use wuping_ledger::keys::{Kid, PublicKey, Role};
use wuping_ledger::refusal::Refusal;
use wuping_ledger::store::StoreError;

use crate::app::{App, ExecuteError};
use crate::office::OfficeError;

/// A key of a person.
#[derive(Clone, Debug)]
pub struct PersonsKey {
    /// Its name.
    pub kid: Kid,
    /// The account.
    pub holder: String,
    /// Whether it is the one that the server signs with for the account.
    pub signs_at_the_desk: bool,
    /// The entry that enrolled it.
    pub from: u64,
    /// The entry that ended it.
    pub until: Option<u64>,
    /// From where on its entries are contested.
    pub suspect_from: Option<u64>,
}

/// Why keys were left as they are.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The account is not open.
    #[error("the account {account} is not open, so no key is enrolled for it")]
    AccountNotOpen {
        /// The account.
        account: String,
    },
    /// The ledger did not take it.
    #[error("the ledger did not take it")]
    Append(#[from] AppendError),
    /// Who asks could not be looked up.
    #[error("who asks could not be looked up")]
    Asking(#[from] ExecuteError),
    /// Only its holder or an administrator looks after a key.
    #[error("a key is looked after by its holder or by an administrator")]
    NotYours,
    /// There is no such key of a person.
    #[error("there is no key {kid} of a person here")]
    NoSuchKey {
        /// Its name.
        kid: String,
    },
    /// The office's records could not be written.
    #[error("the ledger has the key, but the office's records do not name it yet: ask for it again")]
    Office(#[from] OfficeError),
    /// The key has ended.
    #[error("the key {kid} has ended already")]
    Over {
        /// Its name.
        kid: Kid,
    },
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
    /// The account has as many keys as it may.
    #[error("the account has {KEYS_MAX} valid keys: end one that is no longer used")]
    TooMany,
}

impl From<Refusal> for KeyError {
    fn from(refusal: Refusal) -> Self {
        Self::Append(refusal.into())
    }
}

impl App {
    /// The keys of an account, oldest first: for itself or an administrator.
    ///
    /// # Errors
    /// [`KeyError::NotYours`], or if the ledger cannot be read.
    pub async fn keys_of(&self, asking: &str, account: &str) -> Result<Vec<PersonsKey>, KeyError> {
        self.may_look_after(asking, account)?;
        let keys = self.ledger.keys().await?;
        let signing = self.office.key_of(account)?;
        let mut found: Vec<PersonsKey> = officers_of(&keys, account)
            .map(|(kid, record)| PersonsKey {
                kid: kid.clone(),
                holder: record.holder.clone(),
                signs_at_the_desk: signing.as_deref() == Some(kid.as_str()),
                from: record.from,
                until: record.until,
                suspect_from: record.suspect_from,
            })
            .collect();
        found.sort_by_key(|key| key.from);
        Ok(found)
    }

    /// Enrols a key of a device for the account that asks. Answers its name, and whether it is enrolled just now: the same
    /// key of the same person again is nothing to do.
    ///
    /// # Errors
    /// [`KeyError`]; [`AppendError::Rule`] inside if the key is weak, its proof of possession does not hold, or it was
    /// enrolled before.
    pub async fn enrol_device(&self, account: &str, jwk: &Value, pop: &str) -> Result<(Kid, bool), KeyError> {
        let kid = PublicKey::from_jwk(jwk)?.kid();
        self.must_be_open(account)?;
        let keys = self.ledger.keys().await?;
        let known = keys.record(&kid);
        if known.is_some_and(|record| record.holder == account && record.until.is_none()) {
            return Ok((kid, false));
        }
        if officers_of(&keys, account).filter(|(_, record)| record.until.is_none()).count() >= KEYS_MAX {
            return Err(KeyError::TooMany);
        }
        Ok((self.ledger.enrol_public(jwk, pop, account, Author::Registrar).await?, true))
    }

    /// Ends a person's key at once. Its entries from `suspect_from` on are contested; none if it is not given. Answers the
    /// position of the entry that says so.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn end_key(
        &self,
        asking: &str,
        kid: &str,
        reason: &str,
        suspect_from: Option<u64>,
    ) -> Result<u64, KeyError> {
        let (kid, _) = self.persons_key(asking, kid).await?;
        Ok(self.ledger.revoke(&kid, reason, suspect_from, Author::Registrar).await?.position)
    }

    /// Puts a fresh key in the place of one that the server signs with for a person; sessions go on with it.
    ///
    /// # Errors
    /// [`KeyError`]; [`AppendError::NoKey`] inside for a key of a device, which only the device replaces.
    pub async fn renew_key(&self, asking: &str, kid: &str) -> Result<Kid, KeyError> {
        let (old, record) = self.persons_key(asking, kid).await?;
        let new = self.ledger.rotate(&old).await?;
        self.office.set_key(&record.holder, new.as_str())?;
        Ok(new)
    }

    /// Gives a person a new key held by the server, where the old one has ended: for an administrator.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn give_key(&self, asking: &str, account: &str) -> Result<Kid, KeyError> {
        if !self.is_administrator(asking)? {
            return Err(KeyError::NotYours);
        }
        self.must_be_open(account)?;
        let kid = self.ledger.enrol_officer(account).await?;
        self.office.set_key(account, kid.as_str())?;
        Ok(kid)
    }

    /// A valid key of a person, if the one who asks may look after it.
    async fn persons_key(&self, asking: &str, kid: &str) -> Result<(Kid, KeyRecord), KeyError> {
        let unknown = || KeyError::NoSuchKey { kid: kid.to_owned() };
        let parsed = Kid::parse(kid).map_err(|_| unknown())?;
        let keys = self.ledger.keys().await?;
        let record =
            keys.record(&parsed).filter(|record| record.role == Role::Officer).ok_or_else(unknown)?;
        self.may_look_after(asking, &record.holder)?;
        match record.until {
            Some(_) => Err(KeyError::Over { kid: parsed }),
            None => Ok((parsed, record.clone())),
        }
    }

    fn may_look_after(&self, asking: &str, account: &str) -> Result<(), KeyError> {
        match asking == account || self.is_administrator(asking)? {
            true => Ok(()),
            false => Err(KeyError::NotYours),
        }
    }

    fn is_administrator(&self, account: &str) -> Result<bool, KeyError> {
        Ok(self.actor(account)?.holds(Grants::Administrator))
    }

    fn must_be_open(&self, account: &str) -> Result<(), KeyError> {
        match self.account(account)?.standing {
            Standing::Open => Ok(()),
            _ => Err(KeyError::AccountNotOpen { account: account.to_owned() }),
        }
    }
}

/// The keys of persons that an account holds or held.
fn officers_of<'k>(keys: &'k KeyState, account: &str) -> impl Iterator<Item = (&'k Kid, &'k KeyRecord)> {
    keys.records().filter(move |(_, record)| record.role == Role::Officer && record.holder == account)
}

/// How many valid keys an account may have: its desk, and more devices than anybody carries.
const KEYS_MAX: usize = 16;

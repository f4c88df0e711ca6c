//! The private keys that the server holds, opened for use: only the writer signs with them.

use std::collections::HashMap;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::append::{AppendError, Author};
use crate::encoding::sized;
use crate::key_state::KeyState;
use crate::keyring::{KeyringError, SealingKey};
use crate::keys::{Kid, Role, Signer};
use crate::refusal::need;
use crate::sealing::Signing;
use crate::store::SealedKey;

/// The opened keys by name. Wiped from memory when dropped, as each [`Signer`] is.
#[derive(Debug, Default)]
pub(crate) struct HeldKeys {
    signers: HashMap<Kid, Arc<Signer>>,
}

impl HeldKeys {
    /// Opens sealed entry keys; the log key is none of them.
    pub(crate) fn open(sealed: &[SealedKey], master: &SealingKey) -> Result<Self, KeyringError> {
        let mut held = Self::default();
        for key in sealed.iter().filter(|key| key.role != LOG_KEY) {
            held.hold(Arc::new(open_sealed(key, master)?));
        }
        Ok(held)
    }

    pub(crate) fn hold(&mut self, signer: Arc<Signer>) {
        self.signers.insert(signer.kid().clone(), signer);
    }

    /// What this author signs with, if its key is valid by the key events so far.
    pub(crate) fn signing(&self, author: &Author, keys: &KeyState) -> Result<Signing, AppendError> {
        let (role, found) = match author {
            Author::Device(event) => {
                let role = keys.usable(event.kid())?.role;
                need(role == Role::Officer, "key-authority", "a device's key is an officer's")?;
                return Ok(Signing::Device(Arc::clone(event)));
            }
            Author::Root(signer) => return Ok(Signing::Held(Arc::clone(signer))),
            Author::Officer(kid) => (kid.as_str(), self.valid_officer(kid, keys)),
            Author::Intake => (Role::Intake.as_str(), self.newest(Role::Intake, keys)),
            Author::Registrar => (Role::Registrar.as_str(), self.newest(Role::Registrar, keys)),
            Author::Service => (Role::Service.as_str(), self.newest(Role::Service, keys)),
        };
        found.map(Signing::Held).ok_or_else(|| AppendError::NoKey { author: role.to_owned() })
    }

    fn valid_officer(&self, kid: &Kid, keys: &KeyState) -> Option<Arc<Signer>> {
        let record = keys.usable(kid).ok()?;
        self.signers.get(kid).filter(|_| record.role == Role::Officer).cloned()
    }

    /// Of the valid keys of a role that are held, the one enrolled last.
    fn newest(&self, role: Role, keys: &KeyState) -> Option<Arc<Signer>> {
        let valid = self.signers.iter().filter_map(|(kid, signer)| {
            let record = keys.usable(kid).ok().filter(|record| record.role == role)?;
            Some((record.from, signer))
        });
        valid.max_by_key(|(from, _)| *from).map(|(_, signer)| Arc::clone(signer))
    }
}

/// Seals a private key for the store.
pub(crate) fn seal(
    signer: &Signer,
    name: &str,
    role: &str,
    holder: &str,
    master: &SealingKey,
) -> Result<SealedKey, KeyringError> {
    let sealed = master.seal(signer.seed().as_slice(), &binding(name, role, holder))?;
    Ok(SealedKey { kid: name.to_owned(), role: role.to_owned(), holder: holder.to_owned(), sealed })
}

/// Opens a sealed private key; one that was swapped for another row's does not open.
pub(crate) fn open_sealed(key: &SealedKey, master: &SealingKey) -> Result<Signer, KeyringError> {
    let what = format!("the sealed {} key {}", key.role, key.kid);
    let seed = master.open(&key.sealed, &binding(&key.kid, &key.role, &key.holder), &what)?;
    let seed: Zeroizing<[u8; 32]> =
        Zeroizing::new(sized(&seed, "seed").map_err(|_| KeyringError::WrongKey { what: what.clone() })?);
    let signer = Signer::from_seed(&seed);
    match key.role == LOG_KEY || signer.kid().as_str() == key.kid {
        true => Ok(signer),
        false => Err(KeyringError::WrongKey { what }),
    }
}

/// Role and name of the log key among the sealed keys.
pub(crate) const LOG_KEY: &str = "log";

fn binding(name: &str, role: &str, holder: &str) -> String {
    format!("wuping-sealed-key/1\n{name}\n{role}\n{holder}\n")
}

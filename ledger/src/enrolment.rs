//! Opening and ending keys in a running ledger (docs/format.md §4).

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::append::{AppendError, AppendRequest, Author, NewEvent, Receipt};
use crate::genesis::{ClockChoice, Ledger, now};
use crate::held_keys::seal;
use crate::key_state::KeyState;
use crate::keys::{Kid, PublicKey, Role, Signer, key_stream};
use crate::refusal::Refusal;
use crate::stream::StreamPath;
use crate::timestamp::Timestamp;

impl Ledger {
    /// As [`crate::reader::Reader::keys`], on a thread that may wait.
    ///
    /// # Errors
    ///
    /// [`AppendError`] if they cannot be read.
    pub async fn keys(&self) -> Result<Arc<KeyState>, AppendError> {
        let reader = self.reader().clone();
        let read = tokio::task::spawn_blocking(move || reader.keys()).await;
        Ok(read.map_err(|_| AppendError::Closed)??)
    }

    /// Makes a key for a person, held by the server, and enrols it by the registrar.
    ///
    /// # Errors
    ///
    /// [`AppendError`].
    pub async fn enrol_officer(&self, holder: &str) -> Result<Kid, AppendError> {
        self.enrol(Role::Officer, holder, Author::Registrar, None).await
    }

    /// Makes a key of a role, held by the server, and enrols it: a registrar may for officers, a root key for all. In a
    /// simulated ledger the time may be given.
    ///
    /// # Errors
    ///
    /// [`AppendError`].
    pub async fn enrol(
        &self,
        role: Role,
        holder: &str,
        by: Author,
        simulated_now: Option<Timestamp>,
    ) -> Result<Kid, AppendError> {
        let signer = Signer::generate()?;
        let kid = signer.kid().clone();
        let at = simulated_now.unwrap_or_else(|| now(&ClockChoice::System));
        let mut request = enrolment(self.origin(), &signer, role, holder, by, at)?;
        request.simulated_now = simulated_now;
        let sealed = seal(&signer, kid.as_str(), role.as_str(), holder, &self.master)?;
        // the key first: one that is held and not enrolled signs nothing, one enrolled and lost would never sign
        self.writer().hold(sealed, Arc::new(signer)).await?;
        self.writer().append(request).await?;
        Ok(kid)
    }

    /// Puts a fresh key in the place of one that the server holds; the old one signs that, and nothing more.
    ///
    /// # Errors
    ///
    /// [`AppendError`]: the old key is not valid, or not held here.
    pub async fn rotate(&self, old: &Kid) -> Result<Kid, AppendError> {
        let keys = self.keys().await?;
        let record = keys.usable(old)?;
        let by = match record.role {
            Role::Officer => Author::Officer(old.clone()),
            Role::Service => Author::Service,
            Role::Intake => Author::Intake,
            Role::Registrar => Author::Registrar,
            Role::Root => return Err(AppendError::NoKey { author: "root".to_owned() }),
        };
        let signer = Signer::generate()?;
        let (kid, role) = (signer.kid().clone(), record.role);
        let mut data = signer.enrolment(self.origin(), &record.holder, role);
        data["old_kid"] = old.as_str().into();
        data["type"] = "KeyRotated".into();
        let request = request(record.lineage.clone(), &data, by, now(&ClockChoice::System))?;
        let sealed = seal(&signer, kid.as_str(), role.as_str(), &record.holder, &self.master)?;
        // the key first, as when one is enrolled
        self.writer().hold(sealed, Arc::new(signer)).await?;
        self.writer().append(request).await?;
        Ok(kid)
    }

    /// Enrols a key that the server never sees the private half of: its public half, and the proof that the other was at
    /// hand, are its holder's.
    ///
    /// # Errors
    ///
    /// [`AppendError`]: the key is weak, the proof does not hold, or the key was enrolled before.
    pub async fn enrol_public(
        &self,
        jwk: &Value,
        pop: &str,
        holder: &str,
        by: Author,
    ) -> Result<Kid, AppendError> {
        let kid = PublicKey::from_jwk(jwk)?.kid();
        let data = json!({
            "holder": holder,
            "jwk": jwk,
            "kid": kid.as_str(),
            "pop": pop,
            "role": Role::Officer.as_str(),
            "type": "KeyEnrolled",
        });
        self.writer().append(request(key_stream(&kid), &data, by, now(&ClockChoice::System))?).await?;
        Ok(kid)
    }

    /// Ends a key. Its entries from `suspect_from` on become contested; none if not given.
    ///
    /// # Errors
    ///
    /// [`AppendError`].
    pub async fn revoke(
        &self,
        kid: &Kid,
        reason: &str,
        suspect_from: Option<u64>,
        by: Author,
    ) -> Result<Receipt, AppendError> {
        let keys = self.keys().await?;
        let record = keys.record(kid).ok_or_else(|| Refusal::new("key-not-enrolled", kid.as_str()))?;
        let suspect_from = match suspect_from {
            Some(position) => position,
            None => self.reader().size()?,
        };
        let data = json!({
            "kid": kid.as_str(),
            "reason": reason,
            "suspect_from": suspect_from,
            "type": "KeyRevoked",
        });
        self.writer().append(request(record.lineage.clone(), &data, by, now(&ClockChoice::System))?).await
    }
}

/// The command that enrols a key.
pub(crate) fn enrolment(
    origin: &str,
    signer: &Signer,
    role: Role,
    holder: &str,
    by: Author,
    at: Timestamp,
) -> Result<AppendRequest, Refusal> {
    let mut data = signer.enrolment(origin, holder, role);
    data["type"] = "KeyEnrolled".into();
    request(key_stream(signer.kid()), &data, by, at)
}

/// A command that says one thing about keys.
pub(crate) fn request(
    stream: StreamPath,
    data: &Value,
    by: Author,
    at: Timestamp,
) -> Result<AppendRequest, Refusal> {
    Ok(AppendRequest::single(Uuid::now_v7(), by, at, NewEvent::of_the_ledger(stream, data)?))
}

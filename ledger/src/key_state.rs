//! Which keys may sign what: the life of every key, replayed from the streams `keys/…` (docs/format.md §4).
//!
//! Validity is by position in the log; clocks play no part.

use std::collections::HashMap;

use serde_json::Value;

use crate::encoding::b64u_decode;
use crate::entry::Entry;
use crate::keys::{Kid, PublicKey, Role, key_stream, pop_message, verify_strict};
use crate::note::check_origin;
use crate::refusal::{Refusal, need, need_that};
use crate::stream::StreamPath;

/// The life of one key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyRecord {
    /// The key.
    pub public: PublicKey,
    /// What it may sign.
    pub role: Role,
    /// The pseudonym of who holds it.
    pub holder: String,
    /// The sequence of its enrolment; it signs entries above that (the genesis also itself).
    pub from: u64,
    /// The sequence at which it was rotated away or revoked.
    pub until: Option<u64>,
    /// For a revoked key, from where on its entries are contested.
    pub suspect_from: Option<u64>,
    /// The stream of its lineage.
    pub lineage: StreamPath,
}

impl KeyRecord {
    /// Whether an entry of this key at this sequence may be valid: the key was enrolled below and not ended below.
    pub fn signs_at(&self, sequence: u64) -> bool {
        let enrolled = self.from < sequence || sequence == 0 && self.from == 0;
        enrolled && self.until.is_none_or(|until| sequence <= until)
    }

    /// Whether an entry of this key at this sequence is valid but contested since the key's revocation.
    pub fn contested_at(&self, sequence: u64) -> bool {
        is_contested(self.suspect_from, self.until, sequence)
    }
}

/// Whether what a key signed at this sequence is valid and contested: from where its revocation suspects it to where it ended.
pub fn is_contested(suspect_from: Option<u64>, ended_at: Option<u64>, sequence: u64) -> bool {
    suspect_from.is_some_and(|from| from <= sequence) && ended_at.is_some_and(|ended| sequence < ended)
}

/// What somebody would put into the log: all that the rules on keys look at.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The key that signs or would sign.
    pub kid: &'a Kid,
    /// The stream.
    pub stream: &'a StreamPath,
    /// The content, an object with its `type`.
    pub data: &'a Value,
    /// The entry's place in the log.
    pub sequence: u64,
}

impl Entry {
    /// What the rules on keys look at in this entry.
    pub fn claim(&self) -> Claim<'_> {
        Claim { kid: &self.kid, stream: &self.meta.stream, data: &self.data, sequence: self.sequence }
    }
}

impl Claim<'_> {
    fn event_type(&self) -> &str {
        self.text("type")
    }

    fn text(&self, name: &str) -> &str {
        self.data.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn has(&self, name: &str) -> bool {
        self.data.get(name).is_some()
    }
}

/// All keys of a log as of some position. Rebuilt by applying the entries of the streams `keys/…` in log order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyState {
    log: String,
    keys: HashMap<Kid, KeyRecord>,
}

impl KeyState {
    /// Of the log with this origin, before its first entry.
    pub fn new(log: impl Into<String>) -> KeyState {
        KeyState { log: log.into(), keys: HashMap::new() }
    }

    /// The log's origin.
    pub fn log(&self) -> &str {
        &self.log
    }

    /// The life of a key, if it was ever enrolled.
    pub fn record(&self, kid: &Kid) -> Option<&KeyRecord> {
        self.keys.get(kid)
    }

    /// Every key that was ever enrolled, in no order.
    pub fn records(&self) -> impl Iterator<Item = (&Kid, &KeyRecord)> {
        self.keys.iter()
    }

    /// A key that may sign the next entry.
    ///
    /// # Errors
    /// `key-not-enrolled` or `key-revoked`.
    pub fn usable(&self, kid: &Kid) -> Result<&KeyRecord, Refusal> {
        let record = self.keys.get(kid);
        let record = record.ok_or_else(|| Refusal::new("key-not-enrolled", kid.as_str()))?;
        match record.until {
            None => Ok(record),
            Some(until) => Err(Refusal::new("key-revoked", format!("{kid} at {until}"))),
        }
    }

    /// Whether a key may sign this, for use before anything is signed or appended. The entry's signature is not
    /// looked at; the proof of possession of a newly enrolled key is.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn may_sign(&self, claim: Claim<'_>) -> Result<(), Refusal> {
        self.judge(claim).map(|_| ())
    }

    /// Checks an entry as [`KeyState::may_sign`] and its signature, changing nothing.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self, entry: &Entry) -> Result<(), Refusal> {
        entry.verify(&self.judge(entry.claim())?.signer)
    }

    /// Checks the next entry and, if it is a key event, what it changes takes effect.
    ///
    /// # Errors
    /// The first rule that is broken; nothing has changed then.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), Refusal> {
        self.apply_with(entry, true)
    }

    /// As [`KeyState::apply`]; whether the entry's signature is verified is for the caller to say, who may have done
    /// so already.
    ///
    /// # Errors
    /// The first rule that is broken; nothing has changed then.
    pub fn apply_with(&mut self, entry: &Entry, check_signature: bool) -> Result<(), Refusal> {
        let verdict = self.judge(entry.claim())?;
        if check_signature {
            entry.verify(&verdict.signer)?;
        }
        if let Some(change) = verdict.change {
            self.change(change, entry.sequence);
        }
        Ok(())
    }

    fn change(&mut self, change: Change, sequence: u64) {
        let mut end = |kid: &Kid, suspect_from| {
            if let Some(record) = self.keys.get_mut(kid) {
                record.until = Some(sequence);
                record.suspect_from = suspect_from;
            }
        };
        match change {
            Change::Revoked { kid, suspect_from } => end(&kid, Some(suspect_from)),
            Change::Enrolled { kid, record, replaces } => {
                if let Some(old) = replaces {
                    end(&old, None);
                }
                self.keys.insert(kid, *record);
            }
        }
    }

    fn judge(&self, claim: Claim<'_>) -> Result<Verdict, Refusal> {
        if claim.sequence == 0 {
            return self.judge_genesis(claim);
        }
        let event_type = claim.event_type();
        need(event_type != "LedgerOpened", "genesis", "a second one")?;
        let signer = self.usable(claim.kid)?;
        let (change, computed, received) = if claim.stream.first() == "keys" {
            (Some(self.key_event(claim, signer)?), false, false)
        } else {
            check_authority(claim, signer.role)?;
            let computed = signer.role == Role::Service && event_type != "HeadsCommitted";
            (None, computed, signer.role == Role::Intake)
        };
        need(claim.has("derivation") == computed, "key-authority", event_type)?;
        need(claim.has("result") == computed, "derivation-members", event_type)?;
        need(claim.has("received") == received, "received-authority", event_type)?;
        Ok(Verdict { signer: signer.public, change })
    }

    /// The first entry of a log enrols the key that signs it.
    fn judge_genesis(&self, claim: Claim<'_>) -> Result<Verdict, Refusal> {
        let opened = claim.event_type() == "LedgerOpened" && claim.stream.first() == "keys";
        need(opened, "genesis", "the first entry is LedgerOpened in its key's lineage")?;
        need(claim.text("origin") == self.log, "genesis", "another origin")?;
        check_origin(&self.log).map_err(|e| Refusal::new("genesis", e.to_string()))?;
        need(claim.text("role") == Role::Root.as_str(), "genesis", "not a root key")?;
        need(claim.text("kid") == claim.kid.as_str(), "genesis", "not signed by the key it enrols")?;
        let plain = !["derivation", "received", "result"].into_iter().any(|name| claim.has(name));
        need(plain, "genesis", "neither computed nor received")?;
        let (kid, record) = self.enrolled(claim, None)?;
        Ok(Verdict {
            signer: record.public,
            change: Some(Change::Enrolled { kid, record: record.into(), replaces: None }),
        })
    }

    fn key_event(&self, claim: Claim<'_>, signer: &KeyRecord) -> Result<Change, Refusal> {
        let event_type = claim.event_type();
        match event_type {
            "KeyEnrolled" => {
                let for_officer = claim.text("role") == Role::Officer.as_str();
                check_may_manage(signer.role, for_officer, event_type)?;
                let (kid, record) = self.enrolled(claim, None)?;
                Ok(Change::Enrolled { kid, record: record.into(), replaces: None })
            }
            "KeyRotated" => {
                let own = claim.text("old_kid") == claim.kid.as_str();
                need(own, "key-authority", "a rotation is signed by the key it replaces")?;
                let same =
                    claim.text("role") == signer.role.as_str() && claim.text("holder") == signer.holder;
                need(same, "key-authority", "a rotation keeps role and holder")?;
                let (kid, record) = self.enrolled(claim, Some(&signer.lineage))?;
                Ok(Change::Enrolled { kid, record: record.into(), replaces: Some(claim.kid.clone()) })
            }
            "KeyRevoked" => self.revoked(claim, signer),
            _ => Err(Refusal::new("key-event-type", event_type)),
        }
    }

    /// The new key of an enrolment or rotation. Without a lineage to continue, the key begins one.
    fn enrolled(&self, claim: Claim<'_>, lineage: Option<&StreamPath>) -> Result<(Kid, KeyRecord), Refusal> {
        let public = PublicKey::from_jwk(claim.data.get("jwk").unwrap_or(&Value::Null))?;
        let kid = public.kid();
        need(claim.text("kid") == kid.as_str(), "kid", "the enrolled kid is not the key's thumbprint")?;
        need(!self.keys.contains_key(&kid), "key-reenrolled", kid.as_str())?;
        let (role, holder) = (Role::parse(claim.text("role"))?, claim.text("holder"));
        need(!holder.is_empty() && !holder.contains('\n'), "key-holder", "a pseudonym without newline")?;
        let stream = lineage.cloned().unwrap_or_else(|| key_stream(&kid));
        need(*claim.stream == stream, "key-lineage", claim.stream.as_str())?;
        let pop = b64u_decode(claim.text("pop"), "key-pop")?;
        verify_strict(&public, &pop, &pop_message(&self.log, &kid, holder))?;
        let holder = holder.to_owned();
        let from = claim.sequence;
        Ok((kid, KeyRecord { public, role, holder, from, until: None, suspect_from: None, lineage: stream }))
    }

    fn revoked(&self, claim: Claim<'_>, signer: &KeyRecord) -> Result<Change, Refusal> {
        let kid = Kid::parse(claim.text("kid"))?;
        let record = self.keys.get(&kid).ok_or_else(|| Refusal::new("key-not-enrolled", kid.as_str()))?;
        if kid != *claim.kid {
            check_may_manage(signer.role, record.role == Role::Officer, "KeyRevoked")?;
        }
        need(*claim.stream == record.lineage, "key-lineage", claim.stream.as_str())?;
        need(record.until.is_none(), "key-revoked", "already")?;
        let suspect_from = claim.data.get("suspect_from").and_then(Value::as_u64);
        let suspect_from = suspect_from.filter(|from| *from <= claim.sequence);
        let suspect_from = suspect_from.ok_or_else(|| Refusal::new("key-suspect_from", ""))?;
        need(claim.data.get("reason").is_some_and(Value::is_string), "key-reason", "")?;
        Ok(Change::Revoked { kid, suspect_from })
    }
}

/// The events that make up the life of a key after the genesis.
const KEY_EVENTS: [&str; 3] = ["KeyEnrolled", "KeyRevoked", "KeyRotated"];

/// What an entry does, and the key that must have signed it.
struct Verdict {
    signer: PublicKey,
    change: Option<Change>,
}

enum Change {
    Enrolled { kid: Kid, record: Box<KeyRecord>, replaces: Option<Kid> },
    Revoked { kid: Kid, suspect_from: u64 },
}

/// A root key opens and ends any key, a registrar those of officers.
fn check_may_manage(signer: Role, an_officers: bool, event_type: &str) -> Result<(), Refusal> {
    let allowed = signer == Role::Root || signer == Role::Registrar && an_officers;
    need_that(allowed, "key-authority", || format!("{event_type} by a {signer} key"))
}

/// Separation of duties outside `keys/…`: root erases, a registrar signs nothing, only a service commits heads.
fn check_authority(claim: Claim<'_>, role: Role) -> Result<(), Refusal> {
    let (event_type, stream) = (claim.event_type(), claim.stream);
    need(!KEY_EVENTS.contains(&event_type), "key-event-stream", event_type)?;
    let commits = event_type == "HeadsCommitted";
    let in_heads = stream.first() == "heads";
    need(commits == in_heads && (!in_heads || stream.as_str() == "heads"), "heads-stream", event_type)?;
    let refused = || format!("{event_type} in {stream} by a {role} key");
    need_that(!commits || role == Role::Service, "key-authority", refused)?;
    need_that(role != Role::Registrar, "key-authority", refused)?;
    let erases = event_type == "FieldsErased";
    let all_or_none = [role == Role::Root, stream.first() == "erasures", stream.as_str() == "erasures"]
        .iter()
        .all(|x| *x == erases);
    need_that(all_or_none, "key-authority", refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Signer;
    use serde_json::json;

    const LOG: &str = "ledger.example/wuping";

    fn signer(n: u8) -> Signer {
        Signer::from_seed(&[n; 32])
    }

    /// A claim's parts with an owner.
    struct Said(Kid, StreamPath, Value);

    fn said(by: &Signer, stream: &str, data: Value) -> Said {
        Said(by.kid().clone(), StreamPath::new(stream).unwrap(), data)
    }

    fn event(event_type: &str, mut data: Value) -> Value {
        data["type"] = event_type.into();
        data
    }

    impl KeyState {
        fn hear(&mut self, said: &Said, sequence: u64) -> Result<(), Refusal> {
            let claim = Claim { kid: &said.0, stream: &said.1, data: &said.2, sequence };
            let change = self.judge(claim)?.change;
            if let Some(change) = change {
                self.change(change, sequence);
            }
            Ok(())
        }

        fn refuses(&mut self, said: &Said, sequence: u64) -> &'static str {
            self.hear(said, sequence).map_or_else(|refusal| refusal.code, |()| "")
        }
    }

    fn enrol(by: &Signer, new: &Signer, role: Role) -> Said {
        let stream = key_stream(new.kid());
        said(by, stream.as_str(), event("KeyEnrolled", new.enrolment(LOG, "holder", role)))
    }

    fn revoke(by: &Signer, kid: &Kid, suspect_from: u64) -> Said {
        let data = json!({"kid": kid.as_str(), "reason": "lost", "suspect_from": suspect_from});
        said(by, key_stream(kid).as_str(), event("KeyRevoked", data))
    }

    /// Root 1, registrar 2, officer 3, service 4, intake 5, enrolled at their numbers less one.
    fn opened() -> KeyState {
        let root = signer(1);
        let mut genesis = event("LedgerOpened", root.enrolment(LOG, "founder", Role::Root));
        genesis["origin"] = LOG.into();
        let mut state = KeyState::new(LOG);
        state.hear(&said(&root, key_stream(root.kid()).as_str(), genesis), 0).unwrap();
        for (n, role) in [(2, Role::Registrar), (3, Role::Officer), (4, Role::Service), (5, Role::Intake)] {
            state.hear(&enrol(&root, &signer(n), role), u64::from(n) - 1).unwrap();
        }
        state
    }

    #[test]
    fn each_role_signs_its_own_and_nothing_else() {
        let computed = || event("Graded", json!({"derivation": {}, "result": {}}));
        let received = || event("Complained", json!({"received": {}}));
        let testimony = || event("Visited", json!({}));
        let heads = || event("HeadsCommitted", json!({}));
        let erased = || event("FieldsErased", json!({}));
        for (stream, data, who) in [
            ("premises/p-1", testimony(), 3),
            ("premises/p-1", computed(), 4),
            ("premises/p-1", received(), 5),
            ("heads", heads(), 4),
            ("erasures", erased(), 1),
        ] {
            for n in 1..=5 {
                let allowed = opened().refuses(&said(&signer(n), stream, data.clone()), 9).is_empty();
                assert_eq!(allowed, n == who, "{data} in {stream} by key {n}");
            }
        }
        for (n, stream, data) in [
            (4, "heads/x", heads()),
            (4, "premises/p-1", heads()),
            (1, "erasures/x", erased()),
            (3, "heads", testimony()),
        ] {
            assert!(!opened().refuses(&said(&signer(n), stream, data), 9).is_empty(), "{stream}");
        }
    }

    #[test]
    fn a_key_ends_by_its_revocation_and_is_contested_before() {
        let mut state = opened();
        let officer = signer(3);
        state.hear(&revoke(&signer(2), officer.kid(), 7), 20).unwrap();
        assert_eq!(
            state.refuses(&said(&officer, "premises/p-1", event("Visited", json!({}))), 21),
            "key-revoked"
        );
        let record = state.record(officer.kid()).unwrap();
        assert!(record.contested_at(7) && record.contested_at(19) && !record.contested_at(6));
        assert!(record.signs_at(20) && !record.signs_at(21) && !record.signs_at(2));
        assert_eq!(state.refuses(&revoke(&signer(1), officer.kid(), 7), 22), "key-revoked");
        assert_eq!(state.refuses(&enrol(&signer(1), &officer, Role::Officer), 22), "key-reenrolled");
    }

    #[test]
    fn a_successor_stays_in_its_lineage() {
        let mut state = opened();
        let (old, new) = (signer(3), signer(33));
        let mut data = event("KeyRotated", new.enrolment(LOG, "holder", Role::Officer));
        data["old_kid"] = old.kid().as_str().into();
        assert_eq!(
            state.refuses(&said(&old, key_stream(new.kid()).as_str(), data.clone()), 9),
            "key-lineage"
        );
        state.hear(&said(&old, key_stream(old.kid()).as_str(), data), 9).unwrap();
        assert_eq!(state.usable(old.kid()).unwrap_err().code, "key-revoked");
        assert_eq!(state.usable(new.kid()).unwrap().lineage, key_stream(old.kid()));
        assert_eq!(state.refuses(&revoke(&signer(1), new.kid(), 0), 10), "key-lineage");
    }

    #[test]
    fn nobody_enrols_more_than_their_role_allows_nor_anothers_key() {
        let mut state = opened();
        assert_eq!(state.refuses(&enrol(&signer(2), &signer(9), Role::Service), 9), "key-authority");
        assert_eq!(state.refuses(&enrol(&signer(3), &signer(9), Role::Officer), 9), "key-authority");
        let mut stolen = enrol(&signer(1), &signer(9), Role::Officer);
        stolen.2["holder"] = "another".into();
        assert_eq!(state.refuses(&stolen, 9), "sig-invalid");
        assert_eq!(state.refuses(&revoke(&signer(2), signer(4).kid(), 0), 9), "key-authority");
        assert_eq!(state.refuses(&revoke(&signer(4), signer(4).kid(), 10), 9), "key-suspect_from");
        assert_eq!(state.refuses(&revoke(&signer(4), signer(4).kid(), 9), 9), "");
    }
}

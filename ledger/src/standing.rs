//! Where a key and a stream stand, for whoever signs elsewhere, and what an entry's claims are held to when it is given its
//! place (docs/format.md §2).

use chrono::TimeDelta;

use crate::append::AppendError;
use crate::device::DeviceEvent;
use crate::entry::Meta;
use crate::key_state::KeyRecord;
use crate::keys::{Kid, Role};
use crate::refusal::{Refusal, need, need_that};
use crate::sealing::Signing;
use crate::staging::Staging;
use crate::stream::StreamPath;
use crate::timestamp::Timestamp;

/// What a device needs to know to sign its next entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyStanding {
    /// The key.
    pub record: KeyRecord,
    /// The running number of its next entry.
    pub author_seq: u64,
    /// What its last entry claims; none before the first. The next one's claim is not before it.
    pub occurred_at: Option<Timestamp>,
    /// The version of the stream: that of its last entry, 0 when it has none.
    pub version: u64,
}

impl KeyStanding {
    /// Whether what a device has signed is the next that its key and stream take: the numbers it signed are the next ones, or
    /// it signs again.
    ///
    /// # Errors
    /// [`AppendError::Rule`] for a key that has ended or is none of a person, [`AppendError::Conflict`],
    /// [`AppendError::AuthorSeq`], or `occurred-at-before` when its claim is before that of the key's last entry.
    pub fn takes(&self, event: &DeviceEvent) -> Result<(), AppendError> {
        let (meta, kid) = (event.meta(), event.kid());
        if let Some(until) = self.record.until {
            return Err(Refusal::new("key-revoked", format!("{kid} at {until}")).into());
        }
        need(self.record.role == Role::Officer, "key-authority", "a device's key is an officer's")?;
        if meta.version != self.version + 1 {
            let (stream, expected) = (meta.stream.clone(), meta.version - 1);
            return Err(AppendError::Conflict { stream, expected, actual: self.version });
        }
        if meta.author_seq != self.author_seq {
            let (signed, next) = (meta.author_seq, self.author_seq);
            return Err(AppendError::AuthorSeq { kid: kid.clone(), signed, next });
        }
        match self.occurred_at {
            Some(last) if meta.occurred_at < last => {
                let detail = format!("{} is before the key's last entry, {last}", meta.occurred_at);
                Err(Refusal::new("occurred-at-before", detail).into())
            }
            _ => Ok(()),
        }
    }
}

/// Whether an author's claim is believable at its receipt: what has not happened yet is not recorded as having happened.
/// Clocks of devices differ by less than that.
///
/// # Errors
/// `occurred_at-future`.
pub fn check_claimed_time(occurred_at: Timestamp, recorded_at: Timestamp) -> Result<(), Refusal> {
    need_that(occurred_at.datetime() <= recorded_at.datetime() + AHEAD_MAX, "occurred_at-future", || {
        format!(
            "it is said to have occurred at {occurred_at}, more than 48 hours after its receipt at {recorded_at}"
        )
    })
}

impl Staging<'_> {
    /// How a key and a stream stand now.
    pub(crate) fn standing(&mut self, kid: &Kid, stream: &StreamPath) -> Result<KeyStanding, AppendError> {
        let record = self.state.keys.record(kid).cloned();
        let record = record.ok_or_else(|| Refusal::new("key-not-enrolled", kid.as_str()))?;
        let version = self.version(stream.as_str())?;
        Ok(KeyStanding { record, author_seq: self.next_of(kid), occurred_at: self.last_claim(kid)?, version })
    }

    /// Whether an entry is what its device has signed, and comes where it was signed for. One that the server signs is.
    pub(crate) fn check_signed(
        &mut self,
        meta: &Meta,
        data: &str,
        signing: &Signing,
    ) -> Result<(), AppendError> {
        let Signing::Device(event) = signing else { return Ok(()) };
        self.standing(event.kid(), &meta.stream)?.takes(event)?;
        let same = event.meta() == meta && event.data_jcs() == data;
        Ok(need(same, "device-event", "what is to be appended is not what was signed")?)
    }

    /// The running number of a key's next entry.
    pub(crate) fn next_of(&self, kid: &Kid) -> u64 {
        self.state.authors.get(kid).map_or(0, |last| last.author_seq) + 1
    }

    /// What the last entry of a key claims.
    fn last_claim(&self, kid: &Kid) -> Result<Option<Timestamp>, AppendError> {
        let Some(last) = self.state.authors.get(kid) else { return Ok(None) };
        let staged = self.staged.entries.iter().rev().find(|entry| entry.position == last.position);
        if let Some(entry) = staged {
            return Ok(Some(entry.meta.occurred_at));
        }
        let row = self.store.row(last.position)?;
        Ok(row.map(|row| Timestamp::parse(&row.occurred_at, "occurred_at")).transpose()?)
    }
}

/// How far a claim may be ahead of receipt.
const AHEAD_MAX: TimeDelta = TimeDelta::hours(48);

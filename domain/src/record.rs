//! Record: what is said about facts already recorded. A correction: what was said stands, a further event says what was
//! wrong, and what follows is computed again. A word for somebody without a key, a record under doubt, a request about
//! personal data, a disclosure, an answer to a court. A record is about one matter and takes what follows on it.

mod correcting;
mod matters;
#[cfg(test)]
mod tests;

pub use matters::{RECIPIENTS, Rebuilt};

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aggregate::{Concept, named};
use crate::derivation::Computed;
use crate::facts::Facts;
pub use crate::passing::fixing::Fixed;
use crate::permission::Permission;
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said};

/// A record as its events left it.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// What was corrected, once it was.
    pub corrected: Option<Correction>,
    /// Whether what was last asked for is answered.
    pub answered: bool,
    /// What it is about, once it is about something.
    pub matter: Option<Matter>,
}

/// What a record is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Matter {
    Correction,
    DeadlineFixed,
    DeadlineMissed,
    Disclosure,
    DoubtfulRecord,
    Erasure,
    Evidence,
    OnBehalf,
    PersonalData,
    Report,
}

/// What was wrong, and what is right.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Correction {
    /// The stream whose fact is corrected.
    pub corrects: String,
    /// Which fact: an indicator of an assessment, [`COMPLETED_ON`], a column of a published row.
    pub field: String,
    /// What is right.
    pub right: Value,
    /// Other fields of the same fact that are put right with it, by field: one correction, one new computation.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub also: BTreeMap<String, Value>,
    /// Why, as a code: `misread`, `wrong_house`, `published_anew`.
    pub why: String,
}

impl Correction {
    /// Every field that is corrected, with what is right.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        let also = self.also.iter().map(|(field, right)| (field.as_str(), right));
        std::iter::once((self.field.as_str(), &self.right)).chain(also)
    }

    /// The last segment of the stream whose fact is corrected: the assessment's key.
    pub fn key(&self) -> &str {
        self.corrects.rsplit('/').next().unwrap_or(&self.corrects)
    }
}

/// The field by which an assessment's day is corrected: a date, `2026-03-01`.
pub const COMPLETED_ON: &str = "completed_on";

/// A deadline that passed, the office's own too.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Missed {
    /// Which: an id of the policy's deadlines, or `dispute_reply`, which the notice of a dispute sets.
    pub deadline: String,
    /// Whose it was: a department, an account, or the role that had to act.
    pub whose: String,
    /// The stream that it is about.
    pub about: String,
    /// The day that ended.
    pub due: NaiveDate,
    /// Days between that day and the doing, or this mark where it is not done yet.
    pub days_late: u32,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Confirm a record that was signed by a key under doubt, or recorded late.
    ConfirmDoubtful {
        /// The record's event.
        event_id: String,
        /// Its stream.
        stream: String,
        /// Who recorded it.
        recorded_by: String,
        /// How it is known to be right: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Correct a fact.
    Correct {
        /// What is right.
        #[serde(flatten)]
        correction: Correction,
        /// In the corrector's words: private.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Put personal data right on request; what is right is recorded where it stands.
    CorrectPersonalData {
        /// The stream where it was put right.
        stream: String,
        /// Names of the private fields.
        fields: Vec<String>,
    },
    /// Show private values to somebody; this is recorded before they are.
    Disclose {
        /// Position of the entry that names the values.
        sequence: u64,
        /// Names of the values.
        fields: Vec<String>,
        /// The digest of each, in the same order.
        digests: Vec<String>,
        /// The legal basis, in words: private.
        basis: String,
        /// To whom, in words: private.
        to: String,
    },
    /// Give out a bundle of evidence.
    IssueEvidence {
        /// SHA-256 of the bundle, lower-case hex.
        sha256: String,
        /// `court`, `reconsideration_organ`, `prosecutor`, `party`, `auditor`.
        to: String,
        /// The law it is given out under.
        basis: String,
        /// Who takes it: private.
        #[serde(default)]
        recipient: Option<String>,
    },
    /// Put an erasure off, with a date.
    PostponeErasure {
        /// Until when.
        until: NaiveDate,
        /// Why, as a code: `open_appeal`, `legal_retention`, `litigation`.
        why: String,
    },
    /// Give a person its data.
    ProvidePersonalData {
        /// `paper`, `file`, `inspection`.
        how: String,
        /// SHA-256 of what was given, lower-case hex.
        #[serde(default)]
        sha256: Option<String>,
    },
    /// Say where a correction was published.
    PublishCorrection {
        /// `public_page`, `board`, `letter` …
        channels: Vec<String>,
    },
    /// Record a report that was made again from the ledger.
    RebuildReport(Rebuilt),
    /// Record what somebody dictated or brought on paper.
    RecordOnBehalf {
        /// The stream that it was recorded in.
        stream: String,
        /// Who spoke: `owner`, `operator`, `steward`, `resident`, `department`.
        of: String,
        /// `paper`, `counter`, `telephone`.
        channel: String,
        /// The name: private.
        #[serde(default)]
        name: Option<String>,
        /// The paper: private.
        #[serde(default)]
        scan: Option<Photo>,
    },
    /// Ask that private values be erased.
    RequestErasure {
        /// The streams they stand in.
        streams: Vec<String>,
        /// Names of the private fields.
        fields: Vec<String>,
        /// The law it rests on, as a code.
        basis: String,
        /// In words: private.
        #[serde(default)]
        text: Option<String>,
    },
    /// Ask to see or put right what is held about oneself.
    RequestPersonalData {
        /// `see`, `copy`, `correct`.
        what: String,
        /// In words: private.
        #[serde(default)]
        text: Option<String>,
    },
    /// Take back a record that was signed by a key under doubt, or recorded late.
    WithdrawDoubtful {
        /// The record's event.
        event_id: String,
        /// Its stream.
        stream: String,
        /// Who recorded it.
        recorded_by: String,
        /// Why it is not to be relied on: private.
        #[serde(default)]
        reason: Option<String>,
    },
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    CorrectionPublished {
        channels: Vec<String>,
        by: String,
    },
    DeadlineFixed(Computed<Fixed>),
    DeadlineMissed(Computed<Missed>),
    DisclosureMade {
        by: String,
        digests: Vec<String>,
        fields: Vec<String>,
        sequence: u64,
    },
    DoubtfulRecordConfirmed {
        event_id: String,
        stream: String,
        recorded_by: String,
        by: String,
    },
    DoubtfulRecordWithdrawn {
        event_id: String,
        stream: String,
        recorded_by: String,
        by: String,
    },
    ErasurePostponed {
        until: NaiveDate,
        why: String,
        by: String,
    },
    ErasureRequested {
        streams: Vec<String>,
        fields: Vec<String>,
        basis: String,
        on: NaiveDate,
        by: String,
    },
    EvidenceIssued {
        sha256: String,
        to: String,
        basis: String,
        on: NaiveDate,
        by: String,
    },
    FactCorrected {
        #[serde(flatten)]
        correction: Correction,
        by: String,
    },
    PersonalDataCorrected {
        stream: String,
        fields: Vec<String>,
        on: NaiveDate,
        by: String,
    },
    PersonalDataProvided {
        how: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha256: Option<String>,
        on: NaiveDate,
        by: String,
    },
    PersonalDataRequested {
        what: String,
        on: NaiveDate,
        by: String,
    },
    RecordedOnBehalf {
        stream: String,
        of: String,
        channel: String,
        by: String,
    },
    ReportRebuilt {
        #[serde(flatten)]
        rebuilt: Rebuilt,
        by: String,
    },
}

named!(Event {
    CorrectionPublished,
    DeadlineFixed,
    DeadlineMissed,
    DisclosureMade,
    DoubtfulRecordConfirmed,
    DoubtfulRecordWithdrawn,
    ErasurePostponed,
    ErasureRequested,
    EvidenceIssued,
    FactCorrected,
    PersonalDataCorrected,
    PersonalDataProvided,
    PersonalDataRequested,
    RecordedOnBehalf,
    ReportRebuilt,
});

impl Concept for Record {
    const TYPE: &'static str = "record";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        matters::open_to(command)
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let said = match command {
            Command::Correct { correction, reason } => {
                self.must_be_new()?;
                correcting::must_put_right(&correction, reason.as_deref(), facts)?;
                let event = Event::FactCorrected { correction, by: facts.actor.account.clone() };
                Said::with(event, Private::none().with("reason", reason))
            }
            other => self.decide_matter(other, facts)?,
        };
        Ok(vec![said])
    }

    fn evolve(&mut self, event: &Event) {
        self.matter = Some(match event {
            Event::CorrectionPublished { .. } | Event::FactCorrected { .. } => Matter::Correction,
            Event::DeadlineFixed(_) => Matter::DeadlineFixed,
            Event::DeadlineMissed(_) => Matter::DeadlineMissed,
            Event::DisclosureMade { .. } => Matter::Disclosure,
            Event::DoubtfulRecordConfirmed { .. } | Event::DoubtfulRecordWithdrawn { .. } => {
                Matter::DoubtfulRecord
            }
            Event::ErasurePostponed { .. } | Event::ErasureRequested { .. } => Matter::Erasure,
            Event::EvidenceIssued { .. } => Matter::Evidence,
            Event::PersonalDataCorrected { .. }
            | Event::PersonalDataProvided { .. }
            | Event::PersonalDataRequested { .. } => Matter::PersonalData,
            Event::RecordedOnBehalf { .. } => Matter::OnBehalf,
            Event::ReportRebuilt { .. } => Matter::Report,
        });
        if let Event::FactCorrected { correction, .. } = event {
            self.corrected = Some(correction.clone());
        }
        self.answered = matches!(
            event,
            Event::CorrectionPublished { .. }
                | Event::PersonalDataCorrected { .. }
                | Event::PersonalDataProvided { .. }
        );
    }
}

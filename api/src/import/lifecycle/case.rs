//! A case as far as it is told: what the rules say of its days is asked of its own entries, as anybody will ask it who computes
//! the mark again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::{Value, json};
use wuping_domain::event::{Written, read};
use wuping_domain::hazard::{Hazard, Stage};
use wuping_domain::reaction::compute;
use wuping_domain::recorded::subject_of;
use wuping_domain::subject::{HazardOf, Subject};
use wuping_ledger::timestamp::Timestamp;

use crate::import::ImportError;
use crate::shelf::Compiled;

/// A hazard with its clocks, and the days on which it was served.
#[derive(Default)]
pub(super) struct Case {
    of: HazardOf,
    served: BTreeSet<NaiveDate>,
    told: u64,
    version: u64,
}

impl Case {
    /// The hazard itself.
    pub(super) fn state(&self) -> Hazard {
        self.of.state.clone()
    }

    /// How many events its own stream has.
    pub(super) const fn version(&self) -> u64 {
        self.version
    }

    /// Whether nothing can come to it any more.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.of.state.stage, Stage::Closed)
    }

    /// Take what was said to its own stream, or to that of a notice about it.
    pub(super) fn take(&mut self, stream: &str, said: &[Value]) -> Result<(), ImportError> {
        self.take_as_of(stream, said, Timestamp::now())
    }

    /// The mark that it fell overdue, where by these rules it did by that moment: in the form in which it is recorded, and
    /// taken in.
    pub(super) fn fell_overdue(
        &mut self,
        compiled: &Compiled,
        stream: &str,
        as_of: Timestamp,
    ) -> Result<Option<Value>, ImportError> {
        let own = subject_of(stream);
        let subjects = BTreeMap::from([(own.to_owned(), self.subject(stream))]);
        let result = compute(&compiled.rulebook, &subjects, FELL_OVERDUE, stream, as_of.datetime())?;
        let Some(result) = result else { return Ok(None) };
        let derivation = json!({ "scheme": compiled.scheme, "subjects": [own] });
        let mark = json!({ "derivation": derivation, "result": result, "type": FELL_OVERDUE });
        self.take_as_of(stream, std::slice::from_ref(&mark), as_of)?;
        Ok(Some(mark))
    }

    fn take_as_of(&mut self, stream: &str, said: &[Value], at: Timestamp) -> Result<(), ImportError> {
        if self.of.stream.is_empty() {
            stream.clone_into(&mut self.of.stream);
        }
        let own = self.of.stream.clone();
        let mut subject = self.subject(&own);
        for said in said {
            self.told += 1;
            self.version += u64::from(stream == own);
            subject.apply(&read(&Written {
                data: &said.to_string(),
                event_id: "",
                occurred_at: at.as_str(),
                position: self.told,
                recorded_at: at.as_str(),
                stream,
                version: self.version,
            })?);
        }
        self.of = subject.hazards.into_values().next().unwrap_or_default();
        self.served = subject.served.remove(&own).unwrap_or_default();
        Ok(())
    }

    /// The premises as far as the case looks at them: itself and its service.
    fn subject(&self, stream: &str) -> Subject {
        let key = stream.rsplit('/').next().unwrap_or_default().to_owned();
        Subject {
            hazards: BTreeMap::from([(key, self.of.clone())]),
            served: BTreeMap::from([(stream.to_owned(), self.served.clone())]),
            ..Subject::default()
        }
    }
}

const FELL_OVERDUE: &str = "HazardFellOverdue";

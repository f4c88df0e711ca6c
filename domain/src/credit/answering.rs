//! Answering: by when the office decides on objections and on requests for repair, and that it did not in time.
//!
//! Each time is counted by the rulebook that the file went by when the party's word came. Where it ends beyond that rulebook's calendar
//! it is provisional: nobody is late, until a later rulebook of the same name reaches it and the end is made final.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{FileOf, objection, repairing};
use crate::deadline::{Period, PeriodQuestion};
use crate::derivation::SchemeRef;
use crate::passing::fixing::{self, Term};
use crate::record::Missed;
use crate::recorded::local_date;
use crate::rulebook::Rulebook;
use crate::subject::Subject;

/// An answer that the office owes a party.
#[derive(Clone, Debug)]
pub struct OwedAnswer {
    /// The policy's deadline.
    pub rule: &'static str,
    /// Number of the objection or of the request.
    pub number: u64,
    /// The rulebook by which its time is counted.
    pub scheme: Option<SchemeRef>,
    /// The day on which the party's word came, not counted.
    from: NaiveDate,
    /// Position of the entry that says so.
    since: u64,
}

/// Objections and requests for repair that are not decided.
pub fn owed(file: &FileOf) -> impl Iterator<Item = OwedAnswer> {
    let owed =
        |rule, (number, from): (&u64, NaiveDate), scheme: &Option<SchemeRef>, at: &BTreeMap<u64, u64>| {
            let since = at.get(number).copied().unwrap_or_default();
            OwedAnswer { rule, number: *number, scheme: scheme.clone(), from, since }
        };
    let objections = file.state.objections.iter().filter(|(_, objection)| objection.decided.is_none());
    let objections = objections.map(move |(number, objection)| {
        owed(objection::DECIDE, (number, objection.on), &objection.scheme, &file.objected_at)
    });
    let repairs = file.state.repairs.iter().filter(|(_, case)| case.decided.is_none());
    let repairs = repairs
        .map(move |(number, case)| owed(repairing::DECIDE, (number, case.on), &case.scheme, &file.asked_at));
    objections.chain(repairs)
}

impl OwedAnswer {
    /// Its time, with the end that a later calendar has made final; none where the policy gives none.
    pub fn period(&self, rulebook: &Rulebook, party: &Subject) -> Option<Period> {
        fixing::ends(rulebook, party, FILE, &PeriodQuestion::of(self.rule, self.from))
    }

    pub(crate) fn term(&self, own: &str) -> Term {
        let (about, rule) = (format!("{own}/{FILE}"), self.rule.to_owned());
        Term { about, rule, from: self.from, extended: false, since: self.since }
    }

    /// That its time is over on this day and the office had not decided, unless that is marked already.
    pub(super) fn late(
        &self,
        rulebook: &Rulebook,
        own: &str,
        party: &Subject,
        on: NaiveDate,
    ) -> Option<Late> {
        let period = self.period(rulebook, party)?;
        let due = period.due.filter(|due| !period.provisional && *due < on)?;
        let key = format!("missed-{}-{}", self.rule, self.number);
        let missed = Missed {
            deadline: self.rule.to_owned(),
            whose: "credit_officer".to_owned(),
            about: format!("{own}/{FILE}"),
            due,
            days_late: u32::try_from((on - due).num_days()).unwrap_or_default(),
        };
        let reaction = match self.rule {
            objection::DECIDE => "credit_objection_missed",
            _ => "credit_repair_missed",
        };
        (!party.missed.contains(&key)).then_some(Late { key, missed, reaction, since: self.since })
    }
}

/// A decision of the office that is late.
pub(super) struct Late {
    pub(super) key: String,
    pub(super) missed: Missed,
    pub(super) reaction: &'static str,
    pub(super) since: u64,
}

/// What the record of this stream says of a credit file, if that deadline has passed.
pub(crate) fn late_in(
    rulebook: &Rulebook,
    own: &str,
    party: &Subject,
    key: &str,
    as_of: DateTime<Utc>,
) -> Option<Missed> {
    let on = local_date(as_of);
    let mut late = owed(&party.credit).filter_map(|owed| owed.late(rulebook, own, party, on));
    late.find(|late| late.key == key).map(|late| late.missed)
}

/// The last segment of a file's stream.
const FILE: &str = "credit";

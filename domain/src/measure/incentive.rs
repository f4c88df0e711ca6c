//! The end of an incentive: it rests on the level that carried it, holds no longer than was said, and not beyond the house.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::fitting::{carries, in_force};
use super::{Measure, Stage};
use crate::passing::Passed;
use crate::reaction::{Due, Rulebooks};
use crate::recorded::local_date;
use crate::rulebook::Rulebook;
use crate::subject::Subject;

/// That an incentive ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Ended {
    /// From this day on.
    pub on: NaiveDate,
    /// `level_lost`, `time_over`, `premises_closed`, or a person's reason.
    pub why: String,
    /// The level that carries it no more, where that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Who ended it; none where it ended by rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Incentives of these premises that have ended by now and are not said to have.
pub(crate) fn passed(
    own: &str,
    subject: &Subject,
    now: DateTime<Utc>,
    rulebooks: &dyn Rulebooks,
) -> Vec<Passed> {
    let mut open = subject.measures.iter().filter(|(_, of)| is_open(&of.state)).peekable();
    // a rulebook is looked up only where an incentive runs
    if open.peek().is_none() {
        return vec![];
    }
    let Some(scheme) = subject.scheme() else { return vec![] };
    let Some(rulebook) = rulebooks.rulebook(&scheme) else { return vec![] };
    let today = local_date(now);
    open.filter(|(key, _)| ended(&rulebook, subject, key, today).is_some())
        .map(|(key, of)| Passed {
            due: Due {
                reaction: "incentive_ended",
                stream: format!("{own}/measure/{key}"),
                event_type: "IncentiveEnded",
                scheme: scheme.clone(),
                subjects: vec![own.to_owned()],
            },
            since: of.since,
        })
        .collect()
}

/// That the incentive of this stream ended by that day, for whichever reason came first. A level that is not known at the
/// moment, because it was set aside or taken off the public pages, ends nothing: only another one does.
pub(crate) fn ended(rulebook: &Rulebook, subject: &Subject, key: &str, by: NaiveDate) -> Option<Ended> {
    let of = &subject.measures.get(key)?.state;
    let (offer, offered_on) = (of.offered.as_ref().filter(|_| is_open(of))?, of.offered_on?);
    let level = in_force(rulebook, subject).filter(|level| !carries(level, INCENTIVE));
    let lost = level.zip(subject.level_moved).map(|(level, moved)| Ended {
        on: moved.on.max(offered_on),
        why: "level_lost".to_owned(),
        level: Some(level.id.clone()),
        by: None,
    });
    let by_rule = |on, why: &str| Ended { on, why: why.to_owned(), level: None, by: None };
    let over = offer.until.and_then(|until| until.succ_opt()).map(|on| by_rule(on, "time_over"));
    let closed = subject.premises.closed_on.map(|on| by_rule(on.max(offered_on), "premises_closed"));
    [closed, lost, over].into_iter().flatten().filter(|ended| ended.on <= by).min_by_key(|ended| ended.on)
}

fn is_open(measure: &Measure) -> bool {
    matches!(measure.stage, Stage::Granted | Stage::Offered)
}

/// The policy's measure that incentives are.
pub(super) const INCENTIVE: &str = "incentive";

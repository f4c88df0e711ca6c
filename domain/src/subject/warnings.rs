//! Warnings: that those who live at premises are warned of a risk, from the day on which a level asks for it, be it in force or not
//! yet.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::duties::{Duty, Ends, SUBDISTRICT};
use crate::grade::{self, Grade};
use crate::rulebook::Rulebook;

/// The levels in force and waiting, one set after another, and when people were warned. Which levels ask for that is the rulebook's to
/// say.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct Warnings {
    spans: Vec<Warned>,
}

/// A time in which these levels were in force or waited for a person, and the day in it on which those who live there were warned.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Warned {
    levels: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told_on: Option<NaiveDate>,
    from: NaiveDate,
    since: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<NaiveDate>,
}

impl Warnings {
    /// Whether no level was ever in force or waited.
    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Take an entry of the grade, which is then as given; what it says holds from this day on.
    pub(super) fn grade(&mut self, grade: &Grade, from: NaiveDate, since: u64) {
        let of = |determined: &grade::Determination| determined.management_level.clone();
        let binds = grade.in_force().and_then(|binding| of(&binding.determination));
        let waits = grade.waiting().and_then(|(waiting, _)| of(waiting));
        self.follow(binds.into_iter().chain(waits).collect(), from, since);
    }

    /// Those who live there were warned.
    pub(super) fn told(&mut self, on: NaiveDate) {
        if let Some(last) = self.spans.last_mut() {
            last.told_on.get_or_insert(on);
        }
    }

    /// Nobody lives there any more.
    pub(super) fn closed(&mut self, from: NaiveDate, since: u64) {
        self.follow(vec![], from, since);
    }

    /// What was owed: from the day on which a level asked for a warning until it was given or no level asked any more.
    pub(crate) fn owed(&self, rulebook: &Rulebook, own: &str) -> Vec<Duty> {
        let asks = |level: &String| {
            let level = rulebook.level(level);
            level.is_some_and(|level| level.measures.iter().any(|measure| measure == RISK_NOTICE))
        };
        let mut all: Vec<Duty> = Vec::new();
        let mut last: Option<(usize, bool)> = None;
        for span in &self.spans {
            let (told, done_on) = (span.told_on.is_some(), span.told_on.or(span.until));
            last = match last {
                _ if !span.levels.iter().any(asks) => None,
                // from one level that asks for it to another: whoever was warned is not warned again
                Some((at, true)) => Some((at, true)),
                Some((at, false)) => {
                    all[at].done_on = done_on;
                    Some((at, told))
                }
                None => {
                    all.push(Duty {
                        rule: RISK_NOTICE,
                        about: format!("{own}/grade"),
                        key: span.from.to_string(),
                        ends: Ends::After(span.from),
                        whose: SUBDISTRICT.to_owned(),
                        since: span.since,
                        done_on,
                        by: vec![],
                    });
                    Some((all.len() - 1, told))
                }
            };
        }
        all
    }

    fn follow(&mut self, levels: Vec<String>, from: NaiveDate, since: u64) {
        match self.spans.last_mut() {
            None if levels.is_empty() => return,
            Some(last) if last.levels == levels => return,
            Some(last) => last.until = Some(from),
            None => {}
        }
        self.spans.push(Warned { levels, told_on: None, from, since, until: None });
    }
}

/// The policy's deadline for warning those who live there of a risk, and its measure by which a level asks for that.
pub(crate) const RISK_NOTICE: &str = "risk_notice";

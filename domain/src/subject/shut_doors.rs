//! Shut doors: a unit that somebody came to assess, and that nobody could enter as often as the policy says, is not assessed. It is a
//! state of its own and never a bad grade; it ends when somebody comes in, and with the next assessment.

use chrono::NaiveDate;

use super::Subject;
use crate::rulebook::policy::PatrolRule;
use crate::rulebook::{Layer, Rulebook};
use crate::visit::{self, Kind};
use crate::visit_count::{OPEN, VisitMade, VisitsQuestion, visits};

/// That nobody could enter a unit, as often as makes it not assessed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ShutDoors {
    /// The day of the visit that made it so.
    pub since: NaiveDate,
    /// Days on which somebody came in vain.
    pub failed_visits: usize,
    /// How often its building is patrolled because of it: by the last known level, or as the policy says of a unit that was
    /// never graded.
    pub patrol_rule: PatrolRule,
}

impl Subject {
    /// Whether nobody could enter so often that the unit is not assessed.
    pub fn shut_doors(&self, rulebook: &Rulebook) -> Option<ShutDoors> {
        let binding = self.grade.in_force().map(|binding| &binding.determination);
        let last_level = binding.or(self.grade.latest.as_ref()).and_then(|of| of.management_level.clone());
        shut_doors(rulebook, &self.turned_away, last_level)
    }

    /// Keep the visits to a unit that are counted: those that came to assess it, since the last assessment.
    pub(super) fn called(&mut self, event: &visit::Event, on: NaiveDate, appointment_served: bool) {
        let register = self.premises.register.as_ref();
        if register.is_none_or(|register| register.layer != Layer::Unit) {
            return;
        }
        match event {
            visit::Event::VisitFailed { kind: Kind::Assessment, why, .. } => {
                let outcome = why.code().to_owned();
                self.turned_away.push(VisitMade { on, outcome, appointment_served });
            }
            // somebody came in, for whatever it was
            visit::Event::VisitMade { .. } => self.turned_away.clear(),
            visit::Event::VisitAnnounced(_) | visit::Event::VisitFailed { .. } => {}
        }
    }
}

/// How often a building is patrolled because of visits to a unit of it that was never graded; none while they were not in vain
/// often enough.
pub(crate) fn rule_if_never_graded(rulebook: &Rulebook, calls: &[VisitMade]) -> Option<PatrolRule> {
    shut_doors(rulebook, calls, None).map(|shut| shut.patrol_rule)
}

fn shut_doors(rulebook: &Rulebook, calls: &[VisitMade], last_level: Option<String>) -> Option<ShutDoors> {
    let count = |calls: &[VisitMade]| {
        let question = VisitsQuestion { last_level: last_level.clone(), visits: calls.to_vec() };
        visits(rulebook, &question).ok().filter(|count| count.state != OPEN)
    };
    let counted = count(calls)?;
    let made_so = (1..=calls.len()).find(|many| count(&calls[..*many]).is_some())?;
    Some(ShutDoors {
        since: calls[made_so - 1].on,
        failed_visits: counted.failed_visits,
        patrol_rule: counted.patrol_rule,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::given::day;
    use crate::given_log::Log;
    use crate::rulebook::Layer;
    use crate::rulebook::policy::PatrolRule;
    use crate::shipped;
    use crate::subject::shut_doors::ShutDoors;

    const UNIT: &str = "premises/u-1";

    fn unit() -> Log {
        let mut log = Log::new();
        log.registered("p-1", Layer::Building, None);
        log.registered("u-1", Layer::Unit, Some("p-1"));
        log
    }

    /// Somebody comes on a day; `entered`, or why not.
    fn comes(log: &mut Log, on: &str, n: u32, kind: &str, outcome: &str) {
        let stream = format!("{UNIT}/visit/v-{n}");
        let event = match outcome {
            "entered" => json!({ "type": "VisitMade", "kind": kind, "by": "u-1" }),
            why => json!({ "type": "VisitFailed", "kind": kind, "why": why, "note_left": true, "by": "u-1" }),
        };
        log.hears(on, &stream, &event);
    }

    fn shut(log: &Log) -> Option<ShutDoors> {
        log.subject(UNIT).shut_doors(&shipped::pingshan(Layer::Unit))
    }

    #[test]
    fn after_three_days_on_which_nobody_could_enter_a_unit_is_not_assessed() {
        let mut log = unit();
        comes(&mut log, "2025-02-03", 1, "assessment", "no_answer");
        comes(&mut log, "2025-02-03", 2, "assessment", "no_answer");
        comes(&mut log, "2025-02-04", 3, "assessment", "unsafe");
        comes(&mut log, "2025-02-05", 4, "patrol", "no_answer");
        comes(&mut log, "2025-02-06", 5, "assessment", "refused");
        assert_eq!(shut(&log), None, "two days: one visit a day counts, an unsafe one and a round do not");
        comes(&mut log, "2025-02-10", 6, "assessment", "no_answer");
        comes(&mut log, "2025-02-11", 7, "assessment", "no_answer");
        let told = shut(&log).unwrap();
        assert_eq!((told.since, told.failed_visits), (day("2025-02-10"), 4));
        assert_eq!(told.patrol_rule, PatrolRule::Week, "never graded");
        comes(&mut log, "2025-02-12", 8, "patrol", "entered");
        assert_eq!(shut(&log), None, "somebody came in");
    }

    #[test]
    fn a_graded_unit_is_patrolled_by_its_last_level_and_an_assessment_ends_it() {
        let mut log = unit();
        log.assessed("2025-01-10", "u-1", "a-1", "first", Layer::Unit, &json!({}));
        for (n, on) in ["2025-02-03", "2025-02-04", "2025-02-05"].into_iter().enumerate() {
            comes(&mut log, on, n as u32, "assessment", "no_answer");
        }
        let told = shut(&log).unwrap();
        assert_eq!((told.since, told.patrol_rule), (day("2025-02-05"), PatrolRule::Month));
        assert!(log.subject(UNIT).grade.in_force().is_some(), "what was graded still binds");
        log.assessed("2025-03-10", "u-1", "a-2", "periodic", Layer::Unit, &json!({}));
        assert_eq!(shut(&log), None);
    }

    #[test]
    fn the_building_of_a_unit_that_was_never_graded_is_patrolled_every_week() {
        let mut log = unit();
        log.assessed("2025-01-10", "p-1", "a-1", "first", Layer::Building, &json!({}));
        log.runs(day("2025-01-11"));
        let rules = |log: &Log| -> Vec<String> {
            let all = log.results("PatrolAssigned").into_iter();
            all.map(|result| {
                format!("{} {}", result["rule"].as_str().unwrap(), result["due"].as_str().unwrap())
            })
            .collect()
        };
        assert_eq!(rules(&log), ["month 2025-02-10"]);
        for (n, on) in ["2025-01-13", "2025-01-14"].into_iter().enumerate() {
            comes(&mut log, on, n as u32, "assessment", "no_answer");
        }
        log.runs(day("2025-01-15"));
        assert!(rules(&log).iter().all(|rule| rule == "month 2025-02-10"), "{:?}", rules(&log));
        comes(&mut log, "2025-01-15", 7, "assessment", "refused");
        log.runs(day("2025-01-16"));
        assert_eq!(rules(&log).last().unwrap(), "week 2025-01-17", "a week after the last round");
        comes(&mut log, "2025-01-17", 8, "assessment", "entered");
        log.hears(
            "2025-01-17",
            "premises/p-1/visit/v-9",
            &json!({ "type": "VisitMade", "kind": "patrol", "by": "u-1" }),
        );
        log.runs(day("2025-01-18"));
        assert_eq!(rules(&log).last().unwrap(), "month 2025-02-17", "the door has opened");
    }
}

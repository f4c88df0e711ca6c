//! What comes to premises without anybody's command: a due day that ended, a round that nobody made, what befell the building
//! of a unit, what a unit asks of its building. Told from subjects' state and a now alone, so that it is the same whoever
//! asks, and however late: a mark carries the day that ended, not the day it was noticed.

pub(crate) mod fixing;
pub(crate) mod office;

pub use office::{Owed, owes};

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::assessment::opening;
use crate::credit;
use crate::hazard;
use crate::inspection::planning;
use crate::listing::withdrawing;
use crate::measure;
use crate::reaction::{Due, Rulebooks, building_of};
use crate::recorded::{local_date, subject_of};
use crate::regrade;
use crate::rounds;
use crate::subject::Subject;

/// Something that came to a subject, and that has to be computed and recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Passed {
    /// What, and where.
    pub due: Due,
    /// Position of the entry whose clock ran out, or that reaches over from other premises.
    pub since: u64,
}

impl Passed {
    /// What makes the event's id (docs/format.md §2), so that whoever finds it, and however often, it is recorded once. What
    /// reaches from a building to its units, or from a hazard to its parties, comes to each of them, and each has its own; so has
    /// each resolution of a meeting, each inspection, and each end that a calendar fixes.
    pub fn cause(&self) -> String {
        let Due { reaction, stream, .. } = &self.due;
        if [BUILDING_LEVEL, credit::CONDUCT].contains(reaction) {
            let (_, reached) = subject_of(stream).split_once('/').unwrap_or_default();
            return format!("reaction/{reaction}:{reached}/{}", self.since);
        }
        if [planning::REACTION, planning::GROUNDS].contains(reaction) {
            let (_, reached) = subject_of(stream).split_once('/').unwrap_or_default();
            let (_, key) = stream.rsplit_once('/').unwrap_or_default();
            return format!("reaction/{reaction}:{reached}-{key}/{}", self.since);
        }
        if [office::RESOLUTION_MISSED, fixing::REACTION].contains(reaction) {
            let (_, record) = stream.rsplit_once('/').unwrap_or_default();
            return format!("reaction/{reaction}:{record}/{}", self.since);
        }
        format!("reaction/{reaction}/{}", self.since)
    }
}

/// All that has come to these premises by `now` and that is not recorded yet, in the order in which it came. `subjects` are
/// at least these premises and those that [`Neighbours`] names; others are not looked at.
pub fn passed(
    own: &str,
    subjects: &BTreeMap<String, Subject>,
    now: DateTime<Utc>,
    rulebooks: &dyn Rulebooks,
) -> Vec<Passed> {
    let Some(subject) = subjects.get(own) else { return vec![] };
    let mut passed = opening::passed(own, subject, now, rulebooks);
    passed.extend(rounds::passed(own, subjects, now, rulebooks));
    passed.extend(hazard::passed(own, subject, now, rulebooks));
    passed.extend(fixing::passed(own, subject, now, rulebooks));
    passed.extend(office::passed(own, subject, now, rulebooks));
    passed.extend(of_building(own, subjects, now, rulebooks));
    passed.extend(measure::passed(own, subject, now, rulebooks));
    passed.extend(withdrawing::passed(own, subjects, now));
    passed.extend(credit::passed(own, subjects, now, rulebooks));
    passed.extend(planning::passed(own, subjects, now, rulebooks));
    passed
}

/// The day on which the first of what has come to these premises by `today` came; none where nothing has. Whoever looks late
/// computes by that day what a punctual look would have found, one day after the other.
pub fn came_on(
    own: &str,
    subjects: &BTreeMap<String, Subject>,
    today: NaiveDate,
    rulebooks: &dyn Rulebooks,
) -> Option<NaiveDate> {
    let began = today.checked_sub_days(Days::new(HORIZON_DAYS))?;
    first_day(own, subjects, (began, today), rulebooks)
}

/// The first day after `today` on which something comes to these premises, if nothing is recorded of them and their
/// neighbours until then; none within [`HORIZON_DAYS`].
pub fn comes_on(
    own: &str,
    subjects: &BTreeMap<String, Subject>,
    today: NaiveDate,
    rulebooks: &dyn Rulebooks,
) -> Option<NaiveDate> {
    let ends = today.checked_add_days(Days::new(HORIZON_DAYS))?;
    first_day(own, subjects, (today.succ_opt()?, ends), rulebooks)
}

/// What has come by a day has come by every later one, so that the rules themselves are asked for the first such day, and no
/// second reckoning of it can differ from them.
fn first_day(
    own: &str,
    subjects: &BTreeMap<String, Subject>,
    (first, last): (NaiveDate, NaiveDate),
    rulebooks: &dyn Rulebooks,
) -> Option<NaiveDate> {
    let by = |day: NaiveDate| !passed(own, subjects, begins(day), rulebooks).is_empty();
    if !by(last) {
        return None;
    }
    let (mut from, mut to) = (first, last);
    while from < to {
        let half = u64::try_from((to - from).num_days() / 2).unwrap_or_default();
        let middle = from.checked_add_days(Days::new(half)).unwrap_or(to);
        if by(middle) { to = middle } else { from = middle.succ_opt().unwrap_or(to) }
    }
    Some(from)
}

/// Whose state has to be known to tell what came to premises.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Neighbours<'a> {
    /// Of a unit, its building: `premises/p-1`.
    Building(&'a str),
    /// Of a building, its units, and the alerts there are.
    UnitsAndAlerts,
    /// Nobody's.
    Nobody,
}

impl Neighbours<'_> {
    /// Whose state has to be known for these premises.
    pub fn of(subject: &Subject) -> Neighbours<'_> {
        use crate::rulebook::Layer;
        match subject.premises.register.as_ref().map(|register| (register.layer, &register.parent)) {
            Some((Layer::Building, _)) => Neighbours::UnitsAndAlerts,
            Some((Layer::Unit, Some(parent))) => Neighbours::Building(parent),
            _ => Neighbours::Nobody,
        }
    }
}

/// As [`passed`], of premises that have no neighbours.
#[cfg(test)]
pub(crate) fn passed_alone(
    own: &str,
    subject: &Subject,
    now: DateTime<Utc>,
    rulebooks: &dyn Rulebooks,
) -> Vec<Passed> {
    passed(own, &BTreeMap::from([(own.to_owned(), subject.clone())]), now, rulebooks)
}

/// What its building's level brings to a unit, from the day on which that moved: a veto, or its end.
fn of_building(
    own: &str,
    subjects: &BTreeMap<String, Subject>,
    now: DateTime<Utc>,
    rulebooks: &dyn Rulebooks,
) -> Option<Passed> {
    let unit = subjects.get(own)?;
    let key = building_of(unit)?;
    let building = subjects.get(&key)?;
    let (cause, since) =
        regrade::by_building(unit, building).filter(|(cause, _)| cause.on <= local_date(now))?;
    let scheme = unit.assessments.get(&cause.assessment)?.state.scheme.clone()?;
    let rulebook = rulebooks.rulebook(&scheme).filter(|rulebook| rulebook.policy.operating)?;
    regrade::determination(&rulebook, unit, Some(building)).ok()??;
    let mut subjects = vec![own.to_owned(), key];
    subjects.sort();
    let (reaction, event_type, stream) = (BUILDING_LEVEL, "GradeDetermined", format!("{own}/grade"));
    Some(Passed { due: Due { reaction, stream, event_type, scheme, subjects }, since })
}

/// The beginning of a day at UTC+8.
pub fn begins(day: NaiveDate) -> DateTime<Utc> {
    (day.and_time(NaiveTime::MIN) - TimeDelta::hours(8)).and_utc()
}

/// How far ahead and back it is looked: further than any period that a policy sets in days, months or working days of a year.
pub const HORIZON_DAYS: u64 = 400;
/// What a building's level does to its units.
const BUILDING_LEVEL: &str = "building_level";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::given::day;
    use crate::given_log::Log;
    use crate::rulebook::Layer;

    const HOUSE: &str = "premises/p-1";
    const UNIT: &str = "premises/u-1";

    /// A house and its unit, both of five stars; then a fire in the house, whose lowest grade waits for a person.
    fn burnt() -> Log {
        let mut log = Log::new();
        log.registered("p-1", Layer::Building, None);
        log.registered("u-1", Layer::Unit, Some("p-1"));
        log.assessed("2025-01-10", "p-1", "a-1", "first", Layer::Building, &json!({}));
        log.assessed("2025-01-11", "u-1", "a-1", "first", Layer::Unit, &json!({}));
        let fire = json!({
            "type": "IncidentRecorded", "source": "fire", "source_id": "119-7", "category": "fire",
            "severity": "general", "happened_at": "2025-03-01T02:00:00Z"
        });
        log.hears("2025-03-01", &format!("{HOUSE}/incident/n-1"), &fire);
        let confirmed = json!({ "type": "IncidentConfirmed", "by": "u-2" });
        log.hears("2025-03-02", &format!("{HOUSE}/incident/n-1"), &confirmed);
        log
    }

    fn binds(log: &mut Log) {
        let confirmed = json!({
            "type": "AdverseGradeConfirmed", "determination": 2, "on": "2025-03-10", "document_number": "1",
            "by": "u-3"
        });
        log.hears("2025-03-10", &format!("{HOUSE}/grade"), &confirmed);
    }

    fn of_unit(log: &Log) -> Vec<(String, u64, Vec<String>)> {
        let determined = log
            .computed
            .iter()
            .filter(|(kind, stream, _)| *kind == "GradeDetermined" && stream == "premises/u-1/grade");
        let told = |result: &serde_json::Value| {
            let vetoes = serde_json::from_value(result["vetoes"].clone()).unwrap();
            (result["trigger"].as_str().unwrap().to_owned(), result["star"].as_u64().unwrap(), vetoes)
        };
        determined.map(|(_, _, result)| told(result)).collect()
    }

    /// Were it one id for all of them, the second unit would be held to be regraded already.
    #[test]
    fn a_house_that_is_prohibited_comes_to_each_of_its_units_by_an_id_of_its_own() {
        let mut log = burnt();
        log.registered("u-2", Layer::Unit, Some("p-1"));
        log.assessed("2025-01-11", "u-2", "a-1", "first", Layer::Unit, &json!({}));
        binds(&mut log);
        let cause = |unit| {
            let now = super::begins(day("2025-03-11"));
            let passed = super::passed(unit, &log.subjects, now, log.shelf());
            passed.iter().find(|passed| passed.due.event_type == "GradeDetermined").unwrap().cause()
        };
        assert_ne!(cause(UNIT), cause("premises/u-2"));
        assert!(cause(UNIT).starts_with("reaction/building_level:u-1/"));
    }

    #[test]
    fn a_house_that_is_prohibited_is_a_veto_of_its_units_once_it_binds() {
        let mut log = burnt();
        log.runs(day("2025-03-03"));
        assert_eq!(of_unit(&log).len(), 1, "nothing binds yet");
        binds(&mut log);
        log.runs(day("2025-03-20"));
        let veto = vec!["building_prohibited".to_owned()];
        assert_eq!(of_unit(&log)[1], ("prohibition_confirmed".to_owned(), 0, veto.clone()));
        let determined = log.results("GradeDetermined");
        let last = determined.last().unwrap();
        assert_eq!(last["determined_on"], "2025-03-10", "since it bound, however late it is looked for");
        assert_eq!(last["adverse"], true, "its owner is heard");
        log.runs(day("2025-03-21"));
        assert_eq!(of_unit(&log).len(), 2, "once");
        // a new assessment meanwhile looks at the house as well
        log.assessed("2025-04-01", "u-1", "a-2", "campaign", Layer::Unit, &json!({}));
        assert_eq!(of_unit(&log)[2].1, 0);
        assert_eq!(of_unit(&log)[2].2, veto);
    }

    #[test]
    fn what_its_house_brings_to_a_unit_came_on_the_day_it_bound_however_late_it_is_looked_for() {
        let mut log = burnt();
        log.runs(day("2025-03-10"));
        binds(&mut log);
        let came = super::came_on(UNIT, &log.subjects, day("2025-03-20"), log.shelf());
        assert_eq!(came, Some(day("2025-03-10")));
    }

    #[test]
    fn what_is_set_aside_above_is_set_right_below_and_a_lifting_above_waits_for_an_assessment() {
        let mut log = burnt();
        binds(&mut log);
        log.runs(day("2025-03-11"));
        let against = json!({ "stream": "premises/p-1/grade", "determination": 2 });
        let upheld = json!({
            "type": "AppealDecided", "outcome": "upheld", "against": against, "on": "2025-04-01",
            "document_number": "7", "reason_codes": ["fact_wrong"], "by": "u-9"
        });
        log.hears("2025-04-01", &format!("{HOUSE}/appeal/s-1"), &upheld);
        log.runs(day("2025-04-02"));
        assert!(!log.subject(HOUSE).is_prohibited(), "what holds meanwhile is the grade before the fire");
        assert_eq!(of_unit(&log).last().unwrap(), &("appeal_upheld".to_owned(), 5, vec![]));
        assert!(log.subject(UNIT).grade.waiting().is_none(), "what waited for a person has given way");

        let mut log = burnt();
        binds(&mut log);
        log.runs(day("2025-03-11"));
        let confirmed = json!({
            "type": "AdverseGradeConfirmed", "determination": 2, "on": "2025-03-20", "document_number": "3",
            "by": "u-3"
        });
        log.hears("2025-03-20", &format!("{UNIT}/grade"), &confirmed);
        log.assessed("2025-05-01", "p-1", "a-3", "after_rectification", Layer::Building, &json!({}));
        let number = log.subject(HOUSE).grade.count;
        let lifted = json!({
            "type": "LiftFromProhibitedConfirmed", "determination": number, "on": "2025-05-02",
            "document_number": "2", "by": "u-3"
        });
        log.hears("2025-05-02", &format!("{HOUSE}/grade"), &lifted);
        log.runs(day("2025-05-03"));
        assert_eq!(of_unit(&log).len(), 2, "up only by a new assessment");
        log.assessed("2025-05-04", "u-1", "a-2", "after_rectification", Layer::Unit, &json!({}));
        assert_eq!(of_unit(&log)[2].1, 5);
        assert!(log.subject(UNIT).grade.waiting().is_some(), "leaving the lowest grade waits for a person");
    }
}

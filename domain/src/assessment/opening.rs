//! Opening: an assessment begins because somebody opens it, because its time has come, or because an incident asks for one;
//! and lapses when nothing came of it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Event, Lapsed, Reason, Stage};
use crate::calendar::{add_days, add_months};
use crate::derivation::{Computed, SchemeRef};
use crate::facts::Facts;
use crate::passing::Passed;
use crate::reaction::{Due, Rulebooks};
use crate::recorded::local_date;
use crate::refused::Refused;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::rulebook::policy::IncidentEffectKind;
use crate::said::Said;
use crate::subject::{AssessmentOf, Subject};

/// The opening of an assessment: stated by a person, or computed. A computed one is under the rulebook it was derived by.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Opening {
    /// Its time came.
    Computed(Computed<Opened>),
    /// Somebody opened it.
    Stated {
        /// The rulebook.
        scheme: SchemeRef,
        /// What else is said.
        #[serde(flatten)]
        opened: Opened,
    },
}

/// What an opening says besides the rulebook.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Opened {
    /// Why.
    pub reason: Reason,
    /// Who leads it.
    pub lead: String,
    /// A building's units, whose record counts here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<String>,
    /// By when it is to be made, where its time came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<NaiveDate>,
}

impl Opening {
    /// The rulebook that holds to the end.
    pub const fn scheme(&self) -> &SchemeRef {
        match self {
            Self::Computed(computed) => &computed.derivation.scheme,
            Self::Stated { scheme, .. } => scheme,
        }
    }

    /// What is said besides.
    pub const fn facts(&self) -> &Opened {
        match self {
            Self::Computed(computed) => &computed.result,
            Self::Stated { opened, .. } => opened,
        }
    }
}

/// Somebody opens it.
pub(super) fn open(
    scheme: SchemeRef,
    reason: Reason,
    units: Vec<String>,
    facts: &Facts,
) -> Result<Vec<Said<Event>>, Rejection> {
    let (subject, rulebook) = (facts.subject()?, facts.rulebook()?);
    subject.must_be_open()?;
    if subject.premises.register.as_ref().is_some_and(|register| register.layer != rulebook.layer) {
        return Err(Rejection::Malformed { field: "scheme", needs: "a rulebook of these premises' layer" });
    }
    if !facts.actor.received {
        if subject.premises.register.is_none() {
            return Err(Rejection::NotFound { what: "premises" });
        }
        if subject.assessments.values().any(|open| open.state.stage == Stage::Open) {
            return Err(Rejection::AlreadyExists { what: "open assessment" });
        }
    }
    let lead = facts.actor.account.clone();
    let opened = Opened { reason, lead, units, due: None };
    Ok(vec![Said::openly(Event::AssessmentOpened(Opening::Stated { scheme, opened }))])
}

/// What time brings to the assessments of premises: the next one, and the end of one that nobody submitted.
pub(crate) fn passed(
    own: &str,
    subject: &Subject,
    now: DateTime<Utc>,
    rulebooks: &dyn Rulebooks,
) -> Vec<Passed> {
    let today = local_date(now);
    let mut all = Vec::new();
    for (key, of) in &subject.assessments {
        let Some(scheme) = of.state.scheme.clone().filter(|_| of.state.stage == Stage::Open) else {
            continue;
        };
        let Some(rulebook) = rulebooks.rulebook(&scheme) else { continue };
        if lapses_on(&rulebook, of).is_some_and(|on| on < today) {
            let due = Due {
                reaction: "assessment_lapsed",
                stream: format!("{own}/assessment/{key}"),
                event_type: "AssessmentLapsed",
                scheme,
                subjects: vec![own.to_owned()],
            };
            all.push(Passed { due, since: of.opened_at });
        }
    }
    if let Some((_, of)) = subject.last_submitted()
        && let Some(scheme) = of.state.scheme.clone()
        && let Some(rulebook) = rulebooks.rulebook(&scheme)
        && let Some(due) = periodic_due(&rulebook, subject).filter(|due| *due <= today)
        && subject.assessments.get(&periodic_key(due)).is_none_or(|of| of.state.stage == Stage::Absent)
        && !is_under_way(subject)
    {
        let since = of.submitted_at;
        all.push(Passed { due: opening_due(own, &periodic_key(due), scheme), since });
    }
    all
}

/// The opening that a confirmed incident asks for; none where its rule asks for none or one is under way.
pub(crate) fn after_incident(
    own: &str,
    subject: &Subject,
    incident: &str,
    rulebooks: &dyn Rulebooks,
) -> Option<Due> {
    let (_, newest) = subject.last_submitted()?;
    let scheme = newest.state.scheme.clone()?;
    let rulebook = rulebooks.rulebook(&scheme)?;
    let of = subject.incidents.get(incident)?;
    let effect = of.state.effect(&rulebook, of.confirmed_on).ok()??;
    let asks = effect.effect == IncidentEffectKind::AssessmentDue && rulebook.policy.operating;
    let key = format!("{INCIDENT}{incident}");
    (asks && !is_under_way(subject) && !subject.assessments.contains_key(&key))
        .then(|| opening_due(own, &key, scheme))
}

/// The opening that a decision on an appeal orders; none where one is under way.
pub(crate) fn after_appeal(
    own: &str,
    subject: &Subject,
    appeal: &str,
    rulebooks: &dyn Rulebooks,
) -> Option<Due> {
    let (_, newest) = subject.last_submitted()?;
    let scheme = newest.state.scheme.clone()?;
    rulebooks.rulebook(&scheme).filter(|rulebook| rulebook.policy.operating)?;
    let key = format!("{APPEAL}{appeal}");
    (!is_under_way(subject) && !subject.assessments.contains_key(&key))
        .then(|| opening_due(own, &key, scheme))
}

/// The opening of this key, as time, an incident or an appeal brings it.
///
/// # Errors
/// The incident table's own refusals.
pub(crate) fn opened(
    rulebook: &Rulebook,
    subject: &Subject,
    key: &str,
    as_of: DateTime<Utc>,
) -> Result<Option<Opened>, Refused> {
    let Some((_, newest)) = subject.last_submitted().filter(|_| !is_under_way(subject)) else {
        return Ok(None);
    };
    let (reason, due) =
        if let Some(of) = key.strip_prefix(INCIDENT).and_then(|key| subject.incidents.get(key)) {
            let effect = of.state.effect(rulebook, of.confirmed_on)?;
            (Reason::Incident, effect.and_then(|effect| effect.assessment_due))
        } else if let Some(of) = key.strip_prefix(APPEAL).and_then(|key| subject.appeals.get(key)) {
            let Some(decision) = of.state.decision.as_ref().filter(|decision| decision.reassess) else {
                return Ok(None);
            };
            // the rulebook sets no day: it is opened at once
            (Reason::Appeal, Some(decision.on))
        } else {
            let due = periodic_due(rulebook, subject);
            let come = due.filter(|due| *due <= local_date(as_of) && periodic_key(*due) == key);
            (Reason::Periodic, come)
        };
    let opened = |due| Opened {
        reason,
        lead: newest.state.lead.clone(),
        units: newest.state.units.clone(),
        due: Some(due),
    };
    Ok(due.map(opened))
}

/// The end of an assessment that nobody submitted in time.
pub(crate) fn lapsed(
    rulebook: &Rulebook,
    subject: &Subject,
    key: &str,
    as_of: DateTime<Utc>,
) -> Option<Lapsed> {
    let of = subject.assessments.get(key).filter(|of| of.state.stage == Stage::Open)?;
    let due = lapses_on(rulebook, of).filter(|due| *due < local_date(as_of))?;
    Some(Lapsed { due })
}

/// The last day on which it can still be submitted: results that no other assessment could take over any more are none.
pub(crate) fn lapses_on(rulebook: &Rulebook, of: &AssessmentOf) -> Option<NaiveDate> {
    let days = rulebook.policy.reevaluation.as_ref().filter(|_| rulebook.policy.operating)?.carry_max_days;
    Some(add_days(of.opened_on?, days))
}

/// The day on which the next assessment is due, by the level the newest determination gave.
fn periodic_due(rulebook: &Rulebook, subject: &Subject) -> Option<NaiveDate> {
    if !rulebook.policy.operating || subject.premises.closed_on.is_some() {
        return None;
    }
    let (_, newest) = subject.last_submitted()?;
    let level = subject.grade.latest.as_ref()?.management_level.as_deref()?;
    Some(add_months(newest.submitted_on?, rulebook.level(level)?.reevaluate_months))
}

fn is_under_way(subject: &Subject) -> bool {
    subject.assessments.values().any(|of| of.state.stage == Stage::Open)
}

fn periodic_key(due: NaiveDate) -> String {
    format!("periodic-{due}")
}

fn opening_due(own: &str, key: &str, scheme: SchemeRef) -> Due {
    Due {
        reaction: "assessment_due",
        stream: format!("{own}/assessment/{key}"),
        event_type: "AssessmentOpened",
        scheme,
        subjects: vec![own.to_owned()],
    }
}

/// Before an appeal's key, the key of the assessment that its decision orders.
const APPEAL: &str = "appeal-";
/// Before an incident's key, the key of the assessment it asks for.
const INCIDENT: &str = "incident-";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::given::day;
    use crate::given_log::Log;
    use crate::rulebook::Layer;

    const HOUSE: &str = "premises/p-1";

    fn graded(on: &str) -> Log {
        let mut log = Log::new();
        log.registered("p-1", Layer::Building, None);
        log.assessed(on, "p-1", "a-1", "first", Layer::Building, &json!({}));
        log
    }

    #[test]
    fn the_next_assessment_opens_when_the_levels_months_are_over_and_once() {
        let mut log = graded("2025-01-10");
        log.runs(day("2026-01-09"));
        assert!(log.results("AssessmentOpened").is_empty());
        log.runs(day("2026-01-14"));
        log.runs(day("2026-01-15"));
        let opened = log.results("AssessmentOpened");
        assert_eq!(opened.len(), 1);
        assert_eq!(*opened[0], json!({ "reason": "periodic", "lead": "u-1", "due": "2026-01-10" }));
        log.assessed("2026-01-20", "p-1", "periodic-2026-01-10", "periodic", Layer::Building, &json!({}));
        log.runs(day("2026-12-31"));
        assert_eq!(log.results("AssessmentOpened").len(), 1, "the year counts anew");
    }

    #[test]
    fn one_that_nobody_submits_lapses_with_its_own_day() {
        let mut log = graded("2025-01-10");
        let scheme = Log::rulebook(Layer::Building);
        let opened =
            json!({ "type": "AssessmentOpened", "scheme": scheme, "reason": "campaign", "lead": "u-1" });
        log.hears("2025-02-01", "premises/p-1/assessment/a-2", &opened);
        log.runs(day("2025-05-02"));
        assert!(log.results("AssessmentLapsed").is_empty(), "its ninety days are not over");
        log.runs(day("2025-07-01"));
        log.runs(day("2025-07-02"));
        assert_eq!(log.results("AssessmentLapsed"), [&json!({ "due": "2025-05-02" })]);
    }

    fn incident(log: &mut Log, on: &str, event: serde_json::Value) {
        log.hears(on, "premises/p-1/incident/n-1", &event);
    }

    fn happened(log: &mut Log, category: &str, severity: &str) {
        let recorded = json!({
            "type": "IncidentRecorded", "source": "fire", "source_id": "119-7", "category": category,
            "severity": severity, "happened_at": "2025-03-01T02:00:00Z"
        });
        incident(log, "2025-03-01", recorded);
        assert!(log.results("GradeDetermined").len() == 1, "not confirmed it does nothing");
        incident(log, "2025-03-02", json!({ "type": "IncidentConfirmed", "by": "u-2" }));
    }

    #[test]
    fn a_confirmed_fire_is_a_veto_and_a_wrong_house_undoes_it() {
        let mut log = graded("2025-01-10");
        happened(&mut log, "fire", "general");
        assert_eq!(log.results("GradeDetermined")[1]["star"], 0);
        assert_eq!(log.results("VetoImposed")[0]["vetoes"], json!(["incident:fire_general"]));
        let unlinked =
            json!({ "type": "IncidentUnlinked", "why": "wrong_house", "to": "premises/p-2", "by": "u-2" });
        incident(&mut log, "2025-03-05", unlinked);
        let again = log.results("GradeDetermined")[2];
        assert_eq!((&again["star"], &again["trigger"]), (&json!(5), &json!("fact_corrected")));
        let pending = log.subject(HOUSE).grade.pending.is_some();
        assert_eq!(pending, log.results("VetoLifted").is_empty(), "a veto ends when its lifting binds");
    }

    #[test]
    fn leaving_the_lowest_grade_takes_a_person_and_an_assessment_that_looked_at_the_fire() {
        let mut log = graded("2025-01-10");
        happened(&mut log, "fire", "general");
        let confirmed = json!({
            "type": "AdverseGradeConfirmed", "determination": 2, "on": "2025-03-10", "document_number": "1", "by": "u-3"
        });
        log.hears("2025-03-10", "premises/p-1/grade", &confirmed);
        log.assessed("2025-04-01", "p-1", "a-2", "periodic", Layer::Building, &json!({}));
        assert_eq!(log.results("GradeDetermined")[2]["star"], 0, "a periodic one does not answer it");
        log.assessed("2025-05-01", "p-1", "a-3", "after_rectification", Layer::Building, &json!({}));
        let determined = log.results("GradeDetermined")[3].clone();
        assert_eq!((&determined["star"], &determined["needs_confirmer"]), (&json!(5), &json!(true)));
        assert!(log.results("VetoLifted").is_empty());
        let lifted = json!({
            "type": "LiftFromProhibitedConfirmed", "determination": determined["number"], "on": "2025-05-02",
            "document_number": "2", "by": "u-3"
        });
        log.hears("2025-05-02", "premises/p-1/grade", &lifted);
        assert_eq!(log.results("VetoLifted")[0]["vetoes"], json!(["incident:fire_general"]));
        assert!(log.subject(HOUSE).grade.vetoes.is_empty());
    }

    #[test]
    fn a_corrected_severity_is_computed_again_and_confirmed_again() {
        let mut log = graded("2025-01-10");
        happened(&mut log, "fire", "serious");
        let corrected = json!({
            "type": "IncidentCorrected", "source": "fire", "source_id": "119-7", "category": "fire", "severity": "minor",
            "happened_at": "2025-03-01T02:00:00Z", "why": "wrong_severity", "by": "u-2"
        });
        incident(&mut log, "2025-03-06", corrected);
        assert_eq!(log.results("GradeDetermined")[2]["star"], 5);
        assert!(log.results("HazardFound").is_empty());
        incident(&mut log, "2025-03-07", json!({ "type": "IncidentConfirmed", "by": "u-2" }));
        let found = log.results("HazardFound")[0];
        assert_eq!(
            (&found["indicator"], &found["severity"]),
            (&json!("incident:fire_minor"), &json!("serious"))
        );
        assert!(log.subject(HOUSE).hazards.contains_key("incident-n-1"));
    }

    #[test]
    fn an_incident_caps_or_has_the_house_assessed_by_the_policys_table() {
        let mut log = graded("2025-01-10");
        happened(&mut log, "public_order", "serious");
        assert_eq!(log.results("GradeDetermined")[1]["star"], 2);
        let mut log = graded("2025-01-10");
        happened(&mut log, "public_order", "general");
        assert_eq!(log.results("GradeDetermined").len(), 1);
        let opened = log.results("AssessmentOpened")[0];
        assert_eq!(*opened, json!({ "reason": "incident", "lead": "u-1", "due": "2025-03-17" }));
        let mut log = graded("2025-01-10");
        happened(&mut log, "public_order", "minor");
        assert_eq!(log.results("GradeDetermined").len(), 1);
        assert!(log.results("AssessmentOpened").is_empty());
    }
}

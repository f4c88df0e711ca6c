//! Reactions: what follows from an event by rule. `follow` says what has to be computed, `compute` computes it; the
//! second is all that a court needs to recompute it (docs/format.md §9).

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use crate::appeal;
use crate::assessment::{self, Stage, Supplied, opening};
use crate::credit;
use crate::derivation::{Either, SchemeRef};
use crate::dispute;
use crate::event::{Event, aggregate_type};
use crate::grade;
use crate::hazard::{self, Closed, Found, Review};
use crate::incident;
use crate::inspection::planning;
use crate::ledger_indicator;
use crate::listing::withdrawing;
use crate::measure;
use crate::notice;
use crate::passing::{fixing, office};
use crate::record;
use crate::recorded::{Recorded, local_date, subject_of};
use crate::reevaluation;
use crate::refused::Refused;
use crate::regrade;
use crate::report;
use crate::rounds;
use crate::rulebook::scheme::Collect;
use crate::rulebook::{Layer, Rulebook};
use crate::subject::{HazardOf, Subject};

/// Published rulebooks by their digest.
pub trait Rulebooks {
    /// The rulebook of that digest, where its document is kept.
    fn rulebook(&self, scheme: &SchemeRef) -> Option<Arc<Rulebook>>;

    /// Rulebooks of the same name and layer that were published after this one, the newest first; none where that is not kept.
    fn later(&self, _: &SchemeRef) -> Vec<Later> {
        vec![]
    }

    /// How often it could not be found out whether a rulebook is kept, and none was answered. What was computed while this grew
    /// is not to be believed.
    fn unread(&self) -> u64 {
        0
    }
}

/// A rulebook that was published after another of its name and layer.
#[derive(Clone, Debug)]
pub struct Later {
    /// Its name on consequences.
    pub scheme: SchemeRef,
    /// The rules.
    pub rulebook: Arc<Rulebook>,
    /// The day on which it was published.
    pub published_on: NaiveDate,
}

/// A result that has to be computed and recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    /// Name of the reaction, from which the event's id is derived.
    pub reaction: &'static str,
    /// Where it goes.
    pub stream: String,
    /// What it will be.
    pub event_type: &'static str,
    /// Under which rulebook.
    pub scheme: SchemeRef,
    /// The subjects it depends on, sorted, its own among them. Of these one that has no entry is no input.
    pub subjects: Vec<String>,
}

/// What has to be computed because of this entry. `subject` includes the entry.
pub fn follow(cause: &Recorded<Event>, subject: &Subject, rulebooks: &dyn Rulebooks) -> Vec<Due> {
    let own = cause.subject();
    match &cause.event {
        Event::Assessment(assessment::Event::AssessmentOpened(opening)) => {
            let (scheme, units) = (opening.scheme(), &opening.facts().units);
            let counts_itself = rulebooks.rulebook(scheme).is_some_and(|rulebook| {
                rulebook.policy.operating
                    && rulebook.scheme.indicators.iter().any(|i| i.collect == Collect::Ledger)
            });
            let mut subjects: Vec<String> = units.iter().map(|unit| format!("premises/{unit}")).collect();
            subjects.push(own.to_owned());
            subjects.sort();
            subjects.dedup();
            let due = Due {
                reaction: "ledger_indicators",
                stream: cause.stream.clone(),
                event_type: "IndicatorsSupplied",
                scheme: scheme.clone(),
                subjects,
            };
            counts_itself.then_some(due).into_iter().collect()
        }
        Event::Hazard(hazard::Event::HazardFound(_) | hazard::Event::HazardReopened(_)) => {
            case_due(cause, subject, rulebooks, "hazard_routed", "HazardRouted").into_iter().collect()
        }
        Event::Hazard(hazard::Event::RectificationAccepted { .. }) => {
            let closed = case_due(cause, subject, rulebooks, "hazard_closed", "HazardClosed");
            regrade_due(own, subject).into_iter().chain(closed).collect()
        }
        Event::Hazard(hazard::Event::HazardClosed(Either::Stated(closed))) if closed.is_put_right() => {
            regrade_due(own, subject).into_iter().collect()
        }
        Event::Report(report::Event::ReportReopened {}) => {
            report::reopened_due(cause, subject, rulebooks).into_iter().collect()
        }
        Event::Report(report::Event::ReportSubstantiated { .. }) => {
            report::follow(cause, subject, rulebooks).into_iter().collect()
        }
        Event::Assessment(assessment::Event::AssessmentSubmitted { .. })
        | Event::Grade(grade::Event::GradeSetAside(_))
        | Event::Hazard(
            hazard::Event::HazardReviewed { outcome: Review::Confirmed, .. }
            | hazard::Event::HazardFellOverdue(_)
            | hazard::Event::MajorHazardDetermined { .. },
        ) => regrade_due(own, subject).into_iter().collect(),
        Event::Grade(grade::Event::ProhibitionSetAside(computed)) if computed.result.of.is_some() => vec![],
        Event::Grade(grade::Event::ProhibitionSetAside(_)) => regrade_due(own, subject).into_iter().collect(),
        Event::Grade(grade::Event::ProhibitionConfirmed { .. }) => {
            regrade_due(own, subject).into_iter().chain(withdrawing::due(own, subject)).collect()
        }
        Event::Grade(grade::Event::StatementMade { determination, late: true, .. }) => {
            reevaluation::late_statement_due(own, subject, *determination, rulebooks).into_iter().collect()
        }
        Event::Record(record::Event::FactCorrected { correction, .. }) => {
            let due = subject.moves_grade(correction).then(|| regrade_due(own, subject));
            due.flatten().into_iter().collect()
        }
        Event::Grade(grade::Event::GradeDetermined(computed)) => {
            let scheme = &computed.derivation.scheme;
            let mut due = grade::veto::due(own, &subject.grade, scheme);
            due.extend(hazards_due(own, subject, &computed.result, scheme));
            due.extend(put_right_due(own, subject, rulebooks));
            due.extend(publication_due(own, subject, computed.result.number, rulebooks));
            due
        }
        Event::Appeal(appeal::Event::AppealDecided(decision)) => {
            decided(own, subject, cause.last_segment(), decision, rulebooks)
        }
        Event::Dispute(dispute::Event::OutcomeRecorded { .. }) => {
            let lost = subject.disputes.get(cause.last_segment()).and_then(|of| of.state.lost());
            match lost {
                Some((against, _)) if against.prohibition.is_some() => {
                    ban_set_aside_due(own, subject).into_iter().collect()
                }
                Some((against, _)) if against.determination.is_none() => {
                    hazard_set_aside_due(own, subject, &against.stream, rulebooks)
                }
                _ => set_aside_due(own, subject).into_iter().collect(),
            }
        }
        Event::Notice(notice::Event::NoticeServed { .. } | notice::Event::ServedByAnnouncement { .. }) => {
            service_due(cause, own, subject, rulebooks)
        }
        Event::Grade(
            grade::Event::AdverseGradeConfirmed { determination, .. }
            | grade::Event::LiftFromProhibitedConfirmed { determination, .. },
        ) => {
            let latest = subject.grade.latest.as_ref();
            let of = latest.and_then(|latest| subject.assessments.get(&latest.assessment));
            let scheme = of.and_then(|of| of.state.scheme.as_ref());
            let vetoes = scheme.map(|scheme| grade::veto::due(own, &subject.grade, scheme));
            let publication = publication_due(own, subject, *determination, rulebooks);
            vetoes.unwrap_or_default().into_iter().chain(publication).collect()
        }
        Event::Credit(_) | Event::Party(_) => credit::follow(cause, subject, rulebooks),
        Event::Incident(event) => incident_due(own, subject, cause.last_segment(), event, rulebooks),
        Event::Access(_)
        | Event::Account(_)
        | Event::Alert(_)
        | Event::Appeal(_)
        | Event::Assessment(_)
        | Event::Association(_)
        | Event::Authority(_)
        | Event::Board(_)
        | Event::Campaign(_)
        | Event::Dispute(_)
        | Event::Grade(_)
        | Event::Hazard(_)
        | Event::Inspection(_)
        | Event::Listing(_)
        | Event::Measure(_)
        | Event::Meeting(_)
        | Event::Notice(_)
        | Event::Other(_)
        | Event::Patrol(_)
        | Event::Premises(_)
        | Event::Draft(_)
        | Event::Publication(_)
        | Event::Record(_)
        | Event::Reevaluation(_)
        | Event::Report(_)
        | Event::Survey(_)
        | Event::Task(_)
        | Event::Visit(_) => vec![],
    }
}

/// Compute what an entry of this type in this stream must say, given every entry of its subjects below it; `None` where
/// nothing is to be said after all (a recomputation that lowers nothing). `as_of` is the entry's own `occurred_at`: what
/// falls overdue needs a now, and this is the only one (docs/format.md §9).
///
/// # Errors
/// The rulebook's own refusals; `not_computed` for an event that no reaction makes.
pub fn compute(
    rulebook: &Rulebook,
    subjects: &BTreeMap<String, Subject>,
    event_type: &str,
    stream: &str,
    as_of: DateTime<Utc>,
) -> Result<Option<Value>, Refused> {
    let nobody = Subject::default();
    let subject = subjects.get(subject_of(stream)).unwrap_or(&nobody);
    let key = stream.rsplit('/').next().unwrap_or(stream);
    let result = match (aggregate_type(stream), event_type) {
        ("grade", "GradeDetermined") => {
            let building = building_of(subject).and_then(|key| subjects.get(&key));
            to_value(regrade::determination(rulebook, subject, building)?)
        }
        ("assessment", "IndicatorsSupplied") => {
            let results = ledger_indicator::count(rulebook, subject, subjects, key)?;
            to_value(Some(Supplied { results }))
        }
        ("assessment", "AssessmentLapsed") => to_value(opening::lapsed(rulebook, subject, key, as_of)),
        ("assessment", "AssessmentOpened") => to_value(opening::opened(rulebook, subject, key, as_of)?),
        ("credit", _) => return credit::compute(rulebook, subjects, event_type, stream, as_of),
        ("grade", "GradePublished") => to_value(subject.grade.publication(rulebook)),
        ("grade", "ProhibitionSetAside") => to_value(grade::ban_set_aside(subject_of(stream), subject)),
        ("grade", "GradeSetAside") => to_value(grade::set_aside(subject_of(stream), subject)),
        ("grade", "StatementInvited") => to_value(invitation(rulebook, subject, subject_of(stream))?),
        ("grade", "VetoImposed") => to_value(grade::veto::imposed(&subject.grade)),
        ("grade", "VetoLifted") => to_value(grade::veto::lifted(&subject.grade)),
        ("hazard", "HazardFound") => to_value(match key.strip_prefix(OF_INCIDENT) {
            Some(of) if subject.incidents.contains_key(of) => incident::found(rulebook, subject, of)?,
            _ => report::found(rulebook, subject, key).or_else(|| found(rulebook, subject, key)),
        }),
        ("hazard", "HazardReopened") => to_value(report::reopened(rulebook, subject, key)),
        ("hazard", _) => return case(rulebook, subject, key, event_type, local_date(as_of)),
        ("inspection", _) => planning::compute(rulebook, subjects, event_type, stream, as_of),
        ("listing", "ListingWithdrawn") => {
            let building = building_of(subject).and_then(|key| subjects.get(&key));
            to_value(withdrawing::withdrawn(subject, building, key, local_date(as_of)))
        }
        ("measure", "IncentiveEnded") => to_value(measure::ended(rulebook, subject, key, local_date(as_of))),
        ("notice", "DeadlineFixed") => match subject.notices.get(key) {
            Some(of) => to_value(of.state.fixed_dates(rulebook, local_date(as_of))?),
            None => None,
        },
        ("notice", "RemedyDatesFixed") => match subject.notices.get(key) {
            Some(of) => to_value(of.state.dates(rulebook)?),
            None => None,
        },
        ("patrol", "PatrolAssigned") => to_value(rounds::assignment(rulebook, subjects, stream, as_of)?),
        ("patrol", "PatrolMissed") => to_value(rounds::missed(rulebook, subjects, stream, as_of)?),
        ("record", "DeadlineFixed") => {
            to_value(fixing::fixed_in(rulebook, subject_of(stream), subject, key, as_of))
        }
        ("record", "DeadlineMissed") => {
            let brought = |of| hazard::brought(rulebook, subject, of, local_date(as_of));
            let of_a_hazard = subject.hazards.values().flat_map(brought).find_map(|one| match one.what {
                hazard::What::Missed(record, missed) if record == stream => Some(missed),
                _ => None,
            });
            let own = subject_of(stream);
            let of_the_office = || office::missed_in(rulebook, own, subject, key, as_of);
            let of_a_file = || credit::late_in(rulebook, own, subject, key, as_of);
            to_value(of_a_hazard.or_else(of_the_office).or_else(of_a_file))
        }
        ("reevaluation", "ReevaluationRequested") => {
            to_value(reevaluation::requested_by_statement(subject, key))
        }
        _ => return Err(Refused::because("not_computed")),
    };
    Ok(result)
}

/// What follows for a case of this stream, or what time brought to it first of this kind.
fn case(
    rulebook: &Rulebook,
    subject: &Subject,
    key: &str,
    event_type: &str,
    today: NaiveDate,
) -> Result<Option<Value>, Refused> {
    let Some(of) = subject.hazards.get(key) else { return Ok(None) };
    let mut brought = hazard::brought(rulebook, subject, of, today).into_iter();
    Ok(match event_type {
        "HazardClosed" => {
            let set_aside = of.state.is_open() && subject.is_hazard_set_aside(&of.stream);
            let how = match of.state.stage {
                hazard::Stage::Accepted => Some("rectified"),
                _ if set_aside => Some("set_aside"),
                hazard::Stage::PendingReview => subject.is_finding_put_right(of).then_some(Closed::PUT_RIGHT),
                _ => None,
            };
            to_value(how.map(|how| Closed { how: how.to_owned(), into: None }))
        }
        "HazardEscalated" => to_value(brought.find_map(|one| match one.what {
            hazard::What::Escalated(escalated) => Some(escalated),
            _ => None,
        })),
        "HazardFellOverdue" => to_value(brought.find_map(|one| match one.what {
            hazard::What::Overdue(fell) => Some(fell),
            _ => None,
        })),
        "HazardRouted" => to_value(hazard::routed(rulebook, of)?),
        _ => return Err(Refused::because("not_computed")),
    })
}

/// What follows for a case by an operating rulebook that knows a review of hazards.
fn case_due(
    cause: &Recorded<Event>,
    subject: &Subject,
    rulebooks: &dyn Rulebooks,
    reaction: &'static str,
    event_type: &'static str,
) -> Option<Due> {
    let scheme = subject.hazard_scheme(cause.last_segment())?;
    let rulebook = rulebooks.rulebook(&scheme).filter(|rulebook| rulebook.policy.operating)?;
    rulebook.deadline_rule("hazard_review")?;
    let subjects = vec![cause.subject().to_owned()];
    Some(Due { reaction, stream: cause.stream.clone(), event_type, scheme, subjects })
}

fn to_value<T: serde::Serialize>(result: Option<T>) -> Option<Value> {
    result.and_then(|result| serde_json::to_value(result).ok())
}

/// The grade is reckoned again under the rulebook of the assessment whose results are used; that of a unit with its building.
fn regrade_due(own: &str, subject: &Subject) -> Option<Due> {
    let cause = subject.cause.as_ref()?;
    let of = subject.assessments.get(&cause.assessment).filter(|of| of.state.stage == Stage::Submitted)?;
    let mut subjects: Vec<String> = building_of(subject).into_iter().chain([own.to_owned()]).collect();
    subjects.sort();
    Some(Due {
        reaction: "grade",
        stream: format!("{own}/grade"),
        event_type: "GradeDetermined",
        scheme: of.state.scheme.clone()?,
        subjects,
    })
}

/// The subject of a unit's building.
pub(crate) fn building_of(subject: &Subject) -> Option<String> {
    let register = subject.premises.register.as_ref().filter(|register| register.layer == Layer::Unit)?;
    Some(format!("premises/{}", register.parent.as_ref()?))
}

/// What an incident does here once it is confirmed, and what is undone when that turns out to be wrong.
fn incident_due(
    own: &str,
    subject: &Subject,
    key: &str,
    event: &incident::Event,
    rulebooks: &dyn Rulebooks,
) -> Vec<Due> {
    let Some(of) = subject.incidents.get(key).filter(|of| of.state.moved) else { return vec![] };
    let mut due: Vec<Due> = regrade_due(own, subject).into_iter().collect();
    if of.state.acts().is_none() || !matches!(event, incident::Event::IncidentConfirmed { .. }) {
        return due;
    }
    let stream = format!("{own}/hazard/{OF_INCIDENT}{key}");
    let opens = subject.hazards.get(&format!("{OF_INCIDENT}{key}")).is_none_or(|of| of.state.found.is_none());
    let scheme = due.first().map(|due| due.scheme.clone()).filter(|_| opens);
    due.extend(scheme.map(|scheme| Due {
        reaction: "incident_hazard",
        stream,
        event_type: "HazardFound",
        scheme,
        subjects: vec![own.to_owned()],
    }));
    due.extend(opening::after_incident(own, subject, key, rulebooks));
    due
}

/// What binds is published where the policy says so, unless an officer took it off the public pages.
fn publication_due(own: &str, subject: &Subject, number: u64, rulebooks: &dyn Rulebooks) -> Option<Due> {
    let binding = subject.grade.in_force().filter(|binding| binding.determination.number == number)?;
    let scheme = subject.assessments.get(&binding.determination.assessment)?.state.scheme.clone()?;
    let rulebook = rulebooks.rulebook(&scheme)?;
    rulebook.policy.publication.as_ref()?;
    let stream = format!("{own}/grade");
    let subjects = vec![own.to_owned()];
    Some(Due { reaction: "publication", stream, event_type: "GradePublished", scheme, subjects })
}

/// An appeal was upheld, or a dispute lost: what it was against is set aside.
fn set_aside_due(own: &str, subject: &Subject) -> Option<Due> {
    grade::set_aside(own, subject)?;
    let (stream, subjects) = (format!("{own}/grade"), vec![own.to_owned()]);
    let scheme = subject.scheme()?;
    Some(Due { reaction: "set_aside", stream, event_type: "GradeSetAside", scheme, subjects })
}

/// An appeal against the prohibition in force was upheld, or a dispute about it lost: letting is not prohibited any more.
fn ban_set_aside_due(own: &str, subject: &Subject) -> Option<Due> {
    grade::ban_set_aside(own, subject)?;
    let (stream, subjects) = (format!("{own}/grade"), vec![own.to_owned()]);
    // a flat that was never assessed goes by the rulebook of the building's
    let scheme = subject.scheme().or_else(|| subject.scheme_of_remedies())?;
    Some(Due { reaction: "ban_set_aside", stream, event_type: "ProhibitionSetAside", scheme, subjects })
}

/// What follows from a decision on an appeal.
fn decided(
    own: &str,
    subject: &Subject,
    key: &str,
    decision: &appeal::Decision,
    rulebooks: &dyn Rulebooks,
) -> Vec<Due> {
    let mut due = match (decision.outcome, decision.against.determination) {
        (appeal::Outcome::Rejected, _) => return vec![],
        (appeal::Outcome::Upheld, None) if decision.against.prohibition.is_some() => {
            ban_set_aside_due(own, subject).into_iter().collect()
        }
        (appeal::Outcome::Upheld, Some(_)) => set_aside_due(own, subject).into_iter().collect(),
        (appeal::Outcome::Upheld, None) => {
            hazard_set_aside_due(own, subject, &decision.against.stream, rulebooks)
        }
        (appeal::Outcome::Varied, _) => Vec::from_iter(regrade_due(own, subject)),
    };
    due.extend(decision.reassess.then(|| opening::after_appeal(own, subject, key, rulebooks)).flatten());
    due
}

/// A case was set aside: it is closed, and the grade reckoned again without it.
fn hazard_set_aside_due(own: &str, subject: &Subject, stream: &str, rulebooks: &dyn Rulebooks) -> Vec<Due> {
    let key = stream.rsplit('/').next().unwrap_or_default();
    let open = subject.hazards.get(key).is_some_and(|of| of.state.is_open());
    let scheme = subject.hazard_scheme(key).filter(|scheme| {
        open && rulebooks.rulebook(scheme).is_some_and(|rulebook| rulebook.policy.operating)
    });
    let closed = scheme.map(|scheme| Due {
        reaction: "hazard_set_aside",
        stream: stream.to_owned(),
        event_type: "HazardClosed",
        scheme,
        subjects: vec![own.to_owned()],
    });
    closed.into_iter().chain(regrade_due(own, subject)).collect()
}

/// A notice was served: dates run from here, and where it announces an adverse effect the party is invited to speak.
fn service_due(cause: &Recorded<Event>, own: &str, subject: &Subject, rulebooks: &dyn Rulebooks) -> Vec<Due> {
    let issued = subject.notices.get(cause.last_segment()).and_then(|of| of.state.issued.as_ref());
    // a notice under a party names the rulebook by which its dates run
    let scheme = issued.and_then(|issued| issued.scheme.clone()).or_else(|| subject.scheme());
    let Some(scheme) = scheme else { return vec![] };
    let operating = rulebooks.rulebook(&scheme).is_some_and(|rulebook| rulebook.policy.operating);
    let Some(issued) = issued.filter(|_| operating) else { return vec![] };
    let due = |reaction, stream: String, event_type| Due {
        reaction,
        stream,
        event_type,
        scheme: scheme.clone(),
        subjects: vec![own.to_owned()],
    };
    let mut follows = Vec::new();
    if !issued.remedies.is_empty() {
        follows.push(due("remedy_dates", cause.stream.clone(), "RemedyDatesFixed"));
    }
    if subject.last_invited().is_some_and(|(key, _)| key == cause.last_segment()) {
        follows.push(due("invitation", format!("{own}/grade"), "StatementInvited"));
    }
    follows
}

/// The invitation that the service of notices brought.
fn invitation(
    rulebook: &Rulebook,
    subject: &Subject,
    own: &str,
) -> Result<Option<grade::Invitation>, Refused> {
    let Some((key, notice)) = subject.last_invited() else { return Ok(None) };
    subject.grade.invitation(rulebook, &format!("{own}/notice/{key}"), notice)
}

/// A case for each failed row of a new assessment, unless one of the same indicator is still open.
fn hazards_due(own: &str, subject: &Subject, result: &grade::Determination, scheme: &SchemeRef) -> Vec<Due> {
    let open = |indicator: &str| {
        let mut cases = subject.hazards.values();
        cases.any(|of| {
            of.state.is_open() && of.state.found.as_ref().is_some_and(|found| found.indicator == indicator)
        })
    };
    let stream = |indicator: &str| format!("{own}/hazard/{}-{indicator}", result.assessment);
    let known = |indicator: &str| subject.hazards.contains_key(&format!("{}-{indicator}", result.assessment));
    let due = |indicator: &str| Due {
        reaction: "hazard",
        stream: stream(indicator),
        event_type: "HazardFound",
        scheme: scheme.clone(),
        subjects: vec![own.to_owned()],
    };
    let opened = result.hazards_opened.iter().map(|opened| opened.indicator.as_str());
    opened.filter(|indicator| !open(indicator) && !known(indicator)).map(due).collect()
}

/// Cases that nobody has looked into yet, and whose result was put right: they rest on nothing.
fn put_right_due(own: &str, subject: &Subject, rulebooks: &dyn Rulebooks) -> Vec<Due> {
    let cases = subject.hazards.iter().filter(|(_, of)| of.state.stage == hazard::Stage::PendingReview);
    let due = |(key, of): (&String, &HazardOf)| {
        let scheme = subject.hazard_scheme(key).filter(|_| subject.is_finding_put_right(of))?;
        rulebooks.rulebook(&scheme).is_some_and(|rulebook| rulebook.policy.operating).then(|| Due {
            reaction: "finding_put_right",
            stream: of.stream.clone(),
            event_type: "HazardClosed",
            scheme,
            subjects: vec![own.to_owned()],
        })
    };
    cases.filter_map(due).collect()
}

/// The hazard of a stream `<assessment>-<indicator>`, as the newest determination opened it.
fn found(rulebook: &Rulebook, subject: &Subject, key: &str) -> Option<Found> {
    let (assessment, indicator) = key.rsplit_once('-')?;
    let latest = subject.grade.latest.as_ref().filter(|latest| latest.assessment == assessment)?;
    let opened = latest.hazards_opened.iter().find(|opened| opened.indicator == indicator)?;
    Some(Found {
        indicator: indicator.to_owned(),
        severity: opened.severity.clone(),
        works: opened.works.clone(),
        competent: rulebook.indicator(indicator)?.competent.clone(),
        source: "check".to_owned(),
        suspected: opened.suspected,
        caused_by: Some(assessment.to_owned()),
        points: None,
        by: None,
        scheme: None,
    })
}

/// Before an incident's key, the key of the hazard it opens.
const OF_INCIDENT: &str = "incident-";

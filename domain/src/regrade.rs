//! Regrade: the determination that follows from the newest cause, by the rulebook of the assessment it uses.
//!
//! A new assessment or a corrected fact is graded whole and may move either way. Anything else between assessments
//! reckons caps and vetoes again over the last results, and only ever lowers (rulebooks/README.md, "What a grade does").
//! A scheme that only grades what others decided has no such procedure: every cause is graded whole.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::assessment::Reason;
use crate::effect;
use crate::grade::{Determination, Previous};
use crate::grading::{self, Grading, KnownIncident, Question, RecomputeQuestion, RegisteredHazard};
use crate::refused::Refused;
use crate::rulebook::Rulebook;
use crate::rulebook::scheme::Veto;
use crate::subject::{AssessmentOf, Cause, HazardOf, Subject};

/// The determination, or `None` where the cause moves nothing. `building` is that of a unit: what befell it since the
/// unit's own cause is the newer one.
///
/// # Errors
/// Refusals of the rulebook that a submitted assessment should not meet, such as `bad_result`.
pub(crate) fn determination(
    rulebook: &Rulebook,
    subject: &Subject,
    building: Option<&Subject>,
) -> Result<Option<Determination>, Refused> {
    let prohibited = building.is_some_and(Subject::is_prohibited);
    let of_building = building.and_then(|building| by_building(subject, building));
    let newest = match (&of_building, &subject.cause) {
        (Some((of_building, at)), _) if *at > subject.caused_at => Some(of_building),
        (_, own) => own.as_ref(),
    };
    let Some(newest) = newest else { return Ok(None) };
    match determined_by(rulebook, subject, newest, prohibited)? {
        Some(determined) => Ok(Some(determined)),
        // the unit's own cause moved nothing: what befell its building still does
        None => match &of_building {
            Some((of_building, _)) if of_building != newest => {
                determined_by(rulebook, subject, of_building, prohibited)
            }
            _ => Ok(None),
        },
    }
}

/// What its building's level does to a unit, with the position of the entry that moved it: the lowest grade, once it binds,
/// is a veto of every unit; where it was set aside, the unit is graded as if it had not been. Where it ended by a new
/// result of the building, a unit rises like any other premises, by an assessment of its own.
pub(crate) fn by_building(unit: &Subject, building: &Subject) -> Option<(Cause, u64)> {
    let moved = building.level_moved?;
    let latest = unit.grade.latest.as_ref()?;
    let vetoed = latest.vetoes.iter().any(|veto| veto == BUILDING_PROHIBITED);
    let trigger = match (building.is_prohibited(), vetoed) {
        (true, false) if latest.star != Some(0) => "prohibition_confirmed",
        (false, true) if moved.set_aside => "appeal_upheld",
        _ => return None,
    };
    let (assessment, _) = unit.last_submitted()?;
    Some((Cause { assessment: assessment.clone(), on: moved.on, submitted: false, trigger }, moved.at))
}

fn determined_by(
    rulebook: &Rulebook,
    subject: &Subject,
    cause: &Cause,
    building_prohibited: bool,
) -> Result<Option<Determination>, Refused> {
    let Some(of) = subject.assessments.get(&cause.assessment) else { return Ok(None) };
    let question = Question { building_prohibited, ..question(rulebook, subject, cause, of) };
    let whole = graded_whole(rulebook, cause);
    let grading = if whole {
        match grading::grade(rulebook, &question) {
            Err(refused) if refused.error == "nothing_applicable" => return Ok(None),
            graded => graded?,
        }
    } else {
        let Some(current_star) = subject.grade.stands().and_then(|stands| stands.star) else {
            return Ok(None);
        };
        if !is_recompute_trigger(rulebook, cause.trigger) {
            return Ok(None);
        }
        let results_from = of.submitted_on.unwrap_or(cause.on);
        let trigger = cause.trigger.to_owned();
        let again = grading::recompute(
            rulebook,
            &RecomputeQuestion { trigger, current_star, results_from, question },
        )?;
        if !again.determines {
            return Ok(None);
        }
        again.grading
    };
    let determined = assemble(rulebook, subject, cause, of, grading)?;
    let unchanged = !rulebook.policy.operating
        && !cause.submitted
        && subject.grade.binding.get(&cause.assessment).is_some_and(|before| {
            let before = &before.determination;
            (before.score, before.assessed_on) == (determined.score, determined.assessed_on)
                && before.points == determined.points
        });
    Ok((!unchanged && !holds_already(subject, cause, &determined)).then_some(determined))
}

fn question(rulebook: &Rulebook, subject: &Subject, cause: &Cause, of: &AssessmentOf) -> Question {
    let carried = if cause.submitted { of.state.carried() } else { BTreeMap::new() };
    Question { carried, ..as_registered(rulebook, subject, &cause.assessment, of, cause.on) }
}

/// The question that an assessment's results and everything registered of its premises make on a day: open hazards,
/// determinations, a prohibition in force; of a unit its building, as the newest determination saw it. Nothing is carried.
pub fn as_registered(
    rulebook: &Rulebook,
    subject: &Subject,
    assessment: &str,
    of: &AssessmentOf,
    on: NaiveDate,
) -> Question {
    // of an indicator that waits for no determination the register says how grave the case was found to be
    let waits = |indicator: &str| {
        rulebook.indicator(indicator).is_some_and(|known| known.veto == Some(Veto::AfterDetermination))
    };
    let suspected = subject.hazards.values().filter_map(|of| {
        let found = of.state.found.as_ref().filter(|found| waits(&found.indicator))?;
        Some(grading::Determination {
            indicator: found.indicator.clone(),
            outcome: if of.state.determined? { "major" } else { "not_major" }.to_owned(),
            document_number: of.state.document_number.clone(),
        })
    });
    Question {
        determinations: suspected.collect(),
        open_hazards: subject
            .hazards
            .values()
            .filter_map(|hazard| registered(rulebook, subject, hazard, (assessment, of.submitted_on), on))
            .collect(),
        incidents: incidents(rulebook, subject, of),
        building_prohibited: subject
            .grade
            .latest
            .as_ref()
            .is_some_and(|latest| latest.vetoes.iter().any(|veto| veto == BUILDING_PROHIBITED)),
        prohibition_in_force: subject.grade.prohibition.is_some(),
        ..Question::of(on, of.state.outcomes())
    }
}

/// Confirmed incidents of these premises. One acts until an assessment looked at what became of it; leaving the lowest
/// grade then takes a named person all the same (docs/decisions, "An incident acts until an assessment answers it").
fn incidents(rulebook: &Rulebook, subject: &Subject, of: &AssessmentOf) -> Vec<KnownIncident> {
    let answers = of.state.reason.is_some_and(|reason| {
        matches!(reason, Reason::AfterRectification | Reason::Appeal | Reason::Incident)
    });
    let known = subject.incidents.iter().filter_map(|(key, incident)| {
        let (category, severity) = incident.state.acts()?;
        rulebook.incident_rule(&category, &severity)?;
        let lifted = answers && of.answers.contains(key);
        Some(KnownIncident { category, severity, confirmed: true, lifted })
    });
    known.collect()
}

/// A hazard as the register shows it. Before its rectification order is served nothing has a due date. A suspected one
/// that was determined not major is one of the lesser severity from then on (rulebooks/README.md, step 6).
///
/// One with points is taken off from the assessment that it names, or where it names none from every assessment of the
/// day on which it was found.
fn registered(
    rulebook: &Rulebook,
    subject: &Subject,
    of: &HazardOf,
    (assessment, assessed_on): (&str, Option<NaiveDate>),
    on: NaiveDate,
) -> Option<RegisteredHazard> {
    let found = of.state.found.as_ref()?;
    let concerns = match &found.caused_by {
        Some(caused_by) => caused_by == assessment,
        None => of.found_on == assessed_on,
    };
    if found.points.is_some() && !concerns {
        return None;
    }
    Some(RegisteredHazard {
        severity: of.state.severity(rulebook)?,
        status: of.state.stage.code().to_owned(),
        due: of.register_due(&subject.served),
        determined: of.state.determined.unwrap_or_default(),
        office_late_since: of.office_late_since(rulebook, on),
        points: found.points.unwrap_or_default(),
    })
}

fn graded_whole(rulebook: &Rulebook, cause: &Cause) -> bool {
    let put_right = ["appeal_upheld", "fact_corrected"].contains(&cause.trigger);
    !rulebook.policy.operating || cause.submitted || put_right
}

/// What holds again after another result was set aside is not determined anew where it comes out as it was; unless a newer
/// one still waits for a person, which must give way to it.
fn holds_already(subject: &Subject, cause: &Cause, determined: &Determination) -> bool {
    let grade = &subject.grade;
    let again = cause.trigger == "appeal_upheld" && !cause.submitted;
    let newest = grade.latest.as_ref().map(|latest| latest.number);
    again
        && grade.in_force().is_some_and(|binding| {
            let held = &binding.determination;
            (newest == Some(held.number) || newest.is_some_and(|newest| grade.set_aside.contains(&newest)))
                && held.assessment == determined.assessment
                && (held.score, held.star) == (determined.score, determined.star)
                && (&held.points, &held.vetoes) == (&determined.points, &determined.vetoes)
        })
}

fn is_recompute_trigger(rulebook: &Rulebook, trigger: &str) -> bool {
    let policy = rulebook.policy.reevaluation.as_ref();
    policy.is_some_and(|policy| policy.recompute_triggers.iter().any(|known| known == trigger))
}

fn assemble(
    rulebook: &Rulebook,
    subject: &Subject,
    cause: &Cause,
    of: &AssessmentOf,
    grading: Grading,
) -> Result<Determination, Refused> {
    let before = subject.grade.in_force();
    let was = before.and_then(|binding| binding.determination.star);
    let needs_confirmer = match grading.star {
        Some(now) => effect::needs_confirmer(rulebook, was, now)?,
        None => false,
    };
    let adverse = needs_confirmer && was.is_none_or(|was| grading.star.is_some_and(|now| now < was));
    let points = grading.points.iter().map(|p| (p.indicator.clone(), (p.earned, p.applicable))).collect();
    let failed = grading.points.iter().filter(|p| p.failed).map(|p| p.indicator.clone()).collect();
    Ok(Determination {
        number: subject.grade.count + 1,
        trigger: cause.trigger.to_owned(),
        assessment: cause.assessment.clone(),
        assessed_on: of.submitted_on.unwrap_or(cause.on),
        assessor: of.state.lead.clone(),
        determined_on: cause.on,
        earned: grading.earned,
        applicable: grading.applicable,
        score: grading.score,
        deducted: grading.deducted,
        aspects: grading.aspects.iter().map(|(id, [earned, of])| (id.clone(), (*earned, *of))).collect(),
        points,
        failed,
        band_star: grading.band_star,
        band: grading.band.clone(),
        caps: grading.caps.clone(),
        vetoes: grading.vetoes.clone(),
        star: grading.star,
        grade: grading.grade.clone(),
        management_level: grading.management_level.clone(),
        color: grading.color.clone(),
        patrol_rule: grading.patrol_rule,
        hazards_opened: if cause.submitted { grading.hazards_opened.clone() } else { vec![] },
        previous: before.map(|binding| Previous {
            number: binding.determination.number,
            star: binding.determination.star,
        }),
        direction: direction(before.map(|b| standing(&b.determination)), standing_of(&grading)).to_owned(),
        adverse,
        needs_confirmer,
    })
}

/// What two grades are compared by: the star, or the score where there is none.
fn standing(determination: &Determination) -> u64 {
    determination.star.map_or(determination.score, u64::from)
}

fn standing_of(grading: &Grading) -> u64 {
    grading.star.map_or(grading.score, u64::from)
}

fn direction(was: Option<u64>, now: u64) -> &'static str {
    match was.map(|was| now.cmp(&was)) {
        None => "first",
        Some(std::cmp::Ordering::Equal) => "same",
        Some(std::cmp::Ordering::Greater) => "up",
        Some(std::cmp::Ordering::Less) => "down",
    }
}

/// The veto of a unit whose building's lowest grade binds.
pub(crate) const BUILDING_PROHIBITED: &str = "building_prohibited";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hazard::{Found, Hazard, Stage};
    use crate::rulebook::Layer;
    use crate::shipped;

    fn suspected(determined: Option<bool>) -> HazardOf {
        let found = Found {
            indicator: "electrical_wiring".into(),
            severity: "major".into(),
            works: "repair".into(),
            competent: "fire".into(),
            source: "check".into(),
            suspected: true,
            caused_by: None,
            points: None,
            by: None,
            scheme: None,
        };
        let state = Hazard { determined, found: Some(found), stage: Stage::Confirmed, ..Hazard::default() };
        HazardOf { state, ..HazardOf::default() }
    }

    #[test]
    fn what_names_no_assessment_is_taken_off_from_those_of_its_day() {
        let rulebook = shipped::pingshan(Layer::Building);
        let on = crate::given::day("2026-03-02");
        let taken_off = |caused_by: Option<&str>, found_on| {
            let mut of = suspected(None);
            of.found_on = Some(found_on);
            of.state.found.iter_mut().for_each(|found| {
                (found.points, found.caused_by) = (Some(7), caused_by.map(str::to_owned));
            });
            registered(&rulebook, &Subject::default(), &of, ("a-1", Some(on)), on).map(|one| one.points)
        };
        assert_eq!(taken_off(None, on), Some(7));
        assert_eq!(taken_off(None, crate::given::day("2026-03-01")), None);
        assert_eq!(taken_off(Some("a-1"), crate::given::day("2026-03-01")), Some(7));
        assert_eq!(taken_off(Some("a-2"), on), None);
    }

    /// Anything may be suspected of being major where it is found, also what the rulebook has no determination for.
    #[test]
    fn a_determination_of_what_waits_for_none_stands_in_the_way_of_no_grade() {
        let rulebook = shipped::pingshan(Layer::Unit);
        let mut subject = Subject::default();
        subject.hazards.insert("1".into(), suspected(Some(true)));
        let on = "2026-01-10".parse().unwrap();
        let question = || as_registered(&rulebook, &subject, "a-1", &AssessmentOf::default(), on);
        assert_eq!(question().determinations, []);
        assert!(question().open_hazards[0].determined, "the register says it");
        if let Some(found) = subject.hazards.get_mut("1").and_then(|of| of.state.found.as_mut()) {
            found.indicator = "no_combustible_panels".into();
        }
        let question = as_registered(&rulebook, &subject, "a-1", &AssessmentOf::default(), on);
        assert_eq!(question.determinations[0].outcome, "major");
    }

    #[test]
    fn what_was_determined_not_major_counts_as_the_lesser_severity() {
        let rulebook = shipped::pingshan(Layer::Building);
        let severity = |determined| {
            let on = crate::given::day("2026-03-02");
            registered(&rulebook, &Subject::default(), &suspected(determined), ("a-1", Some(on)), on)
                .map(|one| one.severity)
        };
        assert_eq!(severity(None).as_deref(), Some("major"));
        assert_eq!(severity(Some(true)).as_deref(), Some("major"));
        assert_eq!(severity(Some(false)).as_deref(), Some("serious"));
    }
}

//! The invariants of docs/architecture.md, as far as rules and folds hold them, each by its name.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::Value;

use super::district::{District, PEOPLE, rulebook};
use crate::derivation::SchemeRef;
use crate::event::aggregate_type;
use crate::facts::Role;
use crate::passing::{begins, passed};
use crate::reaction::{Rulebooks, compute};
use crate::recorded::subject_of;
use crate::rulebook::Layer;
use crate::subject::Subject;

type Checked = Result<(), TestCaseError>;

/// Reads the log for itself, entry by entry, and believes nothing else.
#[derive(Default)]
pub(super) struct Auditor {
    read: usize,
    subjects: BTreeMap<String, Subject>,
    marks: BTreeSet<String>,
    /// Who entered a result, by premises, assessment and indicator.
    entered: BTreeMap<[String; 3], String>,
    finders: BTreeMap<String, String>,
    /// Who confirmed the ban that is in force, by the stream of the grade.
    bans: BTreeMap<String, String>,
}

impl Auditor {
    /// Every invariant, on what was recorded since the last look.
    pub(super) fn looks_at(&mut self, district: &District) -> Checked {
        for entry in &district.log.entries[self.read..] {
            let position = self.read as u64;
            let recorded = entry.recorded(position);
            self.a_computed_result_is_computed_again_and_is_equal(
                district,
                &entry.stream,
                &entry.data,
                &entry.occurred_at,
            )?;
            self.nothing_is_marked_twice(&entry.stream, &entry.data)?;
            self.duties_are_separated(&entry.stream, &entry.data)?;
            let subject = self.subjects.entry(subject_of(&entry.stream).to_owned()).or_default();
            let bound = |subject: &Subject| subject.grade.in_force().map(|of| of.determination.number);
            let before = bound(subject);
            subject.apply(&recorded);
            let moved = bound(subject) != before;
            let kind = entry.data["type"].as_str().unwrap_or_default();
            prop_assert!(
                !moved || MOVES_WHAT_BINDS.contains(&kind),
                "{kind} moved the grade of {}",
                entry.stream
            );
            self.read += 1;
        }
        self.the_fold_equals_the_rebuild(district)?;
        self.an_adverse_grade_binds_only_when_a_person_confirmed_it()
    }

    /// Invariant 3: rebuilt from zero equals live, at every position.
    fn the_fold_equals_the_rebuild(&self, district: &District) -> Checked {
        for (key, live) in &district.log.subjects {
            let equal = format!("{live:?}") == format!("{:?}", self.subjects[key]);
            prop_assert!(equal, "{} as it is kept is not what its entries make of it", key);
        }
        Ok(())
    }

    /// Invariant 4: every computed result derives again from the entries of the subjects that it names, below it.
    fn a_computed_result_is_computed_again_and_is_equal(
        &mut self,
        district: &District,
        stream: &str,
        data: &Value,
        occurred_at: &str,
    ) -> Checked {
        let Some(derivation) = data.get("derivation") else { return Ok(()) };
        let scheme: SchemeRef = serde_json::from_value(derivation["scheme"].clone()).unwrap();
        let rulebook = district.log.shelf().rulebook(&scheme).unwrap();
        let keys: Vec<String> = serde_json::from_value(derivation["subjects"].clone()).unwrap();
        prop_assert!(keys.is_sorted() && keys.contains(&subject_of(stream).to_owned()), "{:?}", keys);
        let named: BTreeMap<String, Subject> =
            keys.iter().filter_map(|key| self.subjects.remove_entry(key)).collect();
        let kind = data["type"].as_str().unwrap();
        let again = compute(&rulebook, &named, kind, stream, occurred_at.parse().unwrap());
        self.subjects.extend(named);
        let again = again.map_err(|refused| TestCaseError::fail(format!("{kind} in {stream}: {refused}")))?;
        prop_assert_eq!(again.as_ref(), Some(&data["result"]), "{} in {}", kind, stream);
        Ok(())
    }

    /// Invariant 1, of what time brings: nothing twice.
    fn nothing_is_marked_twice(&mut self, stream: &str, data: &Value) -> Checked {
        let (kind, result) = (data["type"].as_str().unwrap_or_default(), &data["result"]);
        let mark = match kind {
            "PatrolMissed" | "HazardFellOverdue" | "AssessmentLapsed" | "DeadlineMissed" => &result["due"],
            "HazardEscalated" => result,
            _ => return Ok(()),
        };
        prop_assert!(
            self.marks.insert(format!("{kind} {stream} {mark}")),
            "{} twice in {}: {}",
            kind,
            stream,
            mark
        );
        Ok(())
    }

    /// Invariant 8: who confirms has not assessed or proposed, who reviews has not found, who decides has not assessed.
    fn duties_are_separated(&mut self, stream: &str, data: &Value) -> Checked {
        let by = data["by"].as_str().unwrap_or_default();
        let subject = self.subjects.get(subject_of(stream));
        let told = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match (aggregate_type(stream), data["type"].as_str().unwrap_or_default()) {
            ("assessment", "IndicatorsChecked") => {
                let key = stream.rsplit('/').next().unwrap_or_default();
                for result in data["results"].as_array().into_iter().flatten() {
                    let what = [subject_of(stream).to_owned(), key.to_owned(), told(&result["indicator"])];
                    self.entered.insert(what, by.to_owned());
                }
            }
            ("hazard", "HazardFound") => {
                let found = data.get("result").unwrap_or(data);
                let what =
                    [subject_of(stream).to_owned(), told(&found["caused_by"]), told(&found["indicator"])];
                let finder = found["by"].as_str().or(self.entered.get(&what).map(String::as_str));
                self.finders.extend(finder.map(|finder| (stream.to_owned(), finder.to_owned())));
            }
            // a channel is nobody: what it attests was said elsewhere
            ("hazard", "HazardReviewed" | "HazardReplyAnswered" | "MajorHazardDetermined")
                if by != "feed" =>
            {
                prop_assert_ne!(self.finders.get(stream).map(String::as_str), Some(by), "{}", stream);
            }
            (
                "grade",
                kind @ ("AdverseGradeConfirmed"
                | "LiftFromProhibitedConfirmed"
                | "ProhibitionConfirmed"
                | "ProhibitionLiftConfirmed"),
            ) => {
                let latest = subject.and_then(|subject| subject.grade.latest.as_ref());
                prop_assert!(latest.is_some_and(|latest| latest.assessor != by), "{} by {}", stream, by);
                self.a_ban_is_the_work_of_several(kind, stream, data)?;
            }
            ("grade", "ProhibitionRefused") => was_proposed(data)?,
            ("appeal", "AppealDecided") => {
                let hands = subject.into_iter().flat_map(|subject| subject.assessments.values());
                let had_a_hand = hands.flat_map(|of| &of.hands).any(|hand| hand == by);
                prop_assert!(!had_a_hand, "{} decided by {}", stream, by);
            }
            _ => {}
        }
        Ok(())
    }

    /// Invariant 8, of a ban on letting: proposed by one person who may, confirmed by another, lifted by a third or the first.
    fn a_ban_is_the_work_of_several(&mut self, kind: &str, stream: &str, data: &Value) -> Checked {
        let by = data["by"].as_str().unwrap_or_default();
        if kind == "ProhibitionConfirmed" {
            was_proposed(data)?;
            let grade = self.subjects.get(subject_of(stream)).map(|subject| &subject.grade);
            let lowest =
                grade.is_some_and(|grade| grade.latest.as_ref().is_some_and(|of| of.star == Some(0)));
            prop_assert!(lowest || data["waiver_ground"].is_string(), "{} banned unheard", stream);
            self.bans.insert(stream.to_owned(), by.to_owned());
        }
        if kind == "ProhibitionLiftConfirmed" {
            let confirmer = self.bans.remove(stream);
            prop_assert!(confirmer.as_ref().is_some_and(|confirmer| confirmer != by), "{} by {}", stream, by);
        }
        Ok(())
    }

    /// Invariant 8: a downgrade to strict or worse, and leaving the lowest grade, bind only by a named person.
    fn an_adverse_grade_binds_only_when_a_person_confirmed_it(&self) -> Checked {
        for (key, subject) in &self.subjects {
            let Some(binding) = subject.grade.in_force() else { continue };
            let of = &binding.determination;
            prop_assert!(
                !of.needs_confirmer || subject.grade.confirmers.contains_key(&of.number),
                "{} binds by nobody: {:?}",
                key,
                of.number
            );
        }
        Ok(())
    }

    /// No overdue thing is left unmarked once a runner came by.
    pub(super) fn all_is_settled(&self, district: &District) -> Checked {
        let now = begins(district.today());
        for own in self.subjects.keys() {
            let left = passed(own, &self.subjects, now, district.log.shelf());
            prop_assert!(left.is_empty(), "{} is left: {:?}", own, left);
        }
        Ok(())
    }
}

/// What a grade in force begins or ends with, and nothing else.
const MOVES_WHAT_BINDS: [&str; 4] =
    ["AdverseGradeConfirmed", "GradeDetermined", "GradeSetAside", "LiftFromProhibitedConfirmed"];

/// What was proposed was proposed by somebody there is, of the authority of its ground, who has not decided on it.
fn was_proposed(data: &Value) -> Checked {
    let (ground, proposer) = (data["ground"].as_str(), data["proposer"].as_str());
    let grounds = &rulebook(Layer::Unit).policy.prohibition_grounds;
    let competent =
        grounds.iter().find(|known| Some(known.id.as_str()) == ground).map(|of| of.competent.as_str());
    let known = PEOPLE.iter().find(|(account, ..)| Some(*account) == proposer);
    let may = known.is_some_and(|(_, role, department)| {
        *role == Role::DepartmentOfficer && department.is_some() && *department == competent
    });
    prop_assert!(may && data["proposer"] != data["by"], "proposed by nobody who may: {}", data);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::conformance::extreme_result;

    /// What the auditor says of a district in which this was recorded of a house, though no rule lets it.
    fn said_of(recorded: &[Value]) -> Checked {
        let mut district = District::founded();
        for data in recorded {
            district.log.hears("2025-01-12", "premises/u-1/grade", data);
        }
        Auditor::default().looks_at(&district)
    }

    fn ban(proposer: &str, by: &str) -> Value {
        json!({
            "type": "ProhibitionConfirmed", "ground": "fire_sealing", "authority": "fire", "scope": "vacate",
            "document_number": "1", "proposer": proposer, "waiver_ground": "imminent_danger", "by": by
        })
    }

    fn lift(by: &str) -> Value {
        json!({ "type": "ProhibitionLiftConfirmed", "document_number": "2", "by": by })
    }

    /// What the auditor says of a case that a row opened which this person entered, and that the other confirmed.
    fn reviewed(entered_by: &str, by: &str) -> Checked {
        let mut district = District::founded();
        let wiring = rulebook(Layer::Unit).indicator("electrical_wiring").unwrap();
        let result = json!({ "indicator": wiring.id, "outcome": extreme_result(wiring, false) });
        let check = json!({ "type": "IndicatorsChecked", "results": [result], "by": entered_by });
        district.log.hears("2025-01-12", "premises/u-1/assessment/a-0", &check);
        let found = json!({
            "type": "HazardFound", "indicator": "electrical_wiring", "severity": "serious", "works": "repair",
            "competent": "housing", "source": "check", "caused_by": "a-0"
        });
        district.log.hears("2025-01-12", "premises/u-1/hazard/h-1", &found);
        let review = json!({ "type": "HazardReviewed", "outcome": "confirmed", "by": by });
        district.log.hears("2025-01-12", "premises/u-1/hazard/h-1", &review);
        Auditor::default().looks_at(&district)
    }

    #[test]
    fn the_auditor_finds_a_review_by_who_entered_what_was_found() {
        assert!(reviewed("a-3", "a-2").is_ok());
        assert!(reviewed("a-2", "a-2").is_err());
    }

    /// An auditor that finds nothing anywhere would find nothing in the district either.
    #[test]
    fn the_auditor_finds_a_ban_that_rests_on_one_person() {
        assert!(said_of(&[ban("a-2", "a-4"), lift("a-7"), ban("a-2", "a-7"), lift("a-4")]).is_ok());
        let refused =
            json!({ "type": "ProhibitionRefused", "ground": "fire_sealing", "proposer": "", "by": "a-4" });
        for wrong in [
            vec![ban("", "a-4")],
            vec![ban("invented", "a-4")],
            vec![ban("a-3", "a-4")],
            vec![ban("a-4", "a-4")],
            vec![ban("a-2", "u-1")],
            vec![ban("a-2", "a-4"), lift("a-4")],
            vec![ban("a-2", "a-4"), lift("u-1")],
            vec![refused],
        ] {
            assert!(said_of(&wrong).is_err(), "{wrong:?}");
        }
    }
}

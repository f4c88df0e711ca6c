//! The steps of every concept, one file each.

mod alert;
mod appeal;
mod association;
mod board;
mod campaign;
mod credit;
mod dispute;
mod grade;
mod hazard;
mod incident;
mod inspection;
mod listing;
mod measure;
mod meeting;
mod notice;
mod party;
mod patrol;
mod premises;
mod record;
mod reevaluation;
mod report;
mod survey;
mod task;
mod visit;

use super::step::Step;

/// The steps of a concept, by the type of its streams.
pub(crate) fn of(concept: &str) -> impl Iterator<Item = &'static Step> {
    let list = ALL.iter().find(|(name, _)| *name == concept).map_or(&[][..], |(_, steps)| steps);
    list.iter()
}

/// Every step that begins a matter under premises, in the order shown.
pub(crate) fn starts() -> impl Iterator<Item = &'static Step> {
    ALL.iter()
        .filter(|(concept, _)| !APART.contains(concept))
        .flat_map(|(_, steps)| steps.iter())
        .filter(|step| step.starts && step.id != measure::HOLD_TRAINING)
}

/// Every step that begins a matter of this concept, which lies under no premises.
pub(crate) fn starts_apart(concept: &str) -> impl Iterator<Item = &'static Step> {
    let apart =
        |step: &&Step| step.starts && (step.concept != "measure" || step.id == measure::HOLD_TRAINING);
    of(concept).filter(apart)
}

/// Concepts whose matters lie under no premises.
const APART: &[&str] = &["alert", "association", "board", "campaign", "meeting", "party"];

/// Every concept with its steps.
pub(crate) const ALL: &[(&str, &[Step])] = &[
    ("hazard", hazard::STEPS),
    ("report", report::STEPS),
    ("visit", visit::STEPS),
    ("patrol", patrol::STEPS),
    ("task", task::STEPS),
    ("notice", notice::STEPS),
    ("grade", grade::STEPS),
    ("appeal", appeal::STEPS),
    ("reevaluation", reevaluation::STEPS),
    ("credit", credit::STEPS),
    ("dispute", dispute::STEPS),
    ("incident", incident::STEPS),
    ("inspection", inspection::STEPS),
    ("measure", measure::STEPS),
    ("listing", listing::STEPS),
    ("survey", survey::STEPS),
    ("premises", premises::STEPS),
    ("record", record::STEPS),
    ("alert", alert::STEPS),
    ("campaign", campaign::STEPS),
    ("meeting", meeting::STEPS),
    ("board", board::STEPS),
    ("association", association::STEPS),
    ("party", party::STEPS),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::web::matter::step::{Code, Kind};
    use crate::web::openapi;

    /// What a command of a concept takes, by the rules' own description, with the parts that it is made of.
    fn described(document: &Value, concept: &str, command: &str) -> Option<String> {
        let schema = document.pointer(&format!("/components/schemas/command-{concept}"))?;
        let ways = ["oneOf", "anyOf"].iter().find_map(|name| schema.get(*name)?.as_array())?;
        let named = format!("\"const\":\"{command}\"");
        let way = ways.iter().find(|way| way.to_string().contains(&named))?;
        let mut told = way.to_string();
        let mut seen = BTreeSet::new();
        while let Some(reference) = next_reference(&told, &seen) {
            told.push_str(&document.pointer(&reference)?.to_string());
            seen.insert(reference);
        }
        Some(told)
    }

    fn next_reference(told: &str, seen: &BTreeSet<String>) -> Option<String> {
        let parts = told.split("\"$ref\":\"#").skip(1);
        let mut found = parts.filter_map(|part| part.split('"').next()).map(str::to_owned);
        found.find(|reference| !seen.contains(reference))
    }

    #[test]
    fn each_step_is_a_command_of_the_rules_with_fields_of_that_command() {
        let document = openapi::document();
        for step in ALL.iter().flat_map(|(_, steps)| steps.iter()) {
            let told = described(&document, step.concept, step.command);
            let told = told.unwrap_or_else(|| panic!("{}: no command {}", step.concept, step.command));
            let fields = step.fields.iter().map(|field| field.name);
            for name in fields.chain(step.given.iter().map(|(name, _)| *name)) {
                let first = name.split('.').next().unwrap_or_default();
                assert!(
                    told.contains(&format!("\"{first}\"")),
                    "{}/{}: {name} in {told}",
                    step.concept,
                    step.id
                );
            }
        }
    }

    #[test]
    fn what_people_ask_of_a_matter_has_a_form() {
        // a system tells these, or another page does
        let elsewhere = [
            ("grade", "invite"),
            ("grade", "publish"),
            ("premises", "amend"),
            ("premises", "move"),
            ("premises", "register"),
            ("record", "correct"),
            ("record", "correct_personal_data"),
            ("record", "disclose"),
            ("record", "issue_evidence"),
            ("record", "provide_personal_data"),
            ("record", "publish_correction"),
            ("record", "rebuild_report"),
            ("record", "record_on_behalf"),
            ("record", "request_personal_data"),
        ];
        let document = openapi::document();
        for (concept, steps) in ALL {
            let schema = &document["components"]["schemas"][format!("command-{concept}")].to_string();
            for part in schema.split("\"const\":\"").skip(1) {
                let command = part.split('"').next().unwrap_or_default();
                let has = steps.iter().any(|step| step.command == command);
                assert!(has || elsewhere.contains(&(concept, command)), "{concept}: {command} has no form");
            }
        }
    }

    #[test]
    fn each_step_has_a_name_of_its_own_and_speaks_both_languages() {
        for (concept, steps) in ALL {
            let ids: BTreeSet<&str> = steps.iter().map(|step| step.id).collect();
            assert_eq!(ids.len(), steps.len(), "{concept}");
            for step in *steps {
                assert_eq!(step.concept, *concept);
                let mut words: Vec<[&str; 2]> = vec![step.label];
                words.extend(step.note.into_iter().chain(step.sure));
                for field in step.fields {
                    words.push(field.label);
                    if let Kind::One(codes) | Kind::Many(codes) = field.kind {
                        words.extend(codes.iter().map(|Code(_, zh, en)| [*zh, *en]));
                    }
                }
                for [zh, en] in words {
                    assert!(
                        !zh.is_empty() && !zh.chars().any(|c| c.is_ascii_alphabetic()),
                        "{}: {zh}",
                        step.id
                    );
                    assert!(
                        !en.is_empty() && en.chars().all(|c| c.is_ascii() || "“”".contains(c)),
                        "{}: {en}",
                        step.id
                    );
                }
            }
        }
        let starts: Vec<&str> = starts().map(|step| step.id).collect();
        let unlike: BTreeSet<&str> =
            starts.iter().copied().chain(of("premises").map(|step| step.id)).collect();
        assert_eq!(
            unlike.len(),
            starts.len() + of("premises").count(),
            "one page has all of them: {starts:?}"
        );
    }
}

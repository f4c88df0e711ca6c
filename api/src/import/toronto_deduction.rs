//! The hazards behind a reactive score. The file has only their sum, so number and kind are supplied by rule:
//!
//! - each time the sum grows, one hazard of as many points as it grew by is found and confirmed;
//! - when it shrinks, hazards are rectified and closed, the newest first, until no more than the sum is left;
//! - where the last one closed was more than what had to go, the rest of it is found anew.

use serde_json::Value;
use wuping_domain::facts::Facts;
use wuping_domain::hazard::{Command, Found, Hazard, Review};

use crate::import::ImportError;
use crate::import::toronto::decided;

/// The hazards of one row that are open.
#[derive(Debug, Default)]
pub(super) struct Deduction {
    open: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    key: String,
    points: u64,
    state: Hazard,
}

/// What is to be said to the stream of one hazard.
pub(super) struct ToSay {
    /// The stream's last segment.
    pub(super) key: String,
    /// The version it is said to.
    pub(super) expected: u64,
    /// The events.
    pub(super) said: Vec<Value>,
}

impl Deduction {
    /// Points taken off.
    pub(super) fn points(&self) -> u64 {
        self.open.iter().map(|open| open.points).sum()
    }

    /// Bring what is taken off to this sum. `assessment` is what it is taken off from, `key` names a new hazard.
    pub(super) fn bring_to(
        &mut self,
        points: u64,
        assessment: &str,
        key: &str,
        facts: &Facts,
    ) -> Result<Vec<ToSay>, ImportError> {
        let mut to_say = Vec::new();
        while self.points() > points {
            let Some(newest) = self.open.pop() else { break };
            to_say.push(close(newest, facts)?);
        }
        let missing = points - self.points();
        if missing > 0 {
            to_say.push(self.find(missing, assessment, key, facts)?);
        }
        Ok(to_say)
    }

    fn find(
        &mut self,
        points: u64,
        assessment: &str,
        key: &str,
        facts: &Facts,
    ) -> Result<ToSay, ImportError> {
        let found = Found {
            indicator: "reactive".to_owned(),
            severity: "general".to_owned(),
            works: "unknown".to_owned(),
            competent: "licensing_and_standards".to_owned(),
            source: "import".to_owned(),
            suspected: false,
            caused_by: Some(assessment.to_owned()),
            points: Some(points),
            by: None,
            scheme: None,
        };
        let mut state = Hazard::default();
        let find = Command::Find { found, note: None, photos: vec![] };
        let mut said = decided(&mut state, find, facts, key)?;
        let confirm = Command::Review { outcome: Review::Confirmed, reason: None };
        said.extend(decided(&mut state, confirm, facts, key)?);
        self.open.push(Open { key: key.to_owned(), points, state });
        Ok(ToSay { key: key.to_owned(), expected: 0, said })
    }
}

fn close(open: Open, facts: &Facts) -> Result<ToSay, ImportError> {
    let Open { key, mut state, .. } = open;
    let mut said = decided(&mut state, Command::Accept { findings: None, photos: vec![] }, facts, &key)?;
    let closed = Command::Close { how: "rectified".to_owned(), into: None };
    said.extend(decided(&mut state, closed, facts, &key)?);
    Ok(ToSay { key, expected: 2, said })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use wuping_domain::facts::Actor;
    use wuping_domain::premises::Register;
    use wuping_domain::subject::Subject;

    use super::*;

    fn facts() -> Facts {
        let mut subject = Subject::default();
        let register = serde_json::json!({ "layer": "building", "address": "1 Yonge St" });
        subject.premises.register = Some(serde_json::from_value::<Register>(register).unwrap());
        let today = "2026-01-01".parse().unwrap();
        let (actor, stream) = (Actor::channel("import"), String::new());
        Facts { subject: Some(Arc::new(subject)), ..Facts::by(actor, stream, today) }
    }

    fn told(deduction: &mut Deduction, points: u64, key: &str) -> Vec<String> {
        let to_say = deduction.bring_to(points, "2026-0", key, &facts()).unwrap();
        assert_eq!(deduction.points(), points);
        let told = |said: &ToSay| format!("{} {}", said.key, said.said[0]["type"].as_str().unwrap());
        to_say.iter().map(told).collect()
    }

    #[test]
    fn a_worsening_is_one_hazard_and_the_newest_is_closed_first() {
        let mut deduction = Deduction::default();
        assert_eq!(told(&mut deduction, 2, "a"), ["a HazardFound"]);
        assert_eq!(told(&mut deduction, 5, "b"), ["b HazardFound"]);
        assert_eq!(told(&mut deduction, 2, "c"), ["b RectificationAccepted"]);
        assert_eq!(told(&mut deduction, 2, "d"), Vec::<String>::new());
        assert_eq!(told(&mut deduction, 0, "e"), ["a RectificationAccepted"]);
    }

    #[test]
    fn what_is_left_of_a_hazard_that_is_closed_in_part_is_found_anew() {
        let mut deduction = Deduction::default();
        told(&mut deduction, 2, "a");
        told(&mut deduction, 5, "b");
        assert_eq!(
            told(&mut deduction, 1, "c"),
            ["b RectificationAccepted", "a RectificationAccepted", "c HazardFound"]
        );
    }
}

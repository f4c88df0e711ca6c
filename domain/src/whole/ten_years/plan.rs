//! The plan of ten years: who does what on which day, and what must have been marked at their end. It is made by numbers
//! alone, before anything is recorded.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::almanac::{Almanac, FIRST_DAY, LAST_DAY, iso};
use crate::conformance::extreme_result;
use crate::given_log::Log;
use crate::rulebook::{Layer, Rulebook};
use crate::shipped;

/// The street: id, layer, what it lies in.
pub(super) const fn premises() -> [(&'static str, Layer, Option<&'static str>); 5] {
    [
        ("e-1", Layer::Estate, None),
        ("p-1", Layer::Building, Some("e-1")),
        ("u-1", Layer::Unit, Some("p-1")),
        ("u-2", Layer::Unit, Some("p-1")),
        ("u-3", Layer::Unit, Some("p-1")),
    ]
}

/// Something that somebody does on a day.
pub(super) enum Act {
    /// Everything is seen; these indicators fail.
    Assess { id: &'static str, layer: Layer, key: String, but: Value },
    /// Something else is said.
    Say { stream: String, data: Value },
}

/// What is done, and what must come of it.
pub(super) struct Plan {
    acts: BTreeMap<i64, Vec<Act>>,
    expected: Vec<String>,
    /// Days on which somebody went round.
    pub(super) rounds: Vec<i64>,
}

/// Numbers that look like chance and are the same each time.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, limit: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }
}

impl Act {
    pub(super) fn takes_place(&self, log: &mut Log, on: &str) {
        match self {
            Self::Assess { id, layer, key, but } => log.assessed(on, id, key, "campaign", *layer, but),
            Self::Say { stream, data } => log.hears(on, stream, data),
        }
    }
}

impl Plan {
    pub(super) fn of(almanac: &Almanac, seed: u64) -> Self {
        let (mut random, mut plan) =
            (Random::of(seed), Self { acts: BTreeMap::new(), expected: vec![], rounds: vec![] });
        for (id, layer, _) in premises() {
            plan.of_premises(almanac, &mut random, id, layer);
        }
        plan.appeals(almanac, &mut random);
        plan.worker(&mut random);
        plan
    }

    pub(super) fn acts_of(&self, day: i64) -> impl Iterator<Item = &Act> {
        self.acts.get(&day).into_iter().flatten()
    }

    pub(super) fn expected(&self) -> Vec<String> {
        let mut all = self.expected.clone();
        all.sort();
        all
    }

    fn say(&mut self, day: i64, stream: &str, data: Value) {
        if day <= LAST_DAY {
            self.acts.entry(day).or_default().push(Act::Say { stream: stream.to_owned(), data });
        }
    }

    /// What must be marked once the day after `due` has begun, if that is within the ten years.
    fn expect(&mut self, due: i64, mark: String) {
        if due < LAST_DAY {
            self.expected.push(mark);
        }
    }

    /// An assessment every year, and the course of what fails in it; a report in between.
    fn of_premises(&mut self, almanac: &Almanac, random: &mut Random, id: &'static str, layer: Layer) {
        let rulebook = shipped::pingshan(layer);
        let failing: Vec<String> = rulebook
            .scheme
            .indicators
            .iter()
            .filter(|of| {
                of.hazard.as_ref().is_some_and(|hazard| hazard.severity != "major") && of.veto.is_none()
            })
            .map(|of| of.id.clone())
            .collect();
        // an indicator is looked at again only when its last case is over
        let mut busy_until: BTreeMap<String, i64> = BTreeMap::new();
        for year in 0..10 {
            let day = FIRST_DAY + 365 * year + 5 + random.below(300);
            let (key, mut but) = (format!("a-{year}"), serde_json::Map::new());
            let mut found = Vec::new();
            for _ in 0..random.below(3) {
                let indicator = failing[usize::try_from(random.below(failing.len() as i64)).unwrap()].clone();
                if busy_until.get(&indicator).is_none_or(|until| *until < day)
                    && !but.contains_key(&indicator)
                {
                    let worst = extreme_result(rulebook.indicator(&indicator).unwrap(), false);
                    but.insert(indicator.clone(), serde_json::to_value(worst).unwrap());
                    found.push(indicator);
                }
            }
            let but = Value::Object(but);
            self.acts.entry(day).or_default().push(Act::Assess { id, layer, key: key.clone(), but });
            for indicator in found {
                let stream = format!("premises/{id}/hazard/{key}-{indicator}");
                let over = self.course(almanac, random, &rulebook, (&stream, &indicator), day);
                busy_until.insert(indicator, over);
            }
            if random.below(2) == 0 {
                let indicator = failing[usize::try_from(random.below(failing.len() as i64)).unwrap()].clone();
                let reported = day + 1 + random.below(40);
                let report = format!("premises/{id}/report/r-{year}");
                self.say(
                    reported,
                    &report,
                    json!({ "type": "ReportFiled", "category": "fire", "photos": 0, "by": "n" }),
                );
                let checked = reported + random.below(4);
                let hazard = format!("report-r-{year}");
                let true_ = json!({ "type": "ReportSubstantiated", "hazard": hazard, "indicator": indicator, "by": "u-1" });
                self.say(checked, &report, true_);
                if checked <= LAST_DAY {
                    let stream = format!("premises/{id}/hazard/{hazard}");
                    let over = self.course(almanac, random, &rulebook, (&stream, &indicator), checked);
                    let until = busy_until.entry(indicator).or_default();
                    *until = over.max(*until);
                }
            }
        }
    }

    /// A case from the day it was found: reviewed, ordered, served, put right and accepted, each in time, late or never. The
    /// day on which it is over; far away where it never is.
    fn course(
        &mut self,
        almanac: &Almanac,
        random: &mut Random,
        rulebook: &Rulebook,
        (stream, indicator): (&str, &str),
        found: i64,
    ) -> i64 {
        let never = i64::MAX;
        let class = rulebook.indicator(indicator).and_then(|of| of.hazard.clone()).unwrap();
        let term = rulebook.works(&class.works).unwrap().days[&class.severity];
        let working = |rule: &str| rulebook.deadline_rule(rule).unwrap().n;
        let review_due = almanac.working_days_after(found, working("hazard_review"));
        let reviewed = found + random.below(9);
        if reviewed > review_due {
            self.expect(review_due, format!("office {stream} hazard_review {}", iso(review_due)));
        }
        self.say(reviewed, stream, json!({ "type": "HazardReviewed", "outcome": "confirmed", "by": "a-2" }));
        let order = json!({
            "type": "RectificationOrdered", "parties": ["y-1"], "days": term, "document_number": "1", "by": "a-2"
        });
        let order_due = almanac.working_days_after(reviewed, working("rectification_order"));
        let ordered = reviewed + random.below(8);
        if ordered > order_due {
            self.expect(order_due, format!("office {stream} rectification_order {}", iso(order_due)));
        }
        self.say(ordered, stream, order);
        if random.below(10) == 0 {
            // nobody ever serves it: nothing is due, and nothing falls overdue
            return never;
        }
        let served = ordered + random.below(6);
        let (own, case) = stream.split_once("/hazard/").unwrap();
        let notice = format!("{own}/notice/n-{case}");
        let issued = json!({
            "type": "NoticeIssued", "kind": "rectification", "about": stream, "authority": "x", "document_number": "1",
            "legal_basis": "x", "handling_officers": ["a-2"], "text_version": "1", "on": iso(ordered), "by": "a-2"
        });
        self.say(ordered, &notice, issued);
        let on = iso(served);
        self.say(
            served,
            &notice,
            json!({ "type": "NoticeServed", "method": "direct", "on": on, "witnesses": 0, "by": "a-2" }),
        );
        if served > LAST_DAY {
            return never;
        }
        let due = served + i64::from(term);
        let submitted = match random.below(4) {
            0 => never,
            1 => due + 1 + random.below(45),
            _ => served + random.below(i64::from(term) + 1),
        };
        if submitted > due {
            self.expect(due, format!("overdue {stream} {}", iso(due)));
            for (level, after) in [("community", 1), ("subdistrict", 7), ("commission", 30)] {
                let reached = due + after;
                if reached <= submitted.min(LAST_DAY) {
                    let day = iso(reached);
                    self.expected.push(format!("escalated {stream} {} {level} {day}", iso(due)));
                }
            }
        }
        if submitted > LAST_DAY {
            return never;
        }
        self.say(submitted, stream, json!({ "type": "RectificationSubmitted", "by": "y-1" }));
        let accept_due = almanac.working_days_after(submitted, working("acceptance"));
        let accepted = submitted + random.below(9);
        if accepted > accept_due {
            self.expect(accept_due, format!("office {stream} acceptance {}", iso(accept_due)));
        }
        self.say(accepted, stream, json!({ "type": "RectificationAccepted", "by": "a-2" }));
        accepted
    }

    /// An owner appeals every other year; some are never decided.
    fn appeals(&mut self, almanac: &Almanac, random: &mut Random) {
        let n = shipped::pingshan(Layer::Building).deadline_rule("appeal_decide").unwrap().n;
        for year in 1..10 {
            let stream = format!("premises/u-2/appeal/s-{year}");
            let filed = FIRST_DAY + 365 * year + random.below(200);
            let against = json!({ "stream": "premises/u-2/grade", "determination": 1 });
            let file = json!({ "type": "AppealFiled", "against": against, "on": iso(filed), "authorised": true, "by": "y-1" });
            self.say(filed, &stream, file);
            let admitted = filed + random.below(5);
            let due = almanac.working_days_after(admitted, n);
            let admit = json!({
                "type": "AppealAdmitted", "on": iso(admitted), "decide_by": iso(due), "safety_measures_suspended": false,
                "by": "a-5"
            });
            self.say(admitted, &stream, admit);
            let decided = match random.below(3) {
                0 => i64::MAX,
                1 => due + 1 + random.below(20),
                _ => admitted + random.below(due - admitted + 1),
            };
            if decided > due {
                self.expect(due, format!("office {stream} appeal_decide {}", iso(due)));
            }
            let decide = json!({
                "type": "AppealDecided", "outcome": "rejected", "against": against, "on": iso(decided.min(LAST_DAY)),
                "document_number": "1", "reason_codes": ["unfounded"], "by": "a-6"
            });
            self.say(decided, &stream, decide);
        }
    }

    /// The grid worker goes round when it suits.
    fn worker(&mut self, random: &mut Random) {
        let mut day = FIRST_DAY + 20;
        while day <= LAST_DAY {
            let visit = json!({ "type": "VisitMade", "kind": "patrol", "by": "u-1" });
            self.say(day, &format!("premises/p-1/visit/v-{day}"), visit);
            self.rounds.push(day);
            day += 1 + random.below(38);
        }
    }
}

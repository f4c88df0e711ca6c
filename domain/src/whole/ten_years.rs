//! Ten years of one street, day by day: an estate, a building, its units. Assessments every year, hazards, reports, appeals,
//! rounds that are made and rounds that are not, owners that do nothing, offices that are late. Every day that anything
//! ends on is told beforehand by a plan and an almanac that know nothing of the rules' own code; every one of them must be
//! marked, once, with that day.

mod almanac;
mod chain;
mod owed;
mod plan;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use self::almanac::{Almanac, FIRST_DAY, LAST_DAY, iso};
use self::plan::{Plan, Random, premises};
use crate::given_log::{Log, Shelf};
use crate::rulebook::Layer;
use crate::shipped;

/// The street before anything was assessed.
fn street(almanac: &Almanac) -> Log {
    let rulebooks = [Layer::Building, Layer::Estate, Layer::Unit].map(|layer| {
        let mut rulebook = shipped::pingshan(layer);
        rulebook.calendar = almanac.calendar();
        Arc::new(rulebook)
    });
    let mut log = Log::under(Shelf::of(rulebooks));
    for (id, layer, parent) in premises() {
        log.registered(id, layer, parent);
    }
    log
}

/// Lets the ten years pass; a runner comes by on the days that `comes` says, before anybody begins to work.
fn lived(almanac: &Almanac, plan: &Plan, mut comes: impl FnMut(i64) -> bool) -> Log {
    let mut log = street(almanac);
    for day in FIRST_DAY..=LAST_DAY {
        if comes(day) || day == LAST_DAY {
            log.runs(iso(day).parse().unwrap());
        }
        for act in plan.acts_of(day) {
            act.takes_place(&mut log, &iso(day));
        }
    }
    log
}

/// What was marked of the kinds that a plan foresees: kind, stream, day and what else it says.
fn marked(log: &Log) -> Vec<String> {
    let told = log.computed.iter().filter_map(|(kind, stream, result)| {
        let day = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
        Some(match *kind {
            "HazardFellOverdue" => format!("overdue {stream} {}", day("due")),
            "HazardEscalated" => {
                format!("escalated {stream} {} {} {}", day("due"), day("level"), day("reached_on"))
            }
            "DeadlineMissed" if was_asked(result) => {
                format!("office {} {} {}", day("about"), day("deadline"), day("due"))
            }
            _ => return None,
        })
    });
    let mut all: Vec<String> = told.collect();
    all.sort();
    all
}

/// Whether a missed deadline is of something that somebody asked of the office, and so foreseen by a plan.
fn was_asked(result: &Value) -> bool {
    let owed = ["plaque_post", "plaque_put_up", "plaque_take_down", "result_notice", "risk_notice"];
    result["deadline"].as_str().is_none_or(|deadline| !owed.contains(&deadline))
}

/// What the office owed unasked, and missed.
fn missed_unasked(log: &Log) -> Vec<String> {
    let unasked = log.results("DeadlineMissed").into_iter().filter(|result| !was_asked(result));
    let text = |result: &Value, name: &str| result[name].as_str().unwrap().to_owned();
    unasked
        .map(|result| {
            let day = text(result, "due");
            format!("office {} {} {day}", text(result, "about"), text(result, "deadline"))
        })
        .collect()
}

fn missed_rounds(log: &Log) -> Vec<String> {
    log.results("PatrolMissed").iter().map(|missed| missed["due"].as_str().unwrap().to_owned()).collect()
}

/// Whole results by kind and stream, whatever the order in which they were recorded.
fn results(log: &Log, kinds: &[&str]) -> Vec<(String, String, String)> {
    let of = log.computed.iter().filter(|(kind, _, result)| kinds.contains(kind) && was_asked(result));
    let mut all: Vec<_> = of
        .map(|(kind, stream, result): &(&str, String, Value)| {
            ((*kind).to_owned(), stream.clone(), result.to_string())
        })
        .collect();
    all.sort();
    all
}

fn differences(found: &[String], expected: &[String]) -> String {
    let count = |all: &[String]| {
        let mut counted: BTreeMap<String, i64> = BTreeMap::new();
        all.iter().for_each(|one| *counted.entry(one.clone()).or_default() += 1);
        counted
    };
    let (mut found, expected) = (count(found), count(expected));
    for (one, n) in expected {
        *found.entry(one).or_default() -= n;
    }
    let of = found.iter().filter(|(_, n)| **n != 0);
    of.map(|(one, n)| format!("{n:+} {one}\n")).collect()
}

#[test]
fn in_ten_years_of_a_street_everything_that_ends_is_marked_once_with_its_day() {
    let almanac = Almanac::made();
    for seed in [7, 2026] {
        let plan = Plan::of(&almanac, seed);
        let log = lived(&almanac, &plan, |_| true);
        let (found, expected) = (marked(&log), plan.expected());
        assert!(expected.len() > 60, "the plan is an idle one: {}", expected.len());
        assert_eq!(differences(&found, &expected), "", "seed {seed}");
        let (found, expected) = (missed_rounds(&log), chain::missed(&log, &plan));
        assert!(expected.len() > 100, "hardly a round is missed: {}", expected.len());
        assert_eq!(differences(&found, &expected), "", "seed {seed}");
        chain::assessments_are_due_when_their_months_are_over(&log);
        let (untold, unhung) = (owed::untold(&log, &almanac), owed::unhung(&log, &almanac));
        assert!(untold.len() > 30 && unhung.len() > 10, "{} and {}", untold.len(), unhung.len());
        let unwarned = owed::unwarned(&log);
        let expected: Vec<String> = untold.into_iter().chain(unhung).chain(unwarned).collect();
        assert_eq!(differences(&missed_unasked(&log), &expected), "", "seed {seed}");
        eprintln!(
            "seed {seed}: {} entries, {} marks, {} rounds missed",
            log.entries.len(),
            plan.expected().len(),
            found.len()
        );
    }
}

#[test]
fn a_runner_that_was_away_for_days_marks_the_same_with_the_same_days() {
    let almanac = Almanac::made();
    let plan = Plan::of(&almanac, 7);
    let punctual = lived(&almanac, &plan, |_| true);
    let mut random = Random::of(99);
    let mut back_on = FIRST_DAY;
    let late = lived(&almanac, &plan, |day| {
        let comes = day >= back_on;
        if comes {
            back_on = day + 1 + random.below(30);
        }
        comes
    });
    assert_eq!(differences(&marked(&late), &marked(&punctual)), "");
    let kinds = ["HazardFellOverdue", "HazardEscalated", "DeadlineMissed"];
    assert_eq!(results(&late, &kinds), results(&punctual, &kinds), "to the last member");
    let mut rounds = missed_rounds(&late);
    rounds.sort();
    let before = rounds.len();
    rounds.dedup();
    assert_eq!(rounds.len(), before, "none twice");
    let building = late.subject("premises/p-1");
    let open = building.rounds.patrol.open.as_ref().map(|open| open.due.to_string());
    assert!(open.is_some_and(|due| due >= iso(LAST_DAY)), "no round that was missed is left unmarked");
}

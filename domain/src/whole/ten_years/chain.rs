//! The chain of rounds, gone through day by day: what the levels asked for, what was made, what was missed; and the days on
//! which assessments must have opened by themselves.

use std::collections::BTreeMap;

use serde_json::Value;

use super::almanac::{LAST_DAY, day_of, iso, months_after, parts, read};
use super::plan::Plan;
use crate::given_log::Log;

/// Every due day of a round that nobody made, by the levels that were determined in this log.
pub(super) fn missed(log: &Log, plan: &Plan) -> Vec<String> {
    let asked = asked(log);
    let mut rounds: Vec<i64> = plan.rounds.clone();
    // to assess the building is to have gone round it
    rounds.extend(log.entries.iter().filter_map(|entry| {
        let submitted =
            entry.data["type"] == "AssessmentSubmitted" && entry.stream.starts_with("premises/p-1/");
        submitted.then(|| read(&entry.occurred_at))
    }));
    rounds.sort_unstable();
    let rule_on = |day: i64| asked.iter().rev().find(|(on, _)| *on <= day).map(|(_, rule)| *rule);
    let (mut all, mut from, mut due, mut held) = (Vec::new(), None::<i64>, None::<i64>, None::<Rule>);
    for day in asked[0].0..=LAST_DAY {
        while let Some(ended) = due.filter(|due| *due < day) {
            all.push(iso(ended));
            (from, held) = (Some(ended), rule_on(ended));
            due = held.map(|rule| after(rule, ended));
            // what became stricter since then has its say in the next link
            if let (Some(last), Some(next)) = (from, due) {
                due = Some(brought_forward(&asked, last, next, day));
            }
        }
        if rounds.contains(&day) || from.is_none() {
            (from, held) = (Some(day), rule_on(day));
            due = held.map(|rule| after(rule, day));
        } else if let (Some(last), Some(next)) = (from, due) {
            due = Some(brought_forward(&asked, last, next, day));
        }
    }
    let _ = held;
    all
}

/// A stricter rule that took effect up to today brings the due day forward, but not before the day after it took effect.
fn brought_forward(asked: &[(i64, Rule)], last: i64, due: i64, today: i64) -> i64 {
    let mut due = due;
    for (on, rule) in asked.iter().filter(|(on, _)| *on > last && *on <= today) {
        if *on <= due {
            due = due.min(after(*rule, last).max(on + 1));
        }
    }
    due
}

/// How often, the strictest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Rule {
    Day,
    Week,
    HalfMonth,
    Month,
}

fn after(rule: Rule, last: i64) -> i64 {
    match rule {
        Rule::Day => last + 1,
        Rule::Week => last + 7,
        Rule::Month => months_after(last, 1),
        Rule::HalfMonth => {
            let (year, month, day) = parts(last);
            let next = months_after(day_of(year, month, 1), 1);
            let end_of_next_half = if day <= 15 { next - 1 } else { next + 14 };
            (last + 15).min(end_of_next_half)
        }
    }
}

fn rule_of(level: &str) -> Rule {
    match level {
        "lenient" => Rule::Month,
        "attention" => Rule::HalfMonth,
        "strict" => Rule::Week,
        _ => Rule::Day,
    }
}

/// The strictest rule that building and units asked for, from each day on: by the level that binds, and by one that waits for
/// a person.
fn asked(log: &Log) -> Vec<(i64, Rule)> {
    #[derive(Default)]
    struct Levels {
        binding: BTreeMap<String, (String, u64, String)>,
        pending: Option<String>,
    }
    let mut of: BTreeMap<String, Levels> = BTreeMap::new();
    let mut asked: Vec<(i64, Rule)> = Vec::new();
    for entry in &log.entries {
        let graded = entry.data["type"] == "GradeDetermined" && !entry.stream.starts_with("premises/e-");
        if !graded {
            continue;
        }
        let result: &Value = &entry.data["result"];
        let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
        let levels = of.entry(entry.stream.clone()).or_default();
        levels.pending = None;
        if result["needs_confirmer"] == true {
            levels.pending = Some(text("management_level"));
        } else {
            let number = result["number"].as_u64().unwrap();
            let first = levels.binding.get(&text("assessment")).map_or(number, |(_, first, _)| *first);
            let binding = (text("assessed_on"), first, text("management_level"));
            levels.binding.insert(text("assessment"), binding);
        }
        let all = of.values().flat_map(|levels| {
            levels
                .binding
                .values()
                .max()
                .map(|(_, _, level)| level.as_str())
                .into_iter()
                .chain(levels.pending.as_deref())
        });
        let strictest = all.map(rule_of).min().unwrap();
        let on = read(&text("determined_on"));
        match asked.last_mut() {
            Some((last, rule)) if *last == on => *rule = strictest,
            _ => asked.push((on, strictest)),
        }
    }
    asked
}

/// Each assessment that opened by itself is due when the months of the level last determined are over since the assessment
/// before, and opened on that day or, where another was under way, later.
pub(super) fn assessments_are_due_when_their_months_are_over(log: &Log) {
    let (mut submitted, mut levels): (BTreeMap<String, i64>, BTreeMap<String, String>) = Default::default();
    let mut opened = 0;
    for entry in &log.entries {
        let own = entry.stream.split('/').take(2).collect::<Vec<_>>().join("/");
        let result = &entry.data["result"];
        match entry.data["type"].as_str().unwrap_or_default() {
            "AssessmentSubmitted" => {
                submitted.insert(own, read(&entry.occurred_at));
            }
            "GradeDetermined" => {
                levels.insert(own, result["management_level"].as_str().unwrap_or_default().to_owned());
            }
            "AssessmentOpened" if result["reason"] == "periodic" => {
                let months = match levels[&own].as_str() {
                    "lenient" => 12,
                    "attention" => 6,
                    "strict" => 3,
                    _ => 1,
                };
                let due = months_after(submitted[&own], months);
                assert_eq!(result["due"].as_str().unwrap(), iso(due), "{}", entry.stream);
                opened += 1;
            }
            _ => {}
        }
    }
    assert!(opened > 20, "{opened} opened by themselves");
}

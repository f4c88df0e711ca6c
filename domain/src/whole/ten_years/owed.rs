//! What the office owed in ten years in which it never told a result and never hung a plaque, reckoned from what was
//! determined, by the almanac.

use std::collections::BTreeMap;

use serde_json::Value;

use super::almanac::{Almanac, LAST_DAY, iso, read};
use crate::given_log::Log;

/// Every result that was told too late: by the time another came, or by the end.
pub(super) fn untold(log: &Log, almanac: &Almanac) -> Vec<String> {
    let mut of: BTreeMap<&str, Vec<(i64, bool)>> = BTreeMap::new();
    for (stream, result) in determined(log) {
        let tells = result["direction"] != "same";
        of.entry(stream).or_default().push((day(result, "determined_on"), tells));
    }
    let mut all = Vec::new();
    for (stream, results) in of {
        for (n, (on, _)) in results.iter().enumerate().filter(|(_, (_, tells))| *tells) {
            let until = results.get(n + 1).map_or(LAST_DAY, |(next, _)| *next);
            late(&mut all, almanac, (stream, "result_notice", 5), *on, until);
        }
    }
    all
}

/// Every plaque that did not hang: while a star was in force, and while a level asked for supervision.
pub(super) fn unhung(log: &Log, almanac: &Almanac) -> Vec<String> {
    let mut all = Vec::new();
    let star = |result: &Value| result["star"].as_u64().map(|star| star.to_string());
    for (stream, on, until) in spans(log, star) {
        late(&mut all, almanac, (&stream, "plaque_post", 5), on, until);
    }
    let supervised = |result: &Value| {
        let level = result["management_level"].as_str().unwrap_or_default();
        ["strict", "prohibited"].contains(&level).then(String::new)
    };
    for (stream, on, until) in spans(log, supervised) {
        late(&mut all, almanac, (&stream, "plaque_put_up", 1), on, until);
    }
    all
}

/// Every time in which a level asked that people are warned, be it in force or not yet, and nobody warned them.
pub(super) fn unwarned(log: &Log) -> Vec<String> {
    let mut open: BTreeMap<&str, i64> = BTreeMap::new();
    let mut binds: BTreeMap<&str, bool> = BTreeMap::new();
    let mut all = Vec::new();
    let mut ends = |stream: &str, since: i64, until: i64| {
        if until > since + 1 {
            all.push(format!("office {stream} risk_notice {}", iso(since + 1)));
        }
    };
    for (stream, result) in determined(log) {
        let lowest = result["management_level"] == "prohibited";
        if result["needs_confirmer"] != true {
            binds.insert(stream, lowest);
        }
        let asks = lowest || binds.get(stream) == Some(&true);
        let on = day(result, "determined_on");
        match (open.get(stream).copied(), asks) {
            (None, true) => drop(open.insert(stream, on)),
            (Some(since), false) => {
                open.remove(stream);
                ends(stream, since, on);
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    open.into_iter().for_each(|(stream, since)| ends(stream, since, LAST_DAY));
    all
}

fn late(all: &mut Vec<String>, almanac: &Almanac, (stream, rule, n): (&str, &str, u32), on: i64, until: i64) {
    let due = almanac.working_days_after(on, n);
    if until > due {
        all.push(format!("office {stream} {rule} {}", iso(due)));
    }
}

/// Times in which what binds has this, one after another: the stream, the first day, and the day on which it had another.
fn spans(log: &Log, of: impl Fn(&Value) -> Option<String>) -> Vec<(String, i64, i64)> {
    let mut binding: BTreeMap<(&str, String), (String, u64, Option<String>)> = BTreeMap::new();
    let mut open: BTreeMap<&str, (String, i64)> = BTreeMap::new();
    let mut all = Vec::new();
    for (stream, result) in determined(log) {
        let text = |name: &str| result[name].as_str().unwrap_or_default().to_owned();
        if result["needs_confirmer"] == true {
            continue;
        }
        let number = result["number"].as_u64().unwrap();
        let key = (stream, text("assessment"));
        let first = binding.get(&key).map_or(number, |(_, first, _)| *first);
        binding.insert(key, (text("assessed_on"), first, of(result)));
        let newest = binding.iter().filter(|((own, _), _)| *own == stream).map(|(_, of)| of).max();
        let (now, on) = (newest.and_then(|(_, _, has)| has.clone()), day(result, "determined_on"));
        if let Some((had, since)) = open.get(stream).cloned()
            && now.as_ref() != Some(&had)
        {
            open.remove(stream);
            all.push((stream.to_owned(), since, on));
        }
        if let Some(now) = now {
            open.entry(stream).or_insert((now, on));
        }
    }
    all.extend(open.into_iter().map(|(stream, (_, since))| (stream.to_owned(), since, LAST_DAY)));
    all
}

fn determined(log: &Log) -> impl Iterator<Item = (&str, &Value)> {
    let graded = log.entries.iter().filter(|entry| entry.data["type"] == "GradeDetermined");
    graded.map(|entry| (entry.stream.as_str(), &entry.data["result"]))
}

fn day(result: &Value, name: &str) -> i64 {
    read(result[name].as_str().unwrap())
}

//! Rounds: what premises ask of the patrol, what was made of it, and when the next round is due; told from entries alone,
//! so that whoever reckons late reckons the same.
//!
//! A chain: from the day of a round, or of a missed one, the rule leads to a due day. A round up to that day begins the
//! next link; a due day that ends without one is missed and begins it as well. A rule that becomes stricter meanwhile brings
//! the due day forward, one that is relaxed leaves it. An obstacle that was told by the due day moves it, one told later
//! only forgives the mark.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use crate::aggregate::Concept;
use crate::calendar::add_days;
use crate::derivation::SchemeRef;
use crate::passing::Passed;
use crate::patrol::{self, Assignment, Missed, Patrol, Warned};
use crate::patrol_rule::{Excuse, before_warning, patrol_after, policy_of, rule_of_level, strictest};
use crate::reaction::{Due, Rulebooks};
use crate::recorded::{local_date, subject_of};
use crate::refused::Refused;
use crate::rulebook::policy::{PatrolPolicy, PatrolRule};
use crate::rulebook::{Layer, Rulebook};
use crate::subject::Subject;
use crate::subject::shut_doors::rule_if_never_graded;
use crate::visit_count::VisitMade;

/// What premises ask of rounds, and, of a building, the rounds themselves.
#[derive(Clone, Debug, Default)]
pub struct Rounds {
    /// What they ask, in the order in which it was said.
    pub asks: Vec<Ask>,
    /// The day from which the round that is due is counted.
    pub counted_from: Option<NaiveDate>,
    /// Whether that day was itself missed: then nobody went round on it.
    pub counted_from_missed: bool,
    /// Obstacles, each with the day on which it was told.
    pub excuses: Vec<(Excuse, NaiveDate)>,
    /// Days on which somebody of the office went round, as far as they may still count.
    pub made: BTreeSet<NaiveDate>,
    /// Rounds of all years.
    pub patrol: Patrol,
    /// The rulebook by which they are reckoned: that of the newest grade, or of who asked last.
    pub scheme: Option<SchemeRef>,
    /// Position of the last entry that moved them; of the registration where none did.
    pub since: u64,
    /// Subjects of the units that asked.
    pub units: BTreeSet<String>,
    /// Weather warnings that moved a round, by their subject.
    pub warnings: BTreeMap<String, Warned>,
}

/// What premises ask from a day on.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// From this day.
    pub on: NaiveDate,
    /// By these management levels, determined or in force: rounds are a measure of safety and wait for nobody.
    pub levels: Vec<String>,
    /// Because a major hazard is suspected.
    pub suspected: bool,
    /// Visits in vain to a unit that was never graded.
    pub turned_away: Vec<VisitMade>,
}

/// Where the chain of rounds stands on a day.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Standing {
    /// Nothing is due: nothing asks for rounds, or no day is safe yet.
    Idle,
    /// A due day ended without a round.
    Missed(Link),
    /// A round is due.
    Open(Link),
}

/// One link of the chain.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Link {
    counted_from: NaiveDate,
    due: NaiveDate,
    rule: PatrolRule,
}

impl Rounds {
    /// Take what premises ask now.
    pub(crate) fn ask(&mut self, ask: Ask, position: u64) {
        let nothing = Ask { on: ask.on, levels: vec![], suspected: false, turned_away: vec![] };
        let before = self.asks.last().unwrap_or(&nothing);
        let said = |ask: &Ask| (ask.levels.clone(), ask.suspected, ask.turned_away.clone());
        if said(before) != said(&ask) {
            self.asks.push(ask);
            self.since = position;
        }
    }

    /// Somebody of the office went in.
    pub(crate) fn made_on(&mut self, on: NaiveDate, position: u64) {
        if self.counted_from.is_none_or(|from| from < on) {
            self.patrol.made(on);
            self.made.insert(on);
            self.since = position;
        }
    }

    /// Take an entry of the building's rounds; `own` is its subject.
    pub(crate) fn take(&mut self, own: &str, event: &patrol::Event, on: NaiveDate, position: u64) {
        self.since = position;
        match event {
            patrol::Event::PatrolAssigned(computed) => {
                let others = computed.derivation.subjects.iter();
                let units = others.filter(|key| key.starts_with("premises/") && *key != own);
                self.units.extend(units.cloned());
                self.scheme.get_or_insert_with(|| computed.derivation.scheme.clone());
                self.counted_from_missed &= self.counted_from == Some(computed.result.counted_from);
                self.counted_from = Some(computed.result.counted_from);
                self.made.retain(|made| *made > computed.result.counted_from);
                if let Some(warned) = &computed.result.warning {
                    self.warnings.insert(warned.alert.clone(), warned.clone());
                }
            }
            patrol::Event::PatrolCompleted { on, repeat: false, .. } => {
                self.made.insert(*on);
            }
            patrol::Event::PatrolExcused { excuse, .. } => self.excuses.push((excuse.clone(), on)),
            patrol::Event::PatrolMissed(computed) => {
                self.counted_from = Some(computed.result.due);
                self.counted_from_missed = true;
            }
            patrol::Event::PatrolCompleted { .. } | patrol::Event::PatrolReassigned { .. } => {}
        }
        self.patrol.evolve(event);
        // whether the obstacle was told before the mark or after it
        let excuses = &self.excuses;
        let excused = |due: &NaiveDate| excuses.iter().any(|(of, _)| (of.from..=of.until).contains(due));
        self.patrol.missed.retain(|due| !excused(due));
    }

    /// Where the chain stands on a day, by everything that asks.
    fn standing(
        &self,
        policy: &PatrolPolicy,
        asked: &[(NaiveDate, Option<PatrolRule>)],
        closed_on: Option<NaiveDate>,
        today: NaiveDate,
    ) -> Standing {
        let first = || asked.first().map(|(on, _)| *on).into_iter().chain(self.made.first().copied()).min();
        let Some(mut from) = self.counted_from.or_else(first) else { return Standing::Idle };
        loop {
            let Some((rule, ordinary)) = due_after(policy, asked, from) else { return Standing::Idle };
            let due = self.moved(policy, from, ordinary);
            let made = self.made.iter().find(|made| **made > from && due.is_none_or(|due| **made <= due));
            if let Some(made) = made {
                from = *made;
                continue;
            }
            let Some(due) = due else { return Standing::Idle };
            if closed_on.is_some_and(|closed| closed <= due) {
                return Standing::Idle;
            }
            let link = Link { counted_from: from, due, rule };
            return if due < today { Standing::Missed(link) } else { Standing::Open(link) };
        }
    }

    /// The due day as warnings and obstacles move it; none while no day is safe.
    fn moved(&self, policy: &PatrolPolicy, from: NaiveDate, ordinary: NaiveDate) -> Option<NaiveDate> {
        let last = self.made.range(..=from).next_back().copied().unwrap_or(NaiveDate::MIN);
        // a round that began the link is one, though it is not kept any more
        let missed = self.counted_from_missed && self.counted_from == Some(from);
        let last = if missed { last } else { last.max(from) };
        let mut due = ordinary;
        for warned in self.ruling() {
            let warning = &warned.warning;
            due = match before_warning(policy, warning, last, due) {
                // the round before it was missed, so that it waits for the first safe day
                Some(moved) if moved <= from && due >= warning.effective_on => {
                    let safe_on = warning.safe_on?;
                    if safe_on > from { safe_on } else { due }
                }
                Some(moved) if moved <= from => due,
                moved => moved?,
            };
        }
        let covers = |due: NaiveDate| {
            self.excuses
                .iter()
                .find(|(excuse, told)| *told <= due && (excuse.from..=excuse.until).contains(&due))
        };
        while let Some((excuse, _)) = covers(due) {
            due = add_days(excuse.until, 1);
        }
        Some(due)
    }

    /// Warnings that rule: of two of one kind at once only that of the higher colour.
    fn ruling(&self) -> impl Iterator<Item = &Warned> {
        let ends = |warned: &Warned| warned.warning.safe_on.unwrap_or(NaiveDate::MAX);
        let beats = move |other: &Warned, warned: &Warned| {
            other.warning.kind == warned.warning.kind
                && other.colour > warned.colour
                && other.warning.issued_at.date() < ends(warned)
                && warned.warning.issued_at.date() < ends(other)
        };
        self.warnings.values().filter(move |warned| !self.warnings.values().any(|other| beats(other, warned)))
    }
}

/// What has come to the rounds of a building: a due day that ended, the next round, a round that another level or an alert
/// moves. `subjects` are at least the building, its units and the alerts there are.
pub(crate) fn passed(
    own: &str,
    subjects: &BTreeMap<String, Subject>,
    now: DateTime<Utc>,
    rulebooks: &dyn Rulebooks,
) -> Vec<Passed> {
    let Some(building) = subjects.get(own).filter(|of| is_building(of)) else { return vec![] };
    let of_unit = || asking(own, subjects).find_map(|(_, unit)| unit.rounds.scheme.clone());
    let Some(scheme) = building.rounds.scheme.clone().or_else(of_unit) else { return vec![] };
    let Some(rulebook) = rulebooks.rulebook(&scheme).filter(|rulebook| rulebook.policy.operating) else {
        return vec![];
    };
    let named = subjects_of(own, subjects);
    let passed = |event_type, reaction, due: NaiveDate, alert: Option<&String>| {
        let mut subjects: Vec<String> = alert.into_iter().chain(&named).cloned().collect();
        subjects.sort();
        let stream = format!("{own}/patrol/{}", due.format("%Y"));
        let due = Due { reaction, stream, event_type, scheme: scheme.clone(), subjects };
        Passed { due, since: building.rounds.since }
    };
    let reckon = |alert| reckoned(&rulebook, own, subjects, alert, now).ok().flatten();
    let mut all = Vec::new();
    for alert in alerts_of(own, subjects) {
        let moved = reckon(Some(alert)).and_then(|reckoned| reckoned.assignment(subjects));
        let moved = moved.filter(|moved| moved.warning.is_some());
        all.extend(moved.map(|moved| passed("PatrolAssigned", "alert_round", moved.due, Some(alert))));
    }
    let Some(reckoned) = reckon(None) else { return all };
    let missed = reckoned.missed();
    all.extend(missed.map(|missed| passed("PatrolMissed", "patrol_missed", missed.due, None)));
    let next = reckoned.assignment(subjects);
    all.extend(next.map(|next| passed("PatrolAssigned", "patrol", next.due, None)));
    all
}

/// The round that is due, unless it is assigned already.
pub(crate) fn assignment(
    rulebook: &Rulebook,
    subjects: &BTreeMap<String, Subject>,
    stream: &str,
    as_of: DateTime<Utc>,
) -> Result<Option<Assignment>, Refused> {
    let alert = subjects.keys().find(|key| key.starts_with(ALERT));
    let reckoned = reckoned(rulebook, subject_of(stream), subjects, alert.map(String::as_str), as_of)?;
    Ok(reckoned.and_then(|reckoned| reckoned.assignment(subjects)))
}

/// The due day that ended without a round.
pub(crate) fn missed(
    rulebook: &Rulebook,
    subjects: &BTreeMap<String, Subject>,
    stream: &str,
    as_of: DateTime<Utc>,
) -> Result<Option<Missed>, Refused> {
    let reckoned = reckoned(rulebook, subject_of(stream), subjects, None, as_of)?;
    Ok(reckoned.and_then(|reckoned| reckoned.missed()))
}

/// Where a building's rounds stand, and the alert that was looked at.
struct Reckoned<'a> {
    building: &'a Subject,
    /// A unit asks that did not ask before: it is remembered, so that every later round takes it in.
    newly_asking: bool,
    standing: Standing,
    warning: Option<Warned>,
}

impl Reckoned<'_> {
    fn assignment(self, subjects: &BTreeMap<String, Subject>) -> Option<Assignment> {
        let (Standing::Missed(link) | Standing::Open(link)) = self.standing else { return None };
        let rounds = &self.building.rounds;
        let open = rounds.patrol.open.as_ref().map(|open| open.due);
        // Whoever does not know every unit that asks may only bring a round forward.
        let partial = rounds.units.iter().any(|unit| !subjects.contains_key(unit));
        let known =
            self.warning.as_ref().is_none_or(|warned| rounds.warnings.get(&warned.alert) == Some(warned));
        let said = open == Some(link.due) && known && !self.newly_asking;
        if said || (partial && open.is_some_and(|open| open < link.due)) {
            return None;
        }
        let Link { counted_from, due, rule } = link;
        Some(Assignment { counted_from, due, rule, warning: self.warning.filter(|_| !known) })
    }

    fn missed(&self) -> Option<Missed> {
        let Standing::Missed(link) = self.standing else { return None };
        let open = self.building.rounds.patrol.open.as_ref();
        open.filter(|open| open.due == link.due).map(|open| Missed { due: open.due })
    }
}

fn reckoned<'a>(
    rulebook: &Rulebook,
    own: &str,
    subjects: &'a BTreeMap<String, Subject>,
    alert: Option<&str>,
    as_of: DateTime<Utc>,
) -> Result<Option<Reckoned<'a>>, Refused> {
    let Some(building) = subjects.get(own).filter(|_| rulebook.policy.operating) else { return Ok(None) };
    let policy = policy_of(rulebook)?;
    let known = &building.rounds.units;
    let newly_asking = asking(own, subjects).any(|(key, _)| !known.contains(key));
    let units = asking(own, subjects).map(|(_, unit)| unit);
    let asked = asked(rulebook, policy, std::iter::once(building).chain(units).map(|s| &s.rounds));
    let warned = alert.and_then(|alert| warned(alert, own, subjects));
    let closed_on = building.premises.closed_on;
    let standing = match &warned {
        None => building.rounds.standing(policy, &asked, closed_on, local_date(as_of)),
        Some(warned) => {
            let mut rounds = building.rounds.clone();
            rounds.warnings.insert(warned.alert.clone(), warned.clone());
            rounds.standing(policy, &asked, closed_on, local_date(as_of))
        }
    };
    Ok(Some(Reckoned { building, newly_asking, standing, warning: warned }))
}

/// An alert, where it reaches the building or one of its units and nobody lives there.
fn warned(alert: &str, own: &str, subjects: &BTreeMap<String, Subject>) -> Option<Warned> {
    let of = &subjects.get(alert)?.alert;
    let colour = of.issued.as_ref()?.colour;
    let reached = |(key, place): (&String, &Subject)| {
        (key == own || is_unit_of(place, own)) && place.is_vacant_under(of)
    };
    subjects.iter().any(reached).then_some(())?;
    Some(Warned { alert: alert.to_owned(), colour, warning: of.warning()? })
}

/// Alerts that may move the round that is due next: those in force, and those that ended after the day it is counted from.
fn alerts_of<'a>(own: &str, subjects: &'a BTreeMap<String, Subject>) -> impl Iterator<Item = &'a String> {
    let rounds = subjects.get(own).map(|building| &building.rounds);
    let counted_from = rounds.and_then(|rounds| rounds.counted_from).unwrap_or(NaiveDate::MIN);
    let alerts = subjects.range(ALERT.to_owned()..).take_while(|(key, _)| key.starts_with(ALERT));
    alerts
        .filter(move |(key, of)| {
            let kept = rounds.is_some_and(|rounds| rounds.warnings.contains_key(*key));
            kept || of.alert.safe_on.is_none_or(|safe_on| safe_on > counted_from)
        })
        .map(|(key, _)| key)
}

/// The units of a building that ask, or asked before, for rounds.
fn asking<'a>(
    own: &'a str,
    subjects: &'a BTreeMap<String, Subject>,
) -> impl Iterator<Item = (&'a String, &'a Subject)> {
    let asks = move |(key, unit): &(&String, &Subject)| {
        key.as_str() != own && !unit.rounds.asks.is_empty() && is_unit_of(unit, own)
    };
    subjects.iter().filter(asks)
}

fn is_building(subject: &Subject) -> bool {
    subject.premises.register.as_ref().is_some_and(|of| of.layer == Layer::Building)
}

fn is_unit_of(subject: &Subject, building: &str) -> bool {
    let register = subject.premises.register.as_ref().filter(|register| register.layer == Layer::Unit);
    let parent = register.and_then(|register| register.parent.as_deref());
    parent.is_some() && parent == building.strip_prefix("premises/")
}

/// The building, every unit that asks, and those that asked before.
fn subjects_of(own: &str, subjects: &BTreeMap<String, Subject>) -> Vec<String> {
    let known = subjects.get(own).map(|building| building.rounds.units.clone()).unwrap_or_default();
    let mut named: BTreeSet<String> = known;
    named.extend(asking(own, subjects).map(|(key, _)| key.clone()));
    named.insert(own.to_owned());
    named.into_iter().collect()
}

/// The strictest rule that is asked for, from each day on which it changed.
fn asked<'a>(
    rulebook: &Rulebook,
    policy: &PatrolPolicy,
    rounds: impl IntoIterator<Item = &'a Rounds>,
) -> Vec<(NaiveDate, Option<PatrolRule>)> {
    let all: Vec<&[Ask]> = rounds.into_iter().map(|rounds| rounds.asks.as_slice()).collect();
    let days: BTreeSet<NaiveDate> = all.iter().flat_map(|asks| asks.iter().map(|ask| ask.on)).collect();
    let rule_on = |day: NaiveDate| {
        let asks =
            all.iter().filter_map(|asks| asks.iter().filter(|ask| ask.on <= day).max_by_key(|ask| ask.on));
        let rules: Vec<PatrolRule> = asks
            .flat_map(|ask| {
                // a level that only another rulebook knows has no rule here
                let levels = ask.levels.iter().filter_map(|level| rule_of_level(rulebook, level).ok());
                let shut = rule_if_never_graded(rulebook, &ask.turned_away);
                levels.chain(ask.suspected.then_some(policy.suspected_major_rule)).chain(shut)
            })
            .collect();
        strictest(policy, &rules)
    };
    let mut changes: Vec<(NaiveDate, Option<PatrolRule>)> = Vec::new();
    for day in days {
        let rule = rule_on(day);
        if changes.last().is_none_or(|(_, before)| *before != rule) {
            changes.push((day, rule));
        }
    }
    changes
}

/// The rule and the due day counted from a day: where no rule holds yet, from the day one takes effect. A stricter rule
/// brings the day forward, with the policy's grace.
fn due_after(
    policy: &PatrolPolicy,
    asked: &[(NaiveDate, Option<PatrolRule>)],
    from: NaiveDate,
) -> Option<(PatrolRule, NaiveDate)> {
    let held = asked.iter().rev().find(|(on, _)| *on <= from).and_then(|(_, rule)| *rule);
    let later = || asked.iter().filter(|(on, _)| *on > from).filter_map(|(on, rule)| Some((*on, (*rule)?)));
    let (from, mut rule) = match held {
        Some(rule) => (from, rule),
        None => later().next()?,
    };
    let mut due = patrol_after(policy, rule, from);
    for (on, stricter) in later().filter(|(on, _)| *on > from) {
        let forward = patrol_after(policy, stricter, from).max(add_days(on, policy.regrade_grace_days));
        if on <= due && forward < due {
            (rule, due) = (stricter, forward);
        }
    }
    Some((rule, due))
}

/// How the subjects of alerts begin.
pub(crate) const ALERT: &str = "alert/";

#[cfg(test)]
mod tests;

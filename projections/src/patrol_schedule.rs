//! Patrol schedule: when each building must be gone round next. The rule is the strictest of its own level's, its units'
//! and that of a suspected major hazard; a determination counts from the day it is made, bound or not, since rounds are
//! a measure of safety. Buildings under a rulebook that does not operate have none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use wuping_domain::aggregate::Concept;
use wuping_domain::assessment;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::event::Event;
use wuping_domain::patrol::{self, OpenRound, Patrol};
use wuping_domain::patrol_rule::{PatrolDue, PatrolQuestion, patrol};
use wuping_domain::recorded::Recorded;
use wuping_domain::rulebook::policy::PatrolRule;
use wuping_domain::rulebook::{Layer, Rulebook};
use wuping_domain::visit;

use crate::error::ViewsError;
use crate::hazards::suspected_major;
use crate::held::Held;
use crate::premises::id_of;
use crate::tx::{Tx, signed, write};

/// Raised when the fold or its rows change.
pub const VERSION: u32 = 4;

/// The rounds of a building, as far as entries tell.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Rounds {
    /// The last day on which somebody of the office went in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_round: Option<NaiveDate>,
    /// How many units ask for rounds by each management level.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unit_levels: BTreeMap<String, u64>,
    /// In how many units a major hazard is suspected.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub units_suspected: u64,
    /// The rulebook of the unit that last asked: used where the building itself has no grade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_scheme: Option<SchemeRef>,
    /// The rule, and the day it took effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<(PatrolRule, NaiveDate)>,
    /// The round that was assigned and is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<OpenRound>,
    /// The last day on which the next round still meets the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<NaiveDate>,
}

/// What premises ask of rounds.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Demand {
    levels: BTreeSet<String>,
    suspected: bool,
    scheme: SchemeRef,
}

/// Take an entry, after the register, the grade and the hazards took it.
///
/// # Errors
/// If the views file cannot be read, a rulebook is missing or refuses.
pub fn apply(tx: &mut Tx, recorded: &Recorded<Event>) -> Result<(), ViewsError> {
    let Some(id) = id_of(recorded) else { return Ok(()) };
    let on = recorded.holds_from();
    let held = tx.held(id)?;
    match &recorded.event {
        Event::Assessment(assessment::Event::AssessmentSubmitted { .. })
        | Event::Patrol(patrol::Event::PatrolCompleted { repeat: false, .. })
        | Event::Visit(visit::Event::VisitMade { .. }) => {
            held.rounds.last_round = held.rounds.last_round.max(Some(on));
            held.rounds.assign(|patrol| match &recorded.event {
                Event::Patrol(event) => patrol.evolve(event),
                _ => patrol.made(on),
            });
            held.dirty.state = true;
        }
        Event::Patrol(event) => {
            held.rounds.assign(|patrol| patrol.evolve(event));
            held.dirty.state = true;
        }
        Event::Grade(_) | Event::Hazard(_) | Event::Premises(_) => {}
        Event::Access(_)
        | Event::Account(_)
        | Event::Alert(_)
        | Event::Appeal(_)
        | Event::Assessment(_)
        | Event::Association(_)
        | Event::Authority(_)
        | Event::Board(_)
        | Event::Campaign(_)
        | Event::Credit(_)
        | Event::Dispute(_)
        | Event::Incident(_)
        | Event::Inspection(_)
        | Event::Listing(_)
        | Event::Measure(_)
        | Event::Meeting(_)
        | Event::Notice(_)
        | Event::Other(_)
        | Event::Party(_)
        | Event::Draft(_)
        | Event::Publication(_)
        | Event::Record(_)
        | Event::Reevaluation(_)
        | Event::Report(_)
        | Event::Survey(_)
        | Event::Task(_)
        | Event::Visit(_) => return Ok(()),
    }
    match held.layer() {
        Some(Layer::Building) => settle(tx, id, on),
        Some(Layer::Unit) => ask_building(tx, id, on),
        Some(Layer::Estate) | None => Ok(()),
    }
}

/// What these premises ask for: nothing while nothing was determined.
fn demand(held: &Held) -> Option<Demand> {
    let latest = held.book.latest().filter(|_| held.is_open())?;
    let grade = held.book.grade();
    let pending = grade.waiting().and_then(|(determination, _)| determination.management_level.clone());
    let binds = grade.in_force().and_then(|binding| binding.determination.management_level.clone());
    let suspected = suspected_major(held);
    Some(Demand {
        levels: pending.into_iter().chain(binds).collect(),
        suspected,
        scheme: latest.origin.scheme,
    })
}

/// Tell a unit's building what the unit asks for, where that changed.
fn ask_building(tx: &mut Tx, id: &str, on: NaiveDate) -> Result<(), ViewsError> {
    let held = tx.held(id)?;
    let parent = held.premises.register.as_ref().and_then(|register| register.parent.clone());
    let asks = parent.zip(demand(held));
    if asks == held.asked {
        return Ok(());
    }
    let asked = std::mem::replace(&mut held.asked, asks.clone());
    held.dirty.state = true;
    let buildings: BTreeSet<String> =
        asked.iter().chain(&asks).map(|(building, _)| building.clone()).collect();
    for building in buildings {
        let held = tx.held(&building)?;
        held.dirty.state = true;
        let rounds = &mut held.rounds;
        for (_, demand) in asked.iter().filter(|(asked, _)| *asked == building) {
            rounds.take_back(demand);
        }
        for (_, demand) in asks.iter().filter(|(asked, _)| *asked == building) {
            rounds.take(demand);
        }
        settle(tx, &building, on)?;
    }
    Ok(())
}

impl Rounds {
    /// Take what became of the round that is due, by the domain's own rule.
    fn assign(&mut self, step: impl FnOnce(&mut Patrol)) {
        let mut patrol = Patrol { open: self.open.take(), ..Patrol::default() };
        step(&mut patrol);
        self.open = patrol.open;
    }

    fn take(&mut self, demand: &Demand) {
        for level in &demand.levels {
            *self.unit_levels.entry(level.clone()).or_default() += 1;
        }
        self.units_suspected += u64::from(demand.suspected);
        self.unit_scheme = Some(demand.scheme.clone());
    }

    fn take_back(&mut self, demand: &Demand) {
        for level in &demand.levels {
            if let Some(count) = self.unit_levels.get_mut(level) {
                *count = count.saturating_sub(1);
            }
        }
        self.unit_levels.retain(|_, count| *count > 0);
        self.units_suspected = self.units_suspected.saturating_sub(u64::from(demand.suspected));
    }
}

/// Reckon a building's rule and next round again.
fn settle(tx: &mut Tx, id: &str, on: NaiveDate) -> Result<(), ViewsError> {
    let held = tx.held(id)?;
    let own = demand(held);
    let scheme = own.as_ref().map(|own| &own.scheme).or(held.rounds.unit_scheme.as_ref());
    let building = held.is_open() && held.layer() == Some(Layer::Building);
    let scheme = scheme.filter(|_| building).cloned();
    let rulebook = scheme.map(|scheme| tx.rulebook(&scheme)).transpose()?;
    let governs = |rulebook: &Arc<Rulebook>| rulebook.policy.operating && rulebook.policy.patrol.is_some();
    let rulebook = rulebook.filter(governs);
    let position = tx.position;
    let held = tx.held(id)?;
    let reckoned = match &rulebook {
        Some(rulebook) => reckon(held, own.as_ref(), rulebook, on, position)?,
        None => None,
    };
    held.rounds.rule = reckoned.map(|(rule, since, _)| (rule, since));
    // what was assigned knows obstacles and warnings too
    let assigned = held.rounds.open.as_ref().map(|open| open.due);
    held.rounds.due = assigned.filter(|_| reckoned.is_some()).or(reckoned.and_then(|(_, _, due)| due));
    held.dirty.rounds = true;
    held.dirty.state = true;
    Ok(())
}

/// The rule, since when, and the next round; none where nothing asks for rounds.
fn reckon(
    held: &Held,
    own: Option<&Demand>,
    rulebook: &Rulebook,
    on: NaiveDate,
    position: u64,
) -> Result<Option<(PatrolRule, NaiveDate, Option<NaiveDate>)>, ViewsError> {
    let rounds = &held.rounds;
    let asked = own.iter().flat_map(|own| own.levels.iter()).chain(rounds.unit_levels.keys());
    // A level that only a unit's other rulebook knows has no rule here.
    let mut levels = asked.filter(|level| rulebook.level(level).is_some()).cloned();
    let Some(management_level) = levels.next() else { return Ok(None) };
    let question = PatrolQuestion {
        management_level,
        unit_levels: levels.collect(),
        suspected_major: own.is_some_and(|own| own.suspected) || rounds.units_suspected > 0,
        last_patrol: rounds.last_round.unwrap_or(on),
        effective_on: None,
        vacant: held.premises.vacant,
        warning: None,
        excused: None,
    };
    let asked = |question: &PatrolQuestion| -> Result<PatrolDue, ViewsError> {
        patrol(rulebook, question).map_err(|refused| ViewsError::Refused {
            position,
            rulebook: rulebook.id.clone(),
            code: refused.error.to_string(),
        })
    };
    let rule = asked(&question)?.rule;
    let since = match rounds.rule {
        Some((before, since)) if before == rule => since,
        _ => on,
    };
    // Where nobody ever went in, the first round counts from the day the rule took effect.
    let last_patrol = rounds.last_round.unwrap_or(since);
    let due = asked(&PatrolQuestion { last_patrol, effective_on: Some(since), ..question })?.due;
    Ok(Some((rule, since, due)))
}

/// The row of a building with a rule.
pub(crate) fn write_row(connection: &Connection, held: &Held) -> Result<(), ViewsError> {
    let Some(number) = held.number else { return Ok(()) };
    let Some((rule, since)) = held.rounds.rule else {
        return write(connection, "DELETE FROM patrol_schedule WHERE number = ?1", [signed(number)]);
    };
    let values = params![
        signed(number),
        held.id,
        rule.code(),
        since.to_string(),
        held.rounds.last_round.map(|on| on.to_string()),
        held.rounds.due.map(|on| on.to_string()),
        suspected_major(held) || held.rounds.units_suspected > 0,
        held.rounds.open.as_ref().and_then(|open| open.to.as_ref()),
        held.rounds.open.as_ref().and_then(|open| open.route.as_ref()),
    ];
    write(connection, "REPLACE INTO patrol_schedule VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", values)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

//! The street as the runner knows it: which premises there are, which lie in which, who answers for them, when each is to be
//! looked at again, and each joint meeting, whose resolutions have their days. It is read from the log, entry by entry, and lost with
//! the process.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use wuping_domain::aggregate::Concept;
use wuping_domain::alert::{self, Alert};
use wuping_domain::calendar::add_days;
use wuping_domain::event::Event;
use wuping_domain::passing::HORIZON_DAYS;
use wuping_domain::recorded::subject_of;
use wuping_domain::rulebook::Layer;
use wuping_domain::{credit, party, premises};
use wuping_ledger::reader::Reader;
use wuping_ledger::recorded::RecordedRow;
use wuping_ledger::timestamp::Timestamp;
use wuping_projections::recording::recorded;

use super::look::Look;
use super::{RunError, in_background};
use crate::app::App;

/// Premises and alerts, as far as the log was read.
#[derive(Debug, Default)]
pub(super) struct Street {
    walked_up_to: u64,
    places: HashMap<String, Place>,
    alerts: BTreeMap<String, Alert>,
    /// What matters to a party, by its subject.
    parties: HashMap<String, Answering>,
    /// Parties that ever objected or asked for repair: a later rulebook may fix by when they are answered.
    asked: BTreeSet<String>,
    /// When premises and parties are to be looked at again, the earliest first; and the day of each.
    wakes: BTreeSet<(NaiveDate, String)>,
    wakes_on: HashMap<String, NaiveDate>,
}

/// What is known of a party.
#[derive(Debug, Default)]
struct Answering {
    /// The party that it is one with, and that goes on.
    into: Option<String>,
    /// Parties that were merged into it.
    merged: BTreeSet<String>,
    /// Premises that ever named it, or that its conduct rests on.
    premises: BTreeSet<String>,
}

/// What is known of premises.
#[derive(Debug, Default)]
struct Place {
    /// The building of a unit.
    building: Option<String>,
    /// The units of a building.
    units: Vec<String>,
    /// Parties that ever answered for it, or whose conduct rests on it.
    parties: BTreeSet<String>,
    /// Whether it was ever said that nobody lives there.
    vacant: bool,
}

/// What was recorded since the last walk.
#[derive(Default)]
struct Touched {
    /// Premises of which something was recorded.
    premises: BTreeSet<String>,
    /// Parties of which something was recorded.
    parties: BTreeSet<String>,
    /// Those of the premises whose entries may reach over to their neighbours.
    reaching: BTreeSet<String>,
    /// Those whose entries may reach over to who answers for them.
    reaching_parties: BTreeSet<String>,
    /// Those whose entries may reach over to their building alone.
    reaching_up: BTreeSet<String>,
    /// Whether there was an alert, or one was lifted.
    alert: bool,
    /// Whether a rulebook was published, whose calendar may fix what waited for one anywhere.
    rulebook: bool,
}

impl Street {
    /// Reads on in the log: the premises that are to be looked at because of it.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub(super) async fn walked(&mut self, reader: Reader) -> Result<BTreeSet<String>, RunError> {
        let mut street = std::mem::take(self);
        let walked = in_background(move || {
            let touched = street.walk(&reader);
            (street, touched)
        });
        let (street, touched) = walked.await?;
        *self = street;
        touched
    }

    fn walk(&mut self, reader: &Reader) -> Result<BTreeSet<String>, RunError> {
        let (size, mut touched) = (reader.size()?, Touched::default());
        reader.rows(self.walked_up_to, size, |row| self.take(&row, &mut touched))?;
        self.walked_up_to = size;
        Ok(self.reached(touched))
    }

    fn take(&mut self, row: &RecordedRow<'_>, touched: &mut Touched) -> Result<(), RunError> {
        let subject = subject_of(row.stream);
        if subject.starts_with("alert/") {
            if let Event::Alert(event) = recorded(row)?.event {
                self.alerts.entry(subject.to_owned()).or_default().evolve(&event);
                touched.alert = true;
            }
            return Ok(());
        }
        if row.event_type == "RulebookPublished" {
            touched.rulebook = true;
            return Ok(());
        }
        if subject.starts_with("meeting/") {
            touched.premises.insert(subject.to_owned());
            return Ok(());
        }
        if subject.starts_with("party/") {
            touched.parties.insert(subject.to_owned());
            return self.take_party(subject, row);
        }
        if !subject.starts_with("premises/") {
            return Ok(());
        }
        let under = row.stream[subject.len()..].trim_start_matches('/').split('/').next().unwrap_or_default();
        if under.is_empty() {
            self.register(subject, row)?;
        }
        if REACHING.contains(&under) && !touched.reaching.contains(subject) {
            touched.reaching.insert(subject.to_owned());
        }
        if under == "visit" {
            touched.reaching_up.insert(subject.to_owned());
        }
        if REACHING_PARTIES.contains(&under) && !touched.reaching_parties.contains(subject) {
            touched.reaching_parties.insert(subject.to_owned());
        }
        if !touched.premises.contains(subject) {
            self.places.entry(subject.to_owned()).or_default();
            touched.premises.insert(subject.to_owned());
        }
        Ok(())
    }

    /// What a party is one with, and what its conduct rests on.
    fn take_party(&mut self, subject: &str, row: &RecordedRow<'_>) -> Result<(), RunError> {
        if ["ObjectionRaised", "RepairRequested"].contains(&row.event_type) {
            self.asked.insert(subject.to_owned());
        }
        if !["ConductRecorded", "PartyMerged"].contains(&row.event_type) {
            return Ok(());
        }
        match recorded(row)?.event {
            Event::Credit(credit::Event::ConductRecorded(conduct)) => {
                if let Some(stream) = &conduct.facts().basis.stream {
                    self.answers(subject, subject_of(stream));
                }
            }
            Event::Party(party::Event::PartyMerged { into, .. }) => {
                let into = format!("party/{into}");
                self.parties.entry(into.clone()).or_default().merged.insert(subject.to_owned());
                self.parties.entry(subject.to_owned()).or_default().into = Some(into);
            }
            _ => {}
        }
        Ok(())
    }

    fn answers(&mut self, party: &str, premises: &str) {
        self.parties.entry(party.to_owned()).or_default().premises.insert(premises.to_owned());
        self.places.entry(premises.to_owned()).or_default().parties.insert(party.to_owned());
    }

    /// Where premises lie, who answers for them, and whether nobody lives there.
    fn register(&mut self, subject: &str, row: &RecordedRow<'_>) -> Result<(), RunError> {
        if !REGISTERED.contains(&row.event_type) {
            return Ok(());
        }
        match recorded(row)?.event {
            Event::Premises(
                premises::Event::ResponsibilityConfirmed { claim: named, .. }
                | premises::Event::ResponsiblePartyNamed(named),
            ) => self.answers(&format!("party/{}", named.party), subject),
            Event::Premises(premises::Event::OccupancyChanged { vacant: true, .. }) => {
                self.places.entry(subject.to_owned()).or_default().vacant = true;
            }
            Event::Premises(premises::Event::PremisesRegistered(register))
                if register.layer == Layer::Unit =>
            {
                let Some(parent) = register.parent else { return Ok(()) };
                let building = format!("premises/{parent}");
                let units = &mut self.places.entry(building.clone()).or_default().units;
                if !units.iter().any(|unit| unit == subject) {
                    units.push(subject.to_owned());
                }
                self.places.entry(subject.to_owned()).or_default().building = Some(building);
            }
            _ => {}
        }
        Ok(())
    }

    /// Premises that were touched, and the neighbours that this reaches.
    fn reached(&self, touched: Touched) -> BTreeSet<String> {
        let mut all = touched.premises;
        if touched.rulebook {
            all.extend(self.places.keys().chain(&self.asked).cloned());
        }
        for place in touched.reaching.iter().filter_map(|subject| self.places.get(subject)) {
            all.extend(place.building.iter().chain(&place.units).cloned());
        }
        let visited = touched.reaching_up.iter().filter_map(|subject| self.places.get(subject));
        all.extend(visited.filter_map(|place| place.building.clone()));
        if touched.alert {
            let vacant = self.places.iter().filter(|(_, place)| place.vacant);
            all.extend(vacant.map(|(subject, place)| place.building.as_ref().unwrap_or(subject).clone()));
        }
        let answering = touched.reaching_parties.iter().filter_map(|subject| self.places.get(subject));
        let mut parties: Vec<&String> = answering.flat_map(|place| &place.parties).collect();
        parties.extend(&touched.parties);
        for party in parties {
            // with each party the ones that it is one with, and that go on
            let mut next = Some(party);
            while let Some(party) = next.filter(|party| all.insert((*party).clone())) {
                next = self.parties.get(party).and_then(|answering| answering.into.as_ref());
            }
        }
        all
    }

    /// The first day, up to today, on which something comes to premises, and these premises.
    pub(super) fn first_woken(&mut self, today: NaiveDate) -> Option<(NaiveDate, BTreeSet<String>)> {
        let (day, _) = self.wakes.first().filter(|(day, _)| *day <= today)?;
        let day = *day;
        let mut woken = BTreeSet::new();
        while self.wakes.first().is_some_and(|(on, _)| *on == day) {
            woken.extend(self.wakes.pop_first().map(|(_, subject)| subject));
        }
        Some((day, woken))
    }

    /// Have premises, or a party, looked at again on a day.
    pub(super) fn wakes(&mut self, own: &str, on: NaiveDate) {
        if let Some(before) = self.wakes_on.insert(own.to_owned(), on) {
            self.wakes.remove(&(before, own.to_owned()));
        }
        self.wakes.insert((on, own.to_owned()));
    }

    /// A look at premises with the neighbours that matter to them, or at a party with what matters to it.
    pub(super) fn look(&self, own: &str, app: &App, now: Timestamp) -> Look {
        let mut others = Vec::new();
        if own.starts_with("party/") {
            others.extend(self.of_party(own));
        } else if let Some(place) = self.places.get(own) {
            others.extend(place.building.iter().chain(&place.units).cloned());
            let vacant = |key: &String| self.places.get(key).is_some_and(|place| place.vacant);
            if place.building.is_none() && (place.vacant || place.units.iter().any(vacant)) {
                others.extend(self.alerts_at(now));
            }
        }
        Look { reader: app.reader().clone(), shelf: app.shelf.clone(), own: own.to_owned(), others, now }
    }

    /// All that matters to a party: those merged into it, and the premises of all of them.
    fn of_party(&self, own: &str) -> BTreeSet<String> {
        let (mut others, mut next) = (BTreeSet::new(), vec![own]);
        while let Some(party) = next.pop() {
            let Some(answering) = self.parties.get(party) else { continue };
            others.extend(answering.premises.iter().cloned());
            for party in answering.merged.iter().filter(|party| *party != own) {
                if others.insert(party.clone()) {
                    next.push(party);
                }
            }
        }
        others
    }

    /// Alerts that hold, or that ended not so long ago that every round before them is over.
    fn alerts_at(&self, now: Timestamp) -> impl Iterator<Item = String> {
        let today = wuping_domain::recorded::local_date(now.datetime());
        let days = u32::try_from(HORIZON_DAYS).unwrap_or(u32::MAX);
        let matters = move |alert: &alert::Alert| alert.safe_on.is_none_or(|on| add_days(on, days) > today);
        self.alerts.iter().filter(move |(_, alert)| matters(alert)).map(|(key, _)| key.clone())
    }
}

/// What lies under premises and may matter to their neighbours; their own stream has no name.
const REACHING: [&str; 3] = ["", "grade", "hazard"];
/// What lies under premises and may matter to who answers for them.
const REACHING_PARTIES: [&str; 6] = ["", "appeal", "dispute", "grade", "hazard", "inspection"];
/// What of the register is kept.
const REGISTERED: [&str; 4] =
    ["OccupancyChanged", "PremisesRegistered", "ResponsibilityConfirmed", "ResponsiblePartyNamed"];

//! Toronto Fire Services' inspections of residential high-rises, 2017 to 2019: hazards that were found and closed, to the
//! second, and visits that found nothing.
//!
//! An inspection is of an address. Where exactly one building that was registered from that city has it, the inspection is
//! of that building, which says so from then on; any other address becomes premises of its own. Nothing is guessed.
//!
//! Contains information licensed under the Open Government Licence – Toronto.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDateTime;
use serde_json::json;
use wuping_domain::aggregate::Concept;
use wuping_domain::event::Event;
use wuping_domain::hazard::{self, Found, Hazard, Review};
use wuping_domain::patrol::{self, Patrol, Round};
use wuping_domain::premises::{self, Premises, Register};
use wuping_domain::rulebook::imported::ImportPolicy;
use wuping_domain::subject::Subject;
use wuping_ledger::genesis::Ledger;
use wuping_ledger::reader::Reader;
use wuping_ledger::vault::Vault;
use wuping_projections::recording::recorded;

use super::line::{Line, as_key, lines, squeezed};
use super::telling::{Says, Telling, To, instant, policy};
use super::{Lifecycles, TORONTO_FIRE, only};
use crate::import::ImportError;
use crate::import::csv_rows::Table;
use crate::import::registered::building;
use crate::shelf;

pub(super) fn import(
    ledger: &Ledger,
    vault: &Vault,
    tables: Vec<Table>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Lifecycles, ImportError> {
    let compiled = shelf::toronto_fire()?;
    let policy = policy(&compiled)?;
    let table = only(tables)?;
    let rows = read(&table)?;
    let steps = steps(&rows);
    let mut known = Known::of(ledger.reader(), &rows)?;
    let telling = Telling::begin((ledger, vault), KIND, Some(&compiled), steps.len(), progress)?;
    let mut inspections =
        Inspections { hazards: HashMap::new(), known: &mut known, patrols: HashMap::new(), policy, telling };
    let said = inspections.say(&rows, &steps);
    let said = said.and_then(|()| inspections.telling.received(TORONTO_FIRE, &table));
    inspections.telling.finish(said)
}

/// One row: a violation, or an inspection that found none.
struct Inspected<'t> {
    line: Line<'t>,
    address: String,
    opened: NaiveDateTime,
    closed: NaiveDateTime,
    code: &'t str,
}

fn read<'t>(table: &'t Table) -> Result<Vec<Inspected<'t>>, ImportError> {
    let lines = lines(TORONTO_FIRE, table, &COLUMNS, |line| line.number_in("_id").map(str::to_owned))?;
    let read = |line: Line<'t>| {
        let address = squeezed(line.filled("propertyAddress")?);
        line.filled("propertyWard")?;
        let (opened, closed) = (line.moment(OPENED)?, line.moment(CLOSED)?);
        let code = line.cell(CODE);
        Ok(Inspected { address, opened, closed, code, line })
    };
    lines.into_iter().map(read).collect()
}

/// What happens at one moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum What {
    Visited,
    Found,
    Closed,
}

/// All that the rows tell, in the order in which it happened.
fn steps(rows: &[Inspected<'_>]) -> Vec<(NaiveDateTime, usize, What)> {
    let mut steps = Vec::with_capacity(rows.len() * 2);
    for (place, row) in rows.iter().enumerate() {
        if row.code.is_empty() {
            steps.push((row.opened, place, What::Visited));
        } else {
            steps.push((row.opened, place, What::Found));
            // a closing before its opening is told after it all the same
            steps.push((row.closed.max(row.opened), place, What::Closed));
        }
    }
    steps.sort_by_key(|(at, place, _)| (*at, *place));
    steps
}

/// Buildings by the address of an inspection: those an earlier import matched or registered, and those registered from
/// that city with the same address.
struct Known {
    by_name: HashMap<String, String>,
    by_address: HashMap<String, BTreeSet<String>>,
    premises: HashMap<String, (Premises, u64)>,
}

impl Known {
    fn of(reader: &Reader, rows: &[Inspected<'_>]) -> Result<Self, ImportError> {
        let inspected: BTreeSet<&str> = rows.iter().map(|row| row.address.as_str()).collect();
        let mut known =
            Self { by_name: HashMap::new(), by_address: HashMap::new(), premises: HashMap::new() };
        let mut ids = Vec::new();
        reader.last_of_streams(|last| {
            let id = last.stream.strip_prefix("premises/").filter(|id| !id.contains('/'));
            ids.extend(id.filter(|id| id.starts_with(CITY)).map(str::to_owned));
            Ok(())
        })?;
        for id in ids {
            let (mut premises, mut version, mut addresses) = (Premises::default(), 0, BTreeSet::new());
            for entry in reader.stream(&format!("premises/{id}"))? {
                if let Event::Premises(event) = recorded(&entry.row())?.event {
                    premises.evolve(&event);
                }
                // a building may have been registered under several addresses, one after another
                addresses.extend(premises.register.as_ref().map(|register| squeezed(&register.address)));
                version += 1;
            }
            let named = premises.register.as_ref().and_then(|register| register.codes.get(NAMED));
            if let Some(name) = named {
                known.by_name.insert(name.clone(), id.clone());
            }
            addresses.retain(|address| inspected.contains(address.as_str()) && named != Some(address));
            if addresses.is_empty() || id.starts_with(OWN) {
                continue;
            }
            for address in addresses {
                known.by_address.entry(address).or_default().insert(id.clone());
            }
            // the rows tell of days before a closing, which holds from the day of an import
            premises.closed_on = None;
            known.premises.insert(id, (premises, version));
        }
        Ok(known)
    }
}

struct Inspections<'a, 'k, 'p> {
    hazards: HashMap<usize, Hazard>,
    known: &'k mut Known,
    patrols: HashMap<String, Patrol>,
    policy: &'a ImportPolicy,
    telling: Telling<'a, 'p>,
}

impl Inspections<'_, '_, '_> {
    fn say(
        &mut self,
        rows: &[Inspected<'_>],
        steps: &[(NaiveDateTime, usize, What)],
    ) -> Result<(), ImportError> {
        let mut visits = BTreeSet::new();
        let mut homes: HashMap<&str, (String, Arc<Subject>)> = HashMap::new();
        for (_, place, what) in steps {
            let Some(row) = rows.get(*place) else { continue };
            let (id, subject) = match homes.get(row.address.as_str()) {
                Some(home) => home.clone(),
                None => {
                    let home = self.home(row)?;
                    homes.entry(row.address.as_str()).or_insert(home).clone()
                }
            };
            match what {
                What::Visited => self.visited(row, &id, subject)?,
                What::Found => self.found(*place, row, &id, subject)?,
                What::Closed => self.closed(*place, row, &id)?,
            }
            if *what != What::Closed {
                self.look_at(row, &id);
                visits.insert((row.address.as_str(), row.opened, row.closed));
            }
            self.telling.step();
        }
        visits.iter().for_each(|_| self.telling.count("visits"));
        Ok(())
    }

    /// What is odd about the row's times and code.
    fn look_at(&mut self, row: &Inspected<'_>, id: &str) {
        let line = &row.line;
        let times = (line.cell(CLOSED), line.cell(OPENED));
        if row.closed < row.opened {
            self.telling.find("closed_before_opened", line, id, times);
        }
        if row.closed == row.opened {
            self.telling.find("closed_as_opened", line, id, times);
        }
        if line.raw(CODE) != row.code {
            self.telling.find("blanks_around_code", line, id, (line.raw(CODE), row.code));
        }
    }

    /// The premises of an address: those it was matched with before, the one building with that address, or its own.
    fn home(&mut self, row: &Inspected<'_>) -> Result<(String, Arc<Subject>), ImportError> {
        let own = format!("{OWN}{}", as_key(&row.address));
        if let Some(id) = self.known.by_name.get(&row.address).filter(|id| **id != own).cloned() {
            self.telling.hear_again(&row.line, MATCHED, &format!("premises/{id}"))?;
            return Ok(self.matched(row, id));
        }
        let here = self.known.by_address.get(&row.address).cloned().unwrap_or_default();
        // what became premises of its own before a building with that address was known stays so
        let is_own = self.known.by_name.contains_key(&row.address);
        if let (Some(id), 1, false) = (here.first(), here.len(), is_own) {
            self.match_with(row, id)?;
            return Ok(self.matched(row, id.clone()));
        }
        if here.len() > 1 {
            let ids: Vec<&str> = here.iter().map(String::as_str).collect();
            let odd = (row.address.as_str(), ids.join(", "));
            self.telling.find("several_buildings", &row.line, &own, odd);
        }
        let times = (row.opened.date(), instant(self.policy, row.opened));
        let told = (register(row), row.line.coordinates("latitude", "longitude"));
        let subject = self.telling.registered(&row.line, &own, times, told, false)?;
        self.telling.count("own_premises");
        Ok((own, subject))
    }

    fn matched(&mut self, row: &Inspected<'_>, id: String) -> (String, Arc<Subject>) {
        self.telling.count("matched_addresses");
        let premises = Premises { register: Some(register(row)), ..Premises::default() };
        let subject = self.telling.take_premises(&id, premises);
        (id, subject)
    }

    /// That inspections of this address are of this building: its register says so from now on.
    fn match_with(&mut self, row: &Inspected<'_>, id: &str) -> Result<(), ImportError> {
        let Some((premises, version)) = self.known.premises.get_mut(id) else { return Ok(()) };
        let mut codes = premises.register.as_ref().map(|held| held.codes.clone()).unwrap_or_default();
        codes.insert(NAMED.to_owned(), row.address.clone());
        let changes = BTreeMap::from([("codes".to_owned(), json!(codes))]);
        let command = premises::Command::Amend { changes, why: "same_address".to_owned(), coordinates: None };
        let says = Says {
            command,
            by: format!("import-{KIND}"),
            on: row.opened.date(),
            supplied: &[],
            cells: false,
        };
        let to = To {
            stream: format!("premises/{id}"),
            what: MATCHED,
            at: instant(self.policy, row.opened),
            expected: Some(*version),
            subject: None,
        };
        self.telling.say(&row.line, to, premises, vec![says])?;
        Ok(())
    }

    /// A visit that found nothing.
    fn visited(&mut self, row: &Inspected<'_>, id: &str, subject: Arc<Subject>) -> Result<(), ImportError> {
        let stream = format!("premises/{id}/patrol/{}", row.opened.format("%Y"));
        let round = Round {
            due: None,
            units_entered: 0,
            units_unanswered: 0,
            units_refused: 0,
            hazards_found: vec![],
        };
        let command = patrol::Command::Complete { round, note: None, photos: vec![] };
        let (by, on) = (inspector(row), row.opened.date());
        let says = Says { command, by, on, supplied: &["by", "units_entered"], cells: true };
        let at = instant(self.policy, row.opened);
        let patrol = self.patrols.entry(stream.clone()).or_default();
        let to = To { stream, what: "visited", at, expected: None, subject: Some(subject) };
        self.telling.say(&row.line, to, patrol, vec![says])?;
        self.telling.count("clean_rows");
        Ok(())
    }

    /// A violation: found by the inspector of the ward, confirmed by another.
    fn found(
        &mut self,
        place: usize,
        row: &Inspected<'_>,
        id: &str,
        subject: Arc<Subject>,
    ) -> Result<(), ImportError> {
        let supply = |value: &Option<String>| value.clone().unwrap_or_default();
        let found = Found {
            indicator: row.code.to_owned(),
            severity: supply(&self.policy.severity),
            works: supply(&self.policy.works),
            competent: supply(&self.policy.competent),
            source: "import".to_owned(),
            suspected: false,
            caused_by: None,
            points: None,
            by: None,
            scheme: self.telling.scheme(),
        };
        let on = row.opened.date();
        let find = Says {
            command: hazard::Command::Find { found, note: None, photos: vec![] },
            by: inspector(row),
            on,
            supplied: &["by", "severity", "works"],
            cells: true,
        };
        let confirm = Says {
            command: hazard::Command::Review { outcome: Review::Confirmed, reason: None },
            by: "toronto-fire-review".to_owned(),
            on,
            supplied: &["by", "effective_from", "outcome"],
            cells: false,
        };
        let to = To {
            stream: format!("premises/{id}/hazard/fire-{}", row.line.key),
            what: "found",
            at: instant(self.policy, row.opened),
            expected: Some(0),
            subject: Some(subject),
        };
        let hazard = self.hazards.entry(place).or_default();
        self.telling.say(&row.line, to, hazard, vec![find, confirm])?;
        self.telling.count("hazards");
        Ok(())
    }

    fn closed(&mut self, place: usize, row: &Inspected<'_>, id: &str) -> Result<(), ImportError> {
        let Some(mut hazard) = self.hazards.remove(&place) else { return Ok(()) };
        let on = row.closed.date();
        let accept = hazard::Command::Accept { findings: None, photos: vec![] };
        let close = hazard::Command::Close { how: "rectified".to_owned(), into: None };
        let says = [accept, close].map(|command| Says {
            command,
            by: inspector(row),
            on,
            supplied: &["by", "how"],
            cells: false,
        });
        let to = To {
            stream: format!("premises/{id}/hazard/fire-{}", row.line.key),
            what: "closed",
            at: instant(self.policy, row.closed),
            expected: Some(2),
            subject: None,
        };
        self.telling.say(&row.line, to, &mut hazard, says.into())?;
        Ok(())
    }
}

fn inspector(row: &Inspected<'_>) -> String {
    format!("toronto-fire-ward-{}", as_key(row.line.cell("propertyWard")))
}

fn register(row: &Inspected<'_>) -> Register {
    let ward = row.line.cell("propertyWard");
    Register {
        codes: BTreeMap::from([(NAMED.to_owned(), row.address.clone())]),
        subdistrict: ward.to_owned(),
        community: ward.to_owned(),
        ..building(row.line.cell("propertyAddress").to_owned())
    }
}

const KIND: &str = "toronto-fire";
/// Premises registered from that city.
const CITY: &str = "toronto-";
/// Addresses that are no building's.
const OWN: &str = "toronto-fire-";
/// The code that says which address's inspections are of a building.
const NAMED: &str = "toronto_fire_address";
const MATCHED: &str = "matched";
const OPENED: &str = "inspections.OpenedDate";
const CLOSED: &str = "Inspections.ClosedDate";
const CODE: &str = "violations.violationFireCode";
const COLUMNS: [&str; 9] = [
    "_id",
    CLOSED,
    OPENED,
    "latitude",
    "longitude",
    "propertyAddress",
    "propertyWard",
    "violations.violationDescription",
    CODE,
];

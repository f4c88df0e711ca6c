//! Toronto's registered apartment buildings: what is registered of each, and its manager as a party that runs it.
//!
//! The managers' names are pseudonyms already in the file: the grouping of buildings is real, the names are not there.
//!
//! Contains information licensed under the Open Government Licence – Toronto.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use wuping_domain::account::Span;
use wuping_domain::aggregate::Concept;
use wuping_domain::event::Event;
use wuping_domain::party::{self, Kind, Particulars, Party, Registration};
use wuping_domain::premises::{self, PartyRole, Premises, Register};
use wuping_domain::recorded::local_date;
use wuping_ledger::genesis::Ledger;
use wuping_ledger::timestamp::Timestamp;
use wuping_ledger::vault::Vault;
use wuping_projections::recording::recorded;

use super::line::{Line, as_key, lines};
use super::telling::{Says, Telling, To};
use super::{Lifecycles, TORONTO_REGISTRATIONS, only};
use crate::import::ImportError;
use crate::import::csv_rows::Table;
use crate::import::registered::building;
use crate::import::toronto_commands::differing;

pub(super) fn import(
    ledger: &Ledger,
    vault: &Vault,
    tables: Vec<Table>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Lifecycles, ImportError> {
    let table = only(tables)?;
    let rows = read(&table)?;
    let telling = Telling::begin((ledger, vault), KIND, None, rows.len(), progress)?;
    let now = Timestamp::now();
    let today = local_date(now.datetime());
    let mut registrations = Registrations { known: BTreeSet::new(), now, telling, today };
    let said = rows.iter().try_for_each(|row| registrations.say(row));
    let said = said.and_then(|()| registrations.telling.received(TORONTO_REGISTRATIONS, &table));
    registrations.telling.finish(said)
}

/// One registered building.
struct Registered<'t> {
    line: Line<'t>,
    register: Register,
    manager: &'t str,
}

fn read<'t>(table: &'t Table) -> Result<Vec<Registered<'t>>, ImportError> {
    let lines =
        lines(TORONTO_REGISTRATIONS, table, &COLUMNS, |line| line.number_in("RSN").map(str::to_owned))?;
    let read = |line: Line<'t>| {
        let count = |column: &str| match line.cell(column) {
            "" => Ok(None),
            _ => Ok::<_, ImportError>(line.number_in(column)?.parse().ok()),
        };
        let ward = line.filled("WARD")?;
        let register = Register {
            codes: BTreeMap::from([("rsn".to_owned(), line.key.clone())]),
            subdistrict: ward.to_owned(),
            community: ward.to_owned(),
            storeys: count("CONFIRMED_STOREYS")?,
            units: count("CONFIRMED_UNITS")?,
            year_built: count("YEAR_BUILT")?,
            tenure: Some(line.cell("PROPERTY_TYPE").to_owned()).filter(|tenure| !tenure.is_empty()),
            ..building(line.filled("SITE_ADDRESS")?.to_owned())
        };
        Ok(Registered { register, manager: line.cell(MANAGER), line })
    };
    lines.into_iter().map(read).collect()
}

/// Registrations on their way into the ledger. The file has no day: it says that all of it is so now.
struct Registrations<'a, 'p> {
    known: BTreeSet<String>,
    now: Timestamp,
    telling: Telling<'a, 'p>,
    today: NaiveDate,
}

impl Registrations<'_, '_> {
    fn say(&mut self, row: &Registered<'_>) -> Result<(), ImportError> {
        let party = (!row.manager.is_empty()).then(|| format!("toronto-{}", as_key(row.manager)));
        match &party {
            Some(party) => self.manager(row, party)?,
            None => self.telling.count("without_manager"),
        }
        self.building(row, party)?;
        self.telling.step();
        Ok(())
    }

    fn manager(&mut self, row: &Registered<'_>, party: &str) -> Result<(), ImportError> {
        if !self.known.insert(party.to_owned()) {
            return Ok(());
        }
        self.telling.count("parties");
        let stream = format!("party/{party}");
        if self.telling.is_of_another(&row.line, "party", &stream)? {
            return Ok(());
        }
        let command = party::Command::Register {
            registration: Registration { kind: Kind::Enterprise, uscc: None },
            particulars: Particulars { name: Some(row.manager.to_owned()), ..Particulars::default() },
        };
        let says = self.says(command, &["effective_from", "kind"], false);
        let to = To { stream, what: "party", at: self.now, expected: Some(0), subject: None };
        self.telling.say(&row.line, to, &mut Party::default(), vec![says])
    }

    /// The building as it is registered, and who runs it. Where another import registered it, it is told only what differs.
    fn building(&mut self, row: &Registered<'_>, party: Option<String>) -> Result<(), ImportError> {
        let id = format!("toronto-{}", row.line.key);
        let stream = format!("premises/{id}");
        let (mut premises, mut version, mut known_before) = (Premises::default(), 0, false);
        for entry in self.telling.ledger.reader().stream(&stream)? {
            let recorded = recorded(&entry.row())?;
            if let Event::Premises(event) = &recorded.event {
                premises.evolve(event);
            }
            let file = recorded.aside.source.as_ref().map(|source| source.file.as_str());
            known_before |= version == 0 && file != Some(TORONTO_REGISTRATIONS);
            version += 1;
        }
        if known_before {
            self.telling.count("known_before");
        }
        if party.is_some() {
            self.telling.count("operators");
        }
        if self.telling.is_told(&row.line, REGISTERED, &stream)? {
            self.telling.hear_again(&row.line, REGISTERED, &stream)?;
            self.telling.take_premises(&id, premises);
            return Ok(());
        }
        // a closing holds from the day of an import, and the registration is as old as the evaluations
        premises.closed_on = None;
        let mut commands = match &premises.register {
            None => vec![premises::Command::Register { register: row.register.clone(), coordinates: None }],
            Some(held) => {
                // the evaluations have the ward's name and a grid, the registrations its number only
                let here = Register {
                    subdistrict: held.subdistrict.clone(),
                    community: held.community.clone(),
                    grid_cell: held.grid_cell.clone(),
                    ..row.register.clone()
                };
                let mut commands = differing(held, &here, |_| true, "registered");
                if commands.is_empty() {
                    let (changes, why) = (BTreeMap::new(), "registered".to_owned());
                    commands.push(premises::Command::Amend { changes, why, coordinates: None });
                }
                commands
            }
        };
        if let Some(party) = party {
            // the publication itself: it is another office's register
            let basis = Some("other_office".to_owned());
            let named = PartyRole { party, role: "operator".to_owned(), span: Span::default(), basis };
            commands.push(premises::Command::NameParty { named, evidence: vec![] });
        }
        let says = commands.into_iter().enumerate();
        let says = says.map(|(place, command)| self.says(command, &["effective_from"], place == 0)).collect();
        let to = To { stream, what: REGISTERED, at: self.now, expected: Some(version), subject: None };
        self.telling.say(&row.line, to, &mut premises, says)?;
        self.telling.take_premises(&id, premises);
        Ok(())
    }

    fn says<C>(&self, command: C, supplied: &'static [&'static str], cells: bool) -> Says<C> {
        Says { command, by: format!("import-{KIND}"), on: self.today, supplied, cells }
    }
}

const KIND: &str = "toronto-registrations";
/// What a row says that registers a building.
const REGISTERED: &str = "registered";
const MANAGER: &str = "PROP_MANAGEMENT_COMPANY_NAME";
const COLUMNS: [&str; 8] = [
    "RSN",
    "SITE_ADDRESS",
    "WARD",
    "CONFIRMED_STOREYS",
    "CONFIRMED_UNITS",
    "YEAR_BUILT",
    "PROPERTY_TYPE",
    MANAGER,
];

//! Parties: who answers for how many premises, in which role, from the entries themselves.

use std::collections::BTreeMap;

use serde::Serialize;
use wuping_domain::aggregate::Concept;
use wuping_domain::event::Event;
use wuping_domain::party::{Kind, Party};
use wuping_domain::premises::Premises;
use wuping_domain::recorded::local_date;
use wuping_ledger::reader::Reader;
use wuping_projections::recording::recorded;

use crate::report::{Question, ReportError};

/// One party. Its name is private, so its id stands for it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct PartyLine {
    /// Its id.
    pub party: String,
    /// Person or enterprise; none of a party that is named somewhere and not registered.
    pub kind: Option<Kind>,
    /// How many premises it answers for on the day asked about, by role.
    pub roles: BTreeMap<String, u64>,
    /// How many premises in all; one that it answers for in two roles counts once.
    pub premises: u64,
}

/// All parties, those with the most premises first. On a day: who answers then; without one, today.
///
/// # Errors
/// [`ReportError`] if the ledger cannot be read or an entry not understood.
pub fn parties(reader: &Reader, question: Question) -> Result<Vec<PartyLine>, ReportError> {
    let on = question.valid_at.unwrap_or_else(|| local_date(chrono::Utc::now()));
    let mut streams = Vec::new();
    reader.last_of_streams(|last| {
        let of_two = last.stream.matches('/').count() == 1;
        let named = last.stream.starts_with("party/") || last.stream.starts_with("premises/");
        streams.extend((of_two && named).then(|| last.stream.to_owned()));
        Ok(())
    })?;
    let mut lines: BTreeMap<String, PartyLine> = BTreeMap::new();
    for stream in streams {
        let (mut premises, mut party) = (Premises::default(), Party::default());
        for entry in reader.stream(&stream)? {
            let recorded = recorded(&entry.row())?;
            match &recorded.event {
                Event::Premises(event) if question.takes(&recorded) => premises.evolve(event),
                Event::Party(event) if question.takes(&recorded) => party.evolve(event),
                _ => {}
            }
        }
        if let (Some(id), Some(registered)) = (stream.strip_prefix("party/"), &party.registered) {
            of(&mut lines, id).kind = Some(registered.kind);
        }
        let mut counted = std::collections::BTreeSet::new();
        for held in premises.parties.iter().filter(|held| held.span.holds_on(on)) {
            let line = of(&mut lines, &held.party);
            *line.roles.entry(held.role.clone()).or_default() += 1;
            line.premises += u64::from(counted.insert(&held.party));
        }
    }
    let mut lines: Vec<PartyLine> = lines.into_values().collect();
    lines.sort_by(|one, other| (other.premises, &one.party).cmp(&(one.premises, &other.party)));
    Ok(lines)
}

fn of<'l>(lines: &'l mut BTreeMap<String, PartyLine>, party: &str) -> &'l mut PartyLine {
    lines.entry(party.to_owned()).or_insert_with(|| PartyLine {
        party: party.to_owned(),
        kind: None,
        roles: BTreeMap::new(),
        premises: 0,
    })
}

//! Assessments: those under way with on whom they wait, and those that ended.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use wuping_domain::aggregate::Concept;
use wuping_domain::assessment::{self, Stage};
use wuping_domain::event::Event;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::recorded::Recorded;

use crate::error::ViewsError;
use crate::held::{Held, OpenAssessment};
use crate::premises::id_of;
use crate::tx::{Tx, json, signed, write};

/// Raised when the fold or its rows change.
pub const VERSION: u32 = 2;

/// Take an entry. An assessment that has ended takes no more.
///
/// # Errors
/// If the views file cannot be read or written, or the rulebook of a new assessment is not kept beside the log.
pub fn apply(tx: &mut Tx, recorded: &Recorded<Event>) -> Result<(), ViewsError> {
    let (Event::Assessment(event), Some(id)) = (&recorded.event, id_of(recorded)) else { return Ok(()) };
    let key = recorded.last_segment();
    if let assessment::Event::AssessmentOpened(opening) = event {
        // Asked for now, so that a missing one stops the fold at the entry that names it.
        tx.rulebook(opening.scheme())?;
        let held = tx.held(id)?;
        let opened = OpenAssessment {
            opened_on: recorded.holds_from(),
            position: recorded.position,
            ..Default::default()
        };
        held.assessments.insert(key.to_owned(), opened);
    }
    let held = tx.held(id)?;
    let Some(open) = held.assessments.get_mut(key) else { return Ok(()) };
    open.state.evolve(event);
    held.dirty.assessments = true;
    held.dirty.state = true;
    if open.state.stage == Stage::Open {
        return Ok(());
    }
    let number = held.number.unwrap_or(recorded.position);
    let Some(ended) = held.assessments.remove(key) else { return Ok(()) };
    let scheme = ended.state.scheme.as_ref();
    let values = params![
        signed(number),
        key,
        id,
        scheme.map_or("", |scheme| scheme.id.as_str()),
        scheme.map_or("", |scheme| scheme.sha256.as_str()),
        ended.state.reason.map_or("", assessment::Reason::code),
        ended.state.lead,
        ended.opened_on.to_string(),
        match ended.state.stage {
            Stage::Submitted => "submitted",
            Stage::Lapsed => "lapsed",
            Stage::Absent | Stage::Open | Stage::Withdrawn => "withdrawn",
        },
        recorded.holds_from().to_string(),
        signed(recorded.position),
        ended.state.results.len(),
    ];
    tx.write(
        "INSERT INTO ended_assessments VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        values,
    )
}

/// The rows of these premises' assessments under way.
pub(crate) fn write_rows(
    connection: &Connection,
    held: &Held,
    rulebooks: &dyn Rulebooks,
) -> Result<(), ViewsError> {
    let Some(number) = held.number else { return Ok(()) };
    write(connection, "DELETE FROM open_assessments WHERE number = ?1", [signed(number)])?;
    for (key, open) in &held.assessments {
        let Some(scheme) = &open.state.scheme else { continue };
        let rulebook = rulebooks.rulebook(scheme).ok_or_else(|| ViewsError::RulebookMissing {
            position: open.position,
            rulebook: scheme.id.clone(),
            sha256: scheme.sha256.clone(),
        })?;
        let missing = open.state.missing(&rulebook);
        let by = |collect: &str| missing.iter().filter(|missing| missing.collect == collect).count();
        let mut departments: BTreeMap<&str, u64> = BTreeMap::new();
        for missing in missing.iter().filter(|missing| missing.collect == "department") {
            *departments.entry(&missing.competent).or_default() += 1;
        }
        let values = params![
            signed(number),
            key,
            held.id,
            scheme.id,
            scheme.sha256,
            open.state.reason.map_or("", assessment::Reason::code),
            open.state.lead,
            open.opened_on.to_string(),
            signed(open.position),
            open.state.results.len(),
            rulebook.scheme.indicators.len(),
            by("grid"),
            by("department"),
            by("feed"),
            by("ledger"),
            json(&departments)?,
        ];
        write(connection, WRITE_OPEN, values)?;
    }
    Ok(())
}

const WRITE_OPEN: &str = "INSERT INTO open_assessments VALUES \
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

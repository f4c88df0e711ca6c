//! Hazards: the register, open and closed.

use rusqlite::{Connection, params};
use wuping_domain::aggregate::Concept;
use wuping_domain::event::Event;
use wuping_domain::hazard::{self, Review, Stage};
use wuping_domain::recorded::Recorded;

use crate::error::ViewsError;
use crate::held::{Held, OpenHazard};
use crate::premises::id_of;
use crate::tx::{Tx, signed, write};

/// Raised when the fold or its rows change.
pub const VERSION: u32 = 3;

/// Take an entry. A closed case takes no more, unless it is found again under its own name.
///
/// # Errors
/// If the views file cannot be read or written.
pub fn apply(tx: &mut Tx, recorded: &Recorded<Event>) -> Result<(), ViewsError> {
    let (Event::Hazard(event), Some(id)) = (&recorded.event, id_of(recorded)) else { return Ok(()) };
    let (key, on) = (recorded.last_segment(), recorded.holds_from());
    let held = tx.held(id)?;
    if matches!(event, hazard::Event::HazardFound(_) | hazard::Event::HazardReopened { .. }) {
        let found = OpenHazard { found_on: on, position: recorded.position, ..Default::default() };
        held.hazards.insert(key.to_owned(), found);
    }
    let Some(open) = held.hazards.get_mut(key) else { return Ok(()) };
    open.state.evolve(event);
    held.dirty.hazards = true;
    held.dirty.state = true;
    match event {
        hazard::Event::HazardReviewed { outcome: Review::Confirmed, .. } => open.confirmed_on = Some(on),
        hazard::Event::RectificationAccepted { .. } => open.accepted_on = Some(on),
        hazard::Event::HazardClosed(closed_as) => {
            let number = held.number.unwrap_or(recorded.position);
            let Some(closed) = held.hazards.remove(key) else { return Ok(()) };
            let (on, how) = (on.to_string(), closed_as.facts().how.clone());
            return row(number, id, key, &closed, Some((&on, &how)), |values| tx.write(WRITE_CLOSED, values));
        }
        hazard::Event::RectificationFoundFalse { .. } => open.accepted_on = None,
        // An upheld objection that there is no such hazard ends what was confirmed.
        hazard::Event::HazardReplyAnswered { .. } if open.state.stage == Stage::Dismissed => {
            open.confirmed_on = None;
        }
        _ => {}
    }
    Ok(())
}

/// Whether a major hazard is suspected here: seen, and not yet determined by its authority.
pub fn suspected_major(held: &Held) -> bool {
    held.hazards.values().any(|open| {
        let suspected = open.state.found.as_ref().is_some_and(|found| found.suspected);
        suspected && open.state.determined.is_none() && open.state.is_open()
    })
}

/// The rows of these premises' open cases.
pub(crate) fn write_rows(connection: &Connection, held: &Held) -> Result<(), ViewsError> {
    let Some(number) = held.number else { return Ok(()) };
    write(connection, "DELETE FROM open_hazards WHERE number = ?1", [signed(number)])?;
    for (key, open) in &held.hazards {
        row(number, &held.id, key, open, None, |values| write(connection, WRITE_OPEN, values))?;
    }
    Ok(())
}

fn row<'a>(
    number: u64,
    id: &'a str,
    key: &'a str,
    open: &'a OpenHazard,
    closed: Option<(&'a str, &'a str)>,
    insert: impl FnOnce(&[&dyn rusqlite::ToSql]) -> Result<(), ViewsError>,
) -> Result<(), ViewsError> {
    let Some(found) = &open.state.found else { return Ok(()) };
    // A closed case keeps the stage that its end tells more of.
    let stage = if closed.is_some() { Stage::Closed } else { open.state.stage };
    insert(params![
        signed(number),
        key,
        id,
        found.indicator,
        found.severity,
        found.works,
        open.state.competent,
        found.source,
        found.suspected,
        open.state.determined,
        open.state.document_number,
        found.points.map(signed),
        found.caused_by,
        found.by,
        stage.code(),
        open.found_on.to_string(),
        open.confirmed_on.map(|on| on.to_string()),
        open.accepted_on.map(|on| on.to_string()),
        closed.map(|(on, _)| on),
        closed.map(|(_, how)| how),
        signed(open.position),
    ])
}

const WRITE_CLOSED: &str = "INSERT INTO closed_hazards VALUES \
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";

const WRITE_OPEN: &str = "INSERT INTO open_hazards VALUES \
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";

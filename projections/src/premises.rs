//! Register: what is public about premises, as amended, with who answers for them and who may assess them.

use rusqlite::{Connection, params};
use wuping_domain::aggregate::Concept;
use wuping_domain::event::Event;
use wuping_domain::recorded::Recorded;

use crate::error::ViewsError;
use crate::held::Held;
use crate::tx::{Tx, json, signed, write};

/// Raised when the fold or its rows change.
pub const VERSION: u32 = 2;

/// Take an entry.
///
/// # Errors
/// If the views file cannot be read.
pub fn apply(tx: &mut Tx, recorded: &Recorded<Event>) -> Result<(), ViewsError> {
    let Some(id) = id_of(recorded) else { return Ok(()) };
    let position = recorded.position;
    let held = tx.held(id)?;
    if held.number.is_none() {
        held.number = Some(position);
        held.dirty.state = true;
    }
    if let Event::Premises(event) = &recorded.event {
        held.premises.evolve(event);
        held.dirty.premises = true;
        held.dirty.state = true;
    }
    Ok(())
}

/// The premises an entry is about; none for entries about anything else.
pub fn id_of(recorded: &Recorded<Event>) -> Option<&str> {
    recorded.subject().strip_prefix("premises/")
}

/// Their row; none before registration.
pub(crate) fn write_row(connection: &Connection, held: &Held) -> Result<(), ViewsError> {
    let (Some(number), Some(register)) = (held.number, &held.premises.register) else { return Ok(()) };
    let values = params![
        signed(number),
        held.id,
        register.layer.to_string(),
        register.parent,
        register.name,
        register.address,
        json(&register.codes)?,
        register.subdistrict,
        register.community,
        register.grid_cell,
        register.storeys,
        register.units,
        register.year_built,
        register.tenure,
        register.structure,
        held.premises.vacant,
        json(&held.premises.tags)?,
        json(&held.premises.parties)?,
        json(&held.premises.assessors)?,
        json(&held.premises.stewards)?,
        held.premises.closed_on.map(|on| on.to_string()),
    ];
    write(connection, WRITE, values)
}

const WRITE: &str = "REPLACE INTO premises VALUES \
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";

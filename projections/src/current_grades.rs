//! Current grades: what is in force, and beside it the newest determination with what it waits for. Two fields, since a
//! lowered grade is determined at once and binds only when a named person has confirmed it.

use rusqlite::{Connection, params};
use wuping_domain::event::Event;
use wuping_domain::grade::PlaqueKind;
use wuping_domain::recorded::Recorded;

use crate::error::ViewsError;
use crate::held::Held;
use crate::premises::id_of;
use crate::tx::{Tx, signed, write};

/// Raised when the fold or its rows change.
pub const VERSION: u32 = 6;

/// Take an entry. The book itself was kept by [`crate::grade_history::apply`], which comes before.
///
/// # Errors
/// If the views file cannot be read.
pub fn apply(tx: &mut Tx, recorded: &Recorded<Event>) -> Result<(), ViewsError> {
    if let (Event::Grade(_), Some(id)) = (&recorded.event, id_of(recorded)) {
        let held = tx.held(id)?;
        held.dirty.grade = true;
        held.dirty.state = true;
    }
    Ok(())
}

/// The row of these premises; none where nothing was ever determined or prohibited.
pub(crate) fn write_row(connection: &Connection, held: &Held) -> Result<(), ViewsError> {
    let Some(number) = held.number else { return Ok(()) };
    let (grade, prohibition) = (held.book.grade(), held.book.grade().prohibition.as_ref());
    let (binds, latest) = (held.book.in_force(), held.book.latest());
    if latest.is_none() && prohibition.is_none() && grade.spared.is_empty() {
        return write(connection, "DELETE FROM current_grades WHERE number = ?1", [signed(number)]);
    }
    let (b, l) = (binds.as_ref().map(|s| &s.determination), latest.as_ref().map(|s| &s.determination));
    let proceeding = grade.waiting().map(|(_, proceeding)| proceeding);
    let values = params![
        signed(number),
        held.id,
        b.map(|b| signed(b.number)),
        b.map(|b| &b.assessment),
        b.map(|b| b.assessed_on.to_string()),
        binds.as_ref().map(|binds| binds.effective_from.to_string()),
        b.map(|b| signed(b.score)),
        b.and_then(|b| b.star),
        b.and_then(|b| b.grade.as_ref()),
        b.map(|b| &b.band),
        b.and_then(|b| b.management_level.as_ref()),
        b.and_then(|b| b.color.as_ref()),
        binds.as_ref().map(|binds| signed(binds.origin.position)),
        binds.as_ref().map(|binds| &binds.origin.scheme.id),
        binds.as_ref().map(|binds| &binds.origin.scheme.sha256),
        l.map(|l| signed(l.number)),
        l.map(|l| &l.assessment),
        l.map(|l| l.assessed_on.to_string()),
        l.map(|l| l.determined_on.to_string()),
        l.map(|l| signed(l.score)),
        l.and_then(|l| l.star),
        l.and_then(|l| l.grade.as_ref()),
        l.map(|l| &l.band),
        l.and_then(|l| l.management_level.as_ref()),
        l.and_then(|l| l.color.as_ref()),
        latest.as_ref().map(|latest| signed(latest.origin.position)),
        latest.as_ref().map(|latest| &latest.origin.scheme.id),
        latest.as_ref().map(|latest| &latest.origin.scheme.sha256),
        l.is_some_and(|l| l.adverse),
        held.book.waiting_for(),
        proceeding.and_then(|p| p.invited_on).map(|on| on.to_string()),
        proceeding.and_then(|p| p.statement_on).map(|on| on.to_string()),
        proceeding.and_then(|p| p.considered_on).map(|on| on.to_string()),
        held.book.is_published(),
        prohibition.map(|p| &p.ground),
        prohibition.map(|p| &p.authority),
        prohibition.map(|p| &p.scope),
        prohibition.map(|p| &p.document_number),
        prohibition.and(held.book.prohibited_from()).map(|on| on.to_string()),
        prohibition.map(|_| signed(held.book.bans)),
        spared(held).map(signed),
        grade.plaques.get(&PlaqueKind::GradePlaque).and_then(|plaque| plaque.shows),
        grade.plaques.contains_key(&PlaqueKind::SupervisionPlaque),
        grade.missing.get(&PlaqueKind::GradePlaque).map(|on| on.to_string()),
        grade.missing.get(&PlaqueKind::SupervisionPlaque).map(|on| on.to_string()),
    ];
    write(connection, WRITE, values)
}

/// The newest prohibition of the building that these premises are in now which an appeal or dispute said does not bind them.
fn spared(held: &Held) -> Option<u64> {
    let building = format!("premises/{}", held.premises.register.as_ref()?.parent.as_ref()?);
    let spared = held.book.grade().spared.iter().filter(|(of, _)| *of == building);
    spared.map(|(_, number)| *number).max()
}

const WRITE: &str = "REPLACE INTO current_grades VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, \
    ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, \
    ?38, ?39, ?40, ?41, ?42, ?43, ?44, ?45)";

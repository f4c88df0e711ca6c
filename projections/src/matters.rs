//! Matters: what runs at premises, of whatever kind, with whom it waits on and what is due next; and what has ended. Told
//! by the domain's docket: no rule stands here.

use rusqlite::{Connection, ToSql, params};
use wuping_domain::event::Event;
use wuping_domain::matter::{Case, Docket};
use wuping_domain::reaction::Rulebooks;
use wuping_domain::recorded::Recorded;

use crate::error::ViewsError;
use crate::held::Held;
use crate::tx::{Tx, json, signed, write};

/// Raised when the fold or its rows change.
pub const VERSION: u32 = 8;

/// Take an entry, after the register took it. What ends for good is written at once.
///
/// # Errors
/// If the views file cannot be read or written.
pub fn apply(tx: &mut Tx, recorded: &Recorded<Event>) -> Result<(), ViewsError> {
    let Some(id) = id_of(recorded).filter(|_| Docket::concerns(&recorded.event)) else { return Ok(()) };
    let rulebooks = tx.rulebooks;
    let held = tx.held(id)?;
    let number = *held.number.get_or_insert(recorded.position);
    let gone = held.docket.take(recorded, held.book.grade(), rulebooks);
    held.dirty.matters = true;
    held.dirty.state = true;
    for case in &gone {
        row(number, case, |values| tx.write(WRITE_OVER, values))?;
    }
    Ok(())
}

/// The rows of what runs here.
pub(crate) fn write_rows(
    connection: &Connection,
    held: &Held,
    rulebooks: &dyn Rulebooks,
) -> Result<(), ViewsError> {
    let Some(number) = held.number else { return Ok(()) };
    write(connection, "DELETE FROM matters_at_hand WHERE number = ?1", [signed(number)])?;
    write(connection, "DELETE FROM matter_hands WHERE number = ?1", [signed(number)])?;
    for case in held.docket.cases(&own(held), rulebooks) {
        row(number, &case, |values| write(connection, WRITE_AT_HAND, values))?;
        for (n, hand) in case.matter.waits_on.iter().enumerate() {
            let values = params![
                signed(number),
                case.matter.stream,
                n,
                hand.role.map(wuping_domain::facts::Role::code),
                hand.department,
                hand.account,
                hand.party,
                hand.from.map(|on| on.to_string()),
                hand.until.map(|on| on.to_string()),
            ];
            write(connection, WRITE_HAND, values)?;
        }
    }
    Ok(())
}

fn row(
    number: u64,
    case: &Case,
    insert: impl FnOnce(&[&dyn ToSql]) -> Result<(), ViewsError>,
) -> Result<(), ViewsError> {
    let Case { matter, opened, changed, ended } = case;
    let next = matter.next();
    insert(params![
        signed(number),
        matter.stream,
        matter.kind.code(),
        matter.stage,
        matter.about,
        matter.detail,
        matter.party,
        matter.department,
        json(&matter.areas)?,
        json(&matter.deadlines)?,
        next.map(|next| &next.rule),
        next.map(|next| next.due.to_string()),
        next.is_some_and(|next| next.provisional),
        next.is_some_and(|next| next.lapses),
        matter.tracking,
        opened.on.to_string(),
        opened.occurred_at.to_rfc3339(),
        opened.recorded_at.to_rfc3339(),
        signed(opened.position),
        changed.recorded_at.to_rfc3339(),
        signed(changed.position),
        matter.ended,
        ended.map(|ended| ended.on.to_string()),
        ended.map(|ended| ended.occurred_at.to_rfc3339()),
        ended.map(|ended| ended.recorded_at.to_rfc3339()),
        ended.map(|ended| signed(ended.position)),
        next.map_or_else(|| NO_DAY.to_owned(), |next| next.due.to_string()),
    ])
}

/// The premises, or the alert, that an entry is about.
fn id_of(recorded: &Recorded<Event>) -> Option<&str> {
    match recorded.event {
        Event::Alert(_) => Some(recorded.subject()),
        _ => crate::premises::id_of(recorded),
    }
}

/// The subject that is held: premises, or an alert.
fn own(held: &Held) -> String {
    if held.id.contains('/') { held.id.clone() } else { format!("premises/{}", held.id) }
}

/// Where nothing is due: after everything that is.
const NO_DAY: &str = "9999-12-31";

const WRITE_AT_HAND: &str = "INSERT INTO matters_at_hand VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, \
    ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27)";

const WRITE_HAND: &str = "INSERT INTO matter_hands VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

const WRITE_OVER: &str = "INSERT INTO matters_over VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, \
    ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27)";

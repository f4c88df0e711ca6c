//! Folding: every projection in its order, and the rows they leave behind.

use rusqlite::Connection;
use wuping_domain::reaction::Rulebooks;

use crate::accounts::{self, Accounts};
use crate::counts::{self, Counts};
use crate::entry::Entry;
use crate::error::ViewsError;
use crate::held::{Cache, Held};
use crate::tx::{Memory, Tx, write};
use crate::{
    assessments, authorities, credit_files, current_grades, grade_history, hazards, kept, matters,
    patrol_schedule, premises, publications, search, undertakings,
};

/// Show an entry to every projection. Those that look at what others keep come after them.
///
/// # Errors
/// The first refusal: nothing of this entry may then be saved.
pub fn apply(tx: &mut Tx, entry: &Entry) -> Result<(), ViewsError> {
    let recorded = &entry.recorded;
    premises::apply(tx, recorded)?;
    grade_history::apply(tx, recorded)?;
    current_grades::apply(tx, recorded)?;
    hazards::apply(tx, recorded)?;
    assessments::apply(tx, recorded)?;
    matters::apply(tx, recorded)?;
    patrol_schedule::apply(tx, recorded)?;
    counts::apply(tx, recorded)?;
    credit_files::apply(tx, recorded)?;
    publications::apply(tx, recorded)?;
    undertakings::apply(tx, recorded)?;
    authorities::apply(tx, recorded)?;
    accounts::apply(tx, entry)
}

/// How rows are written: while a file is built the search index is left out, and filled at its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Writing {
    /// A new file, without indexes.
    Building,
    /// A file that is read meanwhile.
    Live,
}

impl Memory {
    /// What a file has folded so far, or nothing of a new one.
    pub(crate) fn of(connection: &Connection, capacity: usize, stored: bool) -> Result<Self, ViewsError> {
        Ok(Self {
            accounts: Accounts::load(connection)?,
            cache: Cache::new(capacity, stored),
            counts: Counts::load(connection)?,
        })
    }

    /// Let go of premises if there are too many, their rows written.
    pub(crate) fn make_room(
        &mut self,
        connection: &Connection,
        rulebooks: &dyn Rulebooks,
        writing: Writing,
    ) -> Result<(), ViewsError> {
        self.cache.make_room(&mut |held| write_held(connection, held, rulebooks, writing))
    }

    /// Write every row that is behind.
    pub(crate) fn write_all(
        &mut self,
        connection: &Connection,
        rulebooks: &dyn Rulebooks,
        writing: Writing,
    ) -> Result<(), ViewsError> {
        self.cache.write_all(&mut |held| write_held(connection, held, rulebooks, writing))?;
        self.accounts.write_rows(connection)?;
        self.counts.write_rows(connection)
    }
}

fn write_held(
    connection: &Connection,
    held: &mut Held,
    rulebooks: &dyn Rulebooks,
    writing: Writing,
) -> Result<(), ViewsError> {
    if held.dirty.premises {
        write_register(connection, held, writing)?;
    }
    if held.dirty.grade {
        current_grades::write_row(connection, held)?;
    }
    if held.dirty.hazards {
        hazards::write_rows(connection, held)?;
    }
    if held.dirty.assessments {
        assessments::write_rows(connection, held, rulebooks)?;
    }
    if held.dirty.matters {
        matters::write_rows(connection, held, rulebooks)?;
    }
    if held.dirty.rounds {
        patrol_schedule::write_row(connection, held)?;
    }
    write(connection, "REPLACE INTO folded VALUES (?1, ?2)", [&held.id, &kept::write(held)?])
}

fn write_register(connection: &Connection, held: &Held, writing: Writing) -> Result<(), ViewsError> {
    let (Some(number), Some(register)) = (held.number, &held.premises.register) else { return Ok(()) };
    if writing == Writing::Live {
        search::forget(connection, number)?;
    }
    premises::write_row(connection, held)?;
    if writing == Writing::Live {
        let name = register.name.as_deref().unwrap_or_default();
        search::remember(connection, number, name, &register.address, &register.codes)?;
    }
    Ok(())
}

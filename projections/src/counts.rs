//! Counts: how many open premises each subdistrict has, by layer and by the grade in force.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use wuping_domain::event::Event;
use wuping_domain::recorded::Recorded;

use crate::error::ViewsError;
use crate::held::Held;
use crate::premises::id_of;
use crate::tx::{Tx, signed, write};

/// Raised when the fold or its rows change.
pub const VERSION: u32 = 1;

/// As what premises are counted.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Place {
    subdistrict: String,
    layer: String,
    management_level: String,
    /// -1 where there is none.
    star: i64,
    band: String,
}

/// All counts, with whether their rows are behind.
#[derive(Debug, Default)]
pub struct Counts {
    by_place: BTreeMap<Place, u64>,
    dirty: bool,
}

/// Take an entry, after the register and the grade took it.
///
/// # Errors
/// If the views file cannot be read.
pub fn apply(tx: &mut Tx, recorded: &Recorded<Event>) -> Result<(), ViewsError> {
    let (Event::Grade(_) | Event::Premises(_), Some(id)) = (&recorded.event, id_of(recorded)) else {
        return Ok(());
    };
    let held = tx.held(id)?;
    let place = place(held);
    if place == held.counted {
        return Ok(());
    }
    let before = std::mem::replace(&mut held.counted, place.clone());
    held.dirty.state = true;
    tx.counts().move_one(before, place);
    Ok(())
}

impl Counts {
    fn move_one(&mut self, from: Option<Place>, to: Option<Place>) {
        if let Some(from) = from
            && let Some(count) = self.by_place.get_mut(&from)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.by_place.remove(&from);
            }
        }
        if let Some(to) = to {
            *self.by_place.entry(to).or_default() += 1;
        }
        self.dirty = true;
    }

    pub(crate) fn write_rows(&mut self, connection: &Connection) -> Result<(), ViewsError> {
        if !std::mem::take(&mut self.dirty) {
            return Ok(());
        }
        write(connection, "DELETE FROM counts", [])?;
        for (place, count) in &self.by_place {
            let Place { subdistrict, layer, management_level, star, band } = place;
            let values = params![subdistrict, layer, management_level, star, band, signed(*count)];
            write(connection, "INSERT INTO counts VALUES (?1, ?2, ?3, ?4, ?5, ?6)", values)?;
        }
        Ok(())
    }

    pub(crate) fn load(connection: &Connection) -> Result<Self, ViewsError> {
        let reading = ViewsError::database("be read");
        let mut counts = Self::default();
        let mut statement = connection.prepare("SELECT * FROM counts").map_err(&reading)?;
        let mut rows = statement.query([]).map_err(&reading)?;
        while let Some(row) = rows.next().map_err(&reading)? {
            let text = |at| row.get::<_, String>(at).map_err(&reading);
            let place = Place {
                subdistrict: text(0)?,
                layer: text(1)?,
                management_level: text(2)?,
                star: row.get(3).map_err(&reading)?,
                band: text(4)?,
            };
            counts.by_place.insert(place, row.get(5).map_err(&reading)?);
        }
        Ok(counts)
    }
}

fn place(held: &Held) -> Option<Place> {
    let register = held.premises.register.as_ref().filter(|_| held.is_open())?;
    let binds = held.book.grade().in_force().map(|binding| &binding.determination);
    Some(Place {
        subdistrict: register.subdistrict.clone(),
        layer: register.layer.to_string(),
        management_level: binds.and_then(|binds| binds.management_level.clone()).unwrap_or_default(),
        star: binds.and_then(|binds| binds.star).map_or(-1, i64::from),
        band: binds.map(|binds| binds.band.clone()).unwrap_or_default(),
    })
}

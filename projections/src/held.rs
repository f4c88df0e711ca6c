//! What the folds hold of premises while they go on: the domain's own states, of open cases only. As many premises are in
//! memory as fit; the others lie in the views file.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension as _};
use wuping_domain::assessment::Assessment;
use wuping_domain::hazard::Hazard;
use wuping_domain::matter::Docket;
use wuping_domain::premises::Premises;
use wuping_domain::rulebook::Layer;

use crate::counts::Place;
use crate::error::ViewsError;
use crate::grade_book::GradeBook;
use crate::kept;
use crate::patrol_schedule::{Demand, Rounds};

/// One premises as the folds hold it; an alert too, of which there is nothing but its docket.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// Id, the second segment of their streams; of an alert its whole subject, `alert/n-1`.
    pub id: String,
    /// Position of the first entry about them; none for premises that only others have named.
    pub number: Option<u64>,
    /// The register.
    pub premises: Premises,
    /// The grade.
    pub book: GradeBook,
    /// Assessments under way, by their stream's last segment.
    pub assessments: BTreeMap<String, OpenAssessment>,
    /// Hazards not closed, by their stream's last segment.
    pub hazards: BTreeMap<String, OpenHazard>,
    /// What runs there, of whatever kind.
    pub docket: Docket,
    /// Rounds of a building.
    pub rounds: Rounds,
    /// As what it is counted.
    pub counted: Option<Place>,
    /// What a unit asks of its building's rounds: of which building, and what.
    pub asked: Option<(String, Demand)>,
    /// The views whose rows are behind.
    pub dirty: Dirty,
}

/// An assessment under way.
#[derive(Clone, Debug, Default)]
pub struct OpenAssessment {
    /// Its own state.
    pub state: Assessment,
    /// The day it was opened.
    pub opened_on: NaiveDate,
    /// Position of its opening.
    pub position: u64,
}

/// A hazard that is not closed.
#[derive(Clone, Debug, Default)]
pub struct OpenHazard {
    /// Its own state.
    pub state: Hazard,
    /// The day it was found.
    pub found_on: NaiveDate,
    /// The day its department confirmed it.
    pub confirmed_on: Option<NaiveDate>,
    /// The day its rectification was accepted.
    pub accepted_on: Option<NaiveDate>,
    /// Position of its finding.
    pub position: u64,
}

/// Which rows of premises are behind what is held.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[allow(missing_docs, clippy::struct_excessive_bools, reason = "each is the view of that name")]
pub struct Dirty {
    pub assessments: bool,
    pub grade: bool,
    pub hazards: bool,
    pub matters: bool,
    pub premises: bool,
    pub rounds: bool,
    /// Anything at all: what is kept to go on with must be written again.
    pub state: bool,
}

impl Held {
    /// What is graded; none before registration.
    pub fn layer(&self) -> Option<Layer> {
        self.premises.register.as_ref().map(|register| register.layer)
    }

    /// Registered and not closed.
    pub fn is_open(&self) -> bool {
        self.premises.register.is_some() && self.premises.closed_on.is_none()
    }
}

/// Premises in memory, in two generations: what was not asked for while a whole generation was filled is written and let
/// go.
#[derive(Debug)]
pub struct Cache {
    /// How many premises may be in memory.
    capacity: usize,
    recent: HashMap<String, Held>,
    earlier: HashMap<String, Held>,
    /// Whether the file holds premises that are not in memory.
    stored: bool,
}

impl Cache {
    /// A cache of at most this many premises; `stored` if the file may hold more.
    pub fn new(capacity: usize, stored: bool) -> Self {
        Self { capacity, recent: HashMap::new(), earlier: HashMap::new(), stored }
    }

    /// The premises of this id, as far as they are known.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn held(&mut self, connection: &Connection, id: &str) -> Result<&mut Held, ViewsError> {
        if !self.recent.contains_key(id) {
            let held = match self.earlier.remove(id) {
                Some(held) => held,
                None => self.load(connection, id)?,
            };
            self.recent.insert(id.to_owned(), held);
        }
        #[allow(clippy::expect_used, reason = "it was found or inserted just above")]
        Ok(self.recent.get_mut(id).expect("the premises looked up just above"))
    }

    /// Let go of what was not asked for lately, if there is too much. `write` is shown each with rows behind, in order
    /// of id.
    ///
    /// # Errors
    /// What `write` answered.
    pub fn make_room(
        &mut self,
        write: &mut dyn FnMut(&mut Held) -> Result<(), ViewsError>,
    ) -> Result<(), ViewsError> {
        if self.recent.len() <= self.capacity / 2 {
            return Ok(());
        }
        write_dirty(&mut self.earlier, write)?;
        self.stored |= !self.earlier.is_empty();
        self.earlier = std::mem::take(&mut self.recent);
        Ok(())
    }

    /// Write all that has rows behind, in order of id.
    ///
    /// # Errors
    /// What `write` answered.
    pub fn write_all(
        &mut self,
        write: &mut dyn FnMut(&mut Held) -> Result<(), ViewsError>,
    ) -> Result<(), ViewsError> {
        write_dirty(&mut self.earlier, write)?;
        write_dirty(&mut self.recent, write)
    }

    fn load(&self, connection: &Connection, id: &str) -> Result<Held, ViewsError> {
        if !self.stored {
            return Ok(Held { id: id.to_owned(), ..Held::default() });
        }
        let reading = ViewsError::database("be read");
        let mut statement =
            connection.prepare_cached("SELECT state FROM folded WHERE premises = ?1").map_err(&reading)?;
        let state: Option<String> =
            statement.query_row([id], |row| row.get(0)).optional().map_err(&reading)?;
        match state {
            Some(state) => kept::read(id, &state),
            None => Ok(Held { id: id.to_owned(), ..Held::default() }),
        }
    }
}

fn write_dirty(
    generation: &mut HashMap<String, Held>,
    write: &mut dyn FnMut(&mut Held) -> Result<(), ViewsError>,
) -> Result<(), ViewsError> {
    let mut behind: Vec<&mut Held> = generation.values_mut().filter(|held| held.dirty.state).collect();
    behind.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    for held in behind {
        write(held)?;
        held.dirty = Dirty::default();
    }
    Ok(())
}

/// How many premises are held in memory unless told otherwise: some 400 MB at ten years of grades each.
pub const CAPACITY: usize = 65_536;

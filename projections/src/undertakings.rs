//! Undertakings: what the office does besides grading, a row a stream: inspections, measures, listings, notice boards, associations,
//! campaigns and joint meetings, each as its own events left it. The row is the fold's memory too.

use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wuping_domain::aggregate::Concept;
use wuping_domain::association::Association;
use wuping_domain::board::Board;
use wuping_domain::campaign::Campaign;
use wuping_domain::event::Event;
use wuping_domain::inspection::Inspection;
use wuping_domain::listing::Listing;
use wuping_domain::measure::Measure;
use wuping_domain::meeting::Meeting;
use wuping_domain::recorded::Recorded;

use crate::error::ViewsError;
use crate::tx::{Tx, json, signed};

/// Raised when the fold or its rows change.
pub const VERSION: u32 = 2;

/// Take an entry.
///
/// # Errors
/// If the views file cannot be read or written.
pub fn apply(tx: &mut Tx, recorded: &Recorded<Event>) -> Result<(), ViewsError> {
    match &recorded.event {
        Event::Association(event) => fold::<Association>(tx, recorded, event),
        Event::Board(event) => fold::<Board>(tx, recorded, event),
        Event::Campaign(event) => fold::<Campaign>(tx, recorded, event),
        Event::Inspection(event) => fold::<Inspection>(tx, recorded, event),
        Event::Listing(event) => fold::<Listing>(tx, recorded, event),
        Event::Measure(event) => fold::<Measure>(tx, recorded, event),
        Event::Meeting(event) => fold::<Meeting>(tx, recorded, event),
        _ => Ok(()),
    }
}

/// What a row says besides the state itself.
pub trait Undertaking: Concept + DeserializeOwned + Serialize {
    /// How far it is.
    fn stage(&self) -> &'static str;

    /// The subdistrict or community it is of, where it says so itself.
    fn area(&self) -> Option<&str> {
        None
    }

    /// The first day that it has to keep, `2026-03-09`.
    fn due(&self) -> Option<String> {
        None
    }

    /// The party it is addressed to.
    fn party(&self) -> Option<&str> {
        None
    }
}

impl Undertaking for Association {
    fn stage(&self) -> &'static str {
        "registered"
    }

    fn area(&self) -> Option<&str> {
        self.registered.as_ref().map(|registered| registered.area.as_str())
    }
}

impl Undertaking for Board {
    fn stage(&self) -> &'static str {
        match (&self.checked, &self.posted) {
            (Some((_, finding)), _) => finding.code(),
            (None, Some(_)) => "posted",
            (None, None) => "empty",
        }
    }

    fn area(&self) -> Option<&str> {
        self.place.as_ref()?.area.as_deref()
    }

    fn due(&self) -> Option<String> {
        let (_, sheet) = self.posted.as_ref()?;
        sheet.until.map(|until| until.to_string())
    }
}

impl Undertaking for Campaign {
    fn stage(&self) -> &'static str {
        if self.concluded_on.is_some() { "concluded" } else { "running" }
    }

    fn area(&self) -> Option<&str> {
        self.launched.as_ref()?.area.as_deref()
    }

    fn due(&self) -> Option<String> {
        let launched = self.launched.as_ref().filter(|_| self.concluded_on.is_none())?;
        Some(launched.until.to_string())
    }
}

impl Undertaking for Inspection {
    fn stage(&self) -> &'static str {
        match (self.carried_out_on, self.missed.is_empty()) {
            (Some(_), _) => "carried_out",
            (None, true) => "planned",
            (None, false) => "missed",
        }
    }

    fn due(&self) -> Option<String> {
        self.plan.as_ref().filter(|_| self.is_open()).map(|plan| plan.leads.due.to_string())
    }

    fn party(&self) -> Option<&str> {
        self.plan.as_ref().map(|plan| plan.leads.party.as_str())
    }
}

impl Undertaking for Listing {
    fn stage(&self) -> &'static str {
        self.stage.code()
    }
}

impl Undertaking for Measure {
    fn stage(&self) -> &'static str {
        self.stage.code()
    }

    fn due(&self) -> Option<String> {
        let proposed = self.proposed.as_ref().and_then(|proposed| proposed.until);
        let offered = self.offered.as_ref().and_then(|offered| offered.until);
        proposed.or(offered).map(|until| until.to_string())
    }

    fn party(&self) -> Option<&str> {
        let proposed = self.proposed.as_ref().map(|proposed| proposed.party.as_str());
        proposed.or_else(|| self.offered.as_ref().map(|offered| offered.party.as_str()))
    }
}

impl Undertaking for Meeting {
    fn stage(&self) -> &'static str {
        if self.open().next().is_some() { "open" } else { "closed" }
    }

    fn area(&self) -> Option<&str> {
        self.held.as_ref()?.area.as_deref()
    }

    fn due(&self) -> Option<String> {
        self.open().map(|resolution| resolution.due).min().map(|due| due.to_string())
    }
}

fn fold<U: Undertaking>(tx: &Tx<'_>, recorded: &Recorded<Event>, event: &U::Event) -> Result<(), ViewsError> {
    let reading = ViewsError::database("be read");
    let sql = "SELECT state, opened_at FROM undertakings WHERE stream = ?1";
    let mut statement = tx.connection.prepare_cached(sql).map_err(&reading)?;
    let row =
        statement.query_row([&recorded.stream], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)));
    let (mut state, opened_at) = match row.optional().map_err(&reading)? {
        Some((written, opened_at)) => {
            let state = serde_json::from_str::<U>(&written);
            (state.map_err(|source| ViewsError::Unread { what: "undertaking", source })?, opened_at)
        }
        None => (U::default(), signed(recorded.position)),
    };
    state.evolve(event);
    let premises = recorded.subject().strip_prefix("premises/");
    let values = params![
        recorded.stream,
        U::TYPE,
        premises,
        state.party(),
        state.area(),
        state.stage(),
        state.due(),
        opened_at,
        signed(recorded.position),
        recorded.holds_from().to_string(),
        json(&state)?,
    ];
    let sql = "REPLACE INTO undertakings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    tx.write(sql, values)
}

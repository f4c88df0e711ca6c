//! Rulebooks: which were published, from when they hold, on whose authority.

use rusqlite::params;
use wuping_domain::event::Event;
use wuping_domain::publication;
use wuping_domain::recorded::Recorded;

use crate::error::ViewsError;
use crate::tx::{Tx, signed};

/// Raised when the fold or its rows change.
pub const VERSION: u32 = 1;

/// Take an entry.
///
/// # Errors
/// If the views file cannot be written.
pub fn apply(tx: &mut Tx, recorded: &Recorded<Event>) -> Result<(), ViewsError> {
    let Event::Publication(publication::Event::RulebookPublished(published)) = &recorded.event else {
        return Ok(());
    };
    let values = params![
        published.id,
        published.layer.to_string(),
        published.sha256,
        published.holds_from.to_string(),
        published.operating,
        published.issued_by,
        published.document_number,
        signed(recorded.position),
    ];
    tx.write("REPLACE INTO rulebooks VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", values)
}

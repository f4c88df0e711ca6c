//! Authorities: the organs in whose name the office may issue what it decides, by id and name.

use rusqlite::params;
use wuping_domain::authority;
use wuping_domain::event::Event;
use wuping_domain::recorded::Recorded;

use crate::error::ViewsError;
use crate::tx::Tx;

/// Raised when the fold or its rows change.
pub const VERSION: u32 = 1;

/// Take an entry.
///
/// # Errors
/// If the views file cannot be written.
pub fn apply(tx: &mut Tx, recorded: &Recorded<Event>) -> Result<(), ViewsError> {
    let Event::Authority(authority::Event::AuthorityRegistered(registration)) = &recorded.event else {
        return Ok(());
    };
    let values = params![recorded.last_segment(), registration.name, registration.department];
    tx.write("REPLACE INTO authorities VALUES (?1, ?2, ?3)", values)
}

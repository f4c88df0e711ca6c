//! Credit files: the newest class of each party, what waits for whom, and the outbox to the public credit platform. What of a
//! file only who may read it sees is not here: the page of a file is told from the ledger, and the reading is recorded.

use rusqlite::params;
use wuping_domain::credit::{Event as Credit, Item, Rating};
use wuping_domain::event::Event;
use wuping_domain::party;
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
    let Some(party) = recorded.subject().strip_prefix("party/") else { return Ok(()) };
    match &recorded.event {
        Event::Party(party::Event::PartyRegistered { registration, .. }) => {
            let kind = registration.kind.code();
            tx.write("INSERT OR IGNORE INTO credit_files (party, kind) VALUES (?1, ?2)", params![party, kind])
        }
        Event::Party(party::Event::PartyMerged { into, .. }) => {
            tx.write("UPDATE credit_files SET merged_into = ?2 WHERE party = ?1", params![party, into])
        }
        Event::Credit(event) => of_file(tx, party, event, recorded.position),
        _ => Ok(()),
    }
}

fn of_file(tx: &Tx, party: &str, event: &Credit, position: u64) -> Result<(), ViewsError> {
    let counted = |column: &str, by: &str| {
        tx.write(
            &format!("UPDATE credit_files SET {column} = {column} {by} WHERE party = ?1"),
            params![party],
        )
    };
    match event {
        Credit::CreditRated(computed) => rated(tx, party, &computed.result, position),
        Credit::LowestClassConfirmed { .. } | Credit::LowestClassRefused { .. } => {
            tx.write("UPDATE credit_files SET waits_for_confirmer = 0 WHERE party = ?1", params![party])
        }
        Credit::ConductRecorded(_) => counted("conduct", "+ 1"),
        Credit::ObjectionRaised { .. } => counted("objections", "+ 1"),
        Credit::ObjectionDecided { .. } => counted("objections", "- 1"),
        Credit::RepairRequested { .. } => counted("repairs", "+ 1"),
        Credit::RepairDecided { .. } => counted("repairs", "- 1"),
        Credit::CreditPublished { .. } => counted("published", "+ 1"),
        Credit::CreditUnpublished(_) => counted("published", "- 1"),
        Credit::CreditReported(computed) => {
            let reported = &computed.result;
            let (what, number) = named(reported.item);
            let values = params![
                party,
                signed(reported.number),
                what,
                signed(number),
                reported.class,
                reported.on.to_string(),
                reported.until.map(|until| until.to_string()),
                signed(position),
            ];
            tx.write(REPORTED, values)
        }
        Credit::CreditRecalled(computed) => {
            let recalled = &computed.result;
            let values = params![party, signed(recalled.number), recalled.on.to_string(), recalled.why];
            tx.write(RECALLED, values)
        }
        Credit::CreditReportAcknowledged { number, recall, on, .. } => {
            let column = if *recall { "recall_acknowledged_on" } else { "acknowledged_on" };
            let sql = format!("UPDATE credit_outbox SET {column} = ?3 WHERE party = ?1 AND report = ?2");
            tx.write(&sql, params![party, signed(*number), on.to_string()])
        }
        Credit::CommitmentBreached { .. }
        | Credit::CommitmentFulfilled { .. }
        | Credit::CommitmentSigned { .. }
        | Credit::CommitmentWithdrawn { .. }
        | Credit::CreditNoticeGiven { .. }
        | Credit::ObjectionMarked(_) => Ok(()),
    }
}

fn rated(tx: &Tx, party: &str, rating: &Rating, position: u64) -> Result<(), ViewsError> {
    let class = rating.class.as_ref();
    let premises: u64 = rating.levels.values().sum();
    let values = params![
        party,
        signed(rating.number),
        rating.on.to_string(),
        class.map(|class| &class.proposed),
        class.map(|class| &class.shown),
        class.and_then(|class| class.published_class.as_ref()),
        class.map(|class| class.inspection_months),
        class.is_some_and(|class| class.needs_confirmer && !class.confirmed),
        signed(premises),
        signed(position),
    ];
    tx.write(RATED, values)
}

const fn named(item: Item) -> (&'static str, u64) {
    match item {
        Item::Class { rating } => ("class", rating),
        Item::Conduct { number } => ("conduct", number),
    }
}

const RATED: &str = "UPDATE credit_files SET rating = ?2, rated_on = ?3, proposed = ?4, shown = ?5, published_class = ?6, \
    inspection_months = ?7, waits_for_confirmer = ?8, premises = ?9, position = ?10 WHERE party = ?1";
const REPORTED: &str = "INSERT INTO credit_outbox (party, report, what, number, class, reported_on, until, position) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const RECALLED: &str =
    "UPDATE credit_outbox SET recalled_on = ?3, recalled_why = ?4 WHERE party = ?1 AND report = ?2";

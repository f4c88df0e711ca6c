//! Credit files: the newest class of each party, what waits for whom, what is public, and the outbox to the public credit platform. What of a
//! file only who may read it sees is not here: the page of a file is told from the ledger, and the reading is recorded.

use rusqlite::params;
use wuping_domain::credit::{Event as Credit, Item, Rating};
use wuping_domain::event::Event;
use wuping_domain::party;
use wuping_domain::recorded::Recorded;

use crate::error::ViewsError;
use crate::tx::{Tx, signed};

/// Raised when the fold or its rows change.
pub const VERSION: u32 = 2;

/// Take an entry.
///
/// # Errors
/// If the views file cannot be written.
pub fn apply(tx: &mut Tx, recorded: &Recorded<Event>) -> Result<(), ViewsError> {
    let Some(party) = recorded.subject().strip_prefix("party/") else { return Ok(()) };
    match &recorded.event {
        Event::Party(party::Event::PartyRegistered { registration, .. }) => {
            let values = params![party, registration.kind.code(), registration.uscc];
            tx.write("INSERT OR IGNORE INTO credit_files (party, kind, uscc) VALUES (?1, ?2, ?3)", values)
        }
        Event::Party(party::Event::PartyAmended { uscc: Some(uscc), .. }) => {
            tx.write("UPDATE credit_files SET uscc = ?2 WHERE party = ?1", params![party, uscc])
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
        Credit::ObjectionRaised { number, item, on, .. } => {
            counted("objections", "+ 1")?;
            let (what, of) = named(*item);
            let values = params![party, what, signed(of), signed(*number), on.to_string()];
            tx.write(OBJECTED, values)
        }
        Credit::ObjectionDecided { number, .. } => {
            counted("objections", "- 1")?;
            tx.write(ANSWERED, params![party, signed(*number)])
        }
        Credit::RepairRequested { .. } => counted("repairs", "+ 1"),
        Credit::RepairDecided { .. } => counted("repairs", "- 1"),
        Credit::CreditPublished { item, class, conduct, until, on, .. } => {
            counted("published", "+ 1")?;
            let (what, number) = named(*item);
            let until = until.map(|until| until.to_string());
            let on = on.to_string();
            let values = params![party, what, signed(number), class, conduct, on, until, signed(position)];
            tx.write(PUBLISHED, values)
        }
        Credit::CreditUnpublished(unpublished) => {
            counted("published", "- 1")?;
            let (what, number) = named(unpublished.facts().item);
            let sql = "DELETE FROM credit_published WHERE party = ?1 AND what = ?2 AND number = ?3";
            tx.write(sql, params![party, what, signed(number)])
        }
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
const PUBLISHED: &str = "REPLACE INTO credit_published (party, what, number, class, conduct, published_on, until, position) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
/// One class is public at a time: an objection to the newest rating, which says the same, is one to it.
const OBJECTED: &str = "UPDATE credit_published SET objection = ?4, objected_on = ?5 \
    WHERE party = ?1 AND what = ?2 AND (what = 'class' OR number = ?3)";
const ANSWERED: &str =
    "UPDATE credit_published SET objection = NULL, objected_on = NULL WHERE party = ?1 AND objection = ?2";
const REPORTED: &str = "INSERT INTO credit_outbox (party, report, what, number, class, reported_on, until, position) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const RECALLED: &str =
    "UPDATE credit_outbox SET recalled_on = ?3, recalled_why = ?4 WHERE party = ?1 AND report = ?2";

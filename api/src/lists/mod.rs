//! Lists: what an office keeps in tables of its own, and what other systems send row by row: premises, parties, assessors,
//! incidents, weather alerts, indicator data.
//!
//! Every kind goes one way. A row says how something is; what stands in the ledger of it is looked up; what is missing between
//! the two are commands, which the rules decide as they decide everybody's. So the same file twice writes nothing, a changed
//! row is a new fact, a row that is not in order spoils only itself, and a dry run is the same way without its last step.

mod alerts;
mod assessors;
mod carrying;
pub mod cells;
mod incidents;
mod indicators;
mod parties;
mod places;
mod premises;
pub mod sheet;
pub mod template;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use wuping_ledger::encoding::{hex_encode, sha256};
use wuping_projections::ViewsError;

use crate::app::{App, ExecuteError};
use crate::feeds::DeliveryError;
pub use crate::list_kind::Kind;
use crate::lists::carrying::Carrying;
use crate::lists::cells::{Column, Fault};
pub(crate) use crate::lists::indicators::lines_of_table;
use crate::lists::sheet::{Sheet, SheetError};
use crate::office::{OfficeError, OpenFeed};

/// Who sends a list, and as what.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// By which channel.
    pub channel: OpenFeed,
    /// What it is about.
    pub kind: Kind,
    /// What the sender calls this delivery; no personal data.
    pub reference: String,
    /// Whether nothing is to be recorded.
    pub dry_run: bool,
}

/// What became of a list, or would.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// What it is about.
    pub kind: Kind,
    /// Whether nothing was recorded.
    pub dry_run: bool,
    /// Rows that were read.
    pub rows: u64,
    /// Rows that are recorded, now or before.
    pub taken: u64,
    /// Rows that say something new.
    pub new: u64,
    /// Rows that change what was known.
    pub changed: u64,
    /// Rows that say what is known.
    pub same: u64,
    /// Rows that are not recorded, or not all of them.
    pub refused: u64,
    /// Columns that nobody reads; they are kept with the row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread_columns: Vec<String>,
    /// Each row in its order.
    pub lines: Vec<Fate>,
}

/// What became of a row, or would.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fate {
    /// On which line of the file it begins, from 1; of a document its place.
    pub line: u64,
    /// What the row is about, as it names it.
    pub name: String,
    /// In a word.
    pub became: Became,
    /// What was said by it, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<Spoken>,
    /// Why it is not recorded, or not all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Fault>,
}

/// What became of a row, in a word.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the counts of the report say it")]
pub enum Became {
    New,
    Changed,
    Same,
    Refused,
}

/// A command that a row became.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spoken {
    /// To which stream.
    pub stream: String,
    /// Its name.
    pub command: String,
    /// What it changes, by the names of the fields, without their values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Where it is recorded; none in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
}

/// Why a list as a whole was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It is no table.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// Columns are missing.
    #[error("the first line must name the columns {}; missing: {}. Nothing was recorded; the template shows all of them", named(*kind), missing.join(", "))]
    Columns {
        /// Of which list.
        kind: Kind,
        /// Which.
        missing: Vec<&'static str>,
    },
    /// The channel was opened for something else.
    #[error("the channel {channel} was not opened for {}: open it again with wuping feed open {channel} --kind {}", kind.code(), kind.code())]
    NotForChannel {
        /// Which.
        channel: String,
        /// For this.
        kind: Kind,
    },
    /// A delivery of results failed.
    #[error(transparent)]
    Results(#[from] DeliveryError),
    /// The ledger or the rules' side failed; rows before it may be recorded.
    #[error("the list stopped; send it again, rows that are recorded are not recorded twice")]
    Stopped(#[from] ExecuteError),
    /// Private values could not be looked up.
    #[error("what is known privately could not be looked up")]
    Vault(#[from] wuping_ledger::vault::VaultError),
    /// The views could not be read.
    #[error("the premises could not be looked up")]
    Views(#[from] ViewsError),
    /// The office's records could not be read.
    #[error(transparent)]
    Office(#[from] OfficeError),
}

impl Kind {
    /// Its columns.
    #[must_use]
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Indicators => indicators::COLUMNS,
            Self::Incidents => incidents::COLUMNS,
            Self::Alerts => alerts::COLUMNS,
            Self::Premises => premises::COLUMNS,
            Self::Parties => parties::COLUMNS,
            Self::Assessors => assessors::COLUMNS,
        }
    }
}

/// The channel of the office's own lists: the operator's command line and the data clerk's page. It may state anything.
#[must_use]
pub fn office_channel() -> OpenFeed {
    OpenFeed { channel: "office-list".to_owned(), departments: vec![], kinds: Kind::ALL.to_vec() }
}

/// What a delivery is called by what is in it, where its sender has no name for it.
#[must_use]
pub fn reference_of(bytes: &[u8]) -> String {
    hex_encode(&sha256(bytes))
}

/// Take a list, or say what taking it would do.
///
/// # Errors
/// [`ListError`], where the list as a whole cannot be taken; a row that is not in order is told in the report.
pub async fn take(
    app: &App,
    delivery: &Delivery,
    sheet: &Sheet,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Report, ListError> {
    let Delivery { channel, kind, .. } = delivery;
    if !channel.kinds.contains(kind) {
        return Err(ListError::NotForChannel { channel: channel.channel.clone(), kind: *kind });
    }
    let (places, unread_columns) = header(*kind, sheet)?;
    let lines = match kind {
        Kind::Indicators => indicators::take(app, delivery, sheet, &places).await?,
        _ => Carrying::of(app, delivery, sheet, &places).all(progress).await?,
    };
    let count = |became: Became| lines.iter().filter(|fate| fate.became == became).count() as u64;
    Ok(Report {
        kind: *kind,
        dry_run: delivery.dry_run,
        rows: lines.len() as u64,
        taken: lines.len() as u64 - count(Became::Refused),
        new: count(Became::New),
        changed: count(Became::Changed),
        same: count(Became::Same),
        refused: count(Became::Refused),
        unread_columns,
        lines,
    })
}

/// Where each column of a kind stands, and which columns are none of its.
fn header(kind: Kind, sheet: &Sheet) -> Result<(HashMap<&'static str, usize>, Vec<String>), ListError> {
    let mut places = HashMap::new();
    let mut unread = Vec::new();
    for (place, written) in sheet.columns.iter().enumerate() {
        let plain = written.trim_end_matches('*').trim().to_lowercase();
        match kind.columns().iter().find(|column| column.name == plain || column.zh == plain) {
            // of two columns of one name the first counts
            Some(column) => {
                places.entry(column.name).or_insert(place);
            }
            None if plain.is_empty() => {}
            None => unread.push(written.clone()),
        }
    }
    let needed = kind.columns().iter().filter(|column| column.needed).map(|column| column.name);
    let missing: Vec<&'static str> = needed.filter(|name| !places.contains_key(name)).collect();
    if missing.is_empty() { Ok((places, unread)) } else { Err(ListError::Columns { kind, missing }) }
}

fn named(kind: Kind) -> String {
    let needed: BTreeSet<&str> =
        kind.columns().iter().filter(|column| column.needed).map(|column| column.name).collect();
    needed.into_iter().collect::<Vec<_>>().join(", ")
}

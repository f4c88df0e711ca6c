//! Reading the ledger back: views rebuilt, reports as of any moment, everything verified and computed again.

pub mod conformance;
pub mod derive;
pub mod explain;
pub mod export_tiles;
pub mod history;
mod kept;
pub mod published;
pub mod published_table;
pub mod rebuild;
pub mod report;
pub mod verify;

#[cfg(test)]
mod test_house;
pub mod witnessed;

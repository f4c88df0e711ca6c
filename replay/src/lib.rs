//! Reading the ledger back: views rebuilt, reports as of any moment, everything verified and computed again.

pub mod cases;
pub mod conformance;
mod continued;
mod derivations;
pub mod derive;
pub mod evidence;
pub mod explain;
pub mod export_tiles;
pub mod history;
mod houses;
pub mod impact;
mod kept;
pub mod parties;
pub mod published;
pub mod published_rows;
pub mod published_table;
pub mod rebuild;
pub mod rehearsal;
pub mod report;
pub mod statistics;
mod verified;
pub mod verify;

#[cfg(test)]
mod static_tests;
#[cfg(test)]
mod test_house;
pub mod witnessed;

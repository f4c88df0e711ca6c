//! Reading the ledger back: views rebuilt, reports as of any moment.

pub mod rebuild;
pub mod report;

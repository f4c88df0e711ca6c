//! Read models: pure folds of the log into a disposable SQLite file, and the questions asked of it.
//!
//! One entry's way: [`feed`] reads it from the ledger and checks its hash, [`folding`] shows it to every projection,
//! each a file of its own with a version number, and [`projector`] saves what they made with the position and the tree
//! it was made from. [`build`] makes a file anew beside the old; [`live`] keeps one up with a running server;
//! [`queries`] reads. A projection gets entries and published rulebooks, and nothing else.

pub mod accounts;
pub mod assessments;
pub mod authorities;
pub mod build;
pub mod counts;
pub mod credit_files;
pub mod current_grades;
pub mod digest;
pub mod entry;
pub mod error;
pub mod feed;
pub mod file;
pub mod folding;
pub mod grade_book;
pub mod grade_history;
pub mod hazards;
pub mod held;
mod kept;
pub mod ledger_rulebooks;
pub mod live;
pub mod matters;
pub mod patrol_schedule;
pub mod pool;
pub mod premises;
pub mod projector;
pub mod publications;
pub mod queries;
pub mod recording;
pub mod search;
pub mod tx;
pub mod undertakings;

#[cfg(test)]
mod credit_tests;
#[cfg(test)]
mod folding_tests;
#[cfg(test)]
mod live_tests;
#[cfg(test)]
mod matters_tests;
#[cfg(test)]
mod query_tests;
#[cfg(test)]
mod test_log;
#[cfg(test)]
mod undertakings_tests;

pub use error::ViewsError;
pub use file::standing;
pub use live::{ViewsHandle, ViewsState};
pub use pool::Views;

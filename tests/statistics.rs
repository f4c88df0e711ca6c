//! Reports by the real program: every figure equals one counted by SQL over the entries themselves, an old position gives the
//! old report, and a workbook says what the CSV says.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

#[path = "statistics/counting.rs"]
mod counting;
#[path = "statistics/figures.rs"]
mod figures;
#[path = "statistics/forms.rs"]
mod forms;
#[path = "statistics/readers.rs"]
mod readers;
#[path = "statistics/register.rs"]
mod register;

//! Reports by the real program: every figure equals one counted by SQL over the entries themselves, an old position gives the
//! old report, and a workbook says what the CSV says.

pub(crate) mod counting;
mod figures;
mod forms;
mod readers;
mod register;
mod remedies;
mod situation;
mod subdistricts;

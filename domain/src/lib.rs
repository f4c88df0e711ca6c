//! The rules of rental-housing grading: pure, synchronous, without I/O, clock or randomness.
//!
//! Two halves, both readable file by file. The *concepts* are what happens and who may say so: [`premises`],
//! [`assessment`], [`visit`], [`hazard`], [`grade`] and the rest, each with its state, commands, events, `decide` and
//! `evolve`. The *rulebook* is what follows: [`rulebook`] reads the published rules, [`grading`] applies them, and
//! [`reaction`] says when. [`derive`] is the same computation as anyone can repeat it.

pub mod access;
pub mod account;
pub mod aggregate;
pub mod alert;
pub mod appeal;
pub mod assessment;
pub mod association;
pub mod authority;
pub mod board;
pub mod calendar;
pub mod campaign;
pub mod conformance;
mod counter;
pub mod credit;
pub mod deadline;
pub mod derivation;
pub mod derive;
pub mod dispute;
pub mod draft;
pub mod effect;
pub mod event;
pub mod explain;
pub mod facts;
#[cfg(test)]
pub(crate) mod given;
#[cfg(test)]
pub(crate) mod given_log;
pub mod grade;
pub mod grading;
pub mod hazard;
pub mod identifier;
pub mod incident;
pub mod incident_rule;
pub mod inspection;
mod ledger_indicator;
pub mod listing;
pub mod matter;
pub mod measure;
pub mod meeting;
pub mod notice;
pub mod outcome;
pub mod party;
pub mod passing;
pub mod patrol;
pub mod patrol_rule;
pub mod permission;
pub mod premises;
pub mod prohibition;
pub mod publication;
pub mod reaction;
pub mod receipt;
pub mod record;
pub mod recorded;
pub mod reevaluation;
mod refusal_nouns;
mod refusal_words;
pub mod refused;
pub mod regrade;
pub mod rehearsal;
pub mod rejection;
pub mod report;
pub mod resting;
pub mod rounds;
pub mod rulebook;
pub mod said;
pub mod scoring;
#[cfg(test)]
pub(crate) mod shipped;
pub mod shown_list;
pub mod subject;
pub mod survey;
pub mod task;
pub mod term;
#[cfg(test)]
pub(crate) mod test_house;
#[cfg(test)]
mod test_refusals;
#[cfg(test)]
mod test_remedies;
pub mod transition;
pub mod visit;
pub mod visit_count;
#[cfg(test)]
mod whole;

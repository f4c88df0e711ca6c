//! The house as people enter it: the command line, the pages, the REST interface, and what joins the rules to the
//! ledger.

mod again;
pub mod anchors;
pub mod app;
mod asked_list;
pub mod asking;
mod attached;
pub mod authorities;
pub mod backup;
pub mod bench;
pub mod cli;
pub mod devices;
pub mod disclosing;
pub mod doctor;
pub mod drafting;
pub mod erasing;
pub mod evidence;
pub mod feeds;
pub mod import;
pub mod jobs;
pub mod key_care;
pub mod list_kind;
pub mod lists;
pub mod log_client;
pub mod look;
pub mod office;
mod past;
mod people;
pub mod reactions;
pub mod rulemaking;
pub mod runner;
pub mod sample;
pub mod shelf;
pub mod standing;
pub mod statistics;
mod strict_json;
pub mod trusting;
pub mod trying;
pub mod web;
pub mod webhooks;
pub mod witness;

#[cfg(test)]
#[path = "../../tests/program/postgres.rs"]
mod test_postgres;

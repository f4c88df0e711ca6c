//! The house as people enter it: the command line, the pages, the REST interface, and what joins the rules to the
//! ledger.

pub mod reactions;
pub mod recording;
pub mod shelf;
pub mod web;

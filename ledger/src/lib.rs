//! The ledger: an append-only, signed, Merkle-hashed log of events (docs/format.md).
//!
//! The first half is the format itself and needs no store: encodings, entries, keys, tree, notes, tiles, private
//! fields, heads, and the rules that hold over a whole log. A verifier needs no more than this.

pub mod chain;
pub mod disclosure;
pub mod disclosure_file;
pub mod encoding;
pub mod entry;
mod event_marks;
pub mod head_proof;
pub mod heads;
pub mod jcs;
pub mod key_state;
pub mod keys;
pub mod members;
pub mod merkle;
pub mod note;
pub mod proof_text;
pub mod refusal;
pub mod row;
pub mod shape;
pub mod stamp;
pub mod stored_leaf;
pub mod stream;
pub mod tile;
pub mod timestamp;
mod vector_sections;
pub mod vectors;
pub mod witness;

// The store, its writer and what is kept beside the log.

pub mod alarm;
pub mod append;
pub mod attachments;
pub mod audit;
mod audit_ahead;
mod audit_entry;
mod audit_kept;
mod audit_side;
mod audit_source;
pub mod away;
pub mod bundle;
mod causes;
pub mod checkpoints;
pub mod clock;
pub(crate) mod committing;
pub mod cqrs;
mod desk;
pub mod device;
mod disk;
pub mod disk_full;
pub mod durable;
mod enrolment;
pub mod erasure;
pub mod genesis;
mod held_keys;
mod in_order;
pub mod in_use;
mod kept_keys;
pub mod keyring;
mod late;
mod leaf_length;
mod leaf_parts;
pub mod leaf_source;
pub mod lock_file;
pub mod locks;
pub mod log_files;
pub mod note_file;
pub mod place;
pub mod postgres;
pub mod postgres_address;
mod postgres_audit;
pub mod postgres_beside;
mod postgres_columns;
mod postgres_reading;
pub mod postgres_session;
mod postgres_shared;
mod postgres_tls;
pub mod private;
pub mod proofs;
pub mod reactor;
pub mod reader;
pub mod reading;
mod recent;
pub mod recorded;
mod sealing;
mod select;
pub mod sqlite;
mod sqlite_audit;
mod sqlite_reading;
mod staging;
pub mod stamps;
pub mod standing;
mod static_audit;
pub mod static_log;
pub mod store;
pub mod table_copy;
mod tree_state;
pub mod vault;
mod vault_move;
mod vault_postgres;
mod vault_sqlite;
mod vault_store;
pub mod verified;
pub mod writer;

#[cfg(test)]
mod audit_tests;
#[cfg(test)]
mod bad_input_tests;
#[cfg(test)]
mod failing_tests;
#[cfg(test)]
mod postgres_tests;
#[cfg(test)]
mod postgres_tls_tests;
#[cfg(test)]
mod store_suite;
#[cfg(test)]
mod test_ledger;
#[cfg(test)]
#[path = "../../tests/program/postgres.rs"]
mod test_postgres;
#[cfg(test)]
mod vault_tests;
#[cfg(test)]
mod writing_tests;

//! The ledger as a program: what it keeps whatever happens, what it proves to whom, and what nobody can change unseen.
//!
//! Every test runs the built program on a store of its own. They are one program: linked once, and side by side.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod arrows;
mod backup;
mod backup_of_server;
mod busy;
mod clock;
mod devices;
mod disclosure;
mod disk_full;
mod doctor;
mod erasure;
mod evidence;
mod keys;
mod kill;
mod large_log;
mod lost;
mod memory;
mod mutations;
mod nodes;
mod photos;
#[path = "../program/mod.rs"]
mod program;
mod proofs;
mod stock;
mod tamper;
mod tiles;
mod timestamps;
mod witnesses;

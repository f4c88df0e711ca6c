//! The office's work as a program: what people ask for, what follows, what other offices send, and what is counted of it.
//!
//! They are one program: linked once, and side by side.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounts;
mod at_once;
mod claimed;
mod docket;
mod every_event;
mod explaining;
mod feeds;
mod imports;
mod life;
mod lists;
mod matters;
mod pages;
#[path = "../program/mod.rs"]
mod program;
mod rehearsal;
mod rest;
mod signing_in;
mod statistics;
mod webhooks;

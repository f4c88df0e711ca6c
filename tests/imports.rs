//! Real lifecycles as imports: what other offices published of their inspections, violations, ratings and registrations comes
//! in whole, gives the figures that an independent oracle reckons from the same files, and comes out again as it was
//! published.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

#[path = "imports/fhrs.rs"]
mod fhrs;
#[path = "imports/fire.rs"]
mod fire;
#[path = "imports/house.rs"]
mod house;
#[path = "imports/hpd.rs"]
mod hpd;
#[path = "imports/lives.rs"]
mod lives;
#[path = "imports/registrations.rs"]
mod registrations;

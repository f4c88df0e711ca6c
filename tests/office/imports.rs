//! Real lifecycles as imports: what other offices published of their inspections, violations, ratings and registrations comes
//! in whole, gives the figures that an independent oracle reckons from the same files, and comes out again as it was
//! published.

mod fhrs;
mod fire;
mod house;
mod hpd;
mod lives;
mod registrations;

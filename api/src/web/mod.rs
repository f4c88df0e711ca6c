//! Pages of the web: how they look, and the handlers that fill them.

pub mod assessing;
pub mod commands;
pub mod confirming;
pub mod desk;
pub mod look;
pub mod session;

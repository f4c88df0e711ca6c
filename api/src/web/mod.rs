//! Pages of the web: how they look, and the handlers that fill them.

pub mod commands;
pub mod look;

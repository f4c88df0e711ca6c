//! Pages of the web: how they look, and the handlers that fill them.

use std::sync::Arc;

use axum::Router;

use crate::app::App;

pub mod assessing;
pub mod commands;
pub mod confirming;
pub mod desk;
pub mod look;
pub mod public;
pub mod session;
pub mod subject;
pub mod state;
pub mod rules;
pub mod routes;
pub mod openapi;
pub mod log;
pub mod health;
pub mod front;
pub mod audit;
pub mod api;

/// Everything that is served.
pub fn router(app: Arc<App>) -> Router {
    public::router(app.clone()).merge(desk::router(app.clone())).merge(commands::router(app))
}

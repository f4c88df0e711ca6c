//! Pages of the web: how they look, and the handlers that fill them.

use std::sync::Arc;

use axum::Router;
use axum::middleware::map_response;

use crate::app::App;

mod answering;
pub mod api;
pub mod assessing;
mod assigning;
pub mod audit;
mod bans;
mod beside;
pub mod commands;
pub mod confirming;
pub mod credit_api;
mod credit_file;
pub mod desk;
mod desk_page;
mod docket;
pub mod docket_api;
mod docket_file;
mod docket_page;
mod errands;
pub mod evidence;
mod evidence_api;
pub mod feeds;
mod for_programs;
mod format_refusals;
pub mod front;
pub mod health;
mod json_body;
pub mod keys;
pub mod lists;
pub mod lists_page;
pub mod log;
pub mod matter;
mod members;
pub mod my;
pub mod openapi;
mod origins;
mod paging;
mod parameter_names;
mod parameters;
pub mod published;
pub mod rehearsing;
pub mod resident;
pub mod routes;
pub mod rulebooks_page;
mod rulemaking_api;
pub mod rules;
pub mod session;
pub mod signed;
pub mod signing_in;
pub mod state;
pub mod statistics;
mod statistics_page;
pub mod subject;
pub mod toronto;
mod untold;
pub mod vacancies;
pub(crate) mod why;
pub mod work;

/// Everything that is served: the public pages and the log, the desk, and commands. Where the address that people type is
/// encrypted, their browsers send no cookie of ours in the open.
pub fn router(app: Arc<App>, public_address: &str) -> Router {
    let public = routes::over(&app, public_address);
    let rehearsing = rehearsing::OneAtATime::default();
    let routes = public
        .merge(desk::router(app.clone()))
        .merge(assigning::router(app.clone()))
        .merge(credit_api::router(app.clone()))
        .merge(docket_api::router(app.clone()))
        .merge(evidence::router(app.clone()))
        .merge(feeds::router(app.clone()))
        .merge(lists::router(app.clone()))
        .merge(lists_page::router(app.clone()))
        .merge(toronto::router(app.clone()))
        .merge(keys::router(app.clone()))
        .merge(resident::router(app.clone()))
        .merge(rulebooks_page::router(app.clone(), rehearsing.clone()))
        .merge(rulemaking_api::router(app.clone(), rehearsing))
        .merge(signed::router(app.clone()))
        .merge(statistics::router(app.clone()))
        .merge(commands::router(app));
    let routes = routes::guarded(routes);
    match public_address.starts_with("https://") {
        true => routes.layer(map_response(session::encrypted_only)),
        false => routes,
    }
}

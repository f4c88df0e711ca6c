//! Serving: pages, REST, tiles and proofs, until the process is told to stop.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use crate::app::App;
use crate::cli::{Common, Failure, open, runtime};
use crate::web;

#[derive(Args, Clone, Debug)]
pub(super) struct Serve {
    /// Address and port to listen on
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

impl Default for Serve {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 8080)) }
    }
}

pub(super) fn serve(common: &Common, options: Serve) -> Result<ExitCode, Failure> {
    runtime()?.block_on(until_stopped(common, options))?;
    Ok(ExitCode::SUCCESS)
}

async fn until_stopped(common: &Common, options: Serve) -> Result<(), Failure> {
    let app = Arc::new(house(common).await?);
    let router = web::router(app.clone(), "");
    let listener = tokio::net::TcpListener::bind(options.listen).await?;
    println!("wuping serves {} on http://{}", app.ledger.origin(), listener.local_addr()?);
    axum::serve(listener, router).with_graceful_shutdown(stopped()).await?;
    if let Some(app) = Arc::into_inner(app) {
        app.close().await?;
    }
    Ok(())
}

/// The ledger of the folder; the sample's where there is none yet.
async fn house(common: &Common) -> Result<App, Failure> {
    if common.data.join("ledger.db").exists() {
        return Ok(App::open(&common.data)?);
    }
    let app = App::create(&common.data, SAMPLE_ORIGIN, false)?;
    open::publish_shipped(&app).await?;
    crate::sample::write(&app).await?;
    Ok(app)
}

async fn stopped() {
    let interrupted = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminated) => {
            tokio::select! { _ = interrupted => {}, _ = terminated.recv() => {} }
        }
        Err(_) => {
            let _ = interrupted.await;
        }
    }
}

const SAMPLE_ORIGIN: &str = "sample/pingshan-invented";

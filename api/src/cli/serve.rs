//! Serving: pages, REST, tiles and proofs, until the process is told to stop.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use wuping_ledger::place::database_url;
use wuping_ledger::writer::WriterHandle;

use crate::anchors::AnchorError;
use crate::app::{App, must_be_new};
use crate::backup::{Unasked, is_unrecorded, record_restoration};
use crate::cli::{Common, Failure, runtime};
use crate::{jobs, runner, web, webhooks};

#[derive(Args, Clone, Debug)]
pub(super) struct Serve {
    /// Address and port to listen on
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Address that people type, for the QR codes at the doors: http(s)://host, no path
    #[arg(long, value_name = "URL", value_parser = public_address, default_value = "", hide_default_value = true)]
    public_address: String,
    /// Go on though the clock is refused, until it has caught up or the server stops: see “wuping clock accept --help”
    #[arg(long)]
    accept_clock: bool,
    /// Go on though the ledger was put back from a backup and a witness does not answer, which may have seen more of it: what is
    /// recorded then may become a second history, which that witness never cosigns. The log says for ever who did not answer; the
    /// reason is kept private. Where nothing was put back, or all have answered, it says nothing
    #[arg(long, value_name = "REASON")]
    without_witnesses: Option<String>,
}

impl Default for Serve {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
        Self { listen, public_address: String::new(), accept_clock: false, without_witnesses: None }
    }
}

pub(super) fn serve(common: &Common, options: Serve) -> Result<ExitCode, Failure> {
    runtime()?.block_on(until_stopped(common, options))?;
    Ok(ExitCode::SUCCESS)
}

async fn until_stopped(common: &Common, options: Serve) -> Result<(), Failure> {
    let app = Arc::new(house(common).await?);
    let silent = app.anchors.ask_before_serving(&app.ledger).await?;
    let unasked = match options.without_witnesses {
        _ if silent.is_empty() || !is_unrecorded(&app.folder)? => None,
        Some(reason) => Some(Unasked { witnesses: silent, reason }),
        None => return Err(AnchorError::Silent { witnesses: silent }.into()),
    };
    if options.accept_clock
        && let Some(fault) = app.ledger.writer().accept_clock().await?
    {
        tracing::warn!(%fault, "the clock is accepted as it is");
    }
    record_restoration(&app.folder, &app.ledger, &app.vault, unasked).await?;
    let router = web::router(app.clone(), &options.public_address);
    let listener = tokio::net::TcpListener::bind(options.listen).await?;
    let (address, stopped) = (format!("http://{}", listener.local_addr()?), stopped());
    greet(app.ledger.origin(), &address);
    let beside = [
        tokio::spawn(app.anchors.clone().follow(app.clone())),
        tokio::spawn(app.authorities.clone().follow(app.clone())),
        tokio::spawn(jobs::daily(app.clone())),
        tokio::spawn(runner::follow(app.clone())),
        tokio::spawn(webhooks::follow(app.folder.clone(), app.reader().clone())),
    ];
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let writer = app.ledger.writer().clone();
    axum::serve(listener, service).with_graceful_shutdown(stopped_or_ended(stopped, writer.clone())).await?;
    let ended_by_itself = !writer.is_at_work();
    for task in beside {
        task.abort();
        // each holds the house until it has ended
        let _ = task.await;
    }
    let closed = match Arc::into_inner(app) {
        Some(app) => app.close().await,
        None => Ok(()),
    };
    if ended_by_itself {
        return Err(Failure::asked_in_both(
            "账本的写入因程序出错而停止，服务器随之停止：没有得到回执的，什么也没有记录。请重新启动，并把运行日志交给维护人员",
            "the ledger's writer ended by a fault of the program, and the server with it: what had no receipt is not recorded. Start \
             it again, and show the log to whoever looks after the program",
        ));
    }
    Ok(closed?)
}

/// Ends when the process is asked to, or when nothing can be recorded any more: whoever watches over it starts it again.
async fn stopped_or_ended(stopped: impl Future<Output = ()>, writer: WriterHandle) {
    let ended = async {
        while writer.is_at_work() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    tokio::select! { () = stopped => {}, () = ended => {} }
}

/// The ledger of the folder; the sample's where there is none yet.
async fn house(common: &Common) -> Result<App, Failure> {
    if common.data.join("ledger.db").exists() || database_url(&common.data)?.is_some() {
        return Ok(App::open_restored(&common.data)?);
    }
    must_be_new(&common.data)?;
    crate::sample::make(&common.data).await?;
    Ok(App::open(&common.data)?)
}

/// An address without a path, as a QR code begins with it.
fn public_address(text: &str) -> Result<String, String> {
    let host = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let host = host.map(|host| host.strip_suffix('/').unwrap_or(host));
    let named = |host: &&str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
        !host.is_empty() && host.bytes().all(allowed)
    };
    match host.filter(named) {
        Some(_) => Ok(text.trim_end_matches('/').to_owned()),
        None if text.is_empty() => Ok(String::new()),
        None => Err("write it as https://host or http://host:port, without a path".to_owned()),
    }
}

/// Ends when the process is asked to. From this call on it is asked and not killed: call it before anybody is told that there is
/// something to end.
pub(super) fn stopped() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let asked = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    async move {
        match asked {
            [Ok(mut interrupted), Ok(mut terminated)] => {
                tokio::select! { _ = interrupted.recv() => {}, _ = terminated.recv() => {} }
            }
            // where signals cannot be listened for the process is ended as it always can be
            _ => std::future::pending().await,
        }
    }
}

/// Says where it serves. Whoever started it may have stopped listening: that ends no server.
fn greet(origin: &str, address: &str) {
    let mut said = format!("wuping serves {origin} on {address}\n");
    if crate::sample::is_sample(origin) {
        said += &format!(
            "everything in it is invented; go in as one of its people at {address}/sign-in, without a password\n"
        );
    }
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(said.as_bytes()).and_then(|()| out.flush());
}

/// How often it is looked whether the writer is still at work.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_is_a_scheme_and_a_host() {
        for good in
            ["https://wuping.example", "http://10.0.0.7:8080", "http://[::1]:8080", "https://wuping.example/"]
        {
            assert_eq!(public_address(good).unwrap(), good.trim_end_matches('/'));
        }
        for bad in [
            "wuping.example",
            "ftp://x",
            "https://",
            "https://x/y",
            "https://a@b",
            "https://x?y",
            "https://x y",
        ] {
            assert!(public_address(bad).is_err(), "{bad}");
        }
    }
}

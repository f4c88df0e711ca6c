//! Whether the server lives, whether it is ready, and its numbers for Prometheus.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use wuping_ledger::genesis::stated_log_key;
use wuping_ledger::note::VerifierKey;
use wuping_projections::ViewsState;

use crate::standing::{Standing, of_authorities};
use crate::webhooks;

use super::state::{ReadError, Site, logged};

/// `/healthz`, `/readyz`, `/metrics`.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
}

async fn healthz() -> &'static str {
    "alive\n"
}

/// Ready once the ledger can be read and written and the views follow it.
async fn readyz(State(site): State<Site>) -> Response {
    if let Err(error) = site.read(|site| Ok(site.reader.size()?)).await {
        logged(&error);
        return (StatusCode::SERVICE_UNAVAILABLE, "the ledger cannot be read; see the log\n").into_response();
    }
    if site.writer.alarm().is_some() {
        let told = "FORK ALARM: a witness knows another history of this log; nothing is appended\n";
        return (StatusCode::SERVICE_UNAVAILABLE, told).into_response();
    }
    if !site.writer.is_at_work() {
        let told = "the ledger's writer has ended: nothing is recorded until the server is started again; see the log\n";
        return (StatusCode::SERVICE_UNAVAILABLE, told).into_response();
    }
    match site.views.state() {
        ViewsState::Following { .. } => {
            // an anchor that stays away does not stop people's work, but somebody should look after it
            let late = site.read(|site| Ok(late(&outside(site)?))).await.unwrap_or_default();
            format!("ready\n{late}").into_response()
        }
        ViewsState::Building { folded } => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("the views are being built, {folded} entries so far\n"))
                .into_response()
        }
        ViewsState::Stopped { at, .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("the views have stopped before entry {at}; see the log\n"),
        )
            .into_response(),
        ViewsState::Ahead { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "the views hold more than the ledger; see the log\n")
                .into_response()
        }
    }
}

async fn metrics(State(site): State<Site>) -> Response {
    match site.read(counted).await {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], text).into_response()
        }
        Err(error) => {
            logged(&error);
            (StatusCode::INTERNAL_SERVER_ERROR, "the numbers cannot be read; see the log\n").into_response()
        }
    }
}

/// How it stands with those outside: who vouches for the log, and who is told of what is in it.
struct Outside {
    witnesses: Vec<Standing>,
    authorities: Vec<Standing>,
    /// Departments' systems that are told of hazards.
    receivers: Vec<webhooks::Standing>,
}

fn outside(site: &Site) -> Result<Outside, ReadError> {
    let head = site.reader.checkpoint_size()?;
    let listed = site.authorities.listed();
    let authorities = match listed.is_empty() {
        true => Vec::new(),
        false => {
            let log = VerifierKey::parse(&stated_log_key(&site.reader)?)?;
            of_authorities(&site.folder, listed, &log, head)?
        }
    };
    // a list that cannot be read is told in the log, once, until it is put right
    let receivers = webhooks::standings(&site.folder, &site.reader).unwrap_or_default();
    Ok(Outside { witnesses: site.anchors.standing(head), authorities, receivers })
}

/// A line for each that has not seen what it should have seen long ago.
fn late(outside: &Outside) -> String {
    let silent = |standing: &&Standing, after: u64| {
        standing.behind > 0 && standing.age_seconds.is_none_or(|age| age > after)
    };
    let witnesses = outside.witnesses.iter().filter(|standing| silent(standing, WITNESS_LATE_SECONDS));
    let authorities = outside.authorities.iter().filter(|standing| silent(standing, STAMP_LATE_SECONDS));
    let witnesses = witnesses.map(|standing| format!("witness {}\n", standing.in_words()));
    let authorities =
        authorities.map(|standing| format!("time-stamping authority {}\n", standing.in_words()));
    let receivers = outside.receivers.iter().filter(|receiver| receiver.is_late());
    let receivers = receivers.map(|receiver| format!("webhook {}\n", receiver.in_words()));
    witnesses.chain(authorities).chain(receivers).collect()
}

fn register_outside(registry: &mut Registry, outside: &Outside) {
    for (label, prefix, standings) in [
        ("witness", "witness_cosigned", &outside.witnesses),
        ("authority", "authority_stamped", &outside.authorities),
    ] {
        let (entries, behind, age) = (gauges(), gauges(), gauges());
        for standing in standings {
            let set = |gauges: &Family<Vec<(String, String)>, Gauge>, value: u64| {
                let labels = vec![(label.to_owned(), standing.name.clone())];
                gauges.get_or_create(&labels).set(i64::try_from(value).unwrap_or(i64::MAX));
            };
            set(&entries, standing.size.unwrap_or(0));
            set(&behind, standing.behind);
            standing.age_seconds.iter().for_each(|seconds| set(&age, *seconds));
        }
        registry.register(format!("{prefix}_entries"), "Entries that it vouched for last", entries);
        registry.register(format!("{prefix}_behind_entries"), "Entries that it has not vouched for", behind);
        registry.register(format!("{prefix}_age_seconds"), "How long ago it did", age);
    }
}

fn register_receivers(registry: &mut Registry, receivers: &[webhooks::Standing]) {
    let (behind, failing, delivered) = (gauges(), gauges(), gauges());
    for receiver in receivers {
        let set = |gauges: &Family<Vec<(String, String)>, Gauge>, value: u64| {
            let labels = vec![("receiver".to_owned(), receiver.name.clone())];
            gauges.get_or_create(&labels).set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&behind, receiver.behind);
        set(&failing, receiver.failing_seconds.unwrap_or(0));
        receiver.delivered_seconds_ago.iter().for_each(|seconds| set(&delivered, *seconds));
    }
    registry.register("webhook_behind_entries", "Entries not yet looked at for a receiver", behind);
    registry.register("webhook_failing_seconds", "For how long it has not taken what it is told", failing);
    registry.register("webhook_delivered_age_seconds", "How long ago it took something last", delivered);
}

fn counted(site: &Site) -> Result<String, ReadError> {
    let following = matches!(site.views.state(), ViewsState::Following { .. });
    // While the first file is being built there is nothing to read yet.
    let folded = site.views().progress().map_or(0, |progress| progress.folded());
    let (entries, signed) = (site.reader.size()?, site.reader.checkpoint_size()?);
    let mut registry = Registry::with_prefix("wuping");
    let cosigned = site.anchors.cosigned_size();
    let alarm = u64::from(site.writer.alarm().is_some());
    for (name, help, value) in [
        ("fork_alarm", "1 when a witness knows another history of this log", alarm),
        ("ledger_cosigned_entries", "Entries under the newest checkpoint that witnesses cosigned", cosigned),
        ("ledger_entries", "Entries in the ledger", entries),
        ("ledger_checkpoint_entries", "Entries under the newest signed checkpoint", signed),
        ("views_folded_entries", "Entries folded into the views in use", folded),
        ("views_behind_entries", "Entries not yet in the views in use", entries.saturating_sub(folded)),
        ("views_following", "1 while the views follow the ledger", u64::from(following)),
    ] {
        let gauge = Gauge::<i64>::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    }
    let outside = outside(site)?;
    register_outside(&mut registry, &outside);
    register_receivers(&mut registry, &outside.receivers);
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = encode(&mut text, &registry);
    Ok(text)
}

/// A number for each of several.
fn gauges() -> Family<Vec<(String, String)>, Gauge> {
    Family::default()
}

/// A witness is asked every second while the log grows.
const WITNESS_LATE_SECONDS: u64 = 3_600;
/// An authority is asked once a day.
const STAMP_LATE_SECONDS: u64 = 50 * 3_600;

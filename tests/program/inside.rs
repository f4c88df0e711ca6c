//! The house from inside: the program's own library over a new ledger, and its pages and REST without a socket.

use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use wuping::app::{App, Asked, Who};
use wuping::shelf::{self, Compiled};
use wuping::web;
use wuping_domain::rulebook::scheme::{Collect, Kind};
use wuping_ledger::timestamp::Timestamp;

/// A house that is open, with the district's rulebook of units.
pub(crate) struct Inside {
    pub(crate) app: Arc<App>,
    pub(crate) router: axum::Router,
    pub(crate) unit: Compiled,
    _folder: TempDir,
}

impl Inside {
    /// Of a new ledger.
    pub(crate) async fn of(origin: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = Arc::new(App::create(folder.path(), origin, false).unwrap());
        let [unit, ..] = shelf::pingshan().unwrap();
        app.ledger.writer().keep_scheme(unit.document()).await.unwrap();
        let router = web::router(app.clone(), "");
        Self { app, router, unit, _folder: folder }
    }

    /// Something is taken down at the counter.
    pub(crate) async fn say(&self, stream: &str, command: Value) {
        let counter = Who::Channel { name: "counter".into(), reference: "test".into() };
        let (id, stream, occurred_at) = (Uuid::now_v7(), stream.to_owned(), Timestamp::now());
        let asked = Asked { id, stream, command, expected: None, occurred_at };
        self.app.execute(&counter, asked).await.unwrap();
    }
}

/// The results of one collector: the lowest row where asked for, the highest elsewhere; each with photos, if there are any.
pub(crate) fn results(
    compiled: &Compiled,
    collect: Collect,
    lowest: &dyn Fn(&str) -> bool,
    photos: Option<&Value>,
) -> Vec<Value> {
    let mine = compiled.rulebook.scheme.indicators.iter().filter(|indicator| indicator.collect == collect);
    mine.map(|indicator| {
        let row = if lowest(&indicator.id) { indicator.rows.last() } else { indicator.rows.first() }.unwrap();
        let outcome = match indicator.kind {
            Kind::Binary | Kind::Levels => json!(row.id),
            Kind::Count => json!(row.from.unwrap_or_default()),
            Kind::Share => json!({ "part": row.from_percent.unwrap_or_default(), "whole": 100 }),
            Kind::Survey => json!({ "satisfied": 0, "answered": 0, "occupied_units": 1 }),
        };
        let mut result = json!({ "indicator": indicator.id, "outcome": outcome });
        if let Some(photos) = photos {
            result["photos"] = photos.clone();
        }
        result
    })
    .collect()
}

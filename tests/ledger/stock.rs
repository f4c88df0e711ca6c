//! The `events` table is readable with the stock repositories of `sqlite-es` and `postgres-es`: another program that knows
//! nothing of signatures replays an aggregate through them and gets the same state.

use crate::program::{On, first_rows, init, told};
use cqrs_es::EventStore as _;
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore};
use postgres_es::PostgresEventRepository;
use sqlite_es::SqliteEventRepository;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use wuping_domain::aggregate::{Concept, Shell};
use wuping_domain::premises::{Event, Premises};
use wuping_ledger::place::database_url;
use wuping_ledger::reader::Reader;

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_repository_on_either_store_replays_premises_to_the_same_state() {
    for on in [On::Sqlite, On::Postgres] {
        let place = tempfile::tempdir().unwrap();
        let (folder, file) = (place.path().join("ledger"), place.path().join("first.csv"));
        first_rows(40, &file);
        init(&folder, on, "ledger.example/stock");
        told(&folder, &["import", "toronto-evaluations", file.to_str().unwrap(), "--json"]);
        let reader = Reader::open(&folder).unwrap();
        let mut streams = Vec::new();
        reader
            .rows(0, u64::MAX, |row| {
                if row.event_type == "PremisesRegistered" {
                    streams.push(row.stream.to_owned());
                }
                Ok::<_, wuping_ledger::store::StoreError>(())
            })
            .unwrap();
        assert!(streams.len() > 5, "{streams:?}");
        let ours: Vec<Premises> = streams.iter().map(|stream| folded(&reader, stream)).collect();
        let theirs = match database_url(&folder).unwrap() {
            Some(url) => {
                let pool = PgPoolOptions::new().connect(&url).await.unwrap();
                replayed(PostgresEventRepository::new(pool), &streams).await
            }
            None => {
                let options = SqliteConnectOptions::new().filename(folder.join("ledger.db")).read_only(true);
                let pool = SqlitePoolOptions::new().connect_with(options).await.unwrap();
                replayed(SqliteEventRepository::new(pool), &streams).await
            }
        };
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "on {on:?}");
    }
}

/// The state by our own reader.
fn folded(reader: &Reader, stream: &str) -> Premises {
    let mut premises = Premises::default();
    for entry in reader.stream(stream).unwrap() {
        premises.evolve(&serde_json::from_str::<Event>(&entry.data).unwrap());
    }
    premises
}

/// The state by a stock store on the same table.
async fn replayed<R: PersistedEventRepository>(repository: R, streams: &[String]) -> Vec<Premises> {
    let store = PersistedEventStore::<R, Shell<Premises>>::new_event_store(repository);
    let mut all = Vec::new();
    for stream in streams {
        let mut premises = Premises::default();
        for envelope in store.load_events(stream).await.unwrap() {
            premises.evolve(&envelope.payload.event);
        }
        all.push(premises);
    }
    all
}

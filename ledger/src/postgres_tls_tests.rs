//! The way to a real Postgres server that encrypts: to the right one, to one that is not trusted, and in the open.

use serde_json::json;

use crate::audit::verify_rows;
use crate::genesis::{CreateOptions, Ledger, RunOptions};
use crate::place::remember_database;
use crate::postgres_address::Address;
use crate::postgres_session::Session;
use crate::store::StoreError;
use crate::test_ledger::{ORIGIN, request};
use crate::test_postgres::own_cluster;

fn connected(url: &str) -> Result<Session, StoreError> {
    Session::open(&Address::parse(url)?)
}

/// Everything that an error says, with its causes.
fn told(error: &StoreError) -> String {
    let mut told = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        told += &format!(": {cause}");
        next = cause.source();
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_encrypts_is_reached_if_it_is_the_right_one_and_nothing_goes_in_the_open() {
    let cluster = own_cluster();
    let folder = cluster.encrypt();
    let url = cluster.database("ledger");
    let asked =
        |mode: &str, root: &str| format!("{url}?sslmode={mode}&sslrootcert={}/{root}", folder.display());

    for good in [
        asked("verify-full", "root.pem"),
        asked("verify-ca", "root.pem"),
        asked("verify-ca", "root.pem").replace("127.0.0.1", "localhost"),
        asked("require", "root.pem"),
        format!("{url}?sslmode=require"),
    ] {
        let encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        let session = connected(&good).unwrap();
        assert!(session.first(encrypted, &[]).unwrap().unwrap().get::<_, bool>(0), "{good}");
    }
    for bad in [
        asked("verify-full", "other.pem"),
        asked("verify-ca", "other.pem"),
        asked("require", "other.pem"),
        asked("verify-full", "root.pem").replace("127.0.0.1", "localhost"),
    ] {
        let refused = connected(&bad).unwrap_err();
        let told = told(&refused);
        assert!(matches!(refused, StoreError::Untrusted { .. }), "{bad}: {told}");
        assert!(told.contains("sslrootcert") && told.contains("invalid peer certificate"), "{told}");
    }
    for open in [url.clone(), format!("{url}?sslmode=disable"), format!("{url}?sslmode=prefer")] {
        let refused = connected(&open).unwrap_err();
        let told = told(&refused);
        assert!(matches!(refused, StoreError::Unencrypted { .. }), "{open}: {told}");
        assert!(told.contains("sslmode=verify-full") && told.contains("pg_hba.conf"), "{told}");
    }

    // a ledger works the same over it, what is read from many threads and by async readers too
    let house = tempfile::tempdir().unwrap();
    remember_database(house.path(), &asked("verify-full", "root.pem")).unwrap();
    let created = Ledger::create(house.path(), CreateOptions::new(ORIGIN, true).unwrap()).unwrap();
    let officer = created.ledger.enrol_officer("officer-1").await.unwrap();
    let said = request(crate::append::Author::Officer(officer), "premises/p-1", "Visited", json!({}));
    created.ledger.writer().append(said.clone()).await.unwrap();
    created.ledger.close().await.unwrap();
    let ledger = Ledger::open(house.path(), RunOptions::default()).unwrap();
    assert!(ledger.writer().append(said).await.unwrap().repeated);
    assert_eq!(ledger.reader().stream("premises/p-1").unwrap().len(), 1);
    assert_eq!(ledger.reader().contents("premises/p-1").await.unwrap().len(), 1);
    ledger.close().await.unwrap();
    assert_eq!(verify_rows(house.path()).unwrap().findings, []);
}

#[test]
fn a_server_that_does_not_encrypt_is_not_talked_to_in_the_open_instead() {
    let url = crate::test_postgres::new_database();
    let refused = connected(&format!("{url}?sslmode=require")).unwrap_err();
    assert!(told(&refused).contains("server does not support TLS"), "{}", told(&refused));
}

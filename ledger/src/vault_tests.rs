//! What every vault must do, whatever it lies in, and what is particular to each.

use std::path::Path;

use serde_json::json;

use crate::append::AppendError;
use crate::disclosure::Disclosure;
use crate::keyring::KeyringError;
use crate::place::{database_url, remember_database};
use crate::postgres::PostgresStore;
use crate::postgres_address::Address;
use crate::postgres_beside::Beside;
use crate::postgres_session::Session;
use crate::private::split_private;
use crate::test_ledger::{On, TestLedger};
use crate::test_postgres::new_database;
use crate::vault::{Vault, VaultDigests, VaultError};
use crate::vault_postgres::VaultTables;
use crate::vault_sqlite::VaultFile;
use crate::vault_store::{Put, Sealed, Unconfirmed, VaultStore};

fn said(name: &str) -> (String, Vec<Disclosure>) {
    split_private(json!({"private": {"name": name, "phone": null}, "type": "OwnerNamed"})).unwrap()
}

fn digests(disclosures: &[Disclosure]) -> Vec<&str> {
    disclosures.iter().map(|disclosure| disclosure.digest.as_str()).collect()
}

/// A folder whose ledger's database is there, and holds nothing yet.
fn folder(on: On) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    if on == On::Postgres {
        let url = new_database();
        remember_database(folder.path(), &url).unwrap();
        drop(PostgresStore::create(&Address::parse(&url).unwrap()).unwrap());
    }
    folder
}

/// A connection of the database's owner.
fn owner(folder: &Path) -> Session {
    Session::open(&Address::parse(&database_url(folder).unwrap().unwrap()).unwrap()).unwrap()
}

/// Runs SQL behind the vault's back.
fn behind_its_back(on: On, folder: &Path, on_sqlite: &str, on_postgres: &str) {
    match on {
        On::Postgres => owner(folder).batch(on_postgres, "be changed").unwrap(),
        On::Sqlite => {
            rusqlite::Connection::open(folder.join("vault.db")).unwrap().execute_batch(on_sqlite).unwrap();
        }
    }
}

/// Whether bytes stand anywhere in the files of a folder.
fn in_files(folder: &Path, text: &[u8]) -> bool {
    let files = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    files.into_iter().any(|bytes| bytes.windows(text.len()).any(|window| window == text))
}

const BOTH: [On; 2] = [On::Sqlite, On::Postgres];

#[test]
fn values_are_given_back_by_their_digests_and_lie_sealed() {
    for on in BOTH {
        let folder = folder(on);
        let vault = Vault::open(folder.path()).unwrap();
        let (_, disclosures) = said("Chen Xiaoming");
        vault.put(&disclosures, 7).unwrap();
        vault.put(&disclosures, 7).unwrap();
        drop(vault);
        let vault = Vault::open(folder.path()).unwrap();
        let mut asked = digests(&disclosures);
        asked.push("another");
        let values = vault.values(&asked).unwrap();
        assert_eq!(values[..2], [Some(disclosures[0].clone()), Some(disclosures[1].clone())]);
        assert_eq!(values[2], None);
        assert_eq!(Vault::open_read_only(folder.path()).unwrap().values(&asked).unwrap(), values);
        assert_eq!(vault.checked(&mut |_, _| ()).unwrap().altered, Vec::<String>::new());
        let listing = Vault::listing(folder.path()).unwrap();
        assert_eq!((listing.digests.len(), listing.cut.len(), listing.unswept), (2, 0, 0));
        let there = VaultDigests::of_folder(folder.path()).unwrap().are_there(&asked).unwrap();
        assert_eq!(there, [true, true, false]);
        if on == On::Sqlite {
            let texts = [b"Xiaoming".as_slice(), disclosures[0].text.as_bytes()];
            assert!(!texts.into_iter().any(|text| in_files(folder.path(), text)));
        } else {
            let lies = "SELECT count(*) FROM vault_values WHERE position('Xiaoming'::bytea IN sealed) > 0";
            let found = owner(folder.path()).first(lies, &[]).unwrap().unwrap();
            assert_eq!(found.get::<_, i64>(0), 0);
        }
    }
}

#[test]
fn an_erased_value_is_gone_and_does_not_come_back() {
    for on in BOTH {
        let folder = folder(on);
        let vault = Vault::open(folder.path()).unwrap();
        let (_, disclosures) = said("Chen Xiaoming");
        vault.put(&disclosures, 0).unwrap();
        vault.erase(&[&disclosures[0].digest]).unwrap();
        vault.erase(&[&disclosures[0].digest]).unwrap();
        assert_eq!(vault.values(&digests(&disclosures)).unwrap(), [None, Some(disclosures[1].clone())]);
        assert!(matches!(vault.put(&disclosures, 0), Err(VaultError::Erased { .. })));
        let (_, others) = said("Li");
        let mixed = [others[0].clone(), disclosures[0].clone()];
        assert!(matches!(vault.put(&mixed, 0), Err(VaultError::Erased { .. })));
        assert_eq!(vault.values(&[&others[0].digest]).unwrap(), [None], "none is kept beside an erased one");
        vault.put(&others, 0).unwrap();
    }
}

#[test]
fn an_altered_value_is_not_given_out() {
    for on in BOTH {
        let folder = folder(on);
        let vault = Vault::open(folder.path()).unwrap();
        let (_, disclosures) = said("Chen");
        vault.put(&disclosures, 0).unwrap();
        behind_its_back(
            on,
            folder.path(),
            "DROP TRIGGER disclosures_are_never_updated; \
             UPDATE disclosures SET sealed = (SELECT max(sealed) FROM disclosures);",
            "ALTER TABLE vault_values DISABLE TRIGGER ALL; \
             UPDATE vault_values SET sealed = (SELECT sealed FROM vault_values ORDER BY sealed LIMIT 1);",
        );
        assert_eq!(vault.checked(&mut |_, _| ()).unwrap().altered.len(), 1, "{on:?}");
        assert!(matches!(vault.values(&digests(&disclosures)), Err(VaultError::Altered { .. })));
    }
}

/// The key is known by what it opens, and somebody may have altered the very value that is looked at first.
#[test]
fn one_altered_value_keeps_no_vault_shut_and_another_key_does() {
    for altered in ["digest = ''", "sealed = zeroblob(40)", "sealed = zeroblob(0)"] {
        let folder = folder(On::Sqlite);
        let (_, disclosures) = said("Chen");
        Vault::open(folder.path()).unwrap().put(&disclosures, 0).unwrap();
        let alter = format!(
            "DROP TRIGGER disclosures_are_never_updated; \
             UPDATE disclosures SET {altered} WHERE digest = (SELECT min(digest) FROM disclosures);"
        );
        behind_its_back(On::Sqlite, folder.path(), &alter, "");
        for opened in [Vault::open(folder.path()), Vault::open_read_only(folder.path())] {
            assert_eq!(opened.unwrap().checked(&mut |_, _| ()).unwrap().altered.len(), 1, "{altered}");
        }
        std::fs::write(folder.path().join("vault.key"), "ab".repeat(32)).unwrap();
        let refused = Vault::open(folder.path());
        assert!(matches!(refused, Err(VaultError::Keyring(KeyringError::WrongKey { .. }))), "{refused:?}");
    }
}

#[test]
fn a_lost_vault_key_is_said_and_not_replaced() {
    for on in BOTH {
        let folder = folder(on);
        drop(Vault::open(folder.path()).unwrap());
        std::fs::remove_file(folder.path().join("vault.key")).unwrap();
        assert!(matches!(Vault::open(folder.path()), Err(VaultError::Keyring(KeyringError::Absent { .. }))));
        assert!(!folder.path().join("vault.key").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_entry_came_to_name_is_swept_and_nothing_else() {
    for on in BOTH {
        let test = TestLedger::on(on).await;
        let vault = Vault::open(test.path()).unwrap();
        let size = test.ledger.reader().size().unwrap();
        let (lost, acknowledged, confirmed) = (said("lost"), said("acknowledged"), said("confirmed"));
        for (data, disclosures) in [&lost, &acknowledged, &confirmed] {
            vault.put(disclosures, size).unwrap();
            if !std::ptr::eq(data, &raw const lost.0) {
                let mut request = test.said("premises/p-1", "OwnerNamed", json!({}));
                request.events[0].data.clone_from(data);
                test.ledger.writer().append(request).await.unwrap();
            }
        }
        vault.confirm(confirmed.1.iter().map(|disclosure| disclosure.digest.clone()));
        assert_eq!(vault.sweep(test.ledger.reader()).unwrap(), 0, "all are younger than a day");
        let later = chrono::Utc::now().timestamp_millis() + 1;
        assert_eq!(vault.sweep_before(test.ledger.reader(), later).unwrap(), 2);
        assert_eq!(vault.sweep_before(test.ledger.reader(), later).unwrap(), 0);
        assert_eq!(vault.values(&digests(&lost.1)).unwrap(), [None, None]);
        for (_, kept) in [acknowledged, confirmed] {
            assert!(vault.values(&digests(&kept)).unwrap().iter().all(Option::is_some));
        }
    }
}

#[test]
fn a_value_that_is_put_again_while_a_sweep_looks_for_its_entry_stays() {
    for on in BOTH {
        let folder = folder(on);
        let mut store: Box<dyn VaultStore> = match Beside::of_folder(folder.path()).unwrap() {
            Some(beside) => Box::new(VaultTables::over(beside)),
            None => Box::new(VaultFile::open(folder.path().join("vault.db")).unwrap()),
        };
        let sealed = |digest: &str| Sealed { digest: digest.to_owned(), sealed: b"sealed".to_vec() };
        let values = ["again", "lost", "named"].map(sealed);
        let put = |values, put_at_ms, from_position| Put { values, put_at_ms, from_position, confirmed: &[] };
        assert_eq!(store.put(&put(&values, 1_000, 5)).unwrap(), None);
        let mut listed = store.unconfirmed(2_000).unwrap();
        assert_eq!(listed.len(), 3, "{on:?}");
        // while the ledger is looked through a retry is taken, and its entry appended; another node confirms what it appended
        assert_eq!(store.put(&put(&values[..1], 90_000, 9)).unwrap(), None);
        store.confirm(&["named".to_owned()]).unwrap();
        assert_eq!(store.sweep(&listed).unwrap(), 1, "{on:?}");
        let left = store.are_there(&["again", "lost", "named"]).unwrap();
        assert_eq!(left, [true, false, true], "{on:?}");
        assert_eq!(store.unconfirmed(90_000).unwrap(), [], "{on:?}: its day begins anew");
        listed = store.unconfirmed(90_001).unwrap();
        let renewed = Unconfirmed { digest: "again".to_owned(), put_at_ms: 90_000, from_position: 5 };
        assert_eq!(listed, [renewed], "{on:?}: an entry may have named it since it was put first");
        assert_eq!(store.sweep(&listed).unwrap(), 1, "{on:?}");
        assert_eq!(store.are_there(&["again"]).unwrap(), [false], "{on:?}");
    }
}

#[test]
fn what_is_erased_in_a_file_leaves_no_bytes_in_it() {
    let folder = folder(On::Sqlite);
    let vault = Vault::open(folder.path()).unwrap();
    let (_, disclosures) = said("Chen Xiaoming");
    vault.put(&disclosures, 0).unwrap();
    let file = rusqlite::Connection::open(folder.path().join("vault.db")).unwrap();
    let sql = "SELECT sealed FROM disclosures WHERE digest = ?1";
    let sealed: Vec<u8> = file.query_row(sql, [&disclosures[0].digest], |columns| columns.get(0)).unwrap();
    drop(file);
    assert!(in_files(folder.path(), &sealed));
    vault.erase(&[&disclosures[0].digest]).unwrap();
    assert!(!in_files(folder.path(), &sealed));
}

#[test]
fn what_its_owner_erases_on_a_server_leaves_no_dead_row_in_the_table() {
    let folder = folder(On::Postgres);
    let owner = owner(folder.path());
    // the table shall not be tidied up by anybody else
    owner.batch("ALTER TABLE vault_values SET (autovacuum_enabled = off)", "be changed").unwrap();
    let vault = Vault::open(folder.path()).unwrap();
    let (_, disclosures) = said("Chen Xiaoming");
    vault.put(&disclosures, 0).unwrap();
    let file = "SELECT pg_relation_filenode('vault_values')::bigint";
    let before = owner.first(file, &[]).unwrap().unwrap().get::<_, i64>(0);
    vault.erase(&[&disclosures[0].digest]).unwrap();
    let after = owner.first(file, &[]).unwrap().unwrap().get::<_, i64>(0);
    assert_ne!(before, after, "it lies in a new file, the old one is gone");
}

#[test]
fn nodes_share_a_vault_and_another_key_is_refused() {
    let (one, other) = (folder(On::Postgres), tempfile::tempdir().unwrap());
    let vault = Vault::open(one.path()).unwrap();
    std::fs::copy(one.path().join("database.url"), other.path().join("database.url")).unwrap();
    let key = "ab".repeat(32);
    std::fs::write(other.path().join("vault.key"), &key).unwrap();
    for refused in [Vault::open(other.path()), Vault::open_read_only(other.path())] {
        assert!(matches!(refused, Err(VaultError::Keyring(KeyringError::WrongKey { .. }))), "{refused:?}");
    }
    std::fs::copy(one.path().join("vault.key"), other.path().join("vault.key")).unwrap();
    let beside = Vault::open(other.path()).unwrap();
    let (_, disclosures) = said("Chen");
    vault.put(&disclosures, 0).unwrap();
    assert!(beside.values(&digests(&disclosures)).unwrap().iter().all(Option::is_some));
    beside.erase(&digests(&disclosures)).unwrap();
    assert_eq!(vault.values(&digests(&disclosures)).unwrap(), [None, None]);
    assert!(matches!(vault.put(&disclosures, 0), Err(VaultError::Erased { .. })));
}

#[test]
fn a_connection_that_is_cut_is_made_anew() {
    let folder = folder(On::Postgres);
    let vault = Vault::open(folder.path()).unwrap();
    let (_, disclosures) = said("Chen");
    vault.put(&disclosures, 0).unwrap();
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    owner(folder.path()).first(cut, &[]).unwrap();
    assert!(vault.values(&digests(&disclosures)).unwrap().iter().all(Option::is_some));
    owner(folder.path()).first(cut, &[]).unwrap();
    vault.put(&said("Li").1, 0).unwrap();
}

#[test]
fn the_login_that_serves_does_with_values_what_it_must_and_no_more() {
    let folder = folder(On::Postgres);
    let vault = Vault::open(folder.path()).unwrap();
    vault.put(&said("Chen").1, 0).unwrap();
    let owner = owner(folder.path());
    owner.batch("CREATE ROLE vault_server LOGIN; GRANT wuping_writer TO vault_server", "be made").unwrap();
    for sql in ["UPDATE vault_values SET sealed = ''", "TRUNCATE vault_values", "DELETE FROM vault_erased"] {
        let refused = owner.batch(sql, "be changed").unwrap_err();
        let said =
            std::error::Error::source(&refused).and_then(std::error::Error::source).unwrap().to_string();
        assert!(said.contains("never changed or taken away"), "{sql}: {said}");
    }
    drop(vault);
    let url = database_url(folder.path()).unwrap().unwrap();
    std::fs::write(folder.path().join("database.url"), url.replace("wuping@", "vault_server@")).unwrap();
    let vault = Vault::open(folder.path()).unwrap();
    let (_, disclosures) = said("Li");
    for _ in 0..2 {
        vault.put(&disclosures, 0).unwrap();
    }
    vault.erase(&digests(&disclosures)).unwrap();
    assert_eq!(vault.values(&digests(&disclosures)).unwrap(), [None, None]);
    assert_eq!(vault.checked(&mut |_, _| ()).unwrap().altered, Vec::<String>::new());
}

#[test]
fn a_file_of_values_is_moved_to_the_server_before_anything_is_served() {
    let from = folder(On::Sqlite);
    let vault = Vault::open(from.path()).unwrap();
    let (named, erased, waiting) = (said("named").1, said("erased").1, said("waiting").1);
    for disclosures in [&named, &erased, &waiting] {
        vault.put(disclosures, 3).unwrap();
    }
    vault.confirm(named.iter().map(|disclosure| disclosure.digest.clone()));
    vault.erase(&digests(&erased)).unwrap();
    vault.put(&said("one more").1, 3).unwrap();
    drop(vault);
    let to = folder(On::Postgres);
    for file in ["vault.db", "vault.key"] {
        std::fs::copy(from.path().join(file), to.path().join(file)).unwrap();
    }
    let refused = Vault::open(to.path()).unwrap_err();
    assert!(refused.to_string().contains("wuping upgrade"), "{refused}");
    assert_eq!(Vault::move_to_server(to.path()).unwrap(), 6);
    assert_eq!(Vault::move_to_server(to.path()).unwrap(), 0, "once more does nothing");
    assert!(!to.path().join("vault.db").exists());
    let vault = Vault::open(to.path()).unwrap();
    assert_eq!(vault.values(&digests(&erased)).unwrap(), [None, None]);
    assert!(matches!(vault.put(&erased, 0), Err(VaultError::Erased { .. })));
    for kept in [&named, &waiting] {
        assert!(vault.values(&digests(kept)).unwrap().iter().all(Option::is_some));
    }
    let counted = "SELECT count(*) FROM vault_unconfirmed";
    let waiting = owner(to.path()).first(counted, &[]).unwrap().unwrap();
    assert_eq!(waiting.get::<_, i64>(0), 4, "the sweep looks at what it would have looked at");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_said_and_nothing_is_recorded() {
    let test = TestLedger::on(On::Postgres).await;
    let vault = Vault::open(test.path()).unwrap();
    let owner = owner(test.path());
    owner.batch("ALTER TABLE vault_values RENAME TO elsewhere", "be changed").unwrap();
    let refused = vault.put(&said("Chen").1, 0).unwrap_err();
    assert!(matches!(refused, VaultError::Server(_)), "{refused:?}");
    owner.batch("ALTER TABLE elsewhere RENAME TO vault_values", "be put back").unwrap();
    vault.put(&said("Chen").1, 0).unwrap();
    let _: Result<(), AppendError> = test.ledger.close().await;
}

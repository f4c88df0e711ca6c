//! What the office's records must do, whatever they lie in, and what is particular to each.

use std::sync::Arc;

use wuping_ledger::genesis::{CreateOptions, Ledger};
use wuping_ledger::place::remember_database;
use wuping_ledger::postgres_beside::Beside;

use super::*;
use crate::test_postgres::new_database;

/// A folder with records and one login, in a file and on a server.
fn offices() -> Vec<(tempfile::TempDir, Office)> {
    [false, true].map(office).into_iter().collect()
}

fn office(on_a_server: bool) -> (tempfile::TempDir, Office) {
    let folder = folder(on_a_server);
    let office = Office::open(folder.path()).unwrap();
    office.set_login("li", "a-1", "kid-1", "correct horse").unwrap();
    (folder, office)
}

fn folder(on_a_server: bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    if on_a_server {
        remember_database(folder.path(), &new_database()).unwrap();
        let made = Ledger::create(folder.path(), CreateOptions::new("ledger.example/office", false).unwrap());
        drop(made.unwrap());
    }
    folder
}

#[test]
fn a_session_lasts_a_working_day_and_ends_on_signing_out() {
    for (_folder, office) in offices() {
        let token = office.sign_in("li", "correct horse", 1_000).unwrap().unwrap();
        assert_eq!(office.session(&token, 1_001).unwrap().unwrap().account, "a-1");
        assert!(office.session(&token, 1_000 + SESSION_SECONDS).unwrap().is_none());
        office.set_key("a-1", "kid-2").unwrap();
        assert_eq!(office.session(&token, 1_001).unwrap().unwrap().kid, "kid-2");
        assert_eq!(office.key_of("a-1").unwrap().as_deref(), Some("kid-2"));
        let other = office.sign_in("li", "correct horse", 1_001 + SESSION_SECONDS).unwrap().unwrap();
        assert!(office.session(&token, 1_001).unwrap().is_none(), "one that is over is forgotten");
        office.sign_out(&other).unwrap();
        assert!(office.session(&other, 1_002 + SESSION_SECONDS).unwrap().is_none());
    }
}

#[test]
fn a_wrong_password_and_an_unknown_name_are_answered_alike() {
    for (_folder, office) in offices() {
        assert!(office.sign_in("li", "wrong", 0).unwrap().is_none());
        assert!(office.sign_in("nobody", "correct horse", 0).unwrap().is_none());
        office.set_login("li", "a-1", "kid-1", "battery staple").unwrap();
        assert!(office.sign_in("li", "correct horse", 0).unwrap().is_none(), "there is a new password");
        assert!(office.sign_in("li", "battery staple", 0).unwrap().is_some());
    }
}

#[test]
fn a_new_password_ends_the_sessions_of_its_account_and_of_no_other() {
    for (_folder, office) in offices() {
        office.set_login("wang", "a-2", "kid-2", "another").unwrap();
        office.set_login("li-2", "a-1", "kid-1", "a second name").unwrap();
        let by_old = office.sign_in("li", "correct horse", 0).unwrap().unwrap();
        let by_second = office.sign_in("li-2", "a second name", 0).unwrap().unwrap();
        let other = office.sign_in("wang", "another", 0).unwrap().unwrap();
        office.set_login("li", "a-1", "kid-1", "battery staple").unwrap();
        assert_eq!(office.session(&by_old, 1).unwrap(), None);
        assert_eq!(office.session(&by_second, 1).unwrap(), None, "it is the account that is signed in");
        assert!(office.session(&other, 1).unwrap().is_some());
        office.set_login("wang", "a-3", "kid-3", "of whoever took over").unwrap();
        assert_eq!(office.session(&other, 1).unwrap(), None, "the name is another account's now");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_known_until_there_is_a_new_password_and_to_its_person_alone() {
    for (_folder, office) in offices() {
        let office = Arc::new(office);
        office.set_login("wang", "a-2", "kid-2", "another").unwrap();
        let attempt = Attempt { login: "li".into(), password: "correct horse".into(), ..Attempt::default() };
        let Entered::In { token, session, browser } = office.let_in(attempt.clone(), 0).await.unwrap() else {
            panic!("it is the right password")
        };
        assert_eq!(office.session(&token, 1).unwrap(), Some(session));
        let known = |login: &str, browser: &str| office.known_browser(login, browser.to_owned()).unwrap();
        assert_eq!(known("li", &browser), Some(browser.clone()));
        assert_eq!(known("wang", &browser), None);
        assert_eq!(known("nobody", &browser), None);
        for made_up in ["", ".", "x.y", &browser[1..], &browser[..browser.len() - 1]] {
            assert_eq!(known("li", made_up), None, "{made_up}");
        }
        let again = Attempt { browser: Some(browser.clone()), ..attempt.clone() };
        let entered = office.let_in(again, 0).await.unwrap();
        assert!(matches!(entered, Entered::In { browser: same, .. } if same == browser));
        let wrong = Attempt { password: "wrong".into(), browser: Some(browser.clone()), ..attempt };
        assert_eq!(office.let_in(wrong, 0).await.unwrap(), Entered::Wrong);
        office.set_login("li", "a-1", "kid-1", "battery staple").unwrap();
        assert_eq!(known("li", &browser), None);
    }
}

#[test]
fn a_feed_is_known_by_its_newest_token_until_it_is_closed() {
    for (_folder, office) in offices() {
        let departments = ["fire".to_owned(), "police".to_owned()];
        let old = office.open_feed("feed-police", &departments).unwrap();
        let new = office.open_feed("feed-police", &departments[1..]).unwrap();
        assert_eq!(office.feed_by_token(&old).unwrap(), None);
        let feed = office.feed_by_token(&new).unwrap().unwrap();
        assert_eq!((feed.channel.as_str(), feed.departments.len()), ("feed-police", 1));
        assert_eq!(office.feeds().unwrap(), [feed]);
        assert!(office.close_feed("feed-police").unwrap());
        assert!(!office.close_feed("feed-police").unwrap());
        assert_eq!(office.feed_by_token(&new).unwrap(), None);
    }
}

#[test]
fn neither_passwords_nor_tokens_lie_in_the_file() {
    let (folder, office) = office(false);
    let token = office.sign_in("li", "correct horse", 0).unwrap().unwrap();
    drop(office);
    let bytes: Vec<u8> = ["office.db", "office.db-wal"]
        .iter()
        .filter_map(|name| std::fs::read(folder.path().join(name)).ok())
        .flatten()
        .collect();
    let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has("a-1") && !has("correct horse") && !has(&token));
}

#[test]
fn neither_passwords_nor_tokens_lie_in_the_tables() {
    let (folder, office) = office(true);
    let token = office.sign_in("li", "correct horse", 0).unwrap().unwrap();
    let feed = office.open_feed("feed-police", &["police".to_owned()]).unwrap();
    let beside = Beside::of_folder(folder.path()).unwrap().unwrap();
    let all = "SELECT concat((SELECT json_agg(l) FROM office_logins l), (SELECT json_agg(s) FROM office_sessions s), \
               (SELECT json_agg(f) FROM office_feeds f))";
    let all: String = beside.with(|session| session.first(all, &[])).unwrap().unwrap().get(0);
    assert!(all.contains("a-1") && all.contains("feed-police"), "{all}");
    assert!(![token.as_str(), feed.as_str(), "correct horse"].iter().any(|secret| all.contains(secret)));
}

#[test]
fn nodes_share_their_logins_sessions_and_feeds() {
    let (folder, office) = office(true);
    let other = Office::open(folder.path()).unwrap();
    let token = office.sign_in("li", "correct horse", 0).unwrap().unwrap();
    assert_eq!(other.session(&token, 1).unwrap(), office.session(&token, 1).unwrap());
    let kinds = [Kind::Indicators, Kind::Incidents];
    let feed = other.open_feed_for("feed-police", &["police".to_owned()], &kinds).unwrap();
    assert_eq!(office.feed_by_token(&feed).unwrap().unwrap().kinds, kinds);
    other.sign_out(&token).unwrap();
    assert_eq!(office.session(&token, 1).unwrap(), None);
    assert_eq!(logins(folder.path()).unwrap().map(|all| all.len()), Some(1));
}

#[test]
fn records_in_a_file_are_moved_to_the_server_before_anybody_signs_in() {
    let (from, office) = office(false);
    let feed = office.open_feed("feed-police", &["police".to_owned()]).unwrap();
    office.set_login("wang", "a-2", "kid-2", "of the file").unwrap();
    let signed_in = office.sign_in("li", "correct horse", 0).unwrap().unwrap();
    drop(office);
    let to = folder(true);
    Office::open(to.path()).unwrap().set_login("wang", "a-2", "kid-2", "of the server").unwrap();
    std::fs::copy(from.path().join("office.db"), to.path().join("office.db")).unwrap();
    let refused = Office::open(to.path()).unwrap_err();
    assert!(refused.to_string().contains("wuping upgrade"), "{refused}");
    assert_eq!(move_to_server(to.path()).unwrap(), 2);
    assert_eq!(move_to_server(to.path()).unwrap(), 0, "once more does nothing");
    let office = Office::open(to.path()).unwrap();
    assert!(office.sign_in("li", "correct horse", 0).unwrap().is_some());
    assert!(office.sign_in("wang", "of the server", 0).unwrap().is_some(), "what is there stays");
    assert!(office.feed_by_token(&feed).unwrap().is_some());
    assert_eq!(office.session(&signed_in, 1).unwrap(), None, "sessions end");
}

#[test]
fn a_feed_of_before_delivers_results_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let before = rusqlite::Connection::open(folder.path().join("office.db")).unwrap();
    before
        .execute_batch(
            "CREATE TABLE feeds (channel TEXT PRIMARY KEY, departments TEXT NOT NULL, token TEXT NOT NULL) STRICT;
             INSERT INTO feeds VALUES ('feed-police', 'police', 'digest');",
        )
        .unwrap();
    drop(before);
    let office = Office::open(folder.path()).unwrap();
    office.open_feed_for("feed-fire", &["fire".to_owned()], &[Kind::Incidents]).unwrap();
    drop(office);
    let feeds = Office::open(folder.path()).unwrap().feeds().unwrap();
    let kinds: Vec<_> = feeds.iter().map(|feed| (feed.channel.as_str(), feed.kinds.clone())).collect();
    assert_eq!(kinds, [("feed-fire", vec![Kind::Incidents]), ("feed-police", vec![Kind::Indicators])]);
}

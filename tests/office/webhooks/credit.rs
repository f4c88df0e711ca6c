//! The public credit platform: told of what is published and of its end, until it has said that it has it.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;
use wuping_ledger::genesis::Ledger;

use super::{Heard, Manner, Receiver, hmac};
use crate::program::server::{Client, Server, Session};
use crate::program::{told, until};

#[test]
fn the_public_platform_is_told_of_a_publication_and_of_its_end_until_it_has_taken_both() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("ledger");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(wuping::sample::make(&folder)).unwrap();
    let account = |login: &str, role: &str| {
        let opened = told(&folder, &["account", "open", login, "--name", login, "--role", role, "--json"]);
        opened["password"].as_str().unwrap().to_owned()
    };
    let (password, clerk) = (account("credit-2", "credit_officer"), account("clerk-2", "data_clerk"));
    let server = Server::start(&folder, &[]);
    let session = server.sign_in("credit-2", &password);
    let clerk = server.sign_in("clerk-2", &clerk);
    let company = json!({ "kind": "enterprise", "name": "某公寓管理公司" });
    say(&server, &clerk, "party/y-77/register", &company);
    let runs = json!({ "party": "y-77", "role": "operator", "basis": "management_contract" });
    say(&server, &clerk, "premises/sample-b11/name_party", &runs);
    until("the company is rated", Duration::from_secs(30), || a_rated_company(&folder).is_some());

    let receiver = Receiver::at("127.0.0.1:0");
    let address = receiver.address.to_string();
    let url = format!("http://{address}/reports");
    let added = told(&folder, &["webhook", "add", "credit-site", "--credit", "--url", &url, "--json"]);
    let secret = added["secret"].as_str().unwrap();
    let listed = told(&folder, &["webhook", "list", "--json"]);
    assert_eq!((&listed[0]["department"], &listed[0]["about"]), (&Value::Null, &json!("public credit")));

    // a class is published while the platform is broken: it is told again and again
    receiver.behaves(Manner::Refuses(500));
    let (party, rating) = a_rated_company(&folder).unwrap();
    let item = json!({ "what": "class", "rating": rating });
    let file = format!("party/{party}/credit");
    say(
        &server,
        &session,
        &format!("{file}/give_notice"),
        &json!({
            "item": item, "method": "direct", "document_number": "信告〔2026〕7号", "text": "拟公示信用等级",
        }),
    );
    say(
        &server,
        &session,
        &format!("{file}/publish"),
        &json!({ "item": item, "channels": ["credit_website"] }),
    );
    until("it is told again", Duration::from_secs(20), || receiver.heard().len() >= 2);
    let attempts = receiver.heard();
    assert!(attempts.iter().all(|attempt| attempt.id() == attempts[0].id()), "{attempts:?}");

    // it takes it and does not say so; the server is killed, and the platform gets it again
    receiver.behaves(Manner::Holds);
    let held = |heard: &[Heard]| heard.iter().any(|heard| heard.answered.is_none());
    until("it holds it", Duration::from_secs(20), || held(&receiver.heard()));
    let mut server = server;
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let before = receiver.leave();
    drop(server);

    // the publication ends while the platform is away
    let server = Server::start(&folder, &[]);
    let session = server.sign_in("credit-2", &password);
    say(&server, &session, &format!("{file}/unpublish"), &json!({ "item": item, "why": "by_mistake" }));
    let receiver = Receiver::at(&address);
    until("both are taken", Duration::from_secs(60), || {
        let taken = receiver.heard().into_iter().filter(|heard| heard.answered == Some(204));
        taken.count() >= 2
    });
    let after = receiver.heard();
    assert_eq!(after[0].id(), before[0].id(), "what it never said it had comes again");
    let [reported, recalled] = [after[0].told(), after.last().unwrap().told()];
    assert_eq!((&reported["type"], &recalled["type"]), (&json!("CreditReported"), &json!("CreditRecalled")));
    assert_eq!(reported["party"]["id"], party);
    assert_eq!(reported["party"]["kind"], "enterprise");
    let shown = &reported["report"]["item"];
    assert_eq!((&shown["what"], &shown["rating"]), (&json!("class"), &json!(rating)));
    assert!(shown["class"].is_string(), "{reported}");
    assert_eq!(recalled["report"]["number"], reported["report"]["number"]);
    assert_eq!(recalled["report"]["why"], "by_mistake");
    let mut ids = Vec::new();
    for heard in before.iter().chain(&after) {
        let signed = format!("{}.{}", heard.headers["webhook-timestamp"], heard.body);
        assert_eq!(heard.headers["webhook-signature"], format!("v1={}", hmac(secret, &signed)));
        assert!(!heard.body.contains("拟公示") && !heard.body.contains("_sd"), "{}", heard.body);
        if !ids.iter().any(|id| id == heard.id()) {
            ids.push(heard.id().to_owned());
        }
    }
    assert_eq!(
        ids,
        reports(&folder),
        "each once or more, in the order of the ledger, and nothing else of any file"
    );
    drop(server);
}

fn say(server: &Server, session: &Session, path: &str, body: &Value) {
    let answer = Client::to(server.address).command(session, path, Uuid::now_v7(), body).unwrap();
    assert!(answer.status < 300, "{path}: {}", answer.body);
}

/// Every entry of a type with its stream and what it says.
fn entries(folder: &Path, of: &[&str]) -> Vec<(String, String, Value)> {
    let reader = Ledger::open_read_only(folder).unwrap();
    let mut found = Vec::new();
    reader
        .rows(0, u64::MAX, |row| {
            if of.contains(&row.event_type) {
                let said = serde_json::from_str(row.data).unwrap();
                found.push((row.stream.to_owned(), row.event_id.to_owned(), said));
            }
            Ok::<_, wuping_ledger::store::StoreError>(())
        })
        .unwrap();
    found
}

/// A company whose class is not public, with the number of its newest rating.
fn a_rated_company(folder: &Path) -> Option<(String, u64)> {
    let public = entries(folder, &["CreditPublished"]);
    let rated = entries(folder, &["CreditRated"]);
    let fits = |(stream, _, said): &&(String, String, Value)| {
        let result = &said["result"];
        result["kind"] == "enterprise"
            && result["class"]["shown"].is_string()
            && !public.iter().any(|(other, ..)| other == stream)
    };
    let (stream, _, said) = rated.iter().rev().find(fits)?;
    let party = stream.split('/').nth(1).unwrap().to_owned();
    Some((party, said["result"]["number"].as_u64().unwrap()))
}

/// The ids of everything that the platform has to hear, in order.
fn reports(folder: &Path) -> Vec<String> {
    let all = entries(folder, &["CreditReported", "CreditRecalled"]);
    all.into_iter().map(|(_, id, _)| id).collect()
}

//! Several people at one house at the same moment: rules that look beyond their own stream hold also then.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;
use wuping::app::{App, Asked, Done, ExecuteError, Who};
use wuping_ledger::timestamp::Timestamp;

use crate::program::inside::Inside;

/// A unit in 石井 and a grid worker there.
async fn unit_and_worker() -> (Inside, Who) {
    let house = Inside::of("ledger.example/at-once").await;
    let register = json!({ "command": "register", "layer": "unit", "parent": "b-1", "address": "石井街道1号101", "subdistrict": "石井" });
    house.say("premises/u-1", register).await;
    house.say("account/a-1", json!({ "command": "open", "name": "某人" })).await;
    house.say("account/a-1", json!({ "command": "grant", "role": "grid_worker", "area": "石井" })).await;
    let kid = house.app.ledger.enrol_officer("a-1").await.unwrap();
    (house, Who::Person { account: "a-1".into(), kid })
}

/// All of these at once, each by a task of its own.
async fn at_once(app: &Arc<App>, said: Vec<(Who, String, Value)>) -> Vec<Result<Done, ExecuteError>> {
    let sent = said.into_iter().map(|(who, stream, command)| {
        let (app, id, occurred_at) = (app.clone(), Uuid::now_v7(), Timestamp::now());
        tokio::spawn(async move {
            app.execute(&who, Asked { id, stream, command, expected: None, occurred_at }).await
        })
    });
    let mut heard = Vec::new();
    for one in sent.collect::<Vec<_>>() {
        heard.push(one.await.unwrap());
    }
    heard
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn of_assessments_that_are_opened_at_once_one_is_open() {
    let (house, worker) = unit_and_worker().await;
    let open = json!({ "command": "open", "scheme": house.unit.scheme, "reason": "first" });
    let opened = |n: usize| (worker.clone(), format!("premises/u-1/assessment/a{n}"), open.clone());
    let heard = at_once(&house.app, (0..40).map(opened).collect()).await;
    let recorded = heard.iter().filter(|done| matches!(done, Ok(Done::Recorded(_)))).count();
    let refused = |done: &Result<_, _>| matches!(done, Err(ExecuteError::Rejected(why)) if why.code() == "already_exists");
    let refused = heard.iter().filter(|done| refused(done)).count();
    assert_eq!((recorded, refused), (1, 39), "{heard:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn nothing_is_recorded_by_a_role_that_was_withdrawn_before_it() {
    let (house, worker) = unit_and_worker().await;
    let found = json!({
        "command": "find", "indicator": "electrical_wiring", "severity": "general", "works": "repair",
        "competent": "fire", "source": "patrol", "note": "电线裸露", "scheme": house.unit.scheme,
    });
    let mut said: Vec<_> =
        (0..40).map(|n| (worker.clone(), format!("premises/u-1/hazard/h{n}"), found.clone())).collect();
    let counter = Who::Channel { name: "counter".into(), reference: "test".into() };
    let revoke = json!({ "command": "revoke", "role": "grid_worker", "area": "石井" });
    said.insert(20, (counter, "account/a-1".to_owned(), revoke));
    let heard = at_once(&house.app, said).await;
    let position = |done: &Result<Done, ExecuteError>| match done {
        Ok(Done::Recorded(receipt)) => Some(receipt.position),
        _ => None,
    };
    let withdrawn = position(&heard[20]).unwrap();
    let later = heard.iter().filter_map(position).filter(|position| *position > withdrawn);
    assert_eq!(later.count(), 0, "{heard:#?}");
    assert!(heard.iter().all(|done| !matches!(done, Err(ExecuteError::Append(_)))), "{heard:#?}");
}

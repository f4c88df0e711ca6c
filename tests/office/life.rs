//! A house from registration to a confirmed downgrade, over a real ledger with real keys: what each person may and may
//! not do, and that everything computed can be computed again.

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use wuping::app::{App, Asked, Done, ExecuteError, Who};
use wuping::shelf;
use wuping_domain::rulebook::scheme::Collect;
use wuping_ledger::encoding::Hash;
use wuping_ledger::keys::Kid;
use wuping_ledger::timestamp::Timestamp;

use crate::program::inside::results;

struct House {
    app: App,
    _folder: TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = App::create(folder.path(), "ledger.example/life", false).unwrap();
        let name = Hash::of(PHOTO).hex();
        let place = folder.path().join("attachments").join(&name[..2]);
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join(&name), PHOTO).unwrap();
        Self { app, _folder: folder }
    }

    async fn person(&self, role: Value) -> Who {
        let account = format!("a-{}", Uuid::now_v7().simple());
        let counter = channel("counter");
        let stream = format!("account/{account}");
        self.say(&counter, &stream, json!({ "command": "open", "name": "某人" })).await.unwrap();
        let mut grant = role;
        grant["command"] = json!("grant");
        self.say(&counter, &stream, grant).await.unwrap();
        let kid: Kid = self.app.ledger.enrol_officer(&account).await.unwrap();
        Who::Person { account, kid }
    }

    async fn say(&self, who: &Who, stream: &str, command: Value) -> Result<Done, ExecuteError> {
        let asked = Asked {
            id: Uuid::now_v7(),
            stream: stream.to_owned(),
            command,
            expected: None,
            occurred_at: Timestamp::now(),
        };
        self.app.execute(who, asked).await
    }

    async fn refused(&self, who: &Who, stream: &str, command: Value) -> String {
        match self.say(who, stream, command).await {
            Err(ExecuteError::Rejected(rejection)) => rejection.code().to_owned(),
            other => panic!("not refused by a rule: {other:?}"),
        }
    }
}

fn channel(name: &str) -> Who {
    Who::Channel { name: name.to_owned(), reference: "test".to_owned() }
}

/// As many photos as the rulebook wants: one.
fn photos() -> Value {
    json!([{ "bytes": 3, "sha256": Hash::of(PHOTO).hex(), "type": "image/jpeg" }])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_is_graded_low_heard_and_confirmed() {
    let house = House::new();
    let [unit, ..] = shelf::pingshan().unwrap();
    house.app.ledger.writer().keep_scheme(unit.document()).await.unwrap();
    let clerk = house.person(json!({ "role": "data_clerk" })).await;
    let worker = house.person(json!({ "role": "grid_worker", "area": "石井" })).await;
    let stranger = house.person(json!({ "role": "grid_worker", "area": "碧岭" })).await;
    let confirmer = house.person(json!({ "role": "confirmer" })).await;
    let fire = house.person(json!({ "role": "department_officer", "department": "fire" })).await;
    let (feed, counter) = (channel("feed-police"), channel("counter"));

    let register = json!({
        "command": "register", "layer": "unit", "parent": "b-1", "address": "石井街道1号101", "subdistrict": "石井",
    });
    house.say(&clerk, "premises/u-1", register).await.unwrap();
    let stream = "premises/u-1/assessment/a1";
    let open = json!({ "command": "open", "scheme": unit.scheme, "reason": "first" });
    assert_eq!(house.refused(&stranger, stream, open.clone()).await, "not_assigned");
    house.say(&worker, stream, open).await.unwrap();

    // A wire lies bare: the whole unit is capped at two stars by it, and a missing heater flue brings it to one.
    let low = |id: &str| ["electrical_wiring", "gas_water_heater"].contains(&id);
    let seen = results(&unit, Collect::Grid, &low, None);
    house.say(&worker, stream, json!({ "command": "check", "results": seen })).await.unwrap();
    assert_eq!(house.refused(&worker, stream, json!({ "command": "submit" })).await, "incomplete");
    let fed = results(&unit, Collect::Feed, &|_| false, None);
    assert_eq!(
        house.refused(&worker, stream, json!({ "command": "check", "results": fed })).await,
        "not_yours"
    );
    house.say(&feed, stream, json!({ "command": "supply", "results": fed })).await.unwrap();
    assert_eq!(house.refused(&worker, stream, json!({ "command": "submit" })).await, "photo_missing");
    let mut shown = results(&unit, Collect::Grid, &low, Some(&photos()));
    let seen_photo = std::mem::replace(&mut shown[0]["photos"][0]["sha256"], json!("ab".repeat(32)));
    let refused =
        house.say(&worker, stream, json!({ "command": "check", "results": shown })).await.unwrap_err();
    assert!(refused.to_string().contains("send the photo before"), "{refused}");
    shown[0]["photos"][0]["sha256"] = seen_photo;
    house.say(&worker, stream, json!({ "command": "check", "results": shown })).await.unwrap();
    assert_eq!(house.refused(&fire, stream, json!({ "command": "submit" })).await, "only_the_lead_submits");
    house.say(&worker, stream, json!({ "command": "submit" })).await.unwrap();

    let subject = house.app.subject("premises/u-1").unwrap();
    let (determined, _) = subject.grade.waiting().expect("an adverse first grade waits for a person");
    assert_eq!((determined.star, determined.adverse), (Some(1), true));
    assert!(subject.grade.in_force().is_none());
    assert!(
        subject.hazards.values().any(|of| of.state.found.as_ref().unwrap().indicator == "electrical_wiring")
    );

    let grade = "premises/u-1/grade";
    let confirm = json!({ "command": "confirm", "determination": 1, "document_number": "坪房评〔2026〕1号" });
    assert_eq!(house.refused(&worker, grade, confirm.clone()).await, "role_needed");
    assert_eq!(house.refused(&confirmer, grade, confirm.clone()).await, "confirmed_before_statement");
    let today = wuping_domain::recorded::local_date(chrono::Utc::now());
    let invite = json!({ "command": "invite", "determination": 1, "served_on": today, "method": "direct" });
    assert_eq!(house.refused(&fire, grade, invite.clone()).await, "role_needed");
    house.say(&counter, grade, invite).await.unwrap();
    assert_eq!(house.refused(&confirmer, grade, confirm.clone()).await, "confirmed_before_statement");
    let statement = json!({ "command": "make_statement", "determination": 1, "text": "电线下周更换" });
    house.say(&counter, grade, statement).await.unwrap();
    let consider = json!({ "command": "consider_statement", "determination": 1, "adopted": false, "reasons": "尚未整改" });
    house.say(&fire, grade, consider).await.unwrap();
    house.say(&confirmer, grade, confirm).await.unwrap();
    let subject = house.app.subject("premises/u-1").unwrap();
    assert_eq!(subject.grade.in_force().unwrap().determination.star, Some(1));

    let verified = wuping_replay::verify::verify_folder(&house.app.folder).unwrap();
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);
    assert!(verified.results_rederived >= 4, "grade, ledger indicators and hazards");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_tap_gets_the_first_answer_and_makes_no_second_event() {
    let house = House::new();
    let clerk = house.person(json!({ "role": "data_clerk" })).await;
    let asked = Asked {
        id: Uuid::now_v7(),
        stream: "premises/b-1".to_owned(),
        command: json!({ "command": "register", "layer": "building", "address": "石井街道1号" }),
        expected: Some(0),
        occurred_at: Timestamp::now(),
    };
    let Done::Recorded(first) = house.app.execute(&clerk, asked.clone()).await.unwrap() else { panic!() };
    let Done::Recorded(again) = house.app.execute(&clerk, asked.clone()).await.unwrap() else { panic!() };
    assert_eq!((first.position, true), (again.position, again.repeated));
    let other = Asked {
        command: json!({ "command": "register", "layer": "building", "address": "别处" }),
        ..asked
    };
    let refused = house.app.execute(&clerk, other).await.unwrap_err();
    assert!(refused.to_string().contains("did not take it"), "{refused}");
}

const PHOTO: &[u8] = b"abc";

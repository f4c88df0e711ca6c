//! A prohibition of letting is contested like any other decision: in time, before somebody who had no hand in it, and with effect.

use super::*;
use crate::given_log::Log;
use crate::rulebook::Layer;

fn confirmed(number: &str) -> Value {
    json!({
        "type": "ProhibitionConfirmed", "ground": "fire_sealing", "authority": "fire", "scope": "no_new_letting",
        "document_number": number, "proposer": "a-proposer", "waiver_ground": "imminent_danger", "by": "a-confirmer"
    })
}

/// Five stars, and letting prohibited since.
fn prohibited() -> Log {
    let mut log = Log::new();
    log.registered("p-1", Layer::Building, None);
    log.assessed("2026-01-10", "p-1", "a-1", "first", Layer::Building, &json!({}));
    log.hears("2026-02-01", GRADE, &confirmed("禁1号"));
    log
}

fn against(number: u64) -> Value {
    json!({ "stream": GRADE, "prohibition": number })
}

fn decided(outcome: &str, number: u64) -> Value {
    json!({
        "type": "AppealDecided", "outcome": outcome, "against": against(number), "on": "2026-03-02",
        "document_number": "坪申决〔2026〕2号", "reason_codes": ["fact_wrong"], "by": "a-6"
    })
}

fn last(log: &Log) -> (Value, Value, Value) {
    let determined = log.results("GradeDetermined");
    let last = determined.last().unwrap();
    (last["trigger"].clone(), last["star"].clone(), last["vetoes"].clone())
}

#[test]
fn an_upheld_appeal_lifts_the_ban_and_the_grade_is_reckoned_without_it() {
    let mut log = prohibited();
    assert_eq!(last(&log).1, json!(0));
    let determined = log.results("GradeDetermined").len();
    log.hears("2026-03-02", "premises/p-1/appeal/1", &decided("rejected", 1));
    assert!(log.subject("premises/p-1").grade.prohibition.is_some(), "rejected, it changes nothing");
    assert_eq!(log.results("GradeDetermined").len(), determined);

    log.hears("2026-03-02", "premises/p-1/appeal/2", &decided("upheld", 1));
    let set_aside = json!({
        "prohibition": 1, "document_number": "禁1号", "origin": "appeal", "decided_in": "premises/p-1/appeal/2",
        "on": "2026-03-02"
    });
    assert_eq!(log.results("ProhibitionSetAside"), [&set_aside]);
    let house = log.subject("premises/p-1");
    assert!(house.grade.prohibition.is_none() && house.banned.is_none());
    assert_eq!(last(&log), (json!("appeal_upheld"), json!(5), json!([])));
}

#[test]
fn a_ban_that_came_later_stands_and_what_was_lifted_is_not_set_aside() {
    let mut log = prohibited();
    log.hears(
        "2026-02-10",
        GRADE,
        &json!({ "type": "ProhibitionLiftConfirmed", "document_number": "解1号", "by": "a-4" }),
    );
    log.hears("2026-02-11", "premises/p-1/appeal/1", &decided("upheld", 1));
    assert!(log.results("ProhibitionSetAside").is_empty());
    log.hears("2026-02-12", GRADE, &confirmed("禁2号"));
    log.hears("2026-02-13", "premises/p-1/appeal/2", &decided("upheld", 1));
    assert!(log.subject("premises/p-1").grade.prohibition.is_some());
    log.hears("2026-02-14", "premises/p-1/appeal/3", &decided("upheld", 2));
    assert_eq!(log.results("ProhibitionSetAside").len(), 1);
}

#[test]
fn a_court_that_revokes_the_ban_does_the_same() {
    let mut log = prohibited();
    let notified = json!({
        "type": "DisputeNotified", "kind": "litigation", "body": "法院", "document_number": "1", "against": against(1),
        "received_on": "2026-02-20", "reply_by": "2026-03-06", "by": "u-7"
    });
    log.hears("2026-02-20", "premises/p-1/dispute/d-1", &notified);
    let revoked = json!({
        "type": "OutcomeRecorded", "finding": "revoked", "document_number": "2", "on": "2026-03-01", "by": "u-7"
    });
    log.hears("2026-03-01", "premises/p-1/dispute/d-1", &revoked);
    assert_eq!(log.results("ProhibitionSetAside")[0]["origin"], "dispute");
    assert_eq!(last(&log).1, json!(5));
}

/// The house, letting prohibited, and the owner served on a day with the notice of it.
fn served(on: &str) -> House {
    let mut house = House::graded_twice();
    house.hears("grade", "2026-02-03", confirmed("禁1号"));
    house.serves("result", 2, "2026-01-20");
    house.hears("notice/ban", on, json!({
        "type": "NoticeIssued", "kind": "prohibition", "about": GRADE, "prohibition": 1, "authority": "消防救援机构",
        "document_number": "禁1号", "legal_basis": "示例", "handling_officers": ["a-7"], "text_version": "1", "on": on,
        "by": "a-7", "remedies": [{"rule": "appeal_file", "zh": "", "en": ""}]
    }));
    house.hears(
        "notice/ban",
        on,
        json!({"type": "NoticeServed", "method": "direct", "on": on, "witnesses": 0, "by": "a-7"}),
    );
    house
}

fn filed_against_the_ban(on: &str) -> Event {
    event(json!({ "type": "AppealFiled", "against": against(1), "on": on, "authorised": true, "by": "a-1" }))
}

#[test]
fn it_is_contested_by_its_number_and_in_the_time_of_its_own_notice() {
    let file = |against: Value| {
        let file = json!({ "command": "file", "against": against, "grounds": "封条贴错了楼" });
        at_the_house(vec![], served("2026-02-05")).by_grant(owner_of("y-1")).when(ask(file))
    };
    file(against(1)).said();
    file(against(2)).then_rejected("not_found");
    file(json!({ "stream": GRADE, "determination": 2, "prohibition": 1 })).then_rejected("not_found");
    let admit = |filed_on: &str| {
        at_the_house(vec![filed_against_the_ban(filed_on)], served("2026-03-02"))
            .by_role(Role::LegalOfficer)
            .on(filed_on)
            .when(ask(json!({ "command": "admit" })))
    };
    // the result was served weeks before
    admit("2026-03-12").said();
    admit("2026-05-12").then_rejected("appeal_late");
}

#[test]
fn neither_who_proposed_nor_who_confirmed_it_reviews_it_and_no_result_is_put_right_in_it() {
    let running = || vec![filed_against_the_ban("2026-02-06"), admitted()];
    for (account, code) in [("a-proposer", "reviewer_proposed_ban"), ("a-confirmer", "reviewer_is_confirmer")]
    {
        at_the_house(running(), served("2026-02-05"))
            .by_role(Role::LegalOfficer)
            .naming(reviewer(account, vec![]))
            .when(ask(json!({ "command": "assign", "reviewer": account })))
            .then_rejected(code);
    }
    let decide = |decision: Value| {
        let actor = crate::facts::Actor {
            account: "a-6".into(),
            grants: reviewer("a-6", vec![]).grants,
            received: false,
        };
        let mut events = running();
        events.push(assigned("a-6"));
        at_the_house(events, served("2026-02-05")).by_actor(actor).when(ask(decision))
    };
    let mut varied = decision("varied");
    varied["corrected"] = json!({ "roof_door": "met" });
    decide(varied).then_rejected("ban_holds_or_not");
    decide(decision("upheld")).said();
}

/// A flat of five stars in a building where letting is prohibited. The flat was never anything else to the building than a part of it.
fn flat_in_a_banned_building() -> Log {
    let mut log = Log::new();
    log.registered("b-1", Layer::Building, None);
    log.registered("p-1", Layer::Unit, Some("b-1"));
    log.assessed("2026-01-10", "p-1", "a-1", "first", Layer::Unit, &json!({}));
    log.hears("2026-02-01", BUILDING, &confirmed("禁1号"));
    log
}

fn of_the_building(number: u64) -> Value {
    json!({ "stream": BUILDING, "prohibition": number })
}

fn at_the_flat(events: Vec<Event>, log: &Log) -> Given<Appeal> {
    let flat = log.subject("premises/p-1").clone();
    let given = given::<Appeal>(events).about(flat).under(rules()).at("premises/p-1/appeal/1");
    given.in_building(log.subject("premises/b-1").clone())
}

#[test]
fn the_owner_of_a_flat_contests_the_ban_on_the_building_and_nothing_else_of_it() {
    let log = flat_in_a_banned_building();
    let file = |against: Value| {
        let file = json!({ "command": "file", "against": against, "grounds": "封的是另一个楼梯间" });
        at_the_flat(vec![], &log).by_role(Role::Owner).when(ask(file))
    };
    file(of_the_building(1)).said();
    file(of_the_building(2)).then_rejected("not_found");
    file(json!({ "stream": BUILDING, "determination": 1 })).then_rejected("malformed");
    file(json!({ "stream": BUILDING, "determination": 1, "prohibition": 1 })).then_rejected("malformed");
    let other = json!({ "stream": "premises/b-2/grade", "prohibition": 1 });
    let refused = file(other).then_rejected("malformed");
    assert!(refused.zh().contains("所在楼栋"), "{}", refused.zh());
    let filed = event(json!({
        "type": "AppealFiled", "against": of_the_building(1), "on": "2026-02-06", "authorised": true, "by": "a-1"
    }));
    for (account, code) in [("a-proposer", "reviewer_proposed_ban"), ("a-confirmer", "reviewer_is_confirmer")]
    {
        at_the_flat(vec![filed.clone(), admitted()], &log)
            .by_role(Role::LegalOfficer)
            .naming(reviewer(account, vec![]))
            .when(ask(json!({ "command": "assign", "reviewer": account })))
            .then_rejected(code);
    }
}

#[test]
fn its_time_runs_from_the_notice_to_the_flat_of_that_ban() {
    let mut log = flat_in_a_banned_building();
    let issued = |about: &str, number: u64, of: Option<&str>| {
        json!({
            "type": "NoticeIssued", "kind": "prohibition", "about": about, "prohibition": number, "prohibition_of": of,
            "authority": "x", "document_number": "1", "legal_basis": "x", "handling_officers": ["a-7"],
            "text_version": "1", "on": "2026-02-02", "by": "a-7", "remedies": []
        })
    };
    let served = |on: &str| json!({ "type": "NoticeServed", "method": "direct", "on": on, "witnesses": 0, "by": "a-7" });
    let told = |log: &Log, against: Value| {
        let against = serde_json::from_value(against).unwrap();
        log.subject("premises/p-1").result_served(&against).map(|day| day.to_string())
    };
    // the flat's own ban of the same number is another decision
    log.hears("2026-02-02", "premises/p-1/notice/1", &issued(GRADE, 1, None));
    log.hears("2026-02-03", "premises/p-1/notice/1", &served("2026-02-03"));
    assert_eq!(told(&log, of_the_building(1)), None);
    log.hears("2026-02-04", "premises/p-1/notice/2", &issued(GRADE, 1, Some("premises/b-1")));
    log.hears("2026-02-05", "premises/p-1/notice/2", &served("2026-02-05"));
    assert_eq!(told(&log, of_the_building(1)).as_deref(), Some("2026-02-05"));
    assert_eq!(told(&log, against(1)).as_deref(), Some("2026-02-03"));
}

#[test]
fn upheld_it_spares_the_flat_and_leaves_the_ban_over_the_rest_of_the_building() {
    use crate::listing::ban;

    let mut log = flat_in_a_banned_building();
    let banned = |log: &Log| ban(log.subject("premises/p-1"), Some(log.subject("premises/b-1"))).is_some();
    let decided = |outcome: &str| {
        let mut decided = decided(outcome, 1);
        decided["against"] = of_the_building(1);
        decided
    };
    log.hears("2026-03-01", "premises/p-1/appeal/1", &decided("rejected"));
    assert!(banned(&log) && log.results("ProhibitionSetAside").is_empty());
    let determined = log.results("GradeDetermined").len();
    log.hears("2026-03-02", "premises/p-1/appeal/2", &decided("upheld"));
    let spared = json!({
        "prohibition": 1, "of": "premises/b-1", "origin": "appeal", "decided_in": "premises/p-1/appeal/2", "on": "2026-03-02"
    });
    assert_eq!(log.results("ProhibitionSetAside"), [&spared]);
    assert!(!banned(&log));
    assert!(log.subject("premises/b-1").grade.prohibition.is_some(), "it stands over the others");
    assert_eq!(log.results("GradeDetermined").len(), determined, "no grade of the flat came of it");
    // a later ban is another decision, and takes the flat with it again
    let lifted = json!({ "type": "ProhibitionLiftConfirmed", "document_number": "解1号", "by": "a-4" });
    log.hears("2026-04-01", BUILDING, &lifted);
    log.hears("2026-04-02", BUILDING, &confirmed("禁2号"));
    assert!(banned(&log));
}

const BUILDING: &str = "premises/b-1/grade";

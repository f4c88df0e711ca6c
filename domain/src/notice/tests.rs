//! What notices keep: what they must name, how they are served, and what runs from that day.

use serde_json::{Value, json};

use super::{Event, Notice};
use crate::facts::Role;
use crate::given::{Given, given};
use crate::test_house::{House, ask, owner_of, rules};

fn event(value: Value) -> Event {
    serde_json::from_value(value).unwrap()
}

fn draft() -> Value {
    json!({
        "command": "issue", "kind": "result_notice", "about": "premises/p-1/grade", "determination": 2,
        "authority": "石井街道办事处", "document_number": "坪石告〔2026〕1号", "legal_basis": "示例",
        "handling_officers": ["a-7"], "text_version": "1", "remedies": ["appeal_file"], "text": "张三先生:"
    })
}

fn issued() -> Event {
    event(json!({
        "type": "NoticeIssued", "kind": "result_notice", "about": "premises/p-1/grade", "determination": 2,
        "authority": "石井街道办事处", "document_number": "1", "legal_basis": "示例", "handling_officers": ["a-7"],
        "text_version": "1", "on": "2026-02-20", "by": "a-7"
    }))
}

fn failed() -> Event {
    event(json!({
        "type": "ServiceFailed", "method": "direct", "on": "2026-02-25", "why": "no_answer", "attempt": 1, "by": "a-7"
    }))
}

fn notice(events: Vec<Event>) -> Given<Notice> {
    known(
        given::<Notice>(events)
            .about(House::graded_twice().subject)
            .under(rules())
            .at("premises/p-1/notice/1"),
    )
}

/// The authority and the officer of the draft are there.
fn known(asked: Given<Notice>) -> Given<Notice> {
    asked.issued_by("石井街道办事处", None).naming_officer("a-7", Role::LegalOfficer, None)
}

#[test]
fn a_notice_names_what_the_policy_asks_for_and_tells_the_remedy_in_words() {
    let said = notice(vec![]).by_role(Role::LegalOfficer).when(ask(draft())).said();
    let Event::NoticeIssued(issued) = &said[0].event else { panic!("{said:?}") };
    assert!(issued.remedies[0].zh.contains("自送达之日起10个工作日内"), "{:?}", issued.remedies);
    assert_eq!(issued.remedies[0].en, "Appeal to the office that decided: within 10 working days of service");
    assert!(!serde_json::to_string(&said[0].event).unwrap().contains("张三"));
    for (field, empty, code) in [
        ("authority", json!(""), "notice_without_authority"),
        ("document_number", json!(" "), "notice_without_document"),
        ("legal_basis", json!(""), "notice_without_basis"),
        ("handling_officers", json!([]), "notice_without_officers"),
        ("remedies", json!([]), "notice_without_remedy"),
        ("remedies", json!(["litigation_after_reconsideration"]), "remedy_of_another_decision"),
        ("remedies", json!(["dance"]), "unknown_rule"),
        ("determination", json!(9), "not_found"),
        ("about", json!("premises/p-2/grade"), "malformed"),
    ] {
        let mut asked = draft();
        asked[field] = empty;
        notice(vec![]).by_role(Role::LegalOfficer).when(ask(asked)).then_rejected(code);
    }
    for role in [
        Role::DepartmentOfficer,
        Role::StreetLead,
        Role::CompetentAuthority,
        Role::CreditOfficer,
        Role::Reviewer,
    ] {
        notice(vec![]).by_role(role).when(ask(draft())).said();
    }
    notice(vec![]).by_role(Role::Steward).when(ask(draft())).then_rejected("role_needed");
    notice(vec![self::issued()])
        .by_role(Role::LegalOfficer)
        .when(ask(draft()))
        .then_rejected("already_exists");
}

#[test]
fn a_notice_is_issued_by_an_authority_that_is_known_and_by_officers_who_are_there() {
    use crate::facts::Actor;

    let asked = |authority: &str, officers: &[&str]| {
        let mut asked = draft();
        (asked["authority"], asked["handling_officers"]) = (json!(authority), json!(officers));
        ask(asked)
    };
    let bare = || {
        let subject = House::graded_twice().subject;
        given::<Notice>([]).about(subject).under(rules()).at("premises/p-1/notice/1")
    };
    let legal = || bare().by_role(Role::LegalOfficer).naming_officer("a-7", Role::LegalOfficer, None);
    // a department of the list goes by its id and its name, a registered authority by what it is called
    for name in ["fire", "消防救援机构"] {
        legal().when(asked(name, &["a-7"])).said();
    }
    legal().issued_by("坪山区消防救援大队", Some("fire")).when(asked("坪山区消防救援大队", &["a-7"])).said();
    let refused = legal().when(asked("坪山区消防救缓大队", &["a-7"])).then_rejected("unknown_authority");
    assert!(
        refused.zh().contains("坪山区消防救缓大队") && refused.en().contains("registers first"),
        "{refused}"
    );

    // somebody who is not there, or is not of the office
    let refused = legal().when(asked("fire", &["a-7", "a-99"])).then_rejected("unknown_officers");
    assert!(refused.en().contains("open: a-99.") && refused.zh().contains("a-99"), "{refused}");
    let closed = legal().naming_officer("y-owner", Role::Owner, None);
    closed.when(asked("fire", &["y-owner"])).then_rejected("unknown_officers");

    // of a department's notice, nobody who is of other departments only
    let housing = || legal().naming_officer("a-5", Role::DepartmentOfficer, Some("housing"));
    housing().when(asked("housing", &["a-5", "a-7"])).said();
    let refused = housing().when(asked("fire", &["a-5"])).then_rejected("officers_of_another_department");
    assert!(refused.zh().contains("a-5") && refused.zh().contains("消防救援机构"), "{refused}");
    let registered = housing().issued_by("坪山区消防救援大队", Some("fire"));
    registered.when(asked("坪山区消防救援大队", &["a-5"])).then_rejected("officers_of_another_department");
    housing().issued_by("坪山区政府", None).when(asked("坪山区政府", &["a-5"])).said();

    // what another office issued is told as it was
    bare().by_actor(Actor::channel("old-list")).when(asked("原房管局", &["somebody"])).said();
}

#[test]
fn a_notice_says_nothing_that_nobody_has_decided() {
    let said = |house: &House, kind: &str, about: &str, determination: Option<u64>| {
        let mut asked = draft();
        (asked["kind"], asked["about"]) = (json!(kind), json!(format!("premises/p-1/{about}")));
        asked["determination"] = json!(determination);
        let given =
            given::<Notice>([]).about(house.subject.clone()).under(rules()).at("premises/p-1/notice/9");
        known(given).by_role(Role::LegalOfficer).when(ask(asked))
    };
    let mut house = House::graded_twice();
    said(&house, "prohibition", "grade", Some(2)).then_rejected("notice_of_no_prohibition");
    house.hears(
        "grade",
        "2026-02-10",
        json!({
            "type": "ProhibitionConfirmed", "ground": "fire_sealing", "authority": "fire", "scope": "vacate",
            "document_number": "1", "proposer": "a-3", "by": "a-4"
        }),
    );
    said(&house, "prohibition", "grade", Some(2)).said();
    said(&house, "prohibition", "visit/1", None).then_rejected("notice_of_no_prohibition");
    house.hears(
        "grade",
        "2026-02-11",
        json!({ "type": "ProhibitionLiftConfirmed", "document_number": "2", "by": "a-4" }),
    );
    said(&house, "prohibition", "grade", Some(2)).then_rejected("notice_of_no_prohibition");

    said(&house, "result_notice", "grade", Some(2)).said();
    said(&house, "result_notice", "grade", None).then_rejected("notice_of_no_result");
    said(&house, "downgrade", "grade", Some(2)).then_rejected("notice_of_no_downgrade");
    house.falls(3, "2026-02-12");
    said(&house, "downgrade", "grade", Some(3)).said();

    house.hears("hazard/7", "2026-02-12", json!({
        "type": "HazardFound", "indicator": "fire_exits", "severity": "general", "competent": "fire", "works": "minor",
        "found_on": "2026-02-12", "by": "a-9", "source": "officer"
    }));
    house.hears(
        "hazard/7",
        "2026-02-13",
        json!({ "type": "HazardReviewed", "outcome": "confirmed", "by": "a-5" }),
    );
    said(&house, "rectification", "hazard/7", None).then_rejected("notice_of_no_order");
    said(&house, "rectification", "grade", Some(2)).then_rejected("notice_of_no_order");
    house.hears(
        "hazard/7",
        "2026-02-14",
        json!({
            "type": "RectificationOrdered", "parties": ["y-1"], "days": 7, "document_number": "1", "by": "a-5"
        }),
    );
    said(&house, "rectification", "hazard/7", None).said();

    house.hears("appeal/1", "2026-02-15", json!({
        "type": "AppealFiled", "against": { "stream": "premises/p-1/grade", "determination": 2 }, "on": "2026-02-15",
        "authorised": true, "by": "a-1"
    }));
    said(&house, "appeal_decision", "appeal/1", None).then_rejected("notice_of_no_decision");
    house.hears("appeal/1", "2026-02-16", json!({
        "type": "AppealRefusedAdmission", "on": "2026-02-16", "why": "not_entitled", "own_motion": false, "by": "a-8"
    }));
    said(&house, "appeal_decision", "appeal/1", None).said();
    said(&house, "credit", "grade", Some(2)).then_rejected("notice_of_no_credit");
}

#[test]
fn a_notice_under_a_party_tells_of_its_credit_and_of_nothing_else() {
    let said = |kind: &str| {
        let mut asked = draft();
        (asked["kind"], asked["about"], asked["determination"]) =
            (json!(kind), json!("party/y-1/credit"), Value::Null);
        given::<Notice>([])
            .under(rules())
            .at("party/y-1/notice/1")
            .by_role(Role::LegalOfficer)
            .when(ask(asked))
    };
    for kind in ["prohibition", "rectification", "result_notice", "downgrade", "appeal_decision"] {
        said(kind).then_rejected("notice_not_of_a_party");
    }
    said("credit").then_rejected("notice_of_no_credit");
}

#[test]
fn it_is_served_once_in_a_way_that_the_law_knows() {
    let serve = |more: Value| {
        let mut asked = json!({"command": "serve", "method": "direct", "recipient": "张三"});
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask(asked)
    };
    let by = |events| notice(events).by_role(Role::GridWorker);
    let said = by(vec![issued()]).when(serve(json!({}))).said();
    assert!(!serde_json::to_string(&said[0].event).unwrap().contains("张三"));
    by(vec![issued(), said[0].event.clone()]).when(serve(json!({}))).then_rejected("already_exists");
    by(vec![]).when(serve(json!({}))).then_rejected("not_found");
    for (more, code) in [
        (json!({"on": "2026-02-19"}), "malformed"),
        (json!({"on": "2026-03-03"}), "malformed"),
        (json!({"method": "announcement"}), "malformed"),
        (json!({"method": "electronic"}), "address_not_confirmed"),
        (json!({"method": "left_in_place"}), "witness_needed"),
        (json!({"method": "household_adult"}), "malformed"),
    ] {
        by(vec![issued()]).when(serve(more)).then_rejected(code);
    }
    let agreed = event(
        json!({"type": "ServiceAddressConfirmed", "on": "2026-02-21", "electronic": true, "by": "a-1"}),
    );
    by(vec![issued(), agreed]).when(serve(json!({"method": "electronic"}))).said();
}

#[test]
fn it_is_announced_only_after_another_way_failed_and_counts_thirty_days_later() {
    let announce = || ask(json!({"command": "announce", "place": "社区公示栏"}));
    notice(vec![issued()])
        .by_role(Role::LegalOfficer)
        .when(announce())
        .then_rejected("announcement_too_soon");
    let said = notice(vec![issued(), failed()]).by_role(Role::LegalOfficer).when(announce()).said();
    let Event::ServedByAnnouncement { announced_on, on, .. } = &said[0].event else { panic!("{said:?}") };
    assert_eq!(on.signed_duration_since(*announced_on).num_days(), 30);
    let again = ask(json!({"command": "fail", "method": "post", "why": "returned"}));
    let said = notice(vec![issued(), failed()]).by_role(Role::GridWorker).when(again).said();
    assert!(matches!(said[0].event, Event::ServiceFailed { attempt: 2, .. }));
    let odd = ask(json!({"command": "fail", "method": "post", "why": "rain"}));
    notice(vec![issued()]).by_role(Role::GridWorker).when(odd).then_rejected("malformed");
}

#[test]
fn its_party_acknowledges_it_and_what_was_wrong_is_issued_anew() {
    let acknowledge = || ask(json!({"command": "acknowledge"}));
    notice(vec![issued()]).by_grant(owner_of("y-9")).when(acknowledge()).then_rejected("not_your_premises");
    let said = notice(vec![issued()]).by_grant(owner_of("y-1")).when(acknowledge()).said();
    notice(vec![issued(), said[0].event.clone()]).by_grant(owner_of("y-1")).when(acknowledge()).then([]);
    let mut anew = draft();
    anew["command"] = json!("reissue");
    anew["why"] = json!("wrong_date");
    let said = notice(vec![issued(), failed()]).by_role(Role::LegalOfficer).when(ask(anew.clone())).said();
    let mut state = Notice { failed: 3, ..Notice::default() };
    crate::aggregate::Concept::evolve(&mut state, &said[0].event);
    assert_eq!((state.failed, state.served), (0, None), "it has to be served again");
    anew["why"] = json!("");
    notice(vec![issued()]).by_role(Role::LegalOfficer).when(ask(anew)).then_rejected("malformed");
}

#[test]
fn dates_run_from_service_and_a_provisional_one_is_marked() {
    let mut house = House::graded_twice();
    let due = house.serves("1", 2, "2026-02-03");
    assert_eq!(due[0].event_type, "RemedyDatesFixed");
    let result = house.computes(&due[0], "2026-02-03").0.unwrap();
    let last =
        crate::deadline::deadline(&rules(), "appeal_file", "2026-02-03".parse().unwrap(), false).unwrap();
    assert_eq!(result["dates"][0], json!({"rule": "appeal_file", "due": last}));
    assert_eq!(house.subject.served["premises/p-1/grade"].last().unwrap().to_string(), "2026-02-03");
    let mut beyond = House::graded_twice();
    let due = beyond.serves("1", 2, "2026-12-28");
    let result = beyond.computes(&due[0], "2026-12-28").0.unwrap();
    assert_eq!(result["dates"][0]["provisional"], json!(true), "no calendar of 2027 is published");
}

#[test]
fn the_service_of_a_proposal_invites_the_party_and_the_period_ends_before_anybody_confirms() {
    let mut house = House::graded_twice();
    house.determined(3, "2", "a-other", "2026-02-04", 1, true);
    let mut proposal = serde_json::to_value(issued()).unwrap();
    (proposal["kind"], proposal["determination"], proposal["on"]) =
        (json!("proposal"), json!(3), json!("2026-02-04"));
    house.hears("notice/2", "2026-02-04", proposal);
    let served =
        json!({"type": "NoticeServed", "method": "direct", "on": "2026-02-05", "witnesses": 0, "by": "a-7"});
    let due = house.hears("notice/2", "2026-02-05", served);
    assert_eq!(due.iter().map(|due| due.event_type).collect::<Vec<_>>(), ["StatementInvited"]);
    let result = house.computes(&due[0], "2026-02-05").0.unwrap();
    assert_eq!(
        (&result["served_on"], &result["notice"]),
        (&json!("2026-02-05"), &json!("premises/p-1/notice/2"))
    );
    let by = result["statement_by"].as_str().unwrap().to_owned();
    let after = by.parse::<chrono::NaiveDate>().unwrap().succ_opt().unwrap().to_string();
    let confirm = || ask(json!({"command": "confirm", "determination": 3, "document_number": "1"}));
    let asked = |house: &House, on: &str| {
        let given = given::<crate::grade::Grade>([]).by_role(Role::Confirmer).under(rules()).on(on);
        let mut given = given.about(house.subject.clone());
        given.put(house.subject.grade.clone());
        given
    };
    asked(&house, &by).when(confirm()).then_rejected("confirmed_before_statement");
    asked(&house, &after).when(confirm()).said();
    let hearing = json!({"type": "HearingRequested", "determination": 3, "on": "2026-02-05"});
    house.hears("grade", "2026-02-05", hearing);
    asked(&house, &after).when(confirm()).then_rejected("confirmed_before_statement");
}

#[test]
fn the_time_to_speak_runs_once_every_owner_and_operator_was_told() {
    let mut house = House::graded_twice();
    house.subject.premises.parties.clear();
    for (party, role) in [("y-1", "owner"), ("y-2", "owner"), ("y-3", "steward")] {
        let named =
            json!({ "type": "ResponsiblePartyNamed", "party": party, "role": role, "from": "2020-01-01" });
        house.hears("", "2026-02-03", named);
    }
    house.determined(3, "2", "a-other", "2026-02-04", 1, true);
    let told = |house: &mut House, key: &str, to: &str, on: &str| {
        let mut proposal = serde_json::to_value(issued()).unwrap();
        (proposal["kind"], proposal["determination"], proposal["on"], proposal["to"]) =
            (json!("proposal"), json!(3), json!("2026-02-04"), json!(to));
        house.hears(&format!("notice/{key}"), "2026-02-04", proposal);
        let served =
            json!({ "type": "NoticeServed", "method": "direct", "on": on, "witnesses": 0, "by": "a-7" });
        house.hears(&format!("notice/{key}"), on, served)
    };
    let first = told(&mut house, "2", "y-1", "2026-02-05");
    assert!(first.is_empty(), "the other owner may still speak when told: {first:?}");
    let last = told(&mut house, "3", "y-2", "2026-02-09");
    assert_eq!(last.iter().map(|due| due.event_type).collect::<Vec<_>>(), ["StatementInvited"]);
    let result = house.computes(&last[0], "2026-02-09").0.unwrap();
    assert_eq!(
        (&result["served_on"], &result["notice"]),
        (&json!("2026-02-09"), &json!("premises/p-1/notice/3"))
    );
}

#[test]
fn dates_run_from_the_service_of_a_notice_to_a_party_by_the_rulebook_that_it_names() {
    use crate::given_log::Log;
    use crate::rulebook::Layer;

    let mut log = Log::new();
    let issued = json!({
        "type": "NoticeIssued", "kind": "credit", "about": "party/y-1/credit", "to": "y-1", "authority": "x",
        "document_number": "1", "legal_basis": "x", "handling_officers": ["a-7"], "text_version": "1", "on": "2026-03-02",
        "by": "a-7", "scheme": Log::rulebook(Layer::Building),
        "remedies": [{ "rule": "administrative_reconsideration", "zh": "", "en": "" }]
    });
    let served = json!({ "type": "NoticeServed", "method": "direct", "on": "2026-03-03", "witnesses": 0, "by": "a-7" });
    log.hears("2026-03-02", "party/y-1/notice/n-1", &issued);
    log.hears("2026-03-03", "party/y-1/notice/n-1", &served);
    let fixed = log.results("RemedyDatesFixed");
    assert_eq!(fixed.len(), 1);
    // sixty days end on the second of May, a holiday that lasts to the fifth
    let date = json!({ "rule": "administrative_reconsideration", "due": "2026-05-06" });
    assert_eq!(*fixed[0], json!({ "served_on": "2026-03-03", "dates": [date] }));
}

/// A building that nobody could assess is warned of its risk all the same, and told where to turn and until when.
#[test]
fn dates_run_from_the_service_of_a_notice_to_premises_that_were_never_assessed() {
    use crate::given_log::Log;
    use crate::rulebook::Layer;

    let mut log = Log::new();
    log.registered("p-1", Layer::Building, None);
    let scheme = Log::rulebook(Layer::Building);
    let draft = json!({
        "command": "issue", "kind": "risk_notice", "about": "premises/p-1/grade", "to": "y-1", "authority": "x",
        "document_number": "1", "legal_basis": "x", "handling_officers": ["a-7"], "text_version": "1",
        "remedies": ["administrative_reconsideration"], "scheme": scheme
    });
    let issued = given::<Notice>([])
        .by_role(Role::LegalOfficer)
        .under(crate::shipped::pingshan(Layer::Building))
        .at("premises/p-1/notice/n-1")
        .about(log.subjects["premises/p-1"].clone())
        .on("2026-03-02")
        .issued_by("x", None)
        .naming_officer("a-7", Role::LegalOfficer, None)
        .when(ask(draft))
        .said();
    log.hears("2026-03-02", "premises/p-1/notice/n-1", &serde_json::to_value(&issued[0].event).unwrap());
    let served = json!({ "type": "NoticeServed", "method": "direct", "on": "2026-03-03", "witnesses": 0, "by": "a-7" });
    log.hears("2026-03-03", "premises/p-1/notice/n-1", &served);
    let fixed = log.results("RemedyDatesFixed");
    assert_eq!(fixed.len(), 1);
    assert_eq!(fixed[0]["dates"][0]["due"], "2026-05-06");
}

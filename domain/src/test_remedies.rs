//! What disputes, re-evaluations, surveys, parties, plaques and replies keep.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::appeal::Appeal;
use crate::deadline::{PeriodQuestion, period};
use crate::dispute::Dispute;
use crate::facts::{Actor, Role};
use crate::given::{day, given};
use crate::grade::Grade;
use crate::party::Party;
use crate::passing::office::running;
use crate::reevaluation::Reevaluation;
use crate::survey::Survey;
use crate::test_house::{House, ask, owner_of, rules};

fn event<E: serde::de::DeserializeOwned>(value: Value) -> E {
    serde_json::from_value(value).unwrap()
}

fn notified() -> Value {
    json!({
        "kind": "litigation", "body": "深圳市盐田区人民法院", "document_number": "(2026)粤0308行初1号",
        "against": {"stream": "premises/p-1/grade", "determination": 2}, "received_on": "2026-02-20", "reply_by": "2026-03-10"
    })
}

fn with(mut value: Value, more: Value) -> Value {
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value
}

#[test]
fn a_dispute_goes_from_notice_to_carrying_out_and_a_lost_one_sets_the_result_aside() {
    let came = || event(with(notified(), json!({"type": "DisputeNotified", "by": "a-8"})));
    let dispute = |events: Vec<_>| {
        given::<Dispute>(events)
            .about(House::graded_twice().subject)
            .at("premises/p-1/dispute/1")
            .by_role(Role::LegalOfficer)
    };
    let notify = |more: Value| ask(with(with(notified(), json!({"command": "notify"})), more));
    dispute(vec![]).when(notify(json!({}))).then([came_by_actor()]);
    dispute(vec![]).when(notify(json!({"document_number": ""}))).then_rejected("no_document");
    dispute(vec![]).when(notify(json!({"received_on": "2026-04-01"}))).then_rejected("malformed");
    dispute(vec![came()]).when(notify(json!({}))).then_rejected("already_exists");
    let carry = || ask(json!({"command": "carry_out", "what": "reassessed"}));
    dispute(vec![came()]).when(carry()).then_rejected("wrong_state");
    dispute(vec![]).when(carry()).then_rejected("not_found");
    dispute(vec![came()]).when(ask(json!({"command": "reply", "on": "2026-03-01"}))).said();
    dispute(vec![came()])
        .when(ask(json!({"command": "suspend", "document_number": ""})))
        .then_rejected("no_document");
    let outcome = json!({"finding": "revoked", "document_number": "1", "on": "2026-03-01"});
    let said =
        dispute(vec![came()]).when(ask(with(outcome.clone(), json!({"command": "record_outcome"})))).said();
    let stated = serde_json::to_value(&said[0].event).unwrap();
    for computed in ["derivation", "result"] {
        assert!(stated.get(computed).is_none(), "only what is computed has {computed}: {stated}");
    }
    let mut house = House::graded_twice();
    house.hears("dispute/1", "2026-02-20", with(notified(), json!({"type": "DisputeNotified", "by": "a-8"})));
    let due = house.hears(
        "dispute/1",
        "2026-03-01",
        with(outcome, json!({"type": "OutcomeRecorded", "by": "a-8"})),
    );
    let result = house.computes(&due[0], "2026-03-01").0.unwrap();
    assert_eq!((&result["origin"], &result["holds"]["number"]), (&json!("dispute"), &json!(1)));
}

fn came_by_actor() -> crate::dispute::Event {
    event(with(notified(), json!({"type": "DisputeNotified", "by": "a-1"})))
}

#[test]
fn a_reevaluation_names_what_is_missing_or_the_assessment_opened_on_it() {
    let requested = || {
        event(json!({"type": "ReevaluationRequested", "why": "rectified", "on": "2026-02-20", "by": "a-1"}))
    };
    let about = |events: Vec<_>, house: House| given::<Reevaluation>(events).about(house.subject);
    let request = || ask(json!({"command": "request", "why": "rectified"}));
    about(vec![], House::graded_twice()).by_grant(owner_of("y-1")).when(request()).said();
    about(vec![], House::graded_twice())
        .by_grant(owner_of("y-9"))
        .when(request())
        .then_rejected("not_your_premises");
    let decline = |missing: Value| ask(json!({"command": "decline", "missing": missing}));
    let office = |house| about(vec![requested()], house).by_role(Role::DepartmentOfficer);
    office(House::graded_twice()).when(decline(json!([]))).then_rejected("malformed");
    office(House::graded_twice()).when(decline(json!(["works_unfinished"]))).said();
    let grant = || ask(json!({"command": "grant", "assessment": "3"}));
    office(House::graded_twice()).when(grant()).then_rejected("not_found");
    let mut house = House::graded_twice();
    house.hears("assessment/3", "2026-02-25", json!({
        "type": "AssessmentOpened", "scheme": {"id": "pingshan-building-1", "sha256": "00"}, "reason": "owner_request", "lead": "a-lead"
    }));
    office(house).when(grant()).said();
    office(House::graded_twice())
        .when(ask(json!({"command": "grant", "assessment": "2"})))
        .then_rejected("wrong_state");
}

#[test]
fn a_household_answers_once_and_a_closed_survey_is_counted() {
    let opened = || event(json!({"type": "SurveyOpened", "questions": "1", "on": "2026-02-20", "by": "a-1"}));
    let answer = || ask(json!({"command": "answer", "unit": "u-1", "satisfied": true, "words": "很好"}));
    let by = |events: Vec<_>| {
        given::<Survey>(events).about(House::graded_twice().subject).by_role(Role::CommunityLead)
    };
    by(vec![]).when(ask(json!({"command": "open", "questions": "1"}))).said();
    by(vec![]).when(answer()).then_rejected("not_found");
    let door = |events: Vec<_>| by(events).by_actor(Actor::channel("resident")).of_household("h-1");
    let said = door(vec![opened()]).when(answer()).said();
    assert!(!serde_json::to_string(&said[0].event).unwrap().contains("很好"));
    door(vec![opened(), said[0].event.clone()]).when(answer()).then_rejected("answered_already");
    let closed = by(vec![opened(), said[0].event.clone()]).when(ask(json!({"command": "close"}))).said();
    assert!(matches!(closed[0].event, crate::survey::Event::SurveyClosed { answered: 1, satisfied: 1, .. }));
    door(vec![opened(), closed[0].event.clone()]).when(answer()).then_rejected("survey_closed");
}

#[test]
fn a_party_is_private_but_for_its_kind_and_changes_only_itself() {
    let registered = || event(json!({"type": "PartyRegistered", "kind": "person", "by": "a-1"}));
    let party = |events: Vec<_>| given::<Party>(events).under(rules()).at("party/y-1");
    let register =
        |more: Value| ask(with(json!({"command": "register", "kind": "person", "name": "张三"}), more));
    let said = party(vec![]).by_role(Role::DataClerk).when(register(json!({}))).said();
    assert!(!serde_json::to_string(&said[0].event).unwrap().contains("张三"));
    party(vec![]).by_role(Role::DataClerk).when(register(json!({"name": ""}))).then_rejected("malformed");
    party(vec![]).by_role(Role::DataClerk).when(register(json!({"uscc": "123"}))).then_rejected("malformed");
    party(vec![registered()])
        .by_role(Role::DataClerk)
        .when(register(json!({})))
        .then_rejected("already_exists");
    let amend = || ask(json!({"command": "amend", "phone": "13800000000", "why": "new_phone"}));
    party(vec![registered()]).by_grant(owner_of("y-1")).when(amend()).said();
    party(vec![registered()]).by_grant(owner_of("y-2")).when(amend()).then_rejected("not_your_premises");
    let check = |method: &str| ask(json!({"command": "check_identity", "method": method, "matches": true}));
    party(vec![registered()]).by_role(Role::DataClerk).when(check("paper_seen")).said();
    party(vec![registered()]).by_role(Role::DataClerk).when(check("guess")).then_rejected("malformed");
    let merge = |into: &str| ask(json!({"command": "merge", "into": into, "why": "same_identity"}));
    party(vec![registered()]).by_role(Role::DataClerk).when(merge("y-1")).then_rejected("merged_into_itself");
    let into = |other: Vec<crate::party::Event>| {
        party(vec![registered()]).by_role(Role::DataClerk).going_on_as(other)
    };
    into(vec![]).when(merge("y-2")).then_rejected("not_found");
    let elsewhere = crate::party::Event::PartyMerged {
        into: "y-3".into(),
        why: "same_identity".into(),
        by: "a-1".into(),
    };
    into(vec![registered(), elsewhere]).when(merge("y-2")).then_rejected("wrong_state");
    let merged = into(vec![registered()]).when(merge("y-2")).said();
    party(vec![registered(), merged[0].event.clone()])
        .by_grant(owner_of("y-1"))
        .when(amend())
        .then_rejected("wrong_state");
}

#[test]
fn a_plaque_shows_what_is_in_force_and_a_reply_stands_beside_it() {
    let grade = |events: Vec<crate::grade::Event>| {
        let house = House::graded_twice();
        let mut given =
            given::<Grade>([]).about(house.subject.clone()).under(rules()).at("premises/p-1/grade");
        let mut state = house.subject.grade;
        events.iter().for_each(|event| crate::aggregate::Concept::evolve(&mut state, event));
        given.put(state);
        given
    };
    let hang = |plaque: &str, shows: Value| {
        ask(json!({"command": "hang_plaque", "plaque": plaque, "shows": shows, "place": "entrance"}))
    };
    let by = |events| grade(events).by_role(Role::GridWorker);
    by(vec![]).when(hang("grade_plaque", json!(5))).then_rejected("plaque_shows_other");
    by(vec![]).when(hang("grade_plaque", Value::Null)).then_rejected("malformed");
    by(vec![]).when(hang("supervision_plaque", Value::Null)).then_rejected("plaque_not_due");
    let hung = by(vec![]).when(hang("grade_plaque", json!(3))).said();
    let remove = || ask(json!({"command": "remove_plaque", "plaque": "grade_plaque", "why": "worn"}));
    by(vec![]).when(remove()).then_rejected("not_found");
    by(vec![hung[0].event.clone()]).when(remove()).said();
    by(vec![hung[0].event.clone()])
        .when(ask(json!({"command": "report_plaque_missing", "plaque": "grade_plaque"})))
        .said();
    let reply = |text: &str| ask(json!({"command": "reply", "determination": 2, "text": text}));
    grade(vec![]).by_grant(owner_of("y-1")).when(reply("已整改")).said();
    grade(vec![]).by_grant(owner_of("y-9")).when(reply("已整改")).then_rejected("not_your_premises");
    grade(vec![]).by_grant(owner_of("y-1")).when(reply("")).then_rejected("malformed");
}

#[test]
fn whoever_chose_the_wrong_door_keeps_the_first_day() {
    let mut house = House::graded_twice();
    house.hears(
        "reevaluation/1",
        "2026-02-05",
        json!({"type": "ReevaluationRequested", "why": "late_statement", "on": "2026-02-05", "by": "a-1"}),
    );
    let file = |from: &str| {
        ask(json!({
            "command": "file", "against": {"stream": "premises/p-1/grade", "determination": 2}, "grounds": "电线已更换",
            "turned_from": from
        }))
    };
    let appeal = |house: &House| {
        let asked = given::<Appeal>([]).about(house.subject.clone()).under(rules());
        asked.at("premises/p-1/appeal/1").on("2026-05-20").by_grant(owner_of("y-1"))
    };
    let said = appeal(&house).when(file("1")).said();
    assert_eq!(serde_json::to_value(&said[0].event).unwrap()["on"], "2026-02-05");
    appeal(&house).when(file("2")).then_rejected("not_found");
    house.serves("1", 2, "2026-02-06");
    appeal(&house).when(file("1")).then_rejected("not_found");
    let mut another = House::graded_twice();
    another.hears(
        "appeal/1",
        "2026-02-06",
        json!({
            "type": "AppealFiled", "against": {"stream": "premises/p-1/grade", "determination": 2}, "on": "2026-02-06",
            "authorised": true, "by": "a-1"
        }),
    );
    let request = |from: &str| ask(json!({"command": "request", "why": "rectified", "turned_from": from}));
    let by = |house: &House, party: &str| {
        given::<Reevaluation>([]).about(house.subject.clone()).on("2026-03-20").by_grant(owner_of(party))
    };
    let said = by(&another, "y-1").when(request("1")).said();
    assert_eq!(serde_json::to_value(&said[0].event).unwrap()["on"], "2026-02-06");
    by(&another, "y-1").when(request("7")).then_rejected("not_found");
    let other = Actor { account: "a-2".into(), grants: vec![owner_of("y-1")], received: false };
    given::<Reevaluation>([])
        .about(another.subject.clone())
        .by_actor(other)
        .when(request("1"))
        .then_rejected("not_found");
}

/// A request of 5 February that was meant as an appeal, which says so on 10 March.
fn turned_into_an_appeal() -> House {
    let mut house = House::graded_twice();
    let requested =
        json!({"type": "ReevaluationRequested", "why": "late_statement", "on": "2026-02-05", "by": "a-1"});
    house.hears("reevaluation/1", "2026-02-05", requested);
    let filed = json!({
        "type": "AppealFiled", "against": {"stream": "premises/p-1/grade", "determination": 2}, "on": "2026-02-05",
        "authorised": true, "turned_from": "1", "by": "a-1"
    });
    house.hears("appeal/1", "2026-03-10", filed);
    house
}

fn office_deadlines(house: &House) -> Vec<(&'static str, Option<NaiveDate>)> {
    let running = running(&rules(), "premises/p-1", &house.subject);
    running.into_iter().map(|of| (of.rule, of.period.due)).collect()
}

#[test]
fn the_offices_time_counts_from_the_first_day_whichever_door_it_was() {
    let mut house = turned_into_an_appeal();
    let admitted_by = period(&rules(), &PeriodQuestion::of("appeal_admit", day("2026-02-05"))).unwrap().due;
    let one = [("appeal_admit", admitted_by)];
    assert_eq!(office_deadlines(&house), one, "the request is no matter of its own any more");
    let filed = json!({
        "type": "AppealFiled", "against": {"stream": "premises/p-1/grade", "determination": 2}, "on": "2026-02-05",
        "authorised": true, "turned_from": "1", "by": "a-1"
    });
    let legal = |house: &House, events: Vec<crate::appeal::Event>| {
        let asked = given::<Appeal>(events).about(house.subject.clone()).under(rules());
        asked.at("premises/p-1/appeal/1").on("2026-03-11").by_role(Role::LegalOfficer)
    };
    let decide_by =
        |from: &str| period(&rules(), &PeriodQuestion::of("appeal_decide", day(from))).unwrap().due.unwrap();
    let said = legal(&house, vec![event(filed.clone())]).when(ask(json!({"command": "admit"}))).said();
    let admitted = serde_json::to_value(&said[0].event).unwrap();
    assert_eq!(admitted["decide_by"], json!(decide_by("2026-02-05")), "not from 11 March: {admitted}");
    house.hears("appeal/1", "2026-03-11", admitted.clone());
    assert_eq!(office_deadlines(&house), [("appeal_decide", Some(decide_by("2026-02-05")))]);
    let extend = ask(json!({"command": "extend", "why": "complex"}));
    let run = vec![event(filed), event(admitted)];
    legal(&house, run).when(extend).then_rejected("extension_too_late");

    let mut plain = House::graded_twice();
    plain.hears("appeal/1", "2026-03-10", json!({
        "type": "AppealFiled", "against": {"stream": "premises/p-1/grade", "determination": 2}, "on": "2026-03-10",
        "authorised": true, "by": "a-1"
    }));
    plain.hears("appeal/1", "2026-03-11", json!({
        "type": "AppealAdmitted", "on": "2026-03-11", "decide_by": "2026-04-01", "safety_measures_suspended": false,
        "by": "a-8"
    }));
    assert_eq!(office_deadlines(&plain), [("appeal_decide", Some(decide_by("2026-03-11")))]);
}

#[test]
fn what_goes_on_through_another_door_is_answered_there_and_nowhere_else() {
    let house = turned_into_an_appeal();
    let requested =
        json!({"type": "ReevaluationRequested", "why": "late_statement", "on": "2026-02-05", "by": "a-1"});
    let office =
        given::<Reevaluation>([event(requested)]).about(house.subject).at("premises/p-1/reevaluation/1");
    let decline = ask(json!({"command": "decline", "missing": ["works_unfinished"]}));
    office.by_role(Role::DepartmentOfficer).when(decline).then_rejected("wrong_state");

    let mut house = House::graded_twice();
    let filed = json!({
        "type": "AppealFiled", "against": {"stream": "premises/p-1/grade", "determination": 2}, "on": "2026-02-06",
        "authorised": true, "by": "a-1"
    });
    house.hears("appeal/1", "2026-02-06", filed.clone());
    let turned = json!({
        "type": "ReevaluationRequested", "why": "rectified", "on": "2026-02-06", "turned_from": "1", "by": "a-1"
    });
    house.hears("reevaluation/1", "2026-03-20", turned);
    let due = period(&rules(), &PeriodQuestion::of("reevaluation", day("2026-02-06"))).unwrap().due;
    assert_eq!(office_deadlines(&house), [("reevaluation", due)]);
    let legal =
        given::<Appeal>([event(filed)]).about(house.subject).under(rules()).at("premises/p-1/appeal/1");
    legal.by_role(Role::LegalOfficer).when(ask(json!({"command": "admit"}))).then_rejected("wrong_state");
}

#[test]
fn a_statement_that_came_late_is_taken_as_a_request_to_be_graded_again() {
    let late = json!({
        "type": "StatementMade", "determination": 2, "on": "2026-03-02", "late": true, "by": "a-owner"
    });
    let mut house = House::graded_twice();
    let due = house.hears("grade", "2026-03-02", late.clone());
    assert_eq!(due.len(), 1, "{due:?}");
    assert_eq!(due[0].stream, "premises/p-1/reevaluation/late-statement-2");
    let (result, _) = house.computes(&due[0], "2026-03-02");
    let requested = json!({
        "why": "late_statement", "on": "2026-03-02", "statement_on": 2, "by": "a-owner"
    });
    assert_eq!(result, Some(requested));
    let of = &house.subject.reevaluations["late-statement-2"].state;
    assert!(of.requested_on.is_some() && of.answer.is_none(), "the office's time to answer runs");
    assert_eq!(house.computes(&due[0], "2026-03-02").0, None, "once");

    // what waits for an answer already is read with it
    let mut asked = House::graded_twice();
    let request =
        json!({ "type": "ReevaluationRequested", "why": "rectified", "on": "2026-02-20", "by": "a-1" });
    asked.hears("reevaluation/1", "2026-02-20", request);
    assert!(asked.hears("grade", "2026-03-02", late).is_empty());
}

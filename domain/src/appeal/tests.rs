//! What appeals keep: who may file, when it is too late, who may not review, and what a decision brings.

mod beyond_the_calendar;
mod of_bans;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Appeal, Event};
use crate::facts::{Colleague, Relation, Role};
use crate::given::{Given, given};
use crate::passing::passed_alone;
use crate::test_house::{House, ask, owner_of, rules};

const GRADE: &str = "premises/p-1/grade";

fn event(value: Value) -> Event {
    serde_json::from_value(value).unwrap()
}

fn filed(on: &str, authorised: bool) -> Event {
    filed_by("a-1", on, authorised)
}

fn filed_by(account: &str, on: &str, authorised: bool) -> Event {
    event(json!({
        "type": "AppealFiled", "against": {"stream": GRADE, "determination": 2}, "on": on, "authorised": authorised,
        "by": account
    }))
}

fn admitted() -> Event {
    event(json!({
        "type": "AppealAdmitted", "on": "2026-02-10", "decide_by": "2026-03-09", "safety_measures_suspended": false,
        "by": "a-8"
    }))
}

fn assigned(reviewer: &str) -> Event {
    event(json!({"type": "AppealAssigned", "reviewer": reviewer, "by": "a-8"}))
}

fn at_the_house(events: Vec<Event>, house: House) -> Given<Appeal> {
    given::<Appeal>(events).about(house.subject).under(rules()).at("premises/p-1/appeal/1")
}

fn file() -> Value {
    json!({
        "command": "file", "against": {"stream": GRADE, "determination": 2}, "grounds": "电线已更换"
    })
}

fn reviewer(account: &str, relations: Vec<Relation>) -> Colleague {
    let grants =
        vec![crate::facts::Grant { role: Role::Reviewer, department: None, area: None, party: None }];
    Colleague { account: account.into(), grants, relations }
}

fn decision(outcome: &str) -> Value {
    json!({
        "command": "decide", "outcome": outcome, "document_number": "坪申决〔2026〕1号", "reason_codes": ["fact_wrong"],
        "reasons": "照片与房屋不符", "remedies": ["litigation"]
    })
}

#[test]
fn an_owner_files_for_the_own_house_and_a_proxy_waits_for_the_owner() {
    let own = at_the_house(vec![], House::graded_twice()).by_grant(owner_of("y-1")).when(ask(file())).said();
    let Event::AppealFiled { authorised: true, .. } = &own[0].event else { panic!("{own:?}") };
    let wire = serde_json::to_value(&own[0]).unwrap();
    assert_eq!(wire["private"]["grounds"], "电线已更换");
    let proxy =
        at_the_house(vec![], House::graded_twice()).by_grant(owner_of("y-9")).when(ask(file())).said();
    assert!(matches!(proxy[0].event, Event::AppealFiled { authorised: false, .. }));
    let waiting = || at_the_house(vec![filed("2026-02-05", false)], House::graded_twice());
    waiting().by_role(Role::LegalOfficer).when(ask(json!({"command": "admit"}))).then_rejected("wrong_state");
    let confirm = || ask(json!({"command": "correct", "confirms": true}));
    waiting().by_grant(owner_of("y-9")).when(confirm()).then_rejected("not_found");
    waiting().by_grant(owner_of("y-1")).when(confirm()).said();
}

#[test]
fn an_appeal_is_changed_and_taken_back_by_its_party_or_from_its_paper_and_never_by_who_had_a_hand() {
    let paper = || json!([{ "bytes": 1, "sha256": "00", "type": "image/png" }]);
    let changes = || [json!({"command": "correct", "grounds": "另有理由"}), json!({"command": "withdraw"})];
    let by = |account: &str, role: Role| {
        let grant = crate::facts::Grant { role, department: None, area: None, party: None };
        let actor = crate::facts::Actor { account: account.into(), grants: vec![grant], received: false };
        at_the_house(vec![filed("2026-02-05", true)], House::graded_twice()).by_actor(actor)
    };
    for change in changes() {
        by("a-other", Role::GridWorker).when(ask(change.clone())).then_rejected("role_needed");
        by("a-8", Role::LegalOfficer).when(ask(change.clone())).then_rejected("role_needed");
        let mut handed_in = change.clone();
        handed_in["handed_in_on"] = json!("2026-02-10");
        by("a-8", Role::LegalOfficer).when(ask(handed_in.clone())).then_rejected("counter_without_paper");
        handed_in["photos"] = paper();
        for hand in ["a-other", "a-checker", "a-lead"] {
            by(hand, Role::GridWorker).when(ask(handed_in.clone())).then_rejected("counter_had_a_hand");
        }
        let said = by("a-8", Role::LegalOfficer).when(ask(handed_in.clone())).said();
        let told = serde_json::to_value(&said[0]).unwrap();
        assert_eq!((&told["on"], &told["taken_by"]), (&json!("2026-02-10"), &json!("a-8")));
        assert_eq!(told["private"]["photos"], paper());
        handed_in["handed_in_on"] = json!("2026-02-04");
        by("a-8", Role::LegalOfficer).when(ask(handed_in)).then_rejected("malformed");
        let own = at_the_house(vec![filed("2026-02-05", true)], House::graded_twice());
        let said = own.by_grant(owner_of("y-1")).when(ask(change)).said();
        assert_eq!(serde_json::to_value(&said[0]).unwrap().get("taken_by"), None);
    }
    let old = json!({"type": "AppealWithdrawn", "on": "2026-02-06", "by": "a-3"});
    let read = serde_json::to_value(event(old.clone())).unwrap();
    assert_eq!(read, old, "what was written before stays as it is");
}

#[test]
fn what_is_not_there_or_said_twice_is_not_appealed() {
    let try_it = |change: &dyn Fn(&mut Value), code: &str| {
        let mut asked = file();
        change(&mut asked);
        at_the_house(vec![], House::graded_twice())
            .by_grant(owner_of("y-1"))
            .when(ask(asked))
            .then_rejected(code);
    };
    try_it(&|asked| asked["grounds"] = json!(" "), "malformed");
    try_it(&|asked| asked["against"]["determination"] = json!(9), "not_found");
    try_it(&|asked| asked["against"]["stream"] = json!("premises/p-2/grade"), "malformed");
    let mut house = House::graded_twice();
    house.hears("appeal/7", "2026-02-05", serde_json::to_value(filed("2026-02-05", true)).unwrap());
    at_the_house(vec![], house).by_grant(owner_of("y-1")).when(ask(file())).then_rejected("already_exists");
    at_the_house(vec![], House::graded_twice())
        .by_role(Role::GridWorker)
        .when(ask(file()))
        .then_rejected("role_needed");
}

#[test]
fn a_late_appeal_is_not_admitted_and_says_the_dates_and_an_early_one_is_not_called_late() {
    let served = || {
        let mut house = House::graded_twice();
        house.serves("1", 2, "2026-02-03");
        house
    };
    let admit = || ask(json!({"command": "admit"}));
    let refuse = || ask(json!({"command": "refuse_admission", "why": "late", "remedies": ["litigation"]}));
    // ten working days from 3 February 2026, over the spring holiday
    let due =
        crate::deadline::deadline(&rules(), "appeal_file", "2026-02-03".parse().unwrap(), false).unwrap();
    let (last, after) = (due.to_string(), due.succ_opt().unwrap().to_string());
    let of =
        |on: &str| at_the_house(vec![filed(on, true)], served()).by_role(Role::LegalOfficer).on("2026-03-20");
    let refused = of(&after).when(admit()).then_rejected("appeal_late");
    assert!(refused.en().contains(&last) && refused.zh().contains(&last));
    let said = of(&after).when(refuse()).said();
    let Event::AppealRefusedAdmission { own_motion: true, reckoned: Some(reckoned), .. } = &said[0].event
    else {
        panic!("{said:?}")
    };
    assert_eq!((reckoned.due, reckoned.in_time), (due, false));
    of(&last).when(admit()).said();
    of(&last).when(refuse()).then_rejected("appeal_in_time");
    at_the_house(vec![filed(&after, true)], House::graded_twice())
        .by_role(Role::LegalOfficer)
        .when(refuse())
        .then_rejected("wrong_state");
}

#[test]
fn a_reviewer_is_related_to_nobody_and_has_the_role() {
    let assign = |named: Colleague, code: &str| {
        let asked = ask(json!({"command": "assign", "reviewer": named.account.clone()}));
        let refused = at_the_house(vec![filed("2026-02-05", true), admitted()], House::graded_twice())
            .by_role(Role::LegalOfficer)
            .naming(named)
            .when(asked)
            .then_rejected(code);
        assert!(refused.en().contains("a-6"), "named: {refused}");
    };
    for to in ["party/y-1", "premises/p-1"] {
        let kin = Relation { to: to.into(), relation: "kin".into() };
        assign(reviewer("a-6", vec![kin]), "reviewer_is_related");
    }
    assign(Colleague { grants: vec![owner_of("y-1")], ..reviewer("a-6", vec![]) }, "reviewer_without_role");
}

#[test]
fn whoever_filed_an_appeal_or_dealt_with_a_hazard_of_the_house_does_not_review_it() {
    let assign = |filer: &str, house: House, code: &str| {
        at_the_house(vec![filed_by(filer, "2026-02-05", true), admitted()], house)
            .by_role(Role::LegalOfficer)
            .naming(reviewer("a-6", vec![]))
            .when(ask(json!({"command": "assign", "reviewer": "a-6"})))
            .then_rejected(code);
    };
    assign("a-6", House::graded_twice(), "reviewer_filed_it");
    let mut house = House::graded_twice();
    let found = json!({
        "type": "HazardFound", "indicator": "stair_width", "severity": "general", "works": "repair",
        "competent": "housing", "source": "patrol", "by": "a-2"
    });
    house.hears("hazard/1", "2026-02-03", found);
    house.hears(
        "hazard/1",
        "2026-02-04",
        json!({"type": "HazardReviewed", "outcome": "confirmed", "by": "a-6"}),
    );
    assign("a-1", house, "reviewer_dealt_with_hazard");
}

#[test]
fn only_the_reviewer_decides_and_says_what_is_right() {
    let of = |account: &str, events: Vec<Event>| {
        let mut all = vec![filed_by("y-1-holder", "2026-02-05", true), admitted()];
        all.extend(events);
        let mut given = at_the_house(all, House::graded_twice()).by_role(Role::Reviewer).on("2026-03-02");
        given = given.naming(reviewer(account, vec![]));
        given
    };
    of("a-1", vec![assigned("a-6")]).when(ask(decision("rejected"))).then_rejected("only_the_reviewer");
    let mine = || of("a-1", vec![assigned("a-1")]);
    mine().when(ask(decision("varied"))).then_rejected("nothing_varied");
    let mut both = decision("rejected");
    both["reassess"] = json!(true);
    mine().when(ask(both)).then_rejected("rejected_changes_nothing");
    let mut unnumbered = decision("upheld");
    unnumbered["document_number"] = json!("");
    mine().when(ask(unnumbered)).then_rejected("no_document");
    let mut unknown = decision("varied");
    unknown["corrected"] = json!({"dancing": "yes"});
    mine().when(ask(unknown)).then_rejected("unknown_indicator");
    let open = event(json!({"type": "RecusalRequested", "reviewer": "a-1", "on": "2026-02-12", "by": "a-1"}));
    of("a-1", vec![assigned("a-1"), open.clone()])
        .when(ask(decision("upheld")))
        .then_rejected("recusal_open");
    let granted = event(json!({"type": "RecusalDecided", "reviewer": "a-6", "granted": true, "by": "a-8"}));
    at_the_house(
        vec![filed("2026-02-05", true), admitted(), assigned("a-6"), granted],
        House::graded_twice(),
    )
    .by_role(Role::LegalOfficer)
    .naming(reviewer("a-6", vec![]))
    .when(ask(json!({"command": "assign", "reviewer": "a-6"})))
    .then_rejected("reviewer_recused");
    let said = mine().when(ask(decision("upheld"))).said();
    assert!(matches!(&said[0].event, Event::AppealDecided(decision) if decision.remedies.len() == 1));
}

#[test]
fn the_time_to_decide_is_extended_once_and_before_it_ends() {
    let extend = || ask(json!({"command": "extend", "why": "complex"}));
    let of = |on: &str| {
        at_the_house(vec![filed("2026-02-05", true), admitted()], House::graded_twice())
            .by_role(Role::LegalOfficer)
            .on(on)
    };
    let said = of("2026-02-20").when(extend()).said();
    of("2026-04-20").when(extend()).then_rejected("extension_too_late");
    at_the_house(vec![filed("2026-02-05", true), admitted(), said[0].event.clone()], House::graded_twice())
        .by_role(Role::LegalOfficer)
        .when(extend())
        .then_rejected("extended_already");
}

#[test]
fn whoever_is_related_to_a_party_is_so_under_each_name_that_it_was_merged_under() {
    let related = |to: &str| {
        let relation = Relation { to: format!("party/{to}"), relation: "kin".into() };
        let colleague = reviewer("a-6", vec![relation]);
        let events = vec![filed("2026-02-05", true), admitted()];
        at_the_house(events, House::graded_twice()).by_role(Role::LegalOfficer).naming(colleague)
    };
    let assign = || ask(json!({ "command": "assign", "reviewer": "a-6" }));
    related("y-7").when(assign()).said();
    // y-7 was merged into y-8, and that into the owner of the house
    let merged = [("y-7", "y-8"), ("y-8", "y-1")];
    related("y-7").merged(&merged).when(assign()).then_rejected("reviewer_is_related");
    // the house still knows its owner by the name that it had before
    related("y-7").merged(&[("y-1", "y-7")]).when(assign()).then_rejected("reviewer_is_related");
    related("y-9").merged(&merged).when(assign()).said();
    let mut owner = reviewer("a-6", vec![]);
    owner.grants.push(owner_of("y-7"));
    let events = vec![filed("2026-02-05", true), admitted()];
    at_the_house(events, House::graded_twice())
        .by_role(Role::LegalOfficer)
        .naming(owner)
        .merged(&merged)
        .when(assign())
        .then_rejected("reviewer_is_related");
}

#[test]
fn an_upheld_appeal_sets_the_result_aside_and_what_held_before_holds_again() {
    let mut house = House::graded_twice();
    for said in [filed("2026-02-05", true), admitted(), assigned("a-6")] {
        assert!(house.hears("appeal/1", "2026-02-10", serde_json::to_value(said).unwrap()).is_empty());
    }
    let decided = json!({
        "type": "AppealDecided", "outcome": "upheld", "against": {"stream": GRADE, "determination": 2}, "on": "2026-03-02",
        "document_number": "1", "reason_codes": ["fact_wrong"], "by": "a-6"
    });
    let due = house.hears("appeal/1", "2026-03-02", decided);
    assert_eq!(due.iter().map(|due| due.event_type).collect::<Vec<_>>(), ["GradeSetAside"]);
    let (result, follows) = house.computes(&due[0], "2026-03-02");
    let result = result.unwrap();
    assert_eq!((&result["determination"], &result["holds"]["number"]), (&json!(2), &json!(1)));
    assert_eq!(follows[0].event_type, "GradeDetermined", "and it is reckoned again");
    assert_eq!(house.subject.grade.in_force().unwrap().determination.number, 1);
    assert_eq!(house.computes(&due[0], "2026-03-02").0, None, "nothing is set aside twice");
}

#[test]
fn a_decision_that_does_not_come_is_recorded_with_the_day_it_was_due() {
    let mut house = House::graded_twice();
    for said in [filed("2026-02-05", true), admitted(), assigned("a-6")] {
        house.hears("appeal/1", "2026-02-10", serde_json::to_value(said).unwrap());
    }
    let due =
        crate::deadline::deadline(&rules(), "appeal_decide", "2026-02-10".parse().unwrap(), false).unwrap();
    // what else the office owes the house is another story
    let late = |house: &House, day: &str| {
        let now = format!("{day}T04:00:00Z").parse().unwrap();
        let mut all = passed_alone("premises/p-1", &house.subject, now, house);
        all.retain(|passed| passed.due.stream.contains("appeal"));
        all
    };
    assert!(late(&house, &due.to_string()).is_empty(), "its last day");
    let missed = late(&house, "2026-12-01");
    assert_eq!(missed.len(), 1);
    assert_eq!(missed[0].due.stream, "premises/p-1/record/missed-appeal_decide-appeal-1");
    let result = house.computes(&missed[0].due, "2026-12-01").0.unwrap();
    assert_eq!((result["due"].as_str(), &result["whose"]), (Some(due.to_string().as_str()), &json!("a-6")));
    assert!(late(&house, "2026-12-02").is_empty(), "once");
}

proptest! {
    #[test]
    fn nobody_who_had_a_hand_in_the_case_reviews_it(
        order in Just(vec!["a-lead", "a-other", "a-checker", "a-finder", "a-confirmer", "a-6"]).prop_shuffle(),
        confirmed in any::<bool>(), found in any::<bool>(),
    ) {
        for account in order {
            let mut house = House::graded_twice();
            if found {
                house.hears("hazard/9", "2026-02-03", json!({
                    "type": "HazardFound", "indicator": "x", "severity": "general", "works": "buy", "competent": "fire",
                    "source": "patrol", "by": "a-finder"
                }));
            }
            if confirmed {
                house.hears("grade", "2026-02-04", json!({
                    "type": "AdverseGradeConfirmed", "determination": 2, "on": "2026-02-04", "document_number": "1",
                    "by": "a-confirmer"
                }));
            }
            let hand = match account {
                "a-other" | "a-checker" => true,
                "a-finder" => found,
                "a-confirmer" => confirmed,
                _ => false,
            };
            let asked = ask(json!({"command": "assign", "reviewer": account}));
            let given = at_the_house(vec![filed("2026-02-05", true), admitted()], house).by_role(Role::LegalOfficer);
            let outcome = given.naming(reviewer(account, vec![])).when(asked);
            prop_assert_eq!(outcome.is_refused(), hand, "{}", account);
        }
    }
}

#[test]
fn an_upheld_appeal_against_a_hazard_closes_it_and_grades_the_house_without_it() {
    use crate::given_log::Log;
    use crate::rulebook::Layer;

    let house = || {
        let mut log = Log::new();
        log.registered("p-1", Layer::Building, None);
        let but = json!({ "roof_door": "unmet" });
        log.assessed("2026-01-10", "p-1", "a-1", "first", Layer::Building, &but);
        let confirmed =
            json!({ "type": "HazardReviewed", "outcome": "confirmed", "reason_code": "seen", "by": "u-2" });
        log.hears("2026-01-12", "premises/p-1/hazard/a-1-roof_door", &confirmed);
        log
    };
    let decided = |more: Value| {
        let against = json!({ "stream": "premises/p-1/hazard/a-1-roof_door" });
        let decision = json!({
            "type": "AppealDecided", "against": against, "on": "2026-02-01", "document_number": "7",
            "reason_codes": ["fact_wrong"], "by": "u-9"
        });
        let (Value::Object(mut decision), Value::Object(more)) = (decision, more) else { panic!("objects") };
        decision.extend(more);
        Value::Object(decision)
    };
    let star = |log: &Log| log.results("GradeDetermined").last().unwrap()["star"].clone();
    let mut log = house();
    let before = star(&log);
    assert_ne!(before, json!(5));
    let determined = log.results("GradeDetermined").len();

    let mut rejected = house();
    rejected.hears("2026-02-01", "premises/p-1/appeal/s-1", &decided(json!({ "outcome": "rejected" })));
    assert!(rejected.results("HazardClosed").is_empty());
    assert_eq!(rejected.results("GradeDetermined").len(), determined, "rejected, it changes nothing");

    let right = json!({ "outcome": "upheld", "corrected": { "roof_door": "met" }, "reassess": true });
    log.hears("2026-02-01", "premises/p-1/appeal/s-1", &decided(right));
    assert_eq!(log.results("HazardClosed"), [&json!({ "how": "set_aside" })]);
    let graded = log.results("GradeDetermined");
    let last = graded.last().unwrap();
    assert_eq!((&last["star"], &last["trigger"]), (&json!(5), &json!("appeal_upheld")));
    let opened = log.results("AssessmentOpened");
    assert_eq!(opened, [&json!({ "reason": "appeal", "lead": "u-1", "due": "2026-02-01" })]);
    log.runs("2026-12-31".parse().unwrap());
    assert!(log.results("HazardFellOverdue").is_empty(), "what was set aside falls overdue no more");

    // a court's word does the same
    let mut lost = house();
    let notified = json!({
        "type": "DisputeNotified", "kind": "litigation", "body": "法院", "document_number": "1",
        "against": { "stream": "premises/p-1/hazard/a-1-roof_door" }, "received_on": "2026-01-20",
        "reply_by": "2026-02-04", "by": "u-7"
    });
    lost.hears("2026-01-20", "premises/p-1/dispute/d-1", &notified);
    let revoked = json!({
        "type": "OutcomeRecorded", "finding": "revoked", "document_number": "2", "on": "2026-03-01", "by": "u-7"
    });
    lost.hears("2026-03-01", "premises/p-1/dispute/d-1", &revoked);
    assert_eq!(lost.results("HazardClosed"), [&json!({ "how": "set_aside" })]);
}

//! Every command with what it records, and every refusal.

use super::*;
use crate::facts::Actor;
use crate::given::day;

/// What was said, by its name on the wire and what is public of it.
#[track_caller]
fn told(said: &[crate::said::Said<Event>]) -> Value {
    let mut told = serde_json::to_value(&said[0].event).unwrap();
    assert_eq!(said.len(), 1);
    for name in ["by", "scheme"] {
        told.as_object_mut().unwrap().remove(name);
    }
    told
}

fn confirm() -> Command {
    Command::Review { outcome: Review::Confirmed, reason: None }
}

fn order(parties: &[&str], days: Option<u32>) -> Command {
    let parties = parties.iter().map(|party| (*party).to_owned()).collect();
    Command::Order { what: "更换线路".into(), parties, document_number: "改字1号".into(), days }
}

fn plan(days: u32) -> Command {
    Command::SubmitWorksPlan { days, text: "分三步".into(), photos: vec![], handed_in_on: None }
}

fn longer(until: &str) -> Command {
    Command::RequestExtension { until: day(until), text: "等材料".into(), handed_in_on: None }
}

fn done(photos: Vec<crate::said::Photo>, handed_in_on: Option<&str>) -> Command {
    Command::SubmitRectification { text: "已更换".into(), photos, handed_in_on: handed_in_on.map(day) }
}

fn refuse(due: Option<&str>) -> Command {
    Command::Refuse { findings: "仍有裸线".into(), due: due.map(day), photos: vec![] }
}

fn supervise() -> Command {
    Command::OrderSupervision { until: day("2026-06-01"), document_number: "督字1号".into(), reason: None }
}

fn find(severity: &str, competent: &str) -> Command {
    let mut found = found_as(severity, "repair", "");
    found["competent"] = json!(competent);
    Command::Find { found: serde_json::from_value(found).unwrap(), note: None, photos: vec![] }
}

fn reopen(case: &str) -> Command {
    Command::Reopen { case: case.into(), why: ReopenedWhy::NotFixed, note: None, photos: vec![] }
}

fn new_case(house: &House) -> Given<Hazard> {
    given::<Hazard>([]).about(house.subject.clone()).in_stream("premises/p-1/hazard/8").under(rulebook())
}

fn overdue() -> House {
    let mut house = ordered();
    house.looks_on("2026-03-20");
    house
}

#[test]
fn what_is_found_is_of_a_class_and_department_that_the_rulebook_knows() {
    let house = House::owned();
    let said = new_case(&house).by_role(Role::GridWorker).when(find("general", "fire")).said();
    assert_eq!(told(&said)["type"], "HazardFound");
    assert_eq!(serde_json::to_value(&said[0].event).unwrap()["by"], "a-1");
    new_case(&house).by_role(Role::GridWorker).when(find("huge", "fire")).then_rejected("unknown_severity");
    new_case(&house).by_role(Role::GridWorker).when(find("general", "x")).then_rejected("unknown_department");
    new_case(&house).by_role(Role::Owner).when(find("general", "fire")).then_rejected("role_needed");
    confirmed()
        .asked()
        .by_role(Role::GridWorker)
        .when(find("general", "fire"))
        .then_rejected("already_exists");
    new_case(&house).by_officer_of("fire").when(confirm()).then_rejected("not_found");
}

#[test]
fn the_finder_does_not_review_and_another_department_neither() {
    let house = House::with_case("general", "repair");
    let theirs = || house.asked().by_officer_of("fire");
    theirs().when(confirm()).then([Event::HazardReviewed { outcome: Review::Confirmed, by: "a-1".into() }]);
    house.asked().by_officer_of("housing").when(confirm()).then_rejected("department_needed");
    let mut own = House::owned();
    own.hears("hazard/7", found_as("general", "repair", "a-1"));
    own.asked().by_officer_of("fire").when(confirm()).then_rejected("reviewer_is_finder");
    confirmed().asked().by_officer_of("fire").when(confirm()).then_rejected("wrong_state");
}

#[test]
fn dismissing_and_passing_on_need_a_reason_and_another_department_that_exists() {
    let house = House::with_case("general", "repair");
    let review = |outcome, reason: Option<&str>| {
        let command = Command::Review { outcome, reason: reason.map(str::to_owned) };
        house.asked().by_officer_of("fire").when(command)
    };
    let to = |to: &str| Review::PassedOn { to: to.into() };
    review(Review::Dismissed, None).then_rejected("malformed");
    review(to("housing"), Some(" ")).then_rejected("malformed");
    review(to("fire"), Some("不归我们")).then_rejected("passed_on_to_itself");
    review(to("nobody"), Some("不归我们")).then_rejected("unknown_department");
    let said = review(to("housing"), Some("不归我们")).said();
    assert_eq!(
        told(&said),
        json!({ "type": "HazardReviewed", "outcome": { "passed_on": { "to": "housing" } } })
    );
    assert_eq!(serde_json::to_value(&said[0].private).unwrap(), json!({ "reason": "不归我们" }));
}

#[test]
fn passed_on_it_belongs_to_the_other_department_and_the_hands_are_kept() {
    let mut house = House::with_case("general", "repair");
    house.hears(
        "hazard/7",
        json!({ "type": "HazardReviewed", "outcome": { "passed_on": { "to": "housing" } }, "by": "a-3" }),
    );
    assert_eq!(house.case().course.hands, ["fire", "housing"]);
    house.asked().by_officer_of("housing").when(confirm()).said();
    house.asked().by_officer_of("fire").when(confirm()).then_rejected("department_needed");
}

#[test]
fn only_the_authority_determines_what_is_suspected_and_by_a_document() {
    let house = House::with_case("major", "repair");
    let determine = |document: &str| Command::Determine {
        major: true,
        document_number: document.into(),
        method: Some("direct".into()),
        officers: vec!["a-8".into()],
    };
    let by_authority = || house.asked().by_grant(authority());
    let named = || by_authority().naming_officer("a-8", Role::DepartmentOfficer, Some("fire"));
    let said = named().when(determine("认字1号")).said();
    let expected = json!({
        "type": "MajorHazardDetermined", "major": true, "document_number": "认字1号", "method": "direct", "officers": ["a-8"],
    });
    assert_eq!(told(&said), expected);
    by_authority().when(determine("认字1号")).then_rejected("unknown_officers");
    let elsewhere = by_authority().naming_officer("a-8", Role::DepartmentOfficer, Some("housing"));
    elsewhere.when(determine("认字1号")).then_rejected("officers_of_another_department");
    named().when(determine(" ")).then_rejected("no_document");
    house.asked().by_officer_of("fire").when(determine("1")).then_rejected("role_needed");
    confirmed().asked().by_grant(authority()).when(determine("1")).then_rejected("wrong_state");
    let mut determined = House::with_case("major", "repair");
    determined.hears("hazard/7", said_of("MajorHazardDetermined"));
    determined.asked().by_grant(authority()).when(determine("2")).then([]);
}

fn said_of(kind: &str) -> Value {
    super::said(kind)
}

#[test]
fn an_order_states_the_policys_days_and_names_who_answers_here() {
    let said = confirmed().asked().by_officer_of("fire").when(order(&["w-1"], None)).said();
    let expected = json!({ "type": "RectificationOrdered", "parties": ["w-1"], "days": 15, "document_number": "改字1号" });
    assert_eq!(told(&said), expected);
    let asked = |parties: &[&str], days| confirmed().asked().by_officer_of("fire").when(order(parties, days));
    asked(&["w-1"], Some(15)).said();
    let rejection = asked(&["w-1"], Some(30)).then_rejected("days_not_of_policy");
    assert!(rejection.zh().contains("15天") && rejection.en().contains("15 days"), "{rejection}");
    asked(&[], None).then_rejected("order_without_party");
    asked(&["w-9"], None).then_rejected("order_without_party");
    confirmed().asked().by_role(Role::Owner).when(order(&["w-1"], None)).then_rejected("role_needed");
    ordered().asked().by_officer_of("fire").when(order(&["w-1"], None)).then_rejected("already_exists");
    after(&[]).asked().by_officer_of("fire").when(order(&["w-1"], None)).then_rejected("wrong_state");
    let silent =
        Command::Order { what: " ".into(), parties: vec![], document_number: "1".into(), days: None };
    confirmed().asked().by_officer_of("fire").when(silent).then_rejected("malformed");
    let bare =
        Command::Order { what: "换".into(), parties: vec![], document_number: " ".into(), days: None };
    confirmed().asked().by_officer_of("fire").when(bare).then_rejected("no_document");
}

#[test]
fn what_was_determined_not_major_has_the_lesser_severitys_days() {
    let mut house = House::with_case("major", "build");
    house.hears(
        "hazard/7",
        json!({ "type": "MajorHazardDetermined", "major": false, "document_number": "1", "by": "a" }),
    );
    house.hears("hazard/7", said_of("HazardReviewed"));
    let said = house.asked().by_officer_of("fire").when(order(&["w-1"], None)).said();
    assert_eq!(told(&said)["days"], 30);
}

#[test]
fn an_owner_objects_once_and_another_than_the_finder_answers() {
    let contest =
        |text: &str| Command::Contest { ground: Ground::Tenants, text: text.into(), handed_in_on: None };
    let said = ordered().asked().by_grant(owner()).when(contest("租客装的")).said();
    assert_eq!(told(&said), json!({ "type": "HazardContested", "ground": "tenants" }));
    ordered().asked().by_grant(owner()).when(contest("")).then_rejected("malformed");
    ordered()
        .asked()
        .by_grant(of_party(Role::Owner, "w-9"))
        .when(contest("x"))
        .then_rejected("not_your_premises");
    ordered().asked().by_officer_of("fire").when(contest("x")).then_rejected("role_needed");
    submitted().asked().by_grant(owner()).when(contest("x")).then_rejected("wrong_state");
    let mut contested = ordered();
    contested.hears("hazard/7", said_of("HazardContested"));
    contested.asked().by_grant(owner()).when(contest("x")).then_rejected("already_exists");

    let answer = |reasons: &str| Command::AnswerContest { upheld: true, reasons: reasons.into() };
    let said = contested.asked().by_officer_of("fire").when(answer("照片不符")).said();
    assert_eq!(told(&said), json!({ "type": "HazardReplyAnswered", "upheld": true }));
    contested.asked().by_officer_of("fire").when(answer("")).then_rejected("malformed");
    contested.asked().by_officer_of("housing").when(answer("x")).then_rejected("department_needed");
    ordered().asked().by_officer_of("fire").when(answer("x")).then_rejected("wrong_state");
    let finder = Actor { account: "a-2".into(), ..Actor::default() };
    contested
        .asked()
        .by_actor(finder)
        .by_officer_of("fire")
        .when(answer("x"))
        .then_rejected("reviewer_is_finder");
}

#[test]
fn an_upheld_objection_dismisses_what_is_not_there_and_voids_an_order_to_the_wrong_party() {
    for (ground, stage) in [("not_there", Stage::Dismissed), ("not_mine", Stage::Confirmed)] {
        let mut house = ordered();
        house.hears("hazard/7", json!({ "type": "HazardContested", "ground": ground, "by": "a" }));
        house.hears("hazard/7", json!({ "type": "HazardReplyAnswered", "upheld": true, "by": "a-3" }));
        assert_eq!(house.case().stage, stage);
        if stage == Stage::Confirmed {
            assert_eq!(house.due(), None);
            house.asked().by_officer_of("fire").when(order(&["w-2"], None)).said();
        }
    }
}

#[test]
fn a_works_plan_is_longer_than_the_term_and_not_longer_than_the_policy_allows() {
    let said = ordered().asked().by_grant(owner()).when(plan(60)).said();
    assert_eq!(told(&said), json!({ "type": "WorksPlanSubmitted", "days": 60 }));
    ordered().asked().by_grant(owner()).when(plan(91)).then_rejected("plan_too_long");
    ordered().asked().by_grant(owner()).when(plan(15)).then_rejected("plan_not_longer");
    confirmed().asked().by_grant(owner()).when(plan(60)).then_rejected("wrong_state");
    let mut at_once = House::with_case("general", "at_once");
    at_once.hears("hazard/7", said_of("HazardReviewed")).hears("hazard/7", said_of("RectificationOrdered"));
    at_once.asked().by_grant(owner()).when(plan(60)).then_rejected("plan_not_allowed");

    let mut waits = ordered();
    waits.hears("hazard/7", said_of("WorksPlanSubmitted"));
    waits.asked().by_grant(owner()).when(plan(70)).then_rejected("already_exists");
    let approve = Command::ApproveWorksPlan { note: None };
    waits
        .asked()
        .by_officer_of("fire")
        .when(approve.clone())
        .then([Event::WorksPlanApproved { by: "a-1".into() }]);
    waits.asked().by_officer_of("water").when(approve.clone()).then_rejected("department_needed");
    ordered().asked().by_officer_of("fire").when(approve).then_rejected("wrong_state");
    let refuse = |reason: &str| Command::RefuseWorksPlan { reason: reason.into() };
    waits
        .asked()
        .by_officer_of("fire")
        .when(refuse("太慢"))
        .then([Event::WorksPlanRefused { by: "a-1".into() }]);
    waits.asked().by_officer_of("fire").when(refuse("")).then_rejected("malformed");
    ordered().asked().by_officer_of("fire").when(refuse("x")).then_rejected("wrong_state");
    waits.hears("hazard/7", said_of("WorksPlanApproved"));
    waits.asked().by_grant(owner()).when(plan(70)).then_rejected("already_exists");
}

#[test]
fn interim_measures_are_confirmed_by_who_stands_there_and_once() {
    let confirm = || Command::ConfirmInterimMeasures { findings: None, photos: vec![photo()] };
    let walker = Grant { role: Role::GridWorker, department: None, area: Some("碧岭".into()), party: None };
    let elsewhere = Grant { area: Some("石井".into()), ..walker.clone() };
    let expected = || [Event::InterimMeasuresConfirmed { by: "a-1".into() }];
    ordered().asked().by_grant(walker).when(confirm()).then(expected());
    ordered().asked().by_officer_of("fire").when(confirm()).then(expected());
    ordered().asked().by_grant(elsewhere).when(confirm()).then_rejected("not_assigned");
    submitted().asked().by_officer_of("fire").when(confirm()).then_rejected("wrong_state");
    let mut house = ordered();
    house.hears("hazard/7", said_of("InterimMeasuresConfirmed"));
    house.asked().by_officer_of("fire").when(confirm()).then([]);
}

#[test]
fn an_extension_is_asked_for_in_time_and_within_the_longest_term() {
    let said = ordered().asked().by_grant(owner()).when(longer("2026-04-01")).said();
    assert_eq!(told(&said), json!({ "type": "ExtensionRequested", "until": "2026-04-01" }));
    ordered().asked().by_grant(owner()).when(longer("2026-03-18")).then_rejected("not_longer");
    ordered().asked().by_grant(owner()).when(longer("2026-06-02")).then_rejected("extension_too_long");
    let late = ordered().at("2026-03-19").asked().by_grant(owner()).when(longer("2026-04-01"));
    assert!(late.then_rejected("deadline_over").zh().contains("2026-03-18"));
    let unserved = after(&["HazardReviewed"]);
    unserved.asked().by_grant(owner()).when(longer("2026-04-01")).then_rejected("wrong_state");
    let mut unserved = ordered();
    unserved.subject.served.clear();
    unserved.asked().by_grant(owner()).when(longer("2026-04-01")).then_rejected("order_not_served");

    let mut asked = ordered();
    asked.hears("hazard/7", said_of("ExtensionRequested"));
    asked.asked().by_grant(owner()).when(longer("2026-04-02")).then_rejected("already_exists");
    let refuse = |reason: &str| Command::RefuseExtension { reason: reason.into() };
    asked
        .asked()
        .by_officer_of("fire")
        .when(refuse("不必"))
        .then([Event::ExtensionRefused { by: "a-1".into() }]);
    asked.asked().by_officer_of("fire").when(refuse("")).then_rejected("malformed");
    ordered().asked().by_officer_of("fire").when(refuse("x")).then_rejected("wrong_state");

    let extend = |until: &str| Command::Extend { until: day(until), reason: None };
    let expected = Event::DeadlineExtended { until: day("2026-03-25"), by: "a-1".into() };
    asked.at("2026-03-20").asked().by_officer_of("fire").when(extend("2026-03-25")).then([expected]);
    ordered().asked().by_officer_of("fire").when(extend("2026-03-18")).then_rejected("not_longer");
    confirmed().asked().by_officer_of("fire").when(extend("2026-04-18")).then_rejected("wrong_state");
    ordered().asked().by_grant(owner()).when(extend("2026-04-18")).then_rejected("role_needed");
}

#[test]
fn a_repair_is_reported_with_a_photo_by_who_answers_for_the_house() {
    let steward = of_party(Role::Steward, "w-2");
    for grant in [owner(), steward] {
        let said = ordered().asked().by_grant(grant).when(done(vec![photo()], None)).said();
        assert_eq!(told(&said), json!({ "type": "RectificationSubmitted" }));
    }
    ordered().asked().by_grant(owner()).when(done(vec![], None)).then_rejected("photo_missing");
    ordered().asked().by_officer_of("fire").when(done(vec![photo()], None)).then_rejected("role_needed");
    ordered()
        .asked()
        .by_grant(of_party(Role::Owner, "w-9"))
        .when(done(vec![photo()], None))
        .then_rejected("not_your_premises");
    submitted().asked().by_grant(owner()).when(done(vec![photo()], None)).then_rejected("wrong_state");
    let counter =
        ordered().asked().by_role(Role::GridWorker).when(done(vec![photo()], Some("2026-03-03"))).said();
    assert_eq!(told(&counter)["handed_in_on"], "2026-03-03");
    for wrong in ["2026-03-01", "2026-03-05"] {
        ordered()
            .asked()
            .by_role(Role::GridWorker)
            .when(done(vec![photo()], Some(wrong)))
            .then_rejected("malformed");
    }
    ordered()
        .asked()
        .by_grant(owner())
        .when(done(vec![photo()], Some("2026-03-03")))
        .then_rejected("role_needed");
}

#[test]
fn the_department_accepts_refuses_or_finds_it_false() {
    let accept = || Command::Accept { findings: Some("好".into()), photos: vec![] };
    for house in [confirmed(), ordered(), submitted()] {
        house
            .asked()
            .by_officer_of("fire")
            .when(accept())
            .then([Event::RectificationAccepted { by: "a-1".into() }]);
    }
    submitted().asked().by_officer_of("water").when(accept()).then_rejected("department_needed");
    after(&[]).asked().by_officer_of("fire").when(accept()).then_rejected("wrong_state");

    let expected = Event::RectificationRefused { due: Some(day("2026-03-25")), by: "a-1".into() };
    submitted().asked().by_officer_of("fire").when(refuse(Some("2026-03-25"))).then([expected]);
    submitted().asked().by_officer_of("fire").when(refuse(None)).said();
    submitted().asked().by_officer_of("fire").when(refuse(Some("2026-03-17"))).then_rejected("due_too_early");
    ordered().asked().by_officer_of("fire").when(refuse(None)).then_rejected("wrong_state");
    let mut unserved = submitted();
    unserved.subject.served.clear();
    unserved.asked().by_officer_of("fire").when(refuse(Some("2026-03-25"))).then_rejected("order_not_served");

    let falsely = |findings: &str| Command::FindFalse { findings: findings.into(), photos: vec![photo()] };
    let expected = Event::RectificationFoundFalse { by: "a-1".into() };
    submitted().asked().by_officer_of("fire").when(falsely("照片是别处的")).then([expected]);
    submitted().asked().by_officer_of("fire").when(falsely("")).then_rejected("malformed");
    ordered().asked().by_officer_of("fire").when(falsely("x")).then_rejected("wrong_state");
    let mut house = submitted();
    house.hears("hazard/7", said_of("RectificationFoundFalse"));
    assert_eq!((house.case().stage, house.case().course.found_false), (Stage::Rectifying, 1));
}

#[test]
fn the_subdistrict_supervises_what_is_overdue_in_its_own_area() {
    let expected = Event::SupervisionOrdered {
        until: day("2026-06-01"),
        document_number: "督字1号".into(),
        by: "a-1".into(),
    };
    overdue().asked().by_grant(lead("碧岭")).when(supervise()).then([expected]);
    overdue().asked().by_grant(lead("石井")).when(supervise()).then_rejected("not_your_area");
    overdue().asked().by_officer_of("fire").when(supervise()).then_rejected("role_needed");
    ordered().asked().by_grant(lead("碧岭")).when(supervise()).then_rejected("not_overdue");
    overdue().at("2026-06-02").asked().by_grant(lead("碧岭")).when(supervise()).then_rejected("malformed");
    after(&[]).asked().by_grant(lead("碧岭")).when(supervise()).then_rejected("wrong_state");
    let bare =
        Command::OrderSupervision { until: day("2026-06-01"), document_number: " ".into(), reason: None };
    overdue().asked().by_grant(lead("碧岭")).when(bare).then_rejected("no_document");

    let mut house = overdue();
    house.hears("hazard/7", said_of("SupervisionOrdered"));
    house.asked().by_grant(lead("碧岭")).when(supervise()).then_rejected("already_exists");
    let end = || Command::EndSupervision { reason: None };
    house.asked().by_grant(lead("碧岭")).when(end()).then([Event::SupervisionEnded { by: "a-1".into() }]);
    house.asked().by_grant(lead("石井")).when(end()).then_rejected("not_your_area");
    overdue().asked().by_grant(lead("碧岭")).when(end()).then_rejected("wrong_state");
}

#[test]
fn a_case_is_closed_as_it_ended_and_stays_closed() {
    let close =
        |how: &str, into: Option<&str>| Command::Close { how: how.into(), into: into.map(str::to_owned) };
    let mut dismissed = after(&[]);
    dismissed.hears("hazard/7", json!({ "type": "HazardReviewed", "outcome": "dismissed", "by": "a-3" }));
    let said = dismissed.asked().by_officer_of("fire").when(close("dismissed", None)).said();
    assert_eq!(told(&said), json!({ "type": "HazardClosed", "how": "dismissed" }));
    dismissed.asked().by_officer_of("fire").when(close("rectified", None)).then_rejected("malformed");
    ordered().asked().by_officer_of("fire").when(close("rectified", None)).then_rejected("wrong_state");

    let mut accepted = submitted();
    accepted.hears("hazard/7", said_of("RectificationAccepted"));
    assert_eq!(accepted.case().stage, Stage::Closed, "acceptance closes the case by itself");
    assert_eq!(accepted.log.last().map(String::as_str), Some("HazardClosed"));
    accepted.asked().by_officer_of("fire").when(close("rectified", None)).then([]);
    accepted.asked().by_officer_of("fire").when(confirm()).then_rejected("wrong_state");
}

#[test]
fn the_same_hazard_found_twice_goes_on_as_one_case() {
    let mut house = confirmed();
    house.hears("hazard/8", found_as("general", "repair", "a-4"));
    let merge = |into: Option<&str>| Command::Close { how: "merged".into(), into: into.map(str::to_owned) };
    let said = house.asked().by_officer_of("fire").when(merge(Some("8"))).said();
    assert_eq!(told(&said), json!({ "type": "HazardClosed", "how": "merged", "into": "8" }));
    for wrong in [None, Some("7"), Some("9")] {
        house.asked().by_officer_of("fire").when(merge(wrong)).then_rejected("no_case_to_merge_into");
    }
    ordered().asked().by_officer_of("fire").when(merge(Some("8"))).then_rejected("wrong_state");
}

#[test]
fn what_is_still_there_after_closing_is_a_new_case_that_names_the_old_one() {
    let mut house = submitted();
    new_case(&house).by_role(Role::GridWorker).when(reopen("7")).then_rejected("wrong_state");
    house.hears("hazard/7", said_of("RectificationAccepted"));
    let said = new_case(&house).by_role(Role::GridWorker).when(reopen("7")).said();
    let again = serde_json::to_value(&said[0].event).unwrap();
    assert_eq!(
        (&again["type"], &again["reopens"], &again["why"]),
        (&json!("HazardReopened"), &json!("7"), &json!("not_fixed"))
    );
    assert_eq!((&again["indicator"], &again["by"]), (&json!("common_wiring"), &json!("a-1")));
    new_case(&house).by_role(Role::GridWorker).when(reopen("9")).then_rejected("not_found");
    new_case(&house).by_role(Role::Owner).when(reopen("7")).then_rejected("role_needed");
    house.hears("hazard/8", again);
    assert_eq!(house.subject.hazards["8"].state.course.reopens.as_deref(), Some("7"));
    assert_eq!(house.case().stage, Stage::Closed);
    let third = new_case(&house).in_stream("premises/p-1/hazard/9").by_role(Role::GridWorker);
    third.when(reopen("7")).then_rejected("already_exists");
}

#[test]
fn every_refusal_of_a_hazard_says_what_to_do_in_both_languages() {
    let codes = [
        "days_not_of_policy",
        "deadline_over",
        "due_too_early",
        "extension_too_long",
        "interim_measures_missing",
        "no_case_to_merge_into",
        "not_longer",
        "not_overdue",
        "order_not_served",
        "order_without_party",
        "passed_on_to_itself",
        "plan_not_allowed",
        "plan_not_longer",
        "plan_too_long",
        "unknown_department",
        "unknown_severity",
        "unknown_works",
    ];
    for code in codes {
        let rejection =
            Rejection::Rule { code: code.into(), detail: json!({ "due": "2026-03-18", "days": 9 }) };
        assert!(!rejection.en().contains(code) && !rejection.zh().contains(code), "{code}");
        assert!(!rejection.en().contains('{') && !rejection.zh().contains('{'), "{code}");
    }
}

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::derivation::SchemeRef;
use crate::event::{Event as Any, Written, read};
use crate::facts::Actor;
use crate::given::{Given, given};
use crate::reaction::{Rulebooks, compute, follow as follows};
use crate::rulebook::{Layer, Rulebook};
use crate::shipped;
use crate::subject::Subject;

struct OnShelf;

impl Rulebooks for OnShelf {
    fn rulebook(&self, _: &SchemeRef) -> Option<Arc<Rulebook>> {
        Some(Arc::new(shipped::pingshan(Layer::Building)))
    }
}

/// Premises under assessment, in which these reports and cases are, told as they were said.
fn house(said: &[(&str, Value)]) -> Subject {
    let scheme = json!({ "id": "pingshan-building-1", "sha256": "00" });
    let registered = json!({ "type": "PremisesRegistered", "layer": "building", "address": "x" });
    let opened = json!({ "type": "AssessmentOpened", "scheme": scheme, "reason": "first", "lead": "l" });
    let mut all = vec![("", registered), ("assessment/a1", opened)];
    all.extend(said.iter().cloned());
    let mut subject = Subject::default();
    for (stream, data) in all {
        subject.apply(&entry(stream, &data));
    }
    subject
}

fn entry(stream: &str, data: &Value) -> crate::recorded::Recorded<Any> {
    let stream = format!("premises/p-1/{stream}");
    read(&Written {
        data: &data.to_string(),
        event_id: "",
        occurred_at: "2026-03-02T04:00:00.000Z",
        position: 1,
        recorded_at: "2026-03-02T04:00:00.000Z",
        stream: stream.trim_end_matches('/'),
        version: 1,
    })
    .unwrap()
}

fn filed() -> Event {
    Event::ReportFiled { category: "fire".into() }
}

fn substantiated() -> Event {
    let by = "a-3".to_owned();
    Event::ReportSubstantiated(Substantiated {
        hazard: "report-3".into(),
        indicator: Some("common_wiring".into()),
        by,
    })
}

fn dismissed() -> Event {
    Event::ReportDismissed { why: DismissedWhy::NotFound, by: "a-3".into() }
}

fn asked(events: impl IntoIterator<Item = Event>) -> Given<Report> {
    in_house(events, &[])
}

fn in_house(events: impl IntoIterator<Item = Event>, said: &[(&str, Value)]) -> Given<Report> {
    given::<Report>(events)
        .about(house(said))
        .in_stream("premises/p-1/report/3")
        .under(shipped::pingshan(Layer::Building))
}

fn file(category: &str, text: Option<&str>) -> Command {
    let text = text.map(str::to_owned);
    Command::File {
        category: category.into(), text, name: Some("李某".into()), phone: None, photos: vec![]
    }
}

fn substantiate(hazard: Option<&str>, indicator: Option<&str>) -> Command {
    let [hazard, indicator] = [hazard, indicator].map(|it| it.map(str::to_owned));
    Command::Substantiate { hazard, indicator, findings: None, photos: vec![] }
}

fn answer(answer: Answer) -> Command {
    Command::Answer { answer, text: "已处理".into() }
}

fn triage(outcome: Triage) -> Command {
    Command::Triage { outcome, note: None }
}

fn case(kinds: &[Value]) -> Vec<(&'static str, Value)> {
    let found = json!({
        "type": "HazardFound", "indicator": "common_wiring", "severity": "general", "works": "repair",
        "competent": "fire", "source": "report",
    });
    std::iter::once(found).chain(kinds.iter().cloned()).map(|said| ("hazard/report-3", said)).collect()
}

#[test]
fn who_reports_and_in_which_words_is_private() {
    let said = asked([]).by_actor(Actor::channel("public")).when(file("fire", Some("楼道堆放电动车"))).said();
    assert_eq!(said[0].event, filed());
    let private = serde_json::to_value(&said[0].private).unwrap();
    assert_eq!(private, json!({ "text": "楼道堆放电动车", "name": "李某", "phone": null, "photos": null }));
}

#[test]
fn a_report_needs_something_to_go_by() {
    let public = || asked([]).by_actor(Actor::channel("public"));
    public().when(file("fire", None)).then_rejected("malformed");
    public().when(file("Fire!", Some("x"))).then_rejected("malformed");
    asked([]).by_role(Role::Owner).when(file("fire", Some("x"))).then_rejected("role_needed");
    asked([filed()]).by_role(Role::Dispatcher).when(file("fire", Some("x"))).then_rejected("already_exists");
    let handed_in_on = Some(crate::given::day("2026-03-02"));
    let withdraw = Command::Withdraw { text: None, handed_in_on, photos: vec![] };
    asked([]).by_role(Role::Dispatcher).when(withdraw).then_rejected("not_found");
}

#[test]
fn it_is_sent_to_a_department_or_merged_with_the_first_report() {
    let check = |with: &str| triage(Triage::Check { with: with.into() });
    let expected = Event::ReportTriaged { outcome: Triage::Check { with: "fire".into() }, by: "a-1".into() };
    asked([filed()]).by_role(Role::Dispatcher).when(check("fire")).then([expected]);
    asked([filed()]).by_role(Role::Dispatcher).when(check("nobody")).then_rejected("unknown_department");
    asked([filed()]).by_role(Role::Owner).when(check("fire")).then_rejected("role_needed");
    asked([filed(), dismissed()]).by_role(Role::Dispatcher).when(check("fire")).then_rejected("wrong_state");
    let merge = |with: &str| triage(Triage::Merged { with: with.into() });
    let first = ("report/1", json!({ "type": "ReportFiled", "category": "fire" }));
    let there = || in_house([filed()], std::slice::from_ref(&first)).by_role(Role::GridWorker);
    there().when(merge("1")).said();
    there().when(merge("2")).then_rejected("no_report_to_merge_with");
    there().when(merge("3")).then_rejected("no_report_to_merge_with");
}

#[test]
fn found_true_it_opens_the_indicators_hazard_and_acts_through_it() {
    let said =
        asked([filed()]).by_role(Role::GridWorker).when(substantiate(None, Some("common_wiring"))).said();
    let told = serde_json::to_value(&said[0].event).unwrap();
    assert_eq!(
        told,
        json!({ "type": "ReportSubstantiated", "hazard": "report-3", "indicator": "common_wiring", "by": "a-1" })
    );
    let before =
        [("report/3", json!({ "type": "ReportFiled", "category": "fire" })), ("report/3", told.clone())];
    let subject = house(&before);
    let due = follows(&entry("report/3", &told), &subject, &OnShelf);
    assert_eq!(
        (due.len(), due[0].stream.as_str(), due[0].event_type),
        (1, "premises/p-1/hazard/report-3", "HazardFound")
    );
    let as_of = "2026-03-02T04:00:00Z".parse().unwrap();
    let subjects = [("premises/p-1".to_owned(), subject)].into();
    let rulebook = shipped::pingshan(Layer::Building);
    let found = compute(&rulebook, &subjects, "HazardFound", &due[0].stream, as_of).unwrap().unwrap();
    assert_eq!(
        (&found["source"], &found["by"], &found["caused_by"]),
        (&json!("report"), &json!("a-1"), &json!("report/3"))
    );
    assert_eq!(found["competent"], json!(rulebook.indicator("common_wiring").unwrap().competent));
}

#[test]
fn found_true_it_may_belong_to_a_case_that_is_open_already() {
    let there = |kinds: &[Value]| in_house([filed()], &case(kinds)).by_role(Role::GridWorker);
    there(&[]).when(substantiate(Some("report-3"), None)).said();
    there(&[]).when(substantiate(Some("9"), None)).then_rejected("no_open_case");
    let closed = [json!({ "type": "HazardReviewed", "outcome": "dismissed", "by": "x" })];
    there(&closed).when(substantiate(Some("report-3"), None)).then_rejected("no_open_case");
    there(&[]).when(substantiate(None, None)).then_rejected("malformed");
    there(&[]).when(substantiate(Some("report-3"), Some("common_wiring"))).then_rejected("malformed");
    there(&[]).when(substantiate(None, Some("lucky_charm"))).then_rejected("no_hazard_of_that_kind");
    asked([filed()]).by_role(Role::Dispatcher).when(substantiate(None, None)).then_rejected("role_needed");
    asked([filed(), dismissed()])
        .by_role(Role::GridWorker)
        .when(substantiate(None, None))
        .then_rejected("wrong_state");
}

#[test]
fn malice_is_dismissed_with_a_reason_and_nothing_follows() {
    let dismiss = |reason: &str| Command::Dismiss { why: DismissedWhy::Malicious, reason: reason.into() };
    let said = asked([filed()]).by_officer_of("fire").when(dismiss("查无此事")).said();
    assert_eq!(said[0].event, Event::ReportDismissed { why: DismissedWhy::Malicious, by: "a-1".into() });
    let data = serde_json::to_value(&said[0].event).unwrap();
    assert_eq!(follows(&entry("report/3", &data), &house(&[]), &OnShelf), []);
    asked([filed()]).by_officer_of("fire").when(dismiss("")).then_rejected("malformed");
    asked([filed(), dismissed()]).by_officer_of("fire").when(dismiss("x")).then_rejected("wrong_state");
}

#[test]
fn rectified_is_told_only_after_acceptance_and_unfixed_is_told_as_such() {
    let true_one = [filed(), substantiated()];
    let there = |kinds: &[Value]| in_house(true_one.clone(), &case(kinds)).by_officer_of("fire");
    there(&[]).when(answer(Answer::Rectified)).then_rejected("answer_not_so");
    there(&[]).when(answer(Answer::NotFound)).then_rejected("answer_not_so");
    there(&[])
        .when(answer(Answer::Unfixed))
        .then([Event::ReportAnswered { answer: Answer::Unfixed, by: "a-1".into() }]);
    let dismissed_case = [
        json!({ "type": "HazardReviewed", "outcome": "dismissed", "by": "x" }),
        json!({ "type": "HazardClosed", "how": "dismissed" }),
    ];
    there(&dismissed_case).when(answer(Answer::Rectified)).then_rejected("answer_not_so");
    let accepted = [
        json!({ "type": "HazardReviewed", "outcome": "confirmed", "by": "x" }),
        json!({ "type": "RectificationAccepted", "by": "x" }),
    ];
    there(&accepted).when(answer(Answer::Rectified)).said();
    let none = || asked([filed(), dismissed()]).by_officer_of("fire");
    none().when(answer(Answer::NotFound)).said();
    none().when(answer(Answer::Rectified)).then_rejected("answer_not_so");
    none().when(Command::Answer { answer: Answer::NotFound, text: " ".into() }).then_rejected("malformed");
    asked([filed()]).by_officer_of("fire").when(answer(Answer::Unfixed)).then_rejected("wrong_state");
}

#[test]
fn not_fixed_opens_it_again_in_order_and_what_is_open_can_be_taken_back() {
    let reopen = || Command::Reopen { text: Some("还在".into()), photos: vec![] };
    let answered = Event::ReportAnswered { answer: Answer::Rectified, by: "a-3".into() };
    let done = [filed(), substantiated(), answered];
    asked(done.clone()).by_actor(Actor::channel("public")).when(reopen()).then([Event::ReportReopened {}]);
    asked([filed()]).by_actor(Actor::channel("public")).when(reopen()).then_rejected("wrong_state");
    asked(done.clone()).by_role(Role::Owner).when(reopen()).then_rejected("role_needed");
    let mut again = Report::default();
    done.iter().chain([&Event::ReportReopened {}]).for_each(|event| again.evolve(event));
    assert_eq!((again.stage, again.reopened), (Stage::Received, 1));

    let withdraw = || Command::Withdraw { text: None, handed_in_on: None, photos: vec![] };
    let by_number = Event::ReportWithdrawn { handed_in_on: None, taken_by: None };
    assert_eq!(serde_json::from_value::<Event>(json!({ "type": "ReportWithdrawn" })).unwrap(), by_number);
    asked([filed()]).by_actor(Actor::channel("public")).when(withdraw()).then([by_number]);
    asked([filed(), dismissed()])
        .by_actor(Actor::channel("public"))
        .when(withdraw())
        .then_rejected("wrong_state");
    asked([filed()]).by_role(Role::Owner).when(withdraw()).then_rejected("role_needed");
}

#[test]
fn staff_take_a_report_back_only_from_a_signed_paper_and_with_no_hand_in_the_house() {
    let paper = || vec![crate::said::Photo { bytes: 1, sha256: "00".into(), media_type: "image/png".into() }];
    let withdraw = |handed_in_on: Option<&str>, photos| Command::Withdraw {
        text: None,
        handed_in_on: handed_in_on.map(crate::given::day),
        photos,
    };
    let by = |account: &str, role| {
        let grant = crate::facts::Grant { role, department: None, area: None, party: None };
        let actor = Actor { account: account.into(), grants: vec![grant], received: false };
        asked([filed()]).by_actor(actor)
    };
    let day = Some("2026-03-02");
    by("a-1", Role::GridWorker).when(withdraw(None, vec![])).then_rejected("role_needed");
    by("a-1", Role::GridWorker).when(withdraw(day, vec![])).then_rejected("counter_without_paper");
    by("a-1", Role::GridWorker).when(withdraw(Some("2027-01-01"), paper())).then_rejected("malformed");
    by("l", Role::GridWorker).when(withdraw(day, paper())).then_rejected("counter_had_a_hand");
    let said = by("a-1", Role::Dispatcher).when(withdraw(day, paper())).said();
    let told = serde_json::to_value(&said[0]).unwrap();
    assert_eq!((&told["handed_in_on"], &told["taken_by"]), (&json!("2026-03-02"), &json!("a-1")));
    assert!(told["private"]["photos"].is_array(), "{told}");
}

#[test]
fn every_refusal_of_a_report_says_what_to_do_in_both_languages() {
    for code in ["answer_not_so", "no_hazard_of_that_kind", "no_open_case", "no_report_to_merge_with"] {
        let rejection = refused(code);
        assert!(!rejection.en().contains(code) && !rejection.zh().contains(code), "{code}");
    }
}

/// What a report brought about: found true, its hazard `report-3` as these words left it, answered, and said not to be fixed.
fn not_fixed(of_the_case: &[Value]) -> Vec<(&'static str, Value)> {
    let of_the_report = |said: Value| ("report/3", said);
    let mut all = vec![
        of_the_report(json!({ "type": "ReportFiled", "category": "fire" })),
        of_the_report(serde_json::to_value(substantiated()).unwrap()),
    ];
    all.extend(case(of_the_case));
    all.push(of_the_report(json!({ "type": "ReportAnswered", "answer": "rectified", "by": "a-3" })));
    all.push(of_the_report(json!({ "type": "ReportReopened" })));
    all
}

fn closed() -> Vec<Value> {
    vec![
        json!({ "type": "HazardReviewed", "outcome": "confirmed", "by": "a-4" }),
        json!({ "type": "HazardClosed", "how": "rectified" }),
    ]
}

#[test]
fn not_fixed_opens_a_case_that_goes_on_from_the_closed_one_for_its_department() {
    let subject = house(&not_fixed(&closed()));
    let reopened = json!({ "type": "ReportReopened" });
    let due = follows(&entry("report/3", &reopened), &subject, &OnShelf);
    let [due] = due.as_slice() else { panic!("{due:?}") };
    assert_eq!(
        (due.event_type, due.stream.as_str()),
        ("HazardReopened", "premises/p-1/hazard/not-fixed-1-3")
    );
    let as_of = "2026-03-02T04:00:00Z".parse().unwrap();
    let rulebook = shipped::pingshan(Layer::Building);
    let computed = |subject: &Subject| {
        let subjects = [("premises/p-1".to_owned(), subject.clone())].into();
        compute(&rulebook, &subjects, due.event_type, &due.stream, as_of).unwrap()
    };
    let said = computed(&subject).unwrap();
    for (member, expected) in [
        ("reopens", "report-3"),
        ("why", "not_fixed"),
        ("indicator", "common_wiring"),
        ("competent", "fire"),
        ("caused_by", "report/3"),
    ] {
        assert_eq!(said[member], expected, "{said}");
    }
    assert!(said.get("by").is_none(), "nobody of the office found it, so that anybody may review it: {said}");

    // it is sent to its department with a day to look at it, and the report acts through it from now on
    let derivation = json!({ "scheme": due.scheme, "subjects": due.subjects });
    let event = json!({ "type": "HazardReopened", "derivation": derivation, "result": said });
    let mut all = not_fixed(&closed());
    all.push(("hazard/not-fixed-1-3", event.clone()));
    let after = house(&all);
    let routed = follows(&entry("hazard/not-fixed-1-3", &event), &after, &OnShelf);
    assert_eq!(routed.iter().map(|due| due.event_type).collect::<Vec<_>>(), ["HazardRouted"]);
    let found = after.reports["3"].substantiated.as_ref().unwrap();
    assert_eq!(case_of(found, &after).unwrap().0, "not-fixed-1-3");
    assert_eq!(computed(&after), None, "once");
}

#[test]
fn while_its_case_is_open_or_was_dismissed_nothing_is_opened_beside_it() {
    let open = vec![json!({ "type": "HazardReviewed", "outcome": "confirmed", "by": "a-4" })];
    let dismissed = vec![json!({ "type": "HazardReviewed", "outcome": "dismissed", "by": "a-4" })];
    for of_the_case in [open, dismissed] {
        let subject = house(&not_fixed(&of_the_case));
        let reopened = json!({ "type": "ReportReopened" });
        assert!(follows(&entry("report/3", &reopened), &subject, &OnShelf).is_empty(), "{of_the_case:?}");
    }
}

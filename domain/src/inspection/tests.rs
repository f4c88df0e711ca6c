use serde_json::{Value, json};

use super::*;
use crate::facts::{Actor, Colleague, Grant, Role};
use crate::given::{Given, day, given};
use crate::given_log::Log;
use crate::rulebook::Layer;

const HOUSE: &str = "premises/p-1";
const FIRST: &str = "premises/p-1/inspection/y-1-1";

/// A company that answers for one unit of five stars, rated on 2025-02-03.
fn town() -> Log {
    town_in(Log::new())
}

fn town_in(mut log: Log) -> Log {
    log.registered("p-1", Layer::Unit, Some("b-1"));
    log.hears(
        "2025-01-02",
        "party/y-1",
        &json!({ "type": "PartyRegistered", "kind": "enterprise", "by": "a-clerk" }),
    );
    let named = json!({ "type": "ResponsiblePartyNamed", "party": "y-1", "role": "owner" });
    log.hears("2025-01-05", HOUSE, &named);
    log.assessed("2025-01-10", "p-1", "a-1", "first", Layer::Unit, &json!({}));
    log.runs(day("2025-02-03"));
    log
}

fn promises(log: &mut Log, on: &str) {
    let signed = json!({
        "type": "CommitmentSigned", "template": "2025-1", "scheme": Log::rulebook(Layer::Unit), "on": on, "by": "a-owner"
    });
    log.hears(on, "party/y-1/credit", &signed);
}

fn plans(log: &Log) -> Vec<(&'static str, String, u64, String)> {
    let planned = log.computed.iter().filter(|(kind, ..)| kind.starts_with("Inspection"));
    let told = |result: &Value| result["due"].as_str().unwrap().to_owned();
    planned
        .map(|(kind, stream, result)| {
            (*kind, stream.clone(), result["months"].as_u64().unwrap_or_default(), told(result))
        })
        .collect()
}

fn plan(due: &str) -> Event {
    let leads = Ground {
        party: "y-1".into(),
        through: vec![],
        class: "B".into(),
        months: 6,
        from: day("2026-01-10"),
        due: day(due),
    };
    let plan = Plan { leads, also: vec![] };
    let derivation =
        crate::derivation::Derivation { scheme: Log::rulebook(Layer::Unit), subjects: vec![HOUSE.into()] };
    Event::InspectionPlanned(Computed { derivation, result: plan })
}

fn joined() -> Event {
    Event::InspectionJoined { department: "fire".into(), on: day("2026-03-01"), by: "a-1".into() }
}

fn carry_out(second: &str, certificate: &str, second_certificate: &str) -> Command {
    Command::CarryOut {
        second: second.into(),
        certificate: certificate.into(),
        second_certificate: second_certificate.into(),
        hazards: vec!["premises/p-1/hazard/h-1".into()],
        findings: "电线老化".into(),
        photos: vec![],
    }
}

fn fire(events: Vec<Event>) -> Given<Inspection> {
    let log = town();
    let grant =
        Grant { role: Role::DepartmentOfficer, department: Some("fire".into()), area: None, party: None };
    let second = Colleague { account: "a-9".into(), grants: vec![grant], relations: vec![] };
    given(events).by_officer_of("fire").naming(second).at(FIRST).about(log.subject(HOUSE).clone())
}

#[test]
fn the_class_says_when_premises_are_inspected_and_a_better_one_puts_it_off() {
    let mut log = town();
    let rated = log.results("CreditRated")[0].clone();
    assert_eq!((&rated["class"]["shown"], &rated["class"]["inspection_months"]), (&json!("B"), &json!(6)));
    let on = day(rated["on"].as_str().unwrap());
    let due = crate::calendar::add_months(on, 6).to_string();
    assert_eq!(plans(&log), [("InspectionPlanned", FIRST.to_owned(), 6, due)]);
    promises(&mut log, "2025-02-10");
    log.runs(day("2025-02-12"));
    let later = crate::calendar::add_months(on, 12).to_string();
    assert_eq!(plans(&log)[1..], [("InspectionReduced", FIRST.to_owned(), 12, later)]);
    log.runs(day("2025-03-12"));
    assert_eq!(plans(&log).len(), 2, "nothing more is said while the class stays");
}

#[test]
fn a_due_day_that_passed_is_marked_once_and_the_next_one_counts_from_the_day_it_was_made() {
    let mut log = town();
    let due = plans(&log)[0].3.clone();
    log.runs(day("2025-12-20"));
    let marked: Vec<_> = plans(&log).into_iter().filter(|(kind, ..)| *kind == "InspectionMissed").collect();
    assert_eq!(marked, [("InspectionMissed", FIRST.to_owned(), 0, due)], "once, with the day that ended");
    let made = json!({
        "type": "InspectionCarriedOut", "departments": ["fire"], "second": "a-9", "on": "2025-12-22", "by": "a-1"
    });
    log.hears("2025-12-22", FIRST, &made);
    log.runs(day("2025-12-24"));
    let second = "premises/p-1/inspection/y-1-2".to_owned();
    assert_eq!(plans(&log).last().unwrap(), &("InspectionPlanned", second, 6, "2026-06-22".to_owned()));
}

/// How near to a rating a planned inspection may be brought by it is the policy's to say; one month where it says nothing.
#[test]
fn a_worse_class_brings_an_inspection_no_nearer_than_the_policy_says() {
    let brought_to = |grace: Option<u32>| {
        let mut rulebook = crate::shipped::pingshan(Layer::Unit);
        let mut policy = serde_json::to_value(rulebook.policy.credit.as_ref().unwrap()).unwrap();
        match grace {
            Some(months) => policy["inspection_grace_months"] = json!(months),
            None => drop(policy.as_object_mut().unwrap().remove("inspection_grace_months")),
        }
        rulebook.policy.credit = Some(serde_json::from_value(policy).unwrap());
        let mut log = town_in(Log::under(crate::given_log::Shelf::of([std::sync::Arc::new(rulebook)])));
        let conduct = json!({
            "type": "ConductRecorded", "number": 1, "conduct": "serious_hazard_overdue", "attributed_to": "party",
            "degree": "general", "decided_on": "2025-03-20", "basis": { "document_number": "1", "authority": "x" },
            "hands": ["a-1"], "scheme": Log::rulebook(Layer::Unit),
        });
        log.hears("2025-03-20", "party/y-1/credit", &conduct);
        log.runs(day("2025-03-22"));
        let (kind, _, months, due) = plans(&log).last().unwrap().clone();
        assert_eq!((kind, months), ("InspectionPlanned", 3));
        day(&due)
    };
    let unsaid = brought_to(None);
    assert_eq!(brought_to(Some(1)), unsaid);
    assert_eq!(brought_to(Some(2)), crate::calendar::add_months(unsaid, 1));
}

/// What is planned within the policy's months of the rating stays where it is: a worse class never puts an inspection off.
#[test]
fn a_worse_class_puts_no_inspection_off() {
    let mut log = town();
    let before = day(&plans(&log).last().unwrap().3);
    let conduct = json!({
        "type": "ConductRecorded", "number": 1, "conduct": "serious_hazard_overdue", "attributed_to": "party",
        "degree": "general", "decided_on": "2025-06-24", "basis": { "document_number": "1", "authority": "x" },
        "hands": ["a-1"], "scheme": Log::rulebook(Layer::Unit),
    });
    log.hears("2025-06-24", "party/y-1/credit", &conduct);
    log.runs(day("2025-06-26"));
    assert_eq!(before, day("2025-07-10"), "within a month");
    assert_eq!(day(&plans(&log).last().unwrap().3), before, "{:?}", plans(&log));
}

fn is_party(log: &mut Log, id: &str, on: &str) {
    let registered = json!({ "type": "PartyRegistered", "kind": "enterprise", "by": "a-clerk" });
    log.hears(on, &format!("party/{id}"), &registered);
}

/// An operator without a promise beside the owner who made one.
fn town_of_two() -> Log {
    let mut log = town();
    promises(&mut log, "2025-02-04");
    log.runs(day("2025-02-05"));
    is_party(&mut log, "y-2", "2025-02-10");
    let named = json!({ "type": "ResponsiblePartyNamed", "party": "y-2", "role": "operator" });
    log.hears("2025-02-10", HOUSE, &named);
    log.runs(day("2025-02-12"));
    log
}

/// A planned inspection: its stream's end, its day, and who asks for it, with the months.
type Planned = (String, String, Vec<(String, u32)>);

/// The planned inspection of the house, of which there is one at most.
fn planned(log: &Log) -> Option<Planned> {
    let open: Vec<_> = log.subject(HOUSE).inspections.iter().filter(|(_, of)| of.state.is_open()).collect();
    assert!(open.len() <= 1, "{} inspections of one house are planned", open.len());
    let (key, of) = open.first()?;
    let plan = of.state.plan.as_ref()?;
    let grounds = plan.grounds().map(|ground| (ground.party.clone(), ground.months));
    Some(((*key).clone(), plan.leads.due.to_string(), grounds.collect()))
}

fn is_planned(log: &Log, key: &str, due: &str, grounds: &[(&str, u32)]) {
    let grounds = grounds.iter().map(|(party, months)| ((*party).to_owned(), *months)).collect();
    assert_eq!(planned(log), Some((key.to_owned(), due.to_owned(), grounds)));
}

/// A house is inspected once, however many parties answer for it: as often as the stricter class asks, on the ground of both.
#[test]
fn owner_and_operator_have_one_planned_inspection_of_the_stricter_of_both() {
    let mut log = town_of_two();
    is_planned(&log, "y-1-1", "2025-08-10", &[("y-2", 6), ("y-1", 12)]);
    let newest = plans(&log).last().unwrap().0;
    assert_eq!(newest, "InspectionPlanned", "brought forward, and not put off");

    log.runs(day("2025-08-14"));
    let missed = log.results("InspectionMissed");
    assert_eq!(missed, [&json!({ "due": "2025-08-10", "party": "y-2" })], "once, and not once a party");
    let made = json!({
        "type": "InspectionCarriedOut", "departments": ["fire"], "second": "a-9", "on": "2025-08-20", "by": "a-1"
    });
    log.hears("2025-08-20", FIRST, &made);
    assert_eq!(planned(&log), None);
    log.runs(day("2025-08-22"));
    is_planned(&log, "y-1-2", "2026-02-20", &[("y-2", 6), ("y-1", 12)]);

    let ended = json!({ "type": "ResponsiblePartyEnded", "party": "y-2", "why": "lease ended" });
    log.hears("2025-09-01", HOUSE, &ended);
    log.runs(day("2025-09-03"));
    is_planned(&log, "y-1-2", "2026-08-20", &[("y-1", 12)]);
    assert_eq!(plans(&log).last().unwrap().0, "InspectionReduced");
    let told = plans(&log).len();
    log.runs(day("2025-09-30"));
    assert_eq!(plans(&log).len(), told, "nothing more is said while the grounds stay");
}

#[test]
fn a_party_that_comes_back_joins_the_planned_inspection_again() {
    let mut log = town_of_two();
    let named = json!({ "type": "ResponsiblePartyNamed", "party": "y-2", "role": "operator" });
    let ended = json!({ "type": "ResponsiblePartyEnded", "party": "y-2", "why": "lease ended" });
    for (month, (said, grounds)) in
        [(&ended, 1), (&named, 2), (&ended, 1), (&named, 2)].into_iter().enumerate()
    {
        let on = format!("2025-0{}-01", month + 3);
        log.hears(&on, HOUSE, said);
        log.runs(day(&on).succ_opt().unwrap());
        assert_eq!(planned(&log).unwrap().2.len(), grounds, "{on}");
    }
}

#[test]
fn a_party_that_was_merged_asks_under_the_name_that_goes_on() {
    let mut log = town_of_two();
    is_party(&mut log, "y-3", "2025-03-01");
    let merged = json!({ "type": "PartyMerged", "into": "y-3", "why": "one company", "by": "a-clerk" });
    log.hears("2025-03-02", "party/y-2", &merged);
    log.runs(day("2025-03-04"));
    let (key, _, grounds) = planned(&log).unwrap();
    assert_eq!((key.as_str(), grounds), ("y-1-1", vec![("y-3".to_owned(), 6), ("y-1".to_owned(), 12)]));
    let of = &log.subject(HOUSE).inspections["y-1-1"].state;
    assert_eq!(of.plan.as_ref().unwrap().leads.through, ["y-2"]);
}

/// Credit moves no patrol: the minimum is the level's, whatever is inspected and however seldom.
#[test]
fn an_inspection_is_no_round() {
    let mut log = town();
    let before = (log.subject(HOUSE).last_round(), log.results("PatrolAssigned").len());
    promises(&mut log, "2025-02-04");
    log.runs(day("2025-02-05"));
    assert_eq!(plans(&log).last().unwrap().0, "InspectionReduced");
    let made = json!({
        "type": "InspectionCarriedOut", "departments": ["fire"], "second": "a-9", "on": "2025-02-05", "by": "a-1"
    });
    log.hears("2025-02-05", FIRST, &made);
    assert_eq!((log.subject(HOUSE).last_round(), log.results("PatrolAssigned").len()), before);
}

#[test]
fn nobody_is_inspected_for_premises_that_it_answers_for_no_more() {
    let mut log = town();
    log.hears(
        "2025-03-01",
        HOUSE,
        &json!({ "type": "PremisesClosed", "on": "2025-03-01", "why": "demolished" }),
    );
    log.runs(day("2025-12-20"));
    assert_eq!(plans(&log).len(), 1, "neither missed nor planned anew");
}

#[test]
fn two_officers_of_a_department_that_joined_make_it_and_their_certificates_are_private() {
    let planned = || vec![plan("2026-07-10")];
    let join = || Command::Join { department: "fire".into() };
    let now = Event::InspectionJoined { department: "fire".into(), on: day("2026-03-02"), by: "a-1".into() };
    fire(vec![]).when(join()).then_rejected("not_found");
    fire(planned()).when(join()).then([now]);
    fire(vec![plan("2026-07-10"), joined()]).when(join()).then([]);
    fire(planned()).when(Command::Join { department: "housing".into() }).then_rejected("department_needed");
    fire(planned()).when(carry_out("a-9", "京0101", "京0102")).then_rejected("inspection_not_joined");
    let ready = || vec![plan("2026-07-10"), joined()];
    let said = fire(ready()).when(carry_out("a-9", "京0101", "京0102")).said();
    let made = Event::InspectionCarriedOut {
        departments: vec!["fire".into()],
        second: "a-9".into(),
        hazards: vec!["premises/p-1/hazard/h-1".into()],
        on: day("2026-03-02"),
        by: "a-1".into(),
    };
    assert_eq!(said[0].event, made);
    assert_eq!(serde_json::to_value(&said[0]).unwrap()["private"]["certificate"], "京0101");
    for wrong in [
        carry_out("a-1", "京0101", "京0102"),
        carry_out("", "京0101", "京0102"),
        carry_out("a-9", "京0101", "京0101"),
        carry_out("a-9", " ", "京0102"),
    ] {
        fire(ready()).when(wrong).then_rejected("malformed");
    }
    let over = vec![plan("2026-07-10"), joined(), made];
    fire(over).when(carry_out("a-9", "京0101", "京0102")).then_rejected("wrong_state");
    let channel = given::<Inspection>(ready()).by_actor(Actor::default()).at(FIRST);
    channel.when(join()).then_rejected("role_needed");
}

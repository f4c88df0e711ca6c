use serde_json::json;

use super::*;
use crate::facts::{Grant, Role};
use crate::given::{Given, day, given};
use crate::given_log::Log;
use crate::rulebook::{Layer, Rulebook};
use crate::shipped;

const UNIT: &str = "premises/u-1";

/// A unit of so many stars since 2025-01-11.
fn unit(star: u8) -> Log {
    let mut log = Log::new();
    log.registered("u-1", Layer::Unit, Some("p-1"));
    let found = if star == 1 { json!({ "no_ebike_indoors": "unmet" }) } else { json!({}) };
    log.assessed("2025-01-11", "u-1", "a-1", "first", Layer::Unit, &found);
    if star == 1 {
        let confirmed = json!({
            "type": "AdverseGradeConfirmed", "determination": 1, "on": "2025-01-12", "document_number": "1", "by": "u-3"
        });
        log.hears("2025-01-12", &format!("{UNIT}/grade"), &confirmed);
    }
    let binds = log.subject(UNIT).grade.in_force().unwrap();
    assert_eq!(binds.determination.star, Some(star));
    log
}

fn proposal(measure: &str) -> Proposal {
    Proposal {
        measure: measure.into(),
        party: "y-1".into(),
        nature: Nature::Guidance,
        basis: "《坪山区出租屋分级管理办法》第十二条".into(),
        authority: "石井街道办事处".into(),
        audience: Audience::Party,
        until: Some(day("2026-03-31")),
    }
}

fn proposed(measure: &str, level: &str) -> Event {
    Event::MeasureProposed {
        proposal: proposal(measure),
        level: level.into(),
        on: day("2026-03-02"),
        by: "a-2".into(),
    }
}

fn approved() -> Event {
    Event::MeasureDecided {
        approved: true,
        document_number: Some("坪石告〔2026〕7号".into()),
        on: day("2026-03-02"),
        by: "a-1".into(),
    }
}

fn offer() -> Offer {
    Offer {
        incentive: "social_resources".into(),
        party: "y-1".into(),
        basis: "《坪山区出租屋分级管理办法》第九条".into(),
        authority: "石井街道办事处".into(),
        until: None,
    }
}

fn offered() -> Event {
    Event::IncentiveOffered {
        offer: offer(),
        level: "lenient".into(),
        on: day("2025-02-01"),
        by: "a-1".into(),
    }
}

fn lead(log: &Log, events: Vec<Event>) -> Given<Measure> {
    nameless(log, events).issued_by("石井街道办事处", None)
}

/// Where no authority is registered under the name that is given.
fn nameless(log: &Log, events: Vec<Event>) -> Given<Measure> {
    let grant = Grant { role: Role::StreetLead, department: None, area: Some("石井".into()), party: None };
    given(events)
        .by_grant(grant)
        .about(log.subject(UNIT).clone())
        .under(shipped::pingshan(Layer::Unit))
        .knowing(["party/y-1"])
}

fn propose(measure: &str) -> Command {
    Command::Propose { proposal: proposal(measure), reason: Some("多次劝导无效".into()) }
}

#[test]
fn a_measure_of_the_level_is_proposed_and_any_other_refused_with_those_that_fit() {
    let strict = unit(1);
    let said = lead(&strict, vec![]).when(propose("regulatory_interview")).said();
    assert_eq!(
        said[0].event,
        Event::MeasureProposed {
            proposal: proposal("regulatory_interview"),
            level: "strict".into(),
            on: day("2026-03-02"),
            by: "a-1".into()
        }
    );
    let lenient = unit(5);
    let refused =
        lead(&lenient, vec![]).when(propose("regulatory_interview")).then_rejected("measure_does_not_fit");
    assert!(refused.zh().contains("宽管级") && refused.zh().contains("激励"), "{}", refused.zh());
    assert_eq!(refused.detail()["fits"], json!(["incentive"]));
    lead(&strict, vec![]).when(propose("flogging")).then_rejected("unknown_measure");
    lead(&lenient, vec![]).when(propose("incentive")).then_rejected("incentive_is_offered");
    lead(&strict, vec![]).when(propose("prohibit_letting")).then_rejected("ban_has_its_own_decision");
    lead(&strict, vec![]).when(propose("penalty_referral")).then_rejected("penalty_is_referred");
    let mut to_nobody = proposal("regulatory_interview");
    to_nobody.party = "y-9".into();
    let to_nobody = Command::Propose { proposal: to_nobody, reason: None };
    lead(&strict, vec![]).when(to_nobody).then_rejected("unknown_party");
    let mut ungraded = Log::new();
    ungraded.registered("u-1", Layer::Unit, None);
    lead(&ungraded, vec![]).when(propose("training")).then_rejected("no_level");
    given::<Measure>([]).by_officer_of("fire").when(propose("training")).then_rejected("not_found");
}

#[test]
fn a_proposal_says_to_whom_on_what_basis_and_in_whose_name() {
    let strict = unit(1);
    for wrong in [
        Proposal { party: "party/y-1".into(), ..proposal("training") },
        Proposal { basis: " ".into(), ..proposal("training") },
        Proposal { authority: String::new(), ..proposal("training") },
        Proposal { until: Some(day("2026-03-01")), ..proposal("training") },
    ] {
        let ask = Command::Propose { proposal: wrong, reason: None };
        lead(&strict, vec![]).when(ask).then_rejected("malformed");
    }
}

#[test]
fn what_is_done_because_of_a_level_is_done_by_an_authority_that_is_known() {
    let (strict, lenient) = (unit(1), unit(5));
    let refused = nameless(&strict, vec![]).when(propose("training")).then_rejected("unknown_authority");
    assert!(refused.zh().contains("石井街道办事处") && refused.en().contains("registers first"), "{refused}");
    let ask = Command::Offer { offer: offer(), reason: None };
    nameless(&lenient, vec![]).when(ask).then_rejected("unknown_authority");
    // a department of the list goes by its id and by its name
    for name in ["subdistrict", "街道办事处"] {
        let proposal = Proposal { authority: name.into(), ..proposal("training") };
        nameless(&strict, vec![]).when(Command::Propose { proposal, reason: None }).said();
        let offer = Offer { authority: name.into(), ..offer() };
        nameless(&lenient, vec![]).when(Command::Offer { offer, reason: None }).said();
    }
}

#[test]
fn somebody_else_decides_with_a_document_or_with_a_reason() {
    let strict = unit(1);
    let waiting = || vec![proposed("regulatory_interview", "strict")];
    let decide = |approved, document: Option<&str>, reason: Option<&str>| Command::Decide {
        approved,
        document_number: document.map(str::to_owned),
        reason: reason.map(str::to_owned),
    };
    lead(&strict, waiting()).when(decide(true, Some("坪石告〔2026〕7号"), None)).then([approved()]);
    lead(&strict, waiting()).when(decide(true, None, None)).then_rejected("no_document");
    lead(&strict, waiting()).when(decide(false, None, None)).then_rejected("malformed");
    let refused = Event::MeasureDecided {
        approved: false,
        document_number: None,
        on: day("2026-03-02"),
        by: "a-1".into(),
    };
    lead(&strict, waiting()).when(decide(false, None, Some("已整改"))).then([refused.clone()]);
    let own = Event::MeasureProposed {
        proposal: proposal("regulatory_interview"),
        level: "strict".into(),
        on: day("2026-03-02"),
        by: "a-1".into(),
    };
    lead(&strict, vec![own]).when(decide(true, Some("7"), None)).then_rejected("measure_decided_by_proposer");
    lead(&strict, vec![]).when(decide(true, Some("7"), None)).then_rejected("not_found");
    let over = waiting().into_iter().chain([refused]).collect();
    lead(&strict, over).when(decide(true, Some("7"), None)).then_rejected("wrong_state");
}

#[test]
fn it_is_carried_out_while_it_still_fits() {
    let carry_out = || Command::CarryOut { findings: "已约谈，当事人签字".into(), photos: vec![] };
    let decided = || vec![proposed("regulatory_interview", "strict"), approved()];
    let done = Event::MeasureCarriedOut { on: day("2026-03-02"), by: "a-1".into() };
    lead(&unit(1), decided()).when(carry_out()).then([done]);
    let undecided = vec![proposed("regulatory_interview", "strict")];
    lead(&unit(1), undecided).when(carry_out()).then_rejected("wrong_state");
    lead(&unit(5), decided()).when(carry_out()).then_rejected("measure_does_not_fit");
    lead(&unit(1), decided()).on("2026-04-01").when(carry_out()).then_rejected("measure_over");
}

/// The grade of the unit is contested from 20 February 2026, and reviewed since the 23rd.
fn under_appeal(log: &mut Log) {
    let against = json!({ "stream": format!("{UNIT}/grade"), "determination": 1 });
    let appeal = format!("{UNIT}/appeal/1");
    let filed = json!({ "type": "AppealFiled", "against": against, "on": "2026-02-20", "authorised": true, "by": "a-9" });
    log.hears("2026-02-20", &appeal, &filed);
    let admitted = json!({
        "type": "AppealAdmitted", "on": "2026-02-23", "decide_by": "2026-05-29", "safety_measures_suspended": false,
        "by": "a-8"
    });
    log.hears("2026-02-23", &appeal, &admitted);
}

/// The district's rulebook, by which measures wait for the decision on an appeal; a training is one of safety.
fn rulebook_that_waits() -> Rulebook {
    let mut rulebook = shipped::pingshan(Layer::Unit);
    rulebook.policy.appeal.as_mut().unwrap().suspends_measures = true;
    rulebook.policy.measures.iter_mut().find(|known| known.id == "training").unwrap().at_once = true;
    rulebook
}

#[test]
fn what_carries_out_a_contested_level_waits_where_the_policy_says_so_and_safety_does_not() {
    let approve = || Command::Decide {
        approved: true,
        document_number: Some("坪石告〔2026〕7号".into()),
        reason: None,
    };
    let carry_out = || Command::CarryOut { findings: "已约谈，当事人签字".into(), photos: vec![] };
    let waiting = |measure: &str| vec![proposed(measure, "strict")];
    let decided = || vec![proposed("regulatory_interview", "strict"), approved()];
    let mut log = unit(1);
    under_appeal(&mut log);
    lead(&log, waiting("regulatory_interview")).when(approve()).then([approved()]);

    let lead = |log: &Log, events| lead(log, events).under(rulebook_that_waits());
    let refused = lead(&log, waiting("regulatory_interview")).when(approve()).then_rejected("measure_waits");
    assert!(refused.zh().contains("2026-02-20") && refused.en().contains("under appeal"), "{refused}");
    lead(&log, decided()).when(carry_out()).then_rejected("measure_waits");
    lead(&log, waiting("training")).when(approve()).then([approved()]);
    lead(&log, vec![]).when(propose("regulatory_interview")).said();
    let turned_down =
        Command::Decide { approved: false, document_number: None, reason: Some("申诉中".into()) };
    lead(&log, waiting("regulatory_interview")).when(turned_down).said();

    let decision = json!({
        "type": "AppealDecided", "outcome": "rejected", "against": { "stream": format!("{UNIT}/grade"), "determination": 1 },
        "on": "2026-03-02", "document_number": "1", "reason_codes": ["unfounded"], "by": "a-6"
    });
    log.hears("2026-03-02", &format!("{UNIT}/appeal/1"), &decision);
    lead(&log, waiting("regulatory_interview")).when(approve()).then([approved()]);
}

#[test]
fn what_carries_out_a_level_that_a_court_suspended_rests_with_it() {
    let carry_out = || Command::CarryOut { findings: "已约谈，当事人签字".into(), photos: vec![] };
    let decided = |measure: &str| vec![proposed(measure, "strict"), approved()];
    let mut log = unit(1);
    let dispute = format!("{UNIT}/dispute/d-1");
    let notified = json!({
        "type": "DisputeNotified", "kind": "litigation", "body": "区人民法院", "document_number": "行初1号",
        "against": { "stream": format!("{UNIT}/grade"), "determination": 1 }, "received_on": "2026-02-20",
        "reply_by": "2026-03-31", "by": "a-8",
    });
    log.hears("2026-02-20", &dispute, &notified);
    lead(&log, decided("regulatory_interview")).when(carry_out()).said();
    let order = json!({ "type": "SuspensionOrdered", "document_number": "停1号", "until": "2026-03-10", "by": "a-8" });
    log.hears("2026-02-24", &dispute, &order);
    let refused = lead(&log, decided("regulatory_interview")).when(carry_out());
    refused.then_rejected("carrying_out_suspended");
    lead(&log, decided("training")).under(rulebook_that_waits()).when(carry_out()).said();
    lead(&log, decided("regulatory_interview")).on("2026-03-11").when(carry_out()).said();
}

#[test]
fn an_incentive_is_offered_where_the_level_carries_it_and_granted_with_a_document() {
    let ask = || Command::Offer { offer: offer(), reason: None };
    let lenient = unit(5);
    let given = lead(&lenient, vec![]).on("2025-02-01").when(ask());
    given.then([offered()]);
    lead(&unit(1), vec![]).when(ask()).then_rejected("measure_does_not_fit");
    let grant = |number: &str| Command::Grant { document_number: number.into() };
    let granted =
        Event::IncentiveGranted { document_number: "5".into(), on: day("2026-03-02"), by: "a-1".into() };
    lead(&lenient, vec![offered()]).when(grant("5")).then([granted]);
    lead(&lenient, vec![offered()]).when(grant(" ")).then_rejected("no_document");
    lead(&unit(1), vec![offered()]).when(grant("5")).then_rejected("measure_does_not_fit");
    let end = Command::End { why: "given_up".into() };
    let said = lead(&lenient, vec![offered()]).when(end.clone()).said();
    let ended = Ended { on: day("2026-03-02"), why: "given_up".into(), level: None, by: Some("a-1".into()) };
    assert_eq!(said[0].event, Event::IncentiveEnded(Either::Stated(ended)));
    lead(&lenient, vec![offered(), said[0].event.clone()]).when(end).then([]);
}

/// A unit of five stars with an incentive granted on 2025-02-03.
fn rewarded(until: Option<&str>) -> Log {
    let mut log = unit(5);
    let stream = format!("{UNIT}/measure/m-1");
    let offered = Event::IncentiveOffered {
        offer: Offer { until: until.map(day), ..offer() },
        level: "lenient".into(),
        on: day("2025-02-01"),
        by: "a-1".into(),
    };
    log.hears("2025-02-01", &stream, &serde_json::to_value(offered).unwrap());
    let granted =
        json!({ "type": "IncentiveGranted", "document_number": "5", "on": "2025-02-03", "by": "a-1" });
    log.hears("2025-02-03", &stream, &granted);
    log
}

#[test]
fn an_incentive_ends_with_the_level_that_carried_it() {
    let mut log = rewarded(None);
    log.runs(day("2025-02-20"));
    assert!(log.results("IncentiveEnded").is_empty());
    let found = json!({ "no_ebike_indoors": "unmet" });
    log.assessed("2025-03-01", "u-1", "a-2", "campaign", Layer::Unit, &found);
    log.runs(day("2025-03-02"));
    assert!(log.results("IncentiveEnded").is_empty(), "the lower grade does not bind yet");
    let confirmed = json!({
        "type": "AdverseGradeConfirmed", "determination": 2, "on": "2025-03-10", "document_number": "1", "by": "u-3"
    });
    log.hears("2025-03-10", &format!("{UNIT}/grade"), &confirmed);
    log.runs(day("2025-03-12"));
    let expected = json!({ "on": "2025-03-10", "why": "level_lost", "level": "strict" });
    assert_eq!(log.results("IncentiveEnded"), [&expected], "from the day the level was lost");
    log.runs(day("2025-04-12"));
    assert_eq!(log.results("IncentiveEnded").len(), 1, "once");
}

#[test]
fn an_incentive_ends_when_its_time_is_over_or_the_house_is_closed() {
    let mut log = rewarded(Some("2025-02-28"));
    log.runs(day("2025-02-28"));
    assert!(log.results("IncentiveEnded").is_empty(), "its last day has not ended");
    log.runs(day("2025-03-07"));
    assert_eq!(log.results("IncentiveEnded"), [&json!({ "on": "2025-03-01", "why": "time_over" })]);

    let mut log = rewarded(Some("2025-02-28"));
    log.hears(
        "2025-02-10",
        UNIT,
        &json!({ "type": "PremisesClosed", "why": "demolished", "on": "2025-02-10" }),
    );
    log.runs(day("2025-03-07"));
    let ended = log.results("IncentiveEnded");
    assert_eq!(ended, [&json!({ "on": "2025-02-10", "why": "premises_closed" })], "what came first");
}

#[test]
fn a_training_is_of_no_house_and_each_party_comes_once() {
    let training = || Training {
        topic: Topic::FireDrill,
        on: day("2026-03-01"),
        department: "fire".into(),
        parties: vec!["y-1".into()],
        residents: 34,
    };
    let hold = |training: Training| Command::HoldTraining { training, notes: None };
    let held = || Event::TrainingHeld { training: training(), by: "a-1".into() };
    let fire = |events: Vec<Event>| given::<Measure>(events).by_officer_of("fire").knowing(["party/y-1"]);
    fire(vec![]).when(hold(training())).then([held()]);
    given::<Measure>([]).by_officer_of("police").when(hold(training())).then_rejected("department_needed");
    fire(vec![]).when(hold(Training { on: day("2026-03-03"), ..training() })).then_rejected("malformed");
    fire(vec![])
        .about(unit(5).subject(UNIT).clone())
        .when(hold(training()))
        .then_rejected("training_of_no_house");
    let attend = |party: &str| Command::AttendTraining {
        party: party.into(),
        under: Some("premises/u-1/measure/m-1".into()),
    };
    let attended = Event::TrainingAttended {
        party: "y-1".into(),
        under: Some("premises/u-1/measure/m-1".into()),
        by: "a-1".into(),
    };
    fire(vec![]).when(attend("y-1")).then_rejected("not_found");
    fire(vec![held()]).when(attend("y-1")).then([attended.clone()]);
    fire(vec![held(), attended]).when(attend("y-1")).then([]);
    fire(vec![held()]).when(attend("party/y-1")).then_rejected("malformed");
    fire(vec![held()]).when(attend("y-9")).then_rejected("unknown_party");
    let mistyped = Training { parties: vec!["y-1".into(), "y-8".into(), "y-9".into()], ..training() };
    let refused = fire(vec![]).when(hold(mistyped)).then_rejected("unknown_party");
    assert!(refused.en().contains("y-8, y-9"), "{refused}");
}

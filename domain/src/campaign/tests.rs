use super::*;
use crate::facts::Grant;
use crate::given::{Given, day, given};

fn launch() -> Launch {
    Launch {
        kind: "after_storm".into(),
        area: Some("石井".into()),
        criteria: Criteria { levels: vec!["strict".into()], vacant: Some(true), ..Criteria::default() },
        premises: vec!["p-1".into(), "p-2".into(), "p-3".into()],
        departments: vec!["fire".into(), "grid".into()],
        from: day("2026-03-02"),
        until: day("2026-03-20"),
        caused_by: Some("alert/w-1".into()),
    }
}

fn launched() -> Event {
    Event::CampaignLaunched { launch: launch(), by: "a-lead".into() }
}

fn joined(department: &str) -> Event {
    Event::CampaignJoined {
        department: department.into(),
        officers: 2,
        on: day("2026-03-02"),
        by: "a-1".into(),
    }
}

fn call(premises: &str, ending: Ending, hazards: &[&str]) -> Call {
    let hazards = hazards.iter().map(|hazard| format!("premises/{premises}/hazard/{hazard}")).collect();
    Call { premises: premises.into(), department: "fire".into(), ending, hazards }
}

fn visited(premises: &str, ending: Ending, hazards: &[&str]) -> Event {
    Event::CampaignVisitRecorded {
        call: call(premises, ending, hazards),
        on: day("2026-03-02"),
        by: "a-1".into(),
    }
}

fn visit(call: Call) -> Command {
    Command::RecordVisit { call, notes: None, photos: vec![] }
}

fn lead(area: &str, events: Vec<Event>) -> Given<Campaign> {
    let grant = Grant { role: Role::StreetLead, department: None, area: Some(area.into()), party: None };
    given(events).by_grant(grant).knowing(["premises/p-1", "premises/p-2", "premises/p-3"])
}

fn fire(events: Vec<Event>) -> Given<Campaign> {
    given(events).by_officer_of("fire")
}

#[test]
fn whoever_leads_the_area_launches_it_with_its_filter_and_what_it_chose() {
    let ask = |launch: Launch| Command::Launch { launch, aim: Some("台风后排查".into()) };
    let said = lead("石井", vec![]).when(ask(launch())).said();
    assert_eq!(said[0].event, Event::CampaignLaunched { launch: launch(), by: "a-1".into() });
    assert_eq!(serde_json::to_value(&said[0]).unwrap()["private"]["aim"], "台风后排查");
    lead("坑梓", vec![]).when(ask(launch())).then_rejected("area_not_yours");
    lead("石井", vec![launched()]).when(ask(launch())).then_rejected("already_exists");
    fire(vec![]).when(ask(launch())).then_rejected("role_needed");
    let nowhere = Launch { premises: vec![], ..launch() };
    lead("石井", vec![]).when(ask(nowhere)).then_rejected("campaign_without_premises");
    for wrong in [
        Launch { until: day("2026-03-01"), ..launch() },
        Launch { premises: vec!["p-1".into(), "p-1".into()], ..launch() },
        Launch { departments: vec![], ..launch() },
        Launch { kind: String::new(), ..launch() },
    ] {
        lead("石井", vec![]).when(ask(wrong)).then_rejected("malformed");
    }
    let mistyped = Launch { premises: vec!["p-1".into(), "p-8".into(), "p-9".into()], ..launch() };
    let refused = lead("石井", vec![]).when(ask(mistyped)).then_rejected("unknown_premises");
    assert!(refused.en().contains(": p-8, p-9."), "{refused}");
}

#[test]
fn a_department_that_was_asked_joins_once_and_for_itself() {
    let join = |department: &str| Command::Join { department: department.into(), officers: 2 };
    fire(vec![]).when(join("fire")).then_rejected("not_found");
    fire(vec![launched()]).when(join("fire")).then([joined("fire")]);
    fire(vec![launched(), joined("fire")]).when(join("fire")).then([]);
    fire(vec![launched()]).when(join("grid")).then_rejected("department_needed");
    let refused = fire(vec![launched()]).when(join("water")).then_rejected("department_not_asked");
    assert!(refused.en().contains("fire, grid"));
}

#[test]
fn calls_are_recorded_by_those_who_joined_at_the_premises_that_were_chosen() {
    let inside = || call("p-1", Ending::Entered, &["h-1"]);
    fire(vec![launched()]).when(visit(inside())).then_rejected("campaign_not_joined");
    let with_us = || vec![launched(), joined("fire")];
    fire(with_us()).when(visit(inside())).then([visited("p-1", Ending::Entered, &["h-1"])]);
    fire(with_us()).when(visit(call("p-9", Ending::Entered, &[]))).then_rejected("not_in_campaign");
    fire(with_us()).on("2026-03-01").when(visit(inside())).then_rejected("campaign_not_begun");
    assert!(!fire(with_us()).on("2026-03-20").when(visit(inside())).is_refused(), "on its last day");
    fire(with_us()).on("2026-03-21").when(visit(inside())).then_rejected("campaign_past");
    let elsewhere = Call { hazards: vec!["premises/p-2/hazard/h-1".into()], ..inside() };
    fire(with_us()).when(visit(elsewhere)).then_rejected("malformed");
    given::<Campaign>(with_us())
        .by_officer_of("water")
        .when(visit(inside()))
        .then_rejected("department_needed");
}

#[test]
fn its_outcome_is_counted_and_then_nothing_more_is_taken() {
    let calls = || {
        vec![
            launched(),
            joined("fire"),
            visited("p-1", Ending::NoAnswer, &[]),
            visited("p-1", Ending::Entered, &["h-1", "h-2"]),
            visited("p-1", Ending::NoAnswer, &[]),
            visited("p-2", Ending::Refused, &[]),
        ]
    };
    let outcome = Outcome {
        entered: 1,
        not_entered: 1,
        not_visited: 1,
        hazards_found: 2,
        departments: vec!["fire".into()],
    };
    let over =
        || Event::CampaignConcluded { outcome: outcome.clone(), on: day("2026-03-02"), by: "a-1".into() };
    let conclude = || Command::Conclude { findings: None };
    lead("石井", calls()).when(conclude()).then([over()]);
    lead("坑梓", calls()).when(conclude()).then_rejected("area_not_yours");
    let ended = || calls().into_iter().chain([over()]).collect::<Vec<_>>();
    lead("石井", ended()).when(conclude()).then([]);
    fire(ended()).when(visit(call("p-3", Ending::Entered, &[]))).then_rejected("campaign_over");
}

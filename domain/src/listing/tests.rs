use serde_json::json;

use super::*;
use crate::facts::{Actor, Grant};
use crate::given::{Given, day, given};
use crate::given_log::Log;
use crate::shipped;
use crate::test_house::owner_of;

const HOUSE: &str = "premises/p-1";
const UNIT: &str = "premises/u-1";

/// A house and its unit, both of five stars; `y-1` owns the unit.
fn street() -> Log {
    let mut log = Log::new();
    log.registered("p-1", Layer::Building, None);
    log.registered("u-1", Layer::Unit, Some("p-1"));
    let named =
        json!({ "type": "ResponsiblePartyNamed", "party": "y-1", "role": "owner", "from": "2020-01-01" });
    log.hears("2025-01-02", UNIT, &named);
    log.assessed("2025-01-10", "p-1", "a-1", "first", Layer::Building, &json!({}));
    log.assessed("2025-01-11", "u-1", "a-1", "first", Layer::Unit, &json!({}));
    log
}

fn prohibited(log: &mut Log, on: &str, premises: &str) {
    let confirmed = json!({
        "type": "ProhibitionConfirmed", "ground": "dangerous_building", "authority": "housing", "scope": "no_new_letting",
        "document_number": "坪住建〔2025〕3号", "proposer": "a-3", "by": "a-4"
    });
    log.hears(on, &format!("{premises}/grade"), &confirmed);
}

fn submits(log: &mut Log, on: &str, key: &str) {
    let submitted = json!({
        "type": "VacancySubmitted", "rent": "from1000", "from": on, "station": "金龟服务站", "on": on, "by": "a-1"
    });
    log.hears(on, &format!("{UNIT}/listing/{key}"), &submitted);
}

fn vacancy() -> Vacancy {
    Vacancy { rent: RentBand::From1000, from: day("2026-03-10"), station: "金龟服务站".into() }
}

fn submit() -> Command {
    Command::Submit { vacancy: vacancy(), notes: Some("朝南".into()) }
}

fn submitted() -> Event {
    Event::VacancySubmitted { vacancy: vacancy(), on: day("2026-03-02"), by: "a-1".into() }
}

fn published() -> Event {
    Event::ListingPublished { on: day("2026-03-02"), by: "a-1".into() }
}

fn by(grant: Grant, log: &Log, events: Vec<Event>) -> Given<Listing> {
    given(events)
        .by_grant(grant)
        .about(log.subject(UNIT).clone())
        .in_building(log.subject(HOUSE).clone())
        .under(shipped::pingshan(Layer::Unit))
}

fn lead() -> Grant {
    Grant { role: Role::CommunityLead, department: None, area: Some("石井".into()), party: None }
}

#[test]
fn a_vacancy_is_submitted_by_its_owner_shown_by_the_station_and_let() {
    let log = street();
    let owner = |events: Vec<Event>| by(owner_of("y-1"), &log, events);
    let said = owner(vec![]).when(submit()).said();
    assert_eq!(said[0].event, submitted());
    assert_eq!(serde_json::to_value(&said[0]).unwrap()["private"]["notes"], "朝南");
    by(owner_of("y-2"), &log, vec![]).when(submit()).then_rejected("not_your_premises");
    owner(vec![submitted()]).when(submit()).then_rejected("already_exists");
    owner(vec![submitted()]).when(Command::Publish).then_rejected("role_needed");
    by(lead(), &log, vec![submitted()]).when(Command::Publish).then([published()]);
    by(lead(), &log, vec![submitted(), published()]).when(Command::Publish).then([]);
    let let_out = Command::Let { from: day("2026-03-15"), tenants: Some("王五".into()) };
    let moved_in = Event::UnitLet { from: day("2026-03-15"), by: "a-1".into() };
    owner(vec![submitted(), published()]).when(let_out.clone()).then([moved_in.clone()]);
    owner(vec![submitted(), published(), moved_in]).when(let_out).then_rejected("wrong_state");
}

#[test]
fn what_somebody_asks_is_private_and_needs_a_listing_that_is_shown() {
    let log = street();
    let inquire = || Command::Inquire {
        words: "可以养猫吗".into(),
        name: Some("赵六".into()),
        phone: Some("13800000000".into()),
    };
    let public = |events: Vec<Event>| given::<Listing>(events).by_actor(Actor::channel("public"));
    public(vec![submitted()]).when(inquire()).then_rejected("wrong_state");
    let said = public(vec![submitted(), published()]).when(inquire()).said();
    let wire = serde_json::to_value(&said[0]).unwrap();
    assert_eq!(wire["private"]["phone"], "13800000000");
    assert_eq!(wire["on"], "2026-03-02");
    let silent = Command::Inquire { words: " ".into(), name: None, phone: None };
    public(vec![submitted(), published()]).when(silent).then_rejected("malformed");
    by(lead(), &log, vec![]).when(inquire()).then_rejected("not_found");
}

#[test]
fn a_house_is_not_listed_and_of_a_unit_one_listing_runs() {
    let mut log = street();
    let of_house = given::<Listing>([]).by_grant(owner_of("y-1")).about({
        let mut house = log.subject(HOUSE).clone();
        house.premises.parties.clone_from(&log.subject(UNIT).premises.parties);
        house
    });
    of_house.when(submit()).then_rejected("wrong_state");
    submits(&mut log, "2025-02-01", "7");
    by(owner_of("y-1"), &log, vec![]).when(submit()).then_rejected("already_exists");
    let withdrawn = json!({ "type": "ListingWithdrawn", "on": "2025-02-02", "why": "mistake", "by": "a-1" });
    log.hears("2025-02-02", &format!("{UNIT}/listing/7"), &withdrawn);
    by(owner_of("y-1"), &log, vec![]).when(submit()).then([submitted()]);
}

#[test]
fn where_letting_is_prohibited_a_vacancy_is_refused_with_the_reason() {
    for place in [UNIT, HOUSE] {
        let mut log = street();
        prohibited(&mut log, "2025-03-01", place);
        let owner = |events: Vec<Event>| by(owner_of("y-1"), &log, events);
        let refused = owner(vec![]).when(submit()).then_rejected("letting_prohibited");
        let whose = if place == UNIT { "房屋" } else { "所在楼栋" };
        assert!(
            refused.zh().contains(whose) && refused.zh().contains("危险房屋停止使用"),
            "{}",
            refused.zh()
        );
        assert!(refused.en().contains("2025-03-01"), "{}", refused.en());
        let let_out = Command::Let { from: day("2026-03-15"), tenants: None };
        owner(vec![submitted(), published()]).when(let_out).then_rejected("letting_prohibited");
        by(lead(), &log, vec![submitted()]).when(Command::Publish).then_rejected("letting_prohibited");
        let lifted = json!({ "type": "ProhibitionLiftConfirmed", "document_number": "9", "by": "a-4" });
        log.hears("2025-05-01", &format!("{place}/grade"), &lifted);
        by(owner_of("y-1"), &log, vec![]).when(submit()).then([submitted()]);
    }
}

/// Where the score alone is under the line nothing is banned: that takes a ground in law.
#[test]
fn the_lowest_grade_alone_bans_nothing() {
    let log = street();
    assert_eq!(ban(log.subject(UNIT), Some(log.subject(HOUSE))), None);
    let mut low = log.subject(UNIT).clone();
    let latest = low.grade.latest.as_mut().unwrap();
    latest.star = Some(0);
    assert_eq!(ban(&low, Some(log.subject(HOUSE))), None);
}

#[test]
fn a_ban_of_the_unit_takes_its_listing_down_in_the_same_breath() {
    let mut log = street();
    submits(&mut log, "2025-02-01", "7");
    prohibited(&mut log, "2025-03-01", UNIT);
    let expected = json!({ "on": "2025-03-01", "why": "letting_prohibited", "of": "unit" });
    assert_eq!(log.results("ListingWithdrawn"), [&expected]);
    log.runs(day("2025-03-05"));
    assert_eq!(log.results("ListingWithdrawn").len(), 1, "once");
    assert_eq!(log.subject(UNIT).listings["7"].state.stage, Stage::Withdrawn);
}

#[test]
fn what_is_closed_is_not_to_let() {
    for (premises, layer) in [(UNIT, "unit"), (HOUSE, "building")] {
        let mut log = street();
        submits(&mut log, "2025-02-01", "7");
        let closed = json!({ "type": "PremisesClosed", "on": "2025-03-01", "why": "demolished" });
        log.hears("2025-03-01", premises, &closed);
        log.runs(day("2025-03-04"));
        let expected = json!({ "on": "2025-03-01", "why": "premises_closed", "of": layer });
        assert_eq!(log.results("ListingWithdrawn"), [&expected]);
        log.runs(day("2025-03-05"));
        assert_eq!(log.results("ListingWithdrawn").len(), 1, "once");
    }
}

#[test]
fn a_ban_of_the_building_takes_it_down_when_it_reaches_the_unit() {
    let mut log = street();
    submits(&mut log, "2025-02-01", "7");
    log.runs(day("2025-02-02"));
    assert!(log.results("ListingWithdrawn").is_empty());
    prohibited(&mut log, "2025-03-01", HOUSE);
    assert!(log.results("ListingWithdrawn").is_empty(), "the unit hears of it later");
    log.runs(day("2025-03-04"));
    let expected = json!({ "on": "2025-03-01", "why": "letting_prohibited", "of": "building" });
    assert_eq!(
        log.results("ListingWithdrawn"),
        [&expected],
        "the day is the ban's, however late it was looked"
    );
    log.runs(day("2025-03-05"));
    assert_eq!(log.results("ListingWithdrawn").len(), 1, "once");
}

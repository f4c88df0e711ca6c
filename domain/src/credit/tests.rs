//! Credit, from facts to class and back: told with a log, a runner and people.

mod beyond_the_calendar;
mod interleaving;

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::aggregate::decided;
use crate::facts::{Actor, Grant, Role};
use crate::given::day;
use crate::given_log::Log;
use crate::reaction::Rulebooks;
use crate::rulebook::Layer;

const FILE: &str = "party/y-1/credit";
const HOUSE: &str = "premises/p-1";
const WIRING: &str = "premises/p-3/hazard/a-1-electrical_wiring";

/// A party that answers for one unit of five stars, with people and a runner.
struct Town {
    log: Log,
    on: NaiveDate,
    /// Cases whose result was put right, or whose assessment does not stand any more: nothing public may rest on one.
    put_right: BTreeSet<String>,
}

impl Town {
    fn of(kind: &str) -> Self {
        let mut town = Self { log: Log::new(), on: day("2025-02-03"), put_right: BTreeSet::new() };
        town.begins(kind);
        town
    }

    fn begins(&mut self, kind: &str) {
        let town = self;
        town.log.registered("p-1", Layer::Unit, Some("b-1"));
        town.registers("y-1", kind);
        let named = json!({ "type": "ResponsiblePartyNamed", "party": "y-1", "role": "owner" });
        town.log.hears("2025-01-05", HOUSE, &named);
        town.log.assessed("2025-01-10", "p-1", "a-1", "first", Layer::Unit, &json!({}));
        town.runs();
    }

    fn registers(&mut self, party: &str, kind: &str) {
        let registered = json!({ "type": "PartyRegistered", "kind": kind, "by": "a-clerk" });
        self.log.hears("2025-01-02", &format!("party/{party}"), &registered);
    }

    /// The party is told of its first record of conduct, which is public after the days that it has.
    fn makes_it_public(&mut self) {
        self.says("officer-1", notice(&conduct_item(1)));
        self.later(4);
        self.says("officer-1", publish(&conduct_item(1)));
    }

    fn later(&mut self, days: u64) -> &mut Self {
        self.on = self.on + chrono::Days::new(days);
        self.runs()
    }

    fn until(&mut self, on: &str) -> &mut Self {
        self.on = day(on);
        self.runs()
    }

    fn runs(&mut self) -> &mut Self {
        self.log.runs(self.on);
        self
    }

    fn file_of(&self, party: &str) -> &CreditFile {
        &self.log.subject(&format!("party/{party}")).credit.state
    }

    fn file(&self) -> &CreditFile {
        self.file_of("y-1")
    }

    fn class(&self) -> (String, String) {
        let class = self.file().rating.as_ref().and_then(|rating| rating.class.clone()).unwrap();
        (class.proposed, class.shown)
    }

    fn shown(&self) -> String {
        self.class().1
    }

    fn at(&self) -> String {
        self.on.to_string()
    }

    /// Somebody asks something of a file; what is said is heard, and what follows is computed.
    fn asks_of(&mut self, file: &str, account: &str, command: Value) -> Result<(), String> {
        let own = crate::recorded::subject_of(file);
        let of = self.log.subject(own);
        let scheme = of.credit.state.scheme.clone().unwrap_or_else(|| Log::rulebook(Layer::Unit));
        let facts = Facts {
            party: Some(Arc::new(of.party.clone())),
            rulebook: self.log.shelf().rulebook(&scheme),
            ..Facts::by(actor(account), file, self.on)
        };
        let state = of.credit.state.clone();
        let command = serde_json::from_value(command).unwrap();
        let said = decided(&state, command, &facts).map_err(|rejection| rejection.code().to_owned())?;
        for said in said {
            let event = serde_json::to_value(&said.event).unwrap();
            self.log.hears(&self.at(), file, &event);
        }
        Ok(())
    }

    fn asks(&mut self, account: &str, command: Value) -> Result<(), String> {
        self.asks_of(FILE, account, command)
    }

    #[track_caller]
    fn says(&mut self, account: &str, command: Value) {
        self.asks(account, command).unwrap();
    }

    #[track_caller]
    fn refused(&mut self, account: &str, command: Value, code: &str) {
        assert_eq!(self.asks(account, command), Err(code.to_owned()));
    }

    /// A serious hazard of the house is ordered to be put right, and nobody does.
    fn falls_overdue(&mut self) {
        let stream = format!("{HOUSE}/hazard/h-1");
        let found = json!({ "type": "HazardFound", "indicator": "smoke_alarm", "severity": "serious", "works": "at_once",
            "competent": "fire", "source": "officer", "by": "a-finder", "scheme": Log::rulebook(Layer::Unit) });
        let at = self.at();
        self.log.hears(&at, &stream, &found);
        self.is_ordered(&stream);
        self.later(10);
    }

    /// Another unit of the party fails an assessment for its wiring, and nobody puts that right either.
    fn fails_for_its_wiring(&mut self) {
        self.log.registered("p-3", Layer::Unit, Some("b-1"));
        let named = json!({ "type": "ResponsiblePartyNamed", "party": "y-1", "role": "owner" });
        self.log.hears("2025-01-05", "premises/p-3", &named);
        let wiring = json!({ "electrical_wiring": "exposed_or_overloaded" });
        self.log.assessed(&self.at(), "p-3", "a-1", "first", Layer::Unit, &wiring);
        self.is_ordered(WIRING);
    }

    /// A hazard is confirmed and ordered to be put right, and the order is served.
    fn is_ordered(&mut self, stream: &str) {
        let reviewed = json!({ "type": "HazardReviewed", "outcome": "confirmed", "by": "a-fire" });
        let ordered = json!({ "type": "RectificationOrdered", "parties": ["y-1"], "days": 3,
            "document_number": "消责改〔2025〕1号", "by": "a-fire" });
        let notice = json!({ "type": "NoticeIssued", "kind": "rectification", "about": stream, "to": "y-1",
            "authority": "x", "document_number": "1", "legal_basis": "x", "officers": ["a-fire"], "text_version": "1",
            "remedies": [], "handling_officers": ["a-fire"], "on": self.at(), "by": "a-fire" });
        let at = self.at();
        for said in [reviewed, ordered] {
            self.log.hears(&at, stream, &said);
        }
        let letter = format!("{}/notice/n-1", crate::recorded::subject_of(stream));
        self.log.hears(&at, &letter, &notice);
        let served = json!({ "type": "NoticeServed", "method": "direct", "on": at, "witness_count": 0, "by": "a-grid" });
        self.log.hears(&at, &letter, &served);
    }

    /// The appeal against the grade of the badly wired unit is decided.
    fn wiring_is_decided(&mut self, outcome: &str, corrected: &Value) {
        let decided = json!({
            "type": "AppealDecided", "outcome": outcome, "against": { "stream": "premises/p-3/grade", "determination": 1 },
            "on": self.at(), "corrected": corrected, "document_number": "8", "reason_codes": ["fact_wrong"], "by": "u-9"
        });
        self.log.hears(&self.at(), "premises/p-3/appeal/s-1", &decided);
        self.put_right.insert(WIRING.to_owned());
    }

    /// It was somebody else's wiring: the fact itself is corrected.
    fn wiring_is_corrected(&mut self) {
        let corrected = json!({ "type": "FactCorrected", "corrects": "premises/p-3/assessment/a-1",
            "field": "electrical_wiring", "right": "compliant", "why": "wrong_house", "by": "u-1" });
        self.log.hears(&self.at(), "premises/p-3/record/1", &corrected);
        self.put_right.insert(WIRING.to_owned());
    }

    /// An appeal against that hazard is upheld.
    fn hazard_is_set_aside(&mut self) {
        let upheld = json!({
            "type": "AppealDecided", "outcome": "upheld", "against": { "stream": format!("{HOUSE}/hazard/h-1") },
            "on": self.at(), "document_number": "7", "reason_codes": ["fact_wrong"], "by": "u-9"
        });
        let at = self.at();
        self.log.hears(&at, &format!("{HOUSE}/appeal/s-1"), &upheld);
    }
}

fn actor(account: &str) -> Actor {
    let role = match account.split('-').next().unwrap() {
        "officer" => Role::CreditOfficer,
        "confirmer" => Role::Confirmer,
        "owner" => Role::Owner,
        _ => Role::DepartmentOfficer,
    };
    let party = (role == Role::Owner).then(|| "y-1".to_owned());
    let grant = Grant { role, department: Some("fire".into()), area: None, party };
    Actor { account: account.into(), grants: vec![grant], received: false }
}

fn conduct(kind: &str, degree: &str, decided_on: &str) -> Value {
    json!({
        "command": "record_conduct", "conduct": kind, "attributed_to": "party", "degree": degree, "decided_on": decided_on,
        "document_number": format!("区消罚〔2025〕{kind}号"), "authority": "fire",
        "scheme": Log::rulebook(Layer::Unit),
    })
}

fn class_item(rating: u64) -> Value {
    json!({ "what": "class", "rating": rating })
}

fn conduct_item(number: u64) -> Value {
    json!({ "what": "conduct", "number": number })
}

fn notice(item: &Value) -> Value {
    json!({ "command": "give_notice", "item": item, "method": "direct", "document_number": "信告〔2025〕1号" })
}

fn publish(item: &Value) -> Value {
    json!({ "command": "publish", "item": item, "channels": ["credit_website"] })
}

fn object(item: &Value) -> Value {
    json!({ "command": "raise_objection", "item": item, "grounds": "记错了人" })
}

fn decide_objection(number: u64, upheld: bool) -> Value {
    json!({ "command": "decide_objection", "number": number, "upheld": upheld, "document_number": "信异〔2025〕1号" })
}

#[test]
fn good_grades_are_b_and_with_a_commitment_a() {
    let mut town = Town::of("enterprise");
    assert_eq!(town.class(), ("B".into(), "B".into()));
    let sign =
        json!({ "command": "sign_commitment", "template": "2025-1", "scheme": Log::rulebook(Layer::Unit) });
    town.says("owner-1", sign.clone());
    town.runs();
    assert_eq!(town.shown(), "A");
    town.refused("owner-1", sign, "already_exists");
    let breach = json!({ "command": "breach_commitment", "document_number": "信违〔2025〕1号" });
    town.says("officer-1", breach);
    let recorded = &town.file().conduct[&1];
    assert!(recorded.computed && recorded.conduct.conduct == "commitment_breached");
    town.runs();
    assert_eq!(town.shown(), "C", "a broken promise counts for three months");
    town.until("2025-05-02");
    assert_eq!(town.shown(), "C");
    town.until("2025-05-03");
    assert_eq!(town.shown(), "B", "its span is over, and nobody had to remember");
}

#[test]
fn a_promise_that_was_not_broken_after_all_counts_again_the_same_day() {
    let mut town = Town::of("enterprise");
    let sign =
        json!({ "command": "sign_commitment", "template": "2025-1", "scheme": Log::rulebook(Layer::Unit) });
    let breach = json!({ "command": "breach_commitment", "document_number": "信违〔2025〕1号" });
    town.says("owner-1", sign.clone());
    town.says("dept-1", breach.clone());
    town.runs();
    town.says("owner-1", object(&conduct_item(1)));
    town.says("officer-2", decide_objection(1, false));
    town.runs();
    assert_eq!(town.shown(), "C", "what was not upheld changes nothing");
    town.refused("dept-1", breach.clone(), "no_commitment");
    town.says("owner-1", object(&conduct_item(1)));
    town.says("officer-2", decide_objection(2, true));
    assert!(town.file().commitment.as_ref().unwrap().counts());
    town.runs();
    assert_eq!(town.shown(), "A");
    town.refused("owner-1", sign, "already_exists");
    town.says("dept-1", breach);
    town.runs();
    assert_eq!(
        (town.shown().as_str(), town.file().conduct.len()),
        ("C", 2),
        "another breach is another record"
    );
}

/// A district may call what follows from a late hazard by its own name; a rulebook that says of no conduct what brings it was published
/// before that was said, and is read as it was meant.
#[test]
fn what_brings_conduct_by_rule_is_the_policys_to_say() {
    let fell_overdue = |policy: crate::rulebook::credit::CreditPolicy| {
        let mut rulebook = crate::shipped::pingshan(Layer::Unit);
        rulebook.policy.credit = Some(policy);
        let mut town = Town::of("enterprise");
        town.log = Log::under(crate::given_log::Shelf::of([Arc::new(rulebook)]));
        town.begins("enterprise");
        town.falls_overdue();
        town.file().conduct.values().map(|on_file| on_file.conduct.conduct.clone()).collect::<Vec<_>>()
    };
    let shipped = || crate::shipped::pingshan(Layer::Unit).policy.credit.unwrap();
    assert_eq!(fell_overdue(shipped()), ["serious_hazard_overdue"]);
    let mut renamed = shipped();
    renamed.conduct.iter_mut().find(|rule| rule.id == "serious_hazard_overdue").unwrap().id =
        "left_a_danger".into();
    assert_eq!(fell_overdue(renamed), ["left_a_danger"]);
    let mut silent = shipped();
    silent.conduct.iter_mut().for_each(|rule| rule.follows_from = None);
    assert_eq!(fell_overdue(silent), ["serious_hazard_overdue"]);
    let mut brings_nothing = shipped();
    let overdue = brings_nothing.conduct.iter_mut().find(|rule| rule.id == "serious_hazard_overdue");
    overdue.unwrap().follows_from = None;
    assert!(fell_overdue(brings_nothing).is_empty(), "only somebody records it then");
}

#[test]
fn conduct_needs_its_document_its_attribution_and_its_degree() {
    let mut town = Town::of("enterprise");
    let said = conduct("false_materials", "serious", "2025-02-01");
    let with = |member: &str, value: Value| {
        let mut said = said.clone();
        said[member] = value;
        said
    };
    town.refused("dept-1", with("document_number", json!(" ")), "no_document");
    town.refused("dept-1", with("degree", json!("minor")), "degree_differs");
    town.refused("dept-1", with("attributed_to", json!("neighbour")), "unknown_attribution");
    town.refused("dept-1", with("conduct", json!("rude")), "unknown_conduct");
    town.refused("dept-1", with("decided_on", json!("2025-02-04")), "malformed");
    town.refused("owner-1", said.clone(), "role_needed");
    town.says("dept-1", said.clone());
    town.refused("dept-1", said, "already_exists");
    town.says("dept-1", conduct("refuses_inspection", "general", "2025-02-01"));
    town.runs();
    let rating = town.file().rating.clone().unwrap();
    assert_eq!(rating.conduct.len(), 1, "what no catalogue lists is on file and does not count");
}

#[test]
fn a_document_is_an_authoritys_that_is_known_or_is_said_to_be_from_elsewhere() {
    let mut town = Town::of("enterprise");
    let by = |authority: Value, outside: Value| {
        let mut said = conduct("false_materials", "serious", "2025-02-01");
        (said["authority"], said["outside_authority"]) = (authority, outside);
        said
    };
    town.refused("dept-1", by(json!("消防救缓机构"), Value::Null), "unknown_authority");
    town.refused("dept-1", by(Value::Null, Value::Null), "malformed");
    town.refused("dept-1", by(json!(" "), json!("")), "malformed");
    town.refused("dept-1", by(json!("fire"), json!("某区人民法院")), "malformed");
    // a court is registered nowhere here, and what it decides counts as well
    town.says("dept-1", by(json!(" "), json!("某区人民法院")));
    town.runs();
    assert_eq!(town.class().0, "D");
    let basis = town.file().conduct[&1].conduct.basis.clone();
    assert_eq!((basis.authority, basis.outside_authority.as_deref()), (None, Some("某区人民法院")));
}

#[test]
fn the_lowest_class_waits_for_somebody_who_had_no_hand_in_it() {
    let mut town = Town::of("enterprise");
    town.says("dept-1", conduct("false_materials", "serious", "2025-02-01"));
    town.runs();
    assert_eq!(town.class(), ("D".into(), "C".into()));
    let rating = town.file().rating.clone().unwrap().number;
    let confirm =
        |rating: u64| json!({ "command": "confirm_lowest", "rating": rating, "document_number": "1" });
    town.refused("confirmer-1", confirm(rating - 1), "not_the_newest_rating");
    let both = |town: &Town| {
        let mut actor = actor("dept-1");
        actor.grants.push(Grant { role: Role::Confirmer, department: None, area: None, party: None });
        let state = town.file().clone();
        let party = Some(Arc::new(town.log.subject("party/y-1").party.clone()));
        let facts = Facts { party, ..Facts::by(actor, FILE, town.on) };
        decided(&state, serde_json::from_value(confirm(rating)).unwrap(), &facts).unwrap_err()
    };
    assert_eq!(both(&town).code(), "confirmer_recorded_it");
    town.says("confirmer-1", confirm(rating));
    town.runs();
    assert_eq!(town.class(), ("D".into(), "D".into()));
    assert_eq!(town.file().rating.as_ref().unwrap().class.as_ref().unwrap().inspection_months, 1);
    let newest = town.file().rating.as_ref().unwrap().number;
    town.refused("confirmer-2", confirm(newest), "no_lowest_class_waits");

    let mut town = Town::of("enterprise");
    town.says("dept-1", conduct("false_materials", "serious", "2025-02-01"));
    town.runs();
    town.says("confirmer-1", json!({ "command": "refuse_lowest", "rating": rating, "reason": "一次性疏忽" }));
    town.later(3);
    assert_eq!(town.class(), ("D".into(), "C".into()), "what was refused stays shown as before");
    assert!(!town.file().waits_for_confirmer());
}

#[test]
fn what_is_adverse_is_told_before_it_is_public_and_reported_with_it() {
    let mut town = Town::of("enterprise");
    town.says("dept-1", conduct("false_materials", "serious", "2025-02-01"));
    town.refused("officer-1", publish(&conduct_item(1)), "conduct_does_not_count");
    town.runs();
    let class = class_item(town.file().rating.as_ref().unwrap().number);
    for item in [&class, &conduct_item(1)] {
        town.refused("officer-1", publish(item), "notice_first");
        town.says("officer-1", notice(item));
        town.refused("officer-1", publish(item), "published_too_soon");
    }
    town.later(3);
    let soon = town.asks("officer-1", publish(&class));
    assert_eq!(soon, Err("published_too_soon".into()), "three days have not passed before the fourth");
    town.later(1);
    for item in [&class, &conduct_item(1)] {
        town.says("officer-1", publish(item));
    }
    assert_eq!(town.file().published.len(), 2);
    assert_eq!(town.file().reports.values().map(Report::state).collect::<Vec<_>>(), ["waits", "waits"]);
    town.says("officer-1", json!({ "command": "acknowledge_report", "number": 1, "receipt": "GX-1" }));
    assert_eq!(town.file().reports[&1].state(), "taken");
    town.refused(
        "officer-1",
        json!({ "command": "acknowledge_report", "number": 1, "recall": true }),
        "not_recalled",
    );

    town.says("officer-1", json!({ "command": "unpublish", "item": conduct_item(1), "why": "by_mistake" }));
    assert_eq!(town.file().reports[&2].state(), "recall_waits");
    town.says("officer-1", json!({ "command": "acknowledge_report", "number": 2, "recall": true }));
    assert_eq!(town.file().reports[&2].state(), "recalled");
    town.refused(
        "officer-1",
        json!({ "command": "unpublish", "item": conduct_item(1), "why": "x" }),
        "not_published",
    );
}

#[test]
fn a_natural_person_has_a_file_and_no_published_class() {
    let mut town = Town::of("person");
    town.says("dept-1", conduct("false_materials", "serious", "2025-02-01"));
    town.runs();
    assert_eq!(town.shown(), "C");
    let class = class_item(town.file().rating.as_ref().unwrap().number);
    town.says("officer-1", notice(&class));
    town.refused("officer-1", publish(&class), "person_not_published");
    town.refused("officer-1", publish(&conduct_item(1)), "person_not_published");
    assert_eq!(town.file().rating.as_ref().unwrap().class.as_ref().unwrap().published_class, None);
}

#[test]
fn an_objection_is_marked_at_once_decided_by_another_and_upheld_ends_it_everywhere() {
    let mut town = Town::of("enterprise");
    town.says("officer-1", conduct("false_materials", "serious", "2025-02-01"));
    town.runs();
    town.makes_it_public();
    town.says("owner-1", object(&conduct_item(1)));
    assert!(town.file().objections[&1].marked.is_some(), "in the same breath");
    assert_eq!(town.log.results("ObjectionMarked")[0]["public"], json!(true));
    town.refused("owner-1", object(&conduct_item(1)), "already_exists");
    town.later(10);
    let missed = town.log.results("DeadlineMissed");
    let of_objection = missed.iter().filter(|missed| missed["about"] == "party/y-1/credit");
    assert_eq!(of_objection.count(), 1, "two working days are over: marked once: {missed:?}");
    town.refused("officer-1", decide_objection(1, true), "decider_recorded_it");
    // the class is what that conduct makes of it
    let class = class_item(town.file().rating.as_ref().unwrap().number);
    town.says("owner-1", object(&class));
    town.refused("officer-1", decide_objection(2, false), "decider_recorded_it");
    town.says("officer-2", decide_objection(1, true));
    assert!(town.file().published.is_empty());
    assert_eq!(town.file().reports[&1].state(), "recall_waits");
    town.runs();
    assert_eq!(town.shown(), "B");
    town.refused("officer-2", decide_objection(1, false), "decided_already");
    town.refused("officer-1", notice(&conduct_item(1)), "conduct_ended");
}

#[test]
fn repair_comes_when_the_shortest_span_is_over_and_ends_publication_everywhere() {
    let mut town = Town::of("enterprise");
    town.says("dept-1", conduct("false_materials", "serious", "2025-02-01"));
    town.runs();
    town.makes_it_public();
    let ask =
        |commitment: bool| json!({ "command": "request_repair", "conduct": 1, "commitment": commitment });
    let decide = |number: u64, granted: bool, corrected: bool| {
        json!({ "command": "decide_repair", "number": number, "granted": granted, "corrected": corrected,
                "document_number": "信修〔2026〕1号" })
    };
    town.refused("owner-1", ask(true), "repair_too_early");
    town.until("2026-02-02");
    town.says("owner-1", ask(false));
    town.refused("owner-1", ask(false), "already_exists");
    town.refused("officer-1", decide(1, true, true), "repair_not_eligible");
    town.says("officer-1", decide(1, false, true));
    town.says("owner-1", ask(true));
    town.refused("officer-1", decide(2, true, false), "repair_not_eligible");
    assert_eq!(town.file().published.len(), 1);
    town.says("officer-1", decide(2, true, true));
    assert!(town.file().published.is_empty());
    assert_eq!(town.file().reports[&1].state(), "recall_waits");
    town.runs();
    assert_eq!(town.shown(), "B");
}

#[test]
fn a_record_falls_out_on_the_day_that_its_span_is_over_and_nobody_has_to_remember_it() {
    let mut town = Town::of("enterprise");
    town.says("dept-1", conduct("false_materials", "serious", "2025-02-01"));
    town.runs();
    town.makes_it_public();
    // its span is three years, the last day excluded
    town.until("2028-01-31");
    assert_eq!((town.file().published.len(), town.shown()), (1, "C".to_owned()));
    town.until("2028-02-01");
    assert!(town.file().published.is_empty());
    assert_eq!(town.file().reports[&1].ended.as_deref(), Some("span_over"));
    assert_eq!(town.file().reports[&1].state(), "recall_waits", "the platform is told");
    assert_eq!((town.shown(), town.file().rating.as_ref().unwrap().on), ("B".to_owned(), day("2028-02-01")));
    assert_eq!(town.file().conduct.len(), 1, "it stays on record");
}

#[test]
fn a_serious_hazard_that_fell_overdue_counts_until_it_is_set_aside() {
    let mut town = Town::of("enterprise");
    town.falls_overdue();
    let recorded = town.file().conduct[&1].clone();
    assert_eq!((recorded.conduct.conduct.as_str(), recorded.computed), ("serious_hazard_overdue", true));
    assert_eq!(recorded.conduct.basis.document_number, "消责改〔2025〕1号");
    assert_eq!(recorded.conduct.hands, ["a-finder", "a-fire"]);
    assert_eq!(town.shown(), "C");
    town.makes_it_public();
    town.later(1);
    assert_eq!(town.file().conduct.len(), 1, "once");
    town.hazard_is_set_aside();
    town.runs();
    assert!(town.file().published.is_empty());
    assert_eq!(town.file().reports[&1].ended.as_deref(), Some("basis_set_aside"));
    assert_eq!(town.file().reports[&1].state(), "recall_waits");
    assert_eq!(town.shown(), "B", "the same day");
}

#[test]
fn a_record_ends_the_day_the_result_beneath_it_is_put_right_or_set_aside() {
    type Ends = fn(&mut Town);
    let ends: [(&str, Ends); 4] = [
        ("varied", |town| town.wiring_is_decided("varied", &json!({ "electrical_wiring": "compliant" }))),
        ("corrected and set aside", |town| {
            town.wiring_is_decided("upheld", &json!({ "electrical_wiring": "compliant" }));
        }),
        ("set aside", |town| town.wiring_is_decided("upheld", &json!({}))),
        ("a corrected fact", Town::wiring_is_corrected),
    ];
    for (how, end) in ends {
        let mut town = Town::of("enterprise");
        town.fails_for_its_wiring();
        town.later(10);
        assert_eq!(town.file().conduct[&1].conduct.basis.stream.as_deref(), Some(WIRING));
        assert_eq!(town.shown(), "C", "{how}");
        let class = class_item(town.file().rating.as_ref().unwrap().number);
        for item in [conduct_item(1), class] {
            town.says("officer-1", notice(&item));
            town.later(4);
            town.says("officer-1", publish(&item));
        }
        end(&mut town);
        town.runs();
        assert!(town.file().published.is_empty(), "{how}: {:?}", town.file().published);
        assert!(town.file().reports.values().all(|report| report.state() == "recall_waits"), "{how}");
        assert_eq!(town.shown(), "B", "{how}: the same day");
        town.later(1);
        assert_eq!(town.file().conduct.len(), 1, "{how}: it does not come back");
    }
}

#[test]
fn a_record_outlives_an_appeal_that_leaves_what_it_rests_on() {
    let mut town = Town::of("enterprise");
    town.fails_for_its_wiring();
    town.later(10);
    town.makes_it_public();
    town.wiring_is_decided("rejected", &json!({}));
    town.runs();
    assert_eq!(town.file().published.len(), 1);
    town.wiring_is_decided("varied", &json!({ "gas_installation": "hose_due" }));
    town.runs();
    assert_eq!(town.file().published.len(), 1, "another result was put right");
}

#[test]
fn of_two_that_are_one_the_file_that_goes_on_counts_both() {
    let mut town = Town::of("enterprise");
    town.registers("y-3", "enterprise");
    town.log.registered("p-2", Layer::Unit, Some("b-1"));
    let named = json!({ "type": "ResponsiblePartyNamed", "party": "y-3", "role": "operator" });
    town.log.hears("2025-01-05", "premises/p-2", &named);
    town.log.assessed("2025-01-10", "p-2", "a-1", "first", Layer::Unit, &json!({}));
    town.runs();
    let other = "party/y-3/credit";
    town.asks_of(other, "dept-1", conduct("false_materials", "serious", "2025-02-01")).unwrap();
    town.runs();
    let class = class_item(town.file_of("y-3").rating.as_ref().unwrap().number);
    town.asks_of(other, "officer-1", notice(&class)).unwrap();
    town.later(4);
    town.asks_of(other, "officer-1", publish(&class)).unwrap();
    let merged = json!({ "type": "PartyMerged", "into": "y-1", "why": "same_uscc", "by": "a-clerk" });
    let at = town.at();
    town.log.hears(&at, "party/y-3", &merged);
    assert!(town.file_of("y-3").published.is_empty(), "its class ends with it");
    town.runs();
    let rating = town.file().rating.clone().unwrap();
    assert_eq!(rating.levels["lenient"], 2);
    assert_eq!(rating.conduct[0].of, ConductRef { party: "y-3".into(), number: 1 });
    assert_eq!(town.class(), ("D".into(), "C".into()));
    let refused = town.asks_of(other, "dept-1", conduct("defies_prohibition", "serious", "2025-02-01"));
    assert_eq!(refused, Err("party_merged".into()));
    town.asks_of(other, "owner-1", object(&conduct_item(1))).expect("the party that goes on speaks for it");
    town.asks_of(other, "officer-2", decide_objection(1, true)).unwrap();
    town.runs();
    assert_eq!(town.shown(), "B");
}

#[test]
fn a_party_that_answers_for_nothing_is_not_rated() {
    let mut town = Town::of("enterprise");
    town.registers("y-9", "enterprise");
    town.later(1);
    assert!(town.file_of("y-9").rating.is_none());
}

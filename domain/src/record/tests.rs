//! What records keep: one matter each, said by whoever may.

use serde_json::{Value, json};

use super::{Command, Event, Record};
use crate::aggregate::Concept;
use crate::facts::{Actor, Facts, Grant, Role};
use crate::given::given;
use crate::rejection::Rejection;
use crate::test_house::ask;

fn event(value: Value) -> Event {
    serde_json::from_value(value).unwrap()
}

fn digest() -> String {
    "ab".repeat(32)
}

#[test]
fn each_matter_is_recorded_by_whoever_may_and_by_nobody_else() {
    for (role, command, kind) in [
        (
            Role::GridWorker,
            json!({"command": "record_on_behalf", "stream": "premises/p-1/appeal/1", "of": "owner", "channel": "paper", "name": "张三"}),
            "RecordedOnBehalf",
        ),
        (
            Role::StreetLead,
            json!({"command": "confirm_doubtful", "event_id": "e", "stream": "s", "recorded_by": "a-2"}),
            "DoubtfulRecordConfirmed",
        ),
        (
            Role::StreetLead,
            json!({"command": "withdraw_doubtful", "event_id": "e", "stream": "s", "recorded_by": "a-2"}),
            "DoubtfulRecordWithdrawn",
        ),
        (
            Role::LegalOfficer,
            json!({"command": "issue_evidence", "sha256": digest(), "to": "court", "basis": "示例"}),
            "EvidenceIssued",
        ),
        (
            Role::LegalOfficer,
            json!({"command": "request_erasure", "streams": ["party/y-1"], "fields": ["name"], "basis": "pipl_47"}),
            "ErasureRequested",
        ),
        (
            Role::Owner,
            json!({"command": "request_personal_data", "what": "see", "text": "张三"}),
            "PersonalDataRequested",
        ),
        (
            Role::Administrator,
            json!({"command": "rebuild_report", "report": "grades", "at": 7, "sha256": digest()}),
            "ReportRebuilt",
        ),
    ] {
        let said = given::<Record>([]).by_role(role).when(ask(command.clone())).said();
        let wire = serde_json::to_value(&said[0].event).unwrap();
        assert_eq!(wire["type"], kind);
        assert!(!wire.to_string().contains("张三"), "private: {wire}");
        given::<Record>([])
            .by_role(Role::AssociationAdmin)
            .when(ask(command.clone()))
            .then_rejected("role_needed");
        given::<Record>([said[0].event.clone()])
            .by_role(role)
            .when(ask(command))
            .then_rejected("already_exists");
    }
}

#[test]
fn what_is_answered_was_asked() {
    let asked =
        event(json!({"type": "PersonalDataRequested", "what": "see", "on": "2026-02-20", "by": "a-2"}));
    let erase = event(json!({
        "type": "ErasureRequested", "streams": ["party/y-1"], "fields": ["name"], "basis": "b", "on": "2026-02-20", "by": "a-2"
    }));
    let corrected = event(json!({
        "type": "FactCorrected", "corrects": "premises/p-1/assessment/1", "field": "x", "right": 1, "why": "misread", "by": "a-2"
    }));
    for (before, command) in [
        (asked.clone(), json!({"command": "provide_personal_data", "how": "paper"})),
        (asked, json!({"command": "correct_personal_data", "stream": "party/y-1", "fields": ["phone"]})),
        (erase.clone(), json!({"command": "postpone_erasure", "until": "2026-06-01", "why": "open_appeal"})),
        (corrected, json!({"command": "publish_correction", "channels": ["public_page"]})),
    ] {
        given::<Record>([before]).by_role(Role::LegalOfficer).when(ask(command.clone())).said();
        given::<Record>([]).by_role(Role::LegalOfficer).when(ask(command)).then_rejected("not_found");
    }
    let past = json!({"command": "postpone_erasure", "until": "2026-03-02", "why": "open_appeal"});
    given::<Record>([erase]).by_role(Role::LegalOfficer).when(ask(past)).then_rejected("malformed");
}

#[test]
fn a_doubtful_record_is_not_confirmed_by_whoever_recorded_it_and_a_digest_is_one() {
    let own = json!({"command": "confirm_doubtful", "event_id": "e", "stream": "s", "recorded_by": "a-1"});
    given::<Record>([]).by_role(Role::StreetLead).when(ask(own)).then_rejected("own_record_in_doubt");
    let odd = json!({"command": "issue_evidence", "sha256": "AB", "to": "court", "basis": "b"});
    given::<Record>([]).by_role(Role::LegalOfficer).when(ask(odd)).then_rejected("malformed");
}

fn disclose(basis: &str, to: &str) -> Command {
    Command::Disclose {
        sequence: 7,
        fields: vec!["phone".into()],
        digests: vec!["d".into()],
        basis: basis.into(),
        to: to.into(),
    }
}

fn facts(actor: Actor) -> Facts {
    let today = "2026-03-01".parse().unwrap();
    let stream = "premises/p-1/record/1".to_owned();
    Facts::by(actor, stream, today)
}

fn person(role: Role) -> Actor {
    let grant = Grant { role, department: None, area: None, party: None };
    Actor { account: "a-1".into(), grants: vec![grant], received: false }
}

#[test]
fn a_disclosure_says_what_in_the_open_and_why_and_to_whom_in_private() {
    let legal = facts(person(Role::LegalOfficer));
    let said = Record::default().decide(disclose(" court order 12 ", "the district court"), &legal).unwrap();
    let [only] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!(
        serde_json::to_value(only).unwrap(),
        json!({
            "type": "DisclosureMade", "by": "a-1", "sequence": 7, "fields": ["phone"], "digests": ["d"],
            "private": { "basis": "court order 12", "to": "the district court" },
        })
    );
    let mut record = Record::default();
    record.evolve(&only.event);
    let again = record.decide(disclose("b", "t"), &legal);
    assert_eq!(again.unwrap_err(), Rejection::AlreadyExists { what: "record" });
}

#[test]
fn only_a_legal_officer_in_person_discloses_and_says_why() {
    let refused = |actor: Actor, command: Command| {
        Record::default().decide(command, &facts(actor)).unwrap_err().code().to_owned()
    };
    for actor in [person(Role::Administrator), person(Role::Auditor), Actor::channel("counter")] {
        assert_eq!(refused(actor, disclose("b", "t")), "role_needed");
    }
    let received = Actor { received: true, ..person(Role::LegalOfficer) };
    assert_eq!(refused(received, disclose("b", "t")), "role_needed");
    for (basis, to) in [("", "t"), ("b", " \n"), ("  ", "t")] {
        assert_eq!(refused(person(Role::LegalOfficer), disclose(basis, to)), "malformed");
    }
    for (fields, digests) in [(vec![], vec![]), (vec!["phone".to_owned()], vec![])] {
        let (basis, to) = ("b".to_owned(), "t".to_owned());
        let command = Command::Disclose { sequence: 7, fields, digests, basis, to };
        assert_eq!(refused(person(Role::LegalOfficer), command), "malformed");
    }
}

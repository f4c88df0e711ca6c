//! What runs, told of a house; and that a docket tells the same of it as the whole house does.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::derivation::SchemeRef;
use crate::event::{Event, Written, read};
use crate::recorded::Recorded;
use crate::rulebook::Layer;
use crate::shipped;

struct Shelf(Arc<Rulebook>);

impl Rulebooks for Shelf {
    fn rulebook(&self, scheme: &SchemeRef) -> Option<Arc<Rulebook>> {
        (scheme.id == self.0.id).then(|| Arc::clone(&self.0))
    }
}

/// One building: the whole of it, and its docket beside it.
struct House {
    docket: Docket,
    gone: Vec<Case>,
    position: u64,
    shelf: Shelf,
    subject: Subject,
}

impl House {
    fn new() -> Self {
        thread_local!(static BUILDING: Arc<Rulebook> = Arc::new(shipped::pingshan(Layer::Building)));
        let shelf = Shelf(BUILDING.with(Arc::clone));
        Self { docket: Docket::default(), gone: vec![], position: 0, shelf, subject: Subject::default() }
    }

    fn hears(&mut self, on: &str, stream: &str, data: &Value) {
        self.takes(on, &format!("{HOUSE}/{stream}"), data);
    }

    fn hears_of_itself(&mut self, on: &str, data: &Value) {
        self.takes(on, HOUSE, data);
    }

    fn takes(&mut self, on: &str, stream: &str, data: &Value) {
        self.position += 1;
        let at = format!("{on}T04:00:00.000Z");
        let entry = Written {
            data: &data.to_string(),
            event_id: "",
            occurred_at: &at,
            position: self.position,
            recorded_at: &at,
            stream,
            version: 1,
        };
        let recorded: Recorded<Event> = read(&entry).unwrap();
        self.subject.apply(&recorded);
        self.gone.extend(self.docket.take(&recorded, &self.subject.grade, &self.shelf));
    }

    fn scheme(&self) -> Value {
        json!({ "id": self.shelf.0.id, "sha256": "00" })
    }

    fn assessed(&mut self, on: &str, key: &str) {
        let scheme = self.scheme();
        let opened =
            json!({ "type": "AssessmentOpened", "scheme": scheme, "reason": "periodic", "lead": "u-1" });
        self.hears(on, &format!("assessment/{key}"), &opened);
        self.hears(on, &format!("assessment/{key}"), &json!({ "type": "AssessmentSubmitted", "by": "u-1" }));
    }

    fn case(&self, stream: &str) -> Case {
        let stream = format!("{HOUSE}/{stream}");
        let cases = self.docket.cases(HOUSE, &self.shelf);
        cases.into_iter().find(|case| case.matter.stream == stream).unwrap()
    }

    fn whole(&self) -> Vec<Matter> {
        let all = matters(HOUSE, &self.subject, &self.shelf);
        all.into_iter().filter(|matter| matter.ended.is_none()).collect()
    }

    fn running(&self) -> Vec<Matter> {
        let all = self.docket.cases(HOUSE, &self.shelf).into_iter().map(|case| case.matter);
        all.filter(|matter| matter.ended.is_none()).collect()
    }

    fn last_gone(&self) -> (&str, &str) {
        let case = self.gone.last().unwrap();
        (case.matter.kind.code(), case.matter.ended.as_deref().unwrap())
    }
}

fn found() -> Value {
    json!({
        "type": "HazardFound", "indicator": "B-A1", "severity": "serious", "works": "repair", "competent": "fire",
        "source": "patrol", "by": "u-1"
    })
}

fn routed(scheme: &Value) -> Value {
    let review = json!({ "due": "2026-03-04", "provisional": false });
    let derivation = json!({ "scheme": scheme, "subjects": [HOUSE] });
    json!({ "type": "HazardRouted", "derivation": derivation, "result": { "competent": "fire", "review": review } })
}

fn ordered() -> Value {
    json!({ "type": "RectificationOrdered", "parties": ["y-1"], "days": 15, "document_number": "1", "by": "u-2" })
}

fn notice(about: &str) -> Value {
    json!({
        "type": "NoticeIssued", "kind": "rectification", "about": format!("{HOUSE}/{about}"), "to": "y-1",
        "authority": "a", "document_number": "坪消责改〔2026〕1号", "legal_basis": "l", "handling_officers": ["u-2"],
        "text_version": "1", "on": "2026-03-04", "by": "u-2"
    })
}

fn served() -> Value {
    json!({ "type": "NoticeServed", "method": "direct", "on": "2026-03-05", "witnesses": 0, "by": "u-1" })
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn department(name: &str) -> Vec<Hand> {
    vec![Hand::of_department(Some(Role::DepartmentOfficer), name)]
}

#[test]
fn a_hazard_waits_on_its_department_then_on_the_party_then_on_the_department_again() {
    let mut house = House::new();
    house.assessed("2026-02-01", "a-1");
    house.hears("2026-03-02", "hazard/h-1", &found());
    house.hears("2026-03-02", "hazard/h-1", &routed(&house.scheme()));
    let case = house.case("hazard/h-1");
    assert_eq!((case.matter.stage, &case.matter.waits_on), ("pending_review", &department("fire")));
    assert_eq!(case.matter.deadlines, [Deadline::office("hazard_review", day("2026-03-04"))]);
    assert_eq!((case.opened.position, case.changed.position), (3, 4));

    house.hears(
        "2026-03-03",
        "hazard/h-1",
        &json!({ "type": "HazardReviewed", "outcome": "confirmed", "by": "u-2" }),
    );
    house.hears("2026-03-04", "hazard/h-1", &ordered());
    assert_eq!(house.case("hazard/h-1").matter.waits_on, department("fire"), "nothing is due before service");
    house.hears("2026-03-04", "notice/n-1", &notice("hazard/h-1"));
    house.hears("2026-03-05", "notice/n-1", &served());
    let matter = house.case("hazard/h-1").matter;
    assert_eq!(matter.waits_on, [Hand::of_party(Some("y-1"))]);
    assert_eq!(matter.deadlines, [Deadline::party("rectification", day("2026-03-20"))]);
    assert_eq!(matter.next().unwrap().late_since(day("2026-03-20")), None);
    assert_eq!(matter.next().unwrap().late_since(day("2026-03-25")), Some(day("2026-03-21")));

    house.hears("2026-03-18", "hazard/h-1", &json!({ "type": "RectificationSubmitted", "by": "u-9" }));
    let matter = house.case("hazard/h-1").matter;
    assert_eq!((matter.stage, matter.waits_on), ("submitted", department("fire")));
    assert_eq!(matter.deadlines, [Deadline::office("acceptance", day("2026-03-23"))], "three working days");
    house.hears("2026-03-20", "hazard/h-1", &json!({ "type": "RectificationAccepted", "by": "u-2" }));
    house.hears("2026-03-20", "hazard/h-1", &json!({ "type": "HazardClosed", "how": "rectified" }));
    let gone: Vec<&str> = house.gone.iter().map(|case| case.matter.kind.code()).collect();
    assert_eq!(gone, ["assessment", "hazard", "notice"], "its notice is let go of with it");
    assert!(house.running().is_empty());
}

#[test]
fn a_notice_is_the_offices_until_it_is_served_and_then_tells_the_partys_rights() {
    let mut house = House::new();
    house.assessed("2026-02-01", "a-1");
    let mut issued = notice("grade");
    issued["kind"] = json!("result_notice");
    issued["remedies"] = json!([{ "rule": "appeal_file", "zh": "x", "en": "x" }]);
    house.hears("2026-03-04", "notice/n-1", &issued);
    let matter = house.case("notice/n-1").matter;
    assert_eq!((matter.stage, matter.detail.as_deref()), ("issued", Some("坪消责改〔2026〕1号")));
    assert_eq!(matter.waits_on, [Hand::of_account("u-2"), Hand::of_role(Role::GridWorker)]);
    house.hears("2026-03-05", "notice/n-1", &served());
    assert_eq!(
        house.case("notice/n-1").matter.ended.as_deref(),
        Some("served"),
        "its dates are still to be reckoned"
    );
    let derivation = json!({ "scheme": house.scheme(), "subjects": [HOUSE] });
    let dates =
        json!({ "served_on": "2026-03-05", "dates": [{ "rule": "appeal_file", "due": "2026-03-19" }] });
    let fixed = json!({ "type": "RemedyDatesFixed", "derivation": derivation, "result": dates });
    house.hears("2026-03-05", "notice/n-1", &fixed);
    assert_eq!(house.last_gone(), ("notice", "served"));
    let matter = &house.gone.last().unwrap().matter;
    assert_eq!(matter.deadlines, [Deadline::right("appeal_file", day("2026-03-19"), false)]);
    assert_eq!(
        matter.deadlines[0].late_since(day("2027-01-01")),
        None,
        "a right that ended makes nobody late"
    );
}

#[test]
fn a_lower_grade_waits_on_the_office_the_party_and_the_confirmer_in_turn() {
    let mut house = House::new();
    house.assessed("2026-03-02", "a-1");
    let result = json!({
        "number": 1, "trigger": "first", "assessment": "a-1", "assessed_on": "2026-03-02", "assessor": "u-1",
        "determined_on": "2026-03-02", "earned": 50, "applicable": 100, "score": 50, "aspects": {"x": [1, 2]},
        "points": {"x": [1, 2]}, "failed": ["x"], "band": "", "caps": [], "vetoes": [], "star": 1, "grade": "one_star",
        "direction": "first", "adverse": true, "needs_confirmer": true
    });
    let derivation = json!({ "scheme": house.scheme(), "subjects": [HOUSE] });
    house.hears(
        "2026-03-02",
        "grade",
        &json!({ "type": "GradeDetermined", "derivation": derivation, "result": result }),
    );
    assert_eq!(house.case("grade").matter.stage, "invitation");
    let invited = json!({
        "type": "StatementInvited", "determination": 1, "served_on": "2026-03-04", "method": "post", "by": "u-2"
    });
    house.hears("2026-03-04", "grade", &invited);
    let matter = house.case("grade").matter;
    assert_eq!(matter.deadlines, [Deadline::right("statement", day("2026-03-09"), false)]);
    let until = matter.waits_on[0].until;
    assert_eq!((until, matter.waits_on[1].from), (Some(day("2026-03-09")), Some(day("2026-03-10"))));
    house.hears(
        "2026-03-05",
        "grade",
        &json!({ "type": "StatementMade", "determination": 1, "on": "2026-03-05" }),
    );
    assert_eq!(house.case("grade").matter.stage, "consideration");
    let considered = json!({ "type": "StatementConsidered", "determination": 1, "on": "2026-03-06", "adopted": false, "by": "u-2" });
    house.hears("2026-03-06", "grade", &considered);
    assert_eq!(house.case("grade").matter.waits_on, [Hand::of_role(Role::Confirmer)]);
    let confirmed = json!({
        "type": "AdverseGradeConfirmed", "determination": 1, "on": "2026-03-07", "document_number": "1", "by": "u-3"
    });
    house.hears("2026-03-07", "grade", &confirmed);
    assert_eq!(house.last_gone(), ("grade", "confirmed"));
}

/// A building of one star at the level that asks for a warning, which nobody need confirm.
fn to_be_warned_of(needs_confirmer: bool) -> House {
    let mut house = House::new();
    house.assessed("2026-03-02", "a-1");
    let result = json!({
        "number": 1, "trigger": "first", "assessment": "a-1", "assessed_on": "2026-03-02", "assessor": "u-1",
        "determined_on": "2026-03-02", "earned": 0, "applicable": 100, "score": 0, "aspects": {}, "points": {},
        "failed": [], "band": "", "caps": [], "vetoes": [], "star": 0, "grade": "letting_prohibited",
        "management_level": "prohibited", "direction": "first", "adverse": needs_confirmer,
        "needs_confirmer": needs_confirmer
    });
    let derivation = json!({ "scheme": house.scheme(), "subjects": [HOUSE] });
    let determined = json!({ "type": "GradeDetermined", "derivation": derivation, "result": result });
    house.hears("2026-03-02", "grade", &determined);
    house
}

#[test]
fn that_people_are_to_be_warned_is_in_the_list_of_the_subdistrict_until_somebody_does() {
    let mut house = to_be_warned_of(false);
    let matter = house.case(WARNING).matter;
    assert_eq!((matter.kind, matter.stage, matter.about.as_str()), (Kind::Duty, "owed", "risk_notice"));
    assert_eq!(matter.waits_on, [Hand::of_role(Role::StreetLead)]);
    assert_eq!(matter.deadlines, [Deadline::office("risk_notice", day("2026-03-03"))]);
    assert_eq!(matter.next().unwrap().late_since(day("2026-03-05")), Some(day("2026-03-04")), "it is late");
    let mut warning = notice("grade");
    warning["kind"] = json!("risk_notice");
    house.hears("2026-03-05", "notice/n-1", &warning);
    assert_eq!(house.case(WARNING).matter.stage, "owed", "written, and nobody was told yet");
    let served = json!({ "type": "NoticeServed", "method": "direct", "on": "2026-03-06", "witnesses": 0, "by": "u-1" });
    house.hears("2026-03-06", "notice/n-1", &served);
    assert!(house.running().iter().all(|matter| matter.stream != format!("{HOUSE}/{WARNING}")));
    let ended = house.gone.iter().find(|case| case.matter.kind == Kind::Duty).unwrap();
    assert_eq!(ended.matter.ended.as_deref(), Some("done"));
}

#[test]
fn a_grade_that_waits_for_a_person_and_the_warning_of_it_are_two_matters_of_two_hands() {
    let mut house = to_be_warned_of(true);
    let grade = house.case("grade").matter;
    assert_eq!(grade.stage, "invitation");
    assert!(grade.deadlines.is_empty(), "nobody else is late with the warning: {grade:?}");
    let warning = house.case(WARNING).matter;
    assert_eq!((warning.waits_on, warning.stage), (vec![Hand::of_role(Role::StreetLead)], "owed"));
    let confirmed = json!({
        "type": "AdverseGradeConfirmed", "determination": 1, "on": "2026-03-04", "document_number": "1", "by": "u-3"
    });
    house.hears("2026-03-04", "grade", &confirmed);
    assert_eq!(house.last_gone(), ("grade", "confirmed"));
    let case = house.case(WARNING);
    assert_eq!((case.matter.stage, case.opened.on), ("owed", day("2026-03-02")), "it goes on as it was");
    house.hears_of_itself(
        "2026-03-09",
        &json!({ "type": "PremisesClosed", "on": "2026-03-09", "why": "demolished" }),
    );
    assert!(house.running().iter().all(|matter| matter.kind != Kind::Duty), "nobody lives there any more");
    assert!(house.gone.iter().any(|case| {
        case.matter.stream.ends_with(WARNING) && case.matter.ended.as_deref() == Some("fell_away")
    }));
}

#[test]
fn what_the_office_owes_by_a_grade_is_in_the_list_of_the_subdistrict_until_it_is_done() {
    let mut house = to_be_warned_of(false);
    let owed = |house: &House| -> Vec<(String, String, Option<String>)> {
        let duties = house.running().into_iter().filter(|matter| matter.kind == Kind::Duty);
        duties.map(|of| (of.about, of.deadlines[0].due.to_string(), of.detail)).collect()
    };
    let of = |rule: &str, due: &str| (rule.to_owned(), due.to_owned(), Some("3".to_owned()));
    // by the policy: the warning and the supervision plaque in a day, the result and the grade plaque in five working days
    let (warning, told) = (of("risk_notice", "2026-03-03"), of("result_notice", "2026-03-09"));
    let (posted, put_up) = (of("plaque_post", "2026-03-09"), of("plaque_put_up", "2026-03-03"));
    assert_eq!(owed(&house), [told.clone(), posted, put_up.clone(), warning.clone()]);
    let hung = json!({ "type": "PlaqueHung", "plaque": "grade_plaque", "shows": 0, "place": "entrance", "on": "2026-03-04", "by": "u-1" });
    house.hears("2026-03-04", "grade", &hung);
    assert_eq!(owed(&house), [told, put_up.clone(), warning.clone()]);
    assert_eq!(house.last_gone(), ("duty", "done"));
    let mut result = notice("grade");
    result["kind"] = json!("result_notice");
    house.hears("2026-03-05", "notice/n-1", &result);
    let served = json!({ "type": "NoticeServed", "method": "direct", "on": "2026-03-06", "witnesses": 0, "by": "u-1" });
    house.hears("2026-03-06", "notice/n-1", &served);
    assert_eq!(owed(&house), [put_up, warning]);
}

#[test]
fn a_result_that_a_newer_one_came_before_is_told_by_the_newer_one_alone() {
    let mut house = to_be_warned_of(false);
    let told = house.case("grade/result_notice");
    say(&mut house, 21, 1, 90);
    let newer = house.case("grade/result_notice");
    assert_ne!((told.matter.detail, told.opened), (newer.matter.detail, newer.opened));
    let ended = house.gone.iter().find(|case| case.matter.stream.ends_with("result_notice")).unwrap();
    assert_eq!(ended.matter.ended.as_deref(), Some("fell_away"));
}

const WARNING: &str = "grade/risk_notice";

#[test]
fn an_answered_report_comes_up_again_and_keeps_the_day_it_came() {
    let mut house = House::new();
    let key = "report/0190a3c27b1e7c559f006a1d";
    house.hears("2026-03-02", key, &json!({ "type": "ReportFiled", "category": "fire" }));
    let matter = house.case(key).matter;
    assert_eq!(matter.tracking.as_deref(), Some("0190a3c27b1e7c559f006a1d"));
    house.hears("2026-03-03", key, &json!({ "type": "ReportDismissed", "why": "not_found", "by": "u-1" }));
    house.hears("2026-03-04", key, &json!({ "type": "ReportAnswered", "answer": "not_found", "by": "u-1" }));
    assert_eq!(house.case(key).ended.unwrap().position, 3);
    house.hears("2026-03-09", key, &json!({ "type": "ReportReopened" }));
    let case = house.case(key);
    assert_eq!((case.opened.position, case.ended, case.matter.stage), (1, None, "received"));
}

/// Something that may be said of the house, if it fits where the house stands.
fn say(house: &mut House, kind: usize, case: usize, n: usize) {
    let on = crate::calendar::add_days(day("2026-01-05"), u32::try_from(n).unwrap()).to_string();
    let scheme = house.scheme();
    let (key, subject) = (format!("c-{case}"), &house.subject);
    let hazard = subject.hazards.get(&key).map(|of| of.state.stage);
    let closed = hazard == Some(crate::hazard::Stage::Closed);
    let unserved =
        subject.notices.get(&key).is_some_and(|of| of.state.issued.is_some() && of.state.served.is_none());
    let disputed = subject.disputes.get(&key).is_some_and(|of| of.state.outcome.is_none());
    let derived = |event: &str, result: Value| json!({ "type": event, "derivation": { "scheme": scheme, "subjects": [HOUSE] }, "result": result });
    let against = json!({ "stream": format!("{HOUSE}/grade"), "determination": 1 });
    let level = ["prohibited", "strict", "prohibited", "normal"][n % 4];
    let plaque = ["grade_plaque", "supervision_plaque"][case % 2];
    let (of, event) = match kind {
        0 if !subject.assessments.contains_key(&key) => (
            "assessment",
            json!({ "type": "AssessmentOpened", "scheme": scheme, "reason": "periodic", "lead": "u-1" }),
        ),
        1 => ("assessment", json!({ "type": "AssessmentSubmitted", "by": "u-1" })),
        2 if hazard.is_none() => {
            let mut found = found();
            if let Some(newest) = subject.grade.latest.as_ref().filter(|_| n.is_multiple_of(2)) {
                found["caused_by"] = json!(format!("{HOUSE}/assessment/{}", newest.assessment));
            }
            ("hazard", found)
        }
        3 if hazard.is_some() && !closed => ("hazard", routed(&scheme)),
        4 if hazard.is_some() && !closed => {
            ("hazard", json!({ "type": "HazardReviewed", "outcome": "confirmed", "by": "u-2" }))
        }
        5 if hazard.is_some() && !closed => ("hazard", ordered()),
        6 if hazard.is_some() && !closed => {
            ("hazard", json!({ "type": "RectificationSubmitted", "by": "u-9" }))
        }
        7 if hazard.is_some() => ("hazard", json!({ "type": "HazardClosed", "how": "rectified" })),
        8 if !subject.notices.contains_key(&key) => ("notice", notice(&format!("hazard/c-{}", n % 2))),
        9 if unserved => (
            "notice",
            json!({
                "type": "NoticeServed", "method": "direct", "on": on, "witnesses": 0, "by": "u-1"
            }),
        ),
        10 if subject.notices.contains_key(&key) => {
            let mut again = notice(&format!("hazard/c-{}", n % 2));
            again["type"] = json!("NoticeReissued");
            again["why"] = json!("wrong_date");
            ("notice", again)
        }
        11 if !subject.appeals.contains_key(&key) => (
            "appeal",
            json!({ "type": "AppealFiled", "against": against, "on": on, "authorised": true, "by": "u-9" }),
        ),
        12 if subject.appeals.get(&key).is_some_and(|of| of.state.stage == crate::appeal::Stage::Filed) => (
            "appeal",
            json!({
                "type": "AppealAdmitted", "on": on, "decide_by": on, "safety_measures_suspended": false, "by": "u-8"
            }),
        ),
        13 if subject.appeals.get(&key).is_some_and(|of| of.state.is_open()) => {
            ("appeal", json!({ "type": "AppealWithdrawn", "on": on, "by": "u-9" }))
        }
        14 if !subject.reports.contains_key(&key) => {
            ("report", json!({ "type": "ReportFiled", "category": "gas" }))
        }
        15 if subject.reports.contains_key(&key) => {
            ("report", json!({ "type": "ReportAnswered", "answer": "unfixed", "by": "u-1" }))
        }
        16 if subject.reports.contains_key(&key) => ("report", json!({ "type": "ReportReopened" })),
        17 if !subject.tasks.contains_key(&key) => (
            "task",
            json!({ "type": "TaskDispatched", "kind": "visit", "to": "fire", "due": on, "by": "u-5" }),
        ),
        18 if subject.tasks.contains_key(&key) => ("task", json!({ "type": "TaskDone", "by": "u-1" })),
        19 if !subject.reevaluations.contains_key(&key) => (
            "reevaluation",
            json!({ "type": "ReevaluationRequested", "why": "rectified", "on": on, "photos": 0, "by": "u-9" }),
        ),
        20 if subject.reevaluations.get(&key).is_some_and(|of| of.state.answer.is_none())
            && subject.assessments.contains_key(&format!("c-{}", n % 3)) =>
        {
            (
                "reevaluation",
                json!({ "type": "ReevaluationGranted", "assessment": format!("c-{}", n % 3), "on": on, "by": "u-1" }),
            )
        }
        21 => (
            "grade",
            derived(
                "GradeDetermined",
                json!({
                    "number": subject.grade.count + 1, "trigger": "first", "assessment": key, "assessed_on": on,
                    "assessor": "u-1", "determined_on": on, "earned": 50, "applicable": 100, "score": 50, "aspects": {},
                    "points": {}, "failed": [], "band": "", "caps": [], "vetoes": [], "star": 1, "grade": "one_star",
                    "management_level": level,
                    "direction": "first", "adverse": true, "needs_confirmer": n.is_multiple_of(2)
                }),
            ),
        ),
        22 => (
            "grade",
            json!({
                "type": "AdverseGradeRefused", "determination": subject.grade.count, "by": "u-3"
            }),
        ),
        23 => (
            "grade",
            json!({
                "type": "StatementInvited", "determination": subject.grade.count, "served_on": on, "method": "post", "by": "u-2"
            }),
        ),
        24 if !subject.incidents.contains_key(&key) => (
            "incident",
            json!({
                "type": "IncidentRecorded", "source": "fire", "source_id": key, "category": "fire", "severity": "general",
                "happened_at": "2026-01-01T02:00:00Z"
            }),
        ),
        25 if subject.incidents.contains_key(&key) => {
            ("incident", json!({ "type": "IncidentConfirmed", "by": "u-2" }))
        }
        26 if !subject.disputes.contains_key(&key) => {
            let against = match n % 3 {
                0 => json!({ "stream": format!("{HOUSE}/hazard/c-{case}") }),
                number => json!({ "stream": format!("{HOUSE}/grade"), "determination": number }),
            };
            (
                "dispute",
                json!({
                    "type": "DisputeNotified", "kind": "litigation", "body": "x", "document_number": "1",
                    "against": against, "received_on": on, "reply_by": on, "by": "u-8"
                }),
            )
        }
        27 if disputed => {
            let until = n.is_multiple_of(2).then(|| crate::calendar::add_days(day(&on), 4));
            (
                "dispute",
                json!({ "type": "SuspensionOrdered", "document_number": "2", "until": until, "by": "u-8" }),
            )
        }
        28 if disputed => (
            "dispute",
            json!({ "type": "OutcomeRecorded", "finding": "upheld", "document_number": "3", "on": on, "by": "u-8" }),
        ),
        29 => (
            "grade",
            json!({
                "type": "AdverseGradeConfirmed", "determination": subject.grade.count, "on": on,
                "document_number": "1", "by": "u-3"
            }),
        ),
        30 if !subject.notices.contains_key(&key) => {
            let mut told = notice("grade");
            told["kind"] = json!(if n.is_multiple_of(2) { "risk_notice" } else { "result_notice" });
            ("notice", told)
        }
        31 if subject.grade.latest.is_some() => (
            "grade",
            derived(
                "GradeSetAside",
                json!({
                    "determination": subject.grade.count, "origin": "appeal", "on": on,
                    "decided_in": format!("{HOUSE}/appeal/c-{case}")
                }),
            ),
        ),
        32 if n.is_multiple_of(9) => {
            ("premises", json!({ "type": "PremisesClosed", "on": on, "why": "demolished" }))
        }
        33 => (
            "grade",
            json!({
                "type": "PlaqueHung", "plaque": plaque, "shows": (n % 2).checked_sub(1), "place": "entrance", "on": on, "by": "u-1"
            }),
        ),
        34 => {
            ("grade", json!({ "type": "PlaqueRemoved", "plaque": plaque, "why": "w", "on": on, "by": "u-1" }))
        }
        35 => ("grade", json!({ "type": "PlaqueFoundMissing", "plaque": plaque, "on": on, "by": "u-1" })),
        _ => return,
    };
    let stream = if of == "premises" {
        house.hears_of_itself(&on, &event);
        return;
    } else if of == "grade" {
        of.to_owned()
    } else {
        format!("{of}/c-{case}")
    };
    house.hears(&on, &stream, &event);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_docket_tells_what_runs_as_the_whole_house_does(
        said in prop::collection::vec((0..36_usize, 0..3_usize), 1..90), written_at in 1..7_usize,
    ) {
        let mut house = House::new();
        for (n, (kind, case)) in said.into_iter().enumerate() {
            say(&mut house, kind, case, n);
            prop_assert_eq!(house.running(), house.whole(), "after {} of {}", kind, case);
            if n % written_at == 0 {
                let text = serde_json::to_string(&house.docket).unwrap();
                house.docket = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(&serde_json::to_string(&house.docket).unwrap(), &text);
            }
        }
        let streams: Vec<String> = house.gone.iter().map(|case| case.matter.stream.clone()).collect();
        for case in house.docket.cases(HOUSE, &house.shelf).iter().filter(|case| ![Kind::Duty, Kind::Grade].contains(&case.matter.kind)) {
            let again = case.matter.kind == Kind::Notice;
            prop_assert!(again || !streams.contains(&case.matter.stream), "{} is there twice", case.matter.stream);
        }
    }
}

const HOUSE: &str = "premises/p-1";

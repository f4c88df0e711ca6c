//! What the lists of the office tell, given what was said.

use serde_json::{Value, json};
use wuping_domain::facts::{Actor, Grant, Role};
use wuping_domain::matter::{Kind, sights};
use wuping_domain::rulebook::Layer;

use crate::build::{Plan, build};
use crate::pool::Views;
use crate::queries::{MatterFilter, MatterView, Page, WaitingHand, WaitingOn, WorkerDay};
use crate::test_log::TestLog;

const TODAY: &str = "2026-03-25";

fn actor(role: Role, department: Option<&str>, area: Option<&str>, party: Option<&str>) -> Actor {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let grant = Grant { role, department: text(department), area: text(area), party: text(party) };
    Actor { account: format!("u-{}", role.code()), grants: vec![grant], received: false }
}

fn found(competent: &str) -> Value {
    json!({
        "type": "HazardFound", "indicator": "B-A1", "severity": "serious", "works": "repair", "competent": competent,
        "source": "patrol", "by": "u-1"
    })
}

/// Two houses in two subdistricts: in 石井 a hazard ordered and served, its notice, a report and a task; in 碧岭 a hazard of
/// another department to be reviewed.
fn district() -> TestLog {
    let mut log = TestLog::new();
    log.register("b-1", json!({"layer": "building", "grid_cell": "g-1"}));
    log.register("b-2", json!({"layer": "building", "subdistrict": "碧岭", "grid_cell": "g-2"}));
    let scheme = log.scheme("pingshan", Layer::Building);
    for house in ["b-1", "b-2"] {
        let assessment = format!("premises/{house}/assessment/a-1");
        let opened = json!({"type": "AssessmentOpened", "scheme": scheme, "reason": "first", "lead": "u-1"});
        log.say(&assessment, "2026-02-01", &opened);
        log.say(&assessment, "2026-02-01", &json!({"type": "AssessmentSubmitted", "by": "u-1"}));
    }
    log.say(
        "premises/b-1",
        "2026-02-01",
        &json!({"type": "ResponsiblePartyNamed", "party": "y-1", "role": "owner"}),
    );
    log.say("premises/b-1", "2026-02-01", &json!({"type": "StewardAppointed", "account": "u-steward"}));
    let hazard = "premises/b-1/hazard/h-1";
    log.say(hazard, "2026-03-02", &found("fire"));
    log.say(hazard, "2026-03-03", &json!({"type": "HazardReviewed", "outcome": "confirmed", "by": "u-2"}));
    let ordered = json!({"type": "RectificationOrdered", "parties": ["y-1"], "days": 7, "document_number": "1", "by": "u-2"});
    log.say(hazard, "2026-03-04", &ordered);
    let issued = json!({
        "type": "NoticeIssued", "kind": "rectification", "about": hazard, "to": "y-1", "authority": "a",
        "document_number": "坪消责改〔2026〕1号", "legal_basis": "l", "handling_officers": ["u-2"], "text_version": "1",
        "on": "2026-03-04", "by": "u-2"
    });
    log.say("premises/b-1/notice/n-1", "2026-03-04", &issued);
    let served =
        json!({"type": "NoticeServed", "method": "direct", "on": "2026-03-05", "witnesses": 0, "by": "u-1"});
    log.say("premises/b-1/notice/n-1", "2026-03-05", &served);
    log.say(
        "premises/b-1/report/0190a3c27b1e7c559f006a1d",
        "2026-03-06",
        &json!({"type": "ReportFiled", "category": "gas"}),
    );
    let task =
        json!({"type": "TaskDispatched", "kind": "visit", "to": "fire", "due": "2026-03-30", "by": "u-5"});
    log.say("premises/b-1/task/t-1", "2026-03-06", &task);
    log.say("premises/b-2/hazard/h-1", "2026-03-06", &found("housing"));
    log
}

fn views(log: &mut TestLog) -> Views {
    log.commit();
    build(&log.reader, &log.rulebooks(), &Plan::of_all(&log.views_path()), |_| ()).unwrap();
    Views::at(&log.views_path())
}

fn all_of(actor: &Actor) -> MatterFilter {
    MatterFilter::running(sights(actor), TODAY.parse().unwrap())
}

fn seen(views: &Views, filter: &MatterFilter) -> Vec<String> {
    let listed = views.matters(filter, None, 50).unwrap();
    assert_eq!(listed.total, listed.rows.len() as u64);
    listed.rows.iter().map(|row| row.stream.trim_start_matches("premises/").to_owned()).collect()
}

fn waiting(views: &Views, actor: &Actor) -> Vec<String> {
    seen(views, &MatterFilter { waiting_on: Some(WaitingOn::person(actor)), ..all_of(actor) })
}

const REPORT: &str = "b-1/report/0190a3c27b1e7c559f006a1d";

#[test]
fn each_is_shown_what_waits_on_it_and_nobody_else() {
    let mut log = district();
    let views = views(&mut log);
    assert_eq!(waiting(&views, &actor(Role::DepartmentOfficer, Some("fire"), None, None)), ["b-1/task/t-1"]);
    assert_eq!(
        waiting(&views, &actor(Role::DepartmentOfficer, Some("housing"), None, None)),
        ["b-2/hazard/h-1"]
    );
    assert_eq!(waiting(&views, &actor(Role::GridWorker, None, Some("石井"), None)), [REPORT]);
    assert!(waiting(&views, &actor(Role::GridWorker, None, Some("碧岭"), None)).is_empty());
    assert_eq!(waiting(&views, &actor(Role::Owner, None, None, Some("y-1"))), ["b-1/hazard/h-1"]);
    assert!(waiting(&views, &actor(Role::Owner, None, None, Some("y-2"))).is_empty());
    assert!(waiting(&views, &actor(Role::Confirmer, None, None, None)).is_empty());
}

#[test]
fn each_reads_what_it_may() {
    let mut log = district();
    let views = views(&mut log);
    let everything = ["b-1/hazard/h-1", "b-1/task/t-1", REPORT, "b-2/hazard/h-1"];
    assert_eq!(seen(&views, &all_of(&actor(Role::LegalOfficer, None, None, None))), everything);
    assert_eq!(seen(&views, &all_of(&actor(Role::StreetLead, None, Some("碧岭"), None))), ["b-2/hazard/h-1"]);
    assert_eq!(
        seen(&views, &all_of(&actor(Role::Owner, None, None, Some("y-1")))),
        ["b-1/hazard/h-1"],
        "no report"
    );
    assert!(seen(&views, &all_of(&actor(Role::DataClerk, None, None, None))).is_empty());
    assert!(seen(&views, &MatterFilter::running(vec![], TODAY.parse().unwrap())).is_empty(), "the public");
    let steward = Actor { account: "u-steward".into(), ..actor(Role::Steward, None, None, None) };
    assert_eq!(seen(&views, &all_of(&steward)), ["b-1/hazard/h-1"]);
    let other = sights(&actor(Role::Owner, None, None, Some("y-2")));
    let today = TODAY.parse().unwrap();
    assert_eq!(views.matter("premises/b-1/hazard/h-1", &other, today).unwrap(), None);
    assert_eq!(views.matter(&format!("premises/{REPORT}"), &sights(&steward), today).unwrap(), None);
}

#[test]
fn a_row_tells_both_times_its_deadlines_and_whose_lateness_it_is() {
    let mut log = district();
    let views = views(&mut log);
    let legal = actor(Role::LegalOfficer, None, None, None);
    let today = TODAY.parse().unwrap();
    let row: MatterView = views.matter("premises/b-1/hazard/h-1", &sights(&legal), today).unwrap().unwrap();
    assert_eq!((row.kind, row.stage.as_str(), row.about.as_str()), (Kind::Hazard, "rectifying", "B-A1"));
    assert_eq!((row.building.as_deref(), row.subdistrict.as_deref()), (Some("b-1"), Some("石井")));
    let due = row.due.unwrap();
    assert_eq!((due.rule.as_str(), due.due.to_string().as_str()), ("rectification", "2026-03-12"));
    assert_eq!(row.overdue_since.unwrap().to_string(), "2026-03-13");
    assert_eq!(row.waits_on[0].party.as_deref(), Some("y-1"));
    assert_eq!(row.opened_at.to_rfc3339(), "2026-03-02T02:00:00+00:00", "as claimed");
    assert_eq!(row.opened_recorded_at.to_rfc3339(), "2026-03-02T02:10:00+00:00", "as received");
    assert!(row.changed_position > row.position);
    let late = views.late_hands(&all_of(&legal)).unwrap();
    assert_eq!(late.len(), 1);
    assert_eq!((late[0].role.as_deref(), late[0].matters), (Some("owner"), 1));
    let overdue = MatterFilter { overdue: true, ..all_of(&legal) };
    assert_eq!(seen(&views, &overdue), ["b-1/hazard/h-1"]);
    let counted = views.matters_counted(&all_of(&legal)).unwrap();
    assert_eq!((counted[&Kind::Hazard].total, counted[&Kind::Hazard].overdue), (2, 1));
    assert_eq!(counted[&Kind::Task].overdue, 0);
}

#[test]
fn lists_are_cut_where_the_one_before_ended_and_filtered_as_asked() {
    let mut log = district();
    let views = views(&mut log);
    let all = all_of(&actor(Role::LegalOfficer, None, None, None));
    let (mut streams, mut after) = (vec![], None);
    loop {
        let part = views.matters(&all, after.as_deref(), 1).unwrap();
        assert_eq!(part.total, 4);
        streams.extend(part.rows.into_iter().map(|row| row.stream));
        after = part.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(streams.len(), 4);
    assert_eq!(seen(&views, &MatterFilter { kind: Some(Kind::Task), ..all.clone() }), ["b-1/task/t-1"]);
    assert_eq!(seen(&views, &MatterFilter { area: Some("碧岭".into()), ..all.clone() }), ["b-2/hazard/h-1"]);
    assert_eq!(
        seen(&views, &MatterFilter { department: Some("housing".into()), ..all.clone() }),
        ["b-2/hazard/h-1"]
    );
    let stage = Some("pending_review".to_owned());
    assert_eq!(seen(&views, &MatterFilter { stage, ..all.clone() }), ["b-2/hazard/h-1"]);
    assert_eq!(seen(&views, &MatterFilter { party: Some("y-1".into()), ..all.clone() }).len(), 3);
    let hand = WaitingHand::Office { role: None, department: Some("housing".into()), area: None };
    let on = Some(WaitingOn { any: vec![hand] });
    assert_eq!(seen(&views, &MatterFilter { waiting_on: on, ..all.clone() }), ["b-2/hazard/h-1"]);
    let mut ended = seen(&views, &MatterFilter { ended: true, ..all });
    ended.sort();
    assert_eq!(ended, ["b-1/assessment/a-1", "b-1/notice/n-1", "b-2/assessment/a-1"]);
}

#[test]
fn a_reporter_follows_the_report_by_its_number_alone() {
    let mut log = district();
    let views = views(&mut log);
    let today = TODAY.parse().unwrap();
    let found = views.report_by_number("0190a3c27b1e7c559f006a1d", today).unwrap().unwrap();
    assert_eq!((found.stage.as_str(), found.about.as_str()), ("received", "gas"));
    assert_eq!(views.report_by_number("0190a3c2", today).unwrap(), None);
}

#[test]
fn a_day_of_rounds_lies_in_the_order_of_the_route() {
    let mut log = TestLog::new();
    let scheme = log.scheme("pingshan", Layer::Building);
    for (n, house) in ["b-1", "b-2", "b-3", "b-4"].into_iter().enumerate() {
        let address = format!("坪山区石井街道田头社区{}号", 9 - n);
        let area = if house == "b-4" { "碧岭" } else { "石井" };
        log.register(
            house,
            json!({"layer": "building", "grid_cell": "g-1", "subdistrict": area, "address": address}),
        );
        let graded = crate::test_log::Graded {
            assessment: "a-1",
            assessed_on: "2026-02-01",
            layer: Layer::Building,
            on: "2026-02-01",
            star: 1,
            waits: false,
        };
        log.determine(house, &graded);
        let result = json!({"counted_from": "2026-02-01", "due": "2026-02-08", "rule": "week"});
        let derivation = json!({"scheme": scheme, "subjects": [format!("premises/{house}")]});
        let assigned = json!({"type": "PatrolAssigned", "derivation": derivation, "result": result});
        log.say(&format!("premises/{house}/patrol/2026"), "2026-02-01", &assigned);
    }
    let given = |route: &str| json!({"type": "PatrolReassigned", "due": "2026-02-08", "to": "u-7", "route": route, "by": "u-5"});
    log.say("premises/b-1/patrol/2026", "2026-02-02", &given("r-2"));
    log.say("premises/b-4/patrol/2026", "2026-02-02", &given("r-1"));
    let views = views(&mut log);
    let day = |day: &str, areas| WorkerDay { worker: "u-7".into(), areas, day: day.parse().unwrap() };
    let rounds = |of: WorkerDay| -> Vec<String> {
        views.patrols_of(&of, Page::of(1)).unwrap().rows.into_iter().map(|row| row.premises).collect()
    };
    assert_eq!(rounds(day("2026-02-08", vec![Some("石井".into())])), ["b-4", "b-1", "b-3", "b-2"]);
    assert_eq!(rounds(day("2026-02-08", vec![])), ["b-4", "b-1"], "only what was given to the person");
    assert!(rounds(day("2026-02-07", vec![None])).is_empty(), "nothing is due before");
}

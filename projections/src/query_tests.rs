//! What pages are told.

use serde_json::json;
use wuping_domain::account::Standing;
use wuping_domain::rulebook::Layer;

use crate::build::{Plan, build};
use crate::held::CAPACITY;
use crate::pool::Views;
use crate::queries::{AssessmentFilter, BoardFilter, HazardFilter, Page, PatrolFilter, SearchFilter};
use crate::test_log::{Graded, TestLog, day};

const BUILDING: Graded<'_> = Graded {
    assessment: "a-1",
    assessed_on: "2026-02-01",
    layer: Layer::Building,
    on: "2026-02-01",
    star: 5,
    waits: false,
};

/// A building with two units in 石井, another one in 碧岭.
fn district() -> TestLog {
    let mut log = TestLog::new();
    let house = |code: &str| json!({"house_code": code, "rsn": code});
    log.register("b-1", json!({"layer": "building", "name": "幸福楼", "codes": house("4403100001")}));
    for (id, code) in [("u-1", "4403100001000001"), ("u-2", "4403100001000002")] {
        let address = format!("坪山区石井街道田头社区1号{id}房");
        log.register(id, json!({"layer": "unit", "parent": "b-1", "codes": house(code), "address": address}));
    }
    let other = json!({"layer": "building", "subdistrict": "碧岭", "address": "245-247 LOGAN Ave", "codes": house("AB 77")});
    log.register("b-2", other);
    log
}

fn views(log: &mut TestLog) -> Views {
    log.commit();
    let plan = Plan::of_all(&log.views_path());
    build(&log.reader, &log.rulebooks(), &plan, |_| ()).unwrap();
    Views::at(&log.views_path())
}

fn found(views: &Views, text: &str) -> Vec<String> {
    let found = views.search(text, &SearchFilter::default(), Page::of(1)).unwrap();
    assert_eq!(found.total, found.rows.len() as u64);
    found.rows.into_iter().map(|line| line.id).collect()
}

#[test]
fn premises_are_found_by_what_people_write() {
    let mut log = district();
    let views = views(&mut log);
    assert_eq!(found(&views, "田头"), ["b-1", "u-1", "u-2"], "two characters");
    assert_eq!(found(&views, "幸"), ["b-1"], "one character, in the name");
    assert_eq!(found(&views, "logan"), ["b-2"], "any case");
    assert_eq!(found(&views, "LOG 24"), ["b-2"], "beginnings of words, in any order");
    assert_eq!(
        found(&views, "4403100001"),
        ["b-1", "u-1", "u-2"],
        "the exact code first, then those that begin so"
    );
    assert_eq!(found(&views, "ab77"), ["b-2"], "a code without its blanks");
    assert_eq!(found(&views, "u-2"), ["u-2"], "an id");
    assert!(found(&views, "田山").is_empty());
    assert!(found(&views, "田头 logan").is_empty(), "all of it must occur");
    let only = SearchFilter { layer: Some(Layer::Unit), ..SearchFilter::default() };
    let page = views.search("田头", &only, Page { number: 2, size: 1 }).unwrap();
    assert_eq!((page.rows[0].id.as_str(), page.page, page.pages, page.total), ("u-2", 2, 2, 2));
    assert_eq!(views.search(" ", &only, Page::of(1)).unwrap().total, 2, "all that the filter lets through");
}

#[test]
fn premises_are_found_under_their_new_address_only() {
    let mut log = district();
    let views = views(&mut log);
    let mut projector =
        crate::projector::Projector::open(&log.views_path(), log.rulebooks(), CAPACITY).unwrap();
    let changes = json!({"address": "坪山区龙田街道9号", "codes": {"house_code": "99"}});
    log.say(
        "premises/b-1",
        "2026-01-05",
        &json!({"type": "PremisesAmended", "why": "misread", "changes": changes}),
    );
    log.commit();
    projector.catch_up(&log.reader).unwrap();
    assert_eq!(found(&views, "田头"), ["u-1", "u-2"]);
    assert_eq!(found(&views, "龙田"), ["b-1"]);
    assert_eq!(views.premises_by_code("99").unwrap().unwrap().id, "b-1");
    assert_eq!(
        views.premises_by_code("4403100001").unwrap().unwrap().id,
        "b-1",
        "the code of another scheme stands"
    );
}

#[test]
fn what_waits_for_a_confirmation_does_not_bind() {
    let mut log = district();
    log.determine("b-1", &BUILDING);
    let lowered = Graded {
        assessment: "a-2",
        assessed_on: "2026-03-01",
        on: "2026-03-01",
        star: 1,
        waits: true,
        ..BUILDING
    };
    let number = log.determine("b-1", &lowered);
    let views = views(&mut log);
    let mut projector =
        crate::projector::Projector::open(&log.views_path(), log.rulebooks(), CAPACITY).unwrap();
    let grade = views.subject_view("b-1").unwrap().unwrap().grade.unwrap();
    assert_eq!((grade.in_force.unwrap().star, grade.latest.unwrap().star), (Some(5), Some(1)));
    assert_eq!(grade.waiting_for.as_deref(), Some("invitation"));
    let waiting = views.waiting_confirmations(Page::of(1)).unwrap();
    assert_eq!(
        (waiting.total, waiting.rows[0].premises.id.as_str(), waiting.rows[0].premises.star),
        (1, "b-1", Some(5))
    );

    for (event, waits_for) in [
        (
            json!({"type": "StatementInvited", "determination": number, "served_on": "2026-03-02", "method": "post", "by": "u-2"}),
            "statement",
        ),
        (json!({"type": "StatementMade", "determination": number, "on": "2026-03-03"}), "consideration"),
        (
            json!({"type": "StatementConsidered", "determination": number, "on": "2026-03-04", "adopted": false, "by": "u-2"}),
            "confirmation",
        ),
    ] {
        log.say("premises/b-1/grade", "2026-03-04", &event);
        log.commit();
        projector.catch_up(&log.reader).unwrap();
        let waiting = views.waiting_confirmations(Page::of(1)).unwrap();
        assert_eq!(waiting.rows[0].grade.waiting_for.as_deref(), Some(waits_for));
    }
    let confirmed = json!({
        "type": "AdverseGradeConfirmed", "determination": number, "on": "2026-03-10", "document_number": "1", "by": "u-9"
    });
    let position = log.say("premises/b-1/grade", "2026-03-10", &confirmed);
    log.commit();
    projector.catch_up(&log.reader).unwrap();
    let grade = views.subject_view("b-1").unwrap().unwrap().grade.unwrap();
    let binds = grade.in_force.unwrap();
    assert_eq!(
        (binds.star, binds.day.to_string().as_str(), grade.waiting_for),
        (Some(1), "2026-03-10", None)
    );
    let history = views.grade_history("b-1").unwrap();
    let kinds: Vec<_> = history.iter().map(|line| (line.kind.as_str(), line.in_force)).collect();
    assert_eq!(kinds, [("in_force", true), ("determined", false), ("determined", true)]);
    assert_eq!((history[0].position, history[0].trigger.as_deref()), (position, Some("confirmed")));
    assert_eq!(views.waiting_confirmations(Page::of(1)).unwrap().total, 0);
}

#[test]
fn a_result_taken_off_the_public_pages_gives_way_to_the_one_before() {
    let mut log = district();
    log.determine("b-1", &BUILDING);
    log.determine(
        "b-1",
        &Graded { assessment: "a-2", assessed_on: "2026-04-01", on: "2026-04-01", star: 2, ..BUILDING },
    );
    for (event, on) in [("GradeUnpublished", "2026-05-01"), ("GradePublished", "2026-06-01")] {
        log.say(
            "premises/b-1/grade",
            on,
            &json!({"type": event, "assessment": "a-2", "why": "not_in_publication"}),
        );
    }
    let views = views(&mut log);
    let history = views.grade_history("b-1").unwrap();
    let shown: Vec<_> = history
        .iter()
        .map(|line| {
            (
                line.kind.as_str(),
                line.effective_from.unwrap().to_string(),
                line.result.as_ref().unwrap().star.unwrap(),
            )
        })
        .collect();
    let due = [
        ("in_force", "2026-06-01", 2),
        ("in_force", "2026-05-01", 5),
        ("determined", "2026-04-01", 2),
        ("determined", "2026-02-01", 5),
    ];
    assert_eq!(shown, due.map(|(kind, on, star)| (kind, on.to_owned(), star)));
}

#[test]
fn the_board_counts_what_is_open_and_in_force() {
    let mut log = district();
    log.determine("b-1", &BUILDING);
    log.determine("u-1", &Graded { layer: Layer::Unit, star: 2, ..BUILDING });
    log.determine("u-2", &Graded { layer: Layer::Unit, star: 2, ..BUILDING });
    log.say(
        "premises/u-2",
        "2026-02-02",
        &json!({"type": "PremisesClosed", "on": "2026-02-02", "why": "merged"}),
    );
    let views = views(&mut log);
    let all = views.subdistricts().unwrap();
    let numbers: Vec<_> =
        all.iter().map(|line| (line.subdistrict.as_str(), line.premises, line.graded)).collect();
    assert_eq!(numbers, [("石井", 2, 2), ("碧岭", 1, 0)]);
    let board = views.board(Some("石井"), &BoardFilter::default(), Page::of(1)).unwrap();
    assert_eq!(board.rows.iter().map(|line| line.id.as_str()).collect::<Vec<_>>(), ["b-1", "u-1"]);
    assert_eq!(board.total, 2);
    let yellow = BoardFilter { management_level: Some("attention".into()), ..BoardFilter::default() };
    let everywhere = views.board(None, &yellow, Page::of(1)).unwrap();
    assert!(
        everywhere.total > 0
            && everywhere.rows.iter().all(|line| line.management_level.as_deref() == Some("attention"))
    );
    let yellow = views.board(Some("石井"), &yellow, Page::of(1)).unwrap();
    assert_eq!((yellow.total, yellow.rows[0].color.as_deref()), (1, Some("yellow")));
    let counts = views.counts(Some("石井")).unwrap();
    let counts: Vec<_> = counts.iter().map(|line| (line.layer, line.star, line.premises)).collect();
    assert_eq!(counts, [(Layer::Building, Some(5), 1), (Layer::Unit, Some(2), 1)]);
    assert_eq!(views.children("b-1", Page::of(1)).unwrap().total, 2, "closed ones too");
}

#[test]
fn a_building_is_gone_round_by_the_strictest_of_all_that_asks_for_it() {
    let mut log = district();
    log.determine("b-1", &BUILDING);
    log.say(
        "premises/b-1/visit/v-1",
        "2026-02-10",
        &json!({"type": "VisitMade", "kind": "patrol", "by": "u-1"}),
    );
    let views = views(&mut log);
    let mut projector =
        crate::projector::Projector::open(&log.views_path(), log.rulebooks(), CAPACITY).unwrap();
    let mut rule = |log: &mut TestLog| {
        log.commit();
        projector.catch_up(&log.reader).unwrap();
        let all = views.patrols_due(&PatrolFilter::default(), Page::of(1)).unwrap();
        assert_eq!(all.total, 1, "neither units nor what has no grade");
        (all.rows[0].rule.clone(), all.rows[0].due.unwrap().to_string())
    };
    assert_eq!(rule(&mut log), ("month".into(), "2026-03-10".into()));
    let strict = Graded { layer: Layer::Unit, star: 1, waits: true, on: "2026-02-20", ..BUILDING };
    log.determine("u-1", &strict);
    assert_eq!(rule(&mut log), ("week".into(), "2026-02-21".into()), "determined is enough: the day after");
    let found = json!({
        "type": "HazardFound", "indicator": "U-A1", "severity": "serious", "works": "repair", "competent": "fire",
        "source": "patrol", "suspected": true, "by": "u-1"
    });
    log.determine("u-2", &Graded { layer: Layer::Unit, ..BUILDING });
    log.say("premises/u-2/hazard/h-1", "2026-02-22", &found);
    assert_eq!(rule(&mut log), ("day".into(), "2026-02-23".into()), "a suspected major hazard in a unit");
    let determined =
        json!({"type": "MajorHazardDetermined", "major": false, "document_number": "1", "by": "u-4"});
    log.say("premises/u-2/hazard/h-1", "2026-02-25", &determined);
    assert_eq!(rule(&mut log).0, "week");
    log.say(
        "premises/u-1",
        "2026-02-26",
        &json!({"type": "PremisesClosed", "on": "2026-02-26", "why": "merged"}),
    );
    assert_eq!(rule(&mut log), ("month".into(), "2026-03-10".into()));
    let by = |due_by: &str| PatrolFilter { due_by: due_by.parse().ok(), ..PatrolFilter::default() };
    assert_eq!(views.patrols_due(&by("2026-03-09"), Page::of(1)).unwrap().total, 0);
    assert_eq!(views.patrols_due(&by("2026-03-10"), Page::of(1)).unwrap().total, 1);
}

#[test]
fn premises_of_another_citys_scheme_are_graded_and_not_patrolled() {
    let mut log = district();
    let toronto = log.scheme("toronto-2017", Layer::Building);
    let mut event = json!({
        "type": "GradeDetermined", "derivation": {"scheme": toronto, "subjects": ["premises/b-2"]},
        "result": {
            "number": 1, "trigger": "first", "assessment": "a-1", "assessed_on": "2018-01-01", "assessor": "import",
            "determined_on": "2018-01-01", "earned": 60, "applicable": 100, "score": 60, "aspects": {}, "points": {},
            "failed": [], "band": "one year", "caps": [], "vetoes": [], "direction": "first", "adverse": false,
            "needs_confirmer": false
        }
    });
    log.say("premises/b-2/grade", "2018-01-01", &event);
    event["result"]["number"] = json!(2);
    let views = views(&mut log);
    let line = &views.board(Some("碧岭"), &BoardFilter::default(), Page::of(1)).unwrap().rows[0];
    assert_eq!((line.band.as_deref(), line.star, line.score), (Some("one year"), None, Some(60)));
    assert_eq!(views.patrols_due(&PatrolFilter::default(), Page::of(1)).unwrap().total, 0);
}

#[test]
fn an_open_assessment_says_on_whom_it_waits() {
    let mut log = district();
    let scheme = log.scheme("pingshan", Layer::Building);
    let stream = "premises/b-1/assessment/a-1";
    log.say(
        stream,
        "2026-02-01",
        &json!({"type": "AssessmentOpened", "scheme": scheme, "reason": "first", "lead": "u-1"}),
    );
    let views = views(&mut log);
    let mut projector =
        crate::projector::Projector::open(&log.views_path(), log.rulebooks(), CAPACITY).unwrap();
    let open = |filter: AssessmentFilter| views.open_assessments(&filter, Page::of(1)).unwrap().rows;
    let before = open(AssessmentFilter::default()).remove(0);
    let missing =
        before.missing_grid + before.missing_department + before.missing_feed + before.missing_ledger;
    assert_eq!((before.results, before.indicators, missing), (0, 30, 30));
    let department = before.departments.keys().next().unwrap().clone();
    assert_eq!(open(AssessmentFilter { department: Some(department), ..Default::default() }).len(), 1);
    assert_eq!(open(AssessmentFilter { department: Some("nobody".into()), ..Default::default() }).len(), 0);
    assert_eq!(open(AssessmentFilter { waiting_for: Some("lead".into()), ..Default::default() }).len(), 0);

    let rulebook = log.rulebooks().rulebook(&scheme).unwrap();
    let results: Vec<_> = rulebook
        .scheme
        .indicators
        .iter()
        .map(|i| json!({"indicator": i.id, "outcome": "not_applicable"}))
        .collect();
    log.say(stream, "2026-02-02", &json!({"type": "IndicatorsChecked", "by": "u-1", "results": results}));
    log.commit();
    projector.catch_up(&log.reader).unwrap();
    let ready = open(AssessmentFilter { waiting_for: Some("lead".into()), ..Default::default() });
    assert_eq!((ready.len(), ready[0].results, ready[0].departments.len()), (1, 30, 0));
    log.say(stream, "2026-02-03", &json!({"type": "AssessmentSubmitted", "by": "u-1"}));
    log.commit();
    projector.catch_up(&log.reader).unwrap();
    assert!(open(AssessmentFilter::default()).is_empty());
    let ended = views.ended_assessments("b-1").unwrap();
    assert_eq!(
        (ended[0].stage.as_str(), ended[0].ended_on.to_string().as_str()),
        ("submitted", "2026-02-03")
    );
}

#[test]
fn hazards_stay_in_the_register_when_they_are_closed() {
    let mut log = district();
    let found = json!({
        "type": "HazardFound", "indicator": "U-A1", "severity": "major", "works": "repair", "competent": "fire",
        "source": "patrol", "suspected": true, "by": "u-1"
    });
    for (n, stream) in ["premises/u-1/hazard/h-1", "premises/b-2/hazard/h-1"].iter().enumerate() {
        log.say(stream, &day(40 + i64::try_from(n).unwrap()), &found);
    }
    for event in [
        json!({"type": "HazardReviewed", "outcome": "confirmed", "by": "u-2"}),
        json!({"type": "RectificationAccepted", "by": "u-2"}),
        json!({"type": "HazardClosed", "how": "rectified"}),
    ] {
        log.say("premises/u-1/hazard/h-1", "2026-03-01", &event);
    }
    let views = views(&mut log);
    let hazards = |filter: &HazardFilter| views.hazards(filter, Page::of(1)).unwrap().rows;
    let open = hazards(&HazardFilter::default());
    assert_eq!((open.len(), open[0].premises.as_str(), open[0].stage.as_str()), (1, "b-2", "pending_review"));
    let all = hazards(&HazardFilter { closed_too: true, ..HazardFilter::default() });
    assert_eq!(
        (all.len(), all[0].closed_how.as_deref(), all[0].stage.as_str()),
        (2, Some("rectified"), "closed")
    );
    let there =
        HazardFilter { subdistrict: Some("碧岭".into()), suspected: true, ..HazardFilter::default() };
    assert_eq!(hazards(&there).len(), 1);
    assert_eq!(views.subject_view("u-1").unwrap().unwrap().closed_hazards, 1);
}

#[test]
fn keys_lead_to_accounts_and_accounts_to_what_they_may_do() {
    let mut log = TestLog::new();
    log.say("account/u-1", "2026-01-01", &json!({"type": "AccountOpened"}));
    log.say(
        "account/u-1",
        "2026-01-01",
        &json!({"type": "RoleGranted", "role": "grid_worker", "area": "shijing"}),
    );
    let enrolled = log.say(
        "keys/1",
        "2026-01-01",
        &json!({"type": "KeyEnrolled", "kid": "k-1", "holder": "u-1", "role": "officer"}),
    );
    let rotated =
        json!({"type": "KeyRotated", "kid": "k-2", "old_kid": "k-1", "holder": "u-1", "role": "officer"});
    let rotated = log.say("keys/1", "2026-01-02", &rotated);
    log.say(
        "keys/1",
        "2026-01-03",
        &json!({"type": "KeyRevoked", "kid": "k-2", "reason": "lost", "suspect_from": rotated}),
    );
    let published = json!({
        "type": "RulebookPublished", "id": "pingshan-unit-1", "layer": "unit", "sha256": "00", "holds_from": "2026-01-01",
        "operating": true, "issued_by": "commission", "document_number": "1"
    });
    log.say("rulebook/pingshan-unit-1", "2026-01-01", &published);
    let views = views(&mut log);
    let account = views.account("u-1").unwrap().unwrap();
    assert_eq!((account.standing, account.grants[0].area.as_deref()), (Standing::Open, Some("shijing")));
    assert_eq!(account.keys.len(), 2);
    let key = views.account_of_kid("k-1").unwrap().unwrap();
    assert_eq!((key.account.as_str(), key.enrolled_at, key.ended_at), ("u-1", enrolled, Some(rotated)));
    let key = views.account_of_kid("k-2").unwrap().unwrap();
    assert_eq!((key.ended_at, key.suspect_from), (Some(rotated + 1), Some(rotated)));
    assert!(views.rulebook("pingshan-unit-1").unwrap().unwrap().operating);
    let on = |day: &str| views.operating_rulebook(Layer::Unit, day.parse().unwrap()).unwrap();
    assert!(on("2025-12-31").is_none() && on("2026-01-01").is_some());
}

//! What pages are told of measures, listings, boards and meetings.

use serde_json::{Value, json};
use wuping_domain::rulebook::Layer;

use crate::build::{Plan, build};
use crate::pool::Views;
use crate::queries::{BanLine, Looked, Page, SearchFilter, UndertakingFilter};
use crate::test_log::{Graded, TestLog};

fn views(log: &mut TestLog) -> Views {
    log.commit();
    build(&log.reader, &log.rulebooks(), &Plan::of_all(&log.views_path()), |_| ()).unwrap();
    Views::at(&log.views_path())
}

/// A building of five stars in 石井 with a unit that is listed, and another building in 碧岭.
fn district() -> TestLog {
    let mut log = TestLog::new();
    log.register("b-1", json!({ "layer": "building" }));
    log.register("u-1", json!({ "layer": "unit", "parent": "b-1" }));
    log.register("b-2", json!({ "layer": "building", "subdistrict": "碧岭" }));
    let graded = Graded {
        assessment: "a-1",
        assessed_on: "2026-02-01",
        layer: Layer::Building,
        on: "2026-02-01",
        star: 5,
        waits: false,
    };
    log.determine("b-1", &graded);
    let submitted = json!({
        "type": "VacancySubmitted", "rent": "from1000", "from": "2026-03-10", "station": "服务站", "on": "2026-03-01",
        "by": "a-1"
    });
    log.say("premises/u-1/listing/l-1", "2026-03-01", &submitted);
    let published = json!({ "type": "ListingPublished", "on": "2026-03-02", "by": "a-2" });
    log.say("premises/u-1/listing/l-1", "2026-03-02", &published);
    log
}

fn meeting(resolutions: &Value) -> Value {
    json!({
        "type": "JointMeetingHeld", "from": "2026-01-01", "until": "2026-02-28", "departments": ["fire"],
        "shown": { "report": "grades", "at": 1, "sha256": "ab" }, "scheme": { "id": "s", "sha256": "00" },
        "resolutions": resolutions, "on": "2026-03-01", "by": "a-9"
    })
}

#[test]
fn a_vacancy_is_listed_while_it_may_be_let() {
    let mut log = district();
    let found = views(&mut log).vacancies(None, Page::of(1)).unwrap();
    assert_eq!((found.total, found.rows[0].stream.as_str()), (1, "premises/u-1/listing/l-1"));
    assert_eq!(found.rows[0].state["vacancy"]["rent"], "from1000");
    assert_eq!(views(&mut log).vacancies(Some("碧岭"), Page::of(1)).unwrap().total, 0, "of another place");
    let prohibited = json!({
        "type": "ProhibitionConfirmed", "ground": "dangerous_building", "authority": "housing", "scope": "vacate",
        "document_number": "3", "proposer": "a-3", "by": "a-4"
    });
    log.say("premises/b-1/grade", "2026-03-05", &prohibited);
    let views = views(&mut log);
    assert_eq!(
        views.vacancies(None, Page::of(1)).unwrap().total,
        0,
        "the building's ban, before the listing says so"
    );
    let kept = views.undertaking("premises/u-1/listing/l-1").unwrap().unwrap();
    assert_eq!(kept.stage, "published");
    the_ban_is_told_with_the_unit(&views);
}

/// A list shows the building's ban at each unit in it; what hangs on a notice board says it once, at the building.
fn the_ban_is_told_with_the_unit(views: &Views) {
    let found = views.search("", &SearchFilter::default(), Page::of(1)).unwrap().rows;
    let line = |id: &str| found.iter().find(|line| line.id == id).unwrap();
    let ban = BanLine { of: Layer::Building, scope: "vacate".to_owned(), from: "2026-03-05".parse().ok() };
    assert_eq!((line("b-1").prohibited, &line("b-1").bans[..]), (true, &[ban.clone()][..]));
    assert_eq!((line("u-1").prohibited, &line("u-1").bans[..]), (true, &[ban][..]));
    let unit = views.subject_view("u-1").unwrap().unwrap();
    assert_eq!(unit.building_ban.unwrap().document_number, "3");
    assert!(views.subject_view("b-1").unwrap().unwrap().building_ban.is_none());
    let sheet = views.sheet(None).unwrap();
    let banned = sheet.lines.iter().filter(|line| line.prohibited).map(|line| line.id.as_str());
    assert_eq!(banned.collect::<Vec<_>>(), ["b-1"]);
}

#[test]
fn what_has_a_day_comes_first_and_a_closed_resolution_has_none() {
    let mut log = district();
    let both = json!([
        { "number": 1, "owner": "fire", "due": "2026-03-20" }, { "number": 2, "owner": "housing", "due": "2026-03-09" }
    ]);
    log.say("meeting/m-1", "2026-03-01", &meeting(&both));
    log.say("meeting/m-2", "2026-03-01", &meeting(&json!([])));
    let of = |views: &Views| {
        let filter = UndertakingFilter { kind: Some("meeting".into()), ..UndertakingFilter::default() };
        let found = views.undertakings(&filter, Page::of(1)).unwrap().rows;
        found
            .into_iter()
            .map(|row| (row.stream, row.stage, row.due.map(|due| due.to_string())))
            .collect::<Vec<_>>()
    };
    let told = |stream: &str, stage: &str, due: Option<&str>| {
        (stream.to_owned(), stage.to_owned(), due.map(str::to_owned))
    };
    let open = told("meeting/m-1", "open", Some("2026-03-09"));
    assert_eq!(of(&views(&mut log)), [open, told("meeting/m-2", "closed", None)]);
    let closed = json!({
        "type": "MeetingResolutionClosed", "resolution": 2, "how": "done", "on": "2026-03-08", "by": "a-1"
    });
    log.say("meeting/m-1", "2026-03-08", &closed);
    assert_eq!(of(&views(&mut log))[0], told("meeting/m-1", "open", Some("2026-03-20")));
}

/// Minutes are disputed years later: the same list comes out of views that are made anew up to the position it names.
#[test]
fn a_sheet_is_made_again_at_its_position_with_the_same_digest() {
    let mut log = district();
    let then = views(&mut log).sheet(Some("石井")).unwrap();
    assert_eq!(then.lines.iter().map(|line| line.id.as_str()).collect::<Vec<_>>(), ["b-1"]);
    let lower = Graded {
        assessment: "a-2",
        assessed_on: "2026-03-01",
        layer: Layer::Building,
        on: "2026-03-01",
        star: 2,
        waits: false,
    };
    log.determine("b-1", &lower);
    let now = views(&mut log).sheet(Some("石井")).unwrap();
    assert_ne!(now.sha256, then.sha256);
    let path = log.folder().join("then.db");
    build(&log.reader, &log.rulebooks(), &Plan::of_the_past(&path, then.at), |_| ()).unwrap();
    assert_eq!(Views::at(&path).sheet(Some("石井")).unwrap(), then);
}

#[test]
fn plaques_are_due_where_they_do_not_say_what_is_in_force() {
    let mut log = district();
    let supervised = ["strict".to_owned(), "prohibited".to_owned()];
    let due = |views: &Views| {
        let found = views.plaques_due(None, &supervised, Page::of(1)).unwrap();
        found
            .rows
            .into_iter()
            .map(|line| (line.premises.id, line.shows, line.supervision_hangs))
            .collect::<Vec<_>>()
    };
    assert_eq!(due(&views(&mut log)), [("b-1".to_owned(), None, false)], "nothing hangs");
    let hung = |plaque: &str, shows: Value| json!({ "type": "PlaqueHung", "plaque": plaque, "shows": shows, "place": "entrance", "on": "2026-03-02", "by": "a-1" });
    log.say("premises/b-1/grade", "2026-03-02", &hung("grade_plaque", json!(5)));
    assert_eq!(due(&views(&mut log)), [], "as it should");
    log.say("premises/b-1/grade", "2026-03-02", &hung("supervision_plaque", Value::Null));
    assert_eq!(due(&views(&mut log)), [("b-1".to_owned(), Some(5), true)], "one too many");

    let gone =
        json!({ "type": "PlaqueFoundMissing", "plaque": "grade_plaque", "on": "2026-03-03", "by": "a-1" });
    log.say("premises/b-1/grade", "2026-03-03", &gone);
    let lines = views(&mut log).plaques_due(None, &supervised, Page::of(1)).unwrap().rows;
    let missed: Vec<_> =
        lines.iter().map(|line| (line.missing_since, line.supervision_missing_since)).collect();
    assert_eq!(missed, [("2026-03-03".parse().ok(), None)], "seen to be gone, and since when");
    log.say("premises/b-1/grade", "2026-03-04", &hung("grade_plaque", json!(5)));
    let lines = views(&mut log).plaques_due(None, &supervised, Page::of(1)).unwrap().rows;
    assert_eq!(lines[0].missing_since, None, "it hangs again");
}

#[test]
fn a_campaign_finds_its_premises_by_a_filter() {
    let mut log = district();
    let views = views(&mut log);
    let chosen = |looked: &Looked| {
        let found = views.chosen(looked).unwrap();
        found.into_iter().map(|line| line.id).collect::<Vec<_>>()
    };
    let buildings = Looked { layer: Some(Layer::Building), ..Looked::default() };
    assert_eq!(chosen(&buildings).len(), 2);
    assert_eq!(chosen(&Looked { area: Some("碧岭".into()), ..Looked::default() }), ["b-2"]);
    assert_eq!(
        chosen(&Looked { levels: vec!["lenient".into(), "strict".into()], ..Looked::default() }),
        ["b-1"]
    );
    assert!(chosen(&Looked { vacant: Some(true), ..Looked::default() }).is_empty());
    assert!(chosen(&Looked { hazards: vec!["fire_exits".into()], ..Looked::default() }).is_empty());
}

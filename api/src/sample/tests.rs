use std::collections::BTreeSet;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use tempfile::TempDir;
use tower::ServiceExt;
use wuping_domain::assessment::Stage;
use wuping_domain::hazard::Stage as HazardStage;
use wuping_projections::queries::{AssessmentFilter, Page, PatrolFilter};
use wuping_replay::statistics::{Statistic, make as make_report};

use super::*;
use crate::web;

/// The sample as a first start makes it, opened.
async fn sample() -> (TempDir, App) {
    let folder = tempfile::tempdir().unwrap();
    let house = folder.path().join("house");
    make(&house).await.unwrap();
    let app = App::open(&house).unwrap();
    let size = app.reader().size().unwrap();
    assert!(app.views.wait_for(size - 1, std::time::Duration::from_secs(20)));
    (folder, app)
}

async fn answer(routes: &axum::Router, request: Request<Body>) -> (StatusCode, String, String, String) {
    let answer = routes.clone().oneshot(request).await.unwrap();
    let header = |name: &str| {
        let value = answer.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    };
    let (status, cookie, location) = (answer.status(), header("set-cookie"), header("location"));
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    (status, cookie, location, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_is_sound_and_its_views_are_those_of_a_rebuild() {
    let (_folder, app) = sample().await;
    let verified = wuping_replay::verify::verify_folder(&app.folder).unwrap();
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);
    assert!(verified.results_rederived > 200, "{}", verified.results_rederived);
    let (live, _) = app.views.views().digest().unwrap();
    let rebuilt = wuping_replay::rebuild::rebuild(&app.folder, &app.folder.join("again.db"), None).unwrap();
    assert_eq!(live, rebuilt.digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_entry_lies_in_the_future_and_people_sign_what_people_say() {
    let (_folder, app) = sample().await;
    let (now, size) = (Timestamp::now(), app.reader().size().unwrap());
    let (mut received, mut last, mut of_houses) = (0, String::new(), 0);
    app.reader()
        .rows(0, size, |row| {
            assert!(row.recorded_at <= now.as_str() && row.occurred_at <= row.recorded_at, "{}", row.stream);
            assert!(last.as_str() <= row.recorded_at);
            last = row.recorded_at.to_owned();
            if row.stream.starts_with("premises/") {
                of_houses += 1;
                received += u64::from(row.data.contains("\"received\""));
                let channel = row.data.contains("feed-") || row.data.contains("counter");
                assert_eq!(row.data.contains("\"received\""), channel, "{}", row.data);
            }
            Ok::<_, wuping_ledger::store::StoreError>(())
        })
        .unwrap();
    assert!(of_houses > 900 && received * 4 < of_houses, "{received} of {of_houses} are only received");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_district_has_all_levels_three_that_wait_and_work_under_way() {
    let (_folder, app) = sample().await;
    let views = app.views.views();
    assert_eq!(views.waiting_confirmations(Page::whole()).unwrap().total, 3);
    let counts = views.counts(None).unwrap();
    let levels: BTreeSet<_> = counts.iter().filter_map(|count| count.management_level.as_deref()).collect();
    assert_eq!(levels, BTreeSet::from(["attention", "lenient", "prohibited", "strict"]));
    let ungraded: u64 = counts.iter().filter(|line| line.band.is_none()).map(|line| line.premises).sum();
    assert_eq!(ungraded, 0, "every house of the board has a grade in force");
    let lenient = |line: &&wuping_projections::queries::CountLine| {
        line.management_level.as_deref() == Some("lenient") && line.star.is_some_and(|star| star >= 3)
    };
    let lenient: u64 = counts.iter().filter(lenient).map(|line| line.premises).sum();
    let all: u64 = counts.iter().map(|line| line.premises).sum();
    assert!(all == 97 && lenient * 10 > all * 8, "{lenient} of {all}");
    assert_eq!(views.open_assessments(&AssessmentFilter::default(), Page::whole()).unwrap().total, 3);
    let today = local_date(Utc::now());
    let yesterday = PatrolFilter { due_by: today.pred_opt(), ..PatrolFilter::default() };
    let overdue = views.patrols_due(&yesterday, Page::whole()).unwrap();
    let names: Vec<_> = overdue.rows.iter().filter_map(|row| row.name.as_deref()).collect();
    assert_eq!(names, ["示例楼9"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_goes_from_four_stars_to_one_and_up_again() {
    let (_folder, app) = sample().await;
    let subject = app.subject("premises/sample-b01").unwrap();
    let stars: Vec<_> = app.views.views().grade_history("sample-b01").unwrap();
    let mut stars: Vec<_> =
        stars.iter().filter(|line| line.in_force).filter_map(|line| line.result.as_ref()?.star).collect();
    stars.reverse();
    assert_eq!(stars, [4, 4, 1, 5]);
    assert_eq!(subject.grade.in_force().unwrap().determination.trigger, "rectification_accepted");
    assert!(subject.hazards.values().all(|of| !of.state.is_open()));
    assert!(subject.assessments.values().all(|of| of.state.stage == Stage::Submitted));
    let routes = web::router(Arc::new(app), "https://wuping.example");
    let page = Request::get(format!("/s/{}", story_code())).body(Body::empty()).unwrap();
    let (status, _, _, page) = answer(&routes, page).await;
    assert!(status == StatusCode::OK && page.contains("已经消除的隐患") && page.contains("虚构示例"));
    assert!(page.contains(&format!("https://wuping.example/s/{}", story_code())));
    assert!(!page.contains("打通的"), "a statement is private");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_house_is_prohibited_on_a_ground_in_law_and_two_had_an_incident() {
    let (_folder, app) = sample().await;
    let banned = app.subject("premises/sample-b24").unwrap();
    assert_eq!(banned.grade.prohibition.unwrap().ground, "dangerous_building");
    let smoke = app.subject("premises/sample-b14").unwrap();
    assert!(smoke.incidents["i1"].state.acts().is_some(), "confirmed");
    let opened = smoke.hazards["incident-i1"].state.clone();
    assert_eq!(
        (opened.stage, opened.found.unwrap().severity),
        (HazardStage::Confirmed, "serious".to_owned())
    );
    let holds = &smoke.grade.in_force().unwrap().determination;
    assert_eq!((holds.star, holds.trigger.as_str()), (Some(2), "hazard_confirmed"));
    let quarrel = app.subject("premises/sample-b15").unwrap();
    assert!(quarrel.incidents["i1"].state.linked && !quarrel.incidents["i1"].state.confirmed);
    let situation = make_report(app.reader(), Statistic::Situation, &Default::default()).unwrap().table;
    let sum = |column: &str| -> u64 {
        let at = situation.position(column).unwrap();
        let numbers = situation.rows.iter().map(|row| row[at].text());
        numbers.filter_map(|text| text.parse::<u64>().ok()).sum()
    };
    assert_eq!((sum("incidents"), sum("confirmed")), (2, 1));
    let app = Arc::new(app);
    let routes = web::router(app.clone(), "");
    let door = Request::post("/sign-in/sample/police").body(Body::empty()).unwrap();
    let (_, cookie, ..) = answer(&routes, door).await;
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let incidents = Request::get("/desk/matters?kind=incident").header("cookie", &cookie);
    let (status, _, _, page) = answer(&routes, incidents.body(Body::empty()).unwrap()).await;
    assert!(status == StatusCode::OK && page.contains("示例路15号"), "{page}");
    assert!(!page.contains("一般隐患"), "an incident is no hazard, however grave: {page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_is_entered_by_its_card_and_finds_its_first_page() {
    let (_folder, app) = sample().await;
    let feeds: Vec<String> = app.office.feeds().unwrap().into_iter().map(|feed| feed.channel).collect();
    assert!(feeds.contains(&"feed-police".to_owned()) && feeds.len() > 2, "the clerk can upload: {feeds:?}");
    let app = Arc::new(app);
    let routes = web::router(app.clone(), "");
    let (_, _, _, page) = answer(&routes, Request::get("/sign-in").body(Body::empty()).unwrap()).await;
    assert!(page.contains("虚构示例") && !page.contains("action=\"/sign-in/sample/nobody\""));
    for person in PEOPLE {
        let door = format!("/sign-in/sample/{}", person.login);
        assert!(page.contains(&format!("action=\"{door}\"")), "no card for {}", person.login);
        let (status, cookie, to, _) =
            answer(&routes, Request::post(&door).body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{}", person.login);
        let cookie = cookie.split(';').next().unwrap().to_owned();
        for path in [to.as_str(), "/desk", "/desk?hazards=2&patrols=none"] {
            let request = Request::get(path).header("cookie", &cookie).body(Body::empty()).unwrap();
            let (status, _, _, page) = answer(&routes, request).await;
            assert_eq!(status, StatusCode::OK, "{} at {path}", person.login);
            assert!(page.contains("虚构示例"), "{} at {path}", person.login);
        }
    }
    let elsewhere = Request::post("/sign-in/sample/grid").header("sec-fetch-site", "cross-site");
    let (status, ..) = answer(&routes, elsewhere.body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_ledger_has_a_door_without_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::create(folder.path(), "ledger.example/real", false).unwrap();
    let kid = app.ledger.enrol_officer("a-1").await.unwrap();
    app.office.set_login("grid", "a-1", kid.as_str(), "correct horse").unwrap();
    let routes = web::router(Arc::new(app), "");
    for request in [
        Request::post("/sign-in/sample/grid"),
        Request::post("/sample/toronto"),
        Request::get("/sample/toronto"),
    ] {
        let (status, cookie, ..) = answer(&routes, request.body(Body::empty()).unwrap()).await;
        assert_eq!((status, cookie.as_str()), (StatusCode::NOT_FOUND, ""));
    }
    let (_, _, _, page) = answer(&routes, Request::get("/sign-in").body(Body::empty()).unwrap()).await;
    assert!(page.contains("name=\"password\"") && !page.contains("/sign-in/sample"));
    let (_, _, _, page) = answer(&routes, Request::get("/").body(Body::empty()).unwrap()).await;
    assert!(!page.contains("/sample/toronto") && !page.contains("虚构示例"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_start_left_is_replaced_and_other_files_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let house = folder.path().join("house");
    let part = folder.path().join("house.part");
    std::fs::create_dir_all(&part).unwrap();
    std::fs::write(part.join("ledger.db"), b"half a ledger").unwrap();
    std::fs::write(part.join("stray"), b"").unwrap();
    make(&house).await.unwrap();
    assert!(!part.exists() && !house.join("stray").exists());
    App::open(&house).unwrap().close().await.unwrap();

    let theirs = folder.path().join("theirs");
    std::fs::create_dir_all(&theirs).unwrap();
    std::fs::write(theirs.join("letter.txt"), b"dear").unwrap();
    assert!(matches!(make(&theirs).await, Err(SampleError::Folder { .. })));
    assert_eq!(std::fs::read_dir(&theirs).unwrap().count(), 1);
}

#[test]
fn what_is_said_is_the_same_on_every_day_and_never_ahead_of_it() {
    let said_on = |today: &str| {
        let rulebooks = shelf::pingshan().unwrap();
        let almanac = Almanac { today: today.parse().unwrap(), rulebooks, photos: Photos::drawn() };
        steps(&almanac)
    };
    let usual = said_on("2026-11-25");
    // A leap day, the days after long holidays, a year that no calendar covers.
    for today in ["2024-02-29", "2025-02-05", "2026-10-08", "2027-03-01", "2031-01-01"] {
        let steps = said_on(today);
        assert_eq!(steps.len(), usual.len(), "{today}");
        let midnight = format!("{today}T00:00:00+08:00").parse::<DateTime<Utc>>().unwrap();
        assert!(steps.iter().all(|step| step.at.datetime() < midnight), "{today}");
        assert!(steps.iter().all(|step| step.at.datetime() > began(midnight)), "{today}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_take_it_on_whatever_day_it_is_first_started() {
    // After a long holiday, on a Sunday, in the first minutes of a year and of a leap day.
    for now in
        ["2025-10-09T02:00:00Z", "2026-03-01T13:30:00Z", "2025-12-31T16:05:00Z", "2024-02-28T16:01:00Z"]
    {
        let folder = tempfile::tempdir().unwrap();
        let house = folder.path().join("house");
        make_on(&house, now.parse().unwrap()).await.unwrap_or_else(|error| panic!("{now}: {error:?}"));
        let app = App::open(&house).unwrap();
        let story = app.subject("premises/sample-b01").unwrap();
        assert_eq!(story.grade.in_force().unwrap().determination.star, Some(5), "{now}");
        let waits = (1..=24).flat_map(|number| {
            let units = (1..=3).map(move |unit| format!("premises/sample-b{number:02}-u{unit}"));
            units.chain([format!("premises/sample-b{number:02}")])
        });
        let waits = waits.filter(|path| app.subject(path).unwrap().grade.waiting().is_some());
        assert_eq!(waits.count(), 3, "{now}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn toronto_comes_in_once_and_says_where_it_is_from() {
    let (_folder, app) = sample().await;
    let app = Arc::new(app);
    let routes = web::router(app.clone(), "");
    let get = |path: &'static str| Request::get(path).body(Body::empty()).unwrap();
    let click = || Request::post("/sample/toronto").body(Body::empty()).unwrap();
    let (_, _, _, front) = answer(&routes, get("/")).await;
    assert!(front.contains("action=\"/sample/toronto\"") && front.contains("Open Government Licence"));
    for _ in 0..2 {
        let (status, _, to, _) = answer(&routes, click()).await;
        assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, "/sample/toronto"));
    }
    let mut page = String::new();
    for _ in 0..600 {
        page = answer(&routes, get("/sample/toronto")).await.3;
        if !page.contains("role=\"status\"") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert!(page.contains("已经导入"), "{page}");
    let size = app.reader().size().unwrap();
    answer(&routes, click()).await;
    let (_, _, _, again) = answer(&routes, get("/sample/toronto")).await;
    assert!(again.contains("已经导入"));
    assert_eq!(app.reader().size().unwrap(), size, "a second click writes nothing");
    assert!(app.views.wait_for(size - 1, std::time::Duration::from_secs(60)));
    let (_, _, _, front) = answer(&routes, get("/")).await;
    assert!(front.contains("多伦多各选区") && front.contains(">选区</th>"), "{front}");
    assert!(!front.contains("action=\"/sample/toronto\""));
    for path in
        ["/s/4155584", "/audit/4155584", "/board?subdistrict=Davenport", "/rules/toronto-2017-building-1"]
    {
        let (status, _, _, page) = answer(&routes, get(path)).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(page.contains("真实公开数据") && page.contains("open-data-licence"), "{path}");
        assert!(!page.contains("虚构示例"), "{path}");
    }
}

//! Who reads which report, on pages and over REST.

use serde_json::{Value, json};
use uuid::Uuid;

use super::counting::{Counts, STREET, report, sums, text};
use crate::program::server::{Client, Server, Session};
use crate::program::{run, told};

#[test]
fn each_reads_the_reports_of_the_own_role_on_pages_and_over_rest() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("ledger");
    told(&folder, &["init", "--origin", "ledger.example/reports", "--json"]);
    let account = |login: &str, more: &[&str]| {
        let opened = told(&folder, &[&["--json", "account", "open", login, "--name", login], more].concat());
        opened["password"].as_str().unwrap().to_owned()
    };
    let people = [
        ("lead", vec!["--role", "street_lead", "--area", "石井"]),
        ("clerk", vec!["--role", "data_clerk"]),
        ("grid", vec!["--role", "grid_worker", "--area", "石井"]),
    ];
    let people = people.map(|(login, more)| (login, account(login, &more)));
    let server = Server::start(&folder, &[]);
    let [lead, clerk, grid] = people.map(|(login, password)| server.sign_in(login, &password));
    let register = json!({ "layer": "building", "address": "石井街道1号<b>", "subdistrict": "石井" });
    let said = Client::to(server.address)
        .command(&clerk, "premises/b-1/register", Uuid::now_v7(), &register)
        .unwrap();
    let position = said.body["position"].as_u64().unwrap();
    let named = json!({ "party": "y-1", "role": "owner", "basis": "property_certificate" });
    Client::to(server.address).command(&clerk, "premises/b-1/name_party", Uuid::now_v7(), &named).unwrap();
    let get = |session: &Session, lang: &str, path: &str| {
        let headers = [("accept-language", lang), ("cookie", session.cookie.as_str())];
        Client::to(server.address).get_with(path, &headers).unwrap()
    };
    let json = |session: &Session, path: &str| {
        let (status, body) = get(session, "en", path);
        (status, serde_json::from_str::<Value>(&body).unwrap_or_default())
    };
    let names = |session: &Session| -> Vec<String> {
        let listed = json(session, "/api/v1/statistics").1;
        listed["statistics"].as_array().unwrap().iter().map(|one| text(&one["name"])).collect()
    };
    assert!(names(&grid).is_empty());
    assert_eq!(
        names(&lead).len(),
        12,
        "no portfolio, no parties, no credit, and no inspections by its classes"
    );
    assert_eq!(
        names(&clerk),
        [
            "situation",
            "distribution",
            "grades",
            "movement",
            "inspections",
            "hazards",
            "cases",
            "appeals",
            "measures",
            "credit",
            "coverage",
            "gaps",
            "parties",
            "portfolio"
        ]
    );
    let (status, refused) = json(&grid, "/api/v1/statistics/distribution");
    assert_eq!((status, &refused["type"]), (403, &json!("/problems/role_needed")));
    assert_eq!(json(&clerk, "/api/v1/statistics/patrols").0, 403);
    assert_eq!(json(&lead, "/api/v1/statistics/portfolio?party=y-1").0, 403);
    assert_eq!(Client::to(server.address).get("/api/v1/statistics/distribution").unwrap().0, 401);
    for (path, status) in [
        ("nothing", 404),
        ("distribution?at=x", 400),
        ("distribution?at=99999", 404),
        ("distribution?as_of=yesterday", 400),
        ("distribution?valid_at=2026-02-30", 400),
        ("distribution?format=pdf", 400),
        ("movement?from=2030-01-01&valid_at=2026-01-01", 400),
    ] {
        assert_eq!(json(&lead, &format!("/api/v1/statistics/{path}")).0, status, "{path}");
    }
    let (_, served) = json(&lead, &format!("/api/v1/statistics/distribution?at={position}"));
    assert_eq!(
        served,
        report(&folder, &["distribution", "--at", &position.to_string()]),
        "the same as on the command line"
    );
    assert_eq!(
        sums(&served, &["layer", "grade"], "premises"),
        Counts::from([(vec!["building".into(), "not_assessed".into()], 1)])
    );
    let (_, csv) = get(&lead, "en", &format!("/api/v1/statistics/distribution?at={position}&format=csv"));
    assert_eq!(
        csv,
        "layer,subdistrict,community,star,grade,level,premises\nbuilding,石井,,,not_assessed,,1\n"
    );
    let portfolio = json(&clerk, "/api/v1/statistics/portfolio?party=y-1").1;
    assert_eq!(portfolio["rows"][0]["premises"], "b-1");

    for (lang, reports, title) in
        [("zh", "统计报表", "等级分布"), ("en", "Reports", "Distribution of grades")]
    {
        let (status, page) = get(&lead, lang, "/desk/reports");
        assert!(
            status == 200 && page.contains(reports) && page.contains("/desk/reports/distribution"),
            "{page}"
        );
        let (status, page) = get(&lead, lang, &format!("/desk/reports/distribution?at={position}&valid_at="));
        let digest = served["digest"].as_str().unwrap();
        assert!(status == 200 && page.contains(title) && page.contains(digest), "{page}");
        assert!(
            page.contains("format=xlsx") && page.contains("type=\"date\"") && page.contains("print-head"),
            "{page}"
        );
        let (_, page) = get(&lead, lang, "/desk/reports/movement?from=2030-01-01");
        assert!(page.contains("2030-01-01") && page.contains("notice"), "{page}");
    }
    let (_, page) = get(&clerk, "en", "/desk/reports/portfolio?party=y-1");
    assert!(page.contains("石井街道1号&lt;b&gt;") && !page.contains("1号<b>"), "{page}");
    assert_eq!(get(&grid, "en", "/desk/reports").0, 422);
    assert!(!get(&grid, "en", "/desk").1.contains("/desk/reports"), "and is not led there");
    assert!(get(&lead, "en", "/desk").1.contains("/desk/reports"));
}

#[test]
fn a_page_stands_alone_in_both_languages() {
    let folder = STREET.path().join("ledger");
    for (lang, title) in [("zh", "等级分布"), ("en", "Distribution of grades")] {
        let page = run(&folder, &["report", "distribution", "--format", "html", "--lang", lang]);
        let page = String::from_utf8(page.stdout).unwrap();
        assert!(
            page.contains(title) && page.contains("<table class=\"bars\">") && page.contains("@media print"),
            "{page}"
        );
        assert!(!page.contains("src=") && !page.contains("<link"), "nothing is fetched from elsewhere");
    }
}

//! Reports of one subdistrict: counted over the entries of its own premises, parts of the district's, and what the files say of it.

use std::collections::BTreeMap;
use std::path::Path;

use calamine::{Reader as _, Xlsx};
use serde_json::{Value, json};
use uuid::Uuid;

use super::counting::{Counts, NEVER, STREET, counted, ledgers, report, sums, text};
use crate::program::server::{Client, Server, Session};
use crate::program::{run, said, told};

/// Reports with a figure and what it is counted by; the same over the entries of the premises that are registered in `OURS`.
const FIGURES: [(&str, &[&str], &str, &str); 7] = [
    (
        "distribution",
        &["layer", "grade"],
        "premises",
        "SELECT layer, coalesce(grade, 'not_assessed'), count(*) FROM open_house LEFT JOIN holds USING (premises)
         WHERE subdistrict = 'OURS' GROUP BY 1, 2",
    ),
    (
        "coverage",
        &["layer"],
        "registered",
        "SELECT layer, count(*) FROM house JOIN said r USING (premises), asked
         WHERE r.type = 'PremisesRegistered' AND subdistrict = 'OURS' AND r.holds_from <= day GROUP BY 1",
    ),
    (
        "hazards",
        &["department", "severity"],
        "found",
        "SELECT department, severity, count(*) FROM hazard JOIN house USING (premises), asked
         WHERE subdistrict = 'OURS' AND found_on <= day GROUP BY 1, 2",
    ),
    (
        "hazards",
        &["department", "severity"],
        "open",
        "SELECT department, severity, count(*) FROM hazard JOIN house USING (premises), asked
         WHERE subdistrict = 'OURS' AND found_on <= day AND (hazard.closed_on IS NULL OR hazard.closed_on > day) GROUP BY 1, 2",
    ),
    (
        "deadlines",
        &["side", "deadline", "whose"],
        "missed",
        "SELECT 'office', json_extract(said.d, '$.result.deadline'), json_extract(said.d, '$.result.whose'), count(*)
         FROM said JOIN house USING (premises), asked WHERE said.type = 'DeadlineMissed' AND subdistrict = 'OURS'
           AND json_extract(said.d, '$.result.due') <= day GROUP BY 2, 3
         UNION ALL SELECT 'party', 'rectification', party.value, count(*)
         FROM said JOIN house USING (premises), json_each(said.d, '$.result.parties') party, asked
         WHERE said.type = 'HazardFellOverdue' AND subdistrict = 'OURS' AND json_extract(said.d, '$.result.due') <= day GROUP BY 3",
    ),
    (
        "cases",
        &["premises", "case"],
        "",
        "SELECT premises, replace(stream, 'premises/' || premises || '/hazard/', ''), count(*)
         FROM hazard JOIN house USING (premises), asked WHERE subdistrict = 'OURS' AND found_on <= day GROUP BY 1, 2",
    ),
    (
        "patrols",
        &[],
        "missed",
        "SELECT count(DISTINCT m.premises || json_extract(m.d, '$.result.due')) FROM said m JOIN house USING (premises), asked
         WHERE m.type = 'PatrolMissed' AND subdistrict = 'OURS' AND json_extract(m.d, '$.result.due') <= day
           AND NOT EXISTS (SELECT 1 FROM said x WHERE x.premises = m.premises AND x.type = 'PatrolExcused'
             AND json_extract(m.d, '$.result.due') BETWEEN json_extract(x.d, '$.from') AND json_extract(x.d, '$.until'))",
    ),
];

/// Every report that can be limited.
const LIMITED: [&[&str]; 14] = [
    &["situation"],
    &["distribution"],
    &["grades"],
    &["movement"],
    &["patrols"],
    &["inspections"],
    &["hazards"],
    &["cases"],
    &["deadlines"],
    &["appeals"],
    &["measures"],
    &["coverage"],
    &["gaps"],
    &["portfolio", "--every-party"],
];

#[test]
fn figures_of_a_subdistrict_are_counted_over_the_entries_of_its_premises() {
    let mut seen = Counts::new();
    for (folder, middle) in ledgers() {
        for here in subdistricts(&folder) {
            for (name, by, of, sql) in FIGURES {
                for at in [vec![], vec!["--valid-at", middle.as_str()]] {
                    let limited = report(&folder, &[&[name, "--subdistrict", &here], at.as_slice()].concat());
                    let counts = if of.is_empty() { rows(&limited, by) } else { sums(&limited, by, of) };
                    let day = at.last().copied().unwrap_or(NEVER);
                    let due = counted(&folder, day, &sql.replace("OURS", &here));
                    assert_eq!(counts, due, "{of} of {name} in {here} on {day}");
                    *seen.entry(vec![format!("{name} {of}")]).or_default() += counts.values().sum::<u64>();
                }
            }
        }
    }
    assert!(seen.len() == FIGURES.len() && seen.values().all(|count| *count > 0), "{seen:?}");
}

#[test]
fn the_reports_of_all_subdistricts_add_up_to_the_districts() {
    let folder = STREET.path().join("ledger");
    let parts = subdistricts(&folder);
    assert!(parts.len() > 2, "{parts:?}");
    for name in LIMITED {
        let limited = parts.iter().map(|here| report(&folder, &[name, &["--subdistrict", here]].concat()));
        let limited: Vec<Value> = limited.collect();
        let together = added(limited.iter());
        // these are a list for programs where they are not limited
        if matches!(name[0], "cases" | "grades") {
            let lines = run(&folder, &[&["--json", "report"], name].concat()).stdout;
            let lines = String::from_utf8(lines).unwrap().lines().count();
            assert_eq!(
                limited.iter().map(|part| part["rows"].as_array().unwrap().len()).sum::<usize>(),
                lines
            );
            continue;
        }
        let whole = report(&folder, name);
        assert_eq!(together, added([&whole].into_iter()), "{name:?}");
        assert!(limited.iter().all(|part| part["digest"] != whole["digest"]), "{name:?}");
        assert_eq!(whole.get("subdistrict"), None, "{name:?}: it says nothing new of itself");
    }
}

#[test]
fn every_file_says_of_which_subdistrict_it_is() {
    let folder = STREET.path().join("ledger");
    let here = "榕溪";
    for name in ["hazards", "deadlines", "cases", "grades", "distribution"] {
        let csv = run(&folder, &["report", name, "--subdistrict", here]);
        let mut csv = csv::Reader::from_reader(csv.stdout.as_slice());
        let place = csv.headers().unwrap().iter().position(|column| column == "subdistrict").unwrap();
        let said: Vec<String> = csv.records().map(|row| row.unwrap()[place].to_owned()).collect();
        assert!(!said.is_empty() && said.iter().all(|said| said == here), "{name}: {said:?}");
    }
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("hazards.xlsx");
    let asked = ["report", "hazards", "--subdistrict", here, "--lang", "zh", "--format"];
    let made = run(&folder, &[&asked[..], &["xlsx", "--out", file.to_str().unwrap()]].concat());
    assert!(made.status.success(), "{}", said(&made));
    let mut book: Xlsx<_> = calamine::open_workbook(&file).unwrap();
    let from = book.worksheet_range("来源").unwrap();
    assert!(from.rows().any(|row| row[0] == *"街道" && row[1] == *here));
    let page = String::from_utf8(run(&folder, &[&asked[..], &["html"]].concat()).stdout).unwrap();
    assert!(page.contains("<h1>隐患存量：榕溪</h1>"), "{page}");
    let nothing =
        ["report", "appeals", "--subdistrict", here, "--valid-at", "2000-01-01", "--format", "html"];
    let nothing =
        String::from_utf8(run(&folder, &[&nothing[..], &["--lang", "zh"]].concat()).stdout).unwrap();
    assert!(nothing.contains("这一天榕溪没有可以统计的记录。"), "{nothing}");
}

#[test]
fn what_cannot_be_limited_says_so() {
    let folder = STREET.path().join("ledger");
    for (asked, zh, en) in [
        (vec!["credit"], "责任人不属于哪一个街道", "a party is of no one subdistrict"),
        (vec!["parties"], "责任人不属于哪一个街道", "a party is of no one subdistrict"),
        (vec!["sheet"], "report sheet 石井", "report sheet 石井"),
        (vec!["publications"], "请去掉 --subdistrict", "not limited by --subdistrict"),
        (vec!["hazards"], "云岗、榕溪、石桥、青湾", "云岗, 榕溪, 石桥, 青湾"),
        (vec!["cases"], "云岗、榕溪、石桥、青湾", "云岗, 榕溪, 石桥, 青湾"),
    ] {
        for (lang, words) in [("zh", zh), ("en", en)] {
            let refused = [&["report"], asked.as_slice(), &["--subdistrict", "无此街道", "--lang", lang]];
            let refused = run(&folder, &refused.concat());
            assert_eq!(refused.status.code(), Some(2), "{asked:?}");
            assert!(said(&refused).contains(words), "{asked:?}: {}", said(&refused));
        }
    }
}

/// A house that was moved counts where the register had it at the report's position, for whoever leads there and for everybody.
#[test]
fn a_lead_reads_the_figures_of_the_own_subdistrict_as_it_was_then() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("ledger");
    told(&folder, &["init", "--origin", "ledger.example/streets", "--json"]);
    let account = |login: &str, more: &[&str]| {
        let opened = told(&folder, &[&["--json", "account", "open", login, "--name", login], more].concat());
        opened["password"].as_str().unwrap().to_owned()
    };
    let lead = account("lead", &["--role", "street_lead", "--area", "石井"]);
    let clerk = account("clerk", &["--role", "data_clerk"]);
    let server = Server::start(&folder, &[]);
    let (lead, clerk) = (server.sign_in("lead", &lead), server.sign_in("clerk", &clerk));
    let command = |path: &str, body: Value| {
        let said = Client::to(server.address).command(&clerk, path, Uuid::now_v7(), &body).unwrap();
        said.body["position"].as_u64().unwrap_or_else(|| panic!("{path}: {}", said.body)).to_string()
    };
    let get = |session: &Session, path: &str| {
        let headers = [("accept-language", "zh"), ("cookie", session.cookie.as_str())];
        Client::to(server.address).get_with(path, &headers).unwrap()
    };
    let register = |id: &str, subdistrict: &str| {
        let house =
            json!({ "layer": "building", "address": format!("示例路{id}"), "subdistrict": subdistrict });
        command(&format!("premises/{id}/register"), house)
    };
    register("b-1", "石井");
    let before = register("b-2", "龙田");
    let distribution = |at: &str, here: &str| {
        let (status, body) =
            get(&lead, &format!("/api/v1/statistics/distribution?at={at}&subdistrict={}", encoded(here)));
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()
    };
    let first = ["石井", "龙田"].map(|here| distribution(&before, here));
    let moved = json!({ "subdistrict": "石井", "community": "田心", "grid_cell": "g-02", "why": "new_cell" });
    let after = command("premises/b-2/move", moved);
    for at in [&before, &after] {
        // by the last entry that says where each house lies
        let sql = format!(
            "SELECT subdistrict, count(*) FROM (SELECT json_extract(d, '$.subdistrict') AS subdistrict,
               row_number() OVER (PARTITION BY premises ORDER BY position DESC) AS n FROM said
               WHERE type IN ('PremisesRegistered', 'PremisesMoved') AND position <= {at}) WHERE n = 1 GROUP BY 1"
        );
        let due = counted(&folder, NEVER, &sql);
        for here in ["石井", "龙田"] {
            let limited = distribution(at, here);
            assert_eq!(limited["subdistrict"], here);
            let count = sums(&limited, &[], "premises").into_values().sum::<u64>();
            assert_eq!(
                Some(&count).filter(|count| **count > 0),
                due.get(&vec![here.to_owned()]),
                "{here} at {at}"
            );
        }
    }
    assert_eq!(
        first,
        ["石井", "龙田"].map(|here| distribution(&before, here)),
        "an old position, the old report"
    );
    let asked = ["distribution", "--at", &after, "--subdistrict", "石井"];
    assert_eq!(report(&folder, &asked), distribution(&after, "石井"), "the same on the command line");
    let whole = report(&folder, &["distribution", "--at", &after]);
    assert_eq!(distribution(&after, "石井")["rows"], whole["rows"]);
    assert_ne!(
        distribution(&after, "石井")["digest"],
        whole["digest"],
        "of which subdistrict it is is said by the digest"
    );

    let (status, refused) = get(&lead, "/api/v1/statistics/hazards?subdistrict=x");
    assert!(status == 404 && refused.contains("石井、龙田"), "{refused}");
    let (status, refused) = get(&clerk, "/api/v1/statistics/credit?subdistrict=x");
    assert!(status == 404 && refused.contains("责任人不属于哪一个街道"), "{refused}");
    let (status, _) = get(&lead, &format!("/api/v1/statistics/credit?subdistrict={}", encoded("石井")));
    assert_eq!(status, 403, "limited to the own subdistrict, it is no more the lead's to read");
    let listed = serde_json::from_str::<Value>(&get(&clerk, "/api/v1/statistics").1).unwrap();
    let takes = |name: &str| {
        let mut all = listed["statistics"].as_array().unwrap().iter();
        all.find(|one| one["name"] == name).unwrap()["takes_subdistrict"].clone()
    };
    assert_eq!(
        (takes("hazards"), takes("credit"), takes("parties")),
        (true.into(), false.into(), false.into())
    );

    let own = format!("/desk/reports/distribution?subdistrict={}", encoded("石井"));
    let (_, page) = get(&lead, "/desk/reports");
    assert!(page.contains(&own) && page.contains("只看石井"), "{page}");
    let (_, page) = get(&clerk, "/desk/reports");
    assert!(!page.contains("subdistrict="), "who leads none is offered none: {page}");
    let (_, page) = get(&lead, &own);
    for told in
        ["<h1>等级分布：石井</h1>", "<option value=\"石井\" selected>", "<option value=\"\">全区", "&amp;at="]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    let files = page.match_indices("/api/v1/statistics/distribution?subdistrict=%E7%9F%B3%E4%BA%95").count();
    assert_eq!(files, 3, "its files are of the same subdistrict: {page}");
    let (_, page) = get(&lead, &format!("/desk/reports/hazards?subdistrict={}", encoded("龙田")));
    assert!(page.contains("这一天龙田没有可以统计的记录。"), "{page}");
    let (_, page) = get(&lead, "/desk/reports/hazards?subdistrict=x");
    assert!(page.contains("石井、龙田") && page.contains("notice"), "{page}");
    let (_, page) = get(&lead, "/desk/reports/hazards");
    assert!(page.contains("<option value=\"\" selected>全区"), "{page}");
    let (_, page) = get(&clerk, "/desk/reports/credit");
    assert!(!page.contains("name=\"subdistrict\""), "{page}");
}

/// The subdistricts in which premises are registered.
fn subdistricts(folder: &Path) -> Vec<String> {
    let all = counted(folder, NEVER, "SELECT DISTINCT subdistrict, 1 FROM house WHERE subdistrict <> ''");
    all.into_keys().map(|mut row| row.remove(0)).collect()
}

/// How many rows there are by some of their columns.
fn rows(report: &Value, by: &[&str]) -> Counts {
    let mut counts = Counts::new();
    for row in report["rows"].as_array().unwrap() {
        *counts.entry(by.iter().map(|name| text(&row[*name])).collect()).or_default() += 1;
    }
    counts
}

/// What the rows of reports say together: their numbers, added up, by all else that they say.
fn added<'v>(reports: impl Iterator<Item = &'v Value>) -> BTreeMap<Vec<String>, BTreeMap<String, u64>> {
    // these are of a row by itself, and of which subdistrict it is some reports say only when they are asked
    const OWN: [&str; 4] = ["first_due", "last_due", "oldest_days", "subdistrict"];
    let mut sums: BTreeMap<Vec<String>, BTreeMap<String, u64>> = BTreeMap::new();
    for report in reports {
        // a row of the district's may be one of several subdistricts
        let parted = ["deadlines", "hazards"].contains(&report["report"].as_str().unwrap());
        for row in report["rows"].as_array().unwrap() {
            let cells = row.as_object().unwrap().iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
            let (numbers, words): (Vec<_>, Vec<_>) = cells.partition(|(_, value)| value.is_u64());
            let sum = sums.entry(words.iter().map(|(_, value)| text(value)).collect()).or_default();
            *sum.entry("rows".to_owned()).or_default() += u64::from(!parted);
            for (name, number) in numbers {
                *sum.entry(name.clone()).or_default() += number.as_u64().unwrap();
            }
        }
    }
    sums
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

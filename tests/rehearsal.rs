//! A drafted rulebook rehearsed by the real program on another city's real evaluations: who moves is who moves by a reckoning of
//! its own, what is not changed moves nobody, and nothing is recorded.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use std::collections::BTreeMap;
use std::path::Path;

use program::{first_rows, run, said, told};
use rusqlite::Connection;
use serde_json::Value;

const SCHEME: &str = "toronto-2017-building-1";
const BUILDING: &str = include_str!("../rulebooks/toronto-2017/building.toml");

/// The scheme with the entrance lobby weighing three times as much.
fn heavier_lobby() -> String {
    let begins = BUILDING.find("id = \"entrance_lobby\"").unwrap();
    let ends = begins + BUILDING[begins..].find("[[indicator]]").unwrap();
    let mut lobby = BUILDING[begins..ends].replace("points = 5\n", "points = 15\n");
    for points in 1..=5 {
        lobby = lobby.replace(
            &format!("id = \"{points}\", points = {points},"),
            &format!("id = \"{points}\", points = {},", points * 3),
        );
    }
    let changed = format!("{}{lobby}{}", &BUILDING[..begins], &BUILDING[ends..]);
    let changed =
        changed.replacen("total = 100", "total = 110", 1).replacen("points = 100", "points = 110", 1);
    changed.replacen("version = 1", "version = 2", 1)
}

/// Which band a score is in, from the lowest.
fn band(score: u64) -> usize {
    [51, 66, 86].into_iter().filter(|least| score >= *least).count()
}

/// Score by the outcomes alone, the lobby weighing so much more than the others.
fn score(outcomes: &BTreeMap<String, String>, lobby: u64) -> Option<u64> {
    let (mut earned, mut applicable) = (0, 0);
    for (indicator, outcome) in outcomes {
        let weight = if indicator == "entrance_lobby" { lobby } else { 1 };
        if let Ok(points) = outcome.parse::<u64>() {
            earned += points * weight;
            applicable += 5 * weight;
        }
    }
    (200 * earned + applicable).checked_div(2 * applicable)
}

/// The outcomes of each evaluation, as the entries say.
fn evaluations(folder: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let connection = Connection::open(folder.join("ledger.db")).unwrap();
    let sql = "SELECT aggregate_id, json_extract(r.value, '$.indicator'), json_extract(r.value, '$.outcome')
               FROM events, json_each(payload, '$.results') r WHERE event_type = 'IndicatorsChecked'";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let mut all: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for row in rows {
        let (stream, indicator, outcome): (String, String, String) = row.unwrap();
        all.entry(stream).or_default().insert(indicator, outcome);
    }
    all
}

#[test]
fn a_heavier_indicator_moves_whom_it_moves_and_nothing_is_recorded() {
    let place = tempfile::tempdir().unwrap();
    let (folder, file, draft) =
        (place.path().join("ledger"), place.path().join("rows.csv"), place.path().join("draft.toml"));
    told(&folder, &["init", "--origin", "ledger.example/rehearsal", "--json"]);
    first_rows(400, &file);
    let imported = run(&folder, &["import", "toronto-evaluations", file.to_str().unwrap()]);
    assert!(imported.status.success(), "{}", said(&imported));
    std::fs::write(&draft, heavier_lobby()).unwrap();
    let draft = draft.to_str().unwrap();
    let entries = |folder: &Path| {
        let connection = Connection::open(folder.join("ledger.db")).unwrap();
        connection.query_row("SELECT count(*) FROM events", [], |row| row.get::<_, u64>(0)).unwrap()
    };
    let before = entries(&folder);

    let rehearsed = told(&folder, &["--json", "scheme", "rehearse", draft, "--against", SCHEME, "--every"]);
    let evaluations = evaluations(&folder);
    assert_eq!(evaluations.len(), 400);
    let mut due: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for (stream, outcomes) in &evaluations {
        if let (Some(was), Some(is)) = (score(outcomes, 1), score(outcomes, 3))
            && band(was) != band(is)
        {
            due.insert(stream.clone(), (was, is));
        }
    }
    let moves = rehearsed["moves"].as_array().unwrap();
    let told_of = |of: &Value| {
        let [premises, assessment] = ["premises", "assessment"].map(|name| of[name].as_str().unwrap());
        let [was, is] = ["was", "is"].map(|name| of[name]["score"].as_u64().unwrap());
        (format!("premises/{premises}/assessment/{assessment}"), (was, is))
    };
    assert_eq!(moves.iter().map(told_of).collect::<BTreeMap<_, _>>(), due);
    assert!(due.len() > 3, "{due:?}");
    for of in moves {
        let shifts = of["why"]["indicators"].as_array().unwrap();
        assert!(
            shifts.len() == 1 && shifts[0]["indicator"] == "entrance_lobby",
            "the one that was changed: {of}"
        );
        let (was, is) = (of["was"]["score"].as_u64().unwrap(), of["is"]["score"].as_u64().unwrap());
        assert_eq!(of["direction"], if is < was { "down" } else { "up" });
    }
    let counted = |name: &str| rehearsed[name].as_u64().unwrap();
    assert_eq!(counted("up") + counted("down"), moves.len() as u64);
    assert_eq!(counted("up") + counted("down") + counted("same"), counted("assessments"));

    let mine = place.path().join("same.toml");
    std::fs::write(&mine, BUILDING).unwrap();
    let same = told(
        &folder,
        &["--json", "scheme", "rehearse", mine.to_str().unwrap(), "--against", SCHEME, "--every"],
    );
    assert_eq!((&same["moves"], &same["only_score"]), (&serde_json::json!([]), &serde_json::json!(0)));
    assert_eq!(same["same"], rehearsed["assessments"]);
    let last = told(&folder, &["--json", "scheme", "rehearse", draft, "--against", SCHEME]);
    assert_eq!(last["assessments"], last["premises"], "the last of each premises alone");
    assert!(counted("assessments") > last["assessments"].as_u64().unwrap());

    let changed = told(&folder, &["--json", "scheme", "diff", draft, "--against", SCHEME]);
    let paths: Vec<&str> =
        changed["differences"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"indicators.indicator[entrance_lobby].points") && paths.len() == 10, "{paths:?}");
    assert_eq!(entries(&folder), before, "nothing was recorded");
}

#[test]
fn a_draft_that_does_not_hold_together_is_told_all_its_faults() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("unit.toml");
    let unit = include_str!("../rulebooks/pingshan/unit.toml");
    let faulty = unit.replacen("competent = \"fire\"", "competent = \"nobody\"", 1).replacen(
        "total = 100",
        "total = 99",
        1,
    );
    std::fs::write(&file, faulty).unwrap();
    let [policy, holidays] = ["policy", "holidays"]
        .map(|part| format!("{}/../rulebooks/pingshan/{part}.toml", env!("CARGO_MANIFEST_DIR")));
    let nowhere = place.path().join("no-ledger");
    let checked = run(&nowhere, &["scheme", "validate", file.to_str().unwrap(), &policy, &holidays]);
    let told = said(&checked);
    assert_eq!(checked.status.code(), Some(1), "{told}");
    assert!(told.contains("no [[department]] nobody") && told.contains("not to total = 99"), "{told}");
    std::fs::write(&file, unit.replacen("cap = 3", "cap = 5", 1)).unwrap();
    let checked = run(&nowhere, &["scheme", "validate", file.to_str().unwrap(), &policy, &holidays]);
    let told = said(&checked);
    assert!(
        checked.status.success() && told.contains("doubt: ") && told.contains("lowers nothing"),
        "{told}"
    );
}

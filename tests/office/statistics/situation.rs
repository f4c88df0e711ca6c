//! The analysis of the situation, equal to what is counted over the entries, and the same at an old position.

use std::collections::{BTreeMap, BTreeSet};

use super::counting::{Counts, STREET, counted, levels_on, report, sums, with_stories};
use crate::program::run;

/// What the rulebooks say: of which category the incidents are that a department confirms, else for what the indicator's aspect is
/// named.
const OF_RULEBOOK: &str = "coalesce((SELECT danger FROM ruled WHERE ruled.department = hazard.department),
    (SELECT danger FROM aspect WHERE aspect.indicator = hazard.indicator), 'other')";
const BY: [&str; 5] = ["subdistrict", "community", "kind", "level", "month"];

#[test]
fn the_situation_is_counted_by_area_kind_level_and_month() {
    let hazards = format!(
        "SELECT premises, {OF_RULEBOOK}, found_on, count(*) FROM hazard, asked WHERE found_on <= day"
    );
    let incidents =
        "SELECT premises, category, happened_on, count(*) FROM incident, asked WHERE happened_on <= day";
    let figures = [
        ("incidents", incidents.to_owned()),
        ("confirmed", format!("{incidents} AND confirmed")),
        ("hazards", hazards.clone()),
        ("open", format!("{hazards} AND (closed_on IS NULL OR closed_on > day)")),
    ];
    let mut seen = Counts::new();
    let mut kinds = BTreeSet::new();
    for (folder, middle) in with_stories() {
        let asked: [&[&str]; 3] =
            [&["situation"], &["situation", "--from", &middle], &["situation", "--valid-at", &middle]];
        for asked in asked {
            let situation = report(&folder, asked);
            let (day, from) = (situation["day"].as_str().unwrap(), situation["from"].as_str().unwrap_or(""));
            for (column, sql) in &figures {
                let on =
                    if column == &"incidents" || column == &"confirmed" { "happened_on" } else { "found_on" };
                let sql = format!("{sql} AND {on} >= '{from}' GROUP BY 1, 2, 3");
                let due = placed(&folder, &counted(&folder, day, &sql));
                let counts = sums_of_numbers(&situation, column);
                assert_eq!(counts, due, "{column} of {asked:?} in {}", folder.display());
                *seen.entry(vec![(*column).to_owned()]).or_default() += counts.values().sum::<u64>();
                if column == &"hazards" {
                    kinds.extend(counts.into_keys().map(|key| key[2].clone()));
                }
            }
        }
    }
    assert!(seen.len() == 4 && seen.values().all(|count| *count > 0), "each is counted somewhere: {seen:?}");
    assert!(kinds.len() > 3, "several kinds by the rulebook: {kinds:?}");
}

#[test]
fn grades_stand_at_their_own_level_in_the_month_in_which_they_took_effect() {
    let holding = "SELECT subdistrict, community, 'grade', coalesce(level, 'not_assessed'), substr(binds_from, 1, 7), count(*)
                   FROM open_house JOIN holds USING (premises) GROUP BY 1, 2, 3, 4, 5";
    let lowered = "SELECT subdistrict, community, 'grade', coalesce(level, 'not_assessed'), substr(binds_from, 1, 7), count(*)
                   FROM open_house JOIN bound USING (premises) WHERE direction = 'down' GROUP BY 1, 2, 3, 4, 5";
    let mut down = 0;
    for (folder, middle) in with_stories() {
        for at in [vec![], vec!["--valid-at", middle.as_str()]] {
            let situation = report(&folder, &[&["situation"], at.as_slice()].concat());
            let day = situation["day"].as_str().unwrap();
            assert_eq!(sums_of_numbers(&situation, "premises"), counted(&folder, day, holding), "{day}");
            let counts = sums_of_numbers(&situation, "lowered");
            assert_eq!(counts, counted(&folder, day, lowered), "{day}");
            down += counts.values().sum::<u64>();
        }
    }
    assert!(down > 0, "something was lowered somewhere");
}

#[test]
fn a_page_of_the_situation_has_a_picture_of_each_question() {
    let folder = STREET.path().join("ledger");
    for (lang, captions) in [
        ("zh", ["发现隐患（按类别）", "发现隐患（按街道）", "发现隐患（按管理等级）", "发现隐患（按月份）"]),
        (
            "en",
            [
                "Hazards found, by kind",
                "Hazards found, by subdistrict",
                "Hazards found, by management level",
                "Hazards found, by month",
            ],
        ),
    ] {
        let page = run(&folder, &["report", "situation", "--format", "html", "--lang", lang]);
        let page = String::from_utf8(page.stdout).unwrap();
        for caption in captions {
            assert!(page.contains(&format!("<caption>{caption}</caption>")), "{caption}: {page}");
        }
    }
}

/// Where what was counted by premises, kind and day stands: in the area of the premises, at the level of their building then.
fn placed(folder: &std::path::Path, counts: &Counts) -> Counts {
    let houses = counted(
        folder,
        "9999-12-31",
        "SELECT premises, subdistrict, community, iif(layer = 'unit', json_extract(d, '$.parent'), NULL), 1 FROM house",
    );
    let houses: BTreeMap<String, Vec<String>> =
        houses.into_keys().map(|mut row| (row.remove(0), row)).collect();
    let days: BTreeSet<String> = counts.keys().map(|key| key[2].clone()).collect();
    let levels = levels_on(folder, &days);
    let mut due = Counts::new();
    for (key, count) in counts {
        let [premises, kind, day] = key.as_slice() else { panic!("{key:?}") };
        let [subdistrict, community, parent] = houses[premises].as_slice() else { panic!("{premises}") };
        let building = if houses.contains_key(parent) { parent } else { premises };
        let level = levels.get(&(building.clone(), day.clone()));
        let level = level.map_or("not_assessed", String::as_str);
        let place = [subdistrict, community, kind, level, &day[..7]].map(str::to_owned);
        *due.entry(place.to_vec()).or_default() += count;
    }
    due
}

/// The sums of a column where it is a number: grades are counted in none of the columns of dangers.
fn sums_of_numbers(situation: &serde_json::Value, column: &str) -> Counts {
    let mut counted = situation.clone();
    counted["rows"].as_array_mut().unwrap().retain(|row| row[column].is_u64());
    sums(&counted, &BY, column)
}

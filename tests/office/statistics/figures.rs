//! Figures of every report, equal to those counted over the entries.

use std::collections::BTreeMap;

use serde_json::Value;

use super::counting::{Counts, NEVER, STREET, counted, ledgers, report, sums, text};
use crate::program::{run, said};

#[test]
fn grades_are_counted_as_the_entries_say_now_and_on_a_day() {
    let sql = "SELECT layer, subdistrict, community, star, coalesce(grade, 'not_assessed'), level, count(*)
               FROM open_house LEFT JOIN holds USING (premises) GROUP BY 1, 2, 3, 4, 5, 6";
    let by = ["layer", "subdistrict", "community", "star", "grade", "level"];
    for (folder, middle) in ledgers() {
        let now = report(&folder, &["distribution"]);
        let graded = |counts: &Counts| {
            counts.iter().filter(|(of, _)| of[4] != "not_assessed").map(|(_, n)| n).sum::<u64>()
        };
        let counts = sums(&now, &by, "premises");
        assert_eq!(counts, counted(&folder, NEVER, sql));
        assert!(graded(&counts) > 4, "{counts:?}");
        let then = sums(&report(&folder, &["distribution", "--valid-at", &middle]), &by, "premises");
        assert_eq!(then, counted(&folder, &middle, sql), "{middle}");
        assert_ne!(then, counts);
    }
}

#[test]
fn who_moved_is_who_held_another_grade_on_the_earlier_day() {
    let held = "SELECT premises, n, star, why, 1 FROM open_house LEFT JOIN holds USING (premises)";
    for (folder, middle) in ledgers() {
        let moved = report(&folder, &["movement", "--from", &middle]);
        let until = moved["day"].as_str().unwrap().to_owned();
        let of = |day: &str| -> BTreeMap<String, Vec<String>> {
            counted(&folder, day, held).into_keys().map(|mut row| (row.remove(0), row)).collect()
        };
        let (was, is) = (of(&middle), of(&until));
        let mut due = Counts::new();
        for (premises, is) in is {
            let none = vec![String::new(); 3];
            let was = was.get(&premises).unwrap_or(&none);
            let direction = match (was[0].as_str(), is[0].as_str()) {
                ("", "") => continue,
                (was, is) if was == is => continue,
                ("", _) => "first",
                (_, "") => "ended",
                _ if was[1] == is[1] => "same",
                _ if was[1] < is[1] => "up",
                _ => "down",
            };
            let why = if direction == "ended" { "no_longer_in_force" } else { &is[2] };
            *due.entry(vec![direction.to_owned(), why.to_owned()]).or_default() += 1;
        }
        assert_eq!(sums(&moved, &["direction", "reason"], "premises"), due, "{middle} to {until}");
        assert!(!due.is_empty());
    }
}

#[test]
fn rounds_are_counted_by_area_and_worker() {
    let missed = "SELECT subdistrict, community, count(DISTINCT m.premises || json_extract(m.d, '$.result.due'))
        FROM said m JOIN house USING (premises) WHERE m.type = 'PatrolMissed' AND NOT EXISTS (
          SELECT 1 FROM said x WHERE x.premises = m.premises AND x.type = 'PatrolExcused'
            AND json_extract(m.d, '$.result.due') BETWEEN json_extract(x.d, '$.from') AND json_extract(x.d, '$.until'))
        GROUP BY 1, 2";
    let made = "SELECT json_extract(p.d, '$.by'), sum(json_extract(p.d, '$.units_entered'))
        FROM said p JOIN house h USING (premises) WHERE h.layer = 'building' AND (p.type = 'PatrolCompleted'
          OR p.type = 'VisitMade' AND json_extract(p.d, '$.kind') = 'patrol') GROUP BY 1";
    // a link of the chain was met if the next one begins within it, on the day of a round
    let met = "SELECT subdistrict, count(*) FROM (SELECT a.premises, json_extract(a.d, '$.result.counted_from') AS here,
            json_extract(a.d, '$.result.due') AS due, lead(json_extract(a.d, '$.result.counted_from'))
              OVER (PARTITION BY a.premises ORDER BY a.position) AS next
          FROM said a WHERE a.type = 'PatrolAssigned') l JOIN house USING (premises)
        WHERE next > here AND next <= due AND NOT EXISTS (SELECT 1 FROM said m WHERE m.premises = l.premises
          AND m.type = 'PatrolMissed' AND json_extract(m.d, '$.result.due') = next) GROUP BY 1";
    let mut seen = 0;
    for (folder, _) in ledgers() {
        let rounds = report(&folder, &["patrols"]);
        let counts = sums(&rounds, &["subdistrict", "community"], "missed");
        assert_eq!(counts, counted(&folder, NEVER, missed));
        seen += counts.values().sum::<u64>();
        assert_eq!(sums(&rounds, &["worker"], "units_entered"), counted(&folder, NEVER, made));
        assert_eq!(sums(&rounds, &["subdistrict"], "met"), counted(&folder, NEVER, met));
        let all = "SELECT count(*) FROM said p JOIN house h USING (premises) WHERE h.layer = 'building'
            AND (p.type = 'PatrolCompleted' OR p.type = 'VisitMade' AND json_extract(p.d, '$.kind') = 'patrol')";
        assert_eq!(sums(&rounds, &[], "made"), counted(&folder, NEVER, all));
        for row in rounds["rows"].as_array().unwrap() {
            let [due, met, missed] = ["due", "met", "missed"].map(|name| row[name].as_u64().unwrap());
            assert_eq!(due, met + missed);
            assert_eq!(row["rate"].as_u64(), (met * 100).checked_div(due));
        }
    }
    assert!(seen > 0, "some round was missed somewhere");
}

#[test]
fn hazards_are_counted_by_department_and_age() {
    let found =
        "SELECT department, severity, count(*) FROM hazard, asked WHERE found_on <= day GROUP BY 1, 2";
    let open = "SELECT department, severity, count(*) FROM hazard, asked WHERE found_on <= day
                AND (closed_on IS NULL OR closed_on > day) GROUP BY 1, 2";
    let old = "SELECT department, severity, count(*) FROM hazard, asked WHERE found_on <= day
               AND (closed_on IS NULL OR closed_on > day) AND julianday(day) - julianday(found_on) > 90 GROUP BY 1, 2";
    // from the first service of the order on; what was set or planned later counts where it is later
    let overdue = "WITH due AS (SELECT h.department, h.severity, max(
            date((SELECT min(json_extract(s.d, '$.on')) FROM said n JOIN said s ON s.stream = n.stream
                WHERE n.type = 'NoticeIssued' AND s.type = 'NoticeServed'
                  AND coalesce(json_extract(n.d, '$.about'), json_extract(n.d, '$.result.about')) = h.stream
                  AND json_extract(s.d, '$.on') >= date(o.occurred_at, '+8 hours')),
              '+' || json_extract(o.d, '$.days') || ' days'),
            coalesce((SELECT max(coalesce(json_extract(x.d, '$.until'), json_extract(x.d, '$.due'))) FROM said x
                WHERE x.stream = h.stream AND x.type IN ('DeadlineExtended', 'RectificationRefused')), '')) AS due
          FROM hazard h JOIN (SELECT said.*, events.occurred_at FROM said JOIN events USING (position)) o
            ON o.stream = h.stream AND o.type = 'RectificationOrdered' WHERE h.closed_on IS NULL)
        SELECT department, severity, count(*) FROM due, asked WHERE due < day GROUP BY 1, 2";
    let mut late = 0;
    for (folder, middle) in ledgers() {
        let now = report(&folder, &["hazards"]);
        let counts = sums(&now, &["department", "severity"], "overdue");
        assert_eq!(counts, counted(&folder, now["day"].as_str().unwrap(), overdue));
        late += counts.values().sum::<u64>();
        for at in [vec![], vec!["--valid-at", middle.as_str()]] {
            let hazards = report(&folder, &[&["hazards"], at.as_slice()].concat());
            let day = hazards["day"].as_str().unwrap();
            for (column, sql) in [("found", found), ("open", open), ("days_over_90", old)] {
                let counts = sums(&hazards, &["department", "severity"], column);
                assert_eq!(counts, counted(&folder, day, sql), "{column} on {day}");
            }
            for row in hazards["rows"].as_array().unwrap() {
                let of = |name: &str| row[name].as_u64().unwrap();
                let ages = ["days_0_7", "days_8_30", "days_31_90", "days_over_90"].map(of);
                assert_eq!((of("found"), ages.iter().sum::<u64>()), (of("open") + of("closed"), of("open")));
            }
        }
    }
    assert!(late > 0, "something is overdue somewhere");
}

#[test]
fn missed_deadlines_are_those_on_record() {
    let sql = "SELECT 'office', json_extract(d, '$.result.deadline'), json_extract(d, '$.result.whose'), count(*)
               FROM said WHERE said.type = 'DeadlineMissed' GROUP BY 2, 3
               UNION ALL SELECT 'party', 'rectification', party.value, count(*)
               FROM said, json_each(said.d, '$.result.parties') party WHERE said.type = 'HazardFellOverdue' GROUP BY 3";
    let mut seen = Counts::new();
    for (folder, middle) in ledgers() {
        let by = ["side", "deadline", "whose"];
        let counts = sums(&report(&folder, &["deadlines"]), &by, "missed");
        assert_eq!(counts, counted(&folder, NEVER, sql));
        let since =
            sql.replace("GROUP", &format!("AND json_extract(said.d, '$.result.due') >= '{middle}' GROUP"));
        let later = sums(&report(&folder, &["deadlines", "--from", &middle]), &by, "missed");
        assert_eq!(later, counted(&folder, NEVER, &since));
        seen.extend(counts);
    }
    assert!(!seen.is_empty(), "somebody was late somewhere");
}

#[test]
fn a_party_answers_for_what_it_was_named_for() {
    for (folder, _) in ledgers() {
        let party = counted(
            &folder,
            NEVER,
            "SELECT json_extract(d, '$.party'), count(*) FROM said
            WHERE type = 'ResponsiblePartyNamed' GROUP BY 1 ORDER BY 2 DESC LIMIT 1",
        );
        let party = party.into_keys().next().unwrap().remove(0);
        let sql = format!(
            "SELECT premises, json_extract(n.d, '$.role'), coalesce(grade, 'not_assessed'), level, 1
             FROM said n JOIN open_house USING (premises) LEFT JOIN holds USING (premises)
             WHERE n.type = 'ResponsiblePartyNamed' AND json_extract(n.d, '$.party') = '{party}'"
        );
        let portfolio = report(&folder, &["portfolio", &party]);
        let row =
            |row: &Value| (["premises", "role", "grade", "level"].map(|name| text(&row[name])).to_vec(), 1);
        let rows: Counts = portfolio["rows"].as_array().unwrap().iter().map(row).collect();
        assert_eq!(rows, counted(&folder, NEVER, &sql), "{party}");
        assert!(!rows.is_empty());
    }
    let unnamed = run(&STREET.path().join("ledger"), &["report", "portfolio"]);
    assert!(
        unnamed.status.code() == Some(2) && said(&unnamed).contains("of one party"),
        "{}",
        said(&unnamed)
    );
}

//! Appeals, credit and the inspections that follow from it, equal to what is counted over the entries: on ledgers of which one has
//! appeals of every outcome, parties of several classes, and inspections that were made, put off and missed.

use std::collections::BTreeSet;

use serde_json::Value;

use super::counting::{Counts, NEVER, counted, report, sums, text, with_stories};

#[test]
fn appeals_have_the_outcome_that_was_decided() {
    let sql = "SELECT subdistrict, iif(against LIKE '%/hazard/%', 'hazard', 'grade'), stage, filed_on, decided_on,
                 iif(last_naming = 'AppealAssigned', last_named, NULL), cast(julianday(decided_on) - julianday(filed_on) AS integer), count(*)
               FROM appeal JOIN house USING (premises) GROUP BY 1, 2, 3, 4, 5, 6, 7";
    let mut seen = BTreeSet::new();
    for (folder, middle) in with_stories() {
        for at in [vec![], vec!["--valid-at", middle.as_str()]] {
            let appeals = report(&folder, &[&["appeals"], at.as_slice()].concat());
            let mut counts = Counts::new();
            for row in appeals["rows"].as_array().unwrap() {
                let by = ["subdistrict", "against", "stage", "filed_on", "decided_on", "reviewer", "days"];
                *counts.entry(by.map(|name| text(&row[name])).to_vec()).or_default() += 1;
                seen.insert(text(&row["stage"]));
            }
            let day = at.last().copied().unwrap_or(NEVER);
            assert_eq!(counts, counted(&folder, day, sql), "{} {day}", folder.display());
        }
    }
    for outcome in ["upheld", "varied", "rejected", "own_motion", "not_admitted", "withdrawn"] {
        assert!(seen.contains(outcome), "some appeal was {outcome}: {seen:?}");
    }
}

#[test]
fn parties_are_counted_by_the_class_that_was_computed_last() {
    let classes = "SELECT kind, class, count(*) FROM rated GROUP BY 1, 2";
    let of_file = |having: &str| {
        format!(
            "SELECT rated.kind, rated.class, count(*) FROM rated JOIN said f ON f.stream = rated.stream || '/credit' WHERE {having} GROUP BY 1, 2"
        )
    };
    let undecided = |asked: &str, decided: &str| {
        of_file(&format!(
            "f.type = '{asked}' AND NOT EXISTS (SELECT 1 FROM said d WHERE d.stream = f.stream AND d.type = '{decided}'
               AND json_extract(d.d, '$.number') = json_extract(f.d, '$.number'))"
        ))
    };
    let public = of_file(
        "f.type = 'CreditPublished' AND NOT EXISTS (SELECT 1 FROM said u WHERE u.stream = f.stream AND u.type = 'CreditUnpublished'
           AND u.position > f.position AND coalesce(json_extract(u.d, '$.result.item'), json_extract(u.d, '$.item'))
             = json_extract(f.d, '$.item'))",
    );
    let public = public.replace("count(*)", "count(DISTINCT f.stream)");
    let figures = [
        ("objections", undecided("ObjectionRaised", "ObjectionDecided")),
        ("published", public),
        ("repairs", undecided("RepairRequested", "RepairDecided")),
        ("waiting", of_file(WAITS)),
    ];
    let by = ["kind", "class"];
    let (mut seen, mut shown) = (Counts::new(), BTreeSet::new());
    for (folder, middle) in with_stories() {
        let credit = report(&folder, &["credit"]);
        let day = text(&credit["day"]);
        let now = sums(&credit, &by, "parties");
        assert_eq!(now, counted(&folder, &day, classes));
        shown.extend(now.into_keys().map(|mut key| key.remove(1)));
        for (column, sql) in &figures {
            let counts = sums(&credit, &by, column);
            assert_eq!(counts, counted(&folder, &day, sql), "{column}");
            *seen.entry(vec![(*column).to_owned()]).or_default() += counts.values().sum::<u64>();
        }
        let since = report(&folder, &["credit", "--from", &middle]);
        let held = |day: &str| counted(&folder, day, "SELECT stream, kind, class, 1 FROM rated");
        let (was, is) = (held(&middle), held(&day));
        for (column, here, there) in [("came", &is, &was), ("went", &was, &is)] {
            let mut due = Counts::new();
            for row in here.keys().filter(|row| !there.contains_key(*row)) {
                *due.entry(row[1..].to_vec()).or_default() += 1;
            }
            assert_eq!(sums(&since, &by, column), due, "{column} since {middle}");
            *seen.entry(vec![column.to_owned()]).or_default() += due.values().sum::<u64>();
        }
    }
    assert!(shown.len() > 2, "parties stand in several classes: {shown:?}");
    assert!(seen.len() == 6 && seen.values().all(|count| *count > 0), "each is counted somewhere: {seen:?}");
}

/// The newest rating of a file whose lowest class nobody has confirmed or refused: some conduct that leads there is in neither.
const WAITS: &str = "f.type = 'CreditRated' AND json_extract(f.d, '$.result.class.needs_confirmer')
    AND NOT json_extract(f.d, '$.result.class.confirmed')
    AND f.position = (SELECT max(n.position) FROM said n WHERE n.stream = f.stream AND n.type = 'CreditRated')
    AND EXISTS (SELECT 1 FROM json_each(f.d, '$.result.conduct') c WHERE json_extract(c.value, '$.needs_confirmer')
      AND NOT EXISTS (SELECT 1 FROM said k, json_each(k.d, '$.conduct') o WHERE k.stream = f.stream
        AND k.type IN ('LowestClassConfirmed', 'LowestClassRefused') AND json(o.value) = json(json_extract(c.value, '$.of'))))";

#[test]
fn inspections_are_counted_by_class_grade_and_departments() {
    const BY: [&str; 5] = ["subdistrict", "community", "class", "grade", "departments"];
    let of = |count: &str, from: &str, having: &str| {
        format!(
            "SELECT h.subdistrict, h.community, p.class, coalesce(g.grade, 'not_assessed'), p.departments, {count}
             FROM planned p JOIN house h USING (premises) LEFT JOIN holds g USING (premises) {from} WHERE {having} GROUP BY 1, 2, 3, 4, 5"
        )
    };
    let figures = |from: &str| {
        let within = |day: &str| format!("{day} >= '{from}'");
        [
            ("planned", of("count(*)", "", &within("p.planned_on"))),
            (
                "put_off",
                of(
                    "count(*)",
                    "JOIN said r ON r.stream = p.stream AND r.type = 'InspectionReduced'",
                    &within("r.holds_from"),
                ),
            ),
            ("met", of("count(*)", "", &format!("p.made_on <= p.due AND {}", within("p.made_on")))),
            (
                "missed",
                of(
                    "count(DISTINCT p.stream || json_extract(m.d, '$.result.due'))",
                    "JOIN said m ON m.stream = p.stream AND m.type = 'InspectionMissed'",
                    &within("json_extract(m.d, '$.result.due')"),
                ),
            ),
            ("made", of("count(*)", "", &within("p.made_on"))),
            ("open", of("count(*)", "", "p.made_on IS NULL")),
        ]
    };
    let mut seen = Counts::new();
    for (folder, middle) in with_stories() {
        for from in [None, Some(middle.as_str())] {
            let mut asked = vec!["inspections"];
            asked.extend(from.iter().flat_map(|from| ["--from", *from]));
            let inspections = report(&folder, &asked);
            // what holds now is what is in force, whatever day it is from
            for (column, sql) in figures(from.unwrap_or("")) {
                let counts = sums(&inspections, &BY, column);
                assert_eq!(counts, counted(&folder, NEVER, &sql), "{column} since {from:?}");
                *seen.entry(vec![column.to_owned()]).or_default() += counts.values().sum::<u64>();
            }
            for row in inspections["rows"].as_array().unwrap() {
                let [due, met, missed] = ["due", "met", "missed"].map(|name| row[name].as_u64().unwrap());
                assert_eq!((due, row["rate"].as_u64()), (met + missed, (met * 100).checked_div(due)));
                let Value::String(class) = &row["class"] else { panic!("{row}") };
                assert!(["A", "B", "C", "D"].contains(&class.as_str()), "{row}");
            }
        }
    }
    assert!(seen.len() == 6 && seen.values().all(|count| *count > 0), "each is counted somewhere: {seen:?}");
}

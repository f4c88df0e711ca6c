//! Reports by the real program: every figure equals one counted by SQL over the entries themselves, an old position gives the
//! old report, and a workbook says what the CSV says.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use calamine::{Data, Reader as _, Xlsx};
use chrono::{NaiveDate, Utc};
use program::server::{Client, Server, Session};
use program::{run, said, told};
use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use wuping::app::{App, Asked, Who};
use wuping::sample::{self, Street};
use wuping::shelf;
use wuping_ledger::timestamp::Timestamp;
use wuping_replay::statistics::{Statistic, make};

/// A street of two years.
static STREET: LazyLock<TempDir> = LazyLock::new(|| {
    let place = tempfile::tempdir().unwrap();
    let street = Street { buildings: 4, units: 2, years: 2, until: day("2026-11-20"), seed: 7 };
    let folder = place.path().join("ledger");
    runtime().block_on(sample::play(&folder, &street, Utc::now(), &mut |_, _| ())).unwrap();
    place
});
/// The sample of a first start.
static SAMPLE: LazyLock<TempDir> = LazyLock::new(|| {
    let place = tempfile::tempdir().unwrap();
    runtime().block_on(sample::make(&place.path().join("ledger"))).unwrap();
    place
});

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Both ledgers, each with a day in the middle of its history.
fn ledgers() -> [(PathBuf, String); 2] {
    [&STREET, &SAMPLE].map(|place| {
        let folder = place.path().join("ledger");
        let middle = counted(
            &folder,
            NEVER,
            "SELECT date(recorded_at), 1 FROM events ORDER BY position LIMIT 1 OFFSET \
             (SELECT count(*) * 2 / 3 FROM events)",
        );
        let middle = middle.into_keys().next().unwrap().remove(0);
        (folder, middle)
    })
}

fn report(folder: &Path, more: &[&str]) -> Value {
    told(folder, &[&["--json", "report"], more].concat())
}

type Counts = BTreeMap<Vec<String>, u64>;

/// The sums of a column by some of the others, where there is anything.
fn sums(report: &Value, by: &[&str], of: &str) -> Counts {
    let mut sums = Counts::new();
    for row in report["rows"].as_array().unwrap() {
        *sums.entry(by.iter().map(|name| text(&row[*name])).collect()).or_default() +=
            row[of].as_u64().unwrap();
    }
    sums.retain(|_, count| *count > 0);
    sums
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A query over the stored entries, whose last column is a count; what is asked about is the end of this day.
fn counted(folder: &Path, day: &str, sql: &str) -> Counts {
    let connection = Connection::open(folder.join("ledger.db")).unwrap();
    connection.execute_batch(VIEWS).unwrap();
    connection.execute("INSERT INTO asked VALUES (?1)", [day]).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let width = statement.column_count();
    let read =
        |row: &rusqlite::Row<'_>| (0..width).map(|n| row.get::<_, Stored>(n)).collect::<Result<Vec<_>, _>>();
    let rows = statement.query_map([], read).unwrap();
    let text = |value| match value {
        Stored::Null => String::new(),
        Stored::Integer(number) => number.to_string(),
        Stored::Text(text) => text,
        other => panic!("{other:?}"),
    };
    let counted = rows.map(|row| {
        let mut row: Vec<String> = row.unwrap().into_iter().map(text).collect();
        let count = row.pop().unwrap().parse().unwrap();
        (row, count)
    });
    counted.filter(|(_, count)| *count > 0).collect()
}

/// A day after all others.
const NEVER: &str = "9999-12-31";

/// Premises as they are registered by the end of everything, and the grade that holds on the day asked about: what took
/// effect by then and was neither set aside nor taken off the public pages, that of the newest assessment.
const VIEWS: &str = r"
CREATE TEMP TABLE asked (day TEXT);
CREATE TEMP VIEW said AS
  SELECT position, aggregate_type AS kind, aggregate_id AS stream, event_type AS type, payload AS d,
    substr(aggregate_id, 10, instr(substr(aggregate_id, 10) || '/', '/') - 1) AS premises,
    coalesce(json_extract(payload, '$.effective_from'), date(occurred_at, '+8 hours')) AS holds_from
  FROM events;
CREATE TEMP VIEW house AS
  SELECT premises, json_extract(d, '$.layer') AS layer,
    coalesce(json_extract(d, '$.subdistrict'), '') AS subdistrict, coalesce(json_extract(d, '$.community'), '') AS community,
    coalesce(json_extract(d, '$.grid_cell'), '') AS grid_cell, d,
    (SELECT min(json_extract(c.d, '$.on')) FROM said c WHERE c.type = 'PremisesClosed' AND c.premises = r.premises) AS closed_on
  FROM said r WHERE type = 'PremisesRegistered';
CREATE TEMP VIEW determined AS
  SELECT g.premises, json_extract(g.d, '$.result.number') AS n, json_extract(g.d, '$.result.assessment') AS assessment,
    json_extract(g.d, '$.result.assessed_on') AS assessed_on, json_extract(g.d, '$.result.star') AS star,
    json_extract(g.d, '$.result.grade') AS grade, json_extract(g.d, '$.result.management_level') AS level,
    json_extract(g.d, '$.result.trigger') AS why,
    CASE WHEN json_extract(g.d, '$.result.needs_confirmer') = 0 THEN json_extract(g.d, '$.result.determined_on') ELSE
      (SELECT json_extract(c.d, '$.on') FROM said c WHERE c.premises = g.premises
        AND c.type IN ('AdverseGradeConfirmed', 'LiftFromProhibitedConfirmed')
        AND json_extract(c.d, '$.determination') = json_extract(g.d, '$.result.number')) END AS binds_from,
    (SELECT min(json_extract(a.d, '$.result.on')) FROM said a WHERE a.premises = g.premises AND a.type = 'GradeSetAside'
        AND json_extract(a.d, '$.result.determination') = json_extract(g.d, '$.result.number')) AS ends
  FROM said g WHERE g.type = 'GradeDetermined';
CREATE TEMP VIEW bound AS
  SELECT d.*, (SELECT p.type FROM said p WHERE p.premises = d.premises AND p.type IN ('GradePublished', 'GradeUnpublished')
      AND coalesce(json_extract(p.d, '$.result.assessment'), json_extract(p.d, '$.assessment')) = d.assessment
      AND p.holds_from <= (SELECT day FROM asked) ORDER BY p.position DESC LIMIT 1) AS shown
  FROM determined d
  WHERE binds_from <= (SELECT day FROM asked) AND (ends IS NULL OR ends > (SELECT day FROM asked));
CREATE TEMP VIEW holds AS
  SELECT * FROM (SELECT b.*,
      row_number() OVER (PARTITION BY premises ORDER BY assessed_on DESC,
        (SELECT min(f.n) FROM bound f WHERE f.premises = b.premises AND f.assessment = b.assessment) DESC, n DESC) AS place
    FROM bound b WHERE shown IS NOT 'GradeUnpublished') WHERE place = 1;
CREATE TEMP VIEW open_house AS
  SELECT * FROM house WHERE closed_on IS NULL OR closed_on > (SELECT day FROM asked);
CREATE TEMP VIEW hazard AS
  SELECT f.stream, f.premises, json_extract(f.d, '$.result.severity') AS computed,
    coalesce(json_extract(f.d, '$.result.severity'), json_extract(f.d, '$.severity')) AS severity,
    coalesce((SELECT json_extract(r.d, '$.outcome.passed_on.to') FROM said r WHERE r.stream = f.stream
        AND json_extract(r.d, '$.outcome.passed_on.to') IS NOT NULL ORDER BY r.position DESC LIMIT 1),
      json_extract(f.d, '$.result.competent'), json_extract(f.d, '$.competent')) AS department,
    f.holds_from AS found_on,
    (SELECT c.holds_from FROM said c WHERE c.stream = f.stream AND c.type = 'HazardClosed') AS closed_on
  FROM said f WHERE f.type IN ('HazardFound', 'HazardReopened');
";

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
        FROM said p JOIN house USING (premises) WHERE p.type = 'PatrolCompleted' GROUP BY 1";
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
        let all = "SELECT count(*) FROM said WHERE type = 'PatrolCompleted'";
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
fn appeals_have_the_outcome_that_was_decided() {
    let sql = "SELECT coalesce((SELECT json_extract(e.d, '$.outcome') FROM said e WHERE e.stream = f.stream
                 AND e.type = 'AppealDecided'), 'open'), count(*) FROM said f WHERE type = 'AppealFiled' GROUP BY 1";
    for (folder, _) in ledgers() {
        let appeals = report(&folder, &["appeals"]);
        let mut counts = Counts::new();
        for row in appeals["rows"].as_array().unwrap() {
            let decided = row["decided_on"].is_string();
            let outcome = if decided { row["stage"].as_str().unwrap() } else { "open" };
            *counts.entry(vec![outcome.to_owned()]).or_default() += 1;
        }
        assert_eq!(counts, counted(&folder, NEVER, sql));
    }
}

/// Those of a ledger whose parties were rated, merged and objected are counted in `tests/every_event.rs`.
#[test]
fn parties_are_counted_by_the_class_that_was_computed_last() {
    let sql = "SELECT json_extract(p.d, '$.kind'), coalesce((SELECT json_extract(r.d, '$.result.class.shown') FROM said r
                 WHERE r.stream = p.stream || '/credit' AND r.type = 'CreditRated' ORDER BY r.position DESC LIMIT 1), 'not_rated'),
                 count(*) FROM said p WHERE p.type = 'PartyRegistered'
                 AND NOT EXISTS (SELECT 1 FROM said m WHERE m.stream = p.stream AND m.type = 'PartyMerged') GROUP BY 1, 2";
    for (folder, _) in ledgers() {
        let counts = sums(&report(&folder, &["credit"]), &["kind", "class"], "parties");
        assert_eq!(counts, counted(&folder, NEVER, sql));
    }
}

#[test]
fn the_register_is_counted_with_its_gaps() {
    let parties = "SELECT p.premises FROM said p WHERE p.type IN ('ResponsiblePartyNamed', 'ResponsibilityConfirmed')
        AND json_extract(p.d, '$.role') IN ('owner', 'operator')
        AND NOT EXISTS (SELECT 1 FROM said e WHERE e.type = 'ResponsiblePartyEnded' AND e.premises = p.premises
          AND e.position > p.position AND json_extract(e.d, '$.party') = json_extract(p.d, '$.party'))";
    let of = |held: &str| format!("SELECT layer, count(*) FROM open_house WHERE {held} GROUP BY 1");
    let figures = [
        ("registered", "SELECT layer, count(*) FROM house GROUP BY 1".to_owned()),
        ("closed", "SELECT layer, count(*) FROM house WHERE closed_on IS NOT NULL GROUP BY 1".to_owned()),
        ("assessed", of("premises IN (SELECT premises FROM holds)")),
        ("not_assessed", of("premises NOT IN (SELECT premises FROM holds)")),
        ("no_owner", of(&format!("premises NOT IN ({parties})"))),
        (
            "code_conflicts",
            of("EXISTS (SELECT 1 FROM open_house o, json_each(o.d, '$.codes') c, json_each(open_house.d, '$.codes') m
                WHERE o.premises <> open_house.premises AND c.key = m.key AND c.value = m.value)"),
        ),
        (
            "stale_occupancy",
            of("layer <> 'estate' AND NOT EXISTS (SELECT 1 FROM said s WHERE s.premises = open_house.premises
                AND s.type = 'OccupancyChanged' AND s.holds_from >= date((SELECT day FROM asked), '-180 days'))"),
        ),
        (
            "unmatched_incidents",
            "SELECT layer, count(*) FROM house JOIN said u USING (premises) WHERE u.type = 'IncidentUnlinked'
             AND json_extract(u.d, '$.to') IS NULL GROUP BY 1".to_owned(),
        ),
    ];
    for (folder, _) in ledgers() {
        let coverage = report(&folder, &["coverage"]);
        let day = coverage["day"].as_str().unwrap();
        for (column, sql) in &figures {
            assert_eq!(sums(&coverage, &["layer"], column), counted(&folder, day, sql), "{column}");
        }
        for row in coverage["rows"].as_array().unwrap() {
            let of = |name: &str| row[name].as_u64().unwrap();
            let whys =
                ["awaiting_confirmation", "under_way", "not_entered", "no_longer_in_force", "never_opened"]
                    .map(of);
            assert_eq!(of("gradable"), of("registered") - of("closed"));
            assert_eq!(of("not_assessed"), whys.iter().sum::<u64>());
            assert_eq!(of("gradable"), of("assessed") + of("not_assessed"));
        }
        let gaps = report(&folder, &["gaps"]);
        assert_eq!(listed(&gaps), numbered(&coverage), "each number of the coverage is a list of premises");
    }
}

/// How many rows of the list of gaps there are of each kind, layer and subdistrict; premises whose code two others have are
/// one.
fn listed(gaps: &Value) -> Counts {
    let mut premises: BTreeMap<Vec<String>, std::collections::BTreeSet<String>> = BTreeMap::new();
    for row in gaps["rows"].as_array().unwrap() {
        let key = ["gap", "layer", "subdistrict"].map(|name| text(&row[name])).to_vec();
        let of = if row["gap"] == "unmatched_incident" { &row["detail"] } else { &Value::Null };
        premises.entry(key).or_default().insert(format!("{} {of}", text(&row["premises"])));
    }
    premises.into_iter().map(|(key, of)| (key, u64::try_from(of.len()).unwrap())).collect()
}

/// The same by the numbers of the coverage.
fn numbered(coverage: &Value) -> Counts {
    const GAPS: [(&str, &str); 10] = [
        ("awaiting_confirmation", "awaiting_confirmation"),
        ("under_way", "under_way"),
        ("not_entered", "not_entered"),
        ("no_longer_in_force", "no_longer_in_force"),
        ("never_opened", "never_opened"),
        ("no_owner", "no_owner"),
        ("no_assessor", "no_assessor"),
        ("code_conflicts", "code_conflict"),
        ("stale_occupancy", "stale_occupancy"),
        ("unmatched_incidents", "unmatched_incident"),
    ];
    let mut counts = Counts::new();
    for row in coverage["rows"].as_array().unwrap() {
        for (column, gap) in GAPS {
            let key = vec![gap.to_owned(), text(&row["layer"]), text(&row["subdistrict"])];
            *counts.entry(key).or_default() += row[column].as_u64().unwrap();
        }
    }
    counts.retain(|_, count| *count > 0);
    counts
}

/// A register with one of each gap, so that none of the figures is only ever nothing.
#[test]
fn every_gap_that_is_made_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::create(&folder.path().join("ledger"), "ledger.example/gaps", false).unwrap();
    let runtime = runtime();
    let say = |channel: &str, stream: &str, command: Value| {
        let who = Who::Channel { name: channel.into(), reference: "test".into() };
        let (id, stream, occurred_at) = (Uuid::now_v7(), stream.to_owned(), Timestamp::now());
        let asked = Asked { id, stream: stream.clone(), command, expected: None, occurred_at };
        runtime.block_on(app.execute(&who, asked)).unwrap_or_else(|error| panic!("{stream}: {error:?}"));
    };
    let [unit, ..] = shelf::pingshan().unwrap();
    runtime.block_on(app.ledger.writer().keep_scheme(unit.document())).unwrap();
    say("counter", &unit.stream(), unit.illustrative_publication(app.today()));
    app.office.open_feed("feed-police", &["police".to_owned()]).unwrap();
    for (id, code) in [("u-1", "7"), ("u-2", "7"), ("u-3", "3"), ("u-4", "4"), ("u-5", "5")] {
        let register = json!({ "command": "register", "layer": "unit", "parent": "b-1", "address": "石井街道1号", "subdistrict": "石井",
            "codes": { "house_code": code } });
        say("counter", &format!("premises/{id}"), register);
    }
    say("counter", "premises/u-1", json!({ "command": "name_party", "party": "y-1", "role": "owner" }));
    say("counter", "premises/u-1", json!({ "command": "record_occupancy", "vacant": false }));
    say("counter", "premises/u-1", json!({ "command": "assign_assessor", "account": "a-1" }));
    say(
        "counter",
        "premises/u-2/assessment/a-1",
        json!({ "command": "open", "scheme": unit.scheme, "reason": "first" }),
    );
    say("counter", "premises/u-3", json!({ "command": "close", "why": "demolished" }));
    let failed = json!({ "command": "fail", "kind": "assessment", "why": "no_answer", "note_left": true });
    say("counter", "premises/u-4/visit/v-1", failed);
    let incident = json!({ "command": "record", "source": "police", "source_id": "1", "category": "fire",
        "severity": "minor", "happened_at": "2026-03-02T06:05:00Z" });
    say("feed-police", "premises/u-5/incident/i-1", incident);
    say("counter", "premises/u-5/incident/i-1", json!({ "command": "unlink", "why": "wrong_house" }));
    let made = make(app.reader(), Statistic::Coverage, &Default::default()).unwrap();
    let names: Vec<&str> = made.table.columns.iter().map(|column| column.id).collect();
    let found: Vec<String> = made.table.rows[0].iter().map(|cell| cell.text()).collect();
    let found: Vec<(&str, &str)> = names.into_iter().zip(found.iter().map(String::as_str)).collect();
    let due = [
        ("layer", "unit"),
        ("subdistrict", "石井"),
        ("registered", "5"),
        ("closed", "1"),
        ("gradable", "4"),
        ("assessed", "0"),
        ("not_assessed", "4"),
        ("awaiting_confirmation", "0"),
        ("under_way", "1"),
        ("not_entered", "1"),
        ("no_longer_in_force", "0"),
        ("never_opened", "2"),
        ("no_owner", "3"),
        ("no_assessor", "3"),
        ("code_conflicts", "2"),
        ("stale_occupancy", "3"),
        ("unmatched_incidents", "1"),
    ];
    assert_eq!(found, due);
    let made = make(app.reader(), Statistic::Gaps, &Default::default()).unwrap();
    let place = |id: &str| made.table.columns.iter().position(|column| column.id == id).unwrap();
    let [gap, premises, detail] = ["gap", "premises", "detail"].map(place);
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in &made.table.rows {
        let told = format!("{} {}", row[gap].text(), row[detail].text());
        found.entry(row[premises].text()).or_default().push(told.trim().to_owned());
    }
    let due = [
        ("u-1", vec!["code_conflict house_code 7: u-2", "never_opened"]),
        (
            "u-2",
            vec![
                "code_conflict house_code 7: u-1",
                "no_assessor",
                "no_owner",
                "stale_occupancy",
                "under_way",
            ],
        ),
        ("u-4", vec!["no_assessor", "no_owner", "not_entered", "stale_occupancy"]),
        ("u-5", vec!["never_opened", "no_assessor", "no_owner", "stale_occupancy", "unmatched_incident i-1"]),
    ];
    let due = due.map(|(id, told)| (id.to_owned(), told.into_iter().map(str::to_owned).collect()));
    assert_eq!(found, BTreeMap::from(due));
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

/// Every report, with what it needs.
const EVERY: [&[&str]; 10] = [
    &["distribution"],
    &["movement"],
    &["patrols"],
    &["hazards"],
    &["deadlines"],
    &["appeals"],
    &["measures"],
    &["credit"],
    &["coverage"],
    &["gaps"],
];

#[test]
fn an_old_position_gives_the_old_report_for_ever() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("ledger");
    program::copy(&STREET.path().join("ledger"), &folder);
    let before: Vec<Value> = EVERY.iter().map(|name| report(&folder, name)).collect();
    let position = before[0]["position"].to_string();
    told(&folder, &["--json", "account", "open", "later", "--name", "后来", "--role", "grid_worker"]);
    let register = "code,layer,address,subdistrict\nB-late,building,石井街道99号,石井\n";
    std::fs::write(place.path().join("premises.csv"), register).unwrap();
    let file = place.path().join("premises.csv");
    assert!(run(&folder, &["import", "premises", file.to_str().unwrap()]).status.success());
    told(&folder, &["--json", "rebuild"]);
    for (name, before) in EVERY.iter().zip(&before) {
        let again = report(&folder, &[*name, &["--at", position.as_str()]].concat());
        assert_eq!(&again, before, "{name:?}");
        let as_of = before["recorded_at"].as_str().unwrap();
        let again = report(&folder, &[*name, &["--as-of", as_of]].concat());
        assert_eq!(again["digest"], before["digest"], "{name:?} as of {as_of}");
        let now = report(&folder, name);
        assert_ne!(now["tree_head"], before["tree_head"], "{name:?}");
    }
    assert_ne!(report(&folder, &["coverage"])["digest"], before[6]["digest"], "a house was registered since");
    let past = place.path().join("past.db");
    let past = told(&folder, &["--json", "rebuild", "--at", &position, "--to", past.to_str().unwrap()]);
    assert_eq!(past["tree_root"], before[0]["tree_head"], "the tree head is that of the ledger then");
    let beyond = run(&folder, &["report", "distribution", "--at", "99999999"]);
    assert!(
        beyond.status.code() == Some(2) && said(&beyond).contains("is not in the ledger"),
        "{}",
        said(&beyond)
    );
}

#[test]
fn a_workbook_says_what_the_csv_says() {
    let folder = STREET.path().join("ledger");
    let place = tempfile::tempdir().unwrap();
    for lang in [&[][..], &["--lang", "zh"]] {
        for name in EVERY {
            let book = place.path().join(format!("{}.xlsx", name[0]));
            let written = run(
                &folder,
                &[&["report", name[0], "--format", "xlsx", "--out", book.to_str().unwrap()], lang].concat(),
            );
            assert!(written.status.success(), "{}", said(&written));
            let csv = run(&folder, &[&["report", name[0]], lang].concat());
            assert!(csv.status.success(), "{}", said(&csv));
            let digest =
                String::from_utf8_lossy(&csv.stderr).trim().rsplit_once("digest ").unwrap().1.to_owned();
            let plain = csv.stdout.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&csv.stdout);
            assert_eq!(
                plain.len() < csv.stdout.len(),
                !lang.is_empty(),
                "for people it says how it is encoded"
            );
            let mut csv = csv::ReaderBuilder::new().has_headers(false).from_reader(plain);
            let csv: Vec<Vec<String>> =
                csv.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
            let mut book: Xlsx<_> = calamine::open_workbook(&book).unwrap();
            let sheets = book.sheet_names();
            let rows = book.worksheet_range(&sheets[0]).unwrap();
            assert_eq!(rows.height(), csv.len(), "{name:?}");
            for (line, (row, cells)) in csv.iter().zip(rows.rows()).enumerate() {
                assert_eq!(row.len(), cells.len());
                for (cell, due) in cells.iter().zip(row) {
                    let cell = match cell {
                        Data::Float(number) => format!("{number}"),
                        other => other.to_string(),
                    };
                    assert_eq!(&cell, due, "{name:?}, line {line}");
                }
            }
            let told = book.worksheet_range(&sheets[1]).unwrap();
            assert!(told.rows().any(|row| row[1].to_string() == digest), "{name:?}: its own digest");
        }
    }
}

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
    let named = json!({ "party": "y-1", "role": "owner" });
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
    assert_eq!(names(&lead).len(), 11, "no portfolio, no parties, and no credit");
    assert_eq!(
        names(&clerk),
        [
            "distribution",
            "grades",
            "movement",
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

/// The older lists as tables: the same lines, as a workbook and as a page with its picture.
#[test]
fn the_lists_of_cases_grades_and_parties_are_workbooks_and_pages_too() {
    let folder = STREET.path().join("ledger");
    let place = tempfile::tempdir().unwrap();
    for (name, key) in [("cases", "case"), ("grades", "code"), ("parties", "party")] {
        let ran = run(&folder, &["report", name, "--json"]);
        let lines = String::from_utf8(ran.stdout).unwrap();
        let keys: Vec<String> =
            lines.lines().map(|line| text(&serde_json::from_str::<Value>(line).unwrap()[key])).collect();
        assert!(keys.len() > 3, "{name}");
        let file = place.path().join(format!("{name}.xlsx"));
        let made = run(&folder, &["report", name, "--format", "xlsx", "--out", file.to_str().unwrap()]);
        assert!(made.status.success(), "{}", said(&made));
        let mut workbook: Xlsx<_> = calamine::open_workbook(&file).unwrap();
        let sheet = workbook.worksheet_range("Report").unwrap();
        let column = sheet.rows().next().unwrap().iter().position(|cell| *cell == *key).unwrap();
        let told: Vec<String> = sheet.rows().skip(1).map(|row| row[column].to_string()).collect();
        assert_eq!(told, keys, "{name}");
        let page = run(&folder, &["report", name, "--format", "html", "--lang", "zh"]);
        let page = String::from_utf8(page.stdout).unwrap();
        let pictured = name == "parties" || page.contains("<table class=\"bars\">");
        assert!(page.contains("清单") && pictured, "{name}");
    }
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

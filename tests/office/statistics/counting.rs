//! Two ledgers, their reports, and the same figures counted by SQL over the entries themselves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use chrono::{NaiveDate, Utc};
use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use serde_json::Value;
use tempfile::TempDir;
use wuping::sample::{self, Street};

use crate::program::told;

/// A street of two years.
pub(crate) static STREET: LazyLock<TempDir> = LazyLock::new(|| {
    let place = tempfile::tempdir().unwrap();
    let street = Street { buildings: 4, units: 2, years: 2, until: day("2026-11-20"), seed: 7 };
    let folder = place.path().join("ledger");
    runtime().block_on(sample::play(&folder, &street, Utc::now(), &mut |_, _| ())).unwrap();
    place
});
/// The sample of a first start.
pub(crate) static SAMPLE: LazyLock<TempDir> = LazyLock::new(|| {
    let place = tempfile::tempdir().unwrap();
    runtime().block_on(sample::make(&place.path().join("ledger"))).unwrap();
    place
});

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Both ledgers, each with a day in the middle of its history.
pub(crate) fn ledgers() -> [(PathBuf, String); 2] {
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

pub(crate) fn report(folder: &Path, more: &[&str]) -> Value {
    told(folder, &[&["--json", "report"], more].concat())
}

pub(crate) type Counts = BTreeMap<Vec<String>, u64>;

/// The sums of a column by some of the others, where there is anything.
pub(crate) fn sums(report: &Value, by: &[&str], of: &str) -> Counts {
    let mut sums = Counts::new();
    for row in report["rows"].as_array().unwrap() {
        *sums.entry(by.iter().map(|name| text(&row[*name])).collect()).or_default() +=
            row[of].as_u64().unwrap();
    }
    sums.retain(|_, count| *count > 0);
    sums
}

pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A query over the stored entries, whose last column is a count; what is asked about is the end of this day.
pub(crate) fn counted(folder: &Path, day: &str, sql: &str) -> Counts {
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
pub(crate) const NEVER: &str = "9999-12-31";

/// Premises as they are registered by the end of everything, and the grade that holds on the day asked about: what took
/// effect by then and was neither set aside nor taken off the public pages, that of the newest assessment.
pub(crate) const VIEWS: &str = r"
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

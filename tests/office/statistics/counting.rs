//! Ledgers, their reports, and the same figures counted by SQL over the entries themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use chrono::{NaiveDate, Utc};
use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use serde_json::Value;
use tempfile::TempDir;
use wuping::sample::{self, Street};

use crate::every_event::TOLD;
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
    [&STREET, &SAMPLE].map(|place| with_middle(place.path().join("ledger")))
}

/// Those two, and the one of all stories: people appealed there, were rated, objected and were inspected.
pub(crate) fn with_stories() -> Vec<(PathBuf, String)> {
    ledgers().into_iter().chain([with_middle(TOLD.path().join("house"))]).collect()
}

fn with_middle(folder: PathBuf) -> (PathBuf, String) {
    let middle = counted(
        &folder,
        NEVER,
        "SELECT date(recorded_at), 1 FROM events ORDER BY position LIMIT 1 OFFSET \
         (SELECT count(*) * 2 / 3 FROM events)",
    );
    let middle = middle.into_keys().next().unwrap().remove(0);
    (folder, middle)
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
    let connection = opened(folder);
    connection.execute("INSERT INTO asked VALUES (?1)", [day]).unwrap();
    of(&connection, sql)
}

/// The management level that each premises held on each of these days, where they held one.
pub(crate) fn levels_on(folder: &Path, days: &BTreeSet<String>) -> BTreeMap<(String, String), String> {
    let connection = opened(folder);
    let mut levels = BTreeMap::new();
    for day in days {
        connection.execute("DELETE FROM asked", []).unwrap();
        connection.execute("INSERT INTO asked VALUES (?1)", [day]).unwrap();
        for mut row in
            of(&connection, "SELECT premises, level, 1 FROM holds WHERE level IS NOT NULL").into_keys()
        {
            let level = row.remove(1);
            levels.insert((row.remove(0), day.clone()), level);
        }
    }
    levels
}

fn opened(folder: &Path) -> Connection {
    let connection = Connection::open(folder.join("ledger.db")).unwrap();
    connection.execute_batch(VIEWS).unwrap();
    connection
}

fn of(connection: &Connection, sql: &str) -> Counts {
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
CREATE TEMP TABLE said AS
  SELECT position, aggregate_type AS kind, aggregate_id AS stream, event_type AS type, payload AS d,
    substr(aggregate_id, 10, instr(substr(aggregate_id, 10) || '/', '/') - 1) AS premises,
    coalesce(json_extract(payload, '$.effective_from'), date(occurred_at, '+8 hours')) AS holds_from
  FROM events;
CREATE INDEX temp.said_of_premises ON said (premises, type);
CREATE INDEX temp.said_of_stream ON said (stream, type);
CREATE INDEX temp.said_of_type ON said (type);
CREATE TEMP VIEW house AS
  SELECT premises, json_extract(d, '$.layer') AS layer,
    coalesce(json_extract(d, '$.subdistrict'), '') AS subdistrict, coalesce(json_extract(d, '$.community'), '') AS community,
    coalesce(json_extract(d, '$.grid_cell'), '') AS grid_cell, d,
    (SELECT min(json_extract(c.d, '$.on')) FROM said c WHERE c.type = 'PremisesClosed' AND c.premises = r.premises) AS closed_on
  FROM said r WHERE type = 'PremisesRegistered';
CREATE TEMP TABLE determined AS
  SELECT g.premises, json_extract(g.d, '$.result.number') AS n, json_extract(g.d, '$.result.assessment') AS assessment,
    json_extract(g.d, '$.result.assessed_on') AS assessed_on, json_extract(g.d, '$.result.star') AS star,
    json_extract(g.d, '$.result.grade') AS grade, json_extract(g.d, '$.result.management_level') AS level,
    json_extract(g.d, '$.result.trigger') AS why, json_extract(g.d, '$.result.direction') AS direction,
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
CREATE TEMP TABLE document AS SELECT CAST(bytes AS TEXT) AS d FROM schemes;
CREATE TEMP TABLE ruled AS
  SELECT json_extract(i.value, '$.competent') AS department, min(json_extract(i.value, '$.category')) AS danger
  FROM document, json_each(document.d, '$.policy.incident_rule') i GROUP BY 1
  HAVING count(DISTINCT json_extract(i.value, '$.category')) = 1;
CREATE TEMP TABLE aspect AS
  SELECT DISTINCT json_extract(i.value, '$.id') AS indicator, k.column1 AS danger
  FROM document, json_each(document.d, '$.indicators.indicator') i,
    (VALUES ('public_order'), ('fire'), ('environment'), ('safety')) k
  WHERE json_extract(i.value, '$.aspect') IN (k.column1, json_extract(document.d, '$.indicators.layer') || '_' || k.column1);
CREATE TEMP VIEW hazard AS
  SELECT f.stream, f.premises, coalesce(json_extract(f.d, '$.result.indicator'), json_extract(f.d, '$.indicator')) AS indicator, json_extract(f.d, '$.result.severity') AS computed,
    coalesce(json_extract(f.d, '$.result.severity'), json_extract(f.d, '$.severity')) AS severity,
    coalesce((SELECT json_extract(r.d, '$.outcome.passed_on.to') FROM said r WHERE r.stream = f.stream
        AND json_extract(r.d, '$.outcome.passed_on.to') IS NOT NULL ORDER BY r.position DESC LIMIT 1),
      json_extract(f.d, '$.result.competent'), json_extract(f.d, '$.competent')) AS department,
    f.holds_from AS found_on,
    (SELECT c.holds_from FROM said c WHERE c.stream = f.stream AND c.type = 'HazardClosed') AS closed_on
  FROM said f WHERE f.type IN ('HazardFound', 'HazardReopened');
CREATE TEMP VIEW told_incident AS
  SELECT said.* FROM said, asked WHERE holds_from <= day AND type LIKE 'Incident%';
CREATE TEMP VIEW incident AS
  SELECT i.stream, i.premises, json_extract(known.d, '$.category') AS category,
    date(json_extract(known.d, '$.happened_at'), '+8 hours') AS happened_on,
    EXISTS (SELECT 1 FROM told_incident c WHERE c.stream = i.stream AND c.type = 'IncidentConfirmed' AND c.position > coalesce(
      (SELECT max(x.position) FROM told_incident x WHERE x.stream = i.stream AND x.type = 'IncidentCorrected'), -1)) AS confirmed
  FROM (SELECT DISTINCT stream, premises FROM told_incident WHERE type IN ('IncidentRecorded', 'IncidentLinked')) i
    JOIN said known ON known.position = (SELECT max(k.position) FROM told_incident k WHERE k.stream = i.stream
      AND (k.type IN ('IncidentRecorded', 'IncidentCorrected') OR k.type = 'IncidentLinked'
        AND json_extract(k.d, '$.known') IS NOT NULL))
  WHERE (SELECT l.type FROM told_incident l WHERE l.stream = i.stream
      AND l.type IN ('IncidentRecorded', 'IncidentLinked', 'IncidentUnlinked') ORDER BY l.position DESC LIMIT 1)
    <> 'IncidentUnlinked';
CREATE TEMP VIEW appeal AS
  SELECT f.stream, f.premises, json_extract(f.d, '$.on') AS filed_on, json_extract(f.d, '$.against.stream') AS against,
    CASE
      WHEN EXISTS (SELECT 1 FROM said e WHERE e.stream = f.stream AND e.type = 'AppealDecided' AND e.holds_from <= day)
        THEN (SELECT json_extract(e.d, '$.outcome') FROM said e WHERE e.stream = f.stream AND e.type = 'AppealDecided')
      WHEN EXISTS (SELECT 1 FROM said e WHERE e.stream = f.stream AND e.type = 'AppealWithdrawn' AND e.holds_from <= day)
        THEN 'withdrawn'
      WHEN EXISTS (SELECT 1 FROM said e WHERE e.premises = f.premises AND e.type = 'ReevaluationRequested' AND e.holds_from <= day
          AND coalesce(json_extract(e.d, '$.turned_from'), json_extract(e.d, '$.result.turned_from'))
            = replace(f.stream, 'premises/' || f.premises || '/appeal/', ''))
        THEN 'turned'
      WHEN EXISTS (SELECT 1 FROM said e WHERE e.stream = f.stream AND e.type = 'AppealAdmitted' AND e.holds_from <= day)
        THEN 'admitted'
      WHEN EXISTS (SELECT 1 FROM said e WHERE e.stream = f.stream AND e.type = 'AppealRefusedAdmission' AND e.holds_from <= day)
        THEN (SELECT iif(json_extract(e.d, '$.own_motion'), 'own_motion', 'not_admitted') FROM said e
          WHERE e.stream = f.stream AND e.type = 'AppealRefusedAdmission')
      WHEN json_extract(f.d, '$.authorised') OR EXISTS (SELECT 1 FROM said e WHERE e.stream = f.stream
          AND e.type = 'AppealCorrected' AND json_extract(e.d, '$.confirms') AND e.holds_from <= day)
        THEN 'filed'
      ELSE 'awaiting_owner' END AS stage,
    (SELECT json_extract(e.d, '$.on') FROM said e WHERE e.stream = f.stream AND e.type = 'AppealDecided'
      AND e.holds_from <= day) AS decided_on,
    (SELECT json_extract(e.d, '$.reviewer') FROM said e WHERE e.stream = f.stream AND e.holds_from <= day AND (e.type = 'AppealAssigned'
      OR e.type = 'RecusalDecided' AND json_extract(e.d, '$.granted')) ORDER BY e.position DESC LIMIT 1) AS last_named,
    (SELECT e.type FROM said e WHERE e.stream = f.stream AND e.holds_from <= day AND (e.type = 'AppealAssigned'
      OR e.type = 'RecusalDecided' AND json_extract(e.d, '$.granted')) ORDER BY e.position DESC LIMIT 1) AS last_naming
  FROM said f, asked WHERE f.type = 'AppealFiled' AND f.holds_from <= day;
CREATE TEMP VIEW party AS
  SELECT p.stream, json_extract(p.d, '$.kind') AS kind FROM said p WHERE p.type = 'PartyRegistered'
    AND NOT EXISTS (SELECT 1 FROM said m WHERE m.stream = p.stream AND m.type = 'PartyMerged');
CREATE TEMP VIEW rated AS
  SELECT p.stream, p.kind, coalesce((SELECT json_extract(r.d, '$.result.class.shown') FROM said r WHERE r.stream = p.stream || '/credit'
    AND r.type = 'CreditRated' AND json_extract(r.d, '$.result.on') <= day ORDER BY r.position DESC LIMIT 1), 'not_rated') AS class
  FROM party p, asked;
CREATE TEMP VIEW planned AS
  SELECT i.stream, i.premises,
    (SELECT json_extract(p.d, '$.result.class') FROM said p WHERE p.stream = i.stream
      AND p.type IN ('InspectionPlanned', 'InspectionReduced') ORDER BY p.position DESC LIMIT 1) AS class,
    (SELECT json_extract(p.d, '$.result.due') FROM said p WHERE p.stream = i.stream
      AND p.type IN ('InspectionPlanned', 'InspectionReduced') ORDER BY p.position DESC LIMIT 1) AS due,
    (SELECT group_concat(department, ' ') FROM (SELECT json_extract(j.d, '$.department') AS department FROM said j
      WHERE j.stream = i.stream AND j.type = 'InspectionJoined' ORDER BY 1)) AS departments,
    (SELECT json_extract(c.d, '$.on') FROM said c WHERE c.stream = i.stream AND c.type = 'InspectionCarriedOut') AS made_on,
    min(i.holds_from) AS planned_on
  FROM said i WHERE i.type = 'InspectionPlanned' GROUP BY i.stream, i.premises;
";

//! The register with its gaps.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Days;
use serde_json::{Value, json};
use uuid::Uuid;
use wuping::app::{App, Asked, Who};
use wuping::shelf::{self, Compiled};
use wuping_ledger::append::{AppendRequest, Author, NewEvent};
use wuping_ledger::private::split_private;
use wuping_ledger::stream::StreamPath;
use wuping_ledger::timestamp::Timestamp;
use wuping_replay::report::Question;
use wuping_replay::statistics::{Asked as ReportAsked, Statistic, make};

use super::counting::{Counts, NEVER, counted, ledgers, report, runtime, sums, text};

/// Premises for which somebody answers.
const ANSWERED: &str =
    "SELECT p.premises FROM said p WHERE p.type IN ('ResponsiblePartyNamed', 'ResponsibilityConfirmed')
    AND json_extract(p.d, '$.role') IN ('owner', 'operator')
    AND NOT EXISTS (SELECT 1 FROM said e WHERE e.type = 'ResponsiblePartyEnded' AND e.premises = p.premises
      AND e.position > p.position AND json_extract(e.d, '$.party') = json_extract(p.d, '$.party'))";

/// Open premises for which somebody answers by what nobody wrote down, then or later.
fn without_basis() -> String {
    format!(
        "SELECT layer, count(*) FROM open_house WHERE premises IN ({ANSWERED} AND json_extract(p.d, '$.basis') IS NULL
           AND NOT EXISTS (SELECT 1 FROM said m WHERE m.type = 'ResponsiblePartyNamed' AND m.premises = p.premises
             AND json_extract(m.d, '$.party') = json_extract(p.d, '$.party')
             AND json_extract(m.d, '$.role') = json_extract(p.d, '$.role') AND json_extract(m.d, '$.basis') IS NOT NULL))
         GROUP BY 1"
    )
}

#[test]
fn the_register_is_counted_with_its_gaps() {
    let of = |held: &str| format!("SELECT layer, count(*) FROM open_house WHERE {held} GROUP BY 1");
    let figures = [
        ("registered", "SELECT layer, count(*) FROM house GROUP BY 1".to_owned()),
        ("closed", "SELECT layer, count(*) FROM house WHERE closed_on IS NOT NULL GROUP BY 1".to_owned()),
        ("assessed", of("premises IN (SELECT premises FROM holds)")),
        ("not_assessed", of("premises NOT IN (SELECT premises FROM holds)")),
        ("no_owner", of(&format!("premises NOT IN ({ANSWERED})"))),
        ("no_basis", without_basis()),
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
    let mut premises: BTreeMap<Vec<String>, BTreeSet<String>> = BTreeMap::new();
    for row in gaps["rows"].as_array().unwrap() {
        let key = ["gap", "layer", "subdistrict"].map(|name| text(&row[name])).to_vec();
        let of = if row["gap"] == "unmatched_incident" { &row["detail"] } else { &Value::Null };
        premises.entry(key).or_default().insert(format!("{} {of}", text(&row["premises"])));
    }
    premises.into_iter().map(|(key, of)| (key, u64::try_from(of.len()).unwrap())).collect()
}

/// The same by the numbers of the coverage.
fn numbered(coverage: &Value) -> Counts {
    const GAPS: [(&str, &str); 11] = [
        ("awaiting_confirmation", "awaiting_confirmation"),
        ("under_way", "under_way"),
        ("not_entered", "not_entered"),
        ("no_longer_in_force", "no_longer_in_force"),
        ("never_opened", "never_opened"),
        ("no_owner", "no_owner"),
        ("no_basis", "no_basis"),
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
    say(
        "counter",
        "premises/u-1",
        json!({ "command": "name_party", "party": "y-1", "role": "owner", "basis": "property_certificate" }),
    );
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
    // these two were named before anybody asked what that rests on, and of the one it was said since
    for (id, party, role) in [("u-4", "y-4", "operator"), ("u-5", "y-5", "owner")] {
        let named = json!({ "party": party, "role": role, "type": "ResponsiblePartyNamed",
            "received": { "channel": "counter", "ref": "test" } });
        let stream = StreamPath::new(format!("premises/{id}")).unwrap();
        let event =
            NewEvent { stream, schema: "premises/1".to_owned(), data: split_private(named).unwrap().0 };
        let request = AppendRequest::single(Uuid::now_v7(), Author::Intake, Timestamp::now(), event);
        runtime.block_on(app.ledger.writer().append(request)).unwrap();
    }
    say(
        "counter",
        "premises/u-4",
        json!({ "command": "name_party", "party": "y-4", "role": "operator", "basis": "lease" }),
    );
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
        ("no_owner", "1"),
        ("no_basis", "1"),
        ("no_assessor", "3"),
        ("code_conflicts", "2"),
        ("stale_occupancy", "3"),
        ("unmatched_incidents", "1"),
    ];
    assert_eq!(found, due);
    let by_sql = counted(&folder.path().join("ledger"), NEVER, &without_basis());
    assert_eq!(by_sql, Counts::from([(vec!["unit".to_owned()], 1)]));
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
        ("u-4", vec!["no_assessor", "not_entered", "stale_occupancy"]),
        (
            "u-5",
            vec!["never_opened", "no_assessor", "no_basis y-5", "stale_occupancy", "unmatched_incident i-1"],
        ),
    ];
    let due = due.map(|(id, told)| (id.to_owned(), told.into_iter().map(str::to_owned).collect()));
    assert_eq!(found, BTreeMap::from(due));
}

/// What was said about who lives there is relied on for as many days as the rulebook of units says, its last day included.
#[test]
fn occupancy_is_relied_on_up_to_the_day_that_the_rulebook_says() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let app = App::create(&ledger, "ledger.example/occupancy", false).unwrap();
    let runtime = runtime();
    let say = |stream: &str, command: Value| {
        let who = Who::Channel { name: "counter".into(), reference: "test".into() };
        let (id, stream, occurred_at) = (Uuid::now_v7(), stream.to_owned(), Timestamp::now());
        let asked = Asked { id, stream: stream.clone(), command, expected: None, occurred_at };
        runtime.block_on(app.execute(&who, asked)).unwrap_or_else(|error| panic!("{stream}: {error:?}"));
    };
    let publish = |compiled: &Compiled| {
        runtime.block_on(app.ledger.writer().keep_scheme(compiled.document())).unwrap();
        say(&compiled.stream(), compiled.illustrative_publication(app.today()));
    };
    for (id, layer) in [("b-1", "building"), ("u-1", "unit"), ("u-2", "unit"), ("e-1", "estate")] {
        let parent = (layer == "unit").then_some("b-1");
        let register = json!({
            "command": "register", "layer": layer, "parent": parent, "address": "石井街道1号", "subdistrict": "石井",
        });
        say(&format!("premises/{id}"), register);
    }
    let said_on = app.today();
    for id in ["b-1", "u-1"] {
        say(&format!("premises/{id}"), json!({ "command": "record_occupancy", "vacant": id == "u-1" }));
    }
    let stale = |ahead: u64, relied_on: u64| {
        let day = said_on + Days::new(ahead);
        let question = Question { valid_at: Some(day), ..Question::default() };
        let asked = ReportAsked { question, ..ReportAsked::default() };
        let made = make(app.reader(), Statistic::Coverage, &asked).unwrap().table;
        let place = |id: &str| made.position(id).unwrap();
        let (layer, count) = (place("layer"), place("stale_occupancy"));
        let told = made.rows.iter().map(|row| (vec![row[layer].text()], row[count].text().parse().unwrap()));
        let told: Counts = told.filter(|(_, count)| *count > 0).collect();
        let sql = format!(
            "SELECT layer, count(*) FROM open_house WHERE layer <> 'estate' AND coalesce((SELECT julianday(day)
               - julianday(max(s.holds_from)) FROM said s, asked WHERE s.premises = open_house.premises
                 AND s.type = 'OccupancyChanged' AND s.holds_from <= day), {NEVER_SAID}) > {relied_on} GROUP BY 1"
        );
        assert_eq!(
            told,
            counted(&ledger, &day.to_string(), &sql),
            "{ahead} days on, relied on for {relied_on}"
        );
        told
    };
    let nobody_said = Counts::from([(vec!["unit".to_owned()], 1)]);
    let all = Counts::from([(vec!["building".to_owned()], 1), (vec!["unit".to_owned()], 2)]);
    assert_eq!(
        (stale(180, 180), stale(181, 180)),
        (nobody_said.clone(), all.clone()),
        "no rulebook is published"
    );

    let [units, ..] = shelf::pingshan().unwrap();
    publish(&units);
    assert_eq!(
        (stale(0, 180), stale(180, 180), stale(181, 180)),
        (nobody_said.clone(), nobody_said.clone(), all.clone())
    );

    let policy = include_str!("../../../rulebooks/pingshan/policy.toml");
    let shorter = policy.replacen("occupancy_days = 180", "occupancy_days = 30", 1);
    assert_ne!(shorter, policy);
    let unit =
        include_str!("../../../rulebooks/pingshan/unit.toml").replacen("version = 2", "version = 3", 1);
    let holidays = include_str!("../../../rulebooks/pingshan/holidays.toml");
    publish(&shelf::compile("pingshan", &unit, &shorter, holidays).unwrap());
    assert_eq!(
        (stale(30, 30), stale(31, 30)),
        (nobody_said, all.clone()),
        "the newest rulebook says another number"
    );

    say("premises/u-1", json!({ "command": "record_occupancy", "vacant": false }));
    assert_eq!(stale(31, 30), all, "said again on the same day, it lasts no longer");
}

/// More days than any rulebook relies on.
const NEVER_SAID: u32 = 1_000_000;

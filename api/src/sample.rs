//! The sample of a first start: an invented subdistrict under the illustrative rulebook, so that a newcomer sees graded
//! houses before anything real is recorded. Its results are received from a channel that says so.

use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::outcome::Outcome;
use wuping_domain::rulebook::Rulebook;
use wuping_domain::rulebook::scheme::{Collect, Indicator, Kind};
use wuping_ledger::timestamp::Timestamp;

use crate::app::{App, Asked, ExecuteError, OpenError, Who};
use crate::shelf::{self, Compiled};

/// Why the sample could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// A command of it was refused.
    #[error("a command of the sample was not carried out")]
    Execute(#[from] ExecuteError),
    /// A rulebook does not compile.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Write the sample into a new ledger.
///
/// # Errors
/// If one of its commands is refused, which a test holds against.
pub async fn write(app: &App) -> Result<(), SampleError> {
    let [unit, building, _] = shelf::pingshan().map_err(OpenError::Compile)?;
    for number in 0..BUILDINGS {
        write_building(app, &unit, &building, number).await?;
    }
    Ok(())
}

async fn write_building(
    app: &App,
    unit: &Compiled,
    building: &Compiled,
    number: usize,
) -> Result<(), SampleError> {
    let id = format!("sample-b{:02}", number + 1);
    let (subdistrict, community) = PLACES[number % PLACES.len()];
    let address = format!("{subdistrict}街道{community}社区示例路{}号", number + 1);
    let place = json!({ "subdistrict": subdistrict, "community": community, "grid_cell": format!("g-{:02}", number % 9 + 1) });
    let mut register = json!({
        "command": "register", "layer": "building", "address": address, "name": format!("示例楼{}", number + 1),
        "codes": { "house_code": format!("4403100000{:09}", number + 1) },
        "storeys": 6 + number % 3, "units": UNITS, "year_built": 1995 + number % 25,
    });
    merge(&mut register, &place);
    say(app, &format!("premises/{id}"), register).await?;
    let mut units = Vec::new();
    for unit_number in 0..UNITS {
        let unit_id = format!("{id}-u{}", unit_number + 1);
        let mut register = json!({
            "command": "register", "layer": "unit", "parent": id, "address": format!("{address}{}01室", unit_number + 1),
            "codes": { "house_code": format!("4403100000{:09}{:06}", number + 1, unit_number + 1) },
        });
        merge(&mut register, &place);
        say(app, &format!("premises/{unit_id}"), register).await?;
        let faults = (number * 3 + unit_number * 2) % 7;
        assess(app, unit, &unit_id, faults, &[]).await?;
        units.push(unit_id);
    }
    assess(app, building, &id, number % 5, &units).await
}

/// One full assessment in which this many indicators get their lowest row.
async fn assess(
    app: &App,
    compiled: &Compiled,
    premises: &str,
    faults: usize,
    units: &[String],
) -> Result<(), SampleError> {
    let stream = format!("premises/{premises}/assessment/a1");
    let scheme = json!({ "id": compiled.scheme.id, "sha256": compiled.scheme.sha256 });
    let open = json!({ "command": "open", "scheme": scheme, "reason": "first", "units": units });
    say(app, &stream, open).await?;
    let results = |collects: &dyn Fn(Collect) -> bool| results(&compiled.rulebook, faults, collects);
    let checked = results(&|collect| matches!(collect, Collect::Department | Collect::Grid));
    say(app, &stream, json!({ "command": "check", "results": checked })).await?;
    let fed = results(&|collect| collect == Collect::Feed);
    say(app, &stream, json!({ "command": "supply", "results": fed })).await?;
    say(app, &stream, json!({ "command": "submit" })).await
}

fn results(rulebook: &Rulebook, faults: usize, collects: &dyn Fn(Collect) -> bool) -> Vec<Value> {
    let chosen =
        rulebook.scheme.indicators.iter().enumerate().filter(|(_, indicator)| collects(indicator.collect));
    chosen
        .map(|(place, indicator)| {
            let failed = indicator.veto.is_none() && place % 7 == 3 && place / 7 < faults;
            let row = if failed { indicator.rows.last() } else { indicator.rows.first() };
            let outcome = row.map_or(Outcome::NotApplicable, |row| outcome_of(indicator, row));
            json!({ "indicator": indicator.id, "outcome": Value::from(outcome) })
        })
        .collect()
}

fn outcome_of(indicator: &Indicator, row: &wuping_domain::rulebook::scheme::Row) -> Outcome {
    match indicator.kind {
        Kind::Binary | Kind::Levels => Outcome::row(row.id.clone()),
        Kind::Count => Outcome::Count(row.from.unwrap_or_default()),
        Kind::Share => Outcome::Share { part: row.from_percent.unwrap_or_default(), whole: 100 },
        Kind::Survey => Outcome::Survey {
            satisfied: row.from_percent.unwrap_or_default(),
            answered: 100,
            occupied_units: 100,
        },
    }
}

async fn say(app: &App, stream: &str, command: Value) -> Result<(), SampleError> {
    let asked = Asked {
        id: Uuid::now_v7(),
        stream: stream.to_owned(),
        command,
        expected: None,
        occurred_at: Timestamp::now(),
    };
    let invented = Who::Channel { name: "sample".to_owned(), reference: stream.to_owned() };
    app.execute(&invented, asked).await?;
    Ok(())
}

fn merge(into: &mut Value, more: &Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more.clone());
    }
}

const BUILDINGS: usize = 24;
const UNITS: usize = 3;
const PLACES: [(&str, &str); 6] = [
    ("石井", "金龟"),
    ("坪山", "六联"),
    ("坑梓", "秀新"),
    ("龙田", "老坑"),
    ("马峦", "江岭"),
    ("碧岭", "沙湖"),
];

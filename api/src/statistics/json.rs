//! A report for programs: what it was made from, its columns, and a row as an object.

use serde_json::{Map, Value, json};
use wuping_replay::statistics::Made;

use super::WriteError;

pub(super) fn write(made: &Made) -> Result<Vec<u8>, WriteError> {
    Ok(serde_json::to_vec(&document(made)?)?)
}

fn document(made: &Made) -> Result<Value, serde_json::Error> {
    let columns = made.table.columns;
    let rows: Vec<Value> = made
        .table
        .rows
        .iter()
        .map(|row| {
            let members = columns.iter().zip(row);
            let members =
                members.map(|(column, cell)| Ok((column.id.to_owned(), serde_json::to_value(cell)?)));
            Ok(Value::Object(members.collect::<Result<Map<_, _>, serde_json::Error>>()?))
        })
        .collect::<Result<_, serde_json::Error>>()?;
    let named = |column: &wuping_replay::statistics::Column| json!({ "id": column.id, "zh": column.name.zh, "en": column.name.en });
    let mut document = json!({
        "report": made.statistic,
        "title": made.statistic.title(),
        "about": made.statistic.about(),
        "day": made.day,
        "from": made.from,
        "party": made.asked.party,
        "valid_at": made.asked.question.valid_at,
        "position": made.position,
        "recorded_at": made.recorded_at,
        "tree_head": made.tree_head,
        "digest": made.digest,
        "columns": columns.iter().map(named).collect::<Vec<_>>(),
        "rows": rows,
    });
    if let Some(subdistrict) = made.asked.subdistrict() {
        document["subdistrict"] = json!(subdistrict);
    }
    if let Some(rule) = &made.rule {
        document["rule"] = serde_json::to_value(rule)?;
    }
    Ok(document)
}

//! Incidents, as the system that knows them tells of them: recorded at their premises, and put right when it says otherwise.

use serde_json::{Value, json};
use wuping_domain::incident::{Incident, Known};

use crate::lists::carrying::{Held, Part};
use crate::lists::cells::{Cells, Column, Fault, Words, name_of};
use crate::lists::places::{Places, Stop};

/// The columns.
pub(super) const COLUMNS: &[Column] = &[
    Column {
        name: "source_id",
        zh: "事件编号",
        needed: true,
        told_zh: "来源系统的编号，不含个人信息",
        told_en: "what the source calls it; no personal data",
        example: "2026-000123",
    },
    Column {
        name: "source",
        zh: "来源",
        needed: true,
        told_zh: "来源部门代码，如 police、fire",
        told_en: "code of the department it comes from, such as police or fire",
        example: "fire",
    },
    Column {
        name: "code",
        zh: "房屋编码",
        needed: true,
        told_zh: "发生在哪处房屋",
        told_en: "code of the premises it happened at",
        example: "4403100001",
    },
    Column {
        name: "category",
        zh: "类别",
        needed: true,
        told_zh: "安全、火灾或治安",
        told_en: "safety, fire or public_order",
        example: "fire",
    },
    Column {
        name: "severity",
        zh: "程度",
        needed: true,
        told_zh: "轻微、一般或严重",
        told_en: "minor, general or serious",
        example: "minor",
    },
    Column {
        name: "happened_at",
        zh: "发生时间",
        needed: true,
        told_zh: "发生时间",
        told_en: "when it happened",
        example: "2026-03-02 14:05",
    },
    Column {
        name: "text",
        zh: "说明",
        needed: false,
        told_zh: "不公开",
        told_en: "in the source's words; private",
        example: "",
    },
];

/// What a row wants.
pub(super) fn parts(cells: &Cells<'_>, places: &Places<'_>) -> Result<Vec<Part>, Stop> {
    let (source, source_id) = (cells.needed("source")?.to_lowercase(), cells.needed("source_id")?.to_owned());
    for needed in COLUMNS.iter().filter(|column| column.needed) {
        cells.needed(needed.name)?;
    }
    let premises = places.known_premises(cells, "code")?;
    let says = json!({
        "source": source,
        "source_id": source_id,
        "category": cells.word("category", CATEGORIES)?,
        "severity": cells.word("severity", SEVERITIES)?,
        "happened_at": cells.moment("happened_at")?,
    });
    let malformed = || Fault::new("malformed", "事件不符合格式", "the incident has not the form it needs");
    let known: Known = serde_json::from_value(says.clone()).map_err(|_| malformed())?;
    let text = cells.own("text")?;
    let compared = json!({ "premises": premises, "known": says, "text": text });
    Ok(vec![Part {
        key: format!("{source} {source_id}"),
        stream: format!("premises/{premises}/incident/{}", name_of(&format!("{source}-{source_id}"))),
        says: compared,
        whole_row: true,
        steps: Box::new(move |held| Ok(steps(held, &known, &says, text.as_deref()))),
    }])
}

fn steps(held: &Held, known: &Known, says: &Value, text: Option<&str>) -> Vec<Value> {
    let mut command = says.clone();
    match held.trial.state::<Incident>().known {
        Some(held) if held == *known => return vec![],
        Some(_) => {
            command["command"] = json!("correct");
            command["why"] = json!("source_corrected");
        }
        None => {
            command["command"] = json!("record");
            command["text"] = json!(text);
        }
    }
    vec![command]
}

const CATEGORIES: Words = &[("safety", &["安全"]), ("fire", &["火灾", "消防"]), ("public_order", &["治安"])];
const SEVERITIES: Words = &[("minor", &["轻微"]), ("general", &["一般"]), ("serious", &["严重"])];

//! Weather alerts: issued, and lifted once the list says from which day it is safe.

use serde_json::{Value, json};
use wuping_domain::alert::{Alert, Warning};

use crate::lists::carrying::Part;
use crate::lists::cells::{Cells, Column, Fault, Words, name_of};
use crate::lists::places::Stop;

/// The columns.
pub(super) const COLUMNS: &[Column] = &[
    Column {
        name: "alert",
        zh: "预警编号",
        needed: true,
        told_zh: "发布单位的编号；换颜色是另一个预警，另编号",
        told_en: "the issuer's number; another colour is another alert with a number of its own",
        example: "2026-ty-01",
    },
    Column {
        name: "kind",
        zh: "种类",
        needed: true,
        told_zh: "台风、暴雨、雷电等",
        told_en: "typhoon, rainstorm, lightning …",
        example: "typhoon",
    },
    Column {
        name: "colour",
        zh: "颜色",
        needed: true,
        told_zh: "蓝、黄、橙、红",
        told_en: "blue, yellow, orange, red",
        example: "blue",
    },
    Column {
        name: "areas",
        zh: "范围",
        needed: false,
        told_zh: "街道、社区或网格，用顿号或逗号隔开；不填即全区",
        told_en: "subdistricts, communities or grid cells, between commas; everywhere when empty",
        example: "石井",
    },
    Column {
        name: "issued_at",
        zh: "发布时间",
        needed: true,
        told_zh: "发布时间",
        told_en: "when it was issued",
        example: "2026-03-02 08:00",
    },
    Column {
        name: "effective_at",
        zh: "生效时间",
        needed: true,
        told_zh: "生效时间",
        told_en: "when it takes effect",
        example: "2026-03-03 00:00",
    },
    Column {
        name: "until",
        zh: "预计结束",
        needed: false,
        told_zh: "预计结束时间",
        told_en: "until when it is expected to last",
        example: "",
    },
    Column {
        name: "safe_on",
        zh: "解除后安全日期",
        needed: false,
        told_zh: "解除后第一个安全的日子；填了即解除",
        told_en: "the first day on which it is safe again; filled in, it lifts the alert",
        example: "",
    },
    Column {
        name: "text",
        zh: "原文",
        needed: false,
        told_zh: "不公开",
        told_en: "its text as it came; private",
        example: "",
    },
];

/// What a row wants.
pub(super) fn parts(cells: &Cells<'_>) -> Result<Vec<Part>, Stop> {
    let number = cells.needed("alert")?;
    for needed in COLUMNS.iter().filter(|column| column.needed) {
        cells.needed(needed.name)?;
    }
    let mut says = json!({
        "kind": cells.word("kind", KINDS)?,
        "colour": cells.word("colour", COLOURS)?,
        "issued_at": cells.moment("issued_at")?,
        "effective_at": cells.moment("effective_at")?,
    });
    let areas = cells.several("areas")?;
    if !areas.is_empty() {
        says["areas"] = json!(areas);
    }
    if let Some(until) = cells.moment("until")? {
        says["until"] = json!(until);
    }
    let malformed = || Fault::new("malformed", "预警不符合格式", "the alert has not the form it needs");
    let warning: Warning = serde_json::from_value(says.clone()).map_err(|_| malformed())?;
    let (text, safe_on) = (cells.own("text")?, cells.day("safe_on")?);
    let stream = format!("alert/{}", name_of(number));
    let issue = says.clone();
    Ok(vec![Part {
        key: stream.clone(),
        stream,
        says: json!({ "warning": says, "safe_on": safe_on, "text": text }),
        whole_row: true,
        steps: Box::new(move |held| {
            let state = held.trial.state::<Alert>();
            let mut commands: Vec<Value> = Vec::new();
            if state.issued.as_ref() != Some(&warning) {
                // what was issued otherwise is refused by the rules, which say that another alert has another number
                let mut command = issue.clone();
                command["command"] = json!("issue");
                command["text"] = json!(text);
                commands.push(command);
            }
            match (state.safe_on, safe_on) {
                (Some(known), Some(told)) if known != told => {
                    return Err(Fault::new(
                        "lifted_before",
                        format!("已于{known}解除，日期不能更改"),
                        format!("was lifted with {known} as the first safe day, which cannot be changed"),
                    ));
                }
                (None, Some(told)) => commands.push(json!({ "command": "lift", "safe_on": told })),
                _ => {}
            }
            Ok(commands)
        }),
    }])
}

const COLOURS: Words = &[
    ("blue", &["蓝色", "蓝"]),
    ("yellow", &["黄色", "黄"]),
    ("orange", &["橙色", "橙"]),
    ("red", &["红色", "红"]),
];
const KINDS: Words = &[
    ("typhoon", &["台风"]),
    ("rainstorm", &["暴雨"]),
    ("lightning", &["雷电"]),
    ("gale", &["大风"]),
    ("heat", &["高温"]),
    ("cold", &["寒冷", "寒潮"]),
    ("fog", &["大雾"]),
    ("geological", &["地质灾害"]),
];

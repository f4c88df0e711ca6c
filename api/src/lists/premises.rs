//! The office's list of premises: registered where they are new, amended or moved where the list says otherwise.
//!
//! An empty cell says nothing: what stands there stays.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use wuping_domain::premises::{Premises, Register};

use crate::lists::carrying::{Held, Part};
use crate::lists::cells::{Cells, Column, Fault, Words, name_of};
use crate::lists::places::{Places, Stop};

/// The columns.
pub(super) const COLUMNS: &[Column] = &[
    Column {
        name: "code",
        zh: "房屋编码",
        needed: true,
        told_zh: "本单位给这处房屋的编码，不变、不重复",
        told_en: "the office's own code of the premises, always the same and of no others",
        example: "4403100001",
    },
    Column {
        name: "layer",
        zh: "类别",
        needed: true,
        told_zh: "小区、楼栋或套间",
        told_en: "estate, building or unit",
        example: "building",
    },
    Column {
        name: "parent",
        zh: "所属编码",
        needed: false,
        told_zh: "套间所在楼栋、楼栋所在小区的编码",
        told_en: "code of the building that a unit is in, of the estate that a building is in",
        example: "",
    },
    Column {
        name: "address",
        zh: "地址",
        needed: true,
        told_zh: "门牌上的地址",
        told_en: "the address as it is written at the door",
        example: "石井街道金龟路1号",
    },
    Column {
        name: "name",
        zh: "名称",
        needed: false,
        told_zh: "有名称时填写",
        told_en: "a name, where there is one",
        example: "",
    },
    Column {
        name: "subdistrict",
        zh: "街道",
        needed: false,
        told_zh: "街道",
        told_en: "subdistrict",
        example: "石井",
    },
    Column {
        name: "community",
        zh: "社区",
        needed: false,
        told_zh: "社区",
        told_en: "community",
        example: "金龟",
    },
    Column {
        name: "grid_cell",
        zh: "网格",
        needed: false,
        told_zh: "网格编号",
        told_en: "grid cell",
        example: "g-01",
    },
    Column {
        name: "storeys",
        zh: "层数",
        needed: false,
        told_zh: "地上层数",
        told_en: "storeys above ground",
        example: "7",
    },
    Column {
        name: "units",
        zh: "出租套数",
        needed: false,
        told_zh: "出租的套数",
        told_en: "let units",
        example: "12",
    },
    Column {
        name: "year_built",
        zh: "建成年份",
        needed: false,
        told_zh: "建成年份",
        told_en: "year of building",
        example: "1998",
    },
    Column {
        name: "tenure",
        zh: "权属",
        needed: false,
        told_zh: "如何持有，如 village_collective",
        told_en: "how it is held, such as village_collective",
        example: "",
    },
    Column {
        name: "structure",
        zh: "结构",
        needed: false,
        told_zh: "框架、砖混等",
        told_en: "frame, brick …",
        example: "",
    },
    Column {
        name: "coordinates",
        zh: "坐标",
        needed: false,
        told_zh: "纬度,经度；不公开",
        told_en: "latitude,longitude; private",
        example: "",
    },
];

/// The premises that the file itself registers, by code: rows that are not in order register none.
pub(super) fn in_file(rows: &[Cells<'_>]) -> HashMap<String, String> {
    let in_order = rows.iter().filter(|cells| said(cells).is_ok());
    let codes = in_order.filter_map(|cells| cells.text("code").ok().flatten());
    codes.map(|code| (code.to_owned(), new_id(code))).collect()
}

/// What a row wants.
pub(super) fn parts(
    cells: &Cells<'_>,
    places: &Places<'_>,
    in_file: &HashMap<String, String>,
) -> Result<Vec<Part>, Stop> {
    let code = cells.needed("code")?.to_owned();
    let id = match places.premises(&code)? {
        Some(known) => known,
        None => new_id(&code),
    };
    let parent = match cells.text("parent")? {
        None => None,
        Some(parent) if parent == code => {
            return Err(cells.fault("parent", "own_parent", "不能是本行自己", "must be another").into());
        }
        Some(parent) => match places.premises(parent)?.or_else(|| in_file.get(parent).cloned()) {
            Some(id) => Some(id),
            None => {
                let zh = format!("没有编码为“{parent}”的房屋，本文件里也没有；请先登记或加到文件里");
                let en = format!(
                    "no premises go by “{parent}”, nor does the file have them; register them first or add them"
                );
                return Err(cells.fault("parent", "no_premises", zh, en).into());
            }
        },
    };
    let mut says = said(cells)?;
    if let Some(parent) = parent {
        says.insert("parent".into(), json!(parent));
    }
    let coordinates = cells.own("coordinates")?;
    let mut compared = says.clone();
    compared.insert("coordinates".into(), json!(coordinates));
    let stream = format!("premises/{id}");
    Ok(vec![Part {
        key: stream.clone(),
        stream,
        says: Value::Object(compared),
        whole_row: true,
        steps: Box::new(move |held| steps(held, &code, &says, coordinates.as_deref())),
    }])
}

/// What a row says of the premises alone.
fn said(cells: &Cells<'_>) -> Result<Map<String, Value>, Fault> {
    for column in COLUMNS.iter().filter(|column| column.needed) {
        cells.needed(column.name)?;
    }
    let mut says = Map::new();
    says.insert("layer".into(), json!(cells.word("layer", LAYERS)?));
    for name in ["address", "name", "subdistrict", "community", "grid_cell", "tenure", "structure"] {
        says.insert(name.into(), json!(cells.text(name)?));
    }
    for name in ["storeys", "units", "year_built"] {
        says.insert(name.into(), json!(cells.number(name)?));
    }
    says.retain(|_, value| !value.is_null());
    Ok(says)
}

fn steps(
    held: &Held,
    code: &str,
    says: &Map<String, Value>,
    coordinates: Option<&str>,
) -> Result<Vec<Value>, Fault> {
    let Some(register) = held.trial.state::<Premises>().register else {
        let mut command = says.clone();
        command.insert("command".into(), json!("register"));
        command.insert("codes".into(), json!({ "house_code": code }));
        command.insert("coordinates".into(), json!(coordinates));
        return Ok(vec![Value::Object(command)]);
    };
    let differing = differing(&register, says);
    if differing.contains_key("layer") {
        return Err(Fault::new(
            "other_layer",
            "已登记为另一类别；类别不能更改，请核对编码",
            "is registered as another layer, which cannot be changed; check the code",
        ));
    }
    let (mut place, changes): (Map<String, Value>, Map<String, Value>) =
        differing.into_iter().partition(|(name, _)| PLACE.contains(&name.as_str()));
    let moved_on_map = coordinates.filter(|told| {
        let known = held.private.get("coordinates").and_then(Value::as_str);
        known != Some(told) && !(known.is_none() && held.erased)
    });
    let mut commands = Vec::new();
    if !place.is_empty() {
        for (name, known) in
            PLACE.iter().zip([&register.subdistrict, &register.community, &register.grid_cell])
        {
            place.entry(*name).or_insert_with(|| json!(known));
        }
        place.insert("command".into(), json!("move"));
        place.insert("why".into(), json!(WHY));
        commands.push(Value::Object(place));
    }
    if !changes.is_empty() || moved_on_map.is_some() {
        commands
            .push(json!({ "command": "amend", "changes": changes, "why": WHY, "coordinates": moved_on_map }));
    }
    Ok(commands)
}

/// What the row says otherwise than the register.
fn differing(register: &Register, says: &Map<String, Value>) -> Map<String, Value> {
    let registered = serde_json::to_value(register).unwrap_or_default();
    let differs = |(name, value): &(&String, &Value)| registered.get(name.as_str()) != Some(*value);
    says.iter().filter(differs).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn new_id(code: &str) -> String {
    format!("office-{}", name_of(code))
}

const PLACE: [&str; 3] = ["subdistrict", "community", "grid_cell"];
const WHY: &str = "office_list";
const LAYERS: Words = &[
    ("building", &["楼栋", "楼", "栋"]),
    ("unit", &["套间", "房屋套间", "单元", "套"]),
    ("estate", &["小区"]),
];

//! The office's list of parties: who they are, and which premises they answer for as what.
//!
//! A party may have several rows, one for each of its premises; who it is need stand in one of them only.

use serde_json::{Map, Value, json};
use wuping_domain::party::Party;
use wuping_domain::premises::{PartyRole, Premises};

use crate::lists::carrying::{Held, Part};
use crate::lists::cells::{Cells, Column, FROM, Fault, UNTIL, Words, name_of};
use crate::lists::places::{Places, Stop};

/// The columns.
pub(super) const COLUMNS: &[Column] = &[
    Column {
        name: "party",
        zh: "责任人编号",
        needed: true,
        told_zh: "本单位给责任人的编号，不变、不重复；会公开，不能用证件号码",
        told_en: "the office's own number of the party; it becomes public, so never the number of an identity paper",
        example: "y-1001",
    },
    Column {
        name: "kind",
        zh: "类型",
        needed: false,
        told_zh: "个人或企业；第一次出现时必填",
        told_en: "person or enterprise; needed the first time",
        example: "person",
    },
    Column {
        name: "name",
        zh: "姓名或名称",
        needed: false,
        told_zh: "不公开；第一次出现时必填",
        told_en: "private; needed the first time",
        example: "张三",
    },
    Column {
        name: "uscc",
        zh: "统一社会信用代码",
        needed: false,
        told_zh: "企业的18位代码",
        told_en: "an enterprise's code of 18 characters",
        example: "",
    },
    Column {
        name: "id_number",
        zh: "证件号码",
        needed: false,
        told_zh: "不公开",
        told_en: "number of an identity paper; private",
        example: "",
    },
    Column {
        name: "phone",
        zh: "电话",
        needed: false,
        told_zh: "不公开",
        told_en: "telephone; private",
        example: "13800000000",
    },
    Column {
        name: "party_address",
        zh: "联系地址",
        needed: false,
        told_zh: "不公开",
        told_en: "where the party lives or has its seat; private",
        example: "",
    },
    Column {
        name: "code",
        zh: "房屋编码",
        needed: false,
        told_zh: "所负责的房屋",
        told_en: "code of the premises that it answers for",
        example: "4403100001",
    },
    Column {
        name: "role",
        zh: "身份",
        needed: false,
        told_zh: "业主、管理人或楼栋长；填了房屋编码时必填",
        told_en: "owner, operator or steward; needed with a code",
        example: "owner",
    },
    FROM,
    UNTIL,
];

/// What a row wants: of the party, and of the premises that it answers for.
pub(super) fn parts(cells: &Cells<'_>, places: &Places<'_>, scheme: &Value) -> Result<Vec<Part>, Stop> {
    let number = cells.needed("party")?;
    if is_identity_number(number) {
        let zh = "像是证件号码；编号会公开，请改用本单位自己的编号";
        let en = "looks like the number of an identity paper; this number becomes public, use one of the office's own";
        return Err(cells.fault("party", "personal_number", zh, en).into());
    }
    let party = format!("office-{}", name_of(number));
    let mut parts: Vec<Part> = who(cells, &party, scheme)?.into_iter().collect();
    match (cells.text("code")?, cells.word("role", ROLES)?) {
        (None, None) if parts.is_empty() => {
            let (zh, en) = ("除编号外没有内容", "has nothing but its number");
            return Err(Fault::new("empty_row", zh, en).into());
        }
        (None, None) => {}
        (None, Some(_)) => {
            cells.needed("code")?;
        }
        (Some(_), role) => {
            let role = role.map_or_else(|| cells.needed("role"), Ok)?;
            let premises = places.known_premises(cells, "code")?;
            let (from, until) = (cells.day("from")?, cells.day("until")?);
            if from.zip(until).is_some_and(|(from, until)| until < from) {
                return Err(cells
                    .fault("until", "ends_before", "早于开始日期", "is before the first day")
                    .into());
            }
            // what it rests on is this list
            let mut named = json!({ "party": party, "role": role, "basis": "office_list" });
            span(&mut named, from, until);
            parts.push(answering(&premises, named)?);
        }
    }
    Ok(parts)
}

/// Who it is; nothing where the row does not say.
fn who(cells: &Cells<'_>, party: &str, scheme: &Value) -> Result<Option<Part>, Fault> {
    let mut says = Map::new();
    says.insert("kind".into(), json!(cells.word("kind", KINDS)?));
    says.insert("uscc".into(), json!(cells.text("uscc")?.map(str::to_uppercase)));
    for (column, field) in
        [("name", "name"), ("id_number", "id_number"), ("phone", "phone"), ("party_address", "address")]
    {
        says.insert(field.into(), json!(cells.text(column)?));
    }
    says.retain(|_, value| !value.is_null());
    if says.is_empty() {
        return Ok(None);
    }
    let stream = format!("party/{party}");
    let (compared, scheme) = (Value::Object(says.clone()), scheme.clone());
    Ok(Some(Part {
        key: stream.clone(),
        stream,
        says: compared,
        whole_row: true,
        steps: Box::new(move |held| identity(held, &says, &scheme)),
    }))
}

fn identity(held: &Held, says: &Map<String, Value>, scheme: &Value) -> Result<Vec<Value>, Fault> {
    let Some(registered) = held.trial.state::<Party>().registered else {
        for name in ["kind", "name"] {
            if !says.contains_key(name) {
                return Err(first_time(name));
            }
        }
        let mut command = says.clone();
        command.insert("command".into(), json!("register"));
        command.insert("scheme".into(), scheme.clone());
        return Ok(vec![Value::Object(command)]);
    };
    let public = serde_json::to_value(registered).unwrap_or_default();
    let mut command = Map::new();
    for (name, told) in says {
        let known = public.get(name).or_else(|| held.private.get(name));
        // a value that was erased is not told anew by a list
        let gone = known.is_none() && held.erased && name != "uscc";
        if known != Some(told) && !gone {
            command.insert(name.clone(), told.clone());
        }
    }
    if command.contains_key("kind") {
        return Err(Fault::new(
            "other_kind",
            "已登记为另一类型；类型不能更改，请核对编号",
            "is registered as another kind, which cannot be changed; check the number",
        ));
    }
    if command.is_empty() {
        return Ok(vec![]);
    }
    command.insert("command".into(), json!("amend"));
    command.insert("scheme".into(), scheme.clone());
    command.insert("why".into(), json!("office_list"));
    Ok(vec![Value::Object(command)])
}

/// That it answers for premises. Another span ends what was and names it anew; in other roles it stays what it is.
fn answering(premises: &str, named: Value) -> Result<Part, Fault> {
    let malformed = || {
        Fault::new("malformed", "身份或日期不符合格式", "the role or its days have not the form they need")
    };
    let wanted: PartyRole = serde_json::from_value(named.clone()).map_err(|_| malformed())?;
    let stream = format!("premises/{premises}");
    let steps = move |held: &Held| {
        let parties = held.trial.state::<Premises>().parties;
        let mine: Vec<&PartyRole> = parties.iter().filter(|one| one.party == wanted.party).collect();
        if mine.iter().any(|one| one.role == wanted.role && one.span == wanted.span) {
            return Ok(vec![]);
        }
        let mut name = serde_json::to_value(&wanted).unwrap_or_default();
        name["command"] = json!("name_party");
        if !mine.iter().any(|one| one.role == wanted.role) {
            return Ok(vec![name]);
        }
        let end = json!({ "command": "end_party", "party": wanted.party, "role": wanted.role, "why": "office_list" });
        Ok(vec![end, name])
    };
    Ok(Part {
        key: format!("{stream} {} {}", named["party"], named["role"]),
        stream,
        says: named,
        whole_row: false,
        steps: Box::new(steps),
    })
}

/// From and until, where they are said.
pub(super) fn span(named: &mut Value, from: Option<chrono::NaiveDate>, until: Option<chrono::NaiveDate>) {
    for (name, day) in [("from", from), ("until", until)] {
        if let Some(day) = day {
            named[name] = json!(day);
        }
    }
}

fn first_time(name: &str) -> Fault {
    let column = COLUMNS.iter().find(|column| column.name == name);
    let (zh, en) = (
        "这个责任人还没有登记，第一次必须填写",
        "the party is not registered yet, so this must be filled in",
    );
    column.map_or_else(|| Fault::new("empty_cell", zh, en), |column| Fault::of(column, "empty_cell", zh, en))
}

/// Eighteen digits, the last of which may be X, or fifteen: what a person's paper has.
fn is_identity_number(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    matches!((text.len(), digits), (18, 17 | 18) | (15, 15))
        && !text.ends_with(|last: char| !last.is_ascii_alphanumeric())
}

const KINDS: Words = &[("person", &["个人", "自然人"]), ("enterprise", &["企业", "单位", "公司"])];
const ROLES: Words = &[
    ("owner", &["业主", "产权人", "房东"]),
    ("operator", &["管理人", "经营人", "二房东"]),
    ("steward", &["楼栋长"]),
];

//! The office's list of assessors: which account assesses which premises, for which department and indicators, since when.

use serde_json::{Value, json};
use wuping_domain::premises::{Assessor, Premises};

use crate::lists::carrying::{Held, Part};
use crate::lists::cells::{Cells, Column, FROM, Fault, UNTIL};
use crate::lists::parties::span;
use crate::lists::places::{Places, Stop};

/// The columns.
pub(super) const COLUMNS: &[Column] = &[
    Column {
        name: "code",
        zh: "房屋编码",
        needed: true,
        told_zh: "评定哪处房屋",
        told_en: "code of the premises",
        example: "4403100001",
    },
    Column {
        name: "account",
        zh: "用户名",
        needed: true,
        told_zh: "评定人登录用的用户名，或账号",
        told_en: "the name that the assessor signs in with, or the account's id",
        example: "li",
    },
    Column {
        name: "department",
        zh: "部门",
        needed: false,
        told_zh: "部门代码，如 fire",
        told_en: "code of the department, such as fire",
        example: "fire",
    },
    Column {
        name: "indicators",
        zh: "指标",
        needed: false,
        told_zh: "只评这些指标，用逗号隔开；不填即该部门全部",
        told_en: "only these indicators, between commas; all of the department's when empty",
        example: "",
    },
    FROM,
    UNTIL,
];

/// What a row wants: one assignment of an account for a department. Another span or other indicators take its place.
pub(super) fn parts(cells: &Cells<'_>, places: &Places<'_>) -> Result<Vec<Part>, Stop> {
    let premises = places.known_premises(cells, "code")?;
    let account = places.account(cells, "account")?;
    let (from, until) = (cells.day("from")?, cells.day("until")?);
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        return Err(cells.fault("until", "ends_before", "早于开始日期", "is before the first day").into());
    }
    let mut says = json!({ "account": account });
    if let Some(department) = cells.text("department")? {
        says["department"] = json!(department);
    }
    let indicators = cells.several("indicators")?;
    if !indicators.is_empty() {
        says["indicators"] = json!(indicators);
    }
    span(&mut says, from, until);
    let malformed = || Fault::new("malformed", "分派不符合格式", "the assignment has not the form it needs");
    let wanted: Assessor = serde_json::from_value(says.clone()).map_err(|_| malformed())?;
    let stream = format!("premises/{premises}");
    Ok(vec![Part {
        key: format!("{stream} {account} {}", wanted.department.as_deref().unwrap_or_default()),
        stream,
        says,
        whole_row: true,
        steps: Box::new(move |held| Ok(steps(held, &wanted))),
    }])
}

fn steps(held: &Held, wanted: &Assessor) -> Vec<Value> {
    let assessors = held.trial.state::<Premises>().assessors;
    let mine: Vec<&Assessor> = assessors.iter().filter(|one| one.account == wanted.account).collect();
    if mine.contains(&wanted) {
        return vec![];
    }
    let assign = |one: &Assessor| {
        let mut command = serde_json::to_value(one).unwrap_or_default();
        command["command"] = json!("assign_assessor");
        command
    };
    if !mine.iter().any(|one| one.department == wanted.department) {
        return vec![assign(wanted)];
    }
    // an account is released as a whole: what it keeps is assigned again
    let release = json!({ "command": "release_assessor", "account": wanted.account, "why": "office_list" });
    let others = mine.iter().filter(|one| one.department != wanted.department).map(|one| assign(one));
    [release].into_iter().chain(others).chain([assign(wanted)]).collect()
}

//! Misread: what the readers of TOML and of its members say of a fault, in Chinese too.
//!
//! They say it in English alone. Their sentences begin with words that do not change, and name in backquotes what they found
//! and what they would take; from these the Chinese is made. What begins otherwise is told in general.

use super::fault::Fault;

/// Why a file is not TOML.
pub(super) fn of_toml(error: &toml::de::Error) -> Fault {
    let en = error.to_string().trim_end().to_owned();
    let said = error.message();
    let known = NOT_TOML.iter().find(|(begins, _)| said.starts_with(begins)).map(|(_, zh)| *zh);
    Fault::new(known.unwrap_or("请检查这一行的名称、等号、引号和括号"), en)
}

/// Why a member cannot be read.
pub(super) fn of_value(error: &serde_json::Error) -> Fault {
    let en = error.to_string();
    let zh = of_member(&en).unwrap_or_else(|| "这个值读不懂；日期写成 2026-03-09，其余见字段说明".to_owned());
    Fault { zh, en }
}

fn of_member(said: &str) -> Option<String> {
    let mut names = said.split('`').skip(1).step_by(2);
    let mut named = |begins: &str| said.strip_prefix(begins).and_then(|_| names.next());
    if let Some(found) = named("unknown field ") {
        return Some(match listed(names) {
            none if none.is_empty() => format!("没有 {found} 这个字段，请去掉"),
            known => format!("没有 {found} 这个字段；可以写的有 {known}"),
        });
    }
    if let Some(missing) = named("missing field ") {
        return Some(format!("缺少字段 {missing}，请补上"));
    }
    if let Some(found) = named("unknown variant ") {
        return Some(format!("不认识 {found}；可以写的有 {}", listed(names)));
    }
    if let Some(twice) = named("duplicate field ") {
        return Some(format!("字段 {twice} 写了两次，请留下一个"));
    }
    let (fault, rest) = [("invalid type: ", "类型不对"), ("invalid value: ", "值不对")]
        .into_iter()
        .find_map(|(begins, fault)| said.strip_prefix(begins).map(|rest| (fault, rest)))?;
    let (found, wanted) = rest.rsplit_once(", expected ")?;
    Some(format!("{fault}：这里写的是{}，要写{}", kind_of(found), wanted_kind(wanted)))
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.collect::<Vec<_>>().join("、")
}

/// What was found, as serde names it.
fn kind_of(found: &str) -> String {
    let quoted = |text: &str| text.trim_matches('`').to_owned();
    match found.split_once(' ') {
        Some(("string", text)) => format!("文字 {text}"),
        Some(("integer", number)) => format!("整数 {}", quoted(number)),
        Some(("boolean", yes)) => format!("是非值 {}", quoted(yes)),
        _ => match found {
            "map" => "一个表".to_owned(),
            "null" => "空值".to_owned(),
            "sequence" => "一个列表".to_owned(),
            _ => "别的内容".to_owned(),
        },
    }
}

/// What would have been read, as serde names it.
fn wanted_kind(wanted: &str) -> &'static str {
    match wanted {
        "u8" | "u16" | "u32" | "u64" | "usize" => "不小于 0 的整数",
        "i8" | "i16" | "i32" | "i64" => "整数",
        "a boolean" => "是非值（true 或 false）",
        "a sequence" => "一个列表",
        "a map" => "一个表",
        "a string" | "a borrowed string" | "string or map" => "文字",
        wanted if wanted.starts_with("struct ") => "一个表",
        _ => "字段说明里的内容",
    }
}

/// How a sentence of TOML's reader begins, and what it means. The longer beginning stands first.
const NOT_TOML: [(&str, &str); 22] = [
    ("duplicate key", "这个名称前面已经写过，请留下一个"),
    ("string values must be quoted", "没有写值，或者文字没有用引号括起来"),
    ("invalid basic string", "引号没有配对，或者引号里有不能写的字符"),
    ("invalid literal string", "引号没有配对，或者引号里有不能写的字符"),
    ("invalid multi-line", "三个一组的引号没有配对"),
    ("missing opening quote", "前面少了引号"),
    ("missing comma", "两项之间少了逗号"),
    ("extra comma", "多了一个逗号"),
    ("extra `=`", "多了一个等号"),
    ("extra assignment", "多了一个等号"),
    ("missing assignment", "名称后面少了等号"),
    ("missing value for key", "名称后面没有等号和值"),
    ("missing value", "等号后面没有值"),
    ("key with no value", "名称后面没有等号和值"),
    ("unclosed array table", "两个一组的方括号没有写完"),
    ("unclosed array", "列表的方括号没有写完"),
    ("unclosed table", "方括号没有写完"),
    ("unclosed inline table", "花括号没有写完"),
    ("unexpected leading zero", "数字前面多了 0"),
    ("invalid unquoted key", "名称里有不能写的字符，名称只写字母、数字、_ 和 -"),
    ("unexpected key or value", "一行里写了不止一项，请分成几行"),
    ("unexpected content", "一行里写了不止一项，请分成几行"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn toml(written: &str) -> String {
        of_toml(&written.parse::<toml::Table>().unwrap_err()).zh
    }

    #[test]
    fn what_is_not_toml_is_told_in_chinese() {
        for (written, told) in [
            ("a = 1\na = 2", "前面已经写过"),
            ("a = green", "没有用引号"),
            ("a = \"green", "引号没有配对"),
            ("a = [1, 2", "方括号没有写完"),
            ("[scoring\nb = 1", "方括号没有写完"),
            ("a = { b = 1", "花括号没有写完"),
            ("a = [\"x\" \"y\"]", "少了逗号"),
            ("a =", "没有写值"),
            ("a", "没有等号和值"),
            ("a = \"x\" b = \"y\"", "不止一项"),
            ("a = 2026-99-99", "请检查这一行"),
        ] {
            let zh = toml(written);
            assert!(zh.contains(told), "{written}: {zh}");
        }
    }

    #[test]
    fn what_serde_does_not_take_is_told_in_chinese() {
        use serde::Deserialize;

        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Kind {
            Binary,
            Count,
        }

        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only read")]
        struct Row {
            id: String,
            kind: Kind,
            star: u8,
            fail: bool,
            on: chrono::NaiveDate,
        }

        let row = |member: &str, value: serde_json::Value| {
            let mut row = serde_json::json!({ "id": "a", "kind": "binary", "star": 1, "fail": true, "on": "2026-01-01" });
            if value.is_null() {
                row.as_object_mut().unwrap().remove(member);
            } else {
                row[member] = value;
            }
            of_value(&Row::deserialize(row).unwrap_err()).zh
        };
        use serde_json::{Value, json};
        for (member, value, told) in [
            ("cpa", json!(1), "没有 cpa 这个字段；可以写的有 id、kind、star、fail、on"),
            ("id", Value::Null, "缺少字段 id，请补上"),
            ("kind", json!("both"), "不认识 both；可以写的有 binary、count"),
            ("star", json!("2"), "类型不对：这里写的是文字 \"2\"，要写不小于 0 的整数"),
            ("star", json!(300), "值不对：这里写的是整数 300，要写不小于 0 的整数"),
            ("fail", json!([]), "类型不对：这里写的是一个列表，要写是非值（true 或 false）"),
            ("id", json!(true), "类型不对：这里写的是是非值 true，要写文字"),
            ("on", json!("2026-99"), "这个值读不懂；日期写成 2026-03-09，其余见字段说明"),
        ] {
            assert_eq!(row(member, value), told, "{member}");
        }
    }
}

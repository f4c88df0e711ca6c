//! What stands in the cells of a row: texts, days, moments, numbers, words of a list; and what is wrong with them.

use std::collections::HashMap;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, Utc};
use serde::Serialize;

use crate::lists::sheet::{Row, Spoilt};

/// A column of a list.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name for machines and in English tables.
    pub name: &'static str,
    /// Its name in Chinese tables.
    pub zh: &'static str,
    /// Whether each row must fill it.
    pub needed: bool,
    /// What stands in it, in Chinese.
    pub told_zh: &'static str,
    /// The same in English.
    pub told_en: &'static str,
    /// An example.
    pub example: &'static str,
}

/// The first day of what a row says; without one, from always.
pub const FROM: Column = Column {
    name: "from",
    zh: "开始日期",
    needed: false,
    told_zh: "从哪天起",
    told_en: "first day",
    example: "2026-01-01",
};

/// Its last day; without one, until further notice.
pub const UNTIL: Column = Column {
    name: "until",
    zh: "结束日期",
    needed: false,
    told_zh: "到哪天止",
    told_en: "last day",
    example: "",
};

/// What is wrong with a row, and what to do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fault {
    /// A stable code.
    pub code: String,
    /// The column, by its name for machines, where one cell is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<&'static str>,
    /// What is wrong and what to do, in English.
    pub en: String,
    /// The same in Chinese.
    pub zh: String,
}

impl Fault {
    pub(super) fn new(code: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code: code.to_owned(), column: None, en: en.into(), zh: zh.into() }
    }

    pub(super) fn of(column: &Column, code: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        let (zh, en) = (format!("“{}”：{}", column.zh, zh.into()), format!("{}: {}", column.name, en.into()));
        Self { code: code.to_owned(), column: Some(column.name), en, zh }
    }
}

/// The cells of a row by the names of their columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells<'a> {
    pub(super) columns: &'static [Column],
    pub(super) places: &'a HashMap<&'static str, usize>,
    pub(super) row: &'a Row,
}

/// A word of a list: its code, its Chinese, and what else people write.
pub(super) type Words = &'static [(&'static str, &'static [&'static str])];

impl Cells<'_> {
    /// What stands in a cell; none where it is empty or its column is missing.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Fault> {
        let Some(cell) = self.places.get(name).and_then(|place| self.row.cells.get(*place)) else {
            return Ok(None);
        };
        let (zh, en) = match cell.spoilt {
            None => return Ok(Some(cell.text.as_str()).filter(|text| !text.is_empty())),
            Some(Spoilt::Formula) => {
                ("公式没有结果，请填写数值", "the formula has no value; write the value itself")
            }
            Some(Spoilt::Rounded) => (
                "数字超过15位，Excel 已四舍五入；请把该列设为“文本”格式后重新填写",
                "the number has more than 15 digits and Excel has rounded it; format the column as text and type it again",
            ),
            Some(Spoilt::NotText) => {
                ("不是 UTF-8 文本，请另存为“CSV UTF-8”", "not UTF-8 text; save the file as “CSV UTF-8”")
            }
        };
        Err(self.fault(name, "unreadable_cell", zh, en))
    }

    /// As [`Cells::text`], of one's own.
    pub(super) fn own(&self, name: &str) -> Result<Option<String>, Fault> {
        Ok(self.text(name)?.map(str::to_owned))
    }

    /// What must stand in a cell.
    pub(super) fn needed(&self, name: &str) -> Result<&str, Fault> {
        self.text(name)?.ok_or_else(|| self.fault(name, "empty_cell", "必须填写", "must be filled in"))
    }

    /// A whole number.
    pub(super) fn number(&self, name: &str) -> Result<Option<u32>, Fault> {
        let read = |text: &str| {
            text.parse().map_err(|_| {
                self.fault(
                    name,
                    "not_a_number",
                    format!("“{text}”不是整数"),
                    format!("“{text}” is no whole number"),
                )
            })
        };
        self.text(name)?.map(read).transpose()
    }

    /// A day, however people write it.
    pub(super) fn day(&self, name: &str) -> Result<Option<NaiveDate>, Fault> {
        let read = |text: &str| {
            day(text).ok_or_else(|| {
                self.fault(
                    name,
                    "not_a_day",
                    format!("“{text}”不是日期，请写成 2026-03-02"),
                    format!("“{text}” is no day; write it as 2026-03-02"),
                )
            })
        };
        self.text(name)?.map(read).transpose()
    }

    /// A moment; where no time zone is written, at UTC+8, and where no time of day is, the day's beginning.
    pub(super) fn moment(&self, name: &str) -> Result<Option<DateTime<Utc>>, Fault> {
        let read = |text: &str| {
            moment(text).ok_or_else(|| {
                self.fault(
                    name,
                    "not_a_moment",
                    format!("“{text}”不是时间，请写成 2026-03-02 14:05"),
                    format!("“{text}” is no time; write it as 2026-03-02 14:05"),
                )
            })
        };
        self.text(name)?.map(read).transpose()
    }

    /// A word of a list, by its code.
    pub(super) fn word(&self, name: &str, words: Words) -> Result<Option<&'static str>, Fault> {
        let read = |text: &str| {
            let folded = text.to_lowercase();
            let found = words.iter().find(|(code, also)| *code == folded || also.contains(&folded.as_str()));
            found.map(|(code, _)| *code).ok_or_else(|| {
                let zh: Vec<&str> = words.iter().map(|(code, also)| *also.first().unwrap_or(code)).collect();
                let en: Vec<&str> = words.iter().map(|(code, _)| *code).collect();
                self.fault(
                    name,
                    "unknown_word",
                    format!("“{text}”不在可选范围内，请填：{}", zh.join("、")),
                    format!("“{text}” is none of {}", en.join(", ")),
                )
            })
        };
        self.text(name)?.map(read).transpose()
    }

    /// Several texts in one cell, between commas or semicolons of either script.
    pub(super) fn several(&self, name: &str) -> Result<Vec<String>, Fault> {
        let parts =
            self.text(name)?.unwrap_or_default().split([',', ';', '\u{ff0c}', '\u{ff1b}', '、', '\n']);
        Ok(parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
    }

    /// A fault of one cell.
    pub(super) fn fault(
        &self,
        name: &str,
        code: &str,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Fault {
        match self.columns.iter().find(|column| column.name == name) {
            Some(column) => Fault::of(column, code, zh, en),
            None => Fault::new(code, zh, en),
        }
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    let plain = text.replace(['年', '月', '/', '.'], "-").replace('日', "");
    let date = plain.split([' ', 'T']).next()?;
    NaiveDate::parse_from_str(date.trim(), "%Y-%m-%d").ok()
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.with_timezone(&Utc));
    }
    let (date, time) = match text.find([' ', 'T', '日']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let time = time.trim_start_matches(['日', 'T', ' ']).trim();
    let time = match time.matches(':').count() {
        0 if time.is_empty() => "00:00:00".to_owned(),
        1 => format!("{time}:00"),
        _ => time.to_owned(),
    };
    let local = NaiveDateTime::parse_from_str(&format!("{} {time}", day(date)?), "%Y-%m-%d %H:%M:%S").ok()?;
    Some(local.and_local_timezone(FixedOffset::east_opt(8 * 3600)?).single()?.with_timezone(&Utc))
}

/// A name that a stream may have, of what others call something: as it is where it is spelled so, else its digest.
pub(super) fn name_of(text: &str) -> String {
    let lower = text.to_lowercase();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let begins = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if lower.len() <= 48 && lower.bytes().all(plain) && lower.bytes().next().is_some_and(begins) {
        return lower;
    }
    let digest = wuping_ledger::encoding::sha256(lower.as_bytes());
    format!("x{}", wuping_ledger::encoding::hex_encode(&digest[..12]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_however_it_is_written() {
        for text in [
            "2026-03-02",
            "2026/3/2",
            "2026.3.2",
            "2026年3月2日",
            "2026-03-02 00:00:00",
            "2026-03-02T08:00:00+08:00",
        ] {
            assert_eq!(day(text).unwrap().to_string(), "2026-03-02", "{text}");
        }
        for text in ["", "3月2日", "2026-13-02", "46083", "yesterday"] {
            assert!(day(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_moment_without_a_zone_is_one_of_this_office() {
        for text in [
            "2026-03-02 14:05",
            "2026/3/2 14:05:00",
            "2026年3月2日 14:05",
            "2026年3月2日14:05",
            "2026-03-02T14:05:00+08:00",
            "2026-03-02T06:05:00Z",
        ] {
            assert_eq!(moment(text).unwrap().to_rfc3339(), "2026-03-02T06:05:00+00:00", "{text}");
        }
        assert_eq!(moment("2026-03-02").unwrap().to_rfc3339(), "2026-03-01T16:00:00+00:00");
        assert!(moment("2026-03-02 25:00").is_none() && moment("14:05").is_none());
    }

    #[test]
    fn what_others_call_something_becomes_a_name_that_a_stream_may_have() {
        assert_eq!(name_of("LH-2026.001"), "lh-2026.001");
        for odd in ["龙环〔2026〕1号", "-a", "a/b", "a b", &"9".repeat(60)] {
            let name = name_of(odd);
            assert!(wuping_ledger::stream::StreamPath::new(format!("alert/{name}")).is_ok(), "{name}");
            assert_eq!(name, name_of(odd));
        }
        assert_ne!(name_of("龙环1号"), name_of("龙环2号"));
    }
}

//! Parameters of an address: what a program asks for, read into what it means; or what it must write instead.

use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use wuping_ledger::encoding::MAX_INT;
use wuping_replay::report::Question;

use crate::look::words::Lang;
use crate::web::api::problem;

/// A parameter that means nothing, and what it needs.
#[derive(Debug)]
pub(super) struct Malformed {
    /// Its name.
    pub(super) parameter: &'static str,
    /// What it needs, in Chinese.
    pub(super) zh: &'static str,
    /// What it needs, in English.
    pub(super) en: &'static str,
}

impl Malformed {
    /// In words.
    pub(super) fn told(&self, lang: Lang) -> String {
        let Self { parameter, zh, en } = self;
        lang.pick(format!("{parameter}：{zh}。"), format!("{parameter}: {en}."))
    }

    /// As it is answered.
    pub(super) fn answer(&self, lang: Lang) -> Response {
        problem(StatusCode::BAD_REQUEST, "malformed", &self.told(lang))
    }
}

/// The moment that a reading is of: after which entry, what was known at which time, what held on which day. Empty is now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moment<'a> {
    /// A position in the ledger.
    pub(super) at: &'a str,
    /// A time.
    pub(super) as_of: &'a str,
    /// A day.
    pub(super) valid_at: &'a str,
}

impl Moment<'_> {
    /// What it means.
    ///
    /// # Errors
    /// The parameter that is no position, time or day.
    pub(super) fn question(self) -> Result<Question, Malformed> {
        let at = stated(self.at).map(position).transpose()?;
        let as_of = stated(self.as_of).map(|text| text.parse::<DateTime<Utc>>()).transpose();
        let as_of = as_of.map_err(|_| Malformed {
            parameter: "as_of",
            zh: "要写时刻，例如 2026-03-09T06:05:00Z",
            en: "write a moment such as 2026-03-09T06:05:00Z",
        })?;
        Ok(Question { at, as_of, valid_at: day("valid_at", self.valid_at)? })
    }
}

/// A day, or none where nothing is written.
///
/// # Errors
/// It is no day.
pub(super) fn day(parameter: &'static str, text: &str) -> Result<Option<NaiveDate>, Malformed> {
    let (zh, en) = ("要写日期，例如 2026-03-09", "write a day such as 2026-03-09");
    stated(text).map(str::parse).transpose().map_err(|_| Malformed { parameter, zh, en })
}

/// `true` or `false`; false where nothing is written.
///
/// # Errors
/// It is neither.
pub(super) fn truth(parameter: &'static str, text: &str) -> Result<bool, Malformed> {
    match text {
        "" | "false" | "0" => Ok(false),
        "true" | "1" => Ok(true),
        _ => Err(Malformed { parameter, zh: "要写 true 或 false", en: "write true or false" }),
    }
}

/// A position in the ledger as a program writes it.
fn position(text: &str) -> Result<u64, Malformed> {
    let position = text.parse().ok().filter(|position| *position <= MAX_INT);
    position.ok_or(Malformed {
        parameter: "at",
        zh: "要写账本位置，一个从 0 起的整数",
        en: "write a ledger position, a whole number from 0",
    })
}

fn stated(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

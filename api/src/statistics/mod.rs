//! Statistics, written: a report in the form that somebody asked for. One writer a form, and one place that turns codes
//! into words, so that every form says the same.

mod csv;
pub mod html;
mod json;
pub(crate) mod kept;
mod xlsx;

use serde::Deserialize;
use wuping_replay::statistics::{Cell, Column, Made, Statistic, Terms, Words};

use crate::look::words::Lang;

/// The form of a report.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Comma-separated, UTF-8.
    Csv,
    /// A page of its own, with its pictures, to be read and printed.
    Html,
    /// For programs.
    Json,
    /// A workbook.
    Xlsx,
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Not as comma-separated text.
    #[error("the report could not be written as CSV")]
    Csv(#[from] ::csv::Error),
    /// Not as JSON.
    #[error("the report could not be written as JSON")]
    Json(#[from] serde_json::Error),
    /// Not as a workbook.
    #[error("the report could not be written as a workbook")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Html, Self::Json, Self::Xlsx];

    /// Its name, which is also the ending of its files.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Json => "json",
            Self::Xlsx => "xlsx",
        }
    }

    /// The form of this name.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.code() == code)
    }

    /// What a browser is told that it is.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::Json => "application/json",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// A report in a form. Tables say codes and names for programs, or words in a language where one is given; a page is always
/// in one.
///
/// # Errors
/// [`WriteError`] if it cannot be written.
pub fn written(made: &Made, form: Form, lang: Option<Lang>) -> Result<Vec<u8>, WriteError> {
    match form {
        Form::Csv => csv::write(made, lang),
        Form::Html => Ok(html::document(lang.unwrap_or_default(), made).into_string().into_bytes()),
        Form::Json => json::write(made),
        Form::Xlsx => xlsx::write(made, lang),
    }
}

/// A list that is no report, for people: what a page shows a part of.
pub(crate) struct List<'a> {
    /// What is in it.
    pub title: &'a str,
    /// The names of its columns.
    pub headings: Vec<&'a str>,
    /// Its rows, each with a value for each column.
    pub rows: Vec<Vec<Cell>>,
    /// By what it was chosen, as of when; by name.
    pub made_from: Vec<(&'a str, String)>,
}

impl List<'_> {
    /// The list as comma-separated text or as a workbook.
    ///
    /// # Errors
    /// [`WriteError`] if it cannot be written.
    pub(crate) fn written(self, form: ListForm, lang: Lang) -> Result<Vec<u8>, WriteError> {
        let headings = self.headings.into_iter();
        match form {
            ListForm::Csv => csv::table(headings, self.rows.into_iter(), true),
            ListForm::Xlsx => xlsx::table(lang, self.title, headings, self.rows.into_iter(), self.made_from),
        }
    }
}

/// The form of a list's file.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ListForm {
    /// Comma-separated, UTF-8.
    Csv,
    /// A workbook.
    Xlsx,
}

impl ListForm {
    /// The form of a report that it is written like.
    pub(crate) const fn form(self) -> Form {
        match self {
            Self::Csv => Form::Csv,
            Self::Xlsx => Form::Xlsx,
        }
    }
}

/// A name of the file that it is saved under.
pub fn file_name(made: &Made, form: Form) -> String {
    let position = made.position.map_or_else(|| "none".to_owned(), |position| position.to_string());
    let of = made.asked.subdistrict().map(|subdistrict| format!("-{subdistrict}")).unwrap_or_default();
    format!("{}{of}-{}-{position}.{}", made.statistic.code(), made.day, form.code())
}

/// What a report is called, with the subdistrict that it is limited to.
pub(crate) fn title(lang: Lang, statistic: Statistic, subdistrict: Option<&str>) -> String {
    let title = say(lang, statistic.title());
    match subdistrict {
        Some(name) => lang.pick(format!("{title}：{name}"), format!("{title}: {name}")),
        None => title.to_owned(),
    }
}

/// The one of two languages.
pub fn say(lang: Lang, words: Words) -> &'static str {
    lang.pick(words.zh, words.en)
}

/// A column's name: its id for programs, its name in a language for people.
fn heading(column: &Column, lang: Option<Lang>) -> &'static str {
    lang.map_or(column.id, |lang| say(lang, column.name))
}

/// A value: as it stands for programs, codes in words for people.
fn value(column: &Column, cell: &Cell, lang: Option<Lang>) -> Cell {
    match (cell, lang) {
        (Cell::Text(code), Some(lang)) => Cell::Text(word(lang, column.terms, code)),
        _ => cell.clone(),
    }
}

/// The word of a code; the code itself where it has none.
pub fn word(lang: Lang, terms: Terms, code: &str) -> String {
    match terms {
        Terms::Credit | Terms::DemoClass if code == "not_rated" => lang.pick("未评级", "Not rated"),
        Terms::Credit => lang.credit(code),
        Terms::DemoClass => return lang.pick(format!("{code}（示范）"), format!("{code} (demo)")),
        Terms::Deadline => lang.deadline(code),
        // a deadline may be a department's or a role's
        Terms::Department if lang.department(code) == code => lang.role(code),
        Terms::Department => lang.department(code),
        Terms::Departments => {
            let all: Vec<&str> = code.split(' ').map(|code| lang.department(code)).collect();
            return all.join(lang.pick("、", ", "));
        }
        Terms::Direction => lang.direction(code),
        Terms::Flag => lang.pick("是", "yes"),
        Terms::Gap => gap(lang, code),
        Terms::Grade => lang.grade(code),
        Terms::Kind => lang.matter_kind(code),
        Terms::Layer => lang.layer(code),
        Terms::Level if code == "not_assessed" => lang.grade(code),
        Terms::Level => lang.level(code),
        Terms::Measure => lang.measure(code),
        Terms::Party if code == "enterprise" => lang.pick("企业", "Enterprise"),
        Terms::Party => lang.pick("自然人", "Natural person"),
        Terms::Account | Terms::Month | Terms::Plain => code,
        Terms::Risk => risk(lang, code),
        Terms::Role => lang.role(code),
        Terms::Severity => lang.severity(code),
        Terms::Side => lang.side(code),
        Terms::Stage => lang.matter_stage(code),
        Terms::Trigger => lang.trigger(code),
        Terms::Undertaking => lang.undertaking(code),
    }
    .to_owned()
}

/// What kind of danger.
fn risk(lang: Lang, code: &str) -> &str {
    match code {
        "environment" => lang.pick("环境", "Environment"),
        "fire" => lang.pick("消防", "Fire"),
        "grade" => lang.pick("等级", "Grades"),
        "other" => lang.pick("其他", "Other"),
        "public_order" => lang.pick("治安", "Public order"),
        "safety" => lang.pick("安全", "Safety"),
        other => other,
    }
}

/// What is missing of premises.
fn gap(lang: Lang, code: &str) -> &str {
    match code {
        "awaiting_confirmation" => lang.pick("未评定：等待确认", "Not assessed: awaiting confirmation"),
        "code_conflict" => lang.pick("编码重复", "Code held twice"),
        "never_opened" => lang.pick("未评定：没有开始", "Not assessed: never opened"),
        "no_assessor" => lang.pick("没有评定人", "No assessor"),
        "no_basis" => lang.pick("责任人没有写明依据", "Answers with no basis given"),
        "no_longer_in_force" => lang.pick("未评定：已失效", "Not assessed: no longer in force"),
        "no_owner" => lang.pick("没有业主或管理人", "No owner or operator"),
        "not_entered" => lang.pick("未评定：没能进门", "Not assessed: nobody could enter"),
        "stale_occupancy" => lang.pick("居住情况过期", "Occupancy stale"),
        "under_way" => lang.pick("未评定：评定中", "Not assessed: being assessed"),
        "unmatched_incident" => lang.pick("没有对上房屋的事件", "Incident of no known house"),
        other => other,
    }
}

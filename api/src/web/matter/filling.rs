//! What a person filled in, and the command it makes. What was typed is never lost: it is given back with what is wrong.

use std::collections::BTreeMap;

use axum::extract::Multipart;
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use serde_json::{Map, Value, json};
use uuid::Uuid;
use wuping_domain::said::Photo as Kept;
use wuping_ledger::attachments::{AttachmentError, Attachments};

use super::choices::{case_of, choices, class_of};
use super::credit_choices::{newest_rating, part_of};
use super::reading::Matter;
use super::step::{Field, Given, Kind, Source, Step};
use crate::app::App;
use crate::look::parts::FieldError;
use crate::look::words::Lang;
use crate::web::assessing::{Photo, photo, too_large};

/// A form as it came.
#[derive(Default)]
pub(crate) struct Filled {
    /// The command's id, made with the page.
    pub(crate) command_id: Option<Uuid>,
    /// The session's token.
    pub(crate) csrf: String,
    /// The version that was seen.
    pub(crate) expected: Option<u64>,
    /// The step.
    pub(crate) step: String,
    /// Whether what is asked once more was answered.
    pub(crate) sure: bool,
    /// Whether the person wants to change it again.
    pub(crate) back: bool,
    /// What was typed or chosen, by the field's name.
    pub(crate) texts: BTreeMap<String, Vec<String>>,
    /// Photos that are kept already, by the field's name.
    pub(crate) kept: BTreeMap<String, Vec<Kept>>,
    /// What was wrong with a file.
    pub(crate) wrong: Vec<FieldError>,
    new: BTreeMap<String, Vec<Photo>>,
}

impl Filled {
    /// Reads a form. A file that is no photo is told beside its field, and the rest of the form is kept.
    pub(crate) async fn read(mut form: Multipart, lang: Lang) -> Result<Self, String> {
        let mut filled = Self::default();
        while let Some(part) = form.next_field().await.map_err(|_| too_large(lang))? {
            let name = part.name().unwrap_or_default().to_owned();
            let is_file = part.file_name().is_some();
            let bytes = part.bytes().await.map_err(|_| too_large(lang))?;
            if is_file {
                match photo(bytes.to_vec(), lang) {
                    _ if bytes.is_empty() => {}
                    Ok(photo) => filled.new.entry(name).or_default().push(photo),
                    Err(text) => filled.wrong.push(FieldError { name, text }),
                }
                continue;
            }
            filled.take(name, String::from_utf8_lossy(&bytes).into_owned());
        }
        Ok(filled)
    }

    fn take(&mut self, name: String, text: String) {
        match name.as_str() {
            "back" => self.back = true,
            "command_id" => self.command_id = text.parse().ok(),
            "csrf" => self.csrf = text,
            "expected" => self.expected = text.parse().ok(),
            "step" => self.step = text,
            "sure" => self.sure = true,
            _ => match name.strip_suffix(KEPT) {
                Some(field) => {
                    let kept = kept_photo(&text);
                    self.kept.entry(field.to_owned()).or_default().extend(kept);
                }
                None => self.texts.entry(name).or_default().push(text.replace("\r\n", "\n")),
            },
        }
    }

    /// Keeps the photos that came with it, under their digests.
    pub(crate) async fn keep(&mut self, app: &App) -> Result<(), AttachmentError> {
        keep(app, &mut self.new, &mut self.kept).await
    }

    /// What stands in a field of a step.
    pub(crate) fn texts_of(&self, step: &Step, field: &Field) -> &[String] {
        self.texts.get(&parameter(step, field)).map_or(&[], Vec::as_slice)
    }

    /// Photos of a field of a step.
    pub(crate) fn photos_of(&self, step: &Step, field: &Field) -> &[Kept] {
        self.kept.get(&parameter(step, field)).map_or(&[], Vec::as_slice)
    }

    /// The command that was filled in, or what is wrong with it.
    pub(crate) fn command(&self, matter: &Matter, step: &Step) -> Result<Value, Vec<FieldError>> {
        let mut command = given(matter, step);
        let mut errors = self.wrong.clone();
        for field in step.fields {
            match self.value(matter, step, field) {
                Ok(Some(value)) => put(&mut command, field, value),
                Ok(None) if field.required => {
                    let text = unfilled(matter.lang, field);
                    errors.push(FieldError { name: parameter(step, field), text });
                }
                Ok(None) => {}
                Err(text) => errors.push(FieldError { name: parameter(step, field), text }),
            }
        }
        errors.dedup_by(|a, b| a.name == b.name);
        if errors.is_empty() { Ok(command) } else { Err(errors) }
    }

    fn value(&self, matter: &Matter, step: &Step, field: &Field) -> Result<Option<Value>, String> {
        let lang = matter.lang;
        let texts = self.texts_of(step, field);
        let first = texts.first().map(|text| text.trim()).filter(|text| !text.is_empty());
        Ok(match field.kind {
            Kind::Photo => self.photos_of(step, field).first().map(|photo| json!(photo)),
            Kind::Photos => Some(self.photos_of(step, field))
                .filter(|photos| !photos.is_empty())
                .map(|photos| json!(photos)),
            Kind::Tick => first.map(|_| json!(true)).or_else(|| (!field.required).then_some(json!(false))),
            Kind::YesNo => first.map(|text| json!(text == "yes")),
            Kind::Lines => {
                let lines = texts.iter().flat_map(|text| text.lines()).map(str::trim);
                let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
                (!lines.is_empty()).then(|| json!(lines))
            }
            Kind::Many(_) | Kind::ManyOf(_) => {
                let chosen: Vec<&String> = texts.iter().filter(|text| !text.is_empty()).collect();
                (!chosen.is_empty()).then(|| json!(chosen))
            }
            Kind::Case { .. } => first.map(|text| json!(case_of(text))),
            Kind::Doubtful => first.map(|text| json!(text)),
            Kind::Corrected => first.map(|text| serde_json::from_str(text).unwrap_or_default()),
            Kind::Hazard => match first {
                Some(text) => Some(class_of(matter, text).ok_or_else(|| unfilled(lang, field))?),
                None => None,
            },
            Kind::Day => match first {
                Some(text) => {
                    let day: Result<NaiveDate, _> = text.parse();
                    let wrong =
                        lang.say("请选一个日期，例如 2026-03-09。", "Choose a day, such as 2026-03-09.");
                    Some(json!(day.map_err(|_| wrong)?))
                }
                None => None,
            },
            Kind::Moment => {
                match first {
                    Some(text) => Some(json!(moment(text).ok_or_else(|| {
                        lang.say("请选日期和时间。", "Choose a day and a time.")
                    })?)),
                    None => None,
                }
            }
            Kind::Number => match first {
                Some(text) => {
                    let number: Result<u32, _> = text.parse();
                    let wrong = lang.say("请写一个整数，例如 3。", "Write a whole number, such as 3.");
                    Some(json!(number.map_err(|_| wrong)?))
                }
                None => None,
            },
            Kind::Resolutions => match first {
                Some(_) => Some(resolved(matter, texts)?),
                None => None,
            },
            Kind::OneOf(source) if source.is_numbered() => {
                first.and_then(|text| text.parse::<u64>().ok()).map(|n| json!(n))
            }
            Kind::Part => first.and_then(part_of),
            Kind::Long | Kind::One(_) | Kind::OneOf(_) | Kind::Short | Kind::Telephone => {
                first.map(|text| json!(text))
            }
        })
    }
}

/// What was resolved: on each line the department by name or code, the day and the words, with blanks between.
fn resolved(matter: &Matter, texts: &[String]) -> Result<Value, String> {
    let lang = matter.lang;
    let lines = texts.iter().flat_map(|text| text.lines()).map(str::trim).filter(|line| !line.is_empty());
    let parted = lines.enumerate().map(|(at, line)| {
        let number = at + 1;
        let (owner, rest) = department_of(matter, line).ok_or_else(|| {
            lang.pick(
                format!("第 {number} 行要以下面列出的部门名称或代码开头。"),
                format!(
                    "Line {number} has to begin with the name or code of a department that is listed below."
                ),
            )
        })?;
        let (due, words) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let due: NaiveDate = due.parse().map_err(|_| {
            lang.pick(
                format!("第 {number} 行的部门后面要写办结日期，例如 2026-03-31。"),
                format!("Line {number} has to have the due day after the department, such as 2026-03-31."),
            )
        })?;
        if due < matter.today() {
            return Err(lang.pick(
                format!("第 {number} 行的办结日期 {due} 已经过去，要写今天或以后的一天。"),
                format!("The due day of line {number}, {due}, is past: write today or a later day."),
            ));
        }
        if words.trim().is_empty() {
            return Err(lang.pick(
                format!("第 {number} 行的日期后面要写做什么。"),
                format!("Line {number} has to say after the day what is to be done."),
            ));
        }
        Ok(json!({ "owner": owner, "due": due, "words": words.trim() }))
    });
    parted.collect::<Result<Vec<_>, String>>().map(Value::from)
}

/// The department that a line begins with, by its code or its name in either language, and the rest of the line.
fn department_of<'l>(matter: &Matter, line: &'l str) -> Option<(String, &'l str)> {
    let departments = matter.rulebook().into_iter().flat_map(|rulebook| &rulebook.policy.departments);
    let called = departments.flat_map(|one| {
        let names = [Lang::Zh, Lang::En]
            .map(|lang| lang.under(matter.rulebook().map(AsRef::as_ref)).department(&one.id));
        [one.id.clone()].into_iter().chain(names).map(move |name| (one.id.clone(), name))
    });
    let begins = called.filter_map(|(id, name)| {
        let rest = line.get(..name.len()).filter(|head| head.eq_ignore_ascii_case(&name))?;
        let rest = line.get(rest.len()..)?.strip_prefix(char::is_whitespace)?;
        Some((name.len(), id, rest.trim_start()))
    });
    begins.max_by_key(|(length, ..)| *length).map(|(_, id, rest)| (id, rest))
}

/// The name of a field's parameter: a page may have several forms, and each control has a name of its own.
pub(crate) fn parameter(step: &Step, field: &Field) -> String {
    format!("{}.{}", step.id, field.name)
}

/// A command with what nobody types. Where the premises have no rulebook of their own yet it names the office's, by which
/// it is then decided.
pub(crate) fn given(matter: &Matter, step: &Step) -> Value {
    let mut command = json!({ "command": step.command });
    if let Some(scheme) = &matter.operating {
        command["scheme"] = json!(scheme);
    }
    let (grade, sheet) = (matter.subject().map(|subject| &subject.grade), matter.sheet.as_ref());
    let situation = matter.situation.as_ref();
    for (name, given) in step.given {
        let in_force = || grade.and_then(|grade| grade.in_force()).map(|binding| &binding.determination);
        let value = match given {
            Given::Code(code) => json!(code),
            Given::Determination => {
                json!(grade.and_then(|grade| grade.waiting()).map_or(0, |(latest, _)| latest.number))
            }
            Given::DueRound => {
                let open = matter.subject().and_then(|subject| subject.rounds.patrol.open.as_ref());
                json!(open.map_or(matter.today(), |open| open.due))
            }
            Given::ToSpeakAbout => json!(grade.and_then(|grade| grade.to_speak_about()).unwrap_or_default()),
            Given::InForce => json!(in_force().map_or(0, |determination| determination.number)),
            Given::Rating => json!(newest_rating(matter)),
            Given::InForceAssessment => json!(in_force().map(|d| d.assessment.clone()).unwrap_or_default()),
            Given::Criteria => json!(matter.chosen.criteria),
            Given::SheetDigest => json!(sheet.map(|sheet| &sheet.sha256)),
            Given::SheetLines => json!(sheet.map(|sheet| sheet.lines.len())),
            Given::SheetPosition => json!(sheet.map(|sheet| sheet.at)),
            Given::SituationDigest => json!(situation.map(|made| &made.digest)),
            Given::SituationFrom => json!(situation.and_then(|made| made.from)),
            Given::SituationPosition => json!(situation.and_then(|made| made.position)),
            Given::SituationUntil => json!(situation.map(|made| made.day)),
        };
        put_at(&mut command, name, value);
    }
    command
}

/// Commands as they may be filled in, to ask the rules whether they would take one: each code of a list in its turn, for what
/// fits may be any of them. None where a choice has nothing to choose from.
pub(crate) fn samples(matter: &Matter, step: &Step) -> Vec<Value> {
    let Some(first) = sample(matter, step) else { return vec![] };
    let mut all = vec![first.clone()];
    for field in step.fields.iter().filter(|field| field.required) {
        let Kind::One(codes) = field.kind else { continue };
        all.extend(codes.iter().skip(1).map(|code| {
            let mut other = first.clone();
            put(&mut other, field, json!(code.0));
            other
        }));
    }
    all
}

fn sample(matter: &Matter, step: &Step) -> Option<Value> {
    let mut command = given(matter, step);
    let offers_change = step.fields.iter().any(|field| field.name.starts_with("changes."));
    for field in step.fields {
        let change = offers_change && field.name == "changes.storeys" && step.command == "propose_amendment";
        // a box that is not ticked says no
        let tick = matches!(field.kind, Kind::Tick);
        if !field.required && !change && !tick {
            continue;
        }
        let first = || choices(matter, field).into_iter().next().map(|(code, _)| code);
        let photo = || json!({ "bytes": 1, "sha256": "0".repeat(64), "type": "image/jpeg" });
        let value = match field.kind {
            Kind::Case { .. } => json!(case_of(&first()?)),
            Kind::Corrected => serde_json::from_str(&first()?).ok()?,
            Kind::Doubtful => json!(first()?),
            Kind::Day => json!(matter.today()),
            Kind::Hazard => class_of(matter, &first()?)?,
            Kind::Lines => json!(["…"]),
            Kind::Long | Kind::Short | Kind::Telephone => json!("…"),
            Kind::Many(codes) => json!([codes.first()?.0]),
            Kind::ManyOf(_) => json!(first().into_iter().collect::<Vec<_>>()),
            Kind::Moment => json!(chrono::Utc::now()),
            Kind::Number => json!(0),
            Kind::One(codes) => json!(codes.first()?.0),
            Kind::Resolutions => {
                let departments = matter.rulebook().map(|rulebook| rulebook.policy.departments.as_slice());
                let owner = &departments.unwrap_or_default().first()?.id;
                json!([{ "owner": owner, "due": matter.today(), "words": "…" }])
            }
            Kind::Part => part_of(&first()?)?,
            Kind::OneOf(source) if source.is_numbered() => json!(first()?.parse::<u64>().ok()?),
            // only who may name somebody is shown whom
            Kind::OneOf(Source::Holders(_) | Source::Proposers | Source::SecondOfficers) => {
                json!(first().unwrap_or_else(|| "…".to_owned()))
            }
            Kind::OneOf(_) => json!(first()?),
            Kind::Photo => photo(),
            Kind::Photos => json!([photo()]),
            Kind::Tick | Kind::YesNo => json!(false),
        };
        put(&mut command, field, value);
    }
    Some(command)
}

fn put(command: &mut Value, field: &Field, value: Value) {
    if let (Kind::Hazard, Value::Object(members)) = (field.kind, &value) {
        members.iter().for_each(|(name, value)| command[name] = value.clone());
        return;
    }
    if let (Kind::Case { flat: true }, Value::Object(case)) = (field.kind, &value) {
        command[field.name] = case["stream"].clone();
        if let Some(number) = case.get("determination") {
            command["determination"] = number.clone();
        }
        return;
    }
    if let (Kind::Doubtful, Value::String(record)) = (field.kind, &value) {
        for (name, part) in ["event_id", "stream", "recorded_by"].into_iter().zip(record.split(' ')) {
            command[name] = json!(part);
        }
        return;
    }
    if let (Kind::Corrected, Value::Array(pair)) = (field.kind, &value) {
        if let [indicator, outcome] = pair.as_slice() {
            command["corrected"][indicator.as_str().unwrap_or_default()] = outcome.clone();
        }
        return;
    }
    put_at(command, field.name, value);
}

/// Dots lead into objects.
fn put_at(command: &mut Value, name: &str, value: Value) {
    let mut at = command;
    let mut parts = name.split('.').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            at[part] = value;
            return;
        }
        if !at[part].is_object() {
            at[part] = Value::Object(Map::new());
        }
        at = &mut at[part];
    }
}

/// What a kept photo is written as in a form that is shown again.
pub(crate) fn kept_text(photo: &Kept) -> String {
    format!("{} {} {}", photo.sha256, photo.bytes, photo.media_type)
}

/// Keeps photos that came with a form, under their digests, each with those that were kept of its field before.
pub(in crate::web) async fn keep(
    app: &App,
    new: &mut BTreeMap<String, Vec<Photo>>,
    kept: &mut BTreeMap<String, Vec<Kept>>,
) -> Result<(), AttachmentError> {
    if new.is_empty() {
        return Ok(());
    }
    let attachments = Attachments::in_folder(&app.folder.join("attachments"))?;
    for (name, photos) in std::mem::take(new) {
        let kept = kept.entry(name).or_default();
        for Photo { bytes, media_type } in photos {
            let size = bytes.len() as u64;
            let sha256 = attachments.put(bytes).await?;
            kept.push(Kept { bytes: size, sha256, media_type: media_type.to_owned() });
        }
    }
    Ok(())
}

/// Reads a kept photo back; none of what is no such text.
pub(crate) fn kept_photo(text: &str) -> Option<Kept> {
    let mut parts = text.split(' ');
    let (sha256, bytes, media_type) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    let digest =
        sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let picture = matches!(media_type, "image/jpeg" | "image/png" | "image/webp");
    (digest && picture).then(|| Kept { bytes, sha256: sha256.to_owned(), media_type: media_type.to_owned() })
}

fn moment(text: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let local = local.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?;
    Some(local.checked_sub_signed(TimeDelta::hours(8))?.and_utc())
}

fn unfilled(lang: Lang, field: &Field) -> String {
    let label = lang.pick(field.label[0], field.label[1]);
    match field.kind {
        Kind::Photo | Kind::Photos => {
            lang.pick(format!("{label}：请拍一张或选一张照片。"), format!("{label}: take or choose one."))
        }
        Kind::Long | Kind::Short | Kind::Lines | Kind::Number | Kind::Telephone => {
            lang.pick(format!("请填写“{label}”。"), format!("Fill in “{label}”."))
        }
        _ => lang.pick(
            format!("“{label}”没有选择，系统不会替您填写。"),
            format!("“{label}” has no answer: nothing is filled in for you."),
        ),
    }
}

/// What follows a field's name in the parameter of its photos that are kept already.
pub(crate) const KEPT: &str = ".kept";

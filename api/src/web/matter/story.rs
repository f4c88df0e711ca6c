//! The story of a matter: every record of its stream in words, with the words and photos that the person may see.

use std::cell::OnceCell;
use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use maud::Markup;
use serde_json::Value;
use wuping_domain::aggregate::Concept as _;
use wuping_domain::event::aggregate_type;
use wuping_domain::inspection::Inspection;
use wuping_ledger::disclosure::digests_in;
use wuping_ledger::recorded::RecordedEntry;

use super::reading::{Matter, Sight};
use super::words::sentences;
use crate::again::CLAIMED_FIRST;
use crate::app::App;
use crate::erasing::erasures_by_entry;
use crate::look::parts::*;
use crate::look::words::Lang;
use crate::web::untold::without_class;

/// The records of the stream, oldest first.
pub(crate) fn story(app: &App, matter: &Matter) -> Vec<TimelineEntry> {
    let entries = matter.trial.entries.iter();
    // a stream that grows for ever shows its newest records; the audit page has them all
    let skipped = entries.len().saturating_sub(ENTRIES_SHOWN);
    // read once, and only where something was erased
    let erasures = OnceCell::new();
    entries.skip(skipped).map(|entry| told(app, matter, entry, &erasures)).collect()
}

/// What was found beside what was said to be put right last, where there are photos of both; `entries` are newest first.
pub(super) fn repair(lang: Lang, entries: &[TimelineEntry]) -> Markup {
    let photo_of = |event: &str| {
        entries.iter().find(|entry| entry.event == event).and_then(|entry| entry.photos.first())
    };
    let (Some(found), Some(repaired)) = (photo_of("HazardFound"), photo_of("RectificationSubmitted")) else {
        return Markup::default();
    };
    section(lang.pick("整改前后对照", "Before and after the repair"), before_after(lang, found, repaired))
}

/// Whether the person may see what was said privately in an entry.
pub(crate) fn may_read(sight: Sight, stream: &str, event: &str) -> bool {
    match sight {
        Sight::Office => true,
        // a party reads what it said itself and what the office said to it
        Sight::Party => aggregate_type(stream) != "report" && !OFFICE_ONLY.contains(&event),
        Sight::None | Sight::Public | Sight::Register => false,
    }
}

fn told(
    app: &App,
    matter: &Matter,
    entry: &RecordedEntry,
    erasures: &OnceCell<HashMap<u64, NaiveDate>>,
) -> TimelineEntry {
    let lang = matter.lang;
    let mut said: Value = serde_json::from_str(&entry.data).unwrap_or_default();
    if let Some(plan) = said.get_mut("result").filter(|_| matter.concept() == Inspection::TYPE) {
        without_class(matter.actor(), plan);
    }
    let (mut photos, mut erased_some) = (vec![], false);
    if may_read(matter.sight, &entry.stream, &entry.event_type) {
        for (n, value) in private(app, entry).into_iter().enumerate() {
            match value {
                Some((name, value)) if PICTURES.contains(&name.as_str()) => {
                    let count = if value.is_array() {
                        value.as_array().map_or(0, Vec::len)
                    } else {
                        usize::from(value.is_object())
                    };
                    photos.extend((0..count).map(|i| photo(lang, entry, n, i)));
                }
                Some((name, value)) => said[name] = value,
                None => erased_some = true,
            }
        }
    }
    let mut text = sentences(matter, &said);
    if erased_some {
        let erasures = erasures.get_or_init(|| erasures_by_entry(app.reader()).unwrap_or_default());
        text.push(match erasures.get(&entry.position) {
            Some(on) => lang.pick(
                format!("部分内容{}。", erased(lang, *on)),
                format!("Some of it was {}.", erased(lang, *on)),
            ),
            None => lang.say("部分内容已依法删除。", "Some of it was erased by law."),
        });
    }
    text.extend(said_again(lang, &said));
    text.extend(matter.doubts.as_ref().and_then(|doubts| doubts.mark(lang, entry)));
    let times =
        TwoTimes { claimed: time(&entry.occurred_at), received: time(&entry.recorded_at), flag: None };
    let flag = (times.claimed > times.received).then_some(ClockFlag::AheadOfReceipt);
    TimelineEntry {
        event: entry.event_type.clone(),
        by: by(matter, entry),
        times: TwoTimes { flag, ..times },
        text,
        photos,
        proof: None,
        tone: tone(&entry.event_type),
    }
}

/// Of what says a record under doubt again: when that claimed to have happened, beside the entry's own times.
fn said_again(lang: Lang, said: &Value) -> Option<String> {
    let first = said.pointer(CLAIMED_FIRST).and_then(Value::as_str)?.parse().ok()?;
    let first = lang.moment(first);
    Some(lang.pick(
        format!("补录：原来的记录填报的时间是 {first}，签名的密钥后来报失。"),
        format!("Recorded again: first claimed for {first}, signed with a key that is under doubt since."),
    ))
}

/// The private values of an entry in the order of their digests; none where one was erased.
pub(crate) fn private(app: &App, entry: &RecordedEntry) -> Vec<Option<(String, Value)>> {
    let digests = digests_in(&entry.data);
    let digests: Vec<&str> = digests.iter().map(String::as_str).collect();
    let values = app.vault.values(&digests).unwrap_or_default();
    values.into_iter().map(|value| value.map(|value| (value.name, value.value))).collect()
}

fn photo(lang: Lang, entry: &RecordedEntry, field: usize, n: usize) -> Photo {
    let at = format!("/desk/photos/{}/{field}/{n}", entry.position);
    Photo {
        what: lang.pick(
            format!("{} 的照片", lang.event(&entry.event_type)),
            format!("Photo: {}", lang.event(&entry.event_type)),
        ),
        taken_at: None,
        standing: PhotoStanding::Here { small: at.clone(), full: at },
    }
}

fn by(matter: &Matter, entry: &RecordedEntry) -> By {
    let lang = matter.lang;
    let said: Value = serde_json::from_str(&entry.data).unwrap_or_default();
    if let Some(scheme) = said.pointer("/derivation/scheme/id").and_then(Value::as_str) {
        return By::Rule { rulebook: scheme.to_owned(), authority: None };
    }
    if let Some(channel) = said.pointer("/received/channel").and_then(Value::as_str) {
        return By::Received(lang.channel(channel).to_owned());
    }
    let account = matter.signers.get(&entry.kid);
    By::Person(match account {
        Some(account) => matter.people.view(lang, account),
        None => PersonView { role: "officer".to_owned(), ..PersonView::default() },
    })
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_default()
}

fn tone(event: &str) -> Tone {
    match event {
        "HazardFellOverdue"
        | "HazardEscalated"
        | "PatrolMissed"
        | "ProhibitionConfirmed"
        | "RectificationFoundFalse" => Tone::Grave,
        "ExtensionRefused"
        | "HazardContested"
        | "RectificationRefused"
        | "ServiceFailed"
        | "TaskReturned"
        | "VisitFailed"
        | "WorksPlanRefused" => Tone::Warning,
        "AppealDecided"
        | "HazardClosed"
        | "NoticeServed"
        | "RectificationAccepted"
        | "ReportAnswered"
        | "TaskDone" => Tone::Good,
        _ => Tone::Calm,
    }
}

/// What the office says among itself.
const OFFICE_ONLY: [&str; 2] = ["HazardReviewed", "WorksPlanApproved"];
/// Private values that are pictures.
pub(crate) const PICTURES: [&str; 5] = ["document", "evidence", "photos", "power_of_attorney", "receipt"];
const ENTRIES_SHOWN: usize = 100;

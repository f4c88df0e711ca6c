//! A notice on paper: the letter itself, with nothing of the page around it. It is only printed; on the screen the history of
//! the notice says the same.

use maud::{Markup, html};
use serde_json::Value;
use wuping_ledger::recorded::RecordedEntry;

use super::reading::Matter;
use super::story::{may_read, private};
use crate::app::App;
use crate::web::look::words::Lang;

/// The letter of a notice that was issued; nothing of any other matter, and nothing for whom it is not.
pub(super) fn on_paper(app: &App, matter: &Matter) -> Markup {
    let issued = |entry: &&RecordedEntry| ISSUED.contains(&entry.event_type.as_str());
    let newest = matter.trial.entries.iter().rfind(issued);
    let Some(entry) = newest.filter(|_| matter.concept() == "notice") else { return Markup::default() };
    if !may_read(matter.sight, &entry.stream, &entry.event_type) {
        return Markup::default();
    }
    let lang = matter.lang;
    let said: Value = serde_json::from_str(&entry.data).unwrap_or_default();
    let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
    let words = private(app, entry).into_iter().flatten().find(|(name, _)| name == "text");
    let words = words.and_then(|(_, words)| words.as_str().map(str::to_owned)).unwrap_or_default();
    let remedies: Vec<&str> = said["remedies"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|remedy| in_words(lang, remedy))
        .collect();
    let address = matter.subject().and_then(|subject| subject.premises.register.as_ref());
    let address = address.map(|register| register.address.clone()).unwrap_or_default();
    let authority = text("authority");
    html! {
        article.letter lang=(lang.tag()) {
            p.letter-head { (authority) }
            h2 { (lang.notice(&text("kind"))) }
            p.letter-number { (text("document_number")) }
            p { (addressed(lang, said["to"].as_str(), &address)) }
            @if !address.is_empty() { p { (lang.pick("房屋：", "Premises: ")) (address) } }
            @for paragraph in words.lines().filter(|line| !line.trim().is_empty()) { p.letter-text { (paragraph) } }
            p { (lang.pick("依据：", "Legal basis: ")) (text("legal_basis")) }
            @if !remedies.is_empty() {
                p { (lang.pick("对本文书不服的，可以：", "Against this notice you may:")) }
                ol { @for remedy in remedies { li { (remedy) } } }
            }
            p.letter-end { (authority) br; (day_of(lang, entry)) }
        }
    }
}

/// To whom it goes: the party named, else everybody who answers for the premises.
fn addressed(lang: Lang, to: Option<&str>, address: &str) -> String {
    match to {
        Some(party) => lang.pick(format!("致：{party}"), format!("To: {party}")),
        None if address.is_empty() => String::new(),
        None => lang.say("致：房屋的业主、管理人", "To: whoever answers for the premises"),
    }
}

/// A remedy says itself in both languages.
fn in_words(lang: Lang, remedy: &Value) -> Option<&str> {
    remedy[lang.code()].as_str().filter(|words| !words.is_empty()).or_else(|| remedy["zh"].as_str())
}

/// The day on which it was issued.
fn day_of(lang: Lang, entry: &RecordedEntry) -> String {
    let at = entry.occurred_at.parse::<chrono::DateTime<chrono::Utc>>();
    at.map(|at| lang.day(wuping_domain::recorded::local_date(at))).unwrap_or_default()
}

const ISSUED: [&str; 2] = ["NoticeIssued", "NoticeReissued"];

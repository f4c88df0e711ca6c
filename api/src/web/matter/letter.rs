//! A notice's letter: on the screen under a heading of its own, on paper alone, with nothing of the page around it.

mod decided;
mod statement;

use maud::{Markup, html};
use wuping_domain::event::Event;
use wuping_domain::notice::{self, Issued, Remedy};
use wuping_ledger::recorded::RecordedEntry;
use wuping_projections::recording::recorded;

use super::reading::{Matter, Sight};
use super::story::{may_read, private};
use crate::app::App;
use crate::look::parts::in_tongues;
use crate::look::words::Lang;

/// The letter of a notice that was issued; nothing of any other matter, and nothing for whom it is not.
pub(super) fn letter(app: &App, matter: &Matter) -> Markup {
    let entries = matter.trial.entries.iter().filter(|_| matter.concept() == "notice");
    let newest = entries.rev().find_map(|entry| Some((entry, issued(entry)?)));
    let Some((entry, issued)) = newest else { return Markup::default() };
    if !may_read(matter.sight, &entry.stream, &entry.event_type) {
        return Markup::default();
    }
    let lang = matter.lang;
    // whoever wrote the rules or the letter may have written Chinese alone
    let say = |text: &str| in_tongues(lang, text);
    // a department goes by its name, a registered authority by its own
    let authority = matter.ruled().department(&issued.authority);
    let words = word(app, entry, "text").unwrap_or_default();
    let decided = decided::decided(app, matter, &issued, entry.position);
    let address = matter.register().map(|register| register.address.clone()).unwrap_or_default();
    let heard = statement::right(app, matter, &issued, entry.position);
    html! {
        div.letter-sheet {
            h2.letter-title { (lang.pick("文书正文", "The letter")) }
            article.letter lang=(lang.tag()) {
                p.letter-head { (say(&authority)) }
                h3 { (lang.notice(issued.kind.code())) }
                p.letter-number { (say(&issued.document_number)) }
                @if let Some(to) = addressed(app, matter, &issued, &address, entry.position) { p { (say(&to)) } }
                @if !address.is_empty() { p { (lang.pick("房屋：", "Premises: ")) (say(&address)) } }
                @for sentence in &decided { p.letter-decided { (say(sentence)) } }
                @for paragraph in words.lines().filter(|line| !line.trim().is_empty()) { p.letter-text { (say(paragraph)) } }
                @if !issued.legal_basis.is_empty() { p { (lang.pick("依据：", "Legal basis: ")) (say(&issued.legal_basis)) } }
                @for sentence in &heard { p.letter-heard { (say(sentence)) } }
                @if !issued.remedies.is_empty() {
                    p { (lang.pick("对本文书不服的，可以：", "Against this notice you may:")) }
                    ol { @for remedy in &issued.remedies { li { (say(&in_words(lang, remedy))) } } }
                }
                p.letter-end { (say(&authority)) br; (day_of(lang, entry)) }
            }
        }
    }
}

/// What an entry issued, where it did.
fn issued(entry: &RecordedEntry) -> Option<Issued> {
    match recorded(&entry.row()).ok()?.event {
        Event::Notice(notice::Event::NoticeIssued(issued) | notice::Event::NoticeReissued { issued, .. }) => {
            Some(issued)
        }
        _ => None,
    }
}

/// To whom it goes: the party by its name where the reader may know it, else as what it is to the premises; everybody who answers
/// for them where it names no party.
fn addressed(app: &App, matter: &Matter, issued: &Issued, address: &str, position: u64) -> Option<String> {
    let lang = matter.lang;
    let to = match &issued.to {
        Some(party) => name_of(app, matter, party, position).or_else(|| {
            let parties = &matter.subject()?.premises.parties;
            let role = parties.iter().find(|named| named.party == *party).map(|named| named.role.as_str());
            let role = role.map_or_else(|| lang.pick("当事人", "party"), |role| lang.role(role));
            Some(lang.pick(format!("{address}的{role}"), format!("the {} of {address}", role.to_lowercase())))
        }),
        None if address.is_empty() => None,
        None => Some(lang.say("房屋的业主、管理人", "whoever answers for the premises")),
    }?;
    Some(lang.pick(format!("致：{to}"), format!("To: {to}")))
}

/// The name of a party as it was known when the notice was issued. The office knows it, and the party itself does.
fn name_of(app: &App, matter: &Matter, party: &str, position: u64) -> Option<String> {
    let own = matter.actor().grants.iter().any(|grant| grant.party.as_deref() == Some(party));
    if matter.sight != Sight::Office && !own {
        return None;
    }
    let entries = app.reader().stream(&format!("party/{party}")).ok()?;
    let known = entries.iter().rev().filter(|entry| entry.position <= position);
    known.filter_map(|entry| word(app, entry, "name")).next()
}

/// A private text of an entry.
fn word(app: &App, entry: &RecordedEntry, name: &str) -> Option<String> {
    let said = private(app, entry).into_iter().flatten().find(|(known, _)| known == name);
    said.and_then(|(_, words)| words.as_str().map(str::to_owned)).filter(|words| !words.trim().is_empty())
}

/// A remedy says itself in both languages. In English older notices call it by its id in the rulebook.
fn in_words(lang: Lang, remedy: &Remedy) -> String {
    if lang == Lang::Zh || remedy.en.is_empty() {
        return remedy.zh.clone();
    }
    match remedy.en.strip_prefix(&remedy.rule.replace('_', " ")) {
        Some(period) => format!("{}{}", lang.deadline(&remedy.rule), period.replace("(s)", "s")),
        None => remedy.en.clone(),
    }
}

/// The day on which it was issued.
fn day_of(lang: Lang, entry: &RecordedEntry) -> String {
    let at = entry.occurred_at.parse::<chrono::DateTime<chrono::Utc>>();
    at.map(|at| lang.day(wuping_domain::recorded::local_date(at))).unwrap_or_default()
}

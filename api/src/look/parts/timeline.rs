//! Timeline: the story of a case; who, what, when claimed, when received.

use maud::{Markup, html};

use super::super::words::Lang;
use super::{
    PersonView, Photo, ProofView, Tone, TwoTimes, person_and_role, photo_strip, proof_mark, two_times,
};

/// On whose word a record stands.
#[derive(Clone, Debug)]
pub enum By {
    /// A person stated and signed it.
    Person(PersonView),
    /// It follows by rule; the rulebook in words, and, where it binds anybody, the authority that issues it.
    Rule {
        /// Name and version of the rulebook.
        rulebook: String,
        /// The authority that issues it.
        authority: Option<String>,
    },
    /// It came from someone or something without a key; the channel in words.
    Received(String),
}

/// One entry of a case's story.
#[derive(Clone, Debug)]
pub struct TimelineEntry {
    /// The event's name, as in `Lang::event`.
    pub event: String,
    /// On whose word.
    pub by: By,
    /// When.
    pub times: TwoTimes,
    /// What it says, in sentences.
    pub text: Vec<String>,
    /// Photos that belong to it.
    pub photos: Vec<Photo>,
    /// Its proof, where the page shows proofs.
    pub proof: Option<ProofView>,
    /// How much it weighs.
    pub tone: Tone,
}

/// The entries in the order given.
pub fn timeline(lang: Lang, entries: &[TimelineEntry]) -> Markup {
    html! {
        ol.timeline {
            @for entry in entries { (timeline_entry(lang, entry)) }
        }
    }
}

/// One entry, as an `li`.
pub fn timeline_entry(lang: Lang, entry: &TimelineEntry) -> Markup {
    html! {
        li class={ "entry entry-" (entry.tone.class()) } {
            p.entry-head { strong { (lang.event(&entry.event)) } " " span.entry-by { (by(lang, &entry.by)) } }
            p.entry-times { (two_times(lang, &entry.times)) }
            @for sentence in &entry.text { p { (sentence) } }
            @if !entry.photos.is_empty() { (photo_strip(lang, &entry.photos)) }
            @if let Some(proof) = &entry.proof { (proof_mark(lang, proof)) }
        }
    }
}

fn by(lang: Lang, by: &By) -> Markup {
    html! {
        @match by {
            By::Person(person) => (person_and_role(lang, person)),
            By::Rule { rulebook, authority } => {
                span.quiet {
                    @if let Some(authority) = authority {
                        (lang.pick(
                            format!("{authority}发出，按{rulebook}得出"),
                            format!("issued by {authority}, by {rulebook}"),
                        ))
                    } @else { (lang.pick(format!("按{rulebook}得出"), format!("follows from {rulebook}"))) }
                }
            },
            By::Received(channel) => span.quiet {
                (lang.pick(format!("由{channel}收到"), format!("received: {channel}")))
            },
        }
    }
}

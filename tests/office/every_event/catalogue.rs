//! The code's events and those of the catalogue that it was written to, name by name and stream by stream, both ways. What differs
//! is listed with its reason (docs/decisions/0031), and a difference that is none any more fails too.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use wuping_domain::event::names;

/// The catalogue as it was given, under its own names of streams.
#[derive(Deserialize)]
struct Catalogue {
    streams: BTreeMap<String, Vec<String>>,
}

type Names = BTreeSet<(String, String)>;

fn catalogue() -> Names {
    let text = include_str!("../../cases/events.json");
    let given: Catalogue = serde_json::from_str(text).expect("the copy of the catalogue");
    let each =
        |(stream, names): (String, Vec<String>)| names.into_iter().map(move |name| (stream.clone(), name));
    given.streams.into_iter().flat_map(each).collect()
}

/// The code's own, each in the stream under which the catalogue has it.
fn code() -> Names {
    let named = |concept: &str, name: &str| {
        let moved = ELSEWHERE.iter().find(|(of, event, _)| *of == concept && *event == name);
        (moved.map_or(concept, |(.., stream)| stream).to_owned(), name.to_owned())
    };
    names()
        .into_iter()
        .flat_map(|(concept, names)| names.iter().map(move |name| named(concept, name)))
        .collect()
}

fn pairs(list: &[(&str, &str)]) -> Names {
    list.iter().map(|(stream, name)| ((*stream).to_owned(), (*name).to_owned())).collect()
}

#[test]
fn the_code_has_the_events_of_the_catalogue_and_no_others_but_those_that_are_accounted_for() {
    let (given, code) = (catalogue(), code());
    assert!(given.len() > 200, "the catalogue is read: {}", given.len());
    let beside: Names = pairs(OF_THE_LEDGER).union(&pairs(NOT_HERE)).cloned().collect();
    let missing: Vec<_> = given.difference(&code).filter(|event| !beside.contains(event)).collect();
    assert!(missing.is_empty(), "in the catalogue and not in the code: {missing:?}");
    let unknown: Vec<_> = code.difference(&given).filter(|event| !pairs(ADDED).contains(event)).collect();
    assert!(unknown.is_empty(), "in the code and not in the catalogue: {unknown:?}");

    for event in &beside {
        assert!(given.contains(event), "{event:?} is not in the catalogue: strike it off");
        assert!(!code.contains(event), "{event:?} is in the code now: strike it off");
    }
    for event in &pairs(ADDED) {
        assert!(code.contains(event) && !given.contains(event), "{event:?} is no addition: strike it off");
    }
    for (concept, name, stream) in ELSEWHERE {
        let own = names().into_iter().any(|(of, names)| of == *concept && names.contains(name));
        assert!(
            own && given.contains(&((*stream).to_owned(), (*name).to_owned())),
            "{name} moved: strike it off"
        );
    }
}

/// The ledger's own, which no concept of the field decides: they are recorded by it and brought about by the tests of the ledger.
const OF_THE_LEDGER: &[(&str, &str)] = &[
    ("keys", "KeyEnrolled"),
    ("keys", "KeyRevoked"),
    ("keys", "KeyRotated"),
    ("keys", "LedgerOpened"),
    ("record", "FieldsErased"),
    ("record", "HeadsCommitted"),
    ("record", "LedgerRestored"),
];
/// A calendar is a part of the rulebook that is published, and is never published by itself.
const NOT_HERE: &[(&str, &str)] = &[("rulebook", "CalendarPublished")];
/// A prohibition of letting is itself appealed against, and then ceases to hold by an event of its own. The end of a period that a later
/// calendar made final is said in a record too, where it is no notice's.
const ADDED: &[(&str, &str)] = &[("grade", "ProhibitionSetAside"), ("record", "DeadlineFixed")];
/// Streams that go by another name here than in the catalogue: a draft has its own, and so has a meeting.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("meeting", "JointMeetingHeld", "campaign"),
    ("meeting", "MeetingResolutionClosed", "campaign"),
    ("rulebook-draft", "RulebookDrafted", "rulebook"),
];

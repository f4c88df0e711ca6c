//! What parties are called. A name is private: an enterprise's is read by everybody of the office, a natural person's where the words of
//! the matter are read, as in its letters; and a party reads its own.

use std::collections::{BTreeMap, BTreeSet};

use wuping_domain::event::Event;
use wuping_domain::facts::Actor;
use wuping_domain::party::{self, Kind};
use wuping_projections::recording::recorded;

use super::reading::Sight;
use super::story::private;
use crate::app::App;
use crate::look::words::Lang;

/// The names of parties that somebody may read.
#[derive(Debug, Default)]
pub(crate) struct PartyNames(BTreeMap<String, String>);

impl PartyNames {
    /// Of these parties, what a person who sees so much of the matter may read.
    pub(crate) fn of<'p>(
        app: &App,
        (actor, sight): (&Actor, Sight),
        parties: impl IntoIterator<Item = &'p str>,
    ) -> Self {
        let own = |party: &str| actor.grants.iter().any(|grant| grant.party.as_deref() == Some(party));
        let inside = actor.is_of_the_office();
        let reads = |party: &str, kind: Kind| {
            sight == Sight::Office || own(party) || inside && kind == Kind::Enterprise
        };
        let parties: BTreeSet<&str> = parties.into_iter().filter(|party| inside || own(party)).collect();
        let named = parties.into_iter().filter_map(|party| {
            let (kind, name) = called(app, party)?;
            reads(party, kind).then(|| (party.to_owned(), name))
        });
        Self(named.collect())
    }

    /// A party by its name, with its number; by that alone where the name is not this person's to read.
    pub(crate) fn say(&self, lang: Lang, party: &str) -> String {
        match self.0.get(party) {
            Some(name) => lang.pick(format!("{name}（{party}）"), format!("{name} ({party})")),
            None => party.to_owned(),
        }
    }

    /// The name alone.
    pub(crate) fn get(&self, party: &str) -> Option<&str> {
        self.0.get(party).map(String::as_str)
    }
}

/// Of what kind a party is, and its newest name; none where it is not registered or the name was erased.
pub(super) fn called(app: &App, party: &str) -> Option<(Kind, String)> {
    let entries = app.reader().stream(&format!("party/{party}")).ok()?;
    let kind = entries.iter().find_map(|entry| match recorded(&entry.row()).ok()?.event {
        Event::Party(party::Event::PartyRegistered { registration, .. }) => Some(registration.kind),
        _ => None,
    })?;
    let names = entries.iter().rev().flat_map(|entry| private(app, entry)).flatten();
    let mut names = names.filter(|(member, _)| member == "name");
    let name = names.find_map(|(_, words)| words.as_str().map(str::to_owned))?;
    Some((kind, name)).filter(|(_, name)| !name.trim().is_empty())
}

//! Families: which party goes on in which. What was merged into a party is its own.

use std::collections::BTreeMap;

use wuping_domain::event::Event;
use wuping_domain::party::Event as PartyEvent;
use wuping_domain::recorded::Recorded;

/// Parties that are one with another, each with the one in which it goes on.
#[derive(Debug, Default)]
pub(super) struct Families(BTreeMap<String, String>);

impl Families {
    /// Take an entry; any but a merger is passed over.
    pub(super) fn take(&mut self, recorded: &Recorded<Event>) {
        if let Event::Party(PartyEvent::PartyMerged { into, .. }) = &recorded.event {
            self.0.insert(recorded.last_segment().to_owned(), into.clone());
        }
    }

    /// Whether a party is another or goes on in it, by one step or several.
    pub(super) fn reaches(&self, party: &str, other: &str) -> bool {
        self.line(party).any(|one| one == other)
    }

    /// The party that goes on.
    pub(super) fn goes_on_as<'f>(&'f self, party: &'f str) -> &'f str {
        self.line(party).last().unwrap_or(party)
    }

    /// The party, the one in which it goes on, and so on.
    fn line<'f>(&'f self, party: &'f str) -> impl Iterator<Item = &'f str> {
        // no merger leads back, by the domain's rules; a line that did would end where all parties were passed once
        let next = |one: &&'f str| self.0.get(*one).map(String::as_str);
        std::iter::successors(Some(party), next).take(self.0.len() + 1)
    }
}

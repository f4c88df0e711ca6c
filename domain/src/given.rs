//! The grammar of the tests: given these events, when this command, then these events.

use chrono::NaiveDate;

use crate::aggregate::{Concept, decided};
use crate::association::Association;
use crate::facts::{Actor, Colleague, Facts, Grant, Role};
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::said::Said;
use crate::subject::Subject;

pub(crate) struct Given<C: Concept> {
    state: C,
    facts: Facts,
}

pub(crate) struct Outcome<C: Concept>(Result<Vec<Said<C::Event>>, Rejection>);

pub(crate) fn given<C: Concept>(events: impl IntoIterator<Item = C::Event>) -> Given<C> {
    let mut state = C::default();
    for event in events {
        state.evolve(&event);
    }
    let actor = Actor { account: "a-1".into(), grants: vec![], received: false };
    Given { state, facts: Facts::by(actor, String::new(), day("2026-03-02")) }
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

impl<C: Concept> Given<C> {
    /// What is known of rulebooks.
    pub(crate) fn with_rulemaking(mut self, known: crate::draft::Rulemaking) -> Self {
        self.facts.rulemaking = Some(std::sync::Arc::new(known));
        self
    }

    /// Another state than that of the events, folded elsewhere.
    pub(crate) fn put(&mut self, state: C) {
        self.state = state;
    }

    pub(crate) fn by_role(self, role: Role) -> Self {
        self.by_grant(Grant { role, department: None, area: None, party: None })
    }

    pub(crate) fn by_officer_of(self, department: &str) -> Self {
        self.by_grant(Grant {
            role: Role::DepartmentOfficer,
            department: Some(department.into()),
            area: None,
            party: None,
        })
    }

    pub(crate) fn by_grant(mut self, grant: Grant) -> Self {
        self.facts.actor.grants.push(grant);
        self
    }

    pub(crate) fn by_actor(mut self, actor: Actor) -> Self {
        self.facts.actor = actor;
        self
    }

    pub(crate) fn naming(mut self, colleague: Colleague) -> Self {
        self.facts.colleague = Some(colleague);
        self
    }

    /// The account that the command names is open and has this role, in all of the district.
    pub(crate) fn naming_holder(self, account: &str, role: Role) -> Self {
        let grant = Grant { role, department: None, area: None, party: None };
        self.naming(Colleague { account: account.into(), grants: vec![grant], relations: vec![] })
    }

    /// Parties that were merged, each with the one that it goes on as.
    pub(crate) fn merged(mut self, parties: &[(&str, &str)]) -> Self {
        let parties = parties.iter().map(|(party, into)| ((*party).to_owned(), (*into).to_owned()));
        self.facts.merged = parties.collect();
        self
    }

    pub(crate) fn at(mut self, stream: &str) -> Self {
        self.facts.stream = stream.into();
        self
    }

    pub(crate) fn about(mut self, subject: Subject) -> Self {
        self.facts.subject = Some(subject.into());
        self
    }

    pub(crate) fn in_building(mut self, building: Subject) -> Self {
        self.facts.building = Some(building.into());
        self
    }

    /// The party that a command names has this behind it.
    pub(crate) fn going_on_as(mut self, events: Vec<crate::party::Event>) -> Self {
        let mut party = crate::party::Party::default();
        events.iter().for_each(|event| party.evolve(event));
        self.facts.goes_on = Some(party.into());
        self
    }

    pub(crate) fn naming_association(mut self, association: Association) -> Self {
        self.facts.association = Some(association.into());
        self
    }

    pub(crate) fn of_household(mut self, mark: &str) -> Self {
        self.facts.household = Some(mark.into());
        self
    }

    /// These premises and parties are registered.
    pub(crate) fn knowing<const N: usize>(mut self, paths: [&str; N]) -> Self {
        self.facts.known.extend(paths.map(str::to_owned));
        self
    }

    /// The command is issued in the name of a registered authority, which is this department where it is one.
    pub(crate) fn issued_by(mut self, name: &str, department: Option<&str>) -> Self {
        let registered = crate::authority::Registration {
            name: name.into(),
            uscc: None,
            department: department.map(str::to_owned),
            decides: vec![],
        };
        self.facts.authority = Some(registered.into());
        self
    }

    /// An officer whom the command names has an open account with this role.
    pub(crate) fn naming_officer(mut self, account: &str, role: Role, department: Option<&str>) -> Self {
        let grant = Grant { role, department: department.map(str::to_owned), area: None, party: None };
        let named = Colleague { account: account.into(), grants: vec![grant], relations: vec![] };
        self.facts.officers.push(named);
        self
    }

    /// The list of grades of the position that is named has this digest and so many lines.
    pub(crate) fn showing(mut self, sha256: &str, lines: u64) -> Self {
        let made = crate::shown_list::MadeList { sha256: sha256.into(), lines };
        self.facts.list_then = Some(crate::shown_list::ListThen { entries: 1_000, lists: vec![made] });
        self
    }

    pub(crate) fn in_stream(mut self, stream: &str) -> Self {
        self.facts.stream = stream.into();
        self
    }

    pub(crate) fn on(mut self, date: &str) -> Self {
        self.facts.today = day(date);
        self
    }

    pub(crate) fn under(mut self, rulebook: Rulebook) -> Self {
        self.facts.rulebook = Some(rulebook.into());
        self
    }

    pub(crate) fn become_state(&mut self, state: C) {
        self.state = state;
    }

    pub(crate) fn when(self, command: C::Command) -> Outcome<C> {
        Outcome(decided(&self.state, command, &self.facts))
    }
}

/// No private field goes by the name of a public one, and photos are never public: the ledger refuses both.
#[track_caller]
fn fits_the_format<E: serde::Serialize>(said: &Said<E>) {
    let wire = serde_json::to_value(said).expect("an event");
    assert!(wire.get("photos").is_none(), "photos are private: {wire}");
    for name in wire["private"].as_object().into_iter().flat_map(|private| private.keys()) {
        assert!(wire.get(name).is_none(), "{name} is public and private: {wire}");
    }
}

impl<C: Concept> Outcome<C> {
    #[track_caller]
    pub(crate) fn said(self) -> Vec<Said<C::Event>> {
        let said = self.0.expect("accepted");
        said.iter().for_each(fits_the_format);
        said
    }

    #[track_caller]
    pub(crate) fn then(self, events: impl IntoIterator<Item = C::Event>) {
        let said: Vec<_> = self.said().into_iter().map(|said| said.event).collect();
        assert_eq!(said, events.into_iter().collect::<Vec<_>>());
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.0.is_err()
    }

    #[track_caller]
    pub(crate) fn then_rejected(self, code: &str) -> Rejection {
        let rejection = self.0.expect_err("refused");
        assert_eq!(rejection.code(), code, "{rejection}");
        rejection
    }
}

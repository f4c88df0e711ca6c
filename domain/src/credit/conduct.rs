//! Conduct (失信行为): a fact decided by document and put down to somebody, or one that follows by rule from a hazard.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::rule::policy_of;
use super::{CreditFile, Event, must_have_document};
use crate::derivation::{Either, SchemeRef};
use crate::facts::Facts;
use crate::rejection::Rejection;
use crate::said::{Private, Said};

/// A record of conduct.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Conduct {
    /// 1, 2, 3 … in the file.
    pub number: u64,
    /// Which kind, by the policy.
    pub conduct: String,
    /// Whom it is put down to: `party`, `tenant`, `public_body`, `unknown`.
    pub attributed_to: String,
    /// `minor`, `general` or `serious`.
    pub degree: String,
    /// The day of the document; its spans run from here.
    pub decided_on: NaiveDate,
    /// What it rests on.
    pub basis: Basis,
    /// Accounts that had a hand in it: whoever recorded, ordered or found it.
    pub hands: Vec<String>,
    /// The rulebook by which it was recorded; that of the derivation where it is computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<SchemeRef>,
}

/// What a record of conduct rests on.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Basis {
    /// Number of the document.
    pub document_number: String,
    /// The authority whose document it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// The organ elsewhere whose document it is, where it is none of those known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_authority: Option<String>,
    /// The hazard that it follows from: where that is set aside, the record falls away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// Position of the entry that it follows from, where it is computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
}

/// Conduct as somebody says it.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
pub struct SaidConduct {
    /// Which kind, by the policy.
    pub conduct: String,
    /// Whom it is put down to: `party`, `tenant`, `public_body`, `unknown`.
    pub attributed_to: String,
    /// Its degree, as the document says: `minor`, `general` or `serious`.
    pub degree: String,
    /// The day of the document.
    pub decided_on: NaiveDate,
    /// Number of the document.
    pub document_number: String,
    /// The authority whose document it is: a department of the rulebook's list, by its id or name, or a registered authority by its
    /// id or name.
    #[serde(default)]
    pub authority: Option<String>,
    /// In place of it, the name of an organ that cannot be known here: a court, another district's or city's authority.
    #[serde(default)]
    pub outside_authority: Option<String>,
    /// The hazard it is about, where it is about one.
    #[serde(default)]
    pub about: Option<String>,
    /// The rulebook by which it is recorded.
    pub scheme: SchemeRef,
    /// In words: private.
    #[serde(default)]
    pub note: Option<String>,
}

/// A record of conduct and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct OnFile {
    /// What was recorded.
    pub conduct: Conduct,
    /// Whether it followed by rule.
    pub computed: bool,
    /// The day on which an objection to it was upheld.
    pub set_aside_on: Option<NaiveDate>,
    /// The day on which its repair was granted.
    pub repaired_on: Option<NaiveDate>,
}

impl SaidConduct {
    /// A document of the office is an authority's that is known here. Courts and the authorities of other places are not registered,
    /// and what they decide counts as well: theirs is told in a field of its own, so that a mistyped name is not taken for one.
    /// Answers either of them.
    fn authority(&self, facts: &Facts) -> Result<[Option<String>; 2], Rejection> {
        let names = [&self.authority, &self.outside_authority].map(|name| named(name.as_deref()));
        match names {
            [Some(known), None] => facts.must_know_authority(known).map(drop),
            [None, Some(_)] => Ok(()),
            [None, None] => {
                Err(Rejection::Malformed { field: "authority", needs: "the authority of the document" })
            }
            [Some(_), Some(_)] => Err(Rejection::Malformed {
                field: "outside_authority",
                needs: "nothing where the authority is one that is known here",
            }),
        }?;
        Ok(names.map(|name| name.map(str::to_owned)))
    }
}

fn named(name: Option<&str>) -> Option<&str> {
    name.map(str::trim).filter(|name| !name.is_empty())
}

impl OnFile {
    /// Whether nothing in the file itself has ended it.
    pub const fn stands(&self) -> bool {
        self.set_aside_on.is_none() && self.repaired_on.is_none()
    }
}

impl CreditFile {
    /// Put conduct on record.
    pub(super) fn record_conduct(
        &self,
        said: SaidConduct,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        let policy = policy_of(facts.rulebook()?)?;
        must_have_document(&said.document_number)?;
        let [authority, outside_authority] = said.authority(facts)?;
        let rule = policy.conduct.iter().find(|rule| rule.id == said.conduct);
        let Some(rule) = rule else {
            return Err(Rejection::because("unknown_conduct", json!({ "conduct": said.conduct })));
        };
        if !policy.attributed_to.contains(&said.attributed_to) {
            return Err(Rejection::because("unknown_attribution", json!({})));
        }
        if rule.degree != said.degree {
            return Err(Rejection::because("degree_differs", json!({ "degree": rule.degree })));
        }
        if said.decided_on > facts.today {
            return Err(Rejection::Malformed { field: "decided_on", needs: "today or an earlier day" });
        }
        let is_hazard = |stream: &String| {
            stream.starts_with("premises/") && crate::event::aggregate_type(stream) == "hazard"
        };
        if said.about.as_ref().is_some_and(|about| !is_hazard(about)) {
            return Err(Rejection::Malformed { field: "about", needs: "the stream of a hazard" });
        }
        let SaidConduct { conduct, attributed_to, degree, decided_on, document_number, .. } = said;
        let same = |on_file: &&OnFile| {
            let held = &on_file.conduct;
            held.conduct == conduct && held.basis.document_number == document_number && on_file.stands()
        };
        if self.conduct.values().any(|on_file| same(&on_file)) {
            return Err(Rejection::AlreadyExists { what: "record of this conduct by this document" });
        }
        let basis = Basis { document_number, authority, outside_authority, stream: said.about, at: None };
        let recorded = Conduct {
            number: self.next_conduct(),
            conduct,
            attributed_to,
            degree,
            decided_on,
            basis,
            hands: vec![facts.actor.account.clone()],
            scheme: Some(said.scheme),
        };
        let event = Event::ConductRecorded(Either::Stated(recorded));
        Ok(vec![Said::with(event, Private::none().with("note", said.note))])
    }

    /// The number that the next record of conduct has.
    pub(super) fn next_conduct(&self) -> u64 {
        self.conduct.last_key_value().map_or(1, |(number, _)| number + 1)
    }

    pub(super) fn conducted(&mut self, recorded: &Either<Conduct>) {
        let (conduct, computed) = (recorded.facts().clone(), recorded.is_computed());
        self.scheme = match recorded {
            Either::Computed(computed) => Some(computed.derivation.scheme.clone()),
            Either::Stated(stated) => stated.scheme.clone().or_else(|| self.scheme.clone()),
        };
        let on_file = OnFile { conduct, computed, set_aside_on: None, repaired_on: None };
        self.conduct.insert(on_file.conduct.number, on_file);
    }
}

//! Authority: an administrative organ in whose name decisions are issued, and what was delegated to it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::aggregate::{Concept, named};
use crate::facts::{Facts, Role};
use crate::identifier;
use crate::permission::{Permission, anywhere};
use crate::rejection::Rejection;
use crate::said::Said;

/// An authority as its events left it.
#[derive(Clone, Debug, Default)]
pub struct Authority {
    /// Delegations that have not ended, by document number.
    pub delegations: Vec<Delegation>,
    /// What is registered of it.
    pub registered: Option<Registration>,
}

/// A written power to decide in an authority's name, until a date.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Delegation {
    /// Who may decide in its name.
    pub to: String,
    /// What may be decided: `adverse_grade`, `prohibition`, `rectification`.
    pub decides: Vec<String>,
    /// Number of the document.
    pub document_number: String,
    /// Last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

/// What can be asked of an authority.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// End a delegation.
    EndDelegation {
        /// Which.
        document_number: String,
        /// Why.
        why: String,
    },
    /// Record a delegation.
    RecordDelegation(Delegation),
    /// Register it.
    Register(Registration),
}

/// What is registered of an authority. All of it is public.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Registration {
    /// Its name.
    pub name: String,
    /// Unified social credit code, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uscc: Option<String>,
    /// The department of the policy's list that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// What it may decide of its own: `adverse_grade`, `prohibition` …
    #[serde(default)]
    pub decides: Vec<String>,
}

/// What can have happened to an authority.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    AuthorityRegistered(Registration),
    DelegationEnded { document_number: String, why: String },
    DelegationRecorded(Delegation),
}

named!(Event { AuthorityRegistered, DelegationEnded, DelegationRecorded });

impl Concept for Authority {
    const TYPE: &'static str = "authority";
    type Command = Command;
    type Event = Event;

    fn open_to(_: &Command) -> &'static [Permission] {
        const { &[anywhere(Role::Administrator), anywhere(Role::CommissionAdmin)] }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let event = match command {
            Command::Register(_) if self.registered.is_some() => {
                return Err(Rejection::AlreadyExists { what: "authority" });
            }
            Command::Register(registration) => {
                if let Some(code) = &registration.uscc
                    && !identifier::uscc_is_valid(facts.rulebook()?, code)?
                {
                    return Err(Rejection::Malformed {
                        field: "uscc",
                        needs: "18 characters whose last one checks (GB 32100-2015)",
                    });
                }
                Event::AuthorityRegistered(registration)
            }
            _ if self.registered.is_none() => return Err(Rejection::NotFound { what: "authority" }),
            Command::RecordDelegation(delegation) if delegation.document_number.trim().is_empty() => {
                return Err(Rejection::Rule { code: "no_document".into(), detail: serde_json::Value::Null });
            }
            Command::RecordDelegation(delegation) if self.delegations.contains(&delegation) => {
                return Ok(vec![]);
            }
            Command::RecordDelegation(delegation) => Event::DelegationRecorded(delegation),
            Command::EndDelegation { document_number, why } => {
                if !self.delegations.iter().any(|held| held.document_number == document_number) {
                    return Err(Rejection::NotFound { what: "delegation" });
                }
                Event::DelegationEnded { document_number, why }
            }
        };
        Ok(vec![Said::openly(event)])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::AuthorityRegistered(registration) => self.registered = Some(registration.clone()),
            Event::DelegationEnded { document_number, .. } => {
                self.delegations.retain(|held| held.document_number != *document_number);
            }
            Event::DelegationRecorded(delegation) => self.delegations.push(delegation.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::given;
    use crate::rulebook::Layer;
    use crate::shipped;

    #[test]
    fn a_wrong_credit_code_is_refused() {
        let registration = Registration {
            name: "坪山区住房和建设局".into(),
            uscc: Some("123".into()),
            department: Some("housing".into()),
            decides: vec![],
        };
        given::<Authority>([])
            .by_role(Role::Administrator)
            .under(shipped::pingshan(Layer::Building))
            .when(Command::Register(registration))
            .then_rejected("malformed");
    }

    fn registration() -> Registration {
        Registration { name: "坪山区住建局".into(), uscc: None, department: None, decides: vec![] }
    }

    fn delegation(document: &str) -> Delegation {
        Delegation {
            to: "马峦街道办事处".into(),
            decides: vec!["rectification".into()],
            document_number: document.into(),
            until: None,
        }
    }

    #[test]
    fn an_authority_is_registered_once_by_an_administrator() {
        let registered = Event::AuthorityRegistered(registration());
        given::<Authority>([])
            .by_role(Role::Administrator)
            .when(Command::Register(registration()))
            .then([registered.clone()]);
        given::<Authority>([registered])
            .by_role(Role::Administrator)
            .when(Command::Register(registration()))
            .then_rejected("already_exists");
        given::<Authority>([])
            .by_role(Role::DataClerk)
            .when(Command::Register(registration()))
            .then_rejected("role_needed");
    }

    #[test]
    fn a_delegation_is_recorded_by_its_document_and_ended_once() {
        let registered = || Event::AuthorityRegistered(registration());
        let recorded = || Event::DelegationRecorded(delegation("坪委〔2026〕7号"));
        let by = |events: Vec<Event>| given::<Authority>(events).by_role(Role::CommissionAdmin);
        let record = |document: &str| Command::RecordDelegation(delegation(document));
        by(vec![registered()]).when(record("坪委〔2026〕7号")).then([recorded()]);
        by(vec![registered(), recorded()]).when(record("坪委〔2026〕7号")).then([]);
        by(vec![registered()]).when(record(" ")).then_rejected("no_document");
        by(vec![]).when(record("坪委〔2026〕7号")).then_rejected("not_found");
        let end = || Command::EndDelegation {
            document_number: "坪委〔2026〕7号".into(),
            why: "revoked".into(),
        };
        let ended =
            Event::DelegationEnded { document_number: "坪委〔2026〕7号".into(), why: "revoked".into() };
        by(vec![registered(), recorded()]).when(end()).then([ended.clone()]);
        by(vec![registered(), recorded(), ended]).when(end()).then_rejected("not_found");
    }
}

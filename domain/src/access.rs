//! Access (查询日志): whoever reads a credit file is recorded first, with why. One stream per party; an export of the list is one
//! event with the digest of what was handed out.
//!
//! Invariants:
//! - a file is read by credit, legal and audit staff, by the party itself, and by a department's officer who says for what;
//! - what is read is sent only once the reading is recorded.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aggregate::{Concept, named};
use crate::facts::{Actor, Facts, Role};
use crate::permission::{Permission, anywhere, of_premises};
use crate::rejection::Rejection;
use crate::said::{Private, Said};

/// How often a file was read.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// How often.
    pub reads: u64,
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Read the list of all files.
    ReadList {
        /// Why, as a code: those of a file.
        why: String,
        /// What was handed out.
        list: List,
        /// In words: private.
        #[serde(default)]
        purpose: Option<String>,
    },
    /// Read a file.
    ReadFile {
        /// Why, as a code: `own_file`, `credit_work`, `legal_review`, `audit`, `casework`, `inspection`.
        why: String,
        /// For what, in words: private.
        #[serde(default)]
        purpose: Option<String>,
    },
}

/// What of a list was handed out.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
pub struct List {
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
    /// How many files it names.
    pub files: u64,
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    CreditFileRead {
        why: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        list: Option<List>,
        by: String,
    },
}

named!(Event { CreditFileRead });

impl Concept for Access {
    const TYPE: &'static str = "access";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        match command {
            Command::ReadList { .. } => {
                const { &[anywhere(Role::CreditOfficer), anywhere(Role::LegalOfficer), anywhere(Role::Auditor)] }
            }
            Command::ReadFile { .. } => READERS,
        }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let by = facts.actor.account.clone();
        let (why, list, purpose) = match command {
            Command::ReadFile { why, purpose } => {
                if facts.party.as_ref().is_none_or(|party| party.registered.is_none()) {
                    return Err(Rejection::NotFound { what: "party" });
                }
                must_say_for_what(&why, purpose.as_deref(), facts)?;
                (why, None, purpose)
            }
            Command::ReadList { why, list, purpose } => (why, Some(list), purpose),
        };
        if !WHY.contains(&why.as_str()) {
            return Err(Rejection::Malformed {
                field: "why",
                needs: "own_file, credit_work, legal_review, audit, casework or inspection",
            });
        }
        let event = Event::CreditFileRead { why, list, by };
        Ok(vec![Said::with(event, Private::none().with("purpose", purpose))])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::CreditFileRead { .. } => self.reads += 1,
        }
    }
}

/// Whether somebody's role may read credit files at all, and so be told a class where it stands beside something else. The party
/// reads its own, on its own page.
pub fn reads_files(actor: &Actor) -> bool {
    let reads = |role: &Role| STAFF.contains(role) || *role == Role::DepartmentOfficer;
    !actor.received && actor.grants.iter().any(|grant| reads(&grant.role))
}

/// An officer of a department says in words what the file is read for; the party reads its own as its own.
fn must_say_for_what(why: &str, purpose: Option<&str>, facts: &Facts) -> Result<(), Rejection> {
    let staff = STAFF.iter().any(|role| facts.actor.holds(*role));
    let own = facts.speaks_for_subject();
    if why == OWN_FILE && !own {
        return Err(Rejection::Malformed {
            field: "why",
            needs: "what the file of somebody else is read for",
        });
    }
    let says = purpose.is_some_and(|purpose| !purpose.trim().is_empty());
    if staff || own || says { Ok(()) } else { Err(Rejection::because("purpose_missing", Value::Null)) }
}

/// Staff whose work the files are.
const STAFF: [Role; 3] = [Role::CreditOfficer, Role::LegalOfficer, Role::Auditor];
const READERS: &[Permission] = &[
    anywhere(Role::CreditOfficer),
    anywhere(Role::LegalOfficer),
    anywhere(Role::Auditor),
    anywhere(Role::DepartmentOfficer),
    of_premises(Role::Owner),
    of_premises(Role::Operator),
];
/// A party's reading of its own file.
pub const OWN_FILE: &str = "own_file";
const WHY: [&str; 6] = [OWN_FILE, "credit_work", "legal_review", "audit", "casework", "inspection"];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::aggregate::decided;
    use crate::facts::Grant;
    use crate::given::day;
    use crate::party::{Kind, Party, Registration};

    fn facts(role: Role, party: &str) -> Facts {
        let grant =
            Grant { role, department: Some("fire".into()), area: None, party: Some(party.to_owned()) };
        let registered = Some(Registration { kind: Kind::Enterprise, uscc: None });
        Facts {
            party: Some(Arc::new(Party { registered, ..Party::default() })),
            ..Facts::by(
                Actor { account: "a-1".into(), grants: vec![grant], received: false },
                "access/y-1",
                day("2026-03-02"),
            )
        }
    }

    fn reads(role: Role, party: &str, why: &str, purpose: Option<&str>) -> Result<(), String> {
        let command = Command::ReadFile { why: why.into(), purpose: purpose.map(str::to_owned) };
        let said = decided(&Access::default(), command, &facts(role, party));
        said.map(drop).map_err(|rejection| rejection.code().to_owned())
    }

    #[test]
    fn each_role_reads_the_file_that_it_may_and_no_other() {
        let party = [Role::Owner, Role::Operator];
        for role in Role::ALL {
            let (own, strange) = (reads(role, "y-1", OWN_FILE, None), reads(role, "y-2", "casework", None));
            let said = reads(role, "y-2", "casework", Some("安排检查"));
            match role {
                role if STAFF.contains(&role) => {
                    assert_eq!((strange, said), (Ok(()), Ok(())), "{role:?}");
                    assert_eq!(reads(role, "y-2", OWN_FILE, None), Err("malformed".into()), "{role:?}");
                }
                role if party.contains(&role) => {
                    assert_eq!(own, Ok(()), "{role:?}");
                    assert_eq!(said, Err("not_your_premises".into()), "{role:?}: a neighbour's");
                }
                Role::DepartmentOfficer => {
                    assert_eq!((strange, said), (Err("purpose_missing".into()), Ok(())));
                }
                _ => {
                    let refused: Result<(), String> = Err("role_needed".into());
                    assert_eq!((own, strange, said), (refused.clone(), refused.clone(), refused), "{role:?}");
                }
            }
        }
    }

    #[test]
    fn a_class_is_told_beside_something_else_to_those_who_may_read_the_file() {
        for role in Role::ALL {
            let told = reads_files(&facts(role, "y-1").actor);
            let reads = reads(role, "y-2", "casework", Some("安排检查")).is_ok();
            assert_eq!(told, reads, "{role:?}");
        }
        assert!(!reads_files(&Actor::channel("feed-police")));
    }

    #[test]
    fn a_party_reads_the_file_that_was_merged_into_its_own() {
        let mut facts = facts(Role::Owner, "y-1");
        facts.stream = "access/y-3".into();
        let read = |facts: &Facts| {
            let command = Command::ReadFile { why: OWN_FILE.into(), purpose: None };
            decided(&Access::default(), command, facts).is_ok()
        };
        assert!(!read(&facts));
        let merged = Party { merged_into: Some("y-1".into()), ..facts.party.as_deref().unwrap().clone() };
        facts.party = Some(Arc::new(merged));
        assert!(read(&facts));
    }

    #[test]
    fn the_list_is_for_those_whose_work_it_is() {
        let list = List { sha256: "00".into(), files: 3 };
        for role in Role::ALL {
            let command = Command::ReadList { why: "audit".into(), list: list.clone(), purpose: None };
            let said = decided(&Access::default(), command, &facts(role, "y-1"));
            assert_eq!(said.is_ok(), STAFF.contains(&role), "{role:?}");
        }
    }
}

//! Account: a person who works with the system, under a pseudonym. The name is private; the roles are not.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::aggregate::{Concept, named};
use crate::association;
use crate::facts::{Facts, Grant, Relation, Role};
use crate::permission::{EVERYBODY, Permission, anywhere};
use crate::rejection::Rejection;
use crate::said::{Private, Said};

/// An account as its events left it.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// The association that opened it for a member, where one did.
    pub association: Option<String>,
    /// What it was given to do, sorted; what of it holds is [`Account::grants_now`].
    pub grants: Vec<Grant>,
    /// Whether its holder is no member of that association any more.
    pub left: bool,
    /// What its holder is related to, as declared.
    pub relations: Vec<Relation>,
    /// Whether and how it is open.
    pub standing: Standing,
}

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Standing {
    #[default]
    Absent,
    Open,
    Suspended,
    Closed,
}

/// What can be asked of an account.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// End it for good.
    Close,
    /// Say how its holder is related to a party or premises: a reason to step aside.
    DeclareRelation {
        /// A subject, `premises/p-1` or `party/y-1`.
        to: String,
        /// `owner`, `kin`, `employer` …
        relation: String,
    },
    /// Give it a role.
    Grant(Grant),
    /// Open it.
    Open {
        /// The person's name: private.
        name: String,
        /// A telephone number: private.
        #[serde(default)]
        phone: Option<String>,
        /// The association of which it is a member, where that opens it: it is then a building steward's, and nothing else.
        #[serde(default)]
        association: Option<String>,
    },
    /// Take a role away.
    Revoke(Grant),
    /// Bar it until further notice.
    Suspend {
        /// `leave`, `investigation`, `lost_device` …
        why: String,
    },
}

/// What can have happened to an account.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    AccountClosed,
    AccountOpened {
        /// The association that opens it for a member.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        association: Option<String>,
    },
    AccountSuspended {
        why: String,
    },
    RelationDeclared {
        to: String,
        relation: String,
    },
    RoleGranted(Grant),
    RoleRevoked(Grant),
}

named!(Event { AccountClosed, AccountOpened, AccountSuspended, RelationDeclared, RoleGranted, RoleRevoked });

impl Account {
    /// What the account may do now: nothing unless it is open, and of what an association gave nothing once its holder has left it.
    pub fn grants_now(self) -> Vec<Grant> {
        match self.standing {
            Standing::Open => held(self.grants, self.left),
            Standing::Absent | Standing::Closed | Standing::Suspended => vec![],
        }
    }

    /// Take what an association said of its members.
    pub fn take_membership(&mut self, association: &str, event: &association::Event) {
        let own = self.association.as_deref() == Some(association);
        match event {
            association::Event::AssociationMemberAdded { .. } if own => self.left = false,
            association::Event::AssociationMemberRemoved { .. } if own => self.left = true,
            _ => {}
        }
    }
}

/// What of an account's roles holds: the one that an association gives its members goes with the membership.
pub fn held(mut grants: Vec<Grant>, left: bool) -> Vec<Grant> {
    if left {
        grants.retain(|grant| *grant != of_member());
    }
    grants
}

/// What an association gives a member: a building steward's role, and nothing else.
const fn of_member() -> Grant {
    Grant { role: Role::Steward, department: None, area: None, party: None }
}

impl Concept for Account {
    const TYPE: &'static str = "account";
    type Command = Command;
    type Event = Event;

    /// Whoever holds any role declares for the own account.
    fn open_to(command: &Command) -> &'static [Permission] {
        match command {
            Command::DeclareRelation { .. } => EVERYBODY,
            Command::Open { association: Some(_), .. } => {
                const { &[anywhere(Role::Administrator), anywhere(Role::AssociationAdmin)] }
            }
            _ => const { &[anywhere(Role::Administrator)] },
        }
    }

    fn must_be_in_hands(&self, facts: &Facts) -> Result<(), Rejection> {
        if facts.last_segment() == facts.actor.account {
            return Ok(());
        }
        Err(Rejection::because("not_your_account", serde_json::Value::Null))
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let event = match (self.standing, command) {
            (Standing::Absent, Command::Open { name, phone, association }) => {
                if name.trim().is_empty() {
                    return Err(Rejection::Malformed { field: "name", needs: "the person's name" });
                }
                let private = Private::none().with("name", Some(name)).with("phone", phone);
                let opened = Event::AccountOpened { association: association.clone() };
                let mut said = vec![Said::with(opened, private)];
                if association.is_some() {
                    let of =
                        facts.association.as_deref().ok_or(Rejection::NotFound { what: "association" })?;
                    of.must_open_account(facts.last_segment(), facts)?;
                    said.push(Said::openly(Event::RoleGranted(of_member())));
                }
                return Ok(said);
            }
            (Standing::Absent, _) => return Err(Rejection::NotFound { what: "account" }),
            (_, Command::Open { .. }) => return Err(Rejection::AlreadyExists { what: "account" }),
            (Standing::Closed, Command::Close) => return Ok(vec![]),
            (Standing::Closed, _) => return Err(Rejection::WrongState { is: "closed", needs: "open" }),
            (_, Command::Close) => Event::AccountClosed,
            (_, Command::DeclareRelation { to, relation }) => Event::RelationDeclared { to, relation },
            (_, Command::Grant(grant)) if self.grants.contains(&grant) => return Ok(vec![]),
            (_, Command::Grant(grant)) => {
                facts.must_know_reach(&grant)?;
                Event::RoleGranted(grant)
            }
            (_, Command::Revoke(grant)) if self.grants.contains(&grant) => Event::RoleRevoked(grant),
            (_, Command::Revoke(_)) => return Ok(vec![]),
            (Standing::Suspended, Command::Suspend { .. }) => return Ok(vec![]),
            (_, Command::Suspend { why }) => Event::AccountSuspended { why },
        };
        Ok(vec![Said::openly(event)])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::AccountClosed => {
                self.standing = Standing::Closed;
                self.grants.clear();
            }
            Event::AccountOpened { association } => {
                self.association.clone_from(association);
                self.standing = Standing::Open;
            }
            Event::AccountSuspended { .. } => self.standing = Standing::Suspended,
            Event::RelationDeclared { to, relation } => {
                let declared = Relation { to: to.clone(), relation: relation.clone() };
                if !self.relations.contains(&declared) {
                    self.relations.push(declared);
                }
            }
            Event::RoleGranted(grant) => {
                self.grants.push(grant.clone());
                self.grants.sort();
            }
            Event::RoleRevoked(grant) => self.grants.retain(|held| held != grant),
        }
    }
}

/// Until when a grant or assignment runs, and from when.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Span {
    /// First day; from ever when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// Last day; for good when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

impl Span {
    /// Whether the day lies within.
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }

    /// Refuse one that ends before it begins.
    pub(crate) fn must_be_in_order(&self) -> Result<(), Rejection> {
        match (self.from, self.until) {
            (Some(from), Some(until)) if until < from => {
                Err(Rejection::Malformed { field: "until", needs: "a day not before the first" })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::given;

    const fn opened() -> Event {
        Event::AccountOpened { association: None }
    }

    fn grid_worker() -> Grant {
        Grant { role: Role::GridWorker, department: None, area: Some("shijing".into()), party: None }
    }

    #[test]
    fn opening_keeps_the_name_private() {
        let outcome = given::<Account>([]).by_role(Role::Administrator).when(Command::Open {
            name: "张三".into(),
            phone: None,
            association: None,
        });
        let said = outcome.said();
        assert_eq!(said[0].event, opened());
        let wire = serde_json::to_value(&said[0]).unwrap();
        assert_eq!(wire["private"]["name"], "张三");
        assert!(wire["private"]["phone"].is_null());
    }

    #[test]
    fn only_an_administrator_gives_roles() {
        given::<Account>([opened()])
            .by_role(Role::GridWorker)
            .when(Command::Grant(grid_worker()))
            .then_rejected("role_needed");
    }

    #[test]
    fn a_role_given_twice_says_nothing_new() {
        given::<Account>([opened(), Event::RoleGranted(grid_worker())])
            .by_role(Role::Administrator)
            .when(Command::Grant(grid_worker()))
            .then([]);
    }

    #[test]
    fn a_role_reaches_what_there_is() {
        let by = || given::<Account>([opened()]).by_role(Role::Administrator);
        let fire = Grant { role: Role::DepartmentOfficer, department: Some("fire".into()), ..of_member() };
        let owner = Grant { role: Role::Owner, party: Some("y-1".into()), ..of_member() };
        for (grant, known, code) in [
            (grid_worker(), "area/shijing", "unknown_area"),
            (fire, "department/fire", "unknown_department"),
            (owner, "party/y-1", "unknown_party"),
        ] {
            let grants = || Command::Grant(grant.clone());
            by().knowing([known]).when(grants()).then([Event::RoleGranted(grant.clone())]);
            by().knowing(["area/x", "department/x", "party/x"]).when(grants()).then_rejected(code);
        }
        let refused = by().when(Command::Grant(grid_worker())).then_rejected("unknown_area");
        assert!(refused.zh().contains("“shijing”") && refused.en().contains("“shijing”"), "{refused}");
        by().when(Command::Grant(of_member())).then([Event::RoleGranted(of_member())]);
    }

    #[test]
    fn a_closed_account_stays_closed() {
        given::<Account>([opened(), Event::AccountClosed])
            .by_role(Role::Administrator)
            .when(Command::Grant(grid_worker()))
            .then_rejected("wrong_state");
    }

    #[test]
    fn a_role_is_taken_away_and_taking_it_twice_says_nothing_new() {
        let granted = || vec![opened(), Event::RoleGranted(grid_worker())];
        let by = |events: Vec<Event>| given::<Account>(events).by_role(Role::Administrator);
        by(granted()).when(Command::Revoke(grid_worker())).then([Event::RoleRevoked(grid_worker())]);
        by(vec![opened()]).when(Command::Revoke(grid_worker())).then([]);
        by(vec![]).when(Command::Revoke(grid_worker())).then_rejected("not_found");
    }

    #[test]
    fn an_account_is_barred_or_ended_once() {
        let by = |events: Vec<Event>| given::<Account>(events).by_role(Role::Administrator);
        let suspend = || Command::Suspend { why: "lost_device".into() };
        let suspended = || Event::AccountSuspended { why: "lost_device".into() };
        by(vec![opened()]).when(suspend()).then([suspended()]);
        by(vec![opened(), suspended()]).when(suspend()).then([]);
        by(vec![opened(), suspended()]).when(Command::Close).then([Event::AccountClosed]);
        by(vec![opened(), Event::AccountClosed]).when(Command::Close).then([]);
        by(vec![opened(), Event::AccountClosed]).when(suspend()).then_rejected("wrong_state");
    }

    #[test]
    fn a_relation_is_declared_of_ones_own_account_in_any_role() {
        let declare = || Command::DeclareRelation { to: "party/y-1".into(), relation: "kin".into() };
        let declared = Event::RelationDeclared { to: "party/y-1".into(), relation: "kin".into() };
        let by = |events: Vec<Event>| given::<Account>(events).by_role(Role::Auditor).at("account/a-1");
        by(vec![opened()]).when(declare()).then([declared]);
        by(vec![]).when(declare()).then_rejected("not_found");
        by(vec![opened()]).at("account/a-2").when(declare()).then_rejected("not_your_account");
    }

    #[test]
    fn an_associations_administrator_opens_accounts_for_its_members_only_and_as_stewards() {
        use crate::association::{Association, Registration};
        let association = |administrator: &str| Association {
            members: ["a-7".to_owned()].into(),
            registered: Some(Registration {
                name: "石井街道楼栋长联合会".into(),
                area: "石井".into(),
                administrator: administrator.into(),
            }),
        };
        let open = |association: Option<&str>| Command::Open {
            name: "李四".into(),
            phone: None,
            association: association.map(str::to_owned),
        };
        let admin = |stream: &str| given::<Account>([]).by_role(Role::AssociationAdmin).at(stream);
        let steward = Grant { role: Role::Steward, department: None, area: None, party: None };
        admin("account/a-7")
            .naming_association(association("a-1"))
            .when(open(Some("s-1")))
            .then([Event::AccountOpened { association: Some("s-1".into()) }, Event::RoleGranted(steward)]);
        let of_nobody = admin("account/a-8").naming_association(association("a-1")).when(open(Some("s-1")));
        assert!(of_nobody.then_rejected("not_a_member").en().contains("a-8"));
        let of_another = admin("account/a-7").naming_association(association("a-9"));
        of_another.when(open(Some("s-1"))).then_rejected("association_of_another");
        admin("account/a-7").when(open(Some("s-1"))).then_rejected("not_found");
        admin("account/a-7").when(open(None)).then_rejected("role_needed");
        let grants = given::<Account>([opened()]).by_role(Role::AssociationAdmin);
        grants.when(Command::Grant(grid_worker())).then_rejected("role_needed");
    }

    #[test]
    fn who_leaves_an_association_keeps_nothing_that_it_gave_and_gets_it_again_by_coming_back() {
        let member = || "a-7".to_owned();
        let added = association::Event::AssociationMemberAdded { account: member(), by: "a-1".into() };
        let removed = association::Event::AssociationMemberRemoved {
            account: member(),
            why: "moved".into(),
            by: "a-1".into(),
        };
        let mut account = Account::default();
        for event in [
            Event::AccountOpened { association: Some("s-1".into()) },
            Event::RoleGranted(of_member()),
            Event::RoleGranted(grid_worker()),
        ] {
            account.evolve(&event);
        }
        let now = |account: &Account| account.clone().grants_now();
        assert_eq!(now(&account).len(), 2);
        account.take_membership("s-2", &removed);
        assert_eq!(now(&account).len(), 2, "of another association");
        account.take_membership("s-1", &removed);
        assert_eq!(now(&account), [grid_worker()], "what the office gave stays");
        account.take_membership("s-1", &added);
        assert_eq!(now(&account).len(), 2);
    }
}

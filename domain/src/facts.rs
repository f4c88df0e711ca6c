//! What the rules may know when they decide: who asks, on which day, under which rulebook, about which premises.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::association::Association;
use crate::authority::Registration;
use crate::credit::CreditFile;
use crate::draft::Rulemaking;
use crate::party::Party;
use crate::permission::Permission;
use crate::premises::Register;
use crate::recorded::subject_of;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::shown_list::ListThen;
use crate::subject::Subject;

/// Everything a decision may look at besides the state of its own stream.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Who asks.
    pub actor: Actor,
    /// The association that a command about an account names, as its own stream left it.
    pub association: Option<Arc<Association>>,
    /// The registered authority in whose name a command issues or does something, or whose document it rests on, where it calls one by
    /// name or id.
    pub authority: Option<Arc<Registration>>,
    /// The building of the unit that the stream lies under, where the rules look at it: for what is to be let.
    pub building: Option<Arc<Subject>>,
    /// The account that a command names, such as the reviewer of an appeal, as its own stream left it; where it names none,
    /// the actor's.
    pub colleague: Option<Colleague>,
    /// The credit file of the party that a notice lies under.
    pub credit: Option<Arc<CreditFile>>,
    /// The party into which a command merges another, as its own stream left it.
    pub goes_on: Option<Arc<Party>>,
    /// The mark of the household that a command about a survey is of, where it names a flat of the building. It is made with a key
    /// of the server, so that nobody else can tell which flat it is of.
    pub household: Option<String>,
    /// Of the parties that the premises of an appeal and the account that it names know, those that were merged, each with the one
    /// that it was merged into.
    pub merged: BTreeMap<String, String>,
    /// Of the parties and premises that a command names, those that are registered and go on, as their paths: `party/y-1`. Of the
    /// department, area and party that a role is given for, those that there are: `area/石井`.
    pub known: BTreeSet<String>,
    /// The list of grades, or the analysis of the situation, as it stood at the position that a command says it was shown at.
    pub list_then: Option<ListThen>,
    /// Of the officers that a command names by account, those whose accounts were opened, with what each may do now.
    pub officers: Vec<Colleague>,
    /// The party that a credit file is of, where the stream is of one.
    pub party: Option<Arc<Party>>,
    /// The rulebook that governs the stream, where one does.
    pub rulebook: Option<Arc<Rulebook>>,
    /// What is known of rulebooks, where one is drafted or published.
    pub rulemaking: Option<Arc<Rulemaking>>,
    /// The stream that is asked to take it, `premises/p-1/appeal/7`.
    pub stream: String,
    /// The premises the stream lies under, where it does.
    pub subject: Option<Arc<Subject>>,
    /// The day on which the command counts, at UTC+8 ([`crate::receipt`]); for who only looks, today.
    pub today: NaiveDate,
}

impl Facts {
    /// Who asks, where and when, with nothing else looked at.
    pub fn by(actor: Actor, stream: impl Into<String>, today: NaiveDate) -> Self {
        Self {
            actor,
            association: None,
            authority: None,
            building: None,
            colleague: None,
            credit: None,
            goes_on: None,
            household: None,
            merged: BTreeMap::new(),
            known: BTreeSet::new(),
            list_then: None,
            officers: Vec::new(),
            party: None,
            rulebook: None,
            rulemaking: None,
            stream: stream.into(),
            subject: None,
            today,
        }
    }

    /// The last segment of the stream: `7` of `premises/p-1/hazard/7`.
    pub fn last_segment(&self) -> &str {
        self.stream.rsplit('/').next().unwrap_or_default()
    }

    /// The party that this one goes on as: itself, where it was merged into none.
    pub(crate) fn goes_on_as<'a>(&'a self, party: &'a str) -> &'a str {
        // no party is merged into one that was merged itself, so that the steps come to an end
        let steps = std::iter::successors(Some(party), |party| self.merged.get(*party).map(String::as_str));
        steps.take(self.merged.len() + 1).last().unwrap_or(party)
    }

    /// The rulebook, or the refusal that says it is missing.
    pub fn rulebook(&self) -> Result<&Rulebook, Rejection> {
        self.rulebook.as_deref().ok_or(Rejection::RulebookUnknown)
    }

    /// Whether a stream lies under the same subject as the one that is asked.
    pub fn is_of_subject(&self, stream: &str) -> bool {
        subject_of(stream) == subject_of(&self.stream)
    }

    /// Whether the actor speaks for the party whose stream is asked, or for the one that it was merged into.
    pub fn speaks_for_subject(&self) -> bool {
        let subject = subject_of(&self.stream);
        let own = subject.strip_prefix("party/").or_else(|| subject.strip_prefix("access/"));
        let goes_on = self.party.as_ref().and_then(|party| party.merged_into.as_deref());
        let parties = [own, own.and(goes_on)];
        let speaks = |grant: &Grant| grant.party.is_some() && parties.contains(&grant.party.as_deref());
        self.actor.received || self.actor.grants.iter().any(speaks)
    }

    /// Refuse parties that nobody registered, or that were merged into others: what is addressed to a mistyped name reaches nobody.
    ///
    /// # Errors
    /// `unknown_party`, with each of them.
    pub(crate) fn must_know_parties<'a>(
        &self,
        parties: impl IntoIterator<Item = &'a String>,
    ) -> Result<(), Rejection> {
        self.must_know("party", "unknown_party", parties)
    }

    /// Refuse premises that nobody registered, or that were closed.
    ///
    /// # Errors
    /// `unknown_premises`, with each of them.
    pub(crate) fn must_know_premises<'a>(
        &self,
        premises: impl IntoIterator<Item = &'a String>,
    ) -> Result<(), Rejection> {
        self.must_know("premises", "unknown_premises", premises)
    }

    /// Refuse a role for a department, an area or a party that there is not: with a mistyped one an account sees nothing, and nobody is told
    /// why.
    ///
    /// # Errors
    /// `unknown_department`, `unknown_area` or `unknown_party`.
    pub fn must_know_reach(&self, grant: &Grant) -> Result<(), Rejection> {
        self.must_know("department", "unknown_department", &grant.department)?;
        self.must_know("area", "unknown_area", &grant.area)?;
        self.must_know_parties(&grant.party)
    }

    /// Whether what the command is about names no rulebook: a party does not, and neither do premises that were never assessed.
    pub(crate) fn have_no_rulebook_of_their_own(&self) -> bool {
        self.subject.as_ref().is_none_or(|subject| subject.scheme().is_none())
    }

    /// Refuse an authority that is neither a department of the rulebook's list nor registered: what is issued in a mistyped name is
    /// nobody's. What was issued elsewhere and comes in through a channel was issued in the name that it bears.
    ///
    /// Answers the department that it is, where it is one.
    ///
    /// # Errors
    /// `unknown_authority`, with its name.
    pub(crate) fn must_know_authority(&self, named: &str) -> Result<Option<&str>, Rejection> {
        if self.actor.received {
            return Ok(None);
        }
        let mut departments = self.rulebook.iter().flat_map(|rulebook| &rulebook.policy.departments);
        match (departments.find(|known| known.goes_by(named)), &self.authority) {
            (Some(department), _) => Ok(Some(&department.id)),
            (None, Some(registered)) => Ok(registered.department.as_deref()),
            (None, None) => Err(Rejection::because("unknown_authority", json!({ "authority": named }))),
        }
    }

    /// Refuse to name somebody who has no open account that acts by one of these roles: what is given to nobody is done by nobody. Whom
    /// another office's list names was theirs to name.
    ///
    /// # Errors
    /// `unknown_colleague`, with the account and the roles.
    pub(crate) fn must_know_colleague(&self, named: &str, roles: &[Role]) -> Result<(), Rejection> {
        let known = self.colleague.as_ref().filter(|known| known.account == named);
        if self.actor.received || known.is_some_and(|known| roles.iter().any(|role| known.holds(*role))) {
            return Ok(());
        }
        let told = |word: fn(Role) -> &'static str, or: &str| {
            roles.iter().map(|role| word(*role)).collect::<Vec<_>>().join(or)
        };
        let detail = json!({
            "account": named, "roles": roles.iter().map(|role| role.code()).collect::<Vec<_>>(),
            "roles_zh": told(Role::zh, "或"), "roles_en": told(Role::en, " or "),
        });
        Err(Rejection::because("unknown_colleague", detail))
    }

    /// Refuse officers who have no open account with a role of the office; and, where something is issued by a department, those
    /// who are of other departments only.
    ///
    /// # Errors
    /// `unknown_officers` or `officers_of_another_department`, with each of them.
    pub(crate) fn must_know_officers(
        &self,
        named: &[String],
        department: Option<&str>,
    ) -> Result<(), Rejection> {
        if self.actor.received {
            return Ok(());
        }
        let held = |account: &String| self.officers.iter().find(|known| known.account == *account);
        let mut departments = self.rulebook.iter().flat_map(|rulebook| &rulebook.policy.departments);
        let of = departments.find(|known| department == Some(known.id.as_str()));
        let zh = of.map(|of| of.zh.as_str()).or(department);
        let en = of.map(|of| of.en.as_str()).filter(|en| !en.is_empty()).or(department);
        let refused = |code, accounts: Vec<&str>| {
            let detail = json!({ "officers": accounts.join(", "), "department_zh": zh, "department_en": en });
            if accounts.is_empty() { Ok(()) } else { Err(Rejection::because(code, detail)) }
        };
        let unknown = named.iter().filter(|account| !held(account).is_some_and(Colleague::is_of_the_office));
        refused("unknown_officers", unknown.map(String::as_str).collect())?;
        let Some(department) = department else { return Ok(()) };
        let elsewhere =
            named.iter().filter(|account| !held(account).is_some_and(|of| of.may_act_for(department)));
        refused("officers_of_another_department", elsewhere.map(String::as_str).collect())
    }

    fn must_know<'a>(
        &self,
        kind: &'static str,
        code: &'static str,
        ids: impl IntoIterator<Item = &'a String>,
    ) -> Result<(), Rejection> {
        let unknown = |id: &&String| !self.known.contains(&format!("{kind}/{id}"));
        let unknown: Vec<&str> = ids.into_iter().filter(unknown).map(String::as_str).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        Err(Rejection::because(code, json!({ kind: unknown.join(", ") })))
    }

    /// Whether what is said came in from another office, under a scheme by which this one does not work: its procedure was
    /// that office's, and is told here as it was published.
    pub fn of_another_office(&self) -> bool {
        self.actor.received && self.rulebook.as_deref().is_some_and(|rulebook| !rulebook.policy.operating)
    }

    /// Refuses unless one of these roles of the actor's reaches over this area, or over all of the district where it is of none.
    pub(crate) fn must_work_in(&self, roles: &[Permission], area: Option<&str>) -> Result<(), Rejection> {
        let reaches = |grant: &Grant| {
            let asked = roles.iter().any(|permission| permission.role == grant.role);
            asked && (grant.area.is_none() || grant.area.as_deref() == area)
        };
        if self.actor.received || self.actor.grants.iter().any(reaches) {
            return Ok(());
        }
        Err(Rejection::because(
            "area_not_yours",
            json!({ "area": area.unwrap_or("全区 (the whole district)") }),
        ))
    }

    /// The premises, or the refusal that says there are none.
    pub fn subject(&self) -> Result<&Subject, Rejection> {
        self.subject.as_deref().ok_or(Rejection::NotFound { what: "premises" })
    }
}

/// An account that somebody else names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Colleague {
    /// The account.
    pub account: String,
    /// What it may do now.
    pub grants: Vec<Grant>,
    /// What its holder has declared to be related to.
    pub relations: Vec<Relation>,
}

impl Colleague {
    /// Whether the account holds this role.
    pub fn holds(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }

    /// Whether the account holds a role of the office now.
    pub fn is_of_the_office(&self) -> bool {
        self.grants.iter().any(|grant| grant.role.is_of_the_office())
    }

    /// Whether somebody of the office is of this department, or of none, as legal staff and those who work for a subdistrict.
    pub fn may_act_for(&self, department: &str) -> bool {
        let mut of_office = self.grants.iter().filter(|grant| grant.role.is_of_the_office());
        of_office.any(|grant| grant.department.as_deref().is_none_or(|own| own == department))
    }
}

/// That an account's holder is related to a party or premises: a reason to step aside.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Relation {
    /// A subject, `premises/p-1` or `party/y-1`.
    pub to: String,
    /// `owner`, `kin`, `employer` …
    pub relation: String,
}

/// A person or a channel that states something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Actor {
    /// The account, a pseudonym; the name of the channel for what is received.
    pub account: String,
    /// What this account may do now.
    pub grants: Vec<Grant>,
    /// The fact came in through a channel without a key of its own (an importer, a feed, the counter).
    pub received: bool,
}

impl Actor {
    /// An importer or feed: it attests receipt, and may state any fact as received.
    pub fn channel(name: &str) -> Self {
        Self { account: name.to_owned(), grants: Vec::new(), received: true }
    }

    /// Another system that shares results for these departments, and for no other.
    pub fn feed(name: &str, departments: &[String]) -> Self {
        let grants = departments.iter().map(|department| Grant {
            role: Role::DepartmentOfficer,
            department: Some(department.clone()),
            area: None,
            party: None,
        });
        Self { grants: grants.collect(), ..Self::channel(name) }
    }

    /// Whether the actor shares results for this department without a person typing them.
    pub fn shares_for(&self, department: &str) -> bool {
        let is_of = |grant: &Grant| grant.department.as_deref() == Some(department);
        self.received && (self.grants.is_empty() || self.grants.iter().any(is_of))
    }

    /// Whether the actor holds this role, or receives for those who have no key.
    pub fn holds(&self, role: Role) -> bool {
        self.received || self.grants.iter().any(|grant| grant.role == role)
    }

    /// Whether the actor holds a role of the office.
    pub fn is_of_the_office(&self) -> bool {
        self.grants.iter().any(|grant| grant.role.is_of_the_office())
    }

    /// Whether the actor is of this department.
    pub fn is_of(&self, department: &str) -> bool {
        self.received || self.grants.iter().any(|grant| grant.department.as_deref() == Some(department))
    }
}

/// A role given to an account, and how far it reaches.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, schemars::JsonSchema)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// A department of the policy's list, where the role belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Subdistrict, community or grid cell; everywhere when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// The party the account speaks for, where it is an owner's or operator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
}

impl Grant {
    /// Whether its area takes in the place; without an area it takes in all.
    pub fn takes_in(&self, place: &Register) -> bool {
        let parts = [&place.subdistrict, &place.community, &place.grid_cell];
        self.area.as_ref().is_none_or(|area| parts.contains(&area))
    }
}

/// Application roles. All persons' keys have the ledger's role `officer`, whatever stands here.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the glossary says what each role is")]
pub enum Role {
    Administrator,
    AssociationAdmin,
    Auditor,
    CommissionAdmin,
    CommunityLead,
    CompetentAuthority,
    Confirmer,
    CreditOfficer,
    DataClerk,
    DepartmentOfficer,
    Dispatcher,
    GridWorker,
    LegalOfficer,
    Operator,
    Owner,
    Reviewer,
    Steward,
    StreetLead,
}

impl Role {
    /// All roles, in the order in which they are shown.
    pub const ALL: [Self; 18] = [
        Self::GridWorker,
        Self::DepartmentOfficer,
        Self::CompetentAuthority,
        Self::Confirmer,
        Self::StreetLead,
        Self::Dispatcher,
        Self::CommunityLead,
        Self::DataClerk,
        Self::CommissionAdmin,
        Self::LegalOfficer,
        Self::Reviewer,
        Self::CreditOfficer,
        Self::Owner,
        Self::Operator,
        Self::Steward,
        Self::AssociationAdmin,
        Self::Auditor,
        Self::Administrator,
    ];

    /// Whether it is a role of those who work for the office, and not of a party or of an association.
    pub const fn is_of_the_office(self) -> bool {
        !matches!(self, Self::AssociationAdmin | Self::Operator | Self::Owner | Self::Steward)
    }

    /// The name on the wire, `grid_worker`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::AssociationAdmin => "association_admin",
            Self::Auditor => "auditor",
            Self::CommissionAdmin => "commission_admin",
            Self::CommunityLead => "community_lead",
            Self::CompetentAuthority => "competent_authority",
            Self::Confirmer => "confirmer",
            Self::CreditOfficer => "credit_officer",
            Self::DataClerk => "data_clerk",
            Self::DepartmentOfficer => "department_officer",
            Self::Dispatcher => "dispatcher",
            Self::GridWorker => "grid_worker",
            Self::LegalOfficer => "legal_officer",
            Self::Operator => "operator",
            Self::Owner => "owner",
            Self::Reviewer => "reviewer",
            Self::Steward => "steward",
            Self::StreetLead => "street_lead",
        }
    }

    /// The role in Chinese.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Administrator => "系统管理员",
            Self::AssociationAdmin => "楼栋长联合会管理员",
            Self::Auditor => "审计人员",
            Self::CommissionAdmin => "政法委管理员",
            Self::CommunityLead => "社区负责人",
            Self::CompetentAuthority => "主管机关",
            Self::Confirmer => "确认人",
            Self::CreditOfficer => "信用专员",
            Self::DataClerk => "数据管理员",
            Self::DepartmentOfficer => "部门工作人员",
            Self::Dispatcher => "调度员",
            Self::GridWorker => "网格员",
            Self::LegalOfficer => "法制工作人员",
            Self::Operator => "管理人",
            Self::Owner => "业主",
            Self::Reviewer => "复核人",
            Self::Steward => "楼栋长",
            Self::StreetLead => "街道负责人",
        }
    }

    /// The role in English.
    pub const fn en(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::AssociationAdmin => "association administrator",
            Self::Auditor => "auditor",
            Self::CommissionAdmin => "commission administrator",
            Self::CommunityLead => "community lead",
            Self::CompetentAuthority => "competent authority",
            Self::Confirmer => "confirmer",
            Self::CreditOfficer => "credit officer",
            Self::DataClerk => "data clerk",
            Self::DepartmentOfficer => "department officer",
            Self::Dispatcher => "dispatcher",
            Self::GridWorker => "grid worker",
            Self::LegalOfficer => "legal officer",
            Self::Operator => "operator",
            Self::Owner => "owner",
            Self::Reviewer => "reviewer",
            Self::Steward => "building steward",
            Self::StreetLead => "street lead",
        }
    }
}

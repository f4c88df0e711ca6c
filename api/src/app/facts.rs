//! What a decision may know besides the state of its own stream, read from the streams that say it.
//!
//! What was read is written down beside it: if somebody says anything of one of these subjects before the decision is recorded, it is
//! made again. Rules that look beyond their own stream hold only so: that one assessment of a house is open at a time, that what is
//! banned is not let, that an account has the role it acts by.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use wuping_domain::access::Access;
use wuping_domain::account::{Account, Standing};
use wuping_domain::aggregate::Concept;
use wuping_domain::appeal::Appeal;
use wuping_domain::assessment::Assessment;
use wuping_domain::association::Association;
use wuping_domain::authority::{Authority, Registration};
use wuping_domain::campaign::Campaign;
use wuping_domain::credit::CreditFile;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::dispute::Dispute;
use wuping_domain::draft::{Draft, Rulemaking};
use wuping_domain::event::{Event, aggregate_type};
use wuping_domain::facts::{Actor, Colleague, Facts, Grant};
use wuping_domain::grade::Grade;
use wuping_domain::hazard::Hazard;
use wuping_domain::incident::Incident;
use wuping_domain::inspection::Inspection;
use wuping_domain::listing::Listing;
use wuping_domain::measure::Measure;
use wuping_domain::meeting::Meeting;
use wuping_domain::notice::Notice;
use wuping_domain::party::Party;
use wuping_domain::patrol::Patrol;
use wuping_domain::premises::Premises;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::record::Record;
use wuping_domain::recorded::subject_of;
use wuping_domain::rulebook::{Layer, Rulebook};
use wuping_domain::subject::Subject;
use wuping_domain::survey::Survey;
use wuping_domain::task::Task;
use wuping_ledger::stream::StreamPath;
use wuping_projections::ViewsError;
use wuping_projections::error::causes;
use wuping_projections::ledger_rulebooks::all_were_read;
use wuping_projections::recording::recorded;

use super::App;
use crate::asking::{Asked, ExecuteError, Feed, Who};
use crate::rulemaking::departments;

/// What the rules may know.
pub(crate) struct Gathered {
    /// What is known, as of today; of a command that is decided, the day on which it counts is put in its place.
    pub(crate) facts: Facts,
    /// The subjects that it was read from, each with the position up to which.
    pub(crate) bases: Vec<(String, u64)>,
}

impl App {
    /// The rulebook that the office works by today, for a layer.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub(crate) fn operating(&self, layer: Layer) -> Result<Option<Arc<Rulebook>>, ViewsError> {
        let operating = self.views.views().operating_rulebook(layer, self.today())?;
        Ok(operating.and_then(|operating| self.shelf.rulebook(&operating.scheme)))
    }

    /// What the rules may know, as of today, to look at.
    pub(crate) fn facts(&self, who: &Who, asked: &Asked) -> Result<Facts, ExecuteError> {
        Ok(self.gathered(who, asked)?.facts)
    }

    /// What the rules may know, to decide on.
    pub(crate) fn gathered(&self, who: &Who, asked: &Asked) -> Result<Gathered, ExecuteError> {
        // asked before anything is read: whatever is said from then on counts as not known
        let known = self.reader().size()?.saturating_sub(1);
        let mut gathering = Gathering { app: self, who, asked, read: BTreeSet::new() };
        let facts = gathering.facts()?;
        let bases = gathering.read.into_iter().map(|subject| (subject, known)).collect();
        Ok(Gathered { facts, bases })
    }

    /// Who an account is now: what its own stream says.
    ///
    /// # Errors
    /// If the stream cannot be read.
    pub fn actor(&self, account: &str) -> Result<Actor, ExecuteError> {
        let grants = self.account(account)?.grants_now();
        Ok(Actor { account: account.to_owned(), grants, received: false })
    }

    /// An account as its own stream left it.
    ///
    /// # Errors
    /// If the stream cannot be read.
    pub fn account(&self, account: &str) -> Result<Account, ExecuteError> {
        let mut state = Account::default();
        for entry in self.reader().stream(&format!("account/{account}"))? {
            if let Event::Account(event) = recorded(&entry.row())?.event {
                state.evolve(&event);
            }
        }
        if let Some(association) = state.association.clone() {
            let association = self.association(&association)?;
            state.left = !association.members.contains(account);
        }
        Ok(state)
    }

    /// An association as its own stream left it.
    fn association(&self, id: &str) -> Result<Association, ExecuteError> {
        let mut state = Association::default();
        for entry in self.reader().stream(&format!("association/{id}"))? {
            if let Event::Association(event) = recorded(&entry.row())?.event {
                state.evolve(&event);
            }
        }
        Ok(state)
    }

    /// Premises as everything recorded of them left them.
    ///
    /// # Errors
    /// If an entry cannot be read.
    pub fn subject(&self, path: &str) -> Result<Subject, ExecuteError> {
        let mut subject = Subject::default();
        for entry in self.reader().subject(path, None)? {
            subject.apply(&recorded(&entry.row())?);
        }
        Ok(subject)
    }
}

/// A reading of everything that one command may be decided on.
struct Gathering<'a> {
    app: &'a App,
    who: &'a Who,
    asked: &'a Asked,
    /// The subjects read.
    read: BTreeSet<String>,
}

impl Gathering<'_> {
    fn facts(&mut self) -> Result<Facts, ExecuteError> {
        let app = self.app;
        let actor = self.actor()?;
        let stream = self.asked.stream.clone();
        let subject =
            stream.starts_with("premises/").then(|| self.subject(subject_of(&stream))).transpose()?;
        let of_party = self.party()?;
        let nobody = Subject::default();
        let unread = app.shelf.unread();
        let building = self.building(subject.as_ref())?;
        let of = subject.as_ref().or(of_party.as_ref()).unwrap_or(&nobody);
        let rulebook = self.rulebook(of, building.as_deref());
        all_were_read(app.shelf.as_ref(), unread)?;
        let colleague = self.colleague()?;
        Ok(Facts {
            actor,
            association: self.association()?,
            authority: self.authority()?.map(Arc::new),
            building,
            merged: self.merged(subject.as_ref(), colleague.as_ref())?,
            colleague,
            credit: self.credit_file()?.map(Arc::new),
            goes_on: self.goes_on()?.map(Arc::new),
            household: self.household()?,
            known: self.known()?,
            list_then: None,
            officers: self.officers()?,
            party: of_party.map(|of| Arc::new(of.party)),
            rulebook,
            rulemaking: self.rulemaking()?.map(Arc::new),
            stream,
            subject: subject.map(Arc::new),
            today: app.today(),
        })
    }

    fn subject(&mut self, path: &str) -> Result<Subject, ExecuteError> {
        self.read.insert(path.to_owned());
        self.app.subject(path)
    }

    fn account(&mut self, name: &str) -> Result<Account, ExecuteError> {
        self.read.insert(format!("account/{name}"));
        let account = self.app.account(name)?;
        self.read.extend(account.association.iter().map(|id| format!("association/{id}")));
        Ok(account)
    }

    fn actor(&mut self) -> Result<Actor, ExecuteError> {
        match self.who {
            Who::Channel { name, .. } => Ok(Actor::channel(name)),
            Who::Feed(Feed { channel, departments, .. }) => Ok(Actor::feed(channel, departments)),
            Who::Device { account, .. } | Who::Person { account, .. } => {
                let grants = self.account(account)?.grants_now();
                Ok(Actor { account: account.clone(), grants, received: false })
            }
        }
    }

    /// The association that a command about an account names.
    fn association(&mut self) -> Result<Option<Arc<Association>>, ExecuteError> {
        let named = self.asked.command.get(Association::TYPE).and_then(Value::as_str);
        let Some(id) = named.filter(|_| self.kind() == Account::TYPE) else { return Ok(None) };
        let state = self.app.association(id)?;
        self.read.insert(format!("association/{id}"));
        Ok(Some(Arc::new(state)))
    }

    /// The building of the unit that is to be let, that a notice goes to or that contests something: a ban on the one bans the other.
    fn building(&mut self, unit: Option<&Subject>) -> Result<Option<Arc<Subject>>, ExecuteError> {
        let concerned = [Appeal::TYPE, Dispute::TYPE, Listing::TYPE, Notice::TYPE].contains(&self.kind());
        let parent =
            unit.filter(|_| concerned).and_then(|unit| unit.premises.register.as_ref()?.parent.as_ref());
        parent.map(|id| Ok(Arc::new(self.subject(&format!("premises/{id}"))?))).transpose()
    }

    /// The mark of the household of the flat that an answer to a survey names, where it lies in the surveyed building.
    fn household(&mut self) -> Result<Option<String>, ExecuteError> {
        let asked = self.asked;
        let named = asked.command.get("unit").and_then(Value::as_str);
        let Some(unit) = named.filter(|_| self.kind() == Survey::TYPE) else { return Ok(None) };
        let Ok(stream) = StreamPath::new(format!("premises/{unit}")) else { return Ok(None) };
        let subject = self.subject(stream.as_str())?;
        let register = subject.premises.register.as_ref();
        let parent = register.and_then(|register| register.parent.as_deref());
        let lies_there = parent.is_some() && parent == subject_of(&asked.stream).strip_prefix("premises/");
        let is_open = lies_there && subject.must_be_open().is_ok();
        Ok(is_open.then(|| self.app.vault.mark(&format!("household\n{}\n{unit}", asked.stream))))
    }

    /// The credit file of the party that a notice lies under.
    fn credit_file(&mut self) -> Result<Option<CreditFile>, ExecuteError> {
        let stream = &self.asked.stream;
        let of_party = stream.starts_with("party/") && self.kind() == Notice::TYPE;
        of_party.then(|| Ok(self.subject(subject_of(stream))?.credit.state)).transpose()
    }

    /// The party that a credit file, or the log of its readings, is of.
    fn party(&mut self) -> Result<Option<Subject>, ExecuteError> {
        if ![CreditFile::TYPE, Access::TYPE].contains(&self.kind()) {
            return Ok(None);
        }
        let subject = subject_of(&self.asked.stream);
        let party = subject.strip_prefix("access/").or_else(|| subject.strip_prefix("party/"));
        party.map(|party| self.subject(&format!("party/{party}"))).transpose()
    }

    /// The party into which another is to be merged.
    fn goes_on(&mut self) -> Result<Option<Party>, ExecuteError> {
        let into = self.asked.command.get("into").and_then(Value::as_str);
        let Some(into) = into.filter(|_| self.kind() == Party::TYPE) else { return Ok(None) };
        match StreamPath::new(format!("party/{into}")) {
            Ok(stream) => Ok(Some(self.subject(stream.as_str())?.party)),
            Err(_) => Ok(None),
        }
    }

    /// The account that a command names: of an appeal as its reviewer, else the one that asks; of a grade as the proposer of a
    /// ban; of an inspection as the second officer; to whom premises, a round, a task or an assessment is given; who administers an
    /// association. One that was never opened is nobody.
    fn colleague(&mut self) -> Result<Option<Colleague>, ExecuteError> {
        let said = |member: &str| self.asked.command.get(member).and_then(Value::as_str);
        let named = match (self.kind(), self.who) {
            (Grade::TYPE, _) => said("proposer"),
            (Inspection::TYPE, _) => said("second"),
            (Appeal::TYPE, Who::Device { account, .. } | Who::Person { account, .. }) => {
                said("reviewer").or(Some(account.as_str()))
            }
            (Appeal::TYPE, _) => said("reviewer"),
            (Assessment::TYPE | Patrol::TYPE, _) => said("to"),
            (Association::TYPE, _) => said("administrator"),
            (Premises::TYPE, _) => said("to").or_else(|| said("account")),
            (Task::TYPE, _) => said("account"),
            _ => None,
        };
        named.map_or(Ok(None), |named| self.person(named))
    }

    /// An account that was opened, with what it may do now.
    fn person(&mut self, named: &str) -> Result<Option<Colleague>, ExecuteError> {
        let state = self.account(named)?;
        if state.standing == Standing::Absent {
            return Ok(None);
        }
        let relations = state.relations.clone();
        Ok(Some(Colleague { account: named.to_owned(), grants: state.grants_now(), relations }))
    }

    /// The officers that a notice, or the determination of a major hazard, names.
    fn officers(&mut self) -> Result<Vec<Colleague>, ExecuteError> {
        let member = match self.kind() {
            Hazard::TYPE => "officers",
            Notice::TYPE => "handling_officers",
            _ => return Ok(vec![]),
        };
        let asked = self.asked;
        let named = asked.command.get(member).and_then(Value::as_array).into_iter().flatten();
        let named: BTreeSet<&str> = named.filter_map(Value::as_str).take(NAMED_MAX).collect();
        let mut found = Vec::new();
        for account in named {
            let is_name = StreamPath::new(format!("{}/{account}", Account::TYPE)).is_ok();
            found.extend(if is_name { self.person(account)? } else { None });
        }
        Ok(found)
    }

    /// The registered authority in whose name a notice goes out or a measure is taken, or whose document a record of conduct rests
    /// on. The views say which one is called so; its own stream says what it is.
    fn authority(&mut self) -> Result<Option<Registration>, ExecuteError> {
        let named = self.asked.command.get("authority").and_then(Value::as_str).map(str::trim);
        let names_one = [CreditFile::TYPE, Measure::TYPE, Notice::TYPE].contains(&self.kind());
        let Some(named) = named.filter(|_| names_one) else { return Ok(None) };
        let called = self.app.views.views().authority_called(named).unwrap_or_else(|error| {
            tracing::error!(causes = %causes(&error).join(": "), "an authority could not be looked up");
            None
        });
        let Some(id) = called else { return Ok(None) };
        let stream = format!("{}/{id}", Authority::TYPE);
        let mut state = Authority::default();
        for entry in self.app.reader().stream(&stream)? {
            if let Event::Authority(event) = recorded(&entry.row())?.event {
                state.evolve(&event);
            }
        }
        self.read.insert(stream);
        Ok(state.registered)
    }

    /// What became of the parties whom the premises of an appeal know, and of those whom the named account speaks for or is related
    /// to: whoever steps aside for a party does so under whichever name it goes on.
    fn merged(
        &mut self,
        subject: Option<&Subject>,
        colleague: Option<&Colleague>,
    ) -> Result<BTreeMap<String, String>, ExecuteError> {
        let mut merged = BTreeMap::new();
        if self.kind() != Appeal::TYPE {
            return Ok(merged);
        }
        let here = subject.into_iter().flat_map(|subject| &subject.premises.parties);
        let here = here.map(|named| named.party.clone());
        let speaks = colleague.into_iter().flat_map(|named| &named.grants);
        let speaks = speaks.filter_map(|grant| grant.party.clone());
        let related = colleague.into_iter().flat_map(|named| &named.relations);
        let related = related.filter_map(|relation| relation.to.strip_prefix("party/").map(str::to_owned));
        let mut parties: Vec<String> = here.chain(speaks).chain(related).collect();
        while let Some(party) = parties.pop() {
            let Ok(stream) = StreamPath::new(format!("party/{party}")) else { continue };
            if merged.contains_key(&party) {
                continue;
            }
            if let Some(into) = self.subject(stream.as_str())?.party.merged_into {
                parties.push(into.clone());
                merged.insert(party, into);
            }
        }
        Ok(merged)
    }

    /// Of the parties that a measure is addressed to, and the premises that a campaign is launched over, those that are registered and
    /// go on.
    fn known(&mut self) -> Result<BTreeSet<String>, ExecuteError> {
        let (kind, members) = match self.kind() {
            Campaign::TYPE => ("premises", ["premises"].as_slice()),
            Measure::TYPE => ("party", ["party", "parties"].as_slice()),
            Account::TYPE => return self.reach(),
            _ => return Ok(BTreeSet::new()),
        };
        let said = members.iter().filter_map(|member| self.asked.command.get(*member));
        let said = said.flat_map(|said| match said {
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            one => Vec::from_iter(one.as_str()),
        });
        let named: BTreeSet<String> = said.take(NAMED_MAX).map(|id| format!("{kind}/{id}")).collect();
        let mut known = BTreeSet::new();
        for path in named {
            if StreamPath::new(&path).is_ok() && self.goes_on_as(&path)? {
                known.insert(path);
            }
        }
        Ok(known)
    }

    /// Of the department, the area and the party that a role is given for, those that there are: a department that a rulebook names, an
    /// area in which premises lie, a party that is registered or that premises name. A first installation opens its accounts before its
    /// lists come in: while no rulebook names a department, or no premises are registered, each is taken.
    fn reach(&mut self) -> Result<BTreeSet<String>, ExecuteError> {
        let app = self.app;
        let granted = serde_json::from_value::<Grant>(self.asked.command.clone());
        let Ok(Grant { department, area, party, .. }) = granted else { return Ok(BTreeSet::new()) };
        let there = |area: Option<&str>, party: Option<&str>| {
            app.views.views().any_premises(area, party).unwrap_or_else(|error| {
                tracing::error!(causes = %causes(&error).join(": "), "an area could not be looked up");
                true
            })
        };
        let is_new = !there(None, None);
        let mut known = BTreeSet::new();
        if let Some(department) = department {
            let named = departments(app.reader())?;
            let is_one = named.is_empty() || named.contains(&department);
            known.extend(is_one.then(|| format!("department/{department}")));
        }
        if let Some(area) = area {
            let is_one = is_new || there(Some(&area), None);
            known.extend(is_one.then(|| format!("area/{area}")));
        }
        if let Some(party) = party {
            let path = format!("{}/{party}", Party::TYPE);
            let is_registered = StreamPath::new(&path).is_ok() && self.goes_on_as(&path)?;
            let is_one = is_new || is_registered || there(None, Some(&party));
            known.extend(is_one.then_some(path));
        }
        Ok(known)
    }

    /// Whether a party is registered and was not merged into another, or premises are and were not closed.
    fn goes_on_as(&mut self, path: &str) -> Result<bool, ExecuteError> {
        let mut subject = Subject::default();
        for entry in self.app.reader().stream(path)? {
            subject.apply(&recorded(&entry.row())?);
        }
        self.read.insert(path.to_owned());
        let party = subject.party.registered.is_some() && subject.party.merged_into.is_none();
        Ok(party || subject.must_be_open().is_ok())
    }

    /// What is known of rulebooks, where a command drafts or publishes one.
    fn rulemaking(&mut self) -> Result<Option<Rulemaking>, ExecuteError> {
        if let Some(draft) = self.asked.command.get("draft").and_then(Value::as_str) {
            self.read.insert(format!("{}/{draft}", Draft::TYPE));
        }
        self.app.rulemaking(self.asked)
    }

    /// The rulebook that governs a command: that of its assessment, case or credit file, or of the assessment that the
    /// grade came from. A command names it only where something begins that goes by it from then on: nobody chooses the rules by
    /// which their own command is judged.
    fn rulebook(&self, subject: &Subject, building: Option<&Subject>) -> Option<Arc<Rulebook>> {
        let asked = self.asked;
        let key = asked.stream.rsplit('/').next()?;
        let of_assessment = |key: &str| subject.assessments.get(key).and_then(|of| of.state.scheme.clone());
        let corrected = || {
            let corrects = asked.command.get("corrects")?.as_str()?;
            of_assessment(corrects.rsplit('/').next()?).filter(|_| self.kind() == Record::TYPE)
        };
        let opened = of_assessment(key).or_else(corrected);
        let of_case = || subject.hazard_scheme(key).filter(|_| asked.stream.contains("/hazard/"));
        let named = || serde_json::from_value::<SchemeRef>(asked.command.get("scheme")?.clone()).ok();
        let graded = || {
            let latest = subject.grade.latest.as_ref()?;
            subject.assessments.get(&latest.assessment)?.state.scheme.clone()
        };
        let of_file = || subject.credit.state.scheme.clone();
        // of a building that was never assessed itself, that of the units that ask for its rounds
        let of_rounds = || subject.rounds.scheme.clone().filter(|_| asked.stream.contains("/patrol/"));
        let begins = BEGIN_UNDER_A_RULEBOOK.contains(&self.kind());
        let known = opened.or_else(of_case).or_else(|| named().filter(|_| begins)).or_else(graded);
        let contests = [Appeal::TYPE, Dispute::TYPE, Notice::TYPE].contains(&self.kind());
        let of_appeal =
            || subject.appeals.get(key)?.state.scheme.clone().filter(|_| self.kind() == Appeal::TYPE);
        let known = known.or_else(of_file).or_else(|| subject.newest_scheme()).or_else(of_rounds);
        // premises that were never assessed go by what was decided there, and a flat by what was decided of its building
        let of_decision = || subject.scheme().or_else(|| building.filter(|_| contests)?.scheme());
        let known = known.or_else(of_appeal).or_else(of_decision);
        self.app.shelf.rulebook(&known.or_else(named)?)
    }

    fn kind(&self) -> &str {
        aggregate_type(&self.asked.stream)
    }
}

/// How many parties or premises that a command names are looked up: more than fit into one entry.
const NAMED_MAX: usize = 2_000;
/// What is begun under a rulebook that its first event names.
const BEGIN_UNDER_A_RULEBOOK: [&str; 5] =
    [Assessment::TYPE, CreditFile::TYPE, Hazard::TYPE, Incident::TYPE, Meeting::TYPE];

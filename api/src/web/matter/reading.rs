//! A matter as a person may see it: its stream, its premises, the rules that govern it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::Value;
use wuping_domain::aggregate::Concept as _;
use wuping_domain::association::ADMINISTERING;
use wuping_domain::board::Board;
use wuping_domain::campaign::Criteria;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::event::{Event, aggregate_type};
use wuping_domain::facts::{Actor, Grant, Role};
use wuping_domain::grade::{Grade, PROPOSERS};
use wuping_domain::matter::{Deadline, matters};
use wuping_domain::notice::ISSUERS;
use wuping_domain::patrol::WALKING;
use wuping_domain::premises::{ASSESSING, LOOKING_AFTER, Premises, Register};
use wuping_domain::reaction::Rulebooks;
use wuping_domain::recorded::{local_date, subject_of};
use wuping_domain::rulebook::{Layer, Rulebook};
use wuping_domain::subject::Subject;
use wuping_domain::task::DOING;
use wuping_projections::queries::{AuthorityView, Sheet};
use wuping_projections::recording::recorded;
use wuping_replay::statistics::Made;

use super::determined::{DeterminedOn, determinations};
use super::doubt::{Doubtful, Doubts};
use super::parties::registers;
use super::party_names::PartyNames;
use super::words::ACCOUNTS;
use crate::app::{App, ExecuteError};
use crate::look::words::{Lang, Ruled};
use crate::people::{People, Told};
use crate::trying::Trial;
use crate::web::session::Signed;

/// A matter and who looks at it.
pub(crate) struct Matter {
    /// The language of the page.
    pub(crate) lang: Lang,
    /// The stream, as the rules would answer to this person.
    pub(crate) trial: Trial,
    /// The office's rulebook of the layer, where these premises have none of their own yet.
    pub(crate) operating: Option<SchemeRef>,
    /// What is in doubt of the premises, where any key is.
    pub(crate) doubts: Option<Doubts>,
    /// Records of the premises under doubt that nobody has judged.
    pub(crate) doubtful: Vec<Doubtful>,
    /// Registered authorities, where a notice can be issued or a measure taken in the name of one, or a document is one's.
    pub(crate) authorities: Vec<AuthorityView>,
    /// The prohibition of letting of the building that binds this unit with it.
    pub(crate) building_ban: Option<BuildingBan>,
    /// Accounts that may be named here: who reviews appeals, for a confirmer who proposes a ban on letting, and who handles a
    /// notice, makes an inspection or examines a hazard beside the one who says so.
    pub(crate) colleagues: Vec<(String, Vec<Grant>)>,
    /// Accounts to which something may be given here: premises, a round, a task, an association.
    pub(crate) hands: Vec<(String, Vec<Grant>)>,
    /// How much the person may see.
    pub(crate) sight: Sight,
    /// The people who are told of here, as this person is told of them.
    pub(crate) people: People,
    /// Accounts by the keys that signed here.
    pub(crate) signers: BTreeMap<String, String>,
    /// The grades in force, for what hangs on a board.
    pub(crate) sheet: Option<Sheet>,
    /// The analysis of the situation that lies before a meeting.
    pub(crate) situation: Option<Arc<Made>>,
    /// What a campaign looks for, and the premises that this chooses.
    pub(crate) chosen: Chosen,
    /// What runs on it, as the docket tells it.
    pub(crate) deadlines: Vec<Deadline>,
    /// The names of the parties that are told of here, as this person may read them.
    pub(crate) parties: PartyNames,
    /// The day on which each stream of the premises began, on the page of the premises.
    pub(crate) began: BTreeMap<String, NaiveDate>,
    /// Who answers for the building of a unit for which nobody is named.
    pub(crate) of_the_building: Vec<String>,
    /// The results of the premises by number, where a decision is chosen or named.
    pub(crate) determinations: BTreeMap<u64, DeterminedOn>,
}

/// Premises chosen by a campaign's filter.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    /// The filter.
    pub(crate) criteria: Criteria,
    /// The area.
    pub(crate) area: Option<String>,
    /// Ids of the premises.
    pub(crate) premises: Vec<String>,
}

/// A prohibition of letting in force over the building that a unit is in.
#[derive(Debug)]
pub(crate) struct BuildingBan {
    /// The stream of the building's grade.
    pub(crate) stream: String,
    /// Its number there.
    pub(crate) number: u64,
    /// The number of the decision.
    pub(crate) document_number: String,
    /// The building's rulebook, by which a unit that was never assessed contests it.
    pub(crate) rulebook: Option<Arc<Rulebook>>,
}

/// How much of a matter somebody may see.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sight {
    /// Nothing.
    None,
    /// What is public of premises, and the form to claim them.
    Public,
    /// What is recorded openly, and not the words.
    Register,
    /// As the party that it is about.
    Party,
    /// With the words and photos of both sides.
    Office,
}

/// Reads a matter for a person.
///
/// # Errors
/// If the path is none or something cannot be read.
pub(crate) fn read(app: &App, signed: &Signed, stream: &str) -> Result<Matter, ExecuteError> {
    let trial = app.trial(&signed.who, stream)?;
    let register = trial.facts.subject.as_ref().and_then(|subject| subject.premises.register.as_ref());
    let layer = register.map_or(Layer::Building, |register| register.layer);
    let operating = app.views.views().operating_rulebook(layer, trial.facts.today).ok().flatten();
    let operating = operating.map(|operating| operating.scheme);
    let rulebook = operating.as_ref().and_then(|scheme| app.shelf.rulebook(scheme));
    let holds = |roles: &[Role]| roles.iter().any(|role| trial.facts.actor.holds(*role));
    let issues = ["notice", "premises"].contains(&aggregate_type(stream)) && holds(&ISSUERS);
    let colleagues = match aggregate_type(stream) {
        "appeal" => holders(app, &[Role::Reviewer]),
        "grade" if holds(&[Role::Confirmer]) => holders(app, &PROPOSERS),
        "hazard" if holds(&[Role::CompetentAuthority]) => holders(app, &OFFICERS),
        "inspection" if holds(&[Role::DepartmentOfficer]) => holders(app, &OFFICERS),
        _ if issues => holders(app, &ISSUERS),
        _ => vec![],
    };
    let hands = if holds(&GIVERS) { hands(app, &trial) } else { vec![] };
    let records = aggregate_type(stream) == "credit" && holds(&RECORDERS);
    let names_one = issues || records;
    let authorities = if names_one { app.views.views().authorities().unwrap_or_default() } else { vec![] };
    let building_ban = building_ban(app, &trial)?;
    let doubts = Doubts::about(app, subject_of(stream))?;
    let open = doubts.as_ref().filter(|_| aggregate_type(stream) == "premises");
    let doubtful = open.map(|doubts| doubts.open(app, stream)).transpose()?.unwrap_or_default();
    let trial = trial.under(rulebook);
    let sheet = sheet(app, &trial);
    let sight = sight(&trial, stream);
    let own = trial.facts.subject.as_ref().and_then(|subject| subject.scheme());
    let operating = operating.filter(|_| own.is_none());
    let chosen = Chosen::default();
    let deadlines = deadlines(app, &trial);
    let determinations = determinations(app, &trial);
    let lang = signed.lang;
    let signers = signers(app, &trial);
    let named = colleagues.iter().chain(&hands).map(|(account, _)| account.clone());
    let accounts = named.chain(doubtful.iter().map(|of| of.recorded_by.clone())).chain(mentioned(&trial));
    let accounts: BTreeSet<String> = accounts.chain(signers.values().cloned()).collect();
    let people = People::of(app, told(sight), accounts.iter().map(String::as_str));
    let began = if NAMING_OTHERS.contains(&aggregate_type(stream)) {
        began(app, subject_of(stream))?
    } else {
        BTreeMap::new()
    };
    let ordered = aggregate_type(stream) == "hazard";
    let of_the_building = if ordered { of_the_building(app, &trial)? } else { vec![] };
    let answering = answering(&trial).into_iter().chain(of_the_building.iter().cloned());
    let answering: BTreeSet<String> = answering.collect();
    let parties = PartyNames::of(app, (&trial.facts.actor, sight), answering.iter().map(String::as_str));
    Ok(Matter {
        lang,
        trial,
        operating,
        doubts,
        doubtful,
        authorities,
        building_ban,
        colleagues,
        hands,
        sight,
        people,
        signers,
        sheet,
        situation: None,
        chosen,
        deadlines,
        parties,
        began,
        of_the_building,
        determinations,
    })
}

/// The ban on the building of a unit, where there is one and nobody has said that it does not bind the unit.
fn building_ban(app: &App, trial: &Trial) -> Result<Option<BuildingBan>, ExecuteError> {
    let unit = trial.facts.subject.as_deref();
    let register = unit.and_then(|unit| unit.premises.register.as_ref());
    let parent = register.filter(|register| register.layer == Layer::Unit).and_then(|of| of.parent.as_ref());
    let Some((unit, parent)) = unit.zip(parent) else { return Ok(None) };
    let building = format!("premises/{parent}");
    let stream = format!("{building}/grade");
    let mut grade = Grade::default();
    for entry in app.reader().stream(&stream)? {
        if let Event::Grade(event) = recorded(&entry.row())?.event {
            grade.evolve(&event);
        }
    }
    let in_force = grade.ban_in_force();
    let binds = in_force.filter(|(number, _)| !unit.grade.spared.contains(&(building.clone(), *number)));
    let Some((number, ban)) = binds else { return Ok(None) };
    let scheme = match unit.scheme() {
        None => app.subject(&building)?.scheme(),
        Some(_) => None,
    };
    let rulebook = scheme.and_then(|scheme| app.shelf.rulebook(&scheme));
    let document_number = ban.document_number.clone();
    Ok(Some(BuildingBan { stream, number, document_number, rulebook }))
}

/// When each stream of premises began, by the day of its first entry.
fn began(app: &App, premises: &str) -> Result<BTreeMap<String, NaiveDate>, ExecuteError> {
    let mut began = BTreeMap::new();
    for entry in app.reader().subject(premises, None)? {
        if let Ok(at) = entry.occurred_at.parse() {
            began.entry(entry.stream).or_insert_with(|| local_date(at));
        }
    }
    Ok(began)
}

/// The parties that a matter tells of: itself, or those who answer for its premises or say so.
fn answering(trial: &Trial) -> Vec<String> {
    let stream = &trial.facts.stream;
    let own = stream.strip_prefix("party/").and_then(|rest| rest.split('/').next());
    let premises = trial.facts.subject.as_deref().map(|subject| &subject.premises);
    let parties = premises.into_iter().flat_map(|premises| &premises.parties).map(|one| one.party.clone());
    let claims = premises.into_iter().flat_map(|premises| &premises.claims).map(|one| one.party.clone());
    own.map(str::to_owned).into_iter().chain(parties).chain(claims).collect()
}

/// Who answers now for the building of a unit that has nobody of its own.
fn of_the_building(app: &App, trial: &Trial) -> Result<Vec<String>, ExecuteError> {
    let (today, Some(unit)) = (trial.facts.today, trial.facts.subject.as_deref()) else { return Ok(vec![]) };
    let register = unit.premises.register.as_ref().filter(|register| register.layer == Layer::Unit);
    let parent = register.and_then(|register| register.parent.as_ref());
    let bare = !unit.premises.parties.iter().any(|one| one.span.holds_on(today));
    let Some(parent) = parent.filter(|_| bare) else { return Ok(vec![]) };
    let building = app.subject(&format!("premises/{parent}"))?;
    let now = building.premises.parties.into_iter().filter(|one| one.span.holds_on(today));
    Ok(now.map(|one| one.party).collect())
}

/// How a person who sees so much is told of others.
const fn told(sight: Sight) -> Told {
    match sight {
        Sight::Office => Told::Name,
        Sight::Register => Told::Account,
        Sight::None | Sight::Party | Sight::Public => Told::Role,
    }
}

/// The accounts whose keys signed the stream.
fn signers(app: &App, trial: &Trial) -> BTreeMap<String, String> {
    let kids: BTreeSet<&String> = trial.entries.iter().map(|entry| &entry.kid).collect();
    let views = app.views.views();
    let held = |kid: &String| views.account_of_kid(kid).ok().flatten();
    kids.into_iter().filter_map(|kid| Some((kid.clone(), held(kid)?.account))).collect()
}

/// The accounts that the records of the stream name, and on premises those who assess and look after them.
fn mentioned(trial: &Trial) -> Vec<String> {
    let mut accounts = Vec::new();
    for entry in &trial.entries {
        collect(&serde_json::from_str(&entry.data).unwrap_or_default(), &mut accounts);
    }
    if let Some(subject) = trial.facts.subject.as_deref() {
        accounts.extend(subject.premises.assessors.iter().map(|one| one.account.clone()));
        accounts.extend(subject.premises.stewards.iter().map(|one| one.account.clone()));
    }
    accounts
}

fn collect(said: &Value, accounts: &mut Vec<String>) {
    for (name, value) in said.as_object().into_iter().flatten() {
        match value {
            Value::Object(_) => collect(value, accounts),
            Value::String(account) if ACCOUNTS.contains(&name.as_str()) => accounts.push(account.clone()),
            Value::Array(all) if ACCOUNTS.contains(&name.as_str()) => {
                accounts.extend(all.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            _ => {}
        }
    }
}

/// What runs on the matter of a stream, where the docket knows it.
fn deadlines(app: &App, trial: &Trial) -> Vec<Deadline> {
    let stream = &trial.facts.stream;
    let Some(subject) = &trial.facts.subject else { return vec![] };
    let running = matters(subject_of(stream), subject, app.shelf.as_ref());
    running.into_iter().find(|matter| matter.stream == *stream).map(|of| of.deadlines).unwrap_or_default()
}

/// The grades in force of a board's area; nobody else asks for them.
fn sheet(app: &App, trial: &Trial) -> Option<Sheet> {
    if aggregate_type(&trial.facts.stream) != "board" {
        return None;
    }
    let area = trial.state::<Board>().place?.area;
    app.views.views().sheet(area.as_deref()).ok()
}

/// The open accounts that hold one of these roles, with what they hold of them.
fn holders(app: &App, roles: &[Role]) -> Vec<(String, Vec<Grant>)> {
    let open = app.views.views().open_accounts().unwrap_or_default();
    let held = open.into_iter().map(|(account, mut grants)| {
        grants.retain(|grant| roles.contains(&grant.role));
        (account, grants)
    });
    held.filter(|(_, grants)| !grants.is_empty()).collect()
}

/// To whom something may be given here; on the page of premises that is what begins there. Owners and operators are many, and no
/// concern of anybody's but where they answer themselves.
fn hands(app: &App, trial: &Trial) -> Vec<(String, Vec<Grant>)> {
    let roles = match aggregate_type(&trial.facts.stream) {
        "association" => ADMINISTERING.to_vec(),
        "patrol" => WALKING.to_vec(),
        "premises" => [ASSESSING, LOOKING_AFTER, WALKING, DOING].concat(),
        "task" => DOING.to_vec(),
        _ => return vec![],
    };
    let premises = trial.facts.subject.as_deref().map(|subject| &subject.premises);
    let answers = |party: &String| {
        premises.is_some_and(|premises| premises.parties.iter().any(|one| one.party == *party))
    };
    let concerned = |grant: &Grant| match grant.role {
        Role::Operator | Role::Owner => grant.party.as_ref().is_some_and(answers),
        _ => true,
    };
    let mut hands = holders(app, &roles);
    hands.iter_mut().for_each(|(_, grants)| grants.retain(concerned));
    hands.retain(|(_, grants)| !grants.is_empty());
    hands
}

impl Matter {
    /// The whole path of the stream.
    pub(crate) fn stream(&self) -> &str {
        &self.trial.facts.stream
    }

    /// What kind of matter it is, `hazard`.
    pub(crate) fn concept(&self) -> &str {
        aggregate_type(self.stream())
    }

    /// The last segment of the stream.
    pub(crate) fn key(&self) -> &str {
        self.trial.facts.last_segment()
    }

    /// The id of the premises it lies under.
    pub(crate) fn premises(&self) -> Option<&str> {
        self.stream().strip_prefix("premises/").and_then(|rest| rest.split('/').next())
    }

    /// The premises with everything under them.
    pub(crate) fn subject(&self) -> Option<&Subject> {
        self.trial.facts.subject.as_deref()
    }

    /// What is registered of the premises.
    pub(crate) fn register(&self) -> Option<&Register> {
        self.subject()?.premises.register.as_ref()
    }

    /// The rulebook that governs it.
    pub(crate) fn rulebook(&self) -> Option<&Arc<Rulebook>> {
        self.trial.facts.rulebook.as_ref()
    }

    /// The language of the page with the names of that rulebook.
    pub(crate) fn ruled(&self) -> Ruled<'_> {
        self.lang.under(self.rulebook().map(AsRef::as_ref))
    }

    /// Who looks.
    pub(crate) fn actor(&self) -> &Actor {
        &self.trial.facts.actor
    }

    /// Today, at the clock of the office.
    pub(crate) fn today(&self) -> NaiveDate {
        self.trial.facts.today
    }

    /// The version that the person sees.
    pub(crate) fn version(&self) -> u64 {
        self.trial.entries.last().map_or(0, |entry| entry.version)
    }

    /// An indicator's or source's name.
    pub(crate) fn indicator(&self, id: &str) -> String {
        let known = self.rulebook().and_then(|rulebook| rulebook.indicator(id));
        known.map_or_else(|| self.found(id), |known| self.lang.named(&known.zh, &known.en).to_owned())
    }

    /// What was found or reported: that the indicator is not met, or what the source calls it.
    pub(crate) fn found(&self, id: &str) -> String {
        let known = self.rulebook().and_then(|rulebook| rulebook.indicator(id));
        match id {
            "other" if known.is_none() => self.lang.say("其他问题", "Something else"),
            id => self.lang.hazard(id, known),
        }
    }

    /// A measure's name.
    pub(crate) fn measure(&self, id: &str) -> String {
        self.ruled().measure(id)
    }

    /// A hazard of these premises by its key: its name and the day it was found.
    pub(crate) fn hazard(&self, key: &str) -> String {
        let of = self.subject().and_then(|subject| subject.hazards.get(key));
        let found = of.and_then(|of| of.state.found.as_ref());
        let name = found.map_or_else(|| key.to_owned(), |found| self.found(&found.indicator));
        match of.and_then(|of| of.found_on) {
            Some(on) => format!("{name}{}{on}{}", self.lang.pick("（", " ("), self.lang.pick("发现）", ")")),
            None => name,
        }
    }
}

/// A person of the office sees what lies where they work; a party its own premises; nobody else's words are shown.
fn sight(trial: &Trial, stream: &str) -> Sight {
    let facts = &trial.facts;
    if ["access", "credit"].contains(&aggregate_type(stream)) {
        return of_credit(trial);
    }
    if aggregate_type(stream) == "party" {
        return of_party(trial);
    }
    let Some(subject) = facts.subject.as_deref() else {
        let own = |role: Role| role == Role::AssociationAdmin && aggregate_type(stream) == "association";
        let sees = |grant: &Grant| grant.role.is_of_the_office() || own(grant.role);
        let inside = facts.actor.grants.iter().any(sees);
        return if inside { Sight::Office } else { Sight::None };
    };
    let concept = aggregate_type(stream);
    let grants = &facts.actor.grants;
    if grants.iter().any(|grant| works_here(grant, &subject.premises)) {
        // who reported is known to those who look into it, and to nobody else
        let told = concept != "report" || grants.iter().any(|grant| TOLD_OF_REPORTS.contains(&grant.role));
        return if told { Sight::Office } else { Sight::Register };
    }
    let of_task = subject.tasks.get(facts.last_segment()).filter(|_| concept == "task");
    let of_task = of_task.and_then(|task| task.dispatched.as_ref()?.account.as_ref());
    if of_task == Some(&facts.actor.account) {
        return Sight::Office;
    }
    let answers = subject.premises.answered_for_by(&facts.actor, facts.today)
        || looks_after(&subject.premises, &facts.actor, facts.today);
    // who files an appeal for somebody else, as a draft until that party says so, sees what came of it
    let filed = subject.appeals.get(facts.last_segment()).filter(|_| concept == "appeal");
    let filed = filed.is_some_and(|of| of.state.filed_by == facts.actor.account);
    if filed || answers && SEEN_BY_PARTY.contains(&concept) {
        return Sight::Party;
    }
    if grants.iter().any(|grant| READING.contains(&grant.role)) {
        return Sight::Register;
    }
    // whoever may claim premises sees that they are registered, and the form
    let claims = grants.iter().any(|grant| !grant.role.is_of_the_office()) && concept == "premises";
    if claims { Sight::Public } else { Sight::None }
}

/// Of a party: its particulars are for those who register it, and for itself. The rest of the office reads what is registered.
fn of_party(trial: &Trial) -> Sight {
    let actor = &trial.facts.actor;
    match () {
        () if registers(actor) => Sight::Office,
        () if actor.grants.iter().any(|grant| grant.party.as_deref() == Some(trial.facts.last_segment())) => {
            Sight::Party
        }
        () if actor.is_of_the_office() => Sight::Register,
        () => Sight::None,
    }
}

/// Of a credit file: the words are for those whose work the files are, and for the party. Who else may read it does so without.
fn of_credit(trial: &Trial) -> Sight {
    let facts = &trial.facts;
    let holds = |roles: &[Role]| roles.iter().any(|role| facts.actor.holds(*role));
    match () {
        () if holds(&[Role::CreditOfficer, Role::LegalOfficer, Role::Auditor]) => Sight::Office,
        () if facts.speaks_for_subject() => Sight::Party,
        () if holds(&[Role::DepartmentOfficer]) => Sight::Register,
        () => Sight::None,
    }
}

fn works_here(grant: &Grant, premises: &Premises) -> bool {
    if !WORKING.contains(&grant.role) {
        return false;
    }
    let Some(register) = &premises.register else { return true };
    let here = [&register.subdistrict, &register.community, &register.grid_cell];
    grant.area.as_ref().is_none_or(|area| here.contains(&area))
        || premises
            .assessors
            .iter()
            .any(|assessor| assessor.department == grant.department && grant.department.is_some())
}

fn looks_after(premises: &Premises, actor: &Actor, on: NaiveDate) -> bool {
    let appointed = premises.stewards.iter().any(|one| one.account == actor.account && one.span.holds_on(on));
    let speaks = |party: &str| actor.grants.iter().any(|grant| grant.party.as_deref() == Some(party));
    appointed || premises.parties.iter().any(|one| one.span.holds_on(on) && speaks(&one.party))
}

/// On whose pages other matters of the premises are chosen from.
const NAMING_OTHERS: [&str; 3] = ["notice", "premises", "report"];
/// Who acts for a department.
const OFFICERS: [Role; 2] = [Role::CompetentAuthority, Role::DepartmentOfficer];
/// Who gives others something to do.
const GIVERS: [Role; 5] =
    [Role::Administrator, Role::CommunityLead, Role::DepartmentOfficer, Role::Dispatcher, Role::StreetLead];
/// Who puts conduct on record.
const RECORDERS: [Role; 3] = [Role::CompetentAuthority, Role::CreditOfficer, Role::DepartmentOfficer];
/// Who looks into the register, and not into a case's words.
const READING: [Role; 5] =
    [Role::Administrator, Role::Auditor, Role::CommissionAdmin, Role::CreditOfficer, Role::DataClerk];
/// Matters that a party sees of its own premises.
const SEEN_BY_PARTY: [&str; 10] = [
    "appeal",
    "dispute",
    "grade",
    "hazard",
    "listing",
    "measure",
    "notice",
    "premises",
    "reevaluation",
    "visit",
];
/// Who is told who reported.
const TOLD_OF_REPORTS: [Role; 3] = [Role::DepartmentOfficer, Role::Dispatcher, Role::GridWorker];
/// Who works on cases.
const WORKING: [Role; 9] = [
    Role::CommunityLead,
    Role::CompetentAuthority,
    Role::Confirmer,
    Role::DepartmentOfficer,
    Role::Dispatcher,
    Role::GridWorker,
    Role::LegalOfficer,
    Role::Reviewer,
    Role::StreetLead,
];

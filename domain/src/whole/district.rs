//! A small district in memory: an estate, a building of two units and one beside it, everybody who may say something about
//! them, and commands with ids, of which a repeat gets the first outcome.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::aggregate::{Concept, decided};
use crate::alert::Alert;
use crate::appeal::Appeal;
use crate::assessment::{Assessment, Stage};
use crate::calendar::add_days;
use crate::conformance::extreme_result;
use crate::dispute::Dispute;
use crate::event::aggregate_type;
use crate::facts::{Actor, Colleague, Facts, Grant, Role};
use crate::given::day;
use crate::given_log::Log;
use crate::grade::Grade;
use crate::hazard::Hazard;
use crate::incident::Incident;
use crate::notice::Notice;
use crate::patrol::Patrol;
use crate::premises::Premises;
use crate::reaction::Rulebooks;
use crate::record::Record;
use crate::recorded::subject_of;
use crate::report::Report;
use crate::rulebook::scheme::Collect;
use crate::rulebook::{Layer, Rulebook};
use crate::shipped;
use crate::visit::Visit;

/// How many different things are asked.
pub(super) const ASKED: usize = 34;
/// The premises, by a number: two units, their building, the estate.
pub(super) const PREMISES: [(&str, Layer); 4] =
    [("u-1", Layer::Unit), ("u-2", Layer::Unit), ("p-1", Layer::Building), ("e-1", Layer::Estate)];

/// The district as its log left it, with what was told to whoever asked.
pub(super) struct District {
    pub(super) log: Log,
    today: NaiveDate,
    asked: Vec<Command>,
    outcomes: BTreeMap<usize, Result<usize, String>>,
}

/// A command that was sent.
#[derive(Clone)]
struct Command {
    who: usize,
    stream: String,
    said: Value,
}

impl District {
    /// Everything is registered, and the building with its units assessed.
    pub(super) fn founded() -> Self {
        let mut log = Log::new();
        log.registered("e-1", Layer::Estate, None);
        log.registered("p-1", Layer::Building, Some("e-1"));
        for (unit, _) in &PREMISES[..2] {
            log.registered(unit, Layer::Unit, Some("p-1"));
        }
        for (id, _) in PREMISES {
            let named = json!({
                "type": "ResponsiblePartyNamed", "party": "y-1", "role": "owner", "from": "2020-01-01"
            });
            log.hears("2025-01-02", &format!("premises/{id}"), &named);
        }
        for (id, layer) in PREMISES {
            log.assessed("2025-01-10", id, "a-0", "first", layer, &json!({}));
        }
        Self { log, today: day("2025-01-11"), asked: vec![], outcomes: BTreeMap::new() }
    }

    pub(super) fn days_pass(&mut self, days: u32) {
        self.today = add_days(self.today, days);
    }

    pub(super) fn today(&self) -> NaiveDate {
        self.today
    }

    pub(super) fn runner_comes_by(&mut self) {
        self.log.runs(self.today);
    }

    /// What was told to each command.
    pub(super) fn outcomes(&self) -> Vec<Result<usize, String>> {
        self.outcomes.values().cloned().collect()
    }

    /// An earlier command comes once more, under its id.
    pub(super) fn repeats(&mut self, n: usize) {
        if !self.asked.is_empty() {
            let id = n % self.asked.len();
            self.tells(id);
        }
    }

    /// Somebody asks something of premises.
    pub(super) fn asks(&mut self, n: usize, who: usize, place: usize) {
        let (id, layer) = PREMISES[place % PREMISES.len()];
        for (fits, stream, said) in self.commands(n % ASKED, id, layer) {
            let who = if who < PEOPLE.len() { who } else { fits };
            self.asked.push(Command { who, stream, said });
            self.tells(self.asked.len() - 1);
        }
    }

    fn tells(&mut self, id: usize) {
        if self.outcomes.contains_key(&id) {
            return;
        }
        let Command { who, stream, said } = self.asked[id].clone();
        let decided = self.decided(who, &stream, said);
        let on = self.today.to_string();
        let told = decided.map(|events| {
            events.iter().for_each(|event| self.log.hears(&on, &stream, event));
            events.len()
        });
        self.outcomes.insert(id, told);
    }

    fn decided(&self, who: usize, stream: &str, said: Value) -> Result<Vec<Value>, String> {
        match aggregate_type(stream) {
            "alert" => self.said::<Alert>(who, stream, said),
            "appeal" => self.said::<Appeal>(who, stream, said),
            "assessment" => self.said::<Assessment>(who, stream, said),
            "dispute" => self.said::<Dispute>(who, stream, said),
            "grade" => self.said::<Grade>(who, stream, said),
            "hazard" => self.said::<Hazard>(who, stream, said),
            "incident" => self.said::<Incident>(who, stream, said),
            "notice" => self.said::<Notice>(who, stream, said),
            "patrol" => self.said::<Patrol>(who, stream, said),
            "premises" => self.said::<Premises>(who, stream, said),
            "record" => self.said::<Record>(who, stream, said),
            "report" => self.said::<Report>(who, stream, said),
            "visit" => self.said::<Visit>(who, stream, said),
            kind => panic!("no test asks anything of {kind}"),
        }
    }

    fn said<C: Concept>(&self, who: usize, stream: &str, said: Value) -> Result<Vec<Value>, String> {
        let mut state = C::default();
        for entry in self.log.entries.iter().filter(|entry| entry.stream == stream) {
            state.evolve(&serde_json::from_value(entry.data.clone()).unwrap());
        }
        let subject = self.log.subjects.get(subject_of(stream)).filter(|_| stream.starts_with("premises/"));
        let layer = subject.and_then(|of| of.premises.register.as_ref()).map(|register| register.layer);
        let actor = actor(who);
        let named = ["reviewer", "proposer"].iter().find_map(|member| said.get(member)?.as_str());
        let named = named.unwrap_or(&actor.account).to_owned();
        let known = PEOPLE.iter().position(|(account, ..)| *account == named);
        let grants = known.map(|n| crate::whole::district::actor(n).grants);
        let colleague = |account: &str| {
            let n = PEOPLE.iter().position(|(known, ..)| *known == account)?;
            let grants = crate::whole::district::actor(n).grants;
            Some(Colleague { account: account.to_owned(), grants, relations: vec![] })
        };
        let handle = said.get("handling_officers").and_then(Value::as_array).into_iter().flatten();
        let officers = handle.filter_map(|account| colleague(account.as_str()?)).collect();
        let facts = Facts {
            officers,
            colleague: grants.map(|grants| Colleague { account: named, grants, relations: vec![] }),
            rulebook: layer.and_then(|layer| self.log.shelf().rulebook(&Log::rulebook(layer))),
            subject: subject.cloned().map(Arc::new),
            ..Facts::by(actor, stream, self.today)
        };
        let command = serde_json::from_value(said).map_err(|error| error.to_string())?;
        let said = decided(&state, command, &facts).map_err(|rejection| rejection.code().to_owned())?;
        let public = said.iter().map(|said| {
            let (event, private) =
                (serde_json::to_value(&said.event).unwrap(), serde_json::to_value(&said.private).unwrap());
            let private = private.as_object().unwrap();
            let both = private.keys().find(|name| event.get(name.as_str()).is_some());
            assert!(both.is_none(), "{both:?} is public and private of {event}");
            event
        });
        Ok(public.collect())
    }

    /// What is asked, by its number: who would rightly ask it, where, what. Cases are picked as they stand now.
    fn commands(&self, n: usize, id: &str, layer: Layer) -> Vec<(usize, String, Value)> {
        let own = format!("premises/{id}");
        let subject = self.log.subject(&own);
        let count = self.log.entries.len();
        let today = self.today.to_string();
        let hazard = subject.hazards.iter().find(|(_, of)| of.state.is_open());
        let hazard =
            hazard.map_or_else(|| format!("{own}/hazard/none"), |(key, _)| format!("{own}/hazard/{key}"));
        let competent = subject.hazards.get(hazard.rsplit('/').next().unwrap_or_default());
        // whoever of housing entered what opened a case leaves it to a colleague
        let officer =
            if competent.is_some_and(|of| of.state.competent == "housing") { SECOND_HOUSING } else { FIRE };
        let appeal = subject.appeals.iter().rfind(|(_, of)| of.state.is_open());
        let appeal = appeal
            .map_or_else(|| format!("{own}/appeal/s-{count}"), |(key, _)| format!("{own}/appeal/{key}"));
        let incident = subject.incidents.iter().rfind(|(_, of)| of.confirmed_on.is_none());
        let incident = incident
            .map_or_else(|| format!("{own}/incident/i-{count}"), |(key, _)| format!("{own}/incident/{key}"));
        let grade = format!("{own}/grade");
        let newest = subject.grade.count;
        let photo = json!({ "bytes": 3, "sha256": "ab".repeat(32), "type": "image/jpeg" });
        let notice = |kind: &str, about: &str, determination: Option<u64>| {
            let stream = format!("{own}/notice/n-{count}-{kind}");
            let issue = json!({
                "command": "issue", "kind": kind, "about": about, "determination": determination,
                "authority": "subdistrict", "document_number": "1", "legal_basis": "示例",
                "handling_officers": [PEOPLE[LEGAL].0], "text_version": "1", "remedies": ["appeal_file"]
            });
            let serve = json!({ "command": "serve", "method": "direct", "on": today });
            vec![(LEGAL, stream.clone(), issue), (LEGAL, stream, serve)]
        };
        match n {
            0..=2 => self.assessment(id, layer, n),
            3 => vec![(officer, hazard, json!({ "command": "review", "outcome": "confirmed" }))],
            4 => {
                let order =
                    json!({ "command": "order", "what": "x", "parties": ["y-1"], "document_number": "1" });
                let mut all = vec![(officer, hazard.clone(), order)];
                all.extend(notice("rectification", &hazard, None));
                all
            }
            5 => {
                let submit = json!({ "command": "submit_rectification", "text": "x", "photos": [photo] });
                vec![(OWNER, hazard, submit)]
            }
            6 => vec![(officer, hazard, json!({ "command": "accept", "findings": "x", "photos": [photo] }))],
            7 => vec![(officer, hazard, json!({ "command": "refuse", "findings": "x" }))],
            8 => {
                let severity = ["minor", "general", "serious"][count % 3];
                let known = json!({
                    "command": "record", "source": "fire", "source_id": format!("119-{count}"), "category": "fire",
                    "severity": severity, "happened_at": format!("{today}T00:00:00Z")
                });
                vec![(FEED, format!("{own}/incident/i-{count}"), known)]
            }
            9 => vec![(FIRE, incident, json!({ "command": "confirm" }))],
            10 => notice("downgrade", &grade, Some(newest)),
            11 => {
                let confirm =
                    json!({ "command": "confirm", "determination": newest, "document_number": "1" });
                vec![(CONFIRMER, grade, confirm)]
            }
            12 => notice("result_notice", &grade, Some(newest)),
            13 => {
                let against = json!({ "stream": grade, "determination": newest });
                let file = json!({ "command": "file", "against": against, "grounds": "x" });
                vec![(OWNER, format!("{own}/appeal/s-{count}"), file)]
            }
            14 => {
                let file = json!({ "command": "file", "against": { "stream": hazard }, "grounds": "x" });
                vec![(OWNER, format!("{own}/appeal/s-{count}"), file)]
            }
            15 => vec![(LEGAL, appeal, json!({ "command": "admit" }))],
            16 => vec![(LEGAL, appeal, json!({ "command": "assign", "reviewer": PEOPLE[REVIEWER].0 }))],
            17 | 18 => {
                let outcome = if n == 17 { "upheld" } else { "rejected" };
                let decide = json!({
                    "command": "decide", "outcome": outcome, "reassess": n == 17 && count.is_multiple_of(2),
                    "document_number": "1", "reason_codes": ["fact_wrong"], "reasons": "x",
                    "remedies": ["administrative_reconsideration"]
                });
                vec![(REVIEWER, appeal, decide)]
            }
            19 => {
                let round = json!({
                    "command": "make", "kind": "patrol", "persons_present": 1, "record_signed": true,
                    "units_entered": 2, "units_unanswered": 0, "units_refused": 0
                });
                vec![(GRID, format!("premises/p-1/visit/v-{count}"), round)]
            }
            20 => {
                let vacant = json!({ "command": "record_occupancy", "vacant": count.is_multiple_of(2) });
                vec![(GRID, own, vacant)]
            }
            21 => {
                let at = |n: u32| format!("{}T01:00:00Z", add_days(self.today, n));
                let issue = json!({
                    "command": "issue", "kind": "typhoon", "colour": "red", "issued_at": at(0), "effective_at": at(3)
                });
                vec![(EMERGENCY, format!("alert/w-{count}"), issue)]
            }
            22 => {
                let newest = self.log.subjects.keys().rfind(|key| key.starts_with("alert/"));
                let alert = newest.cloned().unwrap_or_else(|| "alert/none".to_owned());
                let lift = json!({ "command": "lift", "safe_on": add_days(self.today, 1) });
                vec![(EMERGENCY, alert, lift)]
            }
            23 => {
                let stream = format!("{own}/report/r-{count}");
                let file = json!({ "command": "file", "category": "fire", "text": "x" });
                let triage = json!({ "command": "triage", "outcome": "check" });
                let true_ =
                    json!({ "command": "substantiate", "indicator": failing(layer)[0], "findings": "x" });
                vec![(FEED, stream.clone(), file), (GRID, stream.clone(), triage), (GRID, stream, true_)]
            }
            24 => {
                let lift =
                    json!({ "command": "confirm_lift", "determination": newest, "document_number": "1" });
                vec![(CONFIRMER, grade, lift)]
            }
            25 => {
                // by another department, by nobody, and by whoever may well confirm it; then rightly, mostly with a reason not to hear
                let wrong = [PEOPLE[HOUSING].0, "", PEOPLE[CONFIRMER].0][count % 3];
                let proposed = [wrong, PEOPLE[FIRE].0].map(|proposer| {
                    let mut ban = ban("prohibit", proposer, &count.to_string());
                    if !count.is_multiple_of(5) {
                        ban["waiver_ground"] = json!("imminent_danger");
                        ban["waiver_reason"] = json!("x");
                    }
                    (CONFIRMER, grade.clone(), ban)
                });
                proposed.into()
            }
            26 => {
                let proposer = [PEOPLE[FIRE].0, "invented"][count % 2];
                vec![(SECOND_CONFIRMER, grade, ban("refuse_prohibition", proposer, "1"))]
            }
            27 => {
                // the first is mostly whoever confirmed it
                let lift = json!({ "command": "lift_prohibition", "document_number": "1" });
                vec![(CONFIRMER, grade.clone(), lift.clone()), (SECOND_CONFIRMER, grade, lift)]
            }
            28 => self.correction(id, layer, count),
            29 => {
                let shown = subject.last_submitted().map_or("none", |(key, _)| key.as_str());
                let unpublish = json!({ "command": "unpublish", "assessment": shown, "why": "x" });
                vec![(LEGAL, grade, unpublish)]
            }
            30 => {
                let refuse = json!({ "command": "refuse", "determination": newest, "reason": "x" });
                vec![(CONFIRMER, grade, refuse)]
            }
            31 => {
                let stream = format!("{own}/dispute/d-{count}");
                let notify = json!({
                    "command": "notify", "kind": "litigation", "body": "x", "document_number": "1",
                    "against": { "stream": grade, "determination": newest }, "received_on": today,
                    "reply_by": add_days(self.today, 15)
                });
                let until = add_days(self.today, 20);
                let suspend = json!({ "command": "suspend", "document_number": "2", "until": until });
                vec![(LEGAL, stream.clone(), notify), (LEGAL, stream, suspend)]
            }
            32 => {
                let open = subject.disputes.iter().find(|(_, of)| of.state.outcome.is_none());
                let stream = format!("{own}/dispute/{}", open.map_or("none", |(key, _)| key.as_str()));
                let finding = ["upheld", "revoked"][count % 2];
                let outcome = json!({
                    "command": "record_outcome", "finding": finding, "document_number": "3", "on": today
                });
                vec![(LEGAL, stream, outcome)]
            }
            _ => {
                let excuse = json!({
                    "command": "excuse", "reason": "red_warning", "from": today, "until": add_days(self.today, 2)
                });
                let year = self.today.format("%Y");
                vec![(LEAD, format!("premises/p-1/patrol/{year}"), excuse)]
            }
        }
    }

    /// A result of the newest assessment is put right, by whoever entered it.
    fn correction(&self, id: &str, layer: Layer, count: usize) -> Vec<(usize, String, Value)> {
        let own = format!("premises/{id}");
        let subject = self.log.subject(&own);
        let newest = subject.last_submitted().map_or("none", |(key, _)| key.as_str());
        let field = &failing(layer)[count % 2];
        let indicator = rulebook(layer).indicator(field).unwrap();
        let right = extreme_result(indicator, count.is_multiple_of(3));
        let correct = json!({
            "command": "correct", "corrects": format!("{own}/assessment/{newest}"), "field": field,
            "right": right, "why": "misread", "reason": "x"
        });
        vec![(collector(indicator.collect), format!("{own}/record/c-{count}"), correct)]
    }

    /// A whole assessment: the lead opens it, everybody's results come in, the lead submits it.
    fn assessment(&self, id: &str, layer: Layer, n: usize) -> Vec<(usize, String, Value)> {
        let subject = self.log.subject(&format!("premises/{id}"));
        let open = subject.assessments.iter().find(|(_, of)| of.state.stage == Stage::Open);
        let key = open.map_or_else(|| format!("a-{}", self.log.entries.len()), |(key, _)| key.clone());
        let stream = format!("premises/{id}/assessment/{key}");
        let rulebook = rulebook(layer);
        let reason = ["campaign", "after_rectification", "owner_request"][n];
        let failing = &failing(layer)[..n.min(2)];
        let photo = json!({ "bytes": 3, "sha256": "ab".repeat(32), "type": "image/jpeg" });
        let results = |who: usize| -> Vec<Value> {
            let indicators = rulebook.scheme.indicators.iter();
            let theirs =
                indicators.filter(|of| of.collect != Collect::Ledger && collector(of.collect) == who);
            let result = theirs.map(|of| {
                let outcome = extreme_result(of, !failing.contains(&of.id));
                json!({ "indicator": of.id, "outcome": outcome, "photos": [photo], "note": "x" })
            });
            result.collect()
        };
        let entered = [GRID, HOUSING, FEED].map(|who| {
            // of an estate many departments have a part, and their channel enters it
            let who = if layer == Layer::Estate && who == HOUSING { FEED } else { who };
            (who, json!({ "command": "check", "results": results(who) }))
        });
        let units: Vec<&str> = if layer == Layer::Building { vec!["u-1", "u-2"] } else { vec![] };
        let opened = json!({
            "command": "open", "scheme": Log::rulebook(layer), "reason": reason, "units": units
        });
        let lead = open.map_or(GRID, |(_, of)| {
            PEOPLE.iter().position(|(account, ..)| *account == of.state.lead).unwrap_or(GRID)
        });
        let mut said = vec![(GRID, stream.clone(), opened)];
        said.extend(entered.into_iter().map(|(who, check)| (who, stream.clone(), check)));
        said.push((lead, stream, json!({ "command": "submit" })));
        said
    }
}

/// Who enters what is collected so.
const fn collector(collect: Collect) -> usize {
    match collect {
        Collect::Department => HOUSING,
        Collect::Feed | Collect::Ledger => FEED,
        Collect::Grid => GRID,
    }
}

/// Who there is: account, role, department.
pub(super) const PEOPLE: [(&str, Role, Option<&str>); 13] = [
    ("u-1", Role::GridWorker, None),
    ("a-2", Role::DepartmentOfficer, Some("fire")),
    ("a-3", Role::DepartmentOfficer, Some("housing")),
    ("a-4", Role::Confirmer, None),
    ("a-5", Role::LegalOfficer, None),
    ("a-6", Role::Reviewer, None),
    ("y-1", Role::Owner, None),
    ("a-8", Role::DepartmentOfficer, Some("emergency")),
    ("a-9", Role::StreetLead, None),
    ("feed", Role::Auditor, None),
    ("stranger", Role::Auditor, None),
    ("a-7", Role::Confirmer, None),
    ("a-10", Role::DepartmentOfficer, Some("housing")),
];
const GRID: usize = 0;
const FIRE: usize = 1;
const HOUSING: usize = 2;
const CONFIRMER: usize = 3;
const LEGAL: usize = 4;
const REVIEWER: usize = 5;
const OWNER: usize = 6;
const EMERGENCY: usize = 7;
const LEAD: usize = 8;
const FEED: usize = 9;
const SECOND_CONFIRMER: usize = 11;
const SECOND_HOUSING: usize = 12;

fn actor(n: usize) -> Actor {
    let (account, role, department) = PEOPLE[n % PEOPLE.len()];
    if n == FEED {
        return Actor::channel(account);
    }
    let party = (role == Role::Owner).then(|| "y-1".to_owned());
    let grant = Grant { role, department: department.map(str::to_owned), area: None, party };
    Actor { account: account.to_owned(), grants: vec![grant], received: false }
}

/// A ban on letting of the fire authority's, or its refusal.
fn ban(command: &str, proposer: &str, document_number: &str) -> Value {
    json!({
        "command": command, "ground": "fire_sealing", "authority": "fire", "scope": "vacate",
        "document_number": document_number, "proposer": proposer, "reason": "x"
    })
}

/// Two indicators of a layer that open a hazard when they fail.
fn failing(layer: Layer) -> Vec<String> {
    let hazards = || rulebook(layer).scheme.indicators.iter().filter(|of| of.hazard.is_some());
    let plain = || hazards().filter(|of| of.veto.is_none());
    // one that a department collects, where there is one: its officers also review
    let of_department = hazards().find(|of| of.collect == Collect::Department);
    let second = of_department.or_else(|| plain().nth(1));
    plain().take(1).chain(second).map(|of| of.id.clone()).collect()
}

pub(super) fn rulebook(layer: Layer) -> &'static Rulebook {
    static ALL: std::sync::OnceLock<[Rulebook; 3]> = std::sync::OnceLock::new();
    let all = ALL.get_or_init(|| [Layer::Building, Layer::Estate, Layer::Unit].map(shipped::pingshan));
    &all[[Layer::Building, Layer::Estate, Layer::Unit].iter().position(|of| *of == layer).unwrap()]
}

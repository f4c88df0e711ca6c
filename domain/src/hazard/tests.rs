//! One case in every state, a house with an owner and a served order, and the rules to ask it by.

mod asking;
mod clocks;
mod elsewhere;
mod interleaving;
mod put_right;

use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use super::*;
use crate::derivation::SchemeRef;
use crate::event::{Event as Any, Written, read};
use crate::facts::{Grant, Role};
use crate::given::{Given, given};
use crate::reaction::{Due, Rulebooks, compute, follow};
use crate::recorded::Recorded;
use crate::rulebook::Layer;
use crate::rulebook::procedure::Escalation;
use crate::subject::Subject;

const STREAM: &str = "premises/p-1/hazard/7";

/// The district's rules, with two levels of lateness.
fn shared_rulebook() -> Arc<Rulebook> {
    static RULEBOOK: OnceLock<Arc<Rulebook>> = OnceLock::new();
    let read = || {
        let mut rulebook = crate::shipped::pingshan(Layer::Building);
        let level = |level: &str, after_days, to: &str| Escalation {
            level: level.into(),
            zh: String::new(),
            en: String::new(),
            after_days,
            to: to.into(),
        };
        rulebook.policy.escalations =
            vec![level("first", 3, "street_lead"), level("second", 10, "joint_meeting")];
        Arc::new(rulebook)
    };
    RULEBOOK.get_or_init(read).clone()
}

fn rulebook() -> Rulebook {
    shared_rulebook().as_ref().clone()
}

struct OnShelf(Arc<Rulebook>);

impl Rulebooks for OnShelf {
    fn rulebook(&self, _: &SchemeRef) -> Option<Arc<Rulebook>> {
        Some(self.0.clone())
    }
}

fn shelf() -> OnShelf {
    OnShelf(shared_rulebook())
}

/// Premises that hear what is said, day by day, and what follows from it.
#[derive(Clone, Default)]
struct House {
    subject: Subject,
    position: u64,
    day: String,
    log: Vec<String>,
}

impl House {
    /// Registered, owned by `w-1`, with a steward `w-2`.
    fn owned() -> Self {
        let mut house = Self::default().at("2026-02-02");
        house.hears(
            "",
            json!({ "type": "PremisesRegistered", "layer": "building", "address": "x", "subdistrict": "碧岭" }),
        );
        for (party, role) in [("w-1", "owner"), ("w-2", "steward")] {
            house.hears(
                "",
                json!({ "type": "ResponsiblePartyNamed", "party": party, "role": role, "from": "2020-01-01" }),
            );
        }
        house
    }

    /// As [`House::owned`], with a case found on 2 March 2026, a Monday.
    fn with_case(severity: &str, works: &str) -> Self {
        let mut house = Self::owned().at("2026-03-02");
        house.hears("hazard/7", found_as(severity, works, "a-2"));
        house
    }

    fn at(mut self, day: &str) -> Self {
        self.day = day.into();
        self
    }

    fn on(&mut self, day: &str) -> &mut Self {
        self.day = day.into();
        self
    }

    fn time(&self) -> String {
        format!("{}T04:00:00.000Z", self.day)
    }

    fn hears(&mut self, stream: &str, data: Value) -> &mut Self {
        let recorded = self.take(stream, &data);
        let follows = follow(&recorded, &self.subject, &shelf());
        for due in follows.into_iter().filter(|due| due.event_type != "GradeDetermined") {
            self.computes(&due);
        }
        self
    }

    fn take(&mut self, stream: &str, data: &Value) -> Recorded<Any> {
        self.position += 1;
        let stream = format!("premises/p-1/{stream}");
        let recorded = read(&Written {
            data: &data.to_string(),
            event_id: "",
            occurred_at: &self.time(),
            position: self.position,
            recorded_at: &self.time(),
            stream: stream.trim_end_matches('/'),
            version: 1,
        })
        .unwrap_or_else(|error| panic!("{error:?} {data}"));
        self.subject.apply(&recorded);
        recorded
    }

    fn computes(&mut self, due: &Due) -> bool {
        let subjects = [("premises/p-1".to_owned(), self.subject.clone())].into();
        let as_of = self.time().parse().unwrap();
        let result = compute(&shared_rulebook(), &subjects, due.event_type, &due.stream, as_of).unwrap();
        let Some(result) = result else { return false };
        let told = result["due"].as_str().unwrap_or_default();
        let level = result["level"].as_str().or(result["deadline"].as_str()).unwrap_or_default();
        self.log.push(format!("{} {told} {level}", due.event_type).trim().to_owned());
        let derivation = json!({ "scheme": due.scheme, "subjects": due.subjects });
        let data = json!({ "type": due.event_type, "derivation": derivation, "result": result });
        let stream = due.stream.strip_prefix("premises/p-1/").unwrap().to_owned();
        self.hears(&stream, data);
        true
    }

    /// Records everything that time has brought by this day.
    fn looks_on(&mut self, day: &str) -> &mut Self {
        self.on(day);
        for passed in self.passed() {
            assert!(self.computes(&passed.due), "{passed:?} came to nothing");
        }
        assert_eq!(self.passed(), [], "everything is recorded once");
        self
    }

    fn passed(&self) -> Vec<crate::passing::Passed> {
        crate::passing::passed_alone("premises/p-1", &self.subject, self.time().parse().unwrap(), &shelf())
    }

    fn serves(&mut self, day: &str) -> &mut Self {
        let served = self.subject.served.entry(STREAM.into()).or_default();
        served.insert(day.parse().unwrap());
        self
    }

    fn case(&self) -> &Hazard {
        &self.subject.hazards["7"].state
    }

    fn due(&self) -> Option<String> {
        self.subject.hazard_due("7").map(|due| due.day.to_string())
    }

    /// Asks the case, as it is, on the house's day.
    fn asked(&self) -> Given<Hazard> {
        let mut asked = given::<Hazard>([]).about(self.subject.clone()).on(&self.day);
        asked.become_state(self.case().clone());
        asked.in_stream(STREAM).under(rulebook())
    }
}

fn found_as(severity: &str, works: &str, by: &str) -> Value {
    json!({
        "type": "HazardFound", "indicator": "common_wiring", "severity": severity, "works": works,
        "competent": "fire", "source": "patrol", "suspected": severity == "major", "by": by,
        "scheme": { "id": "pingshan-building-1", "sha256": "00" },
    })
}

fn said(kind: &str) -> Value {
    let mut data = json!({ "type": kind, "by": "a-3" });
    let fields = match kind {
        "DeadlineExtended" => json!({ "until": "2026-04-01" }),
        "ExtensionRequested" => json!({ "until": "2026-04-01" }),
        "HazardClosed" => json!({ "how": "rectified" }),
        "HazardContested" => json!({ "ground": "not_there" }),
        "HazardReplyAnswered" => json!({ "upheld": false }),
        "HazardReviewed" => json!({ "outcome": "confirmed" }),
        "MajorHazardDetermined" => json!({ "major": true, "document_number": "认字1号" }),
        "RectificationOrdered" => json!({ "parties": ["w-1"], "days": 15, "document_number": "改字1号" }),
        "SupervisionOrdered" => json!({ "until": "2026-06-01", "document_number": "督字1号" }),
        "WorksPlanSubmitted" => json!({ "days": 60 }),
        _ => json!({}),
    };
    data.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    data
}

/// A case as these events left it, each of the plain kind, all on 2 March; its order was served on the 3rd.
fn after(kinds: &[&str]) -> House {
    let mut house = House::with_case("general", "repair");
    for kind in kinds {
        house.hears("hazard/7", said(kind));
    }
    if kinds.contains(&"RectificationOrdered") {
        house.serves("2026-03-03");
    }
    house
}

fn confirmed() -> House {
    after(&["HazardReviewed"])
}

fn ordered() -> House {
    after(&["HazardReviewed", "RectificationOrdered"]).at("2026-03-04")
}

fn submitted() -> House {
    let mut house = ordered();
    house.hears("hazard/7", said("RectificationSubmitted"));
    house
}

fn of_party(role: Role, party: &str) -> Grant {
    Grant { role, department: None, area: None, party: Some(party.into()) }
}

fn owner() -> Grant {
    of_party(Role::Owner, "w-1")
}

fn authority() -> Grant {
    Grant { role: Role::CompetentAuthority, department: Some("fire".into()), area: None, party: None }
}

fn lead(area: &str) -> Grant {
    Grant { role: Role::StreetLead, department: None, area: Some(area.into()), party: None }
}

fn photo() -> crate::said::Photo {
    crate::said::Photo { bytes: 3, sha256: "ab".repeat(32), media_type: "image/jpeg".into() }
}

//! Impact: what else falls if a determination is set aside. Nothing is set aside by asking: it tells what rests on the
//! determination as things stand, so that whoever decides knows how far a decision reaches.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Determination, PlaqueKind, Previous};
use crate::appeal;
use crate::credit::Class;
use crate::hazard;
use crate::measure;
use crate::regrade::BUILDING_PROHIBITED;
use crate::rulebook::policy::PatrolRule;
use crate::subject::{HazardOf, Subject};

/// What rests on a determination.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Impact {
    /// The determination.
    pub determination: u64,
    /// Its star.
    pub star: Option<u8>,
    /// The assessment whose results were used.
    pub assessment: String,
    /// Where it stands.
    pub standing: Standing,
    /// What would hold instead; nothing where absent.
    pub holds_then: Option<Previous>,
    /// Later determinations that rest on it, by their number.
    pub determinations: Vec<Rests>,
    /// Cases that its assessment opened and that are not closed.
    pub hazards: Vec<Case>,
    /// Vetoes in force that it names and that what would hold then does not.
    pub vetoes: Vec<String>,
    /// Units of this building that may not be let because it binds.
    pub units: Vec<String>,
    /// Measures and incentives that go with its management level, which is another then.
    pub measures: Vec<Carried>,
    /// Credit files in which it weighs, or conduct that follows from cases of its assessment.
    pub credit: Vec<InFile>,
    /// Notices that tell of it.
    pub notices: Vec<Told>,
    /// Open appeals, and disputes without an outcome, against it: their streams.
    pub contested_in: Vec<String>,
    /// Plaques that hang by it.
    pub plaques: Vec<PlaqueKind>,
    /// How the rounds change; none where they stay as they are.
    pub patrol: Option<Rounds>,
    /// Whether it is what the public pages show.
    pub is_public: bool,
}

/// Where a determination stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It binds.
    InForce,
    /// A later one binds, or it was refused.
    Past,
    /// It was set aside already.
    SetAside,
    /// It waits for a named person.
    Waiting,
}

/// A determination that rests on another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rests {
    /// Its number.
    pub number: u64,
    /// Its star.
    pub star: Option<u8>,
    /// Why.
    pub because: Because,
}

/// Why a determination rests on another.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// Whether it went up or down, and so who had to be heard, was told by comparing it with the other.
    ComparedWithIt,
    /// It was computed from results of the same assessment.
    SameAssessment,
}

/// A case that follows from an assessment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// Its stream.
    pub stream: String,
    /// The indicator.
    pub indicator: String,
    /// How far it is.
    pub stage: &'static str,
}

/// A measure or an incentive that goes with a level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Carried {
    /// Its stream.
    pub stream: String,
    /// The policy's measure, or the kind of incentive.
    pub measure: String,
    /// How far it is.
    pub stage: &'static str,
}

/// What of a determination stands in a party's credit file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InFile {
    /// The party.
    pub party: String,
    /// Whether the grade weighs against it in its newest rating.
    pub weighs: bool,
    /// Numbers of the records of conduct that follow from cases of its assessment and stand.
    pub conduct: Vec<u64>,
    /// Its class by the newest rating.
    pub class: Option<Class>,
}

/// A notice that tells of a determination.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told {
    /// Its stream.
    pub stream: String,
    /// What kind it is.
    pub kind: &'static str,
    /// Whether it was served.
    pub served: bool,
}

/// Rounds before and after.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rounds {
    /// How often by this determination.
    pub now: PatrolRule,
    /// How often by what would hold then; not at all where nothing does.
    pub then: Option<PatrolRule>,
}

/// What rests on determination `number` of the premises `own`. `determinations` are all of theirs in order, `others` the premises
/// whose building they are, and parties that answer for them. None where there is no such determination.
pub fn impact(
    own: &str,
    number: u64,
    subject: &Subject,
    determinations: &[Determination],
    others: &BTreeMap<String, Subject>,
) -> Option<Impact> {
    let it = determinations.iter().find(|of| of.number == number)?;
    let grade = &subject.grade;
    let binds = grade.in_force().is_some_and(|binding| binding.determination.number == number);
    let waits = grade.waiting().is_some_and(|(waiting, _)| waiting.number == number);
    let standing = match () {
        () if grade.set_aside.contains(&number) => Standing::SetAside,
        () if binds => Standing::InForce,
        () if waits => Standing::Waiting,
        () => Standing::Past,
    };
    let mut after = grade.clone();
    after.put_aside(number);
    let then = after.in_force().map(|binding| &binding.determination);
    let acts = binds || waits;
    let vetoes = it.vetoes.iter().filter(|veto| {
        acts && grade.vetoes.contains(*veto) && then.is_none_or(|then| !then.vetoes.contains(veto))
    });
    let then_rule = then.and_then(|then| then.patrol_rule);
    let patrol = it.patrol_rule.filter(|now| acts && Some(*now) != then_rule);
    Some(Impact {
        determination: number,
        star: it.star,
        assessment: it.assessment.clone(),
        standing,
        holds_then: then.map(|then| Previous { number: then.number, star: then.star }),
        determinations: resting(it, determinations),
        hazards: hazards(own, it, subject),
        vetoes: vetoes.cloned().collect(),
        units: if binds && it.star == Some(0) { prohibited(others) } else { Vec::new() },
        measures: if acts { measures(own, it, then, subject) } else { Vec::new() },
        credit: credit(own, it, subject, others),
        notices: notices(own, number, subject),
        contested_in: contested_in(own, number, subject),
        plaques: if binds { plaques(it, then, subject) } else { Vec::new() },
        patrol: patrol.map(|now| Rounds { now, then: then_rule }),
        is_public: binds,
    })
}

fn resting(it: &Determination, determinations: &[Determination]) -> Vec<Rests> {
    let later = determinations.iter().filter(|of| of.number > it.number);
    let rests = later.filter_map(|of| {
        let compared = of.previous.as_ref().is_some_and(|previous| previous.number == it.number);
        let because = match (of.assessment == it.assessment, compared) {
            (true, _) => Because::SameAssessment,
            (false, true) => Because::ComparedWithIt,
            (false, false) => return None,
        };
        Some(Rests { number: of.number, star: of.star, because })
    });
    rests.collect()
}

fn hazards(own: &str, it: &Determination, subject: &Subject) -> Vec<Case> {
    let running = opened(own, it, subject)
        .filter(|(of, _)| !matches!(of.state.stage, hazard::Stage::Closed | hazard::Stage::Dismissed));
    let case = |(of, found): (&HazardOf, &hazard::Found)| Case {
        stream: of.stream.clone(),
        indicator: found.indicator.clone(),
        stage: of.state.stage.code(),
    };
    running.map(case).collect()
}

/// The cases that its assessment opened.
fn opened<'a>(
    own: &str,
    it: &'a Determination,
    subject: &'a Subject,
) -> impl Iterator<Item = (&'a HazardOf, &'a hazard::Found)> {
    let whole = format!("{own}/assessment/{}", it.assessment);
    subject.hazards.values().filter_map(move |of| {
        let found = of.state.found.as_ref()?;
        let cause = found.caused_by.as_ref()?;
        (*cause == it.assessment || *cause == whole).then_some((of, found))
    })
}

/// Files of parties that name the grade, or a case of its assessment.
fn credit(
    own: &str,
    it: &Determination,
    subject: &Subject,
    others: &BTreeMap<String, Subject>,
) -> Vec<InFile> {
    let id = own.trim_start_matches("premises/");
    let cases: Vec<&str> = opened(own, it, subject).map(|(of, _)| of.stream.as_str()).collect();
    let files = others.iter().filter_map(|(key, other)| {
        let (party, file) = (key.strip_prefix("party/")?, &other.credit.state);
        let rating = file.rating.as_ref();
        let weighs = rating.is_some_and(|rating| {
            rating.weights.iter().any(|of| of.premises == id && of.determination == it.number)
        });
        let follows = file.conduct.iter().filter(|(_, of)| {
            of.stands() && of.conduct.basis.stream.as_deref().is_some_and(|stream| cases.contains(&stream))
        });
        let conduct: Vec<u64> = follows.map(|(number, _)| *number).collect();
        let class = rating.and_then(|rating| rating.class.clone());
        (weighs || !conduct.is_empty()).then(|| InFile { party: party.to_owned(), weighs, conduct, class })
    });
    files.collect()
}

fn prohibited(others: &BTreeMap<String, Subject>) -> Vec<String> {
    let by_building = |unit: &Subject| {
        unit.grade
            .latest
            .as_ref()
            .is_some_and(|latest| latest.vetoes.iter().any(|by| by == BUILDING_PROHIBITED))
    };
    others.iter().filter(|(_, unit)| by_building(unit)).map(|(key, _)| key.clone()).collect()
}

fn measures(own: &str, it: &Determination, then: Option<&Determination>, subject: &Subject) -> Vec<Carried> {
    if then.and_then(|then| then.management_level.as_ref()) == it.management_level.as_ref() {
        return Vec::new();
    }
    let carried = subject.measures.iter().filter_map(|(key, of)| {
        use measure::Stage::{Approved, CarriedOut, Granted, Offered, Proposed};
        let proposed = of.state.proposed.as_ref().map(|proposed| &proposed.measure);
        let what = proposed.or(of.state.offered.as_ref().map(|offered| &offered.incentive))?;
        let rests = matches!(of.state.stage, Approved | CarriedOut | Granted | Offered | Proposed);
        rests.then(|| Carried {
            stream: format!("{own}/measure/{key}"),
            measure: what.clone(),
            stage: of.state.stage.code(),
        })
    });
    carried.collect()
}

fn notices(own: &str, number: u64, subject: &Subject) -> Vec<Told> {
    let grade = format!("{own}/grade");
    let told = subject.notices.iter().filter_map(|(key, of)| {
        let issued = of.state.issued.as_ref()?;
        let tells = issued.about == grade && issued.determination == Some(number);
        tells.then(|| Told {
            stream: format!("{own}/notice/{key}"),
            kind: issued.kind.code(),
            served: of.state.served.is_some(),
        })
    });
    told.collect()
}

fn contested_in(own: &str, number: u64, subject: &Subject) -> Vec<String> {
    let appeals = subject.appeals.iter().filter(|(_, of)| {
        let against = of.state.against.as_ref().and_then(|against| against.determination);
        let ended = matches!(
            of.state.stage,
            appeal::Stage::Decided
                | appeal::Stage::NotAdmitted
                | appeal::Stage::Turned
                | appeal::Stage::Withdrawn
        );
        against == Some(number) && !ended
    });
    let disputes = subject.disputes.iter().filter(|(_, of)| {
        let against = of.state.notified.as_ref().and_then(|notified| notified.against.determination);
        against == Some(number) && of.state.outcome.is_none()
    });
    let appeals = appeals.map(|(key, _)| format!("{own}/appeal/{key}"));
    appeals.chain(disputes.map(|(key, _)| format!("{own}/dispute/{key}"))).collect()
}

/// A grade plaque shows another star then; a supervision plaque hangs by the level.
fn plaques(it: &Determination, then: Option<&Determination>, subject: &Subject) -> Vec<PlaqueKind> {
    let hangs = subject.grade.plaques.values().filter(|plaque| match plaque.plaque {
        PlaqueKind::GradePlaque => plaque.shows == it.star && then.and_then(|then| then.star) != it.star,
        PlaqueKind::SupervisionPlaque => {
            then.and_then(|then| then.management_level.as_ref()) != it.management_level.as_ref()
        }
    });
    hangs.map(|plaque| plaque.plaque).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::Event;
    use crate::given::day;
    use crate::given_log::Log;
    use crate::grade;
    use crate::rulebook::Layer;

    const OWN: &str = "premises/u-1";

    /// What falls with a determination of these premises.
    fn falls(log: &Log, own: &str, number: u64) -> Option<Impact> {
        let determinations: Vec<Determination> = (0_u64..)
            .zip(&log.entries)
            .filter(|(_, entry)| entry.stream == format!("{own}/grade"))
            .filter_map(|(at, entry)| match entry.recorded(at).event {
                Event::Grade(grade::Event::GradeDetermined(computed)) => Some(computed.result),
                _ => None,
            })
            .collect();
        let mut others = log.subjects.clone();
        others.retain(|key, _| key != own);
        impact(own, number, log.subject(own), &determinations, &others)
    }

    fn house() -> Log {
        let mut log = Log::new();
        log.registered("b-1", Layer::Building, None);
        log.registered("u-1", Layer::Unit, Some("b-1"));
        log.assessed("2025-01-10", "u-1", "a-0", "first", Layer::Unit, &json!({}));
        log
    }

    #[test]
    fn a_first_grade_leaves_nothing_behind_and_is_what_the_public_sees() {
        let log = house();
        let falls = falls(&log, OWN, 1).unwrap();
        assert_eq!((falls.standing, falls.star), (Standing::InForce, Some(5)));
        assert!(falls.is_public && falls.holds_then.is_none());
        assert_eq!(falls.patrol.unwrap().then, None);
        assert!(falls.determinations.is_empty() && falls.hazards.is_empty() && falls.notices.is_empty());
        assert!(super::tests::falls(&log, OWN, 2).is_none());
    }

    #[test]
    fn what_was_compared_with_it_is_named_with_the_cases_that_its_assessment_opened() {
        let mut log = house();
        let worse = json!({ "smoke_alarm": "unmet" });
        log.assessed("2025-03-10", "u-1", "a-1", "periodic", Layer::Unit, &worse);
        let second = falls(&log, OWN, 2).unwrap();
        let cases: Vec<(&str, &str)> =
            second.hazards.iter().map(|of| (of.indicator.as_str(), of.stage)).collect();
        assert_eq!(cases, [("smoke_alarm", "pending_review")]);
        assert_eq!((second.star, second.determinations), (Some(3), vec![]));
        let first = falls(&log, OWN, 1).unwrap();
        let rests = Rests { number: 2, star: second.star, because: Because::ComparedWithIt };
        assert_eq!((first.determinations, first.hazards), (vec![rests], vec![]));
    }

    #[test]
    fn what_was_computed_again_from_the_same_assessment_falls_with_it() {
        let mut log = house();
        let found = json!({
            "type": "HazardFound", "indicator": "smoke_alarm", "severity": "serious", "works": "minor",
            "competent": "fire", "source": "patrol", "by": "u-2"
        });
        log.hears("2025-03-01", &format!("{OWN}/hazard/h-1"), &found);
        let reviewed =
            json!({ "type": "HazardReviewed", "outcome": "confirmed", "by": "u-3", "competent": "fire" });
        log.hears("2025-03-02", &format!("{OWN}/hazard/h-1"), &reviewed);
        let first = falls(&log, OWN, 1).unwrap();
        let rests: Vec<(u64, Because)> =
            first.determinations.iter().map(|of| (of.number, of.because)).collect();
        assert_eq!(rests, [(2, Because::SameAssessment)]);
        assert!(first.hazards.is_empty(), "a patrol found it");
        // the other way round nothing rests on the later one
        assert_eq!(falls(&log, OWN, 2).unwrap().determinations, []);
    }

    #[test]
    fn the_units_of_a_building_may_be_let_again_if_its_lowest_grade_falls_and_its_veto_ends() {
        let mut log = house();
        log.assessed("2025-01-12", "b-1", "a-0", "first", Layer::Building, &json!({}));
        let fire = json!({
            "type": "IncidentRecorded", "source": "fire", "source_id": "119-7", "category": "fire",
            "severity": "general", "happened_at": "2025-03-01T02:00:00Z"
        });
        log.hears("2025-03-01", "premises/b-1/incident/n-1", &fire);
        let known = json!({ "type": "IncidentConfirmed", "by": "u-2" });
        log.hears("2025-03-02", "premises/b-1/incident/n-1", &known);
        let waiting = falls(&log, "premises/b-1", 2).unwrap();
        assert_eq!((waiting.standing, waiting.star), (Standing::Waiting, Some(0)));
        assert!(waiting.units.is_empty() && !waiting.is_public, "nothing binds yet");
        let confirmed = json!({
            "type": "AdverseGradeConfirmed", "determination": 2, "on": "2025-03-10", "document_number": "1",
            "by": "u-3"
        });
        log.hears("2025-03-10", "premises/b-1/grade", &confirmed);
        log.runs(day("2025-03-20"));
        let ban = falls(&log, "premises/b-1", 2).unwrap();
        assert_eq!((ban.standing, ban.units), (Standing::InForce, vec![OWN.to_owned()]));
        assert_eq!((ban.vetoes.len(), ban.holds_then.unwrap().number), (1, 1), "{:?}", ban.vetoes);
        let rounds = ban.patrol.unwrap();
        assert!(Some(rounds.now) != rounds.then && rounds.then.is_some());
    }

    #[test]
    fn a_grade_that_weighs_in_a_credit_file_is_named_with_the_party_and_its_class() {
        let mut log = Log::new();
        log.registered("b-1", Layer::Building, None);
        log.registered("u-1", Layer::Unit, Some("b-1"));
        let party = json!({ "type": "PartyRegistered", "kind": "enterprise", "by": "a-clerk" });
        log.hears("2025-01-02", "party/y-1", &party);
        let named = json!({ "type": "ResponsiblePartyNamed", "party": "y-1", "role": "owner" });
        log.hears("2025-01-05", OWN, &named);
        let ebike = json!({ "no_ebike_indoors": "unmet" });
        log.assessed("2025-01-10", "u-1", "a-1", "first", Layer::Unit, &ebike);
        let confirmed = json!({
            "type": "AdverseGradeConfirmed", "determination": 1, "on": "2025-02-10", "document_number": "1",
            "by": "u-3"
        });
        log.hears("2025-02-10", &format!("{OWN}/grade"), &confirmed);
        log.runs(day("2025-02-11"));
        let falls = falls(&log, OWN, 1).unwrap();
        let file = falls.credit.first().expect("the file of its owner");
        assert_eq!((file.party.as_str(), file.weighs, falls.credit.len()), ("y-1", true, 1));
        assert!(file.class.is_some() && file.conduct.is_empty());
    }

    #[test]
    fn a_notice_a_plaque_and_an_incentive_rest_on_the_determination_that_they_follow_from() {
        let mut log = house();
        let notice = json!({
            "type": "NoticeIssued", "kind": "result_notice", "about": format!("{OWN}/grade"), "determination": 1,
            "authority": "d", "document_number": "1", "legal_basis": "l", "handling_officers": ["u-1", "u-2"],
            "text_version": "1", "on": "2025-01-11", "by": "u-2"
        });
        log.hears("2025-01-11", &format!("{OWN}/notice/n-1"), &notice);
        let hung = json!({
            "type": "PlaqueHung", "plaque": "grade_plaque", "shows": 5, "place": "entrance", "on": "2025-01-12", "by": "u-1"
        });
        log.hears("2025-01-12", &format!("{OWN}/grade"), &hung);
        let offered = json!({
            "type": "IncentiveOffered", "incentive": "fewer_inspections", "party": "y-1", "basis": "l", "authority": "d",
            "level": "lenient", "on": "2025-01-12", "by": "u-1"
        });
        log.hears("2025-01-12", &format!("{OWN}/measure/m-1"), &offered);
        let falls = falls(&log, OWN, 1).unwrap();
        assert_eq!((falls.measures.len(), falls.measures[0].stage), (1, "offered"));
        assert_eq!(falls.notices.len(), 1);
        assert_eq!((falls.notices[0].kind, falls.notices[0].served), ("result_notice", false));
        assert_eq!(falls.plaques, [PlaqueKind::GradePlaque]);
    }
}

//! The written form of what the folds hold of premises, so that they go on without reading the log again. Every field of
//! the domain's states is named, so that a new one does not compile until it is kept too.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use wuping_domain::assessment::{self, Assessment, Checked, Reason};
use wuping_domain::derivation::SchemeRef;
use wuping_domain::grade::{
    Binding, Determination, Determined, Grade, Plaque, PlaqueKind, Proceeding, Prohibition,
};
use wuping_domain::hazard::{Course, Found, Hazard, Stage};
use wuping_domain::matter::Docket;
use wuping_domain::premises::{Assessor, PartyRole, Premises, Register, Steward};

use crate::counts::Place;
use crate::error::ViewsError;
use crate::grade_book::{GradeBook, Origin};
use crate::held::{Dirty, Held, OpenAssessment, OpenHazard};
use crate::patrol_schedule::{Demand, Rounds};

/// Writes what is held.
///
/// # Errors
/// [`ViewsError::Unread`], which no value of these types gives.
pub(crate) fn write(held: &Held) -> Result<String, ViewsError> {
    serde_json::to_string(&Kept::of(held)).map_err(unread)
}

/// Reads what was written.
///
/// # Errors
/// [`ViewsError::Unread`] if it is something else.
pub(crate) fn read(id: &str, state: &str) -> Result<Held, ViewsError> {
    serde_json::from_str::<Kept>(state).map(|kept| kept.held(id)).map_err(unread)
}

#[derive(Deserialize, Serialize)]
struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    premises: KeptPremises,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grade: Option<KeptGrade>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    assessments: BTreeMap<String, KeptAssessment>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    hazards: BTreeMap<String, KeptHazard>,
    docket: Docket,
    #[serde(default, skip_serializing_if = "is_default")]
    rounds: Rounds,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    counted: Option<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<(String, Demand)>,
}

#[derive(Deserialize, Serialize)]
struct KeptPremises {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    assessors: Vec<Assessor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parties: Vec<PartyRole>,
    register: Option<Register>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    stewards: Vec<Steward>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    vacant: bool,
}

#[derive(Deserialize, Serialize)]
struct KeptGrade {
    /// Of each assessment what binds, and behind it what bound before it.
    binding: BTreeMap<String, Vec<(Determination, NaiveDate, u64)>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    confirmers: BTreeMap<u64, String>,
    count: u64,
    determined: BTreeMap<u64, (String, String, String)>,
    latest: Option<Determination>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    missing: BTreeMap<PlaqueKind, NaiveDate>,
    pending: Option<Proceeding>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    plaques: BTreeMap<PlaqueKind, Plaque>,
    prohibition: Option<Prohibition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prohibition_confirmer: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    refused: BTreeSet<u64>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    set_aside: BTreeSet<u64>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    spared: BTreeSet<(String, u64)>,
    unpublished: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    vetoes: BTreeSet<String>,
    origins: BTreeMap<u64, Origin>,
    prohibited_from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "is_default")]
    bans: u64,
}

#[derive(Deserialize, Serialize)]
struct KeptAssessment {
    lead: String,
    reason: Option<Reason>,
    results: BTreeMap<String, Checked>,
    scheme: Option<SchemeRef>,
    units: Vec<String>,
    opened_on: NaiveDate,
    position: u64,
}

#[derive(Deserialize, Serialize)]
struct KeptHazard {
    competent: String,
    determined: Option<bool>,
    document_number: Option<String>,
    found: Option<Found>,
    stage: String,
    #[serde(default, skip_serializing_if = "is_default")]
    course: Course,
    found_on: NaiveDate,
    confirmed_on: Option<NaiveDate>,
    accepted_on: Option<NaiveDate>,
    position: u64,
}

impl Kept {
    fn of(held: &Held) -> Self {
        // Proposals and claims stand in no view.
        let Premises { assessors, closed_on, parties, register, stewards, tags, vacant, .. } =
            held.premises.clone();
        let book = &held.book;
        Self {
            number: held.number,
            premises: KeptPremises { assessors, closed_on, parties, register, stewards, tags, vacant },
            grade: (!is_default(book)).then(|| KeptGrade::of(book)),
            assessments: held
                .assessments
                .iter()
                .map(|(key, of)| (key.clone(), KeptAssessment::of(of)))
                .collect(),
            hazards: held.hazards.iter().map(|(key, of)| (key.clone(), KeptHazard::of(of))).collect(),
            docket: held.docket.clone(),
            rounds: held.rounds.clone(),
            counted: held.counted.clone(),
            asked: held.asked.clone(),
        }
    }

    fn held(self, id: &str) -> Held {
        let KeptPremises { assessors, closed_on, parties, register, stewards, tags, vacant } = self.premises;
        Held {
            id: id.to_owned(),
            number: self.number,
            premises: Premises {
                assessors,
                closed_on,
                parties,
                register,
                stewards,
                tags,
                vacant,
                ..Premises::default()
            },
            book: self.grade.map(KeptGrade::book).unwrap_or_default(),
            assessments: self.assessments.into_iter().map(|(key, kept)| (key, kept.open())).collect(),
            hazards: self.hazards.into_iter().map(|(key, kept)| (key, kept.open())).collect(),
            docket: self.docket,
            rounds: self.rounds,
            counted: self.counted,
            asked: self.asked,
            dirty: Dirty::default(),
        }
    }
}

impl KeptGrade {
    fn of(book: &GradeBook) -> Self {
        // which prohibitions there were and by which rulebook, and what was said too late, stands in no view
        let Grade {
            bans: _,
            banned_under: _,
            binding,
            confirmers,
            count,
            determined,
            late_statements: _,
            latest,
            missing,
            pending,
            plaques,
            prohibition,
            prohibition_confirmer,
            refused,
            set_aside,
            spared,
            unpublished,
            vetoes,
        } = book.grade.clone();
        let named = |(number, of): (u64, Determined)| (number, (of.assessment, of.assessor, of.direction));
        Self {
            binding: binding.into_iter().map(|(key, of)| (key, layers(of))).collect(),
            confirmers,
            count,
            determined: determined.into_iter().map(named).collect(),
            latest,
            missing,
            pending,
            plaques,
            prohibition,
            prohibition_confirmer,
            refused,
            set_aside,
            spared,
            unpublished,
            vetoes,
            origins: book.origins.clone(),
            prohibited_from: book.prohibited_from,
            bans: book.bans,
        }
    }

    fn book(self) -> GradeBook {
        let named = |(number, (assessment, assessor, direction))| {
            (number, Determined { assessment, assessor, direction })
        };
        GradeBook {
            grade: Grade {
                binding: self.binding.into_iter().filter_map(|(key, of)| Some((key, binding(of)?))).collect(),
                confirmers: self.confirmers,
                count: self.count,
                determined: self.determined.into_iter().map(named).collect(),
                latest: self.latest,
                missing: self.missing,
                pending: self.pending,
                plaques: self.plaques,
                prohibition: self.prohibition,
                prohibition_confirmer: self.prohibition_confirmer,
                refused: self.refused,
                set_aside: self.set_aside,
                spared: self.spared,
                unpublished: self.unpublished,
                vetoes: self.vetoes,
                ..Grade::default()
            },
            origins: self.origins,
            prohibited_from: self.prohibited_from,
            bans: self.bans,
        }
    }
}

/// What binds, and behind it what bound before it, newest first.
fn layers(of: Binding) -> Vec<(Determination, NaiveDate, u64)> {
    let mut layers = Vec::new();
    let mut next = Some(Box::new(of));
    while let Some(binding) = next {
        let Binding { determination, effective_from, first, before } = *binding;
        layers.push((determination, effective_from, first));
        next = before;
    }
    layers
}

fn binding(layers: Vec<(Determination, NaiveDate, u64)>) -> Option<Binding> {
    layers.into_iter().rev().fold(None, |before, (determination, effective_from, first)| {
        Some(Binding { determination, effective_from, first, before: before.map(Box::new) })
    })
}

impl KeptAssessment {
    fn of(open: &OpenAssessment) -> Self {
        // Only open ones are held, so that the stage says nothing.
        let Assessment { lead, reason, results, scheme, stage: _, units } = open.state.clone();
        Self { lead, reason, results, scheme, units, opened_on: open.opened_on, position: open.position }
    }

    fn open(self) -> OpenAssessment {
        OpenAssessment {
            state: Assessment {
                lead: self.lead,
                reason: self.reason,
                results: self.results,
                scheme: self.scheme,
                stage: assessment::Stage::Open,
                units: self.units,
            },
            opened_on: self.opened_on,
            position: self.position,
        }
    }
}

impl KeptHazard {
    fn of(open: &OpenHazard) -> Self {
        let Hazard { competent, determined, document_number, found, stage, course } = open.state.clone();
        Self {
            competent,
            determined,
            document_number,
            found,
            stage: stage.code().to_owned(),
            course,
            found_on: open.found_on,
            confirmed_on: open.confirmed_on,
            accepted_on: open.accepted_on,
            position: open.position,
        }
    }

    fn open(self) -> OpenHazard {
        let stage = Stage::ALL.into_iter().find(|stage| stage.code() == self.stage);
        OpenHazard {
            state: Hazard {
                competent: self.competent,
                determined: self.determined,
                document_number: self.document_number,
                found: self.found,
                stage: stage.unwrap_or(Stage::PendingReview),
                course: self.course,
            },
            found_on: self.found_on,
            confirmed_on: self.confirmed_on,
            accepted_on: self.accepted_on,
            position: self.position,
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn unread(source: serde_json::Error) -> ViewsError {
    ViewsError::Unread { what: "state of premises", source }
}

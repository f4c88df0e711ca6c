//! Why premises have their grade: the determination read with its rulebook's words, and the cheapest way up.

use std::fmt::Write as _;

use serde::Serialize;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::event::{Unreadable, Written, read};
use wuping_domain::explain::{WayUp, cheapest_to_star};
use wuping_domain::grade::Determination;
use wuping_domain::grading::{Question, grade};
use wuping_domain::reaction::Rulebooks;
use wuping_domain::refused::Refused;
use wuping_domain::subject::Subject;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;

/// A grade explained.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// Id of the premises.
    pub premises: String,
    /// The address.
    pub address: String,
    /// The rulebook that the newest determination was made under.
    pub rulebook: SchemeRef,
    /// The newest determination, whole.
    pub determined: Determination,
    /// Number of the determination that binds, where one does.
    pub in_force: Option<u64>,
    /// Every indicator that lost points, the largest loss first.
    pub lost: Vec<Lost>,
    /// Positions of the entries it rests on.
    pub positions: Vec<u64>,
    /// The cheapest way up, where it was asked for.
    pub way_up: Option<WayUp>,
}

/// Points that an indicator lost.
#[derive(Debug, Serialize)]
pub struct Lost {
    /// The indicator.
    pub indicator: String,
    /// Its Chinese name.
    pub zh: String,
    /// Its English name.
    pub en: String,
    /// Points lost.
    pub lost: u64,
    /// Points it counts with.
    pub applicable: u64,
    /// Whether it is in a failed row.
    pub failed: bool,
}

/// Why there is no explanation.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// Nothing was determined.
    #[error("{premises} has no grade yet; check the code, or look at its history")]
    NoGrade {
        /// Which premises.
        premises: String,
    },
    /// The rulebook refuses.
    #[error("the rulebook gives no answer")]
    Refused(#[from] Refused),
    /// The rulebook is not kept.
    #[error("the rulebook {id} is not kept beside the log; run “wuping verify”")]
    Rulebook {
        /// Which.
        id: String,
    },
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
    /// An entry cannot be understood.
    #[error("an entry cannot be understood")]
    Unreadable(#[from] Unreadable),
}

/// Explain the newest grade of premises.
///
/// # Errors
/// [`ExplainError`].
pub fn explain(
    reader: &Reader,
    rulebooks: &dyn Rulebooks,
    premises: &str,
    to_star: Option<u8>,
) -> Result<Explanation, ExplainError> {
    let mut subject = Subject::default();
    let mut positions = Vec::new();
    for entry in reader.subject(&format!("premises/{premises}"), None)? {
        positions.push(entry.position);
        subject.apply(&read(&Written {
            data: &entry.data,
            event_id: &entry.event_id,
            occurred_at: &entry.occurred_at,
            position: entry.position,
            recorded_at: &entry.recorded_at,
            stream: &entry.stream,
            version: entry.version,
        })?);
    }
    let no_grade = || ExplainError::NoGrade { premises: premises.to_owned() };
    let determined = subject.grade.latest.clone().ok_or_else(no_grade)?;
    let of = subject.assessments.get(&determined.assessment).ok_or_else(no_grade)?;
    let scheme = of.state.scheme.clone().ok_or_else(no_grade)?;
    let rulebook =
        rulebooks.rulebook(&scheme).ok_or_else(|| ExplainError::Rulebook { id: scheme.id.clone() })?;
    let way_up = match to_star {
        Some(star) => {
            let grading = grade(&rulebook, &Question::of(determined.determined_on, of.state.outcomes()))?;
            Some(cheapest_to_star(&rulebook, &grading, star)?)
        }
        None => None,
    };
    let mut lost: Vec<Lost> = determined
        .points
        .iter()
        .filter(|(_, (earned, applicable))| earned < applicable)
        .map(|(id, (earned, applicable))| {
            let indicator = rulebook.indicator(id);
            Lost {
                indicator: id.clone(),
                zh: indicator.map(|i| i.zh.clone()).unwrap_or_default(),
                en: indicator.map(|i| i.en.clone()).unwrap_or_default(),
                lost: applicable - earned,
                applicable: *applicable,
                failed: determined.failed.contains(id),
            }
        })
        .collect();
    lost.sort_by(|a, b| b.lost.cmp(&a.lost).then_with(|| a.indicator.cmp(&b.indicator)));
    Ok(Explanation {
        premises: premises.to_owned(),
        address: subject
            .premises
            .register
            .as_ref()
            .map(|register| register.address.clone())
            .unwrap_or_default(),
        rulebook: scheme,
        in_force: subject.grade.in_force().map(|binding| binding.determination.number),
        determined,
        lost,
        positions,
        way_up,
    })
}

impl Explanation {
    /// The explanation in lines of words.
    pub fn in_words(&self) -> String {
        let grade = &self.determined;
        let mut text = format!("{} — {}\n", self.premises, self.address);
        let star = grade.star.map_or_else(String::new, |star| format!(", {star} star(s)"));
        let state = if self.in_force == Some(grade.number) { "in force" } else { "not in force" };
        let _ = writeln!(
            text,
            "determination {} of {}: {} points, {}{star}, {state} ({})",
            grade.number, grade.determined_on, grade.score, grade.band, grade.trigger
        );
        let _ = writeln!(text, "rulebook {} (sha256 {})", self.rulebook.id, self.rulebook.sha256);
        let _ = writeln!(text, "{} of {} applicable points earned", grade.earned, grade.applicable);
        for lost in &self.lost {
            let failed = if lost.failed { ", failed" } else { "" };
            let _ =
                writeln!(text, "  −{} of {}  {} {}{failed}", lost.lost, lost.applicable, lost.zh, lost.en);
        }
        for cap in &grade.caps {
            let _ = writeln!(text, "  at most {} star(s): {}", cap.star, cap.by);
        }
        for veto in &grade.vetoes {
            let _ = writeln!(text, "  veto: {veto}");
        }
        if let Some(way) = &self.way_up {
            let _ = writeln!(text, "to reach {} star(s), put right: ", way.star);
            for step in &way.put_right {
                let _ = writeln!(text, "  {} {}", step.zh, step.en);
            }
            for lift in &way.lift {
                let _ = writeln!(text, "  to be lifted: {lift}");
            }
        }
        let _ = writeln!(text, "rests on entries {:?}", self.positions);
        text
    }
}

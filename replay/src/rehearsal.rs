//! Rehearsal: a drafted rulebook applied to the results that are on record, premises by premises. Nothing is recorded by it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rayon::prelude::*;
use serde::Serialize;
use wuping_domain::assessment::Stage;
use wuping_domain::event::Unreadable;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::recorded::local_date;
use wuping_domain::regrade::as_registered;
use wuping_domain::rehearsal::{Direction, Doubt, Rehearsed, doubts, rehearse};
use wuping_domain::rulebook::{Rulebook, name_of};
use wuping_domain::subject::{AssessmentOf, Subject};
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_projections::recording::recorded;

use crate::report::code_of;

/// What is rehearsed.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The draft.
    pub draft: &'a Rulebook,
    /// The rulebook that it is compared with; the one that each result was made under where there is none.
    pub against: Option<&'a Rulebook>,
    /// Whether every submitted assessment is graded, and not only the last of each premises.
    pub every: bool,
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Rehearsal {
    /// The draft's id.
    pub draft: String,
    /// The rulebook that it was compared with, where it was one for all.
    pub against: Option<String>,
    /// Position of the last entry that was taken account of.
    pub position: Option<u64>,
    /// Premises with results.
    pub premises: u64,
    /// Assessments that were graded under both.
    pub assessments: u64,
    /// Of these: those that would fall, stay, rise.
    pub down: u64,
    /// See `down`.
    pub same: u64,
    /// See `down`.
    pub up: u64,
    /// Assessments whose score alone would be another.
    pub only_score: u64,
    /// Assessments that cannot be graded under one of them, by why.
    pub ungradable: BTreeMap<String, u64>,
    /// Indicators that the draft adds, with how many assessments know nothing of them: taken to be met.
    pub assumed: BTreeMap<String, u64>,
    /// What can never happen under the draft, or caps nothing.
    pub doubts: Vec<Doubt>,
    /// Who would move, those that fall first.
    pub moves: Vec<Move>,
}

/// Somebody's premises that would move.
#[derive(Clone, Debug, Serialize)]
pub struct Move {
    /// The code of the premises, as in the report of grades.
    pub code: String,
    /// Their id.
    pub premises: String,
    /// The assessment.
    pub assessment: String,
    /// The day by which its result is judged.
    pub assessed_on: Option<NaiveDate>,
    /// Which way, from what to what, and why.
    #[serde(flatten)]
    pub rehearsed: Rehearsed,
}

/// Why nothing could be rehearsed.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// The ledger could not be read.
    #[error("the ledger could not be read for the rehearsal")]
    Ledger(#[from] StoreError),
    /// An entry cannot be understood.
    #[error("the ledger holds an entry that this program cannot read")]
    Unreadable(#[from] Unreadable),
}

/// Grade what is on record under the draft and under what it is compared with.
///
/// # Errors
/// [`RehearsalError`] if the ledger cannot be read or an entry not understood.
pub fn rehearsal(
    reader: &Reader,
    rulebooks: &(dyn Rulebooks + Sync),
    asked: Asked<'_>,
) -> Result<Rehearsal, RehearsalError> {
    let entries = reader.size()?;
    let today = today(reader, entries)?;
    let mut subjects: Vec<String> = Vec::new();
    reader.last_of_streams(|last| {
        let mut path = last.stream.split('/');
        if let (Some("premises"), Some(id), Some("assessment")) = (path.next(), path.next(), path.next()) {
            subjects.push(id.to_owned());
        }
        Ok(())
    })?;
    subjects.sort();
    subjects.dedup();
    let of = |id: &String| of_premises(reader, rulebooks, asked, id, (entries, today));
    let all: Vec<Vec<Graded>> = subjects.par_iter().map(of).collect::<Result<_, RehearsalError>>()?;
    let mut rehearsal = Rehearsal {
        draft: asked.draft.id.clone(),
        against: asked.against.map(|against| against.id.clone()),
        position: entries.checked_sub(1),
        doubts: doubts(asked.draft),
        ..Rehearsal::default()
    };
    for graded in all.into_iter().filter(|graded| !graded.is_empty()) {
        rehearsal.premises += 1;
        graded.into_iter().for_each(|graded| rehearsal.add(graded));
    }
    let key = |of: &Move| (of.rehearsed.direction, of.code.clone(), of.assessed_on, of.assessment.clone());
    rehearsal.moves.sort_by_cached_key(key);
    Ok(rehearsal)
}

/// One assessment under both, or why not.
type Graded = Result<Move, String>;

impl Rehearsal {
    fn add(&mut self, graded: Graded) {
        let of = match graded {
            Ok(of) => of,
            Err(why) => {
                *self.ungradable.entry(why).or_default() += 1;
                return;
            }
        };
        self.assessments += 1;
        for indicator in &of.rehearsed.assumed {
            *self.assumed.entry(indicator.clone()).or_default() += 1;
        }
        match of.rehearsed.direction {
            Direction::Down => self.down += 1,
            Direction::Same => self.same += 1,
            Direction::Up => self.up += 1,
        }
        if of.rehearsed.direction != Direction::Same {
            self.moves.push(of);
        } else if of.rehearsed.was.score != of.rehearsed.is.score {
            self.only_score += 1;
        }
    }
}

fn of_premises(
    reader: &Reader,
    rulebooks: &(dyn Rulebooks + Sync),
    asked: Asked<'_>,
    id: &str,
    (entries, today): (u64, NaiveDate),
) -> Result<Vec<Graded>, RehearsalError> {
    let mut subject = Subject::default();
    reader.each_of_subject(&format!("premises/{id}"), Some(entries), |row| {
        subject.apply(&recorded(&row)?);
        Ok::<_, RehearsalError>(())
    })?;
    let register = subject.premises.register.as_ref();
    let concerned = register.is_some_and(|register| register.layer == asked.draft.layer);
    // what is closed is graded by nobody any more; its evaluations were made all the same
    if !concerned || (subject.premises.closed_on.is_some() && !asked.every) {
        return Ok(vec![]);
    }
    let family = name_of(&asked.against.unwrap_or(asked.draft).id).unwrap_or_default();
    let of_family =
        |of: &AssessmentOf| of.state.scheme.as_ref().and_then(|scheme| name_of(&scheme.id)) == Some(family);
    let last = subject.last_submitted().map(|(key, _)| key);
    let submitted = subject.assessments.iter().filter(|(key, of)| {
        of.state.stage == Stage::Submitted && of_family(of) && (asked.every || last == Some(*key))
    });
    let graded = |(key, of): (&String, &AssessmentOf)| -> Graded {
        let own = of.state.scheme.as_ref().and_then(|scheme| rulebooks.rulebook(scheme));
        let against: Option<&Rulebook> = asked.against.or(own.as_deref());
        let against = against.ok_or_else(|| "rulebook_missing".to_owned())?;
        let on = of.submitted_on.filter(|_| !against.policy.operating).unwrap_or(today);
        let question = as_registered(against, &subject, key, of, on);
        let rehearsed = rehearse(against, asked.draft, &question).map_err(|refused| {
            let ids = refused.ids.unwrap_or_default().join(", ");
            if ids.is_empty() { refused.error } else { format!("{}: {ids}", refused.error) }
        })?;
        Ok(Move {
            code: code_of(register, id),
            premises: id.to_owned(),
            assessment: key.clone(),
            assessed_on: of.submitted_on,
            rehearsed,
        })
    };
    Ok(submitted.map(graded).collect())
}

/// The day of the last entry.
fn today(reader: &Reader, entries: u64) -> Result<NaiveDate, RehearsalError> {
    let mut day = NaiveDate::MIN;
    let Some(last) = entries.checked_sub(1) else { return Ok(day) };
    reader.rows(last, entries, |row| {
        day = local_date(recorded(&row)?.recorded_at);
        Ok::<_, RehearsalError>(())
    })?;
    Ok(day)
}

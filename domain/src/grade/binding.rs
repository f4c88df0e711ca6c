//! Binding: a determination that took effect, with what held before it by the same assessment.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Determination, Grade};

/// A determination that took effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// What was determined.
    pub determination: Determination,
    /// From which day it binds.
    pub effective_from: NaiveDate,
    /// Number of the determination by which this assessment first took effect. Of two assessments of one day the one
    /// that was later then stays the newer one, whichever of them is corrected since.
    pub first: u64,
    /// What of the same assessment bound before it, and holds again if this one is set aside.
    pub before: Option<Box<Binding>>,
}

/// What is remembered of every determination.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Determined {
    /// The assessment whose results were used.
    pub assessment: String,
    /// Who submitted it.
    pub assessor: String,
    /// `first`, `up`, `down` or `same`.
    pub direction: String,
}

impl Determined {
    pub(super) fn of(determination: &Determination) -> Self {
        Self {
            assessment: determination.assessment.clone(),
            assessor: determination.assessor.clone(),
            direction: determination.direction.clone(),
        }
    }
}

impl Binding {
    /// Numbers of this determination and of all that bound before it.
    pub fn numbers(&self) -> Vec<u64> {
        std::iter::successors(Some(self), |binding| binding.before.as_deref())
            .map(|binding| binding.determination.number)
            .collect()
    }
}

impl Grade {
    pub(super) fn bind(&mut self, number: u64, effective_from: NaiveDate) {
        let stands = !self.set_aside.contains(&number);
        if let Some(latest) = self.latest.as_ref().filter(|latest| stands && latest.number == number) {
            let before = self.binding.remove(&latest.assessment).map(Box::new);
            let first = before.as_ref().map_or(number, |before| before.first);
            let binding = Binding { determination: latest.clone(), effective_from, first, before };
            self.binding.insert(latest.assessment.clone(), binding);
            self.pending = None;
        }
    }

    /// The determination holds no longer: what of its assessment held before it holds again, if that was not set aside too.
    pub(super) fn put_aside(&mut self, number: u64) {
        let Some(assessment) = self.determined.get(&number).map(|of| of.assessment.clone()) else { return };
        self.set_aside.insert(number);
        if self.is_latest(number) {
            self.pending = None;
        }
        while let Some(binding) = self.binding.remove(&assessment) {
            if !self.set_aside.contains(&binding.determination.number) {
                self.binding.insert(assessment, binding);
                return;
            }
            let Some(before) = binding.before else { return };
            self.binding.insert(assessment.clone(), *before);
        }
    }
}

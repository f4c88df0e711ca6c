//! What our reckoning has against the scores that Toronto published since 2023. Both stand; neither is mended.

use std::collections::BTreeMap;

use wuping_domain::grading::{self, Question};
use wuping_domain::rulebook::Rulebook;

use crate::import::Finding;
use crate::import::toronto_row::{Cells, RowKey, thousandths};
use crate::import::toronto_since2023::{Kind, Publication, Step};

/// Findings as the publications come, one after another.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    earlier: Vec<Finding>,
    rulebook: &'a Rulebook,
    standing: BTreeMap<RowKey, Vec<Finding>>,
}

impl<'a> Findings<'a> {
    /// None yet, by this rulebook.
    pub(super) const fn by(rulebook: &'a Rulebook) -> Self {
        Self { earlier: Vec::new(), rulebook, standing: BTreeMap::new() }
    }

    /// Take what a publication did to a row.
    pub(super) fn take(&mut self, publication: &Publication, step: &Step) {
        if step.kind == Kind::Changed && step.before.scores_as(&step.after) {
            return;
        }
        let mut now = match step.kind {
            Kind::Gone => vec![],
            Kind::Again | Kind::Changed | Kind::First => {
                of(&step.key, &step.after, publication, self.rulebook)
            }
        };
        let before = self.standing.remove(&step.key).unwrap_or_default();
        for before in before {
            match now.iter_mut().find(|found| same(found, &before)) {
                Some(found) => found.publication = before.publication,
                None => self.earlier.push(before),
            }
        }
        if !now.is_empty() {
            self.standing.insert(step.key.clone(), now);
        }
    }

    /// The findings of the last publication, and those of earlier ones that are none of it, each once.
    pub(super) fn settled(self) -> (Vec<Finding>, Vec<Finding>) {
        let last: Vec<Finding> = self.standing.into_values().flatten().collect();
        let mut earlier: Vec<Finding> = Vec::new();
        for found in self.earlier {
            if !last.iter().chain(&earlier).any(|known| same(known, &found)) {
                earlier.push(found);
            }
        }
        (last.into_iter().map(|found| Finding { publication: None, ..found }).collect(), earlier)
    }
}

fn same(one: &Finding, other: &Finding) -> bool {
    let what = |found: &Finding| {
        (
            found.code.clone(),
            found.rsn.clone(),
            found.row.clone(),
            found.published.clone(),
            found.computed.clone(),
        )
    };
    what(one) == what(other)
}

fn of(key: &RowKey, cells: &Cells, publication: &Publication, rulebook: &Rulebook) -> Vec<Finding> {
    let [proactive, current, reactive] =
        ["PROACTIVE BUILDING SCORE", "CURRENT BUILDING EVAL SCORE", "CURRENT REACTIVE SCORE"]
            .map(|column| cells.cell(column));
    let finding = |code: &str, published: &str, computed: String| Finding {
        code: code.to_owned(),
        rsn: key.rsn.clone(),
        row: key.assessment(),
        published: published.to_owned(),
        computed,
        publication: Some(publication.number),
    };
    let mut findings = Vec::new();
    match grading::grade(rulebook, &Question::of(publication.day, cells.outcomes(rulebook))) {
        // a row that shows no score and has nothing to make one of is no contradiction
        Err(_) if proactive.is_empty() && current.is_empty() => {}
        Err(refused) => {
            let published = if proactive.is_empty() { current } else { proactive };
            findings.push(finding(&refused.error, published, "none".to_owned()));
        }
        Ok(graded) if is(proactive, graded.score) => {}
        Ok(graded) if is(proactive, rounded_twice(graded.earned, graded.applicable)) => {
            findings.push(finding("rounded_twice", proactive, graded.score.to_string()));
        }
        Ok(graded) => findings.push(finding("does_not_follow", proactive, graded.score.to_string())),
    }
    if let (Some(proactive), Some(reactive), Some(shown)) =
        (thousandths(proactive), thousandths(reactive), thousandths(current))
        && proactive + reactive != shown
    {
        findings.push(finding("current_is_not_the_sum", current, told(proactive + reactive)));
    }
    findings
}

fn is(published: &str, score: u64) -> bool {
    thousandths(published).is_some_and(|published| u64::try_from(published) == Ok(score * 1000))
}

/// The score that comes of rounding to one decimal first and then to a whole number, half up both times.
const fn rounded_twice(earned: u64, applicable: u64) -> u64 {
    let tenths = (2000 * earned + applicable) / (2 * applicable);
    (tenths + 5) / 10
}

fn told(thousandths: i64) -> String {
    match thousandths % 1000 {
        0 => (thousandths / 1000).to_string(),
        part => format!("{}.{:03}", thousandths / 1000, part.abs()).trim_end_matches('0').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_twice_gives_more_than_rounding_once_just_below_the_half() {
        // 84.4512 % becomes 84.5, and that 85
        assert_eq!(rounded_twice(844_512, 1_000_000), 85);
        assert_eq!(rounded_twice(844_412, 1_000_000), 84);
        assert_eq!(rounded_twice(1, 1), 100);
    }

    #[test]
    fn a_sum_is_told_as_it_is_published() {
        assert_eq!((told(64_000), told(81_100), told(-500)), ("64".into(), "81.1".into(), "0.5".into()));
    }
}

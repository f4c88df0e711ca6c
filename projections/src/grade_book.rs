//! Grade book: all that was determined about one premises' grade, with the days from which it holds. What binds is the
//! domain's own answer; this keeps beside it where each result stands in the ledger, and tells what each entry changed.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use wuping_domain::aggregate::Concept;
use wuping_domain::derivation::{Computed, Derivation, SchemeRef};
use wuping_domain::grade::{self, Binding, Determination, Grade};
use wuping_domain::recorded::Recorded;

/// The grade of one premises, with the place of each result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GradeBook {
    pub(crate) grade: Grade,
    pub(crate) origins: BTreeMap<u64, Origin>,
    /// The day from which the prohibition in force holds.
    pub(crate) prohibited_from: Option<NaiveDate>,
    /// How many prohibitions there were: the number of the last one.
    pub(crate) bans: u64,
}

/// Where a determination stands.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Origin {
    /// Position of its entry.
    pub position: u64,
    /// The rulebook it was computed under.
    pub scheme: SchemeRef,
}

/// A result with its day and place.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The reckoning, without the points of each indicator.
    pub determination: Determination,
    /// From which day it binds; the day of determination where it does not bind yet.
    pub effective_from: NaiveDate,
    /// Where it stands.
    pub origin: Origin,
}

/// What an entry did to the grade.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// A result that took effect by this entry.
    pub bound: Option<Standing>,
    /// A new determination.
    pub determined: Option<Standing>,
    /// What is in force now, where that is another than before: `Some(None)` if nothing is.
    pub in_force: Option<Option<Standing>>,
    /// An assessment's result became public or ceased to be, from this day on.
    pub publication: Option<Publication>,
    /// Number of a determination that ceased to hold, with the day from which it does not.
    pub set_aside: Option<(u64, NaiveDate)>,
}

/// That a result is public from a day on, or is not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Publication {
    /// The assessment it came from.
    pub assessment: String,
    /// From which day.
    pub from: NaiveDate,
    /// Whether it is public.
    pub public: bool,
}

impl GradeBook {
    /// Take an entry of this grade's stream.
    pub fn apply<E>(&mut self, recorded: &Recorded<E>, event: &grade::Event) -> Change {
        let (before, bound_before) = (self.binds(), self.latest_binds());
        let mut change = Change::default();
        match event {
            grade::Event::GradeDetermined(computed) => {
                let slim = slim(computed);
                let number = slim.result.number;
                let origin =
                    Origin { position: recorded.position, scheme: computed.derivation.scheme.clone() };
                self.origins.insert(number, origin.clone());
                change.determined = Some(Standing {
                    determination: slim.result.clone(),
                    effective_from: slim.result.determined_on,
                    origin,
                });
                self.grade.evolve(&grade::Event::GradeDetermined(slim));
                self.forget_superseded();
            }
            event => self.grade.evolve(event),
        }
        match event {
            grade::Event::GradePublished(published) => {
                let assessment = &published.facts().assessment;
                change.publication = Some(publication(assessment, recorded.holds_from(), true));
            }
            grade::Event::GradeSetAside(computed) => {
                let number = computed.result.determination;
                let known = self.grade.set_aside.contains(&number);
                change.set_aside = known.then_some((number, computed.result.on));
            }
            grade::Event::GradeUnpublished { assessment, .. } => {
                change.publication = Some(publication(assessment, recorded.holds_from(), false));
            }
            grade::Event::ProhibitionConfirmed { .. } => {
                self.prohibited_from = Some(recorded.holds_from());
                self.bans += 1;
            }
            // the building's, which stands over the rest of it
            grade::Event::ProhibitionSetAside(computed) if computed.result.of.is_some() => {}
            grade::Event::ProhibitionLiftConfirmed { .. } | grade::Event::ProhibitionSetAside(_) => {
                self.prohibited_from = None;
            }
            _ => {}
        }
        if self.latest_binds() != bound_before {
            change.bound = self.latest_binding().and_then(|binding| self.standing(binding));
        }
        if self.binds() != before {
            change.in_force = Some(self.in_force());
        }
        change
    }

    /// The domain's own state.
    pub const fn grade(&self) -> &Grade {
        &self.grade
    }

    /// What binds.
    pub fn in_force(&self) -> Option<Standing> {
        self.grade.in_force().and_then(|binding| self.standing(binding))
    }

    /// The newest determination.
    pub fn latest(&self) -> Option<Standing> {
        let latest = self.grade.latest.as_ref()?;
        Some(Standing {
            determination: latest.clone(),
            effective_from: self
                .latest_binding()
                .map_or(latest.determined_on, |binding| binding.effective_from),
            origin: self.origins.get(&latest.number)?.clone(),
        })
    }

    /// Whether the newest result is public.
    pub fn is_published(&self) -> bool {
        self.grade.latest.as_ref().is_some_and(|latest| !self.grade.unpublished.contains(&latest.assessment))
    }

    /// The day from which the prohibition in force holds.
    pub const fn prohibited_from(&self) -> Option<NaiveDate> {
        self.prohibited_from
    }

    /// What the newest determination waits for: `invitation`, `statement` (or the end of its period), `consideration`,
    /// `confirmation`. Whether the period is over is a question of the day, which a fold does not know.
    pub fn waiting_for(&self) -> Option<&'static str> {
        let (determination, proceeding) = self.grade.waiting()?;
        Some(match proceeding {
            _ if !determination.adverse => "confirmation",
            proceeding if proceeding.invited_on.is_none() => "invitation",
            proceeding if proceeding.statement_on.is_none() => "statement",
            proceeding if proceeding.considered_on.is_none() => "consideration",
            _ => "confirmation",
        })
    }

    fn standing(&self, binding: &Binding) -> Option<Standing> {
        Some(Standing {
            determination: binding.determination.clone(),
            effective_from: binding.effective_from,
            origin: self.origins.get(&binding.determination.number)?.clone(),
        })
    }

    fn binds(&self) -> Option<(u64, NaiveDate)> {
        self.grade.in_force().map(number_and_day)
    }

    fn latest_binds(&self) -> Option<(u64, NaiveDate)> {
        self.latest_binding().map(number_and_day)
    }

    /// The newest determination as it took effect, if it did.
    fn latest_binding(&self) -> Option<&Binding> {
        let latest = self.grade.latest.as_ref()?;
        self.grade.binding.get(&latest.assessment).filter(|bound| bound.determination.number == latest.number)
    }

    /// A place is needed only while its result binds or is the newest.
    fn forget_superseded(&mut self) {
        let (grade, latest) = (&self.grade, self.grade.latest.as_ref().map(|latest| latest.number));
        if self.origins.len() > grade.binding.len() + 1 {
            let bound: Vec<u64> = grade.binding.values().flat_map(Binding::numbers).collect();
            self.origins.retain(|number, _| Some(*number) == latest || bound.contains(number));
        }
    }
}

/// One premises' whole history with days, for questions of what held on a day.
#[derive(Clone, Debug, Default)]
pub struct Chronicle {
    /// The grade as it is now.
    pub book: GradeBook,
    bound: Vec<Standing>,
    determined: Vec<Standing>,
    publications: Vec<Publication>,
    set_aside: Vec<(u64, NaiveDate)>,
}

impl Chronicle {
    /// Take an entry of this grade's stream.
    pub fn apply<E>(&mut self, recorded: &Recorded<E>, event: &grade::Event) {
        let change = self.book.apply(recorded, event);
        self.bound.extend(change.bound);
        self.determined.extend(change.determined);
        self.publications.extend(change.publication);
        self.set_aside.extend(change.set_aside);
    }

    /// What held on this day by what is known now: of the results effective by then and public then, that of the newest
    /// assessment. What was said last about a result's being public counts, of what holds by that day.
    pub fn valid_at(&self, day: NaiveDate) -> Option<&Standing> {
        let mut newest: BTreeMap<&str, (u64, &Standing)> = BTreeMap::new();
        // of one assessment the last result counts, though an earlier one was of a later day before it was corrected
        let held = |standing: &&Standing| {
            standing.effective_from <= day && !self.ceased(standing.determination.number, day)
        };
        for standing in self.bound.iter().filter(held) {
            let number = standing.determination.number;
            let of = newest.entry(&standing.determination.assessment).or_insert((number, standing));
            of.1 = standing;
        }
        newest
            .into_iter()
            .filter(|(assessment, _)| self.was_public(assessment, day))
            .map(|(_, of)| of)
            .max_by_key(|(first, standing)| (standing.determination.assessed_on, *first))
            .map(|(_, standing)| standing)
    }

    /// What took effect by this day and was not set aside by then, in the order of the ledger.
    pub fn took_effect_by(&self, day: NaiveDate) -> impl Iterator<Item = &Standing> {
        let bound = self.bound.iter().filter(move |standing| standing.effective_from <= day);
        bound.filter(move |standing| !self.ceased(standing.determination.number, day))
    }

    /// What was determined by this day and had not taken effect by then: it waited, or was refused.
    pub fn determined_at(&self, day: NaiveDate) -> Option<&Standing> {
        let latest = self.determined.iter().rev().find(|standing| standing.effective_from <= day)?;
        let number = latest.determination.number;
        if self.ceased(number, day) {
            return None;
        }
        let took_effect = self
            .bound
            .iter()
            .any(|bound| bound.determination.number == number && bound.effective_from <= day);
        (!took_effect).then_some(latest)
    }

    /// What was determined last and has not taken effect: it waits, or was refused.
    pub fn determined(&self) -> Option<&Standing> {
        let latest = self.determined.last()?;
        let number = latest.determination.number;
        let ended = self.set_aside.iter().any(|(ended, _)| *ended == number);
        let took_effect = self.bound.iter().any(|bound| bound.determination.number == number);
        (!ended && !took_effect).then_some(latest)
    }

    /// Whether a determination was set aside from this day or an earlier one.
    fn ceased(&self, number: u64, day: NaiveDate) -> bool {
        self.set_aside.iter().any(|(ended, from)| *ended == number && *from <= day)
    }

    fn was_public(&self, assessment: &str, day: NaiveDate) -> bool {
        let said = self.publications.iter().rev();
        said.filter(|said| said.from <= day)
            .find(|said| said.assessment == assessment)
            .is_none_or(|said| said.public)
    }
}

fn number_and_day(binding: &Binding) -> (u64, NaiveDate) {
    (binding.determination.number, binding.effective_from)
}

fn publication(assessment: &str, from: NaiveDate, public: bool) -> Publication {
    Publication { assessment: assessment.to_owned(), from, public }
}

/// The determination without what only an explanation needs: points, caps, failed rows. None of it decides what binds.
fn slim(computed: &Computed<Determination>) -> Computed<Determination> {
    let whole = &computed.result;
    let result = Determination {
        number: whole.number,
        trigger: whole.trigger.clone(),
        assessment: whole.assessment.clone(),
        assessed_on: whole.assessed_on,
        assessor: whole.assessor.clone(),
        determined_on: whole.determined_on,
        earned: whole.earned,
        applicable: whole.applicable,
        score: whole.score,
        deducted: whole.deducted,
        aspects: BTreeMap::new(),
        points: BTreeMap::new(),
        failed: Vec::new(),
        band_star: whole.band_star,
        band: whole.band.clone(),
        caps: Vec::new(),
        vetoes: Vec::new(),
        star: whole.star,
        grade: whole.grade.clone(),
        management_level: whole.management_level.clone(),
        color: whole.color.clone(),
        patrol_rule: whole.patrol_rule,
        hazards_opened: Vec::new(),
        previous: whole.previous.clone(),
        direction: whole.direction.clone(),
        adverse: whole.adverse,
        needs_confirmer: whole.needs_confirmer,
    };
    let scheme = SchemeRef { id: String::new(), sha256: String::new() };
    Computed { derivation: Derivation { scheme, subjects: Vec::new() }, result }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use wuping_domain::recorded::Aside;

    use super::*;

    fn recorded(position: u64, on: NaiveDate) -> Recorded<()> {
        let noon = on.and_hms_opt(4, 0, 0).unwrap().and_utc();
        Recorded {
            aside: Aside::default(),
            event: (),
            event_id: String::new(),
            occurred_at: noon,
            position,
            recorded_at: noon,
            stream: "premises/p-1/grade".to_owned(),
            version: position,
        }
    }

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(n)
    }

    fn determined(number: u64, assessment: u64, on: NaiveDate, waits: bool) -> Value {
        json!({
            "type": "GradeDetermined", "derivation": {"scheme": {"id": "r", "sha256": "0"}, "subjects": []},
            "result": {
                "number": number, "trigger": "scheduled", "assessment": format!("a-{assessment}"),
                "assessed_on": day(assessment), "assessor": "u-1", "determined_on": on, "earned": 1, "applicable": 2,
                "score": number, "aspects": {}, "points": {"I": [1, 2]}, "failed": [], "band": "b", "caps": [],
                "vetoes": [], "direction": "up", "adverse": waits, "needs_confirmer": waits
            }
        })
    }

    #[test]
    fn a_day_that_was_corrected_leaves_nothing_of_the_later_one_it_was_taken_for() {
        let mut chronicle = Chronicle::default();
        // assessment 9 was taken for one of day 9, and was of day 2; assessment 5 came after it and is the newer one
        for (number, assessment, assessed, on) in [(1, 9, 9, 10), (2, 5, 5, 11), (3, 9, 2, 12), (4, 8, 5, 13)]
        {
            let mut event = determined(number, assessment, day(on), false);
            event["result"]["assessed_on"] = json!(day(assessed));
            chronicle.apply(&recorded(number, day(on)), &serde_json::from_value(event).unwrap());
        }
        let number = |n| chronicle.valid_at(day(n)).unwrap().determination.number;
        assert_eq!((number(11), number(12)), (1, 2));
        assert_eq!(number(13), 4, "of one day, the one determined later");
        let mut again = determined(5, 5, day(14), false);
        again["result"]["assessed_on"] = json!(day(5));
        chronicle.apply(&recorded(5, day(14)), &serde_json::from_value(again).unwrap());
        let in_force = chronicle.book.in_force().map(|standing| standing.determination.number);
        assert_eq!(chronicle.valid_at(day(14)).map(|standing| standing.determination.number), in_force);
        assert_eq!(in_force, Some(4), "and it stays so when the earlier one is corrected");
    }

    proptest! {
        #[test]
        fn when_every_day_has_come_what_is_valid_is_what_is_in_force(
            happenings in prop::collection::vec((0..6_u8, 0..3_u64, 0..60_u64, any::<bool>()), 1..40),
        ) {
            let mut chronicle = Chronicle::default();
            let mut number = 0;
            for (position, (kind, assessment, n, waits)) in (0..).zip(happenings) {
                let (on, name) = (day(n), format!("a-{assessment}"));
                let event = match kind {
                    0 | 1 => {
                        number += 1;
                        determined(number, assessment, on, waits)
                    }
                    2 => json!({"type": "GradeUnpublished", "assessment": name, "why": "w"}),
                    3 => json!({"type": "GradePublished", "assessment": name, "why": "w"}),
                    4 => json!({
                        "type": "GradeSetAside", "derivation": {"scheme": {"id": "r", "sha256": "0"}, "subjects": []},
                        "result": {
                            "determination": number.max(1) - u64::from(waits && number > 1), "origin": "appeal",
                            "decided_in": "premises/p-1/appeal/1", "on": on
                        }
                    }),
                    _ => json!({
                        "type": "AdverseGradeConfirmed", "determination": number, "on": on, "document_number": "1",
                        "by": "u-2"
                    }),
                };
                let event = serde_json::from_value(event).unwrap();
                let before = chronicle.book.in_force();
                let change = chronicle.book.clone().apply(&recorded(position, on), &event);
                chronicle.apply(&recorded(position, on), &event);
                let now = chronicle.book.in_force();
                prop_assert_eq!(change.in_force, (now != before).then(|| now.clone()), "what changed is told");
                prop_assert_eq!(chronicle.valid_at(day(60)).cloned(), now);
            }
        }
    }
}

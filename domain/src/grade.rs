//! Grade: what was determined about premises, what binds, and how the one becomes the other. One stream per premises.
//!
//! Invariants:
//! - a determination is always computed, and binds at once unless the policy wants a person to confirm it;
//! - who confirms has not assessed, and confirms only after the party could speak;
//! - letting is prohibited on a ground in law, by its authority, with a document, confirmed by a person who has
//!   neither proposed it nor assessed the house, and freed by another.

mod asking;
mod banning;
mod binding;
mod happened;
mod hearing;
pub mod impact;
mod plaque;
mod publishing;
mod setting_aside;
pub(crate) mod veto;

pub use asking::Command;
pub use banning::{Ban, PROPOSERS, Prohibition};
pub use binding::{Binding, Determined};
pub use happened::Event;
pub use hearing::{Invitation, LateStatement};
pub use plaque::{Plaque, PlaqueKind};
pub use publishing::Publication;
pub use setting_aside::{BanSetAside, Origin, SetAside};
pub(crate) use setting_aside::{ban_set_aside, set_aside};

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::aggregate::Concept;
use crate::derivation::{Either, SchemeRef};
use crate::effect::{self, EffectQuestion, Waiver};
use crate::facts::Facts;
use crate::grading::{Cap, OpenedHazard};
use crate::permission::Permission;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::rulebook::policy::PatrolRule;
use crate::said::{Private, Said, must_have_words};

/// The grade of premises as its events left it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grade {
    /// Every prohibition of letting there was, by number: 1 is the first.
    pub bans: BTreeMap<u64, Ban>,
    /// The rulebook by which letting was prohibited in premises that were never assessed.
    pub banned_under: Option<SchemeRef>,
    /// What took effect, by the assessment it came from.
    pub binding: BTreeMap<String, Binding>,
    /// Who confirmed which determination.
    pub confirmers: BTreeMap<u64, String>,
    /// Every determination there was: from which assessment, and whose.
    pub determined: BTreeMap<u64, Determined>,
    /// How many determinations there were.
    pub count: u64,
    /// Statements that came when their time was over, by determination.
    pub late_statements: BTreeMap<u64, LateStatement>,
    /// The newest determination.
    pub latest: Option<Determination>,
    /// Plaques that hung and were found gone, and the day on which that was seen; none once one hangs again.
    pub missing: BTreeMap<PlaqueKind, NaiveDate>,
    /// What the newest determination still waits for; none once it binds or was refused.
    pub pending: Option<Proceeding>,
    /// The plaques that hang.
    pub plaques: BTreeMap<PlaqueKind, Plaque>,
    /// A prohibition of letting in force.
    pub prohibition: Option<Prohibition>,
    /// Who confirmed it.
    pub prohibition_confirmer: Option<String>,
    /// Determinations that a person refused to confirm.
    pub refused: BTreeSet<u64>,
    /// Determinations that were set aside.
    pub set_aside: BTreeSet<u64>,
    /// Prohibitions of the building that these premises are in which bind here no more: the building, and the number there.
    pub spared: BTreeSet<(String, u64)>,
    /// Assessments whose result is not public any more.
    pub unpublished: BTreeSet<String>,
    /// Vetoes in force, as the newest determination names them.
    pub vetoes: BTreeSet<String>,
}

/// What was heard and done about a determination that needs a person.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Proceeding {
    /// The day the party was served with the invitation to make a statement.
    pub invited_on: Option<NaiveDate>,
    /// The day the statement was made.
    pub statement_on: Option<NaiveDate>,
    /// The day it was considered.
    pub considered_on: Option<NaiveDate>,
    /// The day a hearing was asked for in time.
    pub hearing_on: Option<NaiveDate>,
    /// Whether the office took up what the party said: then the determination is not confirmed as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
}

/// A grade as it was computed: the whole reckoning, to be read without the rulebook at hand.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Determination {
    /// 1, 2, 3 … on these premises.
    pub number: u64,
    /// What gave rise to it: `first`, `scheduled`, `hazard_confirmed` …
    pub trigger: String,
    /// The assessment whose results were used.
    pub assessment: String,
    /// The day of that assessment.
    pub assessed_on: NaiveDate,
    /// Who submitted it.
    pub assessor: String,
    /// The day of the determination.
    pub determined_on: NaiveDate,
    /// Points earned.
    pub earned: u64,
    /// Points that could be earned.
    pub applicable: u64,
    /// 0 to 100.
    pub score: u64,
    /// Points taken off for open hazards, by schemes with deductions.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deducted: u64,
    /// Earned and applicable points of each aspect.
    pub aspects: BTreeMap<String, (u64, u64)>,
    /// Earned and applicable points of each indicator.
    pub points: BTreeMap<String, (u64, u64)>,
    /// Indicators in a failed row.
    pub failed: Vec<String>,
    /// Star of the band before caps and vetoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub band_star: Option<u8>,
    /// The rulebook's own word for the band.
    pub band: String,
    /// Highest stars allowed, and by what.
    pub caps: Vec<Cap>,
    /// What makes star 0 whatever the score.
    pub vetoes: Vec<String>,
    /// 5 to 0; foreign schemes may have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub star: Option<u8>,
    /// `five_star` to `letting_prohibited`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<String>,
    /// `lenient` to `prohibited`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_level: Option<String>,
    /// Its colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// How often the building is patrolled from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patrol_rule: Option<PatrolRule>,
    /// Hazards that the failed rows open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hazards_opened: Vec<OpenedHazard>,
    /// Number and star of what bound before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// `first`, `up`, `down` or `same`.
    pub direction: String,
    /// Whether it needs a hearing and a named confirmer before it binds.
    pub adverse: bool,
    /// Whether it needs a named confirmer.
    pub needs_confirmer: bool,
}

/// What bound before a determination.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Previous {
    /// Its number.
    pub number: u64,
    /// Its star.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub star: Option<u8>,
}

impl Grade {
    /// What binds: of the results that took effect and are public, that of the newest assessment.
    pub fn in_force(&self) -> Option<&Binding> {
        let public = self.binding.iter().filter(|(assessment, _)| !self.unpublished.contains(*assessment));
        public
            .map(|(_, binding)| binding)
            .max_by_key(|binding| (binding.determination.assessed_on, binding.first))
    }

    /// The prohibition of letting in force here, with its number: that of the newest one.
    pub fn ban_in_force(&self) -> Option<(u64, &Ban)> {
        self.prohibition.as_ref()?;
        self.bans.last_key_value().map(|(number, ban)| (*number, ban))
    }

    /// The determination that stands: the newest, while it waits or binds; what binds, where that was refused or set aside.
    pub fn stands(&self) -> Option<&Determination> {
        let fell = |number| self.refused.contains(&number) || self.set_aside.contains(&number);
        match self.latest.as_ref()? {
            latest if fell(latest.number) => self.in_force().map(|bound| &bound.determination),
            latest => Some(latest),
        }
    }

    /// What was determined and still waits for a person, with what was done about it.
    pub fn waiting(&self) -> Option<(&Determination, &Proceeding)> {
        Some((self.latest.as_ref()?, self.pending.as_ref()?))
    }
}

impl Concept for Grade {
    const TYPE: &'static str = "grade";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        command.open_to()
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let (by, on) = (facts.actor.account.clone(), facts.today);
        Ok(vec![match command {
            Command::Confirm { determination, document_number, waiver_ground, waiver_reason } => {
                return self.confirm(determination, document_number, waiver_ground, waiver_reason, facts);
            }
            Command::ConfirmLift { determination, document_number } => {
                let (lifted, _) = self.pending(determination)?;
                if lifted.adverse {
                    return Err(Rejection::WrongState { is: "a downgrade", needs: "a lifting" });
                }
                self.may_take_effect(None, facts)?;
                must_have_document(&document_number)?;
                Said::openly(Event::LiftFromProhibitedConfirmed { determination, on, document_number, by })
            }
            Command::ConsiderStatement { determination, adopted, reasons } => {
                self.consider_statement(determination, adopted, reasons, facts)?
            }
            Command::Invite { determination, served_on, method } => {
                self.invite(determination, served_on, method, facts)?
            }
            Command::HangPlaque { plaque, photos } => self.hang(plaque, &photos, facts)?,
            Command::LiftProhibition { document_number } => self.lift_prohibition(document_number, facts)?,
            Command::MakeStatement { determination, text, handed_in_on } => {
                self.make_statement(determination, text, handed_in_on, facts)?
            }
            Command::Prohibit { prohibition, waiver_reason, scheme } => {
                self.prohibit(prohibition, waiver_reason, scheme, facts)?
            }
            Command::Publish { assessment, why } => {
                if !self.unpublished.contains(&assessment) {
                    return Ok(vec![]);
                }
                must_have_words("why", Some(&why))?;
                Said::openly(Event::GradePublished(Either::Stated(Publication::by_officer(assessment, why))))
            }
            Command::RequestHearing { determination, handed_in_on } => {
                self.request_hearing(determination, handed_in_on, facts)?
            }
            Command::RemovePlaque { plaque, why } => self.remove_plaque(plaque, why, facts)?,
            Command::ReportPlaqueMissing { plaque, photos } => self.miss_plaque(plaque, &photos, facts)?,
            Command::Reply { determination, text } => self.reply(determination, text, facts)?,
            Command::RefuseLift { reason } => self.refuse_lift(reason, facts)?,
            Command::RefuseProhibition { ground, proposer, reason } => {
                self.refuse_prohibition(ground, proposer, reason, facts)?
            }
            Command::Refuse { determination, reason } => {
                let (refused, _) = self.pending(determination)?;
                must_have_words("reason", Some(&reason))?;
                let event = if refused.adverse {
                    Event::AdverseGradeRefused { determination, by }
                } else {
                    Event::LiftFromProhibitedRefused { determination, by }
                };
                Said::with(event, Private::none().with("reason", Some(reason)))
            }
            Command::Unpublish { assessment, why } => {
                if self.unpublished.contains(&assessment) {
                    return Ok(vec![]);
                }
                self.may_be_unpublished(&assessment, facts)?;
                must_have_words("why", Some(&why))?;
                Said::openly(Event::GradeUnpublished { assessment, why })
            }
        }])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::AdverseGradeConfirmed { determination, on, by, .. }
            | Event::LiftFromProhibitedConfirmed { determination, on, by, .. } => {
                self.confirmers.insert(*determination, by.clone());
                self.bind(*determination, *on);
            }
            Event::AdverseGradeRefused { determination, .. }
            | Event::LiftFromProhibitedRefused { determination, .. } => {
                self.refused.insert(*determination);
                if self.is_latest(*determination) {
                    self.pending = None;
                }
            }
            Event::GradeDetermined(computed) => {
                let determination = &computed.result;
                self.count = determination.number;
                self.determined.insert(determination.number, Determined::of(determination));
                self.latest = Some(determination.clone());
                self.pending = determination.needs_confirmer.then(Proceeding::default);
                if !determination.needs_confirmer {
                    self.bind(determination.number, determination.determined_on);
                }
            }
            Event::GradePublished(published) => {
                self.unpublished.remove(&published.facts().assessment);
            }
            Event::GradeSetAside(computed) => self.put_aside(computed.result.determination),
            Event::HearingRequested { determination, on, .. } => {
                self.proceed(*determination, |proceeding| proceeding.hearing_on = Some(*on));
            }
            Event::OwnerReplied { .. }
            | Event::ProhibitionLiftRefused { .. }
            | Event::ProhibitionRefused { .. } => {}
            Event::PlaqueFoundMissing { plaque, on, .. } => {
                self.plaques.remove(plaque);
                self.missing.insert(*plaque, *on);
            }
            Event::PlaqueRemoved { plaque, .. } => {
                self.plaques.remove(plaque);
            }
            Event::PlaqueHung { plaque, .. } => {
                self.missing.remove(&plaque.plaque);
                self.plaques.insert(plaque.plaque, plaque.clone());
            }
            Event::GradeUnpublished { assessment, .. } => {
                self.unpublished.insert(assessment.clone());
            }
            Event::ProhibitionConfirmed { prohibition, scheme, by } => {
                self.banned_under = scheme.clone().or_else(|| self.banned_under.take());
                let number = self.bans.keys().next_back().map_or(1, |last| last + 1);
                let determination = self.latest.as_ref().map(|latest| latest.number);
                self.bans.insert(number, Ban::of(prohibition, by, determination));
                self.prohibition = Some(prohibition.clone());
                self.prohibition_confirmer = Some(by.clone());
            }
            Event::ProhibitionSetAside(computed) if computed.result.of.is_some() => {
                let building = computed.result.of.clone().unwrap_or_default();
                self.spared.insert((building, computed.result.prohibition));
            }
            Event::ProhibitionLiftConfirmed { .. } | Event::ProhibitionSetAside(_) => {
                self.prohibition = None;
                self.prohibition_confirmer = None;
            }
            Event::StatementConsidered { determination, on, adopted, .. } => {
                self.proceed(*determination, |proceeding| {
                    (proceeding.considered_on, proceeding.adopted) = (Some(*on), *adopted);
                });
            }
            Event::StatementInvited(invited) => {
                let invitation = invited.facts();
                let served_on = invitation.served_on;
                self.proceed(invitation.determination, |proceeding| proceeding.invited_on = Some(served_on));
            }
            Event::StatementMade { determination, on, taken_by, late: true, by } => {
                let late = LateStatement { on: *on, taken_by: taken_by.clone(), by: by.clone() };
                self.late_statements.insert(*determination, late);
            }
            Event::StatementMade { determination, on, .. } => {
                self.proceed(*determination, |proceeding| proceeding.statement_on = Some(*on));
            }
            Event::VetoImposed(computed) => self.vetoes.extend(computed.result.vetoes.iter().cloned()),
            Event::VetoLifted(computed) => {
                self.vetoes.retain(|veto| !computed.result.vetoes.contains(veto));
            }
        }
    }
}

impl Grade {
    fn is_latest(&self, number: u64) -> bool {
        self.latest.as_ref().is_some_and(|latest| latest.number == number)
    }

    fn proceed(&mut self, number: u64, step: impl FnOnce(&mut Proceeding)) {
        if self.is_latest(number)
            && let Some(proceeding) = &mut self.pending
        {
            step(proceeding);
        }
    }

    fn pending(&self, number: u64) -> Result<(&Determination, &Proceeding), Rejection> {
        let Some((latest, proceeding)) = self.waiting() else {
            return Err(Rejection::WrongState {
                is: "decided",
                needs: "a determination awaiting confirmation",
            });
        };
        if latest.number != number {
            return Err(Rejection::WrongState { is: "superseded", needs: "the newest determination" });
        }
        Ok((latest, proceeding))
    }

    /// Refuse unless the policy lets the pending determination take effect by this actor today.
    fn may_take_effect(&self, waiver: Option<Waiver>, facts: &Facts) -> Result<(), Rejection> {
        let Some((latest, proceeding)) = self.waiting() else { return Ok(()) };
        let rulebook = facts.rulebook()?;
        let question = Self::effect_question(latest, proceeding);
        let question = EffectQuestion {
            confirmer: Some(facts.actor.account.clone()),
            confirmed_on: Some(facts.today),
            statement_by: facts.subject.as_deref().and_then(|subject| subject.statement_by(rulebook)),
            waiver,
            ..question
        };
        effect::effect(rulebook, &question)?;
        Ok(())
    }

    /// Refuse to take off the public pages what binds: in an office that acts on its grades the public sees what does. What is wrong
    /// is corrected, graded anew, or set aside by an appeal.
    fn may_be_unpublished(&self, assessment: &str, facts: &Facts) -> Result<(), Rejection> {
        let operating = facts.rulebook.as_ref().is_some_and(|rulebook| rulebook.policy.operating);
        let binds = self.in_force().is_some_and(|bound| bound.determination.assessment == assessment);
        if operating && binds {
            return Err(Rejection::because("result_in_force", serde_json::Value::Null));
        }
        Ok(())
    }

    /// What the pending determination waits for, as the policy sees it. `statement_by` is the end of the time for a statement
    /// where a later calendar has fixed it.
    pub(crate) fn effect(
        &self,
        rulebook: &Rulebook,
        statement_by: Option<NaiveDate>,
    ) -> Option<Result<effect::Effect, Rejection>> {
        let (latest, proceeding) = self.waiting()?;
        let question = EffectQuestion { statement_by, ..Self::effect_question(latest, proceeding) };
        Some(effect::effect(rulebook, &question).map_err(Rejection::from))
    }

    fn effect_question(latest: &Determination, proceeding: &Proceeding) -> EffectQuestion {
        EffectQuestion {
            from_star: latest.previous.as_ref().and_then(|previous| previous.star),
            to_star: latest.star.unwrap_or_default(),
            determined_on: latest.determined_on,
            assessor: Some(latest.assessor.clone()),
            confirmer: None,
            invited_on: proceeding.invited_on,
            statement_by: None,
            statement_on: proceeding.spoken_on(),
            considered_on: proceeding.considered_on,
            confirmed_on: None,
            waiver: None,
        }
    }

    fn confirm(
        &self,
        determination: u64,
        document_number: String,
        waiver_ground: Option<String>,
        waiver_reason: Option<String>,
        facts: &Facts,
    ) -> Result<Vec<Said<Event>>, Rejection> {
        let (adverse, proceeding) = self.pending(determination)?;
        if !adverse.adverse {
            return Err(Rejection::WrongState { is: "a lifting", needs: "a downgrade" });
        }
        if proceeding.adopted {
            return Err(Rejection::because("statement_adopted", serde_json::Value::Null));
        }
        facts.subject()?.must_not_be_suspended(facts.today)?;
        let waiver = waiver_ground.clone().map(|ground| Waiver { ground, reason: waiver_reason.clone() });
        self.may_take_effect(waiver, facts)?;
        must_have_document(&document_number)?;
        let by = facts.actor.account.clone();
        let event = Event::AdverseGradeConfirmed {
            determination,
            on: facts.today,
            document_number,
            waiver_ground,
            by,
        };
        Ok(vec![Said::with(event, Private::none().with("waiver_reason", waiver_reason))])
    }
}

fn must_have_document(number: &str) -> Result<(), Rejection> {
    if number.trim().is_empty() {
        return Err(Rejection::Rule { code: "no_document".into(), detail: serde_json::Value::Null });
    }
    Ok(())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

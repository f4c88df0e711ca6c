//! Filing: who appeals, in time or not, and what becomes of it before somebody looks at the case.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::reviewing::must_tell_remedies;
use super::{Appeal, Event, Stage, words};
use crate::counter::{self, Word};
use crate::deadline::{Filing, FilingQuestion, PeriodQuestion, filing, period};
use crate::derivation::SchemeRef;
use crate::event::aggregate_type;
use crate::facts::Facts;
use crate::grade::Grade;
use crate::notice::{Remedy, RemedyDate};
use crate::reaction::building_of;
use crate::recorded::subject_of;
use crate::reevaluation::Answer;
use crate::refused::Refused;
use crate::rejection::Rejection;
use crate::rulebook::Rulebook;
use crate::said::{Photo, Private, Said, photos};
use crate::subject::Subject;

/// What an appeal is against.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Against {
    /// The stream: the grade, a hazard.
    pub stream: String,
    /// Of a grade, the number of the determination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub determination: Option<u64>,
    /// Of a grade, the number of the prohibition of letting, where that is contested and no result: 1 is the first that was
    /// confirmed here. Of the grade of the building that a flat is in, the prohibition that binds the flat with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prohibition: Option<u64>,
}

impl Against {
    /// Whether it is against something decided on these premises.
    pub(crate) fn is_of(&self, premises: &str) -> bool {
        subject_of(&self.stream) == premises
    }

    /// What of a grade it is against, as an appeal may be: one determination, or one prohibition.
    pub(crate) fn is_of_grade(&self, grade: &Grade) -> bool {
        match (self.determination, self.prohibition) {
            (Some(number), None) => grade.determined.contains_key(&number),
            (None, Some(number)) => grade.bans.contains_key(&number),
            _ => false,
        }
    }
}

/// The dates by which it is said whether an appeal came in time.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Reckoned {
    /// The day on which the result was served.
    pub served_on: NaiveDate,
    /// The last day.
    pub due: NaiveDate,
    /// Whether that day may still move.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
    /// The day on which it came.
    pub filed_on: NaiveDate,
    /// Whether it came in time.
    pub in_time: bool,
}

/// What a party hands in.
pub(super) struct Papers {
    pub(super) grounds: String,
    pub(super) power_of_attorney: Option<Photo>,
    pub(super) turned_from: Option<String>,
    pub(super) photos: Vec<Photo>,
}

/// A new appeal: the party's own, a proxy's, or one that staff take at the counter.
pub(super) fn file(
    against: Against,
    party: Option<String>,
    handed_in_on: Option<NaiveDate>,
    papers: Papers,
    facts: &Facts,
) -> Result<Said<Event>, Rejection> {
    let subject = facts.subject()?;
    must_bind_here(&against, facts)?;
    words("grounds", &papers.grounds)?;
    let by = facts.actor.account.clone();
    let same = |appeal: &Appeal| {
        appeal.is_open() && appeal.filed_by == by && appeal.against.as_ref() == Some(&against)
    };
    if subject.appeals.values().any(|of| same(&of.state)) {
        return Err(Rejection::AlreadyExists { what: "open appeal of yours against this" });
    }
    let Word { on, taken_by } = counter::heard(handed_in_on, facts)?;
    let authorised = taken_by.is_some()
        || subject.premises.answered_for_by(&facts.actor, facts.today)
        || papers.power_of_attorney.is_some();
    let on = match &papers.turned_from {
        Some(request) => first_requested(request, &against, subject, facts)?,
        None => on,
    };
    let turned_from = papers.turned_from;
    let scheme = of_building(&against, facts);
    let event = Event::AppealFiled { against, on, party, authorised, taken_by, turned_from, scheme, by };
    let private = Private::none()
        .with("grounds", Some(papers.grounds))
        .with("power_of_attorney", papers.power_of_attorney)
        .with("photos", photos(&papers.photos));
    Ok(Said::with(event, private))
}

/// The day on which a request to be graded again came that was not granted and was meant for this: whoever chose the wrong door
/// loses no day. What was asked before the result was served was not meant for it.
fn first_requested(
    request: &str,
    against: &Against,
    subject: &Subject,
    facts: &Facts,
) -> Result<NaiveDate, Rejection> {
    let of = subject.reevaluations.get(request).map(|of| &of.state);
    let own = of.filter(|of| {
        let granted = matches!(of.answer, Some(Answer::Granted { .. }));
        !granted && (of.requested_by == facts.actor.account || facts.actor.received)
    });
    let served = subject.result_served(against);
    own.and_then(|of| of.requested_on)
        .filter(|requested_on| served.is_none_or(|served| served <= *requested_on))
        .ok_or(Rejection::NotFound {
            what: "request of yours here to be graded again, since the result was served",
        })
}

impl Appeal {
    pub(super) fn correct(
        &self,
        grounds: Option<String>,
        papers: &[Photo],
        confirms: bool,
        handed_in_on: Option<NaiveDate>,
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        self.must_be(&[Stage::AwaitingOwner, Stage::Filed], "filed and not yet admitted")?;
        let own = facts.subject()?.premises.answered_for_by(&facts.actor, facts.today);
        if confirms && !own {
            return Err(Rejection::NotFound { what: "naming of your party as owner or operator here" });
        }
        let Word { on, taken_by } = counter::word(handed_in_on, self.filed_on, papers, facts)?;
        let event = Event::AppealCorrected { on, confirms, taken_by, by: facts.actor.account.clone() };
        Ok(Said::with(event, Private::none().with("grounds", grounds).with("photos", photos(papers))))
    }

    pub(super) fn withdraw(
        &self,
        reason: Option<String>,
        papers: &[Photo],
        handed_in_on: Option<NaiveDate>,
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        if !self.is_open() {
            return Err(Rejection::WrongState { is: self.stage.code(), needs: "an open appeal" });
        }
        let Word { on, taken_by } = counter::word(handed_in_on, self.filed_on, papers, facts)?;
        let event = Event::AppealWithdrawn { on, taken_by, by: facts.actor.account.clone() };
        Ok(Said::with(event, Private::none().with("reason", reason).with("photos", photos(papers))))
    }

    pub(super) fn admit(&self, facts: &Facts) -> Result<Said<Event>, Rejection> {
        self.must_be(&[Stage::Filed], "filed by the party or with its authority")?;
        if let Some(reckoned) = self.reckoned(facts)?.filter(|reckoned| !reckoned.in_time) {
            return Err(Rejection::because("appeal_late", json!(reckoned)));
        }
        let rulebook = facts.rulebook()?;
        let from = self.filed_on.filter(|_| self.turned_from.is_some()).unwrap_or(facts.today);
        let period = period(rulebook, &PeriodQuestion::of(DECIDE, from))?;
        Ok(Said::openly(Event::AppealAdmitted {
            on: facts.today,
            decide_by: period.date().unwrap_or(from),
            provisional: period.provisional,
            safety_measures_suspended: rulebook
                .policy
                .appeal
                .is_some_and(|policy| policy.suspends_safety_measures),
            by: facts.actor.account.clone(),
        }))
    }

    pub(super) fn refuse_admission(
        &self,
        why: String,
        own_motion: Option<bool>,
        reason: Option<String>,
        remedies: &[String],
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        self.must_be(&[Stage::AwaitingOwner, Stage::Filed], "filed and not yet admitted")?;
        if !NOT_ADMITTED.contains(&why.as_str()) {
            return Err(Rejection::Malformed {
                field: "why",
                needs: "late, not_entitled, no_decision, decided_already or in_court",
            });
        }
        let reckoned = self.reckoned(facts)?;
        let late = why == LATE;
        if late && reckoned.is_none_or(|reckoned| reckoned.in_time) {
            return Err(match reckoned {
                Some(reckoned) => Rejection::because("appeal_in_time", json!(reckoned)),
                None => Rejection::WrongState { is: "not served yet", needs: "a result whose time has run" },
            });
        }
        must_tell_remedies(remedies, facts)?;
        let told = remedies.iter().map(|id| Remedy::of(facts.rulebook()?, id));
        let event = Event::AppealRefusedAdmission {
            on: facts.today,
            own_motion: own_motion.unwrap_or(late),
            reckoned,
            remedies: told.collect::<Result<Vec<_>, _>>()?,
            why,
            by: facts.actor.account.clone(),
        };
        Ok(Said::with(event, Private::none().with("reason", reason)))
    }

    /// Whether it came in time: the time runs from service of what it is against, and has not begun before.
    fn reckoned(&self, facts: &Facts) -> Result<Option<Reckoned>, Rejection> {
        let (Some(against), Some(filed_on)) = (&self.against, self.filed_on) else { return Ok(None) };
        Ok(reckoned(against, filed_on, facts.subject()?, facts.rulebook()?)?)
    }

    pub(super) fn must_be(&self, stages: &[Stage], needs: &'static str) -> Result<(), Rejection> {
        if stages.contains(&self.stage) {
            return Ok(());
        }
        Err(Rejection::WrongState { is: self.stage.code(), needs })
    }
}

/// Whether an appeal against this that comes on a day comes in time; nothing where nobody was served with it yet. Where the time ends
/// beyond the rulebook's calendar nobody is late, until the notice's own date was made final.
///
/// # Errors
/// `unknown_rule` where the policy has no time to appeal.
pub fn reckoned(
    against: &Against,
    filed_on: NaiveDate,
    subject: &Subject,
    rulebook: &Rulebook,
) -> Result<Option<Reckoned>, Refused> {
    let Some((served_on, notice)) = subject.result_told(against) else { return Ok(None) };
    let question = FilingQuestion { period: PeriodQuestion::of(FILE, served_on), filed_on };
    let Filing { period, in_time } = filing(rulebook, &question)?;
    let final_date = |date: &&RemedyDate| date.rule == FILE && !date.provisional;
    let fixed =
        notice.remedy_dates.iter().find(final_date).filter(|_| period.provisional).map(|date| date.due);
    Ok(Some(Reckoned {
        served_on,
        due: fixed.or(period.date()).unwrap_or(served_on),
        provisional: period.provisional && fixed.is_none(),
        filed_on,
        in_time: fixed.map_or(in_time, |due| filed_on <= due),
    }))
}

/// The building's rulebook, by which a flat that was never assessed and has none of its own contests the building's prohibition.
pub(crate) fn of_building(against: &Against, facts: &Facts) -> Option<SchemeRef> {
    let none_of_its_own = facts.subject.as_deref()?.scheme().is_none();
    let contests_it = none_of_its_own && !facts.is_of_subject(&against.stream);
    facts.building.as_deref().filter(|_| contests_it)?.scheme()
}

/// Refuses what was not decided on these premises, nor on the building that binds a flat in it.
pub(crate) fn must_bind_here(against: &Against, facts: &Facts) -> Result<(), Rejection> {
    if facts.is_of_subject(&against.stream) {
        return must_be_there(against, facts.subject()?);
    }
    // the building's grade is the building's affair; that nobody may let the flat is the flat's
    let of_building = building_of(facts.subject()?).is_some_and(|building| against.is_of(&building));
    let banned = facts.building.as_deref().filter(|_| of_building && against.determination.is_none());
    match (against.prohibition, banned) {
        (Some(number), Some(building)) if building.grade.bans.contains_key(&number) => Ok(()),
        (Some(_), Some(_)) => Err(Rejection::NotFound { what: "decision that the appeal is against" }),
        _ => Err(Rejection::Malformed {
            field: "against",
            needs: "a stream of these premises, or a prohibition of letting of the building that they are in",
        }),
    }
}

/// What it is against lies here and was decided.
fn must_be_there(against: &Against, subject: &Subject) -> Result<(), Rejection> {
    let key = against.stream.rsplit('/').next().unwrap_or_default();
    let there = match aggregate_type(&against.stream) {
        "grade" => against.is_of_grade(&subject.grade),
        "hazard" => subject.hazards.contains_key(key),
        _ => false,
    };
    if there { Ok(()) } else { Err(Rejection::NotFound { what: "decision that the appeal is against" }) }
}

/// The policy's deadline for the decision.
pub(crate) const DECIDE: &str = "appeal_decide";
/// The policy's deadline for filing.
const FILE: &str = "appeal_file";
const LATE: &str = "late";
const NOT_ADMITTED: [&str; 5] = [LATE, "not_entitled", "no_decision", "decided_already", "in_court"];

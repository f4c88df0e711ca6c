//! Setting aside: a determination or a prohibition ceases to hold because an appeal was upheld or a dispute was lost.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Previous;
use crate::appeal::{Against, Outcome};
use crate::recorded::subject_of;
use crate::subject::Subject;

/// Why a determination is set aside.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Origin {
    Appeal,
    Dispute,
    OwnMotion,
}

/// That a determination does not hold any more.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SetAside {
    /// Number of the determination.
    pub determination: u64,
    /// Why.
    pub origin: Origin,
    /// The stream of the appeal or dispute that decided it.
    pub decided_in: String,
    /// From which day.
    pub on: NaiveDate,
    /// What holds meanwhile; nothing where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<Previous>,
}

/// What an appeal or dispute of these premises sets aside and is not set aside yet.
pub(crate) fn set_aside(own: &str, subject: &Subject) -> Option<SetAside> {
    let standing = |against: &Against| against.determination.filter(|number| stands(subject, *number));
    let Overturned { what: determination, origin, decided_in, on } = overturned(own, subject, standing)?;
    let mut after = subject.grade.clone();
    after.put_aside(determination);
    let holds = after
        .in_force()
        .map(|binding| Previous { number: binding.determination.number, star: binding.determination.star });
    Some(SetAside { determination, origin, decided_in, on, holds })
}

/// What was found wrong, and where.
struct Overturned<T> {
    what: T,
    origin: Origin,
    decided_in: String,
    on: NaiveDate,
}

/// The first of what is looked for that an appeal of these premises which was upheld was against, else a dispute which was lost.
fn overturned<T>(
    own: &str,
    subject: &Subject,
    looked_for: impl Fn(&Against) -> Option<T>,
) -> Option<Overturned<T>> {
    let by_appeal = subject.appeals.iter().find_map(|(key, appeal)| {
        let decision =
            appeal.state.decision.as_ref().filter(|decision| decision.outcome == Outcome::Upheld)?;
        let origin = if appeal.state.own_motion { Origin::OwnMotion } else { Origin::Appeal };
        let decided_in = format!("{own}/appeal/{key}");
        Some(Overturned { what: looked_for(&decision.against)?, origin, decided_in, on: decision.on })
    });
    let by_dispute = || {
        subject.disputes.iter().find_map(|(key, dispute)| {
            let (against, on) = dispute.state.lost()?;
            let decided_in = format!("{own}/dispute/{key}");
            Some(Overturned { what: looked_for(against)?, origin: Origin::Dispute, decided_in, on })
        })
    };
    by_appeal.or_else(by_dispute)
}

fn stands(subject: &Subject, number: u64) -> bool {
    subject.grade.determined.contains_key(&number) && !subject.grade.set_aside.contains(&number)
}

/// That a prohibition of letting does not hold any more, and need not have held.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct BanSetAside {
    /// Number of the prohibition.
    pub prohibition: u64,
    /// The building whose it is, `premises/b-1`, where it binds these premises no more and stands over the rest of the building.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Number of the decision by which it was confirmed, where it is of these premises.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub document_number: String,
    /// Why.
    pub origin: Origin,
    /// The stream of the appeal or dispute that decided it.
    pub decided_in: String,
    /// From which day.
    pub on: NaiveDate,
}

/// The prohibition in force here, or that of the building, that an appeal or dispute of these premises sets aside.
pub(crate) fn ban_set_aside(own: &str, subject: &Subject) -> Option<BanSetAside> {
    own_ban_set_aside(own, subject).or_else(|| spared(own, subject))
}

/// The prohibition of the building that an appeal or dispute about this flat says does not bind it.
fn spared(own: &str, subject: &Subject) -> Option<BanSetAside> {
    let of_building = |against: &Against| {
        let building = subject_of(&against.stream).to_owned();
        let ban = (building, against.prohibition.filter(|_| !against.is_of(own))?);
        (!subject.grade.spared.contains(&ban)).then_some(ban)
    };
    let Overturned { what, origin, decided_in, on } = overturned(own, subject, of_building)?;
    let (building, prohibition) = what;
    let (of, document_number) = (Some(building), String::new());
    Some(BanSetAside { prohibition, of, document_number, origin, decided_in, on })
}

fn own_ban_set_aside(own: &str, subject: &Subject) -> Option<BanSetAside> {
    let (prohibition, ban) = subject.grade.ban_in_force()?;
    let in_force =
        |against: &Against| against.prohibition.filter(|number| *number == prohibition && against.is_of(own));
    let Overturned { what: prohibition, origin, decided_in, on } = overturned(own, subject, in_force)?;
    let (of, document_number) = (None, ban.document_number.clone());
    Some(BanSetAside { prohibition, of, document_number, origin, decided_in, on })
}

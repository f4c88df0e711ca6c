//! Setting aside: a determination or a prohibition ceases to hold because an appeal was upheld or a dispute was lost.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Previous;
use crate::appeal;
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
    let mut found = by_appeal(own, subject).or_else(|| by_dispute(own, subject))?;
    let mut after = subject.grade.clone();
    after.put_aside(found.determination);
    found.holds = after
        .in_force()
        .map(|binding| Previous { number: binding.determination.number, star: binding.determination.star });
    Some(found)
}

fn by_appeal(own: &str, subject: &Subject) -> Option<SetAside> {
    subject.appeals.iter().find_map(|(key, of)| {
        let decision = of.state.decision.as_ref()?;
        let upheld = decision.outcome == appeal::Outcome::Upheld;
        let determination = decision.against.determination.filter(|n| upheld && stands(subject, *n))?;
        let origin = if of.state.own_motion { Origin::OwnMotion } else { Origin::Appeal };
        let decided_in = format!("{own}/appeal/{key}");
        Some(SetAside { determination, origin, decided_in, on: decision.on, holds: None })
    })
}

fn by_dispute(own: &str, subject: &Subject) -> Option<SetAside> {
    subject.disputes.iter().find_map(|(key, of)| {
        let (against, on) = of.state.lost()?;
        let determination = against.determination.filter(|n| stands(subject, *n))?;
        let decided_in = format!("{own}/dispute/{key}");
        Some(SetAside { determination, origin: Origin::Dispute, decided_in, on, holds: None })
    })
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
    let of = |against: &appeal::Against| {
        let building = subject_of(&against.stream).to_owned();
        let number = against.prohibition.filter(|_| building != own)?;
        let said = subject.grade.spared.contains(&(building.clone(), number));
        (!said).then_some((building, number))
    };
    let by_appeal = subject.appeals.iter().find_map(|(key, appeal)| {
        let decision = appeal.state.decision.as_ref()?;
        let found = of(&decision.against).filter(|_| decision.outcome == appeal::Outcome::Upheld)?;
        let origin = if appeal.state.own_motion { Origin::OwnMotion } else { Origin::Appeal };
        Some((found, origin, format!("{own}/appeal/{key}"), decision.on))
    });
    let by_dispute = || {
        subject.disputes.iter().find_map(|(key, dispute)| {
            let (contested, on) = dispute.state.lost()?;
            Some((of(contested)?, Origin::Dispute, format!("{own}/dispute/{key}"), on))
        })
    };
    let ((building, prohibition), origin, decided_in, on) = by_appeal.or_else(by_dispute)?;
    let of = Some(building);
    Some(BanSetAside { prohibition, of, document_number: String::new(), origin, decided_in, on })
}

fn own_ban_set_aside(own: &str, subject: &Subject) -> Option<BanSetAside> {
    let grade = &subject.grade;
    grade.prohibition.as_ref()?;
    let (prohibition, ban) = grade.bans.last_key_value()?;
    let against = |against: &appeal::Against| against.prohibition == Some(*prohibition) && against.is_of(own);
    let by_appeal = subject.appeals.iter().find_map(|(key, of)| {
        let decision = of.state.decision.as_ref()?;
        let upheld = decision.outcome == appeal::Outcome::Upheld && against(&decision.against);
        let origin = if of.state.own_motion { Origin::OwnMotion } else { Origin::Appeal };
        upheld.then(|| (origin, format!("{own}/appeal/{key}"), decision.on))
    });
    let by_dispute = || {
        subject.disputes.iter().find_map(|(key, of)| {
            let (contested, on) = of.state.lost()?;
            against(contested).then(|| (Origin::Dispute, format!("{own}/dispute/{key}"), on))
        })
    };
    let (origin, decided_in, on) = by_appeal.or_else(by_dispute)?;
    let document_number = ban.document_number.clone();
    let of = None;
    Some(BanSetAside { prohibition: *prohibition, of, document_number, origin, decided_in, on })
}

//! Setting aside: a determination ceases to hold because an appeal was upheld or a dispute was lost.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Previous;
use crate::appeal;
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

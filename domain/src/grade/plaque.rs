//! Plaque: the grade plaque (公示牌) shows the grade in force, the supervision plaque (监督牌) hangs while the level asks
//! for it.

use serde::{Deserialize, Serialize};

use super::publishing::{plain, shows_other};
use super::{Event, Grade};
use crate::facts::Facts;
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said, photos};

/// Which plaque.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the glossary")]
pub enum PlaqueKind {
    GradePlaque,
    SupervisionPlaque,
}

/// A plaque as it hangs.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Plaque {
    /// Which.
    pub plaque: PlaqueKind,
    /// The star that a grade plaque shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shows: Option<u8>,
    /// Where it hangs: `entrance`, `stairwell` …
    pub place: String,
}

impl Grade {
    pub(super) fn hang(
        &self,
        plaque: Plaque,
        taken: &[Photo],
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        let star = self.star_in_force()?;
        if plaque.place.trim().is_empty() {
            return Err(Rejection::Malformed { field: "place", needs: "where it hangs" });
        }
        match (plaque.plaque, plaque.shows) {
            (PlaqueKind::GradePlaque, None) => {
                return Err(Rejection::Malformed { field: "shows", needs: "the star that it shows" });
            }
            (PlaqueKind::GradePlaque, Some(shows)) if shows != star => return Err(shows_other(shows, star)),
            (PlaqueKind::SupervisionPlaque, _) if !Self::supervised(star, facts)? => {
                return Err(plain("plaque_not_due"));
            }
            _ => {}
        }
        if self.plaques.get(&plaque.plaque) == Some(&plaque) {
            return Err(Rejection::AlreadyExists { what: "plaque there" });
        }
        let (on, by) = (facts.today, facts.actor.account.clone());
        let event = Event::PlaqueHung { plaque, on, by };
        Ok(Said::with(event, Private::none().with("photos", photos(taken))))
    }

    pub(super) fn remove_plaque(
        &self,
        plaque: PlaqueKind,
        why: String,
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        self.must_hang(plaque)?;
        if why.trim().is_empty() {
            return Err(Rejection::Malformed { field: "why", needs: "why it is taken down" });
        }
        if plaque == PlaqueKind::SupervisionPlaque
            && self.in_force().is_some()
            && Self::supervised(self.star_in_force()?, facts)?
        {
            return Err(plain("plaque_still_due"));
        }
        let (on, by) = (facts.today, facts.actor.account.clone());
        Ok(Said::openly(Event::PlaqueRemoved { plaque, why, on, by }))
    }

    /// Anybody of the office, or a resident through a channel, sees that it is gone.
    pub(super) fn miss_plaque(
        &self,
        plaque: PlaqueKind,
        taken: &[Photo],
        facts: &Facts,
    ) -> Result<Said<Event>, Rejection> {
        self.must_hang(plaque)?;
        let (on, by) = (facts.today, facts.actor.account.clone());
        let event = Event::PlaqueFoundMissing { plaque, on, by };
        Ok(Said::with(event, Private::none().with("photos", photos(taken))))
    }

    fn must_hang(&self, plaque: PlaqueKind) -> Result<(), Rejection> {
        if self.plaques.contains_key(&plaque) {
            return Ok(());
        }
        Err(Rejection::NotFound { what: "plaque hanging here" })
    }

    fn supervised(star: u8, facts: &Facts) -> Result<bool, Rejection> {
        Ok(facts.rulebook()?.level_of_star(star).is_some_and(|level| level.supervision_plaque))
    }
}

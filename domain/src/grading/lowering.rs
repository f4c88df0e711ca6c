//! Lowering: what brings a star below its band, gathered step by step (rulebooks/README.md, steps 6 to 12).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{Cap, KnownIncident, OpenedHazard, Question, RegisteredHazard};
use crate::patrol_rule::strictest;
use crate::refused::Refused;
use crate::rulebook::policy::{IncidentEffectKind, MajorHazardRule, PatrolRule};
use crate::rulebook::scheme::{Indicator, Veto};
use crate::rulebook::{Layer, Rulebook};
use crate::scoring::IndicatorPoints;
use crate::term::plain_term;

/// What lowers the star, gathered step by step.
pub(super) struct Lowering<'a> {
    rulebook: &'a Rulebook,
    on: NaiveDate,
    pub(super) caps: BTreeSet<Cap>,
    pub(super) vetoes: BTreeSet<String>,
    suspected: bool,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(rulebook: &'a Rulebook, on: NaiveDate) -> Lowering<'a> {
        Lowering { rulebook, on, caps: BTreeSet::new(), vetoes: BTreeSet::new(), suspected: false }
    }

    /// What the failed rows do, and the hazards they open. A row's own cap stands whether or not it failed.
    pub(super) fn failed_rows(
        &mut self,
        points: &[IndicatorPoints],
        determined: &BTreeMap<&str, &str>,
    ) -> Result<Vec<OpenedHazard>, Refused> {
        let mut opened = Vec::new();
        for (indicator, points) in self.rulebook.scheme.indicators.iter().zip(points) {
            let own_cap = points.row.as_deref().and_then(|row| indicator.row(row)).and_then(|row| row.cap);
            if !points.failed && own_cap.is_none() {
                continue;
            }
            let name = format!("indicator:{}", indicator.id);
            self.cap(&name, own_cap.or(indicator.cap));
            if points.failed {
                let outcome = determined.get(indicator.id.as_str()).copied();
                opened.extend(self.failed_row(indicator, &name, outcome)?);
            }
        }
        Ok(opened)
    }

    /// One failed row: a veto, a suspicion or a plain failure; and its hazard.
    fn failed_row(
        &mut self,
        indicator: &Indicator,
        name: &str,
        determined: Option<&str>,
    ) -> Result<Option<OpenedHazard>, Refused> {
        let mut severity = indicator.hazard.as_ref().map(|class| class.severity.clone());
        let mut suspected = false;
        match (indicator.veto, determined) {
            (None, _) => {}
            (Some(Veto::Appraised), _) | (Some(Veto::AfterDetermination), Some(MAJOR)) => {
                self.veto(name);
            }
            (Some(Veto::AfterDetermination), outcome) => {
                let rule = major_hazard(self.rulebook)?;
                if outcome == Some(NOT_MAJOR) {
                    severity = Some(rule.not_major_severity.clone());
                    let cap = self.rulebook.hazard_rule(&rule.not_major_severity).map(|rule| rule.open_cap);
                    self.cap(name, cap);
                } else {
                    suspected = true;
                    self.suspected = true;
                    self.cap(name, Some(rule.suspected_cap));
                }
            }
        }
        let (Some(class), Some(severity)) = (&indicator.hazard, severity) else { return Ok(None) };
        let term = plain_term(self.rulebook, &severity, &class.works, self.on)?;
        let works = class.works.clone();
        Ok(Some(OpenedHazard { indicator: indicator.id.clone(), suspected, severity, works, term }))
    }

    /// The rules over several indicators together.
    pub(super) fn derived_caps(&mut self, points: &[IndicatorPoints]) {
        let rulebook = self.rulebook;
        for rule in rulebook.policy.derived_caps.iter().filter(|rule| rule.layer == rulebook.layer) {
            let failed = |id: &&String| {
                rulebook.position(id).and_then(|n| points.get(n)).is_some_and(|points| points.failed)
            };
            let count = rule.indicators.iter().filter(failed).count();
            if u64::try_from(count).is_ok_and(|count| count >= rule.at_least) {
                self.cap(&format!("rule:{}", rule.id), Some(rule.cap));
            }
        }
    }

    /// The hazards in the register that count; answers the points they take off the score.
    pub(super) fn register(&mut self, hazards: &[RegisteredHazard], score: u64) -> Result<u64, Refused> {
        let Some(rule) = &self.rulebook.policy.hazard_register else { return Ok(0) };
        let mut points: u64 = 0;
        for hazard in hazards.iter().filter(|hazard| rule.counting.contains(&hazard.status)) {
            points = points.saturating_add(hazard.points);
            let held = hazard.office_late_since.filter(|_| rule.office_late_holds);
            let judging_day = held.map_or(self.on, |since| self.on.min(since));
            self.hazard(hazard, judging_day)?;
        }
        Ok(match &self.rulebook.policy.deduction {
            Some(deduction) => points.min(score.saturating_sub(deduction.lowest_score)),
            None => 0,
        })
    }

    /// One hazard of the register, as of the judging day.
    fn hazard(&mut self, hazard: &RegisteredHazard, judging_day: NaiveDate) -> Result<(), Refused> {
        // A rulebook without severities knows hazards by their points only.
        if self.rulebook.policy.hazards.is_empty() {
            return Ok(());
        }
        let overdue = hazard.due.is_some_and(|due| judging_day > due);
        if hazard.severity == MAJOR {
            if hazard.determined {
                self.veto("hazard:major_determined");
            } else {
                self.suspected |= !self.rulebook.stars_only();
                self.cap("hazard:major_suspected", Some(major_hazard(self.rulebook)?.suspected_cap));
            }
            return Ok(());
        }
        let rule = self.rulebook.hazard_rule(&hazard.severity);
        let rule = rule.ok_or_else(|| Refused::because("unknown_severity"))?;
        let (state, cap) = if overdue { ("overdue", rule.overdue_cap) } else { ("open", rule.open_cap) };
        // The highest star of all is no cap, and not listed.
        if self.rulebook.top_star().is_some_and(|top| cap < top) {
            self.cap(&format!("hazard:{}_{state}", hazard.severity), Some(cap));
        }
        Ok(())
    }

    /// Confirmed incidents that are not lifted. Those that open a hazard or an assessment act through these.
    pub(super) fn incidents(&mut self, incidents: &[KnownIncident]) -> Result<(), Refused> {
        for incident in incidents {
            let rule = self.rulebook.incident_rule(&incident.category, &incident.severity);
            let rule = rule.ok_or_else(|| Refused::because("unknown_incident"))?;
            if !incident.confirmed || incident.lifted {
                continue;
            }
            let name = format!("incident:{}_{}", incident.category, incident.severity);
            match rule.effect {
                IncidentEffectKind::Cap => self.cap(&name, rule.cap),
                IncidentEffectKind::Veto => self.veto(&name),
                IncidentEffectKind::AssessmentDue | IncidentEffectKind::Hazard | IncidentEffectKind::None => {
                }
            }
        }
        Ok(())
    }

    /// A prohibited building, and a ban in force.
    pub(super) fn prohibitions(&mut self, question: &Question) -> Result<(), Refused> {
        let unit = self.rulebook.layer == Layer::Unit;
        let unit_or_building = self.rulebook.layer != Layer::Estate;
        for (holds, name, possible) in [
            (question.building_prohibited, "building_prohibited", unit),
            (question.prohibition_in_force, "prohibition_in_force", unit_or_building),
        ] {
            if holds {
                Refused::unless(possible, "not_for_this_layer")?;
                self.vetoes.insert(name.to_owned());
            }
        }
        Ok(())
    }

    fn cap(&mut self, by: &str, star: Option<u8>) {
        self.caps.extend(star.map(|star| Cap { by: by.to_owned(), star }));
    }

    /// A veto; where the layer has stars only, a cap instead.
    fn veto(&mut self, name: &str) {
        match self.rulebook.policy.estate.as_ref().filter(|_| self.rulebook.stars_only()) {
            Some(estate) => self.cap(name, Some(estate.major_hazard_cap)),
            None => {
                self.vetoes.insert(name.to_owned());
            }
        }
    }

    pub(super) fn star(&self, band_star: u8) -> u8 {
        if !self.vetoes.is_empty() {
            return 0;
        }
        self.caps.iter().map(|cap| cap.star).fold(band_star, u8::min)
    }

    /// The level's rule, or a stricter one while a major hazard is suspected; none for stars only.
    pub(super) fn patrol_rule(&self, of_level: Option<PatrolRule>) -> Option<PatrolRule> {
        let policy = self.rulebook.policy.patrol.as_ref().filter(|_| !self.rulebook.stars_only())?;
        let rule = of_level?;
        if self.suspected { strictest(policy, &[rule, policy.suspected_major_rule]) } else { Some(rule) }
    }
}

/// What the policy says of major hazards.
pub(super) fn major_hazard(rulebook: &Rulebook) -> Result<&MajorHazardRule, Refused> {
    rulebook.policy.major_hazard.as_ref().ok_or_else(|| Refused::because("not_in_rulebook"))
}

/// A severity, and an outcome of a determination.
const MAJOR: &str = "major";
/// The other outcome of a determination.
const NOT_MAJOR: &str = "not_major";

//! A listing is taken down by rule when letting becomes prohibited in the unit, in the same breath; and when it becomes so in
//! its building, as soon as that reaches the unit.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Listing;
use crate::derivation::SchemeRef;
use crate::passing::Passed;
use crate::reaction::{Due, building_of};
use crate::recorded::local_date;
use crate::rejection::Rejection;
use crate::rulebook::{Layer, Rulebook};
use crate::subject::{Running, Subject};

/// That a listing was taken down.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Withdrawal {
    /// From this day on.
    pub on: NaiveDate,
    /// `letting_prohibited`, or a person's reason.
    pub why: String,
    /// Where letting is prohibited: `unit` or `building`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Who took it down; none where it was by rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// A prohibition of letting, as a unit meets it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ban {
    /// `unit` or `building`: whose it is.
    pub of: Layer,
    /// The day from which it holds.
    pub on: NaiveDate,
    /// A ground of the policy's list.
    pub ground: String,
    /// `no_new_letting` or `vacate`.
    pub scope: String,
}

impl Ban {
    /// Why a vacancy is not taken, with the ground in words where the rulebook knows it.
    pub fn refusal(&self, rulebook: Option<&Rulebook>) -> Rejection {
        let grounds = rulebook.map(|rulebook| rulebook.policy.prohibition_grounds.as_slice());
        let known = grounds.unwrap_or_default().iter().find(|ground| ground.id == self.ground);
        let or_id =
            |name: Option<&String>| name.filter(|name| !name.is_empty()).unwrap_or(&self.ground).clone();
        let (of_zh, of_en) = match self.of {
            Layer::Building => ("所在楼栋", "building"),
            Layer::Estate | Layer::Unit => ("房屋", "unit"),
        };
        let detail = json!({
            "of": self.of, "of_zh": of_zh, "of_en": of_en, "on": self.on, "ground": self.ground, "scope": self.scope,
            "ground_zh": or_id(known.map(|ground| &ground.zh)), "ground_en": or_id(known.map(|ground| &ground.en)),
        });
        Rejection::because("letting_prohibited", detail)
    }
}

/// The ban that a unit may not be let under: its own, else its building's, where that binds it.
pub fn ban(unit: &Subject, building: Option<&Subject>) -> Option<Ban> {
    of(unit, Layer::Unit).or_else(|| ban_of_building(unit, building?))
}

/// The ban of a unit's building, unless an appeal or dispute about the unit said that it does not bind it.
pub(crate) fn ban_of_building(unit: &Subject, building: &Subject) -> Option<Ban> {
    let number = building.grade.ban_in_force().map(|(number, _)| number);
    let spared = building_of(unit).zip(number).is_some_and(|ban| unit.grade.spared.contains(&ban));
    of(building, Layer::Building).filter(|_| !spared)
}

fn of(subject: &Subject, layer: Layer) -> Option<Ban> {
    let (prohibition, banned) = (subject.grade.prohibition.as_ref()?, subject.banned.as_ref()?);
    let (ground, scope) = (prohibition.ground.clone(), prohibition.scope.clone());
    Some(Ban { of: layer, on: banned.on, ground, scope })
}

/// The listings of a unit that its own ban takes down.
pub(crate) fn due(own: &str, subject: &Subject) -> Vec<Due> {
    let Some(scheme) = subject.scheme() else { return vec![] };
    running(subject).map(|(key, _)| withdrawal(own, key, scheme.clone(), vec![own.to_owned()])).collect()
}

/// The listings of a unit that a ban has taken down by now and that do not say so yet.
pub(crate) fn passed(own: &str, subjects: &BTreeMap<String, Subject>, now: DateTime<Utc>) -> Vec<Passed> {
    let Some(unit) = subjects.get(own) else { return vec![] };
    // a building is looked up only where something is to be let
    if running(unit).next().is_none() {
        return vec![];
    }
    let key = building_of(unit);
    let building = key.as_ref().and_then(|key| subjects.get(key));
    let Some(scheme) = unit.scheme().or_else(|| building?.scheme()) else { return vec![] };
    let mut named: Vec<String> = key.into_iter().chain([own.to_owned()]).collect();
    named.sort();
    let today = local_date(now);
    running(unit)
        .filter(|(key, _)| withdrawn(unit, building, key, today).is_some())
        .map(|(key, of)| Passed { due: withdrawal(own, key, scheme.clone(), named.clone()), since: of.since })
        .collect()
}

/// That the listing of this stream is taken down by that day.
pub(crate) fn withdrawn(
    unit: &Subject,
    building: Option<&Subject>,
    key: &str,
    by: NaiveDate,
) -> Option<Withdrawal> {
    let listing = &unit.listings.get(key)?.state;
    let submitted_on = listing.submitted_on.filter(|_| listing.runs())?;
    let closed =
        [(Some(unit), Layer::Unit), (building, Layer::Building)].into_iter().find_map(|(of, layer)| {
            let on = of?.premises.closed_on?;
            Some((on, "premises_closed", layer))
        });
    let banned = ban(unit, building).map(|ban| (ban.on, "letting_prohibited", ban.of));
    let (on, why, of) = banned.or(closed)?;
    let on = on.max(submitted_on);
    (on <= by).then(|| Withdrawal { on, why: why.to_owned(), of: Some(of.to_string()), by: None })
}

fn running(unit: &Subject) -> impl Iterator<Item = (&String, &Running<Listing>)> {
    unit.listings.iter().filter(|(_, of)| of.state.runs())
}

fn withdrawal(own: &str, key: &str, scheme: SchemeRef, subjects: Vec<String>) -> Due {
    Due {
        reaction: "listing_withdrawn",
        stream: format!("{own}/listing/{key}"),
        event_type: "ListingWithdrawn",
        scheme,
        subjects,
    }
}

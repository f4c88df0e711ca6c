//! Findings: what was seen at a house, as the rows in which it differs from the best, and the results that this makes.

use serde_json::{Value, json};
use wuping_domain::assessment::needs_photo;
use wuping_domain::outcome::Outcome;
use wuping_domain::rulebook::Rulebook;
use wuping_domain::rulebook::scheme::{Indicator, Kind, Row};

use super::photos::Photos;

/// Indicators that are not in their best row, each with the row it is in.
pub(super) type Found = &'static [(&'static str, &'static str)];

/// The results of the indicators that somebody collects, with a photo where the rulebook asks for one.
pub(super) fn results(
    rulebook: &Rulebook,
    collects: &dyn Fn(&Indicator) -> bool,
    found: Found,
    photos: &Photos,
) -> Vec<Value> {
    let theirs = rulebook.scheme.indicators.iter().filter(|indicator| collects(indicator));
    theirs
        .map(|indicator| {
            let seen = row_in(indicator, found);
            let outcome = match seen {
                None => Outcome::NotApplicable,
                Some(row) => outcome_of(indicator, row),
            };
            let photo = needs_photo(rulebook, &indicator.id, &outcome);
            let mut result = json!({ "indicator": indicator.id, "outcome": Value::from(outcome) });
            if photo {
                result["photos"] = json!([photos.of(&indicator.id)]);
            }
            if seen.is_none() {
                result["note"] = json!("本房没有此项设施");
            }
            result
        })
        .collect()
}

/// The failed rows that open a hazard, each with the department that reviews it.
pub(super) fn failing(rulebook: &Rulebook, found: Found) -> Vec<(String, String)> {
    let indicators = rulebook.scheme.indicators.iter();
    let failed = indicators.filter(|indicator| {
        indicator.hazard.is_some() && row_in(indicator, found).is_some_and(|row| row.fail)
    });
    failed.map(|indicator| (indicator.id.clone(), indicator.competent.clone())).collect()
}

/// The row an indicator is in; none where the thing does not exist.
fn row_in(indicator: &Indicator, found: Found) -> Option<&Row> {
    match found.iter().find(|(id, _)| *id == indicator.id) {
        Some((_, row)) => indicator.row(row),
        None => indicator.rows.first(),
    }
}

fn outcome_of(indicator: &Indicator, row: &Row) -> Outcome {
    let percent = row.from_percent.unwrap_or_default();
    match indicator.kind {
        Kind::Binary | Kind::Levels => Outcome::row(row.id.clone()),
        Kind::Count => Outcome::Count(row.from.unwrap_or_default()),
        Kind::Share => Outcome::Share { part: percent, whole: 100 },
        Kind::Survey => Outcome::Survey { satisfied: percent, answered: 100, occupied_units: 100 },
    }
}

/// A unit in perfect order.
pub(super) const SOUND: Found = &[];
/// A five-star unit with small wear.
pub(super) const WORN: Found = &[
    ("electrical_wiring", "minor_defect"),
    ("water_and_sanitation", "minor_defect"),
    ("gas_installation", NONE_THERE),
    ("gas_water_heater", NONE_THERE),
];
/// A four-star unit: nothing dangerous, several things middling.
pub(super) const FAIR: Found = &[
    ("electrical_wiring", "minor_defect"),
    ("gas_installation", "hose_due"),
    ("partitioning", "noncombustible_partition"),
    ("daylight_ventilation", "partial"),
    ("water_and_sanitation", "minor_defect"),
    ("lease_filing", "unmet"),
    ("tenant_education", "unrecorded"),
];
/// A four-star unit whose papers are in disorder.
pub(super) const UNFILED: Found = &[
    ("electrical_wiring", "minor_defect"),
    ("gas_installation", "hose_due"),
    ("water_and_sanitation", "minor_defect"),
    ("change_reporting", "unmet"),
    ("responsibility_letter", "unmet"),
    ("lease_filing", "unmet"),
];
/// A three-star unit by its points.
pub(super) const SHABBY: Found = &[
    ("electrical_wiring", "minor_defect"),
    ("gas_installation", "hose_due"),
    ("partitioning", "noncombustible_partition"),
    ("daylight_ventilation", "partial"),
    ("water_and_sanitation", "unusable"),
    ("doors_and_locks", "unmet"),
    ("change_reporting", "unmet"),
    ("responsibility_letter", "unmet"),
    ("lease_filing", "unmet"),
    ("tenant_education", "none"),
];
/// A unit of five stars by its points that a missing registration holds at three.
pub(super) const UNREGISTERED: Found = &[
    ("electrical_wiring", "minor_defect"),
    ("gas_installation", "hose_due"),
    ("lease_filing", "unmet"),
    ("tenant_registration", "one_missing"),
    ("tenant_education", "unrecorded"),
];
/// A two-star unit: bare wires.
pub(super) const BARE_WIRES: Found = &[
    ("electrical_wiring", "exposed_or_overloaded"),
    ("partitioning", "noncombustible_partition"),
    ("water_and_sanitation", "minor_defect"),
    ("lease_filing", "unmet"),
];
/// A two-star unit: the way out through the window mesh is locked.
pub(super) const LOCKED_MESH: Found =
    &[("escape_opening", "locked_or_blocked"), ("lease_filing", "unmet"), ("tenant_education", "unrecorded")];
/// A one-star unit: an e-bike is charged indoors.
pub(super) const EBIKE_INDOORS: Found = &[
    ("no_ebike_indoors", "unmet"),
    ("electrical_wiring", "minor_defect"),
    ("lease_filing", "unmet"),
    ("tenant_education", "unrecorded"),
];
/// A one-star unit: a gas heater without a flue in the bathroom.
pub(super) const HEATER_WITHOUT_FLUE: Found =
    &[("gas_water_heater", "unmet"), ("gas_installation", "hose_due"), ("lease_filing", "unmet")];

/// A building in good order, with a stair as narrow as old ones are.
pub(super) const KEPT: Found = &[("stair_width", "narrow"), ("rubbish_sorting", "partly")];
/// A four-star building.
pub(super) const ORDINARY: Found = &[
    ("exits_and_stairs", "one_with_alternative"),
    ("stair_width", "narrow"),
    ("common_wiring", "minor_defect"),
    ("rubbish_sorting", "partly"),
    ("cctv", "partial"),
    ("common_cleanliness", "fair"),
];
/// A three-star building by its points.
pub(super) const TIRED: Found = &[
    ("structural_survey_record", "incomplete"),
    ("structural_condition", "grade_b"),
    ("exits_and_stairs", "one_with_alternative"),
    ("stair_width", "narrow"),
    ("common_wiring", "minor_defect"),
    ("ebike_shed", "basic"),
    ("rubbish_sorting", "none"),
    ("access_control", "defective"),
    ("cctv", "partial"),
    ("common_cleanliness", "fair"),
    ("storm_readiness", "partly"),
];
/// A two-star building: things stand in the way out.
pub(super) const BLOCKED: Found = &[
    ("escape_route_obstructions", "one"),
    ("stair_width", "narrow"),
    ("common_wiring", "minor_defect"),
    ("rubbish_sorting", "partly"),
    ("cctv", "partial"),
];
/// A two-star building: a room was put on the roof.
pub(super) const ROOM_ON_ROOF: Found = &[
    ("no_illegal_additions", "unmet"),
    ("exits_and_stairs", "one_with_alternative"),
    ("rubbish_sorting", "partly"),
    ("access_control", "defective"),
];
/// A one-star building: an exit is locked and e-bikes are charged on the stairs.
pub(super) const EXIT_LOCKED: Found = &[
    ("exits_not_locked", "unmet"),
    ("ebikes_in_common_parts", "some"),
    ("ebike_shed", "none"),
    ("common_wiring", "minor_defect"),
    ("cctv", "none"),
    ("access_control", "none"),
];
/// A building of grade D by its appraisal: no star.
pub(super) const DANGEROUS: Found = &[
    ("structural_condition", "grade_c_or_d"),
    ("structural_survey_record", "incomplete"),
    ("exits_and_stairs", "one_with_alternative"),
    ("common_wiring", "minor_defect"),
    ("rubbish_sorting", "none"),
    ("cctv", "partial"),
];

/// An estate of four stars.
pub(super) const ESTATE: Found = &[
    ("fire_lane", "narrow_with_alternative"),
    ("cctv_coverage", "partial"),
    ("ebike_charging_sites", "short"),
    ("drainage", "minor"),
    ("street_overhead_cables", "some"),
    ("parking", "partial"),
];

/// The row of a thing that is not there.
const NONE_THERE: &str = "not_applicable";

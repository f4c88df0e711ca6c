//! Scheme (指标体系): the aspects and indicators of one layer.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Layer, Place, RulebookError, read, read_at};

/// The indicators of one layer, grouped in aspects.
#[derive(Clone, Debug, Serialize)]
pub struct Scheme {
    /// The layer they grade.
    pub layer: Layer,
    /// Raised on any change; an assessment records the version it used.
    pub version: u64,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// What weight the table has: `illustrative` here.
    pub status: Option<String>,
    /// What all points must add up to, where stated.
    pub total: Option<u64>,
    /// No veto, no patrol, nobody's credit: what would be a veto is a cap (an estate).
    pub stars_only: bool,
    /// Whose credit the grade enters: `owner_or_operator` or `nobody`.
    pub credited_to: Option<String>,
    /// The groups, in the order they are shown.
    #[serde(rename = "aspect")]
    pub aspects: Vec<Aspect>,
    /// The indicators, in the order they are shown.
    #[serde(rename = "indicator")]
    pub indicators: Vec<Indicator>,
    /// Duties of the office itself: watched and reported, never scored.
    #[serde(rename = "office_item")]
    pub office_items: Vec<OfficeItem>,
}

/// A group of indicators (方面), such as 房屋安全.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Aspect {
    /// Its id.
    pub id: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    #[serde(default)]
    pub en: String,
    /// What its indicators' points must add up to, where stated.
    pub points: Option<u64>,
}

/// One thing checked (指标).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// Stable: never used again for another meaning.
    pub id: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    #[serde(default)]
    pub en: String,
    /// The aspect it counts in.
    pub aspect: String,
    /// The most points it can earn.
    pub points: u64,
    /// Who gathers the result.
    pub collect: Collect,
    /// The department that answers for it and reviews its failures.
    pub competent: String,
    /// How its result is written.
    pub kind: Kind,
    /// What is written down besides the outcome.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<String>,
    /// The outcomes, from most points to fewest.
    #[serde(rename = "levels")]
    pub rows: Vec<Row>,
    /// The hazard a failed row opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hazard: Option<HazardClass>,
    /// Whether a failed row is a veto, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub veto: Option<Veto>,
    /// The highest star while it stays failed (封顶).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<u8>,
    /// Whether the thing may not exist there, with a reason; it then leaves the denominator.
    #[serde(default)]
    pub not_applicable: bool,
    /// What must be shown for the outcome.
    #[serde(default)]
    pub evidence: Evidence,
    /// The rule it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// A remark for whoever checks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What is counted, for kind `count`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count_of: Option<String>,
    /// What is shared, for kind `share`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_of: Option<String>,
    /// Rooms that may not be lived in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spaces: Vec<String>,
    /// The column of the publisher's file it is read from, for an imported scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

/// One outcome of an indicator, with the points it earns.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Its id; for kinds `binary` and `levels` also the result.
    pub id: String,
    /// Points earned.
    pub points: u64,
    /// Its words in Chinese.
    #[serde(default)]
    pub zh: String,
    /// Its words in English.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub en: String,
    /// Whether this outcome fails the indicator: opens its hazard, applies its cap.
    #[serde(default)]
    pub fail: bool,
    /// A cap of this outcome's own, failed or not; it stands instead of the indicator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<u8>,
    /// Least count, for kind `count`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Greatest count, for kind `count`; none is no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// Least percentage, for kinds `share` and `survey`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_percent: Option<u64>,
}

/// Severity and class of work of the hazard that a failed row opens.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HazardClass {
    /// A severity of the policy's `[[hazard]]`.
    pub severity: String,
    /// A class of the policy's `[[works]]`.
    pub works: String,
}

/// A duty of the office itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct OfficeItem {
    /// Its id.
    pub id: String,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    #[serde(default)]
    pub en: String,
    /// The department that answers for it.
    pub competent: String,
    /// The deadline it is measured by, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
}

/// Who gathers a result (采集方式).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Collect {
    /// The competent department's own officer.
    Department,
    /// Shared by another system.
    Feed,
    /// The grid worker on the spot.
    Grid,
    /// Derived from our own record, never typed in.
    Ledger,
}

/// What must be shown for an outcome.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A document.
    Document,
    /// Nothing.
    #[default]
    None,
    /// A photo, whatever the outcome.
    Photo,
    /// A photo where it failed.
    PhotoOnFail,
}

/// How a result is written.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The id of one of two rows.
    Binary,
    /// A whole number.
    Count,
    /// The id of one of several rows.
    Levels,
    /// A part of a whole.
    Share,
    /// Satisfied among answered among occupied units.
    Survey,
}

/// When a failed indicator is a veto (一票否决).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Veto {
    /// Once the competent authority has determined the hazard as major; suspected until then.
    AfterDetermination,
    /// At once, for the row cannot be given without an appraisal report.
    Appraised,
}

impl Scheme {
    /// Reads the `indicators` part of a document. Each indicator is read by itself, so that an error names it.
    pub(super) fn from_part(part: &Value) -> Result<Scheme, RulebookError> {
        let head: Head = read("indicators", part)?;
        let indicators = head
            .indicator
            .iter()
            .enumerate()
            .map(|(n, value)| {
                let indicator = value["id"].as_str().map(str::to_owned);
                read_at(Place { indicator, ..Place::of("indicators", format!("indicator[{n}]")) }, value)
            })
            .collect::<Result<_, _>>()?;
        Ok(Scheme {
            layer: head.layer,
            version: head.version,
            zh: head.zh,
            en: head.en,
            status: head.status,
            total: head.total,
            stars_only: head.stars_only,
            credited_to: head.credited_to,
            aspects: head.aspect,
            indicators,
            office_items: head.office_item,
        })
    }
}

impl Indicator {
    /// The row with this id.
    #[must_use]
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }

    /// The row that earns most; of equals the last written.
    #[must_use]
    pub fn best_row(&self) -> Option<&Row> {
        self.rows.iter().max_by_key(|row| row.points)
    }

    /// The row that earns least; of equals the first written.
    #[must_use]
    pub fn worst_row(&self) -> Option<&Row> {
        self.rows.iter().min_by_key(|row| row.points)
    }
}

/// The layer file before its indicators are read one by one.
#[derive(Deserialize)]
struct Head {
    layer: Layer,
    version: u64,
    zh: String,
    #[serde(default)]
    en: String,
    status: Option<String>,
    total: Option<u64>,
    #[serde(default)]
    stars_only: bool,
    credited_to: Option<String>,
    aspect: Vec<Aspect>,
    #[serde(default)]
    indicator: Vec<Value>,
    #[serde(default)]
    office_item: Vec<OfficeItem>,
}

//! Rulebook: the published rules one layer of premises is graded by.
//!
//! A rulebook is written as three TOML files (the layer's indicators, the policy, the calendar) and compiled
//! to one canonical document, which a grade names by its SHA-256. The engine reads that document only; the
//! district's rules and other cities' schemes are all documents, none a special case in code. What the fields
//! mean is in `rulebooks/README.md`.
//!
//! Invariants of a value of this type: whatever `soundness` checks holds, so that scoring never meets an
//! indicator without an aspect, a score without a band, or a hazard without a term.

pub mod credit;
pub mod danger;
pub mod difference;
mod drafted;
mod error;
pub mod fault;
pub mod imported;
mod lines;
mod misread;
pub mod policy;
pub mod procedure;
pub mod remedy;
pub mod scheme;
mod soundness;
mod written;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use self::drafted::{layer_of, name_of};
pub use self::error::{Place, RulebookError};
use self::misread::of_value;
pub(crate) use self::soundness::LEFT_OPEN;
use crate::calendar::Calendar;
use crate::rulebook::policy::{Band, HazardRule, IncidentRule, ManagementLevel, Policy, Works};
use crate::rulebook::procedure::DeadlineRule;
use crate::rulebook::scheme::{Indicator, Scheme};

/// What kind of premises is graded (层面). Never called a "level".
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// One block (楼栋), its common parts.
    Building,
    /// A residential compound (小区), stars only.
    Estate,
    /// One let suite or room (房屋套间).
    Unit,
}

/// The rules of one layer, ready to grade with. Dear to build, cheap to read: keep one per document hash.
#[derive(Clone, Debug)]
pub struct Rulebook {
    /// `<name>-<layer>-<version>`, as consequences name it.
    pub id: String,
    /// The layer it grades.
    pub layer: Layer,
    /// Aspects and indicators.
    pub scheme: Scheme,
    /// Everything but the indicators and the calendar.
    pub policy: Policy,
    /// The working days published so far.
    pub calendar: Calendar,
    positions: HashMap<String, usize>,
}

impl Rulebook {
    /// The canonical document of three written files. `name` is the rulebook's own, such as `pingshan`; the
    /// id is `<name>-<layer>-<version>` with the layer file's layer and version. The document is checked as
    /// by [`Rulebook::written_anew`], so what was compiled can be read.
    ///
    /// # Errors
    /// If a file is not TOML, holds a fraction, or the rules do not hold together.
    pub fn compile(
        name: &str,
        layer_toml: &str,
        policy_toml: &str,
        calendar_toml: &str,
    ) -> Result<Value, RulebookError> {
        let indicators = written::part("indicators", layer_toml)?;
        let policy = written::part("policy", policy_toml)?;
        let calendar = written::part("calendar", calendar_toml)?;
        let text = |member: &str| indicators[member].as_str().unwrap_or_default().to_owned();
        let id = format!("{name}-{}-{}", text("layer"), indicators["version"]);
        let document = json!({
            "calendar": calendar, "format": FORMAT, "id": id, "indicators": indicators, "policy": policy,
        });
        let files = [("indicators", layer_toml), ("policy", policy_toml), ("calendar", calendar_toml)];
        Rulebook::written_anew(&document).map_err(|error| error.in_files(&files))?;
        Ok(document)
    }

    /// Reads and checks a document that is to be published: besides what [`Rulebook::from_document`] asks of every one, a
    /// rulebook that the office is to work by has each deadline that the rules ask for by name. What was published before
    /// that was asked is read as ever, so that its results derive again.
    ///
    /// # Errors
    /// As [`Rulebook::from_document`].
    pub fn written_anew(document: &Value) -> Result<Rulebook, RulebookError> {
        let rulebook = Rulebook::from_document(document)?;
        let faults = soundness::unfit_to_operate(&rulebook);
        if faults.is_empty() { Ok(rulebook) } else { Err(RulebookError::Unsound { faults }) }
    }

    /// Reads and checks a canonical document.
    ///
    /// # Errors
    /// If it is of another format, a member cannot be read, or the rules do not hold together.
    pub fn from_document(document: &Value) -> Result<Rulebook, RulebookError> {
        let found = document["format"].as_str().unwrap_or("no format at all");
        if found != FORMAT {
            return Err(RulebookError::Format { found: found.to_owned() });
        }
        let scheme = Scheme::from_part(&document["indicators"])?;
        let policy: Policy = read("policy", &document["policy"])?;
        let calendar: Calendar = read("calendar", &document["calendar"])?;
        let stated = document["id"].as_str().unwrap_or_default().to_owned();
        let tail = format!("-{}-{}", scheme.layer, scheme.version);
        if !stated.ends_with(&tail) || stated.len() == tail.len() {
            return Err(RulebookError::Id { stated, made: format!("<name>{tail}") });
        }
        let positions = scheme.indicators.iter().enumerate().map(|(n, i)| (i.id.clone(), n)).collect();
        let rulebook = Rulebook { id: stated, layer: scheme.layer, scheme, policy, calendar, positions };
        let faults = soundness::faults(&rulebook);
        if faults.is_empty() { Ok(rulebook) } else { Err(RulebookError::Unsound { faults }) }
    }

    /// The indicator with this id.
    #[must_use]
    pub fn indicator(&self, id: &str) -> Option<&Indicator> {
        self.position(id).map(|n| &self.scheme.indicators[n])
    }

    /// Where the indicator stands in the scheme, from 0.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<usize> {
        self.positions.get(id).copied()
    }

    /// The band of a score: bands run from the highest down.
    #[must_use]
    pub fn band_of_score(&self, score: u64) -> Option<&Band> {
        self.policy.bands.iter().find(|band| score >= band.min_score)
    }

    /// The band with this star.
    #[must_use]
    pub fn band_of_star(&self, star: u8) -> Option<&Band> {
        self.policy.bands.iter().find(|band| band.star == Some(star))
    }

    /// The management level this star falls in.
    #[must_use]
    pub fn level_of_star(&self, star: u8) -> Option<&ManagementLevel> {
        self.policy.management_levels.iter().find(|level| level.stars.contains(&star))
    }

    /// The management level with this id.
    #[must_use]
    pub fn level(&self, id: &str) -> Option<&ManagementLevel> {
        self.policy.management_levels.iter().find(|level| level.id == id)
    }

    /// The rule for hazards of this severity.
    #[must_use]
    pub fn hazard_rule(&self, severity: &str) -> Option<&HazardRule> {
        self.policy.hazards.iter().find(|hazard| hazard.severity == severity)
    }

    /// The class of work with this id.
    #[must_use]
    pub fn works(&self, id: &str) -> Option<&Works> {
        self.policy.works.iter().find(|works| works.id == id)
    }

    /// The rule for incidents of this category and severity.
    #[must_use]
    pub fn incident_rule(&self, category: &str, severity: &str) -> Option<&IncidentRule> {
        self.policy.incident_rules.iter().find(|rule| rule.category == category && rule.severity == severity)
    }

    /// The deadline rule with this id.
    #[must_use]
    pub fn deadline_rule(&self, id: &str) -> Option<&DeadlineRule> {
        self.policy.deadlines.iter().find(|rule| rule.id == id)
    }

    /// Whether a deadline counts here as it does by another rulebook, so that only their calendars differ.
    #[must_use]
    pub fn counts_as(&self, other: &Rulebook, deadline: &str) -> bool {
        let rules = self.deadline_rule(deadline).zip(other.deadline_rule(deadline));
        rules.is_some_and(|(own, others)| own.counts_as(others))
    }

    /// The highest star a band gives, or none where the rulebook has no stars.
    #[must_use]
    pub fn top_star(&self) -> Option<u8> {
        self.policy.bands.iter().filter_map(|band| band.star).max()
    }

    /// Whether the layer has stars only: no veto, no patrol of its own, nobody's credit (an estate).
    #[must_use]
    pub fn stars_only(&self) -> bool {
        self.scheme.stars_only
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Layer::Building => "building",
            Layer::Estate => "estate",
            Layer::Unit => "unit",
        })
    }
}

impl FromStr for Layer {
    type Err = UnknownLayer;

    fn from_str(text: &str) -> Result<Layer, UnknownLayer> {
        match text {
            "building" => Ok(Layer::Building),
            "estate" => Ok(Layer::Estate),
            "unit" => Ok(Layer::Unit),
            _ => Err(UnknownLayer { found: text.to_owned() }),
        }
    }
}

/// A word that names no layer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{found} is no layer; write building, estate or unit")]
pub struct UnknownLayer {
    /// The word.
    pub found: String,
}

/// A written file of rules that is no part of a document.
///
/// # Errors
/// If it is not TOML, holds a fraction, or a member cannot be read.
pub(crate) fn written_as<T: DeserializeOwned>(part: &'static str, text: &str) -> Result<T, RulebookError> {
    read(part, &written::part(part, text)?).map_err(|error| error.in_files(&[(part, text)]))
}

/// Reads one part of a document, saying where it failed.
fn read<T: DeserializeOwned>(part: &'static str, value: &Value) -> Result<T, RulebookError> {
    read_at(Place::of(part, ""), value)
}

/// Reads what stands at a place of a document, saying where below it it failed.
fn read_at<T: DeserializeOwned>(mut place: Place, value: &Value) -> Result<T, RulebookError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        place.descend(&error.path().to_string());
        RulebookError::Shape { place: Box::new(place), source: of_value(error.inner()) }
    })
}

/// The ids that occur more than once.
fn repeated<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for id in ids {
        *counts.entry(id).or_default() += 1;
    }
    counts.into_iter().filter(|(_, n)| *n > 1).map(|(id, _)| id).collect()
}

/// The document format this engine reads (docs/format.md §9).
pub const FORMAT: &str = "wuping-rulebook/1";

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::fault::Fault;
    use super::*;
    use crate::shipped;

    /// Compiles the district's unit rulebook with one place of a file changed.
    #[track_caller]
    fn changed(file: &str, old: &str, new: &str) -> RulebookError {
        let [unit, policy, calendar] = ["unit", "policy", "holidays"].map(|name| {
            let written = shipped::written("pingshan", name);
            if name == file {
                assert!(written.contains(old), "{file} lacks {old}");
                written.replacen(old, new, 1)
            } else {
                written
            }
        });
        Rulebook::compile("pingshan", &unit, &policy, &calendar).unwrap_err()
    }

    #[test]
    fn a_document_is_the_written_files_whole() {
        let document = shipped::document("pingshan", Layer::Unit);
        assert_eq!(document["id"], "pingshan-unit-2");
        assert_eq!(document["format"], FORMAT);
        assert_eq!(document["indicators"]["indicator"].as_array().unwrap().len(), 30);
        assert_eq!(document["calendar"]["year"]["2025"]["work"][0], "2025-01-26");
        assert_eq!(document["policy"]["time_zone"], "Asia/Shanghai");
        assert_eq!(document.as_object().unwrap().len(), 5);
    }

    #[test]
    fn a_fault_names_its_place_and_what_to_do_in_both_languages() {
        for (file, old, new, en, zh) in [
            (
                "unit",
                "id = \"met\", points = 6",
                "id = \"met\", points = 7",
                "indicator smoke_alarm: row met gives 7",
                "指标 smoke_alarm：met 一档给 7 分，超过指标的 6 分",
            ),
            (
                "unit",
                "total = 100",
                "total = 99",
                "add up to 100, not to total = 99",
                "合计 100，与 total = 99 不符",
            ),
            (
                "unit",
                "points = 66",
                "points = 65",
                "aspect unit_safety",
                "方面 unit_safety：其中指标的分值合计 66",
            ),
            (
                "unit",
                "id = \"emergency_torch\"",
                "id = \"smoke_alarm\"",
                "indicator smoke_alarm is there twice",
                "指标 smoke_alarm 出现了两次",
            ),
            (
                "unit",
                "competent = \"fire\"",
                "competent = \"fires\"",
                "no [[department]] fires",
                "没有 [[department]] fires",
            ),
            ("unit", "works = \"buy\"", "works = \"borrow\"", "no [[works]] borrow", "没有 [[works]] borrow"),
            ("unit", "cap = 3", "cap = 6", "star 6, which no [[band]] has", "cap 写的是 6 星，没有 [[band]]"),
            ("unit", "from = 1, to = 1", "from = 1, to = 2", "gap or overlap", "空缺或重叠"),
            ("policy", "min_score = 0", "min_score = 1", "every score has one", "从 min_score = 0 开始"),
            ("policy", "star = 4", "star = 5", "stars must fall", "star 要随 min_score"),
            (
                "policy",
                "stars = [1]",
                "stars = [1, 0]",
                "star 0 is in 2 management levels",
                "0 星属于 2 个管理等级",
            ),
            (
                "policy",
                "\"smoke_alarm\", ",
                "\"smoke_alarms\", ",
                "derived cap seven_ones_incomplete: there is no indicator smoke_alarms",
                "[[derived_cap]] seven_ones_incomplete：没有指标 smoke_alarms",
            ),
            (
                "policy",
                "incomplete = \"reject\"",
                "incomplete = \"zero\"",
                "knows reject only",
                "scoring.incomplete 写的是 zero，系统只认 reject",
            ),
            (
                "policy",
                "measures = [\"incentive\"]",
                "measures = [\"gift\"]",
                "no [[measure]] gift",
                "没有 [[measure]] gift",
            ),
            ("policy", "at_best = \"C\"", "at_best = \"E\"", "no credit class E", "没有信用等级 E"),
            (
                "policy",
                "id = \"appeal_file\"",
                "id = \"appeal_files\"",
                "no [[deadline]] appeal_file",
                "没有 [[deadline]] appeal_file",
            ),
            (
                "policy",
                "id = \"plaque_post\"",
                "id = \"plaque_posts\"",
                "no [[deadline]] plaque_post",
                "没有 [[deadline]] plaque_post",
            ),
            (
                "policy",
                "id = \"credit_repair\"",
                "id = \"credit_repairs\"",
                "no [[deadline]] credit_repair",
                "没有 [[deadline]] credit_repair",
            ),
            (
                "policy",
                "suspends_safety_measures = false",
                "suspends_safety_measures = true",
                "rounds and warnings go on while an appeal runs",
                "申诉期间巡查和风险提示照常进行",
            ),
            ("holidays", "years = [2024,", "years = [2023, 2024,", "no [year.2023]", "没有 [year.2023]"),
        ] {
            let error = changed(file, old, new);
            let (told, in_chinese) = (error.to_string(), error.zh());
            assert!(told.contains(en), "{told} lacks {en}");
            assert!(in_chinese.contains(zh), "{in_chinese} lacks {zh}");
            assert!(
                error.faults().iter().all(|fault| told.contains(&fault.en) && in_chinese.contains(&fault.zh))
            );
        }
    }

    #[test]
    fn a_misspelt_member_is_never_overlooked_and_told_with_its_line() {
        let error = changed("unit", "cap = 3", "cpa = 3");
        let line = 1 + shipped::written("pingshan", "unit")
            .lines()
            .position(|line| line.contains("cap = 3"))
            .unwrap();
        let [place, what] = <[Fault; 2]>::try_from(error.faults()).unwrap();
        let member = "indicator[0].cpa";
        assert!(
            place.en.starts_with(&format!("indicator smoke_alarm, indicators line {line}, {member}: ")),
            "{place}"
        );
        assert!(
            place.zh.starts_with(&format!("指标 smoke_alarm，指标文件第 {line} 行，{member}：")),
            "{}",
            place.zh
        );
        assert!(what.en.contains("unknown field `cpa`") && error.source().unwrap().to_string() == what.en);
        assert!(what.zh.starts_with("没有 cpa 这个字段；可以写的有 "), "{}", what.zh);
        let layer = changed("unit", "layer = \"unit\"", "layer = \"flat\"").faults();
        assert_eq!(layer[1].zh, "不认识 flat；可以写的有 building、estate、unit");
    }

    #[test]
    fn fractions_and_broken_files_are_refused() {
        let error = changed("unit", "points = 66", "points = 66.0");
        assert!(
            matches!(&error, RulebookError::Fraction { place } if place.member == "aspect[0].points" && place.line.is_some()),
            "{error}"
        );
        let broken = changed("policy", "[scoring]", "[scoring");
        let line =
            1 + shipped::written("pingshan", "policy").lines().position(|line| line == "[scoring]").unwrap();
        assert!(
            matches!(&broken, RulebookError::Toml { part: "policy", line: Some(is), .. } if *is == line),
            "{broken:?}"
        );
        let [place, why] = <[Fault; 2]>::try_from(broken.faults()).unwrap();
        assert_eq!(place.zh, format!("办法文件第 {line} 行不是 TOML，请改正这一行"));
        assert_eq!(why.zh, "方括号没有写完");
        assert!(matches!(changed("unit", "layer = \"unit\"", ""), RulebookError::Shape { .. }));
    }

    /// A rulebook that was published before the deadline was asked for still reads, and its results derive again.
    #[test]
    fn what_was_published_without_a_deadline_is_read_and_not_written_anew() {
        let mut document = shipped::document("pingshan", Layer::Unit);
        let deadlines = document["policy"]["deadline"].as_array_mut().unwrap();
        deadlines.retain(|one| one["id"] != "appeal_file" && one["id"] != "hazard_review");
        assert!(Rulebook::from_document(&document).is_ok());
        let RulebookError::Unsound { faults } = Rulebook::written_anew(&document).unwrap_err() else {
            panic!("another fault");
        };
        assert_eq!(faults.len(), 2, "{faults:?}");
        document["policy"]["operating"] = json!(false);
        assert!(Rulebook::written_anew(&document).is_ok(), "nobody works by it");
    }

    #[test]
    fn another_format_or_a_foreign_id_is_refused() {
        let mut document = shipped::document("pingshan", Layer::Unit);
        document["id"] = json!("pingshan-unit-3");
        assert!(matches!(Rulebook::from_document(&document), Err(RulebookError::Id { .. })));
        document["format"] = json!("wuping-rulebook/2");
        assert!(matches!(Rulebook::from_document(&document), Err(RulebookError::Format { .. })));
        assert!(Rulebook::from_document(&json!(null)).is_err());
    }

    #[test]
    fn indicators_are_found_by_id() {
        let rulebook = shipped::pingshan(Layer::Estate);
        for (n, indicator) in rulebook.scheme.indicators.iter().enumerate() {
            assert_eq!(rulebook.position(&indicator.id), Some(n));
        }
        assert!(rulebook.indicator("swimming_pool").is_none());
    }
}

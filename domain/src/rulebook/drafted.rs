//! Drafted: a rulebook out of written files in any order, and out of a published one for what is not written anew.

use serde_json::{Map, Value, json};

use super::error::part_zh;
use super::fault::Fault;
use super::lines::line_of;
use super::{FORMAT, Layer, Rulebook, RulebookError, UnknownLayer, written};

/// The parts of a rulebook, each with what tells its file from the others.
const PARTS: [(&str, [&str; 2]); 3] = [
    ("indicators", ["indicator", "layer"]),
    ("policy", ["band", "scoring"]),
    ("calendar", ["year", "years"]),
];

impl Rulebook {
    /// The canonical document of a draft. The files are told apart by what stands in them; a part that is not among them is
    /// that of the document it begins from. `name` is the rulebook's own, that of the document where none is given.
    ///
    /// # Errors
    /// [`RulebookError::Parts`] if a part is there twice, or missing where nothing is begun from; then those of
    /// [`Rulebook::compile`].
    pub fn drafted(name: Option<&str>, files: &[&str], base: Option<&Value>) -> Result<Value, RulebookError> {
        let mut held: Vec<(&str, &str)> = Vec::new();
        let mut parts = Map::new();
        for (n, file) in files.iter().enumerate() {
            let part = part_of(n + 1, file)?;
            if parts.insert(part.to_owned(), written::part(part, file)?).is_some() {
                let zh = format!("有两份文件写的都是{}，请去掉一份", part_zh(part));
                return Err(told(zh, format!("two files hold the {part}; leave one out")));
            }
            held.push((part, file));
        }
        let mut taken = |part: &str| {
            let known = || base.map(|base| base[part].clone());
            parts.remove(part).or_else(known).ok_or_else(|| {
                let zh = format!("没有{}文件，请补上，或者说明草案从哪份规则开始", part_zh(part));
                told(
                    zh,
                    format!("no file holds the {part}; add it, or say which rulebook the draft begins from"),
                )
            })
        };
        let (indicators, policy, calendar) = (taken("indicators")?, taken("policy")?, taken("calendar")?);
        let text = |member: &str| indicators[member].as_str().unwrap_or_default().to_owned();
        let tail = format!("-{}-{}", text("layer"), indicators["version"]);
        let name = name
            .map(str::to_owned)
            .or_else(|| base.and_then(|base| name_of(base["id"].as_str()?)).map(str::to_owned));
        let name = name.unwrap_or_else(|| "draft".to_owned());
        let document = json!({
            "calendar": calendar, "format": FORMAT, "id": format!("{name}{tail}"), "indicators": indicators,
            "policy": policy,
        });
        Rulebook::written_anew(&document).map_err(|error| error.in_files(&held))?;
        Ok(document)
    }
}

/// A rulebook's own name: `pingshan` of `pingshan-unit-2`.
pub fn name_of(id: &str) -> Option<&str> {
    id.rsplitn(3, '-').nth(2)
}

/// The layer that written indicators are of; none of any other file.
///
/// # Errors
/// [`RulebookError::Toml`] if it cannot be read, and [`RulebookError::Parts`] if there is no such layer; with the line.
pub fn layer_of(file: &str) -> Result<Option<Layer>, RulebookError> {
    let table = written::table("draft", file)?;
    let Some(layer) = table.get("layer").and_then(toml::Value::as_str) else { return Ok(None) };
    let known = layer.parse().map(Some);
    known.map_err(|unknown: UnknownLayer| {
        let line = line_of(file, "layer").unwrap_or_default();
        told(
            format!("指标文件第 {line} 行，layer：没有层面 {layer}，请写 building、estate 或 unit"),
            format!("indicators line {line}, layer: {unknown}"),
        )
    })
}

/// Which part a file is.
fn part_of(number: usize, file: &str) -> Result<&'static str, RulebookError> {
    let table = written::table("draft", file)?;
    let is = |members: &[&str]| members.iter().any(|member| table.contains_key(*member));
    PARTS.iter().find(|(_, members)| is(members)).map(|(part, _)| *part).ok_or_else(|| {
        told(
            format!("第 {number} 份文件不是规则的一部分：里面既没有指标，也没有等级线和年份；见 rulebooks/README.md"),
            format!("file {number} is no part of a rulebook: it has neither indicators nor bands nor years; see rulebooks/README.md"),
        )
    })
}

fn told(zh: String, en: String) -> RulebookError {
    RulebookError::Parts { told: Fault { zh, en } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipped;

    #[test]
    fn files_in_any_order_make_the_same_document() {
        let [unit, policy, calendar] =
            ["unit", "policy", "holidays"].map(|file| shipped::written("pingshan", file));
        let whole = Rulebook::drafted(Some("pingshan"), &[&calendar, &unit, &policy], None).unwrap();
        let shipped = shipped::document("pingshan", Layer::Unit);
        assert_eq!(whole, shipped);
        assert_eq!(
            Rulebook::drafted(None, &[&unit], Some(&shipped)).unwrap(),
            shipped,
            "what is not written stays"
        );
        assert_eq!(Rulebook::drafted(None, &[], Some(&shipped)).unwrap(), shipped);
    }

    #[test]
    fn a_part_that_is_missing_or_there_twice_is_named() {
        let unit = shipped::written("pingshan", "unit");
        let missing = Rulebook::drafted(None, &[&unit], None).unwrap_err().to_string();
        assert!(missing.contains("no file holds the policy"), "{missing}");
        let twice = Rulebook::drafted(None, &[&unit, &unit], None).unwrap_err().to_string();
        assert!(twice.contains("two files hold the indicators"), "{twice}");
        let foreign = Rulebook::drafted(None, &["a = 1"], None).unwrap_err().to_string();
        assert!(foreign.contains("file 1 is no part"), "{foreign}");
    }

    #[test]
    fn a_layer_that_there_is_not_is_told_before_anything_else() {
        let unit = shipped::written("pingshan", "unit");
        assert_eq!(layer_of(&unit).unwrap(), Some(Layer::Unit));
        assert_eq!(layer_of(&shipped::written("pingshan", "policy")).unwrap(), None);
        let error = layer_of(&unit.replacen("layer = \"unit\"", "layer = \"flat\"", 1)).unwrap_err();
        let line = unit.lines().position(|line| line == "layer = \"unit\"").unwrap() + 1;
        assert_eq!(
            error.to_string(),
            format!("indicators line {line}, layer: flat is no layer; write building, estate or unit")
        );
        assert!(error.zh().contains("没有层面 flat"), "{}", error.zh());
    }

    #[test]
    fn a_name_is_what_stands_before_layer_and_version() {
        assert_eq!(name_of("toronto-2017-building-1"), Some("toronto-2017"));
        assert_eq!(name_of("pingshan-unit-2"), Some("pingshan"));
        assert_eq!(name_of("pingshan"), None);
    }
}

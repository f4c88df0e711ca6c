//! Drafted: a rulebook out of written files in any order, and out of a published one for what is not written anew.

use serde_json::{Value, json};

use super::{FORMAT, Rulebook, RulebookError, written};

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
        let mut parts: [Option<Value>; 3] = [None, None, None];
        for (n, file) in files.iter().enumerate() {
            let place = place_of(n + 1, file)?;
            let (part, _) = PARTS[place];
            if parts[place].replace(written::part(part, file)?).is_some() {
                return Err(told(format!("two files hold the {part}; leave one out")));
            }
        }
        let mut taken = parts.into_iter().zip(PARTS).map(|(written, (part, _))| {
            let known = || base.map(|base| base[part].clone());
            written.or_else(known).ok_or_else(|| {
                told(format!("no file holds the {part}; add it, or say which rulebook the draft begins from"))
            })
        });
        let mut next = || taken.next().unwrap_or_else(|| Err(told("a rulebook has three parts".to_owned())));
        let (indicators, policy, calendar) = (next()?, next()?, next()?);
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
        Rulebook::written_anew(&document)?;
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
/// [`RulebookError::Toml`] if it cannot be read, with the line.
pub fn layer_of(file: &str) -> Result<Option<String>, RulebookError> {
    Ok(table(file)?.get("layer").and_then(toml::Value::as_str).map(str::to_owned))
}

fn table(file: &str) -> Result<toml::Table, RulebookError> {
    file.parse().map_err(|source| RulebookError::Toml { part: "draft", source: Box::new(source) })
}

/// Which part a file is.
fn place_of(number: usize, file: &str) -> Result<usize, RulebookError> {
    let table = table(file)?;
    let place =
        PARTS.iter().position(|(_, members)| members.iter().any(|member| table.contains_key(*member)));
    place.ok_or_else(|| {
        told(format!("file {number} is no part of a rulebook: it has neither indicators nor bands nor years; see rulebooks/README.md"))
    })
}

fn told(told: String) -> RulebookError {
    RulebookError::Parts { told }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::Layer;
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
    fn a_name_is_what_stands_before_layer_and_version() {
        assert_eq!(name_of("toronto-2017-building-1"), Some("toronto-2017"));
        assert_eq!(name_of("pingshan-unit-2"), Some("pingshan"));
        assert_eq!(name_of("pingshan"), None);
    }
}

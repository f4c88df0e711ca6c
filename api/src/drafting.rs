//! Drafting a rulebook: written files, and a published rulebook for what is not written anew, become a document that can be
//! checked, compared and rehearsed before anybody is graded by it.

use serde_json::Value;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::rulebook::difference::{Difference, differences};
use wuping_domain::rulebook::fault::Fault;
use wuping_domain::rulebook::{Rulebook, RulebookError, layer_of, name_of};
use wuping_ledger::store::Scheme;

use crate::shelf::{self, CompileError, Compiled};

/// A draft with what it begins from.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The draft.
    pub compiled: Compiled,
    /// The published rulebook that it is compared with; none where there is none of its layer.
    pub base: Option<Scheme>,
    /// Its document.
    pub document: Value,
}

/// Why files are no draft.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// They make no rulebook.
    #[error("the files make no rulebook")]
    Rules(#[from] CompileError),
    /// There is no such rulebook in the ledger.
    #[error(
        "the ledger keeps no rulebook {id}; {}",
        if .kept.is_empty() { "it keeps none: publish one first, or give all three files".to_owned() } else { format!("choose of {}", .kept.join(", ")) }
    )]
    NoBase {
        /// What was asked for.
        id: String,
        /// What there is.
        kept: Vec<String>,
    },
    /// Several rulebooks of the layer are there.
    #[error("the draft could begin from {}; say from which", .kept.join(", "))]
    WhichBase {
        /// What there is.
        kept: Vec<String>,
    },
    /// What the ledger keeps is no document.
    #[error("the rulebook {id} of the ledger cannot be read; run `wuping verify`")]
    Kept {
        /// Which.
        id: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
}

impl From<RulebookError> for DraftError {
    fn from(error: RulebookError) -> Self {
        Self::Rules(error.into())
    }
}

impl DraftError {
    /// Everything that keeps the files from being a draft, outermost first.
    pub fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Rules(error) => error.faults(),
            Self::Kept { .. } | Self::NoBase { .. } | Self::WhichBase { .. } => {
                vec![Fault::new(self.zh(), self.to_string())]
            }
        }
    }

    /// The error itself in Chinese, without what lies under it.
    pub fn zh(&self) -> String {
        match self {
            Self::Rules(_) => "这些文件不成一份规则".to_owned(),
            Self::NoBase { id, kept } if kept.is_empty() => {
                format!("账本里没有规则 {id}，也没有别的规则；请先发布一份，或者把三份文件都交来")
            }
            Self::NoBase { id, kept } => {
                format!("账本里没有规则 {id}，有的是 {}；请从中选一份", kept.join("、"))
            }
            Self::WhichBase { kept } => {
                format!("草案可以从 {} 开始，请说明从哪一份", kept.join("、"))
            }
            Self::Kept { id, .. } => format!("账本里的规则 {id} 读不出来，请运行 wuping verify"),
        }
    }
}

impl Draft {
    /// The draft that files make. `against` names the rulebook that it begins from; else it is the newest of its name, or the
    /// one by which the office works on its layer, of those that the ledger keeps.
    ///
    /// # Errors
    /// [`DraftError`].
    pub fn of(
        files: &[&str],
        against: Option<&str>,
        name: Option<&str>,
        kept: &[Scheme],
    ) -> Result<Self, DraftError> {
        let base = match against {
            Some(id) => {
                Some(kept.iter().find(|scheme| scheme.id == id).ok_or_else(|| DraftError::NoBase {
                    id: id.to_owned(),
                    kept: kept.iter().map(|scheme| scheme.id.clone()).collect(),
                })?)
            }
            None => newest(files, name, kept)?,
        };
        let known = base.map(|base| {
            serde_json::from_slice::<Value>(&base.bytes)
                .map_err(|source| DraftError::Kept { id: base.id.clone(), source })
        });
        let known = known.transpose()?;
        let document = Rulebook::drafted(name, files, known.as_ref())?;
        Ok(Self { compiled: shelf::of_document(&document)?, base: base.cloned(), document })
    }

    /// The name and digest of what it begins from.
    pub fn base_ref(&self) -> Option<SchemeRef> {
        self.base.as_ref().map(|base| SchemeRef { id: base.id.clone(), sha256: base.sha256.clone() })
    }

    /// What it changes in the rulebook that it begins from; nothing where there is none.
    ///
    /// # Errors
    /// [`DraftError::Kept`] if that one cannot be read.
    pub fn differences(&self) -> Result<Vec<Difference>, DraftError> {
        let Some(base) = &self.base else { return Ok(vec![]) };
        let was = serde_json::from_slice::<Value>(&base.bytes)
            .map_err(|source| DraftError::Kept { id: base.id.clone(), source })?;
        Ok(differences(&was, &self.document))
    }
}

/// The rulebook that a draft begins from where nobody says which.
fn newest<'k>(
    files: &[&str],
    name: Option<&str>,
    kept: &'k [Scheme],
) -> Result<Option<&'k Scheme>, DraftError> {
    // a file that cannot be read is told as such, before it is asked what the draft begins from
    let layers = files.iter().map(|file| layer_of(file)).collect::<Result<Vec<_>, _>>()?;
    let layer = layers.into_iter().flatten().next().map(|layer| layer.to_string());
    let of_layer = |scheme: &&Scheme| match &layer {
        Some(layer) => scheme.id.rsplit('-').nth(1) == Some(layer.as_str()),
        None => true,
    };
    let named = |scheme: &&Scheme| name.is_none_or(|name| name_of(&scheme.id) == Some(name));
    let version = |scheme: &&Scheme| scheme.id.rsplit('-').next().and_then(|text| text.parse::<u64>().ok());
    let mut newest: Vec<&Scheme> = Vec::new();
    for scheme in kept.iter().filter(of_layer).filter(named) {
        let family = |id: &str| id.rsplit_once('-').map(|(family, _)| family.to_owned());
        match newest.iter_mut().find(|other| family(&other.id) == family(&scheme.id)) {
            Some(other) if version(other) < version(&scheme) => *other = scheme,
            Some(_) => {}
            None => newest.push(scheme),
        }
    }
    let operates = |scheme: &&Scheme| {
        let document = serde_json::from_slice::<Value>(&scheme.bytes).unwrap_or_default();
        document["policy"]["operating"].as_bool().unwrap_or(true)
    };
    match newest.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(*only)),
        several => {
            let mut operating = several.iter().copied().filter(operates);
            match (operating.next(), operating.next()) {
                (Some(only), None) => Ok(Some(only)),
                _ => Err(DraftError::WhichBase {
                    kept: several.iter().map(|scheme| scheme.id.clone()).collect(),
                }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::words::is_chinese;

    fn kept() -> Vec<Scheme> {
        let mut kept: Vec<Scheme> = shelf::pingshan().unwrap().iter().map(Compiled::document).collect();
        kept.push(shelf::toronto_2017().unwrap().document());
        kept.push(shelf::toronto_2023().unwrap().document());
        kept
    }

    const UNIT: &str = include_str!("../../rulebooks/pingshan/unit.toml");

    #[test]
    fn a_draft_of_one_file_begins_from_what_the_office_works_by() {
        let changed = UNIT.replacen("cap = 3", "cap = 2", 1).replacen("version = 2", "version = 3", 1);
        let draft = Draft::of(&[&changed], None, None, &kept()).unwrap();
        assert_eq!(draft.compiled.scheme.id, "pingshan-unit-3");
        assert_eq!(draft.base.as_ref().unwrap().id, "pingshan-unit-2");
        let told: Vec<String> = draft.differences().unwrap().into_iter().map(|one| one.path).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told.contains(&"indicators.version".to_owned()) && told.contains(&"id".to_owned()));
    }

    #[test]
    fn what_is_unclear_or_not_there_is_said() {
        let policy = include_str!("../../rulebooks/toronto-2017/policy.toml");
        let toronto: Vec<Scheme> = kept().split_off(3);
        assert!(matches!(Draft::of(&[policy], None, None, &toronto), Err(DraftError::WhichBase { .. })));
        assert!(matches!(
            Draft::of(&[policy], Some("x-unit-1"), None, &toronto),
            Err(DraftError::NoBase { .. })
        ));
        let named = Draft::of(&[policy], None, Some("toronto-2017"), &toronto).unwrap();
        assert!(named.differences().unwrap().is_empty(), "the policy as it is");
        let faults_of = |files: &[&str], against: Option<&str>, kept: &[Scheme]| {
            Draft::of(files, against, None, kept).unwrap_err().faults()
        };
        let faults = faults_of(&[&UNIT.replacen("points = 66", "points = 65", 1)], None, &kept());
        assert!(faults.len() == 1 && faults[0].en.contains("aspect unit_safety"), "{faults:?}");
        let broken = faults_of(&[&UNIT.replacen("version = 2", "version = \"2", 1)], None, &kept());
        let line = 1 + UNIT.lines().position(|line| line.starts_with("version = 2")).unwrap();
        assert!(broken[1].en.contains(&format!("TOML parse error at line {line}")), "{broken:?}");
        assert_eq!(broken[0].zh, format!("草案文件第 {line} 行不是 TOML，请改正这一行"));
        for faults in [
            broken,
            faults,
            faults_of(&[policy], None, &toronto),
            faults_of(&[policy], Some("x-unit-1"), &toronto),
            faults_of(&[policy], Some("x-unit-1"), &[]),
        ] {
            assert!(faults.iter().all(|fault| is_chinese(&fault.zh) && !is_chinese(&fault.en)), "{faults:?}");
        }
    }
}

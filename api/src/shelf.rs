//! The shelf of rulebooks: those that come with the program, and every one published into a ledger.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use chrono::NaiveDate;
use serde_json::{Value, json};
use wuping_domain::derivation::SchemeRef;
use wuping_domain::reaction::{Later, Rulebooks};
use wuping_domain::rulebook::fault::Fault;
use wuping_domain::rulebook::{Layer, Rulebook, RulebookError};
use wuping_ledger::encoding::{hex_encode, sha256};
use wuping_ledger::jcs;
use wuping_ledger::reader::Reader;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::store::Scheme;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;

use crate::look::words::findings::meaning;

/// A rulebook compiled to the bytes that a ledger keeps.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// Its canonical document.
    pub bytes: Vec<u8>,
    /// The rules it holds.
    pub rulebook: Arc<Rulebook>,
    /// Its name on consequences.
    pub scheme: SchemeRef,
}

impl Compiled {
    /// Its document, as a ledger keeps it beside the log.
    pub fn document(&self) -> Scheme {
        Scheme { sha256: self.scheme.sha256.clone(), id: self.scheme.id.clone(), bytes: self.bytes.clone() }
    }

    /// The stream of its publication.
    pub fn stream(&self) -> String {
        format!("rulebook/{}", self.scheme.id)
    }

    /// The command that publishes it as the illustration that it is.
    pub fn illustrative_publication(&self, holds_from: NaiveDate) -> Value {
        json!({
            "command": "publish",
            "id": self.scheme.id,
            "layer": self.rulebook.layer,
            "sha256": self.scheme.sha256,
            "holds_from": holds_from,
            "operating": true,
            "issued_by": "wuping (illustrative, not the city's table)",
            "document_number": "illustrative",
            "legality_review": "illustrative",
        })
    }
}

/// Why written rules did not become a rulebook.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The rules are no rulebook.
    #[error("the written rules do not make a rulebook")]
    Rules(#[from] RulebookError),
    /// The document has no canonical form.
    #[error("the rulebook's document has no canonical form")]
    Form(#[from] Refusal),
}

impl CompileError {
    /// Everything that keeps the rules from being a rulebook, outermost first.
    pub fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Rules(error) => error.faults(),
            Self::Form(refusal) => vec![Fault::new(self.zh(), format!("{self}: {refusal}"))],
        }
    }

    /// The error itself in Chinese, without what lies under it.
    pub fn zh(&self) -> String {
        match self {
            Self::Rules(_) => "写下的规则不成一份评分规则".to_owned(),
            Self::Form(refusal) => {
                format!("规则文档不能写成规范形式：{}（{}）", meaning(refusal.code), refusal.code)
            }
        }
    }
}

/// Compile written rules: a layer's indicators, the policy and the calendar.
///
/// # Errors
/// If they make no rulebook.
pub fn compile(name: &str, layer: &str, policy: &str, calendar: &str) -> Result<Compiled, CompileError> {
    of_document(&Rulebook::compile(name, layer, policy, calendar)?)
}

/// A document as a ledger keeps it.
///
/// # Errors
/// If it is no rulebook.
pub fn of_document(document: &Value) -> Result<Compiled, CompileError> {
    let bytes = jcs::canonical(document)?;
    let rulebook = Arc::new(Rulebook::from_document(document)?);
    let scheme = SchemeRef { id: rulebook.id.clone(), sha256: hex_encode(&sha256(&bytes)) };
    Ok(Compiled { bytes, rulebook, scheme })
}

/// The district's rulebooks, illustrative, one for each layer.
///
/// # Errors
/// Never for the files as shipped; a test holds that.
pub fn pingshan() -> Result<[Compiled; 3], CompileError> {
    let policy = include_str!("../../rulebooks/pingshan/policy.toml");
    let calendar = include_str!("../../rulebooks/pingshan/holidays.toml");
    let of = |layer| compile("pingshan", layer, policy, calendar);
    Ok([
        of(include_str!("../../rulebooks/pingshan/unit.toml"))?,
        of(include_str!("../../rulebooks/pingshan/building.toml"))?,
        of(include_str!("../../rulebooks/pingshan/estate.toml"))?,
    ])
}

/// Toronto's scheme until 2023.
///
/// # Errors
/// Never for the files as shipped; a test holds that.
pub fn toronto_2017() -> Result<Compiled, CompileError> {
    compile(
        "toronto-2017",
        include_str!("../../rulebooks/toronto-2017/building.toml"),
        include_str!("../../rulebooks/toronto-2017/policy.toml"),
        include_str!("../../rulebooks/toronto-2017/holidays.toml"),
    )
}

/// Toronto's scheme since 2023.
///
/// # Errors
/// Never for the files as shipped; a test holds that.
pub fn toronto_2023() -> Result<Compiled, CompileError> {
    compile(
        "toronto-2023",
        include_str!("../../rulebooks/toronto-2023/building.toml"),
        include_str!("../../rulebooks/toronto-2023/policy.toml"),
        include_str!("../../rulebooks/toronto-2023/holidays.toml"),
    )
}

/// Toronto's fire inspections, 2017 to 2019.
///
/// # Errors
/// Never for the files as shipped; a test holds that.
pub fn toronto_fire() -> Result<Compiled, CompileError> {
    compile(
        "toronto-fire",
        include_str!("../../rulebooks/toronto-fire/building.toml"),
        include_str!("../../rulebooks/toronto-fire/policy.toml"),
        include_str!("../../rulebooks/toronto-fire/holidays.toml"),
    )
}

/// New York City's housing maintenance code violations.
///
/// # Errors
/// Never for the files as shipped; a test holds that.
pub fn nyc_hpd() -> Result<Compiled, CompileError> {
    compile(
        "nyc-hpd",
        include_str!("../../rulebooks/nyc-hpd/building.toml"),
        include_str!("../../rulebooks/nyc-hpd/policy.toml"),
        include_str!("../../rulebooks/nyc-hpd/holidays.toml"),
    )
}

/// The UK's food hygiene ratings.
///
/// # Errors
/// Never for the files as shipped; a test holds that.
pub fn uk_fhrs() -> Result<Compiled, CompileError> {
    compile(
        "uk-fhrs",
        include_str!("../../rulebooks/uk-fhrs/building.toml"),
        include_str!("../../rulebooks/uk-fhrs/policy.toml"),
        include_str!("../../rulebooks/uk-fhrs/holidays.toml"),
    )
}

/// San Francisco's food inspections.
///
/// # Errors
/// Never for the files as shipped; a test holds that.
pub fn sf_lives() -> Result<Compiled, CompileError> {
    compile(
        "sf-lives",
        include_str!("../../rulebooks/sf-lives/building.toml"),
        include_str!("../../rulebooks/sf-lives/policy.toml"),
        include_str!("../../rulebooks/sf-lives/holidays.toml"),
    )
}

/// The rulebooks kept in the ledger of a folder. The ledger may be made after the shelf, as its own rules ask for it.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    kept: OnceLock<LedgerRulebooks>,
    /// How often the ledger could not be opened to look for one.
    unopened: AtomicU64,
}

impl Shelf {
    /// The rulebooks of the ledger in this folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), kept: OnceLock::new(), unopened: AtomicU64::default() }
    }
}

impl Shelf {
    /// The rulebooks that the ledger keeps; none where it cannot be opened, which is counted.
    fn kept(&self, asked: &SchemeRef) -> Option<&LedgerRulebooks> {
        if self.kept.get().is_none() {
            match Reader::open(&self.folder) {
                Ok(reader) => self.kept.get_or_init(|| LedgerRulebooks::of(reader)),
                Err(error) => {
                    tracing::error!(id = asked.id, %error, "a rulebook could not be read");
                    self.unopened.fetch_add(1, Ordering::SeqCst);
                    return None;
                }
            };
        }
        self.kept.get()
    }
}

impl Rulebooks for Shelf {
    fn rulebook(&self, scheme: &SchemeRef) -> Option<Arc<Rulebook>> {
        self.kept(scheme)?.rulebook(scheme)
    }

    fn later(&self, scheme: &SchemeRef) -> Vec<Later> {
        self.kept(scheme).map(|kept| kept.later(scheme)).unwrap_or_default()
    }

    fn unread(&self) -> u64 {
        self.unopened.load(Ordering::SeqCst) + self.kept.get().map_or(0, Rulebooks::unread)
    }
}

/// The layers in the order in which they are shown.
pub const LAYERS: [Layer; 3] = [Layer::Unit, Layer::Building, Layer::Estate];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_rulebook_compiles_to_one_document() {
        let again = pingshan().unwrap();
        for (compiled, again) in pingshan().unwrap().iter().zip(&again) {
            assert_eq!(compiled.scheme, again.scheme);
        }
        assert!(toronto_2017().unwrap().scheme.id.starts_with("toronto-2017-building-"));
        assert!(toronto_2023().unwrap().scheme.id.starts_with("toronto-2023-building-"));
        for imported in [toronto_fire(), nyc_hpd(), uk_fhrs(), sf_lives()] {
            let policy = &imported.unwrap().rulebook.policy;
            assert!(!policy.operating && policy.import.is_some());
        }
    }
}

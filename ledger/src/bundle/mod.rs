//! Evidence bundles, `wuping-evidence/1`: everything about one subject that a stranger needs to check it without network or
//! ledger (docs/format.md §11). Made by [`compose`], checked up to level 4 by [`check`]; level 5 needs the rules of housing.

pub mod check;
pub mod compose;
mod manifest;
mod standing;
#[cfg(test)]
mod tests;
pub mod zip;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::encoding::is_sha256_hex;
use crate::refusal::{Refusal, need, need_that};

pub use manifest::{About, Manifest};

/// The files of a bundle, by their names. Nothing is believed before [`check::check`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Bundle {
    files: BTreeMap<String, Vec<u8>>,
}

/// Why a bundle could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableBundle {
    /// It was one, and was damaged.
    #[error("{place} is damaged: {why}")]
    Damaged {
        /// Which file.
        place: PathBuf,
        /// What is wrong with it.
        why: Refusal,
    },
    /// The system says no.
    #[error("{place} could not be read")]
    File {
        /// Which file or folder.
        place: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// It is no bundle.
    #[error(
        "{place} is no bundle: {why}. Give the file as it was handed over, or the folder that it was unpacked into"
    )]
    None {
        /// Which file or folder.
        place: PathBuf,
        /// What is wrong with it.
        why: Refusal,
    },
}

impl UnreadableBundle {
    /// Of these bytes: what begins as a ZIP does was a bundle.
    #[must_use]
    pub fn of(place: &Path, bytes: &[u8], why: Refusal) -> Self {
        let place = place.to_owned();
        if bytes.starts_with(b"PK") { Self::Damaged { place, why } } else { Self::None { place, why } }
    }
}

impl Bundle {
    /// Of these files.
    #[must_use]
    pub fn of(files: BTreeMap<String, Vec<u8>>) -> Self {
        Self { files }
    }

    /// What a file or a folder holds.
    ///
    /// # Errors
    /// [`UnreadableBundle`], if there is nothing that could be looked at.
    pub fn read(place: &Path) -> Result<Self, UnreadableBundle> {
        let failed = |source| UnreadableBundle::File { place: place.to_owned(), source };
        if place.is_dir() {
            let mut files = BTreeMap::new();
            unpacked(place, "", &mut files).map_err(failed)?;
            return Ok(Self { files });
        }
        let length = std::fs::metadata(place).map_err(failed)?.len();
        let none = |why| UnreadableBundle::None { place: place.to_owned(), why };
        need(length <= BYTES_MAX, "bundle-too-large", "").map_err(none)?;
        let bytes = std::fs::read(place).map_err(failed)?;
        Self::from_zip(&bytes).map_err(|why| UnreadableBundle::of(place, &bytes, why))
    }

    /// Of a ZIP in the one form that a bundle is handed over in.
    ///
    /// # Errors
    /// `bundle-zip`, saying which file of it is damaged, or `bundle-too-large`.
    pub fn from_zip(bytes: &[u8]) -> Result<Self, Refusal> {
        need(bytes.len() as u64 <= BYTES_MAX, "bundle-too-large", "")?;
        Ok(Self { files: zip::read(bytes)? })
    }

    /// The one ZIP of these files: the same files make the same bytes.
    ///
    /// # Errors
    /// `bundle-too-large` for more than such a file can hold.
    pub fn to_zip(&self) -> Result<Vec<u8>, Refusal> {
        let length: u64 = self.files.values().map(|bytes| bytes.len() as u64).sum();
        need(length <= BYTES_MAX, "bundle-too-large", "more than 256 MiB")?;
        zip::write(&self.files)
    }

    /// The files by their names.
    #[must_use]
    pub fn files(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.files
    }

    /// The bytes of a file.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }
}

/// The files under a folder; what is neither file nor folder is noted under its name and refused as a stray one.
fn unpacked(folder: &Path, under: &str, files: &mut BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{under}{}", entry.file_name().to_string_lossy());
        match entry.file_type()? {
            kind if kind.is_dir() => unpacked(&entry.path(), &format!("{name}/"), files)?,
            kind if kind.is_file() => drop(files.insert(name, std::fs::read(entry.path())?)),
            _ => drop(files.insert(format!("{name} (a link)"), Vec::new())),
        }
    }
    Ok(())
}

/// Refuses a name that no file of a bundle has.
fn check_name(name: &str) -> Result<(), Refusal> {
    let between = |before: &str, behind: &str| name.strip_prefix(before)?.strip_suffix(behind);
    let place = |before, behind| between(before, behind).is_some_and(is_place);
    let digest = |before, behind| between(before, behind).is_some_and(is_sha256_hex);
    let known = ["bundle.json", CHECKPOINT, STAMP].contains(&name)
        || place("entries/", ".json")
        || place("proofs/", ".tlog-proof")
        || place("disclosures/", ".json")
        || digest("schemes/", ".json")
        || digest("heads/author.", ".json")
        || digest("heads/stream.", ".json");
    need_that(known, "bundle-path", || format!("{name} is no file of a bundle"))
}

/// A position as names have it: twelve digits.
fn is_place(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The position that a file is about.
fn position_in(name: &str) -> Option<u64> {
    name.split(['/', '.']).find(|part| is_place(part))?.parse().ok()
}

fn entry_file(position: u64) -> String {
    format!("entries/{position:012}.json")
}

fn proof_file(position: u64) -> String {
    format!("proofs/{position:012}.tlog-proof")
}

fn disclosure_file(position: u64) -> String {
    format!("disclosures/{position:012}.json")
}

const CHECKPOINT: &str = "checkpoint";
const STAMP: &str = "checkpoint.tsr";
const BYTES_MAX: u64 = 256 << 20;

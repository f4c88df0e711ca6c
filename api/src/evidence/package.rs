//! What is handed over beside a bundle: a page that explains it in both languages, and the photos that it discloses. The
//! bundle alone is what is verified; the page is made of the bundle and can be made again, the photos are named by digests
//! that the bundle holds.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use wuping_ledger::bundle::check::Checked;
use wuping_ledger::bundle::{Bundle, UnreadableBundle, zip};
use wuping_ledger::encoding::Hash;
use wuping_ledger::keyring::write_private;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::vault::attachments_in;

/// A bundle with what explains it.
#[derive(Clone, Debug)]
pub struct Package {
    /// The bundle's bytes.
    pub bundle: Vec<u8>,
    /// The page.
    pub explained: String,
    /// The photos.
    pub pictures: Vec<Picture>,
}

/// A photo that is disclosed.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its digest, lower-case hex.
    pub sha256: String,
    /// What it is, `image/jpeg`.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Picture {
    /// The name of its file: its digest, with the ending that programs open it by.
    #[must_use]
    pub fn file_name(&self) -> String {
        let ending = match self.media_type.as_str() {
            "application/pdf" => ".pdf",
            "image/jpeg" => ".jpg",
            "image/png" => ".png",
            "image/webp" => ".webp",
            _ => "",
        };
        format!("{}{ending}", self.sha256)
    }
}

impl Package {
    /// All of it in one file, for a download.
    ///
    /// # Errors
    /// If it is larger than such a file can be.
    pub fn to_zip(&self) -> Result<Vec<u8>, Refusal> {
        let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        files.insert(BUNDLE.to_owned(), self.bundle.clone());
        files.insert("explained.html".to_owned(), self.explained.clone().into_bytes());
        for picture in &self.pictures {
            files.insert(format!("photos/{}", picture.file_name()), picture.bytes.clone());
        }
        zip::write(&files)
    }

    /// All of it beside each other: the bundle in this file, the page and a folder of photos with its name. Only their owner may
    /// read them. Answers what was written.
    ///
    /// # Errors
    /// The first file that could not be written.
    pub fn write(&self, file: &Path) -> Result<Vec<PathBuf>, (PathBuf, std::io::Error)> {
        let mut written = Vec::new();
        let mut put = |file: PathBuf, bytes: &[u8]| match write_private(&file, bytes) {
            Ok(()) => {
                written.push(file);
                Ok(())
            }
            Err(error) => Err((file, error)),
        };
        put(file.to_owned(), &self.bundle)?;
        put(file.with_extension("html"), self.explained.as_bytes())?;
        let folder = photos_beside(file);
        if !self.pictures.is_empty() {
            std::fs::create_dir_all(&folder).map_err(|error| (folder.clone(), error))?;
        }
        for picture in &self.pictures {
            put(folder.join(picture.file_name()), &picture.bytes)?;
        }
        Ok(written)
    }
}

/// The bundle in bytes that were handed over: of its own, or in a package with what explains it.
///
/// # Errors
/// As [`Bundle::from_zip`].
pub fn bundle_in(bytes: &[u8]) -> Result<Bundle, Refusal> {
    match zip::read(bytes).ok().and_then(|mut files| files.remove(BUNDLE)) {
        Some(inner) => Bundle::from_zip(&inner),
        None => Bundle::from_zip(bytes),
    }
}

/// The bundle in a file that was handed over, or in the folder that it was unpacked into.
///
/// # Errors
/// [`UnreadableBundle`].
pub fn bundle_at(place: &Path) -> Result<Bundle, UnreadableBundle> {
    if !place.is_dir() {
        let outer = std::fs::read(place)
            .map_err(|source| UnreadableBundle::File { place: place.to_owned(), source })?;
        return bundle_in(&outer).map_err(|why| UnreadableBundle::of(place, &outer, why));
    }
    let inner = place.join(BUNDLE);
    Bundle::read(if inner.is_file() { &inner } else { place })
}

/// The photos beside a bundle's file, or in the folder of a package, that are none of those that it discloses.
///
/// # Errors
/// If one of them cannot be read.
pub fn other_photos(place: &Path, checked: &Checked) -> std::io::Result<Vec<PathBuf>> {
    let disclosed: HashSet<String> = checked.disclosed.values().flatten().flat_map(attachments_in).collect();
    let folder = if place.is_dir() { place.join("photos") } else { photos_beside(place) };
    let listed = match std::fs::read_dir(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed?,
    };
    let mut others = Vec::new();
    for entry in listed {
        let file = entry?.path();
        if !disclosed.contains(&Hash::of(&std::fs::read(&file)?).hex()) {
            others.push(file);
        }
    }
    others.sort();
    Ok(others)
}

/// The folder of the photos of a bundle's file: `x-photos` of `x.zip`.
fn photos_beside(file: &Path) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    file.with_file_name(format!("{stem}-photos"))
}

const BUNDLE: &str = "bundle.zip";

//! A backup taken apart, believing nothing of it: the whole file by its digest, each member by the manifest's.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Component, Path};

use sha2::{Digest, Sha256};
use wuping_ledger::encoding::{hex_encode, is_sha256_hex};
use wuping_ledger::place::{database_url, upgrade_file_in};
use wuping_ledger::table_copy::LEDGER;

use super::make::Counted;
use super::{
    BackupError, DIGEST_LINE, DIGEST_LINE_BYTES, Doing, FORMAT, FORMAT_BEFORE, MANIFEST, Manifest, Progress,
    failed, measured, private,
};

/// Takes a backup apart into an empty folder.
///
/// # Errors
/// [`BackupError::Damaged`] if a byte of it is not as it was written; the folder may then hold a part of it.
pub fn unpack(
    file: &Path,
    folder: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Manifest, BackupError> {
    if database_url(folder)?.is_some() {
        return Err(BackupError::NamesAServer);
    }
    let damaged = |why: String| BackupError::Damaged { file: file.to_owned(), why };
    let mut open = File::open(file).map_err(failed(file))?;
    let length = open.metadata().map_err(failed(file))?.len();
    let tar_length =
        length.checked_sub(DIGEST_LINE_BYTES).ok_or_else(|| damaged("it is too short".to_owned()))?;
    check_digest(&mut open, tar_length, progress).map_err(failed(file))?.map_err(damaged)?;
    open.seek(SeekFrom::Start(0)).map_err(failed(file))?;

    let mut done = 0;
    let counted = Counted {
        inner: BufReader::new(open.take(tar_length)),
        done: &mut done,
        of: tar_length,
        doing: Doing::Unpacking,
        progress,
    };
    let mut archive = tar::Archive::new(counted);
    let unreadable = |error: io::Error| damaged(format!("it is no tar of a backup: {error}"));
    let mut members = archive.entries().map_err(unreadable)?;
    let mut first = members.next().ok_or_else(|| damaged("it is empty".to_owned()))?.map_err(unreadable)?;
    if first.path().map_err(unreadable)? != Path::new(MANIFEST) {
        return Err(damaged("its first member is not the manifest".to_owned()));
    }
    let mut text = String::new();
    first.read_to_string(&mut text).map_err(unreadable)?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
    if ![FORMAT, FORMAT_BEFORE].contains(&manifest.format.as_str()) {
        return Err(damaged(format!("its format is {}, this program reads {FORMAT}", manifest.format)));
    }
    let mut missing: BTreeSet<&String> = manifest.files.keys().collect();
    for member in members {
        let mut member = member.map_err(unreadable)?;
        let path = member.path().map_err(unreadable)?.into_owned();
        let name = path.to_string_lossy().into_owned();
        let stays_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        let due = match manifest.files.get(&name).filter(|_| stays_inside && missing.remove(&name)) {
            Some(due) => due.sha256.clone(),
            None => match attachment(&name).filter(|_| manifest.format == FORMAT) {
                Some(digest) => digest.to_owned(),
                None => return Err(damaged(format!("{name} is not in its manifest"))),
            },
        };
        let to = folder.join(&path);
        if to.exists() {
            return Err(damaged(format!("{name} stands in it twice")));
        }
        if let Some(parent) = to.parent() {
            std::fs::create_dir_all(parent).map_err(failed(parent))?;
        }
        let mut written = private(&to).map_err(failed(&to))?;
        io::copy(&mut member, &mut written).and_then(|_| written.sync_all()).map_err(failed(&to))?;
        let found = measured(&to)?;
        let length = manifest.files.get(&name).map_or(found.bytes, |due| due.bytes);
        if found.sha256 != due || found.bytes != length {
            return Err(damaged(format!("{name} has another digest than it must have")));
        }
    }
    if folder.join(LEDGER.name).is_file() {
        // one that an earlier version made is looked at and put back as this version has it
        upgrade_file_in(folder)?;
    }
    match missing.first() {
        None => Ok(manifest),
        Some(name) => Err(damaged(format!("{name} is in its manifest, but not there"))),
    }
}

/// The digest that an attachment is named by, `attachments/ab/ab12…`.
fn attachment(name: &str) -> Option<&str> {
    let (first, digest) = name.strip_prefix("attachments/")?.split_once('/')?;
    (is_sha256_hex(digest) && digest.starts_with(first) && first.len() == 2).then_some(digest)
}

/// The whole file against the line behind it.
fn check_digest(
    open: &mut File,
    tar_length: u64,
    progress: &mut dyn FnMut(Progress),
) -> io::Result<Result<(), String>> {
    let mut hash = Sha256::new();
    let (mut done, inner) = (0, Read::by_ref(open).take(tar_length));
    let mut counted = Counted { inner, done: &mut done, of: tar_length, doing: Doing::Checking, progress };
    io::copy(&mut counted, &mut hash)?;
    let mut line = String::new();
    if open.read_to_string(&mut line).is_err() {
        return Ok(Err("the line with its digest is not text".to_owned()));
    }
    let due = format!("{DIGEST_LINE}{}\n", hex_encode(&hash.finalize()));
    Ok(if line == due {
        Ok(())
    } else {
        Err("it has another digest than the line at its end says".to_owned())
    })
}

//! What lies in the folder: stores, keys, room, what a backup or a restoration left.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use wuping_ledger::in_use::free_bytes;
use wuping_ledger::place::database_url;
use wuping_ledger::store::StoreError;
use wuping_projections::error::causes;

use super::{Findings, some};
use crate::backup::{is_unrecorded, last_backup, unpacked_beside};
use crate::office::{OfficeError, logins};

pub(super) fn examine(folder: &Path, found: &mut Findings) {
    stores(folder, found);
    keys(folder, found);
    room(folder, found);
    restoration(folder, found);
    backup(folder, found);
}

fn stores(folder: &Path, found: &mut Findings) {
    let on_a_server = database_url(folder).ok().flatten().is_some();
    let due: &[&str] = match on_a_server {
        true => &["checkpoints.txt"],
        false => &["ledger.db", "vault.db", "office.db", "checkpoints.txt"],
    };
    let absent: Vec<&str> = due.iter().copied().filter(|name| !folder.join(name).is_file()).collect();
    let left: Vec<&str> =
        ["vault.db", "office.db"].into_iter().filter(|name| folder.join(name).is_file()).collect();
    if on_a_server && !left.is_empty() {
        let says = format!("the ledger is on a server, and {} still lies here", some(left.iter()));
        found.todo("stores", says, "run “wuping upgrade”: it moves what is in it to the server");
    }
    if absent.is_empty() {
        found.well("stores", "ledger, vault, office's records and checkpoints are there");
        return;
    }
    found.todo(
        "stores",
        format!("{} cannot be found", some(absent.into_iter())),
        "put back what is lost from the newest backup before anything is started: a start makes an empty one in its place",
    );
}

fn keys(folder: &Path, found: &mut Findings) {
    let mut open: Vec<String> = Vec::new();
    for file in secrets(folder) {
        let mode = file.metadata().map_or(0, |known| known.permissions().mode() & 0o777);
        if mode & 0o077 != 0 {
            open.push(format!("{} ({mode:o})", name_of(&file)));
        }
    }
    let absent: Vec<&str> = [("master.key", "WUPING_MASTER_KEY"), ("vault.key", "WUPING_VAULT_KEY")]
        .into_iter()
        .filter(|(file, variable)| !folder.join(file).is_file() && std::env::var_os(variable).is_none())
        .map(|(file, _)| file)
        .collect();
    if !absent.is_empty() {
        let says = format!("{} cannot be found", some(absent.into_iter()));
        found.todo("keys", says, "put back the copy from its safe place: without it nothing opens");
    }
    if open.is_empty() {
        found.well("key-files", "nobody but their owner may read the key files");
    } else {
        let says = format!("others than their owner may read {}", some(open.iter()));
        found.todo("key-files", says, "chmod 600 them, and think about who may have read them");
    }
    let roots: Vec<String> =
        secrets(folder).iter().map(|file| name_of(file)).filter(|name| name.starts_with("root-")).collect();
    if !roots.is_empty() {
        let says = format!("{} still lie here", some(roots.iter()));
        let todo = "take each to a safe place of its own and remove it here: whoever has one can open and end keys, and erase";
        found.todo("root-keys", says, todo);
    }
}

/// Files that nobody else may read.
fn secrets(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut secret: Vec<PathBuf> = entries
        .filter(|path| path.is_file())
        .filter(|path| path.extension().is_some_and(|kind| kind == "key") || path.ends_with("database.url"))
        .collect();
    secret.sort();
    secret
}

/// Whether anybody can sign in.
pub(super) fn office(folder: &Path, found: &mut Findings) {
    match logins(folder) {
        Ok(None) => {}
        Ok(Some(0)) => found.todo(
            "office",
            "nobody can sign in: the office's records know no name",
            "put them back from a backup, or open accounts with “wuping account open”",
        ),
        Ok(Some(logins)) => found.well("office", format!("{logins} people can sign in")),
        // what the ledger's finding says already
        Err(OfficeError::Server(StoreError::OlderSchema { .. } | StoreError::SchemaVersion { .. })) => {}
        Err(OfficeError::Server(error)) => {
            found.not_looked("office", &error, "see that the Postgres server answers");
        }
        Err(error) => found.todo(
            "office",
            format!("office.db cannot be read: {}", causes(&error).join(": ")),
            "stop the server, put it back from a backup, or remove it: people then get new passwords",
        ),
    }
}

fn room(folder: &Path, found: &mut Findings) {
    let used: u64 = ["ledger.db", "vault.db", "views.db"]
        .iter()
        .filter_map(|name| folder.join(name).metadata().ok())
        .map(|known| known.len())
        .sum();
    match free_bytes(folder) {
        Ok(free) if free < ROOM_MIN.max(used) => {
            let says = format!("{} MiB are free, the databases have {} MiB", free >> 20, used >> 20);
            found.todo("disk", says, "make room: a rebuild and a backup each need as much as there is");
        }
        Ok(free) => found.well("disk", format!("{} MiB are free", free >> 20)),
        Err(error) => found.not_looked("disk", &error, "see whether the folder is there"),
    }
}

fn restoration(folder: &Path, found: &mut Findings) {
    // a server that does not answer is the ledger's finding
    if is_unrecorded(folder).unwrap_or(false) {
        found.todo(
            "restoration",
            "the ledger was put back from a backup and does not say so yet",
            "run “wuping serve” once: it asks the witnesses and records it",
        );
    }
    let part = unpacked_beside(folder);
    if part.exists() {
        let says = format!("{} is left of a restoration that was interrupted", part.display());
        found.todo("restoration", says, "restore again, or remove it");
    }
}

fn backup(folder: &Path, found: &mut Findings) {
    let Some(last) = last_backup(folder) else {
        let says = "when the last backup was made is not known here: only “wuping backup” leaves a note";
        found.note("backup", says);
        return;
    };
    let made = last.made_at.parse::<DateTime<Utc>>();
    let days = made.map_or(i64::MAX, |made| (Utc::now() - made).num_days());
    let says = format!(
        "the last one known was made {} with {} entries: {}",
        last.made_at,
        last.size,
        last.file.display()
    );
    if days >= BACKUP_DAYS_MAX {
        found.todo("backup", says, "run “wuping backup” daily, and keep the file on another machine");
    } else {
        found.well("backup", says);
    }
}

fn name_of(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

const BACKUP_DAYS_MAX: i64 = 7;
const ROOM_MIN: u64 = 1 << 30;

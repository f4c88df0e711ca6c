//! How it stands with the outside anchors: what each witness cosigned last and each authority stamped last, how long ago,
//! and how far the log has grown since.

use std::collections::HashMap;
use std::path::Path;

use serde::Serialize;
use wuping_ledger::checkpoints::cosigned_newest_first;
use wuping_ledger::note::{VerifierKey, note_text, stated_size, verify_cosignature_line};
use wuping_ledger::stamps::kept;
use wuping_ledger::store::StoreError;

use crate::anchors::Witness;
use crate::authorities::{Authority, now};
use crate::look::words::Lang;

/// What one of them said last.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Standing {
    /// Who.
    pub name: String,
    /// Where it is asked.
    pub address: String,
    /// Number of entries it has seen; none if it never said anything that verifies.
    pub size: Option<u64>,
    /// When, in POSIX seconds by its own clock.
    pub time: Option<u64>,
    /// How many seconds ago that is by the clock here.
    pub age_seconds: Option<u64>,
    /// Entries under the newest checkpoint that it has not seen.
    pub behind: u64,
}

/// Of how many entries, and when.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Last {
    /// Number of entries.
    pub size: u64,
    /// POSIX seconds by the clock of who said it.
    pub time: u64,
}

impl Standing {
    /// `head` is the number of entries under the newest checkpoint.
    pub(crate) fn of(name: &str, address: &str, last: Option<Last>, head: u64) -> Self {
        Self {
            name: name.to_owned(),
            address: address.to_owned(),
            size: last.map(|last| last.size),
            time: last.map(|last| last.time),
            age_seconds: last.map(|last| now().saturating_sub(last.time)),
            behind: head.saturating_sub(last.map_or(0, |last| last.size)),
        }
    }

    /// One line for a person, in English.
    #[must_use]
    pub fn in_words(&self) -> String {
        self.in_words_of(Lang::En)
    }

    /// One line for a person.
    #[must_use]
    pub fn in_words_of(&self, lang: Lang) -> String {
        let Self { name, address, behind, .. } = self;
        match (self.size, self.age_seconds) {
            (Some(size), Some(age)) => {
                let age = long(lang, age);
                lang.pick(
                    format!("{name}：{size}条记录，{age}以前，落后{behind}条（{address}）"),
                    format!("{name}: {size} entries, {age} ago, {behind} behind ({address})"),
                )
            }
            _ => lang.pick(
                format!("{name}：还没有过，落后{behind}条（{address}）"),
                format!("{name}: nothing yet, {behind} behind ({address})"),
            ),
        }
    }
}

/// What each witness cosigned last, by what is kept in a folder.
///
/// # Errors
/// If what was kept cannot be read.
pub fn of_witnesses(folder: &Path, witnesses: &[Witness], head: u64) -> Result<Vec<Standing>, StoreError> {
    let last = cosigned_last(folder, witnesses)?;
    let of = |Witness { key, address }: &Witness| {
        Standing::of(&key.name, address, last.get(&key.name).copied(), head)
    };
    Ok(witnesses.iter().map(of).collect())
}

/// The newest cosignature of each witness in a folder, by its name. Lines that do not verify do not count.
///
/// # Errors
/// If what was kept cannot be read.
pub fn cosigned_last(folder: &Path, witnesses: &[Witness]) -> Result<HashMap<String, Last>, StoreError> {
    let mut last = HashMap::new();
    if witnesses.is_empty() {
        return Ok(last);
    }
    for note in cosigned_newest_first(folder)? {
        let note = note?;
        for witness in witnesses {
            if !last.contains_key(&witness.key.name)
                && let Some(of_this) = line_of(&note, &witness.key)
            {
                last.insert(witness.key.name.clone(), of_this);
            }
        }
        if last.len() == witnesses.len() {
            break;
        }
    }
    Ok(last)
}

fn line_of(note: &str, witness: &VerifierKey) -> Option<Last> {
    let (text, size) = (note_text(note.as_bytes()).ok()?, stated_size(note)?);
    let mut newest_first = note.lines().rev();
    let time = newest_first.find_map(|line| verify_cosignature_line(line, witness, text, None).ok())?.time;
    Some(Last { size, time })
}

/// The newest stamp of each authority that verifies by the roots it is listed with.
///
/// # Errors
/// If what was kept cannot be read.
pub fn of_authorities(
    folder: &Path,
    authorities: &[Authority],
    log: &VerifierKey,
    head: u64,
) -> Result<Vec<Standing>, StoreError> {
    if authorities.is_empty() {
        return Ok(Vec::new());
    }
    let kept = kept(folder)?;
    let last = |authority: &Authority| {
        let own = kept.iter().rev().filter(|stamp| stamp.authority == authority.name);
        let opened = own.filter_map(|stamp| stamp.open(log, &authority.roots, now()).ok()).next();
        opened.map(|opened| Last { size: opened.size, time: opened.stamp.time })
    };
    let standing =
        |authority: &Authority| Standing::of(&authority.name, &authority.address, last(authority), head);
    Ok(authorities.iter().map(standing).collect())
}

/// A span of time in words, in one unit.
pub(crate) fn long(lang: Lang, seconds: u64) -> String {
    let (count, zh, en) = match seconds {
        0..120 => (seconds, "秒", " s"),
        120..7_200 => (seconds / 60, "分钟", " min"),
        7_200..172_800 => (seconds / 3_600, "小时", " h"),
        _ => (seconds / 86_400, "天", " days"),
    };
    format!("{count}{}", lang.pick(zh, en))
}

//! How it stands with each receiver, by what is kept of it: for the numbers, the doctor, the list.

use std::path::Path;

use serde::Serialize;
use wuping_ledger::reader::Reader;

use super::cursor::Cursor;
use super::{WebhookError, listed};
use crate::authorities::now;
use crate::look::words::Lang;
use crate::standing::long;

/// How it stands with a receiver.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// Who.
    pub name: String,
    /// The department whose hazards it is told of; none of the public credit platform.
    pub department: Option<String>,
    /// What it is told of, in words.
    pub about: String,
    /// Where it is told.
    pub url: String,
    /// Entries of the ledger that were not looked at for it.
    pub behind: u64,
    /// How many seconds ago it took something last.
    pub delivered_seconds_ago: Option<u64>,
    /// For how many seconds it has not taken what it is told.
    pub failing_seconds: Option<u64>,
    /// How often in a row it did not.
    pub failures: u32,
    /// What was wrong the last time.
    pub why: Option<String>,
}

impl Standing {
    /// Whether it has not taken anything for so long that somebody should see to it.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.failing_seconds.is_some_and(|seconds| seconds > LATE_SECONDS)
    }

    /// One line for a person, in English.
    #[must_use]
    pub fn in_words(&self) -> String {
        self.in_words_of(Lang::En)
    }

    /// One line for a person.
    #[must_use]
    pub fn in_words_of(&self, lang: Lang) -> String {
        let Self { name, url, behind, failures, .. } = self;
        let about = self.department.as_deref().unwrap_or(lang.pick("公共信用", "public credit"));
        let Some(seconds) = self.failing_seconds else {
            return lang.pick(
                format!("{name}（{about}）：落后{behind}条记录（{url}）"),
                format!("{name} ({about}): {behind} entries behind ({url})"),
            );
        };
        let span = long(lang, seconds);
        let why = match &self.why {
            Some(why) => lang.pick(format!("：{why}"), format!(": {why}")),
            None => lang.say("，没有说明原因", ": it does not say why"),
        };
        lang.pick(
            format!("{name}（{about}）：已有{span}没有收下推送，失败{failures}次，落后{behind}条记录{why}（{url}）"),
            format!(
                "{name} ({about}): has not taken what it is told for {span}, {failures} times, {behind} entries behind{why} ({url})"
            ),
        )
    }
}

/// Every receiver of a folder's list.
///
/// # Errors
/// If the list, what is kept or the ledger cannot be read.
pub fn standings(folder: &Path, reader: &Reader) -> Result<Vec<Standing>, WebhookError> {
    let receivers = listed(folder)?;
    if receivers.is_empty() {
        return Ok(Vec::new());
    }
    let (size, now) = (reader.size()?, now());
    receivers
        .into_iter()
        .map(|receiver| {
            let kept = Cursor::kept(folder, &receiver.name)?;
            let cursor = kept.unwrap_or(Cursor { next: receiver.since, ..Cursor::default() });
            Ok(Standing {
                name: receiver.name,
                department: receiver.about.department().map(str::to_owned),
                about: receiver.about.to_string(),
                url: receiver.url,
                behind: size.saturating_sub(cursor.next),
                delivered_seconds_ago: cursor.delivered_at.map(|at| now.saturating_sub(at)),
                failing_seconds: cursor.failing_since.map(|since| now.saturating_sub(since)),
                failures: cursor.failures,
                why: cursor.why,
            })
        })
        .collect()
}

/// A department's system may be down over a weekend.
pub const LATE_SECONDS: u64 = 2 * 86_400;

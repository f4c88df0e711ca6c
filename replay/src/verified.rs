//! What a verification of a whole ledger says: how each level came out, and everything that is not as it was written.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;

use serde::{Serialize, Serializer};
use wuping_ledger::audit;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::store::StoreError;
use wuping_ledger::vault::VaultError;

use crate::kept::PrivateValues;
use crate::witnessed::{Stamped, Witnessed};

/// What a verification established.
#[derive(Debug, Serialize)]
pub struct Verified {
    /// The ledger's name.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them, lower-case hex.
    pub root: String,
    /// The level asked for.
    pub level: u8,
    /// How each level came out, from 0 to 5.
    pub levels: Vec<Level>,
    /// Whether a quorum of trusted witnesses vouches for it, and an authority for its time where one is trusted.
    pub l3_established: bool,
    /// What witnesses establish, or why nothing; empty text below level 3.
    #[serde(serialize_with = "as_text")]
    pub witnessed: Witnessed,
    /// What time-stamping authorities establish, or why nothing; empty text below level 3 and where none is trusted.
    #[serde(serialize_with = "as_text")]
    pub stamped: Stamped,
    /// What was looked at of the private values: whether they were opened, or their digests only; empty text of static files.
    #[serde(serialize_with = "as_text")]
    pub private_values: PrivateValues,
    /// The key by which checkpoints were verified; none if none was brought along and the log states none.
    pub log_key: Option<String>,
    /// Whether that key was brought along. If not, it is what the log says of itself: whoever made the log chose it.
    pub log_key_brought: bool,
    /// How signatures were verified, `strict` or `batch`.
    pub signatures: &'static str,
    /// Computed results that were computed again and are equal.
    pub results_rederived: u64,
    /// Earlier checkpoints, kept elsewhere, of which this log is a continuation: their sizes, ascending.
    pub continues: Vec<u64>,
    /// How many entries are contested: valid, and suspected by the revocation of their key (docs/format.md §4).
    pub contested: u64,
    /// Their positions, ascending.
    pub contested_positions: Vec<u64>,
    /// Everything that is not as it was written.
    pub findings: Vec<Finding>,
    /// Whether there was more to find than is listed.
    pub more: bool,
}

/// How one level came out.
#[derive(Debug, PartialEq, Serialize)]
pub struct Level {
    /// 0 to 5.
    pub level: u8,
    /// What is known of it.
    pub state: State,
}

/// What a verification says of a level.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It holds, and so do those before it (level 3 aside, where nothing is configured).
    Established,
    /// Something of it or of one before it does not hold.
    Failed,
    /// It was not looked at: a lower level was asked for.
    NotAsked,
    /// Nothing is configured to establish it by.
    NotEstablished,
}

/// One thing that is not as it was written.
#[derive(Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The entry; none where it is not about one.
    pub position: Option<u64>,
    /// The level that fails.
    pub level: u8,
    /// Short stable reason.
    pub code: String,
    /// What was found, for a person.
    pub detail: String,
}

/// Whether private values must be opened.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum VaultKey {
    /// Only where the key is there: a backup is kept apart from it.
    IfThere,
    /// A missing key is an error.
    #[default]
    Needed,
}

/// Why nothing could be verified at all.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// An attachment could not be read.
    #[error("the attachments under {path} could not be read; see who may read that folder")]
    Attachments {
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The log key that was brought along is none.
    #[error("the log key that was given is none; `wuping key log` prints it as name+id+key")]
    LogKey(#[source] Refusal),
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
    /// The vault could not be read.
    #[error("the vault could not be read")]
    Vault(#[from] VaultError),
}

impl Finding {
    pub(crate) fn of_level_0(code: &str, detail: String) -> Self {
        Self { position: None, level: 0, code: code.to_owned(), detail }
    }
}

impl From<audit::Finding> for Finding {
    fn from(finding: audit::Finding) -> Self {
        let audit::Finding { position, level, code, detail } = finding;
        Self { position, level, code, detail }
    }
}

pub(crate) fn as_text<S: Serializer>(told: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(told)
}

pub(crate) fn state(level: u8, asked: u8, l3: bool, findings: &[Finding]) -> State {
    match level {
        _ if level > asked => State::NotAsked,
        _ if findings.iter().any(|finding| finding.level <= level && finding.code != "not-established") => {
            State::Failed
        }
        3 if !l3 => State::NotEstablished,
        _ => State::Established,
    }
}

pub(crate) const STRICT: &str = "strict";
/// What [`Verified::signatures`] says of those that were verified many at a time.
pub const BATCH: &str = "batch";

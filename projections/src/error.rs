//! Why views cannot be made or read.

use std::path::PathBuf;

use wuping_domain::event::Unreadable;
use wuping_ledger::store::StoreError;

/// Why views cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    /// The views have folded more than the ledger holds: the ledger lost entries, or this is another ledger.
    #[error(
        "the views have folded {folded} entries and the ledger holds {ledger}: it lost entries, or these are the views \
         of another one; run `wuping verify`"
    )]
    Ahead {
        /// Entries folded.
        folded: u64,
        /// Entries in the ledger.
        ledger: u64,
    },
    /// The database of the views refused.
    #[error("the views could not {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        #[source]
        source: rusqlite::Error,
    },
    /// A file could not be made, moved or locked.
    #[error("the file {file} could not be {doing}")]
    File {
        /// Which.
        file: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A row of the ledger does not rebuild the hash beside it.
    #[error(
        "the entry at position {position} does not rebuild its hash: it was changed; run `wuping verify`"
    )]
    Leaf {
        /// Where.
        position: u64,
    },
    /// Views of the past were to be written over those in use.
    #[error("{file} are the views in use: name another file for views of the past")]
    InUse {
        /// The file.
        file: PathBuf,
    },
    /// The ledger could not be read.
    #[error("the ledger could not be read for its views")]
    Ledger(#[source] StoreError),
    /// An entry is not where it should be.
    #[error("the ledger has no entry at position {position}, though its head covers it; run `wuping verify`")]
    Missing {
        /// Where.
        position: u64,
    },
    /// The views file is of another version or another ledger, or damaged: a new one is needed.
    #[error("the views file cannot be used: {why}; run `wuping rebuild`")]
    Outdated {
        /// What is wrong with it.
        why: String,
    },
    /// A position was asked for that the ledger has not reached.
    #[error("position {position} was asked for, but the ledger holds {ledger} entries: name a lower one")]
    Beyond {
        /// The position asked for.
        position: u64,
        /// Entries in the ledger.
        ledger: u64,
    },
    /// A rule could not be applied.
    #[error("the entry at position {position} cannot be folded: rulebook {rulebook} refuses with {code}")]
    Refused {
        /// Where.
        position: u64,
        /// Which rulebook.
        rulebook: String,
        /// The refusal's code.
        code: String,
    },
    /// The rulebook that an entry names is not kept beside the log.
    #[error(
        "the entry at position {position} names rulebook {rulebook} ({sha256}), whose document is not kept beside the \
         log, or is no rulebook; restore the ledger from a backup that has it"
    )]
    RulebookMissing {
        /// Where.
        position: u64,
        /// Its id.
        rulebook: String,
        /// Its digest.
        sha256: String,
    },
    /// The tree over the entries read is not the ledger's.
    #[error(
        "the {size} entries read make the tree {computed}, but the ledger's head says {head}: it was changed; run \
         `wuping verify`"
    )]
    Tree {
        /// Number of entries.
        size: u64,
        /// Root over what was read, hex.
        computed: String,
        /// Root by the head, hex.
        head: String,
    },
    /// A value in the views file is not what the program wrote.
    #[error("the views file holds a {what} that cannot be read; run `wuping rebuild`")]
    Unread {
        /// What.
        what: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// An entry cannot be understood.
    #[error("the ledger holds an entry that this program cannot fold")]
    Unreadable(#[from] Unreadable),
    /// Another process is building views here.
    #[error("another process is building views at {file}: wait until it has finished")]
    Building {
        /// The file being built.
        file: PathBuf,
    },
}

impl From<StoreError> for ViewsError {
    fn from(source: StoreError) -> Self {
        Self::Ledger(source)
    }
}

/// An error and what lies under it, outermost first: told once, where it leaves the house.
pub fn causes(error: &(dyn std::error::Error + 'static)) -> Vec<String> {
    with_causes(error).map(ToString::to_string).collect()
}

/// An error and what lies under it, outermost first.
pub fn with_causes<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |cause: &&'e (dyn std::error::Error + 'static)| (*cause).source())
}

impl ViewsError {
    /// A refusal of the database, by what was being done: `be read`, `be written`.
    pub(crate) fn database(doing: &'static str) -> impl Fn(rusqlite::Error) -> Self {
        move |source| Self::Database { doing, source }
    }

    /// The whole chain of causes in one line, for a page or a log.
    pub fn chain(&self) -> String {
        causes(self).join(": ")
    }

    /// Position of the entry that is at fault, where one is.
    pub const fn entry(&self) -> Option<u64> {
        match self {
            Self::Leaf { position }
            | Self::Missing { position }
            | Self::Refused { position, .. }
            | Self::RulebookMissing { position, .. }
            | Self::Unreadable(Unreadable::Payload { position, .. } | Unreadable::Time { position, .. }) => {
                Some(*position)
            }
            _ => None,
        }
    }

    /// Whether a new file would help.
    pub const fn needs_a_new_file(&self) -> bool {
        matches!(self, Self::Outdated { .. } | Self::Unread { .. })
    }
}

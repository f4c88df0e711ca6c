//! Level 3: whether witnesses and time-stamping authorities that the reader trusts have seen this ledger as it is
//! (docs/format.md §7, §11).

use std::fmt;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::Value;
use wuping_ledger::audit::AuditReport;
use wuping_ledger::encoding::Hash;
use wuping_ledger::log_files::{LogFiles, read_file};
use wuping_ledger::note::{Checkpoint, VerifierKey, open_checkpoint};
use wuping_ledger::refusal::Refusal;
use wuping_ledger::stamp::{Roots, Stamp};
use wuping_ledger::stamps::{KeptStamp, OpenedStamp, open_pair};
use wuping_ledger::store::StoreError;

/// Whom a reader trusts to have seen a ledger.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    /// Keys of witnesses.
    pub witnesses: Vec<VerifierKey>,
    /// How many of them must have cosigned.
    pub quorum: usize,
    /// Roots of time-stamping authorities.
    pub tsa_roots: Roots,
    /// The log key as the reader knows it from elsewhere; not compared if none.
    pub log: Option<String>,
    /// The first entry's leaf hash as the reader knows it from elsewhere, lower-case hex; not compared if none.
    pub genesis: Option<String>,
}

impl Trusted {
    /// Whether there is anybody whose word counts: a file may say of a log no more than its key and its first entry.
    pub fn names_anybody(&self) -> bool {
        self.quorum > 0 || !self.tsa_roots.is_empty()
    }

    /// Reads a trust file, `wuping-trust/1` (docs/format.md §11).
    ///
    /// # Errors
    /// `trust` for another shape, or what is wrong with a key.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let refused = |why: &str| Refusal::new("trust", why);
        let file: Value =
            serde_json::from_str(text).map_err(|error| Refusal::new("trust", error.to_string()))?;
        if file["format"] != "wuping-trust/1" {
            return Err(refused("its format is not wuping-trust/1"));
        }
        let word = |name: &str| file[name].as_str().map(str::to_owned).ok_or_else(|| refused(name));
        let witnesses = file["witnesses"].as_array().ok_or_else(|| refused("witnesses"))?;
        let roots = file["tsa_roots"].as_array().ok_or_else(|| refused("tsa_roots"))?;
        let mut tsa_roots = Roots::default();
        for root in roots {
            let read = Roots::parse(root.as_str().unwrap_or_default())?;
            if read.is_empty() {
                return Err(refused("one of its tsa_roots is no certificate in PEM"));
            }
            tsa_roots.add(read);
        }
        let key = |key: &Value| VerifierKey::parse(key.as_str().unwrap_or_default());
        Ok(Self {
            witnesses: witnesses.iter().map(key).collect::<Result<_, _>>()?,
            quorum: file["quorum"]
                .as_u64()
                .and_then(|of| of.try_into().ok())
                .ok_or_else(|| refused("quorum"))?,
            tsa_roots,
            log: Some(word("log_vkey")?),
            genesis: Some(word("genesis")?),
        })
    }
}

/// What witnesses establish, or why nothing. As text, and so in JSON, it is an English sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum Witnessed {
    /// A quorum has cosigned the first entries of this very ledger.
    By {
        /// How many entries.
        size: u64,
        /// Who.
        names: Vec<String>,
    },
    /// The ledger states no log key by which a checkpoint could be read.
    NoLogKey,
    /// No witness is trusted.
    NoWitness,
    /// No checkpoint is cosigned by enough of them.
    TooFew {
        /// How many must have cosigned.
        quorum: usize,
        /// How many are trusted.
        of: usize,
    },
    /// Another ledger than this one is what was seen or is trusted.
    Another(Another),
    /// A level below 3 was asked for.
    NotAsked,
}

/// What authorities establish, or why nothing. As text, and so in JSON, it is an English sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum Stamped {
    /// One saw the first entries of this very ledger.
    At {
        /// How many entries.
        size: u64,
        /// When, by its clock, in POSIX seconds.
        time: u64,
        /// Which one: the subject of its certificate.
        authority: String,
    },
    /// The ledger states no log key by which a checkpoint could be read.
    NoLogKey,
    /// None lies beside the checkpoint of static files.
    NoneBeside,
    /// The one beside the checkpoint of static files does not verify.
    BesideRefused(Refusal),
    /// None is kept in the folder.
    NoneKept,
    /// None that is kept verifies.
    AllRefused {
        /// The file of the newest one.
        newest: PathBuf,
        /// What is wrong with it.
        why: Refusal,
    },
    /// One saw another ledger under this log's key.
    Another(Another),
    /// A level below 3 was asked for, or no authority is trusted.
    NotAsked,
}

/// How a ledger differs from the one that others saw, or that the reader trusts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Another {
    /// Its log key is not the trusted one.
    LogKey,
    /// Its first entry is not the trusted one.
    FirstEntry,
    /// Other entries were seen.
    Entries {
        /// How many.
        size: u64,
    },
    /// More entries were seen than there are.
    Fewer {
        /// How many were seen.
        seen: u64,
        /// How many there are.
        here: u64,
    },
}

impl Another {
    /// `saw` says who saw the other one, and how: “witnesses cosigned”.
    fn told(self, saw: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LogKey => f.write_str("its log key is not the one in the trust file"),
            Self::FirstEntry => f.write_str("its first entry is not the one in the trust file"),
            Self::Entries { size } => write!(f, "{saw} another tree of {size} entries"),
            Self::Fewer { seen, here } => write!(f, "{saw} {seen} entries, and there are {here}"),
        }
    }
}

impl fmt::Display for Witnessed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::By { size, names } => write!(f, "{size} entries are cosigned by {}", names.join(", ")),
            Self::NoLogKey => f.write_str(NO_LOG_KEY),
            Self::NoWitness => f.write_str("no witness is configured"),
            Self::TooFew { quorum, of } if of < quorum => {
                write!(f, "only {of} of the {quorum} witnesses that make a quorum is listed or trusted")
            }
            Self::TooFew { quorum, of } => {
                write!(f, "no checkpoint is cosigned by {quorum} of {of} trusted witnesses")
            }
            Self::Another(another) => another.told("witnesses cosigned", f),
            Self::NotAsked => Ok(()),
        }
    }
}

impl fmt::Display for Stamped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At { size, time, authority } => {
                write!(f, "{size} entries existed by {} by the word of {authority}", moment(*time))
            }
            Self::NoLogKey => f.write_str(NO_LOG_KEY),
            Self::NoneBeside => f.write_str("no time-stamp lies beside the checkpoint"),
            Self::BesideRefused(why) => write!(f, "checkpoint.tsr does not verify: {why}"),
            Self::NoneKept => f.write_str("no checkpoint is time-stamped"),
            Self::AllRefused { newest, why } => {
                write!(f, "no time-stamp verifies; of the newest one, {}: {why}", newest.display())
            }
            Self::Another(another) => another.told("an authority stamped", f),
            Self::NotAsked => Ok(()),
        }
    }
}

/// The largest checkpoint that a quorum has cosigned, against the tree that was recomputed. `beside` are cosigned checkpoints
/// that are kept elsewhere than with the log.
pub(crate) fn witnessed(report: &AuditReport, beside: &[String], trusted: &Trusted) -> Witnessed {
    let Some(stated) = &report.stated_log_key else {
        return Witnessed::NoLogKey;
    };
    if trusted.log.as_ref().is_some_and(|trusted| trusted != stated) {
        return Witnessed::Another(Another::LogKey);
    }
    let first = report.genesis.map(|leaf| leaf.hex());
    if trusted.genesis.is_some() && trusted.genesis != first {
        return Witnessed::Another(Another::FirstEntry);
    }
    if trusted.witnesses.is_empty() {
        return Witnessed::NoWitness;
    }
    let Ok(log) = VerifierKey::parse(stated) else {
        return Witnessed::NoLogKey;
    };
    // one that is of a time to come is no witness's word (docs/format.md §7)
    let (quorum, now) = (trusted.quorum.max(1), u64::try_from(Utc::now().timestamp()).ok());
    let opened = beside
        .iter()
        .chain(&report.notes)
        .filter_map(|note| open_checkpoint(note.as_bytes(), &log, &trusted.witnesses, quorum, now).ok());
    let Some(newest) = opened.max_by_key(|checkpoint| checkpoint.size) else {
        return Witnessed::TooFew { quorum, of: trusted.witnesses.len() };
    };
    let Checkpoint { size, root, cosigned, .. } = newest;
    match root_at(report, size) {
        Some(here) if *here == root => {
            let names = cosigned.into_iter().map(|cosigned| cosigned.name).collect();
            Witnessed::By { size, names }
        }
        Some(_) => Witnessed::Another(Another::Entries { size }),
        None => Witnessed::Another(Another::Fewer { seen: size, here: report.size }),
    }
}

/// Where time-stamps lie.
pub(crate) enum Stamps<'a> {
    /// In the folder of a ledger, by size.
    Kept(Vec<KeptStamp>),
    /// Beside the checkpoint of a log in static files.
    Beside(&'a dyn LogFiles),
}

/// The newest stamp that leads to a trusted root, against the tree that was recomputed.
pub(crate) fn stamped(
    stamps: &Stamps<'_>,
    report: &AuditReport,
    trusted: &Trusted,
) -> Result<Stamped, StoreError> {
    if trusted.tsa_roots.is_empty() {
        return Ok(Stamped::NotAsked);
    }
    let Some(log) = &report.log_key else {
        return Ok(Stamped::NoLogKey);
    };
    let (roots, now) = (&trusted.tsa_roots, u64::try_from(Utc::now().timestamp()).unwrap_or(0));
    let kept = match stamps {
        Stamps::Kept(kept) => kept.as_slice(),
        Stamps::Beside(files) => {
            let (note, response) = (read_file(*files, "checkpoint")?, read_file(*files, "checkpoint.tsr")?);
            return Ok(
                match note.zip(response).map(|(note, response)| open_pair(&note, &response, log, roots, now))
                {
                    Some(Ok(opened)) => against(opened, report),
                    Some(Err(refusal)) => Stamped::BesideRefused(refusal),
                    None => Stamped::NoneBeside,
                },
            );
        }
    };
    let mut newest_refused = None;
    for stamp in kept.iter().rev() {
        match stamp.open(log, roots, now) {
            Ok(opened) => return Ok(against(opened, report)),
            Err(refusal) => {
                newest_refused.get_or_insert((stamp.file.clone(), refusal));
            }
        }
    }
    Ok(match newest_refused {
        Some((newest, why)) => Stamped::AllRefused { newest, why },
        None => Stamped::NoneKept,
    })
}

fn against(opened: OpenedStamp, report: &AuditReport) -> Stamped {
    let size = opened.size;
    match root_at(report, size) {
        Some(here) if *here == opened.root => {
            let Stamp { time, authority } = opened.stamp;
            Stamped::At { size, time, authority }
        }
        Some(_) => Stamped::Another(Another::Entries { size }),
        None => Stamped::Another(Another::Fewer { seen: size, here: report.size }),
    }
}

/// The root that the tree had at a size that was asked for.
fn root_at(report: &AuditReport, size: u64) -> Option<&Hash> {
    match report.size == size {
        true => Some(&report.root),
        false => report.roots.iter().find(|(of, _)| *of == size).map(|(_, root)| root),
    }
}

/// A time in POSIX seconds, for a person.
#[must_use]
pub fn moment(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok().and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
    at.map_or_else(|| seconds.to_string(), |at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

const NO_LOG_KEY: &str = "the ledger states no log key";

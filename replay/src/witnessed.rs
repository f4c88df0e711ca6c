//! Level 3: whether witnesses and time-stamping authorities that the reader trusts have seen this ledger as it is
//! (docs/format.md §7, §11).

use chrono::{DateTime, Utc};
use serde_json::Value;
use wuping_ledger::audit::AuditReport;
use wuping_ledger::encoding::Hash;
use wuping_ledger::log_files::{LogFiles, read_file};
use wuping_ledger::note::{Checkpoint, VerifierKey, open_checkpoint};
use wuping_ledger::refusal::Refusal;
use wuping_ledger::stamp::Roots;
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

/// What authorities establish.
#[derive(Debug, PartialEq)]
pub(crate) enum Stamped {
    /// One saw the first entries of this very ledger.
    At(OpenedStamp),
    /// None is trusted, so that none is looked for.
    NotAsked,
    /// None, and why.
    Not(String),
    /// One saw another ledger under this log's key.
    Another(String),
}

/// What witnesses establish.
#[derive(Debug, PartialEq)]
pub(crate) enum Witnessed {
    /// A quorum has cosigned the first entries of this very ledger.
    By {
        /// How many entries.
        size: u64,
        /// Who, and when by their clocks, in POSIX seconds.
        names: Vec<(String, u64)>,
    },
    /// Not, and why.
    Not(String),
    /// A quorum has cosigned another ledger under this log's key.
    Another(String),
}

impl Witnessed {
    /// For a person.
    pub(crate) fn told(self) -> String {
        match self {
            Self::By { size, names } => {
                let names: Vec<String> = names.into_iter().map(|(name, _)| name).collect();
                format!("{size} entries are cosigned by {}", names.join(", "))
            }
            Self::Another(why) | Self::Not(why) => why,
        }
    }
}

impl Stamped {
    /// For a person; empty where none is trusted.
    pub(crate) fn told(self) -> String {
        match self {
            Self::At(OpenedStamp { size, stamp, .. }) => {
                format!("{size} entries existed by {} by the word of {}", moment(stamp.time), stamp.authority)
            }
            Self::Another(why) | Self::Not(why) => why,
            Self::NotAsked => String::new(),
        }
    }
}

/// The largest checkpoint that a quorum has cosigned, against the tree that was recomputed. `beside` are cosigned checkpoints
/// that are kept elsewhere than with the log.
pub(crate) fn witnessed(report: &AuditReport, beside: &[String], trusted: &Trusted) -> Witnessed {
    let Some(stated) = &report.stated_log_key else {
        return Witnessed::Not("the ledger states no log key".to_owned());
    };
    if trusted.log.as_ref().is_some_and(|trusted| trusted != stated) {
        return Witnessed::Another("its log key is not the one in the trust file".to_owned());
    }
    let first = report.genesis.map(|leaf| leaf.hex());
    if trusted.genesis.is_some() && trusted.genesis != first {
        return Witnessed::Another("its first entry is not the one in the trust file".to_owned());
    }
    if trusted.witnesses.is_empty() {
        return Witnessed::Not("no witness is configured".to_owned());
    }
    let Ok(log) = VerifierKey::parse(stated) else {
        return Witnessed::Not("the ledger states no log key".to_owned());
    };
    let opened = beside.iter().chain(&report.notes).filter_map(|note| {
        open_checkpoint(note.as_bytes(), &log, &trusted.witnesses, trusted.quorum.max(1), None).ok()
    });
    let Some(newest) = opened.max_by_key(|checkpoint| checkpoint.size) else {
        let (quorum, of) = (trusted.quorum.max(1), trusted.witnesses.len());
        return Witnessed::Not(format!("no checkpoint is cosigned by {quorum} of {of} trusted witnesses"));
    };
    let Checkpoint { size, root, cosigned, .. } = newest;
    match root_at(report, size) {
        Some(here) if *here == root => {
            let names = cosigned.into_iter().map(|cosigned| (cosigned.name, cosigned.time)).collect();
            Witnessed::By { size, names }
        }
        Some(_) => Witnessed::Another(format!("witnesses cosigned another tree of {size} entries")),
        None => {
            Witnessed::Another(format!("witnesses cosigned {size} entries, and there are {}", report.size))
        }
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
        return Ok(Stamped::Not("the ledger states no log key".to_owned()));
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
                    Some(Err(refusal)) => Stamped::Not(format!("checkpoint.tsr does not verify: {refusal}")),
                    None => Stamped::Not("no time-stamp lies beside the checkpoint".to_owned()),
                },
            );
        }
    };
    let mut newest_refused = None;
    for stamp in kept.iter().rev() {
        match stamp.open(log, roots, now) {
            Ok(opened) => return Ok(against(opened, report)),
            Err(refusal) => {
                newest_refused.get_or_insert(format!("{}: {refusal}", stamp.file.display()));
            }
        }
    }
    Ok(Stamped::Not(match newest_refused {
        Some(why) => format!("no time-stamp verifies; of the newest one, {why}"),
        None => "no checkpoint is time-stamped".to_owned(),
    }))
}

fn against(opened: OpenedStamp, report: &AuditReport) -> Stamped {
    let (size, there) = (opened.size, report.size);
    match root_at(report, size) {
        Some(here) if *here == opened.root => Stamped::At(opened),
        Some(_) => Stamped::Another(format!("an authority stamped another tree of {size} entries")),
        None => Stamped::Another(format!("an authority stamped {size} entries, and there are {there}")),
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
pub(crate) fn moment(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok().and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
    at.map_or_else(|| seconds.to_string(), |at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

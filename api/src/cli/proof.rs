//! Proofs as files: written from the ledger, and checked by whoever has the log's key, without a ledger.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};
use wuping_ledger::checkpoints::whole_notes;
use wuping_ledger::encoding::Hash;
use wuping_ledger::entry::Entry;
use wuping_ledger::merkle::{inclusion_root, verify_inclusion};
use wuping_ledger::note::{Checkpoint, ConsistencyText, TlogProof, VerifierKey};
use wuping_ledger::note::{note_text, open_checkpoint, parse_checkpoint_text};
use wuping_ledger::refusal::Refusal;

use crate::cli::output::{must_be_free, written};
use crate::cli::read::reader;
use crate::cli::{Common, Failure, print_json};
use crate::look::words::findings::meaning;

#[derive(Debug, Subcommand)]
pub(super) enum Proof {
    /// Check a proof: exit 0 when it proves, 1 when it does not or something is lacking, 2 when it could not be read
    Check {
        /// A proof of inclusion or of consistency
        file: PathBuf,
        /// The entry that an inclusion proof is about, its exact bytes
        #[arg(long, value_name = "FILE")]
        entry: Option<PathBuf>,
        /// The log's verifier key as you know it from elsewhere (“wuping key log” prints it)
        #[arg(long, value_name = "VKEY")]
        log_key: Option<String>,
        /// The two signed checkpoints that a consistency proof joins: a file with one of them or more; repeat it
        #[arg(long = "checkpoint", value_name = "FILE")]
        checkpoints: Vec<PathBuf>,
    },
    /// Prove that the log of one size is the beginning of the log of another
    Consistency {
        /// The smaller size
        old: u64,
        /// The larger size, at most that of the newest checkpoint
        new: u64,
        /// Into this file; else on standard output
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Prove that an entry is under the newest checkpoint
    Inclusion {
        /// The entry's position
        position: u64,
        /// Into this file; else on standard output
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Write the entry's exact bytes into this file; its public fields may concern a person
        #[arg(long, value_name = "FILE")]
        entry: Option<PathBuf>,
    },
}

pub(super) fn proof(common: &Common, command: Proof) -> Result<ExitCode, Failure> {
    match command {
        Proof::Check { file, entry, log_key, checkpoints } => {
            let given = Given::read(entry.as_deref(), log_key.as_deref(), &checkpoints)?;
            tell(common, &file, check(&bytes_of(&file)?, &given))
        }
        Proof::Consistency { old, new, out } => {
            must_be_free(out.as_deref())?;
            let file = reader(common)?.consistency_file(old, new)?;
            let what = json!({ "old": old, "new": new });
            hand_over(common, file.to_string().as_bytes(), what, out.as_deref())
        }
        Proof::Inclusion { position, out, entry } => {
            must_be_free(out.as_deref())?;
            must_be_free(entry.as_deref())?;
            let reader = reader(common)?;
            let file = reader.inclusion_file(position)?;
            if let (Some(path), Some(leaf)) = (&entry, reader.leaf(position)?) {
                written(path, &leaf)?;
            }
            hand_over(common, &file.to_bytes(), json!({ "position": position }), out.as_deref())
        }
    }
}

/// What a check may use beside the proof.
struct Given {
    entry: Option<Vec<u8>>,
    log: Option<VerifierKey>,
    /// Notes with one checkpoint each, not verified yet.
    notes: Vec<String>,
}

impl Given {
    fn read(entry: Option<&Path>, log_key: Option<&str>, checkpoints: &[PathBuf]) -> Result<Self, Failure> {
        let mut notes = Vec::new();
        for file in checkpoints {
            let text = String::from_utf8(bytes_of(file)?).map_err(|_| {
                let file = file.display();
                Failure::asked_in_both(
                    format!("{file} 不是写有检查点的文本"),
                    format!("{file} is no text with checkpoints"),
                )
            })?;
            // a single checkpoint, as it is served, has no blank line behind it
            notes.extend(whole_notes(&format!("{}\n\n", text.trim_end())));
        }
        let log = log_key.map(VerifierKey::parse).transpose()?;
        Ok(Self { entry: entry.map(bytes_of).transpose()?, log, notes })
    }
}

/// What a proof that holds is about, and what it takes to make it one: nothing when it proves.
struct Held {
    what: Value,
    told: [String; 2],
    lacks: Vec<Lack>,
}

/// What is not there yet: in Chinese and in English.
type Lack = [&'static str; 2];

const ENTRY: Lack =
    ["它说的是哪一条记录：用 --entry 给出记录的原文", "which entry it is about: give its bytes with --entry"];
const SIGNED: Lack = [
    "检查点是日志签的名：用 --log-key 给出日志的公钥",
    "that the log signed the checkpoint: give its key with --log-key",
];
const BOTH_SIGNED: Lack = [
    "两个根都是日志签的名：给出 --log-key 和 --checkpoint",
    "that the log signed the two roots: give --log-key and --checkpoint",
];
const CHECKPOINTS: Lack = [
    "它连接的两个检查点：用 --checkpoint 给出",
    "the two checkpoints that it joins: give them with --checkpoint",
];

fn check(file: &[u8], given: &Given) -> Result<Held, Refusal> {
    match ConsistencyText::parse(file) {
        Ok(consistency) => check_consistency(&consistency, given),
        Err(_) if !file.starts_with(b"wuping-consistency") => {
            check_inclusion(&TlogProof::parse(file)?, given)
        }
        Err(refusal) => Err(refusal),
    }
}

fn check_inclusion(proof: &TlogProof, given: &Given) -> Result<Held, Refusal> {
    let (origin, size, root) = match &given.log {
        Some(log) => {
            let Checkpoint { origin, size, root, .. } = open_checkpoint(&proof.note, log, &[], 0, None)?;
            (origin, size, root)
        }
        None => {
            let (origin, size, root) = parse_checkpoint_text(note_text(&proof.note)?)?;
            (origin.to_owned(), size, root)
        }
    };
    // the length of the path is as the two numbers have it, whatever the leaf
    inclusion_root(Hash::of(b""), proof.index, size, &proof.proof)?;
    let mut lacks = Vec::new();
    if let Some(leaf) = &given.entry {
        verify_inclusion(leaf, proof.index, size, &proof.proof, &root)?;
        let entry = Entry::parse(leaf, Some(&origin))?;
        if entry.sequence != proof.index {
            let detail = format!("the entry says {}, the proof {}", entry.sequence, proof.index);
            return Err(Refusal::new("sequence", detail));
        }
    } else {
        lacks.push(ENTRY);
    }
    if given.log.is_none() {
        lacks.push(SIGNED);
    }
    let index = proof.index;
    Ok(Held {
        what: json!({ "proof": "inclusion", "origin": origin, "position": index, "size": size, "root": root.hex() }),
        told: [
            format!("第{index}条记录在 {origin} 的前{size}条之中"),
            format!("entry {index} is among the first {size} of {origin}"),
        ],
        lacks,
    })
}

fn check_consistency(proof: &ConsistencyText, given: &Given) -> Result<Held, Refusal> {
    proof.verify()?;
    let (mut lacks, mut origin) = (Vec::new(), None);
    match &given.log {
        Some(log) => {
            let opened = given.notes.iter().map(|note| open_checkpoint(note.as_bytes(), log, &[], 0, None));
            let opened = opened.collect::<Result<Vec<_>, _>>()?;
            let of_size = |size| opened.iter().find(|checkpoint| checkpoint.size == size);
            match (of_size(proof.old_size), of_size(proof.new_size)) {
                (Some(old), Some(new)) => proof.verify_between(old, new)?,
                // nothing was signed before there was anything: its root is fixed
                (None, Some(new)) if proof.old_size == 0 => {
                    proof.verify_between(&nothing_signed(new, proof.old_root), new)?;
                }
                _ => lacks.push(CHECKPOINTS),
            }
            origin = Some(log.name.clone());
        }
        None => lacks.push(BOTH_SIGNED),
    }
    let (old, new) = (proof.old_size, proof.new_size);
    Ok(Held {
        what: json!({
            "proof": "consistency", "origin": origin, "old": old, "old_root": proof.old_root.hex(), "new": new,
            "new_root": proof.new_root.hex(),
        }),
        told: [
            format!("前{old}条记录是前{new}条的开头"),
            format!("the first {old} entries are the beginning of the first {new}"),
        ],
        lacks,
    })
}

/// The checkpoint of an empty log, which nobody signs.
fn nothing_signed(of: &Checkpoint, root: Hash) -> Checkpoint {
    Checkpoint { size: 0, root, text: String::new(), cosigned: Vec::new(), origin: of.origin.clone() }
}

fn tell(common: &Common, file: &Path, checked: Result<Held, Refusal>) -> Result<ExitCode, Failure> {
    let lang = common.lang();
    let (proven, mut what, told) = match checked {
        Ok(Held { what, told: [zh, en], lacks }) if lacks.is_empty() => {
            (true, what, lang.pick(format!("已证明：{zh}"), format!("proven: {en}")))
        }
        Ok(Held { mut what, told: [zh, en], lacks }) => {
            let [zh_open, en_open] = [0, 1].map(|at| lacks.iter().map(|lack| lack[at]).collect::<Vec<_>>());
            let told = lang.pick(
                format!("还没有证明，虽然没有发现错误：{zh}。还缺：{}", zh_open.join("；")),
                format!(
                    "not proven yet, though nothing is wrong with it: {en}. It lacks {}",
                    en_open.join("; ")
                ),
            );
            what["lacks"] = json!(en_open);
            (false, what, told)
        }
        Err(refusal) => {
            let what = json!({ "refused": refusal.code, "detail": refusal.detail });
            (false, what, refused(common, file, &refusal))
        }
    };
    what["proven"] = json!(proven);
    match common.json {
        true => print_json(&what)?,
        false => println!("{told}"),
    }
    Ok(if proven { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// That a file proves nothing, and why.
pub(super) fn refused(common: &Common, file: &Path, refusal: &Refusal) -> String {
    let file = file.display();
    common.lang().pick(
        format!("{file} 不成立，请向出具的人要原文件。原因：{}（{refusal}）", meaning(refusal.code)),
        format!("{file} is refused: {refusal}"),
    )
}

/// Into the file with a line that says so, or on standard output as it is.
fn hand_over(
    common: &Common,
    proof: &[u8],
    mut what: Value,
    out: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let Some(path) = out else {
        if common.json {
            what["proof"] = json!(String::from_utf8_lossy(proof));
            print_json(&what)?;
        } else {
            print!("{}", String::from_utf8_lossy(proof));
        }
        return Ok(ExitCode::SUCCESS);
    };
    written(path, proof)?;
    if common.json {
        what["file"] = json!(path);
        print_json(&what)?;
    } else {
        let path = path.display();
        common.say(
            format!("证明在 {path} 中；在任何地方都能用 wuping proof check 核对"),
            format!("the proof is in {path}; “wuping proof check” checks it anywhere"),
        );
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn bytes_of(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::unread(path, &error))
}

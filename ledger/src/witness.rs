//! What a witness decides (docs/format.md §7; C2SP tlog-witness): whether the checkpoint it is shown continues what it has
//! seen of a log. It signs one history of each log and no other.

use crate::encoding::{Hash, b64_encode, decimal};
use crate::merkle::check_consistency;
use crate::note::{Cosigner, VerifierKey, note_text, open_checkpoint, parse_checkpoint_text};
use crate::refusal::{Refusal, need};

/// What a witness has seen of a log last: nothing is a size of 0.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seen {
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
    /// The note it cosigned; empty before the first.
    pub note: String,
}

/// A checkpoint as it is shown to a witness.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shown {
    /// The size from which on it is proven.
    pub old: u64,
    /// The consistency proof from there.
    pub proof: Vec<Hash>,
    /// The signed note.
    pub note: String,
}

/// What a witness answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// It has seen it now: keep this durably, then give out the line.
    Cosigned {
        /// What is seen from now on.
        seen: Seen,
        /// The cosignature line.
        line: String,
    },
    /// Not what the protocol says, or a tree that shrinks.
    Malformed(Refusal),
    /// The log's key did not sign it.
    Untrusted(Refusal),
    /// The proof does not begin at what was seen.
    Elsewhere {
        /// The size that was seen.
        size: u64,
    },
    /// The same size with another root: the log has two histories.
    Forked {
        /// The note that was cosigned for that size.
        cosigned: String,
    },
    /// The proof does not hold: the log has two histories, or the proof is wrong.
    Unproven(Refusal),
}

impl Seen {
    /// Of a log that was never shown.
    #[must_use]
    pub fn nothing() -> Self {
        Self { size: 0, root: crate::merkle::EMPTY_ROOT, note: String::new() }
    }
}

impl Shown {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// `witness-request` for another shape, or what is wrong with the note.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        const CODE: &str = "witness-request";
        let body = std::str::from_utf8(body).map_err(|error| Refusal::new("utf8", error.to_string()))?;
        let (head, note) =
            body.split_once("\n\n").ok_or_else(|| Refusal::new(CODE, "no blank line before the note"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old "));
        let old =
            decimal(old.ok_or_else(|| Refusal::new(CODE, "the first line is not “old” and a size"))?, CODE)?;
        let proof: Vec<Hash> = lines.map(|line| Hash::from_b64(line, CODE)).collect::<Result<_, _>>()?;
        need(proof.len() <= PROOF_MAX, CODE, "at most 63 lines of proof")?;
        note_text(note.as_bytes())?;
        Ok(Self { old, proof, note: note.to_owned() })
    }

    /// The body of a request.
    #[must_use]
    pub fn body(&self) -> String {
        let mut body = format!("old {}\n", self.old);
        for hash in &self.proof {
            body.push_str(&b64_encode(hash.as_bytes()));
            body.push('\n');
        }
        body.push('\n');
        body.push_str(&self.note);
        body
    }

    /// The log it says it is of; nothing is verified here.
    ///
    /// # Errors
    /// If the note is no checkpoint.
    pub fn origin(&self) -> Result<&str, Refusal> {
        Ok(parse_checkpoint_text(note_text(self.note.as_bytes())?)?.0)
    }
}

/// Decides on a checkpoint of a known log, by what was seen of it; `now` is the witness's clock in POSIX seconds.
#[must_use]
pub fn decide(shown: &Shown, log: &VerifierKey, seen: &Seen, witness: &Cosigner, now: u64) -> Answer {
    let checkpoint = match open_checkpoint(shown.note.as_bytes(), log, &[], 0, None) {
        Ok(checkpoint) => checkpoint,
        Err(refusal) => return Answer::Untrusted(refusal),
    };
    if shown.old > checkpoint.size {
        return Answer::Malformed(Refusal::new("witness-request", "the old size is larger than the new one"));
    }
    if shown.old != seen.size {
        return Answer::Elsewhere { size: seen.size };
    }
    if checkpoint.size == seen.size && checkpoint.root != seen.root {
        return Answer::Forked { cosigned: seen.note.clone() };
    }
    let (m, n) = (seen.size, checkpoint.size);
    if let Err(refusal) = check_consistency(m, n, &seen.root, &checkpoint.root, &shown.proof) {
        return Answer::Unproven(refusal);
    }
    let line = witness.cosign(&checkpoint.text, now);
    let seen = Seen { size: n, root: checkpoint.root, note: shown.note.clone() };
    Answer::Cosigned { seen, line }
}

const PROOF_MAX: usize = 63;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keys::Signer;
    use crate::merkle::{Frontier, consistency_proof, leaf_hash, root_of};
    use crate::note::{CheckpointSigner, verify_cosignature_line};

    fn log() -> CheckpointSigner {
        CheckpointSigner::new("ledger.example/seen", Signer::from_seed(&[1; 32])).unwrap()
    }

    fn witness() -> Cosigner {
        Cosigner::new("witness.example/w", Signer::from_seed(&[2; 32])).unwrap()
    }

    fn leaves(size: u64, fork_at: Option<u64>) -> Vec<Hash> {
        let leaf = |n: u64| if fork_at.is_some_and(|at| n >= at) { n + 1_000 } else { n };
        (0..size).map(|n| leaf_hash(&leaf(n).to_be_bytes())).collect()
    }

    fn root(leaves: &[Hash]) -> Hash {
        leaves.iter().copied().collect::<Frontier>().root()
    }

    fn shown(old: u64, leaves: &[Hash]) -> Shown {
        let size = leaves.len() as u64;
        let proof = consistency_proof(old, size, |level, n| {
            let (first, count) = ((n << level) as usize, 1usize << level);
            Ok::<_, Refusal>(root_of(leaves[first..first + count].iter().copied()))
        });
        Shown { old, proof: proof.unwrap_or_default(), note: log().sign(size, &root(leaves)) }
    }

    fn ask(shown: &Shown, seen: &Seen) -> Answer {
        decide(shown, log().verifier_key(), seen, &witness(), 1_790_000_000)
    }

    proptest! {
        #[test]
        fn one_history_is_cosigned_and_no_other(
            sizes in prop::collection::vec(1u64..40, 1..8), fork_at in 0u64..40, old in 0u64..40,
        ) {
            let mut seen = Seen::nothing();
            for size in sizes {
                let honest = leaves(size, None);
                let answer = ask(&shown(seen.size.min(size), &honest), &seen);
                match answer {
                    Answer::Cosigned { seen: now, line } => {
                        prop_assert!(size >= seen.size && now.size == size);
                        let text = note_text(now.note.as_bytes()).unwrap();
                        let witness = witness();
                        let cosigned = verify_cosignature_line(&line, witness.verifier_key(), text, None).unwrap();
                        prop_assert_eq!(cosigned.time, 1_790_000_000);
                        seen = now;
                    }
                    Answer::Elsewhere { size: known } => prop_assert!(size < seen.size && known == seen.size),
                    other => prop_assert!(false, "{other:?}"),
                }
                // whatever is shown of another history that differs in what was seen is not cosigned
                let other = leaves(size.max(seen.size), Some(fork_at.min(seen.size - 1)));
                for old in [old.min(other.len() as u64), seen.size] {
                    let refused = !matches!(ask(&shown(old, &other), &seen), Answer::Cosigned { .. });
                    prop_assert!(refused);
                }
            }
        }

        #[test]
        fn what_is_sent_is_what_is_read(old in 0u64..30, more in 0u64..30) {
            let sent = shown(old, &leaves(old + more + 1, None));
            prop_assert_eq!(Shown::parse(sent.body().as_bytes()).unwrap(), sent);
        }
    }

    #[test]
    fn each_fault_has_its_answer() {
        let seven = leaves(7, None);
        let Answer::Cosigned { seen, .. } = ask(&shown(0, &seven), &Seen::nothing()) else { panic!() };
        assert!(matches!(ask(&shown(3, &leaves(9, None)), &seen), Answer::Elsewhere { size: 7 }));
        assert!(matches!(ask(&Shown { old: 7, ..shown(0, &leaves(5, None)) }, &seen), Answer::Malformed(_)));
        assert!(matches!(ask(&shown(7, &leaves(7, Some(2))), &seen), Answer::Forked { .. }));
        assert!(matches!(ask(&shown(7, &leaves(9, Some(2))), &seen), Answer::Unproven(_)));
        let stranger = CheckpointSigner::new("ledger.example/seen", Signer::from_seed(&[3; 32])).unwrap();
        let note = stranger.sign(7, &root(&seven));
        assert!(matches!(ask(&Shown { old: 7, proof: vec![], note }, &seen), Answer::Untrusted(_)));
        assert!(matches!(ask(&shown(7, &seven), &seen), Answer::Cosigned { .. }), "the same again");
        for body in ["", "old 1", "old x\n\nnote", "new 1\n\nnote", "old 01\n\nnote", "old 1\n!\n\nnote"] {
            assert!(Shown::parse(body.as_bytes()).is_err(), "{body:?}");
        }
    }
}

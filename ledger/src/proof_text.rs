//! Proofs as text files: an entry's inclusion and the consistency of two checkpoints (docs/format.md §7).

use crate::encoding::{Hash, decimal};
use crate::entry::Entry;
use crate::merkle::{check_consistency, verify_inclusion};
use crate::note::{Checkpoint, VerifierKey, open_checkpoint};
use crate::refusal::{Refusal, need, need_that};

/// An inclusion proof with the checkpoint it leads to: `c2sp.org/tlog-proof@v1`, without an `extra` line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlogProof {
    /// The leaf's index.
    pub index: u64,
    /// Hashes from leaf to root.
    pub proof: Vec<Hash>,
    /// The checkpoint note, byte for byte.
    pub note: Vec<u8>,
}

impl TlogProof {
    /// Reads a proof file. Nothing is verified yet.
    ///
    /// # Errors
    /// `tlog-proof-header`, `-no-checkpoint`, `-ascii`, `-extra`, `-index`, `-too-long` or `-hash`.
    pub fn parse(raw: &[u8]) -> Result<TlogProof, Refusal> {
        need(raw.starts_with(TLOG_PROOF), "tlog-proof-header", "")?;
        let blank = raw.windows(2).position(|two| two == b"\n\n");
        let blank = blank.ok_or_else(|| Refusal::new("tlog-proof-no-checkpoint", ""))?;
        let head = ascii(&raw[..blank], "tlog-proof-ascii")?;
        let mut lines = head.split('\n').skip(1);
        let first = lines.next().unwrap_or_default();
        need(!first.starts_with("extra "), "tlog-proof-extra", "")?;
        let index = first.strip_prefix("index ").ok_or_else(|| Refusal::new("tlog-proof-index", first))?;
        let index = decimal(index, "tlog-proof-index")?;
        let proof: Vec<Hash> =
            lines.map(|line| Hash::from_b64(line, "tlog-proof-hash")).collect::<Result<_, _>>()?;
        need(proof.len() <= MAX_HASHES, "tlog-proof-too-long", "")?;
        Ok(TlogProof { index, proof, note: raw[blank + 2..].to_vec() })
    }

    /// The proof file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = TLOG_PROOF.to_vec();
        bytes.extend(format!("index {}\n", self.index).bytes());
        bytes.extend(hash_lines(&self.proof).bytes());
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.note);
        bytes
    }

    /// Verifies that this leaf is an entry of the tree that the log and enough witnesses signed, at its own sequence.
    ///
    /// # Errors
    /// As opening the note, the inclusion proof and reading the entry; `sequence` when the entry names another index.
    pub fn verify(
        &self,
        leaf: &[u8],
        log: &VerifierKey,
        witnesses: &[VerifierKey],
        quorum: usize,
        now: Option<u64>,
    ) -> Result<(Checkpoint, Entry), Refusal> {
        let checkpoint = open_checkpoint(&self.note, log, witnesses, quorum, now)?;
        verify_inclusion(leaf, self.index, checkpoint.size, &self.proof, &checkpoint.root)?;
        let entry = Entry::parse(leaf, Some(&checkpoint.origin))?;
        need_that(entry.sequence == self.index, "sequence", || {
            format!("the entry says {}, the proof {}", entry.sequence, self.index)
        })?;
        Ok((checkpoint, entry))
    }
}

/// That one tree is a prefix of another, `wuping-consistency@v1`; used with the two signed checkpoints.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConsistencyText {
    /// Size of the smaller tree.
    pub old_size: u64,
    /// Root of the smaller tree.
    pub old_root: Hash,
    /// Size of the larger tree.
    pub new_size: u64,
    /// Root of the larger tree.
    pub new_root: Hash,
    /// The proof's hashes.
    pub proof: Vec<Hash>,
}

impl ConsistencyText {
    /// Reads a consistency file. Nothing is verified yet.
    ///
    /// # Errors
    /// `consistency-text`.
    pub fn parse(raw: &[u8]) -> Result<ConsistencyText, Refusal> {
        const CODE: &str = "consistency-text";
        let text =
            ascii(raw, CODE)?.strip_suffix('\n').ok_or_else(|| Refusal::new(CODE, "no final newline"))?;
        let mut lines = text.split('\n');
        need(lines.next() == Some(CONSISTENCY), CODE, "another header")?;
        let mut tree = |word: &str| {
            let mut fields = lines.next().unwrap_or_default().splitn(3, ' ');
            need(fields.next() == Some(word), CODE, word)?;
            let size = decimal(fields.next().unwrap_or_default(), CODE)?;
            Ok((size, Hash::from_b64(fields.next().unwrap_or_default(), CODE)?))
        };
        let ((old_size, old_root), (new_size, new_root)) = (tree("old")?, tree("new")?);
        let proof: Vec<Hash> = lines.map(|line| Hash::from_b64(line, CODE)).collect::<Result<_, _>>()?;
        need(proof.len() <= MAX_HASHES, CODE, "too many hashes")?;
        Ok(ConsistencyText { old_size, old_root, new_size, new_root, proof })
    }

    /// Verifies the proof between the two roots it names.
    ///
    /// # Errors
    /// As [`check_consistency`].
    pub fn verify(&self) -> Result<(), Refusal> {
        check_consistency(self.old_size, self.new_size, &self.old_root, &self.new_root, &self.proof)
    }

    /// Verifies the proof between two opened checkpoints.
    ///
    /// # Errors
    /// `consistency-old-checkpoint` or `consistency-new-checkpoint` when the file is about another tree, else as
    /// [`check_consistency`].
    pub fn verify_between(&self, old: &Checkpoint, new: &Checkpoint) -> Result<(), Refusal> {
        let same = |checkpoint: &Checkpoint, size, root| checkpoint.size == size && checkpoint.root == root;
        need(same(old, self.old_size, self.old_root), "consistency-old-checkpoint", "")?;
        need(same(new, self.new_size, self.new_root), "consistency-new-checkpoint", "")?;
        self.verify()
    }
}

impl std::fmt::Display for ConsistencyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{CONSISTENCY}\nold {} {}", self.old_size, self.old_root.b64())?;
        write!(f, "new {} {}\n{}", self.new_size, self.new_root.b64(), hash_lines(&self.proof))
    }
}

const TLOG_PROOF: &[u8] = b"c2sp.org/tlog-proof@v1\n";
const CONSISTENCY: &str = "wuping-consistency@v1";

/// The longest proof of a tree below 2^63 leaves.
const MAX_HASHES: usize = 63;

fn ascii<'a>(bytes: &'a [u8], code: &'static str) -> Result<&'a str, Refusal> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii());
    text.ok_or_else(|| Refusal::new(code, "not ASCII"))
}

fn hash_lines(hashes: &[Hash]) -> String {
    hashes.iter().map(|hash| hash.b64() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> ConsistencyText {
        let [old_root, new_root] = [b"old", b"new"].map(|bytes| Hash::of(bytes));
        ConsistencyText { old_size: 3, old_root, new_size: 5, new_root, proof: vec![old_root, new_root] }
    }

    #[test]
    fn consistency_texts_are_read_back_and_nothing_else_is() {
        let sound = text().to_string();
        assert_eq!(ConsistencyText::parse(sound.as_bytes()).unwrap(), text());
        for bad in [
            sound.trim_end().to_owned(),
            sound.replace("old 3", "old 03"),
            sound.replace("old 3", "old  3"),
            sound.replace("old", "Old"),
            sound.replace("@v1", "@v2"),
            sound.clone() + "\n",
            sound.replace('\n', "\r\n"),
            sound.clone() + &(Hash::of(b"").b64() + "\n").repeat(62),
        ] {
            assert_eq!(ConsistencyText::parse(bad.as_bytes()).unwrap_err().code, "consistency-text", "{bad}");
        }
        assert!(text().verify().is_err());
    }

    #[test]
    fn proof_files_are_read_back_and_nothing_else_is() {
        let sound =
            TlogProof { index: 7, proof: vec![Hash::of(b"a")], note: b"a note\n\nof any kind".to_vec() };
        assert_eq!(TlogProof::parse(&sound.to_bytes()).unwrap(), sound);
        let text = String::from_utf8(sound.to_bytes()).unwrap();
        for (bad, code) in [
            (text.replace("@v1", "@v2"), "tlog-proof-header"),
            (text.replace("index 7", "extra AA==\nindex 7"), "tlog-proof-extra"),
            (text.replace("index 7", "index 07"), "tlog-proof-index"),
            (text.replace("index 7\n", ""), "tlog-proof-index"),
            (text.replace("\n\n", "\n"), "tlog-proof-no-checkpoint"),
            (
                text.replace("index 7\n", &format!("index 7\n{}", (Hash::of(b"").b64() + "\n").repeat(63))),
                "tlog-proof-too-long",
            ),
            (text.replace("index 7", "index 7\né"), "tlog-proof-ascii"),
            (text.replace("index 7", "index 7\nAA=="), "tlog-proof-hash"),
        ] {
            assert_eq!(TlogProof::parse(bad.as_bytes()).unwrap_err().code, code, "{bad}");
        }
    }
}

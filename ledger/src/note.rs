//! Signed checkpoints and cosignatures (docs/format.md §5, §7; C2SP signed note, tlog-checkpoint, tlog-cosignature).

use crate::encoding::{Hash, b64_decode, b64_encode, decimal, hex_encode, sha256, sized};
use crate::keys::{PublicKey, Signer, verify_strict};
use crate::merkle::EMPTY_ROOT;
use crate::refusal::{Refusal, need, need_that};

pub use crate::proof_text::{ConsistencyText, TlogProof};

/// What a note key may sign; the byte that the key's id and verifier key carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoteKeyType {
    /// The log's own key: Ed25519 over the text.
    Log = 1,
    /// A witness's key: timestamped Ed25519 cosignatures.
    Witness = 4,
}

/// A public key of notes with the name it signs under, written `name+id+key`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifierKey {
    /// The name in signature lines; a log's is its origin.
    pub name: String,
    /// Log or witness.
    pub key_type: NoteKeyType,
    /// The key.
    pub public: PublicKey,
    /// The four bytes that signature lines begin with.
    pub id: [u8; 4],
}

impl VerifierKey {
    /// A key under a name.
    ///
    /// # Errors
    /// `vkey` for a name that notes cannot carry.
    pub fn new(name: &str, key_type: NoteKeyType, public: PublicKey) -> Result<VerifierKey, Refusal> {
        check_name(name, "vkey")?;
        let hash = sha256(&[name.as_bytes(), b"\n", &typed(key_type, &public)].concat());
        Ok(VerifierKey { name: name.to_owned(), key_type, public, id: [hash[0], hash[1], hash[2], hash[3]] })
    }

    /// Reads `name+id+key`.
    ///
    /// # Errors
    /// `vkey` for another shape, an unknown type or an id that is not the key's; else why the key failed its test.
    pub fn parse(text: &str) -> Result<VerifierKey, Refusal> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Refusal::new("vkey", "not name+id+key"));
        };
        let key: [u8; 33] = sized(&b64_decode(key, "vkey")?, "vkey")?;
        let key_type = match key[0] {
            1 => NoteKeyType::Log,
            4 => NoteKeyType::Witness,
            other => return Err(Refusal::new("vkey", format!("type {other}"))),
        };
        let vkey = VerifierKey::new(name, key_type, PublicKey::from_bytes(&key[1..])?)?;
        need(hex_encode(&vkey.id) == id, "vkey", "the id is not the key's")?;
        Ok(vkey)
    }

    fn signed(&self, line: &SignatureLine<'_>) -> bool {
        line.name == self.name && line.id == self.id
    }
}

impl std::fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}+{}+{}",
            self.name,
            hex_encode(&self.id),
            b64_encode(&typed(self.key_type, &self.public))
        )
    }
}

/// The log's key: signs checkpoints and nothing else.
#[derive(Clone, Debug)]
pub struct CheckpointSigner {
    signer: Signer,
    vkey: VerifierKey,
}

impl CheckpointSigner {
    /// The log key of the ledger with this origin.
    ///
    /// # Errors
    /// `origin` for a name that an origin cannot have.
    pub fn new(origin: &str, signer: Signer) -> Result<CheckpointSigner, Refusal> {
        check_origin(origin)?;
        let vkey = VerifierKey::new(origin, NoteKeyType::Log, signer.public())?;
        Ok(CheckpointSigner { signer, vkey })
    }

    /// What verifiers need of this key.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.vkey
    }

    /// The signed note of a tree.
    pub fn sign(&self, size: u64, root: &Hash) -> String {
        let text = checkpoint_text(&self.vkey.name, size, root);
        let line = signature_line(&self.vkey, &self.signer.sign(text.as_bytes()));
        format!("{text}\n{line}")
    }
}

/// A witness's key, for a witness of one's own and for tests.
#[derive(Clone, Debug)]
pub struct Cosigner {
    signer: Signer,
    vkey: VerifierKey,
}

impl Cosigner {
    /// The witness key of this name.
    ///
    /// # Errors
    /// `vkey` for a name that notes cannot carry.
    pub fn new(name: &str, signer: Signer) -> Result<Cosigner, Refusal> {
        let vkey = VerifierKey::new(name, NoteKeyType::Witness, signer.public())?;
        Ok(Cosigner { signer, vkey })
    }

    /// What verifiers need of this key.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.vkey
    }

    /// The cosignature line of a checkpoint's text at a time in POSIX seconds.
    pub fn cosign(&self, text: &str, time: u64) -> String {
        let signature = self.signer.sign(&cosignature_message(time, text));
        signature_line(&self.vkey, &[time.to_be_bytes().as_slice(), &signature].concat())
    }
}

/// A checkpoint whose signatures have been verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The log's origin.
    pub origin: String,
    /// The number of leaves.
    pub size: u64,
    /// The root of the tree.
    pub root: Hash,
    /// The three signed lines, each with its newline.
    pub text: String,
    /// The cosignatures by known witnesses.
    pub cosigned: Vec<Cosignature>,
}

/// That a witness saw a checkpoint and knew no other history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cosignature {
    /// The witness.
    pub name: String,
    /// When, in POSIX seconds by the witness's clock.
    pub time: u64,
}

/// Verifies a checkpoint note by the log's key and those of known witnesses; `now` is the verifier's clock in POSIX
/// seconds if it has one. Lines by unknown keys are ignored.
///
/// # Errors
/// The first rule that is broken, or `quorum` when fewer witnesses than asked for cosigned.
pub fn open_checkpoint(
    raw: &[u8],
    log: &VerifierKey,
    witnesses: &[VerifierKey],
    quorum: usize,
    now: Option<u64>,
) -> Result<Checkpoint, Refusal> {
    let (text, lines) = parse_note(raw)?;
    let (origin, size, root) = parse_checkpoint_text(text)?;
    need(origin == log.name, "checkpoint-origin", origin)?;
    need(log.key_type == NoteKeyType::Log, "vkey", "a log's key has type 0x01")?;
    let own: Vec<_> = lines.iter().filter(|line| log.signed(line)).collect();
    need(own.len() == 1, "note-log-signature", "the log signs exactly once")?;
    need(lines.first().is_some_and(|line| log.signed(line)), "note-log-signature", "the log signs first")?;
    verify_strict(&log.public, &own[0].signature, text.as_bytes())?;
    let mut cosigned = Vec::new();
    for (position, witness) in witnesses.iter().enumerate() {
        need(witness.key_type == NoteKeyType::Witness, "vkey", "a witness's key has type 0x04")?;
        let used = witnesses[..position].iter().any(|other| other.public == witness.public);
        need(!used && witness.public != log.public, "witness-key-reused", &witness.name)?;
        let mut own = lines.iter().filter(|line| witness.signed(line));
        if let Some(line) = own.next() {
            cosigned.push(verify_cosignature(&line.signature, witness, text, now)?);
        }
        need(own.next().is_none(), "cosignature-duplicate", &witness.name)?;
    }
    need_that(cosigned.len() >= quorum, "quorum", || format!("{} of {quorum}", cosigned.len()))?;
    Ok(Checkpoint { origin: origin.to_owned(), size, root, text: text.to_owned(), cosigned })
}

/// Verifies a cosignature line as a witness answers it.
///
/// # Errors
/// `note-signature-line`, `cosignature-key` for another key's line, else why the cosignature does not hold.
pub fn verify_cosignature_line(
    line: &str,
    witness: &VerifierKey,
    text: &str,
    now: Option<u64>,
) -> Result<Cosignature, Refusal> {
    let line = parse_signature_line(line.strip_suffix('\n').unwrap_or(line))?;
    need(witness.signed(&line), "cosignature-key", line.name)?;
    verify_cosignature(&line.signature, witness, text, now)
}

/// The three lines that a checkpoint signs.
pub fn checkpoint_text(origin: &str, size: u64, root: &Hash) -> String {
    format!("{origin}\n{size}\n{}\n", root.b64())
}

/// The origin, size and root of a checkpoint's text.
///
/// # Errors
/// `checkpoint-lines`, `checkpoint-origin`, `checkpoint-size` or `checkpoint-root`.
pub fn parse_checkpoint_text(text: &str) -> Result<(&str, u64, Hash), Refusal> {
    let lines =
        text.strip_suffix('\n').ok_or_else(|| Refusal::new("checkpoint-lines", "no final newline"))?;
    let lines: Vec<&str> = lines.split('\n').collect();
    let [origin, size, root] = lines[..] else {
        return Err(Refusal::new("checkpoint-lines", format!("{} lines instead of 3", lines.len())));
    };
    check_name(origin, "checkpoint-origin")?;
    let size = decimal(size, "checkpoint-size")?;
    let root = Hash::from_b64(root, "checkpoint-root")?;
    need(size > 0 || root == EMPTY_ROOT, "checkpoint-root", "the root of an empty tree is that of nothing")?;
    Ok((origin, size, root))
}

/// The size that a note's text states, whatever signed it; none if it is no checkpoint. For ordering notes, never for
/// trusting one.
#[must_use]
pub fn stated_size(note: &str) -> Option<u64> {
    Some(parse_checkpoint_text(note_text(note.as_bytes()).ok()?).ok()?.1)
}

/// The signed text of a note, whatever signed it; for comparing notes, never for trusting one.
///
/// # Errors
/// As the parsing of a note.
pub fn note_text(raw: &[u8]) -> Result<&str, Refusal> {
    parse_note(raw).map(|(text, _)| text)
}

/// What a witness signs at a time.
pub fn cosignature_message(time: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}

/// Whether a text may be a ledger's origin, `[a-z0-9][a-z0-9._/-]{0,254}`.
///
/// # Errors
/// `origin`, if not.
pub fn check_origin(origin: &str) -> Result<(), Refusal> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let spelled = origin.bytes().next().is_some_and(plain)
        && origin.bytes().all(|b| plain(b) || matches!(b, b'.' | b'_' | b'/' | b'-'));
    need_that(spelled && origin.len() <= MAX_NAME, "origin", || format!("{origin:?}"))
}

const MAX_NOTE: usize = 65_536;
const MAX_SIGNATURES: usize = 64;
const MAX_NAME: usize = 255;

/// How far a witness's clock may run ahead of the verifier's, in seconds.
const CLOCK_TOLERANCE: u64 = 300;

struct SignatureLine<'a> {
    name: &'a str,
    id: [u8; 4],
    signature: Vec<u8>,
}

fn parse_note(raw: &[u8]) -> Result<(&str, Vec<SignatureLine<'_>>), Refusal> {
    need(raw.len() <= MAX_NOTE, "note-too-large", "")?;
    let note = std::str::from_utf8(raw).map_err(|e| Refusal::new("utf8", e.to_string()))?;
    let control = note.bytes().any(|b| (b < 0x20 && b != b'\n') || b == 0x7f);
    need(!control, "note-control-character", "")?;
    let blank = note.rfind("\n\n").ok_or_else(|| Refusal::new("note-no-signature-block", ""))?;
    let (text, block) = (&note[..=blank], &note[blank + 2..]);
    need(text.len() > 1, "note-text", "no text")?;
    let block = block.strip_suffix('\n');
    let block = block.ok_or_else(|| Refusal::new("note-signature-line", "no final newline"))?;
    let lines: Vec<_> = block.split('\n').map(parse_signature_line).collect::<Result<_, _>>()?;
    need(lines.len() <= MAX_SIGNATURES, "note-signature-count", "")?;
    Ok((text, lines))
}

fn parse_signature_line(line: &str) -> Result<SignatureLine<'_>, Refusal> {
    let refused = |why| Refusal::new("note-signature-line", why);
    let fields = line.strip_prefix("\u{2014} ").ok_or_else(|| refused("does not begin with an em dash"))?;
    let (name, blob) = fields.split_once(' ').ok_or_else(|| refused("not a name and a signature"))?;
    check_name(name, "note-signature-line")?;
    let blob = b64_decode(blob, "note-signature-line")?;
    let (id, signature) = blob.split_at_checked(4).ok_or_else(|| refused("too short"))?;
    need(!signature.is_empty(), "note-signature-line", "too short")?;
    Ok(SignatureLine { name, id: sized(id, "note-signature-line")?, signature: signature.to_vec() })
}

fn verify_cosignature(
    blob: &[u8],
    witness: &VerifierKey,
    text: &str,
    now: Option<u64>,
) -> Result<Cosignature, Refusal> {
    need(witness.key_type == NoteKeyType::Witness, "vkey", "a witness's key has type 0x04")?;
    let blob: [u8; 72] = sized(blob, "cosignature-length")?;
    let (time, signature) = blob.split_at(8);
    let time = u64::from_be_bytes(sized(time, "cosignature-length")?);
    need(time > 0 && time < 1 << 63, "cosignature-time", &witness.name)?;
    let ahead = now.is_some_and(|now| time > now.saturating_add(CLOCK_TOLERANCE));
    need(!ahead, "cosignature-future", &witness.name)?;
    verify_strict(&witness.public, signature, &cosignature_message(time, text))?;
    Ok(Cosignature { name: witness.name.clone(), time })
}

fn signature_line(vkey: &VerifierKey, signature: &[u8]) -> String {
    format!("\u{2014} {} {}\n", vkey.name, b64_encode(&[vkey.id.as_slice(), signature].concat()))
}

fn typed(key_type: NoteKeyType, public: &PublicKey) -> Vec<u8> {
    [[key_type as u8].as_slice(), public.as_bytes()].concat()
}

fn check_name(name: &str, code: &'static str) -> Result<(), Refusal> {
    let forbidden = |c: char| c.is_whitespace() || c == '+' || c.is_ascii_control();
    let fits = !name.is_empty() && name.len() <= MAX_NAME;
    need_that(fits && !name.contains(forbidden), code, || format!("{name:?} is not a name of notes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ORIGIN: &str = "ledger.example/wuping";

    fn log() -> CheckpointSigner {
        CheckpointSigner::new(ORIGIN, Signer::from_seed(&[1; 32])).unwrap()
    }

    fn witness(n: u8) -> Cosigner {
        Cosigner::new(&format!("witness-{n}.example"), Signer::from_seed(&[100 + n; 32])).unwrap()
    }

    fn cosigned_note(witnesses: &[u8]) -> String {
        let note = log().sign(3, &Hash::of(b"root"));
        let text = checkpoint_text(ORIGIN, 3, &Hash::of(b"root"));
        witnesses.iter().fold(note, |note, n| note + &witness(*n).cosign(&text, 1_700_000_000))
    }

    fn open(note: &str, quorum: usize) -> Result<Checkpoint, Refusal> {
        let witnesses: Vec<_> = (1..=3).map(|n| witness(n).verifier_key().clone()).collect();
        open_checkpoint(note.as_bytes(), log().verifier_key(), &witnesses, quorum, Some(1_700_000_000))
    }

    #[test]
    fn a_cosigned_checkpoint_is_opened() {
        let checkpoint = open(&cosigned_note(&[1, 2, 9]), 2).unwrap();
        assert_eq!((checkpoint.size, checkpoint.root, checkpoint.cosigned.len()), (3, Hash::of(b"root"), 2));
        assert_eq!(open(&cosigned_note(&[1]), 2).unwrap_err().code, "quorum");
        assert_eq!(open(&cosigned_note(&[1, 1]), 1).unwrap_err().code, "cosignature-duplicate");
        assert_eq!(note_text(cosigned_note(&[1]).as_bytes()).unwrap(), checkpoint.text);
    }

    #[test]
    fn a_cosignature_from_the_future_is_refused_by_who_has_a_clock() {
        let text = checkpoint_text(ORIGIN, 3, &Hash::of(b"root"));
        let (one, line) = (witness(1), witness(1).cosign(&text, 1_000));
        let key = one.verifier_key();
        assert_eq!(verify_cosignature_line(&line, key, &text, Some(700)).unwrap().time, 1_000);
        assert_eq!(
            verify_cosignature_line(&line, key, &text, Some(699)).unwrap_err().code,
            "cosignature-future"
        );
        assert!(verify_cosignature_line(&line, key, &text, None).is_ok());
        let other = witness(2);
        let refused = verify_cosignature_line(&line, other.verifier_key(), &text, None).unwrap_err();
        assert_eq!(refused.code, "cosignature-key");
    }

    #[test]
    fn the_log_signs_first_and_once() {
        let note = log().sign(0, &EMPTY_ROOT);
        let own = note.lines().last().unwrap();
        assert_eq!(open(&format!("{note}{own}\n"), 0).unwrap_err().code, "note-log-signature");
        let (text, _) = note.split_once("\n\n").unwrap();
        let swapped = format!("{text}\n\n{}{own}\n", witness(1).cosign(&format!("{text}\n"), 5));
        assert_eq!(open(&swapped, 0).unwrap_err().code, "note-log-signature");
    }

    #[test]
    fn one_public_key_is_one_witness() {
        let twin = Cosigner::new("twin.example", Signer::from_seed(&[101; 32])).unwrap();
        let keys = [witness(1).verifier_key().clone(), twin.verifier_key().clone()];
        let note = cosigned_note(&[1]);
        let refused = open_checkpoint(note.as_bytes(), log().verifier_key(), &keys, 0, None).unwrap_err();
        assert_eq!(refused.code, "witness-key-reused");
        let refused = open_checkpoint(note.as_bytes(), keys.first().unwrap(), &[], 0, None).unwrap_err();
        assert_eq!(refused.code, "checkpoint-origin");
    }

    #[test]
    fn verifier_keys_are_read_back() {
        for key in [log().verifier_key(), witness(1).verifier_key()] {
            assert_eq!(&VerifierKey::parse(&key.to_string()).unwrap(), key);
        }
        for bad in ["a", "a+b", "a b+00000000+AA==", "+00000000+AA=="] {
            assert_eq!(VerifierKey::parse(bad).unwrap_err().code, "vkey", "{bad}");
        }
        assert!(CheckpointSigner::new("Upper/case", Signer::from_seed(&[1; 32])).is_err());
    }

    proptest! {
        #[test]
        fn a_changed_byte_of_the_text_is_noticed(at in any::<proptest::sample::Index>(), bits in 1u8..) {
            let mut note = cosigned_note(&[]).into_bytes();
            let at = at.index(note.len());
            note[at] ^= bits;
            let opened = open_checkpoint(&note, log().verifier_key(), &[], 0, None);
            prop_assert!(opened.is_err(), "{:?}", String::from_utf8_lossy(&note));
        }
    }
}

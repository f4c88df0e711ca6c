//! The manifest of a bundle: what it is about, and every file of it by its digest.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::heads::HeadKind;
use crate::jcs;
use crate::members::{array, count, exactly, exactly_ref, object, sha256_hex, string, text};
use crate::refusal::{Refusal, need};
use crate::timestamp::Timestamp;

/// What a bundle is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct About {
    /// A path with everything below it, or an author.
    pub kind: HeadKind,
    /// The path, or the key's name.
    pub id: String,
}

impl About {
    /// The word for the kind.
    #[must_use]
    pub const fn kind_word(&self) -> &'static str {
        match self.kind {
            HeadKind::Author => "author",
            HeadKind::Stream => "path",
        }
    }
}

/// `bundle.json`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Manifest {
    /// Number of entries under the checkpoint.
    pub checkpoint_size: u64,
    /// When it was made, by the clock of whoever made it.
    pub created_at: Timestamp,
    /// Positions of its entries, ascending.
    pub entries: Vec<u64>,
    /// Digest of every other file, lower-case hex, by its name.
    pub files: BTreeMap<String, String>,
    /// Position of the commitment to the heads as of which it is complete.
    pub heads_sequence: u64,
    /// The log.
    pub origin: String,
    /// What it is about.
    pub subject: About,
}

impl Manifest {
    /// Reads a manifest in its canonical form.
    ///
    /// # Errors
    /// `manifest-…`, saying which member is wrong.
    pub fn parse(raw: &[u8]) -> Result<Manifest, Refusal> {
        const MEMBERS: &str = "manifest-members";
        let names = [
            "checkpoint_size",
            "created_at",
            "entries",
            "files",
            "format",
            "heads_sequence",
            "origin",
            "subject",
        ];
        let members = exactly(jcs::parse(raw)?, names, MEMBERS)?;
        let [checkpoint_size, created_at, entries, files, format, heads_sequence, origin, subject] = members;
        need(format == FORMAT, "manifest-format", "it is not wuping-evidence/1")?;
        let positions = array(&entries, ENTRIES)?.iter().map(|position| count(position, ENTRIES));
        let entries: Vec<u64> = positions.collect::<Result<_, _>>()?;
        let rises = !entries.is_empty() && entries.is_sorted_by(|one, next| one < next);
        need(rises, ENTRIES, "positions, ascending, each once")?;
        let digests = object(&files, FILES)?
            .iter()
            .map(|(name, digest)| Ok((name.clone(), sha256_hex(digest, FILES)?.to_owned())));
        let [id, kind] = exactly_ref(&subject, ["id", "kind"], SUBJECT)?;
        let kind = match text(kind, SUBJECT)? {
            "author" => HeadKind::Author,
            "path" => HeadKind::Stream,
            other => return Err(Refusal::new(SUBJECT, other)),
        };
        Ok(Manifest {
            checkpoint_size: count(&checkpoint_size, "manifest-checkpoint")?,
            created_at: Timestamp::parse(&string(created_at, "manifest-created_at")?, "manifest-created_at")?,
            files: digests.collect::<Result<_, Refusal>>()?,
            entries,
            heads_sequence: count(&heads_sequence, "heads-missing")?,
            origin: string(origin, MEMBERS)?,
            subject: About { kind, id: text(id, SUBJECT)?.to_owned() },
        })
    }

    /// The manifest in its canonical form.
    ///
    /// # Errors
    /// None that a manifest of this ledger can cause.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Refusal> {
        let subject: Value = json!({ "id": self.subject.id, "kind": self.subject.kind_word() });
        jcs::canonical(&json!({
            "checkpoint_size": self.checkpoint_size,
            "created_at": self.created_at.as_str(),
            "entries": self.entries,
            "files": self.files,
            "format": FORMAT,
            "heads_sequence": self.heads_sequence,
            "origin": self.origin,
            "subject": subject,
        }))
    }
}

const FORMAT: &str = "wuping-evidence/1";
const ENTRIES: &str = "manifest-entries";
const FILES: &str = "manifest-files";
const SUBJECT: &str = "manifest-subject";

//! The stored form of an entry (docs/format.md §2): columns that rebuild the leaf, each second saying compared.

use serde_json::Value;

use crate::encoding::{Hash, b64u_encode};
use crate::entry::Entry;
use crate::jcs;
use crate::merkle::leaf_hash;
use crate::refusal::{Refusal, need, need_that};
use crate::stored_leaf::{LeafMaker, StoredLeaf};

/// One stored row, its columns as they are in the table: nothing is believed before [`Row::check`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The leaf's index in the log; primary key.
    pub position: u64,
    /// The last odd-numbered segment of the stream.
    pub aggregate_type: String,
    /// The stream.
    pub aggregate_id: String,
    /// The version in the stream.
    pub sequence: u64,
    /// `type` of the content.
    pub event_type: String,
    /// The number in the schema's name.
    pub event_version: String,
    /// The exact canonical text of the content.
    pub payload: String,
    /// The signed meta as canonical JSON with every value a string.
    pub metadata: String,
    /// The author's own count.
    pub author_seq: u64,
    /// The event's id, lower case with hyphens.
    pub event_id: String,
    /// When it happened, by the author's claim.
    pub occurred_at: String,
    /// The shape of the content.
    pub schema: String,
    /// The author's key.
    pub kid: String,
    /// The author's signature, base64url.
    pub signature: String,
    /// When the server appended it.
    pub recorded_at: String,
    /// The hash of the leaf that the other columns rebuild.
    pub leaf_hash: Hash,
}

impl Row {
    /// The row of an entry.
    pub fn from_entry(entry: &Entry) -> Row {
        Self::of(entry, entry.leaf_hash())
    }

    /// As [`Row::from_entry`], of an entry whose leaf was hashed already.
    fn of(entry: &Entry, leaf_hash: Hash) -> Row {
        let meta = &entry.meta;
        Row {
            position: entry.sequence,
            aggregate_type: meta.stream.aggregate_type().to_owned(),
            aggregate_id: meta.stream.as_str().to_owned(),
            sequence: meta.version,
            event_type: entry.event_type.clone(),
            event_version: meta.schema_number().to_owned(),
            payload: entry.data_jcs.clone(),
            metadata: metadata_text(meta),
            author_seq: meta.author_seq,
            event_id: meta.event_id.to_string(),
            occurred_at: meta.occurred_at.to_string(),
            schema: meta.schema.clone(),
            kid: entry.kid.to_string(),
            signature: b64u_encode(&entry.signature),
            recorded_at: entry.recorded_at.to_string(),
            leaf_hash,
        }
    }

    /// The leaf of the ledger with this origin.
    pub fn leaf(&self, log: &str) -> Vec<u8> {
        LeafMaker::of(log).leaf(&self.stored_leaf()).to_vec()
    }

    /// The columns that rebuild the leaf.
    pub fn stored_leaf(&self) -> StoredLeaf<'_> {
        StoredLeaf {
            position: self.position,
            stream: &self.aggregate_id,
            version: self.sequence,
            data: &self.payload,
            author_seq: self.author_seq,
            event_id: &self.event_id,
            occurred_at: &self.occurred_at,
            schema: &self.schema,
            kid: &self.kid,
            signature: &self.signature,
            recorded_at: &self.recorded_at,
            leaf_hash: self.leaf_hash,
        }
    }

    /// Rebuilds the leaf, reads it as an entry of this ledger and compares every column. The signature is not
    /// verified here.
    ///
    /// # Errors
    /// `row-leaf_hash`, the entry's own refusal, or `row-columns` naming the columns that differ.
    pub fn check(&self, log: &str) -> Result<Entry, Refusal> {
        let leaf = self.leaf(log);
        self.check_rebuilt(log, &leaf, leaf_hash(&leaf))
    }

    /// As [`Row::check`], of the leaf that was rebuilt, and hashed once for whoever asks.
    pub(crate) fn check_rebuilt(&self, log: &str, leaf: &[u8], hash: Hash) -> Result<Entry, Refusal> {
        need(hash == self.leaf_hash, "row-leaf_hash", "the columns do not rebuild the leaf")?;
        let entry = Entry::parse(leaf, Some(log))?;
        let other = self.columns_unlike(&Row::of(&entry, hash));
        need_that(other.is_empty(), "row-columns", || other.join(", "))?;
        Ok(entry)
    }

    /// As [`Row::check`] of a row in which nothing is wrong, with the hash of its leaf. None of any other: `check` says what is wrong.
    pub(crate) fn sound(&self, log: &str, maker: &mut LeafMaker) -> Option<(Entry, Hash)> {
        let (entry, leaf) = Entry::of_columns(&self.stored_leaf(), log, maker)?;
        let meta = &entry.meta;
        // the other columns made the entry
        let agrees = self.aggregate_type == meta.stream.aggregate_type()
            && self.event_type == entry.event_type
            && self.event_version == meta.schema_number()
            && self.metadata == metadata_text(meta);
        let hash = leaf_hash(leaf);
        (agrees && hash == self.leaf_hash).then_some((entry, hash))
    }

    /// Reads a row of a vectors file, its metadata an object.
    ///
    /// # Errors
    /// `row-columns` for other members or types.
    pub fn from_value(row: &Value) -> Result<Row, Refusal> {
        const CODE: &str = "row-columns";
        let columns = crate::members::object(row, CODE)?;
        need(columns.len() == COLUMNS, CODE, "exactly the columns of the format")?;
        let column = |name: &str| columns.get(name).ok_or_else(|| Refusal::new(CODE, format!("no {name}")));
        let text =
            |name: &str| column(name).and_then(|value| crate::members::text(value, CODE)).map(str::to_owned);
        let count = |name: &str| column(name).and_then(|value| crate::members::count(value, CODE));
        Ok(Row {
            position: count("position")?,
            aggregate_type: text("aggregate_type")?,
            aggregate_id: text("aggregate_id")?,
            sequence: count("sequence")?,
            event_type: text("event_type")?,
            event_version: text("event_version")?,
            payload: text("payload")?,
            metadata: jcs::canonical_str(column("metadata")?)?,
            author_seq: count("author_seq")?,
            event_id: text("event_id")?,
            occurred_at: text("occurred_at")?,
            schema: text("schema")?,
            kid: text("kid")?,
            signature: text("signature")?,
            recorded_at: text("recorded_at")?,
            leaf_hash: Hash::from_hex(&text("leaf_hash")?)?,
        })
    }

    fn columns_unlike(&self, sound: &Row) -> Vec<&'static str> {
        let compared = [
            ("position", self.position == sound.position),
            ("aggregate_type", self.aggregate_type == sound.aggregate_type),
            ("aggregate_id", self.aggregate_id == sound.aggregate_id),
            ("sequence", self.sequence == sound.sequence),
            ("event_type", self.event_type == sound.event_type),
            ("event_version", self.event_version == sound.event_version),
            ("payload", self.payload == sound.payload),
            ("metadata", self.metadata == sound.metadata),
            ("author_seq", self.author_seq == sound.author_seq),
            ("event_id", self.event_id == sound.event_id),
            ("occurred_at", self.occurred_at == sound.occurred_at),
            ("schema", self.schema == sound.schema),
            ("kid", self.kid == sound.kid),
            ("signature", self.signature == sound.signature),
            ("recorded_at", self.recorded_at == sound.recorded_at),
            ("leaf_hash", self.leaf_hash == sound.leaf_hash),
        ];
        compared.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
    }
}

/// What the column `metadata` holds: the signed meta as canonical JSON with every value a string.
pub fn metadata_text(meta: &crate::entry::Meta) -> String {
    let mut text = String::with_capacity(256 + meta.log.len() + meta.stream.as_str().len());
    let (author_seq, event_id, version) =
        (meta.author_seq.to_string(), meta.event_id.to_string(), meta.version.to_string());
    let mut before = "{\"";
    for (name, value) in [
        ("author_seq", author_seq.as_str()),
        ("event_id", &event_id),
        ("log", &meta.log),
        ("occurred_at", meta.occurred_at.as_str()),
        ("schema", &meta.schema),
        ("stream", meta.stream.as_str()),
        ("version", &version),
    ] {
        text.extend([before, name, "\":"]);
        jcs::write_string(value, &mut text);
        before = ",\"";
    }
    text.push('}');
    text
}

const COLUMNS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Meta, seal};
    use crate::keys::Signer;
    use crate::stream::StreamPath;
    use crate::timestamp::Timestamp;
    use proptest::prelude::*;

    const LOG: &str = "ledger.example/wuping";

    fn entry() -> Entry {
        let at = Timestamp::parse("2026-03-01T09:30:00.000Z", "t").unwrap();
        let meta = Meta {
            author_seq: 3,
            event_id: crate::entry::derived_event_id(LOG, "x", 1),
            log: LOG.into(),
            occurred_at: at,
            schema: "wuping/2".into(),
            stream: StreamPath::new("premises/p-1/hazard/7").unwrap(),
            version: 12,
        };
        let sealed = seal(&Signer::from_seed(&[9; 32]), r#"{"type":"HazardFound"}"#, &meta, at, 41);
        Entry::parse(&sealed.leaf, Some(LOG)).unwrap()
    }

    #[test]
    fn a_row_rebuilds_its_leaf() {
        let row = Row::from_entry(&entry());
        assert_eq!(row.leaf(LOG), entry().leaf());
        assert_eq!(row.check(LOG).unwrap(), entry());
        assert_eq!((row.aggregate_type.as_str(), row.event_version.as_str()), ("hazard", "2"));
        assert!(row.check("elsewhere").is_err());
    }

    #[test]
    fn metadata_is_canonical() {
        let metadata = Row::from_entry(&entry()).metadata;
        let parsed = jcs::parse(metadata.as_bytes()).unwrap();
        assert_eq!((&parsed["version"], &parsed["log"]), (&"12".into(), &LOG.into()));
        assert_eq!(jcs::canonical_str(&parsed).unwrap(), metadata);
    }

    #[test]
    fn a_column_that_smuggles_members_is_refused() {
        let sound = Row::from_entry(&entry());
        let mut row = Row { event_id: format!(r#"{}","log":"{LOG}"#, sound.event_id), ..sound };
        row.leaf_hash = leaf_hash(&row.leaf(LOG));
        assert_eq!(row.check(LOG).unwrap_err().code, "json-duplicate-name");
    }

    proptest! {
        #[test]
        fn no_column_can_be_changed_unseen(column in 0usize..16, with in "[a-z0-9]{1,8}") {
            let sound = Row::from_entry(&entry());
            let mut row = sound.clone();
            let texts = [
                &mut row.aggregate_type, &mut row.aggregate_id, &mut row.event_type, &mut row.event_version,
                &mut row.payload, &mut row.metadata, &mut row.event_id, &mut row.occurred_at, &mut row.schema,
                &mut row.kid, &mut row.signature, &mut row.recorded_at,
            ];
            match texts.into_iter().nth(column) {
                Some(text) => *text = with,
                None if column == 12 => row.position += 1,
                None if column == 13 => row.sequence += 1,
                None if column == 14 => row.author_seq += 1,
                None => row.leaf_hash = Hash::of(with.as_bytes()),
            }
            prop_assert!(row == sound || row.check(LOG).is_err());
            let straight = row.sound(LOG, &mut LeafMaker::of(LOG)).map(|(entry, _)| entry);
            prop_assert_eq!(straight, row.check(LOG).ok());
        }
    }
}

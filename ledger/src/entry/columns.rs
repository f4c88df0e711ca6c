//! An entry straight out of the columns it is stored in, for who verifies many: the leaf that the columns make is hashed, and
//! nothing of it is decoded and parsed again that was put together a moment before.

use super::{Entry, MAX_LEAF, Meta, checked_type, is_schema, parse_event_id};
use crate::encoding::{MAX_INT, b64u_array};
use crate::jcs;
use crate::keys::Kid;
use crate::stored_leaf::{LeafMaker, StoredLeaf};
use crate::stream::StreamPath;
use crate::timestamp::Timestamp;

impl Entry {
    /// The entry that these columns hold, with the leaf that they make: the same that [`Entry::parse`] reads off that leaf. None
    /// where a column is not spelled as the format has it or the content is not one for its stream; `parse` then says what is wrong.
    /// Which hash stands beside the columns is not looked at.
    pub(crate) fn of_columns<'m>(
        columns: &StoredLeaf<'_>,
        log: &str,
        maker: &'m mut LeafMaker,
    ) -> Option<(Entry, &'m [u8])> {
        let count = |number: u64, from: u64| (from..=MAX_INT).contains(&number).then_some(number);
        let stream = StreamPath::new(columns.stream).ok()?;
        // enclosed by the payload once
        let data = jcs::parse_enclosed(columns.data.as_bytes(), 1).ok()?;
        let event_type = checked_type(&data, &stream).ok()?;
        let meta = Meta {
            author_seq: count(columns.author_seq, 1)?,
            event_id: parse_event_id(columns.event_id).ok()?,
            log: log.to_owned(),
            occurred_at: Timestamp::parse(columns.occurred_at, "meta-occurred_at").ok()?,
            schema: is_schema(columns.schema).then(|| columns.schema.to_owned())?,
            stream,
            version: count(columns.version, 1)?,
        };
        let kid = Kid::parse(columns.kid).ok()?;
        let signature = b64u_array(columns.signature, "sig-length").ok()?;
        let recorded_at = Timestamp::parse(columns.recorded_at, "recorded_at").ok()?;
        let sequence = count(columns.position, 0)?;
        let (leaf, signing_input, dot) = maker.signed_leaf(columns);
        let entry = Entry {
            sequence,
            recorded_at,
            kid,
            meta,
            event_type,
            data,
            data_jcs: columns.data.to_owned(),
            signature,
            signing_input,
            dot,
        };
        (leaf.len() <= MAX_LEAF).then_some((entry, leaf))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::entry::{derived_event_id, seal};
    use crate::keys::Signer;
    use crate::row::Row;

    const LOG: &str = "ledger.example/\"wuping\"";

    fn row(text: &str) -> Row {
        let at = Timestamp::parse("2026-03-01T09:30:00.000Z", "t").unwrap();
        let meta = Meta {
            author_seq: 3,
            event_id: derived_event_id(LOG, "x", 1),
            log: LOG.into(),
            occurred_at: at,
            schema: "wuping/2".into(),
            stream: StreamPath::new("premises/p-1/hazard/7").unwrap(),
            version: 12,
        };
        let data = jcs::canonical_str(&json!({"note": text, "type": "HazardFound"})).unwrap();
        let sealed = seal(&Signer::from_seed(&[9; 32]), &data, &meta, at, 41);
        Row::from_entry(&Entry::parse(&sealed.leaf, Some(LOG)).unwrap())
    }

    /// What the columns hold by either way; the errors of the second are not told by the first.
    fn both(row: &Row) -> (Option<Entry>, Option<Entry>) {
        let mut maker = LeafMaker::of(LOG);
        let straight = Entry::of_columns(&row.stored_leaf(), LOG, &mut maker)
            .map(|(entry, leaf)| (entry, leaf.to_vec()))
            .map(|(entry, leaf)| {
                assert_eq!(leaf, row.leaf(LOG));
                entry
            });
        (straight, Entry::parse(&row.leaf(LOG), Some(LOG)).ok())
    }

    proptest! {
        #[test]
        fn an_entry_is_the_same_out_of_its_columns_and_off_its_leaf(text: String) {
            let (straight, off_leaf) = both(&row(&text));
            prop_assert!(straight.is_some());
            prop_assert_eq!(straight, off_leaf);
        }

        #[test]
        fn a_column_that_is_not_as_the_format_has_it_makes_no_entry(
            column in 0usize..7,
            with in prop_oneof!["[a-zA-Z0-9/:.-]{0,12}", "[\\x00-\\x7f]{0,12}", ".{0,4}"],
            instead: bool,
            at: prop::sample::Index,
        ) {
            let mut row = row("烟感缺失");
            let changed = [
                &mut row.aggregate_id, &mut row.payload, &mut row.event_id, &mut row.occurred_at, &mut row.schema,
                &mut row.kid, &mut row.signature,
            ].into_iter().nth(column);
            if let Some(text) = changed {
                if instead { text.clear(); }
                let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
                text.insert_str(places[at.index(places.len())], &with);
            }
            let (straight, off_leaf) = both(&row);
            // a column that smuggles members in is refused by the parser for what it makes of the leaf
            if let Some(straight) = straight {
                prop_assert_eq!(Some(straight), off_leaf);
            }
        }
    }

    #[test]
    fn numbers_that_json_cannot_hold_make_no_entry() {
        for change in [
            |row: &mut Row| row.position = MAX_INT + 1,
            |row: &mut Row| row.sequence = 0,
            |row: &mut Row| row.sequence = MAX_INT + 1,
            |row: &mut Row| row.author_seq = 0,
            |row: &mut Row| row.author_seq = u64::MAX,
        ] {
            let mut row = row("");
            change(&mut row);
            assert_eq!(both(&row), (None, None));
        }
        let mut long = row("");
        long.payload = format!(r#"{{"note":"{}","type":"HazardFound"}}"#, "a".repeat(MAX_LEAF));
        assert_eq!(both(&long), (None, None));
    }
}

//! Changes of what stands beside the entries: every other table, the vault, and the files.
//!
//! What nothing vouches for is left out: `outcomes.digest` and refused commands (they stand in no entry), `clock_mark` (true
//! of one machine at one moment), an officer's sealed key being gone (people may hold their own), and what lies in the vault
//! before an entry names it. A last note that is torn is what a power cut leaves.

use std::path::Path;

use rusqlite::types::Value as Stored;
use rusqlite::{Connection, params};
use wuping_ledger::encoding::Hash;

use super::burglary::{House, change};
use super::entries::{flipped, truncated, with_a_bit_flipped};
use super::{Due, Mutation, below};
use crate::program::Random;

/// The n-th one: the kinds of change in turn.
pub(crate) fn mutation(house: &House, n: usize, random: &mut Random) -> Mutation {
    let kinds = VALUES.len() + STATEMENTS.len() + FILES;
    let (turn, kind) = (n / kinds, n % kinds);
    if let Some((file, table, key, column, codes)) = VALUES.get(kind) {
        return of_a_value(house, (file, table, key, column), turn, codes, random);
    }
    if let Some((file, sql, codes)) = STATEMENTS.get(kind - VALUES.len()) {
        let make = move |connection: &Connection| {
            assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
        };
        return Mutation {
            told: format!("{file}: {sql}"),
            make: Box::new(move |folder| change(folder, file, make)),
            due: Due::Code(codes),
        };
    }
    of_a_file(house, kind - VALUES.len() - STATEMENTS.len(), random)
}

/// A value flipped, cut short, taken away or given that of another row.
fn of_a_value(
    house: &House,
    (file, table, key, column): (&'static str, &'static str, &'static str, &'static str),
    turn: usize,
    codes: &'static [&'static str],
    random: &mut Random,
) -> Mutation {
    let rows = house.all(file, &format!("SELECT {key}, {column} FROM {table}"));
    for time in 0..300 {
        let (row, other) = (&rows[below(rows.len(), random)], &rows[below(rows.len(), random)]);
        let kind = if time < 100 { turn % 4 } else { 0 };
        let (named, after) = match kind {
            1 => ("Truncate", truncated(&row[1], random)),
            // a primary key without a rowid is never absent
            2 => ("Null", if key == column { Stored::Text(String::new()) } else { Stored::Null }),
            3 if key != column => ("Copy", other[1].clone()),
            _ => ("Flip", flipped(&row[1], random)),
        };
        if after == row[1] || key == column && rows.iter().any(|row| row[0] == after) {
            continue;
        }
        let (of, told) = (row[0].clone(), format!("{named} {table}.{column} of {:?}", row[0]));
        let make = move |connection: &Connection| {
            let sql = format!("UPDATE {table} SET {column} = ?1 WHERE {key} = ?2");
            assert_eq!(connection.execute(&sql, params![after, of]).unwrap(), 1);
        };
        let make = Box::new(move |folder: &Path| change(folder, file, |connection| make(connection)));
        return Mutation { told, make, due: Due::Code(codes) };
    }
    panic!("nothing of {table}.{column} can be changed")
}

fn of_a_file(house: &House, kind: usize, random: &mut Random) -> Mutation {
    let checkpoints = std::fs::read(house.path().join("checkpoints.txt")).unwrap();
    let notes: Vec<String> = String::from_utf8(checkpoints.clone())
        .unwrap()
        .split_inclusive("\n\n")
        .collect::<Vec<_>>()
        .chunks(2)
        .map(|note| note.concat())
        .collect();
    let photo = |photo: &[u8]| {
        let name = Hash::of(photo).hex();
        format!("attachments/{}/{name}", &name[..2])
    };
    let (told, file, bytes, codes): (_, _, _, &[&str]) = match kind {
        0 => {
            let whole = checkpoints.len() - notes.last().unwrap().len();
            let mut bytes = checkpoints;
            let (at, bit) = (below(whole, random), random.below(7));
            bytes[at] ^= 1 << bit;
            (format!("flip bit {bit} of byte {at}"), "checkpoints.txt".to_owned(), Some(bytes), CHECKPOINT)
        }
        1 => {
            let gone = below(notes.len() - 1, random);
            let mut kept = notes;
            kept.remove(gone);
            (
                format!("take out note {gone}"),
                "checkpoints.txt".to_owned(),
                Some(kept.concat().into_bytes()),
                CHECKPOINT,
            )
        }
        2 => ("take away".to_owned(), "checkpoints.txt".to_owned(), None, CHECKPOINT),
        3 => {
            let bytes = with_a_bit_flipped(b"a photo", random);
            ("flip a bit".to_owned(), photo(b"a photo"), Some(bytes), &["attachment"])
        }
        4 => ("cut short".to_owned(), photo(b"a photo"), Some(b"a pho".to_vec()), &["attachment"]),
        _ => (
            "the bytes of another".to_owned(),
            photo(b"a photo"),
            Some(b"another photo".to_vec()),
            &["attachment"],
        ),
    };
    let told = format!("{told} of {file}");
    let make = Box::new(move |folder: &Path| match &bytes {
        Some(bytes) => std::fs::write(folder.join(&file), bytes).unwrap(),
        None => std::fs::remove_file(folder.join(&file)).unwrap(),
    });
    Mutation { told, make, due: Due::Code(codes) }
}

/// File, table, the column that tells its rows, the column that is changed, and what finds it.
const VALUES: [(&str, &str, &str, &str, &[&str]); 19] = [
    ("ledger.db", "head", "only_row", "size", &["head-size", "row-missing", "row-stray", "head-root"]),
    ("ledger.db", "head", "only_row", "frontier", &["head-frontier"]),
    ("ledger.db", "head", "only_row", "root", &["head-root"]),
    ("ledger.db", "head", "only_row", "recorded_at", &["head-recorded_at"]),
    ("ledger.db", "checkpoints", "size", "note", CHECKPOINT),
    ("ledger.db", "checkpoints", "size", "note", CHECKPOINT),
    ("ledger.db", "authors", "kid", "author_seq", &["author-mark"]),
    ("ledger.db", "authors", "kid", "position", &["author-mark"]),
    ("ledger.db", "authors", "kid", "kid", &["author-mark"]),
    ("ledger.db", "schemes", "sha256", "bytes", &["scheme"]),
    ("ledger.db", "schemes", "sha256", "id", &["scheme"]),
    ("ledger.db", "schemes", "sha256", "sha256", &["scheme"]),
    ("ledger.db", "outcomes", "event_id", "result", OUTCOME),
    ("ledger.db", "outcomes", "event_id", "position", OUTCOME),
    ("ledger.db", "outcomes", "event_id", "event_id", OUTCOME),
    ("ledger.db", "sealed_keys", "kid", "sealed", &["sealed-key"]),
    ("ledger.db", "sealed_keys", "kid", "holder", &["sealed-key"]),
    ("vault.db", "disclosures", "digest", "sealed", &["vault-value"]),
    ("vault.db", "disclosures", "digest", "digest", &["vault-value", "vault-missing"]),
];

/// File, what is done to it, and what finds it.
const STATEMENTS: [(&str, &str, &[&str]); 19] = [
    ("ledger.db", "DELETE FROM head", &["head"]),
    ("ledger.db", "UPDATE checkpoints SET size = size + 100000", &["checkpoint"]),
    ("ledger.db", "DELETE FROM checkpoints WHERE size = (SELECT min(size) FROM checkpoints)", CHECKPOINT),
    ("ledger.db", "DELETE FROM authors", &["author-mark"]),
    ("ledger.db", "DELETE FROM outcomes WHERE event_id = (SELECT max(event_id) FROM outcomes)", OUTCOME),
    ("ledger.db", "DELETE FROM outcomes WHERE position = 1", OUTCOME),
    ("ledger.db", "UPDATE outcomes SET accepted = 0, position = NULL WHERE position = 700", OUTCOME),
    (
        "ledger.db",
        "UPDATE outcomes SET result = json_set(result, '$.last_position', json_extract(result, '$.last_position') + 1) \
         WHERE position = (SELECT position FROM outcomes WHERE position > 500 ORDER BY position LIMIT 1)",
        OUTCOME,
    ),
    ("ledger.db", "DELETE FROM sealed_keys WHERE role = 'log'", &["sealed-key-missing"]),
    ("ledger.db", "DELETE FROM sealed_keys WHERE role = 'service'", &["sealed-key-missing"]),
    ("ledger.db", "DELETE FROM sealed_keys WHERE role = 'intake'", &["sealed-key-missing"]),
    ("ledger.db", "UPDATE sealed_keys SET role = 'intake' WHERE role = 'officer'", &["sealed-key"]),
    ("ledger.db", "INSERT INTO cursors (reaction, position) VALUES ('conduct', 1000000)", &["cursor"]),
    ("ledger.db", "INSERT INTO cursors (reaction, position) VALUES ('conduct', NULL)", &["cursor"]),
    ("ledger.db", "INSERT INTO tiles (level, n, hashes) VALUES (1, 0, zeroblob(8192))", &["tile-count"]),
    ("ledger.db", "INSERT INTO tiles (level, n, hashes) VALUES (9, 9, NULL)", &["tile-count"]),
    ("vault.db", "DELETE FROM disclosures", &["vault-missing"]),
    (
        "vault.db",
        "UPDATE disclosures SET digest = '' WHERE digest = (SELECT min(digest) FROM disclosures)",
        &["vault-value", "vault-missing"],
    ),
    (
        "vault.db",
        "DELETE FROM disclosures WHERE digest = (SELECT min(digest) FROM disclosures)",
        &["vault-missing"],
    ),
];
/// How many kinds of change to files there are.
const FILES: usize = 6;
const CHECKPOINT: &[&str] = &["checkpoint", "checkpoint-missing"];
const OUTCOME: &[&str] = &["outcome", "outcome-missing"];

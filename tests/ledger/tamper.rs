//! What somebody with the files and an editor can do to a ledger is found by `wuping verify`, and the entry is named:
//! two hundred changes over every column of the entries, and every table and file beside them.

use std::path::Path;

use crate::program::{COLUMNS, Random, copy, first_rows, run, said, told};
use rusqlite::types::Value as Stored;
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use tempfile::TempDir;
use wuping_ledger::encoding::Hash;

/// What is done to one value, or to an entry as a whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// One bit of it, or the next number.
    Flip,
    /// Nothing in its place.
    Null,
    /// Something of another type.
    Retype,
    /// The value of another entry, which keeps its own.
    Copy,
    /// The value of another entry, which gets this one.
    Swap,
    /// Another year in the first date that it says.
    Redate,
    /// The entry is taken out.
    Drop,
    /// The entry stands there once more at the end.
    Repeat,
    /// The entry and another one change places.
    Reorder,
}

/// One change, and the entries it is about.
#[derive(Debug)]
struct Change {
    kind: Kind,
    column: &'static str,
    /// What is written, by position.
    writes: Vec<(usize, Stored)>,
    /// The positions that must be named.
    about: Vec<usize>,
}

#[test]
fn two_hundred_changes_of_entries_are_found_and_named() {
    let mut random = Random::of(20_260_302);
    let house = house();
    let rows = entries(house.path());
    assert!(rows.len() > 300, "{} entries", rows.len());
    let mut changes = Vec::new();
    for _ in 0..2 {
        for kind in OF_VALUES {
            for at in 0..COLUMNS.len() {
                changes.push(change_of_value(kind, at, &rows, &mut random));
            }
        }
    }
    for n in 0..200 - changes.len() {
        changes.push(change_of_entry(OF_ENTRIES[n % OF_ENTRIES.len()], &rows, &mut random));
    }
    assert_eq!(changes.len(), 200);
    let half = changes.len() / 2;
    std::thread::scope(|both| {
        for part in [&changes[..half], &changes[half..]] {
            let house = house.path();
            both.spawn(move || part.iter().for_each(|change| must_be_found(house, change)));
        }
    });
}

fn must_be_found(house: &Path, change: &Change) {
    let folder = tempfile::tempdir().unwrap();
    copy(house, folder.path());
    change.make(&Connection::open(folder.path().join("ledger.db")).unwrap());
    let (code, positions) = found(folder.path());
    assert_eq!(code, 1, "not found: {change:?}");
    for about in &change.about {
        assert!(
            positions.contains(&Some(*about as u64)),
            "{about} is not named for {change:?}: {positions:?}"
        );
    }
}

/// A change of a value to another one: of the kind, or where an entry of that column allows none, one bit of it.
fn change_of_value(kind: Kind, at: usize, rows: &[Vec<Stored>], random: &mut Random) -> Change {
    for _ in 0..500 {
        let (position, other) = (below(rows.len(), random), below(rows.len(), random));
        let (before, theirs) = (&rows[position][at], &rows[other][at]);
        let after = match kind {
            Kind::Flip => flipped(before, random),
            Kind::Null => Stored::Null,
            Kind::Retype => retyped(before),
            Kind::Redate => redated(before),
            _ => theirs.clone(),
        };
        if after == *before {
            continue;
        }
        let mut change =
            Change { kind, column: COLUMNS[at], writes: vec![(position, after)], about: vec![position] };
        if kind == Kind::Swap {
            change.writes.push((other, before.clone()));
            change.about.push(other);
        }
        return change;
    }
    assert_ne!(kind, Kind::Flip);
    change_of_value(Kind::Flip, at, rows, random)
}

fn change_of_entry(kind: Kind, rows: &[Vec<Stored>], random: &mut Random) -> Change {
    let position = below(rows.len() - 1, random);
    let about = match kind {
        Kind::Reorder => vec![position, position + 1],
        // the copy stands where no entry is counted
        Kind::Repeat => vec![rows.len()],
        _ => vec![position],
    };
    Change { kind, column: "position", writes: vec![(position, Stored::Null)], about }
}

impl Change {
    /// Entries are told by the rowid, which is one more than the position they began with.
    fn make(&self, connection: &Connection) {
        let entry = self.writes[0].0 + 1;
        let run = |sql: &str| assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
        match self.kind {
            Kind::Drop => run(&format!("DELETE FROM events WHERE rowid = {entry}")),
            Kind::Repeat => {
                let columns = COLUMNS[1..].join(", ");
                run(&format!(
                    "INSERT INTO events (position, {columns}) SELECT (SELECT max(position) + 1 FROM events), {columns} \
                     FROM events WHERE rowid = {entry}"
                ));
            }
            Kind::Reorder => {
                run(&format!("UPDATE events SET position = {entry} WHERE rowid = {entry}"));
                run(&format!("UPDATE events SET position = {entry} - 1 WHERE rowid = {entry} + 1"));
            }
            _ => {
                for (position, value) in &self.writes {
                    let update = format!("UPDATE events SET {} = ?1 WHERE rowid = ?2", self.column);
                    assert_eq!(connection.execute(&update, params![value, position + 1]).unwrap(), 1);
                }
            }
        }
    }
}

#[test]
fn every_value_beside_the_entries_that_says_something_of_them_is_watched() {
    let mut random = Random::of(7);
    let house = house();
    for (table, columns) in BESIDE {
        for column in *columns {
            for kind in [Kind::Flip, Kind::Null, Kind::Retype] {
                let folder = tempfile::tempdir().unwrap();
                copy(house.path(), folder.path());
                let (file, table) = table.split_once('/').unwrap();
                let connection = Connection::open(folder.path().join(file)).unwrap();
                let of = format!("FROM {table} WHERE {column} IS NOT NULL ORDER BY rowid DESC LIMIT 1");
                let (rowid, before): (i64, Stored) = connection
                    .query_row(&format!("SELECT rowid, {column} {of}"), [], |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })
                    .unwrap();
                let after = match kind {
                    Kind::Flip => flipped(&before, &mut random),
                    Kind::Null => Stored::Null,
                    _ => retyped(&before),
                };
                let update = format!("UPDATE {table} SET {column} = ?1 WHERE rowid = ?2");
                connection.execute(&update, params![after, rowid]).unwrap();
                drop(connection);
                // a database of another version is not read at all
                let due = if table == "schema_version" { 2 } else { 1 };
                assert_eq!(
                    found(folder.path()).0,
                    due,
                    "{file} {table}.{column} from {before:?} to {after:?}"
                );
            }
        }
    }
}

#[test]
fn what_entries_name_and_is_taken_away_is_missed_at_their_positions() {
    let house = house();
    let rows = entries(house.path());
    let at = |column: &str| COLUMNS.iter().position(|name| *name == column).unwrap();
    let says = |row: &[Stored], column: &str, what: &str| matches!(&row[at(column)], Stored::Text(text) if text.contains(what));
    for (file, table, column) in [("vault.db", "disclosures", "digest"), ("ledger.db", "schemes", "sha256")] {
        let connection = Connection::open(house.path().join(file)).unwrap();
        let sql = format!("SELECT {column} FROM {table}");
        let mut read = connection.prepare(&sql).unwrap();
        let kept: Vec<String> =
            read.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        assert!(kept.len() > 3);
        for name in kept.iter().take(8) {
            let folder = tempfile::tempdir().unwrap();
            copy(house.path(), folder.path());
            let connection = Connection::open(folder.path().join(file)).unwrap();
            let sql = format!("DELETE FROM {table} WHERE {column} = ?1");
            assert_eq!(connection.execute(&sql, [name]).unwrap(), 1);
            drop(connection);
            let (code, positions) = found(folder.path());
            assert_eq!(code, 1, "{name} of {table}");
            // many entries are under a rulebook, one publishes it
            let event = if table == "schemes" { "RulebookPublished" } else { "" };
            let naming = |row: &[Stored]| says(row, "payload", name) && says(row, "event_type", event);
            let due: Vec<usize> = (0..rows.len()).filter(|position| naming(&rows[*position])).collect();
            let named = |position: &usize| positions.contains(&Some(*position as u64));
            assert!(!due.is_empty() && due.iter().all(named), "{name} of {table}: {due:?}, {positions:?}");
        }
    }
}

#[test]
fn files_beside_the_database_are_watched_too() {
    let mut random = Random::of(11);
    let house = house();
    let photo = b"a photo".as_slice();
    let name = Hash::of(photo).hex();
    let place = house.path().join("attachments").join(&name[..2]);
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join(&name), photo).unwrap();
    assert_eq!(found(house.path()).0, 0);
    let checkpoints = std::fs::read(house.path().join("checkpoints.txt")).unwrap();
    let last = checkpoints[..checkpoints.len() - 2].iter().rposition(|byte| *byte == b'\n').unwrap();
    for _ in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        copy(house.path(), folder.path());
        // a note that ends otherwise than with a blank line was torn by a power cut, and says nothing: docs/format.md §5
        let (at, bit) = (below(last, &mut random), random.below(7));
        let mut altered = checkpoints.clone();
        altered[at] ^= 1 << bit;
        std::fs::write(folder.path().join("checkpoints.txt"), altered).unwrap();
        assert_eq!(found(folder.path()).0, 1, "bit {bit} of byte {at} of checkpoints.txt");
    }
    for altered in [b"A photo".as_slice(), b"a phot", b""] {
        let folder = tempfile::tempdir().unwrap();
        copy(house.path(), folder.path());
        let file = folder.path().join("attachments").join(&name[..2]).join(&name);
        std::fs::write(file, altered).unwrap();
        assert_eq!(found(folder.path()).0, 1, "a photo that is {altered:?} now");
    }
}

#[test]
fn what_is_found_is_told_in_chinese_too_and_machines_read_the_same_in_both() {
    let (house, place) = (house(), tempfile::tempdir().unwrap());
    let [tiles, backup, kept] = ["tiles", "backup", "kept"].map(|name| place.path().join(name));
    let [tiles, backup, kept] = [&tiles, &backup, &kept].map(|path| path.to_str().unwrap());
    told(house.path(), &["export", "tiles", tiles, "--json"]);
    told(house.path(), &["backup", backup, "--json"]);
    let checkpoints = std::fs::read_to_string(house.path().join("checkpoints.txt")).unwrap();
    std::fs::write(kept, checkpoints.replace("ledger.example/tamper", "ledger.example/other")).unwrap();
    std::fs::remove_file(format!("{tiles}/tile/0/000")).unwrap();
    let lines = |arguments: &[&str], lang: &str, due: i32| -> Vec<String> {
        let ran = run(house.path(), &[&["verify", "--lang", lang], arguments].concat());
        assert_eq!(ran.status.code(), Some(due), "{}", said(&ran));
        String::from_utf8(ran.stdout).unwrap().lines().map(str::to_owned).collect()
    };
    let sound = lines(&["--level", "3"], "zh", 0);
    assert!(sound[0].starts_with("ledger.example/tamper："), "{sound:?}");
    assert!(
        sound[0].contains("验证到 L3，没有发现问题；L3 没有确立：没有配置见证人；隐私内容：打开了"),
        "{sound:?}"
    );
    assert!(
        sound[1].starts_with("日志公钥不是另外给出的") && sound.len() == 2,
        "nothing is to be done: {sound:?}"
    );
    let lacking = lines(&["--level", "3", "--require", "L3"], "zh", 1);
    assert!(
        lacking[0].starts_with("L3 账本：所要求的一级没有确立（not-established：L3 is required"),
        "{lacking:?}"
    );
    assert!(lacking.last().unwrap().starts_with("怎么办：没有发现改动"), "{lacking:?}");

    let connection = Connection::open(house.path().join("ledger.db")).unwrap();
    let sql = "DELETE FROM events WHERE position = 12; UPDATE events SET payload = '{}' WHERE position = 40;";
    connection.execute_batch(sql).unwrap();
    drop(connection);
    let [zh, en] = ["zh", "en"].map(|lang| lines(&["--level", "5"], lang, 1));
    assert_eq!(zh.len(), en.len());
    let have = |lines: &[String], begins: &str| lines.iter().any(|line| line.starts_with(begins));
    for begins in [
        "L0 第 12 条：这条记录不在了（row-missing：the entry is gone）",
        "L0 第 40 条：这条记录与它的散列值不符",
        "L2 账本：",
    ] {
        assert!(have(&zh, begins), "{begins}: {zh:#?}");
    }
    for begins in
        ["L0 entry 12: row-missing: the entry is gone", "L0 entry 40: row-leaf_hash: ", "L2 ledger: "]
    {
        assert!(have(&en, begins), "{begins}: {en:#?}");
    }
    for (zh, en) in zh.iter().zip(&en) {
        assert!(is_chinese(zh) && !zh.contains("不符合账本格式的规则"), "{zh}");
        assert!(!is_chinese(en), "{en}");
    }
    assert!(zh.last().unwrap().starts_with("怎么办：让这个文件夹保持原样"), "{zh:#?}");
    assert!(en.last().unwrap().starts_with("What to do: keep the folder as it is"), "{en:#?}");
    let [zh, en] = ["zh", "en"].map(|lang| lines(&["--level", "5", "--json"], lang, 1));
    assert_eq!(zh, en);
    let report: Value = serde_json::from_str(&en[0]).unwrap();
    assert_eq!((&report["witnessed"], &report["stamped"]), (&json!("no witness is configured"), &json!("")));
    let private = report["private_values"].as_str().unwrap();
    assert!(private.ends_with(" opened, and compared with their digests"), "{private}");

    let of_tiles = lines(&["--level", "2", "--tiles", tiles], "zh", 1);
    assert!(
        of_tiles[0].starts_with("L2 第 0 条：散列树的一块与从记录算出的不一致，或者不在了（tile："),
        "{of_tiles:?}"
    );
    assert!(of_tiles.last().unwrap().starts_with("怎么办：让这些文件保持原样"), "{of_tiles:?}");
    let of_backup = lines(&["--level", "2", "--backup", backup, "--since", kept], "zh", 1);
    assert!(of_backup[0].starts_with("L2 账本：另外保存的检查点不是本日志的密钥签的"), "{of_backup:?}");
    assert!(of_backup.iter().any(|line| line.contains("隐私内容：没有打开：")), "{of_backup:?}");
    assert!(of_backup.last().unwrap().starts_with("怎么办：让这份备份保持原样"), "{of_backup:?}");
}

fn is_chinese(line: &str) -> bool {
    line.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
}

/// A house with some hundred entries, its triggers and constraints taken away.
fn house() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.csv");
    first_rows(60, &file);
    told(folder.path(), &["init", "--origin", "ledger.example/tamper", "--json"]);
    told(folder.path(), &["import", "toronto-evaluations", file.to_str().unwrap(), "--json"]);
    for (login, role) in [("clerk", "data_clerk"), ("li", "grid_worker")] {
        told(folder.path(), &["account", "open", login, "--name", "李四", "--role", role, "--json"]);
    }
    for file in ["ledger.db", "vault.db"] {
        loosen(&Connection::open(folder.path().join(file)).unwrap());
    }
    assert_eq!(found(folder.path()).0, 0, "nothing is found before anything is changed");
    folder
}

fn loosen(connection: &Connection) {
    for trigger in names(connection, "trigger") {
        connection.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    for table in names(connection, "table") {
        let sql = format!(
            "CREATE TABLE loose AS SELECT * FROM {table}; DROP TABLE {table}; ALTER TABLE loose RENAME TO {table};"
        );
        connection.execute_batch(&sql).unwrap();
    }
    let _: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
}

fn names(connection: &Connection, of: &str) -> Vec<String> {
    let mut read = connection.prepare("SELECT name FROM sqlite_schema WHERE type = ?1").unwrap();
    read.query_map([of], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn entries(house: &Path) -> Vec<Vec<Stored>> {
    let connection = Connection::open(house.join("ledger.db")).unwrap();
    let sql = format!("SELECT {} FROM events ORDER BY position", COLUMNS.join(", "));
    let mut read = connection.prepare(&sql).unwrap();
    let row = |row: &rusqlite::Row<'_>| (0..COLUMNS.len()).map(|at| row.get(at)).collect();
    read.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
}

/// The program's exit code, and the positions that its findings name.
fn found(folder: &Path) -> (i32, Vec<Option<u64>>) {
    let verified = run(folder, &["verify", "--level", "5", "--json"]);
    let told: Value =
        serde_json::from_slice(&verified.stdout).unwrap_or_else(|_| panic!("{}", said(&verified)));
    let findings = told["findings"].as_array().cloned().unwrap_or_default();
    (verified.status.code().unwrap(), findings.iter().map(|finding| finding["position"].as_u64()).collect())
}

/// The same kind of value, another one.
fn flipped(value: &Stored, random: &mut Random) -> Stored {
    match value {
        Stored::Integer(number) => Stored::Integer(number ^ 1),
        Stored::Text(text) => {
            let bytes = with_a_bit_flipped(text.as_bytes(), random);
            // an odd byte of a character is kept as it lies: text that is not UTF-8
            String::from_utf8(bytes).map_or_else(|odd| Stored::Blob(odd.into_bytes()), Stored::Text)
        }
        Stored::Blob(bytes) => Stored::Blob(with_a_bit_flipped(bytes, random)),
        other => panic!("{other:?}"),
    }
}

fn with_a_bit_flipped(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = below(bytes.len(), random);
    bytes[at] ^= 1 << random.below(8);
    bytes
}

fn retyped(value: &Stored) -> Stored {
    match value {
        // text of digits would be taken for the number by a column that wants one
        Stored::Integer(number) => Stored::Blob(number.to_string().into_bytes()),
        Stored::Text(text) => Stored::Blob(text.clone().into_bytes()),
        Stored::Blob(_) => Stored::Integer(1),
        other => panic!("{other:?}"),
    }
}

/// The year of the first date moved on by one; the same where there is none.
fn redated(value: &Stored) -> Stored {
    let Stored::Text(text) = value else { return value.clone() };
    let dated = |at: &usize| {
        let shape = text.as_bytes().get(*at..at + 10).unwrap_or_default();
        shape.iter().zip(b"dddd-dd-dd").all(|(byte, due)| match due {
            b'd' => byte.is_ascii_digit(),
            due => byte == due,
        }) && shape.len() == 10
    };
    let Some(at) = (0..text.len()).find(dated) else { return value.clone() };
    let year: u32 = text[at..at + 4].parse().unwrap();
    Stored::Text(format!("{}{:04}{}", &text[..at], (year + 1) % 10_000, &text[at + 4..]))
}

fn below(end: usize, random: &mut Random) -> usize {
    usize::try_from(random.below(end as u64)).unwrap()
}

const OF_VALUES: [Kind; 6] = [Kind::Flip, Kind::Null, Kind::Retype, Kind::Copy, Kind::Swap, Kind::Redate];
const OF_ENTRIES: [Kind; 3] = [Kind::Drop, Kind::Repeat, Kind::Reorder];

/// What is left out proves nothing, and verification rightly does not judge by it:
/// `outcomes.digest` (which command an id was used for stands in no entry), `sealed_keys` (private keys: a changed one
/// does not open, and the ledger does not start), `clock_mark` and `cursors` (the writer's own marks, true of one
/// machine at one moment), `head.only_row` (always 1), and `vault.db/unconfirmed` (what the sweep looks at first).
const BESIDE: &[(&str, &[&str])] = &[
    ("ledger.db/authors", &["kid", "author_seq", "position"]),
    ("ledger.db/checkpoints", &["size", "note"]),
    ("ledger.db/head", &["size", "frontier", "root", "recorded_at"]),
    ("ledger.db/outcomes", &["event_id", "accepted", "result", "position"]),
    ("ledger.db/schema_version", &["version"]),
    ("ledger.db/schemes", &["sha256", "id", "bytes"]),
    ("vault.db/disclosures", &["digest", "sealed"]),
    ("vault.db/schema_version", &["version"]),
];

//! The same on a Postgres server, by its owner: triggers are disabled and put in force again, columns are loosened.

use super::burglary::build;
use super::{Due, count, due, must_be_sound};
use crate::program::postgres::{Cluster, own_cluster};
use crate::program::{COLUMNS, Random, told};

#[test]
fn every_mutation_of_a_postgres_ledger_is_found_at_its_place() {
    let (count, mut random) = (count(45), Random::of(20_261_126));
    let cluster = own_cluster();
    let folder = tempfile::tempdir().unwrap();
    let url = cluster.database("ledger");
    build(folder.path(), &["--database-url", &url]);
    must_be_sound(folder.path());
    let size: u64 = cluster.sql("ledger", "SELECT count(*) FROM events").trim().parse().unwrap();
    assert!(size > 2_000, "{size} entries");
    loosen(&cluster);
    let (mut made, mut n, began) = (0, 0, std::time::Instant::now());
    while made < count {
        let (table, change, awaited) = match n % 3 {
            0 => beside(n / 3),
            _ => of_an_entry(n - n.div_ceil(3), size, &mut random),
        };
        n += 1;
        assert!(n < 20 * count, "most changes change nothing");
        // what changes nothing, or is refused by a type or an index, is not counted
        let Some(changed) = cluster.try_sql("ledger", &changing(table, &change)) else { continue };
        if changed.lines().all(|line| line != "1") {
            continue;
        }
        let findings = super::told(folder.path());
        eprintln!("{made:>3} {change}: {} finding(s)", findings.len());
        assert!(due(&awaited, &findings), "{change}: {awaited:?} not in {findings:?}");
        made += 1;
        let back = format!("DELETE FROM {table}; INSERT INTO {table} TABLE sound_{table}");
        cluster.sql("ledger", &changing(table, &back));
    }
    must_be_sound(folder.path());
    eprintln!("{made} mutations of {size} entries in {} s", began.elapsed().as_secs());
    told(folder.path(), &["verify", "--level", "5", "--json"]);
}

/// The trigger of a table is away for the length of a change only.
fn changing(table: &str, change: &str) -> String {
    format!("ALTER TABLE {table} DISABLE TRIGGER ALL; {change}; ALTER TABLE {table} ENABLE TRIGGER ALL")
}

fn loosen(cluster: &Cluster) {
    for table in TABLES {
        cluster.sql("ledger", &format!("CREATE TABLE sound_{table} AS TABLE {table}"));
    }
    for column in &COLUMNS[1..] {
        cluster.sql("ledger", &format!("ALTER TABLE events ALTER {column} DROP NOT NULL"));
    }
}

fn of_an_entry(n: usize, size: u64, random: &mut Random) -> (&'static str, String, Due) {
    let (position, other, at) = (random.below(size - 1), random.below(size), random.below(10_000));
    let column = COLUMNS[1 + n % (COLUMNS.len() - 1)];
    let theirs = format!("(SELECT {column} FROM sound_events WHERE position = {other})");
    let kind = n / (COLUMNS.len() - 1) % 7;
    let after = match (column, kind) {
        (_, 0) => "NULL".to_owned(),
        (_, 1) => theirs,
        (_, 2) => {
            return (
                "events",
                format!("DELETE FROM events WHERE position = {position} RETURNING 1"),
                Due::At(vec![position]),
            );
        }
        (_, 3) => {
            let swap = format!(
                "UPDATE events SET position = CASE position WHEN {position} THEN -1 ELSE -2 END \
                 WHERE position IN ({position}, {position} + 1)"
            );
            let back = format!(
                "UPDATE events SET position = CASE position WHEN -1 THEN {position} + 1 ELSE {position} END \
                 WHERE position < 0 RETURNING 1"
            );
            return ("events", format!("{swap}; {back}"), Due::At(vec![position, position + 1]));
        }
        ("payload" | "metadata", 4) => format!("({column}::text || ' ')::json"),
        ("payload" | "metadata", 5) => {
            format!("regexp_replace({column}::text, '20(\\d\\d)-(\\d\\d)-', '19\\1-\\2-')::json")
        }
        ("payload" | "metadata", _) => format!("replace({column}::text, '1', '2')::json"),
        ("sequence" | "author_seq", _) => format!("{column} + 1 + {at}"),
        ("leaf_hash", 4) => "substr(leaf_hash, 1, 31)".to_owned(),
        ("leaf_hash", _) => format!("set_bit(leaf_hash, {at} % 256, 1 - get_bit(leaf_hash, {at} % 256))"),
        (_, 4) => format!("substr({column}, 1, {at} % length({column}))"),
        ("occurred_at" | "recorded_at", 5) => format!("'2019' || substr({column}, 5)"),
        _ => format!(
            "overlay({column} placing chr(ascii(substr({column}, 1 + {at} % length({column}), 1)) # 1) \
             from 1 + {at} % length({column}) for 1)"
        ),
    };
    let text = |value: &str| match column {
        "payload" | "metadata" => format!("({value})::text"),
        _ => value.to_owned(),
    };
    let unlike = format!("{} IS DISTINCT FROM {}", text(&after), text(column));
    let sql =
        format!("UPDATE events SET {column} = {after} WHERE position = {position} AND {unlike} RETURNING 1");
    ("events", sql, Due::At(vec![position]))
}

fn beside(n: usize) -> (&'static str, String, Due) {
    let (table, change, codes) = BESIDE[n % BESIDE.len()];
    (table, format!("{change} RETURNING 1"), Due::Code(codes))
}

const TABLES: [&str; 10] = [
    "events",
    "head",
    "checkpoints",
    "authors",
    "schemes",
    "outcomes",
    "sealed_keys",
    "cursors",
    "tiles",
    "vault_values",
];
const BESIDE: [(&str, &str, &[&str]); 29] = [
    (
        "vault_values",
        "UPDATE vault_values SET sealed = set_bit(sealed, 99, 1 - get_bit(sealed, 99)) WHERE digest > 'x'",
        &["vault-value"],
    ),
    (
        "vault_values",
        "UPDATE vault_values SET digest = reverse(digest) WHERE digest > 'x'",
        &["vault-missing"],
    ),
    ("vault_values", "DELETE FROM vault_values WHERE digest > 'x'", &["vault-missing"]),
    ("head", "UPDATE head SET size = size - 1", &["head-size", "row-stray"]),
    ("head", "UPDATE head SET size = size + 1", &["head-size", "row-missing"]),
    ("head", "UPDATE head SET root = sha256(root)", &["head-root"]),
    ("head", "UPDATE head SET frontier = substr(frontier, 1, 40)", &["head-frontier"]),
    (
        "head",
        "UPDATE head SET frontier = set_bit(frontier, 99, 1 - get_bit(frontier, 99))",
        &["head-frontier"],
    ),
    ("head", "UPDATE head SET recorded_at = '2020-01-01T00:00:00.000Z'", &["head-recorded_at"]),
    ("head", "DELETE FROM head", &["head"]),
    ("checkpoints", "UPDATE checkpoints SET size = size + 100000", &["checkpoint"]),
    ("checkpoints", "UPDATE checkpoints SET note = replace(note, 'A', 'B')", &["checkpoint"]),
    (
        "checkpoints",
        "DELETE FROM checkpoints WHERE size = (SELECT min(size) FROM checkpoints)",
        &["checkpoint-missing"],
    ),
    ("authors", "UPDATE authors SET author_seq = author_seq + 1", &["author-mark"]),
    ("authors", "UPDATE authors SET position = position - 1", &["author-mark"]),
    ("authors", "UPDATE authors SET kid = reverse(kid)", &["author-mark"]),
    ("authors", "DELETE FROM authors", &["author-mark"]),
    ("schemes", "UPDATE schemes SET bytes = set_bit(bytes, 999, 1 - get_bit(bytes, 999))", &["scheme"]),
    ("schemes", "UPDATE schemes SET id = id || 'x'", &["scheme"]),
    ("schemes", "DELETE FROM schemes", &["rulebook-missing", "result-differs"]),
    ("outcomes", "UPDATE outcomes SET position = position + 1 WHERE position = 9", &["outcome"]),
    ("outcomes", "UPDATE outcomes SET result = replace(result, '20', '19') WHERE position = 9", &["outcome"]),
    ("outcomes", "DELETE FROM outcomes WHERE position > 1000", &["outcome-missing"]),
    (
        "outcomes",
        "UPDATE outcomes SET accepted = false, position = NULL WHERE position = 9",
        &["outcome-missing"],
    ),
    ("sealed_keys", "UPDATE sealed_keys SET sealed = sha256(sealed)", &["sealed-key"]),
    ("sealed_keys", "UPDATE sealed_keys SET holder = 'somebody'", &["sealed-key"]),
    ("sealed_keys", "DELETE FROM sealed_keys WHERE role = 'service'", &["sealed-key-missing"]),
    ("cursors", "INSERT INTO cursors VALUES ('conduct', 1000000)", &["cursor"]),
    ("tiles", "INSERT INTO tiles VALUES (1, 0, '')", &["tile-count"]),
];

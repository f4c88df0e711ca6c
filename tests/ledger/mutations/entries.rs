//! Changes of entries: of one value, of two that change places, of an entry as a whole.

use std::collections::HashSet;

use rusqlite::types::Value as Stored;
use rusqlite::{Connection, params};

use super::burglary::{House, change};
use super::{Due, Mutation, below};
use crate::program::{COLUMNS, Random};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// One bit of it, or the next number.
    Flip,
    /// Its last part is gone.
    Truncate,
    /// Nothing in its place.
    Null,
    /// The value of another entry, which keeps its own.
    Copy,
    /// The value of another entry, which gets this one.
    Swap,
    /// Another year in the first date that it says.
    Redate,
}

/// The n-th one: every column with every kind in turn, each eighth one of an entry as a whole, or of its author.
pub(crate) fn mutation(house: &House, n: usize, random: &mut Random) -> Mutation {
    if n % 8 == 7 {
        return of_an_entry(house, n / 8, random);
    }
    let n = n - n / 8;
    of_a_value(house, 1 + n % (COLUMNS.len() - 1), KINDS[n / (COLUMNS.len() - 1) % KINDS.len()], random)
}

fn of_a_value(house: &House, at: usize, kind: Kind, random: &mut Random) -> Mutation {
    for _ in 0..300 {
        let (position, other) = (below(house.rows.len(), random), below(house.rows.len(), random));
        let (before, theirs) = (&house.rows[position][at], &house.rows[other][at]);
        let after = match kind {
            Kind::Flip => flipped(before, random),
            Kind::Truncate => truncated(before, random),
            Kind::Null => Stored::Null,
            Kind::Copy | Kind::Swap => theirs.clone(),
            Kind::Redate => redated(before),
        };
        let mut writes = vec![(position, after)];
        if kind == Kind::Swap {
            writes.push((other, before.clone()));
        }
        // by meaning nothing, or refused by an index that would have to go
        if writes[0].1 == *before || position == other || clash(house, at, &writes) {
            continue;
        }
        let about: Vec<u64> = writes.iter().map(|(position, _)| *position as u64).collect();
        let column = COLUMNS[at];
        let told = format!("{kind:?} events.{column} of {about:?}");
        let make = move |connection: &Connection| {
            let set = format!("UPDATE events SET {column} = ?1 WHERE position = ?2");
            for (position, _) in &writes {
                connection.execute(&set, params![Stored::Null, *position as i64]).unwrap();
            }
            for (position, value) in &writes {
                assert_eq!(connection.execute(&set, params![value, *position as i64]).unwrap(), 1);
            }
        };
        return Mutation {
            told,
            make: Box::new(move |folder| change(folder, "ledger.db", |connection| make(connection))),
            due: Due::At(about),
        };
    }
    assert_ne!(kind, Kind::Flip);
    of_a_value(house, at, Kind::Flip, random)
}

/// Whether two entries would have what only one may.
fn clash(house: &House, at: usize, writes: &[(usize, Stored)]) -> bool {
    let text = |row: &[Stored], at: usize| format!("{:?}", row[at]);
    let unique: &[usize] = match COLUMNS[at] {
        "aggregate_id" | "sequence" => &[2, 3],
        "event_id" => &[9],
        _ => return false,
    };
    let mut seen = HashSet::new();
    !house.rows.iter().enumerate().all(|(position, row)| {
        let mut row = row.clone();
        if let Some((_, value)) = writes.iter().find(|(written, _)| *written == position) {
            row[at] = value.clone();
        }
        row[at] == Stored::Null || seen.insert(unique.iter().map(|at| text(&row, *at)).collect::<Vec<_>>())
    })
}

fn of_an_entry(house: &House, n: usize, random: &mut Random) -> Mutation {
    let size = house.rows.len();
    let (position, other) = (below(size - 1, random), below(size, random));
    let columns = COLUMNS[1..].join(", ");
    let (told, statements, about) = match n % 5 {
        0 => (
            format!("Delete the entry {position}"),
            vec![format!("DELETE FROM events WHERE position = {position}")],
            vec![position],
        ),
        1 => {
            let copied =
                columns.replace("event_id", "replace(event_id, '-7', '-4')").replace("sequence", "9000");
            let copied =
                copied.replace("replace(event_id", "lower(hex(randomblob(4))) || substr(replace(event_id");
            let copied = copied.replace("'-7', '-4')", "'-7', '-4'), 9)");
            (
                format!("Duplicate the entry {position} behind the last one"),
                vec![format!(
                    "INSERT INTO events (position, {columns}) SELECT {size}, {copied} FROM events \
                     WHERE position = {position}"
                )],
                vec![size],
            )
        }
        2 => {
            let (one, next) = (position, position + 1);
            (
                format!("Swap the entries {one} and {next}"),
                vec![
                    format!("UPDATE events SET position = -1 WHERE position = {one}"),
                    format!("UPDATE events SET position = {one} WHERE position = {next}"),
                    format!("UPDATE events SET position = {next} WHERE position = -1"),
                ],
                vec![one, next],
            )
        }
        3 => {
            let kid = |at: usize| house.rows[at][12].clone();
            let other = (0..size).map(|n| (other + n) % size).find(|at| kid(*at) != kid(position)).unwrap();
            (
                format!("Re-attribute the entry {position} to the author of {other}"),
                vec![format!(
                    "UPDATE events SET kid = (SELECT kid FROM events WHERE position = {other}) \
                     WHERE position = {position}"
                )],
                vec![position],
            )
        }
        _ => {
            let far = size + 1 + other;
            (
                format!("Move the entry {position} to {far}"),
                vec![format!("UPDATE events SET position = {far} WHERE position = {position}")],
                vec![position, far],
            )
        }
    };
    let make = move |connection: &Connection| {
        for sql in &statements {
            assert_eq!(connection.execute(sql, []).unwrap(), 1, "{sql}");
        }
    };
    Mutation {
        told,
        make: Box::new(move |folder| change(folder, "ledger.db", |connection| make(connection))),
        due: Due::At(about.into_iter().map(|at| at as u64).collect()),
    }
}

/// The same kind of value, another one.
pub(crate) fn flipped(value: &Stored, random: &mut Random) -> Stored {
    match value {
        Stored::Integer(number) => Stored::Integer(number ^ 1),
        // an odd byte of a character is kept as it lies: text that is not UTF-8
        Stored::Text(text) => as_text(with_a_bit_flipped(text.as_bytes(), random)),
        Stored::Blob(bytes) => Stored::Blob(with_a_bit_flipped(bytes, random)),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn truncated(value: &Stored, random: &mut Random) -> Stored {
    match value {
        Stored::Integer(number) => Stored::Integer(number / 10),
        Stored::Text(text) => as_text(text.as_bytes()[..below(text.len(), random)].to_vec()),
        Stored::Blob(bytes) if !bytes.is_empty() => {
            Stored::Blob(bytes[..below(bytes.len(), random)].to_vec())
        }
        other => other.clone(),
    }
}

pub(crate) fn with_a_bit_flipped(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = below(bytes.len(), random);
    bytes[at] ^= 1 << random.below(8);
    bytes
}

fn as_text(bytes: Vec<u8>) -> Stored {
    String::from_utf8(bytes).map_or_else(|odd| Stored::Blob(odd.into_bytes()), Stored::Text)
}

/// The year of the first date moved on by one; the same where there is none.
fn redated(value: &Stored) -> Stored {
    let Stored::Text(text) = value else { return value.clone() };
    let dated = |at: &usize| {
        let shape = text.as_bytes().get(*at..at + 10).unwrap_or_default();
        shape.len() == 10
            && shape.iter().zip(b"dddd-dd-dd").all(|(byte, due)| match due {
                b'd' => byte.is_ascii_digit(),
                due => byte == due,
            })
    };
    let Some(at) = (0..text.len()).find(dated) else { return value.clone() };
    let year: u32 = text[at..at + 4].parse().unwrap();
    Stored::Text(format!("{}{:04}{}", &text[..at], (year + 1) % 10_000, &text[at + 4..]))
}

const KINDS: [Kind; 6] = [Kind::Flip, Kind::Truncate, Kind::Null, Kind::Copy, Kind::Swap, Kind::Redate];

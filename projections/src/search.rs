//! Search: an index of our own over names and addresses, since no stock one finds a Chinese word of two characters. Of a
//! run of Chinese it holds every pair of characters and the last one alone, of anything else whole words, so that every
//! term is found by its beginning. Codes are kept whole beside it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::error::ViewsError;
use crate::tx::{signed, write};

/// Raised when the terms change.
pub const VERSION: u32 = 1;

/// What must be looked up for a text: each of these must occur, where `whole` is false as the beginning of a term.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Sought {
    /// The term.
    pub term: String,
    /// Whether it must be the whole term.
    pub whole: bool,
}

/// The terms of a text that is indexed, sorted.
pub fn terms(text: &str) -> BTreeSet<String> {
    let mut terms = BTreeSet::new();
    for run in runs(text) {
        match run {
            Run::Word(word) => {
                terms.insert(word);
            }
            Run::Chinese(characters) => {
                terms.extend(characters.windows(2).map(|pair| pair.iter().collect()));
                terms.extend(characters.last().map(char::to_string));
            }
        }
    }
    terms
}

/// What a text that is searched for asks of the index.
pub fn sought(text: &str) -> Vec<Sought> {
    let mut sought = BTreeSet::new();
    for run in runs(text) {
        match run {
            Run::Word(term) => {
                sought.insert(Sought { term, whole: false });
            }
            Run::Chinese(characters) if characters.len() == 1 => {
                sought.insert(Sought { term: characters.iter().collect(), whole: false });
            }
            Run::Chinese(characters) => {
                let pairs = characters.windows(2).map(|pair| pair.iter().collect());
                sought.extend(pairs.map(|term| Sought { term, whole: true }));
            }
        }
    }
    sought.into_iter().collect()
}

/// A code without blanks and in lower case.
pub fn folded_code(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// A text as it is compared: in lower case, full-width letters as plain ones.
pub fn folded(text: &str) -> String {
    text.chars().map(narrow).flat_map(char::to_lowercase).collect()
}

enum Run {
    Chinese(Vec<char>),
    Word(String),
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut joined = false;
    for c in folded(text).chars() {
        if !c.is_alphanumeric() {
            joined = false;
            continue;
        }
        match runs.last_mut().filter(|_| joined) {
            Some(Run::Chinese(characters)) if is_chinese(c) => characters.push(c),
            Some(Run::Word(word)) if !is_chinese(c) => word.push(c),
            _ if is_chinese(c) => runs.push(Run::Chinese(vec![c])),
            _ => runs.push(Run::Word(c.to_string())),
        }
        joined = true;
    }
    runs
}

/// Characters written without blanks between words: Chinese with its extensions, and kana.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A full-width letter or digit as its plain form.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// The end, not included, of all terms that begin so.
pub(crate) fn beginning_ends(term: &str) -> String {
    format!("{term}\u{10ffff}")
}

/// Take away the terms of the row as it stands, before it is replaced.
pub(crate) fn forget(connection: &Connection, number: u64) -> Result<(), ViewsError> {
    let reading = ViewsError::database("be read");
    let sql = "SELECT coalesce(name, ''), address FROM premises WHERE number = ?1";
    let mut statement = connection.prepare_cached(sql).map_err(&reading)?;
    let row =
        statement.query_row([signed(number)], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
    let Some((name, address)) = row.optional().map_err(&reading)? else { return Ok(()) };
    for term in terms(&format!("{name}\n{address}")) {
        let sql = "DELETE FROM search_terms WHERE term = ?1 AND number = ?2";
        write(connection, sql, params![term, signed(number)])?;
    }
    write(connection, "DELETE FROM search_codes WHERE number = ?1", [signed(number)])
}

/// Add the terms of a row.
pub(crate) fn remember(
    connection: &Connection,
    number: u64,
    name: &str,
    address: &str,
    codes: &BTreeMap<String, String>,
) -> Result<(), ViewsError> {
    for term in terms(&format!("{name}\n{address}")) {
        write(connection, "INSERT INTO search_terms VALUES (?1, ?2)", params![term, signed(number)])?;
    }
    for (scheme, code) in codes {
        let values = params![folded_code(code), scheme, signed(number)];
        write(connection, "INSERT INTO search_codes VALUES (?1, ?2, ?3)", values)?;
    }
    Ok(())
}

/// Fill the index from the register: once, after the load.
pub(crate) fn fill(connection: &Connection) -> Result<(), ViewsError> {
    let reading = ViewsError::database("be read");
    let sql = "SELECT number, coalesce(name, ''), address, codes FROM premises ORDER BY number";
    let mut statement = connection.prepare(sql).map_err(&reading)?;
    let mut rows = statement.query([]).map_err(&reading)?;
    while let Some(row) = rows.next().map_err(&reading)? {
        let number: u64 = row.get(0).map_err(&reading)?;
        let text = |at| row.get::<_, String>(at).map_err(&reading);
        let codes = serde_json::from_str(&text(3)?);
        let codes = codes.map_err(|source| ViewsError::Unread { what: "list of codes", source })?;
        remember(connection, number, &text(1)?, &text(2)?, &codes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_is_held_in_pairs_and_anything_else_in_words() {
        let held: Vec<String> = terms("坪山街道12栋 Logan Ave").into_iter().collect();
        assert_eq!(held, ["12", "ave", "logan", "坪山", "山街", "栋", "街道", "道"]);
    }

    #[test]
    fn every_part_of_a_text_is_found_by_what_it_asks_for() {
        let held = terms("石井街道田头社区ＡＢ栋3单元");
        for text in ["田头", "头", "区", "ab栋", "AB", "a", "3单元", "石井 单元"] {
            for sought in sought(text) {
                let found = held.iter().any(|term| {
                    if sought.whole { *term == sought.term } else { term.starts_with(&sought.term) }
                });
                assert!(found, "{text}: {sought:?}");
            }
        }
    }

    #[test]
    fn codes_are_compared_without_blanks_and_case() {
        assert_eq!(folded_code("44 03 Ab"), "4403ab");
    }
}

//! Search: by code, name and address. An exact code comes first, then codes that begin so, then texts that hold the words
//! as they were written, then those that hold all their parts.

use std::collections::BTreeSet;

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};
use wuping_domain::rulebook::Layer;

use super::conditions::Conditions;
use super::premises::{LINE, PremisesLine, read_line};
use super::{Page, Paged, all, count};
use crate::error::ViewsError;
use crate::pool::Views;
use crate::search::{Sought, beginning_ends, folded, folded_code, sought, terms};

/// Which premises to search.
#[derive(Clone, Debug, Default)]
pub struct SearchFilter {
    /// Closed ones too.
    pub closed_too: bool,
    /// Of this layer.
    pub layer: Option<Layer>,
    /// In this management level.
    pub management_level: Option<String>,
    /// With this star in force.
    pub star: Option<u8>,
    /// In this subdistrict.
    pub subdistrict: Option<String>,
}

impl Views {
    /// Premises that a text finds, among those the filter lets through; all of those where the text is empty.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn search(
        &self,
        text: &str,
        filter: &SearchFilter,
        page: Page,
    ) -> Result<Paged<PremisesLine>, ViewsError> {
        let conditions = Conditions::of("1")
            .with("p.subdistrict = ?", filter.subdistrict.clone())
            .with("p.layer = ?", filter.layer.map(|layer| layer.to_string()))
            .with("g.management_level = ?", filter.management_level.clone())
            .with("g.star = ?", filter.star.map(i64::from))
            .when(!filter.closed_too, "p.closed_on IS NULL");
        self.read(|connection| {
            if text.trim().is_empty() {
                return list(connection, &conditions, page);
            }
            let found = Found::by(connection, text)?;
            found.list(connection, text, &conditions, page)
        })
    }
}

fn list(
    connection: &Connection,
    conditions: &Conditions,
    page: Page,
) -> Result<Paged<PremisesLine>, ViewsError> {
    let total = format!("{COUNT} WHERE {}", conditions.sql());
    let total = count(connection, &total, params_from_iter(conditions.values()))?;
    let sql = format!(
        "{LINE} WHERE {} ORDER BY p.subdistrict, p.layer, p.address, p.number LIMIT {} OFFSET {}",
        conditions.sql(),
        page.size,
        page.offset()
    );
    let rows = all(connection, &sql, params_from_iter(conditions.values()), read_line)?;
    Ok(Paged::of(rows, page, total))
}

/// Numbers of premises found, by how.
struct Found {
    exact: BTreeSet<i64>,
    begins: BTreeSet<i64>,
    all: BTreeSet<i64>,
}

impl Found {
    fn by(connection: &Connection, text: &str) -> Result<Self, ViewsError> {
        let code = folded_code(text);
        let exact = "SELECT number FROM search_codes WHERE code = ?1 UNION SELECT number FROM premises WHERE premises = ?2";
        let exact = numbers(connection, exact, params![code, text.trim()])?;
        let mut begins = BTreeSet::new();
        if code.chars().count() >= CODE_BEGINNING_MIN {
            let sql = "SELECT number FROM search_codes WHERE code >= ?1 AND code < ?2";
            begins = numbers(connection, sql, params![code, beginning_ends(&code)])?;
        }
        let mut all = by_terms(connection, &sought(text))?;
        all.extend(exact.iter().chain(&begins));
        Ok(Self { exact, begins, all })
    }

    fn list(
        &self,
        connection: &Connection,
        text: &str,
        conditions: &Conditions,
        page: Page,
    ) -> Result<Paged<PremisesLine>, ViewsError> {
        let among = "p.number IN (SELECT value FROM json_each(?))";
        let values = || conditions.values().cloned().chain([Value::Text(json(&self.all))]);
        let total = format!("{COUNT} WHERE {} AND {among}", conditions.sql());
        let total = count(connection, &total, params_from_iter(values()))?;
        // So many are not read by anybody to the end: they come in the order of their registration.
        let order = if self.all.len() > RANKED_MAX {
            "p.number"
        } else {
            "CASE WHEN p.number IN (SELECT value FROM json_each(?)) THEN 0 \
             WHEN p.number IN (SELECT value FROM json_each(?)) THEN 1 \
             WHEN instr(lower(coalesce(p.name, '') || char(10) || p.address), ?) > 0 THEN 2 ELSE 3 END, \
             p.address, p.number"
        };
        let sql = format!(
            "{LINE} WHERE {} AND {among} ORDER BY {order} LIMIT {} OFFSET {}",
            conditions.sql(),
            page.size,
            page.offset()
        );
        let mut bound: Vec<Value> = values().collect();
        if self.all.len() <= RANKED_MAX {
            let text = folded(text.trim());
            bound.extend([json(&self.exact), json(&self.begins), text].map(Value::Text));
        }
        let rows = all(connection, &sql, params_from_iter(bound), read_line)?;
        Ok(Paged::of(rows, page, total))
    }
}

/// Premises with all these terms: found by the rarest, then looked at, or where that is common by all in turn.
fn by_terms(connection: &Connection, sought: &[Sought]) -> Result<BTreeSet<i64>, ViewsError> {
    let mut by_rarity = Vec::with_capacity(sought.len());
    for sought in sought {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM search_terms WHERE term >= ?1 AND term < ?2 LIMIT ?3)";
        let (from, to) = range(sought);
        by_rarity.push((count(connection, sql, params![from, to, LOOKED_AT_MAX + 1])?, sought));
    }
    by_rarity.sort();
    let Some(((rarest, first), others)) = by_rarity.split_first() else { return Ok(BTreeSet::new()) };
    let mut found = with_term(connection, first)?;
    if *rarest <= LOOKED_AT_MAX {
        return looked_at(connection, &found, sought);
    }
    for (_, other) in others {
        let holding = with_term(connection, other)?;
        found.retain(|number| holding.contains(number));
    }
    Ok(found)
}

fn looked_at(
    connection: &Connection,
    found: &BTreeSet<i64>,
    sought: &[Sought],
) -> Result<BTreeSet<i64>, ViewsError> {
    let sql = "SELECT number, coalesce(name, '') || char(10) || address FROM premises \
               WHERE number IN (SELECT value FROM json_each(?1))";
    let texts =
        all(connection, sql, [json(found)], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    let holds = |text: &str| {
        let terms = terms(text);
        sought.iter().all(|sought| {
            let (from, to) = range(sought);
            terms.range(from..to).next().is_some()
        })
    };
    Ok(texts.into_iter().filter(|(_, text)| holds(text)).map(|(number, _)| number).collect())
}

fn with_term(connection: &Connection, sought: &Sought) -> Result<BTreeSet<i64>, ViewsError> {
    let (from, to) = range(sought);
    numbers(connection, "SELECT number FROM search_terms WHERE term >= ?1 AND term < ?2", params![from, to])
}

/// From the first term that is meant up to, not including, the first that is not.
fn range(sought: &Sought) -> (String, String) {
    let to = if sought.whole { format!("{}\0", sought.term) } else { beginning_ends(&sought.term) };
    (sought.term.clone(), to)
}

fn numbers(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<BTreeSet<i64>, ViewsError> {
    Ok(all(connection, sql, values, |row| row.get(0))?.into_iter().collect())
}

fn json(numbers: &BTreeSet<i64>) -> String {
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    format!("[{}]", numbers.join(","))
}

const COUNT: &str = "SELECT count(*) FROM premises p LEFT JOIN current_grades g ON g.number = p.number";

/// A code is searched by its beginning from this length on.
const CODE_BEGINNING_MIN: usize = 4;

/// Premises whose text is looked at rather than found by every term.
const LOOKED_AT_MAX: u64 = 2_000;

/// Results that are put in order of how well they fit.
const RANKED_MAX: usize = 5_000;

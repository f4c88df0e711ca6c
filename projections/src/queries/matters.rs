//! Matters: what runs, by whom it waits on, by what is overdue, by place, kind and party; and what has ended. Every list
//! shows only what its reader may read.

mod waiting;
mod within;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use serde::Serialize;
use wuping_domain::facts::Role;
use wuping_domain::matter::{Deadline, Hand, Kind, Sight};

pub use self::waiting::{LateHand, WaitingHand, WaitingOn};
use super::{all, count, day, day_if_any, first, json, parsed};
use crate::error::ViewsError;
use crate::pool::Views;

/// Which matters, for whom, seen on which day.
#[derive(Clone, Debug)]
pub struct MatterFilter {
    /// What the reader may read; nothing where empty.
    pub sights: Vec<Sight>,
    /// The day.
    pub today: NaiveDate,
    /// Running, or ended.
    pub ended: bool,
    /// What ran on this day, in place of what runs now; of the ended what had ended by it. Each is told as it stands since.
    pub valid_at: Option<NaiveDate>,
    /// Waiting on these hands.
    pub waiting_on: Option<WaitingOn>,
    /// Late: a duty's day has ended.
    pub overdue: bool,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// In this stage.
    pub stage: Option<String>,
    /// Of these premises.
    pub premises: Option<String>,
    /// Of this building and its units.
    pub building: Option<String>,
    /// In this subdistrict, community or grid cell.
    pub area: Option<String>,
    /// Of a department's.
    pub department: Option<String>,
    /// At premises that this party answers for.
    pub party: Option<String>,
}

impl MatterFilter {
    /// Everything that runs and may be read.
    pub const fn running(sights: Vec<Sight>, today: NaiveDate) -> Self {
        Self {
            sights,
            today,
            ended: false,
            valid_at: None,
            waiting_on: None,
            overdue: false,
            kind: None,
            stage: None,
            premises: None,
            building: None,
            area: None,
            department: None,
            party: None,
        }
    }
}

/// A matter in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MatterView {
    /// Its stream.
    pub stream: String,
    /// What kind.
    pub kind: Kind,
    /// How far it is.
    pub stage: String,
    /// What it is about, as a code of its kind.
    pub about: String,
    /// What tells it from others of the same.
    pub detail: Option<String>,
    /// The party it is addressed to or comes from.
    pub party: Option<String>,
    /// The department that answers for it.
    pub department: Option<String>,
    /// Id of the premises; none of an alert.
    pub premises: Option<String>,
    /// Their address.
    pub address: Option<String>,
    /// Id of the building that they are or lie in.
    pub building: Option<String>,
    /// Their subdistrict.
    pub subdistrict: Option<String>,
    /// Their community.
    pub community: Option<String>,
    /// Their grid cell.
    pub grid_cell: Option<String>,
    /// Areas that an alert is for.
    pub areas: Vec<String>,
    /// Who has the next word.
    pub waits_on: Vec<Hand>,
    /// All deadlines that run, the earliest first.
    pub deadlines: Vec<Deadline>,
    /// The one that is due next.
    pub due: Option<Deadline>,
    /// Since which day somebody is late on it.
    pub overdue_since: Option<NaiveDate>,
    /// The number by which a reporter follows it.
    pub tracking: Option<String>,
    /// The day from which it runs.
    pub opened_on: NaiveDate,
    /// When it was opened, as its author claims.
    pub opened_at: DateTime<Utc>,
    /// When the ledger took that.
    pub opened_recorded_at: DateTime<Utc>,
    /// Position of its opening.
    pub position: u64,
    /// When the ledger took its last entry.
    pub changed_at: DateTime<Utc>,
    /// Position of its last entry.
    pub changed_position: u64,
    /// How it ended.
    pub ended_how: Option<String>,
    /// The day on which it ended.
    pub ended_on: Option<NaiveDate>,
    /// When it ended, as the author of that entry claims.
    pub ended_at: Option<DateTime<Utc>>,
    /// When the ledger took that.
    pub ended_recorded_at: Option<DateTime<Utc>>,
    /// Position of the entry that ended it.
    pub ended_position: Option<u64>,
}

/// A part of a list, from a place on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// How many there are in all.
    pub total: u64,
    /// The place of the last row, to ask for what comes after it; none at the end.
    pub next: Option<String>,
}

/// How many there are of a kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct KindCount {
    /// How many.
    pub total: u64,
    /// Of them overdue.
    pub overdue: u64,
}

impl Views {
    /// Matters: of those that run what is due first, and what was opened first of what is due at once or never; of those that
    /// ended the newest; of those that ran on a day what was opened first. `after` is the place a list before ended at.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn matters(
        &self,
        filter: &MatterFilter,
        after: Option<&str>,
        size: u64,
    ) -> Result<Listed<MatterView>, ViewsError> {
        let conditions = within::conditions(filter);
        let place = after.and_then(Place::read);
        self.read(|connection| {
            let held = conditions.sql();
            let values = || conditions.values().cloned();
            let from = from(filter);
            let total = count(
                connection,
                &format!("SELECT count(*) FROM {from} WHERE {held}"),
                params_from_iter(values()),
            )?;
            let (beyond, order) = match (filter.ended, filter.valid_at) {
                (true, _) => {
                    ("(m.ended_position, m.position) < (?, ?)", "m.ended_position DESC, m.position DESC")
                }
                (false, None) => ("(m.sort_day, m.position) > (?, ?)", "m.sort_day, m.position"),
                (false, Some(_)) => ("(m.opened_on, m.position) > (?, ?)", "m.opened_on, m.position"),
            };
            let beyond = if place.is_some() { format!(" AND {beyond}") } else { String::new() };
            let sql = format!(
                "SELECT {COLUMNS} FROM {from} WHERE {held}{beyond} ORDER BY {order} LIMIT {}",
                size.saturating_add(1)
            );
            let placed = place.iter().flat_map(|place| place.values(filter));
            let mut rows = all(connection, &sql, params_from_iter(values().chain(placed)), |row| {
                matter(row, filter.today)
            })?;
            let more = rows.len() as u64 > size;
            rows.truncate(usize::try_from(size).unwrap_or(usize::MAX));
            let next = rows.last().filter(|_| more).map(|last| Place::of(last, filter).written());
            let rows = rows.into_iter().map(|row| with_hands(connection, row)).collect::<Result<_, _>>()?;
            Ok(Listed { rows, total, next })
        })
    }

    /// How many there are of each kind.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn matters_counted(&self, filter: &MatterFilter) -> Result<BTreeMap<Kind, KindCount>, ViewsError> {
        let conditions = within::conditions(filter);
        self.read(|connection| {
            let sql = format!(
                "SELECT m.kind, count(*), sum({LATE}) FROM {} WHERE {} GROUP BY m.kind",
                from(filter),
                conditions.sql()
            );
            let today = Value::from(filter.today.to_string());
            let values = std::iter::once(today).chain(conditions.values().cloned());
            let counted = all(connection, &sql, params_from_iter(values), |row| {
                let kind: String = row.get(0)?;
                Ok((kind, KindCount { total: row.get(1)?, overdue: row.get(2)? }))
            })?;
            Ok(counted
                .into_iter()
                .filter_map(|(kind, count)| Some((Kind::from_code(&kind)?, count)))
                .collect())
        })
    }

    /// One matter by its stream, if it may be read: the one that runs, else the one that ended last.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn matter(
        &self,
        stream: &str,
        sights: &[Sight],
        today: NaiveDate,
    ) -> Result<Option<MatterView>, ViewsError> {
        let mut found = None;
        for ended in [false, true] {
            let filter = MatterFilter { ended, ..MatterFilter::running(sights.to_vec(), today) };
            let conditions = within::conditions(&filter).with("m.stream = ?", Some(stream.to_owned()));
            let number =
                stream.split('/').nth(1).filter(|_| stream.starts_with("premises/")).map(str::to_owned);
            let conditions =
                conditions.with("m.number = (SELECT number FROM premises WHERE premises = ?)", number);
            found = self.read(|connection| {
                let sql = format!(
                    "SELECT {COLUMNS} FROM {} WHERE {} ORDER BY m.position DESC LIMIT 1",
                    from(&filter),
                    conditions.sql()
                );
                let values = params_from_iter(conditions.values());
                let found = first(connection, &sql, values, |row| matter(row, today))?;
                found.map(|found| with_hands(connection, found)).transpose()
            })?;
            if found.is_some() {
                break;
            }
        }
        Ok(found)
    }

    /// The report of this number: all that its reporter is told of it. A number that two reports go by is none.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn report_by_number(&self, number: &str, today: NaiveDate) -> Result<Option<MatterView>, ViewsError> {
        self.read(|connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM matters m LEFT JOIN premises p ON p.number = m.number \
                 WHERE m.tracking = ?1 AND m.kind = 'report' LIMIT 2"
            );
            let mut found = all(connection, &sql, [number], |row| matter(row, today))?;
            Ok(found.pop().filter(|_| found.is_empty()))
        })
    }
}

/// Where a list goes on: the day and the positions of its last row.
struct Place {
    day: String,
    position: u64,
    ended: u64,
}

impl Place {
    fn of(row: &MatterView, filter: &MatterFilter) -> Self {
        let due = || row.due.as_ref().map_or_else(|| NO_DAY.to_owned(), |due| due.due.to_string());
        let day = filter.valid_at.map_or_else(due, |_| row.opened_on.to_string());
        Self { day, position: row.position, ended: row.ended_position.unwrap_or_default() }
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (day, position, ended) = (parts.next()?, parts.next()?, parts.next()?);
        let day: NaiveDate = day.parse().ok()?;
        Some(Self { day: day.to_string(), position: position.parse().ok()?, ended: ended.parse().ok()? })
    }

    fn written(&self) -> String {
        format!("{}.{}.{}", self.day, self.position, self.ended)
    }

    fn values(&self, filter: &MatterFilter) -> [Value; 2] {
        let position = Value::from(crate::tx::signed(self.position));
        if filter.ended {
            [Value::from(crate::tx::signed(self.ended)), position]
        } else {
            [Value::from(self.day.clone()), position]
        }
    }
}

const fn from(filter: &MatterFilter) -> &'static str {
    if filter.ended || filter.valid_at.is_some() { FROM_ALL } else { FROM_RUNNING }
}

fn with_hands(connection: &Connection, row: MatterView) -> Result<MatterView, ViewsError> {
    if row.ended_position.is_some() {
        return Ok(row);
    }
    let sql = "SELECT h.* FROM matters_at_hand m JOIN matter_hands h ON h.number = m.number AND h.stream = m.stream \
               WHERE m.stream = ?1 AND m.position = ?2 ORDER BY h.n";
    let waits_on = all(connection, sql, (&row.stream, row.position), hand)?;
    Ok(MatterView { waits_on, ..row })
}

fn hand(row: &Row<'_>) -> rusqlite::Result<Hand> {
    let role: Option<String> = row.get("role")?;
    Ok(Hand {
        role: role.and_then(|code| Role::ALL.into_iter().find(|role| role.code() == code)),
        department: row.get("department")?,
        account: row.get("account")?,
        party: row.get("party")?,
        from: day_if_any(row, "from_day")?,
        until: day_if_any(row, "until_day")?,
    })
}

fn matter(row: &Row<'_>, today: NaiveDate) -> rusqlite::Result<MatterView> {
    let moment = |column: &str| -> rusqlite::Result<Option<DateTime<Utc>>> {
        row.get::<_, Option<String>>(column)?.map(|text| parsed(text.parse())).transpose()
    };
    let at =
        |column: &str| -> rusqlite::Result<DateTime<Utc>> { parsed(row.get::<_, String>(column)?.parse()) };
    let deadlines: Vec<Deadline> = json(row, "deadlines")?;
    let (rule, on): (Option<String>, Option<String>) = (row.get("due_rule")?, row.get("due_on")?);
    let due =
        deadlines.iter().find(|due| Some(&due.rule) == rule.as_ref() && Some(due.due.to_string()) == on);
    let due = due.cloned();
    let kind: String = row.get("kind")?;
    let ended_position: Option<u64> = row.get("ended_position")?;
    let late = due.as_ref().filter(|_| ended_position.is_none()).and_then(|due| due.late_since(today));
    Ok(MatterView {
        stream: row.get("stream")?,
        kind: Kind::from_code(&kind).unwrap_or(Kind::Task),
        stage: row.get("stage")?,
        about: row.get("about")?,
        detail: row.get("detail")?,
        party: row.get("party")?,
        department: row.get("department")?,
        premises: row.get("premises")?,
        address: row.get("address")?,
        building: row.get("building")?,
        subdistrict: row.get("subdistrict")?,
        community: row.get("community")?,
        grid_cell: row.get("grid_cell")?,
        areas: json(row, "areas")?,
        waits_on: vec![],
        overdue_since: late,
        due,
        deadlines,
        tracking: row.get("tracking")?,
        opened_on: day(row, "opened_on")?,
        opened_at: at("opened_at")?,
        opened_recorded_at: at("opened_recorded_at")?,
        position: row.get("position")?,
        changed_at: at("changed_at")?,
        changed_position: row.get("changed_position")?,
        ended_how: row.get("ended_how")?,
        ended_on: day_if_any(row, "ended_on")?,
        ended_at: moment("ended_at")?,
        ended_recorded_at: moment("ended_recorded_at")?,
        ended_position,
    })
}

const COLUMNS: &str = "m.*, p.premises, p.address, p.subdistrict, p.community, p.grid_cell, \
    CASE p.layer WHEN 'unit' THEN p.parent ELSE p.premises END AS building";

const FROM_ALL: &str = "matters m LEFT JOIN premises p ON p.number = m.number";

const FROM_RUNNING: &str = "matters_at_hand m LEFT JOIN premises p ON p.number = m.number";

/// Whether somebody is late; the day it is seen from is the one value.
const LATE: &str = "m.due_on IS NOT NULL AND m.due_on < ? AND m.provisional = 0 AND m.lapses = 0";

/// Where nothing is due: after everything that is.
const NO_DAY: &str = "9999-12-31";

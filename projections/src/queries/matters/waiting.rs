//! Waiting: whom matters wait on, and whose lateness it is.

use chrono::NaiveDate;
use rusqlite::params_from_iter;
use rusqlite::types::Value;
use serde::Serialize;
use wuping_domain::facts::{Actor, Role};

use super::within::{answered_by, conditions, in_area};
use super::{FROM_RUNNING, MatterFilter};
use crate::error::ViewsError;
use crate::pool::Views;
use crate::queries::{all, day};

/// Whose next word it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WaitingOn {
    /// Whichever of these.
    pub any: Vec<WaitingHand>,
}

/// Hands that matters may wait on.
#[derive(Clone, Debug, PartialEq)]
pub enum WaitingHand {
    /// This account by name.
    Account(String),
    /// Whoever has this role, of this department, in this area; what is absent does not matter.
    Office {
        /// The role; any of the department where absent.
        role: Option<Role>,
        /// The department.
        department: Option<String>,
        /// Subdistrict, community or grid cell.
        area: Option<String>,
    },
    /// Who speaks for this party.
    Party(String),
}

impl WaitingOn {
    /// What waits on a person: by name, by each role that was given, and by the parties the person speaks for.
    pub fn person(actor: &Actor) -> Self {
        let mut any = vec![WaitingHand::Account(actor.account.clone())];
        for grant in &actor.grants {
            if let (Role::Owner | Role::Operator, Some(party)) = (grant.role, &grant.party) {
                any.push(WaitingHand::Party(party.clone()));
                continue;
            }
            let (department, area) = (grant.department.clone(), grant.area.clone());
            any.push(WaitingHand::Office { role: Some(grant.role), department, area });
        }
        Self { any }
    }

    /// What waits on an account by name.
    pub fn account(account: &str) -> Self {
        Self { any: vec![WaitingHand::Account(account.to_owned())] }
    }
}

/// Somebody who is late, with how much and since when.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LateHand {
    /// The role.
    pub role: Option<String>,
    /// The department.
    pub department: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// How many matters.
    pub matters: u64,
    /// The day that ended first.
    pub oldest_due: NaiveDate,
}

impl Views {
    /// Whose lateness it is: hands that overdue matters wait on, with how many and the oldest due day, the longest late
    /// first.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn late_hands(&self, filter: &MatterFilter) -> Result<Vec<LateHand>, ViewsError> {
        let held = conditions(&MatterFilter { ended: false, overdue: true, ..filter.clone() });
        let sql = format!(
            "SELECT h.role, h.department, h.account, count(*) AS matters, min(m.due_on) AS oldest_due \
             FROM {FROM_RUNNING} JOIN matter_hands h ON h.number = m.number AND h.stream = m.stream \
             WHERE {} GROUP BY h.role, h.department, h.account \
             ORDER BY oldest_due, h.role, h.department, h.account LIMIT 200",
            held.sql()
        );
        self.read(|connection| {
            all(connection, &sql, params_from_iter(held.values()), |row| {
                Ok(LateHand {
                    role: row.get("role")?,
                    department: row.get("department")?,
                    account: row.get("account")?,
                    matters: row.get("matters")?,
                    oldest_due: day(row, "oldest_due")?,
                })
            })
        })
    }
}

/// That a matter waits on one of these hands on a day.
pub(super) fn waits(on: &WaitingOn, today: &str) -> (String, Vec<Value>) {
    let mut parts = vec![];
    let mut values = vec![Value::from(today.to_owned()), Value::from(today.to_owned())];
    for hand in &on.any {
        let (sql, more) = match hand {
            WaitingHand::Account(account) => ("h.account = ?".to_owned(), vec![Value::from(account.clone())]),
            WaitingHand::Office { role, department, area } => {
                office(*role, department.as_ref(), area.as_ref())
            }
            WaitingHand::Party(party) => {
                let (answered, mut values) = answered_by(party, today);
                values.push(Value::from(party.clone()));
                let sql = format!(
                    "h.account IS NULL AND h.role = 'owner' AND ({answered}) AND (h.party IS NULL OR h.party = ?)"
                );
                (sql, values)
            }
        };
        parts.push(format!("({sql})"));
        values.extend(more);
    }
    let any = if parts.is_empty() { "0".to_owned() } else { parts.join(" OR ") };
    let sql = format!(
        "EXISTS (SELECT 1 FROM matter_hands h WHERE h.number = m.number AND h.stream = m.stream \
         AND coalesce(h.from_day, '') <= ? AND coalesce(h.until_day, '9999') >= ? AND ({any}))"
    );
    (sql, values)
}

/// A hand of a role, of a department, or of both; each must fit where the matter names it.
fn office(role: Option<Role>, department: Option<&String>, area: Option<&String>) -> (String, Vec<Value>) {
    let mut sql = "h.account IS NULL".to_owned();
    let mut values = vec![];
    match (role, department) {
        (Some(role), Some(department)) => {
            sql.push_str(
                " AND ((h.role = ? AND (h.department IS NULL OR h.department = ?)) \
                 OR (h.role IS NULL AND h.department = ?))",
            );
            values.push(Value::from(role.code().to_owned()));
            values.extend([Value::from(department.clone()), Value::from(department.clone())]);
        }
        (Some(role), None) => {
            sql.push_str(" AND h.role = ? AND h.department IS NULL");
            values.push(Value::from(role.code().to_owned()));
        }
        (None, Some(department)) => {
            sql.push_str(" AND h.department = ?");
            values.push(Value::from(department.clone()));
        }
        (None, None) => {}
    }
    if let Some(area) = area {
        let (within, more) = in_area(area);
        sql.push_str(&format!(" AND ({within})"));
        values.extend(more);
    }
    (sql, values)
}

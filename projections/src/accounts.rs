//! Accounts: what each may do and whether it is open, and whose each key is. Few enough to be held whole.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use wuping_domain::account::{Account, Standing};
use wuping_domain::aggregate::Concept;
use wuping_domain::association;
use wuping_domain::event::Event;

use crate::entry::{Entry, KeyFact};
use crate::error::ViewsError;
use crate::tx::{Tx, json, signed, write};

/// Raised when the fold or its rows change.
pub const VERSION: u32 = 3;

/// All accounts and keys, with those whose rows are behind.
#[derive(Debug, Default)]
pub struct Accounts {
    accounts: BTreeMap<String, HeldAccount>,
    keys: BTreeMap<String, HeldKey>,
}

#[derive(Debug, Default)]
struct HeldAccount {
    dirty: bool,
    state: Account,
}

#[derive(Debug)]
struct HeldKey {
    dirty: bool,
    ended_at: Option<u64>,
    enrolled_at: u64,
    holder: String,
    role: String,
    suspect_from: Option<u64>,
}

/// Take an entry.
///
/// # Errors
/// None at present.
pub fn apply(tx: &mut Tx, entry: &Entry) -> Result<(), ViewsError> {
    let accounts = tx.accounts();
    if let Event::Account(event) = &entry.recorded.event {
        let held = accounts.accounts.entry(entry.recorded.last_segment().to_owned()).or_default();
        held.state.evolve(event);
        held.dirty = true;
    }
    if let Event::Association(event) = &entry.recorded.event {
        let member = match event {
            association::Event::AssociationMemberAdded { account, .. }
            | association::Event::AssociationMemberRemoved { account, .. } => Some(account),
            association::Event::AssociationRegistered { .. } => None,
        };
        if let Some(held) = member.and_then(|member| accounts.accounts.get_mut(member)) {
            held.state.take_membership(entry.recorded.last_segment(), event);
            held.dirty = true;
        }
    }
    if let Some(fact) = &entry.key {
        accounts.take_key(fact, entry.recorded.position);
    }
    Ok(())
}

impl Accounts {
    fn take_key(&mut self, fact: &KeyFact, position: u64) {
        match fact {
            KeyFact::Enrolled { kid, holder, role } => self.begin(kid, holder, role, position),
            KeyFact::Rotated { old_kid, kid, holder, role } => {
                self.end(old_kid, position, None);
                self.begin(kid, holder, role, position);
            }
            KeyFact::Revoked { kid, suspect_from } => self.end(kid, position, *suspect_from),
        }
    }

    fn begin(&mut self, kid: &str, holder: &str, role: &str, enrolled_at: u64) {
        let key = HeldKey {
            dirty: true,
            ended_at: None,
            enrolled_at,
            holder: holder.to_owned(),
            role: role.to_owned(),
            suspect_from: None,
        };
        self.keys.insert(kid.to_owned(), key);
    }

    fn end(&mut self, kid: &str, position: u64, suspect_from: Option<u64>) {
        if let Some(key) = self.keys.get_mut(kid) {
            key.ended_at = Some(position);
            key.suspect_from = suspect_from;
            key.dirty = true;
        }
    }

    pub(crate) fn write_rows(&mut self, connection: &Connection) -> Result<(), ViewsError> {
        for (id, held) in self.accounts.iter_mut().filter(|(_, held)| held.dirty) {
            let values = params![
                id,
                code(held.state.standing),
                json(&held.state.grants)?,
                json(&held.state.relations)?,
                held.state.association,
                held.state.left
            ];
            write(connection, "REPLACE INTO accounts VALUES (?1, ?2, ?3, ?4, ?5, ?6)", values)?;
            held.dirty = false;
        }
        for (kid, key) in self.keys.iter_mut().filter(|(_, key)| key.dirty) {
            let values = params![
                kid,
                key.holder,
                key.role,
                signed(key.enrolled_at),
                key.ended_at.map(signed),
                key.suspect_from.map(signed)
            ];
            write(connection, "REPLACE INTO account_keys VALUES (?1, ?2, ?3, ?4, ?5, ?6)", values)?;
            key.dirty = false;
        }
        Ok(())
    }

    pub(crate) fn load(connection: &Connection) -> Result<Self, ViewsError> {
        let reading = ViewsError::database("be read");
        let mut accounts = Self::default();
        let mut statement = connection.prepare("SELECT * FROM accounts").map_err(&reading)?;
        let mut rows = statement.query([]).map_err(&reading)?;
        while let Some(row) = rows.next().map_err(&reading)? {
            let text = |at| row.get::<_, String>(at).map_err(&reading);
            let unread = |source| ViewsError::Unread { what: "grant of an account", source };
            let state = Account {
                association: row.get(4).map_err(&reading)?,
                left: row.get(5).map_err(&reading)?,
                grants: serde_json::from_str(&text(2)?).map_err(unread)?,
                relations: serde_json::from_str(&text(3)?).map_err(unread)?,
                standing: standing(&text(1)?),
            };
            accounts.accounts.insert(text(0)?, HeldAccount { dirty: false, state });
        }
        let mut statement = connection.prepare("SELECT * FROM account_keys").map_err(&reading)?;
        let mut rows = statement.query([]).map_err(&reading)?;
        while let Some(row) = rows.next().map_err(&reading)? {
            let number = |at| row.get::<_, Option<u64>>(at).map_err(&reading);
            let key = HeldKey {
                dirty: false,
                holder: row.get(1).map_err(&reading)?,
                role: row.get(2).map_err(&reading)?,
                enrolled_at: number(3)?.unwrap_or_default(),
                ended_at: number(4)?,
                suspect_from: number(5)?,
            };
            accounts.keys.insert(row.get(0).map_err(&reading)?, key);
        }
        Ok(accounts)
    }
}

/// The name of a standing in the view: `absent`, `open`, `suspended`, `closed`.
pub const fn code(standing: Standing) -> &'static str {
    match standing {
        Standing::Absent => "absent",
        Standing::Closed => "closed",
        Standing::Open => "open",
        Standing::Suspended => "suspended",
    }
}

pub(crate) fn standing(code: &str) -> Standing {
    let all = [Standing::Closed, Standing::Open, Standing::Suspended];
    all.into_iter().find(|standing| self::code(*standing) == code).unwrap_or_default()
}

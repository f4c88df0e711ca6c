//! An entry as the folds see it: the domain's event where it is one, and what key events say of accounts.

use serde::Deserialize;
use wuping_domain::event::{Event, Unreadable, Written, read};
use wuping_domain::recorded::Recorded;
use wuping_ledger::stored_leaf::StoredLeaf;

/// An entry, understood.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The entry.
    pub recorded: Recorded<Event>,
    /// What it says about a key, if it stands in `keys/…`.
    pub key: Option<KeyFact>,
}

/// What an entry says about a key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum KeyFact {
    /// A key begins, by enrolment or by the opening of the ledger.
    Enrolled {
        /// Its thumbprint.
        kid: String,
        /// Whose it is: an account's id, or a name of the server's own.
        holder: String,
        /// What it may sign.
        role: String,
    },
    /// A key takes the place of another.
    Rotated {
        /// The key that ends.
        old_kid: String,
        /// The new one.
        kid: String,
        /// Whose it is.
        holder: String,
        /// What it may sign.
        role: String,
    },
    /// A key ends.
    Revoked {
        /// Which.
        kid: String,
        /// From which position what it signed is under doubt.
        suspect_from: Option<u64>,
    },
}

impl Entry {
    /// Understands a stored entry. Its hash is not looked at here.
    ///
    /// # Errors
    /// [`Unreadable`] with the position.
    pub fn of_leaf(row: &StoredLeaf<'_>) -> Result<Self, Unreadable> {
        let recorded = read(&Written {
            data: row.data,
            event_id: row.event_id,
            occurred_at: row.occurred_at,
            position: row.position,
            recorded_at: row.recorded_at,
            stream: row.stream,
            version: row.version,
        })?;
        let key = if row.stream.starts_with("keys/") { key_fact(row.data) } else { None };
        Ok(Self { recorded, key })
    }
}

/// What a key event says. The ledger let it in by its own rules, so that another shape is of a later version: passed over.
fn key_fact(data: &str) -> Option<KeyFact> {
    let said: KeyEvent = serde_json::from_str(data).ok()?;
    match said.event_type.as_str() {
        "KeyEnrolled" | "LedgerOpened" => {
            Some(KeyFact::Enrolled { kid: said.kid, holder: said.holder?, role: said.role? })
        }
        "KeyRotated" => Some(KeyFact::Rotated {
            old_kid: said.old_kid?,
            kid: said.kid,
            holder: said.holder?,
            role: said.role?,
        }),
        "KeyRevoked" => Some(KeyFact::Revoked { kid: said.kid, suspect_from: said.suspect_from }),
        _ => None,
    }
}

#[derive(Deserialize)]
struct KeyEvent {
    kid: String,
    holder: Option<String>,
    old_kid: Option<String>,
    role: Option<String>,
    suspect_from: Option<u64>,
    #[serde(rename = "type")]
    event_type: String,
}

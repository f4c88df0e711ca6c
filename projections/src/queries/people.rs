//! Accounts with their keys, the registered authorities, and the published rulebooks.

use chrono::NaiveDate;
use rusqlite::{Connection, Row};
use serde::Serialize;
use wuping_domain::account::{Standing, held};
use wuping_domain::derivation::SchemeRef;
use wuping_domain::facts::{Grant, Relation};
use wuping_domain::rulebook::Layer;

use super::{Page, Paged, all, count, day, first, json, parsed};
use crate::accounts::standing;
use crate::error::ViewsError;
use crate::pool::Views;

/// An account. The person's name is not here: it is private.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccountView {
    /// Its pseudonym.
    pub account: String,
    /// Whether it may be used.
    #[serde(serialize_with = "standing_code")]
    pub standing: Standing,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// To whom its holder is related.
    pub relations: Vec<Relation>,
    /// Its keys, in order of enrolment.
    pub keys: Vec<KeyView>,
}

/// A key and whose it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeyView {
    /// Its thumbprint.
    pub kid: String,
    /// The account, or a name of the server's own.
    pub account: String,
    /// What it may sign.
    pub role: String,
    /// Position of its enrolment.
    pub enrolled_at: u64,
    /// Position of its end; valid while none.
    pub ended_at: Option<u64>,
    /// From which position what it signed is under doubt.
    pub suspect_from: Option<u64>,
}

/// A registered authority.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuthorityView {
    /// Its id, the last segment of its stream.
    pub authority: String,
    /// Its name.
    pub name: String,
    /// The department of the policy's list that it is, where it is one.
    pub department: Option<String>,
}

/// A published rulebook.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RulebookView {
    /// Its id and digest.
    pub scheme: SchemeRef,
    /// What it grades.
    pub layer: Layer,
    /// First day on which an assessment may be opened under it.
    pub holds_from: NaiveDate,
    /// Whether it governs, or only grades what others have graded.
    pub operating: bool,
    /// Who issued it.
    pub issued_by: String,
    /// Number of the issuing document, or of the licence it came under.
    pub document_number: String,
    /// Position of its publication.
    pub position: u64,
}

impl Views {
    /// An account by its pseudonym.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn account(&self, id: &str) -> Result<Option<AccountView>, ViewsError> {
        self.read(|connection| {
            let found = first(connection, "SELECT * FROM accounts WHERE account = ?1", [id], account)?;
            found.map(|account| with_keys(connection, account)).transpose()
        })
    }

    /// All accounts, by pseudonym.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn accounts(&self, page: Page) -> Result<Paged<AccountView>, ViewsError> {
        self.read(|connection| {
            let total = count(connection, "SELECT count(*) FROM accounts", [])?;
            let sql = "SELECT * FROM accounts ORDER BY account LIMIT ?1 OFFSET ?2";
            let found = all(connection, sql, (page.size, page.offset()), account)?;
            let rows = found.into_iter().map(|account| with_keys(connection, account));
            Ok(Paged::of(rows.collect::<Result<_, _>>()?, page, total))
        })
    }

    /// The key with this thumbprint, and whose it is.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn account_of_kid(&self, kid: &str) -> Result<Option<KeyView>, ViewsError> {
        self.read(|connection| first(connection, "SELECT * FROM account_keys WHERE kid = ?1", [kid], key))
    }

    /// The open accounts with what each may do, by pseudonym.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn open_accounts(&self) -> Result<Vec<(String, Vec<Grant>)>, ViewsError> {
        let sql = "SELECT * FROM accounts WHERE standing = 'open' ORDER BY account";
        let found = self.read(|connection| all(connection, sql, [], account))?;
        Ok(found.into_iter().map(|open| (open.account, open.grants)).collect())
    }

    /// All registered authorities, by id.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn authorities(&self) -> Result<Vec<AuthorityView>, ViewsError> {
        self.read(|connection| all(connection, "SELECT * FROM authorities ORDER BY authority", [], authority))
    }

    /// The id of the registered authority of this id or name; of several of one name the first.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn authority_called(&self, name: &str) -> Result<Option<String>, ViewsError> {
        let sql = "SELECT * FROM authorities WHERE authority = ?1 OR name = ?1 ORDER BY authority <> ?1, authority LIMIT 1";
        let found = self.read(|connection| first(connection, sql, [name], authority))?;
        Ok(found.map(|found| found.authority))
    }

    /// A published rulebook by its id.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn rulebook(&self, id: &str) -> Result<Option<RulebookView>, ViewsError> {
        self.read(|connection| {
            first(connection, "SELECT * FROM rulebooks WHERE rulebook = ?1", [id], rulebook)
        })
    }

    /// All published rulebooks, by id.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn rulebooks(&self) -> Result<Vec<RulebookView>, ViewsError> {
        self.read(|connection| all(connection, "SELECT * FROM rulebooks ORDER BY rulebook", [], rulebook))
    }

    /// The operating rulebook of a layer that holds on a day: of those published, the one that holds from the latest day.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn operating_rulebook(
        &self,
        layer: Layer,
        on: NaiveDate,
    ) -> Result<Option<RulebookView>, ViewsError> {
        let sql = "SELECT * FROM rulebooks WHERE layer = ?1 AND operating = 1 AND holds_from <= ?2 \
                   ORDER BY holds_from DESC, position DESC LIMIT 1";
        self.read(|connection| first(connection, sql, [layer.to_string(), on.to_string()], rulebook))
    }
}

fn with_keys(connection: &Connection, account: AccountView) -> Result<AccountView, ViewsError> {
    let sql = "SELECT * FROM account_keys WHERE account = ?1 ORDER BY enrolled_at, kid";
    let keys = all(connection, sql, [&account.account], key)?;
    Ok(AccountView { keys, ..account })
}

fn account(row: &Row<'_>) -> rusqlite::Result<AccountView> {
    Ok(AccountView {
        account: row.get("account")?,
        standing: standing(&row.get::<_, String>("standing")?),
        grants: held(json(row, "grants")?, row.get("has_left")?),
        relations: json(row, "relations")?,
        keys: Vec::new(),
    })
}

fn authority(row: &Row<'_>) -> rusqlite::Result<AuthorityView> {
    Ok(AuthorityView {
        authority: row.get("authority")?,
        name: row.get("name")?,
        department: row.get("department")?,
    })
}

fn key(row: &Row<'_>) -> rusqlite::Result<KeyView> {
    Ok(KeyView {
        kid: row.get("kid")?,
        account: row.get("account")?,
        role: row.get("role")?,
        enrolled_at: row.get("enrolled_at")?,
        ended_at: row.get("ended_at")?,
        suspect_from: row.get("suspect_from")?,
    })
}

fn rulebook(row: &Row<'_>) -> rusqlite::Result<RulebookView> {
    Ok(RulebookView {
        scheme: SchemeRef { id: row.get("rulebook")?, sha256: row.get("sha256")? },
        layer: parsed(row.get::<_, String>("layer")?.parse())?,
        holds_from: day(row, "holds_from")?,
        operating: row.get("operating")?,
        issued_by: row.get("issued_by")?,
        document_number: row.get("document_number")?,
        position: row.get("position")?,
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn standing_code<S: serde::Serializer>(standing: &Standing, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(crate::accounts::code(*standing))
}

//! A ledger whose guards were got round as somebody with the file would: triggers dropped, columns loosened in SQLite's own
//! schema table, both put back afterwards so that nothing of it shows.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use tempfile::TempDir;
use wuping_ledger::encoding::Hash;

use crate::program::{COLUMNS, first_rows, told};

/// A ledger with its guards off, and what they were.
pub(crate) struct House {
    folder: TempDir,
    /// Per file: the statements that made its tables, by name, and its triggers.
    #[allow(clippy::type_complexity, reason = "it is named and read in this file alone")]
    guards: Vec<(&'static str, Vec<(String, String)>, Vec<String>)>,
    /// The entries as they are.
    pub(crate) rows: Vec<Vec<Stored>>,
}

impl House {
    pub(crate) fn built() -> Self {
        let folder = tempfile::tempdir().unwrap();
        build(folder.path(), &[]);
        let guards = FILES.iter().map(|file| guards_off(folder.path(), file)).collect();
        let rows = {
            let connection = Connection::open(folder.path().join("ledger.db")).unwrap();
            all(&connection, &format!("SELECT {} FROM events ORDER BY position", COLUMNS.join(", ")))
        };
        assert!(rows.len() > 2_000, "{} entries", rows.len());
        Self { folder, guards, rows }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Every row of a query on one of its files.
    pub(crate) fn all(&self, file: &str, sql: &str) -> Vec<Vec<Stored>> {
        all(&Connection::open(self.path().join(file)).unwrap(), sql)
    }

    pub(crate) fn put_guards_back(&self, folder: &Path) {
        for (file, tables, triggers) in &self.guards {
            let connection = Connection::open(folder.join(file)).unwrap();
            rewrite(&connection, tables);
            for trigger in triggers {
                connection.execute_batch(trigger).unwrap();
            }
        }
    }
}

/// A ledger of more than two thousand entries with accounts, private values and attachments.
pub(crate) fn build(folder: &Path, more: &[&str]) {
    let file = folder.join("rows.csv");
    first_rows(ROWS, &file);
    told(folder, &[&["init", "--origin", "ledger.example/mutations", "--json"], more].concat());
    told(folder, &["import", "toronto-evaluations", file.to_str().unwrap(), "--json"]);
    for (login, role) in [("clerk", "data_clerk"), ("li", "grid_worker"), ("wang", "grid_worker")] {
        told(folder, &["account", "open", login, "--name", "李四", "--role", role, "--json"]);
    }
    for photo in [b"a photo".as_slice(), b"another photo"] {
        let name = Hash::of(photo).hex();
        let place = folder.join("attachments").join(&name[..2]);
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join(&name), photo).unwrap();
    }
}

/// Runs a change on a file of a copy, its checks off.
pub(crate) fn change(folder: &Path, file: &str, change: impl FnOnce(&Connection)) {
    let connection = Connection::open(folder.join(file)).unwrap();
    connection.execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
    change(&connection);
}

fn guards_off(folder: &Path, file: &'static str) -> (&'static str, Vec<(String, String)>, Vec<String>) {
    let connection = Connection::open(folder.join(file)).unwrap();
    let texts = |sql: &str| -> Vec<(String, String)> {
        let text = |stored: &Stored| match stored {
            Stored::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        };
        all(&connection, sql).iter().map(|row| (text(&row[0]), text(&row[1]))).collect()
    };
    let tables = texts("SELECT name, sql FROM sqlite_schema WHERE type = 'table'");
    let triggers = texts("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'");
    assert!(!triggers.is_empty());
    for (name, _) in &triggers {
        connection.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    let loosened: Vec<(String, String)> =
        tables.iter().map(|(name, sql)| (name.clone(), loosened(sql))).collect();
    rewrite(&connection, &loosened);
    let _: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
    (file, tables, triggers.into_iter().map(|(_, sql)| sql).collect())
}

/// A table's statement without what it demands of its values.
fn loosened(sql: &str) -> String {
    sql.replace("IS NOT NULL", "IS #")
        .replace("NOT NULL", "")
        .replace("IS #", "IS NOT NULL")
        .replace(") STRICT, WITHOUT ROWID", ") WITHOUT ROWID")
        .replace(") STRICT", ")")
}

fn rewrite(connection: &Connection, tables: &[(String, String)]) {
    connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
    for (name, sql) in tables {
        let update = "UPDATE sqlite_schema SET sql = ?2 WHERE type = 'table' AND name = ?1";
        assert_eq!(connection.execute(update, [name, sql]).unwrap(), 1);
    }
    connection.execute_batch("PRAGMA writable_schema = RESET").unwrap();
}

fn all(connection: &Connection, sql: &str) -> Vec<Vec<Stored>> {
    let mut read = connection.prepare(sql).unwrap();
    let columns = read.column_count();
    let row = |row: &rusqlite::Row<'_>| (0..columns).map(|at| row.get(at)).collect();
    read.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
}

const FILES: [&str; 2] = ["ledger.db", "vault.db"];
const ROWS: usize = 420;

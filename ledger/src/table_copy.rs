//! Tables on their way between a Postgres server and files: a backup has them as files, wherever the ledger lies.
//!
//! From the server they are read as of one moment while others write, to it they are written in one transaction; both go row by row,
//! so that no table need fit into memory.

use std::path::Path;

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OpenFlags, params_from_iter};
use tokio_postgres::Row as Columns;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};

use crate::place::database_url;
use crate::postgres::{MAKING_LOCK, SCHEMAS, check_settings, open_reading};
use crate::postgres_address::Address;
use crate::postgres_session::{Session, Text, failed};
use crate::select::{damaged, reading};
use crate::store::StoreError;

/// A file of tables, such as a folder has where its ledger is not on a server.
#[derive(Debug)]
pub struct TableFile {
    /// Its name in a folder.
    pub name: &'static str,
    /// What makes its tables.
    pub schema: &'static str,
    /// Those of its tables that are copied.
    pub tables: &'static [Table],
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Its name in the file.
    pub in_file: &'static str,
    /// Its name on a server.
    pub on_server: &'static str,
    /// Its columns, which have the same names in both; the first ones are those that a server finds its rows in order by.
    pub columns: &'static [(&'static str, Kind)],
    /// How many of them that is.
    pub ordered_by: usize,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Bytes.
    Blob,
    /// Yes or no: a number in a file.
    Flag,
    /// A whole number.
    Number,
    /// Text, and JSON as text.
    Text,
}

/// The tables of a server as of one moment.
#[derive(Debug)]
pub struct ServerSnapshot {
    session: Session,
}

impl ServerSnapshot {
    /// Of the database that a folder's ledger is in; none if it is not on a server.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be reached, holds no ledger or one of another version.
    pub fn of_folder(folder: &Path) -> Result<Option<Self>, StoreError> {
        let Some(url) = database_url(folder)? else { return Ok(None) };
        let session = open_reading(&Address::parse(&url)?)?;
        session.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "be read")?;
        // the moment is that of the first look
        session.batch("SELECT size FROM head", "be read")?;
        Ok(Some(Self { session }))
    }

    /// Writes the rows of a file's tables into a new file; `told` hears of them in between.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the server or the file fails; the file is then of no use.
    pub fn copy(&self, file: &TableFile, to: &Path, told: &mut dyn FnMut()) -> Result<(), StoreError> {
        let write = || {
            let connection = Connection::open(to)?;
            // a copy that a crash interrupts is of no use anyhow
            connection.execute_batch(&format!(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN; {}",
                file.schema
            ))?;
            Ok(connection)
        };
        let connection = write().map_err(writing)?;
        file.tables.iter().try_for_each(|table| self.copy_table(table, &connection, told))?;
        connection.execute_batch("COMMIT").map_err(writing)
    }

    fn copy_table(&self, table: &Table, to: &Connection, told: &mut dyn FnMut()) -> Result<(), StoreError> {
        const DOING: &str = "be read";
        let (session, names) = (&self.session, table.names());
        let marks = vec!["?"; table.columns.len()].join(", ");
        let mut insert = to
            .prepare(&format!("INSERT INTO {} ({names}) VALUES ({marks})", table.in_file))
            .map_err(writing)?;
        session.batch(
            &format!(
                "DECLARE lying NO SCROLL CURSOR FOR SELECT {names} FROM {} ORDER BY {}",
                table.on_server,
                table.order()
            ),
            DOING,
        )?;
        let fetch = session.wait(session.client.prepare(FETCH)).map_err(failed(DOING))?;
        loop {
            let part = session.wait(session.client.query(&fetch, &[])).map_err(failed(DOING))?;
            for columns in &part {
                let kinds = table.columns.iter().enumerate();
                let values = kinds.map(|(at, (_, kind))| kind.read_from_server(columns, at));
                let values = values.collect::<Result<Vec<_>, _>>()?;
                insert.execute(params_from_iter(values)).map_err(writing)?;
            }
            told();
            if part.is_empty() {
                return session.batch("CLOSE lying", DOING);
            }
        }
    }
}

/// A database on a server that is being filled: nothing of it is there until it is whole.
#[derive(Debug)]
pub struct ServerFilling {
    session: Session,
}

impl ServerFilling {
    /// Whether a database may be filled at all.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotEmpty`] if there is something in it already; [`StoreError`] if it cannot be reached or is set up so that a
    /// ledger would not be safe in it.
    pub fn check(url: &str) -> Result<(), StoreError> {
        let address = Address::parse(url)?;
        let session = Session::open(&address)?;
        check_settings(&session)?;
        check_empty(&session, &address)
    }

    /// Begins with the tables of a new ledger.
    ///
    /// # Errors
    ///
    /// As [`ServerFilling::check`].
    pub fn begin(url: &str) -> Result<Self, StoreError> {
        let address = Address::parse(url)?;
        let session = Session::open(&address)?;
        check_settings(&session)?;
        session.batch(&format!("BEGIN; SELECT pg_advisory_xact_lock({MAKING_LOCK});"), FILLING)?;
        check_empty(&session, &address)?;
        // the row that a new ledger's head has is the file's
        session.batch(&format!("{}; DELETE FROM head", SCHEMAS.concat()), "be made")?;
        Ok(Self { session })
    }

    /// Takes in the rows of a file's tables; `told` hears of them in between.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the server or the file fails; nothing is then in the database once this is dropped.
    pub fn fill(&self, file: &TableFile, from: &Path, told: &mut dyn FnMut()) -> Result<(), StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(from, flags).map_err(reading)?;
        file.tables.iter().try_for_each(|table| self.fill_table(table, &connection, told))
    }

    fn fill_table(&self, table: &Table, from: &Connection, told: &mut dyn FnMut()) -> Result<(), StoreError> {
        let (session, names) = (&self.session, table.names());
        let sql = format!("SELECT {names} FROM {} ORDER BY {}", table.in_file, table.order());
        let mut statement = from.prepare(&sql).map_err(reading)?;
        let mut rows = statement.query([]).map_err(reading)?;
        let types: Vec<Type> = table.columns.iter().map(|(_, kind)| kind.on_server()).collect();
        let copy = format!("COPY {} ({names}) FROM STDIN BINARY", table.on_server);
        session.wait(async {
            let sink = session.client.copy_in(copy.as_str()).await.map_err(failed(FILLING))?;
            let mut writer = std::pin::pin!(BinaryCopyInWriter::new(sink, &types));
            let mut count: u32 = 0;
            while let Some(row) = rows.next().map_err(reading)? {
                let kinds = table.columns.iter().enumerate();
                let cells =
                    kinds.map(|(at, (_, kind))| kind.read_from_file(row.get_ref(at).map_err(reading)?));
                let cells = cells.collect::<Result<Vec<_>, StoreError>>()?;
                let written = writer.as_mut().write_raw(cells.iter().map(Cell::parameter)).await;
                written.map_err(failed(FILLING))?;
                count = count.wrapping_add(1);
                if count.is_multiple_of(TOLD_EVERY) {
                    told();
                }
            }
            writer.finish().await.map(|_| ()).map_err(failed(FILLING))
        })
    }

    /// Leaves word of what was put back, which stands here until the log says it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be kept.
    pub fn note(&self, note: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO restored (only_row, note) VALUES (1, $1)";
        self.session.execute(sql, &[&note], FILLING).map(|_| ())
    }

    /// Makes it durable, all at once.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the server does not say that it is.
    pub fn commit(self) -> Result<(), StoreError> {
        self.session.batch(&format!("{HEAD_IF_NONE}; COMMIT"), FILLING)
    }
}

impl Table {
    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    fn order(&self) -> String {
        self.columns[..self.ordered_by].iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

/// A value on its way to a server.
enum Cell<'r> {
    Blob(Option<&'r [u8]>),
    Flag(Option<bool>),
    Number(Option<i64>),
    Text(Option<&'r str>),
}

impl Cell<'_> {
    fn parameter(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Blob(value) => value,
            Self::Flag(value) => value,
            Self::Number(value) => value,
            Self::Text(value) => value,
        }
    }
}

impl Kind {
    /// JSON goes to a server as the text that it is.
    fn on_server(self) -> Type {
        match self {
            Self::Blob => Type::BYTEA,
            Self::Flag => Type::BOOL,
            Self::Number => Type::INT8,
            Self::Text => Type::TEXT,
        }
    }

    fn read_from_server(self, columns: &Columns, at: usize) -> Result<ToSqlOutput<'_>, StoreError> {
        let value = match self {
            Self::Blob => columns.try_get::<_, Option<&[u8]>>(at).map(|value| value.map(ValueRef::Blob)),
            Self::Flag => columns
                .try_get::<_, Option<bool>>(at)
                .map(|value| value.map(|value| ValueRef::Integer(value.into()))),
            Self::Number => columns.try_get::<_, Option<i64>>(at).map(|value| value.map(ValueRef::Integer)),
            Self::Text => columns
                .try_get::<_, Option<Text<'_>>>(at)
                .map(|value| value.map(|text| ValueRef::Text(text.0.as_bytes()))),
        };
        let value = value.map_err(failed("be read"))?;
        Ok(value.map_or(ToSqlOutput::Owned(Value::Null), ToSqlOutput::Borrowed))
    }

    fn read_from_file(self, value: ValueRef<'_>) -> Result<Cell<'_>, StoreError> {
        Ok(match (self, value) {
            (Self::Blob, ValueRef::Null) => Cell::Blob(None),
            (Self::Blob, ValueRef::Blob(bytes)) => Cell::Blob(Some(bytes)),
            (Self::Flag, ValueRef::Null) => Cell::Flag(None),
            (Self::Flag, ValueRef::Integer(number @ 0..=1)) => Cell::Flag(Some(number == 1)),
            (Self::Number, ValueRef::Null) => Cell::Number(None),
            (Self::Number, ValueRef::Integer(number)) => Cell::Number(Some(number)),
            (Self::Text, ValueRef::Null) => Cell::Text(None),
            (Self::Text, ValueRef::Text(bytes)) => {
                Cell::Text(Some(std::str::from_utf8(bytes).map_err(|_| damaged("a text is not UTF-8"))?))
            }
            _ => return Err(damaged(format!("a {} is another kind of value", self.said()))),
        })
    }

    fn said(self) -> &'static str {
        match self {
            Self::Blob => "value of bytes",
            Self::Flag => "yes or no",
            Self::Number => "number",
            Self::Text => "text",
        }
    }
}

/// Refuses a database that somebody uses: whatever is there, but for what extensions brought.
fn check_empty(session: &Session, address: &Address) -> Result<(), StoreError> {
    let found = session.first(ANYTHING, &[])?;
    let Some(found) = found else { return Ok(()) };
    let found: String = found.try_get(0).map_err(failed("be read"))?;
    Err(StoreError::NotEmpty { database: address.to_string(), found })
}

fn writing(source: rusqlite::Error) -> StoreError {
    StoreError::Database { doing: "be copied into a file", source: source.into() }
}

/// The tables of a ledger.
pub const LEDGER: TableFile = TableFile {
    name: "ledger.db",
    schema: concat!(
        include_str!("../../migrations/sqlite/ledger/0001.sql"),
        include_str!("../../migrations/sqlite/ledger/0002.sql")
    ),
    tables: &[
        Table {
            in_file: "events",
            on_server: "events",
            columns: &[
                ("position", Kind::Number),
                ("aggregate_type", Kind::Text),
                ("aggregate_id", Kind::Text),
                ("sequence", Kind::Number),
                ("event_type", Kind::Text),
                ("event_version", Kind::Text),
                ("payload", Kind::Text),
                ("metadata", Kind::Text),
                ("author_seq", Kind::Number),
                ("event_id", Kind::Text),
                ("occurred_at", Kind::Text),
                ("schema", Kind::Text),
                ("kid", Kind::Text),
                ("signature", Kind::Text),
                ("recorded_at", Kind::Text),
                ("leaf_hash", Kind::Blob),
            ],
            ordered_by: 1,
        },
        Table {
            in_file: "head",
            on_server: "head",
            columns: &[
                ("only_row", Kind::Number),
                ("size", Kind::Number),
                ("frontier", Kind::Blob),
                ("root", Kind::Blob),
                ("recorded_at", Kind::Text),
            ],
            ordered_by: 1,
        },
        Table {
            in_file: "clock_mark",
            on_server: "clock_mark",
            columns: &[("only_row", Kind::Number), ("boot", Kind::Text), ("since_boot_ms", Kind::Number)],
            ordered_by: 1,
        },
        Table {
            in_file: "authors",
            on_server: "authors",
            columns: &[("kid", Kind::Text), ("author_seq", Kind::Number), ("position", Kind::Number)],
            ordered_by: 1,
        },
        Table {
            in_file: "checkpoints",
            on_server: "checkpoints",
            columns: &[("size", Kind::Number), ("note", Kind::Text)],
            ordered_by: 1,
        },
        Table {
            in_file: "schemes",
            on_server: "schemes",
            columns: &[("sha256", Kind::Text), ("id", Kind::Text), ("bytes", Kind::Blob)],
            ordered_by: 1,
        },
        Table {
            in_file: "outcomes",
            on_server: "outcomes",
            columns: &[
                ("event_id", Kind::Text),
                ("digest", Kind::Blob),
                ("accepted", Kind::Flag),
                ("result", Kind::Text),
                ("position", Kind::Number),
            ],
            ordered_by: 1,
        },
        Table {
            in_file: "sealed_keys",
            on_server: "sealed_keys",
            columns: &[
                ("kid", Kind::Text),
                ("role", Kind::Text),
                ("holder", Kind::Text),
                ("sealed", Kind::Blob),
            ],
            ordered_by: 1,
        },
        Table {
            in_file: "cursors",
            on_server: "cursors",
            columns: &[("reaction", Kind::Text), ("position", Kind::Number)],
            ordered_by: 1,
        },
        Table {
            in_file: "tiles",
            on_server: "tiles",
            columns: &[("level", Kind::Number), ("n", Kind::Number), ("hashes", Kind::Blob)],
            ordered_by: 2,
        },
        Table {
            in_file: "fork_alarms",
            on_server: "fork_alarms",
            columns: &[("raised_at", Kind::Text), ("why", Kind::Text), ("cleared", Kind::Text)],
            ordered_by: 1,
        },
    ],
};

/// The tables of a vault.
pub const VAULT: TableFile = TableFile {
    name: "vault.db",
    schema: include_str!("../../migrations/sqlite/vault/0001.sql"),
    tables: &[
        Table {
            in_file: "disclosures",
            on_server: "vault_values",
            columns: &[("digest", Kind::Text), ("sealed", Kind::Blob)],
            ordered_by: 1,
        },
        Table {
            in_file: "unconfirmed",
            on_server: "vault_unconfirmed",
            columns: &[("digest", Kind::Text), ("put_at_ms", Kind::Number), ("from_position", Kind::Number)],
            ordered_by: 1,
        },
        Table {
            in_file: "erased",
            on_server: "vault_erased",
            columns: &[("digest", Kind::Text)],
            ordered_by: 1,
        },
    ],
};

const FETCH: &str = "FETCH FORWARD 512 FROM lying";
const TOLD_EVERY: u32 = 512;
/// What writers lock is there in any case.
const HEAD_IF_NONE: &str = "INSERT INTO head (only_row, size, frontier, root, recorded_at) VALUES (1, 0, '', '', '') \
    ON CONFLICT DO NOTHING";
const FILLING: &str = "be filled from a backup";
const ANYTHING: &str = "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%' \
    AND n.nspname NOT LIKE 'pg\\_temp%' \
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') \
    ORDER BY c.relkind = 'r' DESC, c.relname LIMIT 1";

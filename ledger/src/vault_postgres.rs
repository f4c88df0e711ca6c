//! The vault in tables of the ledger's database on a Postgres server, which all nodes share.
//!
//! A value that is erased while another node is putting it does not slip in: whoever puts holds the vault's lock together with
//! the others who put, whoever erases holds it alone, for the length of a transaction.

use tokio::try_join;
use tokio_postgres::types::ToSql;

use crate::postgres_beside::Beside;
use crate::postgres_session::{Session, blob, failed, text, unsigned};
use crate::select::signed;
use crate::store::StoreError;
use crate::vault::VaultError;
use crate::vault_store::{Put, Unconfirmed, VaultStore};

/// The tables.
#[derive(Debug)]
pub(crate) struct VaultTables {
    beside: Beside,
}

impl VaultTables {
    pub(crate) fn over(beside: Beside) -> Self {
        Self { beside }
    }

    /// What the first who opened the vault sealed under its key; none before.
    pub(crate) fn key_check(&self) -> Result<Option<Vec<u8>>, VaultError> {
        self.with(|session| {
            let found = session.first("SELECT sealed FROM vault_key_check WHERE only_row = 1", &[])?;
            found.map(|columns| blob(&columns, 0).map(<[u8]>::to_vec)).transpose()
        })
    }

    /// A few of the values, by their digests, where it is not known yet which key they are sealed under.
    pub(crate) fn some_values(&self) -> Result<Vec<(String, Vec<u8>)>, VaultError> {
        self.with(|session| {
            let found = session.query(SOME_VALUES, &[])?;
            found
                .iter()
                .map(|columns| Ok((text(columns, 0)?.to_owned(), blob(columns, 1)?.to_vec())))
                .collect()
        })
    }

    /// Keeps something sealed under the vault's key, if nobody did before.
    pub(crate) fn put_key_check(&self, sealed: &[u8]) -> Result<(), VaultError> {
        let sql = "INSERT INTO vault_key_check (only_row, sealed) VALUES (1, $1) ON CONFLICT DO NOTHING";
        self.with(|session| session.execute(sql, &[&sealed], "take the vault key's check").map(|_| ()))
    }

    fn with<T>(&self, work: impl Fn(&Session) -> Result<T, StoreError>) -> Result<T, VaultError> {
        self.beside.with(work).map_err(VaultError::Server)
    }

    /// Writes the table anew without its dead rows. Only its owner may do that, and has to do it nowhere but here: others leave
    /// them to autovacuum.
    fn write_anew(&self) -> Result<(), VaultError> {
        let may = self.with(|session| {
            let owns = session.first(OWNS, &[])?;
            owns.map_or(Ok(false), |columns| columns.try_get(0).map_err(failed("be read")))
        })?;
        if may {
            return self.with(|session| session.batch("VACUUM (FULL) vault_values", "be written anew"));
        }
        tracing::warn!(
            "values are deleted; their sealed bytes leave the server's files when the table's owner runs VACUUM (FULL) vault_values"
        );
        Ok(())
    }
}

impl VaultStore for VaultTables {
    fn put(&mut self, put: &Put<'_>) -> Result<Option<String>, VaultError> {
        let (digests, sealed): (Vec<&str>, Vec<&[u8]>) =
            put.values.iter().map(|value| (value.digest.as_str(), value.sealed.as_slice())).unzip();
        let from_position = signed(put.from_position);
        let values: [&(dyn ToSql + Sync); 4] = [&digests, &sealed, &put.put_at_ms, &from_position];
        let confirmed: [&(dyn ToSql + Sync); 1] = [&put.confirmed];
        self.with(|session| {
            let client = &session.client;
            let statement = |sql| session.prepared(sql, PUTTING);
            let (lock, confirm, insert) =
                (statement(LOCK_WITH_OTHERS)?, statement(CONFIRM)?, statement(INSERT)?);
            let ((), _, _, erased, ()) = whole(session, PUTTING, || {
                session.wait(async {
                    try_join!(
                        // in this order: what is answered first is why the rest failed
                        biased;
                        client.batch_execute("BEGIN"),
                        client.execute(&lock, &[]),
                        client.execute(&confirm, &confirmed),
                        client.query(&insert, &values),
                        client.batch_execute("COMMIT"),
                    )
                })
            })?;
            erased.first().map(|columns| text(columns, 0).map(str::to_owned)).transpose()
        })
    }

    fn confirm(&mut self, digests: &[String]) -> Result<(), VaultError> {
        if digests.is_empty() {
            return Ok(());
        }
        self.with(|session| session.execute(CONFIRM, &[&digests], PUTTING).map(|_| ()))
    }

    fn values(&mut self, digests: &[&str]) -> Result<Vec<Option<Vec<u8>>>, VaultError> {
        if digests.is_empty() {
            return Ok(Vec::new());
        }
        self.with(|session| {
            let rows = session.query(VALUES, &[&digests])?;
            let value = |columns| -> Result<_, StoreError> {
                let sealed: Option<&[u8]> =
                    tokio_postgres::Row::try_get(columns, 0).map_err(failed("be read"))?;
                Ok(sealed.map(<[u8]>::to_vec))
            };
            rows.iter().map(value).collect()
        })
    }

    fn are_there(&mut self, digests: &[&str]) -> Result<Vec<bool>, VaultError> {
        if digests.is_empty() {
            return Ok(Vec::new());
        }
        self.with(|session| {
            let rows = session.query(ARE_THERE, &[&digests])?;
            rows.iter().map(|columns| columns.try_get(0).map_err(failed("be read"))).collect()
        })
    }

    fn erase(&mut self, digests: &[&str]) -> Result<(), VaultError> {
        let parameters: [&(dyn ToSql + Sync); 1] = [&digests];
        self.with(|session| {
            let client = &session.client;
            let statement = |sql| session.prepared(sql, ERASING);
            let (lock, note) = (statement(LOCK_ALONE)?, statement(NOTE_ERASED)?);
            let (delete, forget) = (statement(DELETE)?, statement(CONFIRM)?);
            whole(session, ERASING, || {
                session.wait(async {
                    try_join!(
                        // in this order: what is answered first is why the rest failed
                        biased;
                        client.batch_execute("BEGIN"),
                        client.execute(&lock, &[]),
                        client.execute(&note, &parameters),
                        client.execute(&delete, &parameters),
                        client.execute(&forget, &parameters),
                        client.batch_execute("COMMIT"),
                    )
                })
            })
            .map(|_| ())
        })?;
        self.write_anew()
    }

    fn sweep(&mut self, listed: &[Unconfirmed]) -> Result<usize, VaultError> {
        let (digests, put_at_ms): (Vec<&str>, Vec<i64>) =
            listed.iter().map(|value| (value.digest.as_str(), value.put_at_ms)).unzip();
        let parameters: [&(dyn ToSql + Sync); 2] = [&digests, &put_at_ms];
        self.with(|session| {
            let client = &session.client;
            let statement = |sql| session.prepared(sql, SWEEPING);
            let (lock, sweep) = (statement(LOCK_ALONE)?, statement(SWEEP)?);
            let ((), _, swept, ()) = whole(session, SWEEPING, || {
                session.wait(async {
                    try_join!(
                        // in this order: what is answered first is why the rest failed
                        biased;
                        client.batch_execute("BEGIN"),
                        client.execute(&lock, &[]),
                        client.execute(&sweep, &parameters),
                        client.batch_execute("COMMIT"),
                    )
                })
            })?;
            Ok(usize::try_from(swept).unwrap_or(usize::MAX))
        })
    }

    fn unconfirmed(&mut self, put_before_ms: i64) -> Result<Vec<Unconfirmed>, VaultError> {
        self.with(|session| {
            let rows = session.query(UNCONFIRMED, &[&put_before_ms])?;
            let noted = |columns| {
                Ok(Unconfirmed {
                    digest: text(columns, 0)?.to_owned(),
                    put_at_ms: tokio_postgres::Row::try_get(columns, 1).map_err(failed("be read"))?,
                    from_position: unsigned(columns, 2)?,
                })
            };
            rows.iter().map(noted).collect()
        })
    }

    fn each(&mut self, each: &mut dyn FnMut(&str, &[u8])) -> Result<(), VaultError> {
        self.in_parts(PART, &mut |columns| {
            each(text(columns, 0)?, blob(columns, 1)?);
            Ok(())
        })
    }

    fn each_digest(&mut self, each: &mut dyn FnMut(&str, u64)) -> Result<(), VaultError> {
        self.in_parts(PART_OF_DIGESTS, &mut |columns| {
            each(text(columns, 0)?, unsigned(columns, 1)?);
            Ok(())
        })
    }

    fn each_erased(&mut self, each: &mut dyn FnMut(&str)) -> Result<(), VaultError> {
        self.in_parts(PART_OF_ERASED, &mut |columns| {
            each(text(columns, 0)?);
            Ok(())
        })
    }
}

impl VaultTables {
    /// Shows rows by their digests, so many at a time.
    fn in_parts(
        &self,
        sql: &'static str,
        each: &mut dyn FnMut(&tokio_postgres::Row) -> Result<(), StoreError>,
    ) -> Result<(), VaultError> {
        let mut after = String::new();
        loop {
            let part = self.with(|session| session.query(sql, &[&after]))?;
            for columns in &part {
                each(columns).map_err(VaultError::Server)?;
            }
            let Some(last) = part.last() else { return Ok(()) };
            after = text(last, 0).map_err(VaultError::Server)?.to_owned();
        }
    }
}

/// What a transaction answered. One that failed is over: after an error the server takes its COMMIT for a rollback, and a
/// connection on which that is not known is not used again.
fn whole<T>(
    session: &Session,
    doing: &'static str,
    run: impl FnOnce() -> Result<T, tokio_postgres::Error>,
) -> Result<T, StoreError> {
    run().map_err(|error| {
        let _ = session.batch("ROLLBACK", doing);
        failed(doing)(error)
    })
}

const PUTTING: &str = "take private values";
const ERASING: &str = "erase private values";
const SWEEPING: &str = "sweep private values";
// any number that nobody else takes for an advisory lock in this database
const LOCK_WITH_OTHERS: &str = "SELECT pg_advisory_xact_lock_shared(131358846975348)";
const LOCK_ALONE: &str = "SELECT pg_advisory_xact_lock(131358846975348)";
// whoever serves may change no row of these tables: one that is put again is taken out and put in
const INSERT: &str = "WITH erased AS (SELECT digest FROM vault_erased WHERE digest = ANY($1::text[])), \
    put AS (INSERT INTO vault_values (digest, sealed) \
        SELECT digest, sealed FROM unnest($1::text[], $2::bytea[]) AS given (digest, sealed) \
        WHERE NOT EXISTS (SELECT FROM erased) ON CONFLICT DO NOTHING RETURNING digest), \
    put_again AS (DELETE FROM vault_unconfirmed \
        WHERE digest = ANY($1::text[]) AND put_at_ms < $3::bigint AND NOT EXISTS (SELECT FROM erased) \
        RETURNING digest, from_position), \
    noted AS (INSERT INTO vault_unconfirmed (digest, put_at_ms, from_position) \
        SELECT digest, $3::bigint, $4::bigint FROM put \
        UNION ALL SELECT digest, $3::bigint, from_position FROM put_again ON CONFLICT DO NOTHING) \
    SELECT digest FROM erased ORDER BY digest LIMIT 1";
const CONFIRM: &str = "DELETE FROM vault_unconfirmed WHERE digest = ANY($1::text[])";
const VALUES: &str = "SELECT sealed FROM unnest($1::text[]) WITH ORDINALITY AS asked (digest, n) \
    LEFT JOIN vault_values USING (digest) ORDER BY n";
const ARE_THERE: &str = "SELECT vault_values.digest IS NOT NULL FROM unnest($1::text[]) WITH ORDINALITY AS asked (digest, n) \
    LEFT JOIN vault_values USING (digest) ORDER BY n";
const NOTE_ERASED: &str =
    "INSERT INTO vault_erased (digest) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING";
const DELETE: &str = "DELETE FROM vault_values WHERE digest = ANY($1::text[])";
const SWEEP: &str = "WITH swept AS (DELETE FROM vault_unconfirmed \
        USING unnest($1::text[], $2::bigint[]) AS listed (digest, put_at_ms) \
        WHERE vault_unconfirmed.digest = listed.digest AND vault_unconfirmed.put_at_ms = listed.put_at_ms \
        RETURNING vault_unconfirmed.digest) \
    DELETE FROM vault_values USING swept WHERE vault_values.digest = swept.digest";
const UNCONFIRMED: &str =
    "SELECT digest, put_at_ms, from_position FROM vault_unconfirmed WHERE put_at_ms < $1";
const PART: &str = "SELECT digest, sealed FROM vault_values WHERE digest > $1 ORDER BY digest LIMIT 500";
const PART_OF_DIGESTS: &str = "SELECT digest, length(sealed)::bigint FROM vault_values WHERE digest > $1 \
    ORDER BY digest LIMIT 10000";
const PART_OF_ERASED: &str = "SELECT digest FROM vault_erased WHERE digest > $1 ORDER BY digest LIMIT 10000";
const SOME_VALUES: &str = "SELECT digest, sealed FROM vault_values \
    WHERE NOT EXISTS (SELECT FROM vault_key_check) ORDER BY digest LIMIT 8";
const OWNS: &str = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'vault_values'::regclass";

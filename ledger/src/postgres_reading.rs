//! Reading a ledger on Postgres, in pages of bounded size; what is shown is shown between requests, never within one.

use tokio_postgres::Row as Columns;
use uuid::Uuid;

use crate::alarm::{ALARM, ALARMS, RaisedAlarm};
use crate::clock::Monotonic;
use crate::encoding::Hash;
use crate::keys::Kid;
use crate::merkle::Frontier;
use crate::postgres_session::{Session, blob, failed, hash, perhaps, text, unsigned};
use crate::reading::LedgerReads;
use crate::recorded::RecordedRow;
use crate::row::Row;
use crate::select::{below, damaged, id_text, signed};
use crate::store::{AuthorMark, LastOfStream, Outcome, Scheme, SealedKey, StoreError, TreeHead};
use crate::stored_leaf::StoredLeaf;
use crate::timestamp::Timestamp;

impl LedgerReads for Session {
    fn head(&self) -> Result<Option<TreeHead>, StoreError> {
        let columns = self.first("SELECT size, frontier, root, recorded_at FROM head", &[])?;
        columns.map_or(Ok(None), |columns| head(&columns))
    }

    fn rows(
        &self,
        from: u64,
        to: u64,
        each: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.paged(RECORDED_RANGE, from, to, &mut |columns| each(recorded(columns)?))
    }

    fn leaves(
        &self,
        from: u64,
        to: u64,
        each: &mut dyn FnMut(StoredLeaf<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.paged(LEAF_RANGE, from, to, &mut |columns| each(stored_leaf(columns)?))
    }

    fn stored_rows(&self, from: u64, to: u64) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        self.paged(ROW_RANGE, from, to, &mut |columns| {
            rows.push(stored_row(columns)?);
            Ok(())
        })?;
        Ok(rows)
    }

    fn stream(
        &self,
        stream: &str,
        each: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let rows = self.query(RECORDED_OF_STREAM, &[&stream])?;
        rows.iter().try_for_each(|columns| each(recorded(columns)?))
    }

    fn at_one_moment(&self, read: &mut dyn FnMut() -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "be read")?;
        let done = read();
        // nothing was written; where the connection is gone, that is what reading has answered already
        let ended = self.batch("ROLLBACK", "be read");
        done.and(ended)
    }

    fn subject(
        &self,
        path: &str,
        before: Option<u64>,
        each: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let positions = self.positions_of_subject(path, before)?;
        for page in positions.chunks(PAGE) {
            let page: Vec<i64> = page.iter().map(|position| signed(*position)).collect();
            let rows = self.query(RECORDED_AT, &[&page])?;
            if rows.len() != page.len() {
                return Err(damaged(format!("an entry of {path} is gone")));
            }
            rows.iter().try_for_each(|columns| each(recorded(columns)?))?;
        }
        Ok(())
    }

    fn positions_of_subject(&self, path: &str, before: Option<u64>) -> Result<Vec<u64>, StoreError> {
        let before = signed(before.unwrap_or(u64::MAX));
        let mut positions = numbers(&self.query(
            "SELECT position FROM events WHERE aggregate_id = $1 AND position < $2",
            &[&path, &before],
        )?)?;
        if path.contains('/') {
            let [from, to] = below(path);
            positions.extend(numbers(&self.query(POSITIONS_BELOW, &[&from, &to, &before])?)?);
        }
        positions.sort_unstable();
        Ok(positions)
    }

    fn last_position_of_subject(&self, path: &str) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT position FROM events WHERE aggregate_id = $1 ORDER BY sequence DESC LIMIT 1";
        let own = self.first(sql, &[&path])?.map(|columns| unsigned(&columns, 0)).transpose()?;
        if !path.contains('/') {
            return Ok(own);
        }
        let [from, to] = below(path);
        let sql = "SELECT max(position) FROM events WHERE aggregate_id >= $1 AND aggregate_id < $2";
        let under = self.first(sql, &[&from, &to])?.map_or(Ok(None), |columns| perhaps(&columns, 0))?;
        Ok(own.max(under))
    }

    fn positions_of_keys(&self, from: u64) -> Result<Vec<u64>, StoreError> {
        let [at_least, less] = below("keys");
        let mut positions = numbers(&self.query(POSITIONS_BELOW_FROM, &[&at_least, &less, &signed(from)])?)?;
        positions.sort_unstable();
        Ok(positions)
    }

    fn version(&self, stream: &str) -> Result<u64, StoreError> {
        let found = self.first("SELECT max(sequence) FROM events WHERE aggregate_id = $1", &[&stream])?;
        Ok(found.map_or(Ok(None), |columns| perhaps(&columns, 0))?.unwrap_or(0))
    }

    fn position_of(&self, event_id: &Uuid) -> Result<Option<u64>, StoreError> {
        let found = self.first("SELECT position FROM events WHERE event_id = $1", &[&id_text(event_id)])?;
        found.map(|columns| unsigned(&columns, 0)).transpose()
    }

    fn outcome(&self, event_id: &Uuid) -> Result<Option<Outcome>, StoreError> {
        let sql = "SELECT event_id, digest, result, position FROM outcomes WHERE event_id = $1";
        self.first(sql, &[&id_text(event_id)])?.map(|columns| outcome(&columns)).transpose()
    }

    fn cursor(&self, reaction: &str) -> Result<Option<u64>, StoreError> {
        let found = self.first("SELECT position FROM cursors WHERE reaction = $1", &[&reaction])?;
        found.map(|columns| unsigned(&columns, 0)).transpose()
    }

    fn authors(&self) -> Result<Vec<AuthorMark>, StoreError> {
        let sql = "SELECT a.kid, a.author_seq, a.position, e.position FROM authors a LEFT JOIN events e \
                   ON e.position = a.position AND e.kid = a.kid AND e.author_seq = a.author_seq";
        let mut marks = Vec::new();
        for columns in self.query(sql, &[])? {
            let mark = author_mark(&columns)?;
            if perhaps(&columns, 3)?.is_none() {
                return Err(damaged(format!(
                    "the mark of the author {} names an entry that is not theirs",
                    mark.kid
                )));
            }
            marks.push(mark);
        }
        let size = self.head()?.map_or(0, |head| head.frontier.size());
        crate::store::brought_up_to_date(marks, size, &mut |from| {
            self.query(LAST_OF_AUTHORS_FROM, &[&signed(from)])?.iter().map(author_mark).collect()
        })
    }

    fn clock_mark(&self) -> Result<Option<Monotonic>, StoreError> {
        let Some(columns) = self.first("SELECT boot, since_boot_ms FROM clock_mark", &[])? else {
            return Ok(None);
        };
        let since_boot_ms = signed(unsigned(&columns, 1)?);
        Ok(Some(Monotonic { boot: text(&columns, 0)?.to_owned(), since_boot_ms }))
    }

    fn alarms(&self) -> Result<Vec<RaisedAlarm>, StoreError> {
        self.query(ALARMS, &[])?.iter().map(raised).collect()
    }

    fn alarm(&self) -> Result<Option<RaisedAlarm>, StoreError> {
        self.first(ALARM, &[])?.as_ref().map(raised).transpose()
    }

    fn leaf_hashes(&self, from: u64, to: u64) -> Result<Vec<Hash>, StoreError> {
        let mut hashes = Vec::new();
        self.paged(HASH_RANGE, from, to, &mut |columns| {
            let (position, due) = (unsigned(columns, 0)?, from + hashes.len() as u64);
            if position != due {
                return Err(damaged(format!("the entry at position {due} is gone")));
            }
            hashes.push(hash(columns, 1)?);
            Ok(())
        })?;
        match hashes.len() as u64 == to.saturating_sub(from) {
            true => Ok(hashes),
            false => Err(damaged(format!("the entry at position {} is gone", from + hashes.len() as u64))),
        }
    }

    fn tile(&self, level: u8, n: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT hashes FROM tiles WHERE level = $1 AND n = $2";
        let found = self.first(sql, &[&i64::from(level), &signed(n)])?;
        found.map(|columns| blob(&columns, 0).map(<[u8]>::to_vec)).transpose()
    }

    fn last_of_streams(
        &self,
        each: &mut dyn FnMut(LastOfStream<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let page = self.query(LAST_OF_STREAMS, &[&after, &STREAMS_A_PAGE])?;
            for columns in &page {
                each(LastOfStream {
                    stream: text(columns, 0)?,
                    version: unsigned(columns, 1)?,
                    position: unsigned(columns, 2)?,
                    leaf_hash: hash(columns, 3)?,
                })?;
            }
            let Some(last) = page.last() else { return Ok(()) };
            text(last, 0)?.clone_into(&mut after);
        }
    }

    fn sealed_keys(&self) -> Result<Vec<SealedKey>, StoreError> {
        let rows = self.query("SELECT kid, role, holder, sealed FROM sealed_keys ORDER BY kid", &[])?;
        let key = |columns: &Columns| {
            Ok(SealedKey {
                kid: text(columns, 0)?.to_owned(),
                role: text(columns, 1)?.to_owned(),
                holder: text(columns, 2)?.to_owned(),
                sealed: blob(columns, 3)?.to_vec(),
            })
        };
        rows.iter().map(key).collect()
    }

    fn scheme(&self, sha256: &str) -> Result<Option<Scheme>, StoreError> {
        let found = self.first("SELECT sha256, id, bytes FROM schemes WHERE sha256 = $1", &[&sha256])?;
        found.as_ref().map(scheme).transpose()
    }

    fn schemes(&self) -> Result<Vec<Scheme>, StoreError> {
        self.query("SELECT sha256, id, bytes FROM schemes ORDER BY sha256", &[])?.iter().map(scheme).collect()
    }

    fn checkpoint_up_to(&self, size: u64) -> Result<Option<String>, StoreError> {
        let sql = "SELECT note FROM checkpoints WHERE size <= $1 ORDER BY size DESC LIMIT 1";
        let found = self.first(sql, &[&signed(size)])?;
        found.map(|columns| text(&columns, 0).map(str::to_owned)).transpose()
    }

    fn checkpoint_size(&self) -> Result<u64, StoreError> {
        let found = self.first("SELECT max(size) FROM checkpoints", &[])?;
        Ok(found.map_or(Ok(None), |columns| perhaps(&columns, 0))?.unwrap_or(0))
    }

    fn answers(&self) -> bool {
        Session::answers(self)
    }
}

impl Session {
    /// Rows of a range of positions, a page at a time; while one page is shown the server is at work on the next. The
    /// statement takes from and to; its first column is the position. Nothing else may be asked of this session meanwhile.
    fn paged(
        &self,
        sql: &'static str,
        from: u64,
        to: u64,
        each: &mut dyn FnMut(&Columns) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let end_of = |from: u64| to.min(from.saturating_add(PAGE as u64));
        let ask = |from: u64| self.asked(sql, &[&signed(from), &signed(end_of(from))]);
        let mut from = from;
        let mut asked = if from < to { Some(ask(from)?) } else { None };
        while let Some(due) = asked.take() {
            let page = self.answered(due)?;
            from = end_of(from);
            if from < to {
                if page.is_empty() && self.nothing_from(from)? {
                    return Ok(());
                }
                asked = Some(ask(from)?);
            }
            page.iter().try_for_each(&mut *each)?;
        }
        Ok(())
    }

    /// Whether no entry stands at a position or behind it: pages beyond the end need not be asked for.
    fn nothing_from(&self, position: u64) -> Result<bool, StoreError> {
        let sql = "SELECT position FROM events WHERE position >= $1 ORDER BY position LIMIT 1";
        Ok(self.first(sql, &[&signed(position)])?.is_none())
    }
}

/// The head's one row; before the first entry it says so by its size.
pub(crate) fn head(columns: &Columns) -> Result<Option<TreeHead>, StoreError> {
    let size = unsigned(columns, 0)?;
    if size == 0 {
        return Ok(None);
    }
    let frontier = Frontier::from_bytes(blob(columns, 1)?)
        .map_err(|refusal| StoreError::refused("the head's frontier", &refusal))?;
    if frontier.size() != size || frontier.root() != hash(columns, 2)? {
        return Err(damaged("the head's size, frontier and root are not of one tree"));
    }
    let recorded_at = Timestamp::parse(text(columns, 3)?, "recorded_at")
        .map_err(|refusal| StoreError::refused("the head", &refusal))?;
    Ok(Some(TreeHead { frontier, recorded_at }))
}

/// What became of a command: event_id, digest, result, position.
pub(crate) fn outcome(columns: &Columns) -> Result<Outcome, StoreError> {
    let event_id = Uuid::try_parse(text(columns, 0)?).map_err(|_| damaged("an outcome's id is none"))?;
    let digest = blob(columns, 1)?.try_into().map_err(|_| damaged("an outcome's digest has not 32 bytes"))?;
    Ok(Outcome { event_id, digest, position: perhaps(columns, 3)?, result: text(columns, 2)?.to_owned() })
}

/// All sixteen columns of a row of `events`, in the order of the table.
pub(crate) fn stored_row(columns: &Columns) -> Result<Row, StoreError> {
    let owned = |at| text(columns, at).map(str::to_owned);
    Ok(Row {
        position: unsigned(columns, 0)?,
        aggregate_type: owned(1)?,
        aggregate_id: owned(2)?,
        sequence: unsigned(columns, 3)?,
        event_type: owned(4)?,
        event_version: owned(5)?,
        payload: owned(6)?,
        metadata: owned(7)?,
        author_seq: unsigned(columns, 8)?,
        event_id: owned(9)?,
        occurred_at: owned(10)?,
        schema: owned(11)?,
        kid: owned(12)?,
        signature: owned(13)?,
        recorded_at: owned(14)?,
        leaf_hash: hash(columns, 15)?,
    })
}

/// The columns of a recorded entry.
pub(crate) fn recorded(columns: &Columns) -> Result<RecordedRow<'_>, StoreError> {
    Ok(RecordedRow {
        position: unsigned(columns, 0)?,
        stream: text(columns, 1)?,
        version: unsigned(columns, 2)?,
        event_type: text(columns, 3)?,
        schema: text(columns, 4)?,
        data: text(columns, 5)?,
        author_seq: unsigned(columns, 6)?,
        event_id: text(columns, 7)?,
        occurred_at: text(columns, 8)?,
        kid: text(columns, 9)?,
        recorded_at: text(columns, 10)?,
    })
}

fn stored_leaf(columns: &Columns) -> Result<StoredLeaf<'_>, StoreError> {
    Ok(StoredLeaf {
        position: unsigned(columns, 0)?,
        stream: text(columns, 1)?,
        version: unsigned(columns, 2)?,
        data: text(columns, 3)?,
        author_seq: unsigned(columns, 4)?,
        event_id: text(columns, 5)?,
        occurred_at: text(columns, 6)?,
        schema: text(columns, 7)?,
        kid: text(columns, 8)?,
        signature: text(columns, 9)?,
        recorded_at: text(columns, 10)?,
        leaf_hash: hash(columns, 11)?,
    })
}

fn author_mark(columns: &Columns) -> Result<AuthorMark, StoreError> {
    let kid = Kid::parse(text(columns, 0)?)
        .map_err(|refusal| StoreError::refused("the mark of an author", &refusal))?;
    Ok(AuthorMark { kid, author_seq: unsigned(columns, 1)?, position: unsigned(columns, 2)? })
}

fn scheme(columns: &Columns) -> Result<Scheme, StoreError> {
    Ok(Scheme {
        sha256: text(columns, 0)?.to_owned(),
        id: text(columns, 1)?.to_owned(),
        bytes: blob(columns, 2)?.to_vec(),
    })
}

fn numbers(rows: &[Columns]) -> Result<Vec<u64>, StoreError> {
    rows.iter().map(|columns| unsigned(columns, 0)).collect()
}

/// Rows asked for at a time: some megabytes.
const PAGE: usize = 2_048;
const STREAMS_A_PAGE: i64 = 10_000;
const RECORDED_RANGE: &str = "SELECT position, aggregate_id, sequence, event_type, schema, payload, author_seq, event_id, \
    occurred_at, kid, recorded_at FROM events WHERE position >= $1 AND position < $2 ORDER BY position";
const RECORDED_AT: &str = "SELECT position, aggregate_id, sequence, event_type, schema, payload, author_seq, event_id, \
    occurred_at, kid, recorded_at FROM events WHERE position = ANY($1::bigint[]) ORDER BY position";
const RECORDED_OF_STREAM: &str = "SELECT position, aggregate_id, sequence, event_type, schema, payload, author_seq, \
    event_id, occurred_at, kid, recorded_at FROM events WHERE aggregate_id = $1 ORDER BY sequence";
const LEAF_RANGE: &str = "SELECT position, aggregate_id, sequence, payload, author_seq, event_id, occurred_at, schema, kid, \
    signature, recorded_at, leaf_hash FROM events WHERE position >= $1 AND position < $2 ORDER BY position";
const ROW_RANGE: &str = "SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
    metadata, author_seq, event_id, occurred_at, schema, kid, signature, recorded_at, leaf_hash FROM events \
    WHERE position >= $1 AND position < $2 ORDER BY position";
const HASH_RANGE: &str =
    "SELECT position, leaf_hash FROM events WHERE position >= $1 AND position < $2 ORDER BY position";
const POSITIONS_BELOW_FROM: &str =
    "SELECT position FROM events WHERE aggregate_id >= $1 AND aggregate_id < $2 AND position >= $3";
const POSITIONS_BELOW: &str =
    "SELECT position FROM events WHERE aggregate_id >= $1 AND aggregate_id < $2 AND position < $3";
const LAST_OF_AUTHORS_FROM: &str = "SELECT DISTINCT ON (kid) kid, author_seq, position FROM events WHERE position >= $1 \
    ORDER BY kid, author_seq DESC";
const LAST_OF_STREAMS: &str = "SELECT DISTINCT ON (aggregate_id) aggregate_id, sequence, position, leaf_hash FROM events \
    WHERE aggregate_id > $1 ORDER BY aggregate_id, sequence DESC LIMIT $2";

/// A fork alarm.
pub(crate) fn raised(columns: &Columns) -> Result<RaisedAlarm, StoreError> {
    let cleared = columns.try_get::<_, Option<&str>>(2).map_err(failed("be read"))?.map(str::to_owned);
    Ok(RaisedAlarm { at: text(columns, 0)?.to_owned(), why: text(columns, 1)?.to_owned(), cleared })
}

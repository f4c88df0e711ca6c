-- The ledger's own database, version 1. See docs/format.md §2 for the row.
-- Nothing below is ever updated in place but the four marks of the writer: head, clock_mark, authors, cursors.

CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
INSERT INTO schema_version (version) VALUES (1);

-- One row an entry. The leaf is rebuilt from these columns by concatenation; what stands twice is compared.
CREATE TABLE events (
    position       INTEGER NOT NULL PRIMARY KEY,
    aggregate_type TEXT    NOT NULL,
    aggregate_id   TEXT    NOT NULL,
    sequence       INTEGER NOT NULL,
    event_type     TEXT    NOT NULL,
    event_version  TEXT    NOT NULL,
    payload        TEXT    NOT NULL,
    metadata       TEXT    NOT NULL,
    author_seq     INTEGER NOT NULL,
    event_id       TEXT    NOT NULL,
    occurred_at    TEXT    NOT NULL,
    schema         TEXT    NOT NULL,
    kid            TEXT    NOT NULL,
    signature      TEXT    NOT NULL,
    recorded_at    TEXT    NOT NULL,
    leaf_hash      BLOB    NOT NULL,
    UNIQUE (aggregate_id, sequence),
    UNIQUE (event_id)
) STRICT;

-- The newest state of the tree: moved in the transaction that inserts the entries it covers.
CREATE TABLE head (
    only_row    INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    size        INTEGER NOT NULL,
    frontier    BLOB    NOT NULL,
    root        BLOB    NOT NULL,
    recorded_at TEXT    NOT NULL
) STRICT;

-- When, by the machine's monotonic clock, the last entry was written: lets a restart notice a wall clock that jumped.
CREATE TABLE clock_mark (
    only_row       INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    boot           TEXT    NOT NULL,
    since_boot_ms  INTEGER NOT NULL
) STRICT;

-- The last author_seq of each key and where it stands. Only a mark: compared with the entries whenever it is loaded.
CREATE TABLE authors (
    kid        TEXT    NOT NULL PRIMARY KEY,
    author_seq INTEGER NOT NULL,
    position   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Every checkpoint that was ever signed; also in checkpoints.txt beside the database.
CREATE TABLE checkpoints (
    size INTEGER NOT NULL PRIMARY KEY,
    note TEXT    NOT NULL
) STRICT;

-- Compiled rulebooks, named by their digest.
CREATE TABLE schemes (
    sha256 TEXT NOT NULL PRIMARY KEY,
    id     TEXT NOT NULL,
    bytes  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What became of each command: written in the append's own transaction, a refusal's in its own.
CREATE TABLE outcomes (
    event_id TEXT    NOT NULL PRIMARY KEY,
    digest   BLOB    NOT NULL,
    accepted INTEGER NOT NULL CHECK (accepted IN (0, 1)),
    result   TEXT    NOT NULL,
    position INTEGER,
    CHECK ((accepted = 1) = (position IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- Private keys that the server holds, sealed under the master key.
CREATE TABLE sealed_keys (
    kid    TEXT NOT NULL PRIMARY KEY,
    role   TEXT NOT NULL,
    holder TEXT NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- How far each reaction of the runner has come: moved with what it appended.
CREATE TABLE cursors (
    reaction TEXT    NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Full tiles of level 1 and above; those of level 0 are the leaf hashes themselves.
CREATE TABLE tiles (
    level  INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    hashes BLOB    NOT NULL,
    PRIMARY KEY (level, n)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER events_are_never_updated BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'entries of the ledger are never changed'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'entries of the ledger are never deleted'); END;
CREATE TRIGGER checkpoints_are_never_updated BEFORE UPDATE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'signed checkpoints are never changed'); END;
CREATE TRIGGER checkpoints_are_never_deleted BEFORE DELETE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'signed checkpoints are never deleted'); END;
CREATE TRIGGER schemes_are_never_updated BEFORE UPDATE ON schemes
BEGIN SELECT RAISE(ABORT, 'compiled rulebooks are never changed'); END;
CREATE TRIGGER schemes_are_never_deleted BEFORE DELETE ON schemes
BEGIN SELECT RAISE(ABORT, 'compiled rulebooks are never deleted'); END;
CREATE TRIGGER outcomes_are_never_updated BEFORE UPDATE ON outcomes
BEGIN SELECT RAISE(ABORT, 'outcomes of commands are never changed'); END;
CREATE TRIGGER outcomes_are_never_deleted BEFORE DELETE ON outcomes
BEGIN SELECT RAISE(ABORT, 'outcomes of commands are never deleted'); END;
CREATE TRIGGER tiles_are_never_updated BEFORE UPDATE ON tiles
BEGIN SELECT RAISE(ABORT, 'full tiles are never changed'); END;
CREATE TRIGGER tiles_are_never_deleted BEFORE DELETE ON tiles
BEGIN SELECT RAISE(ABORT, 'full tiles are never deleted'); END;

-- The vault: private values and their salts, each sealed, named by the digest that stands in the ledger (docs/format.md §8).

CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
INSERT INTO schema_version (version) VALUES (1);

-- Rows are durable before the entry that names them; erasure and the sweep delete them, nothing changes them.
CREATE TABLE disclosures (
    digest TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Rows of which it is not known yet whether an entry names them, and from which position on one would: so the sweep
-- reads the end of the log and not the whole of it.
CREATE TABLE unconfirmed (
    digest        TEXT    NOT NULL PRIMARY KEY,
    put_at_ms     INTEGER NOT NULL,
    from_position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Digests that were erased: such a value is never taken in again, not even from a backup that is put back.
CREATE TABLE erased (
    digest TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TRIGGER disclosures_are_never_updated BEFORE UPDATE ON disclosures
BEGIN SELECT RAISE(ABORT, 'values in the vault are never changed, only erased'); END;
CREATE TRIGGER erased_are_never_updated BEFORE UPDATE ON erased
BEGIN SELECT RAISE(ABORT, 'erasures are never changed'); END;
CREATE TRIGGER erased_are_never_deleted BEFORE DELETE ON erased
BEGIN SELECT RAISE(ABORT, 'erasures are never taken back'); END;

-- Version 2: the vault and the office's records of a ledger on Postgres lie beside it, so that several nodes serve people.
-- Here rows are deleted, which never happens to an entry: a private value that is erased, a session that ended.

INSERT INTO schema_version (version) VALUES (2);

-- Private values and their salts, each sealed under the vault key, named by the digest that stands in the ledger
-- (docs/format.md §8). Rows are durable before the entry that names them; erasure and the sweep delete them, nothing changes them.
-- Dead rows go at the next turn of autovacuum.
CREATE TABLE vault_values (
    digest text COLLATE "C" NOT NULL PRIMARY KEY,
    sealed bytea            NOT NULL
) WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);

-- Rows of which it is not known yet whether an entry names them, and from which position on one would: so the sweep
-- reads the end of the log and not the whole of it.
CREATE TABLE vault_unconfirmed (
    digest        text COLLATE "C" NOT NULL PRIMARY KEY,
    put_at_ms     bigint           NOT NULL,
    from_position bigint           NOT NULL
);

-- Digests that were erased: such a value is never taken in again, not even from a backup that is put back.
CREATE TABLE vault_erased (
    digest text COLLATE "C" NOT NULL PRIMARY KEY
);

-- Something sealed under the vault key: whoever has another key is told so, and puts nothing that nobody else could open.
CREATE TABLE vault_key_check (
    only_row bigint NOT NULL PRIMARY KEY CHECK (only_row = 1),
    sealed   bytea  NOT NULL
);

-- Passwords (hashed), sessions and tokens of feeds (digests). No evidence: lost, people sign in again.
CREATE TABLE office_logins (
    login   text COLLATE "C" NOT NULL PRIMARY KEY,
    account text COLLATE "C" NOT NULL,
    kid     text COLLATE "C" NOT NULL,
    hash    text COLLATE "C" NOT NULL
);
CREATE INDEX ON office_logins (account);
CREATE TABLE office_sessions (
    token   text COLLATE "C" NOT NULL PRIMARY KEY,
    account text COLLATE "C" NOT NULL,
    kid     text COLLATE "C" NOT NULL,
    csrf    text COLLATE "C" NOT NULL,
    until   bigint           NOT NULL
);
CREATE INDEX ON office_sessions (account);
CREATE INDEX ON office_sessions (until);
CREATE TABLE office_feeds (
    channel     text COLLATE "C" NOT NULL PRIMARY KEY,
    departments text COLLATE "C" NOT NULL,
    token       text COLLATE "C" NOT NULL UNIQUE,
    kinds       text COLLATE "C" NOT NULL DEFAULT 'indicators'
);

CREATE TRIGGER vault_values_are_never_changed BEFORE UPDATE OR TRUNCATE ON vault_values
    FOR EACH STATEMENT EXECUTE FUNCTION is_never_changed();
CREATE TRIGGER vault_erased_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON vault_erased
    FOR EACH STATEMENT EXECUTE FUNCTION is_never_changed();
CREATE TRIGGER vault_key_check_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON vault_key_check
    FOR EACH STATEMENT EXECUTE FUNCTION is_never_changed();

GRANT SELECT, INSERT, DELETE ON vault_values, vault_unconfirmed TO wuping_writer;
GRANT SELECT, INSERT ON vault_erased, vault_key_check TO wuping_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON office_logins, office_sessions, office_feeds TO wuping_writer;

-- The ledger's own database on Postgres, version 1. See docs/format.md §2 for the row.
-- Nothing below is ever updated in place but the four marks of the writer: head, clock_mark, authors, cursors.
-- Text is compared by its bytes whatever the database was made with; payload and metadata are `json`, which keeps every byte.

CREATE TABLE schema_version (version bigint NOT NULL);
INSERT INTO schema_version (version) VALUES (1);

-- One row an entry. The leaf is rebuilt from these columns by concatenation; what stands twice is compared.
CREATE TABLE events (
    position       bigint           NOT NULL PRIMARY KEY,
    aggregate_type text COLLATE "C" NOT NULL,
    aggregate_id   text COLLATE "C" NOT NULL,
    sequence       bigint           NOT NULL,
    event_type     text COLLATE "C" NOT NULL,
    event_version  text COLLATE "C" NOT NULL,
    payload        json             NOT NULL,
    metadata       json             NOT NULL,
    author_seq     bigint           NOT NULL,
    event_id       text COLLATE "C" NOT NULL,
    occurred_at    text COLLATE "C" NOT NULL,
    schema         text COLLATE "C" NOT NULL,
    kid            text COLLATE "C" NOT NULL,
    signature      text COLLATE "C" NOT NULL,
    recorded_at    text COLLATE "C" NOT NULL,
    leaf_hash      bytea            NOT NULL,
    UNIQUE (aggregate_id, sequence),
    UNIQUE (event_id)
);

-- The newest state of the tree: moved in the transaction that inserts the entries it covers. Its one row, there from the
-- beginning, is what writers lock; before the first entry the size is 0.
CREATE TABLE head (
    only_row    bigint           NOT NULL PRIMARY KEY CHECK (only_row = 1),
    size        bigint           NOT NULL,
    frontier    bytea            NOT NULL,
    root        bytea            NOT NULL,
    recorded_at text COLLATE "C" NOT NULL
) WITH (fillfactor = 10);
INSERT INTO head (only_row, size, frontier, root, recorded_at) VALUES (1, 0, '', '', '');

-- When, by a machine's monotonic clock, an entry was last written, or a little before: lets a restart notice a wall clock that
-- jumped.
CREATE TABLE clock_mark (
    only_row       bigint           NOT NULL PRIMARY KEY CHECK (only_row = 1),
    boot           text COLLATE "C" NOT NULL,
    since_boot_ms  bigint           NOT NULL
);

-- The last author_seq of each key and where it stands. Only a mark, and it may be behind: compared with the entries whenever it
-- is loaded.
CREATE TABLE authors (
    kid        text COLLATE "C" NOT NULL PRIMARY KEY,
    author_seq bigint           NOT NULL,
    position   bigint           NOT NULL
);

-- Every checkpoint that was ever signed; also in checkpoints.txt of each node.
CREATE TABLE checkpoints (
    size bigint           NOT NULL PRIMARY KEY,
    note text COLLATE "C" NOT NULL
);

-- Compiled rulebooks, named by their digest.
CREATE TABLE schemes (
    sha256 text COLLATE "C" NOT NULL PRIMARY KEY,
    id     text COLLATE "C" NOT NULL,
    bytes  bytea            NOT NULL
);

-- What became of each command: written in the append's own transaction, a refusal's in its own.
CREATE TABLE outcomes (
    event_id text COLLATE "C" NOT NULL PRIMARY KEY,
    digest   bytea            NOT NULL,
    accepted boolean          NOT NULL,
    result   text COLLATE "C" NOT NULL,
    position bigint,
    CHECK (accepted = (position IS NOT NULL))
);

-- Private keys that the server holds, sealed under the master key.
CREATE TABLE sealed_keys (
    kid    text COLLATE "C" NOT NULL PRIMARY KEY,
    role   text COLLATE "C" NOT NULL,
    holder text COLLATE "C" NOT NULL,
    sealed bytea            NOT NULL
);

-- How far each reaction of the runner has come: moved with what it appended.
CREATE TABLE cursors (
    reaction text COLLATE "C" NOT NULL PRIMARY KEY,
    position bigint           NOT NULL
);

-- Full tiles of level 1 and above; those of level 0 are the leaf hashes themselves.
CREATE TABLE tiles (
    level  bigint NOT NULL,
    n      bigint NOT NULL,
    hashes bytea  NOT NULL,
    PRIMARY KEY (level, n)
);

CREATE FUNCTION is_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what is in % is never changed or taken away', TG_TABLE_NAME;
END $$;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION is_never_changed();
CREATE TRIGGER checkpoints_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION is_never_changed();
CREATE TRIGGER schemes_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON schemes
    FOR EACH STATEMENT EXECUTE FUNCTION is_never_changed();
CREATE TRIGGER outcomes_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON outcomes
    FOR EACH STATEMENT EXECUTE FUNCTION is_never_changed();
CREATE TRIGGER tiles_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON tiles
    FOR EACH STATEMENT EXECUTE FUNCTION is_never_changed();

-- Who writes has no right to do more: granted to the login that serves. The owner of these tables only makes them.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wuping_writer') THEN
        CREATE ROLE wuping_writer NOLOGIN;
    END IF;
EXCEPTION
    -- another database of this server was being made at the same moment
    WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT SELECT, INSERT ON events, checkpoints, schemes, outcomes, sealed_keys, tiles TO wuping_writer;
GRANT SELECT, INSERT, UPDATE ON head, clock_mark, authors, cursors TO wuping_writer;
GRANT SELECT ON schema_version TO wuping_writer;

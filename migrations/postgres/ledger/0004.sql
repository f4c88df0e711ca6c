-- Version 4: the fork alarm stands where all nodes see it. Whoever takes the lock of the head looks here. Sealed keys are never
-- changed: a key that is ended is one that the log ended, and what it was sealed as stays.

INSERT INTO schema_version (version) VALUES (4);

-- Witnesses that know another history of this log, and what a person found out. Nothing is appended while one is not cleared.
CREATE TABLE fork_alarms (
    raised_at text COLLATE "C" NOT NULL PRIMARY KEY,
    why       text COLLATE "C" NOT NULL,
    cleared   text COLLATE "C"
);

GRANT SELECT, INSERT, UPDATE (cleared) ON fork_alarms TO wuping_writer;

CREATE TRIGGER sealed_keys_are_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON sealed_keys
    FOR EACH STATEMENT EXECUTE FUNCTION is_never_changed();

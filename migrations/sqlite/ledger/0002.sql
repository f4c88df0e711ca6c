-- Version 2: the fork alarm stands in the database too.

INSERT INTO schema_version (version) VALUES (2);

-- Witnesses that know another history of this log, and what a person found out. Nothing is appended while one is not cleared.
CREATE TABLE fork_alarms (
    raised_at TEXT NOT NULL PRIMARY KEY,
    why       TEXT NOT NULL,
    cleared   TEXT
) STRICT, WITHOUT ROWID;

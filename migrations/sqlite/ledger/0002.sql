-- Version 2: the fork alarm stands in the database too, and nothing that is never changed can be replaced.

INSERT INTO schema_version (version) VALUES (2);

-- Witnesses that know another history of this log, and what a person found out. Nothing is appended while one is not cleared.
CREATE TABLE fork_alarms (
    raised_at TEXT NOT NULL PRIMARY KEY,
    why       TEXT NOT NULL,
    cleared   TEXT
) STRICT, WITHOUT ROWID;

-- INSERT OR REPLACE takes the row that is in the way without asking the triggers on UPDATE and DELETE.
CREATE TRIGGER events_are_never_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE position = NEW.position)
    OR EXISTS (SELECT 1 FROM events WHERE aggregate_id = NEW.aggregate_id AND sequence = NEW.sequence)
    OR EXISTS (SELECT 1 FROM events WHERE event_id = NEW.event_id)
BEGIN SELECT RAISE(ABORT, 'entries of the ledger are never replaced'); END;
CREATE TRIGGER checkpoints_are_never_replaced BEFORE INSERT ON checkpoints
WHEN EXISTS (SELECT 1 FROM checkpoints WHERE size = NEW.size)
BEGIN SELECT RAISE(ABORT, 'signed checkpoints are never replaced'); END;
CREATE TRIGGER schemes_are_never_replaced BEFORE INSERT ON schemes
WHEN EXISTS (SELECT 1 FROM schemes WHERE sha256 = NEW.sha256)
BEGIN SELECT RAISE(ABORT, 'compiled rulebooks are never replaced'); END;
CREATE TRIGGER outcomes_are_never_replaced BEFORE INSERT ON outcomes
WHEN EXISTS (SELECT 1 FROM outcomes WHERE event_id = NEW.event_id)
BEGIN SELECT RAISE(ABORT, 'outcomes of commands are never replaced'); END;
CREATE TRIGGER tiles_are_never_replaced BEFORE INSERT ON tiles
WHEN EXISTS (SELECT 1 FROM tiles WHERE level = NEW.level AND n = NEW.n)
BEGIN SELECT RAISE(ABORT, 'full tiles are never replaced'); END;

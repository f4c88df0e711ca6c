-- Version 3: that a backup was put back here says so, until the log does. Whichever node is the first to serve records it.

INSERT INTO schema_version (version) VALUES (3);

CREATE TABLE restored (
    only_row bigint           NOT NULL PRIMARY KEY CHECK (only_row = 1),
    note     text COLLATE "C" NOT NULL
);

GRANT SELECT, DELETE ON restored TO wuping_writer;

-- The views file, version 1: read models folded from the ledger. Nothing in it is kept for ever: `wuping rebuild`
-- makes it anew. Public values only. Indexes and the two tables for search are in a second part, after the load.

-- Which entries were folded, and the tree they make. One row.
CREATE TABLE progress (
    only_row    INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    log         TEXT    NOT NULL,
    folded      INTEGER NOT NULL,
    frontier    BLOB    NOT NULL,
    tree_root   TEXT    NOT NULL,
    recorded_at TEXT    NOT NULL
) STRICT;

-- Which code folded them: another version of any of these is another file.
CREATE TABLE projections (
    name    TEXT    NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the folds must remember of premises, and of alerts, to go on; no view.
CREATE TABLE folded (
    premises TEXT NOT NULL PRIMARY KEY,
    state    TEXT NOT NULL
) STRICT;

-- The register. `number` is the position of the first entry about these premises.
CREATE TABLE premises (
    number      INTEGER NOT NULL PRIMARY KEY,
    premises    TEXT    NOT NULL,
    layer       TEXT    NOT NULL,
    parent      TEXT,
    name        TEXT,
    address     TEXT    NOT NULL,
    codes       TEXT    NOT NULL,
    subdistrict TEXT    NOT NULL,
    community   TEXT    NOT NULL,
    grid_cell   TEXT    NOT NULL,
    storeys     INTEGER,
    units       INTEGER,
    year_built  INTEGER,
    tenure      TEXT,
    structure   TEXT,
    vacant      INTEGER NOT NULL,
    tags        TEXT    NOT NULL,
    parties     TEXT    NOT NULL,
    assessors   TEXT    NOT NULL,
    stewards    TEXT    NOT NULL,
    closed_on   TEXT
) STRICT;

-- Per premises: what is in force, and beside it the newest determination with what it waits for.
CREATE TABLE current_grades (
    number                  INTEGER NOT NULL PRIMARY KEY,
    premises                TEXT    NOT NULL,
    determination           INTEGER,
    assessment              TEXT,
    assessed_on             TEXT,
    effective_from          TEXT,
    score                   INTEGER,
    star                    INTEGER,
    grade                   TEXT,
    band                    TEXT,
    management_level        TEXT,
    color                   TEXT,
    position                INTEGER,
    rulebook                TEXT,
    rulebook_sha256         TEXT,
    latest_determination    INTEGER,
    latest_assessment       TEXT,
    latest_assessed_on      TEXT,
    latest_determined_on    TEXT,
    latest_score            INTEGER,
    latest_star             INTEGER,
    latest_grade            TEXT,
    latest_band             TEXT,
    latest_management_level TEXT,
    latest_color            TEXT,
    latest_position         INTEGER,
    latest_rulebook         TEXT,
    latest_rulebook_sha256  TEXT,
    adverse                 INTEGER NOT NULL,
    waiting_for             TEXT,
    invited_on              TEXT,
    statement_on            TEXT,
    considered_on           TEXT,
    published               INTEGER NOT NULL,
    prohibition_ground      TEXT,
    prohibition_authority   TEXT,
    prohibition_scope       TEXT,
    prohibition_document    TEXT,
    prohibited_from         TEXT,
    prohibition_number      INTEGER,
    -- the newest prohibition of the building that does not bind this unit
    spared_ban              INTEGER,
    plaque_shows            INTEGER,
    supervision_hangs       INTEGER NOT NULL,
    plaque_missing_since    TEXT,
    supervision_missing_since TEXT
) STRICT;

-- Every determination, and every other entry by which what is in force changed.
CREATE TABLE grade_history (
    number           INTEGER NOT NULL,
    premises         TEXT    NOT NULL,
    position         INTEGER NOT NULL,
    recorded_at      TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    in_force         INTEGER NOT NULL,
    determination    INTEGER,
    assessment       TEXT,
    assessed_on      TEXT,
    effective_from   TEXT,
    score            INTEGER,
    star             INTEGER,
    grade            TEXT,
    band             TEXT,
    management_level TEXT,
    color            TEXT,
    "trigger"        TEXT,
    direction        TEXT,
    rulebook         TEXT,
    rulebook_sha256  TEXT
) STRICT;

-- Assessments under way, and on whom they wait.
CREATE TABLE open_assessments (
    number             INTEGER NOT NULL,
    assessment         TEXT    NOT NULL,
    premises           TEXT    NOT NULL,
    rulebook           TEXT    NOT NULL,
    rulebook_sha256    TEXT    NOT NULL,
    reason             TEXT    NOT NULL,
    lead               TEXT    NOT NULL,
    opened_on          TEXT    NOT NULL,
    position           INTEGER NOT NULL,
    results            INTEGER NOT NULL,
    indicators         INTEGER NOT NULL,
    missing_grid       INTEGER NOT NULL,
    missing_department INTEGER NOT NULL,
    missing_feed       INTEGER NOT NULL,
    missing_ledger     INTEGER NOT NULL,
    departments        TEXT    NOT NULL,
    PRIMARY KEY (number, assessment)
) STRICT, WITHOUT ROWID;

-- Assessments submitted or given up.
CREATE TABLE ended_assessments (
    number          INTEGER NOT NULL,
    assessment      TEXT    NOT NULL,
    premises        TEXT    NOT NULL,
    rulebook        TEXT    NOT NULL,
    rulebook_sha256 TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    lead            TEXT    NOT NULL,
    opened_on       TEXT    NOT NULL,
    stage           TEXT    NOT NULL,
    ended_on        TEXT    NOT NULL,
    position        INTEGER NOT NULL,
    results         INTEGER NOT NULL
) STRICT;

-- When each building must be gone round next.
CREATE TABLE patrol_schedule (
    number     INTEGER NOT NULL PRIMARY KEY,
    premises   TEXT    NOT NULL,
    rule       TEXT    NOT NULL,
    since      TEXT    NOT NULL,
    last_round TEXT,
    due        TEXT,
    suspected  INTEGER NOT NULL,
    worker     TEXT,
    route      TEXT
) STRICT;

-- Hazards still to be decided on, put right or closed.
CREATE TABLE open_hazards (
    number       INTEGER NOT NULL,
    hazard       TEXT    NOT NULL,
    premises     TEXT    NOT NULL,
    indicator    TEXT    NOT NULL,
    severity     TEXT    NOT NULL,
    works        TEXT    NOT NULL,
    competent    TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    suspected    INTEGER NOT NULL,
    determined   INTEGER,
    document     TEXT,
    points       INTEGER,
    caused_by    TEXT,
    found_by     TEXT,
    stage        TEXT    NOT NULL,
    found_on     TEXT    NOT NULL,
    confirmed_on TEXT,
    accepted_on  TEXT,
    closed_on    TEXT,
    closed_how   TEXT,
    position     INTEGER NOT NULL,
    PRIMARY KEY (number, hazard)
) STRICT, WITHOUT ROWID;

-- Closed hazards.
CREATE TABLE closed_hazards (
    number       INTEGER NOT NULL,
    hazard       TEXT    NOT NULL,
    premises     TEXT    NOT NULL,
    indicator    TEXT    NOT NULL,
    severity     TEXT    NOT NULL,
    works        TEXT    NOT NULL,
    competent    TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    suspected    INTEGER NOT NULL,
    determined   INTEGER,
    document     TEXT,
    points       INTEGER,
    caused_by    TEXT,
    found_by     TEXT,
    stage        TEXT    NOT NULL,
    found_on     TEXT    NOT NULL,
    confirmed_on TEXT,
    accepted_on  TEXT,
    closed_on    TEXT,
    closed_how   TEXT,
    position     INTEGER NOT NULL
) STRICT;

CREATE VIEW hazards AS SELECT * FROM open_hazards UNION ALL SELECT * FROM closed_hazards;

-- Matters that run, with those that have ended and may come up again. `number` is that of the premises; of an alert, which
-- lies at none, the position of its first entry. `deadlines` holds all that run, the columns the one that is next.
CREATE TABLE matters_at_hand (
    number             INTEGER NOT NULL,
    stream             TEXT    NOT NULL,
    kind               TEXT    NOT NULL,
    stage              TEXT    NOT NULL,
    about              TEXT    NOT NULL,
    detail             TEXT,
    party              TEXT,
    department         TEXT,
    areas              TEXT    NOT NULL,
    deadlines          TEXT    NOT NULL,
    due_rule           TEXT,
    due_on             TEXT,
    provisional        INTEGER NOT NULL,
    lapses             INTEGER NOT NULL,
    tracking           TEXT,
    opened_on          TEXT    NOT NULL,
    opened_at          TEXT    NOT NULL,
    opened_recorded_at TEXT    NOT NULL,
    position           INTEGER NOT NULL,
    changed_at         TEXT    NOT NULL,
    changed_position   INTEGER NOT NULL,
    ended_how          TEXT,
    ended_on           TEXT,
    ended_at           TEXT,
    ended_recorded_at  TEXT,
    ended_position     INTEGER,
    sort_day           TEXT    NOT NULL,
    PRIMARY KEY (number, stream)
) STRICT, WITHOUT ROWID;

-- Whom each running matter waits on; `n` counts from 0 in the order of the rules.
CREATE TABLE matter_hands (
    number     INTEGER NOT NULL,
    stream     TEXT    NOT NULL,
    n          INTEGER NOT NULL,
    role       TEXT,
    department TEXT,
    account    TEXT,
    party      TEXT,
    from_day   TEXT,
    until_day  TEXT,
    PRIMARY KEY (number, stream, n)
) STRICT, WITHOUT ROWID;

-- Matters that ended for good, with the rights that still run from a served notice.
CREATE TABLE matters_over (
    number             INTEGER NOT NULL,
    stream             TEXT    NOT NULL,
    kind               TEXT    NOT NULL,
    stage              TEXT    NOT NULL,
    about              TEXT    NOT NULL,
    detail             TEXT,
    party              TEXT,
    department         TEXT,
    areas              TEXT    NOT NULL,
    deadlines          TEXT    NOT NULL,
    due_rule           TEXT,
    due_on             TEXT,
    provisional        INTEGER NOT NULL,
    lapses             INTEGER NOT NULL,
    tracking           TEXT,
    opened_on          TEXT    NOT NULL,
    opened_at          TEXT    NOT NULL,
    opened_recorded_at TEXT    NOT NULL,
    position           INTEGER NOT NULL,
    changed_at         TEXT    NOT NULL,
    changed_position   INTEGER NOT NULL,
    ended_how          TEXT,
    ended_on           TEXT,
    ended_at           TEXT,
    ended_recorded_at  TEXT,
    ended_position     INTEGER,
    sort_day           TEXT    NOT NULL
) STRICT;

CREATE VIEW matters AS SELECT * FROM matters_at_hand UNION ALL SELECT * FROM matters_over;

CREATE TABLE accounts (
    account     TEXT    NOT NULL PRIMARY KEY,
    standing    TEXT    NOT NULL,
    grants      TEXT    NOT NULL,
    relations   TEXT    NOT NULL,
    association TEXT,
    has_left    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Keys by thumbprint; valid from `enrolled_at` up to, not including, `ended_at`.
CREATE TABLE account_keys (
    kid          TEXT    NOT NULL PRIMARY KEY,
    account      TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    enrolled_at  INTEGER NOT NULL,
    ended_at     INTEGER,
    suspect_from INTEGER
) STRICT, WITHOUT ROWID;

-- Registered organs in whose name decisions are issued; `department` where one is a department of the policy's list.
CREATE TABLE authorities (
    authority  TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    department TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE rulebooks (
    rulebook        TEXT    NOT NULL PRIMARY KEY,
    layer           TEXT    NOT NULL,
    sha256          TEXT    NOT NULL,
    holds_from      TEXT    NOT NULL,
    operating       INTEGER NOT NULL,
    issued_by       TEXT    NOT NULL,
    document_number TEXT    NOT NULL,
    position        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Measures, listings, boards, associations, campaigns and meetings, a row a stream; `state` is JSON, of public values.
CREATE TABLE undertakings (
    stream     TEXT    NOT NULL PRIMARY KEY,
    kind       TEXT    NOT NULL,
    premises   TEXT,
    party      TEXT,
    area       TEXT,
    stage      TEXT    NOT NULL,
    due        TEXT,
    opened_at  INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    changed_on TEXT    NOT NULL,
    state      TEXT    NOT NULL
) STRICT;
-- A credit file by its party: the newest rating, and how much waits.
CREATE TABLE credit_files (
    party               TEXT    NOT NULL PRIMARY KEY,
    kind                TEXT    NOT NULL,
    uscc                TEXT,
    merged_into         TEXT,
    rating              INTEGER,
    rated_on            TEXT,
    proposed            TEXT,
    shown               TEXT,
    published_class     TEXT,
    inspection_months   INTEGER,
    waits_for_confirmer INTEGER NOT NULL DEFAULT 0,
    premises            INTEGER NOT NULL DEFAULT 0,
    conduct             INTEGER NOT NULL DEFAULT 0,
    objections          INTEGER NOT NULL DEFAULT 0,
    repairs             INTEGER NOT NULL DEFAULT 0,
    published           INTEGER NOT NULL DEFAULT 0,
    position            INTEGER
) STRICT, WITHOUT ROWID;

-- What of credit files is public, and since when an objection to it is open.
CREATE TABLE credit_published (
    party        TEXT    NOT NULL,
    what         TEXT    NOT NULL,
    number       INTEGER NOT NULL,
    class        TEXT,
    conduct      TEXT,
    published_on TEXT    NOT NULL,
    until        TEXT,
    objection    INTEGER,
    objected_on  TEXT,
    position     INTEGER NOT NULL,
    PRIMARY KEY (party, what, number)
) STRICT, WITHOUT ROWID;

-- Reports to the public credit platform, by party and number, and what it has taken.
CREATE TABLE credit_outbox (
    party                  TEXT    NOT NULL,
    report                 INTEGER NOT NULL,
    what                   TEXT    NOT NULL,
    number                 INTEGER NOT NULL,
    class                  TEXT,
    reported_on            TEXT    NOT NULL,
    until                  TEXT,
    acknowledged_on        TEXT,
    recalled_on            TEXT,
    recalled_why           TEXT,
    recall_acknowledged_on TEXT,
    position               INTEGER NOT NULL,
    PRIMARY KEY (party, report)
) STRICT, WITHOUT ROWID;

-- Open premises by subdistrict, layer and grade in force; those without a grade have an empty band.
CREATE TABLE counts (
    subdistrict      TEXT    NOT NULL,
    layer            TEXT    NOT NULL,
    management_level TEXT    NOT NULL,
    star             INTEGER NOT NULL,
    band             TEXT    NOT NULL,
    premises         INTEGER NOT NULL,
    PRIMARY KEY (subdistrict, layer, management_level, star, band)
) STRICT, WITHOUT ROWID;

-- Bigrams of Chinese, whole words of anything else, from name and address.
CREATE TABLE search_terms (
    term   TEXT    NOT NULL,
    number INTEGER NOT NULL
) STRICT;

-- Every code of the premises in force, folded to lower case without blanks.
CREATE TABLE search_codes (
    code   TEXT    NOT NULL,
    scheme TEXT    NOT NULL,
    number INTEGER NOT NULL
) STRICT;

-- Version 1 of the journal. A schema that ever shipped is never edited: a change is a new file.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What happened, in order; a cursor is (epoch, number).
CREATE TABLE entry (
    number  INTEGER PRIMARY KEY,
    at      REAL NOT NULL,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    body    TEXT NOT NULL
) STRICT;

CREATE INDEX entry_by_subject ON entry (subject, number);

-- How things stand after the last entry; what a start reads.
CREATE TABLE record (
    kind TEXT NOT NULL,
    id   TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- Commands that were carried out, so that a repeated one gets the same answer.
CREATE TABLE command (
    key     TEXT PRIMARY KEY,
    at      REAL NOT NULL,
    outcome TEXT NOT NULL
) STRICT, WITHOUT ROWID;

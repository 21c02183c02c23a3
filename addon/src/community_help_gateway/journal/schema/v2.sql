-- Version 2: what an entry is about can be asked, entries are chained, old ones can go.

-- The incident that an entry concerns, or ''.
ALTER TABLE entry ADD COLUMN incident TEXT NOT NULL DEFAULT '';

-- sha256 over the previous entry's hash, the number and the body; '' for entries from before version 2.
ALTER TABLE entry ADD COLUMN hash TEXT NOT NULL DEFAULT '';

UPDATE entry SET incident = coalesce(json_extract(body, '$.incident.id'), '') WHERE json_valid(body);

-- Nobody asks by subject: the incident takes its place.
DROP INDEX entry_by_subject;

CREATE INDEX entry_by_incident ON entry (incident, number);

CREATE INDEX entry_by_at ON entry (at);

CREATE INDEX command_by_at ON command (at);

-- Where the chain begins: the number and, after a blank, the hash of the last entry that is not checked.
INSERT INTO meta SELECT 'anchor', coalesce(max(number), 0) || ' ' FROM entry;

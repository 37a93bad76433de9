-- Accepted submissions, until the planner has journaled them. Enumerations are stored as the
-- numbers of schema/values.

CREATE TABLE submission(
  number INTEGER PRIMARY KEY,          -- in the order in which they began
  id TEXT NOT NULL UNIQUE,
  accepted INTEGER,                    -- in the order in which they were accepted; null: receiving
  author TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  total_bytes INTEGER NOT NULL,
  stored_bytes INTEGER NOT NULL DEFAULT 0,
  standing INTEGER NOT NULL DEFAULT 0,
  tx INTEGER NOT NULL DEFAULT 0,
  refused TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX submission_accepted ON submission(accepted);

CREATE TABLE chunk(
  submission INTEGER NOT NULL REFERENCES submission(number) ON DELETE CASCADE,
  first_byte INTEGER NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX chunk_position ON chunk(submission, first_byte);

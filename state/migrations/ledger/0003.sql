-- Rows are found by their number alone: whoever writes has read all of them. Of a mapping its activity says the
-- rest, and only whose it is and how it is stands beside that.
CREATE TABLE numbered_attempt(
  id INTEGER PRIMARY KEY,
  tx INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  direction INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  journal INTEGER NOT NULL,
  body_hash INTEGER NOT NULL,
  directory TEXT NOT NULL,
  acknowledged INTEGER NOT NULL DEFAULT 0,
  body INTEGER,                        -- null once settled
  outcome BLOB                         -- encoded Outcome; null: started, not settled
) STRICT;
INSERT INTO numbered_attempt(tx, idx, direction, attempt, journal, body_hash, directory, acknowledged, body, outcome)
  SELECT tx, idx, direction, attempt, journal, body_hash, directory, acknowledged, body, outcome FROM attempt;
DROP TABLE attempt;
ALTER TABLE numbered_attempt RENAME TO attempt;

CREATE TABLE mapping_of_body(
  body INTEGER PRIMARY KEY,            -- an ActivateItem
  profile TEXT NOT NULL,
  state INTEGER NOT NULL
) STRICT;
INSERT INTO mapping_of_body SELECT body, profile, state FROM mapping;
DROP TABLE mapping;
ALTER TABLE mapping_of_body RENAME TO mapping;

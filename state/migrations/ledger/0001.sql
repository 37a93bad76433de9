-- What a worker remembers: the tables hold the state that the records add up to (schema/values/
-- ledger.h), not the records. Enumerations are stored as the numbers of schema/values.

CREATE TABLE meta(
  one INTEGER PRIMARY KEY CHECK (one = 1),
  ledger INTEGER NOT NULL,             -- LedgerId, 64 random bits
  starts INTEGER NOT NULL DEFAULT 0,   -- of processes that opened it
  journal INTEGER NOT NULL DEFAULT 0,  -- the one that is served; 0: any
  epoch INTEGER NOT NULL DEFAULT 0,
  low_water INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Bodies are large, and nothing about them changes: they are written once, apart from the small rows
-- that change with each record of a step, and are handed from an attempt to the mapping it makes.
CREATE TABLE body(
  id INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL                  -- encoded ItemBody
) STRICT;

-- One attempt at a step. Rows go when the low-water mark passes their transaction.
CREATE TABLE attempt(
  tx INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  direction INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  journal INTEGER NOT NULL,
  body_hash INTEGER NOT NULL,
  directory TEXT NOT NULL,
  acknowledged INTEGER NOT NULL DEFAULT 0,
  body INTEGER,                        -- null once settled
  outcome BLOB,                        -- encoded Outcome; null: started, not settled
  PRIMARY KEY (tx, idx, direction, attempt)
) STRICT, WITHOUT ROWID;

-- At most one row: the lease of this target.
CREATE TABLE lease(
  one INTEGER PRIMARY KEY CHECK (one = 1),
  tx INTEGER NOT NULL,
  profile TEXT NOT NULL,
  expires_ms INTEGER NOT NULL,
  standing INTEGER NOT NULL
) STRICT;

-- Unique by profile, container, service and digest. Whoever writes here has read all of it, so rows
-- are found by their number and no index is kept.
CREATE TABLE mapping(
  id INTEGER PRIMARY KEY,
  profile TEXT NOT NULL,
  container TEXT NOT NULL,
  service TEXT NOT NULL,
  digest TEXT NOT NULL,
  service_name TEXT NOT NULL,
  package TEXT NOT NULL,
  state INTEGER NOT NULL,
  body INTEGER NOT NULL                -- an ActivateItem
) STRICT;

CREATE TABLE root(
  tx INTEGER NOT NULL,
  path TEXT NOT NULL,
  PRIMARY KEY (tx, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE may_be_locked(
  container TEXT NOT NULL,
  component TEXT NOT NULL,
  tx INTEGER NOT NULL,
  PRIMARY KEY (container, component)
) STRICT, WITHOUT ROWID;

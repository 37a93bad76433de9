-- Events are the truth; all other tables are projections, written in the same transaction.
-- Times are milliseconds since 1970. Enumerations are stored as the numbers of schema/values.

CREATE TABLE meta(
  one INTEGER PRIMARY KEY CHECK (one = 1),
  journal INTEGER NOT NULL,            -- JournalId, 64 random bits
  epoch INTEGER NOT NULL DEFAULT 0     -- of the last planner start
) STRICT;

CREATE TABLE event(
  sequence INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  tx INTEGER NOT NULL,                 -- 0: of no transaction
  kind INTEGER NOT NULL,               -- position in EventBody, from 1
  body BLOB NOT NULL                   -- encoded Event, light form
) STRICT;
CREATE INDEX event_of_no_transaction ON event(sequence) WHERE tx = 0;

-- The full form of events whose light form leaves something out.
CREATE TABLE event_full(
  sequence INTEGER PRIMARY KEY,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE "transaction"(
  id INTEGER PRIMARY KEY,
  submission TEXT NOT NULL,
  profile TEXT NOT NULL,
  author TEXT NOT NULL,
  action TEXT NOT NULL,
  submitted_ms INTEGER NOT NULL,
  first_event INTEGER NOT NULL,        -- its SubmissionAccepted
  last_event INTEGER NOT NULL,
  planned_event INTEGER,               -- its TransactionPlanned
  phase INTEGER NOT NULL DEFAULT 0,
  result INTEGER,                      -- null: still under way
  message TEXT NOT NULL DEFAULT '',
  plan_hash TEXT NOT NULL DEFAULT '',
  generation INTEGER NOT NULL DEFAULT 0,
  switching_ms INTEGER,
  ended_ms INTEGER,
  items INTEGER NOT NULL DEFAULT 0,
  activate INTEGER NOT NULL DEFAULT 0,
  deactivate INTEGER NOT NULL DEFAULT 0,
  bounced INTEGER NOT NULL DEFAULT 0,
  kept INTEGER NOT NULL DEFAULT 0,
  down TEXT NOT NULL DEFAULT '',       -- names of services, one a line
  next_mappings INTEGER NOT NULL DEFAULT 0,
  next_targets INTEGER NOT NULL DEFAULT 0,
  unfinished INTEGER NOT NULL DEFAULT 1,  -- 1: something is left to do, also after its end
  pruned INTEGER NOT NULL DEFAULT 0    -- 1: only what its generation needs is left
) STRICT;
CREATE INDEX transaction_of_profile ON "transaction"(profile, id);
CREATE INDEX transaction_unfinished ON "transaction"(id) WHERE unfinished = 1;
CREATE INDEX transaction_not_pruned ON "transaction"(ended_ms) WHERE pruned = 0;

-- Targets that a transaction could not verify and still waits for.
CREATE TABLE set_aside(
  tx INTEGER NOT NULL,
  target TEXT NOT NULL,
  PRIMARY KEY (tx, target)
) STRICT, WITHOUT ROWID;

-- Attempts that are settled.
CREATE TABLE item(
  tx INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  direction INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  settled_event INTEGER NOT NULL,      -- its ItemSettled
  PRIMARY KEY (tx, idx, direction, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE generation(
  profile TEXT NOT NULL,
  number INTEGER NOT NULL,
  tx INTEGER NOT NULL,
  planned_event INTEGER NOT NULL,      -- holds the manifest
  committed_ms INTEGER NOT NULL,
  author TEXT NOT NULL,
  mappings INTEGER NOT NULL,
  targets INTEGER NOT NULL,
  PRIMARY KEY (profile, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX generation_of_transaction ON generation(tx);

-- Kept for ever: a used id is never used again.
CREATE TABLE submission(
  id TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  tx INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

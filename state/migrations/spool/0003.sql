-- The ledger that a target is known by, and the key of the worker that came with it: another ledger is refused by
-- a broker that has just been started, too.
CREATE TABLE ledger(
  queue TEXT PRIMARY KEY,
  ledger INTEGER NOT NULL,
  public_key TEXT NOT NULL
) STRICT;

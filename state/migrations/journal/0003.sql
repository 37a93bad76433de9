-- What was seen elsewhere of this journal and is newer than it, and whether it still waits for an operator.
ALTER TABLE meta ADD COLUMN superseded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN seen_epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN seen_event INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN seen_transaction INTEGER NOT NULL DEFAULT 0;

-- The epochs of the last starts, and of those that an operator has taken over from: whoever has seen another one
-- between them has seen a planner that runs on a copy.
CREATE TABLE start(epoch INTEGER PRIMARY KEY) STRICT;
INSERT INTO start SELECT epoch FROM meta WHERE epoch > 0;

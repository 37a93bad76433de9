-- The newest event of the served journal that came with an item: by it a planner is told that its journal is a
-- backup that was taken before.
ALTER TABLE meta ADD COLUMN event INTEGER NOT NULL DEFAULT 0;

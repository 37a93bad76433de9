-- The event of each start: what earlier planners have published is older. 0: from before this was noted.
ALTER TABLE start ADD COLUMN event INTEGER NOT NULL DEFAULT 0;

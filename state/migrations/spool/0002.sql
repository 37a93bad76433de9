-- The newest epoch of a planner that was served, by journal: an older planner is refused by a broker that has
-- just been started, too.
CREATE TABLE planner(
  journal INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL
) STRICT;

-- When a channel's schedule has to be looked at next (0: at once), so that no step of the clock looks at all of them.

ALTER TABLE channels ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX channels_due ON channels (due_at) WHERE scheduled = 1;

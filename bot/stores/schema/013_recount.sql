-- How often a channel's counting rule was changed since all that was answered before was last counted by it.

ALTER TABLE channels ADD COLUMN recount INTEGER NOT NULL DEFAULT 0;
CREATE INDEX channels_recount ON channels (recount) WHERE recount > 0;

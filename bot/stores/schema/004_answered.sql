-- How many have answered, as the question's message tells it, and when it is to be brought up to date (NULL: it is).

ALTER TABLE rounds ADD COLUMN answered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rounds ADD COLUMN count_due INTEGER;
CREATE INDEX rounds_count ON rounds (count_due) WHERE count_due IS NOT NULL;
CREATE INDEX outbox_channel ON outbox (platform, community, channel, id) WHERE state IN ('waiting', 'sending');

-- What is said changed while it was on its way: it is said again, as an edit.

ALTER TABLE outbox ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_sending ON outbox (platform, community, channel, due_at) WHERE state = 'sending';

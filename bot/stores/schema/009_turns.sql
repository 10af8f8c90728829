-- The order in which waiting replies are graded: fair among communities and people, and at a person's pace.

ALTER TABLE replies ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;      -- place in the line, like a time; 0 while not in it
ALTER TABLE replies ADD COLUMN behind INTEGER NOT NULL DEFAULT 0;    -- its author had another one in the line
ALTER TABLE replies ADD COLUMN ready_at INTEGER;                     -- since when its author's pace lets it be graded
ALTER TABLE replies ADD COLUMN held INTEGER NOT NULL DEFAULT 0;      -- it had to wait for its author's pace
DROP INDEX replies_due;
CREATE INDEX replies_line ON replies (turn, due_at, id) WHERE state = 'received';
CREATE INDEX replies_tail ON replies (platform, community, behind, turn) WHERE state = 'received' AND turn > 0;
CREATE INDEX replies_pace ON replies (platform, community, user_id, ready_at) WHERE ready_at IS NOT NULL;

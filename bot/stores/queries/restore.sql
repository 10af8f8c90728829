-- What a restored backup can't know: what was posted after it was taken.

-- name: outbox_may_be_posted
-- Looked for before it is sent, as after a crash.
UPDATE outbox SET tries = 1 WHERE state = 'waiting' AND tries = 0 AND message = '' RETURNING id;

-- name: outbox_leave_gap
-- Messages are told apart on the platforms by their number here: one that was used must not come again.
INSERT INTO outbox (id, platform, community, channel, kind, round_id, state, due_at, created_at)
SELECT o.id + :gap, o.platform, o.community, o.channel, 'grade', o.round_id, 'void', o.due_at, o.created_at
FROM outbox o ORDER BY o.id DESC LIMIT 1
RETURNING id;

-- name: outbox_go_on
-- SQLite goes on after the highest number that there ever was, PostgreSQL has to be told.
SELECT max(id) AS id /*postgres: , setval(pg_get_serial_sequence('outbox', 'id'), max(id)) AS moved*/ FROM outbox;

-- What operators ask of the database.

-- name: ops_alive
SELECT /*postgres: (SELECT max(version) FROM schema_migrations) AS version,*/ 1 AS alive;

-- name: ops_clock
SELECT /*postgres: CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) AS at,*/ 1 AS alive;

-- name: ops_replies
-- What is over its author's pace is held back on purpose, and waits only since that pace lets it be graded.
SELECT count(*) AS pending, count(CASE WHEN held = 1 AND ready_at > :now THEN 1 END) AS held,
    min(CASE WHEN held = 1 THEN ready_at ELSE at END) AS oldest
FROM replies WHERE state = 'received';

-- name: ops_failed
SELECT count(*) AS failed FROM replies WHERE state = 'failed';

-- name: ops_outbox
-- An amendment is as old as the wish for it, not as its message.
SELECT platform, count(*) AS waiting, min(CASE WHEN message = '' THEN created_at ELSE due_at END) AS oldest
FROM outbox WHERE state IN ('waiting', 'sending') GROUP BY platform;

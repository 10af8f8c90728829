-- What operators ask of the database.

-- name: ops_alive
SELECT /*postgres: (SELECT max(version) FROM schema_migrations) AS version,*/ 1 AS alive;

-- name: ops_replies
SELECT count(*) AS pending, min(at) AS oldest FROM replies WHERE state = 'received';

-- name: ops_failed
SELECT count(*) AS failed FROM replies WHERE state = 'failed';

-- name: ops_outbox
-- An amendment is as old as the wish for it, not as its message.
SELECT platform, count(*) AS waiting, min(CASE WHEN message = '' THEN created_at ELSE due_at END) AS oldest
FROM outbox WHERE state IN ('waiting', 'sending') GROUP BY platform;

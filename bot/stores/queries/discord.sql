-- Discord's own few tables.

-- name: discord_installation_put
INSERT INTO discord_installation (id, mark) VALUES (1, :mark) ON CONFLICT (id) DO NOTHING RETURNING mark;

-- name: discord_installation
SELECT mark FROM discord_installation WHERE id = 1;

-- name: discord_told_put
INSERT INTO discord_told (community, thread, user_id) VALUES (:community, :thread, :user_id)
ON CONFLICT (community, thread, user_id) DO NOTHING RETURNING user_id;

-- name: discord_told_forget
DELETE FROM discord_told WHERE community = :community AND user_id = :user_id RETURNING user_id;

-- name: discord_told_forget_all
DELETE FROM discord_told WHERE community = :community RETURNING user_id;

-- name: discord_turn_take
-- Only if the turn before is over, or was taken by a clock that is wrong.
INSERT INTO discord_turns (bucket, free_at) VALUES (:bucket, :free_at)
ON CONFLICT (bucket) DO UPDATE SET free_at = excluded.free_at
WHERE discord_turns.free_at <= :now OR discord_turns.free_at > :wrong RETURNING bucket;

-- name: discord_turn
SELECT free_at FROM discord_turns WHERE bucket = :bucket;

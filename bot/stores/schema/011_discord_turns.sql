-- When the next session of a bucket of Discord's shards may begin, whichever process begins it.

CREATE TABLE discord_turns (
    bucket  INTEGER NOT NULL,
    free_at INTEGER NOT NULL,
    PRIMARY KEY (bucket)
) WITHOUT ROWID;

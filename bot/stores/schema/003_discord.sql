-- What Discord needs beside the coach's own tables, and what every platform has that can be left: see communities_left.

ALTER TABLE channels ADD COLUMN pin INTEGER NOT NULL DEFAULT 0;
ALTER TABLE channels ADD COLUMN archive_min INTEGER NOT NULL DEFAULT 1440;

-- Posted, but not as it was meant to be: failure says why.
CREATE INDEX outbox_noted ON outbox (id) WHERE state = 'sent' AND failure <> '';

-- Communities that removed the coach. They are forgotten after a grace period; coming back ends it.
CREATE TABLE communities_left (
    platform  TEXT NOT NULL,
    community TEXT NOT NULL,
    left_at   INTEGER NOT NULL,
    PRIMARY KEY (platform, community)
) WITHOUT ROWID;

-- One row: tells the messages of this database from those that another one posted into the same channel.
CREATE TABLE discord_installation (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    mark TEXT NOT NULL
);

-- Who has been told, in which thread, that their words can't be read there.
CREATE TABLE discord_told (
    community TEXT NOT NULL,
    thread    TEXT NOT NULL,
    user_id   TEXT NOT NULL,
    PRIMARY KEY (community, thread, user_id)
) WITHOUT ROWID;

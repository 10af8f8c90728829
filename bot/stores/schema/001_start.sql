-- Times are integer microseconds since 1970 in UTC, dates ISO text, ids of platforms text, flags 0 or 1.

CREATE TABLE channels (
    id            INTEGER PRIMARY KEY,
    platform      TEXT NOT NULL,
    community     TEXT NOT NULL,
    channel       TEXT NOT NULL,
    name          TEXT NOT NULL DEFAULT '',
    scheduled     INTEGER NOT NULL DEFAULT 0,
    post_minute   INTEGER NOT NULL DEFAULT 540,          -- local minute of the day
    zone          TEXT NOT NULL DEFAULT 'UTC',
    weekdays      TEXT NOT NULL DEFAULT '0123456',       -- Monday is 0
    grace_s       INTEGER NOT NULL DEFAULT 10800,
    mention       TEXT NOT NULL DEFAULT '',
    rule          TEXT NOT NULL DEFAULT 'first',
    close_after_s INTEGER NOT NULL DEFAULT 86400,
    since         INTEGER NOT NULL,                      -- schedule in force since: nothing earlier is due
    UNIQUE (platform, community, channel)
);

-- Every version of a question that was ever asked: a round keeps the one it asked.
CREATE TABLE question_versions (
    version TEXT PRIMARY KEY,                            -- SHA-256 of body
    body    TEXT NOT NULL                                -- JSON
);

-- Imported questions; the default bank stays in its files. A community of '' means all of this installation.
CREATE TABLE questions (
    platform  TEXT NOT NULL,
    community TEXT NOT NULL,
    id        TEXT NOT NULL,
    position  INTEGER NOT NULL,
    body      TEXT NOT NULL,                             -- JSON
    PRIMARY KEY (platform, community, id)
) WITHOUT ROWID;

CREATE TABLE rounds (
    id               INTEGER PRIMARY KEY,
    channel_id       INTEGER NOT NULL REFERENCES channels (id),
    daily            INTEGER NOT NULL,
    local_date       TEXT NOT NULL,
    question_id      TEXT NOT NULL,
    question_version TEXT REFERENCES question_versions (version),
    section          TEXT NOT NULL,
    state            TEXT NOT NULL,                      -- scheduled, open, closed, skipped
    created_at       INTEGER NOT NULL,
    opened_at        INTEGER,
    closes_at        INTEGER NOT NULL,
    closed_at        INTEGER,
    revealed_at      INTEGER,
    message          TEXT NOT NULL DEFAULT '',
    thread           TEXT NOT NULL DEFAULT ''
);
-- What guards a daily post is this row, not the timer that asks for it.
CREATE UNIQUE INDEX rounds_daily ON rounds (channel_id, local_date) WHERE daily = 1;
CREATE INDEX rounds_state ON rounds (state, closes_at);
CREATE INDEX rounds_thread ON rounds (thread) WHERE thread <> '';
CREATE INDEX rounds_revealed ON rounds (state, revealed_at);
CREATE INDEX rounds_channel ON rounds (channel_id, id);

CREATE TABLE people (
    platform  TEXT NOT NULL,
    community TEXT NOT NULL,
    user_id   TEXT NOT NULL,
    name      TEXT NOT NULL,
    PRIMARY KEY (platform, community, user_id)
) WITHOUT ROWID;

CREATE TABLE replies (
    id           INTEGER PRIMARY KEY,
    round_id     INTEGER NOT NULL REFERENCES rounds (id),
    platform     TEXT NOT NULL,
    community    TEXT NOT NULL,
    channel      TEXT NOT NULL,                          -- where the message lives: the thread
    message      TEXT NOT NULL,
    revision     TEXT NOT NULL,
    user_id      TEXT NOT NULL,                          -- '' once the person is forgotten
    private      INTEGER NOT NULL,
    text         TEXT NOT NULL,
    at           INTEGER NOT NULL,                       -- when it was written
    state        TEXT NOT NULL,                          -- received, graded, failed, discussion, replaced, withdrawn, deleted
    practice     INTEGER NOT NULL,                       -- written after the close: graded, never counted
    copied       INTEGER NOT NULL DEFAULT 0,
    score        INTEGER,
    grade        TEXT,                                   -- JSON
    tries        INTEGER NOT NULL DEFAULT 0,             -- times that grading it failed
    waits        INTEGER NOT NULL DEFAULT 0,             -- times that the grader was away
    due_at       INTEGER NOT NULL,                       -- not to be graded before; a claim moves it on (its lease)
    failure      TEXT NOT NULL DEFAULT '',
    graded_at    INTEGER,
    UNIQUE (platform, community, channel, message, revision)
);
CREATE INDEX replies_due ON replies (due_at) WHERE state = 'received';
CREATE INDEX replies_failed ON replies (platform, community, id) WHERE state = 'failed';
CREATE INDEX replies_attempts ON replies (round_id, user_id, at, id);
CREATE INDEX replies_person ON replies (platform, community, user_id, at);

-- What each person's attempts at a round are worth, and the sums of it that boards read.
CREATE TABLE results (
    round_id   INTEGER NOT NULL REFERENCES rounds (id),
    user_id    TEXT NOT NULL,
    platform   TEXT NOT NULL,
    community  TEXT NOT NULL,
    local_date TEXT NOT NULL,
    daily      INTEGER NOT NULL,
    score      INTEGER NOT NULL,
    PRIMARY KEY (round_id, user_id)
) WITHOUT ROWID;
CREATE INDEX results_days ON results (platform, community, user_id, daily, local_date);

CREATE TABLE standings (
    platform  TEXT NOT NULL,
    community TEXT NOT NULL,
    period    TEXT NOT NULL,                             -- all, 2026-11, 2026-W47
    topic     TEXT NOT NULL,                             -- '' for all sections together
    user_id   TEXT NOT NULL,
    points    INTEGER NOT NULL,
    answers   INTEGER NOT NULL,
    PRIMARY KEY (platform, community, period, topic, user_id)
) WITHOUT ROWID;
CREATE INDEX standings_top ON standings (platform, community, period, topic, points DESC, user_id, answers);

-- What has to be said. A row refers to what it is about; its words are made when it is sent, so nothing personal is kept.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    platform   TEXT NOT NULL,
    community  TEXT NOT NULL,
    channel    TEXT NOT NULL,                            -- the channel whose order it keeps
    kind       TEXT NOT NULL,                            -- question, grade, pending, reveal
    round_id   INTEGER NOT NULL REFERENCES rounds (id),
    reply_id   INTEGER REFERENCES replies (id),
    state      TEXT NOT NULL DEFAULT 'waiting',          -- waiting, sending, sent, dropped
    tries      INTEGER NOT NULL DEFAULT 0,
    due_at     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    sent_at    INTEGER,
    message    TEXT NOT NULL DEFAULT '',
    failure    TEXT NOT NULL DEFAULT ''
);
CREATE INDEX outbox_open ON outbox (platform, id) WHERE state IN ('waiting', 'sending');
CREATE INDEX outbox_round ON outbox (round_id, kind);
CREATE INDEX outbox_reply ON outbox (reply_id, kind);
CREATE INDEX outbox_dropped ON outbox (id) WHERE state = 'dropped';

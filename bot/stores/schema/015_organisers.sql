-- What organisers decide: days without a question, pinned questions, changed grades; what members suggest to them.

-- Spans of local dates as `first/last`: one while the channel is paused, any number of holidays with spaces between.
ALTER TABLE channels ADD COLUMN paused TEXT NOT NULL DEFAULT '';
ALTER TABLE channels ADD COLUMN holidays TEXT NOT NULL DEFAULT '';

-- Questions that are to be asked on a date; a row goes when its question is asked.
CREATE TABLE pins (
    channel_id  INTEGER NOT NULL REFERENCES channels (id),
    local_date  TEXT NOT NULL,
    question_id TEXT NOT NULL,
    PRIMARY KEY (channel_id, local_date)
) WITHOUT ROWID;

-- Grades that an organiser changed: the grade in `replies` is the changed one.
CREATE TABLE overrides (
    reply_id     INTEGER NOT NULL REFERENCES replies (id),
    score_before INTEGER,                                -- the grader's; NULL where there was none
    score        INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    user_id      TEXT NOT NULL,                          -- the organiser; '' once forgotten
    at           INTEGER NOT NULL,
    PRIMARY KEY (reply_id)
) WITHOUT ROWID;
CREATE INDEX overrides_person ON overrides (user_id);

-- What organisers did, kept for a year. `detail` never holds a name.
CREATE TABLE acts (
    id        INTEGER PRIMARY KEY,
    platform  TEXT NOT NULL,
    community TEXT NOT NULL,
    user_id   TEXT NOT NULL,                             -- '' once forgotten
    name      TEXT NOT NULL,
    act       TEXT NOT NULL,
    detail    TEXT NOT NULL,
    at        INTEGER NOT NULL
);
CREATE INDEX acts_community ON acts (platform, community, id);

-- Questions that members suggest.
CREATE TABLE suggestions (
    id            INTEGER PRIMARY KEY,
    platform      TEXT NOT NULL,
    community     TEXT NOT NULL,
    channel_id    INTEGER NOT NULL REFERENCES channels (id),
    user_id       TEXT NOT NULL,                         -- '' once forgotten
    request       TEXT NOT NULL,                         -- of the form that sent it: sent again, it is the same
    section       TEXT NOT NULL,
    question      TEXT NOT NULL,
    sample_answer TEXT NOT NULL,
    credited      INTEGER NOT NULL,                      -- its author wants to be named
    state         TEXT NOT NULL DEFAULT 'open',          -- open, approved, declined
    reason        TEXT NOT NULL DEFAULT '',              -- why it was declined
    question_id   TEXT NOT NULL DEFAULT '',              -- what it is called in the bank
    at            INTEGER NOT NULL,
    decided_at    INTEGER,
    UNIQUE (platform, community, request)
);
CREATE INDEX suggestions_state ON suggestions (platform, community, state, id);
CREATE INDEX suggestions_person ON suggestions (platform, community, user_id);
CREATE INDEX suggestions_question ON suggestions (platform, community, question_id);

-- What holds for a whole community.
CREATE TABLE community_settings (
    platform          TEXT NOT NULL,
    community         TEXT NOT NULL,
    organisers_listed INTEGER NOT NULL DEFAULT 1,        -- organisers are on boards
    digest_channel_id INTEGER REFERENCES channels (id),  -- where the weekly digest is posted; NULL nowhere
    digest_at         INTEGER NOT NULL DEFAULT 0,        -- when the next one is due
    PRIMARY KEY (platform, community)
) WITHOUT ROWID;
CREATE INDEX community_settings_digest ON community_settings (digest_at) WHERE digest_channel_id IS NOT NULL;

-- What a message is about that is about no reply: a suggestion's id, a week's first date.
ALTER TABLE outbox ADD COLUMN about TEXT NOT NULL DEFAULT '';
CREATE INDEX outbox_about ON outbox (platform, community, about) WHERE about <> '';

-- The local web chat: a small chat platform whose messages live here. Thread 0 is the channel itself; author '' is the coach.

CREATE TABLE chat_people (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    name_key   TEXT NOT NULL UNIQUE,                     -- folded: "Ada" and "ADA" are one name
    organiser  INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Who a browser has been: its cookie's SHA-256, never the cookie.
CREATE TABLE chat_sessions (
    token_hash TEXT NOT NULL,
    person     TEXT NOT NULL REFERENCES chat_people (id) ON DELETE CASCADE,
    picked_at  INTEGER NOT NULL,
    PRIMARY KEY (token_hash, person)
) WITHOUT ROWID;
CREATE INDEX chat_sessions_person ON chat_sessions (person);

CREATE TABLE chat_channels (
    id       TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO chat_channels (id, position) VALUES ('mlops-daily', 1);

-- One row, one number: every change of a message takes the next, and a browser asks for all after the last it saw.
CREATE TABLE chat_changes (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL
);
INSERT INTO chat_changes (id, number) VALUES (1, 0);

CREATE TABLE chat_messages (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    channel  TEXT NOT NULL REFERENCES chat_channels (id),
    thread   INTEGER NOT NULL,                           -- the id of the message that opened it
    key      TEXT NOT NULL UNIQUE,                       -- sent twice with one key, a message is there once
    author   TEXT NOT NULL,
    only_for TEXT NOT NULL DEFAULT '',                   -- the one person who may see it
    reply_to INTEGER NOT NULL DEFAULT 0,
    opens    TEXT NOT NULL DEFAULT '',                   -- the name of the thread that it opened
    asked_by TEXT NOT NULL DEFAULT '',                   -- who ran the command that this answers, and which
    asked    TEXT NOT NULL DEFAULT '',
    text     TEXT NOT NULL,                              -- a person's words
    body     TEXT NOT NULL,                              -- the coach's message as JSON
    at       INTEGER NOT NULL,
    revision INTEGER NOT NULL DEFAULT 0,                 -- when it was edited last; 0 never
    receipt  TEXT NOT NULL DEFAULT '',                   -- '', seen, graded
    deleted  INTEGER NOT NULL DEFAULT 0,
    change   INTEGER NOT NULL
);
CREATE INDEX chat_messages_place ON chat_messages (channel, thread, id);
CREATE INDEX chat_messages_thread ON chat_messages (thread, at) WHERE thread <> 0;
CREATE INDEX chat_messages_change ON chat_messages (change);
CREATE INDEX chat_messages_author ON chat_messages (author);

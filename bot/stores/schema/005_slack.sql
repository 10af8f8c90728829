-- Slack's own tables: which workspaces installed the coach, and what is needed to install it.

-- One row: tells the messages of this database from those that another one posted into the same channel.
CREATE TABLE slack_installation (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    mark TEXT NOT NULL
);

-- Workspaces that installed the coach by OAuth. Tokens are sealed where COACH_ENCRYPTION_KEY is set.
CREATE TABLE slack_workspaces (
    team         TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    enterprise   TEXT NOT NULL,
    app          TEXT NOT NULL,
    token        TEXT NOT NULL,
    scopes       TEXT NOT NULL,                          -- what was granted, a comma list
    bot_user     TEXT NOT NULL,
    bot_id       TEXT NOT NULL,
    url          TEXT NOT NULL,
    installer    TEXT NOT NULL,
    installed_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Installations that were begun in a browser: the SHA-256 of what Slack has to hand back, once, in time.
CREATE TABLE slack_states (
    digest     TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX slack_states_expiry ON slack_states (expires_at);

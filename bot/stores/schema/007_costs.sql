-- What grading costs and how it is kept from costing more than it may.

-- Tokens and money (in millionths) by community and day in UTC; what is being graded is reserved here beforehand.
CREATE TABLE usage (
    day       TEXT NOT NULL,
    platform  TEXT NOT NULL,
    community TEXT NOT NULL,
    tokens    INTEGER NOT NULL,
    cost      INTEGER NOT NULL,
    PRIMARY KEY (day, platform, community)
) WITHOUT ROWID;

-- Grades that cost something, to be reused for the same words: by question version, answer and grader.
CREATE TABLE grades_known (
    key      TEXT PRIMARY KEY,                           -- SHA-256
    reply_id INTEGER NOT NULL,                           -- whose words they were; goes when these are forgotten
    grade    TEXT NOT NULL                               -- JSON
) WITHOUT ROWID;
CREATE INDEX grades_known_reply ON grades_known (reply_id);

-- What the organisers have to know until it is over: of one community, or of all ('' and '').
CREATE TABLE notices (
    platform  TEXT NOT NULL,
    community TEXT NOT NULL,
    text      TEXT NOT NULL,
    since     INTEGER NOT NULL,
    PRIMARY KEY (platform, community)
) WITHOUT ROWID;

-- A panel's graders were far apart.
ALTER TABLE replies ADD COLUMN disputed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX replies_disputed ON replies (platform, community, id) WHERE disputed = 1;

-- What people decide about themselves, and what they took before they answered.

-- `welcomed`: how grading works was told them, at their first grade.
CREATE TABLE learners (
    platform  TEXT NOT NULL,
    community TEXT NOT NULL,
    user_id   TEXT NOT NULL,
    zone      TEXT NOT NULL DEFAULT '',                  -- IANA; '' while unknown
    zone_own  INTEGER NOT NULL DEFAULT 0,                -- they said so: what the platform knows changes nothing
    welcomed  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (platform, community, user_id)
) WITHOUT ROWID;
INSERT INTO learners (platform, community, user_id, welcomed) SELECT platform, community, user_id, 1 FROM people;

-- Who is on no board. Sums and results stay what they are: only what is shown leaves these people out.
CREATE TABLE off_boards (
    platform  TEXT NOT NULL,
    community TEXT NOT NULL,
    user_id   TEXT NOT NULL,
    why       TEXT NOT NULL,                             -- self: by their own wish
    PRIMARY KEY (platform, community, user_id, why)
) WITHOUT ROWID;

-- Hints that were to cost something when they were opened: `cost` is what was said then, in points of 10.
CREATE TABLE hints_taken (
    round_id  INTEGER NOT NULL REFERENCES rounds (id),
    user_id   TEXT NOT NULL,
    number    INTEGER NOT NULL,                          -- the first hint is 1
    platform  TEXT NOT NULL,
    community TEXT NOT NULL,
    cost      INTEGER NOT NULL,
    taken_at  INTEGER NOT NULL,
    PRIMARY KEY (round_id, user_id, number)
) WITHOUT ROWID;
CREATE INDEX hints_taken_person ON hints_taken (platform, community, user_id);

ALTER TABLE channels ADD COLUMN hint_cost INTEGER NOT NULL DEFAULT 0;

-- What the coach said about somebody who is forgotten and that still has to be deleted on the platform.

CREATE TABLE erasures (
    platform  TEXT NOT NULL,
    community TEXT NOT NULL,
    channel   TEXT NOT NULL,                             -- in the platform's adapter's own terms
    message   TEXT NOT NULL,
    PRIMARY KEY (platform, community, channel, message)
) WITHOUT ROWID;

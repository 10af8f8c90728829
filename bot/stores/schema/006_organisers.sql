-- Whom a community's organisers named as organisers beside those that the platform itself knows as such.

CREATE TABLE organisers (
    platform  TEXT NOT NULL,
    community TEXT NOT NULL,
    user_id   TEXT NOT NULL,
    name      TEXT NOT NULL,
    PRIMARY KEY (platform, community, user_id)
) WITHOUT ROWID;

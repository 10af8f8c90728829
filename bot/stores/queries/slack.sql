-- Slack's own few tables.

-- name: slack_installation_put
INSERT INTO slack_installation (id, mark) VALUES (1, :mark) ON CONFLICT (id) DO NOTHING RETURNING mark;

-- name: slack_installation
SELECT mark FROM slack_installation WHERE id = 1;

-- ------------------------------------------------------------------------------------------ installations

-- name: slack_workspace_put
-- Installing again replaces.
INSERT INTO slack_workspaces
    (team, name, enterprise, app, token, scopes, bot_user, bot_id, url, installer, installed_at)
VALUES (:team, :name, :enterprise, :app, :token, :scopes, :bot_user, :bot_id, :url, :installer, :now)
ON CONFLICT (team) DO UPDATE SET
    name = excluded.name, enterprise = excluded.enterprise, app = excluded.app, token = excluded.token,
    scopes = excluded.scopes, bot_user = excluded.bot_user, bot_id = excluded.bot_id, url = excluded.url,
    installer = CASE WHEN excluded.installer = '' THEN slack_workspaces.installer ELSE excluded.installer END,
    installed_at = excluded.installed_at
RETURNING team;

-- name: slack_workspace
SELECT * FROM slack_workspaces WHERE team = :team;

-- name: slack_workspaces_all
SELECT * FROM slack_workspaces ORDER BY team;

-- name: slack_workspace_reseal
UPDATE slack_workspaces SET token = :token WHERE team = :team AND token = :before RETURNING team;

-- name: slack_workspace_delete
DELETE FROM slack_workspaces WHERE team = :team RETURNING team;

-- name: slack_state_put
INSERT INTO slack_states (digest, expires_at) VALUES (:digest, :expires_at) RETURNING digest;

-- name: slack_state_take
DELETE FROM slack_states WHERE digest = :digest RETURNING expires_at;

-- name: slack_states_count
SELECT count(*) AS begun FROM slack_states;

-- name: slack_states_drop
DELETE FROM slack_states WHERE expires_at <= :now RETURNING digest;

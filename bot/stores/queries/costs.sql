-- What grading costs, what is known already, and what organisers have to know.

-- name: usage_add
INSERT INTO usage (day, platform, community, tokens, cost) VALUES (:day, :platform, :community, :tokens, :cost)
ON CONFLICT (day, platform, community)
DO UPDATE SET tokens = usage.tokens + excluded.tokens, cost = usage.cost + excluded.cost
RETURNING tokens;

-- name: usage_of
SELECT tokens, cost FROM usage WHERE day = :day AND platform = :platform AND community = :community;

-- name: usage_in_all
SELECT CAST(coalesce(sum(tokens), 0) AS INTEGER) AS tokens, CAST(coalesce(sum(cost), 0) AS INTEGER) AS cost
FROM usage WHERE day = :day;

-- name: usage_forget
DELETE FROM usage WHERE day < :before RETURNING day;

-- name: grade_known
SELECT grade FROM grades_known WHERE key = :key;

-- name: grade_known_put
INSERT INTO grades_known (key, reply_id, grade) VALUES (:key, :reply_id, :grade) ON CONFLICT (key) DO NOTHING
RETURNING key;

-- name: grade_known_drop
DELETE FROM grades_known WHERE key = :key RETURNING key;

-- name: grades_known_forget
DELETE FROM grades_known WHERE reply_id = :reply_id RETURNING key;

-- name: community_forget_grades_known
DELETE FROM grades_known
WHERE reply_id IN (SELECT id FROM replies WHERE platform = :platform AND community = :community)
RETURNING key;

-- name: community_forget_usage
DELETE FROM usage WHERE platform = :platform AND community = :community RETURNING day;

-- name: community_forget_notices
DELETE FROM notices WHERE platform = :platform AND community = :community RETURNING text;

-- name: notice_put
INSERT INTO notices (platform, community, text, since) VALUES (:platform, :community, :text, :now)
ON CONFLICT (platform, community) DO UPDATE SET text = excluded.text
RETURNING since;

-- name: notice_get
SELECT text FROM notices WHERE platform = :platform AND community = :community;

-- name: notices_clear
DELETE FROM notices
WHERE (platform = :platform AND community = :community) OR (platform = '' AND community = '')
RETURNING text;

-- name: notices_for
SELECT text, since FROM notices
WHERE (platform = :platform AND community = :community) OR (platform = '' AND community = '')
ORDER BY since;

-- name: replies_disputed
SELECT p.id, p.grade, coalesce(n.name, '') AS name
FROM replies p LEFT JOIN people n
    ON n.platform = p.platform AND n.community = p.community AND n.user_id = p.user_id
WHERE p.platform = :platform AND p.community = :community AND p.disputed = 1 AND p.state = 'graded'
ORDER BY p.id DESC LIMIT :most;

-- What the pages beside the chat show: past questions, a person's answers, what waits. They only read.

-- name: rounds_shown
-- The newest questions of a channel that have a thread, with what they gave one person.
SELECT r.id, r.daily, r.local_date, r.state, r.closes_at, r.thread, v.body, s.score AS own
FROM channels c JOIN rounds r ON r.channel_id = c.id
    JOIN question_versions v ON v.version = r.question_version
    LEFT JOIN results s ON s.round_id = r.id AND s.user_id = :user_id
WHERE c.platform = :platform AND c.community = :community AND c.channel = :channel
    AND r.state IN ('open', 'closed') AND r.thread <> ''
ORDER BY r.id DESC LIMIT :most;

-- name: rounds_revealed
-- CROSS JOIN keeps SQLite from beginning with all rounds of all communities.
SELECT r.id, r.daily, r.local_date, r.section, c.name, v.body, s.score AS own
FROM channels c CROSS JOIN rounds r
    JOIN question_versions v ON v.version = r.question_version
    LEFT JOIN results s ON s.round_id = r.id AND s.user_id = :user_id
WHERE r.channel_id = c.id AND c.platform = :platform AND c.community = :community AND r.id < :before
    AND r.state = 'closed' AND r.revealed_at IS NOT NULL AND (:section = '' OR r.section = :section)
ORDER BY r.id DESC LIMIT :most;

-- name: round_is_revealed
SELECT r.id, r.thread, c.channel FROM rounds r JOIN channels c ON c.id = r.channel_id
WHERE r.id = :id AND c.platform = :platform AND c.community = :community
    AND r.state = 'closed' AND r.revealed_at IS NOT NULL;

-- name: rounds_sections
SELECT DISTINCT r.section FROM channels c CROSS JOIN rounds r
WHERE r.channel_id = c.id AND c.platform = :platform AND c.community = :community
    AND r.state = 'closed' AND r.revealed_at IS NOT NULL
ORDER BY r.section;

-- name: replies_history
-- A person's answers, the newest first: what they wrote isn't read, only what became of it.
SELECT p.id, p.at, p.state, p.score, p.practice, p.copied, p.private, r.local_date, r.section, r.state AS round_state,
    r.thread, c.channel, v.body
FROM replies p JOIN rounds r ON r.id = p.round_id JOIN channels c ON c.id = r.channel_id
    JOIN question_versions v ON v.version = r.question_version
WHERE p.platform = :platform AND p.community = :community AND p.user_id = :user_id
    AND p.state IN ('received', 'graded', 'failed') AND p.id < :before
ORDER BY p.id DESC LIMIT :most;

-- name: results_by_section
SELECT r.section, count(*) AS answers, CAST(sum(s.score) AS INTEGER) AS points
FROM results s JOIN rounds r ON r.id = s.round_id
WHERE s.platform = :platform AND s.community = :community AND s.user_id = :user_id
GROUP BY r.section ORDER BY r.section;

-- name: replies_waiting
-- What isn't graded yet, the oldest first, and how often its turn came to nothing. Of all replies few are waiting:
-- CROSS JOIN makes SQLite begin with those.
SELECT p.id, p.at, p.waits, p.tries, p.failure, coalesce(n.name, '') AS name, v.body
FROM (SELECT id FROM replies WHERE state = 'received') w CROSS JOIN replies p
    JOIN rounds r ON r.id = p.round_id
    JOIN question_versions v ON v.version = r.question_version
    LEFT JOIN people n ON n.platform = p.platform AND n.community = p.community AND n.user_id = p.user_id
WHERE p.id = w.id AND p.platform = :platform AND p.community = :community
ORDER BY p.id LIMIT :most;

-- name: replies_waiting_count
SELECT count(*) AS waiting FROM (SELECT id FROM replies WHERE state = 'received') w CROSS JOIN replies p
WHERE p.id = w.id AND p.platform = :platform AND p.community = :community;

-- name: chat_export
-- What somebody wrote in the local chat, asked for there, and was told there alone.
SELECT id, channel, thread, author, asked, text, body, at, revision FROM chat_messages
WHERE (author = :person OR only_for = :person OR asked_by = :person) AND deleted = 0
ORDER BY id;

-- name: chat_export_person
SELECT p.name, p.organiser, p.created_at, (SELECT count(*) FROM chat_sessions s WHERE s.person = p.id) AS browsers
FROM chat_people p WHERE p.id = :person;

-- What organisers decide and see: calendars, pins, changed grades, suggestions, what was done.

-- ------------------------------------------------------------------------------------------ calendars and pins

-- name: channel_get
SELECT * FROM channels WHERE id = :id;

-- name: channel_set_days
-- Where days have questions again that had none (`freed`), nothing earlier is due from now on.
UPDATE channels SET paused = :paused, holidays = :holidays, due_at = 0,
    since = CASE WHEN :freed = 1 THEN :now ELSE since END
WHERE id = :id RETURNING *;

-- name: pin_put
INSERT INTO pins (channel_id, local_date, question_id) VALUES (:channel_id, :local_date, :question_id)
ON CONFLICT (channel_id, local_date) DO UPDATE SET question_id = excluded.question_id
RETURNING question_id;

-- name: pin_delete
DELETE FROM pins WHERE channel_id = :channel_id AND local_date = :local_date RETURNING question_id;

-- name: pins_from
SELECT local_date, question_id FROM pins WHERE channel_id = :channel_id AND local_date >= :day ORDER BY local_date;

-- name: community_forget_pins
DELETE FROM pins
WHERE channel_id IN (SELECT id FROM channels WHERE platform = :platform AND community = :community)
RETURNING local_date;

-- ------------------------------------------------------------------------------------------ what organisers did

-- name: act_put
INSERT INTO acts (platform, community, user_id, name, act, detail, at)
VALUES (:platform, :community, :user_id, :name, :act, :detail, :now)
RETURNING id;

-- name: acts_page
SELECT id, name, act, detail, at FROM acts
WHERE platform = :platform AND community = :community AND id < :before
ORDER BY id DESC LIMIT :most;

-- name: acts_of_person
SELECT act, detail, at FROM acts
WHERE platform = :platform AND community = :community AND user_id = :user_id ORDER BY id;

-- name: acts_forget_person
UPDATE acts SET user_id = '', name = '' WHERE platform = :platform AND community = :community AND user_id = :user_id
RETURNING id;

-- name: acts_forget_old
DELETE FROM acts WHERE platform = :platform AND community = :community AND at < :before RETURNING id;

-- name: community_forget_acts
DELETE FROM acts WHERE platform = :platform AND community = :community RETURNING id;

-- ------------------------------------------------------------------------------------------ changed grades

-- name: reply_of_community
SELECT id, round_id, user_id, state, score, grade, practice, private FROM replies
WHERE id = :id AND platform = :platform AND community = :community;

-- name: reply_override
-- An organiser has looked at it: it is a copy no more.
UPDATE replies SET state = 'graded', turn = 0, score = :score, grade = :grade, copied = 0, disputed = 0,
    failure = '', graded_at = :now
WHERE id = :id AND platform = :platform AND community = :community AND state IN ('received', 'graded', 'failed')
RETURNING id, round_id, platform, community, user_id, private;

-- name: override_put
-- What the grader said stays the grader's, however often it is changed.
INSERT INTO overrides (reply_id, score_before, score, reason, user_id, at)
VALUES (:reply_id, :score_before, :score, :reason, :user_id, :now)
ON CONFLICT (reply_id) DO UPDATE SET score = excluded.score, reason = excluded.reason, user_id = excluded.user_id,
    at = excluded.at
RETURNING score_before;

-- name: override_get
SELECT reply_id, score_before, score, reason, at FROM overrides WHERE reply_id = :reply_id;

-- name: overrides_of_person
-- What was changed of a person's grades.
SELECT o.reply_id, o.score_before, o.score, o.reason FROM replies p JOIN overrides o ON o.reply_id = p.id
WHERE p.platform = :platform AND p.community = :community AND p.user_id = :user_id;

-- name: override_forget
DELETE FROM overrides WHERE reply_id = :reply_id RETURNING reply_id;

-- name: overrides_forget_person
UPDATE overrides SET user_id = ''
WHERE user_id = :user_id
    AND reply_id IN (SELECT id FROM replies WHERE platform = :platform AND community = :community)
RETURNING reply_id;

-- name: community_forget_overrides
DELETE FROM overrides
WHERE reply_id IN (SELECT id FROM replies WHERE platform = :platform AND community = :community)
RETURNING reply_id;

-- name: replies_graded
-- The newest grades of a community, before the one of an id. Found first, so that only these are read in full.
SELECT p.id, p.score, p.at, p.practice, p.copied, coalesce(n.name, '') AS name, v.body,
    CASE WHEN o.reply_id IS NULL THEN 0 ELSE 1 END AS changed
FROM replies p JOIN rounds r ON r.id = p.round_id
    JOIN question_versions v ON v.version = r.question_version
    LEFT JOIN people n ON n.platform = p.platform AND n.community = p.community AND n.user_id = p.user_id
    LEFT JOIN overrides o ON o.reply_id = p.id
WHERE p.id IN (SELECT id FROM replies WHERE platform = :platform AND community = :community AND user_id <> ''
    AND state = 'graded' AND id < :before ORDER BY id DESC LIMIT :most)
ORDER BY p.id DESC;

-- ------------------------------------------------------------------------------------------ suggestions

-- name: suggestion_put
INSERT INTO suggestions (platform, community, channel_id, user_id, request, section, question, sample_answer, credited,
    at)
VALUES (:platform, :community, :channel_id, :user_id, :request, :section, :question, :sample_answer, :credited, :now)
RETURNING id;

-- name: suggestion_of_request
SELECT id FROM suggestions WHERE platform = :platform AND community = :community AND request = :request;

-- name: suggestions_open_of
SELECT count(*) AS open FROM suggestions
WHERE platform = :platform AND community = :community AND user_id = :user_id AND state = 'open';

-- name: suggestions_open
SELECT count(*) AS open FROM suggestions
WHERE platform = :platform AND community = :community AND state = 'open';

-- name: suggestion_next
-- After the last comes the first again.
SELECT s.*, coalesce(n.name, '') AS name
FROM suggestions s LEFT JOIN people n
    ON n.platform = s.platform AND n.community = s.community AND n.user_id = s.user_id
WHERE s.platform = :platform AND s.community = :community AND s.state = 'open'
ORDER BY CASE WHEN s.id > :after THEN 0 ELSE 1 END, s.id LIMIT 1;

-- name: suggestions_of_person
SELECT s.*, '' AS name FROM suggestions s
WHERE s.platform = :platform AND s.community = :community AND s.user_id = :user_id ORDER BY s.id DESC LIMIT :most;

-- name: suggestion_get
SELECT user_id, question, state, reason FROM suggestions WHERE id = :id;

-- name: suggestion_decide
UPDATE suggestions SET state = :state, reason = :reason, question_id = :question_id, decided_at = :now
WHERE id = :id AND platform = :platform AND community = :community AND state = 'open'
RETURNING channel_id, user_id, section, question, sample_answer;

-- name: suggestion_credit
SELECT n.name FROM suggestions s JOIN people n
    ON n.platform = s.platform AND n.community = s.community AND n.user_id = s.user_id
WHERE s.platform = :platform AND s.community = :community AND s.question_id = :question_id AND s.credited = 1;

-- name: suggestions_forget
-- What is in the bank belongs to the community; nobody is named for it any more.
UPDATE suggestions SET user_id = '', request = '' || id, credited = 0
WHERE platform = :platform AND community = :community AND user_id = :user_id AND state = 'approved'
RETURNING question_id;

-- name: suggestions_drop
DELETE FROM suggestions
WHERE platform = :platform AND community = :community AND user_id = :user_id AND state <> 'approved'
RETURNING id;

-- name: rounds_of_question
SELECT r.id FROM channels c CROSS JOIN rounds r
WHERE r.channel_id = c.id AND c.platform = :platform AND c.community = :community AND r.question_id = :question_id;

-- name: question_put_last
INSERT INTO questions (platform, community, id, position, body)
VALUES (:platform, :community, :id, (SELECT coalesce(max(q.position), -1) + 1 FROM questions q
    WHERE q.platform = :platform AND q.community = :community), :body)
ON CONFLICT (platform, community, id) DO UPDATE SET body = excluded.body
RETURNING position;

-- name: community_forget_suggestions
DELETE FROM suggestions WHERE platform = :platform AND community = :community RETURNING id;

-- ------------------------------------------------------------------------------------------ messages about no round

-- name: round_anchor
SELECT id FROM rounds
WHERE channel_id = :channel_id AND daily = 0 AND state = 'skipped' AND question_id = '' ORDER BY id LIMIT 1;

-- name: round_anchor_put
INSERT INTO rounds (channel_id, daily, local_date, question_id, section, state, created_at, closes_at)
VALUES (:channel_id, 0, '0001-01-01', '', '', 'skipped', :now, :now)
RETURNING id;

-- name: letter_about
SELECT id FROM outbox WHERE round_id = :round_id AND kind = :kind AND about = :about LIMIT 1;

-- name: outbox_put_about
INSERT INTO outbox (platform, community, channel, kind, round_id, about, due_at, created_at)
SELECT c.platform, c.community, c.channel, :kind, :round_id, :about, :now, :now FROM channels c WHERE c.id = :channel_id
RETURNING id;

-- ------------------------------------------------------------------------------------------ how questions do

-- name: grades_of_questions
SELECT r.question_id, p.score, p.grade, CASE WHEN o.reply_id IS NULL THEN 0 ELSE 1 END AS changed
FROM replies p JOIN rounds r ON r.id = p.round_id LEFT JOIN overrides o ON o.reply_id = p.id
WHERE p.id IN (SELECT id FROM replies WHERE platform = :platform AND community = :community AND user_id <> ''
    AND state = 'graded' AND practice = 0 AND copied = 0 ORDER BY id DESC LIMIT :most);

-- ------------------------------------------------------------------------------------------ settings of communities

-- name: community_settings_put
INSERT INTO community_settings (platform, community) VALUES (:platform, :community)
ON CONFLICT (platform, community) DO NOTHING RETURNING platform;

-- name: community_settings_get
SELECT s.organisers_listed, c.channel AS digest_channel, c.name AS digest_name
FROM community_settings s LEFT JOIN channels c ON c.id = s.digest_channel_id
WHERE s.platform = :platform AND s.community = :community;

-- name: organisers_listed_set
UPDATE community_settings SET organisers_listed = :listed WHERE platform = :platform AND community = :community
RETURNING organisers_listed;

-- name: off_boards_end
DELETE FROM off_boards WHERE platform = :platform AND community = :community AND why = :why RETURNING user_id;

-- name: community_forget_community_settings
DELETE FROM community_settings WHERE platform = :platform AND community = :community RETURNING platform;

-- ------------------------------------------------------------------------------------------ the weekly digest

-- name: digest_set
UPDATE community_settings SET digest_channel_id = :channel_id, digest_at = :at
WHERE platform = :platform AND community = :community RETURNING digest_at;

-- name: digest_of_channel
SELECT digest_at FROM community_settings
WHERE platform = :platform AND community = :community AND digest_channel_id = :channel_id;

-- name: digests_due
SELECT c.*, s.digest_at FROM community_settings s JOIN channels c ON c.id = s.digest_channel_id
WHERE s.digest_channel_id IS NOT NULL AND s.digest_at <= :now
    AND NOT EXISTS (SELECT 1 FROM communities_left l WHERE l.platform = s.platform AND l.community = s.community)
ORDER BY s.digest_at LIMIT :most;

-- name: digest_next_due
SELECT s.digest_at FROM community_settings s
WHERE s.digest_channel_id IS NOT NULL AND s.digest_at <= :now
    AND NOT EXISTS (SELECT 1 FROM communities_left l WHERE l.platform = s.platform AND l.community = s.community)
LIMIT 1;

-- name: digest_move
UPDATE community_settings SET digest_at = :at
WHERE platform = :platform AND community = :community AND digest_at = :seen RETURNING digest_at;

-- name: week_counted
SELECT count(*) AS answers, count(DISTINCT user_id) AS people, CAST(sum(score) AS INTEGER) AS points FROM results
WHERE platform = :platform AND community = :community AND local_date BETWEEN :first AND :last;

-- name: week_questions
SELECT v.body, count(s.user_id) AS answers, CAST(sum(s.score) AS INTEGER) AS points
FROM channels c CROSS JOIN rounds r JOIN question_versions v ON v.version = r.question_version
    LEFT JOIN results s ON s.round_id = r.id
WHERE r.channel_id = c.id AND c.platform = :platform AND c.community = :community
    AND r.local_date BETWEEN :first AND :last AND r.state IN ('open', 'closed')
GROUP BY r.id, v.body ORDER BY r.id LIMIT :most;

-- name: week_grades
SELECT grade FROM replies WHERE id IN (
    SELECT p.id FROM channels c CROSS JOIN rounds r JOIN replies p ON p.round_id = r.id
    WHERE r.channel_id = c.id AND c.platform = :platform AND c.community = :community
        AND r.local_date BETWEEN :first AND :last AND p.state = 'graded' AND p.practice = 0 AND p.copied = 0
        AND p.user_id <> ''
    ORDER BY p.id DESC LIMIT :most);

-- name: week_failed
SELECT count(*) AS failed FROM replies p JOIN rounds r ON r.id = p.round_id
WHERE p.platform = :platform AND p.community = :community AND p.state = 'failed'
    AND r.local_date BETWEEN :first AND :last;

-- name: week_dropped
SELECT count(*) AS dropped FROM outbox
WHERE platform = :platform AND community = :community AND state = 'dropped'
    AND created_at >= :begin AND created_at < :end;

-- name: week_spent
SELECT CAST(sum(tokens) AS INTEGER) AS tokens, CAST(sum(cost) AS INTEGER) AS cost FROM usage
WHERE platform = :platform AND community = :community AND day BETWEEN :first AND :last;

-- ------------------------------------------------------------------------------------------ the community's own bank

-- name: questions_own
SELECT body FROM questions WHERE platform = :platform AND community = :community ORDER BY position, id;

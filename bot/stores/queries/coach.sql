-- What the use cases ask of the database. Results come back by RETURNING, never as a driver's row count.

-- ------------------------------------------------------------------------------------------ channels

-- name: channel_put
INSERT INTO channels (platform, community, channel, name, since)
VALUES (:platform, :community, :channel, :name, :now)
ON CONFLICT (platform, community, channel)
DO UPDATE SET name = CASE WHEN excluded.name = '' THEN channels.name ELSE excluded.name END
RETURNING *;

-- name: channel_set
UPDATE channels SET
    scheduled = :scheduled, post_minute = :post_minute, zone = :zone, weekdays = :weekdays, grace_s = :grace_s,
    mention = :mention, rule = :rule, close_after_s = :close_after_s, pin = :pin, archive_min = :archive_min,
    hint_cost = :hint_cost,
    recount = CASE WHEN rule <> :rule OR hint_cost <> :hint_cost THEN abs(recount) + 1 ELSE recount END,
    since = CASE WHEN :moved = 1 THEN :now ELSE since END, due_at = 0
WHERE id = :id
RETURNING *;

-- name: channels_to_recount
SELECT id, recount FROM channels WHERE recount > 0;

-- name: channel_recounted
-- The number only grows and is below zero once it is done: two changes never have the same.
UPDATE channels SET recount = -recount WHERE id = :id AND recount = :recount RETURNING id;

-- name: channels_due
SELECT c.*, (SELECT max(r.local_date) FROM rounds r WHERE r.channel_id = c.id AND r.daily = 1) AS last_date
FROM channels c
WHERE c.scheduled = 1 AND c.due_at <= :now
    AND NOT EXISTS (SELECT 1 FROM communities_left l WHERE l.platform = c.platform AND l.community = c.community)
ORDER BY c.due_at, c.id;

-- name: channel_put_off
-- Unless its schedule has changed since it was looked at.
UPDATE channels SET due_at = :due_at WHERE id = :id AND due_at = :seen RETURNING id;

-- name: channels_next_due
SELECT min(due_at) AS at FROM channels WHERE scheduled = 1 AND due_at > :now;

-- name: channels_scheduled
SELECT c.*, (SELECT max(r.local_date) FROM rounds r WHERE r.channel_id = c.id AND r.daily = 1) AS last_date
FROM channels c
WHERE c.scheduled = 1
    AND NOT EXISTS (SELECT 1 FROM communities_left l WHERE l.platform = c.platform AND l.community = c.community)
ORDER BY c.id;

-- name: channels_of_community
SELECT c.*, (SELECT max(r.local_date) FROM rounds r WHERE r.channel_id = c.id AND r.daily = 1) AS last_date
FROM channels c
WHERE c.platform = :platform AND c.community = :community AND c.scheduled = 1 ORDER BY c.name, c.id;

-- ------------------------------------------------------------------------------------------ questions

-- name: questions_imported
SELECT id, community, body FROM questions
WHERE (platform = '' AND community = '') OR (platform = :platform AND community = :community)
ORDER BY community, position, id;

-- name: question_put
INSERT INTO questions (platform, community, id, position, body)
VALUES (:platform, :community, :id, :position, :body)
ON CONFLICT (platform, community, id) DO UPDATE SET position = excluded.position, body = excluded.body
RETURNING id;

-- name: question_version_put
INSERT INTO question_versions (version, body) VALUES (:version, :body)
ON CONFLICT (version) DO NOTHING
RETURNING version;

-- ------------------------------------------------------------------------------------------ rounds

-- name: rounds_asked
SELECT r.question_id FROM rounds r JOIN channels c ON c.id = r.channel_id
WHERE c.platform = :platform AND c.community = :community AND r.state <> 'skipped'
ORDER BY r.id;

-- name: round_insert
INSERT INTO rounds (channel_id, daily, local_date, question_id, question_version, section, state, created_at, closes_at)
VALUES (:channel_id, :daily, :local_date, :question_id, :question_version, :section, :state, :now, :closes_at)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: round_get
SELECT r.*, v.body, c.platform, c.community, c.channel, c.name, c.scheduled, c.post_minute, c.zone, c.weekdays,
    c.grace_s, c.paused, c.holidays, c.mention, c.rule, c.close_after_s, c.pin, c.archive_min, c.hint_cost
FROM rounds r JOIN channels c ON c.id = r.channel_id LEFT JOIN question_versions v ON v.version = r.question_version
WHERE r.id = :id;

-- name: round_home
-- What a grade needs to know of its round: it is read for each.
SELECT r.id, r.channel_id, r.local_date, r.daily, r.section, r.state, r.count_due, c.platform, c.community, c.channel,
    c.rule, c.hint_cost, c.pin, c.archive_min
FROM rounds r JOIN channels c ON c.id = r.channel_id WHERE r.id = :id;

-- name: round_of_thread
SELECT r.id, r.state, r.closes_at, r.closed_at FROM rounds r JOIN channels c ON c.id = r.channel_id
WHERE r.thread = :thread AND r.thread <> '' AND c.platform = :platform AND c.community = :community
ORDER BY r.id DESC LIMIT 1;

-- name: round_newest
SELECT r.id FROM rounds r JOIN channels c ON c.id = r.channel_id
WHERE c.platform = :platform AND c.community = :community AND c.channel = :channel AND r.state IN ('open', 'closed')
ORDER BY r.state = 'open' DESC, r.id DESC LIMIT 1;

-- name: rounds_open_of_community
SELECT r.id FROM channels c JOIN rounds r ON r.channel_id = c.id
WHERE c.platform = :platform AND c.community = :community AND r.state = 'open' AND r.daily = 1
ORDER BY r.id DESC LIMIT :most;

-- name: round_daily
SELECT id, state FROM rounds WHERE channel_id = :channel_id AND daily = 1 AND local_date = :local_date;

-- name: rounds_daily_from
SELECT local_date FROM rounds WHERE channel_id = :channel_id AND daily = 1 AND local_date >= :day ORDER BY local_date;

-- name: round_free_day
-- A date that was skipped can still get its question: the row that says so gives the date up.
UPDATE rounds SET daily = 0 WHERE id = :id AND state = 'skipped' RETURNING id;

-- name: round_last_on_demand
SELECT max(created_at) AS at FROM rounds WHERE channel_id = :channel_id AND daily = 0 AND state <> 'skipped';

-- name: round_open
UPDATE rounds SET state = 'open', opened_at = :now, message = :message, thread = :thread
WHERE id = :id AND state = 'scheduled'
RETURNING id;

-- name: round_skip
UPDATE rounds SET state = 'skipped' WHERE id = :id AND state = 'scheduled' RETURNING id;

-- name: rounds_end_daily
UPDATE rounds SET closes_at = :now
WHERE channel_id = :channel_id AND daily = 1 AND state = 'open' AND closes_at > :now AND id <> :id
RETURNING id;

-- name: rounds_close
-- A count that is still to be shown is shown now.
UPDATE rounds SET state = 'closed', closed_at = :now, count_due = CASE WHEN count_due > :now THEN :now ELSE count_due END
WHERE state = 'open' AND closes_at <= :now RETURNING id;

-- name: round_count_due
UPDATE rounds SET count_due = CASE WHEN opened_at > :fresh THEN CAST(:soon AS INTEGER) ELSE CAST(:later AS INTEGER) END
WHERE id = :id AND count_due IS NULL RETURNING id;

-- name: rounds_to_count
-- `busy` is a channel with something to post: an amendment would come before that, however long that has to wait.
SELECT r.id, r.answered, (SELECT count(*) FROM results s WHERE s.round_id = r.id) AS counted,
    CASE WHEN EXISTS (SELECT 1 FROM outbox o WHERE o.platform = c.platform AND o.community = c.community
        AND o.channel = c.channel AND o.state IN ('waiting', 'sending')) THEN 1 ELSE 0 END AS busy
FROM rounds r JOIN channels c ON c.id = r.channel_id WHERE r.count_due <= :now ORDER BY r.count_due LIMIT :most;

-- name: round_count_later
UPDATE rounds SET count_due = :soon WHERE id = :id RETURNING id;

-- name: round_counted
UPDATE rounds SET answered = :answered, count_due = NULL WHERE id = :id RETURNING id;

-- name: rounds_next_count
SELECT min(count_due) AS at FROM rounds WHERE count_due IS NOT NULL;

-- name: rounds_missed
-- Those whose question nobody has begun to post. What was begun may be there, with answers: delivery finds that out.
SELECT r.id FROM rounds r WHERE r.state = 'scheduled' AND r.closes_at <= :now
    AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.round_id = r.id AND o.kind = 'question' AND o.tries > 0)
LIMIT :most;

-- name: round_missed
SELECT id FROM rounds WHERE id = :id AND state = 'scheduled' AND closes_at <= :now;

-- name: rounds_to_reveal
SELECT r.id, c.platform, c.community, c.channel FROM rounds r JOIN channels c ON c.id = r.channel_id
WHERE r.state = 'closed' AND r.revealed_at IS NULL AND (r.closed_at <= :closed_before
    OR NOT EXISTS (SELECT 1 FROM replies p WHERE p.round_id = r.id AND p.state = 'received' AND p.practice = 0))
ORDER BY r.id LIMIT :most;

-- name: round_revealed
UPDATE rounds SET revealed_at = :now WHERE id = :id AND revealed_at IS NULL RETURNING id;

-- name: rounds_next_close
-- The first part looks at one end of an index, however many rounds are open.
SELECT min(at) AS at FROM (
    SELECT min(closes_at) AS at FROM rounds WHERE state = 'open'
    UNION ALL
    SELECT min(r.closes_at) AS at FROM rounds r WHERE r.state = 'scheduled'
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.round_id = r.id AND o.kind = 'question' AND o.tries > 0)
) soonest;

-- name: rounds_read_again
-- Open rounds, and those that closed not long ago: what was written before the close may have been missed.
SELECT r.id, r.thread, r.created_at, c.community, c.channel
FROM rounds r JOIN channels c ON c.id = r.channel_id
WHERE c.platform = :platform AND r.state IN ('open', 'closed') AND r.closes_at > :since AND r.thread <> '' ORDER BY r.id;

-- name: rounds_days
-- CROSS JOIN keeps SQLite from beginning with all rounds of all communities.
SELECT r.local_date, min(coalesce(r.opened_at, r.created_at)) AS at FROM channels c CROSS JOIN rounds r
WHERE r.channel_id = c.id AND c.platform = :platform AND c.community = :community AND r.daily = 1
    AND r.state NOT IN ('scheduled', 'skipped')
GROUP BY r.local_date ORDER BY r.local_date DESC LIMIT :most;

-- ------------------------------------------------------------------------------------------ people

-- name: person_put
-- A name that isn't known yet never hides one that is.
INSERT INTO people (platform, community, user_id, name)
VALUES (:platform, :community, :user_id, CASE WHEN :name = '' THEN 'somebody' ELSE :name END)
ON CONFLICT (platform, community, user_id) DO UPDATE SET name = :name WHERE people.name <> :name AND :name <> ''
RETURNING user_id;

-- name: person_rename
UPDATE people SET name = :name
WHERE platform = :platform AND community = :community AND user_id = :user_id AND name <> :name AND :name <> ''
RETURNING user_id;

-- name: person_name
SELECT name FROM people WHERE platform = :platform AND community = :community AND user_id = :user_id;

-- name: person_on_board
SELECT n.name, coalesce(l.zone, '') AS zone FROM people n LEFT JOIN learners l
    ON l.platform = n.platform AND l.community = n.community AND l.user_id = n.user_id
WHERE n.platform = :platform AND n.community = :community AND n.user_id = :user_id;

-- name: person_delete
DELETE FROM people WHERE platform = :platform AND community = :community AND user_id = :user_id RETURNING user_id;

-- ------------------------------------------------------------------------------------------ replies

-- name: reply_insert
INSERT INTO replies (round_id, platform, community, channel, message, revision, user_id, private, text, at, state,
    practice, due_at)
VALUES (:round_id, :platform, :community, :channel, :message, :revision, :user_id, :private, :text, :at, :state,
    :practice, :due_at)
ON CONFLICT (platform, community, channel, message, revision) DO NOTHING
RETURNING id;

-- name: replies_of_message
SELECT id, revision, user_id, text, at, state, score FROM replies
WHERE platform = :platform AND community = :community AND channel = :channel AND message = :message
ORDER BY at, id;

-- name: reply_replace
-- An edit after the close is practice: it leaves alone what was written in time.
UPDATE replies SET state = 'replaced'
WHERE id = :id AND state = 'received' AND score IS NULL AND practice = :practice
RETURNING id, turn, behind, ready_at, held, due_at;

-- name: reply_inherit
-- An edit takes over the place of the words that nobody has begun to grade.
UPDATE replies SET turn = :turn, behind = :behind, ready_at = :ready_at, held = :held, due_at = :due_at
WHERE id = :id RETURNING id;

-- name: reply_give_up_place
UPDATE replies SET ready_at = NULL WHERE id = :id RETURNING id;

-- name: reply_ask
UPDATE replies SET state = 'received', turn = 0, due_at = :now WHERE id = :id AND state = 'discussion' RETURNING id, round_id;

-- name: reply_withdraw
-- What its author deleted isn't kept: only its slot is.
UPDATE replies SET state = CASE WHEN state IN ('discussion', 'replaced') THEN 'deleted' ELSE 'withdrawn' END,
    text = '', grade = NULL, score = NULL, failure = ''
WHERE platform = :platform AND community = :community AND channel = :channel AND message = :message
    AND state IN ('received', 'graded', 'failed', 'discussion', 'replaced')
RETURNING id, round_id, user_id;

-- name: replies_known
SELECT DISTINCT message FROM replies
WHERE round_id = :round_id AND channel = :channel AND private = 0 AND state IN ('received', 'graded', 'failed', 'discussion');

-- name: replies_unlined
-- What isn't in the line yet and may be: new, over its author's pace, put off, or to be graded again.
SELECT id, round_id, platform, community, user_id, at, due_at, ready_at FROM replies
WHERE state = 'received' AND turn = 0 AND due_at <= :now ORDER BY due_at, id LIMIT :most;

-- name: replies_pace
-- A person's newest ones, by when their pace let them be graded.
SELECT ready_at, held, CASE WHEN state = 'received' AND turn > 0 THEN 1 ELSE 0 END AS lined FROM replies
WHERE platform = :platform AND community = :community AND user_id = :user_id AND ready_at IS NOT NULL
ORDER BY ready_at DESC LIMIT :most;

-- name: replies_tail
-- The end of a community's line: among people's first ones, and among what stands behind another of its author.
SELECT
    (SELECT max(turn) FROM replies WHERE platform = :platform AND community = :community AND behind = 0
        AND state = 'received' AND turn > 0) AS first,
    (SELECT max(turn) FROM replies WHERE platform = :platform AND community = :community AND behind = 1
        AND state = 'received' AND turn > 0) AS further;

-- name: reply_line
UPDATE replies SET turn = :turn, behind = :behind, ready_at = :ready_at WHERE id = :id AND state = 'received'
RETURNING id;

-- name: reply_hold
UPDATE replies SET due_at = :ready_at, ready_at = :ready_at, held = 1 WHERE id = :id AND state = 'received'
RETURNING id;

-- name: replies_claim
-- Chosen once and for all: PostgreSQL would ask a plain subselect again, and find the next ones.
WITH next AS MATERIALIZED (
    SELECT id FROM replies WHERE state = 'received' AND turn > 0 AND due_at <= :now
    ORDER BY turn, due_at, id LIMIT :most
)
UPDATE replies SET due_at = :lease WHERE id IN (SELECT id FROM next) AND state = 'received' AND due_at <= :now
RETURNING id, round_id, platform, community, user_id, text, at, tries, waits,
    (SELECT r.question_version FROM rounds r WHERE r.id = replies.round_id) AS question_version;

-- name: reply_renew
-- What was put off meanwhile has left the line.
UPDATE replies SET due_at = :lease WHERE id = :id AND state = 'received' AND turn > 0 AND due_at = :held RETURNING id;

-- name: replies_let_go
-- A lease is told by its end to the microsecond: nobody else's is ended.
UPDATE replies SET due_at = :now WHERE state = 'received' AND turn > 0 AND due_at = :held RETURNING id;

-- name: replies_take_back
-- Those under a lease, and those put off; a person's pace isn't cut short.
UPDATE replies SET due_at = CASE WHEN turn = 0 AND ready_at > :now THEN ready_at ELSE :now END
WHERE id IN (SELECT id FROM replies WHERE state = 'received' AND turn = 0 AND due_at > :now
    UNION ALL SELECT id FROM replies WHERE state = 'received' AND turn > 0 AND due_at > :now)
RETURNING id;

-- name: replies_next_due
-- Asked when all that is due is claimed: the line is short then.
SELECT min(due_at) AS at FROM (
    SELECT min(due_at) AS due_at FROM replies WHERE state = 'received' AND turn = 0
    UNION ALL SELECT min(due_at) FROM replies WHERE state = 'received' AND turn > 0
) soonest;

-- name: replies_compared
-- Copies are left out: whoever was copied may edit their own answer afterwards.
SELECT id, user_id, at, text FROM replies
WHERE round_id = :round_id AND user_id <> '' AND (at < :at OR (at = :at AND id < :id))
    AND state IN ('received', 'graded', 'failed', 'replaced') AND text <> '' AND copied = 0;

-- name: reply_graded
UPDATE replies SET
    state = 'graded', score = :score, grade = :grade, copied = :copied, disputed = :disputed, graded_at = :now,
    failure = ''
WHERE id = :id AND state = 'received'
RETURNING id, round_id, platform, community, user_id, private;

-- name: reply_postpone
-- It leaves the line: what waits there for nothing would be passed over at every claim.
-- What another process has claimed since isn't ours any more.
UPDATE replies SET turn = 0, due_at = :due_at, tries = :tries, waits = :waits, failure = :failure
WHERE id = :id AND state = 'received' AND due_at IN (:held, :coming)
RETURNING id, round_id;

-- name: reply_failed
UPDATE replies SET state = 'failed', failure = :failure, tries = :tries
WHERE id = :id AND state = 'received' AND due_at IN (:held, :coming)
RETURNING id;

-- name: reply_get
SELECT p.*, r.state AS round_state, r.closes_at, c.rule, c.hint_cost, c.channel AS home,
    o.reason AS override_reason, o.score_before, COALESCE(n.name, '') AS author_name
FROM replies p JOIN rounds r ON r.id = p.round_id JOIN channels c ON c.id = r.channel_id
    LEFT JOIN overrides o ON o.reply_id = p.id
    LEFT JOIN people n ON n.platform = p.platform AND n.community = p.community AND n.user_id = p.user_id
WHERE p.id = :id;

-- name: reply_attempts
SELECT id, score, state, copied, at FROM replies
WHERE round_id = :round_id AND user_id = :user_id AND practice = 0
    AND state IN ('received', 'graded', 'failed', 'withdrawn')
ORDER BY at, id;

-- name: replies_mine
SELECT id, state, score, practice FROM replies
WHERE round_id = :round_id AND user_id = :user_id AND state NOT IN ('discussion', 'replaced', 'deleted')
ORDER BY at, id;

-- name: replies_recent
SELECT p.score, p.state, v.body FROM replies p JOIN rounds r ON r.id = p.round_id
    JOIN question_versions v ON v.version = r.question_version
WHERE p.platform = :platform AND p.community = :community AND p.user_id = :user_id
    AND p.state IN ('received', 'graded', 'failed')
ORDER BY p.at DESC, p.id DESC LIMIT :most;

-- name: replies_of_person
SELECT p.id, p.round_id, p.message, p.revision, p.private, p.text, p.at, p.state, p.practice, p.copied, p.score,
    p.grade, r.question_id, r.local_date, r.state AS round_state
FROM replies p JOIN rounds r ON r.id = p.round_id
WHERE p.platform = :platform AND p.community = :community AND p.user_id = :user_id
ORDER BY p.at, p.id;

-- name: replies_forget
UPDATE replies SET user_id = '', text = '', grade = NULL, score = NULL, failure = '', state = 'withdrawn', copied = 0,
    disputed = 0
WHERE platform = :platform AND community = :community AND user_id = :user_id
RETURNING id, round_id;

-- name: replies_failed
SELECT p.id, p.failure, coalesce(n.name, '') AS name, v.body
FROM replies p JOIN rounds r ON r.id = p.round_id
    JOIN question_versions v ON v.version = r.question_version
    LEFT JOIN people n ON n.platform = p.platform AND n.community = p.community AND n.user_id = p.user_id
WHERE p.platform = :platform AND p.community = :community AND p.state = 'failed'
ORDER BY p.id LIMIT :most;

-- name: reply_regrade
UPDATE replies SET state = 'received', turn = 0, tries = 0, waits = 0, due_at = :now
WHERE id = :id AND platform = :platform AND community = :community AND state IN ('failed', 'graded')
RETURNING id, round_id, text;

-- name: replies_regrade_failed
UPDATE replies SET state = 'received', turn = 0, tries = 0, waits = 0, due_at = :now
WHERE platform = :platform AND community = :community AND state = 'failed'
RETURNING id;

-- name: round_points
SELECT p.grade FROM results s JOIN replies p ON p.round_id = s.round_id AND p.user_id = s.user_id
WHERE s.round_id = :round_id AND p.state = 'graded' AND p.practice = 0 AND p.copied = 0;

-- name: round_pending
SELECT count(*) AS pending FROM replies WHERE round_id = :round_id AND state = 'received' AND practice = 0;

-- ------------------------------------------------------------------------------------------ results and standings

-- name: result_get
SELECT score FROM results WHERE round_id = :round_id AND user_id = :user_id;

-- name: result_put
INSERT INTO results (round_id, user_id, platform, community, local_date, daily, score)
VALUES (:round_id, :user_id, :platform, :community, :local_date, :daily, :score)
ON CONFLICT (round_id, user_id) DO UPDATE SET score = excluded.score
RETURNING score;

-- name: result_delete
DELETE FROM results WHERE round_id = :round_id AND user_id = :user_id RETURNING score;

-- name: results_of_round
-- `listed` is 0 for people who are on no board.
SELECT s.user_id, s.score, coalesce(n.name, '') AS name,
    CASE WHEN EXISTS (SELECT 1 FROM off_boards o WHERE o.platform = s.platform AND o.community = s.community
        AND o.user_id = s.user_id) THEN 0 ELSE 1 END AS listed
FROM results s
    LEFT JOIN people n ON n.platform = s.platform AND n.community = s.community AND n.user_id = s.user_id
WHERE s.round_id = :round_id ORDER BY s.score DESC, s.user_id;

-- name: results_of_person
SELECT r.question_id, s.local_date, s.score FROM results s JOIN rounds r ON r.id = s.round_id
WHERE s.platform = :platform AND s.community = :community AND s.user_id = :user_id
ORDER BY s.local_date, s.round_id;

-- name: results_by_rule
-- Where a rule makes a difference: a single attempt without a hint is worth the same under each.
SELECT p.round_id, p.user_id FROM rounds r CROSS JOIN replies p
WHERE r.channel_id = :channel_id AND p.round_id = r.id AND p.practice = 0 AND p.user_id <> ''
    AND p.state IN ('received', 'graded', 'failed', 'withdrawn')
GROUP BY p.round_id, p.user_id HAVING count(*) > 1
    OR EXISTS (SELECT 1 FROM hints_taken h WHERE h.round_id = p.round_id AND h.user_id = p.user_id)
ORDER BY p.round_id, p.user_id;

-- name: standings_add
-- All the boards that a result is on: three periods, each of all sections together and of its own.
INSERT INTO standings (platform, community, period, topic, user_id, points, answers)
SELECT :platform, :community, p.period, t.topic, :user_id, CAST(:points AS INTEGER), CAST(:answers AS INTEGER)
FROM (SELECT 'all' AS period UNION ALL SELECT :month UNION ALL SELECT :week) p
    CROSS JOIN (SELECT '' AS topic UNION ALL SELECT :section WHERE :section <> '') t
WHERE 1 = 1
ON CONFLICT (platform, community, period, topic, user_id)
DO UPDATE SET points = standings.points + excluded.points, answers = standings.answers + excluded.answers
RETURNING period, topic, answers;

-- name: standing_drop_empty
DELETE FROM standings
WHERE platform = :platform AND community = :community AND period = :period AND topic = :topic AND user_id = :user_id
    AND answers <= 0
RETURNING user_id;

-- name: standings_top
SELECT s.user_id, s.points, s.answers FROM standings s
WHERE s.platform = :platform AND s.community = :community AND s.period = :period AND s.topic = :topic
    AND NOT EXISTS (SELECT 1 FROM off_boards o WHERE o.platform = s.platform AND o.community = s.community
        AND o.user_id = s.user_id)
ORDER BY s.points DESC, s.user_id LIMIT :most;

-- name: standing_of
SELECT user_id, points, answers FROM standings
WHERE platform = :platform AND community = :community AND period = :period AND topic = :topic AND user_id = :user_id;

-- name: standings_above
-- All above, less those of them who are on no board: these are few, so they are looked up one by one.
SELECT (SELECT count(*) FROM standings WHERE platform = :platform AND community = :community AND period = :period
        AND topic = :topic AND points > :points)
    - (SELECT count(DISTINCT o.user_id) FROM off_boards o CROSS JOIN standings s
        WHERE o.platform = :platform AND o.community = :community AND s.platform = o.platform
            AND s.community = o.community AND s.user_id = o.user_id AND s.period = :period AND s.topic = :topic
            AND s.points > :points) AS above;

-- name: standings_equal
SELECT (SELECT count(*) FROM standings WHERE platform = :platform AND community = :community AND period = :period
        AND topic = :topic AND points = :points)
    - (SELECT count(DISTINCT o.user_id) FROM off_boards o CROSS JOIN standings s
        WHERE o.platform = :platform AND o.community = :community AND s.platform = o.platform
            AND s.community = o.community AND s.user_id = o.user_id AND s.period = :period AND s.topic = :topic
            AND s.points = :points) AS equal;

-- name: results_course
SELECT s.local_date, CAST(sum(s.score) AS INTEGER) AS points FROM results s JOIN rounds r ON r.id = s.round_id
WHERE s.platform = :platform AND s.community = :community AND s.user_id = :user_id AND s.local_date >= :since
    AND (:topic = '' OR r.section = :topic)
GROUP BY s.local_date ORDER BY s.local_date DESC LIMIT :most;

-- name: results_days
SELECT DISTINCT local_date FROM results
WHERE platform = :platform AND community = :community AND user_id = :user_id AND daily = 1
ORDER BY local_date DESC LIMIT :most;

-- name: rounds_of_log
-- Rounds with what their results depend on, in pages: for `db check`, as the next four are.
SELECT r.id, r.local_date, r.daily, r.section, c.platform, c.community, c.rule, c.hint_cost
FROM rounds r JOIN channels c ON c.id = r.channel_id WHERE r.id > :after ORDER BY r.id LIMIT :most;

-- name: attempts_of_log
SELECT round_id, user_id, score, state, copied, at FROM replies
WHERE round_id BETWEEN :first AND :last AND user_id <> '' AND practice = 0
    AND state IN ('received', 'graded', 'failed', 'withdrawn')
ORDER BY round_id, user_id, at, id;

-- name: results_of_log
SELECT round_id, user_id, platform, community, local_date, daily, score FROM results
WHERE round_id BETWEEN :first AND :last;

-- name: standing_set
INSERT INTO standings (platform, community, period, topic, user_id, points, answers)
VALUES (:platform, :community, :period, :topic, :user_id, :points, :answers)
ON CONFLICT (platform, community, period, topic, user_id)
DO UPDATE SET points = excluded.points, answers = excluded.answers
RETURNING user_id;

-- name: standing_delete
DELETE FROM standings
WHERE platform = :platform AND community = :community AND period = :period AND topic = :topic AND user_id = :user_id
RETURNING user_id;

-- name: standings_all
SELECT platform, community, period, topic, user_id, points, answers FROM standings;

-- ------------------------------------------------------------------------------------------ outbox

-- name: outbox_put
INSERT INTO outbox (platform, community, channel, kind, round_id, reply_id, due_at, created_at)
VALUES (:platform, :community, :channel, :kind, :round_id, :reply_id, :now, :now)
RETURNING id;

-- name: outbox_of_reply
SELECT id, state, message FROM outbox WHERE round_id = :round_id AND reply_id = :reply_id AND kind = :kind;

-- name: outbox_again
-- What is on its way stays so; its mark sees that the words have changed meanwhile. What waits may have been posted
-- at an earlier try.
UPDATE outbox SET state = CASE WHEN state = 'sending' THEN 'sending' ELSE 'waiting' END,
    again = CASE WHEN state = 'sending' OR (state = 'waiting' AND tries > 0 AND message = '') THEN 1 ELSE 0 END,
    due_at = CASE WHEN state IN ('sending', 'waiting') THEN due_at ELSE :now END
WHERE id = :id AND state IN ('waiting', 'sending', 'sent', 'dropped', 'void')
RETURNING id;

-- name: outbox_heads
-- The oldest open row of each channel: it alone decides when the channel goes on, so that order is kept.
-- A channel has one sender: while one holds a living lease on any of its rows, nobody else begins.
SELECT o.community, o.channel, o.id, o.due_at,
    (SELECT max(s.due_at) FROM outbox s WHERE s.platform = o.platform AND s.community = o.community
        AND s.channel = o.channel AND s.state = 'sending') AS held_until
FROM outbox o JOIN (
    SELECT min(id) AS id FROM outbox WHERE platform = :platform AND state IN ('waiting', 'sending')
    GROUP BY community, channel
) head ON head.id = o.id;

-- name: outbox_claim
-- Nothing where another process sends to this channel.
-- What may have been posted before a crash keeps the note that its words have changed since.
UPDATE outbox SET state = 'sending', due_at = :lease, tries = tries + 1,
    again = CASE WHEN tries > 0 AND message = '' THEN again ELSE 0 END
WHERE id IN (SELECT id FROM outbox WHERE platform = :platform AND community = :community AND channel = :channel
        AND state IN ('waiting', 'sending') ORDER BY id LIMIT :most)
    AND NOT EXISTS (SELECT 1 FROM outbox s WHERE s.platform = :platform AND s.community = :community
        AND s.channel = :channel AND s.state = 'sending' AND s.due_at > :now)
RETURNING id, community, channel, kind, round_id, reply_id, about, tries, message, due_at, created_at;

-- name: outbox_renew
-- A lease is told by its end to the microsecond: nobody else's is moved.
UPDATE outbox SET due_at = :lease
WHERE platform = :platform AND community = :community AND channel = :channel AND state = 'sending'
    AND due_at IN (:held, :coming)
RETURNING id;

-- name: outbox_take_back
UPDATE outbox SET due_at = :now WHERE state = 'sending' RETURNING id;

-- name: outbox_sent
-- What couldn't be done about a question when it was posted is still so when it is amended.
UPDATE outbox SET state = CASE WHEN again = 0 THEN 'sent' ELSE 'waiting' END, again = 0, due_at = :now, sent_at = :now,
    message = :message, failure = CASE WHEN kind = 'question' AND message <> '' THEN failure ELSE :note END,
    about = CASE WHEN substr(about, 1, 1) = '@' THEN '@' ELSE about END
WHERE id = :id AND state = 'sending'
RETURNING id, (SELECT CASE WHEN p.state = 'withdrawn' THEN '' ELSE p.user_id END FROM replies p
    WHERE p.id = outbox.reply_id) AS author;

-- name: outbox_sent_first
-- The same before it is sent, only while our lease lasts: another process would send it too.
UPDATE outbox SET state = CASE WHEN again = 0 THEN 'sent' ELSE 'waiting' END, again = 0, due_at = :now, sent_at = :now,
    message = :message, failure = :note
WHERE id = :id AND state = 'sending' AND due_at IN (:held, :coming)
RETURNING id, (SELECT CASE WHEN p.state = 'withdrawn' THEN '' ELSE p.user_id END FROM replies p
    WHERE p.id = outbox.reply_id) AS author;

-- name: outbox_author
-- Who wrote what a message answers: '' once they are forgotten, or have deleted it.
SELECT CASE WHEN p.state = 'withdrawn' THEN '' ELSE p.user_id END AS author
FROM outbox o JOIN replies p ON p.id = o.reply_id WHERE o.id = :id;

-- name: outbox_said_to
-- Where the coach's messages to one person are; "@" and the person stands for what is for them alone.
SELECT CASE WHEN p.private = 1 OR o.kind <> 'grade' THEN '@' || p.user_id ELSE p.channel END AS channel, o.message
FROM replies p CROSS JOIN outbox o
WHERE o.reply_id = p.id AND p.platform = :platform AND p.community = :community AND p.user_id = :user_id
    AND o.message <> ''
UNION ALL
SELECT '@' || s.user_id, o.message FROM suggestions s CROSS JOIN outbox o
WHERE o.platform = s.platform AND o.community = s.community AND o.about = CAST(s.id AS TEXT) AND o.about <> ''
    AND o.kind = 'suggestion' AND s.platform = :platform AND s.community = :community AND s.user_id = :user_id
    AND o.message <> '';

-- name: outbox_nobodys
-- What was for somebody alone who is being forgotten: "@". Where it may have been posted without a mark, whom it was for
-- follows (:whom) until it was looked for: nothing else tells that any more.
UPDATE outbox SET about = '@' || CASE WHEN message = '' AND tries > 0 AND state IN ('waiting', 'sending') THEN :whom
    ELSE '' END
WHERE id IN (
    SELECT o.id FROM replies p CROSS JOIN outbox o
    WHERE o.reply_id = p.id AND p.platform = :platform AND p.community = :community AND p.user_id = :user_id
        AND (p.private = 1 OR o.kind <> 'grade') AND o.state IN ('waiting', 'sending')
    UNION ALL
    SELECT o.id FROM suggestions s CROSS JOIN outbox o
    WHERE o.platform = s.platform AND o.community = s.community AND o.about = CAST(s.id AS TEXT) AND o.about <> ''
        AND o.kind = 'suggestion' AND s.platform = :platform AND s.community = :community AND s.user_id = :user_id
)
RETURNING id;

-- name: outbox_wait
-- A personal message is marked as sent before it is, so both states can be left. What another process has claimed since
-- isn't ours any more.
UPDATE outbox SET state = 'waiting', due_at = :due_at, tries = :tries,
    failure = CASE WHEN kind = 'question' AND message <> '' THEN failure ELSE :failure END
WHERE id = :id AND state IN ('sending', 'sent') AND due_at IN (:held, :coming)
RETURNING id;

-- name: outbox_drop
-- There was nothing to say, but there is now: it waits again.
UPDATE outbox SET
    state = CASE WHEN again = 1 AND :state = 'void' THEN 'waiting' ELSE :state END,
    due_at = CASE WHEN again = 1 THEN created_at ELSE due_at END, failure = :failure, again = 0,
    about = CASE WHEN substr(about, 1, 1) = '@' THEN '@' ELSE about END
WHERE id = :id AND state IN ('sending', 'sent') AND due_at IN (:held, :coming) RETURNING id;

-- name: outbox_drop_round
UPDATE outbox SET state = 'void' WHERE round_id = :round_id AND kind = 'question' AND state IN ('waiting', 'sending')
RETURNING id;

-- name: outbox_dropped
-- What wasn't posted, and what was but not as it was meant to be. Nobody has to look after a missing welcome.
SELECT kind, failure FROM (
    SELECT id, kind, failure FROM outbox
    WHERE platform = :platform AND community = :community AND state = 'dropped' AND kind <> 'welcome'
    UNION ALL
    SELECT id, kind, failure FROM outbox
    WHERE platform = :platform AND community = :community AND state = 'sent' AND failure <> ''
) told ORDER BY id DESC LIMIT :most;

-- name: outbox_again_of_round
-- As outbox_again does. An amendment is tried afresh: how often there was one before says nothing about it.
UPDATE outbox SET state = CASE WHEN state = 'sending' THEN 'sending' ELSE 'waiting' END,
    again = CASE WHEN state = 'sending' OR (state = 'waiting' AND tries > 0 AND message = '') THEN 1 ELSE 0 END,
    due_at = CASE WHEN state IN ('sending', 'waiting') THEN due_at ELSE :now END,
    tries = CASE WHEN state IN ('sending', 'waiting') THEN tries ELSE 0 END
WHERE kind = :kind AND state IN ('waiting', 'sending', 'sent') AND round_id = :round_id
RETURNING id;

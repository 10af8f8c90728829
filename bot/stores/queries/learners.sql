-- What people decide about themselves: being on no board, their zone, the hints that they take.

-- name: off_board_get
-- One's own wish comes before what else may be the reason.
SELECT why FROM off_boards
WHERE platform = :platform AND community = :community AND user_id = :user_id ORDER BY why DESC LIMIT 1;

-- name: off_board_put
INSERT INTO off_boards (platform, community, user_id, why) VALUES (:platform, :community, :user_id, :why)
ON CONFLICT (platform, community, user_id, why) DO NOTHING RETURNING user_id;

-- name: off_board_delete
DELETE FROM off_boards
WHERE platform = :platform AND community = :community AND user_id = :user_id AND (:why = '' OR why = :why)
RETURNING user_id;

-- name: community_forget_off_boards
DELETE FROM off_boards WHERE platform = :platform AND community = :community RETURNING user_id;

-- name: rounds_with_podium_of
-- Whose reveal names somebody, or would if they were on boards: fewer than three others did better.
SELECT s.round_id FROM results s JOIN rounds r ON r.id = s.round_id
WHERE s.platform = :platform AND s.community = :community AND s.user_id = :user_id AND r.revealed_at IS NOT NULL
    AND (SELECT count(*) FROM results b WHERE b.round_id = s.round_id AND b.score > s.score
        AND NOT EXISTS (SELECT 1 FROM off_boards o WHERE o.platform = b.platform AND o.community = b.community
            AND o.user_id = b.user_id)) < :places
ORDER BY s.round_id;

-- ------------------------------------------------------------------------------------------ learners

-- name: learner_get
SELECT zone, zone_own, welcomed FROM learners
WHERE platform = :platform AND community = :community AND user_id = :user_id;

-- name: learner_zone
INSERT INTO learners (platform, community, user_id, zone, zone_own)
VALUES (:platform, :community, :user_id, :zone, 1)
ON CONFLICT (platform, community, user_id) DO UPDATE SET zone = excluded.zone, zone_own = 1 RETURNING zone;

-- name: learner_zone_seen
-- What the platform says of somebody who writes here and hasn't said otherwise.
INSERT INTO learners (platform, community, user_id, zone)
SELECT platform, community, user_id, CAST(:zone AS TEXT) FROM people
WHERE platform = :platform AND community = :community AND user_id = :user_id
ON CONFLICT (platform, community, user_id)
DO UPDATE SET zone = excluded.zone WHERE learners.zone_own = 0 AND learners.zone <> excluded.zone
RETURNING zone;

-- name: learner_welcome
-- Once, and not in a rush: `busy` answers in the community's line mean that others wait for their grades.
INSERT INTO learners (platform, community, user_id, welcomed)
SELECT :platform, :community, :user_id, 1
WHERE (SELECT count(*) FROM (SELECT 1 FROM replies WHERE platform = :platform AND community = :community
    AND state = 'received' AND turn > 0 LIMIT :busy) lined) < :busy
ON CONFLICT (platform, community, user_id) DO UPDATE SET welcomed = 1 WHERE learners.welcomed = 0
RETURNING user_id;

-- name: learner_delete
DELETE FROM learners WHERE platform = :platform AND community = :community AND user_id = :user_id RETURNING user_id;

-- name: community_forget_learners
DELETE FROM learners WHERE platform = :platform AND community = :community RETURNING user_id;

-- ------------------------------------------------------------------------------------------ hints

-- name: hint_take
INSERT INTO hints_taken (round_id, user_id, number, platform, community, cost, taken_at)
VALUES (:round_id, :user_id, :number, :platform, :community, :cost, :now)
ON CONFLICT (round_id, user_id, number) DO NOTHING RETURNING number;

-- name: hints_of
SELECT number, cost, taken_at FROM hints_taken WHERE round_id = :round_id AND user_id = :user_id ORDER BY number;

-- name: hints_of_log
-- For `db check`, with the attempts of the same rounds.
SELECT round_id, user_id, number, cost, taken_at FROM hints_taken
WHERE round_id BETWEEN :first AND :last ORDER BY round_id, user_id, number;

-- name: hints_of_person
SELECT r.question_id, r.local_date, h.number, h.cost, h.taken_at FROM hints_taken h JOIN rounds r ON r.id = h.round_id
WHERE h.platform = :platform AND h.community = :community AND h.user_id = :user_id
ORDER BY h.taken_at, h.round_id, h.number;

-- name: hints_forget
DELETE FROM hints_taken WHERE platform = :platform AND community = :community AND user_id = :user_id RETURNING round_id;

-- name: community_forget_hints_taken
DELETE FROM hints_taken WHERE platform = :platform AND community = :community RETURNING round_id;

-- Communities that come and go. Forgetting one removes all that is stored about it, children before parents.

-- name: communities_known
SELECT DISTINCT community FROM channels WHERE platform = :platform;

-- name: community_left
INSERT INTO communities_left (platform, community, left_at) VALUES (:platform, :community, :now)
ON CONFLICT (platform, community) DO NOTHING RETURNING community;

-- name: community_back
DELETE FROM communities_left WHERE platform = :platform AND community = :community RETURNING community;

-- name: communities_to_forget
SELECT community FROM communities_left WHERE platform = :platform AND left_at <= :before ORDER BY left_at;

-- name: community_forget_outbox
DELETE FROM outbox WHERE platform = :platform AND community = :community RETURNING id;

-- name: community_forget_results
DELETE FROM results WHERE platform = :platform AND community = :community RETURNING round_id;

-- name: community_forget_standings
DELETE FROM standings WHERE platform = :platform AND community = :community RETURNING user_id;

-- name: community_forget_replies
DELETE FROM replies WHERE platform = :platform AND community = :community RETURNING id;

-- name: community_forget_people
DELETE FROM people WHERE platform = :platform AND community = :community RETURNING user_id;

-- name: community_forget_rounds
DELETE FROM rounds
WHERE channel_id IN (SELECT id FROM channels WHERE platform = :platform AND community = :community)
RETURNING id;

-- name: community_forget_questions
DELETE FROM questions WHERE platform = :platform AND community = :community RETURNING id;

-- name: community_forget_channels
DELETE FROM channels WHERE platform = :platform AND community = :community RETURNING id;

-- name: question_versions_unused
DELETE FROM question_versions
WHERE NOT EXISTS (SELECT 1 FROM rounds r WHERE r.question_version = question_versions.version)
RETURNING version;

-- ------------------------------------------------------------------------------------------ organisers

-- name: organiser_put
INSERT INTO organisers (platform, community, user_id, name) VALUES (:platform, :community, :user_id, :name)
ON CONFLICT (platform, community, user_id) DO NOTHING RETURNING user_id;

-- name: organiser_get
SELECT user_id FROM organisers WHERE platform = :platform AND community = :community AND user_id = :user_id;

-- name: organisers_of
SELECT user_id, name FROM organisers WHERE platform = :platform AND community = :community ORDER BY name, user_id;

-- name: organiser_delete
DELETE FROM organisers WHERE platform = :platform AND community = :community AND user_id = :user_id RETURNING user_id;

-- name: community_forget_organisers
DELETE FROM organisers WHERE platform = :platform AND community = :community RETURNING user_id;

-- name: people_called
SELECT user_id, name FROM people
WHERE platform = :platform AND community = :community AND lower(name) = lower(:name/*postgres: COLLATE "C"*/)
ORDER BY user_id LIMIT 2;

-- ------------------------------------------------------------------------------------------ erasures

-- name: erasure_put
INSERT INTO erasures (platform, community, channel, message) VALUES (:platform, :community, :channel, :message)
ON CONFLICT (platform, community, channel, message) DO NOTHING RETURNING message;

-- name: erasures_left
SELECT community, channel, message FROM erasures WHERE platform = :platform ORDER BY community, channel, message;

-- name: erasure_done
DELETE FROM erasures
WHERE platform = :platform AND community = :community AND channel = :channel AND message = :message
RETURNING message;

-- name: community_forget_erasures
DELETE FROM erasures WHERE platform = :platform AND community = :community RETURNING message;

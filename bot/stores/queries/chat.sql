-- The local web chat. Rows of messages are read through chat_message, chat_page and chat_changed, which agree in their columns.

-- name: chat_next_change
UPDATE chat_changes SET number = number + 1 WHERE id = 1 RETURNING number;

-- name: chat_last_change
SELECT number FROM chat_changes WHERE id = 1;

-- name: chat_channels
SELECT id FROM chat_channels ORDER BY position, id;

-- name: chat_channel
SELECT id FROM chat_channels WHERE id = :channel;

-- name: chat_channel_insert
INSERT INTO chat_channels (id, position)
SELECT :channel, COALESCE(MAX(position), 0) + 1 FROM chat_channels WHERE 1 = 1
ON CONFLICT (id) DO NOTHING RETURNING id;

-- name: chat_thread
SELECT id, channel FROM chat_messages WHERE id = :thread AND opens <> '';

-- name: chat_message_insert
INSERT INTO chat_messages (channel, thread, key, author, only_for, reply_to, opens, asked_by, asked, text, body, at, change)
VALUES (:channel, :thread, :key, :author, :only_for, :reply_to, :opens, :asked_by, :asked, :text, :body, :at, :change)
ON CONFLICT (key) DO NOTHING RETURNING id;

-- name: chat_message_by_key
SELECT id, opens FROM chat_messages WHERE key = :key;

-- name: chat_message
SELECT m.id, m.channel, m.thread, m.author, m.only_for, m.reply_to, m.opens, m.asked, m.text, m.body, m.at, m.revision,
    m.receipt, m.deleted, m.change, COALESCE(p.name, '') AS author_name, COALESCE(a.name, '') AS asked_name,
    COALESCE((SELECT w.name FROM chat_messages q JOIN chat_people w ON w.id = q.author WHERE q.id = m.reply_to), '') AS to_name,
    (SELECT COUNT(*) FROM chat_messages r WHERE r.thread = m.id AND r.thread <> 0 AND r.author <> '' AND r.deleted = 0) AS replies
FROM chat_messages m LEFT JOIN chat_people p ON p.id = m.author LEFT JOIN chat_people a ON a.id = m.asked_by
WHERE m.id = :id;

-- name: chat_page
SELECT m.id, m.channel, m.thread, m.author, m.only_for, m.reply_to, m.opens, m.asked, m.text, m.body, m.at, m.revision,
    m.receipt, m.deleted, m.change, COALESCE(p.name, '') AS author_name, COALESCE(a.name, '') AS asked_name,
    COALESCE((SELECT w.name FROM chat_messages q JOIN chat_people w ON w.id = q.author WHERE q.id = m.reply_to), '') AS to_name,
    (SELECT COUNT(*) FROM chat_messages r WHERE r.thread = m.id AND r.thread <> 0 AND r.author <> '' AND r.deleted = 0) AS replies
FROM chat_messages m LEFT JOIN chat_people p ON p.id = m.author LEFT JOIN chat_people a ON a.id = m.asked_by
WHERE m.channel = :channel AND m.thread = :thread AND m.id < :before AND m.deleted = 0 AND m.only_for IN ('', :person)
ORDER BY m.id DESC LIMIT :limit;

-- name: chat_changed
SELECT m.id, m.channel, m.thread, m.author, m.only_for, m.reply_to, m.opens, m.asked, m.text, m.body, m.at, m.revision,
    m.receipt, m.deleted, m.change, COALESCE(p.name, '') AS author_name, COALESCE(a.name, '') AS asked_name,
    COALESCE((SELECT w.name FROM chat_messages q JOIN chat_people w ON w.id = q.author WHERE q.id = m.reply_to), '') AS to_name,
    (SELECT COUNT(*) FROM chat_messages r WHERE r.thread = m.id AND r.thread <> 0 AND r.author <> '' AND r.deleted = 0) AS replies
FROM chat_messages m LEFT JOIN chat_people p ON p.id = m.author LEFT JOIN chat_people a ON a.id = m.asked_by
WHERE m.change > :since AND m.only_for IN ('', :person)
ORDER BY m.change LIMIT :limit;

-- name: chat_history
SELECT m.id, m.thread, m.author, p.name AS author_name, m.text, m.at, m.revision
FROM chat_messages m JOIN chat_people p ON p.id = m.author
WHERE m.thread = :thread AND m.channel = :channel AND m.deleted = 0 AND m.at >= :since AND m.id > :after
ORDER BY m.id LIMIT :limit;

-- name: chat_message_edit
UPDATE chat_messages SET text = :text, revision = :revision, receipt = '', change = :change
WHERE id = :id AND deleted = 0 RETURNING id;

-- name: chat_message_delete
UPDATE chat_messages SET text = '', deleted = 1, receipt = '', change = :change
WHERE id = :id AND deleted = 0 RETURNING id;

-- name: chat_answers
-- What the coach answered to a message.
SELECT id FROM chat_messages
WHERE channel = :channel AND thread = :thread AND id > :message AND reply_to = :message AND author = '' AND deleted = 0;

-- name: chat_message_rewrite
UPDATE chat_messages SET body = :body, change = :change WHERE id = :id AND body <> :body AND deleted = 0 RETURNING id;

-- name: chat_message_touch
UPDATE chat_messages SET change = :change WHERE id = :id RETURNING id;

-- name: chat_receipt_seen
UPDATE chat_messages SET receipt = 'seen', change = :change
WHERE id = :id AND author = :author AND revision = :revision AND receipt = '' AND deleted = 0 RETURNING id;

-- name: chat_receipt_graded
UPDATE chat_messages SET receipt = 'graded', change = :change
WHERE id = :id AND author <> '' AND deleted = 0 RETURNING id;

-- name: chat_addressed
SELECT id, name_key FROM chat_people WHERE substr(:text, 1, length(name_key) + 1) = '@' || name_key;

-- name: chat_people
SELECT id, name, organiser FROM chat_people ORDER BY name_key LIMIT 500;

-- name: chat_person
SELECT id, name, organiser FROM chat_people WHERE id = :person;

-- name: chat_person_by_key
SELECT id, name, organiser FROM chat_people WHERE name_key = :name_key;

-- name: chat_people_count
SELECT COUNT(*) AS people FROM chat_people;

-- name: chat_person_insert
INSERT INTO chat_people (id, name, name_key, organiser, created_at)
VALUES (:person, :name, :name_key, :organiser, :at)
ON CONFLICT (name_key) DO NOTHING RETURNING id;

-- name: chat_session_pick
INSERT INTO chat_sessions (token_hash, person, picked_at) VALUES (:token_hash, :person, :at)
ON CONFLICT (token_hash, person) DO UPDATE SET picked_at = excluded.picked_at RETURNING person;

-- name: chat_session_people
SELECT p.id, p.name, p.organiser FROM chat_sessions s JOIN chat_people p ON p.id = s.person
WHERE s.token_hash = :token_hash ORDER BY s.picked_at DESC, p.id LIMIT 100;

-- name: chat_owned
-- What a person wrote or asked for, what the coach said to them, and boards shown to all that name them (:cell).
SELECT id,
    CASE WHEN author = '' AND only_for = '' AND asked_by = :person AND replace(body, :cell, '') = body THEN 0 ELSE 1 END
    AS gone
FROM chat_messages
WHERE author = :person OR only_for = :person OR asked_by = :person
    OR (author = '' AND reply_to IN (SELECT id FROM chat_messages WHERE author = :person))
    OR (author = '' AND asked <> '' AND replace(body, :cell, '') <> body)
ORDER BY id;

-- name: chat_forget_message
UPDATE chat_messages SET
    deleted = CASE WHEN :gone = 1 THEN 1 ELSE deleted END, body = CASE WHEN :gone = 1 THEN '{}' ELSE body END,
    author = CASE WHEN author = :person THEN '' ELSE author END,
    only_for = '', asked_by = '', asked = '', text = '', receipt = '', change = :change
WHERE id = :id RETURNING id;

-- name: chat_forget_sessions
DELETE FROM chat_sessions WHERE person = :person RETURNING person;

-- name: chat_forget_person
DELETE FROM chat_people WHERE id = :person RETURNING id;

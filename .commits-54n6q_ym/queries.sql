-- name: reply_insert

INSERT INTO replies (message, user_id, text, at) VALUES (:message, :user_id, :text, :at)
ON CONFLICT DO NOTHING RETURNING id

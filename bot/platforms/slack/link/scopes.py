"""What the coach asks of a Slack app; manifest.yaml says the same in Slack's words."""

from __future__ import annotations

from typing import Final

SCOPES: Final = (
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "reactions:write",
    "users:read",
)
"""The bot token's scopes."""

APP_SCOPE: Final = "connections:write"
"""The app-level token's only scope; Socket Mode needs it."""

EVENTS: Final = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message.channels",
    "message.groups",
    "message.im",
    "tokens_revoked",
)
"""The bot events that are subscribed to."""

COMMAND: Final = "/mlops"
"""The slash command, unless COACH_SLACK_COMMAND names another."""

SHORTCUT: Final = "mc_grade"
"""The message shortcut "Grade this answer", by its callback_id."""

EVENT_SCOPES: Final = {
    "app_home_opened": (),
    "app_mention": ("app_mentions:read",),
    "app_uninstalled": (),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "tokens_revoked": (),
}
"""The scopes that each event needs."""

METHOD_SCOPES: Final = {
    "auth.test": (),
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history", "im:history"),
    "conversations.info": ("channels:read", "groups:read"),
    "conversations.members": ("channels:read", "groups:read"),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "files.upload_v2": ("files:write",),
    "oauth.v2.access": (),
    "reactions.add": ("reactions:write",),
    "reactions.remove": ("reactions:write",),
    "users.info": ("users:read",),
    "views.open": (),
    "views.publish": (),
}
"""The methods of the Web API that the coach may call, with the scopes that each needs in the places where it does."""

"""What Slack's Web API takes: each method's arguments, token and scopes, and the events' scopes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

BY_KIND = "BY_KIND"
"""Stands for channels, groups or im: which scope is needed depends on the conversation."""
SCOPES = frozenset(
    "commands chat:write app_mentions:read channels:history groups:history channels:read groups:read im:history"
    " im:write reactions:write users:read files:write".split()
)
EVENTS = frozenset(
    "message.channels message.groups message.im app_mention app_home_opened app_uninstalled tokens_revoked"
    " member_joined_channel member_left_channel".split()
)
_MANIFEST = Path(__file__).parents[3] / "manifest.yaml"


@dataclass(frozen=True, slots=True)
class Method:
    """`scopes`: any one of them is enough; `args`: name to kind (str, int, bool, ts, json, list)."""

    scopes: tuple[str, ...]
    args: dict[str, str]
    token: str = "bot"


_EVERYWHERE = {"team_id": "str"}
"""Bolt's clients send it with every call."""


def _method(scopes: str, args: str, kind: str = "bot") -> Method:
    kinds = {name: form or "str" for name, _, form in (one.partition(":") for one in args.split())}
    return Method(tuple(scopes.split()), _EVERYWHERE | kinds, kind)


_UNFURL = "unfurl_links:bool unfurl_media:bool"
_SPAN = "cursor latest:ts oldest:ts inclusive:bool limit:int include_all_metadata:bool"
_READ = "channels:read groups:read im:read mpim:read"
_PAGE = "cursor limit:int"
_BODY = "channel text blocks:json attachments:json mrkdwn:bool link_names:bool parse"
METHODS: dict[str, Method] = {
    "api.test": _method("", "error", "none"),
    "auth.test": _method("", "", "any"),
    "auth.revoke": _method("", "test:bool", "any"),
    "apps.connections.open": _method("connections:write", "", "app"),
    "apps.uninstall": _method("", "client_id client_secret"),
    "oauth.v2.access": _method("", "client_id client_secret code redirect_uri grant_type", "none"),
    "chat.postMessage": _method(
        "chat:write",
        f"{_BODY} thread_ts:ts reply_broadcast:bool {_UNFURL} metadata:json username icon_emoji icon_url as_user:bool",
    ),
    "chat.postEphemeral": _method("chat:write", f"{_BODY} user thread_ts:ts"),
    "chat.update": _method(
        "chat:write", f"{_BODY} {_UNFURL} ts:ts metadata:json reply_broadcast:bool file_ids:json as_user:bool"
    ),
    "chat.delete": _method("chat:write", "channel ts:ts as_user:bool"),
    "chat.getPermalink": _method("", "channel message_ts:ts"),
    "conversations.info": _method(BY_KIND + ":read", "channel include_locale:bool include_num_members:bool"),
    "conversations.list": _method(_READ, f"types exclude_archived:bool {_PAGE}"),
    "conversations.history": _method(
        BY_KIND + ":history", f"channel {_SPAN}"
    ),
    "conversations.replies": _method(
        BY_KIND + ":history", f"channel ts:ts {_SPAN}"
    ),
    "conversations.open": _method("im:write", "channel users:list return_im:bool prevent_creation:bool"),
    "conversations.members": _method(BY_KIND + ":read", "channel cursor limit:int"),
    "users.info": _method("users:read", "user include_locale:bool"),
    "users.list": _method("users:read", f"include_locale:bool {_PAGE}"),
    "users.conversations": _method(
        _READ, f"user types exclude_archived:bool {_PAGE}"
    ),
    "reactions.add": _method("reactions:write", "channel name timestamp:ts"),
    "reactions.remove": _method("reactions:write", "channel name timestamp:ts file file_comment"),
    "views.open": _method("", "trigger_id interactivity_pointer view:json"),
    "views.push": _method("", "trigger_id interactivity_pointer view:json"),
    "views.update": _method("", "view_id external_id hash view:json"),
    "views.publish": _method("", "user_id hash view:json"),
    "files.getUploadURLExternal": _method("files:write", "filename length:int alt_txt snippet_type"),
    "files.completeUploadExternal": _method(
        "files:write", "files:json channel_id channels:list initial_comment thread_ts:ts blocks:json"
    ),
    "team.info": _method("team:read", "team domain"),
    "bots.info": _method("users:read", "bot team_id"),
}  # fmt: skip

EVENT_SCOPES: dict[str, tuple[str, ...]] = {
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "message.im": ("im:history",),
    "app_mention": ("app_mentions:read",),
    "app_home_opened": (),
    "app_uninstalled": (),
    "tokens_revoked": (),
    "member_joined_channel": ("channels:read", "groups:read"),
    "member_left_channel": ("channels:read", "groups:read"),
    "channel_archive": ("channels:read",),
    "channel_unarchive": ("channels:read",),
    "channel_deleted": ("channels:read",),
    "channel_rename": ("channels:read",),
    "reaction_added": ("reactions:read",),
    "reaction_removed": ("reactions:read",),
    "user_change": ("users:read",),
}


def _listed(text: str, key: str) -> frozenset[str]:
    found = re.search(rf"^( *){key}:[^\n]*\n((?:\1 *- [^\n]+\n?)+)", text, re.MULTILINE)
    lines = found.group(2).splitlines() if found else []
    return frozenset(re.sub(r"#.*", "", line).strip(" -\"'") for line in lines)


def from_manifest() -> tuple[frozenset[str], frozenset[str]]:
    """The bot's scopes and events as manifest.yaml asks for them; the documented lists while there is none."""
    if not _MANIFEST.exists():
        return SCOPES, EVENTS
    text = _MANIFEST.read_text(encoding="utf-8")
    scopes = text[text.find("scopes:") :]
    return _listed(scopes, "bot") or SCOPES, _listed(text, "bot_events") or EVENTS

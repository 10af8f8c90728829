"""What a virtual Slack consists of, and its JSON as the Web API and the events show it."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.e2e.slack_server.reading import Json, labels_of, pings_in, pings_of, texts_in

if TYPE_CHECKING:
    from tests.e2e.slack_server.delivery import Delivery

APP_ID = "A0LOOPBACK1"
SLACKBOT = "USLACKBOT"
_ALPHABET = string.ascii_uppercase + string.digits


def new_id(letter: str) -> str:
    """An id such as T0ABCDEF12, which nothing else has."""
    return letter + "0" + "".join(secrets.choice(_ALPHABET) for _ in range(9))


class SlackError(Exception):
    """What the Web API refuses: Slack's own word for it, and what else the answer says."""

    def __init__(self, error: str, **more: Any) -> None:
        self.body: Json = {"ok": False, "error": error} | more
        super().__init__(error)


@dataclass(eq=False)
class Team:
    id: str
    name: str
    url: str
    users: dict[str, User] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        return self.name.lower().replace(" ", "-")

    def json(self) -> Json:
        return {"id": self.id, "name": self.name, "url": self.url, "domain": self.domain, "icon": {}}


@dataclass(eq=False)
class User:
    """A person, or another app's bot when `bot_id` is set; `app_id` tells whose."""

    id: str
    team: Team
    name: str
    display: str
    tz: str = "Etc/UTC"
    tz_offset: int = 0
    admin: bool = False
    owner: bool = False
    bot_id: str = ""
    app_id: str = ""
    deleted: bool = False

    def json(self) -> Json:
        profile = {
            "real_name": self.name, "display_name": self.display, "real_name_normalized": self.name,
            "display_name_normalized": self.display, "team": self.team.id, "avatar_hash": "g0", "status_text": "",
        }  # fmt: skip
        handle = self.name.lower().replace(" ", ".")
        said: Json = {"id": self.id, "team_id": self.team.id, "name": handle, "deleted": self.deleted}
        if self.deleted:
            return said | {"profile": profile, "is_bot": bool(self.bot_id), "updated": 1_700_000_000}
        return said | {
            "color": "9f69e7", "real_name": self.name, "tz": self.tz, "tz_label": self.tz, "tz_offset": self.tz_offset,
            "profile": profile, "is_admin": self.admin or self.owner, "is_owner": self.owner,
            "is_primary_owner": False, "is_restricted": False, "is_ultra_restricted": False,
            "is_bot": bool(self.bot_id), "is_app_user": False, "updated": 1_700_000_000,
            "is_email_confirmed": True, "who_can_share_contact_card": "EVERYONE",
        }  # fmt: skip


@dataclass(eq=False)
class Installation:
    """The app in a team. `state` is "" while it stands, else the error that its token gets."""

    team: Team
    token: str
    bot: User
    scopes: frozenset[str]
    installer: User | None = None
    state: str = ""

    @property
    def authorization(self) -> Json:
        return {
            "enterprise_id": None, "team_id": self.team.id, "user_id": self.bot.id, "is_bot": True,
            "is_enterprise_install": False,
        }  # fmt: skip


@dataclass(eq=False)
class File:
    id: str
    name: str
    length: int
    title: str = ""
    alt: str = ""
    content: bytes | None = None
    shared: bool = False

    def json(self) -> Json:
        kind = self.name.rsplit(".", 1)[-1]
        return {
            "id": self.id, "name": self.name, "title": self.title or self.name, "size": self.length,
            "filetype": kind, "mimetype": f"image/{kind}" if kind in ("png", "jpeg", "gif") else "text/plain",
            "alt_txt": self.alt, "mode": "hosted", "is_external": False, "file_access": "visible",
        }  # fmt: skip


class Words:
    """What is read in a message, whoever sees it."""

    text: str
    blocks: list[Json]

    @property
    def pings(self) -> set[str]:
        """Whom its text and blocks notify: user ids, "here", "channel", "everyone"."""
        return set(pings_of(self.text)) | {ping for block in self.blocks for ping in pings_in(block)}

    @property
    def shown(self) -> str:
        """All words of it, those in blocks too, a line each."""
        return "\n".join(dict.fromkeys([self.text, *(t for block in self.blocks for t in texts_in(block))]))

    @property
    def buttons(self) -> list[str]:
        """The labels of its buttons."""
        return labels_of(self.blocks)


@dataclass(eq=False)
class Message(Words):
    """A message as it stands. `thread_ts` is its parent's ts, "" for one that stands alone or begins a thread."""

    channel: Channel
    ts: str
    user: User
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str = ""
    subtype: str = ""
    ours: bool = False
    """Whether the app under test posted it."""
    client_msg_id: str = ""
    metadata: Json | None = None
    edited: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    deleted: bool = False
    unfurl_links: bool = True
    unfurl_media: bool = True
    deliveries: list[Delivery] = field(default_factory=list)
    """What was sent to the app because this was written; edits and deletions add theirs."""

    @property
    def replies(self) -> list[Message]:
        """What stands in its thread, oldest first."""
        return [m for m in self.channel.threads.get(self.ts, ()) if not m.deleted]

    def json(self, *, metadata: bool = False) -> Json:
        """As conversations.history shows it; `metadata` as include_all_metadata asks."""
        said: Json = {"type": "message", "user": self.user.id, "ts": self.ts, "text": self.text}
        if self.subtype == "bot_message":
            said = {key: value for key, value in said.items() if key != "user"} | {"username": self.user.name}
        said |= {"team": self.user.team.id}
        said |= {key: value for key, value in self._optional() if value}
        if self.user.bot_id and self.subtype != "channel_join":
            said |= self._bot()
        if metadata and self.metadata is not None:
            said["metadata"] = self.metadata
        return said | self._thread()

    def _optional(self) -> Iterator[tuple[str, Any]]:
        yield "subtype", self.subtype
        yield "client_msg_id", self.client_msg_id
        yield "blocks", self.blocks
        yield "attachments", self.attachments
        yield "edited", self.edited
        yield "files", [file.json() for file in self.files]
        yield "upload", bool(self.files)
        yield "hidden", self.subtype == "tombstone"
        yield "reactions", [{"name": n, "users": list(u), "count": len(u)} for n, u in self.reactions.items() if u]

    def _bot(self) -> Json:
        bot = self.user
        profile = {"id": bot.bot_id, "app_id": bot.app_id, "name": bot.name, "team_id": bot.team.id, "deleted": False}
        return {"bot_id": bot.bot_id, "app_id": bot.app_id, "bot_profile": profile}

    def _thread(self) -> Json:
        if self.thread_ts:
            parent = self.channel.messages[self.thread_ts]
            about: Json = {"thread_ts": self.thread_ts, "parent_user_id": parent.user.id}
            if self.subtype == "thread_broadcast":
                about["root"] = parent.json()
            return about
        replies = self.replies
        if not replies:
            return {}
        users = list(dict.fromkeys(reply.user.id for reply in replies))
        return {
            "thread_ts": self.ts, "reply_count": len(replies), "reply_users_count": len(users),
            "reply_users": users[:5], "latest_reply": replies[-1].ts, "subscribed": False, "is_locked": False,
        }  # fmt: skip


@dataclass(eq=False)
class Ephemeral(Words):
    """A message that one person alone sees; kept here for tests, never told by the API."""

    channel: Channel
    user: User
    ts: str
    text: str
    blocks: list[Json]
    thread_ts: str = ""
    gone: bool = False


@dataclass(eq=False)
class Channel:
    """`kind` is channel (public), group (private) or im. `shared` are other teams (Slack Connect)."""

    id: str
    team: Team
    name: str
    kind: str
    creator: str = ""
    members: dict[str, User] = field(default_factory=dict)
    shared: list[Team] = field(default_factory=list)
    archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)
    threads: dict[str, list[Message]] = field(default_factory=dict)
    last_us: int = 0

    def next_ts(self, microseconds: int) -> str:
        """A ts no earlier than that, unlike any other in this channel, later than all before it."""
        self.last_us = max(self.last_us + 1, microseconds)
        return f"{self.last_us // 1_000_000}.{self.last_us % 1_000_000:06d}"

    def json(self, viewer: User, *, count: bool = False) -> Json:
        said: Json = {"id": self.id, "created": 1_700_000_000, "is_archived": self.archived, "is_im": self.kind == "im"}
        said |= {"is_org_shared": False, "context_team_id": self.team.id, "updated": 1_700_000_000_000}
        if self.kind == "im":
            other = next((u for u in self.members.values() if u is not viewer), viewer)
            return said | {"user": other.id, "is_user_deleted": other.deleted, "priority": 0}
        private, blank = self.kind == "group", {"value": "", "creator": "", "last_set": 0}
        said |= {
            "name": self.name, "name_normalized": self.name, "is_channel": not private, "is_group": private,
            "is_private": private, "is_mpim": False, "is_general": False, "creator": self.creator, "unlinked": 0,
            "is_shared": bool(self.shared), "is_ext_shared": bool(self.shared), "is_pending_ext_shared": False,
            "shared_team_ids": [self.team.id, *(team.id for team in self.shared)], "topic": blank, "purpose": blank,
            "is_member": viewer.id in self.members,
        }  # fmt: skip
        return said | ({"num_members": len(self.members)} if count else {})

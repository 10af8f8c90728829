"""What a virtual Discord consists of, and its JSON as the API and the gateway show it."""

from __future__ import annotations

import datetime as dt
import re
import time
from dataclasses import dataclass, field
from typing import Any

from discord import Permissions

Json = dict[str, Any]

_EPOCH_MS = 1_420_070_400_000
TEXT, DM, THREAD = 0, 1, 11
EPHEMERAL, LOADING, HAS_THREAD = 1 << 6, 1 << 7, 1 << 5
EVERYONE = Permissions(
    view_channel=True, send_messages=True, send_messages_in_threads=True, read_message_history=True,
    add_reactions=True, use_application_commands=True,
)  # fmt: skip
COACH = EVERYONE | Permissions(
    embed_links=True, attach_files=True, create_public_threads=True, manage_threads=True, pin_messages=True,
    mention_everyone=True,
)  # fmt: skip


class ApiError(Exception):
    """What the API refuses: an HTTP status and Discord's own code."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        self.status = status
        self.body: Json = {"code": code, "message": message} | ({"errors": errors} if errors else {})
        super().__init__(message)


class Snowflakes:
    """Ids that grow, made of the time in milliseconds."""

    _last = 0

    def next(self) -> int:
        self._last = max(self._last + 1, (time.time_ns() // 1_000_000 - _EPOCH_MS) << 22)
        return self._last


def moment(snowflake: int) -> str:
    """The time in an id, as the API writes times."""
    return dt.datetime.fromtimestamp(((snowflake >> 22) + _EPOCH_MS) / 1000, dt.UTC).isoformat()


def now() -> str:
    return dt.datetime.now(dt.UTC).isoformat()


@dataclass(eq=False)
class User:
    id: int
    name: str
    bot: bool = False
    organiser: bool = False

    def json(self) -> Json:
        return {
            "id": str(self.id), "username": f"user.{self.id % 1_000_000}", "global_name": self.name, "bot": self.bot,
            "discriminator": "0", "avatar": None, "public_flags": 0, "flags": 0, "primary_guild": None,
        }  # fmt: skip


@dataclass(eq=False)
class Guild:
    id: int
    name: str
    coach: User
    coach_role: int
    organiser_role: int
    permissions: Permissions
    members: dict[int, User] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    commands: list[Json] = field(default_factory=list)

    def of(self, user: User) -> Permissions:
        """What a member may do where no channel says otherwise."""
        if user is self.coach:
            return EVERYONE | self.permissions
        return EVERYONE | Permissions(manage_guild=True) if user.organiser else EVERYONE

    def member(self, user: User) -> Json:
        """A member without the user, as in messages."""
        roles = [self.coach_role] if user is self.coach else [self.organiser_role] if user.organiser else []
        return {
            "roles": [str(role) for role in roles], "joined_at": moment(self.id), "nick": None, "avatar": None,
            "banner": None, "communication_disabled_until": None, "flags": 0, "pending": False,
            "premium_since": None, "mute": False, "deaf": False,
        }  # fmt: skip

    def roles(self) -> list[Json]:
        known = ((self.id, "@everyone", EVERYONE), (self.coach_role, "Coach", self.permissions),
                 (self.organiser_role, "Organisers", Permissions(manage_guild=True)))  # fmt: skip
        return [
            {
                "id": str(id_), "name": name, "permissions": str(permissions.value), "position": position, "color": 0,
                "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None}, "hoist": False,
                "managed": name == "Coach", "mentionable": True, "icon": None, "unicode_emoji": None, "flags": 0,
            }
            for position, (id_, name, permissions) in enumerate(known)
        ]  # fmt: skip

    def shown(self) -> Json:
        """The guild as the REST API shows it."""
        known = self.json(members=False)
        of_the_gateway = ("unavailable", "large", "member_count", "joined_at", "members", "threads", "channels",
                          "presences", "voice_states", "stage_instances", "guild_scheduled_events",
                          "soundboard_sounds")  # fmt: skip
        nothing = (
            "description", "home_header", "splash", "discovery_splash", "banner", "application_id", "widget_channel_id",
            "max_presences", "vanity_url_code", "rules_channel_id", "safety_alerts_channel_id",
            "public_updates_channel_id", "incidents_data",
        )  # fmt: skip
        return {key: value for key, value in known.items() if key not in of_the_gateway} | dict.fromkeys(nothing) | {
            "region": "us-east", "widget_enabled": False, "max_members": 500_000, "max_stage_video_channel_users": 50,
            "max_video_channel_users": 25, "premium_subscription_count": 0, "premium_progress_bar_enabled": False,
            "nsfw": False,
        }  # fmt: skip

    def json(self, members: bool) -> Json:
        """The guild as GUILD_CREATE shows it; without the members intent only the coach is listed."""
        shown = self.members.values() if members else [self.coach]
        threads = [c.json() for c in self.channels.values() if c.type == THREAD and not c.archived]
        return {
            "id": str(self.id), "name": self.name, "owner_id": str(next(iter(self.members))), "unavailable": False,
            "large": False, "member_count": len(self.members), "joined_at": moment(self.id), "roles": self.roles(),
            "members": [self.member(user) | {"user": user.json()} for user in shown], "threads": threads,
            "channels": [c.json() for c in self.channels.values() if c.type == TEXT and c.can(view_channel=True)],
            "emojis": [], "stickers": [], "features": [], "presences": [], "voice_states": [],
            "stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": [], "icon": None,
            "preferred_locale": "en-US", "verification_level": 0, "default_message_notifications": 0,
            "explicit_content_filter": 0, "mfa_level": 0, "nsfw_level": 0, "premium_tier": 0,
            "system_channel_flags": 0, "afk_timeout": 300, "afk_channel_id": None, "system_channel_id": None,
        }  # fmt: skip


@dataclass(eq=False)
class Channel:
    """A text channel, a thread or a direct message; `denied` is what the coach may not do in it."""

    id: int
    name: str
    guild: Guild | None
    type: int = TEXT
    parent: Channel | None = None
    owner: User | None = None
    denied: Permissions = field(default_factory=Permissions.none)
    archived: bool = False
    locked: bool = False
    auto_archive: int = 1440
    messages: dict[int, Message] = field(default_factory=dict)
    pins: dict[int, str] = field(default_factory=dict)

    def can(self, **wanted: bool) -> bool:
        """Whether the coach has these permissions here; a thread has its channel's."""
        if self.guild is None:
            return True
        has = self.guild.of(self.guild.coach) & ~(self.parent or self).denied
        return has.view_channel and Permissions(**wanted) <= has

    def json(self) -> Json:
        last = str(max(self.messages)) if self.messages else None
        if self.guild is None:
            assert self.owner is not None
            return {"id": str(self.id), "type": DM, "flags": 0, "last_message_id": last,
                    "recipients": [self.owner.json()]}  # fmt: skip
        common = {"id": str(self.id), "type": self.type, "flags": 0, "last_message_id": last, "name": self.name,
                  "guild_id": str(self.guild.id), "rate_limit_per_user": 0}  # fmt: skip
        if self.parent is None:
            overwrite = {"id": str(self.guild.coach.id), "type": 1, "allow": "0", "deny": str(self.denied.value)}
            return common | {"parent_id": None, "position": 0, "topic": None, "nsfw": False,
                             "permission_overwrites": [overwrite] if self.denied.value else []}  # fmt: skip
        assert self.owner is not None
        state = {"archived": self.archived, "locked": self.locked, "auto_archive_duration": self.auto_archive,
                 "archive_timestamp": moment(self.id), "create_timestamp": moment(self.id)}  # fmt: skip
        return common | {
            "parent_id": str(self.parent.id), "owner_id": str(self.owner.id), "thread_metadata": state,
            "message_count": min(50, len(self.messages)), "member_count": 2, "total_message_sent": len(self.messages),
        }  # fmt: skip


@dataclass(eq=False)
class Message:
    """`pings` is who was really called: ids of users and roles, "everyone". `only_for` sees it when ephemeral."""

    id: int
    channel: Channel
    author: User
    content: str = ""
    type: int = 0
    edited_at: str | None = None
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    flags: int = 0
    reference: int | None = None
    nonce: str | int | None = None
    reactions: dict[str, list[int]] = field(default_factory=dict)
    pings: set[str] = field(default_factory=set)
    only_for: User | None = None
    deleted: bool = False

    @property
    def custom_ids(self) -> list[str]:
        return [
            part["custom_id"] for row in self.components for part in row.get("components", ()) if "custom_id" in part
        ]

    def called(self) -> list[User]:
        """The members named in the text, whether it rang for them or not."""
        known = self.channel.guild.members if self.channel.guild else {}
        return [known[int(id_)] for id_ in re.findall(r"<@!?(\d+)>", self.content) if int(id_) in known]

    def json(self, me: User, *, reads: bool = True) -> Json:
        """As the coach is shown it; without `reads` (the message content intent) what people wrote is blank."""
        guild = self.channel.guild
        full = reads or self.author is me or guild is None or me in self.called()
        shown: Json = {
            "id": str(self.id), "channel_id": str(self.channel.id), "type": self.type, "author": self.author.json(),
            "content": self.content if full else "", "embeds": self.embeds if full else [],
            "components": self.components if full else [], "attachments": self.attachments if full else [],
            "mentions": [user.json() for user in self.called()], "mention_roles": [], "mention_everyone": False,
            "timestamp": moment(self.id), "edited_timestamp": self.edited_at, "flags": self.flags,
            "pinned": self.id in self.channel.pins, "tts": False, "reactions": [
                {"emoji": {"id": None, "name": emoji}, "count": len(by), "me": me.id in by, "me_burst": False,
                 "burst_colors": [], "count_details": {"burst": 0, "normal": len(by)}}
                for emoji, by in self.reactions.items() if by
            ],
        }  # fmt: skip
        if self.author is me:
            shown["application_id"] = str(me.id)
        if self.nonce is not None:
            shown["nonce"] = self.nonce
        if self.reference is not None:
            shown["message_reference"] = {"type": 0, "message_id": str(self.reference),
                                          "channel_id": str(self.channel.id)}  # fmt: skip
            found = self.channel.messages.get(self.reference)
            shown["referenced_message"] = found and {
                k: v for k, v in found.json(me, reads=reads).items() if k not in ("reactions", "referenced_message")
            }
        thread = guild.channels.get(self.id) if guild else None
        if thread is not None and thread is not self.channel:
            shown["thread"] = thread.json()
        return shown

"""What happens in the virtual Discord, whoever does it, and the events that tell the coach of it."""

from __future__ import annotations

import re
from typing import Any

from discord import Intents, Permissions

from tests.e2e.discord_server.entities import (
    COACH,
    DM,
    HAS_THREAD,
    TEXT,
    THREAD,
    ApiError,
    Channel,
    Guild,
    Json,
    Message,
    Snowflakes,
    User,
    now,
)
from tests.e2e.discord_server.faults import Line
from tests.e2e.discord_server.gateway import Gateway, Session
from tests.e2e.discord_server.limits import check_message


class World:
    """Guilds, channels and people; every change is published on the gateway.

    `nonce_s` is how long a nonce keeps a second message from being made; Discord says "a few minutes".
    """

    def __init__(self, shards: int = 1) -> None:
        self.shards = shards
        self.nonce_s = 300.0
        self.ids = Snowflakes()
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.line = Line()
        self.coach = self.add_user("MLOps Coach", bot=True)
        self.gateway = Gateway(self.coach, self.guilds, self.line)

    # ------------------------------------------------------------------------------------------ places and people

    def add_user(self, name: str, *, bot: bool = False, organiser: bool = False) -> User:
        user = User(self.ids.next(), name, bot, organiser)
        self.users[user.id] = user
        for guild in self.guilds.values():
            guild.members[user.id] = user
        return user

    def add_guild(self, name: str, permissions: Permissions = COACH, shard: tuple[int, int] = (0, 1)) -> Guild:
        id_ = next(id_ for id_ in iter(self.ids.next, None) if (id_ >> 22) % shard[1] == shard[0])
        owner = self.add_user(f"Owner of {name}", organiser=True)
        people = {owner.id: owner} | {user.id: user for user in self.users.values()}
        guild = Guild(id_, name, self.coach, self.ids.next(), self.ids.next(), permissions, people)
        self.guilds[guild.id] = guild
        self.gateway.publish("GUILD_CREATE", guild, lambda session: guild.json(session.intents.members))
        return guild

    def add_channel(self, guild: Guild, name: str, denied: Permissions | None = None) -> Channel:
        channel = Channel(self.ids.next(), name, guild, TEXT, denied=denied or Permissions.none())
        self._keep(channel, "CHANNEL_CREATE")
        return channel

    def direct(self, user: User) -> Channel:
        """The channel for direct messages with a person, made when it is first asked for."""
        found = (c for c in self.channels.values() if c.type == DM and c.owner is user)
        return next(found, None) or self._keep(Channel(self.ids.next(), "", None, DM, owner=user), "CHANNEL_CREATE")

    def _keep(self, channel: Channel, event: str, **more: Any) -> Channel:
        self.channels[channel.id] = channel
        if channel.guild:
            channel.guild.channels[channel.id] = channel
        self.changed(channel, event, **more)
        return channel

    def changed(self, channel: Channel, event: str, **more: Any) -> None:
        """Publish an event about a channel or thread itself, if the coach may see it."""
        if channel.can(view_channel=True) or event.startswith("CHANNEL"):
            self.gateway.publish(event, channel.guild, channel.json() | more, lambda intents: intents.guilds)

    def remove_channel(self, channel: Channel) -> None:
        """Delete a channel with its threads, or a thread."""
        for thread in [c for c in self.channels.values() if c.parent is channel]:
            self.remove_channel(thread)
        del self.channels[channel.id]
        if channel.guild:
            del channel.guild.channels[channel.id]
        self.changed(channel, "THREAD_DELETE" if channel.type == THREAD else "CHANNEL_DELETE")

    # ------------------------------------------------------------------------------------------ messages

    def post(
        self,
        channel: Channel,
        author: User,
        body: Json,
        *,
        files: dict[str, bytes] | None = None,
        may_be_empty: bool = False,
        **more: Any,
    ) -> Message:
        """Put a message where all can see it, or (with `only_for`) where one can; `more` are the message's fields.

        Raises ApiError for one over a limit or without anything in it.
        """
        check_message(body)
        files = files or {}
        if not (body.get("content") or body.get("embeds") or body.get("components") or files or may_be_empty):
            raise ApiError(400, 50006, "Cannot send an empty message")
        message = Message(self.ids.next(), channel, author, **more)
        self.fill(message, body, files)
        message.nonce = body.get("nonce")
        if message.only_for is not None:
            return message
        if channel.archived:
            if channel.locked and not channel.can(manage_threads=True):
                raise ApiError(400, 50083, "Thread is archived")
            channel.archived = False
            self.changed(channel, "THREAD_UPDATE")
        channel.messages[message.id] = message
        self._tell("MESSAGE_CREATE", message)
        return message

    def fill(self, message: Message, body: Json, files: dict[str, bytes]) -> None:
        """Give a message the parts that are in a body; what isn't in it stays as it was."""
        if "content" in body:
            message.content = body["content"] or ""
        if "embeds" in body:
            message.embeds = [{"type": "rich"} | embed for embed in body["embeds"] or ()]
        if "components" in body:
            message.components = numbered(body["components"] or [])
        if "flags" in body:
            message.flags = message.flags & ~4 | body["flags"] & (4 | 64 | 1 << 12 | 1 << 15)
        if "attachments" in body or files:
            kept = {int(part["id"]) for part in body.get("attachments") or ()}
            message.attachments = [part for part in message.attachments if int(part["id"]) in kept]
            for name, content in files.items():
                where = f"https://cdn.discordapp.com/attachments/{message.channel.id}/{message.id}/{name}"
                message.attachments.append({"id": str(self.ids.next()), "filename": name, "size": len(content),
                                            "url": where, "proxy_url": where})  # fmt: skip
                message.files[name] = content
        message.pings |= pings(message, body.get("allowed_mentions"))

    def amend(self, message: Message, body: Json, files: dict[str, bytes] | None = None, *, edit: bool = True) -> None:
        """Change a message; with `edit` False only something beside its text changed (a preview, a pin, a thread)."""
        check_message(body)
        self.fill(message, body, files or {})
        if edit:
            message.edited_at = now()
        if message.only_for is None:
            self._tell("MESSAGE_UPDATE", message)

    def erase(self, message: Message) -> None:
        message.deleted = True
        if message.channel.messages.pop(message.id, None):
            message.channel.pins.pop(message.id, None)
            data = {"id": str(message.id), "channel_id": str(message.channel.id)} | _where(message.channel)
            self.publish_in(message.channel, "MESSAGE_DELETE", data)

    def sent_before(self, channel: Channel, nonce: object) -> Message | None:
        """The coach's message of this nonce, if it is recent enough for Discord to remember."""
        since = self.ids.next() - (int(self.nonce_s * 1000) << 22)
        mine = (m for m in channel.messages.values() if m.author is self.coach and m.id > since)
        return next((m for m in mine if m.nonce is not None and str(m.nonce) == str(nonce)), None)

    def react(self, message: Message, user: User, emoji: str, *, add: bool = True) -> None:
        by = message.reactions.setdefault(emoji, [])
        if (user.id in by) == add:
            return
        (by.append if add else by.remove)(user.id)
        data = {
            "user_id": str(user.id), "message_id": str(message.id), "channel_id": str(message.channel.id), "type": 0,
            "burst": False, "emoji": {"id": None, "name": emoji}, "message_author_id": str(message.author.id),
        } | _where(message.channel)  # fmt: skip
        event = "MESSAGE_REACTION_ADD" if add else "MESSAGE_REACTION_REMOVE"
        self.publish_in(message.channel, event, data, reaction=True)

    def open_thread(self, message: Message, owner: User, name: str, auto_archive: int) -> Channel:
        """Make a message's one thread, which has its id. Raises ApiError for a second."""
        if message.id in self.channels:
            raise ApiError(400, 160004, "A thread has already been created for this message")
        parent = message.channel
        thread = Channel(message.id, name, parent.guild, THREAD, parent, owner, auto_archive=auto_archive)
        self._keep(thread, "THREAD_CREATE", newly_created=True)
        message.flags |= HAS_THREAD
        self._tell("MESSAGE_UPDATE", message)
        # The thread's own first entry only points at the message that it was made from.
        self.post(thread, message.author, {}, may_be_empty=True, type=21, reference=message.id)
        return thread

    # ------------------------------------------------------------------------------------------ events

    def _tell(self, event: str, message: Message) -> None:
        guild = message.channel.guild

        def shown(session: Session) -> Json:
            data = message.json(self.coach, reads=session.intents.message_content) | _where(message.channel)
            return data | ({"member": guild.member(message.author)} if guild else {"channel_type": DM})

        self.publish_in(message.channel, event, shown)

    def publish_in(self, channel: Channel, event: str, data: Any, *, reaction: bool = False) -> None:
        """Publish what happened in a channel, if the coach may see it and asked for its kind."""
        kind = ("guild_" if channel.guild else "dm_") + ("reactions" if reaction else "messages")

        def asked(intents: Intents) -> bool:
            return bool(getattr(intents, kind))

        if channel.can(view_channel=True):
            self.gateway.publish(event, channel.guild, data, asked)


def _where(channel: Channel) -> Json:
    return {"guild_id": str(channel.guild.id)} if channel.guild else {}


def numbered(parts: list[Json], start: int = 1) -> list[Json]:
    """Components with the ids that Discord gives them."""
    counter = iter(range(start, 1000))

    def one(part: Json) -> Json:
        inner: Json = {k: [one(p) for p in v] for k, v in part.items() if k == "components"}
        inner |= {k: one(v) for k, v in part.items() if k in ("component", "accessory")}
        return {"id": next(counter)} | part | inner

    return [one(part) for part in parts]


def pings(message: Message, allowed: Json | None) -> set[str]:
    """Who a text calls, given the allowed mentions that were sent with it (None: everybody named)."""
    called = set(re.findall(r"<@[!&]?(\d+)>", message.content))
    rest = {"everyone"} if re.search(r"@(everyone|here)", message.content) else set()
    if allowed is None:
        return called | rest
    parse = allowed.get("parse", [])
    named = {str(id_) for key in ("users", "roles") for id_ in allowed.get(key) or ()}
    users = set(re.findall(r"<@!?(\d+)>", message.content))
    by_kind = (users if "users" in parse else set()) | (called - users if "roles" in parse else set())
    return by_kind | (called & named) | (rest if "everyone" in parse else set())

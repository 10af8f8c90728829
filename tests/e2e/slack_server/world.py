"""The teams, people, channels and messages, and the events that changes of them make."""

from __future__ import annotations

import datetime as dt
import html
import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.e2e.slack_server.blocks import with_ids
from tests.e2e.slack_server.entities import (
    APP_ID,
    SLACKBOT,
    Channel,
    Ephemeral,
    File,
    Installation,
    Message,
    Team,
    User,
    new_id,
)
from tests.e2e.slack_server.reading import Json, pings_of
from tests.e2e.slack_server.spec import EVENT_SCOPES
from tests.e2e.slack_server.view import View

if TYPE_CHECKING:
    from tests.e2e.slack_server.delivery import Delivery

_TYPES = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}


_TOKEN = re.compile(r"(<(?:[@#!]|https?://)[^<>\n]+>)")


def _element(piece: str) -> Json:
    if not _TOKEN.fullmatch(piece):
        return {"type": "text", "text": piece}
    inner, _, label = piece[1:-1].partition("|")
    if inner.startswith("@"):
        return {"type": "user", "user_id": inner[1:]}
    if inner.startswith("#"):
        return {"type": "channel", "channel_id": inner[1:]}
    if inner.startswith("!"):
        return {"type": "broadcast", "range": inner[1:]}
    return {"type": "link", "url": inner} | ({"text": label} if label else {})


class World:
    """`now` is the time that ts, edits and events are stamped with."""

    def __init__(self, now: Callable[[], dt.datetime], scopes: frozenset[str], events: frozenset[str]) -> None:
        unknown = events - EVENT_SCOPES.keys()
        assert not unknown, f"events that this Slack doesn't send: {sorted(unknown)}"
        self.now, self.scopes, self.events = now, scopes, events
        self.teams: dict[str, Team] = {}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.installations: dict[str, Installation] = {}
        """By token, those that were revoked or uninstalled too."""
        self.files: dict[str, File] = {}
        self.ephemerals: list[Ephemeral] = []
        self.views: dict[str, View] = {}
        self.homes: dict[tuple[str, str], View] = {}
        """By team and user."""
        self.faults: list[str] = []
        """What Slack has no place for, and errors of this server itself; there should be none."""
        self.send: Callable[[Json], Delivery] = lambda payload: NotImplemented

    def microseconds(self) -> int:
        return int(self.now().timestamp() * 1_000_000)

    def stamp(self) -> str:
        """The present as Slack writes times of events."""
        now = self.microseconds()
        return f"{now // 1_000_000}.{now % 1_000_000:06d}"

    # ------------------------------------------------------------------------------------------ places and people

    def add_team(self, name: str) -> Team:
        id_ = new_id("T")
        team = Team(id_, name, f"https://{name.lower().replace(' ', '-')}.slack.com/")
        self.teams[id_] = team
        return team

    def add_user(self, team: Team, name: str, **about: Any) -> User:
        user = User(new_id("U"), team, name, about.pop("display", name), **about)
        team.users[user.id] = self.users[user.id] = user
        return user

    def add_channel(self, team: Team, name: str, kind: str, members: list[User]) -> Channel:
        letter = {"channel": "C", "group": "C", "im": "D"}[kind]
        channel = Channel(new_id(letter), team, name, kind, members[0].id if members else "")
        channel.members = {user.id: user for user in members}
        self.channels[channel.id] = channel
        return channel

    def install(self, team: Team, scopes: frozenset[str], installer: User | None) -> Installation:
        """Install the app; a team that has it keeps its bot, and its token unless that was revoked."""
        old = self.installation(team, alive=False)
        bot = old.bot if old else self.add_user(team, "MLOps Coach", bot_id=new_id("B"), app_id=APP_ID)
        bot.deleted = False
        if old and not old.state:
            old.scopes = old.scopes | scopes
            return old
        token = f"xoxb-{team.id[1:]}-{secrets.token_hex(12)}"
        made = Installation(team, token, bot, scopes, installer)
        self.installations[token] = made
        return made

    def installation(self, team: Team, *, alive: bool = True) -> Installation | None:
        """A team's latest installation, only one that stands unless `alive` is false."""
        mine = [i for i in self.installations.values() if i.team is team and not (alive and i.state)]
        return mine[-1] if mine else None

    def dm(self, installation: Installation, user: User) -> Channel:
        """The direct messages of the app's bot with a person; made when they first are needed."""
        for channel in self.channels.values():
            if channel.kind == "im" and channel.members.keys() == {installation.bot.id, user.id}:
                return channel
        return self.add_channel(installation.team, "directmessage", "im", [installation.bot, user])

    def join(self, channel: Channel, user: User, inviter: User | None = None) -> None:
        channel.members[user.id] = user
        self.post(channel, user, f"<@{user.id}> has joined the channel", subtype="channel_join")
        event: Json = {"type": "member_joined_channel", "user": user.id, "channel": channel.id, "team": user.team.id}
        event |= {"channel_type": "G" if channel.kind == "group" else "C"} | (
            {"inviter": inviter.id} if inviter else {}
        )
        self.tell("member_joined_channel", event, channel)

    def leave(self, channel: Channel, user: User) -> None:
        event: Json = {"type": "member_left_channel", "user": user.id, "channel": channel.id, "team": user.team.id}
        self.tell("member_left_channel", event | {"channel_type": "C"}, channel)
        channel.members.pop(user.id, None)

    # ------------------------------------------------------------------------------------------ messages

    def post(self, channel: Channel, user: User, text: str, **more: Any) -> Message:
        """Store a message and tell of it. `more` are fields of Message."""
        message = Message(channel, channel.next_ts(self.microseconds()), user, text, **more)
        message.blocks = with_ids(message.blocks)
        channel.messages[message.ts] = message
        if message.thread_ts:
            channel.threads.setdefault(message.thread_ts, []).append(message)
        self._announce(message)
        return message

    def typed(self, text: str) -> Json:
        """What a person's client makes of what was typed: text with & < > escaped, rich text, its own id.

        Mentions and links are written as Slack does, such as <@U123> or <https://example.com>.
        """
        pieces = [piece for piece in _TOKEN.split(text) if piece]
        escaped = [p if _TOKEN.fullmatch(p) else html.escape(p, quote=False) for p in pieces]
        inner = {"type": "rich_text_section", "elements": [_element(piece) for piece in pieces]}
        block = {"type": "rich_text", "block_id": secrets.token_hex(3), "elements": [inner]}
        return {"text": "".join(escaped), "blocks": [block] if pieces else []}

    def _announce(self, message: Message) -> None:
        event = message.json() | {"channel": message.channel.id, "event_ts": message.ts}
        if message.user.team is not message.channel.team:
            foreign = message.user.team.id
            event |= {"team": foreign, "user_team": foreign, "source_team": foreign}
        self._message_event(message, event)
        self._mention(message, event, "")

    def _message_event(self, message: Message, event: Json) -> None:
        channel = message.channel
        event |= {"channel_type": channel.kind}
        message.deliveries += self.tell(_TYPES[channel.kind], event, channel, message.user)

    def _mention(self, message: Message, said: Json, before: str) -> None:
        channel = message.channel
        if channel.kind == "im" or message.subtype in ("tombstone", "bot_message"):
            return
        for installation in self.hearing(channel):
            id_ = installation.bot.id
            if id_ in pings_of(message.text) and id_ not in pings_of(before) and message.user is not installation.bot:
                hidden = ("channel_type", "subtype", "root")
                event = {key: value for key, value in said.items() if key not in hidden} | {"type": "app_mention"}
                message.deliveries += self.tell("app_mention", event, channel, message.user)
                return

    def amend(self, message: Message, *, edit: bool, changes: Json) -> None:
        """Change a message and tell of it; only with `edit` is it marked as edited."""
        before, text = message.json(), message.text
        for key, value in changes.items():
            setattr(message, key, value)
        if edit:
            message.edited = {"user": message.user.id, "ts": self.stamp()}
        self._hidden(message, "message_changed", {"message": message.json(), "previous_message": before})
        self._mention(message, message.json() | {"channel": message.channel.id, "event_ts": self.stamp()}, text)

    def _hidden(self, message: Message, subtype: str, about: Json) -> None:
        channel = message.channel
        ts = channel.next_ts(self.microseconds())
        event = {"type": "message", "subtype": subtype, "hidden": True, "channel": channel.id, "ts": ts, "event_ts": ts}
        if message.user.team is not channel.team:
            event |= {"user_team": message.user.team.id, "source_team": message.user.team.id}
        self._message_event(message, event | about)

    def erase(self, message: Message) -> None:
        """Delete a message; one with replies leaves a tombstone in its place."""
        before = message.json()
        if message.replies:
            message.subtype, message.text, message.blocks, message.files = (
                "tombstone",
                "This message was deleted.",
                [],
                [],
            )
            message.user, message.client_msg_id, message.metadata = self._slackbot(message.channel.team), "", None
            message.reactions, message.edited = {}, None
            self._hidden(message, "message_changed", {"message": message.json(), "previous_message": before})
            return
        message.deleted = True
        del message.channel.messages[message.ts]
        if message.thread_ts:
            self._bury(message)
        self._hidden(message, "message_deleted", {"deleted_ts": message.ts, "previous_message": before})

    def _bury(self, message: Message) -> None:
        channel = message.channel
        channel.threads[message.thread_ts].remove(message)
        parent = channel.messages.get(message.thread_ts)
        if parent and parent.subtype == "tombstone" and not parent.replies:
            del channel.messages[parent.ts]

    def _slackbot(self, team: Team) -> User:
        return User(SLACKBOT, team, "Slackbot", "slackbot")

    def react(self, message: Message, user: User, name: str, *, added: bool = True) -> None:
        users = message.reactions.setdefault(name, [])
        users.append(user.id) if added else users.remove(user.id)
        kind = "reaction_added" if added else "reaction_removed"
        item = {"type": "message", "channel": message.channel.id, "ts": message.ts}
        event = {"type": kind, "user": user.id, "reaction": name, "item": item, "item_user": message.user.id}
        self.tell(kind, event | {"event_ts": self.stamp()}, message.channel, user)

    # ------------------------------------------------------------------------------------------ events

    def hearing(self, channel: Channel) -> list[Installation]:
        """The installations whose bot is in a channel, the channel's own team's first."""
        found = [i for i in self.installations.values() if not i.state and i.bot.id in channel.members]
        return sorted(found, key=lambda one: one.team is not channel.team)

    def tell(self, kind: str, event: Json, channel: Channel, actor: User | None = None) -> list[Delivery]:
        """Send an event once, if the app subscribed to it and an installation in the channel has a scope for it."""
        if kind not in self.events:
            return []
        needed = EVENT_SCOPES[kind]
        heard = [i for i in self.hearing(channel) if not needed or i.scopes & set(needed)]
        if not heard:
            return []
        team = actor.team if actor and channel.shared else heard[0].team
        return [self.send(self.wrapped(event, heard[0], team, shared=bool(channel.shared)))]

    def tell_team(self, kind: str, event: Json, installation: Installation) -> list[Delivery]:
        """Send an event that belongs to no channel."""
        if kind not in self.events:
            return []
        return [self.send(self.wrapped(event, installation, installation.team, shared=False))]

    def wrapped(self, event: Json, installation: Installation, team: Team, *, shared: bool) -> Json:
        """An event as the Events API sends it; `team` is where it happened, which may be another's (Slack Connect)."""
        return {
            "token": "loopback-verification-token", "team_id": team.id, "context_team_id": installation.team.id,
            "context_enterprise_id": None, "api_app_id": APP_ID, "event": {"event_ts": self.stamp()} | event,
            "type": "event_callback", "event_id": new_id("Ev"), "event_time": self.microseconds() // 1_000_000,
            "authorizations": [installation.authorization], "is_ext_shared_channel": shared,
            "event_context": f"4-{secrets.token_hex(16)}",
        }  # fmt: skip

"""One Web API call: its arguments, of the right kinds, and what the methods ask of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.e2e.slack_server.entities import Channel, Installation, Message, SlackError, User
from tests.e2e.slack_server.reading import Json
from tests.e2e.slack_server.spec import BY_KIND, METHODS
from tests.e2e.slack_server.world import World

Handle = Callable[["Call"], Json]
_TRUE, _FALSE = ("1", "true", "True"), ("0", "false", "False", "")
_PREFIX = {"channel": "channels", "group": "groups", "im": "im"}


class WrongKind(Exception):
    """An argument isn't of the kind that the method takes."""


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value) in _TRUE + _FALSE:
        return str(value) in _TRUE
    raise WrongKind


def _int(value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"\d+", str(value)):
        raise WrongKind
    return int(value)


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongKind
    return value


def _ts(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\d+(\.\d+)?", value):
        raise WrongKind
    return value


def _json(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            raise WrongKind from None
    if not isinstance(value, list | dict):
        raise WrongKind
    return value


def _list(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [part for part in str(value).split(",") if part]
    if not all(isinstance(one, str) for one in found):
        raise WrongKind
    return found


_KINDS: dict[str, Callable[[Any], Any]] = {
    "bool": _bool, "int": _int, "str": _str, "ts": _ts, "json": _json, "list": _list,
}  # fmt: skip


def typed(method: str, raw: Json, faults: list[str]) -> Json:
    """The arguments by kind; one that is unknown or wrong is a fault, and the call is refused."""
    kinds, args, wrong = METHODS[method].args, {}, []
    for name, value in raw.items():
        if value is None:
            continue
        if name not in kinds:
            wrong.append(f"{method} has no argument {name!r}")
            continue
        try:
            args[name] = _KINDS[kinds[name]](value)
        except WrongKind:
            wrong.append(f"{method}: {name} must be {kinds[name]}, not {str(value)[:80]!r}")
    faults += wrong
    if wrong:
        raise SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {one}" for one in wrong]})
    return args


async def raw_arguments(request: web.Request) -> Json:
    """What came in the query string, the form and the JSON body, one over the other."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        if request.can_read_body:
            body = await request.json()
            if not isinstance(body, dict):
                raise SlackError("json_not_object")
            args |= body
    elif request.can_read_body:
        args |= {name: part for name, part in (await request.post()).items() if isinstance(part, str)}
    return args


@dataclass(eq=False)
class Call:
    """`installation` is whose bot token was sent, None where none is needed or it is the app's."""

    method: str
    args: Json
    world: World
    installation: Installation | None
    secrets: tuple[str, str] = ("", "")
    """The client's id and secret, from the basic authorization."""

    @property
    def ours(self) -> Installation:
        if self.installation is None:
            raise SlackError("not_allowed_token_type")
        return self.installation

    def need(self, name: str) -> Any:
        """An argument. Raises SlackError when it is missing."""
        if self.args.get(name) in (None, ""):
            message = f"[ERROR] missing required field: {name}"
            raise SlackError("invalid_arguments", response_metadata={"messages": [message]})
        return self.args[name]

    def scope(self, *any_of: str) -> None:
        """Raise SlackError unless the token has one of the scopes."""
        provided = self.ours.scopes
        if any_of and not provided & set(any_of):
            raise SlackError("missing_scope", needed=",".join(any_of), provided=",".join(sorted(provided)))

    def channel(self, id_: str | None = None, *, member: bool = False, posting: bool = False) -> Channel:
        """The conversation, as far as the bot can see it; `member`: it must be in it, `posting`: and may post."""
        channel = self.world.channels.get(id_ if id_ is not None else self.need("channel"))
        ours = self.ours
        if channel is None or ours.team not in (channel.team, *channel.shared):
            raise SlackError("channel_not_found")
        inside = ours.bot.id in channel.members
        if not inside and channel.kind != "channel":
            raise SlackError("channel_not_found")
        if posting and channel.archived:
            raise SlackError("is_archived")
        if (member or posting) and not inside and not (posting and "chat:write.public" in ours.scopes):
            raise SlackError("not_in_channel")
        return channel

    def scoped_channel(self, *, member: bool = False) -> Channel:
        """The conversation, for a method whose scope depends on the conversation's kind."""
        channel = self.world.channels.get(self.need("channel"))
        verb = next((s.removeprefix(BY_KIND) for s in METHODS[self.method].scopes if s.startswith(BY_KIND)), "")
        if channel is not None:
            self.scope(_PREFIX[channel.kind] + verb)
        return self.channel(member=member)

    def message(self, channel: Channel, ts: str) -> Message:
        found = channel.messages.get(ts)
        if found is None or found.subtype == "tombstone":
            raise SlackError("message_not_found")
        return found

    def person(self, id_: str) -> User:
        """A user whom the team can see: its own, or another team's in a channel that is shared with it."""
        found, team = self.world.users.get(id_), self.ours.team
        if found is None:
            raise SlackError("user_not_found")
        if found.team is not team:
            shared = [c for c in self.world.channels.values() if c.shared and team in (c.team, *c.shared)]
            if not any(found.id in channel.members for channel in shared):
                raise SlackError("user_not_visible")
        return found


def page(items: list[Json], call: Call, *, most: int = 1000, default: int = 100) -> tuple[list[Json], str]:
    """One page of a list and the cursor of the next, "" at the end."""
    limit = call.args.get("limit") or default
    if not 1 <= limit <= most:
        raise SlackError("invalid_limit")
    cursor = call.args.get("cursor", "")
    if cursor and not re.fullmatch(r"page:\d+", cursor):
        raise SlackError("invalid_cursor")
    start = int(cursor.removeprefix("page:") or 0)
    end = start + limit
    return items[start:end], f"page:{end}" if end < len(items) else ""

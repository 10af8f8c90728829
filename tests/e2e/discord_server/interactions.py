"""Interactions: what people do with commands, buttons and forms, and the answers that the coach gives them."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from discord import Permissions

from tests.e2e.discord_server.entities import EPHEMERAL, LOADING, ApiError, Channel, Json, Message, User
from tests.e2e.discord_server.limits import check_choices, check_modal, inputs_of
from tests.e2e.discord_server.world import World

COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5
SAY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
_SUB = (1, 2)


@dataclass(eq=False)
class Interaction:
    """One thing that a person did, and what came back.

    `callback` is the type of the first answer, None so far. `original` is the message that it made or changed;
    `modal` the form that it opened; `choices` what autocomplete offered; `followups` what was said later.
    """

    id: int
    token: str
    type: int
    user: User
    channel: Channel
    data: Json
    message: Message | None
    at: float
    callback: int | None = None
    original: Message | None = None
    modal: Json | None = None
    choices: list[Json] | None = None
    followups: list[Message] = field(default_factory=list)

    @property
    def ephemeral(self) -> bool:
        return self.original is not None and bool(self.original.flags & EPHEMERAL)

    @property
    def answered(self) -> bool:
        """Whether there is an answer that a person can read, choose from or fill in."""
        done = self.original is not None and not self.original.flags & LOADING
        return done or self.modal is not None or self.choices is not None

    async def answer(self, seconds: float = 10.0) -> Message:
        """The message that answers it, once it is there. Raises AssertionError when none comes in time."""
        await self._until(seconds)
        assert self.original is not None, f"answered with callback {self.callback} instead of a message"
        return self.original

    async def form(self, seconds: float = 10.0) -> Json:
        """The form that it opens. Raises AssertionError when none comes in time."""
        await self._until(seconds)
        assert self.modal is not None, f"answered with callback {self.callback} instead of a form"
        return self.modal

    async def _until(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self.answered:
            assert time.monotonic() < end, f"no answer to {self.data} within {seconds} s (callback: {self.callback})"
            await asyncio.sleep(0.01)


class Interactions:
    """`ack_s` is how long the first answer may take, `token_s` how long a token lives."""

    def __init__(self, world: World) -> None:
        self.ack_s = 3.0
        self.token_s = 900.0
        self.commands: list[Json] = []
        """The global commands, as the coach registered them."""
        self.all: dict[str, Interaction] = {}
        self._world = world

    # ------------------------------------------------------------------------------------------ what people do

    def offered(self, user: User, channel: Channel, name: str, kind: int = 1, *, hidden: bool = False) -> Json:
        """A command that a person sees in a channel. Raises LookupError when it isn't there or is kept from them."""
        assert channel.guild is not None
        for command in [*channel.guild.commands, *self.commands]:
            if command["name"] == name and command.get("type", 1) == kind:
                needed = command.get("default_member_permissions")
                if needed and not hidden and not Permissions(int(needed)) <= channel.guild.of(user):
                    raise LookupError(f"/{name} is hidden from {user.name}")
                return command
        raise LookupError(f"no command {name!r} of type {kind} is registered")

    def command(
        self, user: User, channel: Channel, words: str, options: dict[str, Any], *, hidden: bool, focused: str = ""
    ) -> Interaction:
        first, *rest = words.split()
        command = level = self.offered(user, channel, first, hidden=hidden)
        path = []
        for word in rest:
            level = _named(level, word)
            path.append(level)
        given = [_given(level, key, value, key == focused) for key, value in options.items()]
        if not focused:
            lacking = {o["name"] for o in level.get("options", ()) if o.get("required")} - options.keys()
            assert not lacking, f"/{words} needs {sorted(lacking)}"
        for part in reversed(path):
            given = [{"name": part["name"], "type": part["type"], "options": given}]
        data = {"id": command["id"], "name": first, "type": 1, "options": given, "guild_id": command.get("guild_id")}
        return self.begin(AUTOCOMPLETE if focused else COMMAND, user, channel, data)

    def about(self, user: User, message: Message, name: str) -> Interaction:
        """A message command, chosen from a message's own menu; its text comes along whatever the intents are."""
        command = self.offered(user, message.channel, name, 3)
        target = {str(message.id): message.json(self._world.coach)}
        data = {"id": command["id"], "name": name, "type": 3, "target_id": str(message.id),
                "resolved": {"messages": target}}  # fmt: skip
        return self.begin(COMMAND, user, message.channel, data)

    def begin(self, kind: int, user: User, channel: Channel, data: Json, message: Message | None = None) -> Interaction:
        """Tell the coach of an interaction; the clock of its token runs."""
        world, guild = self._world, channel.guild
        assert guild is not None
        at = Interaction(
            world.ids.next(), secrets.token_urlsafe(24), kind, user, channel, data, message, time.monotonic()
        )
        self.all[at.token] = at
        coach = guild.of(world.coach) & ~(channel.parent or channel).denied
        member = guild.member(user) | {"user": user.json(), "permissions": str(guild.of(user).value)}
        told = {
            "id": str(at.id), "application_id": str(world.coach.id), "type": kind, "data": data, "token": at.token,
            "version": 1, "guild_id": str(guild.id), "channel_id": str(channel.id), "member": member,
            "guild": {"id": str(guild.id), "locale": "en-US", "features": []}, "context": 0,
            "channel": channel.json() | {"permissions": str(guild.of(user).value)}, "locale": "en-US",
            "guild_locale": "en-US", "entitlements": [], "attachment_size_limit": 10_485_760,
            "app_permissions": str(coach.value), "authorizing_integration_owners": {"0": str(guild.id)},
        }  # fmt: skip
        if message is not None:
            told["message"] = message.json(world.coach)
        world.gateway.publish("INTERACTION_CREATE", guild, told)
        return at

    # ------------------------------------------------------------------------------------------ what the coach does

    def callback(self, token: str, body: Json, files: dict[str, bytes]) -> Json:
        """The first answer. Raises ApiError when it is late, the second, or not allowed here."""
        at = self.all.get(token)
        if at is None or time.monotonic() - at.at > self.ack_s:
            raise ApiError(404, 10062, "Unknown interaction")
        if at.callback is not None:
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        kind, data = body["type"], body.get("data") or {}
        allowed = {COMMAND: (SAY, DEFER, MODAL), AUTOCOMPLETE: (CHOICES,), SUBMIT: (SAY, DEFER, DEFER_UPDATE, UPDATE),
                   COMPONENT: (SAY, DEFER, DEFER_UPDATE, UPDATE, MODAL)}[at.type]  # fmt: skip
        if kind not in allowed:
            raise ApiError(400, 50035, "Invalid Form Body", {"type": {"_errors": [{"message": "not allowed here"}]}})
        match kind:
            case 4 | 5:
                at.original = self._say(at, data, files, loading=kind == DEFER)
            case 6:
                at.original = at.message
            case 7:
                assert at.message is not None
                self._world.amend(at.message, data, files)
                at.original = at.message
            case 8:
                check_choices(data.get("choices", []))
                at.choices = list(data.get("choices", []))
            case _:
                check_modal(data)
                at.modal = data
        at.callback = kind
        return self._acknowledged(at, kind)

    def _acknowledged(self, at: Interaction, kind: int) -> Json:
        about: Json = {"id": str(at.id), "type": at.type, "channel_id": str(at.channel.id)}
        if at.original is None:
            return {"interaction": about}
        about |= {"response_message_id": str(at.original.id), "response_message_loading": kind == DEFER,
                  "response_message_ephemeral": at.ephemeral}  # fmt: skip
        if kind in (DEFER, DEFER_UPDATE):
            return {"interaction": about}
        return {"interaction": about, "resource": {"type": kind, "message": at.original.json(self._world.coach)}}

    def _say(self, at: Interaction, data: Json, files: dict[str, bytes], *, loading: bool = False) -> Message:
        """A message in answer; what an ephemeral answer is a reply to doesn't matter, so it isn't kept."""
        hidden = bool(data.get("flags", 0) & EPHEMERAL)
        return self._world.post(
            at.channel, self._world.coach, data, files=files, may_be_empty=loading,
            only_for=at.user if hidden else None, type=20 if at.type == COMMAND else 0,
            flags=LOADING if loading else 0,
        )  # fmt: skip

    def alive(self, token: str) -> Interaction:
        """The interaction of a token. Raises ApiError when there is none, it is too old, or it wasn't acknowledged."""
        at = self.all.get(token)
        if at is None or time.monotonic() - at.at > self.token_s:
            raise ApiError(401, 50027, "Invalid Webhook Token")
        if at.callback is None:
            raise ApiError(404, 10015, "Unknown Webhook")
        return at

    def follow_up(self, token: str, body: Json, files: dict[str, bytes]) -> Message:
        """A later message; the first one after a deferral takes the place of "thinking", ephemeral as that was."""
        at = self.alive(token)
        if at.original is not None and at.original.flags & LOADING:
            return self.change(token, at.original, body, files)
        message = self._say(at, body, files)
        at.followups.append(message)
        return message

    def message(self, token: str, id_: str) -> Message:
        """`@original` or a follow-up of this interaction. Raises ApiError when there is none."""
        at = self.alive(token)
        known = [at.original] if id_ == "@original" else [at.original, *at.followups]
        found = (m for m in known if m and not m.deleted and (id_ == "@original" or str(m.id) == id_))
        message = next(found, None)
        if message is None:
            raise ApiError(404, 10008, "Unknown Message")
        return message

    def change(self, token: str, message: Message, body: Json, files: dict[str, bytes]) -> Message:
        was_loading = message.flags & LOADING
        message.flags &= ~LOADING
        try:
            self._world.amend(message, {k: v for k, v in body.items() if k != "flags"}, files, edit=not was_loading)
        except ApiError:
            message.flags |= was_loading
            raise
        return message


def filled(modal: Json, values: dict[str, Any]) -> list[Json]:
    """A form's components as a person sends them. Raises AssertionError for values that its inputs don't allow."""
    left = dict(values)

    def one(inner: Json) -> Json:
        value = left.pop(inner["custom_id"], inner.get("value", ""))
        about = {"type": inner["type"], "id": inner.get("id", 1), "custom_id": inner["custom_id"]}
        if inner["type"] != 4:
            chosen = value if isinstance(value, list) else [value] if value else []
            assert {o["value"] for o in inner.get("options", ())} >= set(chosen), f"{chosen} is not offered"
            return about | {"values": chosen}
        assert len(value) <= (inner.get("max_length") or 4000), "longer than the form lets one type"
        assert value or not inner.get("required", True), f"{inner['custom_id']} is required"
        return about | {"value": value}

    sent = []
    for part in modal["components"]:
        about = {"type": part["type"], "id": part.get("id", 1)}
        inner = [one(found) for found in inputs_of(part)]
        sent.append(about | ({"component": inner[0]} if part["type"] == 18 else {"components": inner} if inner else {}))
    assert not left, f"the form has no {sorted(left)}"
    return sent


def _named(level: Json, word: str) -> Json:
    for option in level.get("options", ()):
        if option["name"] == word and option["type"] in _SUB:
            found: Json = option
            return found
    raise LookupError(f"{level['name']} has no {word!r}")


def _given(level: Json, key: str, value: Any, focused: bool) -> Json:
    option = next((o for o in level.get("options", ()) if o["name"] == key and o["type"] not in _SUB), None)
    if option is None:
        raise LookupError(f"{level['name']} has no option {key!r}")
    if option.get("choices") and not focused:
        assert value in [choice["value"] for choice in option["choices"]], f"{value!r} is not a choice of {key}"
    shown = str(value.id) if hasattr(value, "id") else value
    return {"name": key, "type": option["type"], "value": shown} | ({"focused": True} if focused else {})

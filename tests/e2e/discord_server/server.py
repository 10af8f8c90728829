"""The virtual Discord as tests use it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web
from discord import Intents, Permissions

from tests.e2e.discord_server.entities import COACH, Channel, Guild, Json, Message, User
from tests.e2e.discord_server.faults import PREFIX, Fault, Faults, Limit
from tests.e2e.discord_server.interactions import COMPONENT, SUBMIT, Interaction, Interactions, filled
from tests.e2e.discord_server.rest import Rest
from tests.e2e.discord_server.world import World

T = TypeVar("T")
TOKEN = "loopback.token.of-the-coach"


class DiscordServer:
    """A Discord on 127.0.0.1 with one application in it, the coach, whose token is `token`."""

    def __init__(self, *, token: str = TOKEN, shards: int = 1) -> None:
        self.world = World(shards)
        self.gateway = self.world.gateway
        self.gateway.token = token
        self.interactions = Interactions(self.world)
        self.faults = Faults(self.world.line)
        self.api_url = self.gateway_url = ""
        self._runner: web.AppRunner | None = None
        self._healing: asyncio.TimerHandle | None = None

    @property
    def token(self) -> str:
        return self.gateway.token

    @property
    def coach(self) -> User:
        return self.world.coach

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self.faults.middleware()], client_max_size=1 << 25)
        app.add_routes([*Rest(self.world, self.interactions).routes(), web.get("/gateway", self.gateway.handle)])
        self._runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.api_url = f"http://127.0.0.1:{port}{PREFIX}"
        self.gateway_url = self.gateway.url = f"ws://127.0.0.1:{port}/gateway"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.heal()
        self.gateway.drop()
        self.faults.cut_all()
        if self._runner:
            await self._runner.cleanup()
        if self.faults.broken and error is None:
            raise self.faults.broken[0]

    # ------------------------------------------------------------------------------------------ places and people

    def guild(
        self, name: str = "Interview club", permissions: Permissions = COACH, shard: tuple[int, int] = (0, 1)
    ) -> Guild:
        """A server that the coach has been invited to, with these permissions; everybody known is a member.

        `shard` is the number of the shard that it is to belong to, and of how many.
        """
        return self.world.add_guild(name, permissions, shard)

    def channel(self, guild: Guild, name: str = "mlops-daily", denied: Permissions | None = None) -> Channel:
        return self.world.add_channel(guild, name, denied)

    def user(self, name: str, *, organiser: bool = False) -> User:
        """A person in every guild; an organiser may manage them."""
        return self.world.add_user(name, organiser=organiser)

    def deny(self, channel: Channel, **permissions: bool) -> None:
        """Take permissions from the coach in a channel; none named gives all back."""
        channel.denied = Permissions(**permissions)
        self.world.changed(channel, "CHANNEL_UPDATE")

    def grant(self, **intents: bool) -> None:
        """Which privileged intents the portal has switched on; none named switches all off."""
        self.gateway.granted = Intents(**intents)

    def thread(self, message: Message) -> Channel | None:
        """The thread that was made from a message."""
        return self.world.channels.get(message.id)

    def archive(self, thread: Channel) -> None:
        thread.archived = True
        self.world.changed(thread, "THREAD_UPDATE")

    def delete_channel(self, channel: Channel) -> None:
        """Delete a channel with its threads, or one thread."""
        self.world.remove_channel(channel)

    def expel(self, guild: Guild) -> None:
        """A guild removes the coach."""
        self.gateway.publish("GUILD_DELETE", guild, {"id": str(guild.id)})
        del self.world.guilds[guild.id]
        for channel in guild.channels.values():
            self.world.channels.pop(channel.id, None)

    # ------------------------------------------------------------------------------------------ what people do

    def say(self, channel: Channel, user: User, text: str, *, reply_to: Message | None = None) -> Message:
        more: Json = {"reference": reply_to.id, "type": 19} if reply_to else {}
        return self.world.post(channel, user, {"content": text}, **more)

    def edit(self, message: Message, text: str) -> None:
        self.world.amend(message, {"content": text})

    def unfurl(self, message: Message) -> None:
        """Discord adds a preview to a message: an update that changed no word."""
        self.world.amend(message, {"embeds": [{"url": "https://example.com/", "title": "Example"}]}, edit=False)

    def delete(self, message: Message) -> None:
        self.world.erase(message)

    def react(self, message: Message, user: User, emoji: str) -> None:
        self.world.react(message, user, emoji)

    def slash(
        self, user: User, channel: Channel, command: str, options: Mapping[str, Any] | None = None, *,
        hidden: bool = False,
    ) -> Interaction:  # fmt: skip
        """A slash command as typed, such as "mlops leaderboard". LookupError when a client wouldn't offer it.

        With `hidden` it is sent although it is kept from this person, as a stale client might.
        """
        return self.interactions.command(user, channel, command, dict(options or {}), hidden=hidden)

    def autocomplete(self, user: User, channel: Channel, command: str, option: str, typed: str) -> Interaction:
        """What is offered while somebody types an option: see `Interaction.choices`."""
        return self.interactions.command(user, channel, command, {option: typed}, hidden=False, focused=option)

    def message_command(self, user: User, message: Message, name: str) -> Interaction:
        """A command from a message's menu, such as "Grade this answer"."""
        return self.interactions.about(user, message, name)

    def click(self, user: User, message: Message, custom_id: str, values: list[str] | None = None) -> Interaction:
        """Press a button, or choose from a menu. LookupError when the message has none of that id."""
        if custom_id not in message.custom_ids:
            raise LookupError(f"the message has {message.custom_ids}, not {custom_id!r}")
        data: Json = {"custom_id": custom_id, "component_type": 2 if values is None else 3}
        data |= {} if values is None else {"values": values}
        return self.interactions.begin(COMPONENT, user, message.channel, data, message)

    def submit(self, user: User, form: Interaction, values: Mapping[str, Any]) -> Interaction:
        """Fill in and send the form that an interaction opened; it may be long ago."""
        assert form.modal is not None, "no form was opened"
        data = {"custom_id": form.modal["custom_id"], "components": filled(form.modal, dict(values))}
        return self.interactions.begin(SUBMIT, user, form.channel, data, form.message)

    # ------------------------------------------------------------------------------------------ what the coach did

    def messages(self, channel: Channel, *, system: bool = False) -> list[Message]:
        """What the coach posted in a channel for all to see, oldest first; `system` adds notes of pins and threads."""
        mine = [m for m in channel.messages.values() if m.author is self.coach]
        return [m for m in mine if system or m.type not in (6, 21)]

    def replies(self, message: Message) -> list[Message]:
        """The public replies to a message, but for what the coach says aside: it has no button and goes away again."""
        found = [m for m in self.messages(message.channel) if m.reference == message.id]
        return [m for m in found if m.components or not m.embeds]

    async def wait_for(self, predicate: Callable[[], T | None], seconds: float = 10.0) -> T:
        """The predicate's first true value. Raises AssertionError when there is none in time."""
        end = time.monotonic() + seconds
        while not (found := predicate()):
            assert time.monotonic() < end, f"not within {seconds} s"
            await asyncio.sleep(0.01)
        return found

    async def connected(self, seconds: float = 20.0) -> None:
        """Wait until every shard has a session with a live socket."""
        await self.wait_for(lambda: self.gateway.connected, seconds)

    # ------------------------------------------------------------------------------------------ faults

    def fail_next(
        self, method: str, path: str, status: int, times: int = 1, headers: Mapping[str, str] | None = None, *,
        applied: bool = False, seconds: float = 0.0,
    ) -> Fault:  # fmt: skip
        """The next `times` calls whose path (after /api/v10) has this regex get `status`; 0 cuts the connection.

        With `applied` the work is done and only the answer is lost. A 429 says Retry-After as in `headers` (0.1 s
        without), and comes from Discord only with VIA among them.
        """
        fault = Fault(method, path, status, times, headers or {}, applied=applied, seconds=seconds)
        self.faults.planned.append(fault)
        return fault

    def delay_next(self, method: str, path: str, seconds: float, times: int = 1) -> Fault:
        fault = Fault(method, path, None, times, seconds=seconds)
        self.faults.planned.append(fault)
        return fault

    def limit(self, method: str, path: str, count: int, seconds: float) -> None:
        """From now on at most `count` calls in `seconds` for each channel, then 429; the headers say so before."""
        self.faults.limits.append(Limit(method, path, count, seconds))

    def drop_gateway(self, *, resumable: bool = True, shard: int | None = None) -> None:
        """Cut the sockets (or one shard's); not resumable, RESUME is answered with op 9 and missed events are gone."""
        self.gateway.drop(resumable=resumable, shard=shard)

    def partition(self, seconds: float, *, silent: bool = False, resumable: bool = True) -> None:
        """No packet passes for so long. Sockets break at once, or (`silent`) they stand and nobody answers."""
        line = self.world.line
        if silent:
            line.up.clear()
        else:
            line.cut = True
            self.faults.cut_all()
            self.gateway.drop(resumable=resumable)
        self._healing = asyncio.get_running_loop().call_later(seconds, self.heal)

    def heal(self) -> None:
        """End a partition early."""
        if self._healing:
            self._healing.cancel()
        self.world.line.cut = False
        self.world.line.up.set()

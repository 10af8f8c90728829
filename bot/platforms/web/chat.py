"""The web chat as a platform: what the coach sends is stored here, and served to browsers."""

from __future__ import annotations

import asyncio
import datetime as dt
import errno
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from bot.coach import Coach, Wakes
from bot.core.errors import PlatformAway, SettingsError, StoreError
from bot.core.message import Parcel
from bot.core.model import Place, Reply
from bot.core.ports import Clock, Sent, Store
from bot.platforms.web import guard, members, static, units
from bot.platforms.web.api import Api
from bot.platforms.web.basics import COMMUNITY, PLATFORM, micros, row_id
from bot.platforms.web.live import Hub
from bot.platforms.web.pages import Pages
from bot.platforms.web.public import PREFIX, Public

_log = logging.getLogger(__name__)


class WebChat:
    """A chat in the browser, for this machine or, with a token, for others.

    `host` and `port` are where it listens (port 0: any free one); off loopback a `token` is needed, or SettingsError is
    raised. `hosts` are names beside `host` by which browsers reach it. `public` are communities whose boards and
    archive everybody may read, by the name in the address /public/NAME/. Give it its coach with `attach` before `run`.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        host: str = "127.0.0.1",
        port: int = 8080,
        token: str = "",
        hosts: Iterable[str] = (),
        public: Mapping[str, Place] | None = None,
    ) -> None:
        if not token and not guard.is_loopback(host):
            raise SettingsError(
                f"COACH_WEB_TOKEN is not set. The web chat would be open to everybody who can reach {host}: "
                "set a token of your own, or leave COACH_WEB_HOST at 127.0.0.1."
            )
        self._store, self._clock = store, clock
        self._host, self._port, self._token, self._hosts = host, port, token, tuple(hosts)
        self._public = dict(public or {})
        self._hub = Hub()
        self._coach: Coach | None = None
        self._address = ""
        self._listening = asyncio.Event()

    @property
    def name(self) -> str:
        return PLATFORM

    @property
    def finds_personal(self) -> bool:
        return True

    @property
    def connected(self) -> bool:
        """Whether it listens."""
        return self._listening.is_set()

    def serves(self, community: str) -> bool:
        """Always: any process can send what its pages show."""
        return True

    def attach(self, coach: Coach) -> None:
        """The coach that gets what people write here."""
        self._coach = coach

    def share(self, wakes: Wakes) -> None:
        """Keep the pages that other processes of the same database serve up to date, and ours with theirs."""
        wakes.on(PLATFORM, self._hub.hear)
        self._hub.tell = partial(wakes.tell, PLATFORM)

    async def address(self) -> str:
        """Where to open it, once it listens; with the token when there is one, so that a click is enough."""
        await self._listening.wait()
        return f"{self._address}/?token={self._token}" if self._token else f"{self._address}/"

    # ------------------------------------------------------------------------------------------ the coach's side

    async def send(self, parcel: Parcel) -> Sent:
        """Store a message, once per parcel key. Raises PlatformError for a channel or thread that isn't there."""
        try:
            sent = await self._store.write(units.deliver, parcel, micros(self._clock.now()))
        except StoreError as error:
            raise PlatformAway(f"The web chat can't store messages for now: {error}") from error
        self._hub.wake()
        return sent

    async def amend(self, message: str, parcel: Parcel) -> None:
        """Give a sent message its new words."""
        try:
            await self._store.write(units.rewrite, row_id(message), parcel)
        except StoreError as error:
            raise PlatformAway(f"The web chat can't store messages for now: {error}") from error
        self._hub.wake()

    async def find(self, parcel: Parcel) -> Sent | None:
        """The message of a parcel, by its key."""
        try:
            return await self._store.read(units.found, parcel.key)
        except StoreError as error:
            raise PlatformAway(f"The web chat can't be read for now: {error}") from error

    async def acknowledge(self, reply: Reply) -> None:
        """Show that a message was seen, unless it is graded or edited meanwhile."""
        try:
            if await self._store.write(units.seen, reply):
                self._hub.wake()
        except StoreError as error:
            _log.warning("no receipt on message %s: %s", reply.message, error)

    async def history(self, place: Place, thread: str, since: dt.datetime) -> AsyncIterator[Reply]:
        """People's messages in a thread since a time, oldest first, each at its present revision."""
        after = 0
        while True:
            try:
                batch = await self._store.read(units.history, place.channel, row_id(thread), micros(since), after)
            except StoreError as error:
                raise PlatformAway(f"The web chat can't be read for now: {error}") from error
            if not batch:
                return
            for reply in batch:
                yield reply
            after = row_id(batch[-1].message)

    async def forget(self, community: str, user: str) -> None:
        """Remove a person with their texts from the chat. Raises StoreError."""
        if community == COMMUNITY:
            await self._store.write(members.forget, user)
            self._hub.wake()

    async def export(self, community: str, user: str) -> dict[str, Any]:
        """What the chat keeps of a person beside what the coach does. Raises StoreError."""
        return await self._store.read(members.export, user) if community == COMMUNITY else {}

    async def add_channel(self, channel: str) -> bool:
        """Add a channel after the others; False when it is there already. Raises StoreError."""
        return await self._store.write(units.add_channel, channel)

    # ------------------------------------------------------------------------------------------ the browsers' side

    async def run(self) -> None:
        """Serve until cancelled. Raises SettingsError when the address can't be listened at."""
        runner = web.AppRunner(await self._application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await self._listen(runner)
            _log.debug("the web chat is open at %s/", self._address)
            await asyncio.Event().wait()
        finally:
            self._listening.clear()
            self._hub.close()
            await runner.cleanup()

    async def _application(self) -> web.Application:
        door = guard.Door(self._token)
        api = Api(
            self._store,
            self._clock,
            self._need_coach,
            self._hub,
            door,
            acknowledge=self.acknowledge,
            open_to_all=not door.locked,
            port=self._port,
        )
        assets = await asyncio.to_thread(static.load)
        public = Public(self._need_coach, self._public, assets.pop("/public.html"))
        api.assets = assets
        app = web.Application(
            client_max_size=guard.BODY_LIMIT,
            middlewares=[
                guard.errors,
                guard.origin_guard(guard.OwnNames(self._host, self._hosts)),
                guard.door_guard(door, api.door_cookie, api.assets, PREFIX if self._public else ""),
            ],
        )
        app.add_routes(api.routes())
        app.add_routes(Pages(self._store, self._need_coach, api.member, api.writer).routes())
        app.add_routes(public.routes())
        app.on_response_prepare.append(guard.put_headers)
        return app

    async def _listen(self, runner: web.AppRunner) -> None:
        site = web.TCPSite(runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                text = f"Port {self._port} is taken on {self._host}. Set COACH_WEB_PORT to another one."
            else:
                text = f"The web chat can't listen at {self._host}:{self._port} ({error.strerror or error}). "
                text += "Check COACH_WEB_HOST and COACH_WEB_PORT."
            raise SettingsError(text) from error
        port = runner.addresses[0][1]
        self._address = f"http://{f'[{self._host}]' if ':' in self._host else self._host}:{port}"
        self._listening.set()

    def _need_coach(self) -> Coach:
        assert self._coach is not None, "attach a coach before run"  # noqa: S101
        return self._coach

"""The connection to Slack: sockets or signed HTTP, the pages for installing, and workspaces that come and go."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.coach.work import backoff, stop
from bot.core.errors import CoachError, PlatformAway, SettingsError, StoreError
from bot.platforms.slack.link.crypt import KeyMissing
from bot.platforms.slack.link.events import Events
from bot.platforms.slack.link.installs import States
from bot.platforms.slack.link.listener import Listener
from bot.platforms.slack.link.scopes import COMMAND
from bot.platforms.slack.link.sockets import FIRST_S, PING_S, Sockets
from bot.platforms.slack.link.workspaces import Workspaces

if TYPE_CHECKING:
    from bot.platforms.slack.link.oauth import OAuth

log = logging.getLogger(__name__)

T = TypeVar("T")


READ_AGAIN_S = 600.0
"""How often threads are read again over HTTP, where nothing tells that requests didn't come through for a while."""


@dataclass(frozen=True, slots=True)
class Access:
    """How Slack is reached: what the settings say, "" for what isn't set.

    `mode` is "socket" (needs `app_token`) or "http" (needs `signing_secret`). The pages for installing are there when
    `client_id` and `client_secret` are. `port` 0 takes a free one. A silent socket is asked after `ping_s` seconds, and
    over HTTP the listener is told of a gap every `read_again_s` seconds.
    """

    mode: str = "socket"
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    host: str = "127.0.0.1"
    port: int = 3000
    command: str = COMMAND
    ping_s: float = PING_S
    read_again_s: float = READ_AGAIN_S


class Connection:
    """Brings what happens in Slack to a listener. `states` keeps installations that were begun."""

    def __init__(self, workspaces: Workspaces, states: States | None, access: Access) -> None:
        self._workspaces, self._states, self._access = workspaces, states, access
        self._ended: asyncio.Future[None] | None = None
        self._address = ""
        self._sockets: Sockets | None = None

    @property
    def connected(self) -> bool:
        """Whether Slack can reach the coach: by a socket that is open, or by the web server that listens."""
        if self._access.mode == "http":
            return bool(self._address)
        return self._sockets is not None and self._sockets.connected

    @property
    def address(self) -> str:
        """Where the coach's web server listens, "" while it doesn't."""
        return self._address

    async def run(self, listener: Listener) -> None:
        """Serve until cancelled. Raises SettingsError when Slack refuses a token, at the start or later."""
        self._ended = asyncio.get_running_loop().create_future()
        events = Events(listener, self._workspaces, command=self._access.command, left=partial(self._left, listener))
        try:
            async with self._serving(events, listener):
                tasks: list[asyncio.Future[None]] = [
                    asyncio.create_task(self._connect(events, listener), name="Slack connection"),
                    asyncio.create_task(self._watch(listener), name="Slack tokens that were refused"),
                    self._ended,
                ]
                try:
                    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    await stop([task for task in tasks if isinstance(task, asyncio.Task)])
                for task in done:
                    task.result()
        finally:
            await self._workspaces.close()

    # ------------------------------------------------------------------------------------------ the ways in

    @contextlib.asynccontextmanager
    async def _serving(self, events: Events, listener: Listener) -> AsyncIterator[None]:
        access = self._access
        oauth = self._oauth(listener)
        if access.mode != "http" and oauth is None:
            yield
            return

        async def take(body: str, headers: Mapping[str, str]) -> BoltResponse:
            return await events.take(body, headers, socket=False)

        from bot.platforms.slack.link.http import Server  # Socket Mode does without a web server
        from bot.platforms.slack.link.oauth import INSTALL

        server = Server(
            host=access.host,
            port=access.port,
            secret=access.signing_secret,
            take=take if access.mode == "http" else None,
            oauth=oauth,
        )
        async with server.listening() as self._address:
            log.info("Slack: listening on %s%s", self._address, f"; install at {INSTALL}" if oauth else "")
            try:
                yield
            finally:
                self._address = ""

    def _oauth(self, listener: Listener) -> OAuth | None:
        access, installs = self._access, self._workspaces.installs
        if not (access.client_id and access.client_secret and installs and self._states):
            return None
        from bot.platforms.slack.link.oauth import OAuth

        return OAuth(
            self._workspaces,
            installs,
            self._states,
            client_id=access.client_id,
            client_secret=access.client_secret,
            command=access.command,
            joined=listener.joined,
        )

    async def _connect(self, events: Events, listener: Listener) -> None:
        await self._begin(listener)
        if self._access.mode == "http":
            await self._read_again(listener)
        self._sockets = Sockets(
            self._app_client,
            lambda payload, headers: events.take(payload, headers, socket=True),
            lambda: self._opened(listener),
            ping_s=self._access.ping_s,
        )
        await self._sockets.run()

    async def _read_again(self, listener: Listener) -> None:
        while True:
            listener.gap()
            await asyncio.sleep(self._access.read_again_s)

    def _app_client(self) -> AsyncWebClient:
        return self._workspaces.client(self._access.app_token)

    def _opened(self, listener: Listener) -> None:
        log.info("Slack: connected")
        listener.gap()

    async def _begin(self, listener: Listener) -> None:
        """Tell which workspaces there are, as soon as Slack tells whose the token in the settings is."""
        if self._workspaces.installs:
            await _patiently(self._workspaces.installs.begin)
        teams = await _patiently(self._workspaces.all)
        for team in teams:
            try:
                await self._workspaces.get(team)  # at hand then for all at once, so events keep their order
                await listener.joined(team)
            except KeyMissing:
                continue
            except CoachError as error:
                log.error("Slack: workspace %s: %s", team, error)
        log.info("Slack: in %d %s", len(teams), "workspace" if len(teams) == 1 else "workspaces")
        await self._workspaces.suspect_installed()

    # ------------------------------------------------------------------------------------------ workspaces that leave

    async def _watch(self, listener: Listener) -> None:
        """Find out about each workspace whose token was refused to anybody."""
        while True:
            team = await self._workspaces.suspects.get()
            await _patiently(partial(self._confirm, listener, team))

    async def _confirm(self, listener: Listener, team: str) -> None:
        doubted = team in self._workspaces.doubted
        with contextlib.suppress(KeyMissing):  # told at the start, and mended by the key alone
            if await self._workspaces.confirm(team):
                log.warning("Slack refuses the token of workspace %s: it is installed no more", team)
                await self._gone(listener, team)
            elif doubted:
                listener.gap()  # what came meanwhile wasn't taken

    async def _left(self, listener: Listener, team: str) -> None:
        """A workspace says that it removed the coach. It may have installed it again since, so the token is tried."""
        try:
            if not await self._workspaces.confirm(team):
                return
        except KeyMissing:
            pass
        except PlatformAway:
            self._workspaces.lost(team)  # looked into until Slack can tell
            return
        except SettingsError as error:
            await listener.removed(team)
            if self._ended and not self._ended.done():
                self._ended.set_exception(error)
            return
        await self._gone(listener, team)

    async def _gone(self, listener: Listener, team: str) -> None:
        # In this order: once the token is gone nothing would tell after a crash that the rest is to be forgotten.
        await listener.removed(team)
        await self._workspaces.drop(team)


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """What `ask` returns, asked again as long as Slack or the store is away. Raises SettingsError."""
    failures = 0
    while True:
        try:
            return await ask()
        except (PlatformAway, StoreError) as error:
            failures += 1
            wait = backoff(failures, first=FIRST_S) * random.uniform(0.75, 1.25)  # noqa: S311  only spreads load
            wait = max(wait, getattr(error, "retry_after", None) or 0.0)
            log.error("Slack: %s; trying again in %.1f s", error, wait)
            await asyncio.sleep(wait)

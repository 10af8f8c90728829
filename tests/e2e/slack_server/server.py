"""The virtual Slack as tests use it."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
import uuid
from collections.abc import Callable, Collection
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from tests.e2e.slack_server.acting import Acting
from tests.e2e.slack_server.chat import Chat
from tests.e2e.slack_server.conversations import Conversations
from tests.e2e.slack_server.delivery import Outgoing
from tests.e2e.slack_server.entities import Installation, Team
from tests.e2e.slack_server.faults import Exchange, Fault, Limit, Line, Pace
from tests.e2e.slack_server.files import Files
from tests.e2e.slack_server.hooks import Hooks
from tests.e2e.slack_server.http_push import HttpPush
from tests.e2e.slack_server.interactions import Interactions
from tests.e2e.slack_server.oauth import Installs
from tests.e2e.slack_server.sockets import Sockets
from tests.e2e.slack_server.spec import from_manifest
from tests.e2e.slack_server.views import Views
from tests.e2e.slack_server.web_api import WebApi
from tests.e2e.slack_server.world import World

T = TypeVar("T")


def _utc() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class SlackServer(Acting):
    """A Slack on 127.0.0.1 with one app. `scopes` and `events` are what its manifest asks for, unless given."""

    def __init__(
        self, *, now: Callable[[], dt.datetime] = _utc, scopes: Collection[str] | None = None,
        events: Collection[str] | None = None, commands: tuple[str, ...] = ("/mlops",), pace_s: float = 1.0,
    ) -> None:  # fmt: skip
        asked, subscribed = from_manifest()
        self.world = World(
            now, frozenset(asked if scopes is None else scopes), frozenset(subscribed if events is None else events)
        )
        self.faults = self.world.faults
        self.app_token = f"xapp-1-A0LOOPBACK1-{uuid.uuid4().hex}"
        self.signing_secret = uuid.uuid4().hex
        self.line = Line()
        self.sockets = Sockets(self.line, self.faults)
        self.http = HttpPush(self.line, self.signing_secret)
        self.outgoing = Outgoing(lambda: self.http if self.http.url else self.sockets, self.faults)
        self.world.send = self.outgoing.event
        self.api = WebApi(self.world, self.line, self.app_token)
        self.api.pace.seconds = pace_s
        self._parts(commands)
        self.api_url = ""
        self._runner: web.AppRunner | None = None
        self._healing: asyncio.TimerHandle | None = None

    def _parts(self, commands: tuple[str, ...]) -> None:
        chat = Chat(self.world)
        self.hooks, self.views, self.files = Hooks(self.world, chat), Views(self.world), Files(self.world)
        self.installs = Installs(self.world, self.sockets.ticket)
        self.interactions = Interactions(self.world, self.views, self.hooks, self.outgoing)
        self.interactions.commands = commands
        for part in (chat, Conversations(self.world), self.views, self.files, self.installs):
            self.api.handlers |= part.handlers()

    @property
    def pace(self) -> Pace:
        return self.api.pace

    @property
    def request_url(self) -> str:
        return self.http.url

    @request_url.setter
    def request_url(self, url: str) -> None:
        self.http.url = url

    @property
    def bot_token(self) -> str:
        """The first installation's token."""
        return next(iter(self.world.installations))

    def token(self, team: Team) -> str:
        return self.installation(team).token

    # ------------------------------------------------------------------------------------------ running

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self.api.middleware()], client_max_size=1 << 25)
        app.router.add_route("*", "/api/{method}", self.api.handle)
        app.router.add_post("/commands/{team}/{token}", self.hooks.handle)
        app.router.add_post("/upload/v1/{token}", self.files.upload)
        app.router.add_get("/link", self.sockets.handle)
        app.router.add_get("/oauth/v2/authorize", self.installs.authorize)
        self._runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        port = self._runner.addresses[0][1]
        base = self.hooks.base = self.files.base = f"http://127.0.0.1:{port}"
        self.api_url, self.sockets.url = f"{base}/api/", f"ws://127.0.0.1:{port}/link"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.heal()
        await self.outgoing.stop()
        self.sockets.drop()
        self.line.cut_all()
        await self.http.close()
        if self._runner:
            await self._runner.cleanup()
        if error is None:
            assert not self.faults, "\n".join(self.faults)

    async def wait_for(self, predicate: Callable[[], T | None], seconds: float = 10.0) -> T:
        """The predicate's first true value. Raises AssertionError when there is none in time."""
        end = time.monotonic() + seconds
        while not (found := predicate()):
            assert time.monotonic() < end, f"not within {seconds} s"
            await asyncio.sleep(0.01)
        return found

    async def connected(self, seconds: float = 20.0) -> None:
        """Wait until a socket is open."""
        await self.wait_for(lambda: self.sockets.connected, seconds)

    async def settled(self, seconds: float = 20.0) -> None:
        """Wait until every event was acknowledged or given up."""
        await self.wait_for(lambda: not self.outgoing.pending, seconds)

    def calls(self, method: str, *, team: Team | None = None) -> list[Exchange]:
        """The calls of a method so far: args, status, answer."""
        return [e for e in self.api.exchanges if e.method == method and (team is None or e.team == team.id)]

    # ------------------------------------------------------------------------------------------ faults

    def fail(self, method: str, error: str | int = "", times: int = 1, **more: Any) -> Fault:
        """The next `times` calls of a method ("*": any), of "response_url" or of "upload" go wrong.

        `error` is Slack's error ("ratelimited" is a 429), or an HTTP status; 0 cuts the connection. `more`:
        `applied=True` does the work and loses the answer, `retry_after` (s), `seconds` of delay, `channel`.
        """
        said, status = ("", error) if isinstance(error, int) else (error, None)
        fault = Fault(method, said, status, times, **more)
        self.api.planned.append(fault)
        return fault

    def slow(self, method: str, seconds: float, times: int = 1) -> Fault:
        """The next answers come late; the work is done at once."""
        return self.fail(method, times=times, seconds=seconds)

    def limit(self, method: str, count: int, seconds: float) -> None:
        """From now on at most `count` calls of a method in `seconds` for each token, then 429."""
        self.api.limits[method] = Limit(count, seconds)

    def drop_sockets(self) -> None:
        """Cut every connection without a word."""
        self.sockets.drop()

    def silence(self) -> None:
        """The present connections stand, take everything, and answer nothing."""
        self.sockets.hush()

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """A disconnect frame to each connection: warning, refresh_requested, or link_disabled."""
        self.sockets.disconnect(reason)

    def partition(self, seconds: float, *, silent: bool = False) -> None:
        """No packet passes for so long: connections break at once, or (`silent`) they stand and nobody answers."""
        if silent:
            self.line.up.clear()
        else:
            self.line.cut = True
            self.line.cut_all()
            self.sockets.drop()
        self._healing = asyncio.get_running_loop().call_later(seconds, self.heal)

    def heal(self) -> None:
        """End a partition early."""
        if self._healing:
            self._healing.cancel()
        self.line.cut = False
        self.line.up.set()

    def revoke(self, team: Team) -> None:
        self.installs.revoke(self.installation(team))

    def uninstall(self, team: Team) -> None:
        self.installs.uninstall(self.installation(team))

    def reinstall(self, team: Team) -> Installation:
        """Install the app again, with a new token if the old one is dead."""
        return self.world.install(team, self.world.scopes, None)

"""Socket Mode: a connection that is made again whenever one ends, and before one is closed in good order.

slack_sdk's own client tries for ever with a wrong token and while it reconnects; here every end is told apart. A socket
is left as soon as nothing came through it for a while, be it only the answer to a ping.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.coach.work import backoff, stop
from bot.core.errors import PlatformAway, SettingsError
from bot.platforms.slack.link import api
from bot.platforms.slack.link.scopes import APP_SCOPE

log = logging.getLogger(__name__)

OPENING_S = 10.0
"""How long Slack may take to open a socket and to greet."""

PING_S = 10.0
"""A socket is asked for a sign of life after so much silence, and left after half as much again."""

DRAINING_S = 20.0
"""How long a socket that Slack is about to close is still listened to, beside its successor."""

LONG_ENOUGH_S = 60.0
"""A socket that lasted so long wasn't a failed start: the next one is tried soon."""

TOO_SHORT_S = 0.2
"""A socket that Slack ends sooner, though in good order, counts as failed: it could go on like that without a pause."""

FIRST_S = 0.5
"""The first wait after a failure; it doubles with each that follows."""

MOST_AT_ONCE = 512
"""Payloads that are worked on at the same time; the rest waits in the socket."""

Take = Callable[[dict[str, Any], dict[str, str]], Awaitable[BoltResponse]]
"""Given a payload and its headers, answers with status 200 when it may be acknowledged."""


class Sockets:
    """Keeps one socket open to Slack.

    `client` holds the app-level token, `take` gets every payload, `opened` is called for each new socket.
    """

    def __init__(
        self, client: Callable[[], AsyncWebClient], take: Take, opened: Callable[[], None], *, ping_s: float = PING_S
    ) -> None:
        self._client, self._take, self._opened = client, take, opened
        self._ping_s = ping_s
        self._serving: set[asyncio.Task[None]] = set()
        self._sockets: set[_Socket] = set()
        self._room = asyncio.Semaphore(MOST_AT_ONCE)

    @property
    def connected(self) -> bool:
        """Whether a socket is open that Slack has greeted."""
        return any(socket.greeted for socket in self._sockets)

    async def run(self) -> None:
        """Serve until cancelled. Raises SettingsError when Slack refuses the app token."""
        failures, loop = 0, asyncio.get_running_loop()
        try:
            while True:
                began = loop.time()
                fault = await self._one()
                lasted = loop.time() - began
                if fault is None and lasted >= TOO_SHORT_S:
                    failures = 0
                    continue
                failures = 1 if lasted > LONG_ENOUGH_S else failures + 1
                await _rest(failures, fault or PlatformAway("Slack asks for another socket at once"))
        finally:
            await stop(self._serving)

    async def _one(self) -> PlatformAway | None:
        """Serve one socket until it has to be followed by another; what went wrong with it."""
        try:
            link = await self._link()
        except PlatformAway as error:
            return error
        socket = _Socket(self._take, self._opened, self._room)
        task = asyncio.create_task(socket.serve(self._client(), link, self._ping_s), name="Slack socket")
        self._serving.add(task)
        self._sockets.add(socket)
        task.add_done_callback(self._serving.discard)
        task.add_done_callback(lambda _: self._sockets.discard(socket))
        await socket.left.wait()
        return PlatformAway(socket.why) if socket.why else None

    async def _link(self) -> str:
        """Where to connect to. Raises SettingsError when the token is refused, PlatformAway."""
        try:
            async with asyncio.timeout(OPENING_S):
                answer = await self._client().api_call("apps.connections.open")
        except api.PASSING as error:
            if fault := refusal(api.code(error)):
                raise SettingsError(fault) from None
            raise PlatformAway(api.reason(error), api.retry_after(error)) from error
        link = str(answer.get("url") or "")
        if not link.startswith(("ws://", "wss://")):
            raise PlatformAway("Slack named no address for a socket")
        return link


def refusal(code: str) -> str:
    """What ends the coach when Slack refuses the app-level token with an error; "" for errors that may pass."""
    where = "Basic Information > App-Level Tokens at https://api.slack.com/apps"
    if code in ("missing_scope", "no_permission"):
        return f"The token in COACH_SLACK_APP_TOKEN lacks {APP_SCOPE}. Make one with it under {where}."
    if code in api.LOST:
        return f"Slack refuses the token in COACH_SLACK_APP_TOKEN ({code}). Copy the present one (xapp-) from {where}."
    return ""


async def _rest(failures: int, fault: PlatformAway) -> None:
    wait = backoff(failures, first=FIRST_S) * random.uniform(0.75, 1.25)  # noqa: S311  only spreads load
    wait = max(wait, fault.retry_after or 0.0)
    # Sockets break now and then; only what goes on is an error.
    level = logging.WARNING if failures == 1 else logging.ERROR
    log.log(level, "Slack: %s; connecting again in %.1f s (try %d)", fault, wait, failures + 1)
    await asyncio.sleep(wait)


class _Socket:
    """One connection: reads what comes, has it worked on, acknowledges it where it came from.

    `left` is set when another should be opened, `why` says what went wrong, "" where nothing did. `greeted` says that
    Slack talks on it.
    """

    def __init__(self, take: Take, opened: Callable[[], None], room: asyncio.Semaphore) -> None:
        self._take, self._opened, self._room = take, opened, room
        self._working: set[asyncio.Task[None]] = set()
        self.left = asyncio.Event()
        self.why = ""
        self.greeted = False

    async def serve(self, client: AsyncWebClient, link: str, ping_s: float) -> None:
        """Connect and read until the end, which doesn't come before that of the work on what was read."""
        assert client.session is not None  # noqa: S101  clients of the workspaces share one
        proxy = None if api.is_local(link) else client.proxy
        timeout = aiohttp.ClientWSTimeout(ws_close=1.0)
        try:
            async with asyncio.timeout(OPENING_S) as opening:
                async with client.session.ws_connect(link, heartbeat=ping_s, proxy=proxy, timeout=timeout) as socket:
                    await self._read(socket, opening)
        except api.PASSING as error:
            if not self.left.is_set():
                self.why = api.reason(error)
        finally:
            self.greeted = False
            self.left.set()
            await stop(self._working)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse, opening: asyncio.Timeout) -> None:
        self.why = "the socket was closed"
        while True:
            message = await socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            frame = _parsed(message.data)
            kind = frame.get("type")
            if kind == "hello":
                opening.reschedule(None)
                self.greeted = True
                self._opened()
            elif kind == "disconnect":
                self._leave(str(frame.get("reason") or ""))
                opening.reschedule(asyncio.get_running_loop().time() + DRAINING_S)
            else:
                await self._begin(socket, frame)
        if isinstance(socket.exception(), TimeoutError) and not self.left.is_set():
            self.why = "the socket went silent"
        # What was read is finished; Slack sends again what can't be acknowledged any more.
        self.left.set()
        await asyncio.gather(*self._working, return_exceptions=True)

    def _leave(self, reason: str) -> None:
        self.why = ""
        if reason == "link_disabled":
            self.why = "Socket Mode is switched off; switch it on under Socket Mode at https://api.slack.com/apps"
        log.debug("Slack is about to close the socket: %.40s", reason)
        self.left.set()

    async def _begin(self, socket: aiohttp.ClientWebSocketResponse, frame: dict[str, Any]) -> None:
        request = SocketModeRequest.from_dict(frame) if isinstance(frame.get("payload"), dict) else None
        if request is None:
            return
        await self._room.acquire()
        task = asyncio.create_task(self._work(socket, request), name="Slack payload")
        self._working.add(task)
        task.add_done_callback(self._worked)

    def _worked(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        self._room.release()
        if not task.cancelled() and (error := task.exception()) and not isinstance(error, api.PASSING):
            log.error("Slack: unexpected error", exc_info=error)

    async def _work(self, socket: aiohttp.ClientWebSocketResponse, request: SocketModeRequest) -> None:
        headers = {"x-slack-retry-num": str(request.retry_attempt)} if request.retry_attempt else {}
        answer = await self._take(request.payload, headers)
        if answer.status != 200:
            return
        response = SocketModeResponse(envelope_id=request.envelope_id, payload=_payload(answer))
        await socket.send_str(json.dumps(response.to_dict()))


def _payload(answer: BoltResponse) -> dict[str, Any] | None:
    if not answer.body:
        return None
    as_json = answer.headers.get("content-type", [""])[0].startswith("application/json")
    return json.loads(answer.body) if as_json else {"text": answer.body}


def _parsed(text: str) -> dict[str, Any]:
    try:
        frame = json.loads(text)
    except ValueError:
        return {}
    return frame if isinstance(frame, dict) else {}

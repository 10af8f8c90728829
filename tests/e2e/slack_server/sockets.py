"""Socket Mode: connections that the app opens, and the envelopes that go through them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from tests.e2e.slack_server.delivery import Delivery
from tests.e2e.slack_server.entities import APP_ID
from tests.e2e.slack_server.faults import Line
from tests.e2e.slack_server.reading import Json

MOST = 10
"""Connections that Slack allows an app."""
_LAST = {"warning", "refresh_requested", "link_disabled", "too_many_websockets"}


@dataclass(eq=False)
class Socket:
    """One connection; a single writer keeps the order. A silent one takes everything and answers nothing."""

    number: int
    request: web.Request
    ws: web.WebSocketResponse
    line: Line
    silent: bool = False
    leaving: bool = False
    """Whether it was told to disconnect: it gets no new envelopes."""
    received: int = 0
    queue: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)

    def put(self, frame: Json) -> None:
        if not self.silent:
            self.queue.put_nowait(json.dumps(frame))

    def abort(self) -> None:
        if self.request.transport is not None:
            self.request.transport.abort()

    async def write(self) -> None:
        with contextlib.suppress(ConnectionError):
            while (text := await self.queue.get()) is not None:
                await self.line.up.wait()
                await self.ws.send_str(text)
            await self.ws.close()


class Sockets:
    """The app's connections. `enabled` is the switch for Socket Mode in the app's settings."""

    def __init__(self, line: Line, faults: list[str]) -> None:
        self.url = ""
        self.enabled = True
        self.grace_s = 0.1
        """How long a socket stands after a disconnect frame of reason warning (10 s in the real Slack)."""
        self.live: list[Socket] = []
        self.opened = 0
        """How many connections there have ever been."""
        self._line, self._faults = line, faults
        self._tickets: set[str] = set()
        self._waiting: dict[str, asyncio.Future[Json | None]] = {}
        self._turn = itertools.count()

    @property
    def connected(self) -> bool:
        return any(not socket.silent and not socket.leaving for socket in self.live)

    def ticket(self) -> str:
        """An address that opens one connection."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return f"{self.url}?ticket={ticket}&app_id={APP_ID}"

    # ------------------------------------------------------------------------------------------ envelopes

    async def attempt(self, delivery: Delivery, seconds: float) -> tuple[bool, Json | None, str]:
        """Send one envelope to one of the connections and wait for its acknowledgement."""
        candidates = [socket for socket in self.live if not socket.leaving]
        if not candidates:
            return False, None, "no_connection"
        socket = candidates[next(self._turn) % len(candidates)]
        envelope = str(uuid.uuid4())
        waiting = self._waiting[envelope] = asyncio.get_running_loop().create_future()
        delivery.connection = socket.number
        socket.put(self._frame(envelope, delivery))
        try:
            return True, await asyncio.wait_for(waiting, seconds), ""
        except TimeoutError:
            return False, None, "timeout"
        finally:
            self._waiting.pop(envelope, None)

    def _frame(self, envelope: str, delivery: Delivery) -> Json:
        frame: Json = {"envelope_id": envelope, "payload": delivery.payload, "type": delivery.kind}
        if delivery.kind == "events_api":
            reason = (
                {"no_connection": "timeout"}.get(delivery.reasons[-1], delivery.reasons[-1]) if delivery.reasons else ""
            )
            frame |= {"retry_attempt": delivery.attempts - 1, "retry_reason": reason}
        return frame | {"accepts_response_payload": delivery.kind != "events_api"}

    def _acknowledged(self, text: str) -> None:
        try:
            said = json.loads(text)
            envelope, payload = said["envelope_id"], said.get("payload")
        except (ValueError, KeyError, TypeError):
            self._faults.append(f"the socket got what is no acknowledgement: {text[:200]!r}")
            return
        waiting = self._waiting.get(envelope)
        if waiting is not None and not waiting.done():
            waiting.set_result(payload or None)

    # ------------------------------------------------------------------------------------------ connections

    async def handle(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets or not self.enabled:
            return web.Response(status=404)
        self._tickets.discard(ticket)
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        socket = Socket(self.opened, request, ws, self._line)
        self.opened += 1
        writer = asyncio.create_task(socket.write())
        self._greet(socket)
        try:
            await self._read(socket)
        finally:
            self.live = [one for one in self.live if one is not socket]
            writer.cancel()
        return ws

    def _greet(self, socket: Socket) -> None:
        if len(self.live) >= MOST:
            self._say_goodbye(socket, "too_many_websockets")
            return
        self.live.append(socket)
        about = {"host": "loopback", "build_number": 1, "approximate_connection_time": 18_060, "started": "now"}
        info = {"app_id": APP_ID}
        hello = {"type": "hello", "num_connections": len(self.live), "debug_info": about, "connection_info": info}
        socket.put(hello)

    async def _read(self, socket: Socket) -> None:
        async for message in socket.ws:
            if socket.silent:
                continue
            await self._line.up.wait()
            if message.type is aiohttp.WSMsgType.TEXT:
                socket.received += 1
                self._acknowledged(message.data)
            elif message.type is aiohttp.WSMsgType.PING:
                with contextlib.suppress(ConnectionError):
                    await socket.ws.pong(message.data)
            elif message.type is not aiohttp.WSMsgType.PONG:
                break

    def _say_goodbye(self, socket: Socket, reason: str) -> None:
        assert reason in _LAST, reason
        socket.leaving = True
        socket.put({"type": "disconnect", "reason": reason, "debug_info": {"host": "loopback"}})
        if reason == "warning":
            asyncio.get_running_loop().call_later(self.grace_s, socket.queue.put_nowait, None)
        else:
            socket.queue.put_nowait(None)

    # ------------------------------------------------------------------------------------------ what tests do

    def disconnect(self, reason: str) -> None:
        """Send a disconnect frame to each connection and close it: at once, or (warning) after `grace_s`."""
        if reason == "link_disabled":
            self.enabled = False
        for socket in list(self.live):
            self._say_goodbye(socket, reason)

    def hush(self) -> None:
        """All present connections go silent: they stand, and nothing comes back, pongs neither."""
        for socket in self.live:
            socket.silent = True

    def drop(self) -> None:
        """Cut every connection without a word."""
        for socket in list(self.live):
            socket.leaving = True
            socket.abort()

    def put_raw(self, frame: Any) -> None:
        """Send a frame as it is to every connection."""
        for socket in self.live:
            socket.put(frame)

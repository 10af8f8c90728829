"""What goes wrong on purpose: answers that fail, late or lost ones, rate limits, a line that is down."""

from __future__ import annotations

import asyncio
import json
import re
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from tests.e2e.discord_server.entities import ApiError, Json

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PREFIX = "/api/v10"
SENT = web.RequestKey("SENT", object)
"""Where a handler leaves the JSON that came, for `Exchange.sent`."""
VIA = {"Via": "1.1 google"}
"""Discord's own answers carry it; a 429 without it is the edge's, which discord.py doesn't wait out."""


@dataclass(eq=False)
class Fault:
    """What befalls the next `times` calls that fit. Status 0 cuts the connection without an answer.

    With `applied` the work is done first and only its answer is lost. `seconds` delay it; status None delays alone.
    """

    method: str
    path: str
    status: int | None
    times: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json | None = None
    applied: bool = False
    seconds: float = 0.0
    met: int = 0

    def fits(self, method: str, path: str) -> bool:
        return self.met < self.times and self.method in (method, "*") and re.search(self.path, path) is not None

    def response(self) -> web.Response:
        assert self.status
        retry = float(self.headers.get("Retry-After", 0.1))
        limited = {"message": "You are being rate limited.", "retry_after": retry, "global": False}
        body = self.body or (limited if self.status == 429 else {"code": 0, "message": f"{self.status}: injected"})
        return answer(self.status, body, self.headers)


@dataclass(eq=False)
class Limit:
    """At most `count` calls in `seconds` for each channel (or each token) on the routes that fit."""

    method: str
    path: str
    count: int
    seconds: float
    windows: dict[str, tuple[float, int]] = field(default_factory=dict)

    def spend(self, key: str) -> tuple[int, float]:
        """What is left after this call (-1: refused) and the seconds until the window is over."""
        start, used = self.windows.get(key, (0.0, 0))
        moment = time.monotonic()
        if moment - start >= self.seconds:
            start, used = moment, 0
        self.windows[key] = (start, used + 1)
        return max(-1, self.count - used - 1), max(0.001, start + self.seconds - moment)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call that was answered; `route` is the path's template. Bodies are JSON, None where there is none."""

    method: str
    route: str
    path: str
    sent: Any
    status: int
    answered: Any


class Line:
    """The line between the coach and the server: `up` is clear while it is silent, `cut` while it is refused."""

    def __init__(self) -> None:
        self.up = asyncio.Event()
        self.up.set()
        self.cut = False


def answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer whose content type is exactly what discord.py takes for JSON."""
    if body is None:
        return web.Response(status=status, headers=headers)
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"} | dict(headers or {}),
    )


def hang_up(request: web.Request) -> web.Response:
    """Cut the connection; the response returned is never seen."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


class Faults:
    """Stands before every REST call; keeps what was said in `exchanges`."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.planned: list[Fault] = []
        self.limits: list[Limit] = [Limit("*", "", 1_000_000, 1.0)]
        self.exchanges: list[Exchange] = []
        self.in_flight: list[web.Request] = []
        self.broken: list[Exception] = []
        """Errors of this server itself; there should be none."""

    def cut_all(self) -> None:
        for request in self.in_flight:
            hang_up(request)

    def middleware(self) -> Middleware:
        """What the server's application puts before its handlers."""

        @web.middleware
        async def stand_before(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._stand_before(request, handler)

        return stand_before

    async def _stand_before(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.line.cut:
            return hang_up(request)
        if not request.path.startswith(PREFIX):
            return await handler(request)
        self.in_flight.append(request)
        try:
            await self.line.up.wait()
            response = await self._met(request, handler)
            await self.line.up.wait()
            return hang_up(request) if self.line.cut else response
        finally:
            self.in_flight.remove(request)

    async def _met(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path.removeprefix(PREFIX)
        fault = next((fault for fault in self.planned if fault.fits(request.method, path)), None)
        if fault is None:
            return await self._limited(request, path, handler)
        fault.met += 1
        await asyncio.sleep(fault.seconds)
        if fault.status is None or fault.applied:
            response = await self._limited(request, path, handler)
            if fault.status is None:
                return response
        return fault.response() if fault.status else hang_up(request)

    async def _limited(self, request: web.Request, path: str, handler: Handler) -> web.StreamResponse:
        limit = next(limit for limit in reversed(self.limits) if _fits(limit, request.method, path))
        major = request.match_info.get("channel_id") or request.match_info.get("webhook_token", "")
        left, wait = limit.spend(f"{major}")
        route = _template(request)
        headers = VIA | {
            "X-RateLimit-Limit": str(limit.count), "X-RateLimit-Remaining": str(max(0, left)),
            "X-RateLimit-Reset": f"{time.time() + wait:.3f}", "X-RateLimit-Reset-After": f"{wait:.3f}",
            "X-RateLimit-Bucket": f"{zlib.crc32(f'{limit.method} {limit.path} {request.method} {route}'.encode()):08x}",
        }  # fmt: skip
        if left < 0:
            body = {"message": "You are being rate limited.", "retry_after": wait, "global": False}
            return answer(429, body, headers | {"Retry-After": f"{wait:.3f}", "X-RateLimit-Scope": "user"})
        try:
            response = await handler(request)
        except ApiError as refused:
            response = answer(refused.status, refused.body)
        except Exception as error:
            self.broken.append(error)
            raise
        response.headers.update(headers)
        self._remember(request, route, path, response)
        return response

    def _remember(self, request: web.Request, route: str, path: str, response: web.StreamResponse) -> None:
        body = response.body if isinstance(response, web.Response) else None
        said = json.loads(body) if isinstance(body, bytes) and body else None
        self.exchanges.append(Exchange(request.method, route, path, request.get(SENT), response.status, said))


def _fits(limit: Limit, method: str, path: str) -> bool:
    return limit.method in (method, "*") and re.search(limit.path, path) is not None


def _template(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical.removeprefix(PREFIX) if resource else ""

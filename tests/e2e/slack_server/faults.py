"""What goes wrong on purpose: calls that fail, late or lost answers, a line that is down; and Slack's rate limits."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from tests.e2e.slack_server.reading import Json

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(eq=False)
class Fault:
    """What befalls the next `times` calls of a method ("*" for any), of "response_url" or of "upload".

    `error` is Slack's word in an answer of 200, or "ratelimited" (429 with Retry-After); `status` an HTTP status, 0 to
    cut the connection. With `applied` the work is done first and only its answer is lost. `seconds` delay it; neither
    error nor status is a delay alone.
    """

    method: str
    error: str = ""
    status: int | None = None
    times: int = 1
    retry_after: int | None = None
    applied: bool = False
    seconds: float = 0.0
    channel: str = ""
    met: int = 0

    @property
    def only_delays(self) -> bool:
        return not self.error and self.status is None

    def fits(self, method: str, channel: str) -> bool:
        return self.met < self.times and self.method in (method, "*") and self.channel in (channel, "")

    def response(self, request: web.Request) -> web.Response:
        if self.status == 0:
            return hang_up(request)
        if self.error == "ratelimited" or self.status == 429:
            return limited(self.retry_after or 1)
        if self.error:
            return web.json_response({"ok": False, "error": self.error})
        return web.Response(status=self.status or 500, text="<html>injected</html>", content_type="text/html")


@dataclass(eq=False)
class Pace:
    """Slack's pace of messages in one channel: `burst` at once, then one in `seconds`. 0 switches it off.

    Slack says "about 1 a second, short bursts allowed"; 4 is what this server takes for a short burst.
    """

    seconds: float = 1.0
    burst: int = 4
    _due: dict[str, float] = field(default_factory=dict)

    def wait(self, channel: str) -> float:
        """0 when a message may go to the channel now (it is counted), else the seconds until one may."""
        if not self.seconds:
            return 0.0
        now = time.monotonic()
        due = max(self._due.get(channel, 0.0), now - (self.burst - 1) * self.seconds)
        if due > now:
            return due - now
        self._due[channel] = due + self.seconds
        return 0.0


@dataclass(eq=False)
class Limit:
    """At most `count` calls of a method in `seconds`, for each token."""

    count: int
    seconds: float
    used: dict[str, list[float]] = field(default_factory=dict)

    def wait(self, token: str) -> float:
        now = time.monotonic()
        times = self.used[token] = [t for t in self.used.get(token, ()) if now - t < self.seconds]
        if len(times) >= self.count:
            return times[0] + self.seconds - now
        times.append(now)
        return 0.0


class Line:
    """The line between the app and Slack: `up` is clear while it is silent, `cut` while it is refused."""

    def __init__(self) -> None:
        self.up = asyncio.Event()
        self.up.set()
        self.cut = False
        self.in_flight: list[web.Request] = []

    def cut_all(self) -> None:
        for request in self.in_flight:
            hang_up(request)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One Web API call that was answered: what was asked (without the token) and what was said."""

    method: str
    team: str
    args: Json
    status: int
    answer: Json
    at: float
    """time.monotonic() when it was answered."""


def limited(wait: float) -> web.Response:
    """A 429 as Slack gives it: whole seconds, at least 1."""
    seconds = max(1, math.ceil(wait))
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(seconds)})


def hang_up(request: web.Request) -> web.Response:
    """Cut the connection; the response returned is never seen."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)

"""Discord's limit on a bot's requests, kept by waiting rather than by being refused."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import aiohttp
from discord.http import Route

REQUESTS_PER_S = 50.0
"""What Discord allows a bot in a second, over all its processes and routes."""

GROUPS_PER_S = 5
"""Into how many groups, at least, a second's requests are divided."""

_FREE = ("/interactions/", "/webhooks/")
"""What answers an interaction isn't counted."""

_RECEIPT = "/reactions/"
"""Receipts are most of the requests, and a grade is worth more than they are."""


class Pace:
    """Lets requests begin, so that no second sees more than this process's part of them.

    First come, first served, but for those that can come later: they go when no other waits. `share` is that part of
    the whole limit, above 0 and up to 1. `now` and `sleep` are in seconds.
    """

    def __init__(
        self,
        share: float = 1.0,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        rate = REQUESTS_PER_S * share
        # Rounded down, or the parts of all processes could be more than the whole.
        whole = math.floor(rate + 1e-9)
        # In small groups: whole seconds' worth at once would meet on the way and be two seconds' worth there.
        self._count = max(1, whole // GROUPS_PER_S)
        self._seconds = 1.0 / (whole // self._count) if whole else 1.0 / rate
        self._began: deque[float] = deque(maxlen=self._count)
        self._now, self._sleep = now, sleep
        self._line, self._later = asyncio.Lock(), asyncio.Lock()
        self._urgent, self._calm = 0, asyncio.Event()
        self._calm.set()

    async def wait(self, *, later: bool = False) -> None:
        """Return when one more request may begin."""
        if later:
            async with self._later:
                while self._urgent:
                    await self._calm.wait()
                await self._turn()
            return
        self._urgent += 1
        self._calm.clear()
        try:
            await self._turn()
        finally:
            self._urgent -= 1
            if not self._urgent:
                self._calm.set()

    async def _turn(self) -> None:
        async with self._line:
            while len(self._began) == self._count and (left := self._began[0] + self._seconds - self._now()) > 0:
                await self._sleep(left)
            self._began.append(self._now())

    def trace(self) -> aiohttp.TraceConfig:
        """What a client's HTTP session asks before each request, a repeated one included."""

        async def begin(_session: aiohttp.ClientSession, _context: SimpleNamespace, request: Request) -> None:
            if counted(str(request.url)):
                await self.wait(later=_RECEIPT in str(request.url))

        tracing = aiohttp.TraceConfig()
        tracing.on_request_start.append(begin)
        return tracing


Request = aiohttp.TraceRequestStartParams


def counted(url: str) -> bool:
    """Whether Discord counts a request: what goes to its API and doesn't answer an interaction."""
    return url.startswith(Route.BASE) and not url.removeprefix(Route.BASE).startswith(_FREE)

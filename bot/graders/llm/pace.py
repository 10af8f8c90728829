"""How many requests are under way at once, and how many begin in a minute."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.graders.llm.timing import Timing

_WINDOW_S = 60.0
_BUSY_S = 5.0


class Busy(Exception):
    """There is no room for a request in time; `wait` is when there may be, in seconds."""

    def __init__(self, wait: float) -> None:
        self.wait = wait
        super().__init__(f"no room for a request for {wait:.1f} s")


class Pace:
    """Lets requests through: `at_once` at the same time, `per_minute` in any minute (0: as many as come).

    One Pace serves all models behind one address. `hold` stops all of them, as a provider asks by Retry-After.
    """

    def __init__(self, timing: Timing, at_once: int, per_minute: int = 0) -> None:
        self._timing = timing
        self._room = asyncio.Semaphore(max(1, at_once))
        self._per_minute = per_minute
        self._begun: deque[float] = deque(maxlen=max(1, per_minute))
        self._held_until = 0.0

    def hold(self, seconds: float) -> None:
        """Let no request begin for a while."""
        self._held_until = max(self._held_until, self._timing.now() + seconds)

    @asynccontextmanager
    async def turn(self, until: float) -> AsyncIterator[None]:
        """Room for one request. Raises Busy when there is none before `until`, without waiting where that is known."""
        await self._enter(until)
        try:
            if wait := self._reserve(until):
                await self._timing.sleep(wait)
            yield
        finally:
            self._room.release()

    async def _enter(self, until: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, until - self._timing.now())):
                await self._room.acquire()
        except TimeoutError as exc:
            raise Busy(_BUSY_S) from exc

    def _reserve(self, until: float) -> float:
        """The seconds until this request may begin; counts it. Raises Busy when that is too late."""
        now = self._timing.now()
        start = max(now, self._held_until)
        if self._per_minute and len(self._begun) == self._per_minute:
            start = max(start, self._begun[0] + _WINDOW_S)
        if start > now and start >= until:
            raise Busy(start - now)
        self._begun.append(start)
        return start - now

"""One clock for the crash harness and the processes that it kills: it runs fast, and jumps when it is told to."""

from __future__ import annotations

import asyncio
import datetime as dt
import time

MONDAY = dt.datetime(2026, 3, 2, 8, 58, tzinfo=dt.UTC)
RATE = 10
"""Seconds of this clock to a second."""

_MICROSECOND = dt.timedelta(microseconds=1)


class SharedClock:
    """A `bot.core.ports.Clock`. Two processes with the same `begun` (of time.monotonic_ns) and `offset` agree on it."""

    def __init__(self, begun: int, offset: int = 0) -> None:
        self.begun, self.offset = begun, offset
        self._last = MONDAY

    def now(self) -> dt.datetime:
        passed = (time.monotonic_ns() - self.begun) * RATE // 1000
        return MONDAY + dt.timedelta(microseconds=passed + self.offset)

    def unique(self) -> dt.datetime:
        """The time, a little later than any that was given out before."""
        self._last = max(self.now(), self._last + _MICROSECOND)
        return self._last

    def jump(self, span: dt.timedelta) -> None:
        """Let time pass at once."""
        self.offset += span // _MICROSECOND

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / RATE)

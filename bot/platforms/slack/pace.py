"""Slack's pace: about one message a second in a channel, in order, and longer waits when Slack asks for them."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from bot.core.errors import PlatformAway
from bot.platforms.slack.link import api

T = TypeVar("T")

LONGEST_S = 60.0
"""The longest wait that is slept in the queue; for a longer one the message goes back to the outbox."""

LEISURE_S = 600.0
"""The longest wait of what isn't urgent."""

CROWDED = 3
"""From so many messages that wait in a channel on, an answer that can go another way does."""

Key = tuple[str, str]
"""Team and channel."""


class _Lane:
    """One channel's queue: one at a time, the urgent first, otherwise in order."""

    def __init__(self) -> None:
        self.next_at = 0.0
        self._busy = False
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    @property
    def idle(self) -> bool:
        return not self._busy

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def enter(self, rank: int) -> None:
        if not self._busy:
            self._busy = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._order), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was our turn just now
                self.leave()
            raise

    def leave(self) -> None:
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._busy = False


class Pace:
    """Runs what is posted, channel by channel. `pace_s` are the seconds between two messages of a channel."""

    def __init__(self, pace_s: float) -> None:
        self._pace_s = pace_s
        self._lanes: dict[Key, _Lane] = {}

    def crowded(self, key: Key) -> bool:
        """Whether so much waits in a channel that the next message would come late."""
        return key in self._lanes and self._lanes[key].waiting >= CROWDED

    async def post(self, key: Key, work: Callable[[], Awaitable[T]], *, urgent: bool = True) -> T:
        """Post something that counts as a message, once it is its turn; what isn't urgent lets what is go first.

        Raises what `work` raises, and PlatformAway when Slack asks to wait for longer than `LONGEST_S`.
        """
        async with self._turn(key, 0 if urgent else 1) as lane:
            await _until(lane.next_at)
            try:
                return await self._patiently(work)
            finally:
                lane.next_at = asyncio.get_running_loop().time() + self._pace_s

    async def change(self, key: Key, work: Callable[[], Awaitable[T]], *, urgent: bool = True) -> T:
        """Change a message, which Slack's pace of posts doesn't concern. What isn't urgent lets all others go first.

        Raises as `post` does; what isn't urgent waits for longer, up to `LEISURE_S`, and beside the queue.
        """

        async def once() -> T:
            async with self._turn(key, 0 if urgent else 2):
                return await (self._patiently(work) if urgent else work())

        return await (once() if urgent else patiently(once, LEISURE_S))

    @contextlib.asynccontextmanager
    async def _turn(self, key: Key, rank: int) -> AsyncIterator[_Lane]:
        lane = self._lanes.setdefault(key, _Lane())
        await lane.enter(rank)
        try:
            yield lane
        finally:
            lane.leave()
            self._sweep()

    def _sweep(self) -> None:
        """Drop the lanes of quiet channels."""
        if len(self._lanes) > 1_000:
            now = asyncio.get_running_loop().time()
            for key in [key for key, lane in self._lanes.items() if lane.idle and lane.next_at <= now]:
                del self._lanes[key]

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do something again after the waits that Slack asks for, as long as they are short."""
        return await patiently(work, LONGEST_S)


async def patiently(work: Callable[[], Awaitable[T]], longest_s: float) -> T:
    """Do something again after each 429, for waits of at most `longest_s` seconds in all. PlatformAway beyond."""
    slept = 0.0
    while True:
        try:
            return await work()
        except api.PASSING as error:
            wait = api.retry_after(error)
            if wait is None:
                raise
            if slept + wait > longest_s:
                raise PlatformAway("Slack asks to slow down", retry_after=wait) from error
        slept += wait
        await asyncio.sleep(wait)


async def _until(moment: float) -> None:
    wait = moment - asyncio.get_running_loop().time()
    if wait > 0:
        await asyncio.sleep(wait)

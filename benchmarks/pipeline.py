"""The whole way of an answer, from `Replies.take` to the sent grade: what it costs, and against what."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.single import SingleStore, begin_round, raw, reply_row
from benchmarks.stage import FIRST_MESSAGE, stage
from benchmarks.stage import answers as texts
from bot.core.ports import Store, one
from bot.stores.sqlite import SqliteStore

STUCK_S = 60.0
"""Seconds after which a run that doesn't end is given up."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run did: answers, or takes; wall and processor seconds; commits that were flushed to the disk."""

    done: int
    seconds: float
    cpu: float
    commits: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.done / self.seconds

    @property
    def commits_each(self) -> float:
        return self.commits / self.done


async def rows_stored(folder: Path, people: int, seconds: float) -> float:
    """Replies a second, `people` waiting at any time, of which only the row is stored: no round is looked up."""
    path = folder / "rows.sqlite3"
    with raw(path) as connection:
        begin_round(connection)
    numbers, row = itertools.count(FIRST_MESSAGE), reply_row(texts(1)[0])

    async def act() -> None:
        await store.write(one, "reply_insert", **row, message=str(next(numbers)))

    store = await SqliteStore.open(path)
    try:
        begun = time.perf_counter()
        return await closed_loop(people, seconds, act) / (time.perf_counter() - begun)
    finally:
        await store.close()


async def closed_loop(people: int, seconds: float, act: Callable[[], Awaitable[None]]) -> int:
    """People who each act again as soon as the last time is over: how often they did, all together."""
    end, done = time.perf_counter() + seconds, 0

    async def person() -> None:
        nonlocal done
        while time.perf_counter() < end:
            await act()
            done += 1

    async with asyncio.timeout(seconds + STUCK_S):
        await asyncio.gather(*(person() for _ in range(people)))
    return done


async def answers(store: Store, commits: Callable[[], int], people: int, seconds: float) -> Ran:
    """Replies that are graded and delivered, `people` of them on their way at any time."""
    async with stage(store, at_once=people) as on:
        await closed_loop(people, min(0.2, seconds / 4), on.answered)  # statements are compiled, pages are there
        before, begun, cpu = commits(), time.perf_counter(), time.process_time()
        done = await closed_loop(people, seconds, on.answered)
        await on.rest()
        return Ran(done, time.perf_counter() - begun, time.process_time() - cpu, commits() - before)


async def takes(store: Store, commits: Callable[[], int], people: int, seconds: float) -> Ran:
    """Replies that are stored and acknowledged, `people` of them waiting at any time; nothing grades them meanwhile."""
    async with stage(store, at_once=0) as on:
        await closed_loop(people, min(0.2, seconds / 4), on.take)
        before, begun, cpu = commits(), time.perf_counter(), time.process_time()
        done = await closed_loop(people, seconds, on.take)
        return Ran(done, time.perf_counter() - begun, time.process_time() - cpu, commits() - before)


Measure = Callable[[Store, Callable[[], int], int, float], Awaitable[Ran]]


async def grouped(folder: Path, measure: Measure, people: int, seconds: float) -> Ran:
    """Measured on the coach's own store, in a new database."""
    store = await SqliteStore.open(folder / "grouped.sqlite3")
    try:
        return await measure(store, lambda: store.flushes, people, seconds)
    finally:
        await store.close()


async def single(folder: Path, measure: Measure, people: int, seconds: float) -> Ran:
    """Measured with one transaction, flushed by itself, for each step."""
    store = await SingleStore.open(folder / "single.sqlite3")
    try:
        return await measure(store, lambda: store.commits, people, seconds)
    finally:
        await store.close()

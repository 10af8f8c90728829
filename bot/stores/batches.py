"""Units of work that wait are taken together, so that a burst of them shares one transaction and its flush."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.core.errors import StoreError
from bot.core.ports import is_soft
from bot.stores.units import Failed, Outcome, Start

MAX_BATCH: Final = 256
"""Units to a transaction: more would save nothing and let the first wait for the last."""

GATHER_MS: Final = 5
"""How long at most a batch is gathered that has less than half the units of the largest of late."""

OF_LATE: Final = 4
"""Batches back that show how many are about to come again: what one needs alone, as to take up work, lies between."""

MOST_WAITING: Final = 4_096
"""Units that may wait at once; whoever brings another waits for room."""


@dataclass(slots=True)
class Job:
    """A unit of work whose caller waits for its outcome."""

    start: Start
    future: asyncio.Future[Any]

    def resolve(self, outcome: Outcome) -> None:
        if self.future.done():  # its caller was cancelled meanwhile
            return
        if isinstance(outcome, Failed):
            self.future.set_exception(outcome.error)
        else:
            self.future.set_result(outcome.value)


class Batches:
    """Runs units in the order in which they came, as many together as are waiting; each resumes once it is durable."""

    def __init__(self, where: object, commit: Callable[[Sequence[Start]], Awaitable[Sequence[Outcome]]]) -> None:
        """`commit` runs units in one transaction and never raises; `where` names the database in errors."""
        self._where = where
        self._commit = commit
        self._door = asyncio.Lock()
        self._room = asyncio.Event()
        self._waiting: deque[Job] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._committing = asyncio.create_task(self._commit_until_closed())

    async def run(self, start: Start) -> Any:  # noqa: ANN401 - a unit returns what it likes
        """The result of a unit. When its caller is cancelled, it runs whole or not at all.

        It may be started again from its beginning when the transaction that it shared was undone.
        """
        if len(self._waiting) >= MOST_WAITING or self._door.locked():  # hardly ever
            await self._stand_in_line()
        if self._closing or self._committing.done():
            raise StoreError(f"{self._where}: the store is closed; start the coach again")
        job = Job(start, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        self._wake.set()
        return await job.future

    async def _stand_in_line(self) -> None:
        """Wait for room, behind those who came before."""
        async with self._door:
            while len(self._waiting) >= MOST_WAITING and not self._closing and not self._committing.done():
                self._room.clear()
                await self._room.wait()

    async def close(self) -> None:
        """Finish what is waiting, and take no more."""
        self._closing = True
        self._wake.set()
        await self._committing

    async def _commit_until_closed(self) -> None:
        batch: list[Job] = []
        sizes: deque[int] = deque(maxlen=OF_LATE)
        try:
            while not self._closing or self._waiting:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    await self._gather(max(sizes, default=0))
                    batch = next_of(self._waiting, MAX_BATCH)
                    self._room.set()
                    if not batch:
                        continue
                    sizes.append(len(batch))
                    outcomes = await self._commit([job.start for job in batch])
                    for job, outcome in zip(batch, outcomes, strict=True):
                        job.resolve(outcome)
                    # Whoever goes on to the next write right away still joins the next batch.
                    await asyncio.sleep(0)
        finally:  # nobody is left waiting for a writer that is gone
            gone = Failed(StoreError(f"{self._where}: the store was stopped before this was stored; start it again"))
            for job in (*batch, *self._waiting):
                job.resolve(gone)
            self._room.set()

    async def _gather(self, of_late: int) -> None:
        """In a burst wait for the others, who are about to come: a flush for a few costs as much as one for all."""
        for _ in range(GATHER_MS):
            if len(self._waiting) >= of_late // 2 or self._closing or all(is_soft(job.start) for job in self._waiting):
                return
            await asyncio.sleep(0.001)


def next_of(waiting: deque[Job], most: int) -> list[Job]:
    """The next jobs in order, without those whose callers no longer wait."""
    batch: list[Job] = []
    while waiting and len(batch) < most:
        job = waiting.popleft()
        if not job.future.done():
            batch.append(job)
    return batch

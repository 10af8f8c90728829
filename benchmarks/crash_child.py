"""The coach as the crash harness runs it: the real store and use cases in a process that kills itself when told to."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import random
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import crash_people
from benchmarks.crash_chat import LoopChat
from benchmarks.crash_clock import SharedClock
from bot.app import App, assemble
from bot.core import rules
from bot.core.errors import GraderAway, GraderError
from bot.core.model import Attempt, CountingRule, Coverage, PointVerdict, Receipt, Task, Verdict
from bot.core.text import fold
from bot.stores import open_store
from bot.stores.sql import QUERIES, SCHEMA, load_migrations, load_queries

# Read once, by the process that all coaches are forked from.
load_migrations(SCHEMA)
load_queries(QUERIES)


@dataclass(frozen=True, slots=True)
class Life:
    """One life of the coach.

    It kills itself when it passes `point` for the `nth` time ("" never), counted from its start or, with `later`, from
    when it has read again what it missed. `away` and `broken` are how often (0 to 1) the grader is away or fails.
    With `faulty` most results get lost: what the harness has to notice, also when few answers came.
    """

    url: str
    port: int
    begun: int
    log: str
    seed: int
    point: str = ""
    nth: int = 1
    later: bool = False
    away: float = 0.0
    broken: float = 0.0
    faulty: bool = False


class Killer:
    """A crash point that ends this process."""

    def __init__(self, life: Life) -> None:
        self._point, self._left, self.armed = life.point, life.nth, not life.later

    def arm(self) -> None:
        """Count from here on."""
        self.armed = True

    def __call__(self, name: str) -> None:
        if name == self._point and self.armed:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class WordGrader:
    """Gives a key point to an answer that has its words, after a moment; away or broken as often as it is told to."""

    name = "words"

    def __init__(self, life: Life, rng: random.Random) -> None:
        self._life, self._rng = life, rng

    async def grade(self, task: Task) -> Verdict:
        """Raises GraderAway, GraderError."""
        await asyncio.sleep(0.01 * self._rng.random())
        if self._rng.random() < self._life.away:
            raise GraderAway("away as planned")
        if self._rng.random() < self._life.broken:
            raise GraderError("broken as planned")
        said = f" {fold(task.answer)} "
        points = tuple(
            PointVerdict(point, Coverage.COVERED, point.claim)
            if f" {fold(point.claim)} " in said
            else PointVerdict(point, Coverage.MISSING)
            for point in task.key_points
        )
        made = sum(point.coverage is Coverage.COVERED for point in points)
        return Verdict(crash_people.WORTH[made], points, Receipt("words"))

    async def close(self) -> None:
        return None


def live(life: Life) -> None:
    """Be a coach until killed, or until the world says goodbye."""
    gc.freeze()
    logging.basicConfig(filename=life.log, level=logging.WARNING, force=True, format="%(asctime)s %(message)s")
    if life.faulty:
        _forget_results(random.Random(life.seed))  # noqa: S311
    asyncio.run(_serve(life))


async def _serve(life: Life) -> None:
    killer, rng = Killer(life), random.Random(life.seed)  # noqa: S311
    clock = SharedClock(life.begun)
    apps: list[App] = []

    def ring() -> None:
        for app in apps:
            app.coach.rounds.bell.hear()
            app.coach.grading.bell.hear()
            for delivery in app.deliveries:
                delivery.bell.hear()

    store = await open_store(life.url, crash=killer)
    try:
        chat = LoopChat(life.port, clock, killer, connected=killer.arm, rang=ring)
        grader = WordGrader(life, rng)
        app = assemble(store, grader, crash_people.BANK, [chat], clock=clock, rng=rng, crash=killer)
        apps.append(app)
        chat.attach(app.coach)
        if life.url.startswith("sqlite"):
            await app.coach.grading.take_back()
        await _until_goodbye(app, chat)
    finally:
        await store.close()


async def _until_goodbye(app: App, chat: LoopChat) -> None:
    running = asyncio.create_task(app.run())
    said = asyncio.create_task(chat.parted.wait())
    await asyncio.wait({running, said}, return_when=asyncio.FIRST_COMPLETED)
    said.cancel()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def _forget_results(rng: random.Random) -> None:
    """Break the coach: more often than not an answer that counts is taken for none."""
    right = rules.counted

    def counted(rule: CountingRule, attempts: Sequence[Attempt]) -> int | None:
        return None if rng.random() < 0.7 else right(rule, attempts)

    rules.counted = counted

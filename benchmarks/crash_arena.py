"""One world of the crash harness with its coach: life after life until enough have ended, then the reckoning."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import multiprocessing
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchmarks import crash_log
from benchmarks.crash_audit import Fault, audit
from benchmarks.crash_child import Life, live
from benchmarks.crash_clock import SharedClock
from benchmarks.crash_people import STEADY, People
from benchmarks.crash_records import Trouble
from benchmarks.crash_world import World
from bot.coach import results
from bot.coach.parcels import parcel_of
from bot.core.ports import Unit
from bot.stores import open_store

LIFE_S = 5.0
"""After so long a coach that hasn't come to its point is killed wherever it is."""

STUCK = 40
SETTLE_S, BROKEN_SETTLE_S = 900.0, 60.0
"""Seconds for all work to come to its end; what is broken on purpose may never."""
PAUSE_S = 0.03
"""Mean seconds between two things that people do."""

ACTS_WHILE_DEAD = 6
STEP = dt.timedelta(minutes=11)
LEASE_ENDS = dt.timedelta(seconds=61)
GRACE = dt.timedelta(hours=3, minutes=1)

PROVOKED: Mapping[str, Sequence[str]] = {
    "edit.received": ("edit",),
    "edit.taken": ("edit",),
    "deletion.received": ("delete",),
    "reply.withdrawn": ("delete",),
    "reply.asked": ("ask", "talk"),
    "reply.regraded": ("regrade",),
    "outbox.amended": ("regrade", "jump"),
    "outbox.dropped": ("delete", "edit", "answer"),
    "personal.sent": ("private",),
    "round.scheduled": ("question", "day"),
    "question.posted": ("question", "day"),
    "round.opened": ("question", "day"),
    "round.closed": ("day",),
    "round.counted": ("jump", "answer"),
    "round.revealed": ("day",),
    "channel.saved": ("rule",),
    "rule.recounted": ("rule",),
    "person.erased": ("forget",),
    "person.forgotten": ("forget",),
}
"""What people do more of, so that a coach comes to its point."""

FREQUENT = ("commit.before", "commit.after", "reply.received", "reply.taken", "edit.received", "edit.taken")
"""Points that a coach passes for every message that it reads again at its start."""


class Tally:
    """How often each point has killed; shared by all arenas. `told` is called at each kill."""

    def __init__(self, wanted: int, points: Sequence[str], seconds: float, told: Callable[[], object]) -> None:
        self._wanted, self._points, self._told = wanted, points, told
        self._end = time.monotonic() + seconds
        self.by_point: Counter[str] = Counter()
        self._planned: Counter[str] = Counter()
        self.elsewhere = 0
        self._missed_in_a_row = 0

    def hit(self, point: str) -> None:
        """A coach has killed itself."""
        self.by_point[point] += 1
        self._missed_in_a_row = 0
        self._told()

    def missed(self) -> None:
        """A coach never came to its point. Raises RuntimeError when that goes on: it does no work at all."""
        self.elsewhere += 1
        self._missed_in_a_row += 1
        if self._missed_in_a_row == STUCK:
            raise RuntimeError(f"{STUCK} coaches in a row came to none of their points; keep the logs with --folder")

    @property
    def kills(self) -> int:
        """At named points."""
        return self.by_point.total()

    @property
    def enough(self) -> bool:
        """Whether there were as many as wanted, or the time is over."""
        return self.kills >= self._wanted or time.monotonic() > self._end

    def choose(self, rng: random.Random) -> str:
        """The point that was tried least."""
        fewest = min(self._planned[point] for point in self._points)
        point = rng.choice([point for point in self._points if self._planned[point] == fewest])
        self._planned[point] += 1
        return point


class Arena:
    """Runs one coach at `url`. `broken` is the side that is broken on purpose: "world", "coach" or ""."""

    def __init__(self, url: str, log: Path, rng: random.Random, tally: Tally, *, broken: str = "") -> None:
        self._url, self._log, self._rng, self._tally, self._broken = url, log, rng, tally, broken
        self._clock = SharedClock(time.monotonic_ns())
        self.world = World(rng, self._clock, forgetful=broken == "world")
        self._people = People(rng, self.world)
        self._more: Sequence[str] = ()
        self._log_rows: crash_log.Log | None = None

    async def run(self) -> list[Fault]:
        """All lives, and what was wrong at the end."""
        await self.world.open()
        self._people.set_up()
        crowd = asyncio.create_task(self._crowd())
        try:
            while not self._tally.enough:
                await self._one_life(self._tally.choose(self._rng))
        finally:
            crowd.cancel()
        settled = await self._settle()
        await self.world.close()
        self._log_rows = log = await crash_log.read(self._url)
        faults = list(audit(self.world, log))
        store = await open_store(self._url)
        try:
            faults += [("board_vs_log", line) for line in await store.read(results.differences)]
            faults += await store.read(_stale, self.world, log)
        finally:
            await store.close()
        return faults + ([] if settled else [("unsettled", f"{self._url} has work left")])

    def seen(self) -> Counter[str]:
        """How much there was to lose."""
        written = list(self.world.written.values())
        log = self._log_rows
        return Counter(
            messages=len(written),
            edits=sum(len(message.versions) - 1 for message in written),
            deletions=sum(message.deleted for message in written),
            commands=len(self.world.uses),
            redelivered=self.world.redelivered,
            sessions_lost=self.world.sessions_lost,
            rounds=len(log.rounds) if log else 0,
            rounds_skipped=sum(row["state"] == "skipped" for row in log.rounds) if log else 0,
            attempts_graded=sum(row["state"] == "graded" for row in log.replies) if log else 0,
            coach_said=len(self.world.said),
            coach_refused=len(self.world.refused),
        )

    # ------------------------------------------------------------------------------------------ lives

    async def _crowd(self) -> None:
        """What people do, whether the coach is there or not."""
        left = ACTS_WHILE_DEAD
        while True:
            await asyncio.sleep(self._rng.expovariate(1 / PAUSE_S))
            left = ACTS_WHILE_DEAD if self.world.connected else left - 1
            if left > 0:
                self._people.act(self._more)
            self.world.send_again()

    async def _one_life(self, point: str) -> None:
        life, self.world.trouble = self._plan(point)
        self._more = PROVOKED.get(point, ())
        process = self._start(life)
        ended = await self._end(process, LIFE_S)
        if not ended:
            self._tally.missed()
            _kill(process)
            await self._end(process, 60)
        elif process.exitcode == -signal.SIGKILL:
            self._tally.hit(point)
        else:
            raise RuntimeError(f"the coach ended by itself with {process.exitcode}; see {self._log}")
        process.close()

    def _plan(self, point: str) -> tuple[Life, Trouble]:
        """How the next life is to end, and what troubles it has until then."""
        rng = self._rng
        most = 60 if point in FREQUENT else 2 if point.startswith(("round.", "person.", "rule.", "channel.")) else 6
        trouble = Trouble(away=0.02, away_after=0.01)
        if point == "outbox.waiting":
            trouble = Trouble(away=0.3, away_after=0.1)
        elif point == "outbox.dropped" and rng.random() < 0.5:
            trouble = Trouble(refuse=0.3)
        if point == "round.skipped":
            self._people.next_post(GRACE)
        if not self._url.startswith("sqlite"):
            self._clock.jump(LEASE_ENDS)  # the dead hold their leases until then
        life = Life(
            self._url,
            self.world.port,
            self._clock.begun,
            str(self._log),
            rng.randrange(2**32),
            point,
            rng.randint(1, most),
            later=point != "history.read" and rng.random() < 0.6,
            away=0.5 if point == "reply.postponed" else 0.02,
            broken=0.5 if point == "reply.given_back" else 0.02,
            faulty=self._broken == "coach",
        )
        return life, trouble

    def _start(self, life: Life) -> BaseProcess:
        process = multiprocessing.Process(target=live, args=(life,), daemon=True)
        process.start()
        return process

    async def _end(self, process: BaseProcess, seconds: float) -> bool:
        """Wait for a process; whether it has ended in time."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(process.sentinel, ended.set)
        try:
            async with asyncio.timeout(seconds):
                await ended.wait()
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(process.sentinel)
        process.join()
        return True

    # ------------------------------------------------------------------------------------------ the reckoning

    async def _settle(self) -> bool:
        """A last life without any trouble, until nothing is left to do; whether that came about."""
        self.world.trouble = Trouble()
        process = self._start(
            Life(self._url, self.world.port, self._clock.begun, str(self._log), self._rng.randrange(2**32))
        )
        end, quiet = time.monotonic() + (BROKEN_SETTLE_S if self._broken else SETTLE_S), 0
        while quiet < 2 and time.monotonic() < end:
            await asyncio.sleep(0.3)
            self.world.send_again()
            if not (self.world.connected and self.world.caught_up and self.world.outstanding == 0):
                continue
            quiet = 0 if await crash_log.still_open(self._url) else quiet + 1
            if not quiet:
                self._people.regrade_failed()
                self.world.jump(STEP)
        self.world.bye()
        if not await self._end(process, 20):
            _kill(process)
            return False
        return quiet == 2 and process.exitcode == 0


def _kill(process: BaseProcess) -> None:
    with contextlib.suppress(ProcessLookupError):  # it may have come to its point this very moment
        process.kill()


def _stale(world: World, log: crash_log.Log) -> Unit[list[Fault]]:
    """Reveals that don't show how their round stands now; a rule that is changed later leaves them as they are."""
    shown = {said.key: said.text for said in world.said}
    found = []
    for row in log.outbox:
        key = str(row["id"])
        if row["kind"] != "reveal" or row["channel"] != STEADY or key not in shown or key in world.refused:
            continue
        parcel = yield from parcel_of(row)
        if parcel and parcel.message.text != shown[key]:
            found.append(("stale_words", f"the reveal of round {row['round_id']} isn't how it stands"))
    return found

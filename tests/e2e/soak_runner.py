"""A coach under constant load, and what it takes of memory: `python -m tests.e2e.soak_runner SECONDS` prints JSON.

With `trace` behind it tells what grew, too, which makes all slower.

Everything is real but the grader, which counts words, and the clock, which runs fast: people write, edit, delete, look
at boards and keep pages open, questions come and close. It has a process of its own, so that nothing else is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import gc
import itertools
import json
import random
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp

from bot.app import App, assemble
from bot.core.errors import UsageError
from bot.core.model import Place, Task, Verdict
from bot.platforms.web import WebChat
from bot.stores.sqlite import SqliteStore
from tests.flow.world import BANK, WordGrader

PEOPLE = 10
PAUSE_S = 0.8
"""Between two things that a person does: the chat lets nobody do more than two a second for long."""

SPEED = 120
"""How much faster than time the coach's clock runs."""

ROUND_S = 4.0
SAMPLE_S = 0.5
CHANNEL = "mlops-daily"
MIB = 1 << 20


class FastClock:
    """Begins now and runs fast."""

    def __init__(self) -> None:
        self._since, self._began = dt.datetime.now(dt.UTC), time.monotonic()

    def now(self) -> dt.datetime:
        return self._since + dt.timedelta(seconds=SPEED * (time.monotonic() - self._began))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


class ForgetfulGrader(WordGrader):
    """Keeps nothing of what it was asked."""

    async def grade(self, task: Task) -> Verdict:
        verdict = await super().grade(task)
        self.asked.clear()
        return verdict


class Load:
    """People in front of the chat, doing all that can be done there, without end."""

    def __init__(self, address: str) -> None:
        self._base = f"{address}/api"
        self._keys = itertools.count(1)
        self.thread = 0
        self.done = 0
        self.refused = 0

    async def person(self, number: int) -> None:
        """One person, for ever."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            mine = (await self._post(session, "people", name=f"Person {number}"))["person"]["id"]
            await asyncio.sleep(PAUSE_S * number / PEOPLE)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write(session, mine, number))
                tasks.create_task(self._watch(session, mine))

    async def _write(self, session: aiohttp.ClientSession, mine: str, number: int) -> None:
        for turn in itertools.count():
            text = f"alpha{turn % 6} one and beta{turn % 4} two, says {number} for the {turn}th time"
            said = await self._post(session, "messages", person=mine, key=self._key(), channel=CHANNEL,
                                    thread=self.thread, text=text)  # fmt: skip
            message = said.get("message", {}).get("id")
            await asyncio.sleep(PAUSE_S)
            if message and turn % 3 == 0:
                await self._post(session, f"messages/{message}/edit", person=mine, text=f"{text}, and gamma1 three")
            elif message and turn % 7 == 1:
                await self._post(session, f"messages/{message}/delete", person=mine)
            else:
                line = ("/mlops leaderboard all", "/mlops me", "/mlops mygrade", "/mlops hint")[turn % 4]
                await self._post(session, "calls", person=mine, key=self._key(), channel=CHANNEL, line=line)
            await asyncio.sleep(PAUSE_S)

    async def _watch(self, session: aiohttp.ClientSession, mine: str) -> None:
        """A page that is open, and opened anew now and then."""
        while True:
            with contextlib.suppress(TimeoutError, aiohttp.ClientError):
                async with (
                    asyncio.timeout(random.uniform(2, 6)),
                    session.get(f"{self._base}/events", params={"person": mine, "since": "999999999"}) as stream,
                ):
                    async for _ in stream.content:
                        pass
            where = {"person": mine, "channel": CHANNEL, "thread": str(self.thread)}
            async with session.get(f"{self._base}/messages", params=where) as page:
                await page.read()

    async def _post(self, session: aiohttp.ClientSession, path: str, **body: Any) -> dict[str, Any]:
        async with session.post(f"{self._base}/{path}", json=body) as response:
            answer: dict[str, Any] = await response.json()
        self.done += response.status == 200
        self.refused += response.status != 200
        return answer

    def _key(self) -> str:
        return f"key-{next(self._keys):09d}"


def resident() -> float:
    """MiB of this process that are in memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / MIB


async def rounds(app: App, load: Load) -> None:
    """New questions, one after the other."""
    while True:
        await ask(app, load)
        await asyncio.sleep(ROUND_S)


async def ask(app: App, load: Load) -> None:
    """A new question, which people answer once its thread is there."""
    place = Place("web", "local", CHANNEL)
    asked = await app.coach.rounds.ask(place)
    for _ in range(2400):
        with contextlib.suppress(UsageError):  # none is posted yet
            found = await app.coach.rounds.find(place)
            if found.id == asked.id and found.thread:
                load.thread = int(found.thread)
                return
        await asyncio.sleep(0.05)
    raise TimeoutError("the question was not posted")


async def soak(seconds: float, folder: Path) -> dict[str, Any]:
    """Run for so long; memory by time, and what grew most between the first third and the end."""
    store = await SqliteStore.open(folder / "coach.sqlite3")
    try:
        return await soak_on(store, seconds)
    finally:
        await store.close()


async def soak_on(store: SqliteStore, seconds: float) -> dict[str, Any]:
    clock = FastClock()
    chat = WebChat(store, clock, port=0)
    app = assemble(
        store, ForgetfulGrader(), BANK, [chat], clock=clock, rng=random.Random(7), cooldown=dt.timedelta(0),
        lease=dt.timedelta(hours=2),
    )  # fmt: skip
    chat.attach(app.coach)
    tasks = [asyncio.create_task(app.run())]
    try:
        load = Load((await chat.address()).rstrip("/"))
        await app.coach.rounds.channel(Place("web", "local", CHANNEL), CHANNEL)
        await ask(app, load)
        tasks.append(asyncio.create_task(rounds(app, load)))
        tasks += [asyncio.create_task(load.person(number)) for number in range(PEOPLE)]
        samples, grown = await watch(tasks, seconds)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return {"resident_mib": samples, "done": load.done, "refused": load.refused, "grown": grown}


async def watch(tasks: Sequence[asyncio.Task[None]], seconds: float) -> tuple[list[float], list[str]]:
    """The memory taken, again and again, and what grew since the first third. Raises what a task raised."""
    samples: list[float] = []
    before: tracemalloc.Snapshot | None = None
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        samples.append(round(resident(), 2))
        if before is None and passed > seconds / 3 and tracemalloc.is_tracing():
            before = tracemalloc.take_snapshot()
        for task in tasks:
            if task.done():
                task.result()
        await asyncio.sleep(SAMPLE_S)
    grown = tracemalloc.take_snapshot().compare_to(before, "lineno")[:15] if before else []
    return samples, [str(statistic) for statistic in grown]


def main(seconds: float, *, trace: bool) -> None:
    if trace:
        tracemalloc.start(1)
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(json.dumps(asyncio.run(soak(seconds, Path(folder)))))


if __name__ == "__main__":
    main(float(sys.argv[1]), trace="trace" in sys.argv[2:])

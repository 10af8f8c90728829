"""Several processes that grade for one database on PostgreSQL, with a grader that makes them wait as a model does.

python -m benchmarks.fleet URL      one such process, until it is ended
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from benchmarks.stage import NoGrader, Room, questions, stage
from bot.app import Role, assemble
from bot.clock import SystemClock
from bot.coach import Graders
from bot.core.model import Task, Verdict
from bot.stores import open_store
from tests.postgres_server import PostgresServer

AT_ONCE, ANSWER_S = 4, 0.5
"""Answers that a process asks about at once, and how long each takes: at most 8 a second."""

LONGEST_S = 120.0

_GRADED = "SELECT count(*) FROM replies WHERE state = 'graded'"


class SlowGrader(NoGrader):
    """Takes its time."""

    async def grade(self, task: Task) -> Verdict:
        await asyncio.sleep(ANSWER_S)
        return await super().grade(task)


def rate(folder: Path, processes: int, answers: int) -> float:
    """Answers graded a second by so many processes, from the first that is stored to the last that is graded."""
    server = PostgresServer(durable=True)
    try:
        server.start()
        url = asyncio.run(server.create())
        asyncio.run(_opened(url))
        with _graders(url, processes, folder):
            return asyncio.run(_measured(url, answers))
    finally:
        server.remove()


@contextmanager
def _graders(url: str, processes: int, folder: Path) -> Iterator[None]:
    started = []
    try:
        for number in range(processes):
            with (folder / f"grader-{number}.log").open("wb") as log:
                started.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "benchmarks.fleet", url], stdout=subprocess.PIPE, stderr=log
                    )
                )
        for process in started:
            assert process.stdout
            process.stdout.readline()  # it is at work
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


async def _opened(url: str) -> None:
    """Make the tables."""
    await (await open_store(url)).close()


async def _measured(url: str, answers: int) -> float:
    store = await open_store(url)
    connection = await asyncpg.connect(url)
    try:
        async with stage(store, at_once=0) as on:
            begun = time.perf_counter()
            await asyncio.gather(*(on.take() for _ in range(answers)))
            async with asyncio.timeout(LONGEST_S):
                while await connection.fetchval(_GRADED) < answers:  # noqa: ASYNC110  other processes do it
                    await asyncio.sleep(0.02)
            return answers / (time.perf_counter() - begun)
    finally:
        await connection.close()
        await store.close()


async def _grade(url: str) -> None:
    store = await open_store(url)
    app = assemble(
        store,
        Graders(SlowGrader(), at_once=AT_ONCE),
        questions(),
        [Room()],
        clock=SystemClock(),
        rng=random.Random(7),  # noqa: S311
        role=Role.GRADER,
    )
    print("ready", flush=True)
    await app.run()


if __name__ == "__main__":
    asyncio.run(_grade(sys.argv[1]))

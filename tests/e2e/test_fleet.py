"""One database, two processes that talk and three that grade, each killed in its turn: nothing is lost or twice."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests import postgres_server
from tests.e2e.basics import ROOT
from tests.e2e.discord_coach import PEOPLE, Hall
from tests.e2e.discord_server import Channel, DiscordServer
from tests.postgres_server import PostgresServer

LEASE_S = 3
PAUSE_S = 0.25
"""Seconds between two answers in each of the threads."""

PLATFORMS = {"platform-0": 0, "platform-1": 1}
GRADERS = ("grader-0", "grader-1", "grader-2")


class FleetHall(Hall):
    """A server of Discord on one of two shards, whose coach is a fleet on PostgreSQL."""

    def __init__(self, server: DiscordServer, folder: Path, shard: int, url: str) -> None:
        super().__init__(server, folder, shard=(shard, 2))
        self.url = url

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, self._rows(sql)).result()

    async def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    def check_community(self) -> None:
        """Nothing lost, nothing twice, for this one server: on Discord and in the database."""
        welcomes = self.welcomes()
        said = [m for m in self.server.messages(self.answers[0].channel) if m not in welcomes]
        assert Counter(message.reference for message in said) == Counter(m.id for m in self.answers)
        assert len(self.server.messages(self.channel)) == 1, "one question"
        total = len(self.answers)
        assert self.counted("replies") == self.counted("replies", "state = 'graded'") == total
        assert self.rows("SELECT count(*) FROM (SELECT DISTINCT channel, message FROM replies) found") == self.rows(
            "SELECT count(*) FROM replies"
        )
        assert self.counted("results") == min(total, PEOPLE)
        board = "sum(points), sum(answers)", "standings", "period = 'all' AND topic = ''"
        assert self.of_community(*board) == self.of_community("sum(score), count(*)", "results")

    def counted(self, table: str, where: str = "true") -> int:
        return int(self.of_community("count(*)", table, where)[0])

    def of_community(self, what: str, table: str, where: str = "true") -> tuple[Any, ...]:
        """One row about this server of Discord alone."""
        sql = f"SELECT {what} FROM {table} WHERE {where} AND community = '{self.guild.id}'"  # noqa: S608
        return self.rows(sql)[0]


class Fleet:
    """The processes by name."""

    def __init__(self, server: DiscordServer, folder: Path, url: str) -> None:
        self.server, self.folder, self.url = server, folder, url
        self.processes: dict[str, asyncio.subprocess.Process] = {}

    async def start(self, name: str) -> None:
        """Start one, and wait until it is at work."""
        role = name.partition("-")[0]
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "COACH_PLATFORMS": "discord",
            "COACH_DATABASE_URL": self.url,
            "COACH_QUESTION_COOLDOWN_S": "0",
            "COACH_LEASE_S": str(LEASE_S),
        }
        if role == "platform":  # a grader needs no token
            environment |= {
                "COACH_DISCORD_TOKEN": self.server.token,
                "COACH_DISCORD_API_URL": self.server.api_url,
                "COACH_DISCORD_GATEWAY_URL": self.server.gateway_url,
                "COACH_DISCORD_SHARDS": f"{PLATFORMS[name]}/2",
            }
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", "--role", role,
                cwd=self.folder, env=environment, stdout=log, stderr=log,
            )  # fmt: skip
        if name in PLATFORMS:
            await self.server.wait_for(lambda: self.server.gateway.up(PLATFORMS[name]), 60)

    async def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        await process.wait()

    def alive(self) -> list[str]:
        return [name for name, process in self.processes.items() if process.returncode is None]

    def logged(self) -> str:
        return "\n".join(f"--- {file.name}\n{file.read_text()[-3000:]}" for file in sorted(self.folder.glob("*.log")))


@pytest.fixture
async def postgres() -> AsyncIterator[PostgresServer]:
    postgres_server.require()
    made = await asyncio.to_thread(PostgresServer, durable=True)
    try:
        await asyncio.to_thread(made.start)
        yield made
    finally:
        await asyncio.to_thread(made.remove)


@pytest.fixture
async def fleet(postgres: PostgresServer, tmp_path: Path) -> AsyncIterator[Fleet]:
    async with DiscordServer(shards=2) as server:
        made = Fleet(server, tmp_path, await postgres.create())
        try:
            yield made
        finally:
            print(made.logged())  # noqa: T201  pytest shows it with a failure
            for name in list(made.processes):
                with contextlib.suppress(ProcessLookupError):
                    await made.kill(name)


async def keep_answering(halls: list[FleetHall], threads: list[Channel], enough: asyncio.Event) -> None:
    while not enough.is_set():
        for hall, thread in zip(halls, threads, strict=True):
            await hall.answer(thread, 1, pause=PAUSE_S / len(halls))


async def test_each_process_and_the_database_are_killed_in_turn_under_load(
    fleet: Fleet, postgres: PostgresServer
) -> None:
    halls = [FleetHall(fleet.server, fleet.folder, shard, fleet.url) for shard in PLATFORMS.values()]
    for name in (*PLATFORMS, *GRADERS):
        await fleet.start(name)
    threads = [await hall.ask() for hall in halls]
    enough = asyncio.Event()
    answering = asyncio.create_task(keep_answering(halls, threads, enough))
    for name in (*GRADERS, *PLATFORMS):
        await asyncio.sleep(1.0)
        assert sorted(fleet.alive()) == sorted([*PLATFORMS, *GRADERS])
        await fleet.kill(name)
        await asyncio.sleep(LEASE_S / 2)
        await fleet.start(name)
    await asyncio.to_thread(postgres.stop)  # at once, as a crash would
    await asyncio.sleep(2.0)
    await asyncio.to_thread(postgres.start)
    await asyncio.sleep(3.0)
    enough.set()
    await answering
    for hall in halls:
        await hall.settled()
    for hall in halls:
        hall.check_community()
    assert sorted(fleet.alive()) == sorted([*PLATFORMS, *GRADERS]), "a database that was away ends nobody"


async def test_work_goes_on_without_a_dead_grader_and_without_a_restart(fleet: Fleet) -> None:
    hall = FleetHall(fleet.server, fleet.folder, 0, fleet.url)
    await fleet.start("platform-0")
    for name in GRADERS[:2]:
        await fleet.start(name)
    thread = await hall.ask()
    answering = asyncio.create_task(hall.answer(thread, 40, pause=0.02))
    await fleet.server.wait_for(lambda: hall.answers and hall.answered() >= 1, 60)
    await fleet.kill(GRADERS[0])
    await answering
    await hall.settled()
    hall.check_community()


async def test_a_fleet_that_is_stopped_in_order_ends_cleanly_and_leaves_its_work_to_the_next(fleet: Fleet) -> None:
    hall = FleetHall(fleet.server, fleet.folder, 0, fleet.url)
    for name in ("platform-0", GRADERS[0]):
        await fleet.start(name)
    thread = await hall.ask()
    await hall.answer(thread, 20)
    await fleet.server.wait_for(lambda: hall.answers and hall.answered() >= 1, 60)
    for name in (GRADERS[0], "platform-0"):
        process = fleet.processes.pop(name)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 20) == 0
    held = "SELECT count(*) FROM replies WHERE state = 'received' AND due_at > extract(epoch FROM now()) * 1000000"
    assert hall.rows(held) == [(0,)]
    for name in ("platform-0", GRADERS[0]):
        await fleet.start(name)
    await hall.settled()
    hall.check_community()

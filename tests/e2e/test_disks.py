"""A disk that fills up and a database that another program holds: what was acknowledged is kept, and it goes on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import sqlite3
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.web_process import SENT, Client, all_is_well, coach, free_port, open_thread, people, rows, until

PEOPLE, EACH = 6, 5
HELD_S = float(os.environ.get("TEST_HELD_S", "8"))
"""How long another program holds the database: longer than the coach waits for it at once."""

MOST_LINES = 25
"""What an outage may put into the log: a few lines from each place that it hits, however much comes meanwhile."""


def lines(folder: Path) -> list[str]:
    return (folder / "log").read_text(encoding="utf-8").splitlines()


@dataclass
class Burst:
    """People in front of a coach that has graded the first half of what they say."""

    database: Path
    clients: list[Client]
    process: asyncio.subprocess.Process
    thread: int
    writing: asyncio.Future[list[None]] | None = None

    def go_on(self) -> None:
        """They all say the second half, and try again until it is acknowledged."""
        self.writing = asyncio.gather(*(client.answer(self.thread, EACH, EACH) for client in self.clients))

    @property
    def acknowledged(self) -> int:
        return sum(client.acknowledged for client in self.clients)

    @property
    def refused(self) -> int:
        return sum(client.refused for client in self.clients)

    def nothing_is_lost(self) -> None:
        assert len(rows(self.database, "SELECT 1 FROM replies")) >= self.acknowledged
        assert self.process.returncode is None


@contextlib.asynccontextmanager
async def burst(folder: Path, database: Path) -> AsyncIterator[Burst]:
    """A coach that logs to a folder; at the end all that was said there is acknowledged, graded and told, once."""
    port = free_port()
    async with people(port, PEOPLE) as clients, coach(folder, database, port) as process:
        await asyncio.gather(*(client.come_in() for client in clients))
        here = Burst(database, clients, process, await open_thread(database))
        await asyncio.gather(*(client.answer(here.thread, EACH) for client in clients))
        await until(lambda: len(rows(database, SENT)) >= PEOPLE * EACH, 60)
        yield here
        assert here.writing is not None
        await here.writing
        await until(lambda: len(rows(database, SENT)) >= 2 * PEOPLE * EACH, 120)
    all_is_well(database, PEOPLE, 2 * PEOPLE * EACH)


async def test_a_full_disk_loses_nothing_acknowledged_and_is_survived(tmp_path: Path) -> None:
    async with burst(tmp_path, tmp_path / "coach.sqlite3") as here:
        # Too little for the database, enough for the log.
        before = resource.prlimit(here.process.pid, resource.RLIMIT_FSIZE, (16_384, resource.RLIM_INFINITY))
        here.go_on()
        await until(lambda: here.refused >= 60, 60)
        here.nothing_is_lost()
        resource.prlimit(here.process.pid, resource.RLIMIT_FSIZE, before)
    assert any("disk" in line for line in lines(tmp_path))
    assert len(lines(tmp_path)) <= MOST_LINES


async def test_a_small_disk_that_is_really_full_is_survived(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = await asyncio.create_subprocess_exec("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk))
    if await mounting.wait():
        pytest.skip("disks can't be made here")
    try:
        async with burst(tmp_path, disk / "coach.sqlite3") as here:
            # What the log of writes has room for would be taken all the same.
            await until(lambda: log_emptied(here.database), 60)
            fill(disk / "hog")
            here.go_on()
            await until(lambda: any("the disk is full" in line for line in lines(tmp_path)), 60)
            here.nothing_is_lost()
            (disk / "hog").unlink()
        assert len(lines(tmp_path)) <= MOST_LINES
    finally:
        await (await asyncio.create_subprocess_exec("umount", "-l", str(disk))).wait()


def log_emptied(database: Path) -> bool:
    with contextlib.closing(sqlite3.connect(database, isolation_level=None, timeout=30)) as other:
        (busy, *_), *_ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return not busy


def fill(hog: Path) -> None:
    with hog.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)


async def test_a_database_that_another_program_holds_makes_all_wait_and_loses_nothing(tmp_path: Path) -> None:
    async with burst(tmp_path, tmp_path / "coach.sqlite3") as here:
        with contextlib.closing(sqlite3.connect(here.database, isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            before = here.acknowledged
            here.go_on()
            await asyncio.sleep(HELD_S)
            assert (here.acknowledged, here.refused) == (before, 0)
            other.execute("ROLLBACK")
        here.nothing_is_lost()
    assert any("another program holds it" in line for line in lines(tmp_path))
    assert any("it can be written again" in line for line in lines(tmp_path))
    assert len(lines(tmp_path)) <= MOST_LINES


async def test_asked_to_stop_while_another_program_holds_the_database_it_ends(tmp_path: Path) -> None:
    database, port = tmp_path / "coach.sqlite3", free_port()
    async with people(port, 2) as clients, coach(tmp_path, database, port) as process:
        await asyncio.gather(*(client.come_in() for client in clients))
        thread = await open_thread(database)
        with contextlib.closing(sqlite3.connect(database, isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            asking = [asyncio.create_task(client.answer(thread, 1)) for client in clients]
            await asyncio.sleep(1)
            began = time.monotonic()
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 10) == 0, time.monotonic() - began
            for each in asking:
                each.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
    assert "Traceback" not in "\n".join(lines(tmp_path))

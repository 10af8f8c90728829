"""The coach as its own process, asked to stop: it ends soon and in order, and whoever comes next goes on at once."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from bot.stores.sql import SCHEMA
from bot.stores.sqlite import SqliteStore
from tests import postgres_server
from tests.e2e.web_process import SENT, all_is_well, coach, free_port, open_thread, people, rows, start, until

PEOPLE, EACH = 8, 15
STOP_S = 10.0
LEASED = "SELECT count(*) FROM replies WHERE state = 'received' AND turn > 0 AND due_at > {now}"
SENDING = "SELECT count(*) FROM outbox WHERE state = 'sending' AND due_at > {now}"


def log_of(folder: Path) -> str:
    return (folder / "log").read_text(encoding="utf-8")


async def ends(process: asyncio.subprocess.Process, signals: Sequence[signal.Signals]) -> int:
    """Its exit code, once it was asked to stop; it has to end in time."""
    for each in signals:
        if process.returncode is None:
            process.send_signal(each)
        await asyncio.sleep(0.02)
    return await asyncio.wait_for(process.wait(), STOP_S)


def nothing_is_held(database: Path) -> None:
    """No lease outlives the process that held it."""
    now = time.time_ns() // 1000
    assert rows(database, LEASED.format(now=now)) == [(0,)]
    assert rows(database, SENDING.format(now=now)) == [(0,)]


@contextlib.asynccontextmanager
async def silent_model() -> AsyncIterator[str]:
    """A grader's address where every request is taken and none is answered."""
    asked: set[asyncio.StreamWriter] = set()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.add(writer)
        with contextlib.suppress(ConnectionError):
            await reader.read()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()
        for writer in asked:
            writer.close()


# ---------------------------------------------------------------------------------------------- under load


@pytest.mark.parametrize(
    "signals",
    [[signal.SIGTERM], [signal.SIGINT], [signal.SIGTERM] * 3, [signal.SIGINT, signal.SIGTERM]],
    ids=lambda signals: "+".join(each.name for each in signals),
)
async def test_asked_to_stop_under_load_it_ends_with_nothing_half_done(
    tmp_path: Path, signals: list[signal.Signals]
) -> None:
    database, port = tmp_path / "coach.sqlite3", free_port()
    async with people(port, PEOPLE) as clients:
        async with coach(tmp_path, database, port) as process:
            await asyncio.gather(*(client.come_in() for client in clients))
            thread = await open_thread(database)
            burst = asyncio.gather(*(client.answer(thread, EACH) for client in clients))
            await until(lambda: sum(client.acknowledged for client in clients) >= 40, 30)
            assert await ends(process, signals) == 0
        kept = rows(database, "SELECT count(*) FROM replies")[0][0]
        assert kept >= sum(client.acknowledged for client in clients), "acknowledged means kept"
        nothing_is_held(database)
        assert log_of(tmp_path).splitlines()[-1] == "Stopped."
        assert "Traceback" not in log_of(tmp_path)
        async with coach(tmp_path, database, port):
            await burst
            await until(lambda: len(rows(database, SENT)) >= PEOPLE * EACH, 60)
    all_is_well(database, PEOPLE, PEOPLE * EACH)


async def test_a_grader_that_hangs_holds_nobody_up_and_its_replies_are_free_again(tmp_path: Path) -> None:
    database, port = tmp_path / "coach.sqlite3", free_port()
    async with silent_model() as address, people(port, 2) as clients:
        llm = {"COACH_GRADER": "llm", "COACH_LLM_MODEL": "some", "COACH_LLM_BASE_URL": address}
        async with coach(tmp_path, database, port, **llm) as process:
            await asyncio.gather(*(client.come_in() for client in clients))
            thread = await open_thread(database)
            await asyncio.gather(*(client.answer(thread, 2) for client in clients))
            await until(lambda: rows(database, LEASED.format(now=time.time_ns() // 1000)) == [(4,)], 20)
            assert await ends(process, [signal.SIGTERM]) == 0
        nothing_is_held(database)
        async with coach(tmp_path, database, port):
            await until(lambda: len(rows(database, SENT)) >= 4, 30)
    all_is_well(database, 2, 4)


# ---------------------------------------------------------------------------------------------- at the start


@pytest.mark.parametrize("after_s", [0.0, 0.3, 0.8, 1.3, 2.0])
async def test_asked_to_stop_while_it_starts_it_leaves_a_database_that_works(tmp_path: Path, after_s: float) -> None:
    database, port = tmp_path / "coach.sqlite3", free_port()
    process = await start(tmp_path, database, port)
    await asyncio.sleep(after_s)
    # Before the program has begun to listen to signals, the system ends it.
    assert await ends(process, [signal.SIGTERM]) in (0, -signal.SIGTERM)
    assert "Traceback" not in log_of(tmp_path)
    async with coach(tmp_path, database, port):
        await open_thread(database)
    assert rows(database, "PRAGMA integrity_check") == [("ok",)]


async def test_asked_to_stop_during_a_migration_it_is_done_or_undone(tmp_path: Path) -> None:
    database, port = tmp_path / "coach.sqlite3", free_port()
    before = await old_database(tmp_path, database)
    process = await start(tmp_path, database, port)
    await until(lambda: list(tmp_path.glob(f"*{database.name}.before-v*")), 30)
    assert await ends(process, [signal.SIGTERM]) == 0
    steps = [row[0] for row in rows(database, "SELECT version FROM schema_migrations ORDER BY version")]
    assert rows(database, "PRAGMA user_version") == [(len(steps),)]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) >= before
    async with coach(tmp_path, database, port):
        await open_thread(database)
    assert rows(database, "PRAGMA integrity_check") == [("ok",)]
    assert rows(database, "SELECT count(*) FROM people")[0][0] == OLD_ROWS


OLD_ROWS = 200_000


async def old_database(folder: Path, database: Path) -> int:
    """A database of an earlier version with much in it; that version."""
    earlier = folder / "schema"
    earlier.mkdir()
    files = sorted(SCHEMA.glob("*.sql"))[:8]
    for file in files:
        shutil.copy(file, earlier)
    await (await SqliteStore.open(database, schema=earlier)).close()
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        people = (("web", "local", f"user{number}", f"User {number}") for number in range(OLD_ROWS))
        connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?)", people)
    return len(files)


# ---------------------------------------------------------------------------------------------- PostgreSQL


class Wire:
    """The way to a database, which can go dead without being cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._pipes: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server

    async def open(self) -> int:
        """The port that it begins at."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        for source, target in ((reader, back), (there, writer)):
            pipe = asyncio.create_task(self._pipe(source, target))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pipe(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError):
                while data := await source.read(65536):
                    await self._flowing.wait()
                    target.write(data)
                    await target.drain()
        finally:
            target.close()
            with contextlib.suppress(ConnectionError):
                await target.wait_closed()

    def go_dead(self) -> None:
        self._flowing.clear()

    async def close(self) -> None:
        self._server.close()
        pipes = list(self._pipes)
        for pipe in pipes:
            pipe.cancel()
        await asyncio.gather(*pipes, return_exceptions=True)


async def test_a_database_that_hangs_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    server, port = postgres_server.server(), free_port()
    url = await server.create_coach()
    wire = Wire(server.port)
    through = re.sub(r":\d+/", f":{await wire.open()}/", url)
    try:
        async with people(port, 4) as clients, coach(tmp_path, through, port) as process:
            await asyncio.gather(*(client.come_in() for client in clients))
            wire.go_dead()
            asking = [asyncio.create_task(client.come_in()) for client in clients]
            await asyncio.sleep(0.5)
            assert await ends(process, [signal.SIGTERM]) == 0
            for each in asking:
                each.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
    finally:
        await wire.close()
        server.give_back(url)
    assert "Traceback" not in log_of(tmp_path)

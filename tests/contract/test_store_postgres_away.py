"""A PostgreSQL server that goes away under load: what was acknowledged is there, and nothing is there twice."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from bot.core.errors import StoreAway, StoreError
from bot.core.ports import CrashPoint, Unit, no_crash, one, rows
from bot.stores.postgres import PostgresStore
from bot.stores.postgres_units import WRITERS_LOCK
from tests import postgres_server
from tests.postgres_proxy import Cut, Proxy
from tests.postgres_server import PostgresServer

SCHEMA = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, key TEXT NOT NULL, number INTEGER NOT NULL);
CREATE TABLE counts (id INTEGER PRIMARY KEY, number INTEGER NOT NULL);
INSERT INTO counts (id, number) VALUES (1, 0);
"""
QUERIES = """
-- name: count_up
UPDATE counts SET number = number + 1 WHERE id = 1 RETURNING number;
-- name: count
SELECT number FROM counts;
-- name: note_insert
INSERT INTO notes (key, number) VALUES (:key, :number) RETURNING id;
-- name: notes
SELECT key, number FROM notes ORDER BY number;
"""


def note(key: str) -> Unit[int]:
    """Would be seen if it ran twice, or if two ran beside each other: numbers are given once and without gaps."""
    row = yield from one("count_up")
    assert row is not None
    yield from one("note_insert", key=key, number=row["number"])
    return int(row["number"])


class Home:
    """A server of its own, with one database of the schema above."""

    def __init__(self, folder: Path) -> None:
        self.server = PostgresServer(durable=True)
        self.url = ""
        self._folder = folder
        (folder / "schema").mkdir()
        (folder / "schema" / "001_start.sql").write_text(SCHEMA, encoding="utf-8")
        (folder / "queries.sql").write_text(QUERIES, encoding="utf-8")

    @contextlib.asynccontextmanager
    async def open(
        self, url: str = "", *, crash: CrashPoint = no_crash, patience_s: float = 60.0
    ) -> AsyncIterator[PostgresStore]:
        self.url = self.url or await self.server.create()
        store = await PostgresStore.open(
            url or self.url,
            schema=self._folder / "schema", queries=self._folder / "queries.sql",
            crash=crash, rng=random.Random(1), patience_s=patience_s,
        )  # fmt: skip
        try:
            yield store
        finally:
            await store.close()

    async def proxied(self, proxy_port: int) -> str:
        self.url = self.url or await self.server.create()
        return self.url.replace(f":{self.server.port}/", f":{proxy_port}/")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    postgres_server.require()
    made = Home(tmp_path)
    made.server.start()
    yield made
    made.server.remove()


async def stored(store: PostgresStore) -> list[tuple[int, str]]:
    found = await store.read(rows, "notes")
    return [(row["number"], row["key"]) for row in found]


async def load(stores: list[PostgresStore], people: int, each: int) -> dict[int, str]:
    """Everybody writes one thing after another; what was acknowledged, by number."""

    async def person(name: int) -> list[tuple[int, str]]:
        store = stores[name % len(stores)]
        return [(await store.write(note, f"{name}-{turn}"), f"{name}-{turn}") for turn in range(each)]

    done = await asyncio.gather(*(person(name) for name in range(people)))
    return dict(pair for pairs in done for pair in pairs)


async def test_a_server_that_crashes_under_load_loses_nothing_and_repeats_nothing(home: Home) -> None:
    async with home.open() as first, home.open() as second:
        writing = asyncio.create_task(load([first, second], people=24, each=40))
        for _ in range(3):
            await until(first, 100)
            await asyncio.to_thread(home.server.stop)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(home.server.start)
        acknowledged = await writing
        there = await stored(first)
        assert there == sorted(acknowledged.items())
        assert [number for number, _ in there] == list(range(1, 24 * 40 + 1))


async def until(store: PostgresStore, more: int) -> None:
    """Wait until that many more units are through, or the load is at its end."""
    goal = min(await count(store) + more, 24 * 40)
    while await count(store) < goal:
        pass


async def count(store: PostgresStore) -> int:
    found = await store.read(one, "count")
    assert found is not None
    return int(found["number"])


async def test_connections_that_are_terminated_again_and_again_lose_nothing_and_repeat_nothing(home: Home) -> None:
    async with home.open() as first, home.open() as second:
        writing = asyncio.create_task(load([first, second], people=16, each=30))
        killer = await asyncpg.connect(home.server.url())
        while not writing.done():
            await killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'mlops-coach' AND random() < 0.5"
            )
            await asyncio.sleep(0.05)
        await killer.close()
        assert await stored(second) == sorted((await writing).items())


@pytest.mark.parametrize("cut", list(Cut))
async def test_a_connection_that_breaks_during_a_commit_neither_loses_nor_repeats_it(home: Home, cut: Cut) -> None:
    proxy = Proxy(home.server.port)
    async with proxy.listening() as port, home.open(await home.proxied(port)) as store:
        assert await store.write(note, "before") == 1
        proxy.cut = cut
        assert sorted(await asyncio.gather(store.write(note, "a"), store.write(note, "b"))) == [2, 3]
        assert await store.write(note, "after") == 4
        assert await stored(store) == [(1, "before"), (2, "a"), (3, "b"), (4, "after")]
        assert proxy.cuts == 1


async def test_a_process_that_stands_still_while_it_writes_is_not_waited_for(home: Home) -> None:
    async with home.open() as store:
        still = await asyncpg.connect(home.url, server_settings={"idle_in_transaction_session_timeout": "200ms"})
        await still.execute(f"BEGIN; SELECT pg_advisory_xact_lock({WRITERS_LOCK})")
        assert await store.write(note, "a") == 1
        still.terminate()


async def test_reads_wait_for_the_server_too(home: Home) -> None:
    async with home.open() as store:
        await store.write(note, "a")
        await asyncio.to_thread(home.server.stop)
        reading = asyncio.create_task(stored(store))
        await asyncio.sleep(0.2)
        assert not reading.done()
        await asyncio.to_thread(home.server.start)
        assert await reading == [(1, "a")]


async def test_a_server_that_stays_away_is_an_error_that_says_so(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    async with home.open(patience_s=0.5) as store:
        await store.write(note, "a")
        await asyncio.to_thread(home.server.stop)
        for run in (store.write(note, "b"), stored(store)):
            with pytest.raises(StoreAway, match="the server can't be reached"):
                await run
        assert [record.message for record in caplog.records if "is away" in record.message] != []
        await asyncio.to_thread(home.server.start)
        assert await store.write(note, "c") == 2


async def test_closing_does_not_wait_long_for_a_server_that_is_away(home: Home) -> None:
    async with home.open(patience_s=600.0) as store, asyncio.timeout(30):
        await store.write(note, "a")
        await asyncio.to_thread(home.server.stop)
        writing = asyncio.create_task(store.write(note, "b"))
        await asyncio.sleep(0)
        await store.close()
        with pytest.raises(StoreError):
            await writing


async def test_a_listener_that_was_cut_off_is_told_that_it_may_have_missed_something(home: Home) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with home.open() as store, home.open() as other, asyncio.timeout(30):
        await store.listen(heard.put_nowait)
        assert await heard.get() == ""
        await asyncio.to_thread(home.server.stop)
        await asyncio.to_thread(home.server.start)
        assert await heard.get() == ""
        await other.notify("grading")
        assert await heard.get() == "grading"

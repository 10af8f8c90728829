"""What every store promises about units of work, whatever database is under it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import StoreError
from bot.core.ports import CrashPoint, Query, Row, Store, Unit, no_crash, one, rows
from bot.stores.postgres import PostgresStore
from bot.stores.sqlite import SqliteStore
from tests import postgres_server

SCHEMA = """
CREATE TABLE notes (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, text TEXT NOT NULL, number INTEGER);
CREATE TABLE links (note_id INTEGER NOT NULL REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED);
"""
QUERIES = """
-- name: note_insert
INSERT INTO notes (key, text, number) VALUES (:key, :text, :number) RETURNING id;
-- name: note_take
INSERT INTO notes (key, text) VALUES (:key, '') ON CONFLICT DO NOTHING RETURNING id;
-- name: notes
SELECT id, key, text, number FROM notes ORDER BY id;
-- name: notes_delete
DELETE FROM notes;
-- name: link_insert
INSERT INTO links (note_id) VALUES (:note_id);
"""


class Commits(Counter[str]):
    """Counts how often each crash point is passed."""

    def __call__(self, name: str) -> None:
        self[name] += 1


@pytest.fixture
def commits() -> Commits:
    return Commits()


@dataclass
class Home:
    """A database of the small schema above, to be opened."""

    engine: str
    folder: Path
    url: str
    crash: CrashPoint = no_crash

    async def open(self) -> Store:
        sql: dict[str, Any] = {"schema": self.folder / "schema", "queries": self.folder / "queries.sql"}
        if self.engine == "postgres":
            return await PostgresStore.open(self.url, crash=self.crash, **sql)
        return await SqliteStore.open(self.url, crash=self.crash, **sql)


@pytest.fixture(params=["sqlite", "postgres"])
async def home(request: pytest.FixtureRequest, tmp_path: Path, commits: Commits) -> AsyncIterator[Home]:
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "001_start.sql").write_text(SCHEMA, encoding="utf-8")
    (tmp_path / "queries.sql").write_text(QUERIES, encoding="utf-8")
    if request.param == "sqlite":
        yield Home("sqlite", tmp_path, str(tmp_path / "coach.sqlite3"), commits)
        return
    server = postgres_server.server()
    url = await server.create()
    yield Home("postgres", tmp_path, url, commits)
    server.drop(url)


@pytest.fixture
async def store(home: Home) -> AsyncIterator[Store]:
    opened = await home.open()
    yield opened
    await opened.close()


sqlite_only = pytest.mark.parametrize("home", ["sqlite"], indirect=True)
"""What only a store with threads of its own promises."""


def add(key: str, text: str = "", number: int | None = None) -> Unit[int]:
    row = yield from one("note_insert", key=key, text=text, number=number)
    assert row is not None
    return int(row["id"])


def keys() -> Unit[list[str]]:
    found = yield from rows("notes")
    return [row["key"] for row in found]


def held(go_on: threading.Event) -> Unit[Sequence[Row]]:
    """Reads on and on until it may go on: on a thread of its own in one store, between others' turns in the other."""
    while not go_on.is_set():
        yield Query("notes")
        go_on.wait(0.001)
    return (yield from rows("notes"))


def add_and_fail(key: str, error: Exception) -> Unit[None]:
    yield from add(key)
    raise error


async def test_a_unit_returns_its_result_and_rows_are_mappings(store: Store) -> None:
    number = await store.write(add, "a", text="naïve \u0001 🎓 'quoted'; --", number=2**62)

    def first() -> Unit[dict[str, Any]]:
        row = yield from one("notes")
        return dict(row or {})

    assert await store.read(first) == {
        "id": number,
        "key": "a",
        "text": "naïve \u0001 🎓 'quoted'; --",
        "number": 2**62,
    }


async def test_a_redelivered_row_is_told_by_no_row_coming_back(store: Store) -> None:
    def take(key: str) -> Unit[bool]:
        return (yield from one("note_take", key=key)) is not None

    taken = await asyncio.gather(*(store.write(take, "same") for _ in range(20)))
    assert sorted(taken) == [False] * 19 + [True]


async def test_a_failed_unit_leaves_its_neighbours_alone(store: Store) -> None:
    error = ValueError("mine")
    writes = [store.write(add, f"k{number}") for number in range(20)]
    writes.insert(10, store.write(add_and_fail, "bad", error))  # type: ignore[arg-type]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert outcomes.pop(10) is error
    assert all(isinstance(outcome, int) for outcome in outcomes)
    assert set(await store.read(keys)) == {f"k{number}" for number in range(20)}


async def test_a_broken_constraint_is_a_store_error_for_its_caller_only(store: Store) -> None:
    await store.write(add, "taken")
    writes = (store.write(add, key) for key in ("a", "b", "taken", "c"))
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [isinstance(outcome, StoreError) for outcome in outcomes] == [False, False, True, False]
    assert isinstance(outcomes[2], StoreError)
    assert "the query note_insert" in str(outcomes[2])
    assert outcomes[2].__cause__ is not None
    assert sorted(await store.read(keys)) == ["a", "b", "c", "taken"]


async def test_a_constraint_that_is_checked_at_the_commit_fails_its_unit_only(store: Store) -> None:
    def link(note_id: int) -> Unit[None]:
        yield from rows("link_insert", note_id=note_id)

    outcomes = await asyncio.gather(
        store.write(add, "a"), store.write(link, 999), store.write(add, "b"), return_exceptions=True
    )
    assert isinstance(outcomes[1], StoreError)
    assert sorted(await store.read(keys)) == ["a", "b"]


async def test_a_unit_runs_whole_or_not_at_all(store: Store) -> None:
    def two(first: str, second: str) -> Unit[None]:
        yield from add(first)
        yield from add(second)

    await store.write(add, "taken")
    with pytest.raises(StoreError):
        await store.write(two, "new", "taken")
    assert await store.read(keys) == ["taken"]


async def test_units_run_in_the_order_in_which_they_were_given(store: Store) -> None:
    numbers = await asyncio.gather(*(store.write(add, f"{number:04}") for number in range(600)))
    assert numbers == sorted(numbers)
    assert await store.read(keys) == [f"{number:04}" for number in range(600)]


async def test_a_read_sees_every_finished_write(store: Store) -> None:
    async def write_then_read(key: str) -> bool:
        await store.write(add, key)
        return key in await store.read(keys)

    for turn in range(5):
        assert all(await asyncio.gather(*(write_then_read(f"{turn}-{number}") for number in range(20))))


async def test_a_read_stays_with_one_state_while_others_write(store: Store) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def twice() -> Unit[tuple[int, int]]:
        before = yield from rows("notes")
        begun.set()
        after = yield from held(go_on)
        return len(before), len(after)

    await store.write(add, "a")
    reading = asyncio.create_task(store.read(twice))
    await asyncio.to_thread(begun.wait, 10)
    await store.write(add, "b")
    assert await store.read(keys) == ["a", "b"], "another reader isn't held up"
    go_on.set()
    assert await reading == (1, 1)


async def test_a_unit_that_only_reads_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError, match="the query note_insert writes; run it in a unit that may write"):
        await store.read(add, "a")
    with pytest.raises(StoreError, match="the query note_take writes; run it in a unit that may write"):
        await store.read(one, "note_take", key="a")
    assert await store.read(keys) == []
    assert await store.write(add, "a")


async def test_writers_that_wait_share_a_commit(store: Store, commits: Commits) -> None:
    await asyncio.gather(*(store.write(add, str(number)) for number in range(128)))
    assert commits["commit.after"] <= 3


async def test_a_failing_neighbour_costs_no_commits(store: Store, commits: Commits) -> None:
    writes = [store.write(add, str(number % 100)) for number in range(128)]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert sum(isinstance(outcome, StoreError) for outcome in outcomes) == 28
    assert commits["commit.after"] <= 3


async def test_a_cancelled_caller_disturbs_nobody(store: Store) -> None:
    async with asyncio.timeout(20):
        for delay in (0.0, 0.0005, 0.002):
            await store.write(lambda: rows("notes_delete"))
            tasks = [asyncio.create_task(store.write(add, str(number))) for number in range(300)]
            await asyncio.sleep(delay)
            for task in tasks[::3]:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            there = await store.read(keys)
            kept = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, int)]
            assert {str(number) for number in kept} <= set(there)
            assert len(kept) >= 200


async def test_a_cancelled_reader_disturbs_nobody(store: Store) -> None:
    go_on = threading.Event()

    tasks = [asyncio.create_task(store.read(held, go_on)) for _ in range(6)]
    await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    go_on.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await asyncio.gather(*(store.read(keys) for _ in range(6))) == [[]] * 6


async def test_faulty_units_fail_with_a_word_and_nothing_else_happens(store: Store) -> None:
    def unknown() -> Unit[None]:
        yield Query("no_such_query")

    def parameters() -> Unit[None]:
        yield Query("note_insert", {"key": "a", "txt": ""})

    def no_query() -> Unit[None]:
        yield "SELECT 1"  # type: ignore[misc]

    def no_unit() -> Unit[None]:
        return 7  # type: ignore[return-value]

    def stops() -> Unit[None]:
        raise StopIteration

    faulty = {
        unknown: "there is no query named 'no_such_query'",
        parameters: "look at: number, text, txt",
        no_query: "yields queries, not str",
        no_unit: "a unit of work is a generator function",
        stops: "StopIteration",
    }
    for unit, message in faulty.items():
        for run in (store.write, store.read):
            with pytest.raises((StoreError, TypeError, RuntimeError), match=message):
                await run(unit)
    assert await store.write(add, "a")


@pytest.mark.parametrize(("text", "number"), [("\ud800", 1), ("a", 2**64)])
async def test_a_value_that_cannot_be_stored_is_refused_without_telling_it(
    store: Store, text: str, number: int
) -> None:
    outcomes = await asyncio.gather(
        store.write(add, "bad", text, number), store.write(add, "good"), return_exceptions=True
    )
    assert isinstance(outcomes[0], StoreError)
    assert text not in str(outcomes[0]) or text == "a"
    assert await store.read(keys) == ["good"]


async def test_a_unit_without_an_end_is_stopped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.stores.units.MAX_STATEMENTS", 100)
    closed = []

    def endless() -> Unit[None]:
        try:
            while True:
                yield Query("notes")
        finally:
            closed.append(True)

    with pytest.raises(StoreError, match="went beyond 100 statements"):
        await store.read(endless)
    assert closed, "and cleaned up after"
    outcomes = await asyncio.gather(store.write(endless), store.write(add, "a"), return_exceptions=True)
    assert isinstance(outcomes[0], StoreError)
    assert await store.read(keys) == ["a"]


@sqlite_only
async def test_units_do_not_hold_up_the_event_loop(store: Store) -> None:
    def slow() -> Unit[None]:
        yield Query("notes")
        time.sleep(0.3)

    ticks = 0
    tasks = [asyncio.create_task(store.write(slow)), asyncio.create_task(store.read(slow))]
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks >= 10


async def test_closing_finishes_what_waits_and_then_refuses(store: Store) -> None:
    writes = [asyncio.create_task(store.write(add, str(number))) for number in range(300)]
    reads = [asyncio.create_task(store.read(keys)) for _ in range(5)]
    await asyncio.sleep(0)
    await store.close()
    assert len(await asyncio.gather(*writes)) == 300
    await asyncio.gather(*reads)
    for run in (store.write, store.read):
        with pytest.raises(StoreError, match="the store is closed"):
            await run(keys)
    await store.close()

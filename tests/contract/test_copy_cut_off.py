"""`db copy` that is cut off in the middle says in one line how far it came, and goes on when it is run again."""

from __future__ import annotations

import argparse
import asyncio
import re
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.cli import db
from bot.core.errors import StoreError
from bot.stores.postgres_copies import PostgresEnd
from bot.stores.sqlite_copies import SqliteEnd
from bot.stores.tables import Table
from tests import postgres_server
from tests.contract.test_store_copy import Places, contents, lived_in


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    made = Places(tmp_path)
    yield made
    made.remove()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("sqlite", "postgres"):
        monkeypatch.setattr(f"bot.stores.{module}_copies.PAGE", 3)


def before_page(patch: pytest.MonkeyPatch, end: type[Any], number: int, do: Callable[[], Awaitable[object]]) -> None:
    """Have something happen before the n-th page is stored."""
    real, pages = end.add, 0

    async def add(self: Any, *arguments: Any) -> None:
        nonlocal pages
        pages += 1
        if pages == number:
            await do()
        await real(self, *arguments)

    patch.setattr(end, "add", add)


def told(words: str) -> tuple[int, int]:
    """How many rows of how many are said to be copied."""
    found = re.search(r"(\d+) of (\d+) rows are copied; the same command goes on from there", words)
    assert found, words
    return int(found[1]), int(found[2])


async def test_a_copy_that_is_interrupted_says_how_far_it_came(
    places: Places, small_pages: None, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = await places.new("sqlite", "old"), await places.new("sqlite", "new")
    await lived_in(old)
    arguments = argparse.Namespace(source=old, target=new)
    with pytest.MonkeyPatch.context() as patch:
        copying = asyncio.create_task(db.copy(arguments))

        async def interrupt() -> None:
            copying.cancel()

        before_page(patch, SqliteEnd, 4, interrupt)
        with pytest.raises(asyncio.CancelledError):
            await copying
    (line,) = capsys.readouterr().err.splitlines()
    there, rows = told(line)
    assert 0 < there < rows
    assert await db.copy(arguments) == 0
    assert f"{rows} rows, checked one by one" in capsys.readouterr().out
    assert await contents(old) == await contents(new)


async def test_an_interrupted_copy_waits_for_what_its_thread_is_doing(tmp_path: Path) -> None:
    begun, go, over = threading.Event(), threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        go.wait(30)
        over.set()
        return 1

    with closing(sqlite3.connect(tmp_path / "a.sqlite3", check_same_thread=False)) as connection:
        connection.create_function("slow", 0, slow)
        connection.execute("CREATE VIEW things AS SELECT slow() AS id")
        counting = asyncio.create_task(
            SqliteEnd(tmp_path, connection).last(Table("things", ("id",), ("id",), "", frozenset()))
        )
        await asyncio.to_thread(begun.wait, 30)
        for _ in range(2):
            counting.cancel()
            await asyncio.sleep(0)
        assert not counting.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await counting
        assert over.is_set()  # or the connection would be closed under its hands


async def test_a_copy_whose_target_goes_away_says_how_far_it_came(places: Places, small_pages: None) -> None:
    old, new = await places.new("sqlite", "old"), await places.new("postgres", "new")
    await lived_in(old)
    arguments = argparse.Namespace(source=old, target=new)

    async def end_connections() -> None:
        await postgres_server.execute(
            new,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )

    with pytest.MonkeyPatch.context() as patch:
        before_page(patch, PostgresEnd, 4, end_connections)
        with pytest.raises(StoreError) as caught:
            await db.copy(arguments)
    assert len(str(caught.value).splitlines()) == 1
    there, rows = told(str(caught.value))
    assert 0 < there < rows
    assert await db.copy(arguments) == 0
    assert await contents(old) == await contents(new)


async def test_a_copy_that_is_refused_says_only_why(places: Places) -> None:
    old = await places.new("sqlite", "old")
    with pytest.raises(StoreError) as caught:
        await db.copy(argparse.Namespace(source=old, target=old))
    assert "rows are copied" not in str(caught.value)

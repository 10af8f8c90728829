"""What group commit is measured against: every unit of work in a transaction of its own, each with its own flush."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import aiosqlite

from benchmarks.stage import FIRST_MESSAGE
from bot.core.ports import Unit
from bot.stores.sql import load_migrations, load_queries
from bot.stores.sqlite import QUERIES, SCHEMA
from bot.stores.sqlite_files import open_writer

T = TypeVar("T")
P = ParamSpec("P")

PLACE = {"platform": "room", "community": "community", "channel": "thread"}


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """A plain connection of sqlite3 to a database with the coach's schema, a log and synchronous=FULL."""
    connection, _ = open_writer(path, load_migrations(SCHEMA), upgrade=True)
    with closing(connection):
        yield connection


def begin_round(connection: sqlite3.Connection) -> None:
    """Have a round that replies can refer to."""
    connection.execute(
        "INSERT INTO channels (id, platform, community, channel, since) VALUES (1, 'room', 'community', 'daily', 0)"
    )
    connection.execute(
        """INSERT INTO rounds (id, channel_id, daily, local_date, question_id, section, state, created_at, closes_at)
        VALUES (1, 1, 0, '2025-06-01', 'q', 'Alpha', 'open', 1, 2)"""
    )


def reply_row(text: str) -> dict[str, str | int]:
    """The parameters of `reply_insert` but the message."""
    return {
        **PLACE, "round_id": 1, "revision": "", "user_id": "u1", "private": 0, "text": text, "state": "received",
        "at": 1, "practice": 0, "due_at": 1,
    }  # fmt: skip


class SingleStore:
    """A `bot.core.ports.Store` as it is commonly written on aiosqlite: units one after the other, each of them a
    transaction, each statement awaited.
    """

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._queries = load_queries(QUERIES)
        self._free = asyncio.Lock()
        self.commits = 0

    @classmethod
    async def open(cls, path: Path) -> SingleStore:
        """A new database at `path`."""
        with raw(path):
            pass
        connection = await aiosqlite.connect(path, isolation_level=None)
        await connection.execute("PRAGMA synchronous = FULL")
        connection.row_factory = aiosqlite.Row
        return cls(connection)

    async def write(self, unit: Callable[P, Unit[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._free:
            await self._connection.execute("BEGIN IMMEDIATE")
            try:
                result = await self._drive(unit(*args, **kwargs))
            except BaseException:
                await self._connection.execute("ROLLBACK")
                raise
            await self._connection.execute("COMMIT")
            self.commits += 1
            return result

    async def read(self, unit: Callable[P, Unit[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._free:
            return await self._drive(unit(*args, **kwargs))

    async def notify(self, topic: str) -> None:
        return None

    async def listen(self, callback: Callable[[str], None]) -> None:
        return None

    async def close(self) -> None:
        await self._connection.close()

    async def _drive(self, unit: Unit[T]) -> T:
        found: Any = None
        while True:
            try:
                query = unit.send(found)
            except StopIteration as end:
                result: T = end.value
                return result
            async with self._connection.execute(self._queries[query.name], query.params) as cursor:
                found = [dict(row) for row in await cursor.fetchall()]


def inserts(connection: sqlite3.Connection, seconds: float, text: str) -> float:
    """Replies a second that a plain loop of sqlite3 stores with a commit each."""
    insert = load_queries(QUERIES)["reply_insert"]
    begin_round(connection)
    row, messages = reply_row(text), itertools.count(FIRST_MESSAGE)
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(insert, {**row, "message": str(next(messages))}).fetchall()
        connection.execute("COMMIT")
        done += 1
    return done / (time.perf_counter() - start)

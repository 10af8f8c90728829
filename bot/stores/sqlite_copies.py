"""A SQLite file as one end of a copy: read as it is at one moment, or filled under another name until it is whole."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from bot.core.errors import StoreError
from bot.stores import sqlite_files as files
from bot.stores.copying import PAGE, Row
from bot.stores.sql import SCHEMA, Migration, load_migrations
from bot.stores.sqlite_errors import errors_of
from bot.stores.tables import Table, tables

T = TypeVar("T")


async def _to_its_end(work: Callable[[], T]) -> T:
    """The result of work on another thread. A cancellation waits for it: whoever is cancelled closes what it uses, and
    SQLite doesn't survive that."""
    doing = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        while not doing.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({doing})
        doing.exception()  # nobody asks any more
        raise


class SqliteEnd:
    """An open file. All of it blocks, so it is done on other threads, one thing at a time."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @property
    def where(self) -> str:
        return str(self.path)

    async def count(self, table: Table) -> int:
        """How many rows a table has."""
        return int((await self._rows(f"SELECT count(*) FROM {table.name}"))[0][0])  # noqa: S608

    async def page(self, table: Table, after: Row | None) -> Sequence[Row]:
        """The next rows after a key. What no other database can hold is told as it would be there."""
        columns, key = ", ".join(table.columns), ", ".join(table.key)
        beyond = f"WHERE ({key}) > ({', '.join('?' * len(table.key))})" if after else ""
        found = await self._rows(
            f"SELECT {columns} FROM {table.name} {beyond} ORDER BY {key} LIMIT {PAGE}",  # noqa: S608
            *(after or ()),
        )
        return [tuple(_plain(value) for value in row) for row in found]

    async def last(self, table: Table) -> Row | None:
        """The highest key in a table."""
        key, order = ", ".join(table.key), ", ".join(f"{column} DESC" for column in table.key)
        found = await self._rows(f"SELECT {key} FROM {table.name} ORDER BY {order} LIMIT 1")  # noqa: S608
        return found[0] if found else None

    async def numbered_to(self, table: Table) -> int:
        """The highest number that a table has given out."""
        query = f"SELECT max({table.numbered}) FROM {table.name}"  # noqa: S608
        for (count,) in await self._rows("SELECT seq FROM sqlite_sequence WHERE name = ?", table.name):
            return int(count)
        return int((await self._rows(query))[0][0] or 0)

    async def add(self, table: Table, found: Sequence[Row]) -> None:
        """Store rows in one transaction."""
        places = ", ".join("?" * len(table.columns))
        into = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({places})"  # noqa: S608

        def insert() -> None:
            with errors_of(self.path, f"copying {table.name}"):
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    self._connection.executemany(into, found)
                    self._connection.execute("COMMIT")
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise

        await _to_its_end(insert)

    async def go_on_from(self, table: Table, number: int) -> None:
        """Have a table that never gives a number twice give out only those above this one."""
        made = "SELECT count(*) FROM sqlite_master WHERE name = ? AND sql LIKE '%AUTOINCREMENT%'"
        if (await self._rows(made, table.name))[0][0]:
            await self._rows("DELETE FROM sqlite_sequence WHERE name = ?", table.name)
            await self._rows("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table.name, number)

    async def _rows(self, sql: str, *values: object) -> list[Row]:
        def fetch() -> list[Row]:
            with errors_of(self.path):
                return cast(list[Row], self._connection.execute(sql, values).fetchall())

        return await _to_its_end(fetch)


@asynccontextmanager
async def reading(path: Path, steps: Sequence[Migration], *, alone: bool) -> AsyncIterator[SqliteEnd]:
    """A file as it is now. With `alone` nobody may be using it, nor begin to meanwhile.

    Raises StoreError where there is none, or its schema isn't this version's; StoreInUse; StoreDamaged.
    """
    with ExitStack() as stack:

        def opened() -> sqlite3.Connection:
            files.require(path)
            if alone:
                stack.callback(files.lock(path).release)
            connection = stack.enter_context(closing(files.open_reader(path)))
            files.require_version(connection, path, steps, upgrade=False)
            if not files.version(connection):
                raise StoreError(f"{path}: it has no tables yet; there is nothing to copy")
            connection.execute("BEGIN")
            return connection

        yield SqliteEnd(path, await _to_its_end(opened))


@asynccontextmanager
async def filling(path: Path, steps: Sequence[Migration], source: str, *, resume: bool) -> AsyncIterator[SqliteEnd]:
    """A new file. Until all is done it has another name, under which the same copy may `resume` after it was cut off.

    Raises StoreError where a file of that name is there already, or a copy of something else was begun; StoreInUse.
    """
    partial = path.with_name(f".{path.name}.copy")
    with ExitStack() as stack:

        def opened() -> sqlite3.Connection:
            stack.callback(files.lock(path).release)
            if path.exists():
                raise StoreError(f"{path} exists; choose another name, or move it away")
            if not resume:
                _remove(partial)
            connection = stack.enter_context(closing(files.open_writer(partial, steps, upgrade=False)[0]))
            with errors_of(partial):
                _mark(connection, path, source, steps)
            return connection

        connection = await _to_its_end(opened)
        yield SqliteEnd(path, connection)
        await _to_its_end(lambda: _finish(connection, partial, path))
    await _to_its_end(lambda: _remove(partial))


@asynccontextmanager
async def upgraded(path: Path) -> AsyncIterator[Path]:
    """A backup at the latest version: the file itself, or a copy of an older one that was brought up to date.

    Raises StoreError where there is none or it is too new, StoreDamaged.
    """
    steps = load_migrations(SCHEMA)
    with tempfile.TemporaryDirectory() as folder:
        yield await _to_its_end(lambda: _upgraded(path, Path(folder) / path.name, steps))


def _upgraded(path: Path, scratch: Path, steps: Sequence[Migration]) -> Path:
    files.require(path)
    files.read_header(path)
    with errors_of(path), closing(files.open_reader(path)) as reader:
        if files.require_version(reader, path, steps, upgrade=True) == len(steps):
            return path
        files.copy(reader, scratch, like=path, replace=False)
    files.open_writer(scratch, steps, upgrade=True)[0].close()
    return scratch


def _mark(connection: sqlite3.Connection, path: Path, source: str, steps: Sequence[Migration]) -> None:
    """Note in a new file what is copied into it, and empty it of what migrations put there; or compare that note."""
    if connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'store_copy'").fetchone()[0]:
        if connection.execute("SELECT source FROM store_copy").fetchone() != (source,):
            raise StoreError(f"{path}: a copy of another database into it was begun; delete .{path.name}.copy first")
        return
    connection.execute("BEGIN IMMEDIATE")
    for table in reversed(tables(steps)):
        connection.execute(f"DELETE FROM {table.name}")  # noqa: S608
    connection.execute("CREATE TABLE store_copy (source TEXT NOT NULL)")
    connection.execute("INSERT INTO store_copy VALUES (?)", (source,))
    connection.execute("COMMIT")


def _finish(connection: sqlite3.Connection, partial: Path, path: Path) -> None:
    with errors_of(path):
        connection.execute("DROP TABLE store_copy")
        files.copy(connection, path, like=partial, replace=False)


def _remove(partial: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        partial.with_name(partial.name + ending).unlink(missing_ok=True)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value

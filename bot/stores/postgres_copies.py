"""A PostgreSQL database as one end of a copy: read as it is at one moment, or filled while no coach may use it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import asyncpg

from bot.core.errors import StoreError, StoreInUse
from bot.stores import postgres_schema as schemas
from bot.stores.copying import PAGE, Row
from bot.stores.postgres_errors import VENDOR, translate
from bot.stores.postgres_link import once, shown
from bot.stores.postgres_units import WRITERS_LOCK
from bot.stores.sql import Migration
from bot.stores.tables import Table, tables

_USERS: Final = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'mlops-coach' AND pid <> pg_backend_pid()
"""


class PostgresEnd:
    """An open connection, within one transaction where it is only read."""

    def __init__(self, where: str, connection: asyncpg.Connection) -> None:
        self.where = where
        self._connection = connection

    async def count(self, table: Table) -> int:
        """How many rows a table has."""
        return int((await self._rows(f"SELECT count(*) FROM {table.name}"))[0][0])  # noqa: S608

    async def page(self, table: Table, after: Row | None) -> Sequence[Row]:
        """The next rows after a key."""
        columns, key = ", ".join(table.columns), ", ".join(table.key)
        places = ", ".join(f"${number}" for number in range(1, len(table.key) + 1))
        beyond = f"WHERE ({key}) > ({places})" if after else ""
        query = f"SELECT {columns} FROM {table.name} {beyond} ORDER BY {key} LIMIT {PAGE}"  # noqa: S608
        return await self._rows(query, *(after or ()))

    async def last(self, table: Table) -> Row | None:
        """The highest key in a table."""
        key, order = ", ".join(table.key), ", ".join(f"{column} DESC" for column in table.key)
        found = await self._rows(f"SELECT {key} FROM {table.name} ORDER BY {order} LIMIT 1")  # noqa: S608
        return found[0] if found else None

    async def numbered_to(self, table: Table) -> int:
        """The highest number that a table has given out."""
        sequence = (await self._rows("SELECT pg_get_serial_sequence($1, $2)", table.name, table.numbered))[0][0]
        given = await self._rows(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")  # noqa: S608
        highest = await self._rows(f"SELECT coalesce(max({table.numbered}), 0) FROM {table.name}")  # noqa: S608
        return max(int(given[0][0]), int(highest[0][0]))

    async def add(self, table: Table, found: Sequence[Row]) -> None:
        """Store rows in one transaction."""
        with self._errors(f"copying {table.name}"):
            await self._connection.copy_records_to_table(table.name, records=found, columns=table.columns)

    async def go_on_from(self, table: Table, number: int) -> None:
        """Have a table give out only numbers above this one."""
        await self._rows(
            "SELECT setval(pg_get_serial_sequence($1, $2), greatest($3::bigint, 1), $3::bigint > 0)",
            table.name, table.numbered, number,
        )  # fmt: skip

    async def _rows(self, sql: str, *values: object) -> list[Row]:
        with self._errors():
            return [tuple(row) for row in await self._connection.fetch(sql, *values)]

    @contextmanager
    def _errors(self, doing: str = "") -> Iterator[None]:
        try:
            yield
        except VENDOR as error:
            told = translate(error, self.where, doing)
            raise told from told.__cause__


@asynccontextmanager
async def reading(url: str, steps: Sequence[Migration], *, alone: bool) -> AsyncIterator[PostgresEnd]:
    """A database as it is now. With `alone` no coach may be using it.

    Raises StoreError where its schema isn't this version's, StoreInUse.
    """
    async with opened(url) as (connection, where):
        # A target may take its time with a page, or to finish.
        await connection.execute("SET idle_in_transaction_session_timeout = 0")
        if alone:  # and a coach that is started meanwhile has to wait, or it would write what isn't copied
            await connection.execute("SELECT pg_advisory_lock($1)", WRITERS_LOCK)
            await _require_unused(connection, where)
        if not await schemas.require_version(connection, where, steps, upgrade=False):
            raise StoreError(f"{where}: it has no tables yet; there is nothing to copy")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield PostgresEnd(where, connection)


@asynccontextmanager
async def filling(url: str, steps: Sequence[Migration], source: str) -> AsyncIterator[PostgresEnd]:
    """An empty database. Until all is done no coach can use it, and the same copy goes on after it was cut off.

    Raises StoreError where something is in it already, or a copy of something else was begun; StoreInUse.
    """
    async with opened(url) as (connection, where):
        await _require_unused(connection, where)
        # Nobody writes meanwhile, however early they came.
        await connection.execute("SELECT pg_advisory_lock($1)", WRITERS_LOCK)
        await _mark(connection, where, source, steps)
        yield PostgresEnd(where, connection)
        await connection.execute(f"DROP TABLE {schemas.COPY}; ANALYZE")


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[asyncpg.Connection, str]]:
    """A connection for a command, and the address to show. Raises StoreAway, StoreError."""
    where = shown(url)
    connection = await once(url)
    try:
        yield connection, where
    except VENDOR as error:
        raise translate(error, where) from error
    finally:
        connection.terminate()


async def _require_unused(connection: asyncpg.Connection, where: str) -> None:
    if await connection.fetchval(_USERS):
        raise StoreInUse(f"{where}: a coach is using it; stop it first")


async def _mark(connection: asyncpg.Connection, where: str, source: str, steps: Sequence[Migration]) -> None:
    """Note in an empty database what is copied into it, and empty it of what migrations put there; or compare that."""
    there = await schemas.tables(connection)
    if there and schemas.COPY not in there:
        raise StoreError(f"{where}: it isn't empty; copy into a new database")
    if not there:
        await connection.execute(f"CREATE TABLE {schemas.COPY} AS SELECT $1::text AS source, 0 AS begun", source)
    begun = await connection.fetchrow(f"SELECT source, begun FROM {schemas.COPY}")  # noqa: S608
    if begun is None or begun["source"] != source:
        raise StoreError(f"{where}: a copy of another database into it was begun; drop its tables first")
    if begun["begun"]:
        return
    await schemas.prepare(connection, where, steps, upgrade=True, copying=True)
    async with connection.transaction():
        for table in reversed(tables(steps)):
            await connection.execute(f"DELETE FROM {table.name}")  # noqa: S608
        await connection.execute(f"UPDATE {schemas.COPY} SET begun = 1")  # noqa: S608

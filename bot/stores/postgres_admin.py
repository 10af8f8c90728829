"""What the command line does with a PostgreSQL database beside running a coach on it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg

from bot.core.errors import StoreError, StoreTooNew
from bot.core.ports import no_crash
from bot.stores import postgres_schema as schemas
from bot.stores.postgres_copies import opened
from bot.stores.postgres_link import Server, Slot
from bot.stores.postgres_units import Runner
from bot.stores.sql import QUERIES, SCHEMA, Migration, load_migrations, load_queries
from bot.stores.tables import tables
from bot.stores.units import Start

# An index or a constraint that was added without being finished.
_UNFINISHED: Final = """
SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = current_schema()::regnamespace AND NOT (i.indisvalid AND i.indisready)
UNION ALL SELECT conname FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND NOT convalidated
"""


async def look(url: str, start: Start) -> Any:  # noqa: ANN401
    """What a unit that only reads returns. Raises what it raises, StoreAway, or StoreError."""
    async with opened(url) as (connection, where):
        await _require(connection, where, load_migrations(SCHEMA))
    server = Server(url, random.Random(), 0.0)  # noqa: S311 - it spreads retries, and there are none
    slot = Slot(server, reading=True)
    try:
        return await Runner(server.where, load_queries(QUERIES), no_crash).read(slot, start)
    finally:
        await slot.close()


async def upgrade(url: str, *, schema: Path = SCHEMA) -> tuple[int, int]:
    """Bring a database to the latest version: (version before, version now). Raises StoreAway, StoreError."""
    steps = load_migrations(schema)
    async with opened(url) as (connection, where):
        if not await schemas.require_version(connection, where, steps, upgrade=True):
            raise StoreError(f"{where}: it has no tables yet; the coach makes them when it starts")
        return await schemas.prepare(connection, where, steps, upgrade=True), len(steps)


async def exists(url: str) -> bool:
    """Whether a coach has made its tables in a database. Raises StoreAway, StoreError."""
    async with opened(url) as (connection, where):
        return bool(await schemas.require_version(connection, where, load_migrations(SCHEMA), upgrade=True))


async def problems(url: str, *, schema: Path = SCHEMA) -> list[str]:
    """What is wrong with a database, one line each. Raises StoreAway, or StoreError where it can't be looked at."""
    steps = load_migrations(schema)
    async with opened(url) as (connection, where):
        try:
            await _require(connection, where, steps)
        except StoreTooNew:
            raise
        except StoreError as error:
            return [str(error)]
        found = [
            f"{where}: {row[0]} was never finished; drop it, and run: mlops-coach db upgrade"
            for row in await connection.fetch(_UNFINISHED)
        ]
        return found + await _behind(connection, where, steps)


async def _behind(connection: asyncpg.Connection, where: str, steps: Sequence[Migration]) -> list[str]:
    """Tables that would give a number a second time, as after rows were put in by hand."""
    found = []
    for table in tables(steps):
        if not table.numbered:
            continue
        sequence = await connection.fetchval("SELECT pg_get_serial_sequence($1, $2)", table.name, table.numbered)
        given = await connection.fetchval(f"SELECT last_value FROM {sequence}")  # noqa: S608
        if given < await connection.fetchval(f"SELECT coalesce(max({table.numbered}), 0) FROM {table.name}"):  # noqa: S608
            found.append(f"{where}: {sequence} is behind its table; set it to the highest {table.numbered}")
    return found


async def _require(connection: asyncpg.Connection, where: str, steps: Sequence[Migration]) -> None:
    if not await schemas.require_version(connection, where, steps, upgrade=False):
        raise StoreError(f"{where}: it has no tables yet; the coach makes them when it starts")

"""The schema of a PostgreSQL database: made and brought up to date once, however many processes start together."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import asyncpg

from bot.core.errors import StoreDamaged, StoreError
from bot.stores import dialect
from bot.stores.postgres_errors import VENDOR, translate
from bot.stores.sql import Migration, require_known

_LOCK: Final = 0x4D4C4F43
"""The advisory lock of whoever changes the schema ("MLOC")."""

COPY: Final = "store_copy"
"""A table that is there while another database is copied into this one."""

# Which transaction a connection committed last: what a process asks that lost its connection during a commit. Rows are
# rewritten at every commit, so half of each page is left free for that. The number that the server gives a transaction
# wouldn't do: after a crash it may be given to another one.
_COMMITS: Final = """
CREATE TABLE IF NOT EXISTS store_commits (
    connection TEXT PRIMARY KEY, number BIGINT NOT NULL, at TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)
"""
_TABLES: Final = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname
"""


async def tables(connection: asyncpg.Connection) -> list[str]:
    """The names of the tables in a database, the store's own among them."""
    return [row["relname"] for row in await connection.fetch(_TABLES)]


async def require_version(
    connection: asyncpg.Connection, where: str, steps: Sequence[Migration], *, upgrade: bool, copying: bool = False
) -> int:
    """The schema version found, 0 in an empty database. Raises StoreTooNew, StoreDamaged, or StoreError.

    One that is being copied into is refused, but to whoever does the `copying`.
    """
    there = await tables(connection)
    if COPY in there:
        if not copying:
            raise StoreError(f"{where}: a copy into it isn't finished; run the same copy or restore again")
        there.remove(COPY)
    if "schema_migrations" not in there:
        if there:
            raise StoreDamaged(f"{where}: it is the database of another program; choose another database")
        return 0
    found = await connection.fetch("SELECT version, name FROM schema_migrations ORDER BY version")
    newest = found[-1]["version"] if found else 0
    require_known(where, newest, [row["name"] for row in found], steps, upgrade=upgrade)
    return int(newest)


async def prepare(
    connection: asyncpg.Connection, where: str, steps: Sequence[Migration], *, upgrade: bool, copying: bool = False
) -> int:
    """Make the tables, or bring them up to date unless `upgrade` is False; the version that was found (0: new).

    Raises as `require_version` does, and StoreError for a database that can't hold every text.
    """
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise StoreError(f"{where}: its encoding is {encoding}; create it with ENCODING 'UTF8'")
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
    try:
        found = await require_version(connection, where, steps, upgrade=upgrade, copying=copying)
        for step in steps[found:]:
            await _apply(connection, where, step)
        await connection.execute(_COMMITS)
        await connection.execute("DELETE FROM store_commits WHERE at < now() - interval '7 days'")
    finally:
        with suppress(*VENDOR):  # a connection that is gone holds no lock
            await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)
    return found


async def _apply(connection: asyncpg.Connection, where: str, step: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(
                "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL)"
            )
            await connection.execute(dialect.schema(step.sql))
            await connection.execute("INSERT INTO schema_migrations VALUES ($1, $2)", step.version, step.name)
    except asyncpg.PostgresError as error:
        raise translate(error, where, f"the migration {step.name} failed and was undone") from error

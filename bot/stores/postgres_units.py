"""Runs units of work on a connection of PostgreSQL, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from bot.core.errors import StoreError
from bot.core.ports import CrashPoint, Query, Row
from bot.stores import dialect, units
from bot.stores.dialect import Statement
from bot.stores.postgres_errors import READ_ONLY, VENDOR, is_conflict, state, translate
from bot.stores.postgres_link import Lost, Slot
from bot.stores.units import Start

_WRITING: Final = "BEGIN ISOLATION LEVEL SERIALIZABLE"
_READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

# Told with the commit, in one message to the server. Names and numbers are the store's own.
_COMMIT: Final = """
INSERT INTO store_commits VALUES ('{name}', {unit}, now())
ON CONFLICT (connection) DO UPDATE SET unit = excluded.unit, at = excluded.at;
COMMIT
"""
# Waits for a commit that is still under way on the old connection, and keeps it from coming later.
_COMMITTED: Final = """
INSERT INTO store_commits VALUES ($1, 0, now())
ON CONFLICT (connection) DO UPDATE SET at = excluded.at RETURNING unit
"""


class Conflict(Exception):
    """The transaction was undone because of others that ran beside it; the cause is the server's error."""


class InDoubt(Exception):
    """The connection broke while a unit was being committed: whether it was has to be asked. The cause is why."""

    def __init__(self, value: Any) -> None:  # noqa: ANN401 - a unit returns what it likes
        self.value = value
        """What the unit returned; it holds if it was committed."""
        super().__init__()


class Runner:
    """Runs units with the queries of a store."""

    def __init__(self, where: str, queries: Mapping[str, str], crash: CrashPoint) -> None:
        self._where = where
        self._crash = crash
        self._statements = {name: dialect.statement(sql) for name, sql in queries.items()}

    async def write(self, slot: Slot, start: Start) -> Any:  # noqa: ANN401
        """Run a unit in a transaction; its result once that is durable.

        Raises Conflict, Lost or InDoubt when it may be run again; what the unit raises, or StoreError, when not.
        """
        async with self._transaction(slot, _WRITING) as connection:
            run = _Run(self._where, self._statements, connection)
            value = await run.drive(start)
            self._crash("commit.before")
            if run.changed:
                await _commit(slot, connection, value)
            else:  # if this gets lost, nothing is: the unit is run again
                await connection.execute("COMMIT")
        self._crash("commit.after")
        return value

    async def read(self, slot: Slot, start: Start) -> Any:  # noqa: ANN401
        """Run a unit against one state of the database. Raises Lost, what the unit raises, or StoreError."""
        async with self._transaction(slot, _READING) as connection:
            value = await _Run(self._where, self._statements, connection, reading=True).drive(start)
            await connection.execute("COMMIT")
        return value

    async def was_committed(self, slot: Slot) -> bool:
        """Whether the unit that a slot was committing last is in the database; if not, it won't come later.

        Raises Lost, StoreError.
        """
        connection = await slot.connection()
        try:
            return bool(await connection.fetchval(_COMMITTED, slot.name) == slot.units)
        except VENDOR as error:
            raise self._told(slot, error) from error

    @asynccontextmanager
    async def _transaction(self, slot: Slot, begin: str) -> AsyncIterator[asyncpg.Connection]:
        connection = await slot.connection()
        try:
            await connection.execute(begin)
            yield connection
        except VENDOR as error:
            told = self._told(slot, error)
            await _undo(slot, connection)
            raise told from error
        except Exception:
            await _undo(slot, connection)
            raise
        except BaseException:  # cancelled in the middle of who knows what
            slot.drop()
            raise

    def _told(self, slot: Slot, error: BaseException) -> Exception:
        if is_conflict(error):
            return Conflict()
        return Lost() if slot.broken(error) else translate(error, self._where)


class _Run:
    """One unit on its way through a transaction. `changed` tells whether it may have changed anything."""

    def __init__(
        self,
        where: str,
        statements: Mapping[str, Statement],
        connection: asyncpg.Connection,
        *,
        reading: bool = False,
    ) -> None:
        self.changed = False
        self._where = where
        self._statements = statements
        self._connection = connection
        self._reading = reading

    async def drive(self, start: Start) -> Any:  # noqa: ANN401
        unit = units.begun(start)
        found: Any = None  # what a generator is begun with
        try:
            for _ in range(units.MAX_STATEMENTS):
                found = await self._rows(unit.send(found))
        except StopIteration as end:
            return end.value
        finally:
            unit.close()
        raise units.endless(self._where)

    async def _rows(self, query: Query) -> Sequence[Row]:
        statement = self._statements.get(query.name) if isinstance(query, Query) else None
        if statement is None or query.params.keys() != statement.parameters:
            raise units.misuse(query, statement.parameters if statement else None)
        try:
            found = await self._connection.fetch(statement.sql, *[_storable(query.params[n]) for n in statement.names])
        except VENDOR as error:
            if is_conflict(error) or self._connection.is_closed():
                raise
            raise self._refused(error, query) from error
        if statement.writes and (found or not statement.tells):
            self.changed = True
        return [dict(row) for row in found]

    def _refused(self, error: BaseException, query: Query) -> StoreError:
        if self._reading and state(error) == READ_ONLY:
            return StoreError(f"the query {query.name} writes; run it in a unit that may write")
        return translate(error, self._where, f"the query {query.name}")


async def _commit(slot: Slot, connection: asyncpg.Connection, value: object) -> None:
    slot.units += 1
    try:
        await connection.execute(_COMMIT.format(name=slot.name, unit=slot.units))
    except VENDOR as error:
        if slot.broken(error):
            raise InDoubt(value) from error
        raise


async def _undo(slot: Slot, connection: asyncpg.Connection) -> None:
    if connection.is_closed():
        slot.drop()
        return
    try:
        await connection.execute("ROLLBACK")
    except VENDOR:
        slot.drop()


def _storable(value: str | float | None) -> str | float | None:
    """The one character that PostgreSQL's texts can't hold becomes the one that stands for what can't be shown."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value

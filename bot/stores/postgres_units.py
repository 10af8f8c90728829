"""Runs units of work on a connection of PostgreSQL: many to a transaction for writing, each in its own for reading.

One transaction writes at a time, whichever process it is of: each begins by taking a lock that is let go when it ends.
That was measured against serializable transactions beside each other (8 connections, 400 answers in 8 channels, on the
same two busy cores): of those, two of five were undone and run again, because what is read and written here is small
and the same (the end of an index, a channel's outbox). They took 57 to 520 answers a second and graded 15 to 80; one
after the other it is 250 to 570 and 53 to 85, an edit can't overtake the words that it replaces, and nobody starves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import asyncpg

from bot.core.errors import StoreError
from bot.core.ports import CrashPoint, Query, Row, one, rows
from bot.stores import dialect, units
from bot.stores.dialect import Statement
from bot.stores.postgres_errors import READ_ONLY, VENDOR, is_conflict, state, translate
from bot.stores.postgres_link import Again, Lost, Slot, patiently
from bot.stores.units import Done, Failed, Outcome, Start

WRITERS_LOCK: Final = 0x4D4C4F43_57
"""The advisory lock of whoever writes ("MLOC", "W"). The server lends it in the order in which it was asked for."""

_WRITING: Final = f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({WRITERS_LOCK})"

# Told with the commit, in one message to the server. Names and numbers are the store's own.
_COMMIT: Final = """
INSERT INTO store_commits VALUES ('{name}', {number}, now())
ON CONFLICT (connection) DO UPDATE SET number = excluded.number, at = excluded.at;
COMMIT
"""
_COMMITTED: Final = "SELECT number FROM store_commits WHERE connection = $1"


class _InDoubt(Exception):
    """The connection broke during the commit: whether it was done has to be asked. The cause is why."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        self.outcomes = outcomes
        """They hold if it was."""
        super().__init__()


class _Undone(Exception):
    """One unit's fault undid the whole transaction; the cause is that fault."""


class Runner:
    """Runs units with the queries of a store."""

    def __init__(self, where: str, queries: Mapping[str, str], crash: CrashPoint) -> None:
        self._where = where
        self._crash = crash
        self._statements = {name: dialect.statement(sql) for name, sql in queries.items()}

    async def write(self, slot: Slot, batch: Sequence[Start]) -> list[Outcome]:
        """Run units in order in one transaction; their outcomes are durable on return.

        A unit that raises is undone alone. A server that is away is waited for. Never raises: when the transaction
        can't be committed, nothing of it is there and every outcome says so.
        """
        # Savepoints cost two messages to the server and are hardly ever needed: the first try does without.
        for attempt in (_plain, _in_savepoint):
            try:
                return await patiently(slot.server, partial(self._durable, slot, batch, attempt))
            except _Undone as undone:
                if len(batch) == 1:
                    return [Failed(undone.__cause__ or undone)]
            except Exception as error:  # noqa: BLE001 - every caller gets it, and the writer lives on
                return [Failed(error) for _ in batch]
        # Which unit is to blame shows when each has a transaction of its own.
        return [(await self.write(slot, [start]))[0] for start in batch]

    async def read(self, slot: Slot, start: Start) -> Any:  # noqa: ANN401
        """The result of a unit run against one state of the database, on a slot for reading.

        Raises what the unit raises, or StoreError.
        """
        return await patiently(slot.server, lambda: self._read(slot, start))

    async def _read(self, slot: Slot, start: Start) -> Any:  # noqa: ANN401
        try:
            # A single query needs no transaction around it to be of one state, and two messages fewer.
            single = getattr(start, "func", None) in (one, rows)
            async with self._transaction(slot, "" if single else "BEGIN") as connection:
                outcome = await _plain(_Run(self._where, self._statements, slot, connection, reading=True), start)
                if not single:
                    await connection.execute("COMMIT")
        except _Undone as undone:
            raise undone.__cause__ or undone from None
        return outcome.value

    async def _durable(self, slot: Slot, batch: Sequence[Start], attempt: _Attempt) -> list[Outcome]:
        try:
            return await self._write(slot, batch, attempt)
        except _InDoubt as doubt:
            slot.server.lost(doubt)
            if await patiently(slot.server, lambda: self._was_committed(slot)):
                return doubt.outcomes
            raise Again from doubt.__cause__

    async def _write(self, slot: Slot, batch: Sequence[Start], attempt: _Attempt) -> list[Outcome]:
        async with self._transaction(slot, _WRITING) as connection:
            run = _Run(self._where, self._statements, slot, connection)
            outcomes = [await attempt(run, start) for start in batch]
            self._crash("commit.before")
            if run.changed:
                await self._commit(slot, connection, outcomes)
            else:  # if this gets lost, nothing is: the units are run again
                await connection.execute("COMMIT")
        self._crash("commit.after")
        return outcomes

    async def _commit(self, slot: Slot, connection: asyncpg.Connection, outcomes: list[Outcome]) -> None:
        slot.commits += 1
        try:
            await connection.execute(_COMMIT.format(name=slot.name, number=slot.commits))
        except VENDOR as error:
            if slot.broken(error):
                raise _InDoubt(outcomes) from error
            if isinstance(error, asyncpg.IntegrityConstraintViolationError):  # a deferred constraint
                raise _Undone from translate(error, self._where)
            raise

    async def _was_committed(self, slot: Slot) -> bool:
        """Whether what a slot was committing last is in the database; if not, it won't come later.

        The lock is lent only when the transaction in doubt has ended.
        """
        async with self._transaction(slot, _WRITING) as connection:
            number = await connection.fetchval(_COMMITTED, slot.name)
            await connection.execute("COMMIT")
        return bool(number == slot.commits)

    @asynccontextmanager
    async def _transaction(self, slot: Slot, begin: str) -> AsyncIterator[asyncpg.Connection]:
        """Raises Again where it may be repeated; what is raised inside, or StoreError, where not."""
        connection = await slot.connection()
        try:
            if begin:
                await connection.execute(begin)
            yield connection
        except VENDOR as error:
            told = _again(slot, error) or translate(error, self._where)
            await _undo(slot, connection)
            raise told from told.__cause__ or error
        except Exception:
            await _undo(slot, connection)
            raise
        except BaseException:  # cancelled in the middle of who knows what
            slot.drop()
            raise


async def _plain(run: _Run, start: Start) -> Done:
    try:
        return Done(await run.drive(start))
    except Again:
        raise
    except Exception as error:
        raise _Undone from error


async def _in_savepoint(run: _Run, start: Start) -> Outcome:
    await run.connection.execute("SAVEPOINT unit")
    try:
        value = await run.drive(start)
    except Again:
        raise
    except Exception as error:  # noqa: BLE001 - its caller gets it
        await run.connection.execute("ROLLBACK TO unit; RELEASE unit")
        return Failed(error)
    await run.connection.execute("RELEASE unit")
    return Done(value)


_Attempt = Callable[["_Run", Start], Awaitable[Outcome]]


class _Run:
    """One unit on its way through a transaction. `changed` tells whether it may have changed anything."""

    def __init__(
        self,
        where: str,
        statements: Mapping[str, Statement],
        slot: Slot,
        connection: asyncpg.Connection,
        *,
        reading: bool = False,
    ) -> None:
        self.changed = False
        self._where = where
        self._statements = statements
        self._slot = slot
        self.connection = connection
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
            found = await self.connection.fetch(statement.sql, *[_storable(query.params[n]) for n in statement.names])
        except VENDOR as error:
            told = _again(self._slot, error) or self._refused(error, query)
            raise told from told.__cause__ or error
        if statement.writes and (found or not statement.tells):
            self.changed = True
        return [dict(row) for row in found] if found else ()

    def _refused(self, error: BaseException, query: Query) -> StoreError:
        if self._reading and state(error) == READ_ONLY:
            return StoreError(f"the query {query.name} writes; run it in a unit that may write")
        return translate(error, self._where, f"the query {query.name}")


def _again(slot: Slot, error: BaseException) -> Again | None:
    """What an error of the server means where the transaction may be repeated."""
    if is_conflict(error):
        return Again()
    return Lost() if slot.broken(error) else None


async def _undo(slot: Slot, connection: asyncpg.Connection) -> None:
    if connection.is_closed():
        slot.drop()
        return
    if not connection.is_in_transaction():
        return
    try:
        await connection.execute("ROLLBACK")
    except VENDOR:
        slot.drop()


def _storable(value: str | float | None) -> str | float | None:
    """The one character that PostgreSQL's texts can't hold becomes the one that stands for what can't be shown."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value

"""Runs units of work on a connection of sqlite3: many to a transaction for writing, each in its own for reading.

Everything here blocks and is meant for the connection's thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.core.errors import StoreError
from bot.core.ports import CrashPoint, Query, Row, Unit
from bot.stores.sql import parameters
from bot.stores.sqlite_errors import primary_code, translate

Start = Callable[[], Unit[Any]]
"""Begins a unit of work anew: it may be called again when a transaction has to be repeated."""

MAX_STATEMENTS: Final = 100_000
"""A unit that yields more is stopped: it would keep everybody else waiting."""


@dataclass(frozen=True, slots=True)
class Done:
    """A unit's result."""

    value: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """What a unit raised, or what kept it from becoming durable."""

    error: BaseException


Outcome = Done | Failed


class _Undone(Exception):
    """One unit's fault undid the whole transaction; the cause is that fault."""


class Runner:
    """Runs units with the queries of a store."""

    def __init__(self, path: Path, queries: Mapping[str, str], crash: CrashPoint) -> None:
        self._path = path
        self._crash = crash
        self._statements = {name: (sql, parameters(sql)) for name, sql in queries.items()}

    def write(self, connection: sqlite3.Connection, batch: Sequence[Start]) -> list[Outcome]:
        """Run units in order in one transaction, each in a savepoint; their outcomes are durable on return.

        Never raises: when the transaction can't be committed, nothing of it is there and every outcome says so.
        """
        try:
            return self._transaction(connection, batch)
        except _Undone as undone:
            if len(batch) == 1:
                return [Failed(self._fault(undone.__cause__ or undone))]
            # Which unit is to blame shows when each has a transaction of its own.
            return [self.write(connection, [start])[0] for start in batch]
        except BaseException as error:  # noqa: BLE001 - every caller gets it, and the writer lives on
            return [Failed(self._fault(error)) for _ in batch]

    def read(self, connection: sqlite3.Connection, start: Start) -> Outcome:
        """Run a unit against one state of the database. Never raises."""
        try:
            connection.execute("BEGIN")
            try:
                return Done(self._drive(connection, start))
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except BaseException as error:  # noqa: BLE001 - its caller gets it
            return Failed(self._fault(error))

    def _transaction(self, connection: sqlite3.Connection, batch: Sequence[Start]) -> list[Outcome]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [self._in_savepoint(connection, start) for start in batch]
            self._crash("commit.before")
            try:
                connection.execute("COMMIT")
            except sqlite3.IntegrityError as error:  # a deferred constraint
                raise _Undone from error
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self._crash("commit.after")
        return outcomes

    def _in_savepoint(self, connection: sqlite3.Connection, start: Start) -> Outcome:
        connection.execute("SAVEPOINT unit")
        try:
            value = self._drive(connection, start)
        except Exception as error:
            if not connection.in_transaction:  # SQLite gives up all of it, as when the disk is full
                raise _Undone from error
            connection.execute("ROLLBACK TO unit")
            connection.execute("RELEASE unit")
            return Failed(self._fault(error))
        connection.execute("RELEASE unit")
        return Done(value)

    def _drive(self, connection: sqlite3.Connection, start: Start) -> Any:  # noqa: ANN401
        unit = start()
        if not isinstance(unit, Generator):
            raise TypeError(f"a unit of work is a generator function, not one that returns {type(unit).__name__}")
        try:
            query = next(unit)
            for _ in range(MAX_STATEMENTS):
                query = unit.send(self._rows(connection, query))
        except StopIteration as end:
            return end.value
        finally:
            unit.close()
        raise StoreError(f"{self._path}: a unit of work went beyond {MAX_STATEMENTS} statements; split it")

    def _rows(self, connection: sqlite3.Connection, query: Query) -> Sequence[Row]:
        if not isinstance(query, Query):
            raise TypeError(f"a unit of work yields queries, not {type(query).__name__}")
        known = self._statements.get(query.name)
        if known is None:
            raise StoreError(f"there is no query named {query.name!r}; add it to the queries of the store")
        sql, names = known
        if query.params.keys() != names:
            wrong = ", ".join(sorted(query.params.keys() ^ names))
            raise StoreError(f"the query {query.name} was given the wrong parameters; compare: {wrong}")
        try:
            cursor = connection.execute(sql, query.params)
            found = cursor.fetchall()
        except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
            doing = f"the query {query.name}"
            if primary_code(error) == sqlite3.SQLITE_READONLY and _only_reads(connection):
                raise StoreError(f"{doing} writes; run it in a unit that may write") from error
            raise translate(error, self._path, doing) from error
        if not found:
            return ()
        columns = [column[0] for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in found]

    def _fault(self, error: BaseException) -> BaseException:
        if isinstance(error, (sqlite3.Error, OSError)):
            return translate(error, self._path)
        if isinstance(error, StopIteration):  # no future takes it
            return RuntimeError("a unit of work raised StopIteration before it began")
        return error


def _only_reads(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA query_only").fetchone()[0])

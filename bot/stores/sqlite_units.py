"""Runs units of work on a connection of sqlite3: many to a transaction for writing, each in its own for reading.

Everything here blocks and is meant for the connection's thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.core.errors import StoreError
from bot.core.ports import CrashPoint, Query, Row, is_soft
from bot.stores import units
from bot.stores.sql import parameters
from bot.stores.sqlite_errors import primary_code, translate
from bot.stores.units import Done, Failed, Outcome, Start


@dataclass(slots=True)
class _Statement:
    """A query; `columns` are learnt at its first rows, since the schema stays as it is while a store is open.

    Its parameters are looked for when it is first used: most queries aren't for long after the start.
    """

    sql: str
    columns: tuple[str, ...] = ()
    _parameters: frozenset[str] | None = None

    @property
    def parameters(self) -> frozenset[str]:
        if self._parameters is None:
            self._parameters = parameters(self.sql)
        return self._parameters


class _Undone(Exception):
    """One unit's fault undid the whole transaction; the cause is that fault."""


class Runner:
    """Runs units with the queries of a store."""

    def __init__(self, path: Path, queries: Mapping[str, str], crash: CrashPoint) -> None:
        self._path = path
        self._crash = crash
        self._flushing = True
        self.flushes = 0
        """Commits that waited for the disk."""
        self._statements = {name: _Statement(sql) for name, sql in queries.items()}

    def write(self, connection: sqlite3.Connection, batch: Sequence[Start]) -> list[Outcome]:
        """Run units in order in one transaction; their outcomes are durable on return.

        A unit that raises is undone alone. Never raises: when the transaction can't be committed, nothing of it is
        there and every outcome says so.
        """
        # Savepoints cost a third of a unit and are hardly ever needed: the first try does without.
        for attempt in (self._plain, self._in_savepoint):
            try:
                return self._transaction(connection, batch, attempt)
            except _Undone as undone:
                if len(batch) == 1:
                    return [Failed(self._fault(undone.__cause__ or undone))]
            except BaseException as error:  # noqa: BLE001 - every caller gets it, and the writer lives on
                return [Failed(self._fault(error)) for _ in batch]
        # Which unit is to blame shows when each has a transaction of its own.
        return [self.write(connection, [start])[0] for start in batch]

    def read(self, connection: sqlite3.Connection, batch: Sequence[Start]) -> list[Outcome]:
        """Run units against one state of the database. Never raises; a unit that does fails alone."""
        outcomes: list[Outcome] = []
        try:
            for start in batch:
                if not connection.in_transaction:  # also after a fault that ended it
                    connection.execute("BEGIN")
                outcomes.append(self._seen(connection, start))
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except BaseException as error:  # noqa: BLE001 - every caller who has no outcome gets it
            outcomes += [Failed(self._fault(error))] * (len(batch) - len(outcomes))
        return outcomes

    def _seen(self, connection: sqlite3.Connection, start: Start) -> Outcome:
        try:
            return Done(self._drive(connection, start))
        except BaseException as error:  # noqa: BLE001 - its caller gets it
            return Failed(self._fault(error))

    def _transaction(
        self,
        connection: sqlite3.Connection,
        batch: Sequence[Start],
        attempt: Callable[[sqlite3.Connection, Start], Outcome],
    ) -> list[Outcome]:
        flushed = not all(is_soft(start) for start in batch)
        if flushed != self._flushing:
            connection.execute(f"PRAGMA synchronous = {'FULL' if flushed else 'NORMAL'}")
            self._flushing = flushed
        connection.execute("BEGIN IMMEDIATE")
        before = connection.total_changes
        try:
            outcomes = [attempt(connection, start) for start in batch]
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
        self.flushes += flushed and connection.total_changes > before  # what changes nothing is not written
        return outcomes

    def _plain(self, connection: sqlite3.Connection, start: Start) -> Outcome:
        try:
            return Done(self._drive(connection, start))
        except Exception as error:
            raise _Undone from error

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
        unit = units.begun(start)
        found: Any = None  # what a generator is begun with
        try:
            for _ in range(units.MAX_STATEMENTS):
                found = self._rows(connection, unit.send(found))
        except StopIteration as end:
            return end.value
        finally:
            unit.close()
        raise units.endless(self._path)

    def _rows(self, connection: sqlite3.Connection, query: Query) -> Sequence[Row]:
        statement = self._statements.get(query.name) if isinstance(query, Query) else None
        # SQLite itself finds what is missing; comparing the names would cost as much as some statements do.
        if statement is None or len(query.params) != len(statement.parameters):
            raise units.misuse(query, statement.parameters if statement else None)
        try:
            cursor = connection.execute(statement.sql, query.params)
            found = cursor.fetchall()
        except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
            if query.params.keys() != statement.parameters:
                raise units.misuse(query, statement.parameters) from error
            doing = f"the query {query.name}"
            if primary_code(error) == sqlite3.SQLITE_READONLY and _only_reads(connection):
                raise StoreError(f"{doing} writes; run it in a unit that may write") from error
            raise translate(error, self._path, doing) from error
        if not found:
            return ()
        if not statement.columns:
            statement.columns = tuple(column[0] for column in cursor.description)
        columns = statement.columns
        return [dict(zip(columns, row, strict=False)) for row in found]

    def _fault(self, error: BaseException) -> BaseException:
        if isinstance(error, (sqlite3.Error, OSError)):
            return translate(error, self._path)
        if isinstance(error, StopIteration):  # no future takes it
            return RuntimeError("a unit of work raised StopIteration before it began")
        return error


def _only_reads(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA query_only").fetchone()[0])

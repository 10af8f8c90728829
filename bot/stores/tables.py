"""The tables of the coach, whatever database they are in: their columns, their keys, and who refers to whom."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from bot.stores.sql import Migration

_NUMBERED: Final = re.compile(r"\b(?P<column>\w+)\s+INTEGER\s+PRIMARY\s+KEY\b")


@dataclass(frozen=True, slots=True)
class Table:
    """One table. Rows are told apart and sorted by `key`; `numbered` is the column that counts by itself, if any."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    numbered: str
    parents: frozenset[str]

    def key_of(self, row: Sequence[object]) -> tuple[object, ...]:
        """The key of a row of all columns."""
        return tuple(row[self.columns.index(column)] for column in self.key)


def tables(steps: Sequence[Migration]) -> tuple[Table, ...]:
    """All tables that migrations make, each after those that it refers to."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for step in steps:
            connection.executescript(step.sql)
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        made = {name: _table(connection, name) for (name,) in sorted(found)}
    return tuple(_parents_first(made))


def _table(connection: sqlite3.Connection, name: str) -> Table:
    columns = connection.execute("SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid", (name,)).fetchall()
    key = [(place, column) for column, _, place in columns if place]
    parents = connection.execute('SELECT "table" FROM pragma_foreign_key_list(?)', (name,))
    (made,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    numbered = _NUMBERED.search(made)
    return Table(
        name,
        tuple(column for column, _, _ in columns),
        tuple(column for _, column in sorted(key)),
        numbered["column"] if numbered else "",
        frozenset(parent for (parent,) in parents),
    )


def _parents_first(made: dict[str, Table]) -> Iterator[Table]:
    placed: set[str] = set()
    while len(placed) < len(made):
        ready = [table for table in made.values() if table.name not in placed and table.parents <= placed]
        placed.update(table.name for table in ready)
        yield from ready

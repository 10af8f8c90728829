"""Copies a whole database into another one, of the same kind or not, and checks it row for row.

Rows go over in the order of their keys, so a copy that was cut off goes on after the highest key that arrived.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final, Protocol

from bot.core.errors import StoreError
from bot.stores.tables import Table

PAGE: Final = 2_000
"""Rows that are read, and made durable, together."""

Row = tuple[Any, ...]


class Source(Protocol):
    """A database as it was at one moment."""

    @property
    def where(self) -> str: ...

    async def count(self, table: Table) -> int:
        """How many rows a table has."""
        ...

    async def page(self, table: Table, after: Row | None) -> Sequence[Row]:
        """The next PAGE rows in the order of their keys, after a key (None: from the first)."""
        ...

    async def numbered_to(self, table: Table) -> int:
        """The highest number that a table has given out; 0 for none."""
        ...


class Target(Source, Protocol):
    """A database that is being filled."""

    async def last(self, table: Table) -> Row | None:
        """The highest key in a table."""
        ...

    async def add(self, table: Table, found: Sequence[Row]) -> None:
        """Store rows; they are durable on return."""
        ...

    async def go_on_from(self, table: Table, number: int) -> None:
        """Have a table give out only numbers above this one."""
        ...


def nothing(_: int) -> None:
    """Tells nobody about progress."""


async def copy(
    source: Source, target: Target, tables: Sequence[Table], progress: Callable[[int], None] = nothing
) -> int:
    """Fill the target with all that is in the source, and compare them; the number of rows.

    `progress` is told how many more rows were copied, or compared: twice the number of rows in all. Raises StoreError
    when they aren't the same in the end, as when the source was changed between two runs.
    """
    copied = 0
    for table in tables:
        last = await target.last(table)
        if last is not None:  # a run before this one was cut off
            progress(await target.count(table))
        async for found in pages(source, table, last):
            await target.add(table, found)
            progress(len(found))
        if table.numbered:
            await target.go_on_from(table, await source.numbered_to(table))
    for table in tables:
        copied += await compare(source, target, table, progress)
    return copied


async def compare(source: Source, target: Source, table: Table, progress: Callable[[int], None] = nothing) -> int:
    """How many rows a table has in both. Raises StoreError where they differ."""
    same = 0
    async with AsyncExitStack() as stack:
        ours, theirs = pages(source, table), pages(target, table)
        stack.push_async_callback(ours.aclose)
        stack.push_async_callback(theirs.aclose)
        while True:
            there, here = await anext(ours, None), await anext(theirs, None)
            for one, other in itertools.zip_longest(there or (), here or ()):
                if one != other:
                    raise StoreError(
                        f"{target.where}: row {same + 1} of {table.name} isn't as in {source.where}, which may have"
                        " changed since the copy began; copy it anew into an empty database"
                    )
                same += 1
            if there is None:
                return same
            progress(len(there))


async def pages(end: Source, table: Table, after: Row | None = None) -> AsyncGenerator[Sequence[Row], None]:
    """All rows of a table after a key, some at a time."""
    while found := await end.page(table, after):
        yield found
        after = table.key_of(found[-1])

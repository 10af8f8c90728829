"""What the command line does with a database beside running a coach on it, by its address."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Final, ParamSpec, TypeVar, cast

from bot.core.errors import StoreError
from bot.core.ports import Unit, rows
from bot.stores import copying, is_postgres, open_store, sqlite, sqlite_copies, sqlite_file
from bot.stores import sqlite_files as files
from bot.stores.copying import Source, Target
from bot.stores.sql import SCHEMA, load_migrations
from bot.stores.tables import tables

T = TypeVar("T")
P = ParamSpec("P")

GAP: Final = 1_000_000
"""More messages than a coach posts between a backup and its restoring."""

Begin = Callable[[int], Callable[[int], None]]
"""Is told how many steps there will be, and returns what is told of each few that are done."""


async def look(url: str, unit: Callable[P, Unit[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run one unit that only reads against a database that other processes may be using.

    Raises what the unit raises; StoreError where there is no such database, or its schema isn't this version's.
    """
    if is_postgres(url):
        from bot.stores import postgres_admin

        return cast(T, await postgres_admin.look(url, partial(unit, *args, **kwargs)))
    return await sqlite.look(sqlite_file(url), unit, *args, **kwargs)


async def check(url: str) -> list[str]:
    """What is wrong with a database, one line each; also while in use. Raises StoreError where there is none."""
    if is_postgres(url):
        from bot.stores import postgres_admin

        return await postgres_admin.problems(url)
    return await sqlite.check(sqlite_file(url))


async def upgrade(url: str) -> tuple[int, int]:
    """Bring a database to the latest version: (version before, version now). Raises StoreError and its kinds."""
    if is_postgres(url):
        from bot.stores import postgres_admin

        return await postgres_admin.upgrade(url)
    return await sqlite.upgrade(sqlite_file(url))


async def exists(url: str) -> bool:
    """Whether there is a database of the coach at an address. Raises StoreError where that can't be told."""
    if is_postgres(url):
        from bot.stores import postgres_admin

        return await postgres_admin.exists(url)
    return sqlite_file(url).exists()


def shown(url: str) -> str:
    """An address fit to be shown: without a password."""
    if is_postgres(url):
        from bot.stores import postgres_link

        return postgres_link.shown(url)
    return str(sqlite_file(url))


async def backup(url: str, target: Path, begin: Begin) -> None:
    """Write a database as it is now to a new SQLite file, while it may be in use.

    Raises StoreError where `target` exists or there is no database, StoreUnwritable.
    """
    if not is_postgres(url):
        await sqlite.backup(sqlite_file(url), target)
        return
    file = sqlite_copies.filling(files.locate(target), load_migrations(SCHEMA), shown(url), resume=False)
    await _copied(reading(url), file, begin)


async def copy(source: str, target: str, begin: Begin) -> int:
    """Copy a database that nobody uses into an empty one, and check it row for row; the number of rows.

    The same copy goes on where it stopped when it was cut off. Raises StoreError where the target isn't empty or the
    two aren't the same in the end; StoreInUse.
    """
    if shown(source) == shown(target):
        raise StoreError(f"{shown(source)}: source and target are the same; name two databases")
    return await _copied(reading(source, alone=True), _filled(target, shown(source)), begin)


async def restore(file: Path, target: str, begin: Begin) -> None:
    """Put what `backup` wrote into an empty place, and check it.

    Raises StoreError where the place isn't empty or the file is no backup; StoreInUse, StoreDamaged.
    """
    if not is_postgres(target):
        await sqlite.restore(file, sqlite_file(target))
    else:
        backup = files.locate(file)
        await sqlite.require_sound(backup)
        async with sqlite_copies.upgraded(backup) as latest:
            source = sqlite_copies.reading(latest, load_migrations(SCHEMA), alone=False)
            await _copied(source, _filled(target, f"backup {backup}"), begin)
    store = await open_store(target)
    try:
        await store.write(_as_restored)
    finally:
        await store.close()


def _as_restored() -> Unit[None]:
    """Have what the coach posted after the backup was taken looked for, and none of its numbers used again."""
    yield from rows("outbox_may_be_posted")
    if (yield from rows("outbox_leave_gap", gap=GAP)):
        yield from rows("outbox_go_on")


def reading(url: str, *, alone: bool = False) -> AbstractAsyncContextManager[Source]:
    """A database as it is at one moment. With `alone` nobody else may be using it."""
    if is_postgres(url):
        from bot.stores import postgres_copies

        return postgres_copies.reading(url, load_migrations(SCHEMA), alone=alone)
    return sqlite_copies.reading(files.locate(sqlite_file(url)), load_migrations(SCHEMA), alone=alone)


def _filled(url: str, source: str) -> AbstractAsyncContextManager[Target]:
    if is_postgres(url):
        from bot.stores import postgres_copies

        return postgres_copies.filling(url, load_migrations(SCHEMA), source)
    return sqlite_copies.filling(files.locate(sqlite_file(url)), load_migrations(SCHEMA), source, resume=True)


async def _copied(
    source: AbstractAsyncContextManager[Source], target: AbstractAsyncContextManager[Target], begin: Begin
) -> int:
    every = tables(load_migrations(SCHEMA))
    async with source as read, target as filled:
        rows = 0
        for table in every:
            rows += await read.count(table)
        await copying.copy(read, filled, every, begin(2 * rows))
        return rows

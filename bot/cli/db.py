"""`mlops-coach db`: look after the database."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from bot import settings
from bot.coach import results
from bot.core.errors import StoreError
from bot.stores import admin, open_store

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_to(commands: _SubParsersAction[Any]) -> None:
    command = commands.add_parser("db", help="upgrade, check, back up, restore or move the database")
    verbs = command.add_subparsers(metavar="VERB", required=True)
    verbs.add_parser("upgrade", help="bring it up to this version").set_defaults(command=upgrade)
    look = verbs.add_parser("check", help="look for damage; the coach may be running")
    look.add_argument("--repair", action="store_true", help="make results and boards what the replies give")
    look.set_defaults(command=check)
    save = verbs.add_parser("backup", help="write a consistent copy, a SQLite file; the coach may be running")
    save.add_argument("target", type=Path)
    save.set_defaults(command=backup)
    load = verbs.add_parser("restore", help="put a backup into the empty place that COACH_DATABASE_URL names")
    load.add_argument("file", type=Path)
    load.set_defaults(command=restore)
    move = verbs.add_parser(
        "copy",
        help="copy a database into an empty one, such as from SQLite to PostgreSQL; the coach must not be running",
        description="Addresses are sqlite:/// and a path, or postgresql://user:password@host/database. When it is cut"
        " off, the same command goes on where it stopped.",
    )
    move.add_argument("source", metavar="SOURCE_URL")
    move.add_argument("target", metavar="TARGET_URL")
    move.set_defaults(command=copy)


async def upgrade(_: argparse.Namespace) -> int:
    """Raises StoreError."""
    url = settings.load().database_url
    before, after = await admin.upgrade(url)
    done = f"version {after}, nothing to do" if before == after else f"version {before} -> {after}"
    print(f"{admin.shown(url)}: {done}")
    return 0


async def check(arguments: argparse.Namespace) -> int:
    """1 when there are problems that stay, a line each. Raises StoreError."""
    url = settings.load().database_url
    problems = await admin.check(url)
    if not problems:  # sums over broken pages would say nothing
        problems = await admin.look(url, results.differences)
        if problems and arguments.repair:
            return await _repair()
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{admin.shown(url)}: no problems found")
    return int(bool(problems))


async def _repair() -> int:
    """Make results and boards what the replies give, and tell each change. Raises StoreError."""
    store = await open_store(settings.load().database_url)
    count = 0
    try:
        while changed := await store.write(results.repair):
            count += len(changed)
            for line in changed:
                print(f"repaired: {line}")
    finally:
        await store.close()
    print(f"{count} rows repaired")
    return 0


async def backup(arguments: argparse.Namespace) -> int:
    """Raises StoreError."""
    url = settings.load().database_url
    with _bar() as begin:
        await admin.backup(url, arguments.target, begin)
    print(f"{admin.shown(url)} -> {arguments.target}")
    return 0


async def restore(arguments: argparse.Namespace) -> int:
    """Raises StoreError."""
    url = settings.load().database_url
    with _bar() as begin:
        await admin.restore(arguments.file, url, begin)
    print(f"{arguments.file} -> {admin.shown(url)}: checked")
    return 0


async def copy(arguments: argparse.Namespace) -> int:
    """Raises StoreError. What is cut off in the middle, by whom or what ever, says how far it came."""
    copied = _Copied()
    try:
        with _bar() as begin:
            rows = await admin.copy(arguments.source, arguments.target, copied.counting(begin))
    except asyncio.CancelledError:
        if copied.begun:
            print(f"mlops-coach: cut off: {copied.told}", file=sys.stderr)
        raise
    except StoreError as error:
        if not copied.begun or copied.whole:  # refused, or not the same in the end
            raise
        raise StoreError(f"{error}; {copied.told}") from error
    print(f"{admin.shown(arguments.source)} -> {admin.shown(arguments.target)}: {rows:,} rows, checked one by one")
    return 0


class _Copied:
    """How far a copy has come: each row is a step to copy, and one more to check."""

    def __init__(self) -> None:
        self._rows = self._steps = 0
        self.begun = False

    def counting(self, begin: admin.Begin) -> admin.Begin:
        """Counts what is told of the progress, and passes it on."""

        def begun(steps: int) -> Callable[[int], None]:
            self.begun, self._rows, tell = True, steps // 2, begin(steps)

            def count(steps: int) -> None:
                self._steps += steps
                tell(steps)

            return count

        return begun

    @property
    def whole(self) -> bool:
        """Whether all rows are there."""
        return self._steps >= self._rows

    @property
    def told(self) -> str:
        """What is there, and what to do."""
        there = min(self._steps, self._rows)
        return f"{there:,} of {self._rows:,} rows are copied; the same command goes on from there"


@contextmanager
def _bar() -> Iterator[Callable[[int], Callable[[int], None]]]:
    """A progress bar that begins once it is known how many rows there are to copy and to check."""
    with tqdm(unit=" rows", disable=None, file=sys.stderr) as bar:

        def begin(total: int) -> Callable[[int], None]:
            bar.reset(total)
            return lambda count: bar.update(count) and None

        yield begin

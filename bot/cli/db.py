"""`mlops-coach db`: look after the database."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import settings
from bot.coach import results
from bot.stores import open_store, sqlite

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_to(commands: _SubParsersAction[Any]) -> None:
    command = commands.add_parser("db", help="upgrade, check or back up the database")
    verbs = command.add_subparsers(metavar="VERB", required=True)
    verbs.add_parser("upgrade", help="bring it up to this version").set_defaults(command=upgrade)
    look = verbs.add_parser("check", help="look for damage; the coach may be running")
    look.add_argument("--repair", action="store_true", help="make results and boards what the replies give")
    look.set_defaults(command=check)
    copy = verbs.add_parser("backup", help="write a consistent copy; the coach may be running")
    copy.add_argument("target", type=Path)
    copy.set_defaults(command=backup)


async def upgrade(_: argparse.Namespace) -> int:
    """Raises StoreError."""
    file = settings.load().database
    before, after = await sqlite.upgrade(file)
    print(f"{file}: version {after}, nothing to do" if before == after else f"{file}: version {before} -> {after}")
    return 0


async def check(arguments: argparse.Namespace) -> int:
    """1 when there are problems that stay, a line each. Raises StoreError."""
    file = settings.load().database
    problems = await sqlite.check(file)
    if not problems:  # sums over broken pages would say nothing
        problems = await sqlite.look(file, results.differences)
        if problems and arguments.repair:
            return await _repair()
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{file}: no problems found")
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
    file = settings.load().database
    await sqlite.backup(file, arguments.target)
    print(f"{file} -> {arguments.target}")
    return 0

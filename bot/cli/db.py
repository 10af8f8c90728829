"""`mlops-coach db`: look after the database."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import settings
from bot.coach import results
from bot.stores import sqlite

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_to(commands: _SubParsersAction[Any]) -> None:
    command = commands.add_parser("db", help="upgrade, check or back up the database")
    verbs = command.add_subparsers(metavar="VERB", required=True)
    verbs.add_parser("upgrade", help="bring it up to this version").set_defaults(command=upgrade)
    verbs.add_parser("check", help="look for damage; the coach may be running").set_defaults(command=check)
    copy = verbs.add_parser("backup", help="write a consistent copy; the coach may be running")
    copy.add_argument("target", type=Path)
    copy.set_defaults(command=backup)


async def upgrade(_: argparse.Namespace) -> int:
    """Raises StoreError."""
    file = settings.load().database
    before, after = await sqlite.upgrade(file)
    print(f"{file}: version {after}, nothing to do" if before == after else f"{file}: version {before} -> {after}")
    return 0


async def check(_: argparse.Namespace) -> int:
    """1 when there are problems, a line each. Raises StoreError."""
    file = settings.load().database
    problems = await sqlite.check(file)
    if not problems:  # sums over broken pages would say nothing
        problems = await sqlite.look(file, results.differences)
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{file}: no problems found")
    return int(bool(problems))


async def backup(arguments: argparse.Namespace) -> int:
    """Raises StoreError."""
    file = settings.load().database
    await sqlite.backup(file, arguments.target)
    print(f"{file} -> {arguments.target}")
    return 0

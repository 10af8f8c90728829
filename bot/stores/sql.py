"""Reads the .sql files of a store: named queries, and the migrations that make its schema.

A queries file holds statements, each under a line `-- name: reply_insert`, with named parameters (`:user`). Comments
are allowed everywhere. Named parameters only, because they mean the same to every driver: positional ones are bound
by order of appearance in one and by number in another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from bot.core.errors import StoreDamaged, StoreError, StoreTooNew

SCHEMA: Final = Path(__file__).parent / "schema"
QUERIES: Final = Path(__file__).parent / "queries"

TOKEN: Final = re.compile(
    r"""
    (?P<opaque>'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|::)
    |:(?P<parameter>[A-Za-z_]\w*)
    |(?P<positional>\?\d*|[@$]\w+)
    |(?P<end>;)
    """,
    re.VERBOSE | re.DOTALL,
)
"""What has to be told apart in a statement: text that hides anything (`::` is a cast), parameters, and its end."""

_HEADING: Final = re.compile(r"--\s*name\s*:\s*(?P<name>.*?)\s*")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_BLANK: Final = re.compile(r"(?:[\s;]+|--[^\n]*|/\*.*?\*/)*", re.DOTALL)
_WORD: Final = re.compile(r"\w+|.?", re.DOTALL)
# A store owns its transactions, so a query can't begin, end or leave one.
_VERBS: Final = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"})
_MIGRATION: Final = re.compile(r"(?P<version>\d{3})_[a-z0-9_]+\.sql")


@cache
def load_queries(path: Path) -> Mapping[str, str]:
    """The statements of a .sql file, or of all .sql files in a folder, by name; read once and kept.

    Raises StoreError, with file and line, for a name that is malformed or used twice, for a statement that is missing,
    not alone, or no SELECT, INSERT, UPDATE, DELETE or WITH, and for parameters that aren't named.
    """
    found: dict[str, str] = {}
    for file in sorted(path.glob("*.sql")) if path.is_dir() else [path]:
        for line, name, body in _sections(file):
            where = f"{file.name}:{line}"
            if not _NAME.fullmatch(name):
                raise StoreError(f"{where}: {name!r} can't name a query; use small letters, digits and _")
            if name in found:
                raise StoreError(f"{where}: the query {name} is there twice; rename one of them")
            found[name] = _statement(body, f"{where}: the query {name}")
    return MappingProxyType(found)


@cache
def parameters(sql: str) -> frozenset[str]:
    """The names of a statement's parameters."""
    return frozenset(match["parameter"] for match in TOKEN.finditer(sql) if match["parameter"])


def verb(sql: str) -> str:
    """The first word of a statement in capitals, or "" where there are only comments."""
    blank = _BLANK.match(sql)
    word = _WORD.match(sql, blank.end() if blank else 0)
    return word[0].upper() if word else ""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: it leads from `version - 1` to `version`. `name` is its file's."""

    version: int
    name: str
    sql: str


@cache
def load_migrations(folder: Path) -> tuple[Migration, ...]:
    """The migrations `NNN_name.sql` of a folder in order, from 001 on; read once and kept.

    Raises StoreError for a file that isn't named so, a number that is missing or there twice, and an empty folder.
    """
    steps: list[Migration] = []
    for file in sorted(folder.glob("*.sql")):
        named = _MIGRATION.fullmatch(file.name)
        if not named:
            raise StoreError(f"{file.name}: a migration is named like 002_what_it_does.sql; rename it")
        if int(named["version"]) != len(steps) + 1:
            raise StoreError(f"{file.name}: migration {len(steps) + 1:03} is expected here; number them without gaps")
        steps.append(Migration(len(steps) + 1, file.name, _text(file)))
    if not steps:
        raise StoreError(f"{folder} holds no migrations; install mlops-coach again")
    return tuple(steps)


def require_known(
    where: object, found: int, names: Sequence[str], steps: Sequence[Migration], *, upgrade: bool
) -> None:
    """Compare the schema of a database, `found` migrations of these `names`, with the one that is known here.

    Raises StoreTooNew, StoreDamaged, or StoreError for an older one unless it may `upgrade`.
    """
    if found > len(steps):
        raise StoreTooNew(
            f"{where}: it was written by a newer mlops-coach (schema {found}, this one knows {len(steps)}); "
            "install that version"
        )
    for have, want in zip(names, (step.name for step in steps[:found]), strict=False):
        if have != want:
            raise StoreError(f"{where}: it was made by the migration {have}, here called {want}; undo the renaming")
    if len(names) != found:
        raise StoreDamaged(f"{where}: {found} migrations are counted, {len(names)} recorded; restore a backup")
    if 0 < found < len(steps) and not upgrade:
        raise StoreError(f"{where}: its schema is {found} of {len(steps)}; run: mlops-coach db upgrade")


def _sections(file: Path) -> Iterator[tuple[int, str, str]]:
    """Line of the heading, name and body of each query."""
    start, name, body = 0, "", list[str]()
    for number, line in enumerate(_text(file).splitlines(), start=1):
        heading = _HEADING.fullmatch(line.strip())
        if not heading:
            body.append(line)
            continue
        yield from _section(file, start, name, body)
        start, name, body = number, heading["name"], []
    yield from _section(file, start, name, body)


def _section(file: Path, start: int, name: str, body: list[str]) -> Iterator[tuple[int, str, str]]:
    text = "\n".join(body)
    if start:
        yield start, name, text
    elif verb(text):
        raise StoreError(f"{file.name}:1: a statement without a name; put a line '-- name: ...' before it")


def _statement(body: str, what: str) -> str:
    end: int | None = None
    for match in TOKEN.finditer(body):
        if match["positional"]:
            raise StoreError(f"{what} has a parameter {match[0]}; use named ones, like :user")
        if match["end"]:
            end = match.start() if end is None else end
    sql, rest = (body, "") if end is None else (body[:end], body[end + 1 :])
    if verb(rest):
        raise StoreError(f"{what} is more than one statement; name each")
    first = verb(sql)
    if first not in _VERBS:
        problem = f"begins with {first}" if first else "is empty"
        raise StoreError(f"{what} {problem}; it has to be a SELECT, INSERT, UPDATE, DELETE or WITH")
    return sql.strip()


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{file} can't be read ({error}); install mlops-coach again") from error

"""The database as a file: its place, its writer's lock, its header, its migrations, copies and checks.

Everything here blocks and is meant for a thread.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.core.errors import StoreDamaged, StoreError, StoreInUse, StoreUnwritable
from bot.stores.file_locks import FileLock
from bot.stores.sql import Migration, require_known, verb
from bot.stores.sqlite_errors import errors_of, translate

APPLICATION_ID: Final = 0x4D4C4F43
"""Marks a file as the coach's ("MLOC")."""

BUSY_SECONDS: Final = 5.0
_MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100
_MAX_PROBLEMS: Final = 20
_STATEMENTS_KEPT: Final = 512
_CACHE_KIB: Final = 16 * 1024
"""Of pages that the writer keeps, at most: with the usual 2 MB an answer takes it a sixth longer."""
# A migration runs inside a transaction, which these would end or leave.
_UNFIT: Final = frozenset(
    {"BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "ATTACH", "DETACH", "VACUUM", "PRAGMA"}
)

# ---------------------------------------------------------------------------------------------- place and lock


def locate(path: Path | str) -> Path:
    """The absolute path of a database file, symbolic links followed, so that one file has one lock.

    Raises StoreError for what names no file (":memory:", "file:" URIs), StoreUnwritable where there is no folder.
    """
    if not str(path) or str(path).startswith((":", "file:")):
        raise StoreError(f"{str(path)!r} names no file; the store needs one, such as data/coach.sqlite3")
    with errors_of(Path(path)):
        found = Path(path).resolve()
        if found.is_dir():
            raise StoreUnwritable(f"{found}: it is a folder; name a file in it")
        if not found.parent.is_dir():
            raise StoreUnwritable(f"{found}: its folder is missing; create it, or choose another place")
    return found


def require(path: Path) -> None:
    """Raises StoreError where there is no file to work on."""
    if not path.exists():
        raise StoreError(f"{path}: there is no such database; check the path")


def lock(path: Path) -> FileLock:
    """Take the lock of the one writing process of a database; the system frees it when that process dies.

    Raises StoreInUse where another has it, StoreUnwritable where no lock file can be made.
    """
    file = path.with_name(path.name + ".lock")
    try:
        taken = FileLock.take(file)
    except BlockingIOError as error:
        holder = _process_id(file)
        who = f"process (pid {holder})" if holder else "process"
        raise StoreInUse(f"another mlops-coach {who} is using {path}; stop it, or use its /mlops commands") from error
    except OSError as error:
        raise translate(error, path) from error
    with suppress(OSError):
        file.write_text(f"{os.getpid()}\n", encoding="ascii")
    return taken


def _process_id(file: Path) -> str:
    with suppress(OSError, ValueError), file.open(encoding="ascii") as stream:
        text = stream.read(32).strip()
        return text if text.isdigit() else ""
    return ""


# ---------------------------------------------------------------------------------------------- opening


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection that begins no transaction by itself; `mode` is "ro", "rw" or "rwc" (create).

    It may be handed from thread to thread, and used by one at a time.
    """
    return sqlite3.connect(
        f"{path.as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS_KEPT,
    )


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of a database say: whether it is the coach's, and whether it has a write-ahead log."""

    application_id: int
    wal: bool


def read_header(path: Path) -> Header | None:
    """The header of a database of the coach; None where the file is missing or empty.

    Read without SQLite, which might tidy up a file that isn't ours. Only for a file that this process hasn't open:
    closing it gives up every lock that SQLite holds on it. Raises StoreDamaged for any other file.
    """
    try:
        with errors_of(path), path.open("rb") as stream:
            head = stream.read(_HEADER_BYTES)
    except StoreUnwritable as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise
    if not head:
        return None
    if len(head) < _HEADER_BYTES or not head.startswith(_MAGIC):
        raise StoreDamaged(f"{path}: it is no SQLite database, or its start is damaged; restore a backup or move it")
    header = Header(int.from_bytes(head[68:72], "big"), wal=head[18] == 2)
    _require_ours(header.application_id, path)
    return header


def _require_ours(application_id: int, path: Path) -> None:
    if application_id != APPLICATION_ID:
        raise StoreDamaged(f"{path}: it is the database of another program; choose another file")


def open_writer(path: Path, steps: Sequence[Migration], *, upgrade: bool) -> tuple[sqlite3.Connection, int]:
    """The read-write connection of a database, at the latest version, and the version that was found (0: new).

    The caller holds the lock. Raises StoreTooNew, StoreDamaged and StoreError before anything is written.
    """
    with errors_of(path):
        header = read_header(path)
        if header and not os.access(path, os.W_OK):
            raise StoreUnwritable(f"{path}: the file is read-only; let this user write to it, or choose another place")
        if header and header.wal:  # a reader leaves the log alone, a writer may fold it in on closing
            with closing(connect(path, "ro")) as reader:
                require_version(reader, path, steps, upgrade=upgrade)
        connection = connect(path, "rwc")
        try:
            if header is None:  # before there is a log, so that the file itself says whose it is
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            found = require_version(connection, path, steps, upgrade=upgrade)
            _configure(connection, path)
            migrate(connection, path, steps, found)
        except BaseException:
            connection.close()
            raise
        return connection, found


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that can't write; it may be used while this or another process writes.

    Raises StoreDamaged for what isn't a database of the coach, StoreError for an empty file.
    """
    with errors_of(path):
        connection = connect(path, "ro")
        try:
            connection.execute("PRAGMA query_only = ON")
            if not connection.execute("PRAGMA page_count").fetchone()[0]:
                raise StoreError(f"{path}: it is empty; the coach makes a database of it when it starts")
            _require_ours(connection.execute("PRAGMA application_id").fetchone()[0], path)
        except BaseException:
            connection.close()
            raise
        return connection


def _configure(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        raise StoreUnwritable(f"{path}: this file system can't hold it; choose a place on a local disk")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute("BEGIN IMMEDIATE")  # tells now, not at the first reply, when it can't be written
    connection.execute("ROLLBACK")


# ---------------------------------------------------------------------------------------------- migrations


def version(connection: sqlite3.Connection) -> int:
    """The number of migrations that a database has been through."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def require_version(connection: sqlite3.Connection, path: Path, steps: Sequence[Migration], *, upgrade: bool) -> int:
    """The schema version found. Raises StoreTooNew, StoreDamaged, or StoreError for an older one unless `upgrade`."""
    found = version(connection)
    names = (
        [row[0] for row in connection.execute("SELECT name FROM schema_migrations ORDER BY version")] if found else []
    )
    require_known(path, found, names, steps, upgrade=upgrade)
    return found


def migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[Migration], found: int) -> None:
    """Bring a database from version `found` to the latest, each step whole or not at all.

    One that isn't new is first copied to `<file>.before-vN`, N being the version it is brought to.
    """
    if found == len(steps):
        return
    if found:
        copy(connection, path.with_name(f"{path.name}.before-v{len(steps)}"), like=path, replace=True)
    # SQLite can't alter most of a table: it is made anew and swapped, which enforced references would forbid.
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        for step in steps[found:]:
            with errors_of(path, f"the migration {step.name} failed and was undone"):
                _apply(connection, path, step)
    finally:
        connection.execute("PRAGMA foreign_keys = ON")


def _apply(connection: sqlite3.Connection, path: Path, step: Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL)"
        )
        for statement in statements(step):
            connection.execute(statement)
        if connection.execute("PRAGMA foreign_key_check").fetchone():
            raise StoreError(f"{path}: the migration {step.name} was undone: it breaks references; report it")
        connection.execute("INSERT INTO schema_migrations VALUES (?, ?)", (step.version, step.name))
        connection.execute(f"PRAGMA user_version = {step.version}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def statements(step: Migration) -> Iterator[str]:
    """The statements of a migration, triggers in one piece. Raises StoreError for one that has no place in it."""
    pending = ""
    for piece in (*step.sql.split(";"), ""):
        pending += piece + ";"
        # What is only comments so far belongs to the statement after it.
        if not verb(pending) or not sqlite3.complete_statement(pending):
            continue
        if verb(pending) in _UNFIT:
            raise StoreError(f"{step.name}: {verb(pending)} has no place in a migration; take it out")
        yield pending
        pending = ""
    if verb(pending):
        raise StoreError(f"{step.name}: its last statement has no end; complete it")


# ---------------------------------------------------------------------------------------------- copies and checks


def copy(source: sqlite3.Connection, target: Path, *, like: Path, replace: bool) -> None:
    """Write a consistent copy of a database, one self-contained file with the permissions of `like`.

    It appears under its name only when it is whole and on the disk. Raises StoreError where `target` exists, unless
    it may `replace` it, and StoreUnwritable.
    """
    taken = StoreError(f"{target} exists; choose another name for the copy, or move it away")
    if not replace and target.exists():
        raise taken
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        with errors_of(target):
            with closing(sqlite3.connect(partial, isolation_level=None)) as into:
                source.backup(into)
                into.execute("PRAGMA journal_mode = DELETE")
            shutil.copymode(like, partial)
            _flush(partial)
            if replace:
                partial.replace(target)
            else:
                _link(partial, target)
            _flush(target.parent)
    except StoreError as error:
        if isinstance(error.__cause__, FileExistsError):
            raise taken from error
        raise
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _link(partial: Path, target: Path) -> None:
    try:
        target.hardlink_to(partial)  # unlike a renaming it never overwrites
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            raise FileExistsError(target) from None
        partial.rename(target)


def _flush(path: Path) -> None:
    if path.is_dir() and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def problems(path: Path, steps: Sequence[Migration], *, older: bool = False) -> list[str]:
    """What is wrong with a database, one line each; empty when nothing is. Bounded; takes seconds per GB.

    Being `older` than this version may be all right.
    """
    try:
        with errors_of(path), closing(open_reader(path)) as connection:
            connection.execute("BEGIN")
            return _damage(connection, path) + _drift(connection, path, steps, older=older)
    except StoreDamaged as error:
        return [str(error)]


def _damage(connection: sqlite3.Connection, path: Path) -> list[str]:
    found: list[str] = []
    for (text,) in connection.execute(f"PRAGMA integrity_check({_MAX_PROBLEMS})"):
        found += [f"{path}: damaged: {line}; restore a backup" for line in text.splitlines() if line != "ok"]
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check").fetchmany(_MAX_PROBLEMS):
        found.append(f"{path}: row {row} of {table} refers to a missing row of {parent}; restore a backup")
    return found[:_MAX_PROBLEMS]


def _drift(connection: sqlite3.Connection, path: Path, steps: Sequence[Migration], *, older: bool) -> list[str]:
    try:
        require_version(connection, path, steps, upgrade=older)
    except StoreError as error:
        return [str(error)]
    if version(connection) == 0:
        return [f"{path}: it has no tables yet; run: mlops-coach db upgrade"]
    return []

"""What goes wrong in SQLite and under it, told as the coach's own errors."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bot.core.errors import StoreDamaged, StoreError, StoreInUse, StoreUnwritable

_FULL: Final = "the disk is full; free some space, what was acknowledged is safe"
_READ_ONLY: Final = "it can't be written; let this user write to the file and its folder, or choose another place"
_DAMAGED: Final = "it is damaged or no database; restore a backup, or choose another file"
_BUSY: Final = "another program holds it; close that program and try again"

_BY_CODE: Final[dict[int, tuple[type[StoreError], str]]] = {
    sqlite3.SQLITE_FULL: (StoreUnwritable, _FULL),
    sqlite3.SQLITE_READONLY: (StoreUnwritable, _READ_ONLY),
    sqlite3.SQLITE_CANTOPEN: (StoreUnwritable, _READ_ONLY),
    sqlite3.SQLITE_PERM: (StoreUnwritable, _READ_ONLY),
    sqlite3.SQLITE_AUTH: (StoreUnwritable, _READ_ONLY),
    sqlite3.SQLITE_IOERR: (StoreUnwritable, "the disk refused; check it and its free space"),
    sqlite3.SQLITE_CORRUPT: (StoreDamaged, _DAMAGED),
    sqlite3.SQLITE_NOTADB: (StoreDamaged, _DAMAGED),
    sqlite3.SQLITE_BUSY: (StoreInUse, _BUSY),
    sqlite3.SQLITE_LOCKED: (StoreInUse, _BUSY),
}
_BY_ERRNO: Final = {errno.ENOSPC: _FULL, errno.EDQUOT: _FULL}


def primary_code(error: BaseException) -> int:
    """SQLite's primary result code of an error; 0 where it has none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def translate(error: Exception, path: Path, doing: str = "") -> StoreError:
    """The coach's error for an error of SQLite, of the system, or of binding a value; it carries `error` as cause.

    `doing` names what was under way, such as a query. The values of a statement are never told: they are private.
    """
    kind, text = _BY_CODE.get(primary_code(error), (StoreError, ""))
    if isinstance(error, OSError):
        kind, text = StoreUnwritable, _BY_ERRNO.get(error.errno or 0, _READ_ONLY)
    name = getattr(error, "sqlite_errorname", "") or getattr(error, "strerror", "") or type(error).__name__
    if not text:
        name, text = type(error).__name__, " ".join(str(error).split())
        if isinstance(error, UnicodeEncodeError):
            text = "a text holds characters that can't be stored"
    fault = kind(f"{path}: {doing + ': ' if doing else ''}{text} ({name})")
    fault.__cause__ = error
    return fault


@contextmanager
def errors_of(path: Path, doing: str = "") -> Iterator[None]:
    """Translates the errors of SQLite and of the system that arise inside."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise translate(error, path, doing) from error

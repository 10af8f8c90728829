"""What goes wrong in PostgreSQL and on the way to it, told as the coach's own errors."""

from __future__ import annotations

from typing import Final

import asyncpg

from bot.core.errors import StoreDamaged, StoreError, StoreUnwritable

_FULL: Final = "the server's disk is full; free some space, what was acknowledged is safe"
_READ_ONLY: Final = "the server takes no writes; use the primary server"
_NOT_ALLOWED: Final = "this user may not do that; grant it the database's tables, or use another user"
_DAMAGED: Final = "the database is damaged; restore a backup"
_NO_ENTRY: Final = "the server refused this user; check user and password in COACH_DATABASE_URL"
_NO_DATABASE: Final = "there is no such database; create it, or check COACH_DATABASE_URL"

_BY_STATE: Final[dict[str, tuple[type[StoreError], str]]] = {
    "53100": (StoreUnwritable, _FULL),
    "25006": (StoreUnwritable, _READ_ONLY),
    "42501": (StoreUnwritable, _NOT_ALLOWED),
    "XX001": (StoreDamaged, _DAMAGED),
    "XX002": (StoreDamaged, _DAMAGED),
    "28000": (StoreError, _NO_ENTRY),
    "28P01": (StoreError, _NO_ENTRY),
    "3D000": (StoreError, _NO_DATABASE),
}
_CONFLICTS: Final = frozenset({"40001", "40P01"})
# Shut down, crashed, starting, full of connections, idle for too long, and all failures of connections.
_AWAY: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "53300"})
READ_ONLY: Final = "25006"

VENDOR: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
"""Everything that a call to the server may raise."""


def state(error: BaseException) -> str:
    """The five characters by which PostgreSQL tells its errors apart; "" for those that it didn't raise."""
    return getattr(error, "sqlstate", None) or ""


def is_conflict(error: BaseException) -> bool:
    """Whether the transaction got in the way of another one, and may succeed when it is repeated."""
    return state(error) in _CONFLICTS or isinstance(error, asyncpg.InvalidCachedStatementError)


def is_away(error: BaseException) -> bool:
    """Whether the server can't be reached, or dropped the connection."""
    # The driver loses its thread when the server hangs up while it says hello; its connection is of no use then either.
    broken = isinstance(error, OSError | TimeoutError | asyncpg.InternalClientError)
    return broken or state(error) in _AWAY or state(error).startswith("08")


def name_of(error: BaseException) -> str:
    """What an error is called in logs: nothing of what it was about."""
    return f"{type(error).__name__} {state(error)}".strip()


def translate(error: BaseException, where: str, doing: str = "") -> StoreError:
    """The coach's error for an error of PostgreSQL or of its driver; it carries `error` as cause.

    `doing` names what was under way, such as a query. The values of a statement are never told: they are private.
    """
    kind, text = _BY_STATE.get(state(error), (StoreError, ""))
    if not text:
        text = _text(error)
    fault = kind(f"{where}: {doing + ': ' if doing else ''}{text} ({name_of(error)})")
    fault.__cause__ = _without_values(error)
    return fault


def _text(error: BaseException) -> str:
    if isinstance(error, OSError):
        return error.strerror or "the server can't be reached"
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return f"it breaks the constraint {error.constraint_name or error.column_name}"
    if _of_a_value(error):
        return "a value can't be stored"
    return " ".join(str(error.args[0] if error.args else "").split())


def _of_a_value(error: BaseException) -> bool:
    client = isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    return client or state(error).startswith("22")


def _without_values(error: BaseException) -> BaseException:
    """The error, or where its words hold what was to be stored, one that doesn't."""
    if _of_a_value(error):
        return ValueError(type(error).__name__)
    if isinstance(error, asyncpg.PostgresError):
        error.detail = None
    return error

"""Connections to a PostgreSQL server: how they are opened, lent, and found again after the server was away."""

from __future__ import annotations

import asyncio
import logging
import math
import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final, TypeVar
from urllib.parse import urlsplit

import asyncpg

from bot.core.errors import StoreAway, StoreError
from bot.stores.postgres_errors import VENDOR, is_away, name_of, translate

T = TypeVar("T")

CONNECT_SECONDS: Final = 10.0
COMMAND_SECONDS: Final = 120.0
"""A server that doesn't answer for this long is treated as away."""

FIRST_WAIT: Final = 0.1
LONGEST_WAIT: Final = 5.0
_STATEMENTS_KEPT: Final = 512

# Whoever stands still in the middle of writing keeps all others waiting, so it isn't waited for long.
_SETTINGS: Final = {
    "application_name": "mlops-coach",
    "jit": "off",
    "idle_in_transaction_session_timeout": "10s",
}
_READING: Final = {"default_transaction_isolation": "repeatable read", "default_transaction_read_only": "on"}
# What is acknowledged has to be on the disk, whatever this database or user has as a default.
_DURABLE: Final = """
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') IN ('off', 'local')
"""

_log = logging.getLogger(__name__)


class Again(Exception):
    """It didn't happen, and may be tried again; the cause is why."""


class Lost(Again):
    """The connection broke, or there is none to be had; the cause is why."""


def shown(url: str) -> str:
    """An address without its user's password and its options, fit to be shown."""
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # several hosts, each with its port
        port = ""
    return f"postgresql://{user}{host}{port}{parts.path}"


async def connect(url: str, *, reading: bool = False) -> asyncpg.Connection:
    """A connection that is ready for use, for nothing but `reading` or for all.

    Raises Lost where there is no server, StoreError where it refuses.
    """
    where = shown(url)
    try:
        return await _connect(url, _SETTINGS | _READING if reading else _SETTINGS)
    except VENDOR as error:
        if is_away(error):
            raise Lost from error
        raise translate(error, where) from error
    except ValueError:  # its words may hold the password
        raise StoreError(
            f"{where}: the address can't be read; write postgresql://user:password@host/database"
        ) from None


async def once(url: str) -> asyncpg.Connection:
    """A connection for a command, which waits for nothing. Raises StoreAway, StoreError."""
    try:
        return await connect(url)
    except Lost as error:
        raise _away(shown(url), error) from error.__cause__


def _away(where: str, error: BaseException) -> StoreAway:
    why = name_of(error.__cause__ or error)
    return StoreAway(f"{where}: the server can't be reached ({why}); start it, or check COACH_DATABASE_URL")


async def _connect(url: str, settings: Mapping[str, str]) -> asyncpg.Connection:
    connection = await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS,
        command_timeout=COMMAND_SECONDS,
        statement_cache_size=_STATEMENTS_KEPT,
        max_cached_statement_lifetime=0,
        server_settings=settings,
    )
    try:
        await connection.execute(_DURABLE)
    except BaseException:
        connection.terminate()
        raise
    return connection


class Server:
    """A server at an address, and whether it answers. Shared by all that use it in a process."""

    def __init__(self, url: str, rng: random.Random, patience: float) -> None:
        """`patience` is how many seconds to wait for a server that is away."""
        self.url = url
        self.where = shown(url)
        self.patience = patience
        self._rng = rng
        self._away = False

    def lost(self, error: BaseException) -> None:
        """Log, once until it answers again, that it is away."""
        if not self._away:
            self._away = True
            _log.warning("%s: the server is away (%s); waiting for it", self.where, name_of(error.__cause__ or error))

    def answered(self) -> None:
        if self._away:
            self._away = False
            _log.warning("%s: the server is back", self.where)

    def pause(self, tries: int) -> float:
        """Seconds to wait after the n-th failure (from 1): about doubling, and not the same for all that failed."""
        return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(tries - 1, 16)) * self._rng.uniform(0.5, 1.0)

    def given_up(self, error: BaseException) -> StoreAway:
        """The error for whoever has waited long enough."""
        return _away(self.where, error)


class Slot:
    """A place for one connection, opened when it is needed. Used by one unit of work at a time."""

    def __init__(self, server: Server, *, reading: bool = False) -> None:
        self.server = server
        self._reading = reading
        self.name = uuid.uuid4().hex
        self.commits = 0
        """How many transactions this slot has committed, or tried to."""
        self._connection: asyncpg.Connection | None = None

    async def connection(self) -> asyncpg.Connection:
        """Raises Lost, StoreError."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self.server.url, reading=self._reading)
            self.server.answered()
        return self._connection

    def broken(self, error: BaseException) -> bool:
        """Whether the connection can't be used any more after an error; it is dropped then."""
        gone = self._connection is None or self._connection.is_closed() or is_away(error)
        if gone:
            self.drop()
        return gone

    def drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None or connection.is_closed():
            return
        try:
            await connection.close(timeout=CONNECT_SECONDS)
        except VENDOR:  # it is gone already
            connection.terminate()


class Pool:
    """A few slots for reading, lent in the order in which they were asked for; the warmest first."""

    def __init__(self, server: Server, size: int) -> None:
        self._slots = [Slot(server, reading=True) for _ in range(size)]
        self._idle: asyncio.LifoQueue[Slot] = asyncio.LifoQueue()
        for slot in reversed(self._slots):
            self._idle.put_nowait(slot)

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Slot]:
        slot = await self._idle.get()
        try:
            yield slot
        finally:
            self._idle.put_nowait(slot)

    def drop(self) -> None:
        """Leave all connections as they are; nobody may use one any more."""
        for slot in self._slots:
            slot.drop()

    async def close(self) -> None:
        """Close all connections; nobody may use one any more."""
        await asyncio.gather(*(slot.close() for slot in self._slots))


async def patiently(server: Server, attempt: Callable[[], Awaitable[T]], at_most: float = math.inf) -> T:
    """Do something again and again while it raises Again. Raises StoreAway when the server's patience is over."""
    clock = asyncio.get_running_loop()
    since, tries = clock.time(), 0
    while True:
        try:
            return await attempt()
        except Again as error:
            if isinstance(error, Lost):
                server.lost(error)
            since, tries = (since if tries else clock.time()), tries + 1
            if clock.time() - since >= min(at_most, server.patience):
                raise server.given_up(error) from error.__cause__
        await asyncio.sleep(server.pause(tries))

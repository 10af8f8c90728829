"""The store of many processes: a PostgreSQL server, each unit of work in a serializable transaction of its own.

Two units that get in each other's way are told so by the server, and the later one is run again. A server that goes
away is waited for: no unit is lost, and none is run twice, also when the connection broke while it was committed.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar, cast

from bot.core.errors import StoreError, StoreInUse
from bot.core.ports import CrashPoint, Unit, no_crash
from bot.stores import postgres_schema as schemas
from bot.stores.postgres_bells import Bells
from bot.stores.postgres_errors import VENDOR, is_away, translate
from bot.stores.postgres_link import Lost, Pool, Server, Slot, connect
from bot.stores.postgres_units import Conflict, InDoubt, Runner
from bot.stores.sql import QUERIES, SCHEMA, Migration, load_migrations, load_queries
from bot.stores.units import Start

T = TypeVar("T")
P = ParamSpec("P")

WRITERS: Final = 8
READERS: Final = 4
PATIENCE_S: Final = 300.0
"""How long a unit waits for a server that is away."""

START_PATIENCE_S: Final = 15.0
CLOSING_PATIENCE_S: Final = 5.0
CONFLICT_S: Final = 60.0
"""How long a unit is run again that others keep getting in the way of."""

_ALONE_AFTER: Final = 3
"""Conflicts after which a unit queues with the others of its process that had as many."""

_SOON: Final = 0.002
_LATER: Final = 0.1


@dataclass(slots=True)
class _Job:
    start: Start
    begun: bool = False
    """Whether it has a connection; until then it can be left undone."""


class PostgresStore:
    """A `bot.core.ports.Store` on a server. Made by `open`; to be closed."""

    def __init__(self, server: Server, runner: Runner, bells: Bells) -> None:
        self._server = server
        self._runner = runner
        self._bells = bells
        self._writers = Pool(server, WRITERS)
        self._readers = Pool(server, READERS)
        self._alone = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        schema: Path = SCHEMA,
        queries: Path = QUERIES,
        crash: CrashPoint = no_crash,
        upgrade: bool = True,
        rng: random.Random | None = None,
        patience_s: float = PATIENCE_S,
    ) -> PostgresStore:
        """Open a database, making its tables where there are none and bringing older ones up to date if `upgrade`.

        `crash` is called with "commit.before" and "commit.after" around each commit. `patience_s` is how many seconds
        a unit waits for a server that is away. Raises StoreAway, StoreTooNew, StoreDamaged, or StoreError (refused,
        not upgraded, faulty .sql files).
        """
        steps, named = await asyncio.to_thread(lambda: (load_migrations(schema), load_queries(queries)))
        server = Server(url, rng or random.Random(), patience_s)  # noqa: S311 - it spreads retries, no secrets
        await patiently(server, lambda: _prepare(server, steps, upgrade=upgrade), min(patience_s, START_PATIENCE_S))
        return cls(server, Runner(server.where, named, crash), Bells(server))

    async def write(self, unit: Callable[P, Unit[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a unit and return its result once that is durable.

        When its caller is cancelled, the unit runs whole or not at all. It is started again from its beginning when
        another one got in its way. Raises what the unit raises, its work undone, or StoreError.
        """
        return cast(T, await self._run(_Job(partial(unit, *args, **kwargs)), self._write))

    async def read(self, unit: Callable[P, Unit[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a unit that only reads, against one state with every finished write in it.

        Raises what the unit raises, or StoreError, also when it tries to write.
        """
        return cast(T, await self._run(_Job(partial(unit, *args, **kwargs)), self._read))

    async def notify(self, told: str) -> None:
        """Tell all processes that listen, soon, and once however often it is told meanwhile; it may get lost."""
        self._bells.notify(told)

    async def listen(self, hear: Callable[[str], None]) -> None:
        """Have `hear` called with what is told from now on, and with "" when something may have been missed."""
        self._bells.listen(hear)

    async def close(self) -> None:
        """Finish what is waiting and let go of the server; may be called again."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _run(self, job: _Job, run: Callable[[_Job], Coroutine[Any, Any, Any]]) -> Any:  # noqa: ANN401
        if self._closing is not None:
            raise StoreError(f"{self._server.where}: the store is closed; start the coach again")
        # A task of its own, so that a cancelled caller leaves no transaction in the middle.
        task = asyncio.create_task(run(job))
        self._running.add(task)
        task.add_done_callback(self._finished)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not job.begun:
                task.cancel()
            raise

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # its caller has it; or was cancelled, and nobody wants it

    async def _write(self, job: _Job) -> Any:  # noqa: ANN401
        async with self._writers.lend() as slot:
            job.begun = True
            return await patiently(self._server, lambda: self._committed(slot, job.start))

    async def _read(self, job: _Job) -> Any:  # noqa: ANN401
        async with self._readers.lend() as slot:
            job.begun = True
            return await patiently(self._server, lambda: self._runner.read(slot, job.start))

    async def _committed(self, slot: Slot, start: Start) -> Any:  # noqa: ANN401
        try:
            return await self._without_conflict(slot, start)
        except InDoubt as doubt:
            self._server.lost(doubt)
            if await patiently(self._server, lambda: self._runner.was_committed(slot)):
                return doubt.value
            raise Lost from doubt.__cause__

    async def _without_conflict(self, slot: Slot, start: Start) -> Any:  # noqa: ANN401
        until = asyncio.get_running_loop().time() + CONFLICT_S
        async with AsyncExitStack() as stack:
            tries = 0
            while True:
                try:
                    return await self._runner.write(slot, start)
                except Conflict as error:
                    if asyncio.get_running_loop().time() > until:
                        raise self._in_the_way() from error.__cause__
                tries += 1
                if tries == _ALONE_AFTER:
                    await stack.enter_async_context(self._alone)
                await asyncio.sleep(self._server.pause(tries, first=_SOON, most=_LATER))

    def _in_the_way(self) -> StoreInUse:
        return StoreInUse(f"{self._server.where}: others wrote the same rows for {CONFLICT_S:.0f} s; try again")

    async def _close(self) -> None:
        self._server.patience = min(self._server.patience, CLOSING_PATIENCE_S)
        while self._running:
            await asyncio.wait(self._running)
        await self._bells.close()
        await self._writers.close()
        await self._readers.close()


async def patiently(server: Server, attempt: Callable[[], Awaitable[T]], at_most: float = math.inf) -> T:
    """Do something again and again while the server is away. Raises StoreAway when its patience is over."""
    clock = asyncio.get_running_loop()
    since, tries = clock.time(), 0
    while True:
        try:
            return await attempt()
        except Lost as error:
            server.lost(error)
            since, tries = (since if tries else clock.time()), tries + 1
            if clock.time() - since >= min(at_most, server.patience):
                raise server.given_up(error) from error.__cause__
        await asyncio.sleep(server.pause(tries))


async def _prepare(server: Server, steps: Sequence[Migration], *, upgrade: bool) -> int:
    """The schema version that was found."""
    connection = await connect(server.url)
    try:
        return await schemas.prepare(connection, server.where, steps, upgrade=upgrade)
    except VENDOR as error:
        if connection.is_closed() or is_away(error):
            raise Lost from error
        raise translate(error, server.where) from error
    finally:
        connection.terminate()

"""The store of many processes: a PostgreSQL server, one writer in each process that takes turns with the others.

Units of work that wait are taken together and committed with one flush to the disk, as in the store of one machine. A
server that goes away is waited for: no unit is lost, and none is run twice, also when the connection broke while it was
committed.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar, cast

from bot.core.errors import StoreError
from bot.core.ports import CrashPoint, Unit, no_crash
from bot.stores import postgres_schema as schemas
from bot.stores.batches import MOST_WAITING, Batches
from bot.stores.postgres_bells import Bells
from bot.stores.postgres_errors import VENDOR, is_away, translate
from bot.stores.postgres_link import Lost, Pool, Server, Slot, connect, patiently
from bot.stores.postgres_units import Runner
from bot.stores.sql import QUERIES, SCHEMA, Migration, load_migrations, load_queries
from bot.stores.units import Start

T = TypeVar("T")
P = ParamSpec("P")

_log = logging.getLogger(__name__)

READERS: Final = 4
PATIENCE_S: Final = 300.0
"""How long a unit waits for a server that is away."""

START_PATIENCE_S: Final = 15.0
"""The same at the start, where somebody may be looking on."""

CLOSING_PATIENCE_S: Final = 2.0
DROPPING_S: Final = 0.5


class PostgresStore:
    """A `bot.core.ports.Store` on a server. Made by `open`; to be closed."""

    def __init__(self, server: Server, runner: Runner, bells: Bells) -> None:
        self._server = server
        self._runner = runner
        self._bells = bells
        self._writer = Slot(server)
        self._batches = Batches(server.where, lambda batch: runner.write(self._writer, batch))
        self._readers = Pool(server, READERS)
        self._room_to_read = asyncio.Semaphore(MOST_WAITING)
        self._reading: set[asyncio.Task[Any]] = set()
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
        """Run a unit after those of this process that came before and return its result once that is durable.

        When its caller is cancelled, the unit runs whole or not at all. It may be started again from its beginning
        when the transaction that it shared was undone. Raises what the unit raises, its work undone, or StoreError.
        """
        return cast(T, await self._batches.run(partial(unit, *args, **kwargs)))

    async def read(self, unit: Callable[P, Unit[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a unit that only reads, against one state with every finished write in it.

        Raises what the unit raises, or StoreError, also when it tries to write.
        """
        async with self._room_to_read:
            if self._closing is not None:
                raise StoreError(f"{self._server.where}: the store is closed; start the coach again")
            # A task of its own, so that a cancelled caller leaves no connection behind in the middle of something.
            task = asyncio.create_task(self._read(partial(unit, *args, **kwargs)))
            self._reading.add(task)
            task.add_done_callback(self._finished)
            return cast(T, await asyncio.shield(task))

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

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._reading.discard(task)
        if not task.cancelled():
            task.exception()  # its caller has it; or was cancelled, and nobody wants it

    async def _read(self, start: Start) -> Any:  # noqa: ANN401
        async with self._readers.lend() as slot:
            return await self._runner.read(slot, start)

    async def _close(self) -> None:
        self._server.patience = min(self._server.patience, CLOSING_PATIENCE_S)
        finishing = asyncio.create_task(self._finish())
        await asyncio.wait({finishing}, timeout=CLOSING_PATIENCE_S)
        if finishing.done():
            finishing.result()
            return
        _log.warning("%s: the server doesn't answer; what was asked of it is given up", self._server.where)
        # Without their connections those who wait for an answer get an error instead, and nobody waits for another.
        self._server.patience = 0.0
        self._bells.drop()
        self._writer.drop()
        self._readers.drop()
        finishing.cancel()
        for task in self._reading:
            task.cancel()
        await asyncio.wait({finishing, *self._reading}, timeout=DROPPING_S)

    async def _finish(self) -> None:
        await self._batches.close()
        while self._reading:
            await asyncio.wait(self._reading)
        await self._bells.close()
        await self._writer.close()
        await self._readers.close()


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

"""Wake-ups between the processes that share a database: PostgreSQL's LISTEN and NOTIFY, outside of transactions."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import asyncpg

from bot.core.errors import StoreError
from bot.stores.postgres_errors import VENDOR
from bot.stores.postgres_link import Lost, Server, Slot

CHANNEL: Final = "mlops_coach"
GATHER_SECONDS: Final = 0.01
"""Committing a notification makes all others wait, so what is told within this time is told together."""


class Bells:
    """Tells what it is given, at most once in a short while, and hears what others tell."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._telling = Slot(server)
        self._untold: set[str] = set()
        self._hearing: list[Callable[[str], None]] = []
        self._teller: asyncio.Task[None] | None = None
        self._listener: asyncio.Task[None] | None = None

    def notify(self, told: str) -> None:
        """Tell it soon. Best effort: while the server is away it is forgotten."""
        self._untold.add(told)
        if self._teller is None or self._teller.done():
            self._teller = asyncio.create_task(self._tell())

    def listen(self, hear: Callable[[str], None]) -> None:
        """Call `hear` with what is told from now on, and with "" after every gap."""
        self._hearing.append(hear)
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """What is untold is told first, if the server is there."""
        if self._teller is not None:
            await self._teller
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        await self._telling.close()

    def drop(self) -> None:
        """Leave the server without a word."""
        for task in (self._teller, self._listener):
            if task is not None:
                task.cancel()
        self._telling.drop()

    async def _tell(self) -> None:
        while self._untold:
            await asyncio.sleep(GATHER_SECONDS)
            told, self._untold = sorted(self._untold), set()
            try:
                connection = await self._telling.connection()
                await connection.execute("SELECT pg_notify($1, told) FROM unnest($2::text[]) AS told", CHANNEL, told)
            except (Lost, StoreError):
                return
            except VENDOR:
                self._telling.drop()
                return

    async def _listen(self) -> None:
        slot = Slot(self._server)
        try:
            for tries in itertools.count():
                if tries:
                    await asyncio.sleep(self._server.pause(tries))
                with suppress(Lost, StoreError, *VENDOR):
                    await self._hear_until_lost(await slot.connection())
                slot.drop()
        finally:
            slot.drop()

    async def _hear_until_lost(self, connection: asyncpg.Connection) -> None:
        gone = asyncio.Event()
        connection.add_termination_listener(lambda _: gone.set())
        await connection.add_listener(CHANNEL, lambda *heard: self._heard(heard[-1]))
        self._heard("")
        await gone.wait()

    def _heard(self, told: str) -> None:
        for hear in self._hearing:
            hear(told)

"""Stands between a store and its PostgreSQL server, to cut their connection exactly while something is committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum


class Cut(Enum):
    """What becomes of the next commit."""

    UNSENT = "it never reaches the server"
    UNANSWERED = "it is done, and the answer gets lost"
    LATE = "the store is cut off at once, and the commit reaches the server a while later"


LATE_S = 0.5


class Proxy:
    """Passes everything on, but for the next commit if `cut` is set. `cuts` counts what it cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.cut: Cut | None = None
        self.cuts = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """The port to connect to."""
        serving = set[asyncio.Task[None]]()

        async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            serving.add(task)
            await self._serve(reader, writer)

        server = await asyncio.start_server(served, "127.0.0.1", 0)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)
            await asyncio.sleep(0)  # what was aborted is closed in the loop's next turn

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._port)
        answers = asyncio.create_task(_pump(from_server, writer))
        try:
            while data := await reader.read(65_536):
                if self.cut and b"COMMIT" in data and b"store_commits" in data:
                    await self._break(data, answers, writer, to_server)
                    break
                to_server.write(data)
                await to_server.drain()
        except OSError:
            pass  # either end has gone
        finally:
            answers.cancel()
            writer.transport.abort()
            to_server.transport.abort()

    async def _break(
        self, data: bytes, answers: asyncio.Task[None], writer: asyncio.StreamWriter, to_server: asyncio.StreamWriter
    ) -> None:
        cut, self.cut = self.cut, None
        self.cuts += 1
        answers.cancel()
        if cut is Cut.UNANSWERED:
            to_server.write(data)
            await to_server.drain()
            await asyncio.sleep(LATE_S / 5)
        writer.transport.abort()
        if cut is Cut.LATE:
            await asyncio.sleep(LATE_S)
            to_server.write(data)
            await to_server.drain()
            await asyncio.sleep(LATE_S)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()

"""The coach as its own process behind its web chat, and the people in front of it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e import basics
from tests.e2e.basics import SAID
from tests.e2e.basics import free_port as free_port
from tests.e2e.basics import rows as rows

ANSWER = "{said}; this is answer number {n} of {who}."


def environment(database: Path | str, port: int, **more: str) -> dict[str, str]:
    """The settings of a process: its database is a file, or a URL."""
    url = f"sqlite:///{database}" if isinstance(database, Path) else database
    return basics.environment(COACH_DATABASE_URL=url, COACH_WEB_PORT=str(port), **more)


async def start(folder: Path, database: Path | str, port: int, **more: str) -> asyncio.subprocess.Process:
    """A process that begins to serve; what it logs is added to `log` in the folder."""
    with (folder / "log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", cwd=folder, env=environment(database, port, **more),
            stdout=asyncio.subprocess.PIPE, stderr=log,
        )  # fmt: skip


async def serving(process: asyncio.subprocess.Process, port: int) -> None:
    """Wait until a process says that it serves."""
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 60)
    assert str(port) in line.decode()


@contextlib.asynccontextmanager
async def coach(
    folder: Path, database: Path | str, port: int, **more: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that serves, killed at the end unless it has ended by then."""
    process = await start(folder, database, port, **more)
    try:
        await serving(process, port)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


class Client:
    """One person's browser, as far as it matters here: it tries again with the same key until it is told 200."""

    def __init__(self, session: aiohttp.ClientSession, port: int, name: str) -> None:
        self._session, self._base, self.name = session, f"http://127.0.0.1:{port}/api", name
        self.id = ""
        self.acknowledged = 0
        self.refused = 0

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        while True:
            with contextlib.suppress(aiohttp.ClientError, ConnectionError, asyncio.TimeoutError):
                async with self._session.post(f"{self._base}/{path}", json=body) as response:
                    if response.status == 200:
                        found: dict[str, Any] = await response.json()
                        return found
                    assert response.status in (429, 503), await response.text()
                    self.refused += 1
            await asyncio.sleep(0.1)

    async def come_in(self) -> None:
        self.id = (await self.post("people", name=self.name))["person"]["id"]

    async def answer(self, thread: int, count: int, first: int = 0) -> None:
        """Give `count` answers, one after the other."""
        for number in range(first, first + count):
            await self.post(
                "messages",
                person=self.id,
                key=f"key-{self.name}-{number:04d}",
                channel="mlops-daily",
                thread=thread,
                text=ANSWER.format(said=SAID[int(self.name[-1])], n=number, who=self.name),
            )
            self.acknowledged += 1


@contextlib.asynccontextmanager
async def people(port: int, count: int) -> AsyncIterator[list[Client]]:
    """So many browsers."""
    async with contextlib.AsyncExitStack() as stack:
        clients = []
        for number in range(count):
            session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)))
            clients.append(Client(session, port, f"person{number}"))
        yield clients


async def until(condition: Callable[[], object], seconds: float) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < end, "waited too long"
        await asyncio.sleep(0.01)


async def open_thread(database: Path) -> int:
    """The thread of the first question, once it is there."""
    await until(lambda: rows(database, "SELECT thread FROM rounds WHERE state = 'open'"), 20)
    return int(rows(database, "SELECT thread FROM rounds")[0][0])


def all_is_well(database: Path, people: int, total: int) -> None:
    """Every answer is there once, graded once and told once; the boards agree with the results."""
    said = "SELECT count(*), count(DISTINCT reply_to) FROM chat_messages WHERE author = '' AND reply_to > 0"
    assert rows(database, f"{said} AND only_for = ''") == [(total, total)]
    basics.counted(database, total, people)  # the first attempt counts: one result a person


SENT = "SELECT 1 FROM outbox WHERE kind = 'grade' AND state = 'sent'"

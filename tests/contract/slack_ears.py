"""A connection to the loopback Slack whose listener only remembers, for tests of the connection itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.clock import SystemClock
from bot.core.ports import Clock
from bot.platforms.slack.link.connection import Access, Connection
from bot.platforms.slack.link.crypt import Vault
from bot.platforms.slack.link.installs import Installs, States
from bot.platforms.slack.link.listener import Payload
from bot.platforms.slack.link.workspaces import Workspaces
from bot.stores.sqlite import SqliteStore
from tests.e2e.slack_server import SlackServer


@dataclass
class Ears:
    """A listener that remembers what it was told; `errors` are raised by the next messages, one each."""

    told: list[tuple[str, str, Payload]] = field(default_factory=list)
    teams: list[tuple[str, str]] = field(default_factory=list)
    """Workspaces that joined and left, in order."""
    gaps: int = 0
    errors: list[Exception] = field(default_factory=list)
    answer: Payload | None = None
    """What forms are acknowledged with."""
    room: asyncio.Event = field(default_factory=asyncio.Event)
    """Messages wait for it."""

    def __post_init__(self) -> None:
        self.room.set()

    def of(self, kind: str) -> list[Payload]:
        return [payload for told, _, payload in self.told if told == kind]

    @property
    def texts(self) -> list[str]:
        return [str(event.get("text", "")) for event in self.of("message")]

    async def message(self, team: str, event: Payload) -> None:
        await self.room.wait()
        if self.errors:
            raise self.errors.pop(0)
        self.told.append(("message", team, event))

    async def mention(self, team: str, event: Payload) -> None:
        self.told.append(("mention", team, event))

    async def command(self, team: str, payload: Payload) -> None:
        self.told.append(("command", team, payload))

    async def action(self, team: str, payload: Payload) -> None:
        self.told.append(("action", team, payload))

    async def shortcut(self, team: str, payload: Payload) -> None:
        self.told.append(("shortcut", team, payload))

    async def submission(self, team: str, payload: Payload) -> Payload | None:
        self.told.append(("submission", team, payload))
        return self.answer

    async def home(self, team: str, event: Payload) -> None:
        self.told.append(("home", team, event))

    async def joined(self, team: str) -> None:
        self.teams.append(("joined", team))

    async def removed(self, team: str) -> None:
        self.teams.append(("removed", team))

    def gap(self) -> None:
        self.gaps += 1


@dataclass
class Line:
    """A connection that runs, all its parts, and what it told."""

    ears: Ears
    workspaces: Workspaces
    installs: Installs
    connection: Connection
    running: asyncio.Task[None]
    store: SqliteStore


@contextlib.asynccontextmanager
async def line(
    folder: Path,
    slack: SlackServer,
    *,
    bot_token: str | None = None,
    keys: Sequence[str] = (),
    clock: Clock | None = None,
    api_url: str | None = None,
    **access: Any,
) -> AsyncIterator[Line]:
    """Connect to a Slack, with the first installation's token and by sockets unless told otherwise."""
    clock = clock or SystemClock()
    store = await SqliteStore.open(folder / "line.sqlite3")
    installs = Installs(store, clock, Vault(keys))
    token = slack.bot_token if bot_token is None else bot_token
    workspaces = Workspaces(installs, token=token, api_url=slack.api_url if api_url is None else api_url)
    given: dict[str, Any] = {"app_token": slack.app_token, "signing_secret": slack.signing_secret, "port": 0} | access
    connection = Connection(workspaces, States(store, clock), Access(**given))
    ears = Ears()
    running = asyncio.create_task(connection.run(ears))
    try:
        yield Line(ears, workspaces, installs, connection, running, store)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await workspaces.close()
        await store.close()


async def ended(running: asyncio.Task[None], seconds: float = 10.0) -> BaseException | None:
    """What a connection ended with, within some seconds."""
    done, _ = await asyncio.wait({running}, timeout=seconds)
    assert done, f"still running after {seconds} s"
    return running.exception()

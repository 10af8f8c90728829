"""A whole coach in a virtual workspace: real store, use cases, adapter, Bolt and SDK; a loopback server is Slack."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bot.app import App, assemble
from bot.core.model import Person, Place, Round
from bot.core.ports import CrashPoint, no_crash
from bot.platforms.slack import SlackChat
from bot.platforms.slack.link.connection import Access, Connection
from bot.platforms.slack.link.crypt import Vault
from bot.platforms.slack.link.installs import Installs
from bot.platforms.slack.link.workspaces import Workspaces
from bot.stores.sqlite import SqliteStore
from tests.e2e.slack_server import Channel, Ephemeral, Interaction, Message, SlackServer, Team, User, View
from tests.flow.world import BANK, HandClock, WordGrader


@dataclass
class Space:
    """A coach in a workspace with one channel, and shorthands for what people do there."""

    slack: SlackServer
    team: Team
    channel: Channel
    clock: HandClock
    grader: WordGrader
    path: Path
    command: str = "/mlops"
    pace_s: float = 0.0
    crash: CrashPoint = no_crash
    mode: str = "socket"
    app: App = field(init=False)
    chat: SlackChat = field(init=False)
    store: SqliteStore = field(init=False)
    _running: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------------------------------ the coach

    async def start(self) -> None:
        """Open the database and connect."""
        self.store = await SqliteStore.open(self.path, crash=self.crash)
        installs = Installs(self.store, self.clock, Vault([]))
        workspaces = Workspaces(installs, token=self.slack.bot_token, api_url=self.slack.api_url)
        access = Access(self.mode, self.slack.app_token, self.slack.signing_secret, port=0, command=self.command)
        connection = Connection(workspaces, None, access)
        self.chat = SlackChat(
            self.store, self.clock, workspaces=workspaces, connection=connection, command=self.command,
            pace_s=self.pace_s,
        )  # fmt: skip
        rng = random.Random(7)
        self.app = assemble(self.store, self.grader, BANK, [self.chat], clock=self.clock, rng=rng, crash=self.crash)
        self.chat.attach(self.app.coach)
        self._running = asyncio.create_task(self.chat.run())
        if self.mode == "http":
            address = await self.slack.wait_for(lambda: connection.address)
            self.slack.request_url = f"{address}/slack/events"
        else:
            await self.slack.connected()
        await self.chat.idle()

    async def stop(self) -> None:
        """End the coach, its connection and its database."""
        assert self._running
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self.store.close()
        await self.slack.wait_for(lambda: not self.slack.sockets.connected)

    async def restart(self) -> None:
        """End the coach and start another on its database."""
        await self.stop()
        await self.start()
        await self.settle()

    async def settle(self) -> None:
        """Let the coach and Slack do all that is due."""
        for _ in range(3):
            await self.slack.settled()
            await self.chat.idle()
            await self.app.settle()
        await self.chat.idle()

    async def later(self, **span: float) -> None:
        """Let time pass, and what is due then be done."""
        self.clock.pass_(**span)
        await self.settle()

    # ------------------------------------------------------------------------------------------ people

    @cached_property
    def ada(self) -> User:
        """A learner."""
        return self.person("Ada")

    @cached_property
    def ben(self) -> User:
        """Another."""
        return self.person("Ben")

    @cached_property
    def olga(self) -> User:
        """An organiser: she administers the workspace."""
        return self.person("Olga", admin=True)

    def person(self, name: str, **about: Any) -> User:
        """Somebody new in the workspace."""
        return self.slack.user(self.team, name, display=name, **about)

    @property
    def me(self) -> User:
        """The coach's own user."""
        return self.slack.coach(self.team)

    @property
    def place(self) -> Place:
        return Place("slack", self.team.id, self.channel.id)

    # ------------------------------------------------------------------------------------------ what is done

    async def ask(self, **settings: str) -> Round:
        """Set the channel up and post today's question."""
        if settings:
            await self.app.coach.organise.set(self.place, settings)
        await self.app.coach.rounds.post_now(self.place)
        await self.settle()
        return await self.app.coach.rounds.find(self.place)

    async def say(self, who: User, text: str, **more: Any) -> Message:
        """Write in the newest thread, and let the coach answer."""
        self.clock.pass_(seconds=1)
        message = self.slack.say(self.channel, who, text, thread=self.question, **more)
        await self.settle()
        return message

    async def slash(self, who: User, text: str, channel: Channel | None = None) -> Ephemeral | Message:
        """The answer to a slash command."""
        self.clock.pass_(seconds=1)
        return await self.told(self.slack.slash(who, channel or self.channel, text))

    async def press(self, who: User, where: Message | Ephemeral | View, label: str) -> Ephemeral | Message:
        """The answer to a button."""
        self.clock.pass_(seconds=1)
        return await self.told(self.slack.press(who, where, label))

    async def told(self, done: Interaction) -> Ephemeral | Message:
        """The last answer to what somebody did."""
        await done.acked()
        await done.answer()
        await self.settle()
        return done.ephemerals[-1] if done.ephemerals else done.messages[-1]

    async def form(self, who: User, where: Message | Ephemeral | View | str, label: str = "") -> View:
        """The form that a command or button opens."""
        self.clock.pass_(seconds=1)
        asked = isinstance(where, str)
        done = self.slack.slash(who, self.channel, where) if asked else self.slack.press(who, where, label)  # type: ignore[arg-type]
        return await done.form()

    async def submit(self, who: User, form: View, **values: str) -> Interaction:
        """Send a form, and let the coach do its work."""
        self.clock.pass_(seconds=1)
        done = self.slack.submit(who, form, {name.replace("_", "-"): value for name, value in values.items()})
        await self.slack.wait_for(lambda: done.done)
        await self.settle()
        return done

    # ------------------------------------------------------------------------------------------ what is there

    @property
    def question(self) -> Message:
        """The newest question in the channel."""
        return [m for m in self.slack.messages(self.channel) if m.metadata and not m.thread_ts][-1]

    def spoken(self) -> list[Message]:
        """What the coach wrote in the newest thread, oldest first."""
        return self.slack.messages(self.channel, thread=self.question)

    def direct(self, who: User) -> list[Message]:
        """What the coach wrote to one person, oldest first."""
        return self.slack.messages(self.slack.dm(who))

    def receipts(self, message: Message) -> list[str]:
        """The reactions on a message."""
        return [name for name, users in message.reactions.items() if users]

    def store_rows(self, table: str) -> int:
        """How many rows a table has."""
        with contextlib.closing(sqlite3.connect(self.path)) as database:
            count: int = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  tests name it
            return count

    def names(self) -> set[str]:
        """What the people are called that the database knows."""
        with contextlib.closing(sqlite3.connect(self.path)) as database:
            return {row[0] for row in database.execute("SELECT name FROM people")}

    async def points(self) -> dict[str, int]:
        """Names and points of the board."""
        board = await self.app.coach.standings.board(self.place, Person("0", ""), "all")
        return {row.person.name: row.points for row in board.rows}


@contextlib.asynccontextmanager
async def workspace(
    path: Path, *, command: str = "/mlops", pace_s: float = 0.0, slack_pace_s: float = 0.0, mode: str = "socket"
) -> AsyncIterator[Space]:
    """A coach that has just been installed. `pace_s` is its own pace, `slack_pace_s` the one that Slack insists on."""
    clock = HandClock()
    async with SlackServer(now=clock.now, pace_s=slack_pace_s, commands=(command,)) as slack:
        team = slack.team("Acme")
        space = Space(
            slack, team, slack.channel(team, "mlops-daily"), clock, WordGrader(), path, command, pace_s, mode=mode
        )
        await space.start()
        try:
            yield space
        finally:
            await space.stop()

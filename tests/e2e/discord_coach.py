"""A coach as its own process in the loopback Discord: a channel, a round, people who answer, and what must hold."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import Any

from bot.core import render
from tests.e2e import basics
from tests.e2e.basics import SAID
from tests.e2e.discord_server import Channel, DiscordServer, Interaction, Message, User
from tests.e2e.discord_server.limits import inputs_of

RUNNER = Path(__file__).with_name("coach_runner.py")
PEOPLE = 10


class Hall:
    """A server with one channel, an organiser and ten people; `answers` is what they wrote into the round's thread.

    With `shard`, a number and of how many, the server belongs to that one, and its coach is of that shard alone.
    """

    def __init__(self, server: DiscordServer, folder: Path, *, shard: tuple[int, int] | None = None) -> None:
        self.server, self.folder, self.shard = server, folder, shard
        server.interactions.ack_s = 10.0  # what is at stake here is loss, not pace, on a machine that may be busy
        self.database, self.log = folder / "coach.sqlite3", folder / f"coach{shard[0] if shard else ''}.log"
        self.settings: dict[str, str] = {"COACH_DISCORD_SHARDS": f"{shard[0]}/{shard[1]}"} if shard else {}
        self.guild = server.guild(shard=shard or (0, 1))
        self.channel = server.channel(self.guild)
        self.boss = server.user("Boss", organiser=True)
        self.people: list[User] = [server.user(f"person{number}") for number in range(PEOPLE)]
        self.answers: list[Message] = []

    # ------------------------------------------------------------------------------------------ the process

    async def start(self, crash: str = "", nth: int = 1) -> asyncio.subprocess.Process:
        """Start the coach; with `crash` it kills itself when it passes that point for the nth time."""
        settings = {
            "COACH_PLATFORMS": "discord",
            "COACH_DATABASE_URL": f"sqlite:///{self.database}",
            "COACH_QUESTION_COOLDOWN_S": "0",
            "COACH_DISCORD_TOKEN": self.server.token,
            "COACH_DISCORD_API_URL": self.server.api_url,
            "COACH_DISCORD_GATEWAY_URL": self.server.gateway_url,
            **self.settings,
        }
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, *([str(RUNNER), crash, str(nth)] if crash else ["-m", "bot", "run"]),
                cwd=self.folder, env=basics.environment(**settings), stdout=log, stderr=log,
            )  # fmt: skip

    @contextlib.asynccontextmanager
    async def coach(self, crash: str = "", nth: int = 1) -> AsyncIterator[asyncio.subprocess.Process]:
        """A coach that is connected, killed at the end. What it logged is shown when a test fails."""
        process = await self.start(crash, nth)
        try:
            await self.server.wait_for(self.connected, 60)
            yield process
        except BaseException:
            print(self.logged())  # noqa: T201  pytest shows it with the failure
            raise
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            await self.server.wait_for(lambda: not self.connected())

    def connected(self) -> bool:
        """Whether all of this coach's shards are."""
        gateway = self.server.gateway
        return gateway.up(self.shard[0]) if self.shard else gateway.connected

    def logged(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    # ------------------------------------------------------------------------------------------ what people do

    async def command(self, user: User, words: str, channel: Channel | None = None, **options: str) -> Interaction:
        """A slash command, tried until the coach has registered it; returns once it is answered."""
        interaction = await self.server.wait_for(lambda: self.try_command(user, words, channel, **options), 60)
        await interaction.answer(30)
        return interaction

    def try_command(self, user: User, words: str, channel: Channel | None = None, **options: str) -> Interaction | None:
        """A slash command, or None while the coach hasn't registered it."""
        with contextlib.suppress(LookupError):
            return self.server.slash(user, channel or self.channel, words, options)
        return None

    async def ask(self) -> Channel:
        """Have a question posted; its thread."""
        await self.command(self.boss, "mlops question")
        return await self.thread()

    async def thread(self) -> Channel:
        """The thread of the one question, once it is there and the coach has noted that it is."""
        found = await self.server.wait_for(self._thread, 60)
        await self.server.wait_for(lambda: self.rows("SELECT 1 FROM rounds WHERE state = 'open'"), 20)
        return found

    def _thread(self) -> Channel | None:
        posted = self.server.messages(self.channel)
        return self.server.thread(posted[0]) if posted else None

    async def answer(self, thread: Channel, count: int, *, pause: float = 0.005) -> None:
        """People take turns to write answers, each unlike all others."""
        for number in range(len(self.answers), len(self.answers) + count):
            text = f"{SAID[number % len(SAID)]}; this is answer number {number} in all."
            self.answers.append(self.server.say(thread, self.people[number % PEOPLE], text))
            await asyncio.sleep(pause)

    def press(self, user: User, message: Message, label: str) -> Interaction:
        """Press a message's button by its label."""
        parts = [part for row in message.components for part in row["components"]]
        found = next((part["custom_id"] for part in parts if part.get("label") == label), None)
        assert found, f"the buttons are {[part.get('label') for part in parts]}"
        return self.server.click(user, message, found)

    def filled(self, form: Interaction, number: int) -> dict[str, str]:
        """An answer in a form's one input."""
        assert form.modal is not None
        (field,) = [inner for part in form.modal["components"] for inner in inputs_of(part)]
        return {field["custom_id"]: f"{SAID[number]}; this one is for nobody else's eyes."}

    def pointers(self) -> list[Message]:
        """The coach's messages in the thread that point somebody to the form."""
        said = self.server.messages(self.answers[0].channel)
        return [message for message in said if "Answer privately" in str(message.components)]

    def welcomes(self) -> list[Message]:
        """The words that people get beside their first grade, as far as they are still there."""
        title = str(render.welcome().title)
        return [message for message in self.server.messages(self.answers[0].channel) if title in str(message.embeds)]

    # ------------------------------------------------------------------------------------------ what must hold

    def answered(self) -> int:
        """How many answers have a reply of the coach."""
        return len({m.reference for m in self.server.messages(self.answers[0].channel)} & {m.id for m in self.answers})

    async def settled(self, seconds: float = 180.0) -> None:
        """Wait until every answer has its grade, then a little longer for what shouldn't come."""
        await self.server.wait_for(lambda: self.answered() == len(self.answers), seconds)
        await self.emptied(seconds)

    async def emptied(self, seconds: float = 20.0) -> None:
        """Wait until nothing is left to grade or to send."""
        left = (
            "SELECT (SELECT count(*) FROM outbox WHERE state NOT IN ('sent', 'dropped')),"
            " (SELECT count(*) FROM replies WHERE state = 'received')"
        )
        await self.server.wait_for(lambda: self.rows(left) == [(0, 0)], seconds)
        await asyncio.sleep(0.3)

    def check(self, *, beside: Collection[Message] = (), private: int = 0) -> None:
        """Nothing lost, nothing twice: on Discord and in the database.

        `beside` are messages of the coach that aren't grades; `private` counts answers that came through the form.
        """
        said, welcomes = self.server.messages(self.answers[0].channel), self.welcomes()
        greeted = Counter(answer.author.id for answer in self.answers for m in welcomes if m.reference == answer.id)
        assert max(greeted.values(), default=0) <= 1, "nobody is welcomed twice"
        replies = Counter(message.reference for message in said if message not in (*beside, *welcomes))
        assert replies == Counter(m.id for m in self.answers), "one reply to each answer, and no other message"
        assert len(self.server.messages(self.channel)) == 1, "one question"
        total = len(self.answers) + private
        basics.counted(self.database, total, min(total, PEOPLE))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return basics.rows(self.database, sql)

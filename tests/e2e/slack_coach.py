"""A coach as its own process in the loopback Slack: channels with rounds, people who answer, and what must hold."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import Any

import aiohttp

from tests.e2e import basics
from tests.e2e.basics import SAID
from tests.e2e.basics import free_port as free_port
from tests.e2e.discord_coach import RUNNER
from tests.e2e.slack_server import Channel, Delivery, Ephemeral, Interaction, Message, SlackServer, Team, User

PEOPLE = 12
CHANNELS = 3
"""The coach writes one message a second into each, so answers to several are answered sooner."""

_LINK = re.compile(r"/archives/(?P<channel>\w+)/p(?P<seconds>\d+)(?P<fraction>\d{6})\?thread_ts=")


def answered_by(message: Message) -> tuple[str, str]:
    """Channel and ts of the answer that a message of the coach is about, as its link tells people."""
    small = [text["text"] for block in message.blocks if block["type"] == "context" for text in block["elements"]]
    found = _LINK.search(" ".join(small))
    return (found["channel"], f"{found['seconds']}.{found['fraction']}") if found else ("", "")


def parcel_of(message: Message) -> int:
    """The outbox row that a message of the coach carries."""
    assert message.metadata, "every message of the outbox carries its row"
    return int(str(message.metadata["event_payload"]["parcel"]).rpartition("-")[2])


class Hall:
    """A workspace with some channels, an organiser and people; `answers` is what they wrote into the rounds' threads.

    `mode` is how the coach is reached: "socket" or "http".
    """

    def __init__(self, server: SlackServer, folder: Path, mode: str = "socket", channels: int = CHANNELS) -> None:
        self.server, self.folder, self.mode = server, folder, mode
        server.outgoing.factor = 0.01  # retries at once, after 0.6 s and after 3 s
        server.views.trigger_s = 10.0  # what is at stake here is loss, not pace, on a machine that may be busy
        self.database, self.log = folder / "coach.sqlite3", folder / "coach.log"
        self.team: Team = server.team("Acme")
        self.boss = server.user(self.team, "Boss", admin=True)
        self.people: list[User] = [server.user(self.team, f"person{number}") for number in range(PEOPLE)]
        self.channels: list[Channel] = [server.channel(self.team, f"daily-{number}") for number in range(channels)]
        self.answers: list[Message] = []
        self.token = server.token(self.team)
        self.settings: dict[str, str] = {}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    # ------------------------------------------------------------------------------------------ the process

    def environment(self) -> dict[str, str]:
        """The coach's settings."""
        settings = {
            "COACH_PLATFORMS": "slack",
            "COACH_DATABASE_URL": f"sqlite:///{self.database}",
            "COACH_QUESTION_COOLDOWN_S": "0",
            "COACH_SLACK_MODE": self.mode,
            "COACH_SLACK_PORT": str(self.port),
            "COACH_SLACK_API_URL": self.server.api_url,
            "COACH_SLACK_BOT_TOKEN": self.token,
            "COACH_SLACK_APP_TOKEN": self.server.app_token,
            "COACH_SLACK_SIGNING_SECRET": self.server.signing_secret,
            **self.settings,
        }
        return basics.environment(**settings)

    async def start(self, crash: str = "", nth: int = 1) -> asyncio.subprocess.Process:
        """Start the coach; with `crash` it kills itself when it passes that point for the nth time."""
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, *([str(RUNNER), crash, str(nth)] if crash else ["-m", "bot", "run"]),
                cwd=self.folder, env=self.environment(), stdout=log, stderr=log,
            )  # fmt: skip

    @contextlib.asynccontextmanager
    async def coach(self, crash: str = "", nth: int = 1) -> AsyncIterator[asyncio.subprocess.Process]:
        """A coach that is connected, killed at the end. What it logged is shown when a test fails."""
        process = await self.start(crash, nth)
        try:
            await self.connected(process)
            yield process
        except BaseException:
            print(self.logged())  # noqa: T201  pytest shows it with the failure
            raise
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            await self.server.wait_for(lambda: not self.server.sockets.connected)

    async def connected(self, process: asyncio.subprocess.Process, seconds: float = 60.0) -> None:
        """Wait until the coach can be told of events."""
        if self.mode == "http":
            self.server.request_url = f"{self.url}/slack/events"
        async with asyncio.timeout(seconds):
            while not await self._reached():
                assert process.returncode is None, "the coach has ended"
                await asyncio.sleep(0.02)

    async def _reached(self) -> bool:
        if self.mode == "socket":
            return self.server.sockets.connected
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            return await self.server.http.verify()
        return False

    def logged(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def refusal(self) -> str:
        """The one line that the coach ended with."""
        (line,) = [line for line in self.logged().splitlines() if line.startswith("mlops-coach:")]
        assert "Traceback" not in self.logged()
        return line

    # ------------------------------------------------------------------------------------------ what people do

    async def command(self, user: User, words: str, channel: Channel | None = None) -> Ephemeral | Message:
        """A slash command's answer."""
        return await self.try_command(user, words, channel).answer(30)

    def try_command(self, user: User, words: str, channel: Channel | None = None) -> Interaction:
        return self.server.slash(user, channel or self.channels[0], words)

    async def ask(self) -> list[Message]:
        """Have a question posted in each channel; the questions."""
        await asyncio.gather(*(self.command(self.boss, "question", channel) for channel in self.channels))
        return await self.asked()

    async def asked(self) -> list[Message]:
        """The question of each channel, once all are there and the coach has noted that they are."""
        found = await self.server.wait_for(self._questions, 60)
        opened = "SELECT count(*) FROM rounds WHERE state = 'open'"
        await self.server.wait_for(lambda: self.rows(opened) == [(len(self.channels),)], 20)
        return found

    def questions(self, channel: Channel) -> list[Message]:
        """What the coach posted in a channel outside threads."""
        return [message for message in self.server.messages(channel) if not message.thread_ts]

    def _questions(self) -> list[Message] | None:
        found = [self.questions(channel) for channel in self.channels]
        return [messages[0] for messages in found] if all(found) else None

    async def answer(self, questions: list[Message], count: int, *, pause: float = 0.005) -> None:
        """People take turns to write answers, each unlike all others, to one question after the other."""
        for number in range(len(self.answers), len(self.answers) + count):
            question = questions[number % len(questions)]
            self.write(question, self.people[number % PEOPLE], number)
            await asyncio.sleep(pause)

    def write(self, question: Message, user: User, number: int) -> Message:
        """Write one answer."""
        text = f"{SAID[number % len(SAID)]}; this is answer number {number} in all."
        self.answers.append(self.server.say(question.channel, user, text, thread=question))
        return self.answers[-1]

    def filled(self, number: int) -> dict[str, str]:
        """An answer in the form's one input."""
        return {"answer": f"{SAID[number]}; this one is for nobody else's eyes."}

    def deliveries(self) -> list[Delivery]:
        """What was sent to the coach about answers."""
        return [delivery for answer in self.answers for delivery in answer.deliveries]

    # ------------------------------------------------------------------------------------------ what must hold

    def grades(self) -> list[Message]:
        """What the coach wrote into threads."""
        return [m for channel in self.channels for m in self.server.messages(channel) if m.thread_ts]

    def about(self, grade: Message) -> Message:
        """The answer that a message of the coach is about."""
        return next(a for a in self.answers if (a.channel.id, a.ts) == answered_by(grade))

    def replies_to(self, answer: Message) -> int:
        """How many messages of the coach are about an answer."""
        return sum(answered_by(message) == (answer.channel.id, answer.ts) for message in self.grades())

    def answered(self) -> int:
        """How many answers the coach has answered."""
        mine = {(answer.channel.id, answer.ts) for answer in self.answers}
        return len({answered_by(message) for message in self.grades()} & mine)

    async def settled(self, seconds: float = 90.0) -> None:
        """Wait until every answer has its grade, then a little longer for what shouldn't come."""
        await self.server.wait_for(lambda: self.answered() == len(self.answers), seconds)
        await self.emptied(seconds)

    async def emptied(self, seconds: float = 20.0) -> None:
        """Wait until Slack has nothing more to tell, and the coach nothing to grade or to send."""
        left = (
            "SELECT (SELECT count(*) FROM outbox WHERE state NOT IN ('sent', 'dropped')),"
            " (SELECT count(*) FROM replies WHERE state = 'received')"
        )
        await self.server.settled(seconds)
        await self.server.wait_for(lambda: self.rows(left) == [(0, 0)], seconds)
        await asyncio.sleep(0.3)

    def check(self, *, private: Collection[User] = ()) -> None:
        """Nothing lost, nothing twice, all in order: on Slack and in the database.

        `private` are those who answered the first question through the form as well.
        """
        replies = Counter(answered_by(message) for message in self.grades())
        assert replies == Counter((a.channel.id, a.ts) for a in self.answers), "one reply to each answer, and no other"
        assert [len(self.questions(channel)) for channel in self.channels] == [1] * len(self.channels), "one question"
        self.check_order()
        total = len(self.answers) + len(private)
        who = {(a.channel.id, a.user.id) for a in self.answers} | {(self.channels[0].id, u.id) for u in private}
        basics.counted(self.database, total, len(who))

    def check_order(self) -> None:
        """What was put into the outbox first stands first in each channel, where the database says that it stands."""
        noted = dict(self.rows("SELECT id, message FROM outbox WHERE state = 'sent'"))
        for channel in self.channels:
            posted = [(parcel_of(message), message.ts) for message in self.server.messages(channel)]
            assert posted == sorted(posted), "in order"
            assert {parcel: noted.get(parcel) for parcel, _ in posted} == dict(posted), "noted as sent"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return basics.rows(self.database, sql)

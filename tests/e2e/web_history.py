"""A coach with some days behind it, for pages that show what was: questions asked, answered and revealed."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from bot.app import App, assemble
from bot.coach.grading import TRIES
from bot.core.errors import GraderError, UsageError
from bot.core.model import KeyPoint, Place, Question, Task, Verdict
from bot.platforms.web import WebChat, members, units
from bot.platforms.web.basics import Member, micros
from bot.stores.sqlite import SqliteStore
from tests.e2e.basics import SAID
from tests.e2e.web_chat import CHANNEL, Running, WordGrader

PLACE = Place("web", "local", CHANNEL)
CLAIMS = (
    "compare feature distributions",
    "roll back the model",
    "segment errors by slice",
    "page the owner",
    "test it",
)
TOPICS = ("drift", "rollback", "segments", "alerts", "tests")
ASKED = {
    "Monitoring": ("Worse overnight", "Alerts that help", "Drift in one feature", "A silent failure"),
    "Serving": ("Shipping a model safely", "Latency at the tail", "Batch or stream"),
    "Data": ("Train and serve skew", "Late labels", "Who owns a table"),
    "Teams": ("On call for models",),
}
BANK = tuple(
    Question(
        id=f"{section.lower()}-{number}",
        section=section,
        title=title,
        text=f"{title}: what do you look at first, and what do you do about it before anybody complains?",
        sample_answer=". ".join(f"First {claim}" for claim in CLAIMS) + ".",
        key_points=tuple(KeyPoint(claim, topic) for claim, topic in zip(CLAIMS, TOPICS, strict=True)),
        hints=("Think of the data.",),
        follow_up="Would you do the same at night?",
        level=1 + number % 3,
    )
    for section, titles in ASKED.items()
    for number, title in enumerate(titles)
)
DRAFT = Question(id="draft", section="Teams", title="A question without an answer", text="What comes next?")


class Picky(WordGrader):
    """Can't read some answers at all."""

    async def grade(self, task: Task) -> Verdict:
        if "illegible" in task.answer and not self.reads_all:
            raise GraderError("the model's reply couldn't be read")
        return await super().grade(task)

    reads_all = False


class Turned:
    """The present, so many days ago: what happens from then on happens at the present's pace."""

    def __init__(self, ago: dt.timedelta) -> None:
        self.ago = ago

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) - self.ago

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def said(points: int, who: str) -> str:
    """An answer with so many of the five key points, in words of one's own: it must not pass for a copy."""
    own = SAID[sum(map(ord, who)) % len(SAID)]
    claims = CLAIMS[:points][:: 1 if len(who) % 2 else -1]
    return f"{own}. {who} would " + (f"also {', '.join(claims)}." if claims else "wait and see.")


@dataclasses.dataclass
class History:
    """Lets days pass. `people` are who came in, by name; the first is the organiser."""

    app: App
    chat: WebChat
    store: SqliteStore
    clock: Turned
    grader: Picky
    people: dict[str, Member] = dataclasses.field(default_factory=dict)

    async def come_in(self, name: str) -> Member:
        if name not in self.people:
            self.people[name] = await self.store.write(
                members.pick, f"session of {name}", f"id-{name.casefold()}", name, micros(self.clock.now()),
                open_to_all=True,
            )  # fmt: skip
        return self.people[name]

    async def answer(self, name: str, text: str) -> None:
        """Write in the newest question's thread."""
        round_ = await self.app.coach.rounds.find(PLACE)
        member = await self.come_in(name)
        key = f"{round_.id}-{name}-{len(text):04}"
        at = micros(self.clock.now())
        _, reply = await self.store.write(units.post, member, key, CHANNEL, int(round_.thread), text, at)
        assert reply is not None
        await self.app.coach.replies.take(reply)

    async def day(self, points: Mapping[str, int]) -> None:
        """A daily question, and who covers how many of its five points."""
        await self.app.settle()
        with contextlib.suppress(UsageError):
            await self.app.coach.rounds.post_now(PLACE)
        await self.app.settle()
        for name, covered in points.items():
            await self.answer(name, said(covered, name))
        await self.app.settle()
        self.clock.ago -= dt.timedelta(days=1)
        await self.app.settle()

    async def fail(self, name: str) -> None:
        """An answer that can't be graded however often it is tried."""
        await self.answer(name, f"This is the illegible answer of {name} with some words.")
        for _ in range(TRIES + 1):
            await self.app.settle()
            self.clock.ago -= dt.timedelta(minutes=30)


@contextlib.asynccontextmanager
async def lived(
    path: Path,
    days: Sequence[Mapping[str, int]],
    *,
    bank: Sequence[Question] = (*BANK, DRAFT),
    public: Mapping[str, Place] | None = None,
    token: str = "",
) -> AsyncIterator[tuple[History, Running]]:
    """A coach that has lived through `days`, each a mapping of names to covered points, and serves now."""
    store = await SqliteStore.open(path)
    clock = Turned(dt.timedelta(days=len(days), hours=6))
    grader = Picky()
    chat = WebChat(store, clock, port=0, token=token, public=public)
    app = assemble(store, grader, bank, [chat], clock=clock, rng=random.Random(7), cooldown=dt.timedelta(0))
    chat.attach(app.coach)
    history = History(app, chat, store, clock, grader)
    try:
        await app.coach.rounds.channel(PLACE, CHANNEL)
        await app.coach.organise.set(PLACE, {"time": "00:01", "zone": "UTC", "close-after": "20h", "grace": "24h"})
        for points in days:
            await history.day(points)
        task = asyncio.create_task(app.run())
        address = (await chat.address()).partition("/?")[0].rstrip("/")
        try:
            yield history, Running(app, chat, store, address, task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    finally:
        await store.close()

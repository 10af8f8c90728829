"""A whole coach for flow tests: the real store and use cases, a clock turned by hand, a chat that remembers."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
import random
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.app import App, assemble
from bot.commands import Call, dispatch
from bot.core.errors import GraderAway, PlatformError
from bot.core.message import Form, Message, Parcel
from bot.core.model import (
    Coverage,
    KeyPoint,
    Person,
    Place,
    PointVerdict,
    Question,
    Receipt,
    Reply,
    Round,
    Task,
    Verdict,
)
from bot.core.ports import CrashPoint, Sent, Store, no_crash
from bot.core.text import fold
from bot.stores import admin, copying, open_store
from bot.stores.sql import SCHEMA, load_migrations
from bot.stores.sqlite import SqliteStore
from bot.stores.tables import tables
from tests import postgres_server

MONDAY = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
PLACE = Place("room", "guild", "daily")


class HandClock:
    """Stands still until it is turned."""

    def __init__(self, now: dt.datetime = MONDAY) -> None:
        self.time = now

    def now(self) -> dt.datetime:
        return self.time

    def pass_(self, **span: float) -> None:
        self.time += dt.timedelta(**span)

    async def sleep(self, seconds: float) -> None:
        self.time += dt.timedelta(seconds=seconds)


class WordGrader:
    """Covers a key point whose every word is in the answer; ten for all, in proportion otherwise.

    A complete grader, only a naive one. `away` makes it refuse for now.
    """

    name = "words"

    def __init__(self) -> None:
        self.away = False
        self.error: Exception | None = None
        self.asked: list[Task] = []

    async def grade(self, task: Task) -> Verdict:
        self.asked.append(task)
        await asyncio.sleep(0)
        if self.away:
            raise GraderAway("the provider is down")
        if self.error:
            raise self.error
        answer = set(fold(task.answer).split())
        points = tuple(
            PointVerdict(point, Coverage.COVERED, point.claim)
            if set(fold(point.claim).split()) <= answer
            else PointVerdict(point, Coverage.MISSING)
            for point in task.key_points
        )
        covered = sum(point.coverage is Coverage.COVERED for point in points)
        return Verdict(max(1, round(10 * covered / len(points))), points, Receipt("words"))

    async def close(self) -> None:
        return None


class Room:
    """A chat in memory that keeps every parcel and can be made to fail."""

    name = "room"
    finds_personal = False

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self.elsewhere: set[str] = set()
        """Communities that another process hears."""
        self.sent: list[tuple[str, Parcel]] = []
        self.amended: list[tuple[str, Parcel]] = []
        self.messages: dict[str, list[Reply]] = {}
        self.seen: list[str] = []
        self.forgotten: list[str] = []
        self.failure: Callable[[Parcel], PlatformError | None] = lambda _: None

    def serves(self, community: str) -> bool:
        return community not in self.elsewhere

    async def send(self, parcel: Parcel) -> Sent:
        await asyncio.sleep(0)
        if error := self.failure(parcel):
            raise error
        message = str(next(self._ids))
        self.sent.append((message, parcel))
        return Sent(message, f"t{message}" if parcel.opens_thread else "")

    async def find(self, parcel: Parcel) -> Sent | None:
        for message, known in self.sent:
            if known.key == parcel.key:
                return Sent(message, f"t{message}" if parcel.opens_thread else "")
        return None

    async def amend(self, message: str, parcel: Parcel) -> None:
        self.amended.append((message, parcel))

    async def forget(self, community: str, user: str) -> None:
        self.forgotten.append(user)

    async def acknowledge(self, reply: Reply) -> None:
        self.seen.append(reply.message)

    async def history(self, place: Place, thread: str, since: dt.datetime) -> AsyncIterator[Reply]:
        for reply in self.messages.get(thread, []):
            if reply.at >= since:
                yield reply

    async def run(self) -> None:
        await asyncio.Event().wait()

    def texts(self, kind: str) -> list[str]:
        """The words of what was sent of one kind, in order."""
        return [parcel.message.text for _, parcel in self.sent if parcel.kind == kind]


@dataclass
class World:
    """A coach in a room, and shorthands for what people do there."""

    app: App
    room: Room
    clock: HandClock
    grader: WordGrader
    _messages: itertools.count[int] = field(default_factory=lambda: itertools.count(1000))

    async def daily(self, **settings: str) -> Round:
        """Set the channel up for 09:00 UTC and post today's question."""
        self.clock.pass_(minutes=-1)
        await self.app.coach.rounds.channel(PLACE, "daily")
        await self.app.coach.organise.set(PLACE, {"time": "09:00", "zone": "UTC", **settings})
        self.clock.pass_(minutes=1)
        await self.app.settle()
        return await self.app.coach.rounds.find(PLACE)

    def reply(self, round_: Round, who: str, text: str, *, message: str = "", revision: str = "") -> Reply:
        return Reply(
            "room", "guild", round_.thread, message or str(next(self._messages)), Person(who, who.title()), text,
            self.clock.now(), revision,
        )  # fmt: skip

    async def say(self, round_: Round, who: str, text: str, *, message: str = "", revision: str = "") -> Reply:
        """Write in the round's thread, and let the coach do its work."""
        reply = self.reply(round_, who, text, message=message, revision=revision)
        await self.app.coach.replies.take(reply)
        self.clock.pass_(seconds=1)
        await self.app.settle()
        return reply

    async def call(
        self, verb: str, who: str = "ada", *, organiser: bool = False, target: str = "", thread: str = "", **args: str
    ) -> Message | Form:
        """Use a command."""
        call = Call(
            verb, PLACE, Person(who, who.title()), self.clock.now(), f"key-{next(self._messages)}", organiser, thread,
            target, args, submitted=bool(args),
        )  # fmt: skip
        return await dispatch(self.app.coach, call)

    async def points(self, who: str = "ada", period: str = "all") -> dict[str, int]:
        """Names and points of the board."""
        board = await self.app.coach.standings.board(PLACE, Person(who, who.title()), period)
        return {row.person.name: row.points for row in board.rows}


def question(number: int, section: str = "Alpha") -> Question:
    """A question with four key points of two invented words each, and a sample answer that says them all."""
    claims = [f"alpha{number} one", f"beta{number} two", f"gamma{number} three", f"delta{number} four"]
    return Question(
        id=f"q{number}",
        section=section,
        title=f"Question {number}",
        text=f"What is to be said about subject {number}?",
        sample_answer=". ".join(claim.capitalize() for claim in claims) + " and that is the whole of it.",
        key_points=tuple(KeyPoint(claim, f"topic {index}") for index, claim in enumerate(claims)),
        hints=("A first hint.", "A second hint."),
        follow_up="And then?",
        level=2,
        source="Tests > Question",
    )


BANK = (*(question(n, "Alpha") for n in (1, 2, 3)), *(question(n, "Beta") for n in (4, 5, 6)))


_databases: dict[Path, str] | None = None
"""Where the test runs on PostgreSQL: the addresses of its databases, by the files that they stand for."""


@pytest.fixture(params=["sqlite", "postgres"], autouse=True)
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every test here runs on both databases, unless it says otherwise (`sqlite_only`)."""
    global _databases
    if request.param == "postgres":
        postgres_server.server()
        _databases = {}
    yield request.param
    for url in (_databases or {}).values():
        postgres_server.server().give_back(url)
    _databases = None


sqlite_only = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


async def store_at(path: Path, crash: CrashPoint = no_crash) -> Store:
    """The database that a path stands for."""
    if _databases is None:
        return await SqliteStore.open(path, crash=crash)
    if path not in _databases:
        _databases[path] = await postgres_server.server().create_coach()
    return await open_store(_databases[path], crash=crash)


async def dump(path: Path) -> str:
    """Everything that the database holds for which a path stands."""
    url = f"sqlite:///{path}" if _databases is None else _databases[path]
    found: list[str] = []
    async with admin.reading(url) as database:
        for table in tables(load_migrations(SCHEMA)):
            found += [repr(row) async for page in copying.pages(database, table) for row in page]
    return "\n".join(found)


def assemble_at(store: Store, room: Room, clock: HandClock) -> App:
    """A coach on a store, with a grader of its own."""
    return assemble(store, WordGrader(), BANK, [room], clock=clock, rng=random.Random(7))


@contextlib.asynccontextmanager
async def world_at(
    path: Path, room: Room | None = None, clock: HandClock | None = None, crash: CrashPoint = no_crash
) -> AsyncIterator[World]:
    """A coach on the database at `path`; again on the same, it is a restart."""
    store = await store_at(path)
    try:
        room, clock, grader = room or Room(), clock or HandClock(), WordGrader()
        app = assemble(store, grader, BANK, [room], clock=clock, rng=random.Random(7), crash=crash)
        yield World(app, room, clock, grader)
    finally:
        await store.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with world_at(tmp_path / "coach.sqlite3") as made:
        yield made

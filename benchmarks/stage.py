"""A coach for measuring: the real use cases and loops, with a grader and a chat that cost nothing."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from bot.app import App, assemble
from bot.clock import SystemClock
from bot.coach import Graders
from bot.coach.work import stop
from bot.core.message import Parcel, ParcelKind
from bot.core.model import Coverage, KeyPoint, Person, Place, PointVerdict, Question, Receipt, Reply, Task, Verdict
from bot.core.ports import Sent, Store, Unit, one

PLATFORM = "room"
COMMUNITIES = 16
FIRST_MESSAGE = 1_400_000_000_000_000_000  # ids of messages grow with time on every platform
WORDS = 60
"""Words of an answer."""

PEOPLE_KNOWN = 20_000
"""People who have answered before, so that no word of welcome goes with their grades; more than a run needs."""

_SYLLABLES = ("ca", "de", "fi", "go", "lu", "ma", "ne", "po", "ri", "su", "ta", "ve")


class NoGrader:
    """Finds every key point in an answer's first words."""

    name = "none"

    async def grade(self, task: Task) -> Verdict:
        quote = " ".join(task.answer.split(maxsplit=6)[:6])
        points = tuple(PointVerdict(point, Coverage.COVERED, quote) for point in task.key_points)
        return Verdict(9, points, Receipt(self.name))

    async def close(self) -> None:
        return None


class Room:
    """A chat that swallows what is sent; `graded` has a future for each message whose grade is waited for."""

    name = PLATFORM
    finds_personal = True

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self.graded: dict[str, asyncio.Future[None]] = {}

    def serves(self, community: str) -> bool:
        return True

    async def send(self, parcel: Parcel) -> Sent:
        message = str(next(self._ids))
        if parcel.kind is ParcelKind.GRADE and (waiting := self.graded.pop(parcel.reply_to, None)):
            waiting.set_result(None)
        return Sent(message, f"t{message}" if parcel.opens_thread else "")

    async def find(self, parcel: Parcel) -> Sent | None:
        return None

    async def amend(self, message: str, parcel: Parcel) -> None:
        return None

    async def forget(self, community: str, user: str) -> None:
        return None

    async def acknowledge(self, reply: Reply) -> None:
        return None

    async def history(self, place: Place, thread: str, since: dt.datetime) -> AsyncIterator[Reply]:
        nothing: tuple[Reply, ...] = ()
        for reply in nothing:
            yield reply

    async def run(self) -> None:
        await asyncio.Event().wait()


def questions() -> tuple[Question, ...]:
    """A bank of twenty questions with four key points each."""
    return tuple(_question(number) for number in range(20))


def _question(number: int) -> Question:
    claims = [f"part {part} of subject {number} is described in code and reviewed" for part in range(4)]
    return Question(
        id=f"q{number}",
        section=f"Section {number % 4}",
        title=f"Question {number}",
        text=f"What is to be said about subject {number}?",
        sample_answer=". ".join(claims) + ", and that is the whole of it.",
        key_points=tuple(KeyPoint(claim, f"topic {part}") for part, claim in enumerate(claims)),
    )


def answers(count: int, seed: int = 7) -> list[str]:
    """Texts of WORDS words, no two of them alike."""
    rng = random.Random(seed)  # noqa: S311
    vocabulary = ["".join(rng.choices(_SYLLABLES, k=rng.randint(1, 4))) for _ in range(3000)]
    return [" ".join(rng.choices(vocabulary, k=WORDS)) for _ in range(count)]


@dataclass
class Stage:
    """A coach with a round open in each community. `take` stores an answer, `answered` waits for its grade, too."""

    app: App
    room: Room
    threads: Sequence[tuple[str, str]]
    _texts: Sequence[str]
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def take(self) -> None:
        """Store the next person's answer to the next round."""
        await self.app.coach.replies.take(self._next())

    async def answered(self) -> None:
        """Store the next answer and wait until its grade has been sent."""
        reply = self._next()
        graded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.room.graded[reply.message] = graded
        await self.app.coach.replies.take(reply)
        await graded

    async def rest(self) -> None:
        """Wait until all that was begun is recorded and marked as sent."""
        await self.app.coach.grading.idle()
        for delivery in self.app.deliveries:
            await delivery.idle()

    def _next(self) -> Reply:
        number = next(self._numbers)
        community, thread = self.threads[number % len(self.threads)]
        person = Person(f"u{number}", f"Person {number}")
        text = self._texts[number % len(self._texts)]
        now = dt.datetime.now(dt.UTC)
        return Reply(PLATFORM, community, thread, str(FIRST_MESSAGE + number), person, text, now)


def _welcomed(communities: int) -> Unit[None]:
    for number in range(PEOPLE_KNOWN):
        where = {"platform": PLATFORM, "community": f"community {number % communities}", "user_id": f"u{number}"}
        yield from one("learner_welcome", **where, busy=1)


@contextlib.asynccontextmanager
async def stage(store: Store, at_once: int, communities: int = COMMUNITIES) -> AsyncIterator[Stage]:
    """A coach at work on a store, its grader taking `at_once` answers together; its loops are ended at the end."""
    room = Room()
    app = assemble(
        store,
        Graders(NoGrader(), at_once=at_once),
        questions(),
        [room],
        clock=SystemClock(),
        rng=random.Random(7),  # noqa: S311
        cooldown=dt.timedelta(),
    )
    places = [Place(PLATFORM, f"community {number}", "daily") for number in range(communities)]
    for place in places:
        await app.coach.rounds.ask(place)
    await app.settle()
    threads = [(place.community, (await app.coach.rounds.find(place)).thread) for place in places]
    await store.write(_welcomed, communities)
    working = asyncio.create_task(app.run())
    try:
        yield Stage(app, room, threads, answers(4096))
    finally:
        await stop([working])

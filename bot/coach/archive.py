"""What was asked and answered so far: past questions with their reveals, a person's own answers, what still waits.

Nothing here changes anything. A question is in the archive once its round is closed and revealed, never before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.coach import records
from bot.coach.standings import podium
from bot.core.errors import UsageError
from bot.core.model import Person, Place, Podium, Question, Round
from bot.core.ports import Row, Store, Unit, one, rows
from bot.core.text import fold

LAST = 2**53
"""Beyond every id: pages that begin at the newest come before it."""

MOST_SEARCHED = 5_000
"""Past questions that a search looks through, the newest first; at one a day that is more than thirteen years."""

_BATCH = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was put to a channel. `own` is what it gave the asker: 1 to 10, None without a counted answer.

    `open` says that answers to it still count.
    """

    id: int
    date: dt.date
    daily: bool
    question: Question
    own: int | None
    thread: str = ""
    channel: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """One of a person's answers: `score` is 1 to 10 once its state is graded; `closed` is its round's.

    `copied` and `practice` say why it doesn't count.
    """

    id: int
    at: dt.datetime
    date: dt.date
    question: Question
    state: str
    score: int | None
    thread: str
    channel: str
    private: bool = False
    practice: bool = False
    copied: bool = False
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reply that isn't graded yet: since when, how often the grader was away or failed at it, and why last."""

    id: int
    author: str
    question: Question
    since: dt.datetime
    tries: int
    why: str


class Archive:
    """Reads what a community has behind it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def days(self, place: Place, person: Person, *, most: int) -> list[Asked]:
        """The newest questions of a channel, open ones too, the newest first."""
        return await self._store.read(_days, place, person.id, most)

    async def past(
        self, place: Place, person: Person, *, section: str = "", search: str = "", before: int = LAST, most: int = 10
    ) -> tuple[list[Asked], bool]:
        """A page of a community's revealed questions, the newest first, and whether there are more.

        `search` are words that have to be in the question or its sample answer; `before` is the last id of the page
        before.
        """
        return await self._store.read(_past, place, person.id, section, fold(search), before, most)

    async def sections(self, place: Place) -> list[str]:
        """The sections of which anything was revealed, by name."""
        found = await self._store.read(rows, "rounds_sections", platform=place.platform, community=place.community)
        return [row["section"] for row in found]

    async def reveal(self, place: Place, round_id: int) -> tuple[Round, Podium]:
        """A past round and how it ended. Raises UsageError when there is none, or it isn't revealed yet."""
        return await self._store.read(_reveal, place, round_id)

    async def answers(
        self, place: Place, person: Person, *, before: int = LAST, most: int = 20
    ) -> tuple[list[Answered], bool]:
        """A page of a person's answers, the newest first, and whether there are more."""
        return await self._store.read(_answers, place, person.id, before, most)

    async def waiting(self, place: Place, *, most: int) -> tuple[list[Waiting], int]:
        """The oldest replies of a community that aren't graded yet, and how many there are in all."""
        return await self._store.read(_waiting, place, most)


def _question(row: Row) -> Question:
    return records.QUESTION.validate_json(row["body"])


def _asked(row: Row) -> Asked:
    return Asked(row["id"], dt.date.fromisoformat(row["local_date"]), bool(row["daily"]), _question(row), row["own"])


def _days(place: Place, user: str, most: int) -> Unit[list[Asked]]:
    found = yield from rows(
        "rounds_shown",
        platform=place.platform,
        community=place.community,
        channel=place.channel,
        user_id=user,
        most=most,
    )
    return [
        Asked(
            row["id"],
            dt.date.fromisoformat(row["local_date"]),
            bool(row["daily"]),
            _question(row),
            row["own"],
            row["thread"],
            place.channel,
            row["state"] == "open",
        )
        for row in found
    ]


def _past(place: Place, user: str, section: str, search: str, before: int, most: int) -> Unit[tuple[list[Asked], bool]]:
    """Searched here and not by the database, whose folding knows ASCII only and whose columns are JSON."""
    page = list[Asked]()
    wanted = _holds(search)
    batch = _BATCH if search else most + 1
    for _ in range(MOST_SEARCHED // _BATCH):
        found = yield from rows(
            "rounds_revealed",
            platform=place.platform,
            community=place.community,
            user_id=user,
            section=section,
            before=before,
            most=batch,
        )
        page += [asked for asked in map(_asked, found) if wanted(asked.question)]
        if len(found) < batch or len(page) > most:
            break
        before = found[-1]["id"]
    return page[:most], len(page) > most


def _holds(search: str) -> Callable[[Question], bool]:
    words = search.split()

    def holds(question: Question) -> bool:
        text = fold(f"{question.title} {question.text} {question.sample_answer}") if words else ""
        return all(word in text for word in words)

    return holds


def _reveal(place: Place, round_id: int) -> Unit[tuple[Round, Podium]]:
    known = yield from one("round_is_revealed", id=round_id, platform=place.platform, community=place.community)
    row = (yield from one("round_get", id=round_id)) if known else None
    if row is None:
        raise UsageError("That question isn't in the archive: it comes there once its round is closed.")
    round_ = records.round_(row)
    return round_, (yield from podium(round_))


def _answers(place: Place, user: str, before: int, most: int) -> Unit[tuple[list[Answered], bool]]:
    found = yield from rows(
        "replies_history",
        platform=place.platform,
        community=place.community,
        user_id=user,
        before=before,
        most=most + 1,
    )
    return [_answer(row) for row in found[:most]], len(found) > most


def _answer(row: Row) -> Answered:
    return Answered(
        id=row["id"],
        at=records.moment(row["at"]),
        date=dt.date.fromisoformat(row["local_date"]),
        question=_question(row),
        state=row["state"],
        score=row["score"] if row["state"] == "graded" else None,
        thread=row["thread"],
        channel=row["channel"],
        private=bool(row["private"]),
        practice=bool(row["practice"]),
        copied=bool(row["copied"]),
        closed=row["round_state"] == "closed",
    )


def _waiting(place: Place, most: int) -> Unit[tuple[list[Waiting], int]]:
    where = {"platform": place.platform, "community": place.community}
    found: Sequence[Row] = yield from rows("replies_waiting", **where, most=most)
    count = yield from one("replies_waiting_count", platform=place.platform, community=place.community)
    return [
        Waiting(
            row["id"],
            row["name"],
            _question(row),
            records.moment(row["at"]),
            row["waits"] + row["tries"],
            row["failure"],
        )
        for row in found
    ], count["waiting"] if count else 0

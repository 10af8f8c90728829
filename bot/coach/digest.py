"""The week in figures, for organisers: posted on Mondays where they want it, and shown when they ask."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence

from bot.coach import letters, records
from bot.coach.budget import MILLIONTHS
from bot.coach.community import week_of
from bot.coach.standings import today
from bot.core import render, rules
from bot.core.message import Message, ParcelKind
from bot.core.model import Coverage, Digest, KeyPoint, Place, Schedule, Week
from bot.core.ports import Clock, Row, Store, Unit, one, rows

MOST_GRADES = 2_000
"""The newest grades of a week that are looked through for what was missed."""

MOST_QUESTIONS = 20
HARDEST = 3
"""Key points that are named as most often missed."""

_WEEK = dt.timedelta(days=7)


class Digests:
    """Makes the digest of a week."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def last(self, place: Place) -> Digest:
        """The week before this one, by the community's own days (Monday to Sunday)."""
        return await self._store.read(_last, place, self._clock.now())

    async def current(self, place: Place) -> Digest:
        """This week so far."""
        return await self._store.read(_current, place, self._clock.now())


def due(now: dt.datetime, most: int) -> Unit[int]:
    """Put the digests into the outbox that are due; how many, at most `most`. Each week's once, whoever comes first.

    What was missed for longer than a week is not made up for: the newest week is told.
    """
    found = yield from rows("digests_due", now=records.micros(now), most=most)
    for row in found:
        schedule = records.channel(row, row["id"]).schedule or Schedule()
        at = records.micros(rules.next_digest_at(schedule, now))
        where = {"platform": row["platform"], "community": row["community"]}
        if (yield from one("digest_move", **where, seen=row["digest_at"], at=at)):
            about = week_of(schedule, now).isoformat()
            yield from letters.post(row["id"], ParcelKind.DIGEST, about, records.micros(now))
    return len(found)


def words(place: Place, about: str) -> Unit[tuple[Message, str] | None]:
    """The digest of the week that begins on a date, for everybody who sees the channel."""
    return render.weekly((yield from _digest(place, dt.date.fromisoformat(about)))), ""


def _last(place: Place, now: dt.datetime) -> Unit[Digest]:
    day = yield from today(place, now)
    return (yield from _digest(place, day - dt.timedelta(days=day.weekday() + 7)))


def _current(place: Place, now: dt.datetime) -> Unit[Digest]:
    day = yield from today(place, now)
    return (yield from _digest(place, day - dt.timedelta(days=day.weekday())))


def _digest(place: Place, monday: dt.date) -> Unit[Digest]:
    this, before = (yield from _week(place, monday)), (yield from _week(place, monday - _WEEK))
    span = _span(place, monday)
    asked = yield from rows("week_questions", **span, most=MOST_QUESTIONS)
    graded = yield from rows("week_grades", **span, most=MOST_GRADES)
    questions = tuple(
        (
            records.QUESTION.validate_json(row["body"]).title,
            row["answers"],
            (row["points"] or 0) / (row["answers"] or 1),
        )
        for row in asked
    )
    return Digest(monday, this, before, questions, _hardest(graded))


def _week(place: Place, monday: dt.date) -> Unit[Week]:
    span = _span(place, monday)
    counted = yield from one("week_counted", **span)
    failed = yield from one("week_failed", **span)
    spent = yield from one("week_spent", **span)
    # By days in UTC: whoever couldn't be told something has no date of their own.
    begin = dt.datetime.combine(monday, dt.time(), dt.UTC)
    dropped = yield from one(
        "week_dropped", platform=place.platform, community=place.community, begin=records.micros(begin),
        end=records.micros(begin + _WEEK),
    )  # fmt: skip
    assert counted is not None  # noqa: S101  counts always have a row
    return Week(
        answers=counted["answers"],
        people=counted["people"],
        average=(counted["points"] or 0) / (counted["answers"] or 1),
        failed=failed["failed"] if failed else 0,
        dropped=dropped["dropped"] if dropped else 0,
        cost=(spent["cost"] or 0) / MILLIONTHS if spent else 0.0,
        tokens=(spent["tokens"] or 0) if spent else 0,
    )


def _span(place: Place, monday: dt.date) -> dict[str, str]:
    last = monday + _WEEK - dt.timedelta(days=1)
    where = {"platform": place.platform, "community": place.community}
    return {**where, "first": monday.isoformat(), "last": last.isoformat()}


def _hardest(graded: Sequence[Row]) -> tuple[tuple[KeyPoint, int], ...]:
    """The key points most often missed, and how often."""
    missed: Counter[KeyPoint] = Counter()
    for row in graded:
        for verdict in json.loads(row["grade"])["points"]:
            if verdict["coverage"] in (Coverage.MISSING, Coverage.CONTRADICTED):
                missed[KeyPoint(verdict["point"]["claim"], verdict["point"]["topic"])] += 1
    return tuple(missed.most_common(HARDEST))

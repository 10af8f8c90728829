"""Between the database's rows and the model."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable

from bot.core.lazy import Json
from bot.core.model import Channel, CountingRule, Days, Grade, Place, Question, Round, RoundState, Schedule
from bot.core.ports import Row

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)

QUESTION = Json(Question)
GRADE = Json(Grade)


def micros(moment: dt.datetime) -> int:
    """A moment as microseconds since 1970 in UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(value: int) -> dt.datetime:
    """Microseconds since 1970 as a moment in UTC."""
    return _EPOCH + value * _MICROSECOND


def question_body(question: Question) -> str:
    return QUESTION.dump_json(question).decode()


def question_version(body: str) -> str:
    """What names a version of a question: the digest of its content."""
    return hashlib.sha256(body.encode()).hexdigest()


def days(text: str) -> tuple[Days, ...]:
    """Spans of dates as the database keeps them: `first/last` each, with spaces between."""
    pairs = [span.split("/") for span in text.split()]
    return tuple(Days(dt.date.fromisoformat(first), dt.date.fromisoformat(last)) for first, last in pairs)


def days_text(spans: Iterable[Days]) -> str:
    """What `days` reads."""
    return " ".join(f"{span.first.isoformat()}/{span.last.isoformat()}" for span in spans)


def channel(row: Row, id_: int) -> Channel:
    """A channel from a row with the columns of `channels`; `id_` is apart because joins call it otherwise."""
    schedule = None
    if row["scheduled"]:
        minute = int(row["post_minute"])
        schedule = Schedule(
            time=dt.time(minute // 60, minute % 60),
            zone=row["zone"],
            weekdays=frozenset(int(day) for day in row["weekdays"]),
            grace=dt.timedelta(seconds=row["grace_s"]),
            paused=next(iter(days(row["paused"])), None),
            holidays=days(row["holidays"]),
        )
    return Channel(
        id=id_,
        place=Place(row["platform"], row["community"], row["channel"]),
        name=row["name"],
        schedule=schedule,
        mention=row["mention"],
        rule=CountingRule(row["rule"]),
        close_after=dt.timedelta(seconds=row["close_after_s"]),
        pin=bool(row["pin"]),
        archive_after=dt.timedelta(minutes=row["archive_min"]),
        hint_cost=row["hint_cost"],
    )


def home(row: Row) -> Channel:
    """A channel as far as a message into it needs to know it, from `round_home`."""
    return Channel(
        id=row["channel_id"],
        place=Place(row["platform"], row["community"], row["channel"]),
        pin=bool(row["pin"]),
        archive_after=dt.timedelta(minutes=row["archive_min"]),
    )


def round_(row: Row) -> Round:
    """A round from `round_get`."""
    return Round(
        id=row["id"],
        channel=channel(row, row["channel_id"]),
        daily=bool(row["daily"]),
        local_date=dt.date.fromisoformat(row["local_date"]),
        question=QUESTION.validate_json(row["body"]),
        state=RoundState(row["state"]),
        closes_at=moment(row["closes_at"]),
        message=row["message"],
        thread=row["thread"],
    )


def grade(row: Row) -> Grade | None:
    """The grade in a row of `replies`, or None while there is none."""
    return GRADE.validate_json(row["grade"]) if row["grade"] else None

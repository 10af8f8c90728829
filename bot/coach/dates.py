"""Which days have no daily question, and which have a certain one: pauses, holidays, pins."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Sequence

from bot.coach import acts, records
from bot.coach.acts import Act
from bot.coach.rounds import Bank, Rounds
from bot.core import rules
from bot.core.errors import UsageError
from bot.core.model import Channel, Days, Person, Place, Question, Schedule
from bot.core.ports import Clock, CrashPoint, Store, Unit, no_crash, one, rows
from bot.core.text import fold

MOST_HOLIDAYS = 60
"""Spans of holidays that a channel can have ahead of it."""

MOST_PINS = 60
LATEST = dt.timedelta(days=15)
"""No question is posted later than this after its time."""

FARTHEST = dt.timedelta(days=3 * 366)
"""How far ahead a date can be."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NOTHING_SCHEDULED = "No daily question is scheduled here. Set one up with /mlops config setup."


class Dates:
    """Changes a channel's calendar. Dates are the channel's own."""

    def __init__(self, store: Store, bank: Bank, rounds: Rounds, clock: Clock, crash: CrashPoint = no_crash) -> None:
        self._store, self._bank, self._rounds, self._clock, self._crash = store, bank, rounds, clock, crash

    async def pause(self, place: Place, until: str = "", *, by: Person | None = None) -> dt.date | None:
        """Post no daily question until a date, or until it is resumed; the date of the first one again, or None.

        Raises UsageError for what is no date ahead, and where nothing is scheduled.
        """
        today = await self._today(place)
        end = read_date(until, today) if until else None
        if end is not None and end <= today:
            raise UsageError(f"{end} is not ahead. Write the date of the first question after the pause.")
        span = Days(today, end - dt.timedelta(days=1) if end else dt.date.max)
        detail = f"until {end}" if end else ""
        await self._write(place, by, Act.PAUSE, detail, lambda schedule: dataclasses.replace(schedule, paused=span))
        return end

    async def resume(self, place: Place, *, by: Person | None = None) -> dt.datetime | None:
        """End the pause; when the next daily question comes. Raises UsageError where there is none."""
        today = await self._today(place)

        def resumed(schedule: Schedule) -> Schedule:
            if schedule.paused is None or schedule.paused.last < today:
                raise UsageError("The daily question isn't paused here. /mlops pause does that.")
            return dataclasses.replace(schedule, paused=None)

        channel = await self._write(place, by, Act.RESUME, "", resumed)
        posts = await self._rounds.next_posts(place, most=1)  # a date that was skipped stays skipped
        return next((at for of, at in posts if of.id == channel.id), None)

    async def add_holidays(self, place: Place, text: str, *, by: Person | None = None) -> Days:
        """Days without a daily question: "2026-12-24", or "2026-12-24 to 2027-01-02", the last included.

        Raises UsageError for what is none, is over, or is more than MOST_HOLIDAYS.
        """
        today = await self._today(place)
        span = read_days(text, today)
        if span.last < today:
            raise UsageError(f"{span.last} is over. Write a date that is still to come.")

        def added(schedule: Schedule) -> Schedule:
            kept = sorted({*schedule.holidays, span}, key=lambda days: (days.first, days.last))
            if sum(days.last >= today for days in kept) > MOST_HOLIDAYS:
                raise UsageError(f"At most {MOST_HOLIDAYS} holidays fit. Remove some, or write them as one span.")
            return dataclasses.replace(schedule, holidays=tuple(kept))

        await self._write(place, by, Act.HOLIDAY_ADD, _told(span), added)
        return span

    async def remove_holidays(self, place: Place, text: str, *, by: Person | None = None) -> Days:
        """Have daily questions again on these days; what is left of longer holidays stays.

        Raises UsageError where they are no holidays.
        """
        span = read_days(text, await self._today(place))

        def removed(schedule: Schedule) -> Schedule:
            left = tuple(part for days in schedule.holidays for part in _without(days, span))
            if left == schedule.holidays:
                known = ", ".join(_told(days) for days in schedule.holidays) or "none"
                raise UsageError(f"{_told(span)} is no holiday here. Holidays: {known[:300]}.")
            return dataclasses.replace(schedule, holidays=left)

        await self._write(place, by, Act.HOLIDAY_REMOVE, _told(span), removed)
        return span

    async def pin(
        self, place: Place, date: str, wanted: str, *, by: Person | None = None
    ) -> tuple[dt.date, Question, Days | bool, bool]:
        """Have a date's daily question be a certain one, by its id or title.

        Its date and question, and why it won't come as set up now: the pause or holidays that the date is in, True for
        a weekday without questions, else False; and whether the date was skipped. Raises UsageError for a date that is
        over or has its question, an unknown question and a draft.
        """
        channel = await self._rounds.channel(place)
        if channel.schedule is None:
            raise UsageError(_NOTHING_SCHEDULED)
        today = rules.local_date(channel.schedule.zone, self._clock.now())
        day = read_date(date, today)
        if day < today:
            raise UsageError(f"{day} is over. Write a date that is still to come.")
        question, skipped = await self._store.write(_pin, self._bank, channel, today, day, wanted, by, self._now())
        self._crash("question.pinned")
        off = channel.schedule.off(day) or day.weekday() not in channel.schedule.weekdays
        return day, question, off, skipped

    async def unpin(self, place: Place, date: str, *, by: Person | None = None) -> dt.date:
        """Let a date's question be drawn again. Raises UsageError where none is pinned."""
        channel = await self._rounds.channel(place)
        day = read_date(date, await self._today(place))
        await self._store.write(_unpin, channel, day, by, self._now())
        self._crash("question.unpinned")
        return day

    async def pins(self, place: Place) -> list[tuple[dt.date, str]]:
        """The dates to come that have a certain question, and its id."""
        channel = await self._rounds.channel(place)
        day = (await self._today(place)).isoformat()
        found = await self._store.read(rows, "pins_from", channel_id=channel.id, day=day)
        return [(dt.date.fromisoformat(row["local_date"]), row["question_id"]) for row in found]

    def _now(self) -> int:
        return records.micros(self._clock.now())

    async def _today(self, place: Place) -> dt.date:
        channel = await self._rounds.channel(place)
        return rules.local_date(channel.schedule.zone if channel.schedule else "UTC", self._clock.now())

    async def _write(
        self, place: Place, by: Person | None, act: Act, detail: str, change: Callable[[Schedule], Schedule]
    ) -> Channel:
        channel = await self._rounds.channel(place)
        today = await self._today(place)
        after = await self._store.write(_change, channel.id, today, by, act, detail, change, self._now())
        self._crash("channel.saved")
        self._rounds.bell.ring()
        return after


# ---------------------------------------------------------------------------------------------- units of work


def _change(
    id_: int, today: dt.date, by: Person | None, act: Act, detail: str, change: Callable[[Schedule], Schedule], now: int
) -> Unit[Channel]:
    """Change the calendar as it is by now: another organiser may have changed it meanwhile.

    What has been over for longer than a question can be late is dropped.
    """
    row = yield from one("channel_get", id=id_)
    channel = records.channel(row, id_) if row else None
    if channel is None or channel.schedule is None:
        raise UsageError(_NOTHING_SCHEDULED)
    schedule = rules.ahead(change(channel.schedule), today - LATEST)
    paused = (schedule.paused,) if schedule.paused else ()
    lately = [today - dt.timedelta(days=back) for back in range(LATEST.days + 1)]
    freed = any(channel.schedule.off(day) and not schedule.off(day) for day in lately)
    saved = yield from one(
        "channel_set_days", id=id_, paused=records.days_text(paused), holidays=records.days_text(schedule.holidays),
        freed=int(freed), now=now,
    )  # fmt: skip
    assert saved is not None  # noqa: S101  read above, in this transaction
    yield from acts.note(channel.place, by, act, detail, now)
    return records.channel(saved, id_)


def _pin(
    bank: Bank, channel: Channel, today: dt.date, day: dt.date, wanted: str, by: Person | None, now: int
) -> Unit[tuple[Question, bool]]:
    question = find_question(wanted, (yield from bank.questions(channel.place)))
    if question.draft:
        raise UsageError(f"{question.id} is a draft: it has no sample answer, so it is never posted.")
    there = yield from one("round_daily", channel_id=channel.id, local_date=day.isoformat())
    if there and there["state"] != "skipped":
        raise UsageError(f"{day} has its question already.")
    pinned = {row["local_date"] for row in (yield from rows("pins_from", channel_id=channel.id, day=today.isoformat()))}
    if len(pinned | {day.isoformat()}) > MOST_PINS:
        raise UsageError(f"At most {MOST_PINS} questions can be pinned. Unpin some.")
    yield from one("pin_put", channel_id=channel.id, local_date=day.isoformat(), question_id=question.id)
    yield from acts.note(channel.place, by, Act.PIN, f"{question.id} to {day}", now)
    return question, there is not None


def _unpin(channel: Channel, day: dt.date, by: Person | None, now: int) -> Unit[None]:
    gone = yield from one("pin_delete", channel_id=channel.id, local_date=day.isoformat())
    if gone is None:
        raise UsageError(f"No question is pinned to {day}. /mlops config show lists them.")
    yield from acts.note(channel.place, by, Act.UNPIN, f"{gone['question_id']} from {day}", now)


# ---------------------------------------------------------------------------------------------- reading


def find_question(wanted: str, questions: Sequence[Question]) -> Question:
    """A question by its id or title. Raises UsageError with what was probably meant."""
    folded = fold(wanted)
    by_name = {fold(question.title): question for question in questions}
    by_name |= {fold(question.id): question for question in questions}
    if folded in by_name:
        return by_name[folded]
    from difflib import get_close_matches  # only for a slip of the pen

    close = get_close_matches(folded, by_name, n=1, cutoff=0.6)
    hint = f" Did you mean {by_name[close[0]].id}?" if close else " /mlops health lists the ids."
    raise UsageError(f"There is no question called {wanted[:60] or 'nothing'}.{hint}")


def read_date(text: str, today: dt.date) -> dt.date:
    """A date such as 2026-12-24, "today" or "tomorrow". Raises UsageError, also for one too far ahead."""
    word = text.strip().casefold()
    near = {"today": today, "tomorrow": today + dt.timedelta(days=1)}
    try:
        if word not in near and not _DATE.fullmatch(word):
            raise ValueError
        day = near[word] if word in near else dt.date.fromisoformat(word)
    except ValueError:
        raise UsageError(f"{text.strip()[:40] or 'Nothing'} is not a date. Write one like 2026-12-24.") from None
    if day - today > FARTHEST:
        raise UsageError(f"{day} is too far ahead. A date can be at most three years away.")
    return day


def read_days(text: str, today: dt.date) -> Days:
    """A date, or two with "to" between them. Raises UsageError."""
    parts = re.split(r"\s+to\s+|\s+", text.strip(), maxsplit=1)
    days = [read_date(part, today) for part in parts]
    if days[-1] < days[0]:
        raise UsageError(f"{days[-1]} is before {days[0]}. Write the first date first.")
    return Days(days[0], days[-1])


def _told(span: Days) -> str:
    return f"{span.first}" if span.first == span.last else f"{span.first} to {span.last}"


def _without(days: Days, gone: Days) -> list[Days]:
    """What is left of a span when another is taken out of it."""
    if gone.last < days.first or gone.first > days.last:
        return [days]
    day = dt.timedelta(days=1)
    left = [Days(days.first, gone.first - day)] if gone.first > days.first else []
    return left + ([Days(gone.last + day, days.last)] if gone.last < days.last else [])

"""Rounds: a question put to a channel, by schedule or on demand, until it closes with its reveal."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import random
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import ParamSpec, TypeVar

from bot.coach import acts, digest, pins, records, results
from bot.coach.acts import Act
from bot.coach.recounts import recount_due
from bot.coach.work import LEASE, Bell
from bot.core import rules
from bot.core.errors import UsageError
from bot.core.model import Channel, Person, Place, Question, Round, RoundState
from bot.core.ports import Clock, CrashPoint, Row, Store, Unit, one, rows, soft
from bot.core.text import fold

P = ParamSpec("P")
T = TypeVar("T")

_Post = tuple[Channel, dt.date, dt.datetime]
"""A daily question to be posted: where, its date, and when it was due."""

_Later = tuple[int, int, int]
"""A channel's id, since when it has been due, and when it will be."""

AT_ONCE = 250
"""Channels that are posted to, or put off, together."""

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 30.0
REVEAL_WAITS = dt.timedelta(minutes=10)
"""How long after the close a reveal waits for answers that are still being graded."""


class Bank:
    """What can be asked: the default bank, with a community's imports beside it (the same id replaces).

    `read` gives the default bank, the same each time; it isn't called before that is needed.
    """

    def __init__(self, read: Callable[[], Sequence[Question]]) -> None:
        self._read = read

    @property
    def default(self) -> tuple[Question, ...]:
        """The questions that every community has."""
        return tuple(self._read())

    def questions(self, place: Place) -> Unit[tuple[Question, ...]]:
        """All questions of a community, drafts included."""
        found = yield from rows("questions_imported", platform=place.platform, community=place.community)
        merged = {question.id: question for question in self.default}
        merged.update({row["id"]: records.QUESTION.validate_json(row["body"]) for row in found})
        return tuple(merged.values())


class _NotDue(UsageError):
    """A day has its question already, or is to have none any more."""


class Rounds:
    """Posts what is due, asks on demand, closes and reveals.

    Of several processes the one that `serves` a place posts there; the others do so when that is overdue by a lease.
    """

    def __init__(
        self,
        store: Store,
        bank: Bank,
        clock: Clock,
        rng: random.Random,
        crash: CrashPoint,
        *,
        bell: Bell,
        deliver: Callable[[], None],
        cooldown: dt.timedelta = dt.timedelta(minutes=1),
        serves: Callable[[Place], bool] = lambda _: True,
        lease: dt.timedelta = LEASE,
    ) -> None:
        self._store, self._bank, self._clock, self._rng, self._crash = store, bank, clock, rng, crash
        self._cooldown = cooldown
        self._serves, self._lease = serves, lease
        self._deliver = deliver
        self.bell = bell

    # ------------------------------------------------------------------------------------------ by the clock

    async def step(self) -> float:
        """Do all that is due now; the seconds until something may be due again."""
        now = self._clock.now()
        await self._post_due(now)
        # In parts: nobody's reply waits for all of them.
        while await self._store.write(_close_due, records.micros(now), AT_ONCE):
            self._crash("round.closed")
        while await self._store.write(results.count_due, records.micros(now), AT_ONCE):
            self._crash("round.counted")
        while await self._store.write(_reveal_due, records.micros(now), AT_ONCE):
            self._crash("round.revealed")
        while await self._store.read(one, "digest_next_due", now=records.micros(now)):
            await self._store.write(digest.due, now, AT_ONCE)
            self._crash("digest.posted")
        self._deliver()
        return await self._store.read(_next_due, now)

    async def recount(self) -> float:
        """Bring to its end what a crash has left of a changed counting rule, however many rounds there are; the seconds
        until that is to be looked for again.
        """
        await recount_due(self._store, self._crash)
        return LONGEST_WAIT_S

    async def _post_due(self, now: dt.datetime) -> None:
        due, later = await self._store.read(_posts_due, now)
        for some in _parts(due):
            await asyncio.gather(*(self._post(*post, now) for post in some))
        for put_off in _parts(later):
            await self._store.write(_put_off, put_off)

    async def _post(self, channel: Channel, day: dt.date, due: dt.datetime, now: dt.datetime) -> None:
        """Post a daily question, unless somebody else does or it is too late."""
        if now - due < self._lease and not self._serves(channel.place):
            return  # the process that hears that community posts it, if it lives
        if channel.schedule and now - due > channel.schedule.grace:
            await self._store.write(_skip_day, channel, day, records.micros(now))
            self._crash("round.skipped")
            log.warning("the daily question of %s in %s was missed; skipped", day, channel.name or channel.place)
            return
        try:
            await self._save(_due, self._bank, channel.id, day, self._clock.now(), self._rng)
        except _NotDue:  # another process was quicker, or an organiser
            log.debug("the daily question of %s in %s isn't due any more", day, channel.name or channel.place)
        except UsageError as error:  # one channel's trouble is no other's
            log.warning("no daily question on %s in %s: %s", day, channel.name or channel.place, error)

    # ------------------------------------------------------------------------------------------ by people

    async def ask(self, place: Place, topic: str = "") -> Round:
        """Put a question to a channel now. Raises UsageError when the topic is unknown or it is too soon."""
        channel = await self.channel(place)
        return await self._save(_on_demand, self._bank, channel, topic, self._cooldown, self._clock.now(), self._rng)

    async def post_now(self, place: Place, *, by: Person | None = None) -> Round:
        """Post today's daily question without waiting for its time, also when it was skipped.

        Raises UsageError when it was posted already.
        """
        channel = await self.channel(place)
        now = self._clock.now()
        day = rules.local_date(_zone(channel), now)
        return await self._save(_daily, self._bank, channel, day, now, self._rng, skipped_too=True, by=by)

    async def skip(self, place: Place, *, by: Person | None = None) -> dt.date:
        """Leave out the next daily question; its date. Raises UsageError when none is scheduled."""
        channel = await self.channel(place)
        now = self._clock.now()
        after = now
        while channel.schedule and (coming := rules.next_post_at(channel.schedule, after)):
            if await self._store.write(_skip_day, channel, coming[0], records.micros(now), by):
                self._crash("round.skipped")
                self.bell.ring()
                return coming[0]
            after = coming[1]
        if channel.schedule and channel.schedule.paused:
            raise UsageError("The daily question is paused here. /mlops resume ends that.")
        raise UsageError("No daily question is scheduled here. Set one up with /mlops config setup.")

    async def channel(self, place: Place, name: str = "") -> Channel:
        """The channel, made known when it is new."""
        now = records.micros(self._clock.now())
        row = await self._store.write(
            one,
            "channel_put",
            platform=place.platform,
            community=place.community,
            channel=place.channel,
            name=name,
            now=now,
        )
        assert row is not None  # noqa: S101  the upsert always returns its row
        return records.channel(row, row["id"])

    async def find(self, place: Place, *, thread: str = "", target: str = "") -> Round:
        """The round that is meant: a button's, the thread's, else the channel's newest. Raises UsageError."""
        found = await self._store.read(_find, place, thread, target)
        if found is None:
            raise UsageError("There is no question here yet. /mlops question asks one.")
        return found

    async def open_now(self, place: Place, *, most: int) -> list[Round]:
        """The daily rounds that are open in a community, the newest first."""
        return await self._store.read(_open_now, place, most)

    async def questions(self, place: Place) -> tuple[Question, ...]:
        """All questions that this community has, drafts included."""
        return await self._store.read(self._bank.questions, place)

    async def topics(self, place: Place) -> tuple[str, ...]:
        """The sections that can be asked about, in the bank's order."""
        ready = [question.section for question in await self.questions(place) if not question.draft]
        return tuple(dict.fromkeys(ready))

    async def next_posts(self, place: Place, *, most: int = 3) -> list[tuple[Channel, dt.datetime]]:
        """The next daily posts of each channel of a community, the soonest first."""
        coming = await self._store.read(_coming, place, self._clock.now(), most)
        return sorted(coming, key=lambda pair: pair[1])

    # ------------------------------------------------------------------------------------------ both

    async def _save(self, unit: Callable[P, Unit[Round]], /, *args: P.args, **kwargs: P.kwargs) -> Round:
        round_ = await self._store.write(unit, *args, **kwargs)
        self._crash("round.scheduled")
        self._deliver()
        self.bell.ring()
        return round_


def _zone(channel: Channel) -> str:
    return channel.schedule.zone if channel.schedule else "UTC"


def _upcoming(channel: Channel, now: dt.datetime, taken: Collection[str], most: int) -> list[dt.datetime]:
    coming: list[dt.datetime] = []
    after = now
    while channel.schedule and len(coming) < most and (post := rules.next_post_at(channel.schedule, after)):
        if post[0].isoformat() not in taken:
            coming.append(post[1])
        after = post[1]
    return coming


# ---------------------------------------------------------------------------------------------- units of work


def _taken(row: Row, day: dt.date) -> Unit[Collection[str]]:
    """The dates from a day on that have their daily round, or are skipped: those to come as well."""
    last = row["last_date"] or ""
    if last <= day.isoformat():
        return (last,)
    found = yield from rows("rounds_daily_from", channel_id=row["id"], day=day.isoformat())
    return {taken["local_date"] for taken in found}


def _parts(whole: Sequence[T]) -> Iterator[Sequence[T]]:
    """What can be done together, in turn."""
    for start in range(0, len(whole), AT_ONCE):
        yield whole[start : start + AT_ONCE]


def _posts_due(now: dt.datetime) -> Unit[tuple[list[_Post], list[_Later]]]:
    """Channels whose newest post isn't there; and of those whose is, when they have to be looked at next."""
    found, later = list[_Post](), list[_Later]()
    for row in (yield from rows("channels_due", now=records.micros(now))):
        channel = records.channel(row, row["id"])
        due = rules.last_post_at(channel.schedule, now) if channel.schedule else None
        missing = due is not None and due[1] >= records.moment(row["since"])
        if due and missing and due[0].isoformat() not in (yield from _taken(row, due[0])):
            found.append((channel, due[0], due[1]))
            continue
        coming = rules.next_post_at(channel.schedule, now) if channel.schedule else None
        next_ = coming[1] if coming else now + dt.timedelta(days=1)
        later.append((row["id"], row["due_at"], records.micros(next_)))
    return found, later


@soft
def _put_off(later: Sequence[_Later]) -> Unit[None]:
    for id_, seen, due_at in later:
        yield from one("channel_put_off", id=id_, seen=seen, due_at=due_at)


def _coming(place: Place, now: dt.datetime, most: int) -> Unit[list[tuple[Channel, dt.datetime]]]:
    coming = []
    for row in (yield from rows("channels_of_community", platform=place.platform, community=place.community)):
        channel = records.channel(row, row["id"])
        taken = yield from _taken(row, rules.local_date(_zone(channel), now))
        coming += [(channel, at) for at in _upcoming(channel, now, taken, most)]
    return coming


def _due(bank: Bank, channel_id: int, day: dt.date, now: dt.datetime, rng: random.Random) -> Unit[Round]:
    """Post what was due a moment ago, if it still is: an organiser may have paused it, or moved it, meanwhile."""
    row = yield from one("channel_get", id=channel_id)
    channel = records.channel(row, channel_id) if row else None
    due = rules.last_post_at(channel.schedule, now) if channel and channel.schedule else None
    if channel is None or due is None or due[0] != day:
        raise _NotDue("The daily question isn't due any more.")
    return (yield from _daily(bank, channel, day, now, rng))


def _daily(
    bank: Bank,
    channel: Channel,
    day: dt.date,
    now: dt.datetime,
    rng: random.Random,
    *,
    skipped_too: bool = False,
    by: Person | None = None,
) -> Unit[Round]:
    there = yield from one("round_daily", channel_id=channel.id, local_date=day.isoformat())
    if there and not (skipped_too and (yield from one("round_free_day", id=there["id"]))):
        raise _NotDue("Today's daily question is already there. /mlops question asks another.")
    yield from acts.note(channel.place, by, Act.POST_NOW, day.isoformat(), records.micros(now))
    return (yield from _schedule(bank, channel, True, day, "", now, rng))


def _on_demand(
    bank: Bank, channel: Channel, topic: str, cooldown: dt.timedelta, now: dt.datetime, rng: random.Random
) -> Unit[Round]:
    last = yield from one("round_last_on_demand", channel_id=channel.id)
    if last and last["at"] is not None:
        wait = records.moment(last["at"]) + cooldown - now
        if wait > dt.timedelta():
            seconds = max(1, round(wait.total_seconds()))
            raise UsageError(f"The last question here is fresh. Ask for another in {seconds} seconds.")
    return (yield from _schedule(bank, channel, False, rules.local_date(_zone(channel), now), topic, now, rng))


def _schedule(
    bank: Bank, channel: Channel, daily: bool, day: dt.date, topic: str, now: dt.datetime, rng: random.Random
) -> Unit[Round]:
    """Save a round and its post. The row for (channel, date) is what keeps a day from being posted twice."""
    place = channel.place
    questions = _about(topic, (yield from bank.questions(place)))
    asked = yield from rows("rounds_asked", platform=place.platform, community=place.community)
    question = (yield from pins.take(channel, day, questions)) if daily else None
    question = question or rules.choose(questions, [row["question_id"] for row in asked], rng)
    if question is None:
        raise UsageError("The bank has no question with a sample answer. Import some with mlops-coach bank import.")
    body = records.question_body(question)
    version = records.question_version(body)
    yield from one("question_version_put", version=version, body=body)
    closes = rules.closes_at(now, channel.close_after, _next_post(channel, day, now) if daily else None)
    row = yield from one(
        "round_insert",
        channel_id=channel.id,
        daily=int(daily),
        local_date=day.isoformat(),
        question_id=question.id,
        question_version=version,
        section=question.section,
        state="scheduled",
        now=records.micros(now),
        closes_at=records.micros(closes),
    )
    assert row is not None  # noqa: S101  one writer: the date was free a moment ago
    yield from post(place, "question", row["id"], None, records.micros(now))
    if daily:
        yield from rows("rounds_end_daily", channel_id=channel.id, id=row["id"], now=records.micros(now))
    found = yield from one("round_get", id=row["id"])
    assert found is not None  # noqa: S101  just inserted
    return records.round_(found)


def post(place: Place, kind: str, round_id: int, reply_id: int | None, now: int) -> Unit[None]:
    """Put a message into the outbox."""
    yield from one(
        "outbox_put",
        platform=place.platform,
        community=place.community,
        channel=place.channel,
        kind=kind,
        round_id=round_id,
        reply_id=reply_id,
        now=now,
    )


def _next_post(channel: Channel, day: dt.date, now: dt.datetime) -> dt.datetime | None:
    """When the daily question after the one of `day` comes: a question posted early doesn't end at its own time."""
    post = rules.next_post_at(channel.schedule, now) if channel.schedule else None
    while channel.schedule and post and post[0] <= day:
        post = rules.next_post_at(channel.schedule, post[1])
    return post[1] if post else None


def _about(topic: str, questions: Sequence[Question]) -> list[Question]:
    """The questions of a topic: of the section called so, else those whose title or question speak of it."""
    if not topic:
        return list(questions)
    wanted = fold(topic)
    section = [question for question in questions if fold(question.section) == wanted]
    return section or [q for q in questions if wanted in fold(f"{q.title} {q.text} {q.section}") and not q.draft]


def _skip_day(channel: Channel, day: dt.date, now: int, by: Person | None = None) -> Unit[bool]:
    """Note that a date has no daily question; False when it already has a row."""
    row = yield from one(
        "round_insert",
        channel_id=channel.id,
        daily=1,
        local_date=day.isoformat(),
        question_id="",
        question_version=None,
        section="",
        state="skipped",
        now=now,
        closes_at=now,
    )
    if row is not None:
        yield from acts.note(channel.place, by, Act.SKIP, day.isoformat(), now)
    return row is not None


def _close_due(now: int, most: int) -> Unit[int]:
    """How many rounds were closed, those that were never posted among them, of these at most `most`."""
    missed = yield from rows("rounds_missed", now=now, most=most)
    for row in missed:  # its time passed before it could be posted
        yield from one("round_skip", id=row["id"])
        yield from rows("outbox_drop_round", round_id=row["id"])
    closed = yield from rows("rounds_close", now=now)
    return len(missed) + len(closed)


def _reveal_due(now: int, most: int) -> Unit[int]:
    """How many rounds were revealed, at most `most`: those without pending answers, or that waited long enough."""
    revealed = 0
    patience = REVEAL_WAITS // dt.timedelta(microseconds=1)
    for row in (yield from rows("rounds_to_reveal", closed_before=now - patience, most=most)):
        if (yield from one("round_revealed", id=row["id"], now=now)):
            place = Place(row["platform"], row["community"], row["channel"])
            yield from post(place, "reveal", row["id"], None, now)
            revealed += 1
    return revealed


def _next_due(now: dt.datetime) -> Unit[float]:
    channel = yield from one("channels_next_due", now=records.micros(now))
    close, count = (yield from one("rounds_next_close")), (yield from one("rounds_next_count"))
    moments = [records.moment(row["at"]) for row in (channel, close, count) if row and row["at"] is not None]
    seconds = min(((at - now).total_seconds() for at in moments), default=LONGEST_WAIT_S)
    return max(0.05, min(LONGEST_WAIT_S, seconds))


def _open_now(place: Place, most: int) -> Unit[list[Round]]:
    found = yield from rows("rounds_open_of_community", platform=place.platform, community=place.community, most=most)
    whole = []
    for row in found:
        round_ = yield from one("round_get", id=row["id"])
        if round_ and round_["body"]:
            whole.append(records.round_(round_))
    return whole


def _find(place: Place, thread: str, target: str) -> Unit[Round | None]:
    id_: int | None = None
    if target.isdecimal() and len(target) < 16:
        id_ = int(target)
    elif thread:
        row = yield from one("round_of_thread", thread=thread, platform=place.platform, community=place.community)
        id_ = row["id"] if row else None
    if id_ is None:
        row = yield from one("round_newest", platform=place.platform, community=place.community, channel=place.channel)
        id_ = row["id"] if row else None
    found = (yield from one("round_get", id=id_)) if id_ is not None else None
    # A button's target comes from outside: a community never sees another's rounds.
    if found is None or (found["platform"], found["community"]) != (place.platform, place.community):
        return None
    if found["state"] == RoundState.SCHEDULED:  # not for anybody's eyes yet, or this moment being posted
        raise UsageError("That question is only just being posted. Try again in a moment.")
    return records.round_(found) if found["state"] in (RoundState.OPEN, RoundState.CLOSED) else None

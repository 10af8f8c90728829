"""Replies: taking them in once, telling answers from talk, edits, deletions, and what was missed while away."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.coach import community, records, results, turns
from bot.coach.rounds import post
from bot.coach.work import Bell
from bot.core import rules
from bot.core.errors import PlatformError, UsageError
from bot.core.model import Changed, CountingRule, Grade, Person, Place, Reply, ReplyState, RoundState
from bot.core.ports import NO_METER, Clock, CrashPoint, Erases, Meter, Platform, Row, Store, Unit, one, rows
from bot.core.text import fold, one_line, storable

log = logging.getLogger(__name__)

_NOT_COUNTED = frozenset({"copy", "practice", "extra"})
_DELETED = (ReplyState.WITHDRAWN, ReplyState.DELETED)

_READ_AGAIN = dt.timedelta(days=1)
"""Threads of rounds that closed less than this ago are re-read too."""

RUSH = 5
"""So many answers of a community in the line, and newcomers are told how grading works at their next grade instead:
what others wait for isn't held up."""

_OVERLAP = dt.timedelta(minutes=1)
"""History is read from a little before the round's start: platforms' clocks and ours differ."""


class Taken(StrEnum):
    """What became of a reply."""

    ANSWER = "answer"
    DISCUSSION = "discussion"
    KNOWN = "known"  # a redelivery, or an update that changed no word
    ELSEWHERE = "elsewhere"  # not in the thread of a round
    EMPTY = "empty"  # no words, or none that the platform lets us read


@dataclass(frozen=True, slots=True)
class OwnGrade:
    """A person's grade at a round: `reply_id` is 0 where there is no reply; `notes` are render.grade's.

    `off` are the points that hints take from it on the boards.
    """

    reply_id: int
    state: str
    grade: Grade | None
    notes: tuple[str, ...]
    round_closed: bool
    off: int = 0
    changed: Changed | None = None


class Replies:
    """The way in for what people write."""

    def __init__(
        self, store: Store, clock: Clock, crash: CrashPoint, *, grading: Bell, meter: Meter = NO_METER
    ) -> None:
        self._store, self._clock, self._crash, self._grading, self._meter = store, clock, crash, grading, meter
        self.platforms: dict[str, Platform] = {}

    async def take(self, reply: Reply, *, asked: bool = False) -> Taken:
        """Store a reply; when this returns it is durable and may be acknowledged. Safe to call again for the same.

        `asked` overrules what looks like talk: its author wants it graded.
        """
        if not reply.text.strip() and not reply.private:
            return Taken.EMPTY
        edited = reply.revision and not reply.private
        self._crash("edit.received" if edited else "reply.received")
        taken = await self._store.write(_take, reply, asked, records.micros(self._clock.now()))
        self._meter.count("takes", platform=reply.platform, outcome=taken)
        self._crash("edit.taken" if edited else "reply.taken")
        if taken is Taken.ANSWER:
            self._grading.ring()
        return taken

    async def ask(self, place: Place, thread: str, message: str, person: Person) -> None:
        """Have one's own message graded although it looked like talk. Raises UsageError when that can't be."""
        now = records.micros(self._clock.now())
        await self._store.write(_ask, place, thread, message, person, now)
        self._crash("reply.asked")
        self._grading.ring()

    async def round_of(self, platform: str, community: str, thread: str) -> int | None:
        """The id of the round whose thread this is, or None."""
        where = {"platform": platform, "community": community, "thread": thread}
        row = await self._store.read(one, "round_of_thread", **where)
        return row["id"] if row else None

    async def withdraw(self, platform: str, community: str, channel: str, message: str) -> None:
        """A message was deleted: its attempts keep their slots, are worth nothing from now on, and lose their grades.

        Where the platform can take messages back, that includes what was posted.
        """
        now = records.micros(self._clock.now())
        self._crash("deletion.received")
        where = {"platform": platform, "community": community, "channel": channel}
        chat = self.platforms.get(platform)
        eraser = chat if chat and isinstance(chat, Erases) else None
        noted = await self._store.write(_withdraw, where, message, now, eraser is not None)
        self._crash("reply.withdrawn")
        if noted and eraser:
            eraser.erase_soon()

    async def name(self, platform: str, community: str, user: str, name: str) -> None:
        """Note what a person who has written is called; nothing for others, and for a name without a letter."""
        known = {"platform": platform, "community": community, "user_id": user}
        await self._store.write(one, "person_rename", **known, name=_name(name))

    async def own(self, round_id: int, person: Person) -> OwnGrade:
        """A person's own grade at a round: the attempt that counts, else the newest."""
        return await self._store.read(_own, round_id, person.id)

    async def graded(self, reply_id: int, place: Place, person: Person) -> OwnGrade:
        """The grade of one reply, for its author only. Raises UsageError for everybody else."""
        return await self._store.read(_graded, reply_id, place, person.id)

    async def catch_up(self, platform: Platform, round_id: int | None = None) -> int:
        """Re-read every thread that is or was lately open, from its round's start: take what was missed, withdraw what
        vanished.

        The number of replies that were new. A platform that can't be read for one thread doesn't stop the others.
        Communities that another process hears are left to it. With `round_id` only that round's thread.
        """
        new = 0
        since = records.micros(self._clock.now() - _READ_AGAIN)
        for row in await self._store.read(rows, "rounds_read_again", platform=platform.name, since=since):
            if not platform.serves(row["community"]) or row["id"] != (round_id or row["id"]):
                continue
            try:
                new += await self._catch_up_round(platform, row)
            except PlatformError as error:
                log.warning("could not re-read thread %s: %s", row["thread"], error)
        return new

    async def _catch_up_round(self, platform: Platform, row: Row) -> int:
        place = Place(platform.name, row["community"], row["channel"])
        known = await self._store.read(rows, "replies_known", round_id=row["id"], channel=row["thread"])
        vanished = {known_row["message"] for known_row in known}
        # Not since it was noted as open: after a crash that comes long after it was posted.
        since = records.moment(row["created_at"]) - _OVERLAP
        new = 0
        async for reply in platform.history(place, row["thread"], since):
            vanished.discard(reply.message)
            new += await self.take(reply) in (Taken.ANSWER, Taken.DISCUSSION)
        self._crash("history.read")
        for message in vanished:
            await self.withdraw(platform.name, row["community"], row["thread"], message)
        return new


# ---------------------------------------------------------------------------------------------- units of work


def _take(reply: Reply, asked: bool, now: int) -> Unit[Taken]:
    round_ = yield from _round_of(reply)
    if round_ is None:
        return Taken.ELSEWHERE
    where = {
        "platform": reply.platform,
        "community": reply.community,
        "channel": reply.channel,
        "message": reply.message,
    }
    earlier = yield from rows("replies_of_message", **where)
    text = storable(reply.text[: rules.ANSWER_LIMIT])
    if earlier and _nothing_new(earlier, reply, text):
        return Taken.KNOWN
    written = records.micros(reply.at)
    is_answer = asked or reply.private or rules.is_answer(reply.text, addressed=reply.addressed)
    # An older revision that arrives after a newer one is history already; so is an ungraded one that was edited.
    overtaken = any(row["at"] > written for row in earlier)
    state = "discussion" if not is_answer else "replaced" if overtaken else "received"
    late = int(written >= round_["closes_at"])  # by when it was written: it may arrive after the close
    row = yield from one(
        "reply_insert",
        **where,
        round_id=round_["id"],
        revision=reply.revision,
        user_id=reply.author.id,
        private=int(reply.private),
        text=text,
        at=written,
        state=state,
        practice=late,
        due_at=now,
    )
    if row is None:
        return Taken.KNOWN
    replaced: list[Row] = []
    for old in earlier if not overtaken else ():
        replaced += yield from rows("reply_replace", id=old["id"], practice=late)
    for old in replaced if state == "received" else ():
        yield from turns.take_over(row["id"], old, now)
    yield from one(
        "person_put",
        platform=reply.platform,
        community=reply.community,
        user_id=reply.author.id,
        name=_name(reply.author.name),
    )
    if reply.organiser:
        yield from community.answered(Place(reply.platform, reply.community, ""), reply.author.id, now)
    # A first attempt may arrive after a later one, or give its slot up: what counts is another one then.
    if replaced or (state == "received" and (yield from _counted(round_["id"], reply.author.id))):
        yield from results.recount(round_["id"], reply.author.id)
        yield from results.tell(round_["id"], now)  # it may come after the reveal
    return Taken.ANSWER if state == "received" else Taken.DISCUSSION


def _counted(round_id: int, user: str) -> Unit[bool]:
    return (yield from one("result_get", round_id=round_id, user_id=user)) is not None


def _name(text: str) -> str:
    return one_line(storable(text), rules.NAME_LIMIT)


def _round_of(reply: Reply) -> Unit[Row | None]:
    if reply.round_id is None:
        where = {"platform": reply.platform, "community": reply.community}
        return (yield from one("round_of_thread", thread=reply.channel, **where))
    found = yield from one("round_get", id=reply.round_id)
    asked = found is not None and found["state"] in (RoundState.OPEN, RoundState.CLOSED)
    return found if asked else None


def _nothing_new(known: Sequence[Row], reply: Reply, text: str) -> bool:
    """Whether a message is known as it is: this revision, the same words (an unfurl, a pin), or deleted.

    Private answers to a round are one message, so a new one can follow on others that were forgotten.
    """
    if any(row["revision"] == reply.revision or (row["state"] in _DELETED and not reply.private) for row in known):
        return True
    return bool(known[-1]["text"] == text)


def _ask(place: Place, thread: str, message: str, person: Person, now: int) -> Unit[None]:
    found = yield from rows(
        "replies_of_message", platform=place.platform, community=place.community, channel=thread, message=message
    )
    if not found:
        raise UsageError("That message isn't in the thread of a question.")
    newest = found[-1]
    if newest["user_id"] != person.id:
        raise UsageError("Only your own message can be graded.")
    if not fold(newest["text"]):
        raise UsageError("There are no words in that message.")
    asked = yield from one("reply_ask", id=newest["id"], now=now)
    if asked is None:
        raise UsageError("That message is an answer already; /mlops mygrade shows its grade.")
    yield from results.recount(asked["round_id"], person.id)


def _withdraw(channel: Mapping[str, str], message: str, now: int, erases: bool) -> Unit[bool]:
    """Whether something that was posted is noted to be taken back; `channel` is platform, community and channel."""
    where = {**channel, "message": message}
    gone = yield from rows("reply_withdraw", **where)
    noted = False
    for row in gone if erases else ():
        # Here and in the mark of what is on its way, as when somebody is forgotten.
        said = yield from one("outbox_of_reply", round_id=row["round_id"], reply_id=row["id"], kind="grade")
        if said and said["message"]:
            yield from one("erasure_put", **channel, message=said["message"])
            noted = True
    for round_id, user in {(row["round_id"], row["user_id"]) for row in gone}:
        yield from results.recount(round_id, user)
        yield from results.tell(round_id, now)
    if not gone:
        yield from _remember_deleted(where, now)
    return noted


def _remember_deleted(where: Mapping[str, str], now: int) -> Unit[None]:
    """A deletion can overtake its message: what is remembered here keeps it from being taken afterwards."""
    round_ = yield from one(
        "round_of_thread", thread=where["channel"], platform=where["platform"], community=where["community"]
    )
    if round_ is None:
        return
    yield from one(
        "reply_insert",
        **where,
        round_id=round_["id"],
        revision="",
        user_id="",
        private=0,
        text="",
        at=now,
        state=ReplyState.DELETED,
        practice=1,
        due_at=now,
    )


def _own(round_id: int, user: str) -> Unit[OwnGrade]:
    mine = yield from rows("replies_mine", round_id=round_id, user_id=user)
    if not mine:
        round_ = yield from one("round_get", id=round_id)
        return OwnGrade(0, "", None, (), bool(round_ and round_["state"] == "closed"))
    result = yield from one("result_get", round_id=round_id, user_id=user)
    graded = [row["id"] for row in mine if row["state"] == "graded"]
    for id_ in graded:
        own = yield from own_grade(id_)
        counts = not _NOT_COUNTED.intersection(own.notes)
        if result and counts and own.grade and rules.worth(own.grade.score, own.off) == result["score"]:
            return own
    return (yield from own_grade(graded[-1] if graded else mine[-1]["id"]))


def _graded(reply_id: int, place: Place, user: str) -> Unit[OwnGrade]:
    row = yield from one("reply_get", id=reply_id)
    if row is None or (row["platform"], row["community"], row["user_id"]) != (place.platform, place.community, user):
        raise UsageError("Only the author of an answer can open its key points.")
    return (yield from own_grade(reply_id))


def own_grade(reply_id: int) -> Unit[OwnGrade]:
    """A reply's grade with what its author should know about it."""
    row = yield from one("reply_get", id=reply_id)
    assert row is not None  # noqa: S101  callers have just read its id
    return (yield from grade_in(row))


def grade_in(row: Row) -> Unit[OwnGrade]:
    """The same of a row of `reply_get`."""
    found = yield from rows("reply_attempts", round_id=row["round_id"], user_id=row["user_id"])
    attempts = [attempt["id"] for attempt in found]
    notes = []
    if row["copied"]:
        notes.append("copy")
    if row["practice"]:
        notes.append("practice")
    elif not row["copied"] and not _has_slot(row, attempts):
        notes.append("extra")
    grade = records.grade(row)
    if grade and grade.receipt.fallback:
        notes.append("fallback")
    if len(row["text"]) >= rules.ANSWER_LIMIT:
        notes.append("cut")
    if row["held"] and row["state"] == ReplyState.RECEIVED and not row["turn"]:
        notes.append("paced")
    closed = row["round_state"] == RoundState.CLOSED
    off = 0 if _NOT_COUNTED.intersection(notes) else (yield from _off(row))
    why = row["override_reason"]
    changed = Changed(row["score_before"], why) if grade and why is not None else None
    return OwnGrade(row["id"], row["state"], grade, tuple(notes), closed, off, changed)


def _off(row: Row) -> Unit[int]:
    """What hints take off a reply, a row of `reply_get`."""
    if not row["hint_cost"]:
        return 0
    taken = yield from rows("hints_of", round_id=row["round_id"], user_id=row["user_id"])
    return results.off(taken, row["hint_cost"], row["at"])


def _has_slot(row: Row, attempts: Sequence[int]) -> bool:
    """Whether a reply can count; talk isn't an attempt, so nothing is to be said of it."""
    if row["id"] not in attempts:
        return True
    return rules.has_slot(CountingRule(row["rule"]), attempts.index(row["id"]), len(attempts))


def post_grade(row: Row, place: Place, now: int) -> Unit[None]:
    """Put a reply's grade into the outbox; one that was posted before is sent again, as an edit."""
    before = yield from one("outbox_of_reply", round_id=row["round_id"], reply_id=row["id"], kind="grade")
    if before is None:
        yield from post(place, "grade", row["round_id"], row["id"], now)
        yield from _welcome(row, place, now)
    else:
        yield from one("outbox_again", id=before["id"], now=now)


def _welcome(row: Row, place: Place, now: int) -> Unit[None]:
    """After somebody's first grade in a community, tell them how it comes about: once, and not in a rush."""
    where = {"platform": row["platform"], "community": row["community"], "user_id": row["user_id"]}
    known = yield from one("learner_get", **where)
    if known and known["welcomed"]:
        return
    if (yield from one("learner_welcome", **where, busy=RUSH)):
        yield from post(place, "welcome", row["round_id"], row["id"], now)

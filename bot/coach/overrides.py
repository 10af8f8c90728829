"""An organiser's word on a grade: it replaces the grader's, with a reason that its author reads."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from bot.coach import acts, records, results
from bot.coach.acts import NEWEST, Act
from bot.coach.replies import post_grade
from bot.core.errors import UsageError
from bot.core.model import Grade, Person, Place, Receipt, ReplyState
from bot.core.ports import Clock, CrashPoint, Row, Store, Unit, no_crash, one, rows
from bot.core.strict import REASONS_BELOW
from bot.core.text import one_line, storable

PAGE = 15
"""Grades that are listed together."""

REASON_LIMIT = 300
"""Characters of a reason."""

_CHANGEABLE = (ReplyState.RECEIVED, ReplyState.GRADED, ReplyState.FAILED)


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade in the organisers' list. `changed` says that one of them has set it; `counts` that nothing forbids it."""

    id: int
    name: str
    question: str
    score: int
    at: dt.datetime
    changed: bool
    counts: bool


class Overrides:
    """Changes grades."""

    def __init__(
        self, store: Store, clock: Clock, crash: CrashPoint = no_crash, *, deliver: Callable[[], None]
    ) -> None:
        self._store, self._clock, self._crash, self._deliver = store, clock, crash, deliver

    async def override(
        self, place: Place, reply_id: str, score: str, reason: str, *, by: Person | None = None
    ) -> tuple[int | None, int]:
        """Set a reply's score, 1 to 10: the score before and the new one.

        In one transaction the grade, what counts of its author's attempts, all boards, the word to the author and the
        note of who did it. What the grader is working on is dropped; what counted as a copy counts from now on. Raises
        UsageError.
        """
        why = one_line(storable(reason), REASON_LIMIT + 1)
        if not why:
            raise UsageError("Say why: its author reads the reason.")
        if len(why) > REASON_LIMIT:
            raise UsageError(f"The reason is too long. At most {REASON_LIMIT} characters fit.")
        if not (score.isascii() and score.isdecimal() and len(score) < 3 and 1 <= int(score) <= 10):
            raise UsageError(f"{score[:20] or 'Nothing'} is not a score. Write a whole number from 1 to 10.")
        now = records.micros(self._clock.now())
        before = await self._store.write(_override, place, read_id(reply_id), int(score), why, by, now)
        self._crash("grade.overridden")
        self._deliver()
        return before, int(score)

    async def newest(self, place: Place, before: int = NEWEST) -> tuple[list[Graded], bool]:
        """The newest grades of a community, or those before a reply of an id; and whether there are older ones."""
        found = await self._store.read(
            rows, "replies_graded", platform=place.platform, community=place.community, before=before, most=PAGE + 1
        )
        return [_listed(row) for row in found[:PAGE]], len(found) > PAGE


def read_id(text: str) -> int:
    """A reply's id as it is typed. Raises UsageError."""
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise UsageError(f"{text[:20] or 'Nothing'} is not a reply's id. /mlops grades lists them.")
    return int(text)


def _listed(row: Row) -> Graded:
    title = records.QUESTION.validate_json(row["body"]).title
    counts = not (row["practice"] or row["copied"])
    return Graded(row["id"], row["name"], title, row["score"], records.moment(row["at"]), bool(row["changed"]), counts)


def _override(place: Place, reply_id: int, score: int, reason: str, by: Person | None, now: int) -> Unit[int | None]:
    where = {"platform": place.platform, "community": place.community}
    reply = yield from one("reply_of_community", id=reply_id, **where)
    if reply is None or not reply["user_id"] or reply["state"] not in _CHANGEABLE:
        raise UsageError(f"There is no grade of a reply {reply_id} to change. /mlops grades lists them.")
    kept = yield from one("override_get", reply_id=reply_id)
    graded = reply["score"]  # what is being graded again has the score that its author read
    grade = _grade(records.grade(reply), score, reason)
    row = yield from one(
        "reply_override", id=reply_id, **where, score=score, grade=records.GRADE.dump_json(grade).decode(), now=now
    )
    assert row is not None  # noqa: S101  read above, in this transaction
    yield from one(
        "override_put", reply_id=reply_id, score_before=kept["score_before"] if kept else graded, score=score,
        reason=reason, user_id=by.id if by else "", now=now,
    )  # fmt: skip
    home = yield from one("round_get", id=row["round_id"])
    assert home is not None  # noqa: S101  replies refer to their round
    yield from results.recount(row["round_id"], row["user_id"], home)
    yield from post_grade(row, Place(home["platform"], home["community"], home["channel"]), now)
    yield from results.tell(row["round_id"], now)
    yield from acts.note(place, by, Act.OVERRIDE, f"reply {reply_id}: {_told(graded)} to {score}", now)
    return int(graded) if graded is not None else None


def _grade(before: Grade | None, score: int, reason: str) -> Grade:
    """The grade under the contract: below REASONS_BELOW the organiser's reason is the reason."""
    reasons = (reason,) if score < REASONS_BELOW else ()
    if before is None:
        return Grade(score, reasons, (), Receipt("organiser"))
    return dataclasses.replace(before, score=score, reasons=reasons)


def _told(score: int | None) -> str:
    return "no grade" if score is None else str(score)

"""Questions that members suggest, and what organisers make of them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.coach import acts, letters, records
from bot.coach.acts import Act
from bot.coach.exchange import Documents
from bot.coach.rounds import Bank
from bot.core import render
from bot.core.errors import ContentError, UsageError
from bot.core.message import Message, ParcelKind
from bot.core.model import Channel, Person, Place, Question
from bot.core.ports import Clock, CrashPoint, Row, Store, Unit, no_crash, one, rows
from bot.core.rules import NAME_LIMIT
from bot.core.text import fold, one_line, storable

MOST_OPEN = 5
"""Suggestions of one person that can wait for the organisers."""

MOST_SHOWN = 20
QUESTION_LIMIT, ANSWER_LIMIT, SECTION_LIMIT, REASON_LIMIT = 1_000, 3_000, 100, 300
"""Characters."""

LEAST_WORDS = 5
"""A sample answer with fewer can't be graded against."""

SECTION = "Suggested"
"""Where a question belongs whose author named no section."""

_TITLE_LIMIT = 80


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One suggestion. `state` is open, approved or declined; `name` is its author's, "" where they are forgotten."""

    id: int
    name: str
    section: str
    question: str
    sample_answer: str
    state: str
    at: dt.datetime
    credited: bool = False
    reason: str = ""
    question_id: str = ""


class Suggestions:
    """Takes suggestions, shows them to organisers, and tells their authors what became of them."""

    def __init__(
        self,
        store: Store,
        bank: Bank,
        documents: Documents,
        clock: Clock,
        crash: CrashPoint = no_crash,
        *,
        deliver: Callable[[], None],
    ) -> None:
        self._store, self._bank, self._documents, self._clock, self._crash = store, bank, documents, clock, crash
        self._deliver = deliver

    async def suggest(
        self,
        channel: Channel,
        person: Person,
        question: str,
        sample_answer: str,
        *,
        section: str = "",
        credited: bool = False,
        request: str,
    ) -> int:
        """Keep a suggestion, once per `request`; its id. Raises UsageError where it can't be a question.

        `credited` says that its author wants to be named at its reveal.
        """
        asked = self._read(question, sample_answer, section)
        made = await self._store.write(
            _suggest, channel, person, asked, credited, request, records.micros(self._clock.now())
        )
        self._crash("suggestion.taken")
        return made

    async def own(self, place: Place, person: Person) -> list[Suggestion]:
        """A person's newest suggestions and what became of them."""
        where = {"platform": place.platform, "community": place.community}
        found = await self._store.read(rows, "suggestions_of_person", **where, user_id=person.id, most=MOST_SHOWN)
        return [_suggestion(row) for row in found]

    async def next(self, place: Place, after: int = 0) -> tuple[Suggestion | None, int]:
        """The oldest open suggestion after the one of an id, and how many are open in all."""
        where = {"platform": place.platform, "community": place.community}
        row = await self._store.read(one, "suggestion_next", **where, after=after)
        count = await self._store.read(one, "suggestions_open", **where)
        return (_suggestion(row) if row else None), (count["open"] if count else 0)

    async def approve(self, place: Place, id_: int, *, by: Person | None = None) -> Question:
        """Take a suggestion into the community's bank. Raises UsageError where it isn't open any more."""
        now = records.micros(self._clock.now())
        question = await self._store.write(_approve, self._bank, place, id_, by, now)
        self._crash("suggestion.decided")
        self._deliver()
        return question

    async def decline(self, place: Place, id_: int, reason: str, *, by: Person | None = None) -> None:
        """Turn a suggestion down; its author reads the reason. Raises UsageError as `approve`, and without a reason."""
        why = one_line(storable(reason), REASON_LIMIT + 1)
        if not why or len(why) > REASON_LIMIT:
            raise UsageError(f"Say why, in at most {REASON_LIMIT} characters: its author reads the reason.")
        await self._store.write(_decline, place, id_, why, by, records.micros(self._clock.now()))
        self._crash("suggestion.decided")
        self._deliver()

    def _read(self, question: str, sample_answer: str, section: str) -> Question:
        """A question as the bank has them: it can be written as a document and read again unchanged."""
        for what, text, limit in (
            ("question", question, QUESTION_LIMIT),
            ("sample answer", sample_answer, ANSWER_LIMIT),
            ("section", section, SECTION_LIMIT),
        ):
            if len(text) > limit:
                raise UsageError(f"The {what} is too long. At most {limit:,} characters fit.")
        if not fold(question):
            raise UsageError("There are no words in that question.")
        if len(fold(sample_answer).split()) < LEAST_WORDS:
            raise UsageError("The sample answer is too short. Say in a few sentences what a full answer says.")
        text = storable(question).strip()
        made = Question(
            "suggested", one_line(storable(section), SECTION_LIMIT) or SECTION, _title(text), text,
            storable(sample_answer),
        )  # fmt: skip
        try:
            (read,) = self._documents.read(self._documents.write([made], "Suggestion"), "suggestion.md")
        except (ContentError, ValueError):
            raise UsageError("That can't be read as a question. Write it in plain sentences.") from None
        return read


def _suggestion(row: Row) -> Suggestion:
    return Suggestion(
        row["id"], row["name"], row["section"], row["question"], row["sample_answer"], row["state"],
        records.moment(row["at"]), bool(row["credited"]), row["reason"], row["question_id"],
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------- units of work


def _suggest(channel: Channel, person: Person, asked: Question, credited: bool, request: str, now: int) -> Unit[int]:
    where = {"platform": channel.place.platform, "community": channel.place.community}
    known = yield from one("suggestion_of_request", **where, request=request)
    if known:
        return int(known["id"])
    waiting = yield from one("suggestions_open_of", **where, user_id=person.id)
    if waiting and waiting["open"] >= MOST_OPEN:
        raise UsageError(
            f"{MOST_OPEN} of your suggestions wait for the organisers. Suggest more when they have decided."
        )
    name = one_line(storable(person.name), NAME_LIMIT)
    yield from one("person_put", **where, user_id=person.id, name=name)
    row = yield from one(
        "suggestion_put", **where, channel_id=channel.id, user_id=person.id, request=request, section=asked.section,
        question=asked.text, sample_answer=asked.sample_answer, credited=int(credited), now=now,
    )  # fmt: skip
    assert row is not None  # noqa: S101  looked for above, in this transaction
    return int(row["id"])


def _approve(bank: Bank, place: Place, id_: int, by: Person | None, now: int) -> Unit[Question]:
    where = {"platform": place.platform, "community": place.community}
    there = yield from bank.questions(place)
    question_id = _free_id(id_, there)
    row = yield from one(
        "suggestion_decide", **where, id=id_, state="approved", reason="", question_id=question_id, now=now
    )
    if row is None:
        raise UsageError("That suggestion isn't open any more. /mlops suggestions shows those that are.")
    question = _question(row, question_id, there)
    yield from one("question_put_last", **where, id=question_id, body=records.question_body(question))
    yield from acts.note(place, by, Act.APPROVE, question_id, now)
    yield from letters.post(row["channel_id"], ParcelKind.SUGGESTION, str(id_), now)
    return question


def _question(row: Row, question_id: str, there: Sequence[Question]) -> Question:
    """The question of a suggestion, in the bank's own spelling of its section."""
    section = next((q.section for q in there if fold(q.section) == fold(row["section"])), row["section"])
    made = Question(question_id, section, _title(row["question"]), row["question"], row["sample_answer"])
    return dataclasses.replace(made, source="Suggested by a member")


def _title(question: str) -> str:
    """The first line of a question that has words."""
    return next((one_line(line, _TITLE_LIMIT) for line in question.splitlines() if fold(line)), "")


def _free_id(id_: int, there: Sequence[Question]) -> str:
    taken = {question.id for question in there}
    name = f"suggested-{id_}"
    return next(free for free in (name, *(f"{name}-{n}" for n in range(2, len(taken) + 3))) if free not in taken)


def _decline(place: Place, id_: int, reason: str, by: Person | None, now: int) -> Unit[None]:
    where = {"platform": place.platform, "community": place.community}
    row = yield from one("suggestion_decide", **where, id=id_, state="declined", reason=reason, question_id="", now=now)
    if row is None:
        raise UsageError("That suggestion isn't open any more. /mlops suggestions shows those that are.")
    yield from acts.note(place, by, Act.DECLINE, f"suggestion {id_}", now)
    yield from letters.post(row["channel_id"], ParcelKind.SUGGESTION, str(id_), now)


def words(_: Place, about: str) -> Unit[tuple[Message, str] | None]:
    """What the author of a suggestion is told, and who that is; None when there is nothing to say any more."""
    found = yield from one("suggestion_get", id=int(about))
    if found is None or not found["user_id"] or found["state"] == "open":
        return None
    approved = found["state"] == "approved"
    return render.suggestion_decided(found["question"], approved=approved, reason=found["reason"]), found["user_id"]


def credit(place: Place, question_id: str) -> Unit[str]:
    """The name of whoever suggested a question and wants to be named; "" for all others."""
    row = yield from one(
        "suggestion_credit", platform=place.platform, community=place.community, question_id=question_id
    )
    return row["name"] if row else ""

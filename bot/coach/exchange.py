"""A community's own questions as a document: taken out, and brought in whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.coach import acts, records
from bot.coach.acts import Act
from bot.coach.rounds import Bank
from bot.core.errors import UsageError
from bot.core.model import Person, Place, Question
from bot.core.ports import Clock, CrashPoint, Store, Unit, no_crash, one, rows

MOST_QUESTIONS = 500
"""Questions that a community can have of its own."""


class Documents(Protocol):
    """Reads and writes questions as Markdown."""

    def read(self, text: str, name: str) -> tuple[Question, ...]:
        """The questions of a document. Raises ContentError with all of its faults."""
        ...

    def write(self, questions: Sequence[Question], title: str) -> str:
        """A document that `read` gives the same questions of."""
        ...


@dataclass(frozen=True, slots=True)
class Changes:
    """What an import did: the ids that are new, that say something else now, and that stay as they were.

    `drafts` counts those without a sample answer: they are listed and never asked.
    """

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    drafts: int = 0


class Exchange:
    """Hands a community's bank out and takes documents in."""

    def __init__(
        self, store: Store, bank: Bank, documents: Documents, clock: Clock, crash: CrashPoint = no_crash
    ) -> None:
        self._store, self._bank, self._documents, self._clock, self._crash = store, bank, documents, clock, crash

    async def export(self, place: Place, *, everything: bool = False) -> tuple[str, int]:
        """A document of a community's own questions, or of `everything` that is asked there, and how many they are.

        Brought in again, it changes nothing.
        """
        if everything:
            questions = await self._store.read(self._bank.questions, place)
        else:
            questions = await self._store.read(_own, place)
        return await asyncio.to_thread(self._documents.write, questions, "Questions"), len(questions)

    async def bring_in(self, place: Place, text: str, *, by: Person | None = None) -> Changes:
        """Take a document's questions into a community's bank; the same id replaces.

        Raises ContentError with all faults of the document, UsageError where they would be more than MOST_QUESTIONS;
        then nothing has changed.
        """
        questions = await asyncio.to_thread(self._documents.read, text, "document.md")
        changes = await self._store.write(
            _bring_in, self._bank, place, questions, by, records.micros(self._clock.now())
        )
        self._crash("bank.imported")
        return changes


def _own(place: Place) -> Unit[tuple[Question, ...]]:
    found = yield from rows("questions_own", platform=place.platform, community=place.community)
    return tuple(records.QUESTION.validate_json(row["body"]) for row in found)


def _bring_in(bank: Bank, place: Place, questions: Sequence[Question], by: Person | None, now: int) -> Unit[Changes]:
    """Put in what isn't there as it stands: a question of everybody's that is unchanged doesn't become their own."""
    where = {"platform": place.platform, "community": place.community}
    before = {question.id: question for question in (yield from bank.questions(place))}
    own = {question.id for question in (yield from _own(place))}
    put = [question for question in questions if before.get(question.id) != question]
    if len(own | {question.id for question in put}) > max(MOST_QUESTIONS, len(own)):  # approved ones come on top
        raise UsageError(f"At most {MOST_QUESTIONS} questions of your own fit. Nothing was changed.")
    for question in put:
        yield from one("question_put_last", **where, id=question.id, body=records.question_body(question))
    new = tuple(question.id for question in questions if question.id not in before)
    same = tuple(question.id for question in questions if before.get(question.id) == question)
    changed = tuple(question.id for question in questions if question.id not in (*new, *same))
    if new or changed:
        yield from acts.note(place, by, Act.IMPORT, f"{len(new)} new, {len(changed)} changed", now)
    return Changes(new, changed, same, sum(question.draft for question in questions))

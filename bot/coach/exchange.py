"""A community's own questions as a document: taken out, and brought in whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.coach import acts, records
from bot.coach.acts import Act
from bot.coach.rounds import Bank
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
    """What an import did: the ids that are new, that say something else now, and that stay as they were."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


class Exchange:
    """Hands a community's bank out and takes documents in."""

    def __init__(
        self, store: Store, bank: Bank, documents: Documents, clock: Clock, crash: CrashPoint = no_crash
    ) -> None:
        self._store, self._bank, self._documents, self._clock, self._crash = store, bank, documents, clock, crash

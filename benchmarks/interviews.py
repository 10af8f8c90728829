"""The interview answers: whether scores lie in a strict reader's band, and the ledger says what the reader does.

Answers with the split "dev" are what constants may be set on, those with "test" (other questions of the bank) are not.
Those with "blind", to all questions, were written before the reading of contradictions was, and weren't looked at until
it was done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.data import Interview, bank_questions, graded
from bot import measures
from bot.core import strict
from bot.core.model import Coverage
from bot.graders.embedded import EmbeddedGrader

SPLITS = ("dev", "test", "blind")
LETTERS = {Coverage.COVERED: "c", Coverage.PARTLY: "p", Coverage.MISSING: "m", Coverage.CONTRADICTED: "x"}


@dataclass(frozen=True, slots=True)
class Answered:
    """An interview answer with its score and the ledger's letters."""

    asked: Interview
    score: int
    ledger: tuple[str, ...]

    @property
    def question(self) -> str:
        return self.asked.question

    @property
    def distance(self) -> int:
        """How far the score is outside of the band; 0 within."""
        return max(self.asked.low - self.score, self.score - self.asked.high, 0)


@dataclass(frozen=True, slots=True)
class Band:
    """Of `answers`: how many scores lie in the band, and the mean absolute distance to it."""

    answers: int
    inside: int
    distance: float

    @property
    def share(self) -> float:
        return self.inside / self.answers if self.answers else 0.0


def answered(grader: EmbeddedGrader, rows: Sequence[Interview]) -> list[Answered]:
    """All interview answers graded."""
    questions = bank_questions()
    found = []
    for row in rows:
        grade, _ = graded(grader, strict.task(questions[row.question], row.answer))
        found.append(Answered(row, grade.score, tuple(LETTERS[each.coverage] for each in grade.points)))
    return found


def band(rows: Iterable[Answered]) -> Band:
    distances = [row.distance for row in rows]
    return Band(len(distances), distances.count(0), measures.mean(distances) or 0.0)


def by_kind(rows: Sequence[Answered]) -> dict[str, dict[str, Band]]:
    """For each kind of answer and "all": the band of each split that has any."""
    kinds = ("all", *sorted({row.asked.kind for row in rows}))
    chosen = {
        kind: {
            split: [row for row in rows if row.asked.split == split and kind in ("all", row.asked.kind)]
            for split in SPLITS
        }
        for kind in kinds
    }
    return {kind: {split: band(each) for split, each in found.items() if each} for kind, found in chosen.items()}


def confusion(rows: Iterable[Answered]) -> Mapping[tuple[str, str], int]:
    """(reader's letter, ledger's letter): points. An answer whose reader wrote another number of points is left out."""
    return Counter(
        pair
        for row in rows
        if len(row.asked.points) == len(row.ledger)
        for pair in zip(row.asked.points, row.ledger, strict=True)
    )


def same(counts: Mapping[tuple[str, str], int]) -> float:
    """The share of points with the same verdict."""
    total = sum(counts.values())
    return sum(n for (left, right), n in counts.items() if left == right) / total if total else 0.0


def same_credit(counts: Mapping[tuple[str, str], int]) -> float:
    """The share of points that both credit (covered or partly), or neither."""
    total = sum(counts.values())
    return sum(n for (left, right), n in counts.items() if (left in "cp") == (right in "cp")) / total if total else 0.0

"""How a question does: what its answers tell about the question rather than about those who answered."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.core.model import KeyPoint, Question
from bot.core.points import points_of

LEAST_ANSWERS = 5
"""With fewer answers nothing is said of a question but that it is a draft."""

NEARLY_ALL = 0.8
"""This part of the answers."""

POOR = 3
"""The highest score that counts as poor: 1 to 3."""

BEST = 10
MANY_OVERRIDES, OVERRIDDEN_PART = 2, 0.2
"""So many changed grades, and such a part of the answers, say that the sample answer needs another look."""


class Weakness(StrEnum):
    """Why an organiser should look at a question; each has its sentence in render."""

    DRAFT = "draft"
    TOO_HARD = "too-hard"  # nearly all answers score 1 to 3
    TOO_EASY = "too-easy"  # nearly all score 10
    UNCOVERED = "uncovered"  # half of its key points or more are covered by nobody
    OVERRIDDEN = "overridden"  # organisers often changed its grades


@dataclass(frozen=True, slots=True)
class Quality:
    """One question's figures: `mean` and `spread` (the standard deviation) of its scores, 0.0 without any.

    `uncovered` are the key points that no answer carries, of LEAST_ANSWERS or more that were compared with them;
    `points` is how many there are. `overrides` counts the grades that organisers changed.
    """

    question: Question
    scores: tuple[int, ...]
    mean: float
    spread: float
    points: int
    uncovered: tuple[KeyPoint, ...]
    overrides: int
    weak: tuple[Weakness, ...]


def quality(
    question: Question,
    scores: Sequence[int],
    covered: Collection[str],
    overrides: int,
    seen: Mapping[str, int] | None = None,
) -> Quality:
    """A question's figures from its scores (1 to 10), the claims that some answer carries, and the grades changed.

    `seen` says of claims how many answers were compared with them, where that weren't all: a question may have been
    corrected since.
    """
    points = points_of(question)
    count = len(scores)
    mean = sum(scores) / count if count else 0.0
    spread = math.sqrt(sum((score - mean) ** 2 for score in scores) / count) if count else 0.0
    compared = dict.fromkeys((point.claim for point in points), count) if seen is None else seen
    missed = tuple(
        point for point in points if point.claim not in covered and compared.get(point.claim, 0) >= LEAST_ANSWERS
    )
    weak = tuple(_weak(question, scores, len(points), len(missed), overrides))
    return Quality(question, tuple(scores), mean, spread, len(points), missed, overrides, weak)


def _weak(question: Question, scores: Sequence[int], points: int, missed: int, overrides: int) -> list[Weakness]:
    if question.draft:
        return [Weakness.DRAFT]
    count = len(scores)
    if count < LEAST_ANSWERS:
        return []
    found = {
        Weakness.TOO_HARD: sum(score <= POOR for score in scores) >= NEARLY_ALL * count,
        Weakness.TOO_EASY: sum(score == BEST for score in scores) >= NEARLY_ALL * count,
        Weakness.UNCOVERED: points > 0 and 2 * missed >= points,
        Weakness.OVERRIDDEN: overrides >= MANY_OVERRIDES and overrides >= OVERRIDDEN_PART * count,
    }
    return [weakness for weakness, so in found.items() if so]


def order(found: Quality) -> tuple[bool, bool, int, str]:
    """Sorts what to look at first: weak questions, then drafts, then those with the most answers."""
    return not found.weak, Weakness.DRAFT in found.weak, -len(found.scores), found.question.id

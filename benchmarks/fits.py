"""Intervals by bootstrap over questions, and what a fitted map from scores to grades would bring."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from benchmarks.data import Rated
from bot import measures

FOLDS = 5
SAMPLES = 1000
INTERVAL = 0.95


class Asked(Protocol):
    """Anything that belongs to a question."""

    @property
    def question(self) -> str: ...


T = TypeVar("T", bound=Asked)
Measure = Callable[[Sequence[Rated]], float | None]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure with its 95% interval; None where it isn't defined."""

    value: float | None
    low: float | None
    high: float | None


def pearson(rows: Sequence[Rated]) -> float | None:
    return measures.pearson([float(row.score) for row in rows], [row.grade for row in rows])


def spearman(rows: Sequence[Rated]) -> float | None:
    return measures.spearman([float(row.score) for row in rows], [row.grade for row in rows])


def rmse(rows: Sequence[Rated]) -> float | None:
    """On 0 to 5, as the published figures on Mohler's answers are."""
    return measures.rmse([5 * measures.as_grade(row.score) for row in rows], [5 * row.grade for row in rows])


def kappa(rows: Sequence[Rated]) -> float | None:
    """Quadratic weighted kappa on 1 to 10."""
    return measures.quadratic_kappa([row.score for row in rows], [measures.as_score(row.grade) for row in rows])


def auc(rows: Sequence[Rated]) -> float | None:
    """Right (more than half of the grade) against not."""
    return measures.auc([float(row.score) for row in rows], [row.grade > 0.5 for row in rows])


MEASURES: dict[str, Measure] = {"Pearson": pearson, "Spearman": spearman, "RMSE/5": rmse, "QWK": kappa, "AUC": auc}


def estimate(measure: Callable[[Sequence[T]], float | None], rows: Sequence[T], seed: int) -> Estimate:
    """A measure with the middle 95% of its values over samples of questions, drawn with repetition.

    Answers to one question resemble each other: drawing single answers would make the interval too narrow.
    """
    groups = list(by_question(rows).values())
    rng = random.Random(seed)  # noqa: S311
    found: list[float] = []
    for _ in range(SAMPLES):
        value = measure([row for group in rng.choices(groups, k=len(groups)) for row in group])
        if value is not None:
            found.append(value)
    edge = (1 - INTERVAL) / 2
    return Estimate(measure(rows), measures.quantile(found, edge), measures.quantile(found, 1 - edge))


def by_question(rows: Sequence[T]) -> dict[str, list[T]]:
    """The rows by the question that they are to."""
    groups: dict[str, list[T]] = {}
    for row in rows:
        groups.setdefault(row.question, []).append(row)
    return groups


# ---------------------------------------------------------------------------------------------- a monotone map

Map = Callable[[int], float]


def monotone(rows: Sequence[Rated], weights: Sequence[float]) -> Map:
    """The never falling map from score to grade with the least weighted squared error (pool adjacent violators)."""
    sums: dict[int, tuple[float, float]] = {}
    for row, weight in zip(rows, weights, strict=True):
        total, mass = sums.get(row.score, (0.0, 0.0))
        sums[row.score] = (total + weight * row.grade, mass + weight)
    blocks: list[tuple[int, float, float]] = []
    for score in sorted(sums):
        first, total, mass = score, *sums[score]
        while blocks and blocks[-1][1] * mass >= total * blocks[-1][2]:
            first, left, right = blocks.pop()
            total, mass = total + left, mass + right
        blocks.append((first, total, mass))
    firsts = [first for first, _, _ in blocks]
    return lambda score: (lambda block: block[1] / block[2])(blocks[max(0, bisect_right(firsts, score) - 1)])


@dataclass(frozen=True, slots=True)
class Mapped:
    """What the scores are worth after a map that was fitted on other questions."""

    pearson: float | None
    rmse: float | None
    kappa: float | None


def across_folds(rows: Sequence[Rated], seed: int) -> Mapped:
    """The map fitted on four fifths of the questions and used on the last, for each fifth."""
    groups = list(by_question(rows).values())
    random.Random(seed).shuffle(groups)  # noqa: S311
    pairs: list[tuple[Rated, float]] = []
    for fold in range(FOLDS):
        others = [row for i, group in enumerate(groups) if i % FOLDS != fold for row in group]
        mapped = monotone(others, [1.0] * len(others))
        pairs += [(row, mapped(row.score)) for group in groups[fold::FOLDS] for row in group]
    return _mapped(pairs)


def across_sets(found: Mapping[str, Sequence[Rated]]) -> Iterator[tuple[str, Mapped]]:
    """The map fitted on all sets but one, each weighing the same, and used on that one."""
    for name, rows in found.items():
        others = [(row, 1 / len(each)) for other, each in found.items() if other != name for row in each]
        mapped = monotone([row for row, _ in others], [weight for _, weight in others])
        yield name, _mapped([(row, mapped(row.score)) for row in rows])


def _mapped(pairs: Sequence[tuple[Rated, float]]) -> Mapped:
    grades, values = [row.grade for row, _ in pairs], [value for _, value in pairs]
    return Mapped(
        measures.pearson(values, grades),
        measures.rmse([5 * value for value in values], [5 * grade for grade in grades]),
        measures.quadratic_kappa(list(map(measures.as_score, values)), list(map(measures.as_score, grades))),
    )

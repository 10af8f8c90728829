"""How far two sets of numbers agree. Plain Python: a calibration has thousands of rows at most.

Every measure takes two sequences of one length and returns None where it isn't defined (too few rows, or no spread),
never NaN. Raises ValueError for sequences of different lengths.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

LOWEST, HIGHEST = 1, 10


def pearson(a: Sequence[float], b: Sequence[float]) -> float | None:
    """The linear correlation, -1 to 1; None below two rows or without spread."""
    _check(a, b)
    if len(a) < 2:
        return None
    mean_a, mean_b = math.fsum(a) / len(a), math.fsum(b) / len(b)
    spread_a = math.fsum((x - mean_a) ** 2 for x in a)
    spread_b = math.fsum((y - mean_b) ** 2 for y in b)
    if _same(a) or _same(b) or not spread_a * spread_b > 0:
        return None
    shared = math.fsum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    return max(-1.0, min(1.0, shared / math.sqrt(spread_a) / math.sqrt(spread_b)))


def spearman(a: Sequence[float], b: Sequence[float]) -> float | None:
    """The correlation of ranks, ties sharing their mean rank, -1 to 1; None below two rows or without spread."""
    _check(a, b)
    return pearson(ranks(a), ranks(b))


def rmse(a: Sequence[float], b: Sequence[float]) -> float | None:
    """The root of the mean squared difference, in the unit of the numbers; None without rows."""
    _check(a, b)
    if not a:
        return None
    return math.sqrt(math.fsum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / len(a))


def quadratic_kappa(a: Sequence[int], b: Sequence[int]) -> float | None:
    """Cohen's kappa with quadratic weights over scores from 1 to 10, -1 to 1; None where chance leaves no difference.

    Raises ValueError for a score outside.
    """
    _check(a, b)
    if any(not LOWEST <= score <= HIGHEST for score in (*a, *b)):
        raise ValueError(f"scores go from {LOWEST} to {HIGHEST}")
    seen = sum((x - y) ** 2 for x, y in zip(a, b, strict=True))
    left, right = Counter(a), Counter(b)
    chance = sum(n * m * (x - y) ** 2 for x, n in left.items() for y, m in right.items())
    return 1 - seen * len(a) / chance if chance else None


def auc(values: Sequence[float], right: Sequence[bool]) -> float | None:
    """The chance that a right one has the larger value, ties counting half, 0 to 1; None if all or none are right."""
    _check(values, right)
    positive = sum(map(bool, right))
    negative = len(right) - positive
    if not positive or not negative:
        return None
    above = math.fsum(rank for rank, so in zip(ranks(values), right, strict=True) if so)
    return (above - positive * (positive + 1) / 2) / (positive * negative)


def ranks(values: Sequence[float]) -> list[float]:
    """The place of each value from 1 up, equal values sharing the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in order[start : end + 1]:
            found[place] = (start + end) / 2 + 1
        start = end + 1
    return found


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value below which a share (0 to 1) of them lies, between neighbours in proportion; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def mean(values: Sequence[float]) -> float | None:
    """The arithmetic mean; None without values."""
    return math.fsum(values) / len(values) if values else None


def as_score(grade: float) -> int:
    """A grade from 0 to 1 on the coach's scale of 1 to 10, halves rounded up."""
    return int(LOWEST + (HIGHEST - LOWEST) * grade + 0.5)


def as_grade(score: float) -> float:
    """A score from 1 to 10 on the scale of 0 to 1."""
    return (score - LOWEST) / (HIGHEST - LOWEST)


def _check(a: Sequence[object], b: Sequence[object]) -> None:
    if len(a) != len(b):
        raise ValueError(f"{len(a)} values can't be compared with {len(b)}")


def _same(values: Sequence[float]) -> bool:
    return all(value == values[0] for value in values)

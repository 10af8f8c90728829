"""From alignment to coverage, and from coverage to a strict score.

The constants were set on interview answers written for it and on the invariances that benchmarks/agreement.py prints
(sample 10, half of it 4 to 7, off topic 1 to 2), not fitted to the four data sets: a fit to those grades "don't know"
at 4, because most of their answers are good.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from bot.core.model import Coverage, Remark
from bot.graders.embedded.align import Match

ABSENT, PRESENT = 0.31, 0.545
"""Recall of a point that an answer on the same topic has by chance, and of one that is said in other words."""

_SHORT = ((0.05, 0.0), (0.2, 0.4), (0.35, 0.7), (0.5, 0.93), (0.57, 1.0))
"""The same as (recall, share) where the reference is one sentence: people give part of it for coming near.

Set on Mohler et al. (2011), whose references are mostly that short; only for answers that are about the same thing.
"""

_UNRELATED, _RELATED = 0.2, 0.4
"""Relatedness of another question's answer in the middle, and of an honest answer at its low end (both on Mohler)."""

PARTLY, COVERED = 0.3, 0.65
"""Shares of a point from which it counts as partly covered, and as covered."""

SUPPORT = 0.15
"""What the alignment with the whole sample answer adds to that with the key points."""

_NOWHERE = 0.17
"""Recall below which a text about something else altogether stays."""

_CAPS = {
    Remark.EMPTY: 1,
    Remark.DONT_KNOW: 1,
    Remark.INJECTION: 1,
    Remark.OFF_TOPIC: 2,
    Remark.ECHO: 2,
    Remark.CONTRADICTION: 3,
    Remark.SHUFFLED: 3,
    Remark.KEYWORDS: 4,
}


def share(match: Match, lenience: float = 0.0) -> float:
    """How much of a point an answer carries, 0 to 1; nothing of what it contradicts.

    `lenience` (0 to 1, see there) moves the scale from the strict one to that for short references.
    """
    if contradicts(match):
        return 0.0
    strict = _clip((match.recall - ABSENT) / (PRESENT - ABSENT))
    return strict + lenience * max(0.0, _short(match.recall) - strict)


def lenience(points: int, relatedness: float) -> float:
    """1 for a related answer to a question with one point, half of it with two, none from three on."""
    few = _clip((3 - points) / 2)
    return few * _clip((relatedness - _UNRELATED) / (_RELATED - _UNRELATED))


def coverage(match: Match, lenient: float = 0.0) -> Coverage:
    """What an answer does with a point."""
    if contradicts(match):
        return Coverage.CONTRADICTED
    carried = share(match, lenient)
    if carried >= COVERED:
        return Coverage.COVERED
    return Coverage.PARTLY if carried >= PARTLY else Coverage.MISSING


def contradicts(match: Match) -> bool:
    """Whether the sentence that fits a reference best evidently says the opposite."""
    return match.turns % 2 == 1 and match.flipped >= 0.6 and match.local >= 0.55 and match.sure >= 0.5


def raw(points: Sequence[Match], sample: Match, lenient: float = 0.0) -> float:
    """The share of a full answer that was given, 0 to 1; grows with the share of every point.

    An answer that is close to the sample word for word carries it all, whatever the key points make of it.
    """
    whole = share(sample, lenient)
    mean = sum(share(match, lenient) for match in points) / len(points) if points else whole
    mixed = (1 - SUPPORT) * mean + SUPPORT * whole
    return mixed + (1 - mixed) * _clip((sample.recall - 0.8) / 0.12)


def score(raw_share: float, remarks: Sequence[Remark]) -> int:
    """1 to 10 from the share of a full answer, never above what the remarks allow."""
    return min([max(1, min(10, int(1 + 9 * raw_share + 0.5))), *(_CAPS[remark] for remark in remarks)])


def off_topic(points: Sequence[Match], sample: Match, relatedness: float) -> bool:
    """Whether an answer touches neither any point, nor the sample, nor anything of the question."""
    return relatedness < 0.3 and all(match.recall < _NOWHERE for match in (*points, sample))


def contradiction(points: Sequence[Match], turned: Sequence[bool]) -> bool:
    """Whether an answer denies as much as it affirms.

    `turned` tells of each sentence of the sample that the answer repeats nearly word for word whether it's repeated
    with the opposite meaning; a quarter of them is enough.
    """
    denied = sum(contradicts(match) for match in points)
    affirmed = sum(share(match) >= COVERED for match in points)
    return (denied >= 2 and denied >= affirmed) or (any(turned) and sum(turned) >= 0.25 * len(turned))


def repeats(match: Match) -> bool:
    """Whether a sentence of the answer is nearly word for word the reference."""
    return match.local >= 0.9 and match.sure >= 0.85


def _short(recall: float) -> float:
    for (left, low), (right, high) in pairwise(_SHORT):
        if recall <= right:
            return low + (high - low) * _clip((recall - left) / (right - left))
    return 1.0


def _clip(value: float) -> float:
    return min(1.0, max(0.0, value))

"""From alignment to coverage, and from coverage to a strict score.

The constants were set on interview answers written for it and on the invariances that benchmarks/agreement.py prints
(sample 10, half of it 4 to 7, off topic 1 to 2), not fitted to the four data sets: a fit to those grades "don't know"
at 4, because most of their answers are good.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.model import Coverage, Remark
from bot.graders.embedded.align import Match

ABSENT, PRESENT = 0.30, 0.54
"""Recall of a point that an answer on the same topic has by chance, and of one that is said in other words."""

PARTLY, COVERED = 0.3, 0.65
"""Shares of a point from which it counts as partly covered, and as covered."""

SUPPORT = 0.15
"""What the alignment with the whole sample answer adds to that with the key points."""

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


def share(match: Match) -> float:
    """How much of a point an answer carries, 0 to 1."""
    return min(1.0, max(0.0, (match.recall - ABSENT) / (PRESENT - ABSENT)))


def coverage(match: Match) -> Coverage:
    """What an answer does with a point."""
    if contradicts(match):
        return Coverage.CONTRADICTED
    carried = share(match)
    if carried >= COVERED:
        return Coverage.COVERED
    return Coverage.PARTLY if carried >= PARTLY else Coverage.MISSING


def contradicts(match: Match) -> bool:
    """Whether the sentence that fits a reference best evidently says the opposite."""
    return match.local >= 0.5 and match.sure >= 0.4 and match.flipped >= 0.5


def raw(shares: Sequence[float], sample: Match) -> float:
    """The share of a full answer that was given, 0 to 1; grows with every share.

    An answer that is close to the sample word for word carries it all, whatever the key points make of it.
    """
    points = sum(shares) / len(shares) if shares else share(sample)
    mixed = (1 - SUPPORT) * points + SUPPORT * share(sample)
    copied = min(1.0, max(0.0, (sample.recall - 0.8) / 0.12))
    return mixed + (1 - mixed) * copied


def score(raw_share: float, remarks: Sequence[Remark]) -> int:
    """1 to 10 from the share of a full answer, never above what the remarks allow."""
    return min([max(1, min(10, int(1 + 9 * raw_share + 0.5))), *(_CAPS[remark] for remark in remarks)])


def off_topic(points: Sequence[Match], sample: Match, asked: Match) -> bool:
    """Whether an answer touches neither any point, nor the sample, nor even the question."""
    return all(match.recall < ABSENT for match in (*points, sample)) and asked.recall < 0.3


def contradiction(points: Sequence[Match], sample_sentences: Sequence[Match]) -> bool:
    """Whether an answer denies as much as it affirms: of the points, or of the sample's own sentences repeated."""
    denied = sum(contradicts(match) for match in points)
    affirmed = sum(share(match) >= COVERED and not contradicts(match) for match in points)
    near = [match for match in sample_sentences if match.local >= 0.7]
    turned = sum(match.flipped >= 0.35 for match in near)
    return (denied > 0 and denied >= affirmed) or (turned > 0 and turned >= 0.4 * len(near))

"""From alignment to coverage, and from coverage to a strict score.

The constants were set on interview answers written for it and on the invariances that benchmarks/agreement.py prints
(sample 10, half of it 4 to 7, off topic 1 to 2), not fitted to the four data sets: a fit to those grades "don't know"
at 4, because most of their answers are good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from bot.core.model import Coverage, Remark
from bot.graders.embedded.align import Match

ABSENT, PRESENT = 0.31, 0.545
"""Recall of a point that an answer on the same topic has by chance, and of one that is said in other words."""

_WORDED = (0.4, 0.51)
"""The same where the point's author gave other wordings of it: chance comes a little nearer to the best of several,
and what is said comes much nearer. Set on the points of the interview answers to the dev questions."""

_AS_NEAR = 0.1
"""A wording whose best sentence falls this far behind the best of all wordings says nothing about contradiction."""

_SHORT = ((0.05, 0.0), (0.2, 0.4), (0.35, 0.7), (0.5, 0.93), (0.57, 1.0))
"""The same as (recall, share) where the sample answer is a sentence or so: people give part of it for coming near.

Set on Mohler et al. (2011), whose references are mostly that short; only for answers that are about the same thing.
"""

_BRIEF, _LONG = 25, 45
"""Words of a sample answer up to which the scale for short references holds in full, and from which not at all."""

_UNRELATED, _RELATED = 0.2, 0.4
"""Relatedness of another question's answer in the middle, and of an honest answer at its low end (both on Mohler)."""

PARTLY, COVERED = 0.2, 0.55
"""Shares of a point from which it counts as partly covered, and as covered."""

SUPPORT = 0.15
"""The part that the alignment with the whole sample answer has beside that with the key points."""

_ALL_ABSENT, _ALL_PRESENT = 0.33, 0.6
"""As ABSENT and PRESENT, for the whole sample answer: a mean over many points, so half of them lie in the middle."""

_NOWHERE = 0.17
"""Recall below which a text about something else altogether stays."""

_CAPS = {
    Remark.EMPTY: 1,
    Remark.DONT_KNOW: 1,
    Remark.INJECTION: 1,
    Remark.OFF_TOPIC: 2,
    Remark.ECHO: 2,
    Remark.CONTRADICTION: 2,
    Remark.SHUFFLED: 3,
    Remark.KEYWORDS: 4,
}


def share(match: Match, lenience: float = 0.0) -> float:
    """How much of a point an answer carries, 0 to 1; nothing of what it contradicts.

    `lenience` (0 to 1, see there) moves the scale from the strict one to that for short references.
    """
    if contradicts(match):
        return 0.0
    absent, present = (ABSENT, PRESENT) if match.ways == 1 else _WORDED
    strict = _clip((match.recall - absent) / (present - absent))
    return strict + lenience * max(0.0, _short(match.recall) - strict)


def best(matches: Sequence[Match]) -> Match:
    """What the wordings of one point found, as one match: the one with most recall, unless one near it contradicts.

    `matches` has at least one element. One more wording never lowers the recall.
    """
    nearest = max(matches, key=lambda match: match.recall)
    against = [match for match in matches if contradicts(match) and match.local >= nearest.local - _AS_NEAR]
    return replace(against[0] if against else nearest, ways=len(matches))


def lenience(points: int, sample_words: int, relatedness: float) -> float:
    """How far to use the scale for short references, 0 to 1.

    In full for an answer about the same thing where the question has one key point or a sample answer of _BRIEF words,
    not at all from three points on if the sample answer has _LONG words.
    """
    short = max((3 - points) / 2, (_LONG - sample_words) / (_LONG - _BRIEF))
    return _clip(short) * _clip((relatedness - _UNRELATED) / (_RELATED - _UNRELATED))


def coverage(match: Match, lenient: float = 0.0) -> Coverage:
    """What an answer does with a point."""
    if contradicts(match):
        return Coverage.CONTRADICTED
    carried = share(match, lenient)
    if carried >= COVERED:
        return Coverage.COVERED
    return Coverage.PARTLY if carried >= PARTLY else Coverage.MISSING


def contradicts(match: Match) -> bool:
    """Whether the sentence that fits a reference best evidently says the opposite.

    Only for references without a negation of their own: people word one in many ways ("stateless", "without local
    state"), so its absence shows nothing.
    """
    if not match.plain or match.turns % 2 == 0:
        return False
    alike = match.local >= 0.6 and match.sure >= 0.35 and match.flipped >= 0.5
    return alike or (match.local >= 0.8 and match.sure >= 0.8 and match.flipped >= 0.2)


def raw(points: Sequence[Match], sample: Match, lenient: float = 0.0) -> float:
    """The share of a full answer that was given, 0 to 1; grows with the share of every point.

    An answer that is close to the sample word for word carries it all, whatever the key points make of it.
    """
    mean = sum(share(match, lenient) for match in points) / max(1, len(points))
    strict = _clip((sample.recall - _ALL_ABSENT) / (_ALL_PRESENT - _ALL_ABSENT))
    whole = strict + lenient * max(0.0, _short(sample.recall) - strict)
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
    with the opposite meaning; two of them are enough, or a quarter.
    """
    denied = sum(contradicts(match) for match in points)
    affirmed = sum(share(match) >= COVERED for match in points)
    return (denied >= 2 and denied >= affirmed) or (
        any(turned) and (sum(turned) >= 2 or sum(turned) >= 0.25 * len(turned))
    )


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

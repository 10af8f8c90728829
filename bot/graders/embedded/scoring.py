"""From alignment to coverage, and from coverage to a strict score.

The constants were set on the interview answers to the dev questions and on the invariances that benchmarks/agreement.py
prints (sample 10, half of it 4 to 7, off topic 1 to 2). Only the curves for short references were drawn after people's
grades, and they hold for answers about the same thing: a fit without that grades "don't know" at 4, because most
answers of the data sets are good.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bot.core.model import Coverage, Remark
from bot.graders.embedded.align import NEAR, Match

Curve = tuple[tuple[float, float], ...]
"""Recall and share at the corners of a piecewise straight line."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What recall means: `point` and `whole` give the recall that an answer on the same topic has by chance and that of
    one that says it in other words, for a key point and for the whole sample answer (a mean over many points).

    `support` is the part that the whole sample answer has in the score beside the key points. `short` is the curve for
    sample answers of a sentence or so, and `paired` says that recall is that of words that pair off.
    """

    point: tuple[float, float]
    whole: tuple[float, float]
    support: float
    short: Curve
    paired: bool = False

    def recall(self, match: Match) -> float:
        """The signal that this scale reads."""
        return match.paired if self.paired else match.recall


AUTHORED = Scale((0.31, 0.545), (0.33, 0.6), 0.15, ((0.02, 0.0), (0.12, 0.4), (0.5, 0.88), (0.8, 1.0)))
"""For key points that somebody wrote. Set on the interview answers to the dev questions; `short` in four points after
an isotonic fit to the dev questions of Mohler et al. (2011), lower at its low end to stay strict."""

SPLIT = Scale(
    point=(0.2, 0.29),
    whole=(0.15, 0.38),
    support=0.4,
    short=((0.0, 0.4), (0.05, 0.56), (0.15, 0.73), (0.35, 0.92), (0.8, 1.0)),
    paired=True,
)
"""For key points that are only the sample answer's own sentences or clauses: nobody said that each of them matters.

`point` and `whole` are for answers that might as well be about something else; see `scale`. Both pairs were set on the
interview answers to the dev questions without their key points (124 of 180 in band), on the promises on them, and on
2,807 of Mohler's and SAF's dev answers, and keep the worked examples of the coach's contract at 7. `short` follows
Mohler's dev answers, again lower at its low end, and keeps a slope at the top, where SciEntsBank's and Beetle's still
differ.
"""

_SPOKEN_POINT, _SPOKEN_WHOLE = (0.11, 0.23), (0.12, 0.35)
"""`point` and `whole` of SPLIT for an answer that evidently says something of the sample."""

_UNSPOKEN, _SPOKEN = 0.36, 0.46
"""Recall of a piece of the sample in one sentence, the best of all pieces, from which an answer begins to say something
of the sample, and from which it evidently does: of answers to other questions of the bank 95% stay below 0.41, of good
answers to SAF's dev questions as many lie above 0.45."""

_WORDED = (0.38, 0.51)
"""`point` where the point's author gave other wordings of it: chance comes a little nearer to the best of several, and
what is said comes much nearer. The middle of a plateau on the interview answers to the dev questions."""

_EVIDENT, _EVIDENT_SPLIT = 0.35, 0.65
"""The share of a reference that has to have an evident partner in a sentence of the opposite polarity.

More where the reference is only a piece of the sample answer: who denies something beside it contradicts nothing that
anybody wants said. Of the data sets' dev answers that people graded at least half right, 11 of 1,580 were
taken for contradicting with the lower value, 4 are with this one; of the 797 below, 6 and 4.
"""

_FLIPPED = 0.2
"""The part of what evidently matches that has to stand under opposite polarity where nearly all of it matches."""

_AS_NEAR = 0.1
"""A wording whose best sentence falls this far behind the best of all wordings says nothing about contradiction."""

_BRIEF, _LONG = 30, 47
"""Words of a sample answer up to which the scale for short references holds in full, and from which not at all."""

_UNRELATED, _RELATED = 0.12, 0.24
"""Relatedness at which an answer gets nothing from the scale for short references, and all of it: honest answers of a
few words are no nearer (Mohler's dev questions)."""

PARTLY, COVERED = 0.2, 0.55
"""Shares of a point from which it counts as partly covered, and as covered."""

_RECITED = 0.1
"""What an answer of nothing but sentences of the sample can get beyond the part of it that they are."""

_NOWHERE = 0.17
"""Recall below which a text about something else altogether stays."""

_PAIRS = 0.05
"""The same where words pair off."""

_CAPS = {
    Remark.EMPTY: 1,
    Remark.DONT_KNOW: 1,
    Remark.INJECTION: 1,
    Remark.OFF_TOPIC: 2,
    Remark.ECHO: 2,
    Remark.CONTRADICTION: 2,
    Remark.FOREIGN: 2,
    Remark.SHUFFLED: 3,
    Remark.KEYWORDS: 2,
}


def scale(split: bool, points: Sequence[Match]) -> Scale:
    """The scale for an answer, by what it does with the points; `split` says that nobody wrote these.

    A better match never makes it stricter; one that contradicts doesn't count.
    """
    if not split:
        return AUTHORED
    spoken = max((match.local for match in points if not contradicts(match)), default=0.0)
    sure = _clip((spoken - _UNSPOKEN) / (_SPOKEN - _UNSPOKEN))
    point, whole = _between(SPLIT.point, _SPOKEN_POINT, sure), _between(SPLIT.whole, _SPOKEN_WHOLE, sure)
    return replace(SPLIT, point=point, whole=whole)


def share(match: Match, lenience: float = 0.0, scale: Scale = AUTHORED) -> float:
    """How much of a point an answer carries, 0 to 1; nothing of what it contradicts.

    `lenience` (0 to 1, see there) moves the scale from the strict one to that for short references.
    """
    if contradicts(match):
        return 0.0
    return _share(scale.recall(match), scale.point if match.ways == 1 else _WORDED, scale.short, lenience)


def _share(recall: float, strict: tuple[float, float], short: Curve, lenience: float) -> float:
    absent, present = strict
    carried = _clip((recall - absent) / (present - absent))
    return carried + lenience * (_on(short, recall) - carried)


def best(matches: Sequence[Match]) -> Match:
    """What the wordings of one point found, as one match: the one with most recall, unless one near it contradicts.

    `matches` has at least one element. One more wording never lowers the recall.
    """
    nearest = max(matches, key=lambda match: match.recall)
    against = [match for match in matches if contradicts(match) and match.local >= nearest.local - _AS_NEAR]
    return replace(against[0] if against else nearest, ways=len(matches))


def lenience(points: int, sample_words: int, relatedness: float) -> float:
    """How far to use the scale for short references, 0 to 1, for an answer about the same thing.

    In full where the question has one key point or a sample answer of _BRIEF words, not at all from three points on if
    the sample answer has _LONG words.
    """
    short = max((3 - points) / 2, (_LONG - sample_words) / (_LONG - _BRIEF))
    return _clip(short) * _clip((relatedness - _UNRELATED) / (_RELATED - _UNRELATED))


def coverage(match: Match, lenient: float = 0.0, scale: Scale = AUTHORED) -> Coverage:
    """What an answer does with a point."""
    if contradicts(match):
        return Coverage.CONTRADICTED
    carried = share(match, lenient, scale)
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
    alike = match.local >= NEAR and match.sure >= (_EVIDENT_SPLIT if match.split else _EVIDENT) and match.flipped >= 0.5
    return alike or (match.local >= 0.8 and match.sure >= 0.8 and match.flipped >= _FLIPPED)


def raw(
    points: Sequence[Match],
    sample: Match,
    lenient: float = 0.0,
    scale: Scale = AUTHORED,
    recited: float = 1.0,
    asked: int = 0,
) -> float:
    """The share of a full answer that was given, 0 to 1; grows with the share of every point.

    Where the question asks for fewer points than there are (`asked`, 0 for all), the best so many are a full answer.

    An answer that is close to the sample word for word carries it all, whatever the key points make of it; one that
    only recites a part of it (`recited`, 0 to 1; 1 for all others) carries hardly more than that part.
    """
    shares = sorted((share(match, lenient, scale) for match in points), reverse=True)
    mean = sum(shares) / max(1, len(shares))
    whole = _share(scale.recall(sample), scale.whole, scale.short, lenient)
    mixed = (1 - scale.support) * mean + scale.support * whole
    if 0 < asked < len(shares):
        mixed, recited = max(mixed, sum(shares[:asked]) / asked), min(1.0, recited * len(shares) / asked)
    return min(mixed + (1 - mixed) * _clip((sample.recall - 0.8) / 0.12), recited + _RECITED)


def score(raw_share: float, remarks: Sequence[Remark]) -> int:
    """1 to 10 from the share of a full answer, never above what the remarks allow."""
    return min([max(1, min(10, int(1 + 9 * raw_share + 0.5))), *(_CAPS[remark] for remark in remarks)])


def off_topic(points: Sequence[Match], sample: Match, relatedness: float) -> bool:
    """Whether an answer touches neither any point, nor the sample, nor anything of the question."""
    nowhere = all(match.recall < _NOWHERE for match in (*points, sample)) and sample.paired < _PAIRS
    return relatedness < 0.3 and nowhere


def contradiction(points: Sequence[Match], turned: Sequence[bool], denied: Collection[int] = ()) -> bool:
    """Whether an answer denies as much as it affirms.

    `denied` are the points (by number) that it repeats with their meaning turned around.
    `turned` tells of each sentence of the sample that the answer repeats nearly word for word whether it's repeated
    with the opposite meaning; two of them are enough, or a quarter.
    """
    against = [contradicts(match) or number in denied for number, match in enumerate(points)]
    affirmed = sum(share(match) >= COVERED and not no for match, no in zip(points, against, strict=True))
    return (sum(against) >= 2 and sum(against) >= affirmed) or (
        any(turned) and (sum(turned) >= 2 or sum(turned) >= 0.25 * len(turned))
    )


def repeats(match: Match) -> bool:
    """Whether a sentence of the answer is nearly word for word the reference."""
    return match.local >= 0.9 and match.sure >= 0.85


def turns(match: Match) -> bool:
    """Whether such a sentence turns what it repeats around; in a list of denials one more or less does not."""
    return match.turns > 0 and (match.plain or match.flipped >= _FLIPPED)


def _on(curve: Curve, recall: float) -> float:
    for (left, low), (right, high) in pairwise(curve):
        if recall <= right:
            return low + (high - low) * _clip((recall - left) / (right - left))
    return 1.0


def _between(one: tuple[float, float], other: tuple[float, float], part: float) -> tuple[float, float]:
    return one[0] + part * (other[0] - one[0]), one[1] + part * (other[1] - one[1])


def _clip(value: float) -> float:
    return min(1.0, max(0.0, value))

"""Whether an answer that is about the key points speaks for them or against them.

Two readings of every point. A sentence that repeats one of its wordings nearly word for word with one more negation
turns it around: that is certain enough to drop the sentence, and to hold the point contradicted whatever else is said
of it, so that one more such sentence never helps. Anything freer is
weighed by the head of contradiction.py, and no single point shows much there, but an answer that contradicts seldom
does so once: the mean over its points, each counted by how much of it the answer seems to carry, tells such answers
from honest ones that negate something in passing.

Only for points that somebody wrote in several wordings: one that speaks the answer's way speaks for it. Where there is
one wording alone, honest answers in words of their own look as doubtful as wrong ones: such a point only counts against
an answer that evidently contradicts it. Pieces of a sample answer aren't weighed at all, since nobody says that an
answer has to speak of each of them: one that is contradicted carries nothing, and that is all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.graders.embedded import contradiction, polarity, repeats
from bot.graders.embedded.align import Aligner, Match, Reference, affirmed
from bot.graders.embedded.contradiction import Numbers, Side
from bot.graders.embedded.passage import Passage, sentence
from bot.graders.embedded.repeats import Wording

_REPEATED = 0.9
"""Recall in one sentence from which it repeats a wording nearly word for word."""

_SHARED = 0.7
"""The part of a wording's weight that has to stand in the answer literally, or nothing repeats it that nearly."""

_LITERAL = (0.95, 0.85)
"""The part from which recall may be lower, and that recall: a negation changes the vectors of short sentences."""

_TOUCHED = 0.1
"""The part of a point that has to seem carried for it to be weighed."""

_TURNED = 0.01
"""The part of a wording's weight that has to stand under one more negation there."""

_CLEARED, _MILD, _PLAIN, _EVIDENT = -0.8, -0.7, -0.3, 0.3
"""Mean log-odds below which an answer argues for the points whatever its tone, from which its score is held down, from
which it is held to _LEFT, and from which the answer is told that it contradicts.

Set on the interview answers to the dev questions, each weighed by a head that had not seen its question.
"""

_LEFT = 0.11
"""The share that an evidently contradicting answer is given at most: a score of 2."""

_ALONE = 2.0
"""Log-odds from which a single point counts as contradicted in an answer that doesn't contradict as a whole."""

_DENIED = 1.0
"""Log-odds of a point that is turned around nearly word for word, or that the aligner finds contradicted: few beside
many that are right hold a score down, but don't take all of it."""

_UNWEIGHED = -1.0
"""Log-odds of a point that has one wording and seems carried; points of several have -1.6 on average in the honest
interview answers to the dev questions."""

_BENEFIT = (0.3, -1.0)
"""Points and log-odds that the mean starts from: little that is carried shows little."""


@dataclass(frozen=True, slots=True)
class Contrary:
    """The wordings of one point, as what may be contradicted; `parts` are their single sentences."""

    wordings: tuple[Side, ...]
    parts: tuple[tuple[Reference, Side, Wording], ...]


@dataclass(frozen=True, slots=True)
class Doubts:
    """What speaks against an answer.

    `mean` is the log-odds that it contradicts the points that it is about, None where that isn't known; `points` tells
    of each point the log-odds that the sentence which fits it best contradicts it, and `turned` names the points that
    are repeated with their meaning turned around, with the sentences that do so.
    """

    mean: float | None
    points: tuple[float | None, ...]
    turned: Mapping[int, Collection[int]]

    @property
    def evident(self) -> bool:
        """Whether the answer contradicts beyond doubt."""
        return self.mean is not None and self.mean >= _EVIDENT

    @property
    def cleared(self) -> bool:
        """Whether the answer speaks for the points."""
        return self.mean is not None and self.mean < _CLEARED

    @property
    def against(self) -> tuple[bool, ...]:
        """Of each point, whether it is contradicted: more likely than not where the whole answer contradicts."""
        least = 0.0 if self.mean is not None and self.mean >= _PLAIN else _ALONE
        return tuple(
            number in self.turned or (each is not None and each >= least) for number, each in enumerate(self.points)
        )

    @property
    def most(self) -> float:
        """The share of a full answer that it is given at most, 0 to 1."""
        if self.mean is None:
            return 1.0
        return 1.0 - (1.0 - _LEFT) * min(1.0, max(0.0, (self.mean - _MILD) / (_PLAIN - _MILD)))


def contrary(aligner: Aligner, wordings: Sequence[Reference], question: Passage) -> Contrary:
    """The reference side of one point."""
    wordings = [each for each in wordings if len(each.passage.ids)]
    whole = [contradiction.side(each.passage, each.weights) for each in wordings]
    parts: list[tuple[Reference, Side, Wording]] = []
    for reference, read in zip(wordings, whole, strict=True):
        said = [repeats.wording(each.text) for each in reference.passage.sentences]
        if len(said) == 1:
            parts.append((reference, read, said[0]))
            continue
        for place, each in enumerate(said):
            part = aligner.reference(sentence(reference.passage, place), question)
            parts.append((part, contradiction.side(part.passage, part.weights), each))
    return Contrary(tuple(whole), tuple(parts))


def turned(
    aligner: Aligner, points: Sequence[Contrary], answer: Passage, loyal: Collection[int] = ()
) -> dict[int, frozenset[int]]:
    """The points (by number) that the answer repeats with their meaning turned around, and its sentences that do so.

    `loyal` are sentences that don't.
    """
    said = [repeats.wording(each.text) for each in answer.sentences]
    found = _nearly_turned(aligner, points, answer)
    for number, point in enumerate(points):
        for *_, meant in point.parts:
            found[number] |= {place for place, each in enumerate(said) if repeats.turns(meant, each)}
    return {number: frozenset(places) for number, each in enumerate(found) if (places := each.difference(loyal))}


def _nearly_turned(aligner: Aligner, points: Sequence[Contrary], answer: Passage) -> list[set[int]]:
    """Of each point, the sentences that repeat it nearly word for word with its meaning turned around."""
    places = [place for place, each in enumerate(answer.sentences) if not polarity.denies(each.text)]
    told = affirmed(answer)
    there = set(told.ids.tolist())
    read: dict[int, Side] = {}
    found: list[set[int]] = [set() for _ in points]
    for number, point in enumerate(points):
        for reference, meant, _ in point.parts:
            near = _nearly(aligner, reference, told, there)
            if near < 0:
                continue
            read[near] = read.get(near) or _side(aligner, told, near)
            if _turns(meant, read[near]):
                found[number].add(places[near])
    return found


def _nearly(aligner: Aligner, reference: Reference, answer: Passage, there: Collection[int]) -> int:
    """The sentence that repeats a wording nearly word for word; -1 for none."""
    shared = _shared(reference, there)
    if shared < _SHARED:
        return -1
    match = aligner.match(reference, answer)
    return match.sentence if match.local >= (_LITERAL[1] if shared >= _LITERAL[0] else _REPEATED) else -1


def doubts(
    aligner: Aligner,
    points: Sequence[Contrary],
    found: Sequence[tuple[Match, float]],
    answer: Passage,
    denied: tuple[Mapping[int, Collection[int]], Collection[int]],
    loyal: Collection[int] = (),
) -> Doubts:
    """Weigh what an answer says of each point.

    `found` has the best match of each among what the answer affirms, and how much of the point that seems to carry;
    `denied` what `turned` found, and the other points (by number) that it evidently contradicts. What the sentences
    `loyal` say speaks for their points.
    """
    turned, contradicted = denied
    read: dict[int, Side] = {}
    odds: list[float | None] = []
    carried, against = _BENEFIT[0], _BENEFIT[0] * _BENEFIT[1]
    for number, (point, (match, share)) in enumerate(zip(points, found, strict=True)):
        each = _weighed(aligner, point, (match, share), answer, read)
        if each is not None and match.sentence in loyal:
            each = min(each, _UNWEIGHED)
        if point.wordings and (number in turned or number in contradicted):
            share, each = 1.0, max(_DENIED, _DENIED if each is None else each)
        odds.append(each)
        if point.wordings:
            carried, against = carried + share, against + share * (_UNWEIGHED if each is None else each)
    known = any(each is not None for each in odds)
    return Doubts(round(against / carried, 3) if known else None, tuple(odds), turned)


def _weighed(
    aligner: Aligner, point: Contrary, found: tuple[Match, float], answer: Passage, read: dict[int, Side]
) -> float | None:
    """A point's log-odds where it has several wordings and seems carried; `read` keeps the sentences read before."""
    match, share = found
    if share < _TOUCHED or len(point.wordings) < 2:
        return None
    read[match.sentence] = said = read.get(match.sentence) or _side(aligner, answer, match.sentence)
    return contradiction.log_odds(contradiction.features(point.wordings, said))


def features(aligner: Aligner, point: Contrary, answer: Passage, match: Match) -> Numbers:
    """What the head weighs of a point of several wordings and the sentence that fits it best."""
    return contradiction.features(point.wordings, _side(aligner, answer, match.sentence))


def _shared(reference: Reference, there: Collection[int]) -> float:
    """The share of a reference's weight whose pieces are there literally."""
    weights = reference.weights.tolist()
    shared = sum(w for w, piece in zip(weights, reference.passage.ids.tolist(), strict=True) if piece in there)
    return float(shared / max(sum(weights), 1e-6))


def _side(aligner: Aligner, passage: Passage, place: int) -> Side:
    one = sentence(passage, place)
    return contradiction.side(one, aligner.weigh(one.ids))


def _turns(meant: Side, said: Side) -> bool:
    ends = [any(polarity.ends_negated(each.text) for each in side.passage.sentences) for side in (meant, said)]
    return contradiction.negated(meant, said) >= _TURNED or (ends[1] and not ends[0])

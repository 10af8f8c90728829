"""Token alignment: how much of a reference's meaning an answer carries, and where.

Each word piece of the reference looks for its best match among the answer's, by the cosine of their contextual vectors;
the weighted mean of these matches is the recall of the reference, 0 to about 1. After Sultan et al. (2016), who align
words and demote those of the question, with BERTScore's soft matching (Zhang et al. 2020).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.graders.embedded import pairing, polarity
from bot.graders.embedded.encoder import Encoded, Encoder, Floats, Ints
from bot.graders.embedded.passage import Passage, similarity, without
from bot.graders.embedded.text import Sentence
from bot.graders.embedded.weights import piece_weights

NEAR = 0.6
"""Recall in one sentence below which it isn't asked how that stands: `Match.sure`, `flipped` and `turns` are 0."""

FLOOR = 0.05
"""What a piece keeps of its weight when the question says the very same thing."""

QUOTED = 0.3
"""Times this again for a piece that stands in the question literally."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A passage to be found in an answer, with the weight of each piece (question's words demoted).

    `topic` is what the question's words have in common, where words are to pair off (see pairing.py).
    """

    passage: Passage
    weights: Floats
    topic: Floats | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """How an answer matches one reference.

    `recall` is the coverage signal, 0 to 1. `sentence` is the best single sentence of the answer (-1 without any), with
    `local` its own recall, `sure` the share of the reference's weight with an evident partner there, `flipped` the part
    of that share (0 to 1) that stands under opposite polarity, and `turns` by how many negations and opposites what
    matched differs: an odd number turns the meaning around. The three are 0 where `local` is below NEAR. `plain` says
    that the reference negates nothing itself, `ways` how many wordings of the same point were tried for this match (the
    best of them). `paired` is the coverage signal for references that nobody wrote as key points, 0 to 1 (see
    pairing.py); `split` says that this is one.
    """

    recall: float = 0.0
    sentence: int = -1
    local: float = 0.0
    sure: float = 0.0
    flipped: float = 0.0
    turns: int = 0
    plain: bool = True
    ways: int = 1
    paired: float = 0.0
    split: bool = False


def affirmed(passage: Passage) -> Passage:
    """The passage without the sentences that deny all that they say; itself if there are none."""
    return without(passage, [i for i, each in enumerate(passage.sentences) if polarity.denies(each.text)])


class Aligner:
    """An encoder with word weights. Holds no texts."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._weights = piece_weights(encoder.pieces)
        self.known_words = frozenset(encoder.pieces)

    def passage(self, parts: Sequence[Sentence], known: dict[str, Encoded] | None = None) -> Passage:
        """Encode sentences, each in a run of its own: what stands beside a sentence never changes its vectors.

        What is in `known` isn't encoded again, and what is new is added to it.
        """
        known = {} if known is None else known
        for text in dict.fromkeys(part.text for part in parts):
            if text not in known:
                known[text] = self._encoder.encode(text)
        encoded = [known[part.text] for part in parts]
        lengths = [len(each.ids) for each in encoded]
        empty = Encoded(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 384), np.float32))
        return Passage(
            sentences=tuple(parts),
            ids=np.concatenate([each.ids for each in encoded or [empty]]),
            vectors=np.concatenate([each.vectors for each in encoded or [empty]]),
            words=tuple(word for p, e in zip(parts, encoded, strict=True) for word in _words(p.text, e)),
            under=tuple(
                governing
                for i, (p, e) in enumerate(zip(parts, encoded, strict=True))
                for governing in _under(i, p.text, e)
            ),
            bounds=np.cumsum([0, *lengths])[:-1].astype(np.int64),
        )

    def expect(self, parts: Sequence[Sentence]) -> None:
        """Encode sentences of several passages ahead, together: `passage` finds them until the next call."""
        self._encoder.prefetch([part.text for part in parts])

    def reference(self, passage: Passage, question: Passage, pair: bool = False) -> Reference:
        """Weigh a passage's pieces: by rarity, and less the more the question has said them already.

        `pair` says that `Match.paired` is wanted.
        """
        weights = self._weights[passage.ids].copy()
        said = self._weights[question.ids] > 0
        if said.any() and len(weights):
            nearest = np.clip(similarity(passage, question)[:, said].max(axis=1), 0.0, 1.0)
            weights *= np.maximum(1.0 - nearest, FLOOR)
            weights[np.isin(passage.ids, question.ids)] *= QUOTED
        return Reference(passage, weights, pairing.topic(question.vectors[said]) if pair else None)

    def weigh(self, ids: Ints) -> Floats:
        """Each piece's weight, by rarity alone."""
        return self._weights[ids]

    def relatedness(self, answer: Passage, *others: Passage) -> float:
        """How much of the answer's best sentence turns on what the other texts are about, 0 to 1.

        The weighted mean of the best matches of its pieces among theirs; a sentence of few pieces gets less.
        """
        best = np.zeros(len(answer.ids), np.float32)
        for other in others:
            telling = self._weights[other.ids] > 0
            if telling.any() and len(best):
                best = np.maximum(best, similarity(other, answer)[telling].max(axis=0))
        if not len(best):
            return 0.0
        weights = self._weights[answer.ids]
        matched = np.clip(best, 0.0, 1.0) * weights
        totals = np.maximum(np.add.reduceat(weights, answer.bounds), _ENOUGH)
        return round(float((np.add.reduceat(matched, answer.bounds) / totals).max()), 4)

    def match(self, reference: Reference, answer: Passage) -> Match:
        """Find a reference in an answer."""
        total = float(reference.weights.sum())
        if not total or not len(answer.ids):
            return Match()
        cosines = similarity(reference.passage, answer)
        cosines[:, self._weights[answer.ids] <= 0] = 0.0
        best = np.clip(np.maximum.reduceat(cosines, answer.bounds, axis=1), 0.0, 1.0)
        shares = reference.weights / total
        by_sentence = np.round((best * shares[:, None]).sum(axis=0), 4)
        overall = float((best.max(axis=1) * shares).sum())
        top = int(by_sentence.argmax())
        local = float(by_sentence[top])
        sure, flipped, turns = 0.0, 0.0, 0
        if local >= NEAR:
            sure, flipped, turns = _polarity(reference.passage, reference.weights, answer, top, cosines)
        return Match(
            recall=round((overall + float(by_sentence[top])) / 2, 4),
            sentence=top,
            local=local,
            sure=sure,
            flipped=flipped,
            turns=turns,
            plain=not any(reference.passage.under),
            paired=_paired(reference, answer, cosines, self._weights),
            split=reference.topic is not None,
        )


_ENOUGH = 12.0
"""The weight of two common words: less than that doesn't show what a sentence is about."""

_SURE = 0.65
"""Pieces less alike than this aren't evidently the same thing, so their polarities don't compare."""

_WORD = re.compile(r"\S+")


def _words(text: str, encoded: Encoded) -> list[str]:
    found = [(each.start(), each.group().strip(".,;:!?()\"'").lower()) for each in _WORD.finditer(text)]
    places = [start for start, _ in found]
    return [found[bisect_right(places, int(start)) - 1][1] for start in encoded.starts]


def _under(sentence: int, text: str, encoded: Encoded) -> list[frozenset[int]]:
    found = polarity.scopes(text)
    first = 1000 * sentence
    return [
        frozenset(first + i for i, (left, right) in enumerate(found) if left <= place < right)
        for place in encoded.starts
    ]


def _paired(reference: Reference, answer: Passage, cosines: Floats, weights: Floats) -> float:
    if reference.topic is None:
        return 0.0
    meant = reference.passage
    alike = pairing.apart(cosines, meant.vectors, answer.vectors, reference.topic)
    telling = weights[meant.ids] > 0, weights[answer.ids] > 0
    return pairing.recall(alike, reference.weights, telling, (meant.bounds, answer.bounds))


def _polarity(meant: Passage, weights: Floats, answer: Passage, top: int, cosines: Floats) -> tuple[float, float, int]:
    """`sure`, `flipped` and `turns` of a match with the answer's sentence `top`."""
    start = int(answer.bounds[top])
    end = int(answer.bounds[top + 1]) if top + 1 < len(answer.bounds) else len(answer.ids)
    partner = start + cosines[:, start:end].argmax(axis=1)
    alike = cosines[np.arange(len(partner)), partner] >= _SURE
    weight = float(weights[alike].sum())
    if not weight:
        return 0.0, 0.0, 0
    theirs = [answer.under[i] for i in partner]
    odd = np.array([len(a) % 2 != len(b) % 2 for a, b in zip(meant.under, theirs, strict=True)], dtype=np.bool_)
    flipped = round(float(weights[alike & odd].sum()) / weight, 4)
    said = set(answer.words[start:end])
    opposed = len(_opposed(set(meant.words), said, polarity.OPPOSITES))
    touched = [len(frozenset().union(*(each[i] for i in np.flatnonzero(alike)))) for each in (meant.under, theirs)]
    denied = abs(touched[0] - touched[1])
    if denied:  # "not negative" is positive
        opposed += len(_opposed(set(meant.words), said, polarity.COUNTERPARTS))
    turns = abs(denied - opposed)
    return round(weight / float(weights.sum()), 4), 1.0 if opposed else flipped, turns


def _opposed(meant: set[str], said: set[str], opposites: Mapping[str, frozenset[str]]) -> set[str]:
    """The reference's words whose opposite stands in the answer instead of them."""
    return {word for word in meant - said if (opposites.get(word, frozenset()) & said) - meant}

"""How much a sentence speaks against a reference that it is about: negations, opposites, order, and how it strays.

A right answer in other words and a wrong one in the same words look alike to an aligner. What tells them apart is how
the matched words stand: under how many negations, with an opposite in place of a word, in another order. None of these
is proof ("stateless" is "without state"), so they are weighed together with the difference of the two texts' mean
vectors, by a logistic regression that `python -m benchmarks.contradictions` fits and writes to contradiction.json. The
wordings of a point that come near the sentence are asked alike: one that says it with the sentence's own negation
speaks for it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.graders.embedded import stance
from bot.graders.embedded.encoder import Floats
from bot.graders.embedded.opposites import OPPOSITES, stem
from bot.graders.embedded.passage import Flags, Passage, similarity

_ALIKE = 0.55
"""Cosine from which two pieces are taken for the same thing."""

_NEAR = 0.12
"""A wording that falls this far behind the best one says nothing about the sentence."""

_AROUND = 4
"""Pieces around a word within which its opposite counts as standing in its place, and one more on the other side."""

_ORDER = tuple(map(stem, ("before", "after", "than", "first", "instead", "precede")))
"""Words whose two sides make a difference."""

_NEGATIVE = frozenset({
    "stateless", "immutable", "unchanged", "unchangeable", "avoid", "avoids", "avoiding", "avoided", "prevent",
    "prevents", "prevented", "preventing", "refuse", "refuses", "refused", "reject", "rejects", "rejected", "lack",
    "lacks", "lacking", "stop", "stops", "forbid", "forbids", "fail", "fails", "unable", "impossible", "absent",
    "missing", "unlike", "independent", "isolated",
})  # fmt: skip
"""Words that carry a negation of their own, beside those in un- and -less."""

_NOT_UN = ("under", "until", "unti", "uniq", "unit", "unif", "univ", "union")
_NOT_LESS = frozenset({"regardless", "nevertheless", "nonetheless", "unless"})

NAMES = (
    "local", "sure", "alike", "told", "turned", "turned_all", "unturned", "flipped", "opposed", "opposed_there",
    "more_negations", "swapped", "waved_away",
)  # fmt: skip
"""What is measured of a wording and a sentence; see `measures`."""

_CLOSER = ("turned", "turned_all", "unturned", "flipped", "opposed", "opposed_there", "more_negations", "swapped")
"""What means more the nearer a sentence comes to the wording: these are taken once more, times `local` squared."""

MEASURES = len(NAMES) + len(_CLOSER)
WIDTH = 384
"""Of the encoder's vectors."""

_WEIGHTS = Path(__file__).with_name("contradiction.json")

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Side:
    """One text's pieces as this module reads them; `negations` numbers those that govern each piece.

    `signs` is 0 or 1 for each piece: whether what it says is negated. `waved` has its turns of phrase that wave
    something away.
    """

    passage: Passage
    weights: Floats
    stems: tuple[str, ...]
    negations: tuple[frozenset[int], ...]
    signs: Places
    waved: frozenset[str]
    mean: Numbers


@dataclass(frozen=True, slots=True)
class Pairing:
    """Which piece of a sentence (`partner`) goes with each piece of a wording, where `alike` says that one does.

    `share` is each piece's part of the wording's weight, `local` the recall of the wording in the sentence.
    """

    cosines: Floats
    partner: Places
    alike: Flags
    share: Floats
    local: float


def side(passage: Passage, weights: Floats) -> Side:
    """The pieces of a whole passage, with their weights."""
    words = {word: (stem(word), _negative(word)) for word in set(passage.words)}
    signs = [len(under) + words[word][1] for word, under in zip(passage.words, passage.under, strict=True)]
    stems = tuple(words[word][0] for word in passage.words)
    waved = frozenset().union(*(stance.dismissals(each.text) for each in passage.sentences))
    mean = np.asarray(passage.vectors.mean(axis=0, dtype=np.float64), dtype=np.float64)
    return Side(passage, weights, stems, passage.under, np.array(signs, dtype=np.int64) % 2, waved, mean)


def features(meant: Sequence[Side], said: Side) -> Numbers:
    """What the head weighs of a sentence and the wordings that come near it.

    MEASURES numbers, and WIDTH ones for how its mean vector differs from theirs.
    """
    pairs = [_pair(each, said) for each in meant]
    least = max(each.local for each in pairs) - _NEAR
    near = [(side, pair) for side, pair in zip(meant, pairs, strict=True) if pair.local >= least]
    measured = np.mean([_measures(side, said, pair) for side, pair in near], axis=0)
    strays = _unit(said.mean) - _unit(np.mean([side.mean for side, _ in near], axis=0))
    return np.round(np.concatenate([_crossed(measured), strays]), 4)


def log_odds(measured: Numbers) -> float:
    """The head's belief that a sentence contradicts what it's about: log-odds, 0 for as likely as not."""
    weights, bias = _head()
    return round(float((measured * weights).sum()) + bias, 3)


@cache
def _head() -> tuple[Numbers, float]:
    read = json.loads(_WEIGHTS.read_text(encoding="utf-8"))
    return np.array(read["weights"], dtype=np.float64), float(read["bias"])


def _crossed(measured: Numbers) -> Numbers:
    closer = np.minimum(measured[[NAMES.index(name) for name in _CLOSER]], 1.0) * measured[0] ** 2
    return np.concatenate([measured, closer])


def negated(meant: Side, said: Side) -> float:
    """The share of a wording's weight, 0 to 1, that stands under another number of negations in a sentence.

    0 where the sentence as a whole has as many as the wording.
    """
    if len(_all(said.negations)) == len(_all(meant.negations)):
        return 0.0
    pairs = _pair(meant, said)
    theirs = [len(said.negations[place]) for place in pairs.partner]
    other = np.array([len(own) != their for own, their in zip(meant.negations, theirs, strict=True)], dtype=np.bool_)
    return float(pairs.share[pairs.alike & other].sum())


def _measures(meant: Side, said: Side, pairs: Pairing) -> list[float]:
    odd = pairs.alike & (meant.signs != said.signs[pairs.partner])
    turned = _turned(pairs, odd, [said.negations[place] for place in pairs.partner])
    sure = float(pairs.share[pairs.alike].sum())
    opposed, there = _opposed(meant, said, pairs)
    return [
        pairs.local,
        sure,
        float(_unit(meant.mean) @ _unit(said.mean)),
        float((np.clip(pairs.cosines.max(axis=0), 0.0, 1.0) * said.weights).sum() / max(said.weights.sum(), 1e-6)),
        max(turned, default=0.0),
        sum(turned),
        max(_turned(pairs, odd, meant.negations), default=0.0),
        float(pairs.share[odd].sum()) / sure if sure else 0.0,
        float(opposed),
        float(there),
        float(abs(len(_all(said.negations)) - len(_all(meant.negations)))),
        float(_swapped(meant, said, pairs)),
        float(min(2, len(said.waved - meant.waved))),
    ]


def _pair(meant: Side, said: Side) -> Pairing:
    cosines = similarity(meant.passage, said.passage)
    cosines[:, said.weights <= 0] = -1.0
    share = meant.weights / max(float(meant.weights.sum()), 1e-6)
    best = cosines.max(axis=1)
    local = float((np.clip(best, 0.0, 1.0) * share).sum())
    return Pairing(cosines, cosines.argmax(axis=1), (best >= _ALIKE) & (share > 0), share, local)


def _turned(pairs: Pairing, odd: Flags, negations: Sequence[frozenset[int]]) -> list[float]:
    """For each negation under which most matched pieces change their sign: which share of the wording that is."""
    found = []
    for negation in sorted(_all(negations)):
        under = pairs.alike & np.array([negation in each for each in negations])
        changed, kept = float(pairs.share[under & odd].sum()), float(pairs.share[under & ~odd].sum())
        if changed > 2 * kept:
            found.append(changed)
    return found


def _opposed(meant: Side, said: Side, pairs: Pairing) -> tuple[int, int]:
    """How many words have an opposite in the sentence instead of themselves, and how many of these in their place."""
    opposed = there = 0
    for word in sorted(set(meant.stems) - set(said.stems)):
        others = (OPPOSITES.get(word, frozenset()) & set(said.stems)) - set(meant.stems)
        place = meant.stems.index(word)
        places = [
            i
            for i, each in enumerate(said.stems)
            if each in others and len(said.negations[i]) % 2 == len(meant.negations[place]) % 2
        ]
        if places:
            opposed += 1
            around = [
                int(pairs.partner[i])
                for i in range(max(0, place - _AROUND), min(len(meant.stems), place + _AROUND + 1))
                if pairs.alike[i] and meant.stems[i] != word
            ]
            there += any(abs(i - j) <= _AROUND + 1 for i in around for j in places)
    return opposed, there


def _swapped(meant: Side, said: Side, pairs: Pairing) -> bool:
    """Whether what stands on the two sides of a word of order has changed sides."""
    for word in _ORDER:
        if word in meant.stems and word in said.stems:
            middle, other = meant.stems.index(word), said.stems.index(word)
            places = np.arange(len(meant.stems))
            kept = np.where((places < middle) == (pairs.partner < other), pairs.share, -pairs.share)
            if all(float(kept[pairs.alike & half].sum()) < 0 for half in (places < middle, places > middle)):
                return True
    return False


def _all(negations: Sequence[frozenset[int]]) -> frozenset[int]:
    return frozenset().union(*negations)


def _unit(vector: Numbers) -> Numbers:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), dtype=np.float64)


def _negative(word: str) -> bool:
    return (
        word in _NEGATIVE
        or (word.startswith("un") and len(word) > 6 and not word.startswith(_NOT_UN))
        or (word.endswith("less") and len(word) > 6 and word not in _NOT_LESS)
    )

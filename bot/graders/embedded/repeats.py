"""Whether a sentence says a wording over again, word for word but for its negations.

Vectors tell such a repeat less surely: a "not" moves those of the words around it, and what it governs may weigh
nothing ("how big it is not"). Here the words themselves are compared, in their order, so that a wording can't be turned
around unseen by putting a negation somewhere into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from bot.graders.embedded import polarity
from bot.graders.embedded.opposites import OPPOSITES, stem

_SAME = 0.9
"""The part of a wording's words that a repeat has, in their order."""

_FEWEST = 4
"""Words of a wording that a sentence may not just happen to have."""

_HELPING = frozenset({"do", "does", "did"})
"""What a negation brings along: "replicas do not keep"."""

_WHOLE = {"ca": "can", "wo": "will", "sha": "shall"}


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a sentence without its negations; `negations` has the number of words in front of each.

    `denied` says that the sentence opens with a denial of all of it, which isn't among these.
    """

    words: tuple[str, ...]
    vocabulary: frozenset[str]
    negations: tuple[int, ...]
    denied: bool


def wording(text: str) -> Wording:
    """Read one sentence."""
    body = polarity.undenied(text)
    words: list[str] = []
    negations: list[int] = []
    for token, negates in polarity.tokens(body):
        if negates:
            negations.append(len(words))
        word = _affirmed(token) if negates else token
        if word and word not in _HELPING:
            words.append(word)
    return Wording(tuple(words), frozenset(words), tuple(negations), body != text)


def says(meant: Wording, said: Wording) -> bool:
    """Whether a sentence repeats a wording with as many negations, and with no opposite in the place of a word."""
    if said.denied or len(meant.negations) != len(said.negations) or _repeated(meant, said) is None:
        return False
    new = {stem(word) for word in said.vocabulary - meant.vocabulary}
    return not any(OPPOSITES.get(stem(word), frozenset()) & new for word in meant.vocabulary - said.vocabulary)


def faithful(wordings: Sequence[Wording], said: Wording) -> bool:
    """Whether at least half of a sentence is wordings that it says over again."""
    again = [each.vocabulary for each in wordings if says(each, said)]
    return bool(again) and 2 * len(said.vocabulary.intersection(frozenset().union(*again))) >= len(said.vocabulary)


def turns(meant: Wording, said: Wording) -> bool:
    """Whether a sentence repeats a wording with other negations; a denial of the whole turns a faithful repeat."""
    stretch = _repeated(meant, said)
    if stretch is None:
        return False
    first, end = stretch
    last = end if end == len(said.words) else end - 1
    among = sum(first <= place <= last for place in said.negations)
    return (among != len(meant.negations)) != said.denied


def _repeated(meant: Wording, said: Wording) -> tuple[int, int] | None:
    """Where in a sentence the words of a wording stand, from the first to behind the last one."""
    least = _SAME * len(meant.vocabulary)
    if len(meant.words) < _FEWEST or len(meant.vocabulary & said.vocabulary) < least:
        return None
    matcher = SequenceMatcher(None, meant.words, said.words, autojunk=False)
    same = [each for each in matcher.get_matching_blocks() if each.size]
    if sum(each.size for each in same) < _SAME * len(meant.words):
        return None
    return same[0].b, same[-1].b + same[-1].size


def _affirmed(negation: str) -> str:
    """What is left of a word without its negation: "is" of "isn't", nothing of "not"."""
    if negation == "cannot":
        return "can"
    if negation == "without":
        return "with"
    straight = negation.replace("’", "'")
    base = straight.removesuffix("n't") if straight.endswith("n't") else ""
    return _WHOLE.get(base, base)

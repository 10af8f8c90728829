"""What an answer affirms, what it takes back, and what it does with one point.

A sentence that denies itself ("it is not true that") or turns a point around is no evidence for anything. Each of them
is held against a point on its own, beside what the answer affirms: one more never hides what another one contradicts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.graders.embedded import polarity, repeats, scoring
from bot.graders.embedded.align import Aligner, Match, Reference
from bot.graders.embedded.doubts import Contrary, turned
from bot.graders.embedded.passage import Passage, sentence, without
from bot.graders.embedded.repeats import Wording


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer and the part of it that it affirms (`told`), whose sentences stand at `places` in it.

    `loyal` are the sentences that say over again what stands in the sample answer or in a point, `turned` those that
    turn a point around, by the point's number.
    """

    answer: Passage
    told: Passage
    places: tuple[int, ...]
    loyal: frozenset[int]
    turned: Mapping[int, frozenset[int]]

    @property
    def taken_back(self) -> tuple[int, ...]:
        """The sentences that the answer doesn't affirm."""
        return tuple(place for place in range(len(self.answer.sentences)) if place not in self.places)


def read(aligner: Aligner, points: Sequence[Contrary], sample: Sequence[Wording], answer: Passage) -> Reading:
    """Read an answer to a question with these points and this sample answer, sentence by sentence."""
    said = [repeats.wording(each.text) for each in answer.sentences]
    meant = [*sample, *(each for point in points for *_, each in point.parts)]
    loyal = frozenset(place for place, each in enumerate(said) if repeats.faithful(meant, each))
    found = turned(aligner, points, answer, loyal)
    denying = {place for place, each in enumerate(answer.sentences) if polarity.denies(each.text)}
    dropped = denying.union(*found.values())
    places = tuple(place for place in range(len(said)) if place not in dropped)
    return Reading(answer, without(answer, dropped), places, loyal, found)


def on_point(aligner: Aligner, wordings: Sequence[Reference], said: Reading) -> tuple[Match, Match | None]:
    """What an answer affirms of a point, and what contradicts it, if anything does; sentences as numbers in `answer`.

    A sentence of the sample answer contradicts none of its points, nor does one of their wordings.
    """
    own = [_placed(aligner.match(each, said.told), said.places) for each in wordings]
    found = scoring.best(own)
    if found.sentence in said.loyal:
        found = replace(found, turns=0)
    if scoring.contradicts(found):
        return found, found
    for place in said.taken_back:
        alone = sentence(said.answer, place)
        pairs = zip(own, (_placed(aligner.match(each, alone), (place,)) for each in wordings), strict=True)
        against = scoring.best([max(pair, key=lambda match: match.local) for pair in pairs])
        if against.sentence == place and scoring.contradicts(against):
            return found, against
    return found, None


def _placed(match: Match, places: Sequence[int]) -> Match:
    return replace(match, sentence=places[match.sentence]) if match.sentence >= 0 else match

"""How much each word piece says, from its rank by frequency alone.

bert-base-uncased's vocabulary lists special and unused entries, then single characters, and from 1,996 on whole words
and word endings by falling frequency in its training text (Wikipedia and books). By Zipf's law frequency falls as
1/rank, so -log(frequency) is log(rank) up to a constant: an idf without a table of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.graders.embedded.encoder import Floats

_FIRST_WORD = 1996
_SINGLE_CHARACTER = 3.0

FUNCTION_WORDS = frozenset(
    """
a about above across after again against all along already also although always am among an and another any anyone are
around as at back be became because become been before being below between both but by came can cannot come could did
do does doing don done down during each either else enough even ever every few for from further get gets give given go
goes had has have having he her here hers him his how however i if in instead into is isn it its itself just keep let
like likely made make makes many may me might mine more most much must my need needs neither never next no nor not now
of off often on once one only onto or other others our ours out over own per put rather same say says see she should
since so some somebody someone something still such take taken takes than that the their theirs them then there these
they thing things this those though through to too toward towards two under unless until up upon us use used uses using
very via want was way we well went were what when where whether which while who whole whom whose why will with within
without would yet you your yours
""".split()
)


def piece_weights(pieces: Sequence[str]) -> Floats:
    """One weight per entry of the vocabulary: 0 for what carries no meaning, then growing with rarity to about 10."""
    weights = np.zeros(len(pieces), dtype=np.float32)
    for i, piece in enumerate(pieces):
        bare = piece.removeprefix("##")
        if piece.startswith("[") or not any(character.isalnum() for character in bare):
            continue
        weights[i] = np.log(i - _FIRST_WORD + 2) if i >= _FIRST_WORD else _SINGLE_CHARACTER
    return weights

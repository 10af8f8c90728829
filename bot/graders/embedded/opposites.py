"""Words that turn a statement around when one stands in the other's place: of the general language and of this field.

Written for this, not taken from a dictionary or from any data. A pair is weak evidence alone ("before" and "after" may
both be right), so it only counts in the weighing of contradiction.py; the few pairs that decide alone are polarity's.
"""

from __future__ import annotations

_QUANTITY = """
always never; always rarely; always sometimes; often rarely; usually rarely; usually seldom; sometimes always;
all none; all some; all one; all few; everything nothing; everyone nobody; everybody nobody; each none; many few;
many one; most few; more less; more fewer; most least; only also; both neither; any none; several one; single several;
single many; single multiple; one multiple; majority minority; whole part; full partial; full empty; complete partial;
complete incomplete; total partial; entire part; fully partly; limited unlimited; bounded unbounded; capped unlimited;
finite infinite; rare common; rare frequent; rarely frequently; increase decrease; increase reduce; rise fall;
raise lower; grow shrink; gain lose; add remove; expand contract; high low; higher lower; up down; large small;
larger smaller; big small; bigger smaller; largest smallest; maximum minimum; enough insufficient; above below
"""
_TIME = """
before after; first last; first finally; early late; earlier later; begin end; start end; start stop;
beforehand after; beforehand afterwards; upfront afterwards; immediately later; immediately gradually;
suddenly gradually; sudden gradual; gradual immediate; slowly suddenly; quickly slowly; fast slow; faster slower;
quick slow; fresh stale; recent old; current outdated; latest oldest; latest earliest; new old; newer older;
newest oldest; next previous; once repeatedly; once gradually; permanent temporary; permanently temporarily;
lasting brief; temporary lasting; regularly never; scheduled unscheduled; soon late; hours seconds; minutes months;
minutes weeks; minutes days; seconds months; long short
"""
_WAY = """
together separately; together apart; together alone; shared separate; shared own; same different; same separate;
same other; identical different; alike different; similar different; equal unequal; equal different; joint separate;
jointly alone; independent dependent; independently together; dependent unrelated; coupled decoupled; merge split;
join split; combine separate; stateless stateful; immutable mutable; fixed changing; fixed movable; fixed variable;
unchanged changed; constant changing; constant seasonal; static dynamic; stable unstable; deterministic random;
random fixed; synchronous asynchronous; synchronously asynchronously; sync async; batch live; batch streaming;
batch realtime; offline online; manual automatic; manually automatically; manual automated; manually automated;
hand automatically; human automatically; horizontal vertical; horizontally vertically; declarative imperative;
strong weak; strong eventual; local remote; locally remotely; local global; local shared; memory disk;
internal external; inside outside; within outside; push pull; send receive; read write; input output; import export;
upstream downstream; forward backward; forwards backwards; leader follower; primary secondary;
centralised decentralised; central distributed; simple complex; easy hard; easy difficult; easier harder;
cheap expensive; cheap costly; cheaper costlier; coarse fine; normalised denormalised; sorted unsorted;
unique duplicate; sparse dense; narrow wide; supervised unsupervised
"""
_WORTH = """
safe unsafe; safe dangerous; safe risky; harmless harmful; harmless dangerous; helpful harmful; help hurt;
help hinder; help prevent; improve worsen; better worse; best worst; good bad; right wrong; correct wrong;
correct incorrect; true false; real fake; useful useless; needed superfluous; needed optional; required optional;
required unnecessary; needed unnecessary; necessary unnecessary; important irrelevant; mandatory optional;
beneficial harmful; free costly; consistent inconsistent; reliable unreliable; trusted untrusted; healthy unhealthy;
valid invalid; known unknown; fair unfair; biased unbiased; accurate inaccurate; precise vague; clear unclear;
strict lenient; loosely tightly; urgent unimportant; expected unexpected; planned unplanned; deliberate accidental;
visible hidden; explicit implicit; possible impossible; tested untested; reviewed unreviewed; verified unverified;
checked unchecked; measured guessed; measured assumed; versioned unversioned; encrypted plaintext; public private;
open restricted; open closed; open locked
"""
_DEED = """
enable prevent; enable disable; allow forbid; allow prevent; allow block; accept reject; accept refuse; permit forbid;
keep drop; keep delete; keep remove; keep lose; store discard; save lose; save discard; preserve lose; create delete;
build destroy; insert delete; connect disconnect; attach detach; lock unlock; lock release; hold release;
continue stop; run stop; resume pause; succeed fail; success failure; pass fail; win lose; spread contain;
cause prevent; protect expose; include exclude; rebuild reuse; rebuild repoint; rebuild promote; rebuild move;
change keep; overwrite increment; overwrite preserve; show hide; trust doubt; agree disagree; support oppose;
encourage discourage; wait continue; block let; retry abandon; revert keep; rolled stays; document undocumented;
balance ignore; check trust; measure guess; ignore check
"""


def _table() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for group in (_QUANTITY, _TIME, _WAY, _WORTH, _DEED):
        for pair in group.replace("\n", " ").split(";"):
            left, right = map(stem, pair.split())
            found.setdefault(left, set()).add(right)
            found.setdefault(right, set()).add(left)
    return {word: frozenset(others) for word, others in found.items()}


def stem(word: str) -> str:
    """A word without its common endings, so that "increases" and "increasing" are one: not always a word itself."""
    if len(word) <= 3:
        return word
    for ending, rest in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)] + rest
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] in "bdgmnprt":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


_ENDINGS = (("ies", "y"), ("ied", "y"), ("ing", ""), ("edly", ""), ("ed", ""), ("ly", ""), ("es", ""), ("s", ""))

OPPOSITES = _table()
"""The stems that turn a stem's statement around."""

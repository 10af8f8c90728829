"""Which words of a sentence stand under a negation, and which words are opposites.

Negation scope by rule, after NegEx (Chapman et al. 2001): from the negating word to the end of its clause, a few words
at most. Opposites are a short list of pairs that turn a statement of this field around.
"""

from __future__ import annotations

import re
from functools import lru_cache

REACH = 8
"""Words that a negation governs at most."""

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[,;:.!?()–—]")

_NEGATORS = frozenset({
    "not", "no", "never", "none", "nothing", "nobody", "neither", "nor", "cannot", "without", "hardly", "rarely",
    "seldom", "instead", "rather", "isnt", "arent", "dont", "doesnt", "cant", "wont", "shouldnt", "isn", "aren", "don",
    "doesn", "didn", "wasn", "weren", "won", "shouldn", "couldn", "wouldn", "nt",
})  # fmt: skip

_BOUNDARIES = frozenset({
    "but", "because", "since", "so", "although", "though", "while", "whereas", "unless", "until", "if", "when", "which",
    "who", "and", "or", "then", "however", "therefore", "as", ",", ";", ":", ".", "!", "?", "(", ")", "–", "—",
})  # fmt: skip

_NOT_NEGATING = re.compile(
    r"\b(?:not (?:only|just|merely)|no (?:matter|doubt|(?:more|less|later|longer) than)|rather (?!than))"
)

_DENIAL = re.compile(
    r"\b(?:(?:isn['’]?t|not) (?:true|correct|right|the case) that"
    r"|(?:false|wrong|untrue|incorrect|a myth) (?:that|to say)"
    r"|i (?:disagree|deny|doubt|don['’]?t (?:think|believe|agree)) (?:that|with))\b",
    re.IGNORECASE,
)

_PAIRS = """
always never; all none; before after; increase decrease; increases decreases; increasing decreasing; rise fall;
rises falls; higher lower; high low; more fewer; more less; most least; faster slower; fast slow; quick slow;
large small; larger smaller; bigger smaller; big small; stateless stateful; immutable mutable; mutable immutable;
synchronous asynchronous; synchronously asynchronously; manual automatic; manually automatically; automatic manual;
horizontal vertical; horizontally vertically; declarative imperative; strong weak; stronger weaker; safe unsafe;
consistent inconsistent; reliable unreliable; public private; static dynamic;
early late; earlier later; cheap expensive; cheaper dearer; reversible irreversible;
together separately; independent dependent; independently together; gradual sudden;
gradually immediately; gradually suddenly; possible impossible; enable prevent; enables prevents; allow forbid;
allows forbids; encourage discourage; add remove; adds removes; success failure; succeed fail; succeeds fails;
accept reject; accepts rejects; improve worsen; improves worsens; better worse; best worst;
good bad; versioned unversioned; ordered unordered; blocking nonblocking; optional mandatory;
optional required; stable unstable; healthy unhealthy; present absent; valid invalid; known unknown;
strict lenient; loose tight; loosely tightly; coupled decoupled;
encrypted plaintext; centralised decentralised; centralized decentralized
"""

OPPOSITES: dict[str, frozenset[str]] = {}
for _pair in _PAIRS.replace("\n", " ").split(";"):
    _left, _right = _pair.split()
    OPPOSITES[_left] = OPPOSITES.get(_left, frozenset()) | {_right}
    OPPOSITES[_right] = OPPOSITES.get(_right, frozenset()) | {_left}


@lru_cache(maxsize=512)
def negated(text: str) -> tuple[tuple[int, int], ...]:
    """The stretches (start, end) of a sentence that stand under an odd number of negations."""
    lowered = text.lower()
    tokens = [(found.start(), found.end(), found.group()) for found in _TOKEN.finditer(lowered)]
    exempt = [found.span() for found in _NOT_NEGATING.finditer(lowered)]
    odd = [_DENIAL.search(lowered) is not None] * len(tokens)
    for i, (start, _, token) in enumerate(tokens):
        if _negates(token) and not any(left <= start < right for left, right in exempt):
            for j in range(i + 1, min(len(tokens), i + 1 + REACH)):
                if tokens[j][2] in _BOUNDARIES:
                    break
                odd[j] = not odd[j]
    return tuple((start, end) for (start, end, _), flag in zip(tokens, odd, strict=True) if flag)


@lru_cache(maxsize=512)
def count(text: str) -> int:
    """How many negations a sentence holds; denied as a whole it counts as 1."""
    lowered = text.lower()
    exempt = [found.span() for found in _NOT_NEGATING.finditer(lowered)]
    if _DENIAL.search(lowered):
        return 1
    places = [found.start() for found in _TOKEN.finditer(lowered) if _negates(found.group())]
    return sum(not any(left <= place < right for left, right in exempt) for place in places)


def opposite(word: str, other: str) -> bool:
    """Whether two words in lower case are a listed pair of opposites."""
    return other in OPPOSITES.get(word, ())


def _negates(token: str) -> bool:
    return token in _NEGATORS or token.endswith(("n't", "n’t"))

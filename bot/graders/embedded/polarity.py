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
    "who", "and", "then", "however", "therefore", "as", ",", ";", ":", ".", "!", "?", "(", ")", "–", "—",
})  # fmt: skip

_LISTING = frozenset({"no", "without", "neither", "nor"})
"""These govern a whole list: no loss, duplication or disorder."""

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
always never; increase decrease; increases decreases; increasing decreasing; rise fall; rises falls; stateless stateful;
immutable mutable; synchronous asynchronous; synchronously asynchronously; manual automatic; manually automatically;
manual automated; horizontal vertical; horizontally vertically; declarative imperative; strong weak; safe unsafe;
consistent inconsistent; reliable unreliable; public private; static dynamic; cheap expensive; reversible irreversible;
together separately; independent dependent; independently together; gradually immediately; gradually suddenly;
possible impossible; enable prevent; enables prevents; allow forbid; allows forbids; accept reject; accepts rejects;
improve worsen; improves worsens; better worse; best worst; good bad; versioned unversioned; optional mandatory;
optional required; stable unstable; healthy unhealthy; valid invalid; known unknown; strict lenient; loosely tightly;
encrypted plaintext; centralised decentralised; centralized decentralized
"""


def _opposites() -> dict[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for pair in _PAIRS.split(";"):
        left, right = pair.split()
        table[left] = table.get(left, frozenset()) | {right}
        table[right] = table.get(right, frozenset()) | {left}
    return table


OPPOSITES = _opposites()
"""The words that turn a word's statement around."""


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
                if tokens[j][2] in _BOUNDARIES and not (token in _LISTING and tokens[j][2] == ","):
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


def _negates(token: str) -> bool:
    return token in _NEGATORS or token.endswith(("n't", "n’t"))

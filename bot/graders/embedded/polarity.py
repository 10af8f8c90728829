"""Which words of a sentence stand under a negation, and which words are opposites.

Negation scope by rule, after NegEx (Chapman et al. 2001): from the negating word to the end of its clause, a few words
at most; what is said to be needless or a waste is negated backwards, from the start of its clause. Opposites are a
short list of pairs that turn a statement of this field around.
"""

from __future__ import annotations

import re

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

_SUBORDINATORS = frozenset({"when", "if", "because", "since", "while", "as", "until"})
"""Right behind a negation these open what it governs: "not when it changes"."""

_LISTING = frozenset({"no", "without", "neither", "nor"})
"""These govern a whole list: no loss, duplication or disorder."""

_ASIDES = frozenset({"instead", "rather", "without"})
_MAIN = frozenset("i we you he she it they there is are was were can could should must will would may might".split())
"""What stands aside ends where the main clause begins: "instead of guessing we measure"."""

_NOT_NEGATING = re.compile(
    r"\b(?:not (?:only|just|merely)|no (?:matter|doubt|(?:more|less|later|longer) than)|rather (?!than))"
    r"|(?<!\bis )(?<!\bare )(?<!\bbe )(?<!\bwas )(?<!\bwere )\b(?:rarely|seldom)"  # "rarely used data"
    r"(?= (?:accessed|needed|queried|read|touched|used) (?!(?:an?|and|as|at|but|by|for|in|it|on|or|the|them|to)\b)\w)"
)

_DENIAL = re.compile(
    r"\b(?:(?:isn['’]?t|not) (?:true|correct|right|the case) that"
    r"|(?:false|wrong|untrue|incorrect|a myth) (?:that|to say)"
    r"|i (?:disagree|deny|doubt|don['’]?t (?:think|believe|agree)) (?:that|with))\b",
    re.IGNORECASE,
)

_AUXILIARY = r"(?:is|are|be|was|were|do|does|did)(?:n['’]?t| not| never)(?: really| even| at all| as| so| very| that)?"
_WAVED = re.compile(
    r"\b(?:unnecessary|needless|superfluous|pointless|useless|irrelevant|meaningless|redundant|overkill"
    r"|(?:is|are|be|just|only) (?:a )?(?:waste|wasted|myth|luxury)"
    rf"|{_AUXILIARY} (?:needed|necessary|required|useful|important|relevant|worth|helpful|suited|matter|help|apply|pay)"
    r"|(?:brings?|proves?|shows?|tells?|gains?|achieves?|adds?) nothing"
    r"|nobody needs|makes? no (?:sense|difference)|can (?:well )?be (?:skipped|ignored|omitted|left out|neglected))\b"
)
_OTHER_CLAUSE = re.compile(r"[,;:.!?()–—]|\b(?:but|because|since|so|although|though|while|whereas|unless|which|then)\b")

_LAST = re.compile(r"(?<!\bor )(?<!\bif )(?<!\bwhy )\b(?:not|never|[a-z]+n['’]t)\s*(?:$|[,;:.!?)])")

_OPENING = 16
"""Characters that may stand before a denial that opens a sentence: "However, it is"."""

_PAIRS = """
increase decrease; increases decreases; increasing decreasing; rise fall; rises falls; stateless stateful;
immutable mutable; synchronous asynchronous; synchronously asynchronously; manual automatic; manually automatically;
manual automated; horizontal vertical; horizontally vertically; declarative imperative; strong weak; safe unsafe;
consistent inconsistent; reliable unreliable; public private; static dynamic; cheap expensive; reversible irreversible;
together separately; independent dependent; independently together; gradually immediately; gradually suddenly;
possible impossible; enable prevent; enables prevents; allow forbid; allows forbids; accept reject; accepts rejects;
improve worsen; improves worsens; better worse; best worst; good bad; versioned unversioned; optional mandatory;
optional required; stable unstable; healthy unhealthy; valid invalid; known unknown; strict lenient; loosely tightly;
encrypted plaintext; centralised decentralised; centralized decentralized
"""


def _opposites(pairs: str) -> dict[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for pair in pairs.split(";"):
        left, right = pair.split()
        table[left] = table.get(left, frozenset()) | {right}
        table[right] = table.get(right, frozenset()) | {left}
    return table


OPPOSITES = _opposites(_PAIRS)
"""The words that turn a word's statement around."""

COUNTERPARTS = _opposites("positive negative; same different; open closed")
"""The words that say the same when one of them is negated ("not the same" is different), but that often stand side by
side without any contradiction: the same code with different settings."""


def denies(text: str) -> bool:
    """Whether a sentence opens with a denial of all that follows: "It isn't true that"."""
    return undenied(text) != text


def undenied(text: str) -> str:
    """The text without the denial that opens it; itself if there is none."""
    found = _DENIAL.search(text)
    return text[found.end() :] if found is not None and found.start() <= _OPENING else text


def tokens(text: str) -> list[tuple[str, bool]]:
    """The words of a text in lower case, each with whether it negates; without a stop that isn't a word."""
    lowered = text.lower()
    exempt = [each.span() for each in _NOT_NEGATING.finditer(lowered)]
    return [
        (each.group(), _negates(each.group()) and not any(left <= each.start() < right for left, right in exempt))
        for each in _TOKEN.finditer(lowered)
        if each.group()[0].isalnum()
    ]


def ends_negated(text: str) -> bool:
    """Whether a negation ends a clause, and so negates what stands in front of it: "how recent it is not"."""
    return _LAST.search(text.lower()) is not None


def scopes(text: str) -> list[tuple[int, int]]:
    """The stretch (start, end) of a sentence that each of its negations governs; those that work backwards last."""
    lowered = text.lower()
    tokens = [(each.start(), each.end(), each.group()) for each in _TOKEN.finditer(lowered)]
    exempt = [each.span() for each in _NOT_NEGATING.finditer(lowered)]
    denials = [each.span() for each in _DENIAL.finditer(lowered)]
    exempt += denials
    found = [(end, len(text)) for _, end in denials]
    for i, (start, end, token) in enumerate(tokens):
        if _negates(token) and not any(left <= start < right for left, right in exempt):
            reach = end
            for _, stop, governed in tokens[i + 1 : i + 1 + REACH]:
                opening = reach == end and governed in _SUBORDINATORS
                if governed in _BOUNDARIES and not opening and not (token in _LISTING and governed == ","):
                    break
                if token in _ASIDES and governed in _MAIN and reach != end:
                    break
                reach = stop
            found.append((end, reach))
    return found + _waved(lowered)


def _waved(lowered: str) -> list[tuple[int, int]]:
    """The stretch in front of each word that says that it's needless or a waste."""
    found = []
    for each in _WAVED.finditer(lowered):
        cuts = [cut.end() for cut in _OTHER_CLAUSE.finditer(lowered, 0, each.start())]
        found.append((cuts[-1] if cuts else 0, each.start()))
    return found


def _negates(token: str) -> bool:
    return token in _NEGATORS or token.endswith(("n't", "n’t"))

"""The key points that a question's answers are held against: those that its author wrote, or the sample's own parts.

A question may ask for some of them only: "name two challenges" with a sample answer that lists seven.
"""

from __future__ import annotations

import re

from bot.core.model import KeyPoint, Question
from bot.core.text import sentences

_MOST = 7
_WORDS = 4
_CLAUSE = re.compile(r";\s+|,\s+(?:and|but|while|so)\s+")

_NUMBERS = {word: number for number, word in enumerate("two three four five six seven eight nine ten".split(), start=2)}
_REQUEST = re.compile(
    r"(?:(?:also|can you|could you|please|then),? )*"
    r"(?:describe|discuss|explain|give|identify|list|mention|name|outline|propose|provide|state|suggest|tell)"
    r"(?: (?:and|or) [a-z]+)?(?: me| us)?(?: any| at least| some)?"
    rf" (?P<number>[2-9]|10|{'|'.join(_NUMBERS)})(?: of(?: the)?)?(?: [a-z/-]+){{0,2}}? (?P<what>[a-z]{{2,}}s)\b",
    re.IGNORECASE,
)
_MORE = re.compile(r"(?:,| and) (?:compare|define|what|when|where|whether|which)\b", re.IGNORECASE)
_LENGTHS = frozenset({"characters", "lines", "minutes", "paragraphs", "sentences", "words"})


def points_of(question: Question) -> tuple[KeyPoint, ...]:
    """A question's key points; none only for a draft without any."""
    return question.key_points or (() if question.draft else parts_of(question.sample_answer))


def asked_for(question: str) -> int:
    """How many of what the sample answer lists a question asks for; 0 where it asks for no number, or more beside.

    It does where a sentence begins with "name two challenges" or the like, and either stands alone or says how many of
    what the rest of the question asks for: "What are the objectives of IPv6? State at least four objectives."
    """
    parts = sentences(question)
    for place, part in enumerate(parts):
        found = _REQUEST.match(part)
        if found is None or found["what"].lower() in _LENGTHS or _MORE.search(part, found.end()):
            continue
        rest = " ".join(parts[:place] + parts[place + 1 :]).lower()
        if not rest or found["what"].lower().removesuffix("s") in rest:
            return _NUMBERS.get(found["number"].lower()) or int(found["number"])
    return 0


def parts_of(sample_answer: str) -> tuple[KeyPoint, ...]:
    """The key points of a sample answer that came without any: its sentences, at most seven, never none.

    A text of one or two sentences is split at its clauses; neighbours are joined where there would be too many.
    """
    parts = sentences(sample_answer)
    if len(parts) < 3:
        parts = [clause for part in parts for clause in _CLAUSE.split(part)]
    joined: list[str] = []
    for part in parts:
        if joined and (len(part.split()) < _WORDS or len(joined[-1].split()) < _WORDS):
            joined[-1] = f"{joined[-1]} {part}"
        else:
            joined.append(part)
    while len(joined) > _MOST:
        shortest = min(range(len(joined) - 1), key=lambda i: len(joined[i]) + len(joined[i + 1]))
        joined[shortest : shortest + 2] = [f"{joined[shortest]} {joined[shortest + 1]}"]
    return tuple(KeyPoint(claim=part) for part in joined) or (KeyPoint(claim=sample_answer.strip()),)

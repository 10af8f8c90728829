"""The key points that a question's answers are held against: those that its author wrote, or the sample's own parts."""

from __future__ import annotations

import re

from bot.core.model import KeyPoint, Question
from bot.core.text import sentences

_MOST = 7
_WORDS = 4
_CLAUSE = re.compile(r";\s+|,\s+(?:and|but|while|so)\s+")


def points_of(question: Question) -> tuple[KeyPoint, ...]:
    """A question's key points; none only for a draft without any."""
    return question.key_points or (() if question.draft else parts_of(question.sample_answer))


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

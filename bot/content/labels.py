"""The labelled parts of a question."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple


class Part(Enum):
    """The labelled parts of a question; the value is the label as it is written."""

    QUESTION = "Question"
    SAMPLE_ANSWER = "Sample Answer"
    KEY_POINTS = "Key points"
    HINTS = "Hints"
    FOLLOW_UP = "Follow-up"
    LEVEL = "Level"
    SOURCE = "Source"
    ID = "Id"

    def __str__(self) -> str:
        return f"**{self.value}:**"


class Label(NamedTuple):
    """A part's label; `rest` is the text after it, `closed` says that its bold is well formed."""

    part: Part
    rest: str
    closed: bool


_PARTS = {
    "question": Part.QUESTION,
    "sampleanswer": Part.SAMPLE_ANSWER,
    "answer": Part.SAMPLE_ANSWER,
    "keypoint": Part.KEY_POINTS,
    "keypoints": Part.KEY_POINTS,
    "hint": Part.HINTS,
    "hints": Part.HINTS,
    "followup": Part.FOLLOW_UP,
    "followups": Part.FOLLOW_UP,
    "level": Part.LEVEL,
    "source": Part.SOURCE,
    "id": Part.ID,
}
_LABEL = re.compile(
    r"(?P<open>[*_]{0,3})[ \t]*"
    r"(?P<name>question|(?:sample[ \t]{0,9})?answer|key[ \t-]{0,9}points?|hints?|follow[ \t-]{0,9}ups?|level|source|id)"
    r"(?:[ \t]{1,9}\d{1,4})?[ \t]*(?P<after>.*)",
    re.IGNORECASE | re.ASCII,
)


def label(text: str, *, bare: bool = False) -> Label | None:
    """The label that a line without indentation begins with, or None.

    `**Name:** rest`, `**Name**: rest`, `**Name: rest**`, `**Name**` alone, with asterisks or underscores; an unclosed
    one comes back as not closed. `bare` admits a name alone, other than the question's.
    """
    if not bare and "**" not in text and "__" not in text:  # nearly all lines
        return None
    found = _LABEL.match(text)
    if not found:
        return None
    part = _PARTS[re.sub("[^a-z]", "", found["name"].lower())]
    mark, after = found["open"], found["after"].rstrip()
    if bare and not mark and part is not Part.QUESTION and after in ("", ":"):
        return Label(part, "", closed=True)
    if len(mark) < 2 or len(set(mark)) > 1:
        broken = after.startswith(":") and after[1:].lstrip().startswith(("**", "__"))
        return Label(part, after[1:].lstrip().lstrip("*_").strip(), closed=False) if broken else None
    if after.startswith(":"):
        inner = after[1:].lstrip()
        if inner.startswith(mark):
            return Label(part, inner[len(mark) :].strip(), closed=True)
        whole = inner.endswith(mark) and inner.find(mark) == len(inner) - len(mark)
        return Label(part, inner.removesuffix(mark).strip() if whole else inner, closed=whole)
    if not after.startswith(mark):
        return None
    tail = after[len(mark) :].lstrip()
    return Label(part, tail[1:].strip(), closed=True) if tail.startswith(":") or not tail else None

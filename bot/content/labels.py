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
    """A part's label; `rest` is the text after it, `closed` says that its bold is well formed.

    `slip` is the name that stands there if it isn't the part's but nearly so, otherwise "".
    """

    part: Part
    rest: str
    closed: bool
    slip: str = ""


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
_BOLD = re.compile(
    r"(?P<mark>\*\*|__)[ \t]*(?P<name>[^\s*:][^*:]{1,39}?)(?:[ \t]{1,9}\d{1,4})?[ \t]*"
    r"(?::[ \t]*(?P=mark)|(?P=mark)[ \t]*(?::|$))(?P<rest>.*)"
)
_SHORT, _LONG = 6, 8
"""Letters: below the first one slip is understood, from the second on two, between them two that swap letters."""
_ORDINARY = frozenset(
    "questions answers levels sources hit hits hunt lever sourced answered follow follows followed followers".split()
)
"""Words that are near a part's name and may well begin a line of an answer."""


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


def misspelt(text: str) -> Label | None:
    """The label that a line nearly begins with, or None: its name set in bold, with a colon or alone on its line.

    Near is one slip (a letter more, fewer, other or swapped), or two in a longer name, after the same first letter.
    """
    found = _BOLD.match(text) if text.startswith(("**", "__")) else None
    if not found:
        return None
    name = found["name"].rstrip()
    part = _nearest(re.sub("[^a-z]", "", name.lower()))
    return Label(part, found["rest"].strip(), closed=True, slip=name) if part else None


def _nearest(letters: str) -> Part | None:
    if len(letters) < len("hnt") or letters in _ORDINARY:
        return None
    from rapidfuzz.distance import OSA  # only for a slip of the pen

    slips = {
        name: OSA.distance(letters, name, score_cutoff=2)
        for name in _PARTS
        if name[0] == letters[0] and len(name) > len("id")
    }
    near = [name for name, count in slips.items() if count <= _understood(letters, name)]
    return _PARTS[min(near, key=slips.__getitem__)] if near else None


def _understood(letters: str, name: str) -> int:
    if len(name) >= _LONG:
        return 2
    return 2 if len(name) >= _SHORT and sorted(letters) == sorted(name) else 1

"""Reading text as a grader does: folding, sentences, and what can't be seen."""

from __future__ import annotations

import re
import unicodedata

_NOT_WORD = re.compile(r"[^\w]+", re.UNICODE)
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z0-9`\"'(])|\n+")
_HIDDEN = {"Cf", "Cc", "Co", "Cs", "Cn"}


def visible(text: str) -> str:
    """The text without control, format (zero-width, bidirectional) and unassigned characters; line breaks stay."""
    return "".join(
        char if char in "\n\t" or unicodedata.category(char) not in _HIDDEN else ("\n" if char == "\r" else "")
        for char in text.replace("\r\n", "\n")
    )


def fold(text: str) -> str:
    """The words alone: case, punctuation, accents of presentation and space don't matter."""
    plain = unicodedata.normalize("NFKC", visible(text)).casefold()
    return _NOT_WORD.sub(" ", plain).replace("_", " ").strip()


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order, without surrounding space."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part and part.strip()]

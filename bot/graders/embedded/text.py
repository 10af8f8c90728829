"""Texts as the aligner reads them: folded, cut into sentences that keep their place in the original."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bot.core.text import visible
from bot.graders.embedded.spelling import spelt_out

MAX_CHARACTERS = 6000
"""What is read of an answer; the platforms' own limits are lower."""

MAX_SENTENCES = 100
"""Beyond it neighbours are joined, so that a text of tiny sentences costs no more than a long one."""

_END = re.compile(r"(?<=[.!?;。！？؟])[\"')\]]*(?=\s)|\n+|(?<=[。！？])")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|resp|incl|no|fig)\.|^\W*\d{1,2}\.)$", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of a text: `source[start:end]` is it exactly, `text` what the encoder reads, short forms spelt out."""

    start: int
    end: int
    text: str


def clean(text: str) -> str:
    """Compatibility forms folded, invisible characters gone, white space single. Case is kept."""
    return " ".join(unicodedata.normalize("NFKC", visible(text)).split())


def words(text: str) -> list[str]:
    """The words of a text in lower case, apostrophes kept (don't) and made straight."""
    return [found.lower().replace("’", "'") for found in _WORD.findall(clean(text))]


def sentences(source: str) -> list[Sentence]:
    """Cut a text at ends of sentences, semicolons and line breaks; what has no letter or digit is dropped.

    At most MAX_SENTENCES come out, in order; each covers a slice of the first MAX_CHARACTERS of `source`.
    """
    source = source[:MAX_CHARACTERS]
    spans = _spans(source)
    step = -(-len(spans) // MAX_SENTENCES) or 1
    joined = [(group[0][0], group[-1][1]) for i in range(0, len(spans), step) if (group := spans[i : i + step])]
    return [Sentence(start, end, spelt_out(clean(source[start:end]))) for start, end in joined]


def _spans(source: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    start = 0
    for end in [*(found.end() for found in _END.finditer(source)), len(source)]:
        piece = source[start:end]
        if end < len(source) and source[end - 1] != "\n" and _ABBREVIATION.search(piece.rstrip()):
            continue
        if any(character.isalnum() for character in clean(piece)):
            left = start + len(piece) - len(piece.lstrip())
            spans.append((left, start + len(piece.rstrip())))
        start = end
    return spans

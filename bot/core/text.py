"""Reading text as a grader does: folding, sentences, and what can't be seen."""

from __future__ import annotations

import re
import unicodedata

_NOT_WORD = re.compile(r"[\W_]+")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z0-9`\"'(])|\n+")
_HIDDEN = {"Cf", "Cc", "Co", "Cs", "Cn"}
_ASCII = bytes(ord(char.lower() if char.isalnum() else " ") for char in map(chr, range(128))) + bytes(range(128, 256))
_DROPPED = bytes(code for code in range(128) if not chr(code).isprintable() and chr(code) not in "\n\r\t")
"""What `fold` makes of each character of ASCII, and which of them it leaves out."""


def visible(text: str) -> str:
    """The text without control, format (zero-width, bidirectional) and unassigned characters; line breaks stay."""
    if text.replace("\n", " ").replace("\t", " ").isprintable():  # nearly all are, and this is fifty times as fast
        return text
    return "".join(
        char if char in "\n\t" or unicodedata.category(char) not in _HIDDEN else ("\n" if char == "\r" else "")
        for char in text.replace("\r\n", "\n")
    )


def fold(text: str) -> str:
    """The words alone: case, punctuation, accents of presentation and space don't matter."""
    if text.isascii():  # most are, and as bytes this is twenty times as fast
        return " ".join(text.encode().translate(_ASCII, _DROPPED).decode().split())
    plain = unicodedata.normalize("NFKC", visible(text)).casefold()
    return _NOT_WORD.sub(" ", plain).strip()


def one_line(text: str, limit: int) -> str:
    """A name or title as it can stand in a row: no line breaks, nothing hidden, at most `limit` characters."""
    return " ".join(visible(text).split())[:limit].rstrip()


def storable(text: str) -> str:
    """The text as every database takes it: without NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order, without surrounding space."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part and part.strip()]

"""The one form that texts, titles, list items and ids are kept in, whatever way they were written."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from bot.content.lines import Kind, Line, without_hashes

MAX_ID = 60
_LONGEST_CLEANED = 1_000  # characters of a heading; longer ones are refused anyway

_NUMBER = re.compile(r"(?:(?:question|q)[ ]?)?\d{1,4}(?:\.\d{1,4}){0,3}[.):][ ]|\d{1,4}(?:\.\d{1,4}){1,3}[ ]", re.I)
_BULLET = re.compile(r"[ \t]*(?:[-*+•]|\d{1,4}[.)])(?:[ \t]+|$)")
_BOLD_LEAD = re.compile(r"\*\*([^*]+?)(:?)\*\*(:?)")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def is_visible(text: str) -> bool:
    """Whether there is anything to see: not only spaces, format characters and the like."""
    return text[:1].isalnum() or any(unicodedata.category(char)[0] not in "CZ" for char in text)


def clean_title(text: str) -> str:
    """A question's title without its number and without bold around it; "" when nothing is left to see."""
    if len(text) > _LONGEST_CLEANED:
        return text
    text = _unbold(" ".join(without_hashes(text.split())))
    text = _unbold(_NUMBER.sub("", text, count=1) if _NUMBER.match(text) else text)
    text = " ".join(without_hashes(text.split()))
    return text if is_visible(text) else ""


def clean_section(text: str) -> str:
    """A section's title without bold around it and without a colon at its end; "" when nothing is left to see."""
    before = None
    while text != before and len(text) <= _LONGEST_CLEANED:
        before = text
        text = _unbold(" ".join(without_hashes(text.split())).rstrip(": "))
    return text if is_visible(text) else ""


def _unbold(text: str) -> str:
    for mark in ("**", "__"):
        inner = text[2:-2]
        if len(text) > 4 and text.startswith(mark) and text.endswith(mark) and mark not in inner:
            return inner.strip()
    return text


def block(lines: Sequence[Line]) -> str:
    """Lines as a text: no spaces at the ends of lines, no blank lines or rules at either end; "" if nothing shows."""
    start, end = 0, len(lines)
    while start < end and _idle(lines[start]):
        start += 1
    while end > start and _idle(lines[end - 1]):
        end -= 1
    text = "\n".join(line.text.rstrip() for line in lines[start:end]).strip()
    return text if is_visible(text) else ""


def _idle(line: Line) -> bool:
    return line.kind is Kind.RULE or (line.kind is not Kind.CODE and not line.text.strip())


class Item(NamedTuple):
    """An entry of a list, in one line without its bullet; `nested` says that its bullet is indented.

    `number` is that of its first line, 0 for one that stands on its label's.
    """

    number: int
    nested: bool
    text: str


def items(lines: Sequence[Line]) -> list[str]:
    """The texts of a list's entries."""
    return [item.text for item in entries(lines)]


def entries(lines: Sequence[Line]) -> list[Item]:
    """The entries of a list, those without anything to see left out.

    A line without a bullet goes on with the entry above, or begins one after a blank line.
    """
    found: list[tuple[Line, bool, list[str]]] = []
    apart = True
    for line in lines:
        if _idle(line):
            apart = True
            continue
        bullet = None if line.kind is Kind.CODE else _BULLET.match(line.text)
        text = line.text[bullet.end() :] if bullet else line.text
        if bullet or not found or (apart and not line.text.startswith((" ", "\t"))):
            found.append((line, bullet is not None and line.text.startswith((" ", "\t")), []))
        found[-1][2].extend(text.split())
        apart = False
    listed = [Item(line.number, nested, " ".join(words)) for line, nested, words in found]
    return [item for item in listed if is_visible(item.text)]


def without_bold_lead(item: str) -> str:
    """`**Topic:** claim` as `Topic: claim`."""
    return _BOLD_LEAD.sub(r"\1\2\3", item, count=1) if _BOLD_LEAD.match(item) else item


def is_id(text: str) -> bool:
    """Whether a text can be a question's id: small letters and digits in words joined by hyphens, at most 60."""
    return len(text) <= MAX_ID and bool(_ID.fullmatch(text))


def slug(title: str) -> str:
    """The id that a title gives: ASCII, at most 60 characters, never empty, the same for the same title.

    Letters that have no ASCII form are stood for by a hash of the title, so that two such titles differ.
    """
    folded = unicodedata.normalize("NFKD", title[:_LONGEST_CLEANED]).replace("'", "").replace("’", "").lower()
    letters = [char for char in folded if not unicodedata.combining(char)]
    words = re.findall("[a-z0-9]+", "".join(letters))
    lost = any(char.isalnum() and not char.isascii() for char in letters)
    digest = hashlib.sha256(title.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    if not words:
        return f"q-{digest}"
    return f"{_joined(words, MAX_ID - 9)}-{digest}" if lost else _joined(words, MAX_ID)


def _joined(words: Sequence[str], limit: int) -> str:
    text = words[0][:limit]
    for word in words[1:]:
        if len(text) + 1 + len(word) > limit:
            break
        text = f"{text}-{word}"
    return text

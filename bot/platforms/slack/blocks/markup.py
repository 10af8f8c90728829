"""Plain text of the coach as Block Kit's: measured as Slack may measure it, cut where it doesn't fit, never parsed.

Slack's own counting isn't documented. Lengths here are in UTF-16 units with & < > counted as the entities that Slack
stores, which is never less than what a client or the API may count.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from bot.core.message import Code, Inline, Strong, When
from bot.core.text import one_line, visible

ELLIPSIS = "…"
DATE_FORMAT = "{date_short_pretty} at {time}"

_MOST_MARKS = 8  # on one letter; a text of nothing else has to be cut somewhere
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_JOIN = "\u2060"  # a word joiner: unseen, breaks no line, and parts a mark from the word that it would format
_MARK = re.compile(r"[*_~`]|^(?=\s*(?:&gt;|>))", re.MULTILINE)
_LINK = re.compile(r":(?=//)|(?<=www)\.|@(?=everyone|here|channel)|(?<=mailto):|(?<=tel):", re.IGNORECASE)

Element = dict[str, Any]
"""A part of a rich_text block, as JSON."""

# ---------------------------------------------------------------------------------------------- lengths


def size(text: str) -> int:
    """The length against a limit of Slack's."""
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    return units + 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))


def weight(text: str) -> int:
    """The length within a message's JSON, where Slack turns an emoji into an element with its name."""
    return sum(_heavy(char) for char in text)


def _heavy(char: str) -> int:
    if char in "&<>":
        return 5
    if char in '\n\t"\\':
        return 2
    return 1 if char < "\u2190" or char.isalnum() else 12 if unicodedata.category(char) == "So" else len(char.encode())


def cut(text: str, limit: int, measure: Callable[[str], int] = size) -> str:
    """The text, or its beginning with an ellipsis; never ends within an emoji's parts. `measure` adds up by character.

    A limit below 1 leaves nothing.
    """
    if measure(text) <= limit:
        return text
    kept, used = [], measure(ELLIPSIS)
    for char in text:
        used += measure(char)
        if used > limit:
            break
        kept.append(char)
    for _ in range(_MOST_MARKS):
        if kept and (unicodedata.combining(kept[-1]) or kept[-1] in "\u200d\ufe0f"):
            kept.pop()
    return "".join(kept).rstrip() + ELLIPSIS if limit > 0 else ""


# ---------------------------------------------------------------------------------------------- words


def plain(text: str, limit: int) -> Element:
    """A plain_text object of one line, in which nothing is parsed: no markup, mention, link or :emoji:."""
    return {"type": "plain_text", "text": cut(one_line(text, 4 * limit), limit) or ELLIPSIS, "emoji": False}


def escape(text: str) -> str:
    """Text from anybody as mrkdwn that shows it as it is: for notifications and links, where nothing else is taken."""
    apart = _LINK.sub(lambda found: f"{found[0]}{_JOIN}", visible(text))
    entities = re.sub(r"[&<>]", lambda found: _ENTITIES[found[0]], apart)
    return _MARK.sub(lambda found: f"{_JOIN}{found[0]}{_JOIN}", entities)


def fallback(text: str, limit: int) -> str:
    """A message's words for notifications and screen readers, escaped and cut."""
    escaped = escape(text)
    if size(escaped) <= limit:
        return escaped
    return re.sub(r"&\w*$", "", cut(escaped, limit).removesuffix(ELLIPSIS)).rstrip() + ELLIPSIS


def linked(url: str, label: str) -> Element:
    """A context element that links to a place in the workspace, such as whose answer a grade is for."""
    target = re.sub(r"[<>|\s]", "", url)
    words = escape(cut(one_line(label, 200), 150)).replace("|", "¦")
    return {"type": "mrkdwn", "text": f"<{target}|{words}>" if target else words, "verbatim": True}


def clean(parts: Sequence[Inline]) -> tuple[Inline, ...]:
    """The parts without anything that can't be seen."""
    return tuple(part if isinstance(part, When) else saying(part, visible(words(part))) for part in parts)


def words(part: Inline) -> str:
    """What a part says; a moment is in UTC."""
    if isinstance(part, When):
        return part.at.strftime("%A %d %B %Y %H:%M UTC")
    return part if isinstance(part, str) else part.text


def saying(part: str | Strong | Code, text: str) -> Inline:
    """The same kind of part with other words."""
    return text if isinstance(part, str) else dataclasses.replace(part, text=text)


def inline(parts: Sequence[Inline]) -> list[Element]:
    """Clean parts as elements of a rich_text_section; a part without words is left out."""
    return [_element(part) for part in parts if isinstance(part, When) or words(part)]


def _element(part: Inline) -> Element:
    if isinstance(part, When):
        at = int(part.at.timestamp())
        return {"type": "date", "timestamp": at, "format": DATE_FORMAT, "fallback": words(part)}
    made: Element = {"type": "text", "text": words(part)}
    if not isinstance(part, str):
        made["style"] = {"bold": True} if isinstance(part, Strong) else {"code": True}
    return made


# ---------------------------------------------------------------------------------------------- tables


def pairs(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[tuple[Inline, ...]]:
    """A table of many words, a line for each row: the first cell stands out, the others follow with their names."""
    lines: list[tuple[Inline, ...]] = []
    for row in rows:
        named = [f"{name}: {cell}" for name, cell in zip(header[1:], row[1:], strict=True) if cell]
        rest = f": {row[1]}" if len(header) == 2 else "".join(f" · {pair}" for pair in named)
        lines.append((Strong(row[0]), rest))
    return lines

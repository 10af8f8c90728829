"""Plain text of the coach as Discord's markup: escaped, measured as Discord measures, cut where it doesn't fit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bot.core.message import Code, Inline, Strong
from bot.core.text import visible
from bot.platforms.tables import aligned

ELLIPSIS = "…"
FENCE = "```"

_MOST_MARKS = 8  # on one letter; a text of nothing else has to be cut somewhere
_SPECIAL = re.compile(r"[\\*_~`|<\[\]]|:(?=//)|^[ \t]*(?:(\d+)(?=[.)]\s)|[>#+\-])", re.MULTILINE)
_EVERYBODY = re.compile(r"@(?=everyone|here)")


def size(text: str) -> int:
    """The length as Discord's clients count it: in UTF-16 units, so that an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def escape(text: str) -> str:
    """Text from anybody, shown as it is: no markup, no mention, no link to click."""
    plain = _EVERYBODY.sub("@\u200b", visible(text))
    return _SPECIAL.sub(_escaped, plain)


def _escaped(found: re.Match[str]) -> str:
    if found[1]:  # "1." begins a list
        return f"{found[0]}\\"
    return f"{found[0][:-1]}\\{found[0][-1]}"


def cut(text: str, limit: int) -> str:
    """The text, or its beginning with an ellipsis; never ends within an escape or an emoji's parts."""
    if size(text) <= limit:
        return text
    kept, used = [], 1
    for char in text:
        used += size(char)
        if used > limit:
            break
        kept.append(char)
    for _ in range(_MOST_MARKS):
        if kept and (unicodedata.combining(kept[-1]) or kept[-1] in "\u200d\ufe0f"):
            kept.pop()
    short = "".join(kept).rstrip()
    if (len(short) - len(short.rstrip("\\"))) % 2:
        short = short[:-1]
    return short + ELLIPSIS if limit > 0 else ""


def inline(parts: Sequence[Inline]) -> str:
    """A paragraph's parts as markup."""
    shown = []
    for part in parts:
        if isinstance(part, str):
            shown.append(escape(part))
        elif isinstance(part, Strong):
            shown.append(_strong(part.text))
        elif isinstance(part, Code):
            shown.append(code(part.text))
        else:
            shown.append(f"<t:{int(part.at.timestamp())}:{'R' if part.relative else 'F'}>")
    return "".join(shown)


def code(text: str) -> str:
    """Words as code, on one line: nothing in it is read as markup, and it can't be left from within."""
    words = " ".join(_inert(text).split())
    return f"`{words}`" if words else ""


def listing(text: str) -> str:
    """Lines as a block of code; the same holds for it."""
    return "\n".join((FENCE, *(_inert(line) for line in text.split("\n")), FENCE))


def _inert(text: str) -> str:
    return _EVERYBODY.sub("@\u200b", visible(text)).replace("`", "ˋ")


def _strong(text: str) -> str:
    """Bold, a line each: it doesn't reach over blank lines, nor begin or end with space."""
    return "\n".join(_strong_line(line) for line in text.splitlines())


def _strong_line(line: str) -> str:
    words = line.strip()
    if not words:
        return line
    before, _, after = line.partition(words)
    return f"{before}**{escape(words)}**{after}"


# ---------------------------------------------------------------------------------------------- tables


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as a block of fixed-width text that fits a phone; where it can't, a line of pairs for each row."""
    lines = aligned(header, rows)
    if lines is None:
        return _pairs(header, rows)
    return listing("\n".join(lines))


def _pairs(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """For tables of many words: the first cells stand out, the others follow with their names."""
    if len(header) == 2:
        return "\n".join(f"**{escape(name)}**: {escape(value)}" for name, value in rows)
    lines = []
    for row in rows:
        rest = [f"{escape(name)}: {escape(cell)}" for name, cell in zip(header[1:], row[1:], strict=True) if cell]
        lines.append(" · ".join([f"**{escape(row[0])}**", *rest]))
    return "\n".join(lines)

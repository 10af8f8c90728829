"""Plain text of the coach as Discord's markup: escaped, measured as Discord measures, cut where it doesn't fit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bot.core.message import Inline, Strong
from bot.core.text import visible

ELLIPSIS = "…"
TABLE_WIDTH = 34
"""Columns of fixed-width text that a phone shows in one line."""

_NARROW_COLUMN = 8
_SPECIAL = re.compile(r"[\\*_~`|<\[\]]|:(?=//)|^[ \t]*(?:(\d+)(?=[.)]\s)|[>#+\-])", re.MULTILINE)
_EVERYBODY = re.compile(r"@(?=everyone|here)")
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"  # what is between doesn't reorder what is around
_SHORT_HEADERS = {"answers": "ans", "average": "avg", "points": "pts", "streak": "run"}


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
    while kept and (unicodedata.combining(kept[-1]) or kept[-1] in "\u200d\ufe0f"):
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
        else:
            shown.append(f"<t:{int(part.at.timestamp())}:{'R' if part.relative else 'F'}>")
    return "".join(shown)


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


def width(text: str) -> int:
    """Columns of fixed-width text: wide characters take two, marks none."""
    return sum(
        0 if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Mn", "Me") else _columns(char)
        for char in text
    )


def _columns(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as a block of fixed-width text that fits a phone; where it can't, a line of pairs for each row."""
    grid = [[_cell(cell) for cell in row] for row in (header, *rows)]
    for long, short in _SHORT_HEADERS.items():
        if _total(grid) > TABLE_WIDTH:
            grid[0] = [short if cell == long else cell for cell in grid[0]]
    spare = TABLE_WIDTH - _total(grid)
    if spare < 0:
        widths = _widths(grid)
        widest = widths.index(max(widths))
        room = widths[widest] + spare
        if len(header) == 2 or room < min(_NARROW_COLUMN, widths[widest]):
            return _pairs(header, rows)
        for row in grid:
            row[widest] = _cut_columns(row[widest], room)
    widths = _widths(grid)
    right = [all(re.fullmatch(r"[\d.,=-]*", row[index]) for row in grid[1:]) for index in range(len(header))]
    lines = (
        " ".join(_pad(cell, room, end) for cell, room, end in zip(row, widths, right, strict=True)).rstrip()
        for row in grid
    )
    return "```\n" + "\n".join(lines) + "\n```"


def _cell(text: str) -> str:
    return " ".join(visible(text).split()).replace("`", "ˋ")


def _widths(grid: Sequence[Sequence[str]]) -> list[int]:
    return [max(width(row[index]) for row in grid) for index in range(len(grid[0]))]


def _total(grid: Sequence[Sequence[str]]) -> int:
    widths = _widths(grid)
    return sum(widths) + len(widths) - 1


def _cut_columns(text: str, room: int) -> str:
    if width(text) <= room:
        return text
    kept = ""
    for char in text:
        if width(kept + char) >= room:
            break
        kept += char
    return kept.rstrip() + ELLIPSIS


def _pad(text: str, room: int, right: bool) -> str:
    space = " " * (room - width(text))
    if any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in text):
        text = f"{_ISOLATE}{text}{_END_ISOLATE}"
    return space + text if right else text + space


def _pairs(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """For tables of many words: the first cells stand out, the others follow with their names."""
    if len(header) == 2:
        return "\n".join(f"**{escape(name)}**: {escape(value)}" for name, value in rows)
    lines = []
    for row in rows:
        rest = [f"{escape(name)}: {escape(cell)}" for name, cell in zip(header[1:], row[1:], strict=True) if cell]
        lines.append(" · ".join([f"**{escape(row[0])}**", *rest]))
    return "\n".join(lines)

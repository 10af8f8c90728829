"""Tables as fixed-width text that a phone shows without wrapping, for platforms that have no tables of their own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bot.core.text import one_line

ELLIPSIS = "…"
TABLE_WIDTH = 34
"""Columns of fixed-width text that a phone shows in one line."""

_NAMES = "who"  # the one column that still tells when its cells are cut
_NARROW_COLUMN = 8
_CELL_LIMIT = 120  # characters: marks that take no column can't make a cell endless
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"  # what is between doesn't reorder what is around
_SHORT_HEADERS = {"answers": "ans", "average": "avg", "points": "pts", "streak": "run"}


def width(text: str) -> int:
    """Columns of fixed-width text: wide characters take two, marks none."""
    return sum(
        0 if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Mn", "Me") else _columns(char)
        for char in text
    )


def _columns(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str] | None:
    """A table as lines of fixed-width text, the header first; None when it has too many words for a phone."""
    grid = [[_cell(cell) for cell in row] for row in (header, *rows)]
    for long, short in _SHORT_HEADERS.items():
        if _total(grid) > TABLE_WIDTH:
            grid[0] = [short if cell == long else cell for cell in grid[0]]
    spare = TABLE_WIDTH - _total(grid)
    if spare < 0:
        widths = _widths(grid)
        widest = widths.index(max(widths))
        room = widths[widest] + spare
        if header[widest] != _NAMES or room < min(_NARROW_COLUMN, widths[widest]):
            return None
        for row in grid:
            row[widest] = _cut_columns(row[widest], room)
    return _lines(grid)


def _lines(grid: Sequence[Sequence[str]]) -> list[str]:
    widths = _widths(grid)
    right = [all(re.fullmatch(r"[\d.,=-]*", row[index]) for row in grid[1:]) for index in range(len(widths))]
    return [
        " ".join(_pad(cell, room, end) for cell, room, end in zip(row, widths, right, strict=True)).rstrip()
        for row in grid
    ]


def _cell(text: str) -> str:
    return one_line(text, _CELL_LIMIT)


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

"""A calibration as one picture: people's grades against scores, and the table of both on 1 to 10. Drawn with Pillow."""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from bot import measures
from bot.cli.calibration.runs import Run

WIDTH, HEIGHT = 1100, 560
_SCALE = 2  # drawn larger and scaled down: Pillow's shapes have no smooth edges
_CARD, _INK, _FAINT, _GRID, _DOT = "#ffffff", "#1f2933", "#616e7c", "#e4e7eb", "#0072b2"
_SIDE = 400
_TOP, _LEFT, _RIGHT = 90, 70, 640
_SCORES = range(measures.LOWEST, measures.HIGHEST + 1)

Pair = tuple[float, int]


def draw(run: Run) -> bytes:
    """The picture as a PNG of 1100 by 560."""
    pairs = [(each.grade, each.score) for each in run.answers if each.grade is not None and each.score is not None]
    image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), _CARD)
    pen = _Pen(ImageDraw.Draw(image))
    pen.text((_LEFT, 32), f"{run.header.grader} on {_plain(run.header.data)}: {len(pairs)} answers", 20, _INK, "lm")
    _scatter(pen, pairs)
    _table(pen, pairs)
    file = io.BytesIO()
    image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(file, "PNG", optimize=True)
    return file.getvalue()


def alt_text(run: Run) -> str:
    """The picture in words."""
    scores = [each.score for each in run.answers if each.score is not None]
    people = [measures.as_score(each.grade) for each in run.answers if each.grade is not None]
    same = sum(abs(a - b) <= 1 for a, b in zip(scores, people, strict=True))
    return (
        f"Left, people's grades (0 to 1) against scores (1 to 10) of {len(scores)} answers, larger dots for more of "
        f"them. Right, the table of both on 1 to 10: {same} lie within one of the diagonal."
    )


class _Pen:
    """Draws in points of the finished picture."""

    def __init__(self, canvas: ImageDraw.ImageDraw) -> None:
        self._canvas = canvas

    def text(self, at: tuple[float, float], text: str, height: int, colour: str, anchor: str) -> None:
        font = ImageFont.load_default(height * _SCALE)
        self._canvas.text((at[0] * _SCALE, at[1] * _SCALE), text, fill=colour, font=font, anchor=anchor)

    def line(self, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
        self._canvas.line([(x * _SCALE, y * _SCALE) for x, y in (start, end)], fill=colour, width=_SCALE)

    def dot(self, at: tuple[float, float], radius: float) -> None:
        x, y, r = (value * _SCALE for value in (*at, radius))
        self._canvas.ellipse((x - r, y - r, x + r, y + r), fill=_DOT, outline=_CARD)

    def box(self, at: tuple[float, float], side: float, colour: str) -> None:
        x, y = at
        corners = (x * _SCALE, y * _SCALE, (x + side) * _SCALE, (y + side) * _SCALE)
        self._canvas.rectangle(corners, fill=colour, outline=_GRID)


def _scatter(pen: _Pen, pairs: Sequence[Pair]) -> None:
    def at(grade: float, score: float) -> tuple[float, float]:
        return _LEFT + 16 + (_SIDE - 32) * grade, _TOP + _SIDE - 16 - (_SIDE - 32) * measures.as_grade(score)

    pen.text((_LEFT, _TOP - 24), "score (up) against people's grade", 15, _INK, "lm")
    for score in _SCORES:
        pen.line((_LEFT, at(0, score)[1]), (_LEFT + _SIDE, at(0, score)[1]), _GRID)
        pen.text((_LEFT - 10, at(0, score)[1]), str(score), 13, _FAINT, "rm")
    for tenth in range(0, 11, 2):
        pen.text((at(tenth / 10, 1)[0], _TOP + _SIDE + 16), f"{tenth / 10:.1f}", 13, _FAINT, "mm")
    pen.line(at(0, measures.LOWEST), at(1, measures.HIGHEST), _FAINT)
    counts = Counter((round(grade, 2), score) for grade, score in pairs)
    most = max(counts.values(), default=1)
    for (grade, score), count in sorted(counts.items(), key=lambda each: -each[1]):
        pen.dot(at(grade, score), 3 + 11 * math.sqrt(count / most))


def _table(pen: _Pen, pairs: Sequence[Pair]) -> None:
    side = _SIDE / len(_SCORES)
    counts = Counter((measures.as_score(grade), score) for grade, score in pairs)
    most = max(counts.values(), default=1)
    pen.text((_RIGHT, _TOP - 24), "score (up) against people's grade on 1 to 10", 15, _INK, "lm")
    for people in _SCORES:
        left = _RIGHT + (people - 1) * side
        pen.text((left + side / 2, _TOP + _SIDE + 16), str(people), 13, _FAINT, "mm")
        pen.text((_RIGHT - 10, _TOP + _SIDE - (people - 0.5) * side), str(people), 13, _FAINT, "rm")
        for score in _SCORES:
            count = counts[people, score]
            depth = math.sqrt(count / most)
            top = _TOP + _SIDE - score * side
            pen.box((left, top), side, _shade(depth))
            if count:
                pen.text((left + side / 2, top + side / 2), str(count), 13, _CARD if depth > 0.55 else _INK, "mm")


def _shade(depth: float) -> str:
    """White to blue."""
    full = (0, 114, 178)
    return "#" + "".join(f"{round(255 + (part - 255) * depth):02x}" for part in full)


def _plain(text: str) -> str:
    """What the font can write."""
    return "".join(char if char.isascii() and char.isprintable() else "?" for char in text)[:48]

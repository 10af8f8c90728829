"""Pictures of how cost grows: both axes logarithmic, a card that reads on light and dark pages alike."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 800, 420
_SCALE = 2  # drawn larger and scaled down: Pillow's lines have no smooth edges
_LEFT, _TOP, _BOTTOM, _RIGHT = 70, 60, 56, 190
_CARD, _INK, _FAINT, _GRID = "#ffffff", "#1f2933", "#616e7c", "#e4e7eb"
_LINES = ("#0072b2", "#d55e00", "#009e73", "#a35a8c")  # after Okabe and Ito, darkened for white
_LABEL_GAP = 18


@dataclass(frozen=True, slots=True)
class Line:
    """A name and its (x, y), all above 0."""

    label: str
    points: Sequence[tuple[float, float]]


class _Plot:
    """Where a value is in the picture: whole decades on both axes."""

    def __init__(self, lines: Sequence[Line]) -> None:
        xs = [x for line in lines for x, _ in line.points]
        ys = [y for line in lines for _, y in line.points]
        self.x0, self.x1 = math.log10(min(xs)), max(math.log10(max(xs)), math.log10(min(xs)) + 0.1)
        self.y0, self.y1 = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)) + 1e-9)
        self.y1 = max(self.y1, self.y0 + 1)

    def x(self, value: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * (math.log10(value) - self.x0) / (self.x1 - self.x0)

    def y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (math.log10(value) - self.y0) / (self.y1 - self.y0)


class _Pen:
    """Draws in points of the finished picture."""

    def __init__(self, canvas: ImageDraw.ImageDraw) -> None:
        self._canvas = canvas

    def text(self, at: tuple[float, float], text: str, height: int, colour: str, anchor: str) -> None:
        font = ImageFont.load_default(height * _SCALE)
        self._canvas.text((at[0] * _SCALE, at[1] * _SCALE), text, fill=colour, font=font, anchor=anchor)

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: float) -> None:
        scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
        self._canvas.line(scaled, fill=colour, width=round(width * _SCALE), joint="curve")

    def dot(self, at: tuple[float, float], colour: str) -> None:
        x, y, r = at[0] * _SCALE, at[1] * _SCALE, 4 * _SCALE
        self._canvas.ellipse((x - r, y - r, x + r, y + r), fill=colour)


def draw(title: str, across: str, lines: Sequence[Line]) -> bytes:
    """The lines as a PNG; `title` names the vertical axis too, `across` the other."""
    image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), _CARD)
    pen, plot = _Pen(ImageDraw.Draw(image)), _Plot(lines)
    pen.text((_LEFT, 28), title, 18, _INK, "lm")
    _axes(pen, plot, across, sorted({x for line in lines for x, _ in line.points}))
    for line, colour in zip(lines, _LINES, strict=False):
        at = [(plot.x(x), plot.y(y)) for x, y in line.points]
        pen.line(at, colour, 2.5)
        for point in at:
            pen.dot(point, colour)
    _labels(pen, plot, lines)
    file = io.BytesIO()
    image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(file, "PNG", optimize=True)
    return file.getvalue()


def _axes(pen: _Pen, plot: _Plot, across: str, marks: Sequence[float]) -> None:
    for power in range(plot.y0, plot.y1 + 1):
        y = plot.y(10.0**power)
        pen.line([(_LEFT, y), (WIDTH - _RIGHT, y)], _GRID if power > plot.y0 else _FAINT, 1)
        pen.text((_LEFT - 10, y), short(10.0**power), 13, _FAINT, "rm")
    last = -math.inf
    for mark in marks:
        if plot.x(mark) - last > 34:
            last = plot.x(mark)
            pen.text((last, HEIGHT - _BOTTOM + 16), short(mark), 13, _FAINT, "mm")
    pen.text(((_LEFT + WIDTH - _RIGHT) / 2, HEIGHT - 18), across, 13, _FAINT, "mm")


def _labels(pen: _Pen, plot: _Plot, lines: Sequence[Line]) -> None:
    """Every line's name at its end, pushed apart where lines end together."""
    last = -math.inf
    for y, index in sorted((plot.y(line.points[-1][1]), index) for index, line in enumerate(lines)):
        last = max(y, last + _LABEL_GAP)
        pen.text((WIDTH - _RIGHT + 12, last), lines[index].label, 14, _LINES[index], "lm")


def short(value: float) -> str:
    """A value in few characters: 5M, 10k, 0.01."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"

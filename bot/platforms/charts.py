"""Pictures of charts, for platforms that show pictures: a light card that reads well on dark and light pages alike.

Drawn with Pillow and its own font. Colours are told apart by colour-blind people too, and every line ends in its label.
"""

from __future__ import annotations

import datetime as dt
import io
import math
import unicodedata
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from bot.core.message import Bar, Chart, Series
from bot.core.text import visible

WIDTH, HEIGHT = 800, 400
_SCALE = 2  # drawn larger and scaled down: Pillow's lines have no smooth edges
_LEFT, _TOP, _BOTTOM, _RIGHT = 56, 56, 46, 150

_CARD, _INK, _FAINT, _GRID = "#ffffff", "#1f2933", "#616e7c", "#e4e7eb"
_LINES = ("#0072b2", "#d55e00", "#009e73", "#a35a8c", "#7a6200", "#52606d")  # after Okabe and Ito, darkened for white
_LABEL_LIMIT = 16
_LABEL_GAP = 18
_BARS_LEFT, _BARS_RIGHT, _BARS_LABEL_LIMIT = 240, 70, 28
_MOST_BARS = 16
_BAR_STEP = 40  # a few bars don't grow to fill the picture
_BAR_TOP = 10  # bars are averages of scores


def draw(chart: Chart) -> bytes:
    """A chart as a PNG of 800 by 400; takes some 100 ms, so call it in a thread."""
    image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), _CARD)
    canvas = _Canvas(ImageDraw.Draw(image))
    lines = [line for line in chart.series if line.points]
    canvas.text((_LEFT, 24), chart.title, 18, _INK, "lm")
    if chart.bars:
        _bars(canvas, chart.bars[:_MOST_BARS])
    elif lines:
        plot = _Plot(lines)
        _axes(canvas, plot)
        for index, line in reversed(list(enumerate(lines))):
            _line(canvas, plot, line, _colour(index))
        _labels(canvas, plot, lines)
    return _png(image)


def _png(image: Image.Image) -> bytes:
    small = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "PNG", optimize=True)
    return file.getvalue()


def _colour(index: int) -> str:
    return _LINES[index % len(_LINES)]


class _Canvas:
    """Draws in points of the finished picture."""

    def __init__(self, canvas: ImageDraw.ImageDraw) -> None:
        self._canvas = canvas
        self._fonts: dict[int, ImageFont.FreeTypeFont | ImageFont.ImageFont] = {}

    def text(self, at: tuple[float, float], text: str, height: int, colour: str, anchor: str) -> None:
        font = self._fonts.setdefault(height, ImageFont.load_default(height * _SCALE))
        self._canvas.text((at[0] * _SCALE, at[1] * _SCALE), text, fill=colour, font=font, anchor=anchor)

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: float) -> None:
        scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
        self._canvas.line(scaled, fill=colour, width=round(width * _SCALE), joint="curve")

    def bar(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        box = (left * _SCALE, top * _SCALE, right * _SCALE, bottom * _SCALE)
        self._canvas.rounded_rectangle(box, radius=3 * _SCALE, fill=colour)

    def dot(self, at: tuple[float, float], radius: float, colour: str) -> None:
        x, y, r = at[0] * _SCALE, at[1] * _SCALE, radius * _SCALE
        self._canvas.ellipse((x - r, y - r, x + r, y + r), fill=colour)


class _Plot:
    """Where a date and a value are in the picture."""

    def __init__(self, lines: Sequence[Series]) -> None:
        days = [day for line in lines for day, _ in line.points]
        self.first, self.last = min(days), max(days)
        self.step = _step(max(value for line in lines for _, value in line.points))
        self.top = self.step * max(1, math.ceil(max(value for line in lines for _, value in line.points) / self.step))

    def x(self, day: dt.date) -> float:
        span = max(1, (self.last - self.first).days)
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * (day - self.first).days / span

    def y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / self.top


def _step(most: int) -> int:
    """A round distance of grid lines, three to six of them."""
    for power in range(10):
        for factor in (1, 2, 5):
            step: int = factor * 10**power
            if most <= 5 * step:
                return step
    return max(1, most)


def _axes(canvas: _Canvas, plot: _Plot) -> None:
    for value in range(0, plot.top + 1, plot.step):
        y = plot.y(value)
        canvas.line([(_LEFT, y), (WIDTH - _RIGHT, y)], _GRID if value else _FAINT, 1)
        canvas.text((_LEFT - 10, y), str(value), 13, _FAINT, "rm")
    days = (plot.last - plot.first).days
    for after in range(0, days + 1, math.ceil(max(1, days) / 5)):
        day = plot.first + dt.timedelta(days=after)
        canvas.text((plot.x(day), HEIGHT - _BOTTOM + 18), f"{day.day} {day:%b}", 13, _FAINT, "mm")


def _line(canvas: _Canvas, plot: _Plot, line: Series, colour: str) -> None:
    # Points are kept until the next answer: a line that holds its value ends where the picture does.
    points = [*line.points, (plot.last, line.points[-1][1])]
    at = [(plot.x(day), plot.y(value)) for day, value in points]
    canvas.line(at, colour, 4 if line.own else 2.5)
    canvas.dot(at[-1], 5 if line.own else 4, colour)


def _labels(canvas: _Canvas, plot: _Plot, lines: Sequence[Series]) -> None:
    """Every line's name at its end, pushed apart where lines end together."""
    ends = sorted((plot.y(line.points[-1][1]), index) for index, line in enumerate(lines))
    last = -math.inf
    placed = []
    for y, index in ends:
        last = max(y, last + _LABEL_GAP)
        placed.append((last, index))
    below = max(0.0, last - (HEIGHT - _BOTTOM))
    for y, index in placed:
        at = (WIDTH - _RIGHT + 12, y - below)
        canvas.text(at, _label(lines[index].label), 14, _colour(index), "lm")


def _bars(canvas: _Canvas, bars: Sequence[Bar]) -> None:
    """Bars one below another, each with its name before it and its value behind it."""
    step = min(_BAR_STEP, (HEIGHT - _TOP - _BOTTOM) / len(bars))
    bottom = _TOP + step * len(bars)
    width = WIDTH - _BARS_LEFT - _BARS_RIGHT
    for value in range(0, _BAR_TOP + 1, 2):
        x = _BARS_LEFT + width * value / _BAR_TOP
        canvas.line([(x, _TOP), (x, bottom)], _GRID if value else _FAINT, 1)
        canvas.text((x, bottom + 18), str(value), 13, _FAINT, "mm")
    for index, bar in enumerate(bars):
        middle = _TOP + step * (index + 0.5)
        right = _BARS_LEFT + width * min(_BAR_TOP, max(0.0, bar.value)) / _BAR_TOP
        canvas.text((_BARS_LEFT - 12, middle), _label(bar.label, _BARS_LABEL_LIMIT), 14, _INK, "rm")
        if right > _BARS_LEFT:
            canvas.bar(_BARS_LEFT, middle - 0.32 * step, right, middle + 0.32 * step, _LINES[0])
        canvas.text((right + 8, middle), f"{bar.value:.1f}", 14, _INK, "lm")


def _label(text: str, limit: int = _LABEL_LIMIT) -> str:
    """What the font can write: letters without accents; of other scripts only the rank, which the table explains."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", visible(text)) if not unicodedata.combining(char))
    plain = " ".join(bare.split())
    if not plain.isascii():
        plain = "".join(char for char in plain.split(" ")[0] if char.isascii())
    return plain if len(plain) <= limit else plain[: limit - 1].rstrip() + "..."

"""A run as one picture: agreement with people, interview answers in band, promises kept. Drawn with Pillow."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from benchmarks.interviews import SPLITS, by_kind
from benchmarks.report import ENTITLED, Run

WIDTH, HEIGHT = 1100, 640
_SCALE = 2  # drawn larger and scaled down: Pillow's shapes have no smooth edges
_CARD, _INK, _FAINT, _GRID = "#ffffff", "#1f2933", "#616e7c", "#e4e7eb"
# After Okabe and Ito: told apart by colour-blind people too.
_DEV, _TEST, _BLIND, _AIM = "#9ccbe6", "#0072b2", "#009e73", "#d55e00"
_AIMS = {
    ("mohler", "Pearson"): 0.66,
    ("mohler", "QWK"): 0.60,
    ("saf", "Pearson"): 0.65,
    ("scientsbank", "AUC"): 0.85,
}
"""The project's aims for unseen questions; in the picture they are ticks."""
_BAND_AIM = 0.85
_FIGURES = (("Pearson", "r"), ("QWK", "QWK"), ("AUC", "AUC"))


def draw(run: Run) -> bytes:
    """The picture as a PNG of 1100 by 640."""
    image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), _CARD)
    pen = _Pen(ImageDraw.Draw(image))
    pen.text((40, 34), f"Embedded grader, {run.on:%d %B %Y}", 20, _INK, "lm")
    _agreement(pen, run)
    _promises(pen, run)
    _bands(pen, run)
    file = io.BytesIO()
    image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(file, "PNG", optimize=True)
    return file.getvalue()


def alt_text(run: Run) -> str:
    """The picture in words."""
    every = by_kind(run.interviews)["all"]
    shares = ", ".join(f"{every[split].share:.0%} of {split}" for split in SPLITS if split in every)
    sets = "; ".join(
        f"{ENTITLED.get(name, name)} r {found.shipped['Pearson'].value or 0:.2f}"
        for name, found in run.agreement.items()
    )
    return f"Agreement with people by data set ({sets or 'not measured'}); interview answers in band: {shares}."


class _Pen:
    """Draws in points of the finished picture."""

    def __init__(self, canvas: ImageDraw.ImageDraw) -> None:
        self._canvas = canvas

    def text(self, at: tuple[float, float], text: str, height: int, colour: str, anchor: str) -> None:
        font = ImageFont.load_default(height * _SCALE)
        self._canvas.text((at[0] * _SCALE, at[1] * _SCALE), text, fill=colour, font=font, anchor=anchor)

    def line(self, start: tuple[float, float], end: tuple[float, float], colour: str, width: float = 1) -> None:
        ends = [(x * _SCALE, y * _SCALE) for x, y in (start, end)]
        self._canvas.line(ends, fill=colour, width=round(width * _SCALE))

    def dot(self, at: tuple[float, float], radius: float, colour: str) -> None:
        x, y, r = (value * _SCALE for value in (*at, radius))
        self._canvas.ellipse((x - r, y - r, x + r, y + r), fill=colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        corners = [value * _SCALE for value in (left, top, right, bottom)]
        self._canvas.rectangle((corners[0], corners[1], corners[2], corners[3]), fill=colour)


class _Scale:
    """Shares from 0 to 1 along a stretch of the picture, with its grid."""

    def __init__(self, pen: _Pen, left: float, right: float, top: float, bottom: float) -> None:
        self._left, self._right = left, right
        for tenth in range(0, 11, 2):
            x = self.at(tenth / 10)
            pen.line((x, top), (x, bottom), _GRID)
            pen.text((x, bottom + 12), f"{tenth / 10:.1f}", 12, _FAINT, "mm")

    def at(self, share: float) -> float:
        return self._left + (self._right - self._left) * min(1.0, max(0.0, share))


def _agreement(pen: _Pen, run: Run) -> None:
    pen.text((40, 76), "Agreement with people, 95% intervals; ticks: aims", 15, _INK, "lm")
    scale = _Scale(pen, 190, 510, 92, 300)
    rows = [
        (name, measure, label, found.shipped[measure])
        for name, found in run.agreement.items()
        for measure, label in _FIGURES
        if measure in found.shipped
    ]
    if not rows:
        pen.text((350, 196), "not measured", 14, _FAINT, "mm")
    for i, (name, measure, label, found) in enumerate(rows):
        y = 102 + i * 190 / max(1, len(rows) - 1)
        pen.text((180, y), f"{ENTITLED.get(name, name)} {label}", 13, _INK, "rm")
        if found.value is None or found.low is None or found.high is None:
            continue
        pen.line((scale.at(found.low), y), (scale.at(found.high), y), _TEST, 2)
        pen.dot((scale.at(found.value), y), 4.5, _TEST)
        if aim := _AIMS.get((name, measure)):
            pen.line((scale.at(aim), y - 8), (scale.at(aim), y + 8), _AIM, 2)


def _promises(pen: _Pen, run: Run) -> None:
    pen.text((40, 346), "Made answers and attacks: scores as promised", 15, _INK, "lm")
    scale = _Scale(pen, 270, 510, 362, 608)
    attacks = run.attacks
    rows = [(each.kind, each.kept, len(each.scores)) for each in run.invariances]
    rows.append(("attacks", sum(each.kept for each in attacks), sum(len(each.scores) for each in attacks)))
    _bars(pen, scale, [(kind, ((kept / total, _TEST),)) for kind, kept, total in rows], 366, 604)


def _bands(pen: _Pen, run: Run) -> None:
    pen.text((600, 72), "Interview answers in a strict reader's band, by kind", 15, _INK, "lm")
    for x, split, colour in (
        (600, "dev (in sight)", _DEV),
        (730, "test (other questions)", _TEST),
        (910, "blind (unseen answers)", _BLIND),
    ):
        pen.box(x, 87, x + 14, 101, colour)
        pen.text((x + 22, 94), split, 13, _INK, "lm")
    scale = _Scale(pen, 720, 1060, 118, 608)
    aim = scale.at(_BAND_AIM)
    pen.line((aim, 118), (aim, 608), _AIM, 1.5)
    pen.text((aim, 111), "aim", 12, _AIM, "mm")
    rows = [
        (kind, tuple((found[split].share, colour) for split, colour in _COLOURS if split in found))
        for kind, found in by_kind(run.interviews).items()
    ]
    _bars(pen, scale, rows, 122, 604)


_COLOURS = (("dev", _DEV), ("test", _TEST), ("blind", _BLIND))


def _bars(
    pen: _Pen, scale: _Scale, rows: Sequence[tuple[str, tuple[tuple[float, str], ...]]], top: float, bottom: float
) -> None:
    room = (bottom - top) / max(1, len(rows))
    for i, (label, bars) in enumerate(rows):
        each = room * 0.72 / len(bars)
        y = top + i * room + room * 0.14
        pen.text((scale.at(0) - 10, y + room * 0.36), label, 12, _INK, "rm")
        for number, (share, colour) in enumerate(bars):
            pen.box(scale.at(0), y + number * each, scale.at(share), y + (number + 1) * each, colour)

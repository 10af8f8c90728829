"""What learners read: their streak's freeze, their sections, what hints cost; and the picture of the bars."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from PIL import Image

from bot.core import render
from bot.core.message import Bar, Chart
from bot.core.model import OWN_WISH, Grade, Person, Progress, Receipt, SectionProgress, Standing
from bot.platforms import charts

ADA = Standing(1, False, Person("ada", "Ada"), 15, 2, 4)
SECTIONS = (SectionProgress("Alpha", 1, 10), SectionProgress("Beta", 1, 5))
GRADE = Grade(7, (), (), Receipt("words"))


@pytest.mark.parametrize(
    ("me", "expected"),
    [
        (Progress(None, ADA, 4), "in a row. One that you miss is forgiven each month; this month's freeze is left."),
        (
            Progress(None, ADA, 4, forgiven=dt.date(2026, 3, 4)),
            "in a row. This month's freeze was used for the question of 4 March.",
        ),
        (Progress(None, ADA, 0), "Streak: 0 daily questions in a row\n"),
        (Progress(None, ADA, 4, hidden=OWN_WISH), "average 7.5\nYou are on no board, as you wished."),
        (Progress(None, ADA, 4, hidden="organiser"), "average 7.5\nYou are on no board: organisers are left out"),
        (Progress(None, ADA, 4, sections=SECTIONS), "Alpha    1        10.0\nBeta     1        5.0"),
        (Progress(None, ADA, 4, sections=SECTIONS), "Your average by section: Alpha 10.0; Beta 5.0."),
    ],
)
def test_progress_tells_the_freeze_the_sections_and_who_is_hidden(me: Progress, expected: str) -> None:
    assert expected in render.progress("Ada", me).text + "\n"


def test_one_section_needs_no_picture() -> None:
    blocks = render.progress("Ada", Progress(None, ADA, 4, sections=SECTIONS[:1])).blocks
    assert not [block for block in blocks if isinstance(block, Chart)]


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        (0, "Score: 7/10"),
        (1, "Score: 7/10\n1 point off for hints: here it counts as 6 of 10."),
        (9, "Score: 7/10\n9 points off for hints: here it counts as 1 of 10."),
    ],
)
def test_a_grade_tells_what_hints_take_from_it(off: int, expected: str) -> None:
    assert render.grade(GRADE, 1, (), off).text == expected
    assert render.my_grade(GRADE, 1, state="graded", off=off).text == expected


def test_the_words_of_welcome_are_three_lines_on_grades_key_points_and_privacy() -> None:
    title, *lines = render.welcome().text.splitlines()
    assert title == "Your first answer here"
    assert len(lines) == 3
    assert ["1 to 10" in lines[0], "Key points" in lines[1], "/mlops privacy hide" in lines[2]] == [True] * 3


def _length(picture: Image.Image, y: int) -> int:
    """Points of a row in the colour of bars."""
    return sum(picture.getpixel((x, y)) == (0, 114, 178) for x in range(charts.WIDTH))


@pytest.mark.parametrize("count", [1, 4, 16, 40])
def test_a_picture_shows_each_bar_as_long_as_its_value(count: int) -> None:
    values = [10 * (number + 1) / count for number in range(count)]
    chart = Chart("Averages", bars=tuple(Bar(f"Section {number}", value) for number, value in enumerate(values)))
    picture = Image.open(io.BytesIO(charts.draw(chart))).convert("RGB")
    assert picture.size == (charts.WIDTH, charts.HEIGHT)
    runs = [length for length in (_length(picture, y) for y in range(charts.HEIGHT)) if length > 3]
    longest = max(values[:16])
    assert max(runs) == pytest.approx(49 * longest, abs=8)  # 490 points are ten, but for soft edges
    assert min(runs) <= 49 * values[0] + 8


@pytest.mark.parametrize("value", [0.0, -1.0, 11.0])
def test_a_value_out_of_range_is_drawn_within_the_picture(value: float) -> None:
    picture = Image.open(io.BytesIO(charts.draw(Chart("Averages", bars=(Bar("東京", value),))))).convert("RGB")
    assert max(_length(picture, y) for y in range(charts.HEIGHT)) == pytest.approx(490 if value > 10 else 0, abs=8)

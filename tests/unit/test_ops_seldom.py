"""An outage is told of in a few lines, however many it hits."""

from __future__ import annotations

import logging

from bot.ops.seldom import FEW, SPAN_S, Seldom


class Clock:
    """Seconds, turned by hand."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def record(text: str, *args: object, level: int = logging.ERROR, name: str = "bot.x") -> logging.LogRecord:
    return logging.LogRecord(name, level, "x.py", 1, text, args, None)


def test_a_thousand_alike_are_told_in_a_few_lines_and_then_counted() -> None:
    clock = Clock()
    seldom = Seldom(clock)
    passed = [seldom.filter(record("message %s could not be stored", number)) for number in range(1000)]
    assert passed == [True] * FEW + [False] * (1000 - FEW)
    clock.time += SPAN_S
    late = record("message %s could not be stored", 1000)
    assert seldom.filter(late)
    assert late.getMessage() == f"message 1000 could not be stored (and {1000 - FEW} more like this before)"
    again = record("message %s could not be stored", 1001)
    assert seldom.filter(again)
    assert again.getMessage() == "message 1001 could not be stored"


def test_other_words_another_place_and_lower_levels_are_not_kept_back() -> None:
    seldom = Seldom(Clock())
    for number in range(100):
        seldom.filter(record("delivery to %s: %s", f"C0AB{number}", "the disk is full"))
    assert not seldom.filter(record("delivery to %s: %s", "C0AB999", "the disk is full"))
    assert seldom.filter(record("delivery to %s: %s", "C0AB999", "another program holds it"))
    assert seldom.filter(record("delivery to %s: %s", "C0AB999", "the disk is full", name="bot.y"))
    assert all(seldom.filter(record("reply %s graded", number, level=logging.INFO)) for number in range(100))


def test_what_is_remembered_is_bounded() -> None:
    seldom = Seldom(Clock())
    for number in range(5000):
        seldom.filter(record("".join(chr(97 + int(digit)) for digit in str(number))))
    assert len(seldom._kinds) == 1000

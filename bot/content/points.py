"""Key points with their alternatives: other ways to say the same, each below its point as `  - or: ...`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.content import prose
from bot.content.faults import Faults, shorten
from bot.content.lines import Line, escaped_inline
from bot.core.model import KeyPoint
from bot.core.text import fold

MAX_ALTERNATIVES = 6
MAX_ALTERNATIVE = 300

_MARK = re.compile(r"or:\s*", re.IGNORECASE)


def read(lines: Sequence[Line], faults: Faults) -> tuple[KeyPoint, ...]:
    """The key points of a list's lines, each with the alternatives that stand below it.

    Only an indented `- or:` is an alternative; without indentation it is a point whose topic is "or". Faults are an
    alternative above all points, an empty, a repeated and a too long one, and more than six for a point.
    """
    points: list[KeyPoint] = []
    below: list[list[tuple[int, str]]] = []
    for item in prose.entries(lines):
        text = prose.without_bold_lead(item.text)
        mark = _MARK.match(text) if item.nested else None
        if not mark:
            points.append(KeyPoint.parse(text))
            below.append([])
        elif below:
            below[-1].append((item.number, text[mark.end() :]))
        else:
            remedy = "put it below the key point that it rewords"
            faults.add(item.number, "the alternative stands below no key point", remedy)
    _check(points, below, faults)
    pairs = zip(points, below, strict=True)
    return tuple(replace(point, alternatives=tuple(text for _, text in found)) for point, found in pairs)


def written(points: Sequence[KeyPoint]) -> Iterator[str]:
    """The lines of the list that `read` reads."""
    for point in points:
        yield f"- {escaped_inline(str(point))}"
        for alternative in point.alternatives:
            yield f"  - or: {escaped_inline(alternative)}"


def _check(points: Sequence[KeyPoint], below: Sequence[Sequence[tuple[int, str]]], faults: Faults) -> None:
    # Two points that may be said in the same words could not be told apart, so repetition counts for all of them.
    seen = {_same(text) for point in points for text in (point.claim, str(point))}
    for found in below:
        if len(found) > MAX_ALTERNATIVES:
            problem = f"{len(found)} alternatives of a key point, at most {MAX_ALTERNATIVES} are read"
            faults.add(found[MAX_ALTERNATIVES][0], problem, "remove some")
        for number, text in found:
            _check_one(number, text, same := _same(text), seen, faults)
            seen.add(same)


def _check_one(number: int, text: str, same: str, seen: set[str], faults: Faults) -> None:
    if not prose.is_visible(text):
        faults.add(number, "the alternative is empty", "write the claim in other words after `or:`, or remove the line")
    elif len(text) > MAX_ALTERNATIVE:
        problem = f"the alternative has {len(text):,} characters, at most {MAX_ALTERNATIVE} are read"
        faults.add(number, problem, "shorten it")
    elif same in seen:
        problem = f"the alternative {shorten(text)} is there already"
        faults.add(number, problem, "put it in other words than the question's key points and alternatives")


def _same(text: str) -> str:
    return fold(text) or text

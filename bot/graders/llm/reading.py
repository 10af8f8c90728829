"""From what a model wrote to a verdict: what is unambiguous is read, anything else isn't a verdict.

Nothing is made up here: there is no default score, no guess between two verdicts, no key point filled in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.model import Coverage
from bot.core.strict import HIGHEST, LOWEST
from bot.core.text import fold, visible

_LONGEST = 100_000
_MOST_OBJECTS = 200
_QUOTE_LIMIT = 6_000
_REASON_LIMIT = 500
_MOST_REASONS = 10

_THOUGHT = re.compile(r"<(/?)(?:think|thinking|reasoning)>", re.IGNORECASE)
_SCORE = re.compile(r"\s*(\d{1,2})(?:\.0{1,6})?\s*(?:(?:/|out of)\s*10(?:\.0)?)?\s*", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"\D{0,20}?(\d{1,3})\b.*", re.ASCII | re.DOTALL)
_VERDICTS = {
    Coverage.COVERED: ("covered", "fully covered", "full", "fully", "complete"),
    Coverage.PARTLY: ("partly", "partial", "partially", "partly covered", "partially covered"),
    Coverage.MISSING: ("missing", "missed", "misses", "not covered", "uncovered", "absent"),
    Coverage.CONTRADICTED: ("contradicted", "contradicts", "contradiction", "contradictory"),
}
_COVERAGE = {word: coverage for coverage, words in _VERDICTS.items() for word in words}


class Unreadable(Exception):
    """A reply isn't a verdict; the text says why, in words that may be said to the model and to organisers."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a reply says about one key point."""

    coverage: Coverage
    quote: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A reply that is a verdict: 1 <= score <= 10, and one judgement for each key point, in their order."""

    score: int
    points: tuple[Judged, ...]
    reasons: tuple[str, ...]


def read(text: str, points: int) -> Reading:
    """Read a model's reply about so many key points.

    Code fences, thoughts and prose around the JSON don't matter. Raises Unreadable for what is no verdict, is more
    than one, or doesn't say of every key point once what the answer does with it.
    """
    try:
        found = _verdict(_said(text[:_LONGEST].lstrip("\ufeff")))
        return Reading(_score(found.get("score")), _ledger(found.get("ledger"), points), _reasons(found.get("reasons")))
    except RecursionError:
        raise Unreadable("its JSON is nested too deeply") from None


# ---------------------------------------------------------------------------------------------- finding the JSON


def _said(text: str) -> str:
    """A reply without thoughts: what follows the last of them, and nothing of one that didn't end."""
    tags = list(_THOUGHT.finditer(text))
    ends = [tag for tag in tags if tag[1]]
    begin = ends[-1].end() if ends else 0
    return text[begin : next((tag.start() for tag in tags if tag.start() >= begin), len(text))]


def _verdict(text: str) -> Mapping[str, Any]:
    if not text.strip():
        raise Unreadable("it is empty")
    found = [one for one in _objects(text) if "score" in one]
    if not found:
        raise Unreadable("it has no complete JSON object with ledger, reasons and score")
    if any(one != found[0] for one in found[1:]):
        raise Unreadable("it has several verdicts that differ")
    return found[0]


def _objects(text: str) -> list[Mapping[str, Any]]:
    """The JSON objects in a text that don't stand within others, in order."""
    decoder = json.JSONDecoder(object_pairs_hook=_unrepeated)
    found: list[Mapping[str, Any]] = []
    start = text.find("{")
    for _ in range(_MOST_OBJECTS):
        if start < 0:
            break
        try:
            one, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):  # a number of thousands of digits is a ValueError too
            end = start + 1
        else:
            found.append(one)
        start = text.find("{", end)
    return found


def _unrepeated(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("a key stands twice in the same JSON object")
    return found


# ---------------------------------------------------------------------------------------------- its parts


def _score(value: object) -> int:
    """7, 7.0, "7" and "7/10" are a seven; 11, 7.5, "high" and true aren't anything."""
    score = 0
    if isinstance(value, int) and not isinstance(value, bool):
        score = value
    elif isinstance(value, float) and value.is_integer():
        score = int(value)
    elif isinstance(value, str) and (found := _SCORE.fullmatch(value[:40])):
        score = int(found[1])
    if not LOWEST <= score <= HIGHEST:
        raise Unreadable("the score isn't a whole number from 1 to 10")
    return score


def _ledger(value: object, points: int) -> tuple[Judged, ...]:
    """One entry for each key point: an object by number, or a list by `point` or else by order."""
    if isinstance(value, dict):
        numbered = [(_number(name), entry) for name, entry in value.items()]
    elif isinstance(value, list):
        numbered = [(_number(entry.get("point")) if isinstance(entry, dict) else None, entry) for entry in value]
        if all(number is None for number, _ in numbered):
            numbered = list(enumerate((entry for _, entry in numbered), 1))
    else:
        raise Unreadable("the ledger is missing")
    by_number = dict(numbered)
    wanted = range(1, points + 1)
    if set(by_number) == set(range(points)):  # counted from 0
        wanted = range(points)
    if len(numbered) != points or set(by_number) != set(wanted):
        raise Unreadable(f"the ledger doesn't have exactly one entry for each of the {points} key points")
    return tuple(_judged(by_number[number]) for number in wanted)


def _number(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _NUMBER.fullmatch(value[:400]) if isinstance(value, str) else None
    return int(found[1]) if found else None


def _judged(entry: object) -> Judged:
    if not isinstance(entry, dict):
        raise Unreadable("an entry of the ledger isn't an object with quote and verdict")
    said = entry.get("verdict")
    words = " ".join(said[:40].replace("_", " ").casefold().split()) if isinstance(said, str) else ""
    if words not in _COVERAGE:
        raise Unreadable("a verdict in the ledger isn't one of covered, partly, missing and contradicted")
    quote = entry.get("quote", "")
    if isinstance(quote, list) and len(quote) == 1:
        quote = quote[0]
    if quote is not None and not isinstance(quote, str):
        raise Unreadable("a quote in the ledger isn't text")
    return Judged(_COVERAGE[words], visible(quote or "")[:_QUOTE_LIMIT].strip())


def _reasons(value: object) -> tuple[str, ...]:
    """The reasons; none is fine, since the contract words its own."""
    if value is None:
        return ()
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not all(isinstance(reason, str) for reason in given):
        raise Unreadable("the reasons aren't a list of sentences")
    cleaned = (" ".join(visible(reason[:_REASON_LIMIT]).split()) for reason in given[:_MOST_REASONS])
    return tuple(dict.fromkeys(reason for reason in cleaned if fold(reason)))

"""One step further: an answer with one more covered point, or one more contradiction, and where its score goes.

Answers are put together at random from the bank's key points and alternatives, denials of them, asides, and interview
answers with the split "dev". A verb before "only" or "just" isn't negated: "not only" affirms. A claim of several
sentences is denied in each, and has its verbs negated only if each has one: what is left as it is would be affirmed.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.data import Interview, graded, score
from benchmarks.progress import Tell, by_tens, silent
from bot.core.model import Coverage, KeyPoint, Task
from bot.graders.embedded import EmbeddedGrader
from bot.graders.embedded.polarity import scopes
from bot.graders.embedded.text import sentences

EACH = 4
"""Trials of each kind a question."""

ASIDES = ("I have worked with this for two years.", "It depends on the company.", "I don't know the rest.")
_VERB = re.compile(r"\b(is|are|can|should|must|will|may|has|have|does|do)\b(?! not|n't| only| just)")


@dataclass(frozen=True, slots=True)
class Steps:
    """How many of `trials` went the wrong way, and by how many points at most."""

    kind: str
    trials: int
    wrong: int
    most: int


def steps(
    grader: EmbeddedGrader,
    asked: Sequence[tuple[str, Task]],
    said: Sequence[Interview],
    seed: int,
    tell: Tell = silent,
) -> list[Steps]:
    """The three kinds of steps on each question (by its id), the added words in front or behind."""
    rng = random.Random(seed)  # noqa: S311
    moves: dict[str, list[int]] = {}
    for name, task in by_tens(asked, tell):
        own = [row.answer for row in said if row.question == name and row.split == "dev"]
        for _ in range(EACH):
            answer = _answer(task, own, rng)
            before, _ = graded(grader, dataclasses.replace(task, answer=answer))
            missing = [each.point for each in before.points if each.coverage is Coverage.MISSING]
            for kind, sign, added in _added(task.key_points, missing, rng):
                longer = f"{added} {answer}" if rng.random() < 0.5 else f"{answer} {added}"
                after = score(grader, dataclasses.replace(task, answer=longer))
                moves.setdefault(kind, []).append(sign * (after - before.score))
    return [Steps(kind, len(each), sum(move < 0 for move in each), -min(0, *each)) for kind, each in moves.items()]


def _added(points: Sequence[KeyPoint], missing: Sequence[KeyPoint], rng: random.Random) -> list[tuple[str, int, str]]:
    """(kind, the direction that is right, the words)."""
    claims = [text for point in points for text in _wordings(point)]
    found = [("a denial (it is not true that ...) never raises", -1, denied(rng.choice(claims)))]
    if missing:
        found.append(("a covered point never lowers", 1, _ended(rng.choice(_wordings(rng.choice(missing))))))
    if plain := [claim for claim in claims if all(map(_VERB.search, _parts(claim))) and not scopes(claim)]:
        found.append(("a point with a negated verb never raises", -1, _ended(_VERB.sub(r"\1 not", rng.choice(plain)))))
    return found


def _answer(task: Task, own: Sequence[str], rng: random.Random) -> str:
    claims = [text for point in task.key_points for text in _wordings(point)]
    kinds: list[Callable[[], str]] = [
        lambda: _ended(rng.choice(claims)),
        lambda: denied(rng.choice(claims)),
        lambda: rng.choice(ASIDES),
        *([lambda: rng.choice(own)] if own else []),
    ]
    return " ".join(rng.choice(kinds)() for _ in range(rng.randint(1, 5)))


def denied(claim: str) -> str:
    """Each part of a claim denied: in "it is not true that A; B" the second might be meant as affirmed."""
    parts = "; ".join(f"it is not true that {part[0].lower()}{part[1:]}" for part in _parts(claim))
    return _ended(f"I{parts[1:]}")


def _parts(claim: str) -> list[str]:
    return [each.text.rstrip(";.") for each in sentences(claim)]


def _wordings(point: KeyPoint) -> tuple[str, ...]:
    return (point.claim, *point.alternatives)


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."

"""The contract of a grade, the same for every grader.

A score is an integer from 1 to 10. The exact sample answer is a 10 and an answer without words a 1, without asking
anybody. A quote counts only if it stands in the answer and supports its key point. A score is never above what the
counted key points carry (`ceiling`). Reasons are given below 6 and only there. What can't be brought under the contract
isn't a grade.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Container

from bot.core import render
from bot.core.errors import GraderError
from bot.core.model import Coverage, Grade, KeyPoint, PointVerdict, Question, Receipt, Remark, Task, Verdict
from bot.core.points import asked_for, points_of
from bot.core.text import fold, sentences

LOWEST, HIGHEST = 1, 10
REASONS_BELOW = 6
NO_POINT_CEILING = 2
"""The best score of an answer that carries no key point at all."""

_NO_ANSWER = frozenset(
    {Remark.EMPTY, Remark.DONT_KNOW, Remark.ECHO, Remark.OFF_TOPIC, Remark.INJECTION, Remark.FOREIGN}
)
_CREDITED = frozenset({Coverage.COVERED, Coverage.PARTLY})
_MOST_REASONS = 7
_TELLING_WORDS = 6
"""So many words in a row of the sample answer give it away."""
CONTRACT = Receipt(grader="contract")
"""The receipt of a grade that needed no grader."""

Pair = tuple[KeyPoint, str]
"""A key point and the words that are said to cover it."""


def task(question: Question, answer: str) -> Task:
    """What a grader is asked about a question and an answer. Raises GraderError for a draft."""
    if question.draft:
        raise GraderError(f"question {question.id} has no sample answer to grade against")
    return Task(question.text, question.sample_answer, points_of(question), answer)


def settled(task: Task) -> Grade | None:
    """The grade that needs no grader: 10 for the exact sample answer, 1 for an answer without words; else None."""
    answer = fold(task.answer)
    if answer == fold(task.sample_answer) and answer:
        points = tuple(PointVerdict(point, Coverage.COVERED, _closest(point, task.answer)) for point in task.key_points)
        return Grade(HIGHEST, (), tuple(map(_kept, points)), CONTRACT)
    if not answer:
        points = tuple(PointVerdict(point, Coverage.MISSING) for point in task.key_points)
        return Grade(LOWEST, (render.remark(Remark.EMPTY),), tuple(map(_kept, points)), CONTRACT)
    return None


def _closest(point: KeyPoint, answer: str) -> str:
    wanted = set(fold(point.claim).split())
    return max(sentences(answer), key=lambda part: len(wanted & set(fold(part).split())), default="")


def ceiling(points: tuple[PointVerdict, ...], asked: int = 0) -> int:
    """The best score that these verdicts carry: 2 for none, 10 for all, a partly covered point counting half.

    2 + 8 * (covered + partly / 2) / points, rounded up; where the question asks for fewer of them (`asked`, 0 for all),
    so many are a full answer.
    """
    worth = {Coverage.COVERED: 1.0, Coverage.PARTLY: 0.5}
    full = min(asked or len(points), len(points))
    carried = min(1.0, sum(worth.get(point.coverage, 0.0) for point in points) / max(1, full))
    return NO_POINT_CEILING + math.ceil((HIGHEST - NO_POINT_CEILING) * carried - 1e-9)


def carried(task: Task, verdict: Verdict) -> int:
    """The score of a verdict, held down to what its quotes carry that stand in the answer."""
    points = tuple(_checked(point, task.answer) for point in verdict.points)
    return min(verdict.score, ceiling(points, asked_for(task.question)))


def claimed(task: Task, verdict: Verdict) -> tuple[Pair, ...]:
    """The key points that a verdict gets credit for, each with its quote, if that supports it."""
    counted = (_checked(point, task.answer) for point in verdict.points)
    return tuple((point.point, point.quote) for point in counted if point.coverage in _CREDITED)


def enforce(task: Task, verdict: Verdict, unsupported: Container[Pair] = ()) -> Grade:
    """Bring a grader's verdict under the contract. Raises GraderError when it can't be: then there is no grade.

    `unsupported` are those of `claimed` whose quote doesn't support the point.
    """
    if isinstance(verdict.score, bool) or not isinstance(verdict.score, int):
        raise GraderError(f"the grader gave a score that isn't a whole number: {verdict.score!r:.40}")
    if not LOWEST <= verdict.score <= HIGHEST:
        raise GraderError(f"the grader gave a score outside 1 to 10: {verdict.score}")
    if len(verdict.points) != len(task.key_points):
        raise GraderError(f"the grader judged {len(verdict.points)} of {len(task.key_points)} key points")
    if tuple(point.point for point in verdict.points) != task.key_points:
        raise GraderError("the grader judged other key points than it was given")
    points = tuple(_checked(point, task.answer, unsupported) for point in verdict.points)
    score = min(verdict.score, ceiling(points, asked_for(task.question)))
    reasons = _reasons(task, points, verdict) if score < REASONS_BELOW else ()
    return Grade(score, reasons, tuple(map(_kept, points)), verdict.receipt)


def _kept(verdict: PointVerdict) -> PointVerdict:
    """A point as a grade keeps it: its other wordings are for graders only."""
    return dataclasses.replace(verdict, point=dataclasses.replace(verdict.point, alternatives=()))


def _checked(point: PointVerdict, answer: str, unsupported: Container[Pair] = ()) -> PointVerdict:
    """A point is covered only by words that are really there and speak of it."""
    if point.coverage is Coverage.MISSING:
        return PointVerdict(point.point, Coverage.MISSING)
    quote = fold(point.quote)
    if point.coverage in _CREDITED and (point.point, point.quote) in unsupported:
        return PointVerdict(point.point, Coverage.MISSING)
    if quote and f" {quote} " in f" {fold(answer)} ":
        return point
    return PointVerdict(point.point, Coverage.MISSING)


def _reasons(task: Task, points: tuple[PointVerdict, ...], verdict: Verdict) -> tuple[str, ...]:
    """Why the score is low: the grader's own reasons, else what held it down and what isn't covered; never nothing.

    The thread reads them before the round closes, so a reason that recites the sample answer isn't passed on.
    """
    own = tuple(
        " ".join(reason.split())[:300] for reason in verdict.reasons if reason.strip() and not _recites(reason, task)
    )[:_MOST_REASONS]
    worded = tuple(render.remark(remark) for remark in verdict.remarks)
    if any(remark in _NO_ANSWER for remark in verdict.remarks):
        return own or worded  # what isn't an answer lacks everything: no need to list it
    order = (Coverage.CONTRADICTED, Coverage.MISSING, Coverage.PARTLY)
    lacking = sorted((p for p in points if p.coverage in order), key=lambda p: order.index(p.coverage))
    named = tuple(dict.fromkeys(render.reason(point) for point in lacking))
    return own or (*worded, *named) or (render.remark(Remark.OFF_TOPIC),)


def _recites(reason: str, task: Task) -> bool:
    said = fold(reason).split()
    points = (text for point in task.key_points for text in (point.claim, *point.alternatives))
    told = [f" {fold(text)} " for text in (task.sample_answer, *points)]
    runs = (" ".join(said[i : i + _TELLING_WORDS]) for i in range(len(said) - _TELLING_WORDS + 1))
    return any(f" {run} " in text for run in runs for text in told)

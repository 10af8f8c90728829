"""What organisers read about how their questions do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bot.core.message import Block, Bullets, Button, Inline, Message, Para, Strong, Table
from bot.core.quality import LEAST_ANSWERS, Quality, Weakness
from bot.core.render.authored import authored, spoken
from bot.core.render.words import counted, say

PAGE = 8

_WEAK = {
    Weakness.DRAFT: "a draft: it has no sample answer, so it is never asked",
    Weakness.TOO_HARD: "nearly all answers score 1 to 3",
    Weakness.TOO_EASY: "nearly all answers score 10",
    Weakness.UNCOVERED: "half of its key points or more are covered by nobody",
    Weakness.OVERRIDDEN: "organisers often changed its grades",
}


def health(every: Sequence[Quality], page: int = 1) -> Message:
    """All questions, those to look at first, PAGE at a time; `page` counts from 1."""
    if not every:
        return say("The bank has no question yet.", title="Question health")
    pages = -(-len(every) // PAGE)
    page = min(max(1, page), pages)
    weak = sum(bool(found.weak) for found in every)
    answered = sum(bool(found.scores) for found in every)
    blocks: list[Block] = [
        Para((f"{counted(len(every), 'question')}, {answered} with answers, {weak} to look at.",)),
        Bullets(tuple(_line(found) for found in every[(page - 1) * PAGE : page * PAGE])),
        Para(("/mlops health with an id or title shows one in full.",)),
    ]
    more = (Button("More", "health", args=(("page", str(page + 1)),)),) if page < pages else ()
    return Message(f"Question health · page {page} of {pages}", tuple(blocks), more)


def _line(found: Quality) -> tuple[Inline, ...]:
    told = "; ".join([*(_WEAK[weakness] for weakness in found.weak), *_figures(found)])
    return (Strong(found.question.id), f": {told}.")


def _figures(found: Quality) -> list[str]:
    if Weakness.DRAFT in found.weak:
        return []
    if not found.scores:
        return ["not answered yet"]
    figures = [f"{counted(len(found.scores), 'answer')}, mean {found.mean:.1f}, spread {found.spread:.1f}"]
    if found.uncovered:
        figures.append(f"{len(found.uncovered)} of {counted(found.points, 'key point')} covered by nobody")
    if found.overrides:
        figures.append(f"{counted(found.overrides, 'grade')} changed")
    return figures


def question_health(found: Quality) -> Message:
    """One question in full: its figures, how often each score was given, and the key points that nobody covers."""
    figures = Para((f"{'; '.join(_figures(found)) or 'A draft'}.",))
    blocks: list[Block] = [*authored(found.question.text, strong=True), figures]
    if found.weak:
        blocks.append(Bullets(tuple((f"To look at: {_WEAK[weakness]}.",) for weakness in found.weak)))
    if found.scores:
        given = Counter(found.scores)
        scores = tuple(str(score) for score in range(1, 11))
        blocks.append(Table(("score", *scores), (("answers", *(str(given[int(score)]) for score in scores)),)))
    if found.uncovered:
        blocks += [
            Para((Strong("Covered by nobody"),)),
            Bullets(tuple(spoken(str(point)) for point in found.uncovered)),
        ]
    elif 0 < len(found.scores) < LEAST_ANSWERS:
        blocks.append(Para((f"What nobody covers is told from {LEAST_ANSWERS} answers on.",)))
    return Message(f"{found.question.title} · {found.question.id}", tuple(blocks))

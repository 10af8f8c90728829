"""How a community's questions do, from the grades of its answers."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Sequence

from bot.coach.dates import find_question
from bot.coach.rounds import Bank
from bot.core.model import Coverage, Place, Question
from bot.core.ports import Row, Store, rows
from bot.core.quality import Quality, order, quality

NEWEST = 5_000
"""The newest grades that are looked at."""

_CARRIED = frozenset({Coverage.COVERED, Coverage.PARTLY})


class QuestionHealth:
    """Reads the figures of questions."""

    def __init__(self, store: Store, bank: Bank) -> None:
        self._store, self._bank = store, bank

    async def all(self, place: Place) -> list[Quality]:
        """Every question of a community, those to look at first.

        Copies and practice after the close are left out.
        """
        questions = await self._store.read(self._bank.questions, place)
        where = {"platform": place.platform, "community": place.community}
        found = await self._store.read(rows, "grades_of_questions", **where, most=NEWEST)
        return await asyncio.to_thread(_all, questions, found)

    async def of(self, place: Place, wanted: str) -> Quality:
        """One question, by its id or title. Raises UsageError."""
        every = await self.all(place)
        question = find_question(wanted, [found.question for found in every])
        return next(found for found in every if found.question.id == question.id)


def _all(questions: Sequence[Question], grades: Sequence[Row]) -> list[Quality]:
    scores: defaultdict[str, list[int]] = defaultdict(list)
    covered: defaultdict[str, set[str]] = defaultdict(set)
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    overrides: Counter[str] = Counter()
    for row in grades:
        id_ = row["question_id"]
        scores[id_].append(row["score"])
        overrides[id_] += row["changed"]
        # Read as it is: there are thousands, and only what was covered is wanted of them.
        for verdict in json.loads(row["grade"])["points"]:
            claim = verdict["point"]["claim"]
            seen[id_][claim] += 1
            if verdict["coverage"] in _CARRIED:
                covered[id_].add(claim)
    found = [quality(q, scores[q.id], covered[q.id], overrides[q.id], seen[q.id]) for q in questions]
    return sorted(found, key=order)

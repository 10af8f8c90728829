"""Several graders at once, of whom none has the last word."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Sequence

from bot.core import strict
from bot.core.errors import GraderAway, GraderError
from bot.core.model import Receipt, Task, Verdict
from bot.core.ports import Grader


class Panel:
    """Gives the verdict with the lower median of the scores that the members' quotes carry.

    Its receipt has the scores of all who answered, in the members' order, and the sum of their tokens and costs. It
    takes at least half of the members to answer.
    """

    def __init__(self, members: Sequence[Grader]) -> None:
        if not members:
            raise ValueError("a panel needs members")
        self._members = tuple(members)

    @property
    def name(self) -> str:
        return self._members[0].name

    async def grade(self, task: Task) -> Verdict:
        """Raises GraderAway when fewer than half of the members answer, or GraderError when none ever will."""
        begun = time.monotonic()
        found = await asyncio.gather(*(member.grade(task) for member in self._members), return_exceptions=True)
        verdicts = [one for one in found if isinstance(one, Verdict)]
        failures = [one for one in found if isinstance(one, GraderError)]
        for one in found:
            if isinstance(one, BaseException) and not isinstance(one, GraderError):
                raise one
        spent = [one.receipt for one in verdicts] + [one.spent for one in failures if one.spent]
        if 2 * len(verdicts) < len(self._members):
            raise _failure(failures, spent)
        return _median(task, verdicts, spent, time.monotonic() - begun)

    async def close(self) -> None:
        """Close all members, even if one fails to."""
        await asyncio.gather(*(member.close() for member in self._members))


def _median(task: Task, verdicts: Sequence[Verdict], spent: Sequence[Receipt], seconds: float) -> Verdict:
    scores = tuple(strict.carried(task, verdict) for verdict in verdicts)
    chosen = verdicts[scores.index(sorted(scores)[(len(scores) - 1) // 2])]
    receipt = dataclasses.replace(_summed(chosen.receipt, spent), scores=scores, seconds=round(seconds, 4))
    return dataclasses.replace(chosen, receipt=receipt)


def _summed(receipt: Receipt, spent: Sequence[Receipt]) -> Receipt:
    """A receipt with the tokens and costs of all."""
    return dataclasses.replace(
        receipt,
        input_tokens=sum(one.input_tokens for one in spent),
        cached_tokens=sum(one.cached_tokens for one in spent),
        output_tokens=sum(one.output_tokens for one in spent),
        cost=sum(one.cost for one in spent),
    )


def _failure(failures: Sequence[GraderError], spent: Sequence[Receipt]) -> GraderError:
    """What the panel comes to: away while at least one member may come back, and with all that is to be mended."""
    away = [one for one in failures if isinstance(one, GraderAway)]
    error = failures[0]
    if away:
        waits = [one.retry_after for one in away if one.retry_after is not None]
        notice = " ".join(dict.fromkeys(one.notice for one in away if one.notice))
        text = f"{len(failures)} graders of the panel are away: {'; '.join(dict.fromkeys(map(str, failures)))}"
        error = GraderAway(text[:500], max(waits, default=None), notice)
    error.spent = _summed(spent[0], spent) if spent else None
    return error

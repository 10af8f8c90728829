"""A second grader for when the first is away."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Callable

from bot.core.errors import GraderAway
from bot.core.model import Receipt, Task, Verdict
from bot.core.ports import Grader

log = logging.getLogger(__name__)


class Fallback:
    """Grades with `first`, and with `second` while that one is away; the receipt then says so.

    `notify` gets what the organisers have to do about the first, which otherwise nobody would hear of.
    """

    def __init__(self, first: Grader, second: Grader, notify: Callable[[str], None] | None = None) -> None:
        self._first, self._second, self._notify = first, second, notify

    @property
    def name(self) -> str:
        return self._first.name

    async def grade(self, task: Task) -> Verdict:
        """As the first grader; what the second raises when it is the second's turn."""
        try:
            return await self._first.grade(task)
        except GraderAway as away:
            log.warning("%s is away (%s); %s grades instead", self._first.name, away, self._second.name)
            if self._notify and away.notice:
                self._notify(away.notice)
            spent = away.spent
        verdict = await self._second.grade(task)
        receipt = dataclasses.replace(verdict.receipt, fallback=True)
        return dataclasses.replace(verdict, receipt=_paid(receipt, spent) if spent else receipt)

    async def close(self) -> None:
        """Close both."""
        await asyncio.gather(self._first.close(), self._second.close())


def _paid(receipt: Receipt, spent: Receipt) -> Receipt:
    """A receipt that also holds what the first grader used in vain."""
    return dataclasses.replace(
        receipt,
        input_tokens=receipt.input_tokens + spent.input_tokens,
        cached_tokens=receipt.cached_tokens + spent.cached_tokens,
        output_tokens=receipt.output_tokens + spent.output_tokens,
        cost=receipt.cost + spent.cost,
    )

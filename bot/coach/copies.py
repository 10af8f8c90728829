"""Which answers are copies of others to the same round: those that are graded together share one reading of these."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.core import rules
from bot.core.ports import Row, Store, Unit, rows
from bot.core.text import fold

COMPARED_AT_ONCE: Final = 100
"""Answers of others that one is compared with where they are read; more would keep other readers waiting."""


@dataclass(slots=True)
class _Asked:
    """An answer, its question's sample answer, and who waits to be told: a copy, or with what it is to be compared."""

    row: Row
    sample_answer: str
    told: asyncio.Future[tuple[bool, list[str]]]


class Copies:
    """Compares answers with what others wrote before them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asked: dict[int, list[_Asked]] = {}
        self._reading: set[asyncio.Task[None]] = set()

    async def holds(self, row: Row, sample_answer: str) -> bool:
        """Whether a reply (id, round_id, user_id, at, text) is a copy by `rules.is_copy`. Raises StoreError."""
        asked = _Asked(row, sample_answer, asyncio.get_running_loop().create_future())
        together = self._asked.setdefault(row["round_id"], [])
        together.append(asked)
        if len(together) == 1:  # it is read in a moment: whoever asks in this turn of the loop comes along
            task = asyncio.create_task(self._read(row["round_id"]))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)
        copied, others = await asked.told
        if others:
            return await asyncio.to_thread(rules.resembles, fold(row["text"]), fold(sample_answer), others)
        return copied

    async def _read(self, round_id: int) -> None:
        together: list[_Asked] = []
        try:
            together = self._asked.pop(round_id)
            found = await self._store.read(_compared, round_id, together)
            for asked, told in zip(together, found, strict=True):
                if not asked.told.done():
                    asked.told.set_result(told)
        except Exception as error:  # noqa: BLE001  whoever asked gets it
            for asked in together:
                if not asked.told.done():
                    asked.told.set_exception(error)


def _compared(round_id: int, together: Sequence[_Asked]) -> Unit[list[tuple[bool, list[str]]]]:
    """For each whether it is a copy; where many have answered before it instead their folded texts."""
    last_at, last_id = max((asked.row["at"], asked.row["id"]) for asked in together)
    found = yield from rows("replies_compared", round_id=round_id, at=last_at, id=last_id)
    texts = [((row["at"], row["id"]), row["user_id"], fold(row["text"])) for row in found]
    told = []
    for asked in together:
        mine, when = asked.row["user_id"], (asked.row["at"], asked.row["id"])
        others = [text for at, user, text in texts if user != mine and at < when]
        if len(others) > COMPARED_AT_ONCE:
            told.append((False, others))
        else:
            told.append((rules.resembles(fold(asked.row["text"]), fold(asked.sample_answer), others), []))
    return told

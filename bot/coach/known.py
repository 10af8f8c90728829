"""Grades that were paid for, to be given again for the same words: nobody pays for an answer twice."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
from collections.abc import AsyncIterator

from bot.coach import records
from bot.core.model import Grade, Receipt
from bot.core.ports import Unit, one


def key(question_version: str, answer: str, grader: str) -> str:
    """What makes two grades the same: question, answer, and the grader's models and prompt."""
    parts = (question_version, grader, answer)
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def find(key: str) -> Unit[Grade | None]:
    """A grade that is known, with a receipt that costs nothing any more; None for words that are new."""
    row = yield from one("grade_known", key=key)
    if row is None:
        return None
    grade = records.GRADE.validate_json(row["grade"])
    before = grade.receipt
    receipt = Receipt(before.grader, before.model, before.prompt_version, scores=before.scores, reused=True)
    return dataclasses.replace(grade, receipt=receipt)


def put(key: str, reply_id: int, grade: Grade) -> Unit[None]:
    """Keep a grade that cost something and is of the grader that was meant to give it."""
    if grade.receipt.input_tokens and not grade.receipt.fallback:
        yield from one("grade_known_put", key=key, reply_id=reply_id, grade=records.GRADE.dump_json(grade).decode())


class Alone:
    """Lets those with the same key go one after the other, in this process."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @contextlib.asynccontextmanager
    async def of(self, key: str) -> AsyncIterator[None]:
        """Hold a key."""
        lock, holders = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = (lock, holders + 1)
        try:
            async with lock:
                yield
        finally:
            lock, holders = self._locks[key]
            if holders == 1:
                del self._locks[key]
            else:
                self._locks[key] = (lock, holders - 1)

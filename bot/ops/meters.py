"""Measures a store, a grader and a crash point from outside: what they do passes through and is counted.

What alerts are made of is counted from 0 on: Prometheus sees no increase in a counter that begins with 1.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import ParamSpec, Protocol, TypeVar

from bot.core.errors import CoachError, GraderAway, GraderError, StoreError
from bot.core.model import Receipt, Task, Verdict
from bot.core.ports import CrashPoint, Grader, Meter, Store, Unit

T = TypeVar("T")
P = ParamSpec("P")


class Gauges(Meter, Protocol):
    """A meter that also follows what is going on."""

    def going_on(self, name: str, change: int) -> None: ...


class MeteredStore:
    """A store whose writes, commits and errors are counted."""

    def __init__(self, store: Store, meter: Gauges) -> None:
        self._store, self._meter = store, meter
        meter.count("store_writes", 0, outcome="failed")

    async def write(self, unit: Callable[P, Unit[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As the store's own."""
        outcome, began = "failed", time.perf_counter()
        self._meter.going_on("store_writes_waiting", 1)
        try:
            done = await self._store.write(unit, *args, **kwargs)
            outcome = "done"
            return done
        except CoachError as error:
            outcome = "failed" if isinstance(error, StoreError) else "refused"  # a person asked for what can't be
            raise
        finally:
            self._meter.going_on("store_writes_waiting", -1)
            self._meter.count("store_writes", outcome=outcome)
            self._meter.observe("store_write", time.perf_counter() - began)

    async def read(self, unit: Callable[P, Unit[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As the store's own."""
        try:
            return await self._store.read(unit, *args, **kwargs)
        except StoreError:
            self._meter.count("store_read_errors")
            raise

    async def notify(self, told: str) -> None:
        """As the store's own."""
        await self._store.notify(told)

    async def listen(self, hear: Callable[[str], None]) -> None:
        """As the store's own."""
        await self._store.listen(hear)

    async def close(self) -> None:
        """As the store's own."""
        await self._store.close()


def counting_commits(crash: CrashPoint, meter: Meter) -> CrashPoint:
    """A crash point that also counts the commits of a store, which tells of each by that way."""

    def passed(name: str) -> None:
        if name == "commit.after":
            meter.count("store_commits")
        crash(name)

    return passed


class MeteredGrader:
    """A grader whose time, tokens and costs are counted."""

    def __init__(self, grader: Grader, meter: Gauges) -> None:
        self._grader, self._meter = grader, meter
        for outcome in ("graded", "postponed", "failed"):
            meter.count("grades", 0, grader=grader.name, outcome=outcome)

    @property
    def name(self) -> str:
        return self._grader.name

    async def grade(self, task: Task) -> Verdict:
        """As the grader's own."""
        with self._timed() as outcome:
            try:
                verdict = await self._grader.grade(task)
            except GraderError as error:
                outcome.append("away" if isinstance(error, GraderAway) else "refused")
                self._spent(error.spent)
                raise
            outcome.append("answered")
            self._spent(verdict.receipt)
            return verdict

    async def close(self) -> None:
        """As the grader's own."""
        await self._grader.close()

    @contextlib.contextmanager
    def _timed(self) -> Iterator[list[str]]:
        outcome: list[str] = []
        began = time.perf_counter()
        self._meter.going_on("grading_at_work", 1)
        try:
            yield outcome
        finally:
            self._meter.going_on("grading_at_work", -1)
            took = time.perf_counter() - began
            self._meter.observe("grading", took, grader=self.name, outcome=outcome[0] if outcome else "error")

    def _spent(self, receipt: Receipt | None) -> None:
        if receipt is None or not receipt.input_tokens + receipt.output_tokens:
            return
        fresh = receipt.input_tokens - receipt.cached_tokens
        used = {"input": fresh, "cached": receipt.cached_tokens, "output": receipt.output_tokens}
        for direction, tokens in used.items():
            self._meter.count("llm_tokens", tokens, model=receipt.model, direction=direction)
        self._meter.count("llm_cost", receipt.cost, model=receipt.model)

"""Tells open pages that something changed; what changed they read from the database, so nothing is missed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.core.errors import CoachError


class Listener:
    """One open page."""

    def __init__(self, person: str, gone: Callable[[], bool]) -> None:
        self.person = person
        self.gone = gone
        self._news = asyncio.Event()

    def wake(self) -> None:
        self._news.set()

    def clear(self) -> None:
        """To be called before reading, so that a change during the read wakes the next wait."""
        self._news.clear()

    async def wait(self, seconds: float) -> bool:
        """True when there may be news, False after `seconds` without."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        return True


class Hub:
    """All open pages, at most `limit` and `per_person` of each person."""

    def __init__(self, limit: int = 300, per_person: int = 12) -> None:
        self.tell: Callable[[], None] = lambda: None
        """Called at each change that this process makes, to wake the pages that others serve."""
        self._limit = limit
        self._per_person = per_person
        self._listeners: set[Listener] = set()
        self.closed = False

    def wake(self) -> None:
        """This process changed something."""
        self.hear()
        self.tell()

    def hear(self) -> None:
        """Something changed."""
        for listener in self._listeners:
            listener.wake()

    def close(self) -> None:
        self.closed = True
        self.hear()

    @contextmanager
    def listen(self, person: str, gone: Callable[[], bool]) -> Iterator[Listener]:
        """Be told of changes. `gone` says whether the page has left. Raises CoachError when too many are."""
        self._listeners = {listener for listener in self._listeners if not listener.gone()}
        mine = sum(listener.person == person for listener in self._listeners)
        if mine >= self._per_person or len(self._listeners) >= self._limit:
            raise CoachError("Too many pages are open at once. Close some; this one tries again by itself.")
        listener = Listener(person, gone)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

"""Work that goes on after Slack has been answered, bounded."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)

MOST = 1_000
MOST_REMEMBERED = 5_000


class Background:
    """Runs work to its end, and tells what went wrong with it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._seen: OrderedDict[str, None] = OrderedDict()

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any] | None:
        """Begin some work; None where there is too much of it already, and then it isn't done."""
        if len(self._tasks) >= MOST:
            work.close()
            log.error("Slack: %s is left undone, there is too much to do", name)
            return None
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("Slack: %s: unexpected error", task.get_name(), exc_info=error)

    def first(self, *key: str) -> bool:
        """Whether something comes for the first time: Slack may deliver it again."""
        made = "/".join(key)
        if made in self._seen:
            return False
        self._seen[made] = None
        while len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return True

    async def idle(self) -> None:
        """Wait until all is done that was begun."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        """End what is going on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

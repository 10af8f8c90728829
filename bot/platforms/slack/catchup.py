"""Reading open threads again after events may have been missed; never twice at once, and until it has worked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.core.errors import CoachError

log = logging.getLogger(__name__)

CATCH_UP_AGAIN_S = 10.0


class CatchUp:
    """Runs `read`, which gives the number of messages that were new, in the background."""

    def __init__(self, read: Callable[[], Awaitable[int]]) -> None:
        self._read = read
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def start(self, delay: float) -> None:
        """Read again in `delay` seconds, or once more after the reading that goes on; returns at once."""
        if self._task and not self._task.done():
            self._again = True
            return
        self._task = asyncio.create_task(self._work(delay), name="catch up with Slack")

    async def _work(self, delay: float) -> None:
        while True:
            await asyncio.sleep(delay)
            self._again = False
            try:
                if missed := await self._read():
                    log.info("Slack: %d messages had come unseen", missed)
            except CoachError as error:
                log.error("Slack: open threads could not be read again yet: %s", error)
                self._again = True
            except Exception:
                log.exception("Slack: open threads could not be read again yet")
                self._again = True
            if not self._again:
                return
            delay = CATCH_UP_AGAIN_S

    async def idle(self) -> None:
        """Wait until the reading that goes on is done."""
        if self._task:
            await asyncio.wait([self._task])

    async def stop(self) -> None:
        """End the reading that goes on."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

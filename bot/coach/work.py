"""How the coach's loops wait: for the bell that says there is work, or for the time when some falls due."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Iterable

from bot.core.errors import CoachError

log = logging.getLogger(__name__)

RETRY_AFTER_ERROR_S = 5.0

LEASE = dt.timedelta(minutes=1)
"""How long what a process has claimed is left to it; renewed while it lives, so work may take longer than this."""


class Bell:
    """Rung when there is work; heard once, and never lost between two waits.

    `relay` is called at each ring, to wake the other processes that may do that work.
    """

    def __init__(self, relay: Callable[[], None] | None = None) -> None:
        self._event = asyncio.Event()
        self._relay = relay

    def ring(self) -> None:
        """There is work, for whoever has the time."""
        self.hear()
        if self._relay:
            self._relay()

    def hear(self) -> None:
        """There is work for this process."""
        self._event.set()

    async def wait(self, at_most: float) -> None:
        """Return when it was rung since the last wait, or after `at_most` seconds."""
        # Not asyncio.wait_for: on Python 3.11 that swallows a cancellation that comes in the same turn as the bell.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, at_most)):
                await self._event.wait()
                self._event.clear()


async def loop(name: str, bell: Bell, step: Callable[[], Awaitable[float]]) -> None:
    """Run `step` for ever; it returns the seconds it can wait at most. An error is logged and tried again later."""
    while True:
        try:
            rest = await step()
        except CoachError as error:
            log.error("%s: %s", name, error)
            rest = RETRY_AFTER_ERROR_S
        except Exception:
            log.exception("%s: unexpected error; trying again in %.0f s", name, RETRY_AFTER_ERROR_S)
            rest = RETRY_AFTER_ERROR_S
        await bell.wait(rest)


def backoff(tries: int, *, first: float = 2.0, most: float = 300.0) -> float:
    """Seconds to wait after the n-th failure (from 1): doubling from `first`, at most `most`."""
    return float(min(most, first * 2 ** min(max(0, tries - 1), 20)))


async def stop(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they have ended."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)

"""Deleting what the coach said to people who are forgotten, or about answers that were deleted.

It is noted before, so that no restart leaves any of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.core.errors import PlatformAway, PlatformError
from bot.core.ports import Store, one, rows

log = logging.getLogger(__name__)

Erase = Callable[[str, str, str], Awaitable[None]]
"""Deletes a message, given community, channel and message. Raises PlatformError, PlatformAway."""


class Erasures:
    """What one platform still has to delete; the communities that `of` doesn't hold of are left to other processes."""

    def __init__(
        self, store: Store, platform: str, erase: Erase, *, of: Callable[[str], bool] = lambda _: True
    ) -> None:
        self._store, self._platform, self._erase, self._of = store, platform, erase, of
        self._at_work = asyncio.Lock()
        self._next = False

    async def work(self) -> None:
        """Delete what is left to be; what can't be reached now stays for the next time. Raises StoreError."""
        if self._next:
            return  # whoever waits already will find it too
        self._next = True
        try:
            await self._at_work.acquire()
        finally:
            self._next = False
        try:
            await self._work()
        finally:
            self._at_work.release()

    async def _work(self) -> None:
        for row in await self._store.read(rows, "erasures_left", platform=self._platform):
            place = (row["community"], row["channel"], row["message"])
            if not self._of(place[0]):
                continue
            try:
                await self._erase(*place)
            except PlatformAway as error:
                log.info("message %s of %s is deleted later: %s", row["message"], self._platform, error)
                continue
            except PlatformError as error:
                log.warning("message %s of %s can't be deleted: %s", row["message"], self._platform, error)
            await self._store.write(
                one, "erasure_done", platform=self._platform, community=row["community"],
                channel=row["channel"], message=row["message"],
            )  # fmt: skip

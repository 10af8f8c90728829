"""Turns to begin a session: Discord allows one in 5 s for each bucket of shards, over all processes of a bot.

Who comes too soon is sent away and has spent one of the bot's 1,000 beginnings of that day. So processes that share a
database take turns through it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable

from bot.core.errors import StoreError
from bot.core.ports import Store, Unit, one

log = logging.getLogger(__name__)

TURN_S = 6.0
"""How long a turn lasts: Discord's 5 s, and a second for connections that are made faster or more slowly."""

_WRONG_CLOCK_S = 60.0
"""A turn that ends later than this was taken by a clock that is wrong."""


class Turns:
    """The turns of all processes that share a store. `now` is in seconds since 1970, `sleep` in seconds."""

    def __init__(
        self,
        store: Store,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store, self._now, self._sleep = store, now, sleep

    async def wait(self, bucket: int, most_s: float | None = None) -> None:
        """Return when it is one's turn in a bucket, or after about `most_s`: Discord has the last word anyway."""
        end = self._now() + most_s if most_s is not None else None
        while True:
            try:
                left = await self._store.write(_take, bucket, round(self._now() * 1e6))
            except StoreError as error:
                log.warning("Discord: a session begins without waiting for its turn: %s", error)
                return
            if left <= 0 or (end is not None and self._now() >= end):
                return
            # All who wait would come back at the same moment.
            await self._sleep(left + random.uniform(0.0, 0.2))  # noqa: S311  only spreads load


def _take(bucket: int, now: int) -> Unit[float]:
    """Take a bucket's turn if it is free, and return 0.0; otherwise the seconds until it will be."""
    turn, wrong = round(TURN_S * 1e6), round(_WRONG_CLOCK_S * 1e6)
    taken = yield from one("discord_turn_take", bucket=bucket, now=now, free_at=now + turn, wrong=now + wrong)
    if taken:
        return 0.0
    row = yield from one("discord_turn", bucket=bucket)
    return max(0.05, (int(row["free_at"]) - now) / 1e6) if row else 0.05

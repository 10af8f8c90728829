"""Whether this machine's clock agrees with the database server's: times that processes compare come from each one's."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Final

from bot.core.ports import Clock, Store, one

log = logging.getLogger(__name__)

MOST_S: Final = 2.0
EVERY_S: Final = 600.0

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Skew:
    """Compares the clocks of the two; a database without a server has the machine's own."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def step(self) -> float:
        """Warn where they differ by more than MOST_S; the seconds until the next look. Raises StoreError."""
        before = self._clock.now()
        row = await self._store.read(one, "ops_clock")
        ahead = apart(before, row["at"], self._clock.now()) if row and row.get("at") else 0.0
        if abs(ahead) > MOST_S:
            log.warning(
                "this machine's clock is %.1f s %s the database server's: work may be done twice, or late; set both"
                " by a time service (NTP)",
                abs(ahead),
                "ahead of" if ahead > 0 else "behind",
            )
        return EVERY_S


def apart(before: dt.datetime, at: int, after: dt.datetime) -> float:
    """How many seconds a clock is at least ahead of another (below 0: behind), which said `at` (in microseconds) after
    `before` and before `after` of its own; 0.0 when they may agree.
    """
    there = _EPOCH + dt.timedelta(microseconds=at)
    if there < before:
        return (before - there).total_seconds()
    return min(0.0, (after - there).total_seconds())

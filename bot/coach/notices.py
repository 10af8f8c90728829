"""What organisers have to know until it is over: a key that is refused, a budget used up, a model that is missing."""

from __future__ import annotations

import datetime as dt
import logging

from bot.coach import records
from bot.core.model import Place
from bot.core.ports import Clock, Store, one, rows

log = logging.getLogger(__name__)

MOST_QUIET = 10_000
"""Communities that are remembered to have no notice; beyond, they are asked about again."""


class Notices:
    """One notice a community, and one for all; each is logged once and shown until it is cleared."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._quiet: set[tuple[str, str]] = set()  # communities known to have none

    async def put(self, place: Place, text: str, *, everywhere: bool) -> None:
        """Note something for the organisers of a community, or of all."""
        platform, community = ("", "") if everywhere else (place.platform, place.community)
        known = await self._store.read(one, "notice_get", platform=platform, community=community)
        if known and known["text"] == text:
            return
        log.error("for the organisers%s: %s", "" if everywhere else f" of {community}", text)
        now = records.micros(self._clock.now())
        await self._store.write(one, "notice_put", platform=platform, community=community, text=text[:500], now=now)
        self._quiet.clear()

    async def clear(self, place: Place) -> None:
        """Grading works in a community: what was noted for it, and for all, is over."""
        where = (place.platform, place.community)
        if where in self._quiet:
            return
        await self._store.write(rows, "notices_clear", platform=place.platform, community=place.community)
        if len(self._quiet) >= MOST_QUIET:
            self._quiet.clear()
        self._quiet.add(where)

    async def of(self, place: Place) -> list[tuple[str, dt.datetime]]:
        """What the organisers of a community have to know, and since when; the oldest first."""
        found = await self._store.read(rows, "notices_for", platform=place.platform, community=place.community)
        return [(row["text"], records.moment(row["since"])) for row in found]

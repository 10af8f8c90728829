"""What organisers did: who, when, what. It is noted in the same transaction as the act itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.coach import records
from bot.core.model import Person, Place
from bot.core.ports import Row, Store, Unit, one, rows
from bot.core.rules import NAME_LIMIT
from bot.core.text import one_line, storable

KEPT = dt.timedelta(days=365)
"""How long it is kept."""

NEWEST = 2**62
"""Before this id stand all."""

PAGE = 15
"""Acts that are shown together."""

DETAIL_LIMIT = 200


class Act(StrEnum):
    """What can be done; each has its words in render."""

    CONFIG = "config"
    ORGANISERS = "organisers"
    POST_NOW = "post-now"
    SKIP = "skip"
    PAUSE = "pause"
    RESUME = "resume"
    HOLIDAY_ADD = "holiday-add"
    HOLIDAY_REMOVE = "holiday-remove"
    PIN = "pin"
    UNPIN = "unpin"
    REGRADE = "regrade"
    OVERRIDE = "override"
    APPROVE = "approve"
    DECLINE = "decline"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Done:
    """One act. `name` is "" where its organiser is forgotten."""

    id: int
    at: dt.datetime
    name: str
    act: str
    detail: str


class Acts:
    """Reads what organisers did in a community."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(self, place: Place, before: int = NEWEST) -> tuple[list[Done], bool]:
        """The newest acts, or those before the one of an id; and whether there are older ones."""
        found: Sequence[Row] = await self._store.read(
            rows, "acts_page", platform=place.platform, community=place.community, before=before, most=PAGE + 1
        )
        shown = [
            Done(row["id"], records.moment(row["at"]), row["name"], row["act"], row["detail"]) for row in found[:PAGE]
        ]
        return shown, len(found) > PAGE


def note(place: Place, by: Person | None, act: Act, detail: str, now: int) -> Unit[None]:
    """Note an act; nothing where the coach itself did it. `detail` must hold no name of anybody."""
    if by is None:
        return
    where = {"platform": place.platform, "community": place.community}
    name = one_line(storable(by.name), NAME_LIMIT) or by.id
    detail = one_line(storable(detail), DETAIL_LIMIT)
    yield from one("act_put", **where, user_id=by.id, name=name, act=act, detail=detail, now=now)
    yield from rows("acts_forget_old", **where, before=now - KEPT // dt.timedelta(microseconds=1))

"""What people decide about themselves: to be on no board, their time zone, the hints that they take."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.coach import records, results
from bot.coach.standings import home_zone
from bot.core import rules
from bot.core.model import OWN_WISH, Person, Place, Round
from bot.core.ports import Clock, Row, Store, Unit, one, rows
from bot.core.zones import zones

TOGETHER = 200
"""Reveals that one transaction has amended."""


class Learners:
    """Keeps people's own settings in a community, and what they took before they answered."""

    def __init__(self, store: Store, clock: Clock, *, deliver: Callable[[], None]) -> None:
        self._store, self._clock, self._deliver = store, clock, deliver

    async def hide(self, place: Place, person: Person, *, hidden: bool) -> bool:
        """Leave a person out of boards, podiums and charts from now on, or put them back. Points go on counting.

        Whether they are on the boards now: not if organisers are left out of them and the person is one.
        """
        where = {"platform": place.platform, "community": place.community, "user_id": person.id}
        await self._store.write(rows, "off_board_put" if hidden else "off_board_delete", **where, why=OWN_WISH)
        # Looked for outside of a transaction: there may be years of rounds. What is revealed from now on is right.
        named = await self._store.read(rows, "rounds_with_podium_of", **where, places=rules.PODIUM_ROWS)
        now = records.micros(self._clock.now())
        for begin in range(0, len(named), TOGETHER):
            await self._store.write(_reveal_again, named[begin : begin + TOGETHER], now)
        self._deliver()
        return await self._store.read(one, "off_board_get", **where) is None

    async def is_hidden(self, place: Place, person: Person) -> bool:
        """Whether a person is on no board by their own wish."""
        where = {"platform": place.platform, "community": place.community}
        found = await self._store.read(one, "off_board_get", **where, user_id=person.id)
        return found is not None and found["why"] == OWN_WISH

    async def zone(self, place: Place, person: Person) -> tuple[str, bool]:
        """The IANA zone by which a person's months are counted, and whether it is known to be their own."""
        return await self._store.read(_zone, place, person.id)

    async def set_zone(self, place: Place, person: Person, zone: str) -> None:
        """Note the IANA zone that a person says they are in; it stands above what the platform knows."""
        where = {"platform": place.platform, "community": place.community}
        await self._store.write(one, "learner_zone", **where, user_id=person.id, zone=zone)

    async def zone_seen(self, place: Place, person: Person, zone: str) -> None:
        """Note what the platform says of a person's zone, if they write here and haven't said otherwise."""
        where = {"platform": place.platform, "community": place.community, "user_id": person.id}
        known = await self._store.read(one, "learner_get", **where)
        if known and (known["zone_own"] or known["zone"] == zone):
            return
        if zone in zones():
            await self._store.write(one, "learner_zone_seen", **where, zone=zone)

    async def hints(self, round_: Round, person: Person) -> int:
        """How many hints of a round a person has paid for."""
        found = await self._store.read(rows, "hints_of", round_id=round_.id, user_id=person.id)
        return _last(found)

    async def take_hints(self, round_: Round, person: Person, number: int, cost: int) -> int:
        """Note that a person opens the hints of a round up to `number`, at `cost` points each; how many they have then.

        One that they have is not paid twice.
        """
        now = records.micros(self._clock.now())
        return await self._store.write(_take_hints, round_, person.id, number, cost, now)


def _reveal_again(named: Sequence[Row], now: int) -> Unit[None]:
    for row in named:
        yield from rows("outbox_again_of_round", round_id=row["round_id"], kind="reveal", now=now)


def _zone(place: Place, user: str) -> Unit[tuple[str, bool]]:
    where = {"platform": place.platform, "community": place.community, "user_id": user}
    known = yield from one("learner_get", **where)
    if known and known["zone"]:
        return known["zone"], True
    return (yield from home_zone(place)), False


def _last(found: Sequence[Row]) -> int:
    return max((row["number"] for row in found), default=0)


def _take_hints(round_: Round, user: str, number: int, cost: int, now: int) -> Unit[int]:
    place = round_.channel.place
    for hint in range(1, number + 1):
        yield from one(
            "hint_take",
            round_id=round_.id,
            user_id=user,
            number=hint,
            platform=place.platform,
            community=place.community,
            cost=cost,
            now=now,
        )
    # An answer that a platform dates later than now may be here already.
    yield from results.recount(round_.id, user)
    return _last((yield from rows("hints_of", round_id=round_.id, user_id=user)))

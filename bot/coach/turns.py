"""The line of replies that wait to be graded: fair among communities and people, each person at their pace.

A reply is stored without a place in the line, so that taking it reads nothing that others write. Whoever grades next
gives it one, or holds it back until its author's pace allows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.coach.rounds import post
from bot.core import rules
from bot.core.message import ParcelKind
from bot.core.model import Place
from bot.core.ports import Row, Unit, one, rows, soft

AT_ONCE: Final = 250
"""Replies that are given their places in one transaction."""


@soft
def claim(now: int, lease: int, most: int) -> Unit[Sequence[Row] | None]:
    """The next `most` replies, ours until `lease`; None when more have to find their places first: ask again.

    Times are microseconds.
    """
    if (yield from line_up(now)) == AT_ONCE:
        return None
    return (yield from rows("replies_claim", now=now, lease=lease, most=most))


def line_up(now: int) -> Unit[int]:
    """Give up to AT_ONCE replies their place in the line, or hold them back; how many."""
    found = yield from rows("replies_unlined", now=now, most=AT_ONCE)
    ends: dict[tuple[str, str], _End] = {}
    people: dict[tuple[str, str, str], _Person] = {}
    for row in found:
        where = (row["platform"], row["community"])
        who = (*where, row["user_id"])
        if where not in ends:
            ends[where] = yield from _end(*where)
        if who not in people:
            people[who] = yield from _person(*who)
        person = people[who]
        ready = person.ready_at(row) if row["ready_at"] is None else row["ready_at"]
        if ready > now:
            yield from _hold(row, person, ready, now)
        else:
            yield from _place(row, person, ends[where], ready, now)
    return len(found)


def take_over(id_: int, old: Row, now: int) -> Unit[None]:
    """Give an edit the place of the words that it replaces, unless somebody has begun to grade those."""
    begun = old["turn"] > 0 and old["due_at"] > now
    if begun or old["ready_at"] is None:
        return
    yield from one("reply_give_up_place", id=old["id"])
    yield from one(
        "reply_inherit",
        id=id_,
        turn=old["turn"],
        behind=old["behind"],
        ready_at=old["ready_at"],
        held=old["held"],
        due_at=max(now, old["ready_at"]),
    )


@dataclass(slots=True)
class _End:
    """The last places of a community's line, as `rules.turn` takes them."""

    first: int
    further: int


@dataclass(slots=True)
class _Person:
    """`latest` as `rules.paced` takes it; whether one of those was held back; whether one is in the line."""

    latest: list[int]
    held: bool
    lined: bool

    def ready_at(self, row: Row) -> int:
        """When the pace lets a new reply be graded."""
        # By when it was written: what comes in late, all at once, wasn't written all at once.
        ready = rules.paced(min(row["at"], row["due_at"]), self.latest)
        self.latest = sorted([ready, *self.latest], reverse=True)[: rules.PACE]
        return ready


def _end(platform: str, community: str) -> Unit[_End]:
    row = yield from one("replies_tail", platform=platform, community=community)
    assert row is not None  # noqa: S101  there is always one row
    return _End(row["first"] or 0, row["further"] or 0)


def _person(platform: str, community: str, user: str) -> Unit[_Person]:
    found = yield from rows("replies_pace", platform=platform, community=community, user_id=user, most=rules.PACE)
    latest = [row["ready_at"] for row in found]
    return _Person(latest, any(row["held"] for row in found), any(row["lined"] for row in found))


def _hold(row: Row, person: _Person, ready: int, now: int) -> Unit[None]:
    """Hold a reply back; its author is told at the first of a run of them."""
    yield from one("reply_hold", id=row["id"], ready_at=ready)
    if person.held:
        return
    person.held = True
    home = yield from one("round_home", id=row["round_id"])
    assert home is not None  # noqa: S101  replies refer to their round
    place = Place(home["platform"], home["community"], home["channel"])
    yield from post(place, ParcelKind.PACED, row["round_id"], row["id"], now)


def _place(row: Row, person: _Person, end: _End, ready: int, now: int) -> Unit[None]:
    behind = person.lined
    turn = rules.turn(now, end.first, end.further, behind=behind)
    yield from one("reply_line", id=row["id"], turn=turn, behind=int(behind), ready_at=ready)
    person.lined = True
    if behind:
        end.further = turn
    else:
        end.first = turn

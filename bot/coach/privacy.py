"""What is stored about a person: to take along, and to be forgotten."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Callable, Collection
from typing import Any

from bot.coach import records, results, traces
from bot.core import render
from bot.core.errors import PlatformError
from bot.core.model import Person, Place, RoundState
from bot.core.ports import Clock, CrashPoint, Erases, Keeps, Platform, Row, Store, Unit, no_crash, one, rows

log = logging.getLogger(__name__)


class Privacy:
    """Exports and deletes one person's data in one community."""

    def __init__(
        self, store: Store, clock: Clock, crash: CrashPoint = no_crash, *, deliver: Callable[[], None]
    ) -> None:
        self._store, self._clock, self._crash, self._deliver = store, clock, crash, deliver
        self.platforms: dict[str, Platform] = {}

    async def export(self, place: Place, person: Person) -> str:
        """All that is stored about a person, as JSON."""
        found = await self._store.read(_export, place, person)
        platform = self.platforms.get(place.platform)
        if platform and isinstance(platform, Keeps):
            found["kept_by_platform"] = await platform.export(place.community, person.id)
        return json.dumps(found, ensure_ascii=False, indent=2)

    async def count(self, place: Place, person: Person) -> int:
        """How many replies of a person are stored."""
        found = await self._store.read(
            rows, "replies_of_person", platform=place.platform, community=place.community, user_id=person.id
        )
        return len(found)

    async def delete(self, place: Place, person: Person) -> int:
        """Forget a person: texts, grades, standings and name go, podiums are corrected; how many replies there were.

        Only the keys of their messages stay, so that a redelivery doesn't bring the person back.
        """
        platform = self.platforms.get(place.platform)
        if platform:
            try:
                await platform.forget(place.community, person.id)
            except PlatformError as error:  # what the coach itself keeps is forgotten all the same
                log.error("%s could not delete what it shows of a person: %s", platform.name, error)
        self._crash("person.erased")
        eraser = platform if platform and isinstance(platform, Erases) else None
        now = records.micros(self._clock.now())
        finds = platform is not None and platform.finds_personal
        count = await self._store.write(_forget, place, person.id, now, eraser is not None, finds)
        self._crash("person.forgotten")
        if eraser:
            eraser.erase_soon()
        self._deliver()
        return count

    async def present(
        self, platform: str, communities: Collection[str], *, all_of: Callable[[str], bool] | None = None
    ) -> None:
        """Note that the coach is in these communities, and has left all others known that `all_of` holds of."""
        await self._store.write(_present, platform, communities, all_of, records.micros(self._clock.now()))

    async def left(self, platform: str, community: str) -> None:
        """Note that a community removed the coach: nothing is posted there, and after a while it is forgotten."""
        now = records.micros(self._clock.now())
        await self._store.write(one, "community_left", platform=platform, community=community, now=now)

    async def forget_left(
        self, platform: str, grace: dt.timedelta, *, of: Callable[[str], bool] = lambda _: True
    ) -> list[str]:
        """Forget the communities that removed the coach longer than `grace` ago, among those that `of` holds of; which
        ones they are.
        """
        before = records.micros(self._clock.now() - grace)
        found = await self._store.read(rows, "communities_to_forget", platform=platform, before=before)
        gone = [row["community"] for row in found if of(row["community"])]
        for community in gone:
            await self._store.write(_forget_community, platform, community)
        return gone


def _present(platform: str, communities: Collection[str], all_of: Callable[[str], bool] | None, now: int) -> Unit[None]:
    for community in communities:
        yield from one("community_back", platform=platform, community=community)
    if all_of:
        for row in (yield from rows("communities_known", platform=platform)):
            if row["community"] not in communities and all_of(row["community"]):
                yield from one("community_left", platform=platform, community=row["community"], now=now)


_OF_A_COMMUNITY = (
    "community_settings",
    "suggestions",
    "acts",
    "overrides",
    "pins",
    "learners",
    "off_boards",
    "hints_taken",
    "organisers",
    "erasures",
    "notices",
    "usage",
    "grades_known",
    "outbox",
    "results",
    "standings",
    "replies",
    "people",
    "rounds",
    "questions",
    "channels",
)


def _forget_community(platform: str, community: str) -> Unit[None]:
    for table in _OF_A_COMMUNITY:  # children before parents
        yield from rows(f"community_forget_{table}", platform=platform, community=community)
    yield from rows("question_versions_unused")
    yield from one("community_back", platform=platform, community=community)


def _export(place: Place, person: Person) -> Unit[dict[str, Any]]:
    where = {"platform": place.platform, "community": place.community, "user_id": person.id}
    name = yield from one("person_name", **where)
    organiser = yield from one("organiser_get", **where)
    replies = yield from rows("replies_of_person", **where)
    counted = yield from rows("results_of_person", **where)
    learner = yield from one("learner_get", **where)
    hidden = yield from one("off_board_get", **where)
    hints = yield from rows("hints_of_person", **where)
    return {
        "platform": place.platform,
        "community": place.community,
        "id": person.id,
        "name": name["name"] if name else person.name,
        "organiser": organiser is not None,
        "zone": learner["zone"] if learner else "",
        "on_boards": hidden is None,
        **(yield from traces.export(where)),
        "hints": [
            {
                "question": row["question_id"],
                "date": row["local_date"],
                "number": row["number"],
                "cost": row["cost"],
                "taken_at": records.moment(row["taken_at"]).isoformat(),
            }
            for row in hints
        ],
        "replies": [
            {
                "question": row["question_id"],
                "date": row["local_date"],
                "message": row["message"],
                "revision": row["revision"],
                "private": bool(row["private"]),
                "written_at": records.moment(row["at"]).isoformat(),
                "text": row["text"],
                "state": row["state"],
                "practice": bool(row["practice"]),
                "copied": bool(row["copied"]),
                "score": row["score"],
                "grade": _grade(row),
            }
            for row in replies
        ],
        "counted": [
            {"question": row["question_id"], "date": row["local_date"], "score": row["score"]} for row in counted
        ],
    }


def _grade(row: Row) -> dict[str, Any] | None:
    """A reply's grade; its key points by topic until the round is closed, as the coach shows them otherwise."""
    grade = records.grade(row)
    if grade is None:
        return None
    kept: dict[str, Any] = json.loads(row["grade"])
    if row["round_state"] != RoundState.CLOSED:
        for point, verdict in zip(kept["points"], grade.points, strict=True):
            point["point"] = render.topic(verdict.point)
    return kept


def _forget(place: Place, user: str, now: int, erases: bool, finds: bool) -> Unit[int]:
    where = {"platform": place.platform, "community": place.community, "user_id": user}
    # Here and in the mark of what is on its way: whichever comes later knows of both.
    for said in (yield from rows("outbox_said_to", **where)) if erases else ():
        yield from one(
            "erasure_put", platform=place.platform, community=place.community, channel=said["channel"],
            message=said["message"],
        )  # fmt: skip
    yield from rows("outbox_nobodys", **where, whom=user if erases and finds else "")
    yield from rows("hints_forget", **where)
    gone = yield from rows("replies_forget", **where)
    yield from traces.forget(where, gone, now)
    for row in gone:
        yield from rows("grades_known_forget", reply_id=row["id"])
    for round_id in sorted({row["round_id"] for row in gone}):
        # Their replies are nobody's now, so recounting takes their result and every sum it was part of away.
        yield from results.recount(round_id, user)
        yield from results.tell(round_id, now)
    yield from one("person_delete", **where)
    yield from one("organiser_delete", **where)
    yield from one("learner_delete", **where)
    yield from rows("off_board_delete", **where, why="")
    return len(gone)

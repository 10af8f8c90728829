"""What is stored about a person: to take along, and to be forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bot.coach import records, results
from bot.core.model import Person, Place
from bot.core.ports import Clock, Platform, Store, Unit, one, rows


class Privacy:
    """Exports and deletes one person's data in one community."""

    def __init__(self, store: Store, clock: Clock, *, deliver: Callable[[], None]) -> None:
        self._store, self._clock, self._deliver = store, clock, deliver
        self.platforms: dict[str, Platform] = {}

    async def export(self, place: Place, person: Person) -> str:
        """All that is stored about a person, as JSON."""
        found = await self._store.read(_export, place, person)
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
        count = await self._store.write(_forget, place, person.id, records.micros(self._clock.now()))
        platform = self.platforms.get(place.platform)
        if platform:
            await platform.forget(place.community, person.id)
        self._deliver()
        return count


def _export(place: Place, person: Person) -> Unit[dict[str, Any]]:
    where = {"platform": place.platform, "community": place.community, "user_id": person.id}
    name = yield from one("person_name", **where)
    replies = yield from rows("replies_of_person", **where)
    return {
        "platform": place.platform,
        "community": place.community,
        "id": person.id,
        "name": name["name"] if name else person.name,
        "replies": [
            {
                "question": row["question_id"],
                "date": row["local_date"],
                "written_at": records.moment(row["at"]).isoformat(),
                "text": row["text"],
                "state": row["state"],
                "practice": bool(row["practice"]),
                "copied": bool(row["copied"]),
                "score": row["score"],
                "grade": json.loads(row["grade"]) if row["grade"] else None,
            }
            for row in replies
        ],
    }


def _forget(place: Place, user: str, now: int) -> Unit[int]:
    where = {"platform": place.platform, "community": place.community, "user_id": user}
    gone = yield from rows("replies_forget", **where)
    for round_id in sorted({row["round_id"] for row in gone}):
        # Their replies are nobody's now, so recounting takes their result and every sum it was part of away.
        yield from results.recount(round_id, user)
        yield from rows("outbox_reveals_of", round_id=round_id, now=now)
    yield from one("person_delete", **where)
    return len(gone)

"""What holds for a whole community: whether organisers are on its boards, and where its weekly digest goes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from bot.coach import acts, records
from bot.coach.acts import Act
from bot.core import rules
from bot.core.errors import UsageError
from bot.core.model import Channel, CommunitySettings, Person, Place, Schedule
from bot.core.ports import Clock, Store, Unit, one, rows

SETTINGS = frozenset({"organisers-on-boards", "digest"})
"""The names that /mlops config set takes beside those of a channel."""

ORGANISER = "organiser"
"""Why somebody is on no board."""

_SWITCH = {"on": True, "yes": True, "here": True, "off": False, "no": False, "nowhere": False}


class Community:
    """Reads the settings of a community, and keeps organisers off its boards where that is so."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def settings(self, place: Place) -> CommunitySettings:
        """What holds in a community."""
        return await self._store.read(_settings, place)

    async def seen(self, place: Place, person: Person) -> None:
        """Somebody has just done something as an organiser: who is one, only the platform knows, and only then."""
        if not (await self.settings(place)).organisers_listed:
            await self._store.write(_off, place, person.id, records.micros(self._clock.now()))

    async def told(self, place: Place, user: str) -> None:
        """The platform has told that somebody who has written is an organiser."""
        if not (await self.settings(place)).organisers_listed:
            await self._store.write(_off_if_known, place, user, records.micros(self._clock.now()))


def change(channel: Channel, name: str, value: str, by: Person | None, now: int) -> Unit[None]:
    """Change one of SETTINGS; `channel` is the one where that was said. Raises UsageError."""
    on = _SWITCH.get(value.casefold())
    if on is None:
        raise UsageError(f"{value[:40] or 'Nothing'} is neither on nor off.")
    where = {"platform": channel.place.platform, "community": channel.place.community}
    yield from one("community_settings_put", **where)
    if name == "digest":
        schedule = channel.schedule or Schedule()
        at = records.micros(rules.next_digest_at(schedule, records.moment(now)))
        yield from one("digest_set", **where, channel_id=channel.id if on else None, at=at)
    else:
        yield from one("organisers_listed_set", **where, listed=int(on))
        yield from (_all_on(channel.place, now) if on else _all_off(channel.place, by, now))
    yield from acts.note(channel.place, by, Act.CONFIG, f"{name} {'on' if on else 'off'}", now)


def reschedule(before: Channel, after: Channel, now: int) -> Unit[None]:
    """A channel has another schedule: the digest that is posted there follows, and no week is left out for it."""
    where = {"platform": after.place.platform, "community": after.place.community}
    row = yield from one("digest_of_channel", **where, channel_id=after.id)
    if row is None:
        return
    schedule = after.schedule or Schedule()
    at = rules.next_digest_at(schedule, records.moment(now))
    owed = week_of(before.schedule or Schedule(), records.moment(row["digest_at"]))
    missed = week_of(schedule, at) > owed  # its new time has gone by and its old one hasn't
    yield from one("digest_set", **where, channel_id=after.id, at=now if missed else records.micros(at))


def answered(place: Place, user: str, now: int) -> Unit[None]:
    """Somebody has written whom the platform knows as an organiser."""
    if not (yield from _settings(place)).organisers_listed:
        yield from _off(place, user, now)


def reappointed(place: Place, before: Collection[str], now: int) -> Unit[None]:
    """Others are named as organisers than `before`: who is off the boards for that follows.

    Those whom the platform knows as organisers stay where they are.
    """
    where = {"platform": place.platform, "community": place.community}
    named = {row["user_id"] for row in (yield from rows("organisers_of", **where))}
    for user in set(before) - named:
        if (yield from rows("off_board_delete", **where, user_id=user, why=ORGANISER)):
            yield from _said_again({**where, "user_id": user}, now)
    if not (yield from _settings(place)).organisers_listed:
        yield from _all_off(place, None, now)


def _settings(place: Place) -> Unit[CommunitySettings]:
    row = yield from one("community_settings_get", platform=place.platform, community=place.community)
    if row is None:
        return CommunitySettings()
    digest = None
    if row["digest_channel"] is not None:
        digest = Place(place.platform, place.community, row["digest_channel"])
    return CommunitySettings(bool(row["organisers_listed"]), digest, row["digest_name"] or "")


def _all_off(place: Place, by: Person | None, now: int) -> Unit[None]:
    named = yield from rows("organisers_of", platform=place.platform, community=place.community)
    for user in {row["user_id"] for row in named} | ({by.id} if by else set()):
        yield from _off(place, user, now)


def _off(place: Place, user: str, now: int) -> Unit[None]:
    where = {"platform": place.platform, "community": place.community, "user_id": user}
    if (yield from rows("off_board_put", **where, why=ORGANISER)):
        yield from _said_again(where, now)


def _off_if_known(place: Place, user: str, now: int) -> Unit[None]:
    """Not if they were forgotten while the platform was asked."""
    where = {"platform": place.platform, "community": place.community}
    if (yield from one("person_name", **where, user_id=user)):
        yield from _off(place, user, now)


def _all_on(place: Place, now: int) -> Unit[None]:
    where = {"platform": place.platform, "community": place.community}
    for row in (yield from rows("off_boards_end", **where, why=ORGANISER)):
        yield from _said_again({**where, "user_id": row["user_id"]}, now)


def _said_again(where: dict[str, str], now: int) -> Unit[None]:
    """Reveals name the best: those change that somebody was, or would have been, among."""
    for row in (yield from rows("rounds_with_podium_of", **where, places=rules.PODIUM_ROWS)):
        yield from rows("outbox_again_of_round", round_id=row["round_id"], kind="reveal", now=now)


def week_of(schedule: Schedule, now: dt.datetime) -> dt.date:
    """The Monday of the week before the one that it is by a schedule's zone."""
    today = rules.local_date(schedule.zone, now)
    return today - dt.timedelta(days=today.weekday() + 7)

"""What organisers do: set a channel up, see what comes, look after what failed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from bot.coach import acts, channel_settings, community, records
from bot.coach.acts import Act
from bot.coach.recounts import recount_due
from bot.coach.rounds import Rounds
from bot.core import rules
from bot.core.errors import UsageError
from bot.core.model import Channel, Person, Place, Schedule
from bot.core.ports import Clock, CrashPoint, Store, Unit, no_crash, one, rows
from bot.core.rules import NAME_LIMIT
from bot.core.text import one_line, storable

SETTINGS = (*channel_settings.SETTINGS, "organisers", *sorted(community.SETTINGS))
"""The names that /mlops config set takes."""

MOST_FAILED = 20
MOST_ORGANISERS = 25
_MENTIONED = re.compile(r"<@!?(?P<id>\w{1,40})(?:\|(?P<name>[^>|]{0,100}))?>|@(?P<called>[^@<,]{1,80})")


class Organise:
    """Changes a channel's settings and shows its troubles."""

    def __init__(self, store: Store, rounds: Rounds, clock: Clock, crash: CrashPoint = no_crash) -> None:
        self._store, self._rounds, self._clock, self._crash = store, rounds, clock, crash

    async def show(self, place: Place) -> tuple[Channel, list[dt.datetime]]:
        """A channel's settings and its next three posts."""
        channel = await self._rounds.channel(place)
        posts = await self._rounds.next_posts(place, most=3)
        return self._ahead(channel), [at for of, at in posts if of.id == channel.id]

    async def set(
        self, place: Place, values: dict[str, str], *, by: Person | None = None
    ) -> tuple[Channel, list[dt.datetime]]:
        """Change some of SETTINGS; a schedule begins with the first. Raises UsageError, and then nothing changed."""
        channel = await self._rounds.channel(place)
        changed = channel
        for name, value in values.items():
            if name not in SETTINGS:
                raise UsageError(f"There is no setting called {name}. Settings: {', '.join(SETTINGS)}.")
            if name in channel_settings.SETTINGS:
                changed = channel_settings.changed(changed, name, value.strip())
        now = records.micros(self._clock.now())
        if await self._store.write(_set, channel, changed, values, by, now):
            self._crash("channel.saved")
            self._rounds.bell.ring()
        if {"rule", "hint-cost"} & values.keys():
            await recount_due(self._store, self._crash)
        return await self.show(place)

    async def channels(self, place: Place) -> list[Channel]:
        """The channels of a community that have a daily question, by name."""
        where = {"platform": place.platform, "community": place.community}
        found = await self._store.read(rows, "channels_of_community", **where)
        return [self._ahead(records.channel(row, row["id"])) for row in found]

    def _ahead(self, channel: Channel) -> Channel:
        """A channel without the pauses and holidays that are over."""
        if channel.schedule is None:
            return channel
        today = rules.local_date(channel.schedule.zone, self._clock.now())
        return dataclasses.replace(channel, schedule=rules.ahead(channel.schedule, today))

    async def organisers(self, place: Place) -> list[Person]:
        """Whom the organisers of a community named beside themselves."""
        found = await self._store.read(rows, "organisers_of", platform=place.platform, community=place.community)
        return [Person(row["user_id"], row["name"]) for row in found]

    async def is_named(self, place: Place, user: str) -> bool:
        """Whether somebody is one of them."""
        where = {"platform": place.platform, "community": place.community}
        return await self._store.read(one, "organiser_get", **where, user_id=user) is not None

    async def disputed(self, place: Place) -> list[tuple[int, str, tuple[int, ...]]]:
        """The newest replies whose graders were far apart: id, author, their scores."""
        return await self._store.read(_disputed, place)

    async def failed(self, place: Place) -> tuple[list[tuple[int, str, str, str]], list[tuple[str, str]]]:
        """Replies that couldn't be graded (id, author, question, why) and messages not posted (kind, why)."""
        where = {"platform": place.platform, "community": place.community}
        replies = await self._store.read(
            rows, "replies_failed", platform=where["platform"], community=where["community"], most=MOST_FAILED
        )
        dropped = await self._store.read(
            rows, "outbox_dropped", platform=where["platform"], community=where["community"], most=MOST_FAILED
        )
        titles = [records.QUESTION.validate_json(row["body"]).title for row in replies]
        lost = [(row["id"], row["name"], title, row["failure"]) for row, title in zip(replies, titles, strict=True)]
        return lost, [(row["kind"], row["failure"]) for row in dropped]


def _disputed(place: Place) -> Unit[list[tuple[int, str, tuple[int, ...]]]]:
    found = yield from rows("replies_disputed", platform=place.platform, community=place.community, most=MOST_FAILED)
    return [(row["id"], row["name"], records.GRADE.validate_json(row["grade"]).receipt.scores) for row in found]


def _set(channel: Channel, changed: Channel, values: Mapping[str, str], by: Person | None, now: int) -> Unit[bool]:
    """Save what was changed of a channel and of its community, all or nothing; whether anything was.

    What another organiser has changed since `channel` was read stays.
    """
    row = yield from one("channel_get", id=channel.id)
    if row is None:
        raise UsageError("This channel was forgotten a moment ago. Try again.")
    present = records.channel(row, channel.id)
    channel, changed = present, _merged(present, channel, changed)
    if changed != channel:  # first: the digest comes by the new schedule
        yield from _save(channel, changed, by, now)
    whole = [name for name in values if name not in channel_settings.SETTINGS]
    for name in whole:
        if name == "organisers":
            yield from _appoint(channel.place, values[name].strip(), by, now)
        else:
            yield from community.change(changed, name, values[name].strip(), by, now)
    return bool(whole) or changed != channel


def _merged(present: Channel, before: Channel, after: Channel) -> Channel:
    """A channel with those of its settings changed that differ between `before` and `after`."""
    changes = _changes(before, after)
    if after.schedule is not None and "schedule" in changes:
        other = _changes(before.schedule or Schedule(), after.schedule)
        changes["schedule"] = dataclasses.replace(present.schedule or Schedule(), **other)
    return dataclasses.replace(present, **changes)


def _changes(before: Channel | Schedule, after: Channel | Schedule) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(after)]
    return {name: getattr(after, name) for name in names if getattr(before, name) != getattr(after, name)}


def _save(before: Channel, after: Channel, by: Person | None, now: int) -> Unit[None]:
    schedule = after.schedule or Schedule()
    yield from one(
        "channel_set",
        id=after.id,
        scheduled=int(after.schedule is not None),
        post_minute=schedule.time.hour * 60 + schedule.time.minute,
        zone=schedule.zone,
        weekdays="".join(str(day) for day in sorted(schedule.weekdays)),
        grace_s=int(schedule.grace.total_seconds()),
        mention=after.mention,
        rule=after.rule,
        close_after_s=int(after.close_after.total_seconds()),
        pin=int(after.pin),
        archive_min=int(after.archive_after.total_seconds()) // 60,
        hint_cost=after.hint_cost,
        moved=int(before.schedule != after.schedule),
        now=now,
    )
    if before.schedule != after.schedule:
        yield from community.reschedule(before, after, now)
    yield from acts.note(after.place, by, Act.CONFIG, _what_changed(before, after), now)


def _what_changed(before: Channel, after: Channel) -> str:
    """The names of the settings that were changed. Not their values: a mention may be somebody's."""
    was, is_ = before.schedule or Schedule(), after.schedule or Schedule()
    timed = [name for name in ("time", "zone", "weekdays", "grace") if getattr(was, name) != getattr(is_, name)]
    names = [field.name for field in dataclasses.fields(Channel) if field.name not in ("id", "place", "schedule")]
    other = [name.replace("_", "-") for name in names if getattr(before, name) != getattr(after, name)]
    return f"{', '.join(timed + other) or 'the schedule'} of {after.name or 'a channel'}"


def _appoint(place: Place, value: str, by: Person | None, now: int) -> Unit[None]:
    """Replace a community's named organisers by those that a text mentions."""
    where = {"platform": place.platform, "community": place.community}
    named: dict[str, str] = {}
    if value.casefold() not in ("", "nobody", "none", "-"):
        for found in _MENTIONED.finditer(value):
            person = yield from _meant(where, found)
            named[person.id] = person.name
        if not named or len(named) > MOST_ORGANISERS or _MENTIONED.sub("", value).strip(" ,\t"):
            raise UsageError(f"Mention the people, such as @Ada @Ben (at most {MOST_ORGANISERS}), or write nobody.")
    before = yield from rows("community_forget_organisers", **where)
    for user, name in named.items():
        yield from one("organiser_put", **where, user_id=user, name=name)
    yield from community.reappointed(place, [row["user_id"] for row in before], now)
    yield from acts.note(place, by, Act.ORGANISERS, "", now)


def _meant(where: dict[str, str], found: re.Match[str]) -> Unit[Person]:
    """A person by a platform's mention, or by the name under which they have written here."""
    if found["id"]:
        known = yield from one("person_name", **where, user_id=found["id"])
        name = found["name"] or (known["name"] if known else "") or found["id"]
        return Person(found["id"], one_line(storable(name), NAME_LIMIT))
    called = yield from rows("people_called", **where, name=found["called"].strip())
    if len(called) != 1:
        what = "Nobody" if not called else "More than one person"
        raise UsageError(f"{what} called {found['called'].strip()[:40]} has written here.")
    return Person(called[0]["user_id"], called[0]["name"])

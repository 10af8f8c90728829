"""What organisers do: set a channel up, see what comes, look after what failed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import zoneinfo
from collections.abc import Callable

from bot.coach import acts, community, records
from bot.coach.acts import Act
from bot.coach.recounts import recount_due
from bot.coach.rounds import Rounds
from bot.core import rules
from bot.core.errors import UsageError
from bot.core.model import Channel, CountingRule, Person, Place, Schedule
from bot.core.ports import Clock, CrashPoint, Store, Unit, no_crash, one, rows
from bot.core.render import DAYS
from bot.core.rules import NAME_LIMIT
from bot.core.text import one_line, storable

SETTINGS = (
    *("time", "zone", "weekdays", "grace", "mention", "rule", "close-after", "pin", "archive", "hint-cost"),
    "organisers",
    *sorted(community.SETTINGS),
)
"""The names that /mlops config set takes."""

ARCHIVE_TIMES = frozenset({dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(days=3), dt.timedelta(days=7)})
"""After how long without a word a thread can be put away: what Discord offers."""

HINT_COSTS = tuple("0123456789")
"""What a hint can take off the score that counts, in points of 10; none takes the last point."""

MOST_FAILED = 20
_VALUE_LIMIT = 60
"""Characters of a setting's value; no right one is longer but a mention or a list of people."""

MOST_ORGANISERS = 25
_MENTIONED = re.compile(r"<@!?(?P<id>\w{1,40})(?:\|(?P<name>[^>|]{0,100}))?>|@(?P<called>[^@<,]{1,80})")
_LONGEST = dt.timedelta(days=14)
_DURATION = re.compile(r"(?P<number>\d{1,5})\s*(?P<unit>m|min|minutes?|h|hours?|d|days?)")
_UNITS = {"m": dt.timedelta(minutes=1), "h": dt.timedelta(hours=1), "d": dt.timedelta(days=1)}


class Organise:
    """Changes a channel's settings and shows its troubles."""

    def __init__(self, store: Store, rounds: Rounds, clock: Clock, crash: CrashPoint = no_crash) -> None:
        self._store, self._rounds, self._clock, self._crash = store, rounds, clock, crash

    async def show(self, place: Place) -> tuple[Channel, list[dt.datetime]]:
        """A channel's settings and its next three posts."""
        channel = await self._rounds.channel(place)
        posts = await self._rounds.next_posts(place, most=30)
        if channel.schedule:
            today = rules.local_date(channel.schedule.zone, self._clock.now())
            channel = dataclasses.replace(channel, schedule=rules.ahead(channel.schedule, today))
        return channel, [at for of, at in posts if of.id == channel.id][:3]

    async def set(
        self, place: Place, values: dict[str, str], *, by: Person | None = None
    ) -> tuple[Channel, list[dt.datetime]]:
        """Change some of SETTINGS; a schedule begins with the first. Raises UsageError, and then nothing changed."""
        channel = await self._rounds.channel(place)
        if "organisers" in values:
            now = records.micros(self._clock.now())
            await self._store.write(_appoint, place, values["organisers"].strip(), by, now)
            values = {name: value for name, value in values.items() if name != "organisers"}
        for name in community.SETTINGS & values.keys():
            now = records.micros(self._clock.now())
            await self._store.write(community.change, channel, name, values[name].strip(), by, now)
            self._crash("community.saved")
            self._rounds.bell.ring()
        values = {name: value for name, value in values.items() if name not in community.SETTINGS}
        changed = channel
        for name, value in values.items():
            changed = _changed(changed, name, value.strip())
        if changed != channel:
            await self._store.write(_save, channel, changed, by, records.micros(self._clock.now()))
            self._crash("channel.saved")
            self._rounds.bell.ring()
        if {"rule", "hint-cost"} & values.keys():
            await recount_due(self._store, self._crash)
        return await self.show(place)

    async def channels(self, place: Place) -> list[Channel]:
        """The channels of a community that have a daily question, by name."""
        where = {"platform": place.platform, "community": place.community}
        found = await self._store.read(rows, "channels_of_community", **where)
        return [records.channel(row, row["id"]) for row in found]

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
    yield from rows("community_forget_organisers", **where)
    for user, name in named.items():
        yield from one("organiser_put", **where, user_id=user, name=name)
    yield from community.reappointed(place, now)
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


# ---------------------------------------------------------------------------------------------- reading settings


def _changed(channel: Channel, name: str, value: str) -> Channel:
    if len(value) > _VALUE_LIMIT and name != "mention":
        raise UsageError(f"{value[:_VALUE_LIMIT]}… is too long for {name}.")
    schedule = channel.schedule or Schedule()
    timed: dict[str, Callable[[], Schedule]] = {
        "time": lambda: dataclasses.replace(schedule, time=read_time(value)),
        "zone": lambda: dataclasses.replace(schedule, zone=read_zone(value)),
        "weekdays": lambda: dataclasses.replace(schedule, weekdays=read_weekdays(value)),
        "grace": lambda: dataclasses.replace(schedule, grace=read_duration(value)),
    }
    if name in timed:
        return dataclasses.replace(channel, schedule=timed[name]())
    match name:
        case "mention":
            nobody = value.casefold() in ("", "nobody", "none", "-")
            return dataclasses.replace(channel, mention="" if nobody else value[:100])
        case "rule":
            if value.casefold() not in list(CountingRule):
                raise UsageError(f"{value or 'Nothing'} is not a rule. Rules: {', '.join(CountingRule)}.")
            return dataclasses.replace(channel, rule=CountingRule(value.casefold()))
        case "close-after":
            after = read_duration(value)
            if after < dt.timedelta(minutes=1):
                raise UsageError("A round stays open for at least a minute. Write a time such as 24h.")
            return dataclasses.replace(channel, close_after=after)
        case "pin":
            return dataclasses.replace(channel, pin=read_switch(value))
        case "hint-cost":
            if value not in HINT_COSTS:
                raise UsageError(f"{value or 'Nothing'} can't be. A hint costs 0 to {len(HINT_COSTS) - 1} of 10 points.")
            return dataclasses.replace(channel, hint_cost=int(value))
        case "archive":
            after = read_duration(value)
            if after not in ARCHIVE_TIMES:
                raise UsageError(f"{value} can't be. A thread is archived after 1h, 1d, 3d or 7d without a word.")
            return dataclasses.replace(channel, archive_after=after)
        case _:
            raise UsageError(f"There is no setting called {name}. Settings: {', '.join(SETTINGS)}.")


def read_switch(value: str) -> bool:
    """On or off, in the words that people use. Raises UsageError."""
    word = value.casefold()
    if word in ("on", "yes", "true", "1"):
        return True
    if word in ("off", "no", "false", "0"):
        return False
    raise UsageError(f"{value or 'Nothing'} is neither on nor off.")


def read_time(value: str) -> dt.time:
    """A time of day such as 09:00, 9:30, 9 or 9pm. Raises UsageError."""
    found = re.fullmatch(r"(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm)?", value.strip().casefold())
    if found:
        hour, minute = int(found[1]), int(found[2] or 0)
        if found[3] and 1 <= hour <= 12:
            hour = hour % 12 + (12 if found[3] == "pm" else 0)
        if hour < 24 and minute < 60:
            return dt.time(hour, minute)
    raise UsageError(f"{value or 'Nothing'} is not a time of day. Write it like 09:00.")


def read_zone(value: str) -> str:
    """An IANA zone, in any case; "Berlin" is read as Europe/Berlin. Raises UsageError with what was probably meant."""
    known = zoneinfo.available_timezones()
    wanted = value.replace(" ", "_").casefold()
    exact = {zone.casefold(): zone for zone in known}
    cities = {zone.rpartition("/")[2].casefold(): zone for zone in sorted(known) if "/" in zone}
    if wanted in exact:
        return exact[wanted]
    if wanted in cities:
        return cities[wanted]
    from difflib import get_close_matches  # only for a slip of the pen

    close = get_close_matches(wanted, [*exact, *cities], n=1, cutoff=0.6)
    hint = f" Did you mean {(exact | cities)[close[0]]}?" if close else " Write one like Europe/Berlin."
    raise UsageError(f"There is no time zone called {value or 'nothing'}.{hint}")


def read_weekdays(value: str) -> frozenset[int]:
    """Days such as "mon-fri", "mon,wed,fri", "daily" or "weekends" (Monday is 0). Raises UsageError."""
    names = [day.casefold() for day in DAYS]
    text = {"daily": "mon-sun", "every day": "mon-sun", "all": "mon-sun", "weekdays": "mon-fri", "weekends": "sat-sun"}
    days: set[int] = set()
    for part in re.split(r"[,\s]+", text.get(value.casefold().strip(), value.casefold().strip())):
        ends = [name[:3] for name in part.split("-")]
        if not 1 <= len(ends) <= 2 or any(name not in names for name in ends):
            raise UsageError(f"{part or 'Nothing'} is not a day. Write days like mon-fri or mon,wed,fri.")
        first, last = names.index(ends[0]), names.index(ends[-1])
        days.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return frozenset(days)


def read_duration(value: str) -> dt.timedelta:
    """A time span such as 90m, 24h or 2d, at most 14 days. Raises UsageError."""
    found = _DURATION.fullmatch(value.strip().casefold())
    span = int(found["number"]) * _UNITS[found["unit"][0]] if found else None
    if span is None or span > _LONGEST:
        raise UsageError(f"{value or 'Nothing'} is not a time span. Write one like 90m, 24h or 2d, at most 14d.")
    return span

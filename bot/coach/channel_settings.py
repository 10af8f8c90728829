"""Settings as people write them: what a channel is after one of them is changed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Final

from bot.core.errors import UsageError
from bot.core.model import Channel, CountingRule, Schedule
from bot.core.render import DAYS
from bot.core.zones import zones

ARCHIVE_TIMES = frozenset({dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(days=3), dt.timedelta(days=7)})
"""After how long without a word a thread can be put away: what Discord offers."""

HINT_COSTS = tuple("0123456789")
"""What a hint can take off the score that counts, in points of 10; none takes the last point."""

_VALUE_LIMIT = 60
"""Characters of a setting's value; no right one is longer but a mention or a list of people."""

_LONGEST = dt.timedelta(days=14)
_DURATION = re.compile(r"(?P<number>\d{1,5})\s*(?P<unit>m|min|minutes?|h|hours?|d|days?)")
_UNITS = {"m": dt.timedelta(minutes=1), "h": dt.timedelta(hours=1), "d": dt.timedelta(days=1)}


def changed(channel: Channel, name: str, value: str) -> Channel:
    """A channel with one of SETTINGS changed. Raises UsageError for an unknown one and for a value that can't be."""
    if len(value) > _VALUE_LIMIT and name != "mention":
        raise UsageError(f"{value[:_VALUE_LIMIT]}… is too long for {name}.")
    if name in _SCHEDULE:
        return dataclasses.replace(channel, schedule=_SCHEDULE[name](channel.schedule or Schedule(), value))
    return _CHANNEL[name](channel, value)


def _mention(channel: Channel, value: str) -> Channel:
    nobody = value.casefold() in ("", "nobody", "none", "-")
    return dataclasses.replace(channel, mention="" if nobody else value[:100])


def _rule(channel: Channel, value: str) -> Channel:
    if value.casefold() not in list(CountingRule):
        raise UsageError(f"{value or 'Nothing'} is not a rule. Rules: {', '.join(CountingRule)}.")
    return dataclasses.replace(channel, rule=CountingRule(value.casefold()))


def _close_after(channel: Channel, value: str) -> Channel:
    after = read_duration(value)
    if after < dt.timedelta(minutes=1):
        raise UsageError("A round stays open for at least a minute. Write a time such as 24h.")
    return dataclasses.replace(channel, close_after=after)


def _grace(schedule: Schedule, value: str) -> Schedule:
    grace = read_duration(value)
    if grace < dt.timedelta(minutes=1):  # no post is made on the dot: all would be too late
        raise UsageError("A question may come at least a minute late. Write a time such as 3h.")
    return dataclasses.replace(schedule, grace=grace)


def _pin(channel: Channel, value: str) -> Channel:
    return dataclasses.replace(channel, pin=read_switch(value))


def _archive(channel: Channel, value: str) -> Channel:
    after = read_duration(value)
    if after not in ARCHIVE_TIMES:
        raise UsageError(f"{value} can't be. A thread is archived after 1h, 1d, 3d or 7d without a word.")
    return dataclasses.replace(channel, archive_after=after)


def _hint_cost(channel: Channel, value: str) -> Channel:
    if value not in HINT_COSTS:
        most = len(HINT_COSTS) - 1
        raise UsageError(f"{value or 'Nothing'} can't be. A hint costs 0 to {most} of 10 points.")
    return dataclasses.replace(channel, hint_cost=int(value))


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
    known = zones()
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


_SCHEDULE: Final[Mapping[str, Callable[[Schedule, str], Schedule]]] = {
    "time": lambda schedule, value: dataclasses.replace(schedule, time=read_time(value)),
    "zone": lambda schedule, value: dataclasses.replace(schedule, zone=read_zone(value)),
    "weekdays": lambda schedule, value: dataclasses.replace(schedule, weekdays=read_weekdays(value)),
    "grace": _grace,
}
_CHANNEL: Final[Mapping[str, Callable[[Channel, str], Channel]]] = {
    "mention": _mention,
    "rule": _rule,
    "close-after": _close_after,
    "pin": _pin,
    "archive": _archive,
    "hint-cost": _hint_cost,
}
SETTINGS: Final = (*_SCHEDULE, *_CHANNEL)
"""The names of a channel's settings."""

"""What the chat's units of work share: names, times and numbers as the database holds them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bot.core.model import Person
from bot.core.ports import Unit, one

PLATFORM = "web"
COMMUNITY = "local"

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who picked a name here."""

    id: str
    name: str
    organiser: bool

    @property
    def person(self) -> Person:
        return Person(self.id, self.name)


def micros(at: dt.datetime) -> int:
    """An aware time as microseconds since 1970."""
    return (at - _EPOCH) // dt.timedelta(microseconds=1)


def moment(number: int) -> dt.datetime:
    """The inverse of micros."""
    return _EPOCH + dt.timedelta(microseconds=number)


def revision_text(revision: int) -> str:
    """A message's revision as the coach knows it: "" for the first text, else the edit's ISO time, which sorts."""
    return moment(revision).isoformat(timespec="microseconds") if revision else ""


def row_id(text: str) -> int:
    """A message's id as a number; 0, which no message has, for what isn't one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 15 else 0


def next_change() -> Unit[int]:
    """The number of the change that is being made."""
    row = yield from one("chat_next_change")
    assert row is not None  # noqa: S101  # the schema puts the row there
    return int(row["number"])

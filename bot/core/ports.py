"""What the coach needs from the world, as narrow protocols in its own types."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ParamSpec, Protocol, TypeVar, runtime_checkable

from bot.core.message import Parcel
from bot.core.model import KeyPoint, Place, Reply, Task, Verdict

T = TypeVar("T")
P = ParamSpec("P")

# ---------------------------------------------------------------------------------------------- the store

Row = Mapping[str, Any]


@dataclass(slots=True)  # not frozen: one is made for every statement, and freezing doubles what that costs
class Query:
    """A statement by its name in queries.sql, with named parameters (str, int, float or None)."""

    name: str
    params: Mapping[str, str | int | float | None] = field(default_factory=dict)


Unit = Generator[Query, Sequence[Row], T]
"""A unit of work: yields queries, is sent their rows, returns its result. It runs whole or not at all.

It does no I/O of its own and must not be awaited on: a store runs it on a thread of its own.
"""


def rows(name: str, /, **params: str | int | float | None) -> Unit[Sequence[Row]]:
    """All rows of a query, for `yield from` within a unit of work."""
    return (yield Query(name, params))


def one(name: str, /, **params: str | int | float | None) -> Unit[Row | None]:
    """The first row of a query, or None, for `yield from` within a unit of work."""
    found = yield Query(name, params)
    return found[0] if found else None


def soft(unit: Callable[P, Unit[T]]) -> Callable[P, Unit[T]]:
    """Mark a unit whose work may be forgotten when the machine loses power: it is done again then, or found done.

    A store may spare it the flush to the disk. It outlives the death of the process like any other; and what is written
    after it is never there without it.
    """
    _SOFT.add(unit)
    return unit


def is_soft(start: Callable[[], Unit[Any]]) -> bool:
    """Whether what a store is to begin is a unit that was marked so."""
    return getattr(start, "func", start) in _SOFT


_SOFT: set[Callable[..., Unit[Any]]] = set()


class Store(Protocol):
    """A database that runs units of work."""

    async def write(self, unit: Callable[P, Unit[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `unit(*args, **kwargs)` in a transaction and return its result once that is durable.

        Raises StoreError when it can't be made durable; what the unit itself raises passes through, its work undone.
        """
        ...

    async def read(self, unit: Callable[P, Unit[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a unit that only reads, against one consistent state that includes every finished write."""
        ...

    async def notify(self, told: str) -> None:
        """Tell all other processes that use this database something (at most 200 characters), if they listen.

        Best effort: it may get lost. Where a database belongs to one process there is nobody to tell.
        """
        ...

    async def listen(self, hear: Callable[[str], None]) -> None:
        """Have `hear` called on the event loop with what is told from now on, by this process too. Returns at once.

        It is called with "" when something may have been missed, as after a lost connection.
        """
        ...

    async def close(self) -> None: ...


# ---------------------------------------------------------------------------------------------- the grader


class Grader(Protocol):
    """Compares an answer with a sample answer."""

    @property
    def name(self) -> str: ...

    async def grade(self, task: Task) -> Verdict:
        """Raises GraderAway when it can't answer for now, GraderError when it never will for this task."""
        ...

    async def close(self) -> None: ...


class Support(Protocol):
    """Says whether words carry a claim, whoever maintains that they do."""

    async def supports(self, pairs: Sequence[tuple[KeyPoint, str]], question: str) -> list[bool]:
        """For each (point, quote) of one answer to a question: whether the quote carries the point, at least partly.

        It may do so in any of the point's wordings. What the question says already is no evidence of anything.
        """
        ...

    async def close(self) -> None: ...


# ---------------------------------------------------------------------------------------------- the platforms


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a parcel landed: the message's id, and the thread that was made from it ("" if none was).

    `note` tells the organisers what couldn't be done about it, and how to allow it.
    """

    message: str
    thread: str = ""
    note: str = ""


class Platform(Protocol):
    """A chat as the coach uses it. Raises PlatformAway for what passes and PlatformError for what doesn't."""

    @property
    def name(self) -> str: ...

    @property
    def finds_personal(self) -> bool:
        """Whether `find` finds messages for one person too. Where it doesn't, they are sent at most once."""
        ...

    def serves(self, community: str) -> bool:
        """Whether this process is the one that hears a community. What is for others is sent only when overdue."""
        ...

    async def send(self, parcel: Parcel) -> Sent: ...

    async def find(self, parcel: Parcel) -> Sent | None:
        """The message of a parcel that may have been sent before a crash, by its key; None if it isn't there."""
        ...

    async def amend(self, message: str, parcel: Parcel) -> None:
        """Show a parcel's present words in the message that was posted for it earlier."""
        ...

    async def forget(self, community: str, user: str) -> None:
        """Delete what this platform keeps in the coach's own store about a person; nothing where it keeps nothing."""
        ...

    async def acknowledge(self, reply: Reply) -> None:
        """Put the receipt on a stored reply: seen. Best effort; never raises PlatformError."""
        ...

    def history(self, place: Place, thread: str, since: dt.datetime) -> AsyncIterator[Reply]:
        """People's messages in a thread since a time, oldest first, each at its present revision."""
        ...

    async def run(self) -> None:
        """Serve until cancelled."""
        ...


@runtime_checkable
class Erases(Protocol):
    """A platform that can take back what the coach said, by what `erasures` holds: to somebody who is forgotten, or
    about an answer that was deleted.
    """

    def erase_soon(self) -> None:
        """Delete it in the background; what can't be reached now stays noted. Returns at once."""
        ...


@runtime_checkable
class Keeps(Protocol):
    """A platform that keeps more about people in the coach's own store than the coach itself does."""

    async def export(self, community: str, user: str) -> dict[str, Any]:
        """All of that about one person, as JSON can hold it. Raises StoreError."""
        ...


# ---------------------------------------------------------------------------------------------- the rest


class Clock(Protocol):
    """The time, in UTC."""

    def now(self) -> dt.datetime: ...

    async def sleep(self, seconds: float) -> None: ...


CrashPoint = Callable[[str], None]
"""Called at every named step between an event and its delivery; does nothing in normal runs."""


def no_crash(name: str) -> None:
    """The crash point of normal runs."""


class Meter(Protocol):
    """Counts what happens, for whoever runs the coach. Labels have few values, and never a person or a text."""

    def count(self, name: str, by: float = 1.0, /, **labels: str) -> None:
        """Something has happened, `by` times."""
        ...

    def observe(self, name: str, seconds: float, /, **labels: str) -> None:
        """Something has taken so long."""
        ...


class NoMeter:
    """The meter where nobody looks."""

    def count(self, name: str, by: float = 1.0, /, **labels: str) -> None:
        """Forget it."""

    def observe(self, name: str, seconds: float, /, **labels: str) -> None:
        """Forget it."""


NO_METER = NoMeter()

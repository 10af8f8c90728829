"""What the engines have in common: how a unit of work is begun and ends, and what is no unit of work."""

from __future__ import annotations

from collections.abc import Callable, Generator, Set
from dataclasses import dataclass
from types import GeneratorType
from typing import Any, Final

from bot.core.errors import StoreError
from bot.core.ports import Query, Unit

Start = Callable[[], Unit[Any]]
"""Begins a unit of work anew: it may be called again when a transaction has to be repeated."""

MAX_STATEMENTS: Final = 100_000
"""A unit that yields more is stopped: it would keep everybody else waiting."""


@dataclass(slots=True)  # not frozen: one is made for every reply, and freezing triples what that costs
class Done:
    """A unit's result."""

    value: Any


@dataclass(slots=True)
class Failed:
    """What a unit raised, or what kept it from becoming durable."""

    error: BaseException


Outcome = Done | Failed


def begun(start: Start) -> Generator[Query, Any, Any]:
    """The generator of a unit of work. Raises TypeError where it is none."""
    unit = start()
    if not isinstance(unit, GeneratorType):
        raise TypeError(f"a unit of work is a generator function, not one that returns {type(unit).__name__}")
    return unit


def endless(where: object) -> StoreError:
    """The error for a unit that has yielded MAX_STATEMENTS statements."""
    return StoreError(f"{where}: a unit of work went beyond {MAX_STATEMENTS} statements; split it")


def misuse(query: object, parameters: Set[str] | None) -> Exception:
    """What is wrong with what a unit yielded; `parameters` are those of the query that it named, if there is one."""
    if not isinstance(query, Query):
        return TypeError(f"a unit of work yields queries, not {type(query).__name__}")
    if parameters is None:
        return StoreError(f"there is no query named {query.name!r}; add it to the queries of the store")
    wrong = ", ".join(sorted(query.params.keys() ^ parameters))
    return StoreError(f"the query {query.name} was given too few or too many parameters; look at: {wrong}")

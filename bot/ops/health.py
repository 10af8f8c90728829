"""Whether a coach is alive (its loops turn) and ready (its database answers, its platforms are connected)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, runtime_checkable

from bot.core.errors import CoachError
from bot.core.ports import Platform, Row, Store, one

T = TypeVar("T")

PROBE_S = 2.0
"""Seconds that the database has to answer."""

LATE_S = 120.0
"""Seconds that a loop may be beyond its time; a step over thousands of channels takes its while."""

OK = "ok"

Step = Callable[[], Awaitable[float]]
"""What a loop does again and again; it returns the seconds until the next at the latest."""


@runtime_checkable
class Connects(Protocol):
    """A platform that knows whether it is connected; one that doesn't say counts as connected."""

    @property
    def connected(self) -> bool: ...


@runtime_checkable
class Takes(Protocol):
    """A platform that knows how many messages it has handed over that aren't stored yet."""

    @property
    def taking(self) -> int: ...


class Beats:
    """When each loop should have stepped. `now` is a monotonic clock in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._due: dict[str, float] = {}

    def watched(self, name: str, step: Step) -> Step:
        """The same step, but it tells when it begins and when it has to come again."""

        async def told() -> float:
            self._due[name] = self._now()
            rest = 0.0
            try:
                rest = await step()
            finally:
                self._due[name] = self._now() + rest
            return rest

        self._due[name] = self._now()
        return told

    def late(self) -> Mapping[str, float]:
        """The seconds by which each loop is beyond its time, 0.0 for one that isn't."""
        now = self._now()
        return {name: max(0.0, now - due) for name, due in self._due.items()}

    def excuse(self) -> None:
        """What kept the loops was none of their doing: they have all their time again."""
        now = self._now()
        self._due = {name: max(now, due) for name, due in self._due.items()}


class Patient(Generic[T]):
    """Asks one thing at a time, and goes on waiting for an answer that is late instead of asking again."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._asking: asyncio.Task[T] | None = None

    async def answer(self, at_most: float) -> T | None:
        """The answer within so many seconds, or None. Raises what asking raises."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._asked(), name="ask for the operators")
            # Nobody may be waiting any more when it fails.
            self._asking.add_done_callback(lambda task: task.cancelled() or task.exception())
        asking = self._asking
        done, _ = await asyncio.wait({asking}, timeout=at_most)
        return asking.result() if done and not asking.cancelled() else None

    async def stop(self) -> None:
        """Ask no more."""
        if self._asking:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _asked(self) -> T:
        return await self._ask()


@dataclass(frozen=True, slots=True)
class Parts:
    """What a running coach is made of. `version` is that of the schema that this program knows."""

    store: Store
    platforms: Sequence[Platform]
    version: int


class Health:
    """What the probes are told; each answer is a word or a reason for each part."""

    def __init__(self, beats: Beats, *, late_s: float = LATE_S, probe_s: float = PROBE_S) -> None:
        self._beats, self._late_s, self._probe_s = beats, late_s, probe_s
        self._parts: Parts | None = None
        self._probe = Patient(self._alive)
        self._state = "starting"

    @property
    def parts(self) -> Parts | None:
        return self._parts

    def attach(self, parts: Parts) -> None:
        """The coach is put together: from now on it can be ready."""
        self._parts, self._state = parts, OK

    async def detach(self) -> None:
        """The coach is about to stop."""
        self._parts, self._state = None, "stopping"
        await self._probe.stop()

    async def live(self) -> dict[str, str]:
        """Empty when all loops turn; while the database doesn't answer they may wait for it."""
        late = {name: seconds for name, seconds in self._beats.late().items() if seconds > self._late_s}
        if not late:
            return {}
        if self._parts and isinstance(await self._asked(), str):
            self._beats.excuse()
            return {}
        return {name: f"no step for {seconds:.0f} s beyond its time" for name, seconds in late.items()}

    async def ready(self) -> dict[str, str]:
        """Each part and how it is: "ok", or what is the matter with it."""
        parts = self._parts
        if parts is None:
            return {"coach": self._state}
        found = {"coach": OK, "store": await self._store()}
        for platform in parts.platforms:
            found[platform.name] = OK if connected(platform) else "not connected"
        late = [name for name, seconds in self._beats.late().items() if seconds > self._late_s]
        found |= dict.fromkeys(late, "no step for too long")
        return found

    async def _store(self) -> str:
        row = await self._asked()
        if isinstance(row, str):
            return row
        found = row.get("version")
        if self._parts and found is not None and found != self._parts.version:
            return f"schema version {found}, this program's is {self._parts.version}"
        return OK

    async def _asked(self) -> Row | str:
        """What the database answers, or why it doesn't; nothing of what its error says, which may hold an address."""
        try:
            row = await self._probe.answer(self._probe_s)
        except CoachError as error:
            return f"can't be read ({type(error).__name__})"
        return f"no answer within {self._probe_s:.0f} s" if row is None else row

    async def _alive(self) -> Row | None:
        return await self._parts.store.read(one, "ops_alive") if self._parts else None


def connected(platform: Platform) -> bool:
    """Whether a platform is connected, as far as it says."""
    return platform.connected if isinstance(platform, Connects) else True

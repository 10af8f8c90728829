"""How a coach is watched: by nobody, or by a small server that tells probes and Prometheus about it.

The parts that measure are loaded only where somebody looks.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from bot.core.message import ParcelKind
from bot.core.ports import NO_METER, Clock, CrashPoint, Grader, Meter, Platform, Store
from bot.ops.health import Beats, Health, Parts, Step

if TYPE_CHECKING:
    from bot.ops.metrics import Metrics


class Watch:
    """Where nobody looks: all stays as it is."""

    meter: Meter = NO_METER
    address = ""
    """Where health and metrics are served."""

    def store(self, store: Store) -> Store:
        """The store to be used in a store's place."""
        return store

    def crash(self, crash: CrashPoint) -> CrashPoint:
        """The crash point that a store is opened with."""
        return crash

    def grader(self, grader: Grader) -> Grader:
        """The grader to be used in a grader's place."""
        return grader

    def step(self, name: str, step: Step) -> Step:
        """The step of a loop; each loop has a name of its own."""
        return step

    @contextlib.asynccontextmanager
    async def running(self, store: Store, platforms: Sequence[Platform], version: int) -> AsyncIterator[None]:
        """Within, the coach runs on these. `version` is that of the schema which this program knows."""
        yield


UNWATCHED = Watch()


class Watched(Watch):
    """Measures what passes through it."""

    def __init__(self, metrics: Metrics, beats: Beats, health: Health, address: str = "") -> None:
        self._metrics, self._beats, self._health = metrics, beats, health
        self.address = address
        self.meter = metrics

    def store(self, store: Store) -> Store:
        from bot.ops.meters import MeteredStore

        return MeteredStore(store, self._metrics)

    def crash(self, crash: CrashPoint) -> CrashPoint:
        from bot.ops.meters import counting_commits

        return counting_commits(crash, self._metrics)

    def grader(self, grader: Grader) -> Grader:
        from bot.ops.meters import MeteredGrader

        return MeteredGrader(grader, self._metrics)

    def step(self, name: str, step: Step) -> Step:
        return self._beats.watched(name, step)

    @contextlib.asynccontextmanager
    async def running(self, store: Store, platforms: Sequence[Platform], version: int) -> AsyncIterator[None]:
        for platform in platforms:
            for kind in ParcelKind:
                self.meter.count("messages", 0, platform=platform.name, kind=kind, outcome="dropped")
        self._health.attach(Parts(store, platforms, version))
        try:
            yield
        finally:
            await self._health.detach()


@contextlib.asynccontextmanager
async def watching(host: str, port: int | None, *, role: str, clock: Clock) -> AsyncIterator[Watch]:
    """Serve health and metrics within, at a port or, for 0, at any free one; None for not at all. Raises SettingsError.

    It answers before the coach is put together, and until after it has stopped: then it says so.
    """
    if port is None:
        yield UNWATCHED
        return
    from bot.ops.metrics import Metrics
    from bot.ops.reading import Reading
    from bot.ops.server import OpsServer

    beats = Beats()
    health, metrics = Health(beats), Metrics(role)
    reading = Reading(health, beats, clock)
    async with OpsServer(health, metrics, reading).listening(host, port) as address:
        try:
            yield Watched(metrics, beats, health, address)
        finally:
            await reading.stop()

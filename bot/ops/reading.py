"""The figures that are read when somebody asks for them, so that they are right with any number of processes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.core.errors import CoachError
from bot.core.ports import Clock, Unit, one, rows
from bot.ops.health import OK, Beats, Health, Patient, Takes, connected
from bot.ops.metrics import Figure

READ_S = 5.0
"""Seconds that the database has to answer; counting what waits in a long queue takes longer than a sign of life."""


class Reading:
    """Reads what waits in the database and how the process is."""

    def __init__(self, health: Health, beats: Beats, clock: Clock) -> None:
        self._health, self._beats, self._clock = health, beats, clock
        self._stored = Patient(self._read)

    async def figures(self) -> list[Figure]:
        """The gauges as they are now; those of the database only where it answers in time."""
        ready = await self._health.ready()
        found = [Figure("ready", float(all(state == OK for state in ready.values())))]
        found += [Figure("loop_late_seconds", late, (("loop", name),)) for name, late in self._beats.late().items()]
        parts = self._health.parts
        if parts is None:
            return found
        for platform in parts.platforms:
            label = (("platform", platform.name),)
            found.append(Figure("platform_connected", float(connected(platform)), label))
            if isinstance(platform, Takes):
                found.append(Figure("platform_taking", platform.taking, label))
        try:
            stored = await self._stored.answer(READ_S)
        except CoachError:
            stored = None
        return [*found, Figure("store_up", float(stored is not None)), *(stored or ())]

    async def stop(self) -> None:
        """Read no more."""
        await self._stored.stop()

    async def _read(self) -> Sequence[Figure]:
        parts, now = self._health.parts, self._clock.now()
        if parts is None:
            return ()
        names = [platform.name for platform in parts.platforms]
        return await parts.store.read(_stored, now.timestamp(), now.astimezone(dt.UTC).date().isoformat(), names)


def _stored(now: float, day: str, platforms: Sequence[str]) -> Unit[list[Figure]]:
    """What waits, as figures; a platform of this process without a message that waits is shown with 0."""
    waiting = yield from one("ops_replies", now=int(now * 1e6))
    failed = yield from one("ops_failed")
    used = yield from one("usage_in_all", day=day)
    assert waiting and failed and used  # noqa: S101, PT018  aggregates have a row
    found = [
        Figure("replies_pending", waiting["pending"]),
        Figure("replies_held", waiting["held"]),
        Figure("replies_pending_oldest_seconds", _age(now, waiting["oldest"])),
        Figure("replies_failed", failed["failed"]),
        Figure("usage_today_tokens", used["tokens"]),
        Figure("usage_today_cost", used["cost"] / 1e6),
    ]
    outbox = {row["platform"]: row for row in (yield from rows("ops_outbox"))}
    for name in sorted({*platforms, *outbox}):
        row = outbox.get(name)
        label = (("platform", name),)
        found.append(Figure("outbox_waiting", row["waiting"] if row else 0, label))
        found.append(Figure("outbox_oldest_seconds", _age(now, row["oldest"]) if row else 0.0, label))
    return found


def _age(now: float, micros: int | None) -> float:
    return max(0.0, now - micros / 1e6) if micros is not None else 0.0

"""A clock that differs from the database server's is told to whoever runs the coach."""

from __future__ import annotations

import datetime as dt
import logging

import pytest

from bot.clock import SystemClock
from bot.ops.skew import EVERY_S, Skew, apart
from tests.flow.world import HandClock, World

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def after(seconds: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("began", "ended", "ahead"),
    [(0, 0, 0), (-5, 5, 0), (-60, 0, 0), (3, 4, 3), (-9, -4, -4), (0.5, 3, 0.5)],
)  # fmt: skip
def test_only_what_the_way_there_and_back_cannot_explain_counts(began: float, ended: float, ahead: float) -> None:
    noon = int(NOON.timestamp() * 1_000_000)
    assert apart(after(began), noon, after(ended)) == ahead


async def test_a_clock_that_is_set_is_not_told_of(world: World, caplog: pytest.LogCaptureFixture) -> None:
    assert await Skew(world.app.store, SystemClock()).step() == EVERY_S
    assert caplog.messages == []


@pytest.mark.parametrize("seconds", [-600.0, 600.0])
async def test_a_clock_that_differs_from_the_servers_is_told_of(
    world: World, caplog: pytest.LogCaptureFixture, engine: str, seconds: float
) -> None:
    clock = HandClock(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds))
    with caplog.at_level(logging.WARNING, logger="bot"):
        await Skew(world.app.store, clock).step()
    told = [message for message in caplog.messages if "clock" in message]
    assert len(told) == (engine == "postgres"), "a file has no clock of its own"
    assert all(("ahead of" if seconds > 0 else "behind") in message for message in told)

"""Which schedules a step of the clock looks at: those that have something due, and those that have changed."""

from __future__ import annotations

from bot.coach import records
from bot.core.ports import rows
from tests.flow.world import PLACE, World


async def looked_at(world: World) -> list[str]:
    """The channels that the next step looks at."""
    found = await world.app.store.read(rows, "channels_due", now=records.micros(world.clock.now()))
    return [row["channel"] for row in found]


async def test_a_channel_is_left_alone_from_its_post_to_the_next(world: World) -> None:
    await world.daily()
    assert await looked_at(world) == []
    world.clock.pass_(hours=23, minutes=59)
    assert await looked_at(world) == []
    world.clock.pass_(minutes=1)
    assert await looked_at(world) == ["daily"]
    await world.app.settle()
    assert len(world.room.texts("question")) == 2
    assert await looked_at(world) == []


async def test_a_changed_schedule_is_looked_at_at_once(world: World) -> None:
    await world.daily()
    await world.app.coach.organise.set(PLACE, {"time": "10:00", "zone": "UTC"})
    assert await looked_at(world) == ["daily"]
    world.clock.pass_(hours=1)
    await world.app.settle()
    assert await looked_at(world) == []


async def test_the_clock_wakes_for_the_next_post_of_any_channel(world: World) -> None:
    await world.daily()
    world.clock.pass_(hours=23, minutes=59, seconds=50)
    assert await world.app.coach.rounds.step() <= 10

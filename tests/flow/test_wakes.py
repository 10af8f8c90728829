"""What one process of a coach tells the others: there is work, and a page has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.clock import SystemClock
from bot.coach import Wakes
from bot.coach.work import Bell
from bot.core.errors import StoreAway
from bot.core.ports import Store
from bot.platforms.web import WebChat


class Wire:
    """Stores of one database, as far as they tell each other something."""

    def __init__(self) -> None:
        self.ears: list[Callable[[str], None]] = []
        self.told: list[str] = []
        self.away = False

    def store(self) -> Store:
        return self  # type: ignore[return-value]  # no unit is run here

    async def notify(self, told: str) -> None:
        if self.away:
            raise StoreAway("the server can't be reached; start it")
        self.told.append(told)
        for hear in self.ears:
            hear(told)

    async def listen(self, hear: Callable[[str], None]) -> None:
        self.ears.append(hear)


async def heard(bell: Bell) -> bool:
    """Whether a bell was rung since it was asked last."""
    try:
        async with asyncio.timeout(0.2):
            await bell.wait(10)
            return True
    except TimeoutError:
        return False


async def test_a_bell_is_heard_in_every_process_and_told_once() -> None:
    wire = Wire()
    here, there = Wakes(wire.store()), Wakes(wire.store())
    ours, theirs, other = here.bell("grading"), there.bell("grading"), there.bell("rounds")
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(wakes.run()) for wakes in (here, there)]
        await asyncio.sleep(0)
        for _ in range(100):
            ours.ring()
        assert await heard(ours)
        assert await heard(theirs)
        assert not await heard(other)
        assert not await heard(ours), "what we tell isn't told to ourselves"
        assert len(wire.told) == 1
        for task in running:
            task.cancel()


async def test_what_may_have_been_missed_rings_every_bell() -> None:
    wire = Wire()
    wakes = Wakes(wire.store())
    bells = [wakes.bell(topic) for topic in ("grading", "rounds")]
    running = asyncio.create_task(wakes.run())
    await asyncio.sleep(0)
    for hear in wire.ears:
        hear("")
    assert [await heard(bell) for bell in bells] == [True, True]
    running.cancel()


async def test_a_database_that_is_away_keeps_nobody_from_hearing_their_own_bell() -> None:
    wire = Wire()
    wire.away = True
    wakes = Wakes(wire.store())
    bell = wakes.bell("grading")
    running = asyncio.create_task(wakes.run())
    bell.ring()
    assert await heard(bell)
    await asyncio.sleep(0.05)
    assert not running.done()
    running.cancel()


async def test_a_page_is_woken_by_what_another_process_posts() -> None:
    wire = Wire()
    here, there = Wakes(wire.store()), Wakes(wire.store())
    chats = [WebChat(wire.store(), SystemClock()) for _ in range(2)]
    for chat, wakes in zip(chats, (here, there), strict=True):
        chat.share(wakes)
    running = [asyncio.create_task(wakes.run()) for wakes in (here, there)]
    await asyncio.sleep(0)
    with chats[1]._hub.listen("ada", lambda: False) as page, chats[0]._hub.listen("ben", lambda: False) as own:
        chats[0]._hub.wake()
        assert await page.wait(1)
        assert await own.wait(1)
    for task in running:
        task.cancel()

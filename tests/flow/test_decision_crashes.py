"""A crash right after any decision of the organisers: it is there whole, is told once, and isn't made twice."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.core.message import ParcelKind
from bot.core.model import Person
from bot.core.steps import DECISIONS
from tests.flow.crashes import Crash, CrashAt
from tests.flow.test_one_reply import half
from tests.flow.world import PLACE, HandClock, Room, World, world_at

ADA, ORGA = Person("ada", "Ada"), Person("orga", "Orga")
DOCUMENT = "### 1. On drift\n\n**Question:** How is drift told?\n"


async def prepare(world: World) -> None:
    """A question with an answer, a pin, a suggestion, and a digest that is due."""
    coach = world.app.coach
    round_ = await world.daily(digest="on")
    await world.say(round_, "ada", half(round_.question.id))
    await coach.dates.pin(PLACE, "2026-03-20", "q1")
    await suggest(world, "before")


async def suggest(world: World, request: str) -> None:
    channel = await world.app.coach.rounds.channel(PLACE)
    words = "It is told by comparing inputs."
    await world.app.coach.suggestions.suggest(channel, ADA, "How is it told?", words, request=request)


async def a_week_later(world: World) -> None:
    world.clock.pass_(days=7)
    await world.app.settle()


DO: dict[str, Callable[[World], Awaitable[object]]] = {
    "question.pinned": lambda world: world.app.coach.dates.pin(PLACE, "2026-03-21", "q2", by=ORGA),
    "question.unpinned": lambda world: world.app.coach.dates.unpin(PLACE, "2026-03-20", by=ORGA),
    "grade.overridden": lambda world: world.app.coach.overrides.override(PLACE, "1", "8", "why", by=ORGA),
    "suggestion.taken": lambda world: suggest(world, "after"),
    "suggestion.decided": lambda world: world.app.coach.suggestions.approve(PLACE, 1, by=ORGA),
    "bank.imported": lambda world: world.app.coach.exchange.bring_in(PLACE, DOCUMENT, by=ORGA),
    "digest.posted": a_week_later,
}


async def state(world: World) -> dict[str, object]:
    """What the decisions have left, and what was said of them."""
    coach = world.app.coach
    return {
        "pins": await coach.dates.pins(PLACE),
        "questions": [question.id for question in await coach.rounds.questions(PLACE)],
        "open": (await coach.suggestions.next(PLACE))[1],
        "points": await world.points(),
        "done": [(done.act, done.detail) for done in (await coach.acts.page(PLACE))[0]],
        "said": Counter(
            (parcel.kind, parcel.message.text)
            for _, parcel in world.room.sent
            if parcel.kind in (ParcelKind.SUGGESTION, ParcelKind.DIGEST)
        ),
        "grades": [parcel.message.text for _, parcel in world.room.amended if parcel.kind is ParcelKind.GRADE],
    }


async def settled(world: World) -> dict[str, object]:
    for _ in range(3):
        world.clock.pass_(minutes=5)
        await world.app.settle()
    return await state(world)


@pytest.mark.parametrize("point", DECISIONS)
async def test_after_a_crash_all_is_as_it_would_be_without(tmp_path: Path, point: str) -> None:
    async with world_at(tmp_path / "calm.sqlite3") as world:
        await prepare(world)
        await DO[point](world)
        wanted = await settled(world)
    room, clock = Room(), HandClock()
    async with world_at(tmp_path / "crash.sqlite3", room, clock) as world:
        await prepare(world)
        before = await state(world)
    with contextlib.suppress(Crash):
        async with world_at(tmp_path / "crash.sqlite3", room, clock, crash := CrashAt(point)) as world:
            await DO[point](world)
    assert crash.left == 0, "it has struck"
    async with world_at(tmp_path / "crash.sqlite3", room, clock) as world:
        await world.app.coach.grading.take_back()
        assert await settled(world) == wanted != before

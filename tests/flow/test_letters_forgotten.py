"""What is for somebody alone, a letter about a suggestion above all, once they are forgotten: nothing of it stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.model import Person
from tests.flow.crashes import CrashAt
from tests.flow.test_forgotten_meanwhile import ADA, Erasing, answered, left
from tests.flow.test_late import Halting
from tests.flow.test_suggestions import press, suggest
from tests.flow.world import PLACE, HandClock, World, dump, world_at


async def suggested(world: World, verdict: str) -> None:
    """Ada has suggested a question, it is decided on, and the letter about that waits to be sent."""
    await world.daily()
    await suggest(world)
    await press(world, verdict, **({"reason": "There is one like it."} if verdict == "decline" else {}))


@pytest.mark.parametrize("verdict", ["approve", "decline"])
async def test_a_letter_that_is_on_its_way_when_its_person_is_forgotten_is_taken_back(
    tmp_path: Path, verdict: str
) -> None:
    room = Erasing()
    room.finds_personal = True
    async with world_at(tmp_path / "c.sqlite3", room) as world:
        room.use(world.app.store)
        await suggested(world, verdict)
        room.go.clear()
        (delivery,) = world.app.deliveries
        await delivery.step()
        await room.arrived.wait()
        await world.app.coach.privacy.delete(PLACE, ADA)
        assert room.alone() == ["ada"]
        room.go.set()
        await delivery.idle()
        await room.idle()
        assert room.alone() == []
        assert await left(world) == 0


@pytest.mark.parametrize("verdict", ["approve", "decline"])
async def test_a_letter_is_not_sent_once_its_person_is_forgotten(tmp_path: Path, verdict: str) -> None:
    async with world_at(tmp_path / "c.sqlite3") as world:
        await suggested(world, verdict)
        (delivery,) = world.app.deliveries
        halting = Halting(world.app.store, "_parcels")
        delivery._store = halting
        await delivery.step()
        await halting.halted.wait()
        await world.app.coach.privacy.delete(PLACE, ADA)
        halting.go.set()
        await delivery.idle()
        assert world.room.texts("suggestion") == []


@pytest.mark.parametrize("what", ["grade", "letter"])
async def test_what_was_for_somebody_alone_and_lost_its_mark_is_looked_for_and_taken_back(
    tmp_path: Path, what: str
) -> None:
    room, clock = Erasing(), HandClock()
    room.finds_personal = True
    async with world_at(
        tmp_path / "c.sqlite3", room, clock, CrashAt("outbox.sent", 4 if what == "grade" else 2)
    ) as world:
        room.use(world.app.store)
        await (answered(world, private=True) if what == "grade" else suggested(world, "decline"))
        await world.app.settle()
        assert room.alone() == ["ada"]
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        room.use(world.app.store)
        await world.app.coach.grading.take_back()
        await world.app.coach.privacy.delete(PLACE, ADA)
        await world.app.settle()
        await room.idle()
        assert room.alone() == []
        assert await left(world) == 0
    assert "'@ada'" not in await dump(tmp_path / "c.sqlite3")


async def test_a_letter_to_somebody_who_is_forgotten_reaches_nobody_whose_suggestion_gets_its_number(
    tmp_path: Path,
) -> None:
    async with world_at(tmp_path / "c.sqlite3") as world:
        await suggested(world, "decline")
        await world.app.coach.privacy.delete(PLACE, ADA)
        await suggest(world, "ben")
        own = (await world.app.coach.suggestions.own(PLACE, Person("ben", "Ben")))[0]
        await press(world, "decline", str(own.id), reason="There is one like it.")
        await world.app.settle()
        assert [parcel.only_for for _, parcel in world.room.sent if parcel.kind == "suggestion"] == ["ben"]

"""Somebody who is forgotten, or deletes an answer, while the coach speaks of it: nothing of that stays in the chat."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.core.message import Parcel
from bot.core.model import Person, Reply
from bot.core.ports import Sent, Store, rows
from bot.platforms.erasures import Erasures
from tests.flow.crashes import CrashAt
from tests.flow.test_late import Halting
from tests.flow.test_one_reply import full, half
from tests.flow.world import PLACE, HandClock, Room, World, world_at

ADA = Person("ada", "Ada")


class Erasing(Room):
    """A chat that takes messages back, and may hold a grade on its way or a person who asks to be forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived, self.go, self.asked, self.forget_now = (asyncio.Event() for _ in range(4))
        self.go.set()
        self.forget_now.set()
        self._tasks: set[asyncio.Task[None]] = set()

    def use(self, store: Store) -> None:
        self._erasures = Erasures(store, "room", self._erase)

    async def send(self, parcel: Parcel) -> Sent:
        sent = await super().send(parcel)
        if parcel.kind in ("grade", "suggestion"):
            self.arrived.set()
            await self.go.wait()
        return sent

    async def forget(self, community: str, user: str) -> None:
        self.asked.set()
        await self.forget_now.wait()

    async def _erase(self, _community: str, channel: str, message: str) -> None:
        self.sent = [
            (id_, parcel)
            for id_, parcel in self.sent
            if (id_, f"@{parcel.only_for}" if parcel.only_for else parcel.thread) != (message, channel)
        ]

    def erase_soon(self) -> None:
        task = asyncio.create_task(self._erasures.work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def grades(self) -> list[str]:
        """Whom the grades are for that are there."""
        return [parcel.author.id for _, parcel in self.sent if parcel.kind == "grade" and parcel.author]

    def alone(self) -> list[str]:
        """Whom the grades and letters are for that are there for one person."""
        return [
            parcel.only_for for _, parcel in self.sent if parcel.kind in ("grade", "suggestion") and parcel.only_for
        ]


async def answered(world: World, *, private: bool = False) -> Reply:
    """Ada's answer is graded, and her grade waits to be sent; Ben has his. What she said in the thread."""
    round_ = await world.daily()
    await world.say(round_, "ben", half(round_.question.id))
    reply = world.reply(round_, "ada", full(round_.question.id))
    if private:
        await world.call("answer", "ada", answer=full(round_.question.id))
    else:
        await world.app.coach.replies.take(reply)
    await world.app.coach.grading.step()
    await world.app.coach.grading.idle()
    return reply


async def left(world: World) -> int:
    """What is still noted to be deleted."""
    return len(await world.app.store.read(rows, "erasures_left", platform="room"))


@pytest.mark.parametrize("private", [False, True])
async def test_a_grade_that_is_on_its_way_when_its_person_is_forgotten_is_taken_back(
    tmp_path: Path, private: bool
) -> None:
    room = Erasing()
    room.finds_personal = private
    async with world_at(tmp_path / "c.sqlite3", room) as world:
        room.use(world.app.store)
        await answered(world, private=private)
        room.arrived.clear()
        room.go.clear()
        (delivery,) = world.app.deliveries
        await delivery.step()
        await room.arrived.wait()
        await world.app.coach.privacy.delete(PLACE, ADA)
        assert room.grades() == ["ben", "ada"]
        room.go.set()
        await delivery.idle()
        await room.idle()
        assert room.grades() == ["ben"]
        assert await left(world) == 0


async def test_a_grade_that_is_marked_as_sent_just_before_its_person_is_forgotten_is_taken_back(tmp_path: Path) -> None:
    room = Erasing()
    async with world_at(tmp_path / "c.sqlite3", room) as world:
        room.use(world.app.store)
        await answered(world)
        room.forget_now.clear()
        forgetting = asyncio.create_task(world.app.coach.privacy.delete(PLACE, ADA))
        await room.asked.wait()  # what the platform keeps is gone, what the coach keeps isn't
        await world.app.settle()
        assert room.grades() == ["ben", "ada"]
        room.forget_now.set()
        await forgetting
        await room.idle()
        assert room.grades() == ["ben"]
        assert await left(world) == 0


async def test_a_grade_whose_mark_a_crash_prevented_is_looked_for_and_taken_back(tmp_path: Path) -> None:
    room, clock = Erasing(), HandClock()
    async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt("outbox.sent", 3)) as world:
        room.use(world.app.store)
        await answered(world)
        await world.app.settle()  # the question, Ben's grade, and Ada's
        assert room.grades() == ["ben", "ada"]
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        room.use(world.app.store)
        await world.app.coach.grading.take_back()
        await world.app.coach.privacy.delete(PLACE, ADA)
        await world.app.settle()
        await room.idle()
        assert room.grades() == ["ben"]
        assert await left(world) == 0


async def test_what_is_for_somebody_alone_is_not_sent_once_they_are_forgotten(tmp_path: Path) -> None:
    async with world_at(tmp_path / "c.sqlite3") as world:
        await answered(world, private=True)
        (delivery,) = world.app.deliveries
        halting = Halting(world.app.store, "_parcels")
        delivery._store = halting
        await delivery.step()
        await halting.halted.wait()  # its words are made already
        await world.app.coach.privacy.delete(PLACE, ADA)
        halting.go.set()
        await delivery.idle()
        assert [parcel.only_for for _, parcel in world.room.sent if parcel.kind == "grade"] == [""], "Ben's alone"


async def delete(world: World, reply: Reply) -> None:
    """The author of an answer in the thread deletes it."""
    await world.app.coach.replies.withdraw("room", "guild", reply.channel, reply.message)


@pytest.mark.parametrize("on_its_way", [False, True])
async def test_a_grade_is_taken_back_when_its_answer_is_deleted_before_or_while_it_is_posted(
    tmp_path: Path, on_its_way: bool
) -> None:
    room = Erasing()
    async with world_at(tmp_path / "c.sqlite3", room) as world:
        room.use(world.app.store)
        said = await answered(world)
        room.arrived.clear()
        (room.go.clear if on_its_way else room.go.set)()
        (delivery,) = world.app.deliveries
        await delivery.step()
        await room.arrived.wait()
        if not on_its_way:
            await delivery.idle()
        await delete(world, said)
        assert room.grades() == ["ben", "ada"]
        room.go.set()
        await delivery.idle()
        await room.idle()
        assert room.grades() == ["ben"]
        assert await left(world) == 0


async def test_a_grade_whose_words_were_made_before_its_answer_was_deleted_is_taken_back(tmp_path: Path) -> None:
    room = Erasing()
    async with world_at(tmp_path / "c.sqlite3", room) as world:
        room.use(world.app.store)
        said = await answered(world)
        (delivery,) = world.app.deliveries
        halting = Halting(world.app.store, "_parcels")
        delivery._store = halting
        await delivery.step()
        await halting.halted.wait()
        await delete(world, said)
        halting.go.set()
        await delivery.idle()
        await room.idle()
        assert room.grades() == ["ben"]
        assert await left(world) == 0


async def test_a_grade_whose_mark_a_crash_prevented_goes_with_its_answer(tmp_path: Path) -> None:
    room, clock = Erasing(), HandClock()
    async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt("outbox.sent", 3)) as world:
        room.use(world.app.store)
        said = await answered(world)
        await world.app.settle()
        assert room.grades() == ["ben", "ada"]
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        room.use(world.app.store)
        await world.app.coach.grading.take_back()
        await delete(world, said)
        await world.app.settle()
        await room.idle()
        assert room.grades() == ["ben"]
        assert await left(world) == 0


async def test_where_messages_cannot_be_taken_back_none_is_noted_to_be(world: World) -> None:
    said = await answered(world)
    await world.app.settle()
    await delete(world, said)
    await world.app.coach.privacy.delete(PLACE, ADA)
    await world.app.settle()
    assert await left(world) == 0

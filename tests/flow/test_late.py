"""Who stood still for longer than their lease changes nothing that another process has begun since."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.app import App, assemble
from bot.core.errors import GraderError, PlatformAway, PlatformError
from bot.core.message import Parcel
from bot.core.model import Task, Verdict
from bot.core.ports import Sent, Store, rows
from tests.flow.test_many import Twins, answers, turn, twins_at
from tests.flow.test_one_reply import full
from tests.flow.world import BANK, PLACE, HandClock, Room, WordGrader, World


class OneByOne(Room):
    """Each grade that is being sent waits for a word of its own: what went wrong, or None."""

    def __init__(self) -> None:
        super().__init__()
        self.sending: list[asyncio.Future[PlatformError | None]] = []

    async def send(self, parcel: Parcel) -> Sent:
        if parcel.kind == "grade":
            word: asyncio.Future[PlatformError | None] = asyncio.get_running_loop().create_future()
            self.sending.append(word)
            if error := await word:
                raise error
        return await super().send(parcel)


async def come(waiting: Sequence[object], count: int) -> None:
    """Wait until so many wait for their word: a database takes as long as it takes."""
    async with asyncio.timeout(30):
        while len(waiting) < count:
            await turn()


async def graded(twins: Twins) -> None:
    """One grade waits to be sent."""
    twins.go()
    await answers(twins, 1)
    await twins.apps[0].coach.grading.step()
    await twins.apps[0].coach.grading.idle()


@pytest.mark.parametrize("error", [PlatformAway("slow down", 1.0), PlatformError("no"), KeyError("oops")])
async def test_a_late_senders_failure_is_not_noted_on_what_another_sends(tmp_path: Path, error: PlatformError) -> None:
    room = OneByOne()
    async with twins_at(tmp_path / "c.sqlite3", room) as twins:
        await graded(twins)
        first, second = (app.deliveries[0] for app in twins.apps)
        await first.step()
        await come(room.sending, 1)
        twins.clock.pass_(minutes=2)
        await second.step()
        await come(room.sending, 2)
        room.sending[0].set_result(error)
        await first.idle()
        (head,) = await twins.apps[0].store.read(rows, "outbox_heads", platform="room")
        assert head["held_until"], "it is still the second's"
        room.sending[1].set_result(None)
        await second.idle()
        assert await twins.apps[0].store.read(rows, "outbox_heads", platform="room") in ((), [])
        assert (await twins.apps[0].coach.organise.failed(PLACE))[1] == []
        assert len(room.texts("grade")) == 1


class Halting:
    """A store whose reading of one query waits for a word."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, name
        self.halted, self.go = asyncio.Event(), asyncio.Event()

    async def read(self, unit: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        found = await self._store.read(unit, *args, **kwargs)
        if unit.__name__ == self._name:
            self.halted.set()
            await self.go.wait()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def test_a_personal_message_that_another_process_has_taken_over_is_sent_once(tmp_path: Path) -> None:
    async with twins_at(tmp_path / "c.sqlite3") as twins:
        round_ = await twins.worlds[0].daily()
        twins.go()
        await twins.worlds[0].call("answer", "ada", answer=full(round_.question.id))
        await twins.apps[0].coach.grading.step()
        await twins.apps[0].coach.grading.idle()
        first, second = (app.deliveries[0] for app in twins.apps)
        halting = Halting(twins.apps[0].store, "_parcels")
        first._store = halting
        await first.step()
        await halting.halted.wait()
        twins.clock.pass_(minutes=2)  # it stands still between its claim and its mark
        await second.step()
        await second.idle()
        halting.go.set()
        await first.idle()
        assert [parcel.only_for for _, parcel in twins.room.sent if parcel.kind == "grade"] == ["ada"]


async def test_a_sender_that_the_database_kept_waiting_for_longer_than_its_lease_sends_nothing(tmp_path: Path) -> None:
    async with twins_at(tmp_path / "c.sqlite3") as twins:
        await graded(twins)
        first, second = (app.deliveries[0] for app in twins.apps)
        halting = Halting(twins.apps[0].store, "_parcels")
        first._store = halting
        await first.step()
        await halting.halted.wait()
        twins.clock.pass_(minutes=2)
        await second.step()
        await second.idle()
        halting.go.set()
        await first.idle()
        assert len(twins.room.texts("grade")) == 1


async def test_a_sender_that_renews_its_lease_while_it_fails_notes_the_failure(tmp_path: Path) -> None:
    room = OneByOne()
    async with twins_at(tmp_path / "c.sqlite3", room) as twins:
        await graded(twins)
        (sender,) = twins.apps[0].deliveries
        await sender.step()
        await come(room.sending, 1)
        room.sending[0].set_result(PlatformAway("slow down", 5.0))
        twins.clock.pass_(seconds=20)
        await sender.renew()
        await sender.idle()
        (head,) = await twins.apps[0].store.read(rows, "outbox_heads", platform="room")
        assert head["held_until"] is None


class Stubborn(WordGrader):
    """Each answer waits for a word of its own: what went wrong, or None."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[asyncio.Future[Exception | None]] = []

    async def grade(self, task: Task) -> Verdict:
        word: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.words.append(word)
        if error := await word:
            raise error
        return await super().grade(task)


async def test_a_late_graders_failure_fails_nothing_that_another_grades(tmp_path: Path) -> None:
    async with twins_at(tmp_path / "c.sqlite3") as twins:
        await answers(twins, 1)
        grader = Stubborn()
        apps = [_coach(app.store, grader, twins.room, twins.clock) for app in twins.apps]
        first, second = (app.coach.grading for app in apps)
        for _ in range(2):  # two tries that failed before: the next is the last
            await first.step()
            await come(grader.words, 1)
            grader.words.pop().set_result(GraderError("nonsense"))
            await first.idle()
            twins.clock.pass_(minutes=1)
        await first.step()
        await come(grader.words, 1)
        twins.clock.pass_(minutes=2)
        await second.step()
        await come(grader.words, 2)
        late, present = grader.words
        late.set_result(GraderError("nonsense"))
        await first.idle()
        present.set_result(None)
        await second.idle()
        assert await World(apps[1], twins.room, twins.clock, grader).points("p0") == {"P0": 5}


def _coach(store: Store, grader: WordGrader, room: Room, clock: HandClock) -> App:
    return assemble(store, grader, BANK, [room], clock=clock, rng=random.Random(7))

"""Several coaches on one database: each piece of work is done once, and a dead one's work by another."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest

from bot.app import App, Role, assemble
from bot.core.errors import PlatformAway
from bot.core.message import Parcel
from bot.core.model import Task, Verdict
from bot.core.ports import Sent, Store
from bot.stores.sqlite import SqliteStore
from tests.flow.crashes import CrashAt
from tests.flow.test_one_reply import full, half
from tests.flow.world import BANK, PLACE, HandClock, Room, WordGrader, World, store_at, world_at


class SlowGrader(WordGrader):
    """Grades when it is allowed to."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()

    async def grade(self, task: Task) -> Verdict:
        await self.go.wait()
        return await super().grade(task)


class SlowRoom(Room):
    """Sends grades when it is allowed to."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.sending = 0

    async def send(self, parcel: Parcel) -> Sent:
        if parcel.kind == "grade":
            self.sending += 1
            await self.go.wait()
        return await super().send(parcel)


class Twins:
    """Two coaches on one store and one chat, each with a grader of its own."""

    def __init__(self, stores: tuple[Store, Store], room: Room) -> None:
        self.clock = HandClock()
        self.room = room
        self.graders = SlowGrader(), SlowGrader()
        first, second = (self._coach(*pair) for pair in zip(stores, self.graders, strict=True))
        self.apps = first, second
        self.worlds = tuple(
            World(app, room, self.clock, grader) for app, grader in zip(self.apps, self.graders, strict=True)
        )

    def _coach(self, store: Store, grader: WordGrader) -> App:
        return assemble(store, grader, BANK, [self.room], clock=self.clock, rng=random.Random(7))

    async def stop(self) -> None:
        """End both, as their processes would."""
        for app in self.apps:
            await app.coach.grading.stop()
            for delivery in app.deliveries:
                await delivery.stop()

    def go(self) -> None:
        for grader in self.graders:
            grader.go.set()


@contextlib.asynccontextmanager
async def twins_at(path: Path, room: Room | None = None) -> AsyncIterator[Twins]:
    """On PostgreSQL with connections of their own, as processes have them; a SQLite file has but one process."""
    first = await store_at(path)
    second = first if isinstance(first, SqliteStore) else await store_at(path)
    twins = Twins((first, second), room or Room())
    try:
        yield twins
    finally:
        await twins.stop()
        await second.close()
        await first.close()


@pytest.fixture
async def twins(tmp_path: Path) -> AsyncIterator[Twins]:
    async with twins_at(tmp_path / "c.sqlite3") as made:
        yield made


async def turn(count: int = 50) -> None:
    """Let tasks run until they wait for something else."""
    for _ in range(count):
        await asyncio.sleep(0.001)


async def cut(begun: Awaitable[float], later: int) -> None:
    """Cancel what has begun after so many turns of the loop, as the end of its process would."""
    task = asyncio.ensure_future(begun)
    for _ in range(later):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def under_way(room: SlowRoom) -> None:
    """Wait until a message is being sent: a database takes as long as it takes."""
    async with asyncio.timeout(30):
        while not room.sending:
            await turn(1)


async def answers(twins: Twins, people: int) -> None:
    round_ = await twins.worlds[0].daily()
    for number in range(people):
        reply = twins.worlds[0].reply(round_, f"p{number}", f"{half(round_.question.id)} {number}")
        await twins.apps[0].coach.replies.take(reply)


async def test_a_reply_is_graded_by_one_of_them(twins: Twins) -> None:
    await answers(twins, 30)
    await asyncio.gather(*(app.coach.grading.step() for app in twins.apps))
    twins.go()
    for _ in range(3):
        await asyncio.gather(*(app.settle() for app in twins.apps))
    asked = [task.answer for grader in twins.graders for task in grader.asked]
    assert len(asked) == len(set(asked)) == 30
    assert all(grader.asked for grader in twins.graders)
    assert len(twins.room.texts("grade")) == 30


async def test_a_grade_may_take_longer_than_a_lease_while_its_grader_lives(twins: Twins) -> None:
    await answers(twins, 1)
    first, second = (app.coach.grading for app in twins.apps)
    await first.step()
    for _ in range(5):
        twins.clock.pass_(seconds=await first.renew())
        await second.step()
    twins.go()
    await first.idle()
    await second.idle()
    assert [len(grader.asked) for grader in twins.graders] == [1, 0]


async def test_a_dead_graders_work_is_taken_up_when_its_lease_ends(twins: Twins) -> None:
    await answers(twins, 1)
    first, second = (app.coach.grading for app in twins.apps)
    await first.step()
    twins.clock.pass_(seconds=59)
    await second.step()
    twins.graders[1].go.set()
    await second.idle()
    assert twins.graders[1].asked == []
    twins.clock.pass_(seconds=2)
    await second.step()
    await second.idle()
    assert len(twins.graders[1].asked) == 1


async def test_a_grader_that_is_stopped_leaves_its_work_to_the_others_at_once(twins: Twins) -> None:
    await answers(twins, 3)
    first, second = (app.coach.grading for app in twins.apps)
    await first.step()
    await first.stop()
    twins.graders[1].go.set()
    await second.step()
    await second.idle()
    assert len(twins.graders[1].asked) == 3


async def test_a_grade_that_comes_after_its_lease_ended_is_recorded_once(twins: Twins) -> None:
    await answers(twins, 1)
    first, second = (app.coach.grading for app in twins.apps)
    await first.step()
    twins.clock.pass_(seconds=61)
    await second.step()
    twins.go()
    for app in twins.apps:
        await app.coach.grading.idle()
    await twins.apps[0].settle()
    assert [len(grader.asked) for grader in twins.graders] == [1, 1]
    assert len(twins.room.texts("grade")) == 1
    assert await twins.worlds[0].points("p0") == {"P0": 5}


async def test_a_channel_has_one_sender(tmp_path: Path) -> None:
    room = SlowRoom()
    async with twins_at(tmp_path / "c.sqlite3", room) as twins:
        twins.go()
        await answers(twins, 5)
        await twins.apps[0].coach.grading.step()
        await twins.apps[0].coach.grading.idle()
        first, second = (app.deliveries[0] for app in twins.apps)
        await asyncio.gather(first.step(), second.step())
        await under_way(room)
        assert room.sending == 1
        for _ in range(5):  # longer than a lease
            twins.clock.pass_(seconds=await first.renew())
            await second.renew()
            await first.step()
            await second.step()
            await turn(10)
        assert room.sending == 1
        room.go.set()
        await first.idle()
        await second.idle()
        keys = [int(parcel.key) for _, parcel in room.sent if parcel.kind == "grade"]
        assert len(keys) == 5
        assert keys == sorted(keys)


async def test_words_that_change_while_they_are_sent_are_corrected_by_the_same_sender(tmp_path: Path) -> None:
    room = SlowRoom()
    async with twins_at(tmp_path / "c.sqlite3", room) as twins:
        twins.go()
        await answers(twins, 1)
        await twins.apps[0].coach.grading.step()
        await twins.apps[0].coach.grading.idle()
        sending = twins.apps[0].deliveries[0]
        await sending.step()
        await under_way(room)
        assert await twins.apps[1].coach.grading.regrade(PLACE, "1") == 1
        await twins.apps[1].coach.grading.step()
        await twins.apps[1].coach.grading.idle()
        room.go.set()
        await sending.idle()
        assert room.amended == []
        await twins.apps[1].settle()
        assert len(room.texts("grade")) == 1
        assert len([parcel for _, parcel in room.amended if parcel.kind == "grade"]) == 1


async def test_a_sender_that_stood_still_for_longer_than_its_lease_sends_no_more(tmp_path: Path) -> None:
    room = SlowRoom()
    async with twins_at(tmp_path / "c.sqlite3", room) as twins:
        twins.go()
        await answers(twins, 4)
        await twins.apps[0].coach.grading.step()
        await twins.apps[0].coach.grading.idle()
        first, second = (app.deliveries[0] for app in twins.apps)
        await first.step()
        await under_way(room)
        assert room.sending == 1
        twins.clock.pass_(minutes=10)  # it sleeps in the middle of its first message
        room.go.set()
        await first.idle()
        assert len(room.texts("grade")) == 1
        await second.step()
        await second.idle()
        keys = [int(parcel.key) for _, parcel in room.sent if parcel.kind == "grade"]
        assert len(keys) == len(set(keys)) == 4


async def test_a_message_is_sent_by_the_process_that_hears_its_community(twins: Twins) -> None:
    twins.go()
    await answers(twins, 2)
    await twins.apps[0].coach.grading.step()
    await twins.apps[0].coach.grading.idle()
    twins.room.elsewhere = {PLACE.community}
    delivery = twins.apps[1].deliveries[0]
    await delivery.step()
    await delivery.idle()
    assert twins.room.texts("grade") == []
    twins.clock.pass_(seconds=61)  # whoever hears it seems to be dead
    await delivery.step()
    await delivery.idle()
    assert len(twins.room.texts("grade")) == 2


async def test_a_platform_that_is_away_keeps_the_channel_waiting_for_both(tmp_path: Path) -> None:
    async with twins_at(tmp_path / "c.sqlite3") as twins:
        twins.go()
        await answers(twins, 2)
        twins.room.failure = lambda _: PlatformAway("slow down", 60.0)
        await twins.apps[0].settle()
        twins.room.failure = lambda _: None
        await twins.apps[1].settle()
        assert twins.room.texts("grade") == []
        twins.clock.pass_(seconds=61)
        await twins.apps[1].settle()
        assert len(twins.room.texts("grade")) == 2


async def test_the_daily_question_comes_once_whoever_wakes_first(twins: Twins) -> None:
    await twins.worlds[0].daily()
    for _ in range(5):
        twins.clock.pass_(days=1)
        await asyncio.gather(*(app.coach.rounds.step() for app in twins.apps))
        await asyncio.gather(*(app.settle() for app in twins.apps))
    assert len(twins.room.texts("question")) == 6


async def test_a_question_is_posted_by_whoever_hears_the_community_unless_that_is_overdue(twins: Twins) -> None:
    await twins.worlds[0].daily()
    twins.clock.pass_(days=1)
    twins.room.elsewhere = {PLACE.community}
    await twins.apps[0].settle()
    assert len(twins.room.texts("question")) == 1
    twins.clock.pass_(seconds=61)
    await twins.apps[0].coach.rounds.step()
    twins.room.elsewhere = set()
    await twins.apps[0].settle()
    assert len(twins.room.texts("question")) == 2


async def test_roles_share_the_work_out(twins: Twins) -> None:
    names = {
        role: {
            name for name, _, _ in App(app.store, app.coach, app.deliveries, app.platforms, app.wakes, role)._loops()
        }
        for role, app in ((Role.ALL, twins.apps[0]), (Role.PLATFORM, twins.apps[0]))
    }
    grader = App(twins.apps[0].store, twins.apps[0].coach, [], [], twins.apps[0].wakes, Role.GRADER)
    assert names[Role.ALL] == names[Role.PLATFORM] | {name for name, _, _ in grader._loops()}
    assert not names[Role.PLATFORM] & {name for name, _, _ in grader._loops()}


async def test_full_marks_count_once_for_both(twins: Twins) -> None:
    round_ = await twins.worlds[0].daily()
    twins.go()
    reply = twins.worlds[0].reply(round_, "ada", full(round_.question.id))
    await asyncio.gather(*(app.coach.replies.take(reply) for app in twins.apps))
    await asyncio.gather(*(app.settle() for app in twins.apps))
    assert await twins.worlds[1].points() == {"Ada": 10}
    assert len(twins.room.texts("grade")) == 1


async def test_a_lease_that_ended_is_not_prolonged_over_its_new_holder(tmp_path: Path) -> None:
    room = SlowRoom()
    async with twins_at(tmp_path / "c.sqlite3", room) as twins:
        twins.go()
        await answers(twins, 4)
        await twins.apps[0].coach.grading.step()
        await twins.apps[0].coach.grading.idle()
        first, second = (app.deliveries[0] for app in twins.apps)
        await first.step()
        await under_way(room)
        twins.clock.pass_(minutes=2)  # it stands still in the middle of its first message
        await second.step()
        await turn(200)
        await first.renew()  # and wakes
        room.go.set()
        await first.idle()
        await second.idle()
        later = [parcel.key for _, parcel in room.sent if parcel.kind == "grade"][1:]
        assert len(later) == len(set(later)), "what it hadn't begun to send is left to the other"


async def test_a_grader_that_stood_still_does_not_prolong_what_another_has_taken_up(twins: Twins) -> None:
    await answers(twins, 1)
    first, second = (app.coach.grading for app in twins.apps)
    await first.step()
    twins.clock.pass_(seconds=61)
    await second.step()
    twins.clock.pass_(seconds=30)
    await first.renew()
    twins.clock.pass_(seconds=31)
    await first.step()  # the second's lease has ended by now, as it was never renewed
    twins.go()
    for grading in (first, second):
        await grading.idle()
    assert [len(grader.asked) for grader in twins.graders] == [2, 1]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_words_that_changed_while_their_sender_died_are_corrected_where_they_are_found(tmp_path: Path) -> None:
    room, clock = Room(), HandClock()
    async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt("outbox.sent", 2)) as world:
        round_ = await world.daily()
        await world.app.coach.replies.take(world.reply(round_, "ada", half(round_.question.id)))
        await world.app.settle()
        assert len(room.texts("grade")) == 1
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        assert await world.app.coach.grading.regrade(PLACE, "1") == 1
        await world.app.coach.grading.step()
        await world.app.coach.grading.idle()
        clock.pass_(seconds=61)
        await world.app.settle()
        assert len(room.texts("grade")) == 1
        assert len([parcel for _, parcel in room.amended if parcel.kind == "grade"]) == 1


@pytest.mark.parametrize("later", [0, 1, 2, 3, 5, 8, 13])
async def test_a_grader_that_is_stopped_while_it_claims_keeps_nothing(twins: Twins, later: int) -> None:
    await answers(twins, 3)
    first, second = (app.coach.grading for app in twins.apps)
    await cut(first.step(), later)
    await first.stop()
    twins.graders[1].go.set()
    await second.step()
    await second.idle()
    assert len(twins.graders[1].asked) == 3


@pytest.mark.parametrize("later", [0, 1, 2, 3, 5, 8, 13])
async def test_a_grader_that_is_stopped_while_it_renews_its_leases_keeps_nothing(twins: Twins, later: int) -> None:
    await answers(twins, 3)
    first, second = (app.coach.grading for app in twins.apps)
    await first.step()
    twins.clock.pass_(seconds=20)
    await cut(first.renew(), later)
    await first.stop()
    twins.graders[1].go.set()
    await second.step()
    await second.idle()
    assert len(twins.graders[1].asked) == 3


@pytest.mark.parametrize("later", [0, 1, 2, 3, 5, 8, 13])
async def test_a_sender_that_is_stopped_while_it_renews_its_leases_keeps_nothing(tmp_path: Path, later: int) -> None:
    room = SlowRoom()
    async with twins_at(tmp_path / "c.sqlite3", room) as twins:
        await answers(twins, 1)
        twins.go()
        await twins.apps[0].coach.grading.step()
        await twins.apps[0].coach.grading.idle()
        first, second = (app.deliveries[0] for app in twins.apps)
        await first.step()
        await under_way(room)
        twins.clock.pass_(seconds=20)
        await cut(first.renew(), later)
        await first.stop()
        room.go.set()
        await second.step()
        await second.idle()
        assert len(room.texts("grade")) == 1

"""Grading: what fails is tried again, what changes meanwhile isn't graded, and nothing is graded twice."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path

import pytest

from bot.app import assemble
from bot.core.errors import GraderError
from bot.core.model import Person, Task, Verdict
from tests.flow.crashes import Crash, CrashAt
from tests.flow.test_one_reply import full, half
from tests.flow.world import BANK, PLACE, HandClock, Room, World, world_at

LONG = (
    "In my own words I would say that alpha{0} one comes before anything else, and beta{0} two follows from it, "
    "but of the rest I know rather little today"
)


def unlike(number: int) -> str:
    """Words that nobody else would write."""
    return sha256(str(number).encode()).hexdigest() * 3


async def hours(world: World, count: int = 1) -> None:
    for _ in range(count * 4):
        world.clock.pass_(minutes=15)
        await world.app.settle()


@pytest.mark.parametrize("error", [GraderError("no verdict in it"), KeyError("score"), RuntimeError("boom")])
async def test_a_reply_that_cannot_be_graded_is_tried_then_failed_and_can_be_regraded(
    world: World, error: Exception
) -> None:
    round_ = await world.daily()
    world.grader.error = error
    await world.say(round_, "ada", full(round_.question.id))
    await hours(world, 2)
    assert len(world.grader.asked) == 3
    replies, _ = await world.app.coach.organise.failed(PLACE)
    assert [(id_, name) for id_, name, _, _ in replies] == [(1, "Ada")]
    assert world.room.texts("grade") == []
    assert await world.points() == {}
    world.grader.error = None
    assert await world.app.coach.grading.regrade(PLACE) == 1
    await world.app.settle()
    assert await world.points() == {"Ada": 10}


async def test_a_regrade_that_fails_leaves_the_grade_counted(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", full(round_.question.id))
    world.grader.error = GraderError("no")
    await world.app.coach.grading.regrade(PLACE, "1")
    await hours(world, 1)
    assert await world.points() == {"Ada": 10}


async def test_an_absent_grader_uses_up_no_tries(world: World) -> None:
    round_ = await world.daily(weekdays="mon")
    world.grader.away = True
    await world.say(round_, "ada", full(round_.question.id))
    await hours(world, 5)
    assert (await world.app.coach.organise.failed(PLACE))[0] == []
    world.grader.away = False
    await hours(world)
    assert await world.points() == {"Ada": 10}


async def test_a_reply_whose_worker_died_is_graded_when_the_lease_has_expired(tmp_path: Path) -> None:
    room, clock = Room(), HandClock()
    async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt("reply.assessed")) as world:
        round_ = await world.daily()
        await world.say(round_, "ada", full(round_.question.id))
        assert await world.points() == {}
        clock.pass_(seconds=50)
        await world.app.settle()
        assert await world.points() == {}
        clock.pass_(seconds=20)
        await world.app.settle()
        assert await world.points() == {"Ada": 10}
        assert len(room.texts("grade")) == 1


@pytest.mark.parametrize(
    ("point", "passing"), [("reply.taken", 1), ("reply.claimed", 5), ("reply.assessed", 1), ("reply.recorded", 1)]
)
async def test_a_crash_at_any_point_counts_a_reply_once(tmp_path: Path, point: str, passing: int) -> None:
    room, clock = Room(), HandClock()
    async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt(point, passing)) as world:
        round_ = await world.daily()
        reply = world.reply(round_, "ada", full(round_.question.id))
        for _ in range(3):
            with contextlib.suppress(Crash):
                await world.app.coach.replies.take(reply)
                await world.app.settle()
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        await world.app.coach.grading.take_back()
        await world.app.coach.replies.take(reply)
        await world.app.settle()
        assert await world.points() == {"Ada": 10}
        assert len(room.texts("grade")) == 1


async def while_graded(world: World, act: Callable[[], Awaitable[object]]) -> None:
    """Do something exactly while the grader is at work."""
    real = world.grader.grade

    async def grade(task: Task) -> Verdict:
        world.grader.grade = real  # type: ignore[method-assign]
        verdict = await real(task)
        await act()
        return verdict

    world.grader.grade = grade  # type: ignore[method-assign]


async def test_an_edit_while_it_is_graded_wins(world: World) -> None:
    round_ = await world.daily()
    newer = world.reply(round_, "ada", full(round_.question.id), message="m", revision="2")
    await while_graded(world, lambda: world.app.coach.replies.take(newer))
    await world.say(round_, "ada", half(round_.question.id), message="m")
    assert world.room.texts("grade") == ["Score: 10/10"]
    assert await world.points() == {"Ada": 10}


async def test_a_deletion_while_it_is_graded_wins(world: World) -> None:
    round_ = await world.daily()
    await while_graded(world, lambda: world.app.coach.replies.withdraw("room", "guild", round_.thread, "m"))
    await world.say(round_, "ada", half(round_.question.id), message="m")
    assert world.room.texts("grade") == []
    assert await world.points() == {}


async def test_a_person_who_is_forgotten_while_being_graded_stays_forgotten(world: World) -> None:
    round_ = await world.daily()
    await while_graded(world, lambda: world.app.coach.privacy.delete(PLACE, Person("ada", "Ada")))
    await world.say(round_, "ada", half(round_.question.id))
    assert world.room.texts("grade") == []
    assert await world.points() == {}


async def test_a_burst_of_200_replies_is_graded_and_delivered_once_each(world: World) -> None:
    round_ = await world.daily()
    replies = [world.reply(round_, f"p{n}", f"{half(round_.question.id)} {unlike(n)}") for n in range(200)]
    await asyncio.gather(*(world.app.coach.replies.take(reply) for reply in (*replies, *replies)))
    for _ in range(5):
        await world.app.settle()
    assert len(world.grader.asked) == len(world.room.texts("grade")) == 200
    world.clock.pass_(days=1)
    await world.app.settle()
    assert "Closed. 200 answers, average 5.0." in world.room.texts("reveal")[0]


async def test_the_running_loops_finish_a_burst_without_being_turned_by_hand(world: World) -> None:
    round_ = await world.daily()
    running = asyncio.create_task(world.app.run())
    for n in range(60):
        await world.app.coach.replies.take(world.reply(round_, f"p{n}", f"{half(round_.question.id)} {unlike(n)}"))
    async with asyncio.timeout(20):
        while len(world.room.texts("grade")) < 60:  # noqa: ASYNC110  the room has no event for it
            await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(world.room.texts("grade")) == 60


async def test_copies_of_the_sample_and_of_another_person_do_not_count(world: World) -> None:
    round_ = await world.daily()
    mine = LONG.format(round_.question.id[1:])
    await world.say(round_, "ada", mine)
    await world.say(round_, "ben", mine.replace("rather", "very"))
    await world.say(round_, "cleo", f"Here is what I think: {round_.question.sample_answer}")
    assert await world.points() == {"Ada": 5}
    assert ["doesn't count" in text for text in world.room.texts("grade")] == [False, True, True]


async def test_who_was_copied_may_edit_their_own_answer(world: World) -> None:
    round_ = await world.daily(rule="latest")
    mine = LONG.format(round_.question.id[1:])
    await world.say(round_, "ada", mine, message="m")
    await world.say(round_, "eve", mine)
    await world.say(round_, "ada", mine.replace("rather", "very"), message="m", revision="2")
    assert await world.points() == {"Ada": 5}


async def test_a_copy_of_what_was_edited_away_before_its_grade_is_a_copy(world: World) -> None:
    round_ = await world.daily()
    mine = LONG.format(round_.question.id[1:])
    await world.app.coach.replies.take(world.reply(round_, "ada", mine, message="m"))
    world.clock.pass_(seconds=5)
    await world.app.coach.replies.take(world.reply(round_, "ada", full(round_.question.id), message="m", revision="2"))
    await world.say(round_, "eve", mine)
    assert await world.points() == {"Ada": 10}


async def test_two_workers_on_one_store_grade_each_reply_once(world: World) -> None:
    other = assemble(world.app.store, world.grader, BANK, [world.room], clock=world.clock, rng=random.Random(1))
    round_ = await world.daily()
    for n in range(40):
        await world.app.coach.replies.take(world.reply(round_, f"p{n}", f"{half(round_.question.id)} {unlike(n)}"))
    for _ in range(4):
        await asyncio.gather(*(app.coach.grading.step() for app in (world.app, other)))
        await asyncio.gather(*(app.coach.grading.idle() for app in (world.app, other)))
    assert len(world.grader.asked) == 40
    await world.app.settle()
    assert len(world.room.texts("grade")) == 40


async def test_workers_that_are_all_busy_wait_for_the_bell_instead_of_asking_the_store(world: World) -> None:
    round_ = await world.daily()
    gate = asyncio.Event()
    await while_graded(world, gate.wait)
    world.app.coach.grading._at_once = 1
    for n in range(3):
        await world.app.coach.replies.take(world.reply(round_, f"p{n}", f"{half(round_.question.id)} {unlike(n)}"))
    await world.app.coach.grading.step()
    assert await world.app.coach.grading.step() >= 30
    gate.set()
    await world.app.coach.grading.idle()

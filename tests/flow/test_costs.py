"""What grading may cost: paid once for the same words, bounded by day, and told to the organisers."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import assemble
from bot.coach import Graders
from bot.coach.budget import Budget, Limits, Spent
from bot.coach.grading import COSTLY_TRIES
from bot.core.errors import GraderAway
from bot.core.message import Message
from bot.core.model import Place, Receipt, Task, Verdict
from tests.flow.test_one_reply import half
from tests.flow.world import BANK, PLACE, HandClock, Room, WordGrader, World, sqlite_only, store_at

TOKENS, COST = 1_000, 0.01


class PaidGrader(WordGrader):
    """The word grader, at a price for each answer; `receipt` is what it gives beside."""

    name = "paid/strict-1"

    def __init__(self) -> None:
        super().__init__()
        self.receipt = Receipt("paid", "m-1", "1", input_tokens=900, output_tokens=100, cost=COST)

    async def grade(self, task: Task) -> Verdict:
        return dataclasses.replace(await super().grade(task), receipt=self.receipt)


@contextlib.asynccontextmanager
async def paid_world(path: Path, limits: Limits = Limits(), most: int = TOKENS) -> AsyncIterator[World]:  # noqa: B008
    store = await store_at(path)
    try:
        room, clock, grader = Room(), HandClock(), PaidGrader()
        budget = Budget(store, clock, limits, lambda _: Spent(most, round(COST * most / TOKENS * 1e6)))
        graders = Graders(grader, budget=budget, identity="m-1 strict-1")
        app = assemble(store, graders, BANK, [room], clock=clock, rng=random.Random(7))
        yield World(app, room, clock, grader)
    finally:
        await store.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with paid_world(tmp_path / "c.sqlite3") as made:
        yield made


async def failed(world: World, place: Place = PLACE) -> str:
    answer = await world.call("failed", "olga", organiser=True)
    assert isinstance(answer, Message)
    return answer.text


# ---------------------------------------------------------------------------------------------- once for the same words


async def test_the_same_words_are_paid_for_once_and_graded_for_everybody(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", half(round_.question.id))
    await world.say(round_, "ben", half(round_.question.id))
    assert len(world.grader.asked) == 1
    assert len(world.room.texts("grade")) == 2
    assert (await world.app.coach.grading.spent_today(PLACE)) == Spent(TOKENS, 10_000)


async def test_the_same_words_that_come_together_are_paid_for_once(world: World) -> None:
    round_ = await world.daily()
    text = half(round_.question.id)
    await asyncio.gather(*(world.app.coach.replies.take(world.reply(round_, f"p{n}", text)) for n in range(9)))
    await world.app.settle()
    assert len(world.grader.asked) == 1
    assert len(world.room.texts("grade")) == 9


async def test_an_organiser_who_has_an_answer_graded_again_gets_a_new_grade(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", half(round_.question.id))
    await world.call("regrade", "olga", organiser=True, id="1")
    await world.app.settle()
    assert len(world.grader.asked) == 2


async def test_what_is_known_of_forgotten_words_is_forgotten_too(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", half(round_.question.id))
    await world.call("privacy", what="delete", sure="yes")
    await world.say(round_, "ben", half(round_.question.id))
    assert len(world.grader.asked) == 2


async def test_a_grade_of_the_fallback_is_said_so_and_not_kept(world: World) -> None:
    assert isinstance(world.grader, PaidGrader)
    world.grader.receipt = dataclasses.replace(world.grader.receipt, fallback=True)
    round_ = await world.daily()
    await world.say(round_, "ada", half(round_.question.id))
    assert "Graded offline" in world.room.texts("grade")[0]
    await world.say(round_, "ben", half(round_.question.id))
    assert len(world.grader.asked) == 2


# ---------------------------------------------------------------------------------------------- limits


@pytest.mark.parametrize(
    "limits",
    [Limits(tokens=2 * TOKENS), Limits(money=2 * COST), Limits(community_tokens=2 * TOKENS),
     Limits(community_money=2 * COST)],
)  # fmt: skip
async def test_a_days_limit_makes_answers_wait_and_tells_students_and_organisers_once(
    tmp_path: Path, limits: Limits
) -> None:
    async with paid_world(tmp_path / "c.sqlite3", limits) as world:
        round_ = await world.daily(weekdays="mon")
        for number, who in enumerate(("ada", "ben", "cleo", "dan")):
            await world.say(round_, who, f"{half(round_.question.id)} {number}")
        assert len(world.grader.asked) == len(world.room.texts("grade")) == 2
        assert len(world.room.texts("pending")) == 2
        assert (await failed(world)).count("used up") == 1
        world.clock.pass_(hours=2)
        await world.app.settle()
        assert len(world.room.texts("pending")) == len(world.grader.asked) == 2
        world.clock.pass_(hours=14)  # the next day in UTC
        await world.app.settle()
        assert len(world.room.texts("grade")) == 4
        assert "used up" not in await failed(world)


async def test_answers_that_are_graded_at_once_do_not_pass_a_limit_together(tmp_path: Path) -> None:
    async with paid_world(tmp_path / "c.sqlite3", Limits(tokens=3 * TOKENS)) as world:
        round_ = await world.daily(weekdays="mon")
        replies = [world.reply(round_, f"p{n}", f"{half(round_.question.id)} {n}") for n in range(12)]
        await asyncio.gather(*(world.app.coach.replies.take(reply) for reply in replies))
        await world.app.settle()
        assert len(world.grader.asked) == 3
        assert (await world.app.coach.grading.spent_today(PLACE)) == Spent(3 * TOKENS, 30_000)


async def test_what_was_reserved_and_not_spent_is_given_back(tmp_path: Path) -> None:
    async with paid_world(tmp_path / "c.sqlite3", Limits(tokens=10 * TOKENS), most=9 * TOKENS) as world:
        round_ = await world.daily()
        world.grader.away = True
        await world.say(round_, "ada", half(round_.question.id))
        assert (await world.app.coach.grading.spent_today(PLACE)) == Spent()
        world.grader.away = False
        world.clock.pass_(minutes=10)
        await world.app.settle()
        assert (await world.app.coach.grading.spent_today(PLACE)) == Spent(TOKENS, 10_000)


async def test_one_communitys_limit_is_no_other_communitys(tmp_path: Path) -> None:
    async with paid_world(tmp_path / "c.sqlite3", Limits(community_tokens=TOKENS)) as world:
        budget = Budget(world.app.store, world.clock, Limits(community_tokens=TOKENS), lambda _: Spent(TOKENS, 0))
        task = Task("Q?", "Sample.", BANK[0].key_points, "Words.")
        for place in (Place("room", "one", "c"), Place("room", "two", "c")):
            await budget.metered(world.grader, place).grade(task)
            with pytest.raises(GraderAway) as refused:
                await budget.metered(world.grader, place).grade(task)
            assert refused.value.local
        assert await world.app.coach.notices.of(Place("room", "two", "c")) == []


# ---------------------------------------------------------------------------------------------- organisers


async def test_a_notice_is_told_to_the_organisers_until_grading_works_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    class Refused(GraderAway):
        def __init__(self) -> None:
            super().__init__("the key is refused", 60.0, "The key of the grader's provider is refused. Set another.")

    round_ = await world.daily()
    world.grader.error = Refused()
    for number, who in enumerate(("ada", "ben")):
        await world.say(round_, who, f"{half(round_.question.id)} {number}")
    told = await failed(world)
    assert told.count("is refused. Set another. Since Monday") == 1
    assert sum("for the organisers" in record.message for record in caplog.records) == 1
    await world.say(round_, "cleo", round_.question.sample_answer)  # a 10 that nobody was asked for
    assert "is refused" in await failed(world)
    world.grader.error = None
    world.clock.pass_(minutes=5)
    await world.app.settle()
    assert "refused" not in await failed(world)


async def test_a_panel_that_disagrees_is_shown_to_the_organisers(world: World) -> None:
    assert isinstance(world.grader, PaidGrader)
    round_ = await world.daily()
    for who, scores in (("ada", (4, 5, 6)), ("ben", (3, 5, 9))):
        world.grader.receipt = dataclasses.replace(world.grader.receipt, scores=scores)
        await world.say(round_, who, f"{half(round_.question.id)} {who}")
    told = await failed(world)
    assert "3, 5, 9" in told
    assert "4, 5, 6" not in told
    assert "Ben" in told
    await world.call("privacy", "ben", what="delete", sure="yes")
    assert "3, 5, 9" not in await failed(world)


async def test_the_sums_of_days_long_past_go(world: World) -> None:
    budget = Budget(world.app.store, world.clock, Limits(), lambda _: Spent(TOKENS, 0))
    task = Task("Q?", "Sample.", BANK[0].key_points, "Words.")
    await budget.metered(world.grader, PLACE).grade(task)
    assert (await budget.today(PLACE)).tokens == TOKENS
    before = world.clock.now()
    world.clock.pass_(hours=24 * 45)
    await budget.metered(world.grader, PLACE).grade(task)
    world.clock.pass_(hours=-24 * 45)
    assert world.clock.now() == before + dt.timedelta()
    assert await budget.today(PLACE) == Spent()


async def test_a_reply_that_costs_at_every_try_and_gets_no_grade_is_left_to_the_organisers(world: World) -> None:
    error = GraderAway("two replies couldn't be used", 900.0)
    error.spent = Receipt("paid", input_tokens=900)
    round_ = await world.daily(weekdays="mon")
    world.grader.error = error
    await world.say(round_, "ada", half(round_.question.id))
    for _ in range(8):
        world.clock.pass_(minutes=20)
        await world.app.settle()
    assert len(world.grader.asked) == COSTLY_TRIES
    assert "couldn't be used" in await failed(world)
    assert len(world.room.texts("pending")) == 1


@sqlite_only
def test_what_one_community_may_spend_is_the_lower_of_its_own_limit_and_that_of_all() -> None:
    assert Limits().of_one == (0, 0.0)
    assert Limits(tokens=900, community_money=0.5).of_one == (900, 0.5)
    assert Limits(tokens=900, community_tokens=100, money=2.0, community_money=5.0).of_one == (100, 2.0)

"""A verdict that was paid for isn't lost when the database is away just then."""

from __future__ import annotations

import contextlib
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from bot.app import assemble
from bot.coach import Graders, grading
from bot.coach.budget import Budget, Limits, Spent
from bot.core.errors import StoreAway
from bot.core.ports import Store
from tests.flow.test_costs import COST, TOKENS, PaidGrader
from tests.flow.test_one_reply import half
from tests.flow.world import BANK, PLACE, HandClock, Room, World, store_at


class Faltering:
    """A store that is away for what is written under some names, the unit's or the query's, until it is mended."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.away: set[str] = set()

    async def write(self, unit: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        name = args[0] if unit.__name__ in ("one", "rows") else unit.__name__
        if name in self.away:
            raise StoreAway("away")
        return await self._store.write(unit, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@contextlib.asynccontextmanager
async def paid(path: Path, identity: str = "") -> AsyncIterator[tuple[World, Faltering]]:
    """A coach whose grader is paid, and nothing is known of what was graded before."""
    store = await store_at(path)
    faltering = Faltering(store)
    try:
        clock, grader = HandClock(), PaidGrader()
        used = cast(Store, faltering)
        budget = Budget(used, clock, Limits(), lambda _: Spent(3 * TOKENS, round(3 * COST * 1e6)))
        app = assemble(used, Graders(grader, budget=budget, identity=identity), BANK, [Room()], clock=clock,
                       rng=random.Random(7))  # fmt: skip
        yield World(app, cast(Room, app.platforms[0]), clock, grader), faltering
    finally:
        await store.close()


async def test_a_verdict_whose_cost_cannot_be_noted_is_kept_and_the_cost_is_noted_later(tmp_path: Path) -> None:
    async with paid(tmp_path / "c.sqlite3") as (world, store):
        round_ = await world.daily()
        await world.app.coach.replies.take(world.reply(round_, "ada", half(round_.question.id)))
        store.away.add("usage_add")
        await world.app.settle()
        assert await world.points() == {"Ada": 5}
        assert len(world.grader.asked) == 1
        assert (await world.app.coach.grading.spent_today(PLACE)) == Spent(3 * TOKENS, 30_000), "as it was reserved"
        store.away.clear()
        await world.say(round_, "ben", f"{half(round_.question.id)} indeed")
        assert (await world.app.coach.grading.spent_today(PLACE)) == Spent(2 * TOKENS, 20_000)


async def test_what_is_owed_to_the_books_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.coach.budget.MOST_OWED", 3)
    async with paid(tmp_path / "c.sqlite3") as (world, _):
        budget = world.app.coach.grading._graders.budget
        assert budget is not None
        for day in range(10):
            budget._owe(f"2026-03-{day:02}", PLACE, Spent(-1, -1))
        assert [day for day, _ in budget._owed] == ["2026-03-07", "2026-03-08", "2026-03-09"]


@pytest.mark.parametrize("identity", ["", "m-1 strict-1"])
async def test_a_verdict_that_cannot_be_recorded_is_recorded_later_and_not_asked_for_again(
    tmp_path: Path, identity: str
) -> None:
    async with paid(tmp_path / "c.sqlite3", identity) as (world, store):
        round_ = await world.daily()
        await world.app.coach.replies.take(world.reply(round_, "ada", half(round_.question.id)))
        store.away.add("_record")
        for _ in range(3):
            await world.app.settle()
            world.clock.pass_(seconds=30)
        assert await world.points() == {}
        store.away.clear()
        for _ in range(2):
            world.clock.pass_(seconds=30)
            await world.app.settle()
        assert await world.points() == {"Ada": 5}
        assert len(world.grader.asked) == 1


async def test_verdicts_that_wait_to_be_recorded_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "MOST_UNRECORDED", 2)
    async with paid(tmp_path / "c.sqlite3") as (world, store):
        round_ = await world.daily()
        for number in range(5):
            text = f"{half(round_.question.id)} {number}"
            await world.app.coach.replies.take(world.reply(round_, f"p{number}", text))
        store.away.add("_record")
        await world.app.settle()
        assert len(world.app.coach.grading._grades) == 2


async def test_an_edit_after_a_verdict_that_could_not_be_recorded_is_graded_by_its_own_words(tmp_path: Path) -> None:
    async with paid(tmp_path / "c.sqlite3") as (world, store):
        round_ = await world.daily()
        first = world.reply(round_, "ada", "words that say nothing of it at all", message="m")
        await world.app.coach.replies.take(first)
        store.away.add("_record")
        await world.app.settle()
        store.away.clear()
        world.clock.pass_(seconds=61)
        await world.say(round_, "ada", half(round_.question.id), message="m", revision="2")
        world.clock.pass_(seconds=61)
        await world.app.settle()
        assert await world.points() == {"Ada": 5}


@pytest.mark.parametrize("name", ["notice_put", "notices_clear"])
async def test_what_organisers_have_to_know_costs_no_verdict_and_is_told_later(tmp_path: Path, name: str) -> None:
    async with paid(tmp_path / "c.sqlite3") as (world, store):
        round_ = await world.daily()
        heard = world.app.coach.grading._graders.heard
        heard.append("The key is refused.")
        store.away.add(name)
        await world.say(round_, "ada", half(round_.question.id))
        assert await world.points() == {"Ada": 5}
        assert list(heard) == ["The key is refused."]
        store.away.clear()
        await world.say(round_, "ben", f"{half(round_.question.id)} indeed")
        assert [text for text, _ in await world.app.coach.notices.of(PLACE)] == ["The key is refused."]
        assert len(world.grader.asked) == 2

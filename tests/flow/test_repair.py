"""Results and boards that aren't what the replies give are noticed, and made so; no reply is touched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.coach import recounts, results
from bot.core.ports import Query, Row, Store, Unit, no_crash, rows
from tests.flow.crashes import Crash, CrashAt
from tests.flow.test_one_reply import full, half
from tests.flow.world import PLACE, HandClock, Room, World, world_at

Params = dict[str, str | int | float | None]

ADA: Params = {"round_id": 1, "user_id": "ada"}
RESULT: Params = {**ADA, "platform": "room", "community": "guild", "local_date": "2026-03-02", "daily": 1, "score": 10}
BOARD: Params = {"platform": "room", "community": "guild", "period": "all", "topic": "", "user_id": "ada"}

DAMAGE: dict[str, list[Query]] = {
    "a result is missing": [Query("result_delete", ADA)],
    "a result is too much": [Query("result_put", {**RESULT, "user_id": "eve"})],
    "a result has a wrong score": [Query("result_put", {**RESULT, "score": 3})],
    "a result has a wrong day": [
        Query("result_delete", ADA),
        Query("result_put", {**RESULT, "local_date": "2026-02-02"}),
    ],
    "a result is of the wrong kind": [Query("result_delete", ADA), Query("result_put", {**RESULT, "daily": 0})],
    "a board's row is missing": [Query("standing_delete", BOARD)],
    "a board's row is too much": [Query("standing_set", {**BOARD, "user_id": "eve", "points": 7, "answers": 1})],
    "a board's row without answers is left": [
        Query("standing_set", {**BOARD, "user_id": "eve", "points": 0, "answers": 0})
    ],
    "a board's row has wrong points": [Query("standing_set", {**BOARD, "points": 99, "answers": 1})],
    "a board's row has wrong answers": [Query("standing_set", {**BOARD, "points": 10, "answers": 2})],
}


def run(queries: list[Query]) -> Unit[None]:
    for query in queries:
        yield from rows(query.name, **query.params)


def everything() -> Unit[list[list[tuple[Any, ...]]]]:
    """Results, boards and replies, in order."""
    found: list[list[tuple[Any, ...]]] = []
    for name in ("results_of_log", "standings_all", "attempts_of_log"):
        span: Params = {} if name == "standings_all" else {"first": 0, "last": 1000}
        found.append(sorted(_values((yield from rows(name, **span)))))
    return found


def _values(found: Any) -> list[tuple[Any, ...]]:
    return [tuple(str(value) for value in _row(row)) for row in found]


def _row(row: Row) -> list[Any]:
    return list(row.values())


async def answered(world: World) -> None:
    """Two rounds with answers of two people, of which one was copied, one edited and one withdrawn."""
    round_ = await world.daily()
    await world.say(round_, "ada", full(round_.question.id))
    await world.say(round_, "ben", half(round_.question.id))
    gone = await world.say(round_, "cy", half(round_.question.id))
    await world.app.coach.replies.withdraw("room", "guild", round_.thread, gone.message)
    world.clock.pass_(days=1)
    await world.app.settle()
    second = await world.app.coach.rounds.find(PLACE)
    await world.say(second, "ada", second.question.sample_answer)
    await world.say(second, "ben", full(second.question.id))


@pytest.mark.parametrize("what", DAMAGE)
async def test_damage_is_noticed_and_repaired(world: World, what: str) -> None:
    await answered(world)
    store = world.app.store
    whole = await store.read(everything)
    assert await store.read(results.differences) == []
    await store.write(run, DAMAGE[what])
    assert await store.read(everything) != whole
    noticed = await store.read(results.differences)
    assert len(noticed) == 1
    assert await store.write(results.repair) == noticed
    assert await store.read(everything) == whole
    assert await store.read(results.differences) == []


async def test_nothing_is_repaired_where_nothing_is_wrong(world: World) -> None:
    await answered(world)
    assert await world.app.store.write(results.repair) == []


async def test_a_rule_that_was_changed_and_not_recounted_is_brought_to_an_end(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", half(round_.question.id))
    await world.say(round_, "ada", full(round_.question.id))
    channel, _ = await world.app.coach.organise.show(PLACE)
    assert await world.points() == {"Ada": 5}
    await world.app.store.write(_set_rule, channel.id)
    assert len(await world.app.store.write(results.repair)) == 7  # a result, and six boards
    assert await world.points() == {"Ada": 10}


def _set_rule(channel_id: int, rule: str = "best") -> Unit[None]:
    """What is left behind when the process ends between saving a rule and recounting by it."""
    (row,) = yield from rows("channels_scheduled")
    names = ("scheduled", "post_minute", "zone", "weekdays", "grace_s", "mention", "close_after_s", "pin",
             "archive_min", "hint_cost")  # fmt: skip
    kept = {name: row[name] for name in names}
    yield from rows("channel_set", **kept, id=channel_id, rule=rule, moved=0, now=0)


async def test_a_long_repair_goes_on_where_it_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await answered(world)
    whole = await world.app.store.read(everything)
    await world.app.store.write(run, [query for name in DAMAGE if "missing" in name for query in DAMAGE[name]])
    monkeypatch.setattr(results, "MOST_REPAIRED", 1)
    counts = [len(await world.app.store.write(results.repair)) for _ in range(3)]
    assert counts == [1, 1, 0]
    assert await world.app.store.read(everything) == whole


@pytest.mark.parametrize("point", ["channel.saved", "rule.recounted"])
async def test_a_rule_whose_change_a_crash_cut_short_is_applied_after_it(tmp_path: Path, point: str) -> None:
    room, clock = Room(), HandClock()
    crash = CrashAt(point, 2 if point == "channel.saved" else 1)  # the schedule is saved first
    async with world_at(tmp_path / "c.sqlite3", room, clock, crash) as world:
        round_ = await world.daily()
        await world.say(round_, "ada", half(round_.question.id))
        await world.say(round_, "ada", full(round_.question.id))
        with pytest.raises(Crash):
            await world.app.coach.organise.set(PLACE, {"rule": "best"})
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        await world.app.coach.rounds.recount()
        assert await world.points() == {"Ada": 10}
        assert await world.app.store.read(results.differences) == []
        assert await world.app.store.read(rows, "channels_to_recount") in ((), [])


async def test_a_rule_that_is_changed_again_while_it_is_applied_is_applied_anew(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", half(round_.question.id))
    await world.say(round_, "ada", full(round_.question.id))
    channel, _ = await world.app.coach.organise.show(PLACE)
    for rule in ("best", "first", "latest"):
        await world.app.coach.organise.set(PLACE, {"rule": rule})
    await world.app.store.write(_set_rule, channel.id, "first")
    assert await world.app.store.write(rows, "channel_recounted", id=channel.id, recount=0) in ((), [])
    assert len(await world.app.store.read(rows, "channels_to_recount")) == 1
    await world.app.coach.rounds.step()
    assert await world.points() == {"Ada": 10}, "the daily posts don't wait for it"
    await world.app.coach.rounds.recount()
    assert await world.points() == {"Ada": 5}


class Between:
    """A store before whose n-th writing of one unit something else is done."""

    def __init__(self, store: Store, unit: str, passing: int, do: Callable[[], Awaitable[object]]) -> None:
        self._store, self._unit, self._left, self._do = store, unit, passing, do

    async def write(self, unit: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        if unit.__name__ == self._unit:
            self._left -= 1
            if not self._left:
                await self._do()
        return await self._store.write(unit, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def test_a_rule_that_is_applied_and_changed_by_others_meanwhile_leaves_nothing_by_the_former_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recounts, "TOGETHER", 1)
    for _ in range(2):
        round_ = await world.daily()
        for text in (half, full, half):
            await world.say(round_, "ada", f"{text(round_.question.id)}")
            world.clock.pass_(seconds=1)
        world.clock.pass_(days=1)
    store = world.app.store
    channel, _ = await world.app.coach.organise.show(PLACE)
    await store.write(_set_rule, channel.id)

    async def others() -> None:
        """Another process applies the rule to its end, and ends after it has saved a further one."""
        await recounts.recount_due(store, no_crash)
        assert await world.points() == {"Ada": 20}
        await store.write(_set_rule, channel.id, "latest")

    await recounts.recount_due(Between(store, "_recount", 2, others), no_crash)
    assert await world.points() == {"Ada": 10}
    assert await store.read(results.differences) == []

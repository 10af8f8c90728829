"""The weekly digest: right, posted once a week, by whoever comes first; and what holds for a whole community."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from bot.core.message import Message, ParcelKind
from bot.core.model import Person, Place
from tests.flow.crashes import Crash, CrashAt
from tests.flow.test_calendar import told
from tests.flow.test_one_reply import full, half
from tests.flow.world import PLACE, HandClock, Room, World, world_at


def posted(room: Room) -> list[tuple[str, str, str]]:
    """Channel, person and first line of every digest that was posted."""
    return [
        (parcel.channel, parcel.only_for, parcel.message.title)
        for _, parcel in room.sent
        if parcel.kind is ParcelKind.DIGEST
    ]


async def a_week(world: World) -> None:
    """Two people answer on Monday 2 March, one of them on Tuesday."""
    round_ = await world.daily()
    await world.say(round_, "ada", full(round_.question.id))
    await world.say(round_, "ben", half(round_.question.id))
    world.clock.pass_(days=1)
    await world.app.settle()
    round_ = await world.app.coach.rounds.find(PLACE)
    await world.say(round_, "ada", half(round_.question.id))


async def test_it_tells_answers_people_averages_and_what_was_missed(world: World) -> None:
    await a_week(world)
    text = await told(world, "digest", week="this")
    lines = {line.split("  ")[0]: line.split()[1:] for line in text.splitlines()}
    assert text.startswith("Week of Monday 2 March 2026\n")
    assert lines["answers"] == ["3", "0"]
    assert lines["people"] == ["2", "0"]
    assert lines["average"] == ["6.7", "0.0"]
    assert ": 2 answers, average 7.5" in text
    assert ": 1 answer, average 5.0" in text
    assert "Most often missed\n- topic 2 (1 attempt)" in text
    assert "No question was answered, and none in the week before." in await told(world, "digest")


async def test_it_compares_with_the_week_before(world: World) -> None:
    await a_week(world)
    world.clock.pass_(days=6)
    await world.app.settle()
    round_ = await world.app.coach.rounds.find(PLACE)
    await world.say(round_, "cleo", full(round_.question.id))
    lines = {line.split("  ")[0]: line.split()[1:] for line in (await told(world, "digest", week="this")).splitlines()}
    assert lines["answers"] == ["1", "3"]
    assert lines["average"] == ["10.0", "6.7"]


async def test_failures_are_counted_and_point_to_the_list(world: World) -> None:
    await a_week(world)
    world.grader.error = RuntimeError("broken")
    round_ = await world.app.coach.rounds.find(PLACE)
    await world.say(round_, "dan", half(round_.question.id) + " or so I would think about it")
    for _ in range(5):
        world.clock.pass_(minutes=10)
        await world.app.settle()
    text = await told(world, "digest", week="this")
    assert "not graded  1" in text
    assert "What failed, and why: /mlops failed." in text


async def test_it_is_posted_on_mondays_where_it_was_asked_for(world: World) -> None:
    await a_week(world)
    assert "on Mondays, here" in await told(world, "config set", name="digest", value="on")
    for _ in range(14):
        world.clock.pass_(days=1)
        await world.app.settle()
        await world.app.settle()
    assert posted(world.room) == [
        ("daily", "", "Week of Monday 2 March 2026"),
        ("daily", "", "Week of Monday 9 March 2026"),
    ]
    assert "digest" not in await told(world, "config set", name="digest", value="off")
    world.clock.pass_(days=14)
    await world.app.settle()
    assert len(posted(world.room)) == 2


async def test_another_channel_can_have_it_and_then_the_first_has_not(world: World) -> None:
    await world.daily()
    await told(world, "config set", name="digest", value="on")
    other = Place("room", "guild", "staff")
    await world.app.coach.rounds.channel(other, "staff")
    await world.app.coach.organise.set(other, {"digest": "on"})
    assert "on Mondays, in staff" in await told(world, "config show")
    world.clock.pass_(days=7)
    await world.app.settle()
    assert [channel for channel, _, _ in posted(world.room)] == ["staff"]


@pytest.mark.parametrize("point", ["digest.posted", "outbox.claimed", "outbox.sent", "outbox.marked"])
async def test_a_crash_at_any_point_posts_it_once(tmp_path: Path, point: str) -> None:
    room, clock = Room(), HandClock()
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        await world.app.coach.rounds.channel(PLACE, "daily")
        await told(world, "config set", name="digest", value="on")
    clock.pass_(days=7, hours=1)
    with contextlib.suppress(Crash):
        async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt(point)) as world:
            await world.app.settle()
    clock.pass_(minutes=5)
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        await world.app.settle()
        await world.app.settle()
    assert len(posted(room)) == 1


async def test_after_weeks_away_only_the_newest_week_is_told(world: World) -> None:
    await world.daily()
    await told(world, "config set", name="digest", value="on")
    world.clock.pass_(days=30)
    await world.app.settle()
    await world.app.settle()
    assert [title for _, _, title in posted(world.room)] == ["Week of Monday 23 March 2026"]


# ---------------------------------------------------------------------------------------------- organisers on boards


async def test_organisers_can_be_left_out_of_boards_and_put_back(world: World) -> None:
    round_ = await world.daily()
    await told(world, "config set", name="organisers", value="<@ben|Ben>")
    for who, text in (("ada", half(round_.question.id)), ("ben", full(round_.question.id))):
        await world.say(round_, who, text)
    await world.say(round_, "orga", "mountains rise " * 9 + half(round_.question.id))
    assert await world.points() == {"Ada": 5, "Ben": 10, "Orga": 5}
    assert "organisers on boards  off" in await told(world, "config set", name="organisers-on-boards", value="off")
    assert await world.points() == {"Ada": 5}
    me = await world.call("me", "ben")
    assert isinstance(me, Message)
    assert "10 points" in me.text
    assert "organisers on boards" not in await told(world, "config set", name="organisers-on-boards", value="on")
    assert await world.points() == {"Ada": 5, "Ben": 10, "Orga": 5}


async def test_who_turns_out_to_be_an_organiser_is_left_out_from_then_on(world: World) -> None:
    round_ = await world.daily()
    await told(world, "config set", name="organisers-on-boards", value="off")
    await world.say(round_, "zoe", full(round_.question.id))
    assert await world.points() == {"Zoe": 10}
    await world.call("config show", "zoe", organiser=True)
    assert await world.points() == {}


async def test_who_is_named_no_more_comes_back(world: World) -> None:
    round_ = await world.daily()
    await told(world, "config set", name="organisers", value="<@ben|Ben>")
    await told(world, "config set", name="organisers-on-boards", value="off")
    await world.say(round_, "ben", full(round_.question.id))
    assert await world.points() == {}
    await told(world, "config set", name="organisers", value="<@U1|Zoe>")
    assert await world.points() == {"Ben": 10}


async def test_ones_own_wish_to_be_on_no_board_outlasts_the_setting(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ben", full(round_.question.id))
    await world.app.coach.learners.hide(PLACE, Person("ben", "Ben"), hidden=True)
    await told(world, "config set", name="organisers", value="<@ben|Ben>")
    await told(world, "config set", name="organisers-on-boards", value="off")
    await told(world, "config set", name="organisers-on-boards", value="on")
    assert await world.points() == {}


async def test_the_podium_of_a_reveal_is_corrected(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", half(round_.question.id))
    await world.say(round_, "ben", full(round_.question.id))
    world.clock.pass_(days=1)
    await world.app.settle()
    assert "First: Ben 10 and Ada 5." in world.room.texts("reveal")[0]
    await told(world, "config set", name="organisers", value="<@ben|Ben>")
    await told(world, "config set", name="organisers-on-boards", value="off")
    await world.app.settle()
    said = [parcel.message.text for _, parcel in world.room.amended if parcel.kind is ParcelKind.REVEAL]
    assert "First: Ada 5." in said[-1]


@pytest.mark.parametrize("name", ["digest", "organisers-on-boards"])
async def test_a_switch_is_on_or_off(world: World, name: str) -> None:
    await world.daily()
    assert "maybe is neither on nor off." in await told(world, "config set", name=name, value="maybe")
    assert (await world.app.coach.acts.page(PLACE))[0] == []

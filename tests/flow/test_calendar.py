"""Pauses, holidays and pins: what organisers do to a channel's calendar."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path

import pytest

from bot.commands import Call, dispatch
from bot.core import render
from bot.core.errors import UsageError
from bot.core.message import Message
from bot.core.model import Person, Place
from tests.flow.crashes import Crash, CrashAt
from tests.flow.test_one_reply import full
from tests.flow.world import PLACE, HandClock, Room, World, world_at

ORGA = Person("orga", "Orga")


async def told(world: World, verb: str, **args: str) -> str:
    """What an organiser is told by a command."""
    call = Call(verb, PLACE, ORGA, world.clock.now(), f"{verb}{args}", organiser=True, args=args, submitted=bool(args))
    answer = await dispatch(world.app.coach, call)
    assert isinstance(answer, Message)
    return answer.text


async def days(world: World, count: int) -> list[int]:
    """How many questions there are after each of the next days."""
    found = []
    for _ in range(count):
        world.clock.pass_(days=1)
        await world.app.settle()
        found.append(len(world.room.texts("question")))
    return found


# ---------------------------------------------------------------------------------------------- pauses


async def test_a_pause_until_a_date_has_no_question_before_it_and_one_on_it(world: World) -> None:
    await world.daily()
    text = await told(world, "pause", until="until 2026-03-05")
    assert text == (
        "Paused. The next daily question comes on Thursday 5 March 2026, or on the first day with one after it."
    )
    assert "until Thursday 5 March 2026" in await told(world, "config show")
    assert await days(world, 4) == [1, 1, 2, 3]
    assert "paused" not in await told(world, "config show")


async def test_a_pause_without_a_date_lasts_until_it_is_resumed(world: World) -> None:
    await world.daily()
    assert "resume ends that" in await told(world, "pause")
    assert "until it is resumed" in await told(world, "config show")
    (channel,) = await world.app.coach.organise.channels(PLACE)
    assert render.schedule_line(channel.schedule) == "09:00 UTC, every day (paused)"
    assert await world.app.coach.rounds.next_posts(PLACE) == []
    assert await days(world, 30) == [1] * 30
    assert "paused here" in await told(world, "skip")
    assert "The next comes Thursday 02 April 2026 09:00 UTC." in await told(world, "resume")
    assert await days(world, 2) == [2, 3]
    assert "isn't paused" in await told(world, "resume")


async def test_resuming_tells_of_the_first_question_that_is_not_skipped(world: World) -> None:
    await world.daily()
    assert "3 March" in await told(world, "skip")
    await told(world, "pause")
    assert "The next comes Wednesday 04 March 2026 09:00 UTC." in await told(world, "resume")
    assert await days(world, 3) == [1, 2, 3]


async def test_resuming_posts_no_question_whose_time_went_by_in_the_pause(world: World) -> None:
    await world.daily()
    await told(world, "pause")
    world.clock.pass_(days=1, minutes=30)
    await world.app.settle()
    await told(world, "resume")
    await world.app.settle()
    assert len(world.room.texts("question")) == 1


async def test_a_streak_is_not_broken_by_questions_that_never_were(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", full(round_.question.id))
    await told(world, "pause", until="2026-03-05")
    await told(world, "holiday add", dates="2026-03-05 to 2026-03-06")
    await days(world, 5)
    round_ = await world.app.coach.rounds.find(PLACE)
    assert round_.local_date == dt.date(2026, 3, 7)
    await world.say(round_, "ada", full(round_.question.id))
    board = await world.app.coach.standings.board(PLACE, Person("ada", "Ada"), "all")
    assert board.rows[0].streak == 2


async def test_a_paused_channel_can_still_be_asked(world: World) -> None:
    await world.daily()
    await told(world, "pause")
    world.clock.pass_(days=1)
    assert "Asked" in await told(world, "post-now")
    await world.app.settle()
    assert len(world.room.texts("question")) == 2


# ---------------------------------------------------------------------------------------------- holidays


async def test_holidays_have_no_question_and_are_shown_until_they_are_over(world: World) -> None:
    await world.daily()
    assert "2026-03-03 to 2026-03-04" in await told(world, "holiday add", dates="2026-03-03 to 2026-03-04")
    assert "2026-03-06" in await told(world, "holiday add", dates="2026-03-06")
    assert "2026-03-03 to 2026-03-04, 2026-03-06" in await told(world, "config show")
    assert await days(world, 3) == [1, 1, 2]
    text = await told(world, "config show")
    assert "2026-03-06" in text
    assert "2026-03-03" not in text
    assert await days(world, 2) == [2, 3]


async def test_a_part_of_holidays_can_be_taken_back(world: World) -> None:
    await world.daily()
    await told(world, "holiday add", dates="2026-03-03 to 2026-03-06")
    await told(world, "holiday remove", dates="2026-03-04")
    assert "2026-03-03, 2026-03-05 to 2026-03-06" in await told(world, "config show")
    assert await days(world, 4) == [1, 2, 2, 2]


@pytest.mark.parametrize(
    ("verb", "args", "says"),
    [
        ("pause", {"until": "soon"}, "soon is not a date. Write one like 2026-12-24."),
        ("pause", {"until": "2026-03-02"}, "2026-03-02 is not ahead."),
        ("pause", {"until": "9999-12-31"}, "at most three years"),
        ("pause", {"until": "2026-02-30"}, "is not a date"),
        ("holiday add", {"dates": "2026-03-01"}, "is over"),
        ("holiday add", {"dates": "2026-03-09 to 2026-03-04"}, "is before"),
        ("holiday add", {"dates": "2026-03-09 to"}, "is not a date"),
        ("holiday remove", {"dates": "2026-03-09"}, "is no holiday here. Holidays: none."),
        ("pin", {"date": "2026-03-01", "question": "q1"}, "is over"),
        ("pin", {"date": "2026-03-03", "question": "q11"}, "Did you mean q1?"),
        ("pin", {"date": "2026-03-03", "question": "nothing at all"}, "There is no question called nothing at all."),
        ("pin", {"date": "2026-03-02", "question": "q1"}, "2026-03-02 has its question already."),
        ("unpin", {"date": "2026-03-03"}, "No question is pinned to 2026-03-03."),
    ],
)
async def test_what_cannot_be_is_answered_and_changes_nothing(
    world: World, verb: str, args: dict[str, str], says: str
) -> None:
    await world.daily()
    before = await world.app.coach.organise.show(PLACE)
    assert says in await told(world, verb, **args)
    assert await world.app.coach.organise.show(PLACE) == before
    assert await world.app.coach.dates.pins(PLACE) == []
    assert (await world.app.coach.acts.page(PLACE))[0] == []


async def test_nothing_can_be_paused_or_pinned_where_nothing_is_scheduled(world: World) -> None:
    for verb, args in (
        ("pause", {}),
        ("holiday add", {"dates": "2026-03-09"}),
        ("pin", {"date": "2026-03-09", "question": "q1"}),
    ):
        assert "No daily question is scheduled here." in await told(world, verb, **args)


async def test_holidays_are_bounded(world: World) -> None:
    await world.daily()
    first = dt.date(2026, 4, 1)
    for number in range(60):
        await world.app.coach.dates.add_holidays(PLACE, (first + dt.timedelta(days=2 * number)).isoformat())
    with pytest.raises(UsageError, match="At most 60 holidays"):
        await world.app.coach.dates.add_holidays(PLACE, "2027-01-01")


async def test_a_pause_and_its_note_are_there_together_or_not_at_all_after_a_crash(tmp_path: Path) -> None:
    room, clock = Room(), HandClock()
    with contextlib.suppress(Crash):
        async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt("channel.saved", 2)) as world:
            await world.daily()
            await told(world, "pause")
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        assert "until it is resumed" in await told(world, "config show")
        assert [done.act for done in (await world.app.coach.acts.page(PLACE))[0]] == ["pause"]


# ---------------------------------------------------------------------------------------------- pins


async def test_a_pinned_question_comes_on_its_date_and_once(world: World) -> None:
    await world.daily()
    asked = (await world.app.coach.rounds.find(PLACE)).question.id
    wanted = next(f"q{n}" for n in range(1, 7) if f"q{n}" != asked)
    text = await told(world, "pin", date="2026-03-04", question=wanted)
    assert text == f"On Wednesday 4 March 2026 the question is Question {wanted[1:]} ({wanted})."
    assert f"2026-03-04: {wanted}" in await told(world, "config show")
    await days(world, 1)
    assert (await world.app.coach.rounds.find(PLACE)).question.id != wanted
    await days(world, 1)
    assert (await world.app.coach.rounds.find(PLACE)).question.id == wanted
    assert await world.app.coach.dates.pins(PLACE) == []


async def test_a_pin_by_title_replaces_another_and_can_be_taken_back(world: World) -> None:
    await world.daily()
    await told(world, "pin", date="tomorrow", question="Question 1")
    await told(world, "pin", date="2026-03-03", question="question 2")
    assert await world.app.coach.dates.pins(PLACE) == [(dt.date(2026, 3, 3), "q2")]
    assert "drawn again" in await told(world, "unpin", date="2026-03-03")
    assert await world.app.coach.dates.pins(PLACE) == []


async def test_a_pin_on_a_day_without_a_question_is_kept_and_told(world: World) -> None:
    await world.daily(weekdays="mon-fri")
    await told(world, "holiday add", dates="2026-03-03 to 2026-03-04")
    assert "on holiday (2026-03-03 to 2026-03-04)" in await told(world, "pin", date="2026-03-03", question="q1")
    assert "Saturday has no daily question here" in await told(world, "pin", date="2026-03-07", question="q1")
    world.clock.pass_(days=1)
    assert "Asked: Question 1." in await told(world, "post-now")


async def test_a_question_on_demand_uses_no_pin(world: World) -> None:
    await world.daily()
    world.clock.pass_(hours=15)  # it is tomorrow there
    await told(world, "pin", date="2026-03-03", question="q1")
    for _ in range(3):
        world.clock.pass_(minutes=2)
        await world.app.coach.rounds.ask(PLACE)
    assert await world.app.coach.dates.pins(PLACE) == [(dt.date(2026, 3, 3), "q1")]


async def test_a_community_forgotten_takes_its_pins_and_holidays_with_it(world: World) -> None:
    await world.daily()
    await told(world, "pin", date="2026-03-04", question="q1")
    await told(world, "holiday add", dates="2026-03-05")
    await world.app.coach.privacy.left("room", "guild")
    assert await world.app.coach.privacy.forget_left("room", dt.timedelta()) == ["guild"]
    assert await world.app.coach.dates.pins(PLACE) == []
    assert (await world.app.coach.acts.page(PLACE))[0] == []


async def test_another_communitys_channel_is_not_touched(world: World) -> None:
    await world.daily()
    other = Place("room", "other", "daily")
    await world.app.coach.organise.set(other, {"time": "09:00", "zone": "UTC"})
    await told(world, "pause")
    assert await world.app.coach.rounds.next_posts(other) != []


async def test_a_late_question_comes_although_a_holiday_was_added_meanwhile(world: World) -> None:
    world.clock.pass_(hours=-1)
    await world.app.coach.rounds.channel(PLACE, "daily")
    await world.app.coach.organise.set(PLACE, {"time": "09:00", "zone": "UTC"})
    world.clock.pass_(hours=2)
    await told(world, "holiday add", dates="2026-12-24")
    await world.app.settle()
    assert len(world.room.texts("question")) == 1


async def test_a_holiday_that_is_over_is_not_made_up_for_by_a_long_grace(world: World) -> None:
    await world.daily(grace="14d")
    await told(world, "holiday add", dates="2026-03-03 to 2026-03-04")
    await told(world, "pause", until="2026-03-06")
    assert await days(world, 3) == [1, 1, 1]
    world.clock.pass_(minutes=1)
    await told(world, "holiday remove", dates="2026-03-04")
    await told(world, "resume")
    await world.app.settle()
    assert len(world.room.texts("question")) == 1
    assert await days(world, 2) == [2, 3]
    assert (await world.app.coach.rounds.find(PLACE)).local_date == dt.date(2026, 3, 7)

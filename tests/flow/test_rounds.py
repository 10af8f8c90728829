"""Rounds: posted once a day, closed in time, revealed once."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
import logging
from pathlib import Path

import pytest

from bot.core import rules
from bot.core.errors import PlatformAway, PlatformError, UsageError
from bot.core.message import Parcel, ParcelKind
from bot.core.model import Place, RoundState
from bot.core.ports import rows
from tests.flow.crashes import Crash, CrashAt
from tests.flow.test_one_reply import full, half
from tests.flow.world import BANK, PLACE, HandClock, Room, World, world_at


async def scheduled(world: World, **settings: str) -> None:
    """A channel with a daily question at 09:00 UTC, an hour before it comes."""
    world.clock.pass_(hours=-1)
    await world.app.coach.rounds.channel(PLACE, "daily")
    await world.app.coach.organise.set(PLACE, {"time": "09:00", "zone": "UTC", **settings})


async def test_two_loops_that_race_post_once(world: World) -> None:
    await scheduled(world)
    world.clock.pass_(hours=1)
    await asyncio.gather(*(world.app.coach.rounds.step() for _ in range(5)))
    await world.app.settle()
    assert len(world.room.texts("question")) == 1


async def test_a_loop_and_an_organiser_that_race_post_once(world: World) -> None:
    await scheduled(world)
    world.clock.pass_(hours=1)
    rounds = world.app.coach.rounds
    await asyncio.gather(rounds.post_now(PLACE), rounds.step(), return_exceptions=True)
    await world.app.settle()
    assert len(world.room.texts("question")) == 1


@pytest.mark.parametrize("point", ["round.scheduled", "outbox.claimed", "outbox.sent", "round.opened", "reply.claimed"])
async def test_a_crash_at_any_point_posts_once_and_the_round_opens(tmp_path: Path, point: str) -> None:
    room, clock = Room(), HandClock()
    with contextlib.suppress(Crash):
        async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt(point)) as world:
            await scheduled(world)
            clock.pass_(hours=1)
            await world.app.settle()
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        await world.app.coach.grading.take_back()
        await world.app.settle()
        assert len(room.texts("question")) == 1
        assert (await world.app.coach.rounds.find(PLACE)).state is RoundState.OPEN


async def test_a_question_that_was_posted_before_a_crash_and_is_found_after_its_close_has_its_answers_counted(
    tmp_path: Path,
) -> None:
    room, clock = Room(), HandClock()
    async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt("outbox.sent")) as world:
        await scheduled(world)
        clock.pass_(hours=1)
        await world.app.settle()
        ((message, _),) = room.sent
        text = " ".join(full(question.id) for question in BANK)
        room.messages[f"t{message}"] = [world.reply(type("R", (), {"thread": f"t{message}"})(), "ada", text)]
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        clock.pass_(hours=25)
        await world.app.coach.grading.take_back()
        await world.app.settle()
        await world.app.settle()
        assert await world.points() == {"Ada": 10}
        assert len(room.texts("reveal")) == 1


async def test_an_answer_from_long_before_its_round_was_noted_as_open_stays_when_the_thread_is_read_again(
    tmp_path: Path,
) -> None:
    room, clock = Room(), HandClock()
    async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt("outbox.sent")) as world:
        await scheduled(world)
        clock.pass_(hours=1)
        await world.app.settle()
        ((message, _),) = room.sent
        text = " ".join(full(question.id) for question in BANK)
        room.messages[f"t{message}"] = [world.reply(type("R", (), {"thread": f"t{message}"})(), "ada", text)]
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        clock.pass_(hours=2)
        await world.app.coach.grading.take_back()
        await world.app.settle()
        await world.app.coach.replies.catch_up(room)
        assert await world.points() == {"Ada": 10}


async def test_a_question_that_was_claimed_before_a_crash_is_not_posted_after_its_close(tmp_path: Path) -> None:
    room, clock = Room(), HandClock()
    async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt("outbox.claimed")) as world:
        await scheduled(world, weekdays="mon")
        clock.pass_(hours=1)
        await world.app.settle()
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        clock.pass_(hours=25)
        await world.app.coach.grading.take_back()
        await world.app.settle()
        assert room.sent == []
        assert await world.app.coach.rounds.step() > 1, "nothing is left to do about it"


async def test_replies_between_a_crash_and_the_opening_of_their_round_are_taken(tmp_path: Path) -> None:
    room, clock = Room(), HandClock()
    async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt("outbox.sent")) as world:
        await scheduled(world)
        clock.pass_(hours=1)
        await world.app.settle()
        ((message, _),) = room.sent
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        clock.pass_(minutes=2)
        with pytest.raises(UsageError):
            await world.app.coach.rounds.find(PLACE)
        text = " ".join(full(question.id) for question in BANK)
        reply = world.reply(type("R", (), {"thread": f"t{message}"})(), "ada", text)
        assert (await world.app.coach.replies.take(reply)) == "elsewhere"
        room.messages[f"t{message}"] = [reply]
        await world.app.coach.grading.take_back()
        await world.app.settle()
        assert len(room.texts("question")) == 1
        assert await world.points() == {"Ada": 10}


async def test_a_post_missed_within_the_grace_period_is_made_once(world: World) -> None:
    await scheduled(world)
    world.clock.pass_(hours=3, minutes=59)
    await world.app.settle()
    await world.app.settle()
    assert len(world.room.texts("question")) == 1


async def test_a_post_missed_by_more_is_skipped_and_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await scheduled(world)
    world.clock.pass_(hours=4, minutes=1)
    with caplog.at_level(logging.WARNING):
        await world.app.settle()
        await world.app.settle()
    assert world.room.texts("question") == []
    assert caplog.text.count("was missed; skipped") == 1
    world.clock.pass_(hours=21)
    await world.app.settle()
    assert len(world.room.texts("question")) == 1


async def test_a_question_posted_early_is_not_posted_again_nor_closed_at_its_time(world: World) -> None:
    await scheduled(world)
    await world.app.coach.rounds.post_now(PLACE)
    await world.app.settle()
    world.clock.pass_(hours=2)
    await world.app.settle()
    round_ = await world.app.coach.rounds.find(PLACE)
    assert len(world.room.texts("question")) == 1
    assert round_.state is RoundState.OPEN
    assert round_.closes_at == dt.datetime(2026, 3, 3, 8, tzinfo=dt.UTC)


async def test_a_round_closes_at_the_next_post_and_is_revealed_once(world: World) -> None:
    round_ = await world.daily(**{"close-after": "3d"})
    await world.say(round_, "ada", full(round_.question.id))
    await world.say(round_, "ben", half(round_.question.id))
    world.clock.pass_(hours=23, minutes=59)
    await world.app.settle()
    assert world.room.texts("reveal") == []
    world.clock.pass_(minutes=1)
    await world.app.settle()
    await world.app.settle()
    (text,) = world.room.texts("reveal")
    assert text.startswith("Closed. 2 answers, average 7.5. First: Ada 10 and Ben 5.")
    assert round_.question.sample_answer in text
    assert [p.kind for _, p in world.room.sent if not p.thread] == [ParcelKind.QUESTION] * 2
    assert [p.thread for _, p in world.room.sent if p.kind is ParcelKind.REVEAL] == [round_.thread]


async def test_a_round_closes_after_its_time_where_no_post_follows(world: World) -> None:
    await world.daily(weekdays="mon")
    world.clock.pass_(hours=24, seconds=1)
    await world.app.settle()
    assert len(world.room.texts("reveal")) == 1


async def test_a_reveal_waits_for_pending_grades_but_not_for_ever(world: World) -> None:
    round_ = await world.daily(weekdays="mon")
    world.grader.away = True
    await world.say(round_, "ada", full(round_.question.id))
    world.clock.pass_(hours=24)
    await world.app.settle()
    world.clock.pass_(minutes=9)
    await world.app.settle()
    assert world.room.texts("reveal") == []
    world.clock.pass_(minutes=2)
    await world.app.settle()
    assert "1 answer is still being graded." in world.room.texts("reveal")[0]


async def test_a_grade_that_comes_after_the_reveal_amends_it(world: World) -> None:
    await test_a_reveal_waits_for_pending_grades_but_not_for_ever(world)
    world.grader.away = False
    world.clock.pass_(minutes=20)
    await world.app.settle()
    assert len(world.room.texts("reveal")) == 1
    assert "1 answer, average 10.0. First: Ada 10." in world.room.amended[-1][1].message.text


def counts(room: Room) -> list[str]:
    """The last line of every amendment of a question, in order."""
    return [parcel.message.text.splitlines()[-1] for _, parcel in room.amended if parcel.kind is ParcelKind.QUESTION]


def another_answer(who: str) -> str:
    """Words that nobody else uses."""
    return " ".join(sorted(who * 3 + letter * 4 for letter in "defghijk"))


async def test_a_question_says_how_many_have_answered_half_a_minute_later_and_in_one_amendment(world: World) -> None:
    round_ = await world.daily()
    for who in ("ada", "ben", "cleo"):
        await world.say(round_, who, another_answer(who))
    world.clock.pass_(seconds=26)
    await world.app.settle()
    assert counts(world.room) == []
    world.clock.pass_(seconds=2)
    await world.app.settle()
    await world.app.settle()
    assert counts(world.room) == ["3 people have answered."]
    assert world.room.amended[-1][0] == round_.message


async def test_a_count_that_is_shown_already_amends_nothing(world: World) -> None:
    round_ = await world.daily()
    for _ in range(2):
        await world.say(round_, "ada", half(round_.question.id))
        world.clock.pass_(seconds=60)
        await world.app.settle()
    assert counts(world.room) == ["1 person has answered."]


async def test_an_answer_that_is_taken_back_leaves_the_count(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", half(round_.question.id))
    reply = await world.say(round_, "ben", full(round_.question.id))
    world.clock.pass_(seconds=30)
    await world.app.settle()
    await world.app.coach.replies.withdraw("room", "guild", round_.thread, reply.message)
    world.clock.pass_(seconds=30)
    await world.app.settle()
    assert counts(world.room) == ["2 people have answered.", "1 person has answered."]


async def test_an_older_question_is_amended_at_most_every_five_minutes(world: World) -> None:
    round_ = await world.daily()
    world.clock.pass_(hours=2)
    for number in range(10):
        await world.say(round_, f"p{number}", another_answer(f"p{number}"))
        world.clock.pass_(seconds=59)
        await world.app.settle()
    assert counts(world.room) == ["5 people have answered."]


@pytest.mark.parametrize(("weekdays", "later"), [("mon", 0), ("mon tue", 30)])
async def test_the_close_brings_the_count_up_to_date_behind_the_next_question(
    world: World, weekdays: str, later: int
) -> None:
    round_ = await world.daily(weekdays=weekdays)
    world.clock.pass_(hours=23, minutes=59, seconds=50)
    await world.say(round_, "ada", half(round_.question.id))
    assert counts(world.room) == []
    world.clock.pass_(seconds=10)
    await world.app.settle()
    assert len(world.room.texts("reveal")) == 1
    world.clock.pass_(seconds=later)
    await world.app.settle()
    assert counts(world.room) == ["1 person has answered."]


async def test_a_count_outlives_a_restart(tmp_path: Path) -> None:
    room, clock = Room(), HandClock()
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        round_ = await world.daily()
        await world.say(round_, "ada", half(round_.question.id))
    clock.pass_(minutes=5)
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        await world.app.settle()
    assert counts(room) == ["1 person has answered."]


class RoomWithoutEdits(Room):
    async def amend(self, message: str, parcel: Parcel) -> None:
        raise PlatformAway("too many edits", retry_after=600)


async def test_a_count_does_not_come_before_what_its_channel_waits_for(world: World) -> None:
    round_ = await world.daily()
    world.room.failure = lambda _: PlatformAway("slow down", retry_after=100)
    await world.say(round_, "ada", half(round_.question.id))
    world.room.failure = lambda _: None
    world.clock.pass_(seconds=40)
    await world.app.settle()
    assert (counts(world.room), world.room.texts("grade")) == ([], [])
    world.clock.pass_(seconds=70)
    await world.app.settle()
    world.clock.pass_(seconds=30)
    await world.app.settle()
    assert len(world.room.texts("grade")) == 1
    assert counts(world.room) == ["1 person has answered."]


async def test_a_count_that_cannot_be_shown_holds_up_no_grade(tmp_path: Path) -> None:
    room = RoomWithoutEdits()
    async with world_at(tmp_path / "c.sqlite3", room) as world:
        round_ = await world.daily()
        await world.say(round_, "ada", half(round_.question.id))
        world.clock.pass_(seconds=30)
        await world.say(round_, "ben", full(round_.question.id))
        assert len(room.texts("grade")) == 2


async def test_a_reveal_comes_as_soon_as_the_last_grade_is_there(world: World) -> None:
    round_ = await world.daily(weekdays="mon")
    world.clock.pass_(hours=23, minutes=59, seconds=59)
    await world.app.coach.replies.take(world.reply(round_, "ada", full(round_.question.id)))
    world.clock.pass_(seconds=1)
    await world.app.settle()
    assert "First: Ada 10." in world.room.texts("reveal")[0]
    assert "being graded" not in world.room.texts("reveal")[0]


async def test_a_question_on_demand_has_a_cool_down_also_for_many_at_once(world: World) -> None:
    rounds = world.app.coach.rounds
    found = await asyncio.gather(*(rounds.ask(PLACE) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(one, UsageError) for one in found) == 7
    with pytest.raises(UsageError, match="in 60 seconds"):
        await rounds.ask(PLACE)
    other = Place("room", "guild", "other")
    await rounds.ask(other)
    world.clock.pass_(seconds=60)
    round_ = await rounds.ask(PLACE, "Beta")
    assert round_.question.section == "Beta"
    assert not round_.daily


async def test_rounds_on_demand_and_daily_leave_each_other_open(world: World) -> None:
    daily = await world.daily()
    await world.app.coach.rounds.ask(PLACE)
    await world.app.settle()
    assert (await world.app.coach.rounds.find(PLACE, target=str(daily.id))).state is RoundState.OPEN


async def test_a_skipped_day_has_no_question_and_the_day_after_has(world: World) -> None:
    await world.daily()
    assert await world.app.coach.rounds.skip(PLACE) == dt.date(2026, 3, 3)
    assert await world.app.coach.rounds.skip(PLACE) == dt.date(2026, 3, 4)
    posts = await world.app.coach.rounds.next_posts(PLACE, most=1)
    assert posts[0][1] == dt.datetime(2026, 3, 5, 9, tzinfo=dt.UTC)
    for expected in (1, 1, 2):
        world.clock.pass_(days=1)
        await world.app.settle()
        assert len(world.room.texts("question")) == expected


async def test_a_skipped_day_ahead_takes_no_earlier_day_with_it(world: World) -> None:
    await world.daily(weekdays="mon")
    assert await world.app.coach.rounds.skip(PLACE) == dt.date(2026, 3, 9)
    await world.app.coach.organise.set(PLACE, {"weekdays": "daily"})
    world.clock.pass_(days=1)
    await world.app.settle()
    assert len(world.room.texts("question")) == 2


async def test_a_skipped_day_can_be_posted_after_all(world: World) -> None:
    await scheduled(world)
    await world.app.coach.rounds.skip(PLACE)
    await world.app.coach.rounds.post_now(PLACE)
    world.clock.pass_(hours=2)
    await world.app.settle()
    assert len(world.room.texts("question")) == 1


async def test_no_question_comes_again_before_all_were_asked_over_restarts(tmp_path: Path) -> None:
    room, clock = Room(), HandClock()
    for _ in range(len(BANK)):
        async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
            await world.daily()
            clock.pass_(days=1)
    assert len(set(room.texts("question"))) == len(BANK)
    sections = [text.split(" · ")[1] for text in room.texts("question")]
    assert all(one != other for one, other in itertools.pairwise(sections))


async def test_a_question_that_could_not_be_posted_for_a_day_is_given_up(world: World) -> None:
    await scheduled(world)
    world.room.failure = lambda _: PlatformAway("down", retry_after=600.0)
    for _ in range(30):
        world.clock.pass_(hours=1)
        await world.app.settle()
    world.room.failure = lambda _: None
    world.clock.pass_(hours=1)
    await world.app.settle()
    assert len(world.room.texts("question")) == 1  # the second day's alone
    assert (await world.app.coach.rounds.find(PLACE)).local_date == dt.date(2026, 3, 3)


async def test_a_refused_question_is_seen_by_organisers_and_can_be_posted_again(world: World) -> None:
    await scheduled(world)
    world.room.failure = lambda _: PlatformError("I may not write here. Give me Send Messages.")
    world.clock.pass_(hours=1)
    await world.app.settle()
    _, dropped = await world.app.coach.organise.failed(PLACE)
    assert dropped == [("question", "I may not write here. Give me Send Messages.")]
    world.room.failure = lambda _: None
    await world.app.coach.rounds.post_now(PLACE)
    await world.app.settle()
    assert len(world.room.texts("question")) == 1


async def test_nobody_can_answer_a_question_that_was_never_posted(world: World) -> None:
    await scheduled(world)
    round_ = await world.app.coach.rounds.post_now(PLACE)
    with pytest.raises(UsageError, match="only just being posted"):
        await world.app.coach.rounds.find(PLACE, target=str(round_.id))


async def test_one_community_without_questions_holds_up_no_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.app.coach.organise.set(Place("room", "other", "c"), {"time": "09:00", "zone": "UTC"})
    await scheduled(world)
    real = world.app.coach.rounds._bank.questions

    def none_for_other(place: Place):  # type: ignore[no-untyped-def]  # noqa: ANN202
        found = yield from real(place)
        return () if place.community == "other" else found

    object.__setattr__(world.app.coach.rounds, "_bank", type("Bank", (), {"questions": staticmethod(none_for_other)}))
    world.clock.pass_(hours=1)
    with caplog.at_level(logging.WARNING):
        await world.app.settle()
    assert len(world.room.texts("question")) == 1
    assert "no question with a sample answer" in caplog.text


@pytest.mark.parametrize(
    ("zone", "first_day", "local"),
    [
        ("Europe/Berlin", dt.date(2026, 3, 28), "02:30"),
        ("America/New_York", dt.date(2026, 10, 31), "01:30"),
        ("America/Nuuk", dt.date(2024, 3, 29), "23:30"),
        ("Africa/Cairo", dt.date(2026, 4, 23), "00:00"),
    ],
)
async def test_days_with_a_change_of_the_clocks_have_one_post_each(
    world: World, zone: str, first_day: dt.date, local: str
) -> None:
    world.clock.time = rules.local_moment(first_day, dt.time(), zone) - dt.timedelta(minutes=15)
    await world.app.coach.organise.set(PLACE, {"time": local, "zone": zone, "grace": "30m"})
    for _ in range(4 * 24 * 3 + 10):
        world.clock.pass_(minutes=15)
        await world.app.coach.rounds.step()
    found = await world.app.store.read(rows, "rounds_daily_from", channel_id=1, day="")
    days = [dt.date.fromisoformat(row["local_date"]) for row in found]
    assert days[:3] == [first_day + dt.timedelta(days=n) for n in range(3)]
    assert len(days) == len(set(days)) <= 4
    await world.app.settle()
    assert len(world.room.texts("question")) >= 1

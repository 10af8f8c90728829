"""One reply from the thread to the board."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bot.core.model import Person
from tests.flow.world import HandClock, Room, World, world_at

FULL = "alpha{0} one beta{0} two gamma{0} three delta{0} four is what I would say here"
HALF = "alpha{0} one beta{0} two and nothing else comes to my mind"


def full(world_round_question: str) -> str:
    return FULL.format(world_round_question.removeprefix("q"))


def half(world_round_question: str) -> str:
    return HALF.format(world_round_question.removeprefix("q"))


async def test_a_reply_in_the_thread_is_graded_there_and_counts(world: World) -> None:
    round_ = await world.daily()
    reply = await world.say(round_, "ada", full(round_.question.id))
    grades = [(p.thread, p.reply_to, p.only_for, p.message.text) for _, p in world.room.sent if p.kind == "grade"]
    assert grades == [(round_.thread, reply.message, "", "Score: 10/10")]
    assert await world.points() == {"Ada": 10}


async def test_reasons_are_given_below_six_by_topic_only(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", half(round_.question.id))
    (text,) = world.room.texts("grade")
    assert text == "Score: 5/10\nReasons:\n- Nothing on topic 2.\n- Nothing on topic 3."


async def test_a_redelivered_reply_is_graded_once(world: World) -> None:
    round_ = await world.daily()
    reply = await world.say(round_, "ada", full(round_.question.id))
    await world.app.coach.replies.take(reply)
    await world.app.settle()
    assert len(world.room.texts("grade")) == 1
    assert await world.points() == {"Ada": 10}


async def test_the_first_attempt_counts_and_the_second_says_that_it_does_not(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", half(round_.question.id))
    await world.say(round_, "ada", full(round_.question.id))
    assert await world.points() == {"Ada": 5}
    assert "another attempt of yours is the one that counts" in world.room.texts("grade")[1]


async def test_talk_is_not_graded_until_its_author_asks(world: World) -> None:
    round_ = await world.daily()
    reply = await world.say(round_, "ada", "alpha1 one, I guess?")
    assert world.room.texts("grade") == []
    await world.call("grade", "ada", target=reply.message, thread=round_.thread)
    await world.app.settle()
    assert len(world.room.texts("grade")) == 1


async def test_a_deleted_reply_counts_for_nothing_and_keeps_its_slot(world: World) -> None:
    round_ = await world.daily()
    reply = await world.say(round_, "ada", half(round_.question.id))
    await world.app.coach.replies.withdraw("room", "guild", round_.thread, reply.message)
    await world.say(round_, "ada", full(round_.question.id))
    assert await world.points() == {}


async def test_a_pasted_sample_answer_is_a_ten_that_does_not_count(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", round_.question.sample_answer.upper())
    assert world.room.texts("grade")[0].startswith("Score: 10/10")
    assert await world.points() == {}


async def test_a_grader_that_is_away_leaves_the_reply_pending_and_says_so_once(world: World) -> None:
    round_ = await world.daily()
    world.grader.away = True
    await world.say(round_, "ada", full(round_.question.id))
    world.clock.pass_(minutes=20)
    await world.app.settle()
    assert [p.only_for for _, p in world.room.sent if p.kind == "pending"] == ["ada"]
    assert world.room.texts("grade") == []
    world.grader.away = False
    world.clock.pass_(minutes=20)
    await world.app.settle()
    assert await world.points() == {"Ada": 10}


async def test_everything_is_still_there_after_a_restart(tmp_path: Path) -> None:
    room, clock = Room(), HandClock()
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        round_ = await world.daily()
        await world.app.coach.replies.take(world.reply(round_, "ada", full(round_.question.id)))
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        await world.app.settle()
        assert await world.points() == {"Ada": 10}
        assert len(room.texts("grade")) == 1


@pytest.mark.parametrize("gap_minutes", [5, 500])
async def test_what_was_missed_while_away_is_taken_and_what_vanished_withdrawn(world: World, gap_minutes: int) -> None:
    round_ = await world.daily()
    gone = await world.say(round_, "ben", full(round_.question.id))
    world.clock.pass_(minutes=gap_minutes)
    world.room.messages[round_.thread] = [world.reply(round_, "ada", half(round_.question.id))]
    assert await world.app.coach.replies.catch_up(world.room) == 1
    await world.app.settle()
    assert gone.message not in {reply.message for reply in world.room.messages[round_.thread]}
    assert await world.points() == {"Ada": 5}


async def test_a_name_that_is_not_known_yet_hides_none_and_comes_later(world: World) -> None:
    round_ = await world.daily()
    nameless = dataclasses.replace(world.reply(round_, "ada", full(round_.question.id)), author=Person("ada", ""))
    await world.app.coach.replies.take(nameless)
    await world.app.settle()
    assert await world.points() == {"somebody": 10}
    await world.app.coach.replies.name("room", "guild", "ada", " Ada\nL. ")
    await world.app.coach.replies.name("room", "guild", "stranger", "Zoe")
    assert await world.points() == {"Ada L.": 10}
    later = dataclasses.replace(nameless, message="later")
    await world.app.coach.replies.take(later)
    await world.app.coach.replies.name("room", "guild", "ada", "")
    assert await world.points() == {"Ada L.": 10}

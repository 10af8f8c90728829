"""Edits, deletions and late arrivals under the three counting rules."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from bot.coach.replies import Taken
from bot.core.model import Person, Round
from tests.flow.test_one_reply import full, half
from tests.flow.world import PLACE, World

RULES = ("first", "best", "latest")
TALK = "never mind, sorry"


def third(question: str) -> str:
    return f"alpha{question[1:]} one beta{question[1:]} two gamma{question[1:]} three but I forget what else there was"


async def edit(world: World, round_: Round, text: str, revision: str = "2", *, message: str = "m") -> None:
    world.clock.pass_(minutes=1)
    await world.say(round_, "ada", text, message=message, revision=revision)


@pytest.mark.parametrize(("rule", "points"), [("first", 5), ("best", 10), ("latest", 10)])
async def test_an_edit_of_a_graded_answer_is_a_new_attempt(world: World, rule: str, points: int) -> None:
    round_ = await world.daily(rule=rule)
    await world.say(round_, "ada", half(round_.question.id), message="m")
    await edit(world, round_, full(round_.question.id))
    assert await world.points() == {"Ada": points}


@pytest.mark.parametrize("rule", RULES)
async def test_an_edit_before_grading_replaces_the_text(world: World, rule: str) -> None:
    round_ = await world.daily(rule=rule)
    await world.app.coach.replies.take(world.reply(round_, "ada", half(round_.question.id), message="m"))
    await edit(world, round_, full(round_.question.id))
    assert await world.points() == {"Ada": 10}
    assert world.room.texts("grade") == ["Score: 10/10"]
    assert len(world.grader.asked) == 1


async def test_an_update_with_unchanged_text_is_ignored(world: World) -> None:
    round_ = await world.daily()
    reply = await world.say(round_, "ada", full(round_.question.id), message="m")
    again = world.reply(round_, "ada", reply.text, message="m", revision="2")
    assert await world.app.coach.replies.take(again) is Taken.KNOWN


@pytest.mark.parametrize("rule", RULES)
async def test_an_older_revision_that_arrives_later_counts_for_nothing(world: World, rule: str) -> None:
    round_ = await world.daily(rule=rule)
    older = world.reply(round_, "ada", half(round_.question.id), message="m")
    await edit(world, round_, full(round_.question.id))
    assert await world.app.coach.replies.take(older) is Taken.DISCUSSION
    await world.app.settle()
    assert await world.points() == {"Ada": 10}
    assert len(world.room.texts("grade")) == 1


async def test_a_deletion_that_overtakes_its_message_wins(world: World) -> None:
    round_ = await world.daily()
    reply = world.reply(round_, "ada", full(round_.question.id), message="m")
    await world.app.coach.replies.withdraw("room", "guild", round_.thread, "m")
    assert await world.app.coach.replies.take(reply) is Taken.KNOWN
    await edit(world, round_, full(round_.question.id))
    assert await world.points() == {}
    assert await world.app.coach.standings.progress(PLACE, reply.author) is not None


async def test_an_edit_after_the_close_is_practice(world: World) -> None:
    round_ = await world.daily(rule="latest")
    await world.say(round_, "ada", half(round_.question.id), message="m")
    world.clock.pass_(days=1)
    await world.app.settle()
    await edit(world, round_, full(round_.question.id))
    assert await world.points() == {"Ada": 5}
    assert "practice, not counted" in world.room.texts("grade")[-1]


async def test_an_edit_after_the_close_leaves_the_pending_answer_alone(world: World) -> None:
    round_ = await world.daily(weekdays="mon")
    world.grader.away = True
    await world.say(round_, "ada", half(round_.question.id), message="m")
    world.clock.pass_(days=1)
    await world.app.settle()
    await edit(world, round_, full(round_.question.id))
    world.grader.away = False
    world.clock.pass_(hours=1)
    await world.app.settle()
    assert await world.points() == {"Ada": 5}


async def test_an_answer_written_before_the_close_counts_though_it_arrives_after(world: World) -> None:
    round_ = await world.daily(weekdays="mon")
    world.clock.pass_(hours=23, minutes=59)
    reply = world.reply(round_, "ada", full(round_.question.id))
    world.clock.pass_(minutes=2)
    await world.app.settle()
    world.room.messages[round_.thread] = [reply]
    assert await world.app.coach.replies.catch_up(world.room) == 1
    await world.app.settle()
    assert await world.points() == {"Ada": 10}


async def test_talk_edited_into_an_answer_is_graded(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", TALK, message="m")
    await edit(world, round_, full(round_.question.id))
    assert await world.points() == {"Ada": 10}


async def test_an_answer_edited_into_talk_before_grading_is_not_graded(world: World) -> None:
    round_ = await world.daily()
    await world.app.coach.replies.take(world.reply(round_, "ada", half(round_.question.id), message="m"))
    await edit(world, round_, TALK)
    assert world.room.texts("grade") == []
    await edit(world, round_, full(round_.question.id), "3")
    assert await world.points() == {"Ada": 10}


async def test_an_answer_edited_into_talk_leaves_a_reveal_that_waits_for_its_grade(world: World) -> None:
    round_ = await world.daily(weekdays="mon")
    world.grader.away = True
    reply = world.reply(round_, "ada", full(round_.question.id), message="m")
    await world.app.coach.replies.take(reply)
    written = world.clock.now() + dt.timedelta(hours=1)
    for _ in range(2):
        world.clock.pass_(days=1, minutes=11)
        await world.app.settle()
    assert "1 answer is still being graded." in world.room.texts("reveal")[0]
    late = dataclasses.replace(reply, text=TALK, revision="2", at=written)  # the platform was away until now
    await world.app.coach.replies.take(late)
    await world.app.settle()
    reveals = [parcel.message.text for _, parcel in world.room.amended if parcel.kind == "reveal"]
    assert reveals[-1].startswith("Closed. Nobody's answer counted this time.")


async def test_an_answer_edited_into_talk_after_grading_keeps_its_grade(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", half(round_.question.id), message="m")
    await edit(world, round_, TALK)
    assert await world.points() == {"Ada": 5}


@pytest.mark.parametrize(("rule", "points"), [("first", None), ("best", 5), ("latest", 5)])
async def test_a_deleted_message_takes_all_its_revisions_with_it_and_keeps_their_slots(
    world: World, rule: str, points: int | None
) -> None:
    round_ = await world.daily(rule=rule)
    await world.say(round_, "ada", third(round_.question.id), message="m")
    await edit(world, round_, full(round_.question.id))
    await world.app.coach.replies.withdraw("room", "guild", round_.thread, "m")
    assert await world.points() == {}
    await edit(world, round_, half(round_.question.id), "", message="n")
    assert await world.points() == ({"Ada": points} if points else {})


async def test_nothing_of_a_deleted_message_is_kept_replaced_texts_neither(world: World) -> None:
    round_ = await world.daily()
    await world.app.coach.replies.take(world.reply(round_, "ada", "secret one two three four", message="m"))
    await edit(world, round_, "secret five six seven eight")
    await world.app.coach.replies.withdraw("room", "guild", round_.thread, "m")
    exported = await world.app.coach.privacy.export(PLACE, world.reply(round_, "ada", "").author)
    assert "secret" not in exported


async def test_only_the_first_three_attempts_can_be_the_best(world: World) -> None:
    round_ = await world.daily(rule="best")
    for number in range(3):
        await world.say(round_, "ada", f"{half(round_.question.id)} {number}")
    await world.say(round_, "ada", full(round_.question.id))
    assert await world.points() == {"Ada": 5}
    assert "another attempt" in world.room.texts("grade")[-1]


async def test_another_rule_recounts_what_was_and_setting_it_again_changes_nothing(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", half(round_.question.id))
    await world.say(round_, "ada", full(round_.question.id))
    await world.say(round_, "ada", third(round_.question.id))
    await world.say(round_, "ben", half(round_.question.id))
    for rule, ada in (("best", 10), ("latest", 8), ("latest", 8), ("first", 5)):
        await world.app.coach.organise.set(PLACE, {"rule": rule})
        assert await world.points() == {"Ada": ada, "Ben": 5}


async def test_mygrade_shows_the_attempt_that_counts(world: World) -> None:
    round_ = await world.daily(rule="latest")
    texts = [f"{half(round_.question.id)} really", full(round_.question.id), f"{half(round_.question.id)} truly"]
    for text in texts:
        await world.say(round_, "ada", text)
    own = await world.app.coach.replies.own(round_.id, world.reply(round_, "ada", "").author)
    assert own.reply_id == 3
    assert own.notes == ()


async def test_a_copied_ten_is_not_shown_as_the_grade_that_counts(world: World) -> None:
    round_ = await world.daily(rule="best")
    await world.say(round_, "ada", round_.question.sample_answer)
    await world.say(round_, "ada", full(round_.question.id))
    own = await world.app.coach.replies.own(round_.id, world.reply(round_, "ada", "").author)
    assert own.notes == ()


async def test_times_are_those_of_writing(world: World) -> None:
    round_ = await world.daily()
    first = world.reply(round_, "ada", half(round_.question.id))
    world.clock.pass_(minutes=5)
    await world.say(round_, "ada", full(round_.question.id))
    await world.app.coach.replies.take(first)  # delivered late, but written first
    await world.app.settle()
    assert await world.points() == {"Ada": 5}
    assert world.clock.now() - first.at > dt.timedelta(minutes=4)


@pytest.mark.parametrize("text", ["\x00" * 9, "a\x00 b\ud800 c d e f", "x " * 20_000, "\u202e one two three four five"])
async def test_strange_texts_and_names_are_stored_bounded(world: World, text: str) -> None:
    round_ = await world.daily()
    name = "eve\n\u202e\x00\ud800" + "e" * 500
    await world.app.coach.replies.take(
        dataclasses.replace(world.reply(round_, "eve", text), author=Person("eve", name))
    )
    await world.app.settle()
    names = await world.points(period="all")
    assert all(len(name) <= 80 and "\n" not in name and "\u202e" not in name for name in names)

"""One's own data: all of it to take along, and gone when it is to go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.coach.replies import Taken
from bot.core.model import Person, Place
from tests.flow.test_one_reply import full, half
from tests.flow.world import PLACE, World, dump, world_at

ADA, BEN = Person("ada", "Ada"), Person("ben", "Ben")


async def export(world: World, person: Person = ADA, place: Place = PLACE) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await world.app.coach.privacy.export(place, person))
    return found


async def two_people(world: World) -> Any:
    round_ = await world.daily(weekdays="mon")
    await world.say(round_, "ada", f"{full(round_.question.id)} privately of adas own", message="m-ada")
    await world.say(round_, "ada", "thanks, all")
    await world.say(round_, "ben", half(round_.question.id))
    return round_


async def test_an_export_has_everything_and_only_the_own(world: World) -> None:
    round_ = await two_people(world)
    found = await export(world)
    assert found["name"] == "Ada"
    assert [(reply["state"], reply["score"]) for reply in found["replies"]] == [("graded", 10), ("discussion", None)]
    first = found["replies"][0]
    assert (first["question"], first["message"], first["private"]) == (round_.question.id, "m-ada", False)
    assert first["grade"]["score"] == 10
    assert found["counted"] == [{"question": round_.question.id, "date": "2026-03-02", "score": 10}]
    assert "Ben" not in json.dumps(found)
    assert (await export(world, Person("eve", "Eve")))["replies"] == []
    assert (await export(world, place=Place("room", "elsewhere", "daily")))["replies"] == []


async def test_an_export_tells_no_key_point_before_the_close(world: World) -> None:
    round_ = await world.daily(weekdays="mon")
    await world.say(round_, "ben", half(round_.question.id))
    claim = round_.question.key_points[3].claim
    assert claim not in json.dumps(await export(world, BEN))
    world.clock.pass_(days=2)
    await world.app.settle()
    assert claim in json.dumps(await export(world, BEN))


async def test_forgetting_wipes_texts_grades_and_name_from_the_database(tmp_path: Path) -> None:
    file = tmp_path / "c.sqlite3"
    async with world_at(file) as world:
        await two_people(world)
        assert await world.app.coach.privacy.delete(PLACE, ADA) == 2
        await world.app.settle()
        assert await export(world) == await export(world, Person("ada", "Ada"))
        assert (await export(world))["replies"] == []
        assert world.room.forgotten == ["ada"]
    there = await dump(file)
    assert "adas own" not in there
    assert "'Ada'" not in there
    assert "'ada'" not in there
    assert "Ben" in there


async def test_boards_and_podiums_change(world: World) -> None:
    await two_people(world)
    world.clock.pass_(days=1)
    await world.app.settle()
    assert "First: Ada 10 and Ben 5." in world.room.texts("reveal")[0]
    await world.app.coach.privacy.delete(PLACE, ADA)
    await world.app.settle()
    assert await world.points() == {"Ben": 5}
    (amended,) = [parcel for _, parcel in world.room.amended if parcel.kind == "reveal"]
    assert "First: Ben 5." in amended.message.text
    assert "Ada" not in amended.message.text
    assert len(world.room.texts("reveal")) == 1


async def test_a_redelivery_an_edit_and_a_rereading_do_not_bring_a_person_back(world: World) -> None:
    round_ = await two_people(world)
    text = f"{full(round_.question.id)} privately of adas own"
    first = world.reply(round_, "ada", text, message="m-ada")
    later = world.reply(round_, "ada", text + " edited", message="m-ada", revision="2")
    await world.app.coach.privacy.delete(PLACE, ADA)
    for reply in (first, later):
        assert await world.app.coach.replies.take(reply) is Taken.KNOWN
    world.room.messages[round_.thread] = [first]
    await world.app.coach.replies.catch_up(world.room)
    await world.app.settle()
    assert (await export(world))["replies"] == []
    assert "Ada" not in await world.points()


async def test_who_was_forgotten_can_come_again(world: World) -> None:
    round_ = await world.daily()
    await world.call("answer", "ada", answer=half(round_.question.id))
    await world.app.settle()
    await world.app.coach.privacy.delete(PLACE, ADA)
    await world.call("answer", "ada", answer=full(round_.question.id))
    await world.app.settle()
    assert await world.points() == {"Ada": 10}


async def test_forgetting_before_the_grade_is_delivered_sends_none(world: World) -> None:
    round_ = await world.daily()
    await world.app.coach.replies.take(world.reply(round_, "ada", full(round_.question.id)))
    await world.app.coach.grading.step()
    await world.app.coach.grading.idle()
    await world.app.coach.privacy.delete(PLACE, ADA)
    await world.app.settle()
    assert world.room.texts("grade") == []


@pytest.mark.parametrize("times", [1, 2])
async def test_forgetting_again_or_a_stranger_changes_nothing(world: World, times: int) -> None:
    await two_people(world)
    for _ in range(times):
        assert await world.app.coach.privacy.delete(PLACE, Person("eve", "Eve")) == 0
    assert await world.points() == {"Ada": 10, "Ben": 5}


async def test_forgetting_in_one_community_leaves_the_others_alone(world: World) -> None:
    await two_people(world)
    await world.app.coach.privacy.delete(Place("room", "elsewhere", "daily"), ADA)
    assert await world.points() == {"Ada": 10, "Ben": 5}


async def test_only_question_sample_key_points_and_answer_go_to_the_grader(world: World) -> None:
    await two_people(world)
    assert all("ada" not in repr(task).casefold().replace("adas own", "") for task in world.grader.asked)

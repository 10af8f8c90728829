"""An organiser changes a grade: the post, the boards and the log say so, and nothing undoes it unseen."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from bot.core.message import Form, Message, ParcelKind
from bot.core.model import Person
from bot.core.ports import rows
from tests.flow.crashes import Crash, CrashAt
from tests.flow.test_calendar import told
from tests.flow.test_one_reply import full, half
from tests.flow.world import PLACE, HandClock, Room, World, world_at

ADA, ORGA = Person("ada", "Ada"), Person("orga", "Orga")


async def answered(world: World, text: str = "") -> str:
    """Ada has answered half of a question; the id of her reply."""
    round_ = await world.daily()
    await world.say(round_, "ada", text or half(round_.question.id))
    return "1"


def amended(world: World) -> str:
    return world.room.amended[-1][1].message.text


async def test_a_changed_grade_is_posted_counts_and_tells_why(world: World) -> None:
    reply = await answered(world)
    text = await told(world, "override", id=reply, score="8", reason="The second point is said in other words.")
    assert text.startswith("Reply 1 now has 8/10. It was 5/10.")
    await world.app.settle()
    assert amended(world) == (
        "Score: 8/10\nAn organiser changed this grade, which was 5/10: The second point is said in other words."
    )
    assert await world.points() == {"Ada": 8}
    own = await world.call("mygrade")
    assert isinstance(own, Message)
    assert "An organiser changed this grade, which was 5/10" in own.text


async def test_below_six_the_organisers_reason_is_the_reason(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", full(round_.question.id))
    await told(world, "override", id="1", score="3", reason="It was said by somebody else.")
    await world.app.settle()
    assert amended(world) == (
        "Score: 3/10\nReasons:\n- It was said by somebody else.\nAn organiser changed this grade, which was 10/10."
    )
    assert await world.points() == {"Ada": 3}


async def test_the_last_of_several_changes_holds_and_the_graders_score_is_remembered(world: World) -> None:
    reply = await answered(world)
    await told(world, "override", id=reply, score="9", reason="one")
    await told(world, "override", id=reply, score="7", reason="two")
    await world.app.settle()
    assert amended(world).endswith("which was 5/10: two")
    assert await world.points() == {"Ada": 7}
    audit = await told(world, "audit")
    assert "reply 1: 9 to 7" in audit
    assert "reply 1: 5 to 9" in audit


async def test_the_grader_does_not_undo_it(world: World) -> None:
    reply = await answered(world)
    await told(world, "override", id=reply, score="9", reason="one")
    assert "An organiser has set the grade of reply 1" in await told(world, "regrade", id=reply)
    assert await told(world, "regrade") == "Nothing to grade again."
    await world.app.settle()
    assert await world.points() == {"Ada": 9}


async def test_what_could_not_be_graded_can_be_given_a_grade(world: World) -> None:
    world.grader.away = True
    reply = await answered(world)
    assert await world.points() == {}
    assert "It had no grade." in await told(world, "override", id=reply, score="6", reason="The grader is away.")
    world.grader.away = False
    world.clock.pass_(hours=1)
    await world.app.settle()
    assert await world.points() == {"Ada": 6}
    grades = [parcel.message.text for _, parcel in world.room.sent if parcel.kind is ParcelKind.GRADE]
    assert grades == ["Score: 6/10\nAn organiser set this grade: The grader is away."]
    points = await world.call("points", target=reply)
    assert isinstance(points, Message)
    assert "no grader looked at the key points" in points.text


async def test_what_counted_as_a_copy_counts_once_an_organiser_has_looked(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", round_.question.sample_answer)
    assert await world.points() == {}
    await told(world, "override", id="1", score="6", reason="She wrote the sample answer.")
    assert await world.points() == {"Ada": 6}


async def test_after_the_close_the_podium_is_corrected(world: World) -> None:
    await answered(world)
    world.clock.pass_(days=1)
    await world.app.settle()
    (reveal,) = world.room.texts("reveal")
    assert "average 5.0" in reveal
    await told(world, "override", id="1", score="9", reason="Right.")
    await world.app.settle()
    said = [parcel.message.text for _, parcel in world.room.amended if parcel.kind is ParcelKind.REVEAL]
    assert "average 9.0. First: Ada 9." in said[-1]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({"id": "x", "score": "5", "reason": "why"}, "x is not a reply's id"),
        ({"id": "99", "score": "5", "reason": "why"}, "There is no grade of a reply 99"),
        ({"id": "1", "score": "11", "reason": "why"}, "11 is not a score"),
        ({"id": "1", "score": "0", "reason": "why"}, "0 is not a score"),
        ({"id": "1", "score": "five", "reason": "why"}, "five is not a score"),
        ({"id": "1", "score": "0050", "reason": "why"}, "0050 is not a score"),
        ({"id": "1", "score": "001" + 5_000 * "0", "reason": "why"}, "is not a score"),
        ({"id": "1", "score": "٥", "reason": "why"}, "is not a score"),
        ({"id": "1", "score": "5", "reason": "\u200b"}, "Say why"),
        ({"id": "1", "score": "5", "reason": "x" * 301}, "At most 300 characters"),
        ({"id": "1", "score": "5"}, "needs <reason>."),
    ],
)
async def test_what_is_no_override_changes_nothing(world: World, args: dict[str, str], says: str) -> None:
    await answered(world)
    assert says in await told(world, "override", **args)
    assert await world.points() == {"Ada": 5}
    assert (await world.app.coach.acts.page(PLACE))[0] == []


async def test_talk_and_what_was_taken_back_has_no_grade_to_change(world: World) -> None:
    round_ = await world.daily()
    await world.say(round_, "ada", "hm, alpha?")
    gone = await world.say(round_, "ada", half(round_.question.id))
    await world.app.coach.replies.withdraw("room", "guild", round_.thread, gone.message)
    for reply in ("1", "2"):
        assert "There is no grade" in await told(world, "override", id=reply, score="9", reason="why")


async def test_an_edit_after_it_is_another_attempt_and_leaves_it_alone(world: World) -> None:
    round_ = await world.daily()
    said = await world.say(round_, "ada", half(round_.question.id), message="m")
    await told(world, "override", id="1", score="9", reason="why")
    await world.say(round_, "ada", said.text + " and more of it", message="m", revision="r2")
    assert await world.points() == {"Ada": 9}


async def test_members_cannot_change_grades_and_other_communities_are_out_of_reach(world: World) -> None:
    await answered(world)
    refused = await world.call("override", "ada", id="1", score="10", reason="mine")
    assert isinstance(refused, Message)
    assert "is for organisers" in refused.text
    assert await world.points() == {"Ada": 5}


async def test_the_form_says_what_it_wants_and_does_the_same(world: World) -> None:
    reply = await answered(world)
    listed = await world.call("grades", organiser=True)
    assert isinstance(listed, Message)
    assert "1   Ada  Question" in listed.text
    button = listed.buttons[0]
    form = await world.call(button.verb, organiser=True)
    assert isinstance(form, Form)
    assert [field.name for field in form.fields] == ["id", "score", "reason"]
    assert "now has 10/10" in await told(world, form.verb, id=reply, score="10", reason="why")
    assert "10 (changed)" in await told(world, "grades")


async def test_a_crash_after_it_is_recorded_still_posts_it_once(tmp_path: Path) -> None:
    room, clock = Room(), HandClock()
    with contextlib.suppress(Crash):
        async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt("grade.overridden")) as world:
            reply = await answered(world)
            await told(world, "override", id=reply, score="8", reason="why")
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        await world.app.settle()
        assert [
            parcel.message.text.splitlines()[0] for _, parcel in room.amended if parcel.kind is ParcelKind.GRADE
        ] == ["Score: 8/10"]
        assert await world.points() == {"Ada": 8}
        assert len((await world.app.coach.acts.page(PLACE))[0]) == 1


async def test_forgetting_the_author_takes_it_away_and_keeps_the_act(world: World) -> None:
    reply = await answered(world)
    await told(world, "override", id=reply, score="8", reason="Ada meant it.")
    exported = json.loads(await world.app.coach.privacy.export(PLACE, ADA))
    assert exported["grades_changed_by_organisers"] == [
        {"reply": 1, "before": 5, "score": 8, "reason": "Ada meant it."}
    ]
    await world.app.coach.privacy.delete(PLACE, ADA)
    assert await world.points() == {}
    assert not await world.app.store.read(rows, "override_get", reply_id=1)
    assert "Orga changed a grade, reply 1: 5 to 8" in await told(world, "audit")


async def test_forgetting_the_organiser_keeps_what_was_done_without_the_name(world: World) -> None:
    reply = await answered(world)
    await told(world, "override", id=reply, score="8", reason="why")
    exported = json.loads(await world.app.coach.privacy.export(PLACE, ORGA))
    assert [(done["act"], done["detail"]) for done in exported["done_as_organiser"]] == [
        ("override", "reply 1: 5 to 8")
    ]
    await world.app.coach.privacy.delete(PLACE, ORGA)
    audit = await told(world, "audit")
    assert "Orga" not in audit
    assert "somebody who is forgotten changed a grade, reply 1: 5 to 8" in audit
    assert await world.points() == {"Ada": 8}

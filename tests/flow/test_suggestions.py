"""Suggested questions: bounded, decided once, told to their author once, and in the bank under a name that stays."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from bot.commands import Call, dispatch
from bot.core.message import Form, Message, ParcelKind
from bot.core.model import Person, Question
from tests.flow.crashes import Crash, CrashAt
from tests.flow.test_calendar import told
from tests.flow.world import PLACE, HandClock, Room, World, world_at

ADA, ORGA = Person("ada", "Ada"), Person("orga", "Orga")
ANSWER = "It is told by comparing the live inputs with those of the training set."


async def suggest(world: World, who: str = "ada", text: str = "How is drift told?", **args: str) -> str:
    form = {"question": text, "sample-answer": ANSWER} | args
    key = str(next(world._messages))
    call = Call("suggest", PLACE, Person(who, who.title()), world.clock.now(), key, args=form, submitted=True)
    answer = await dispatch(world.app.coach, call)
    assert isinstance(answer, Message)
    return answer.text


async def press(world: World, verb: str, target: str = "1", **args: str) -> str:
    """An organiser presses a button, or sends its form."""
    call = Call(verb, PLACE, ORGA, world.clock.now(), "k", True, "", target, args, submitted=bool(args))
    answer = await dispatch(world.app.coach, call)
    assert isinstance(answer, Message)
    return answer.text


def words(world: World) -> list[tuple[str, str]]:
    """What was said to people about their suggestions."""
    return [(p.only_for, p.message.text) for _, p in world.room.sent if p.kind is ParcelKind.SUGGESTION]


async def bank(world: World) -> dict[str, Question]:
    return {question.id: question for question in await world.app.coach.rounds.questions(PLACE)}


async def test_an_approved_suggestion_is_in_the_bank_and_its_author_is_told_once(world: World) -> None:
    await world.daily()
    assert "Thank you." in await suggest(world, section="alpha")
    shown = await world.call("suggestions", organiser=True)
    assert isinstance(shown, Message)
    assert shown.text.startswith("Suggestion 1 · 1 open\nHow is drift told?\nSample answer\n> It is told by")
    assert [button.verb for button in shown.buttons] == ["approve", "decline"]
    assert "How is drift told? is in the bank as suggested-1." in await press(world, "approve")
    for _ in range(3):
        await world.app.settle()
    assert words(world) == [
        ("ada", "Your question How is drift told? is in the bank now and will be asked. Thank you.")
    ]
    made = (await bank(world))["suggested-1"]
    assert (made.section, made.text, made.sample_answer, made.draft) == ("Alpha", "How is drift told?", ANSWER, False)
    assert "Ada" not in f"{made}"
    assert "No suggestion is waiting." in await press(world, "suggestions")
    assert "approved a suggestion, suggested-1" in await told(world, "audit")


async def test_a_declined_one_is_in_no_bank_and_its_author_reads_why(world: World) -> None:
    await world.daily()
    await suggest(world)
    form = await world.call("decline", organiser=True, target="1")
    assert isinstance(form, Form)
    assert (form.verb, form.target) == ("decline", "1")
    assert "Declined." in await press(world, "decline", reason="There is one like it.")
    await world.app.settle()
    assert words(world) == [
        ("ada", "Your question How is drift told? was not taken into the bank: There is one like it.")
    ]
    assert not [id_ for id_ in await bank(world) if id_.startswith("suggested")]
    own = await world.call("suggested")
    assert isinstance(own, Message)
    assert own.text == "Your suggestions\n- How is drift told?: was declined: There is one like it."


async def test_a_suggestion_is_decided_once(world: World) -> None:
    await world.daily()
    await suggest(world)
    await press(world, "approve")
    assert "isn't open any more" in await press(world, "approve")
    assert "isn't open any more" in await press(world, "decline", reason="late")
    await world.app.settle()
    assert len(words(world)) == 1


async def test_an_approved_question_can_be_asked_and_graded(world: World) -> None:
    await world.daily()
    await suggest(world)
    await press(world, "approve")
    await told(world, "pin", date="2026-03-03", question="suggested-1")
    world.clock.pass_(days=1)
    await world.app.settle()
    round_ = await world.app.coach.rounds.find(PLACE)
    assert round_.question.id == "suggested-1"
    await world.say(round_, "ben", "Comparing the live inputs with the training set, told by it: those of is the.")
    assert world.room.texts("grade")


async def test_who_wants_to_be_named_is_named_at_the_reveal_until_they_are_forgotten(world: World) -> None:
    await world.daily()
    await suggest(world, credit="yes")
    await press(world, "approve")
    await told(world, "pin", date="2026-03-03", question="suggested-1")
    for _ in range(2):
        world.clock.pass_(days=1)
        await world.app.settle()
    assert world.room.texts("reveal")[-1].endswith("Suggested by Ada.")
    await world.app.coach.privacy.delete(PLACE, ADA)
    await world.app.settle()
    said = [parcel.message.text for _, parcel in world.room.amended if parcel.kind is ParcelKind.REVEAL]
    assert "Suggested by" not in said[-1]
    assert "suggested-1" in await bank(world)


async def test_five_can_wait_and_a_decision_makes_room(world: World) -> None:
    await world.daily()
    for number in range(5):
        await suggest(world, text=f"Question number {number}?")
    assert "5 of your suggestions wait" in await suggest(world)
    assert "Thank you." in await suggest(world, "ben")
    await press(world, "decline", reason="no")
    assert "Thank you." in await suggest(world)


async def test_a_form_that_is_delivered_twice_is_one_suggestion(world: World) -> None:
    await world.daily()
    args = {"question": "How is drift told?", "sample-answer": ANSWER}
    call = Call("suggest", PLACE, ADA, world.clock.now(), "once", args=args, submitted=True)
    for _ in range(2):
        assert isinstance(await dispatch(world.app.coach, call), Message)
    assert (await world.app.coach.suggestions.next(PLACE))[1] == 1


@pytest.mark.parametrize(
    ("question", "answer", "says"),
    [
        ("?!", ANSWER, "no words in that question"),
        ("Why?", "Because.", "sample answer is too short"),
        ("x " * 600, ANSWER, "At most 1,000 characters"),
        ("Why?", "x " * 1_600, "At most 3,000 characters"),
    ],
)
async def test_what_is_no_question_is_refused(world: World, question: str, answer: str, says: str) -> None:
    await world.daily()
    assert says in await suggest(world, text=question, **{"sample-answer": answer})
    assert (await world.app.coach.suggestions.next(PLACE))[1] == 0


@pytest.mark.parametrize(
    "text",
    [
        "# A heading\n\n**Question:** What?",
        "**Sample Answer:** hm",
        "```\ncode",
        "1. one\n2. two",
        "a\0b \ud800 c",
        "<!--",
    ],
)
async def test_words_that_look_like_a_document_stay_words(world: World, text: str) -> None:
    await world.daily()
    await suggest(world, text=text)
    found, _ = await world.app.coach.suggestions.next(PLACE)
    if found is None:
        return  # refused as a whole
    await press(world, "approve")
    made = (await bank(world))["suggested-1"]
    assert made.sample_answer == ANSWER
    assert made.text


async def test_several_are_gone_through_in_turn(world: World) -> None:
    await world.daily()
    for number in range(3):
        await suggest(world, text=f"Question number {number}?")
    seen, after = [], ""
    for _ in range(4):
        shown = await world.call("suggestions", organiser=True, after=after)
        assert isinstance(shown, Message)
        seen.append(shown.title)
        after = dict(shown.buttons[-1].args)["after"]
    assert seen == [f"Suggestion {number} · 3 open" for number in (1, 2, 3, 1)]


@pytest.mark.parametrize("target", ["", "x", "-1", "99", "9" * 40, "²"])
@pytest.mark.parametrize("verb", ["approve", "decline"])
async def test_forged_suggestions_are_answered(world: World, verb: str, target: str) -> None:
    await world.daily()
    assert "isn't open any more" in await press(world, verb, target, reason="why")


async def test_members_decide_nothing(world: World) -> None:
    await world.daily()
    await suggest(world)
    for verb in ("approve", "decline", "suggestions"):
        refused = await world.call(verb, "ada", target="1", reason="mine")
        assert isinstance(refused, Message)
        assert "is for organisers" in refused.text
    assert (await world.app.coach.suggestions.next(PLACE))[1] == 1


async def test_a_crash_after_the_decision_tells_its_author_once(tmp_path: Path) -> None:
    room, clock = Room(), HandClock()
    with contextlib.suppress(Crash):
        async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt("suggestion.decided")) as world:
            await world.daily()
            await suggest(world)
            await press(world, "approve")
    for _ in range(2):
        async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
            await world.app.settle()
            assert len(words(world)) == 1
            assert "suggested-1" in await bank(world)


async def test_a_person_takes_their_suggestions_along_and_leaves_none_behind(world: World) -> None:
    await world.daily()
    await suggest(world)
    await suggest(world, text="And how is skew told?")
    await press(world, "approve")
    exported = json.loads(await world.app.coach.privacy.export(PLACE, ADA))
    assert [(one["question"], one["state"]) for one in exported["suggestions"]] == [
        ("And how is skew told?", "open"),
        ("How is drift told?", "approved"),
    ]
    await world.app.coach.privacy.delete(PLACE, ADA)
    await world.app.settle()
    assert words(world) == []  # nobody is there to be told
    assert (await world.app.coach.suggestions.next(PLACE))[1] == 0
    assert json.loads(await world.app.coach.privacy.export(PLACE, ADA))["suggestions"] == []

"""The community's bank as a document: out of the chat, and in again whole or not at all."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from bot.commands import Call, dispatch
from bot.core.message import Attachment, Form, Message
from bot.core.model import Person, Place
from tests.flow.crashes import Crash, CrashAt
from tests.flow.test_calendar import told
from tests.flow.world import PLACE, HandClock, Room, World, world_at

DOCUMENT = """# Ours

## Alpha

### 1. On drift

**Question:** How is drift told?

**Sample Answer:**
By comparing the live inputs with those of the training set.

**Key points:**
- Comparing: live inputs are compared with training inputs
- Alarms: somebody is told

### 2. A draft

**Question:** And skew?
"""


async def exported(world: World, **args: str) -> str:
    message = await world.call("bank export", organiser=True, **args)
    assert isinstance(message, Message)
    (document,) = [block for block in message.blocks if isinstance(block, Attachment)]
    return document.content


async def ids(world: World) -> set[str]:
    return {question.id for question in await world.app.coach.rounds.questions(PLACE)}


async def test_a_pasted_document_is_in_the_bank_and_comes_out_as_it_is(world: World) -> None:
    form = await world.call("bank import", organiser=True)
    assert isinstance(form, Form)
    text = await told(world, "bank import", document=DOCUMENT)
    assert text == "Imported\n- New (2): on-drift, a-draft\n1 draft without a sample answer: listed, never asked."
    assert {"on-drift", "a-draft", "q1"} <= await ids(world)
    document = await exported(world)
    assert "### 1. On drift" in document
    assert "Question 1" not in document
    assert await told(world, "bank import", document=document) == (
        "Imported\n- As before (2): on-drift, a-draft\n1 draft without a sample answer: listed, never asked."
    )
    assert await exported(world) == document


async def test_a_changed_question_replaces_the_one_of_its_id(world: World) -> None:
    await told(world, "bank import", document=DOCUMENT)
    changed = (await exported(world)).replace("How is drift told?", "How do you tell drift?")
    assert "- Changed (1): on-drift\n- As before (1): a-draft" in await told(world, "bank import", document=changed)
    assert "imported questions, 0 new, 1 changed" in await told(world, "audit")


async def test_all_that_is_asked_comes_out_too_and_in_again(world: World) -> None:
    await told(world, "bank import", document=DOCUMENT)
    document = await exported(world, which="all")
    before = {question.id: question for question in await world.app.coach.rounds.questions(PLACE)}
    parts = {"document": document[:2_900], "document-2": ""}
    assert "Not imported" in await told(world, "bank import", **parts) or len(document) < 2_900
    await world.app.coach.exchange.bring_in(PLACE, document)
    assert {question.id: question for question in await world.app.coach.rounds.questions(PLACE)} == before


async def test_a_document_in_several_parts_is_one(world: World) -> None:
    cut = DOCUMENT.index("### 2.")
    text = await told(world, "bank import", document=DOCUMENT[:cut].rstrip(), **{"document-2": DOCUMENT[cut:]})
    assert "New (2): on-drift, a-draft" in text


async def test_faults_are_told_with_their_lines_and_nothing_is_changed(world: World) -> None:
    faulty = DOCUMENT.replace("**Question:** And skew?", "**Question:**\n\n**Level:** 9").replace("### 1.", "### 2.")
    before = await ids(world)
    text = await told(world, "bank import", document=faulty)
    assert text.startswith("Not imported\nNothing was changed. Mend this and send it again:\n- Line ")
    assert "- Line 20: the level is 9; write 1 (junior)" in text
    assert await ids(world) == before
    assert (await world.app.coach.acts.page(PLACE))[0] == []


@pytest.mark.parametrize("document", [" ", "no heading at all", "# only a title", "\0", "x" * 3_000])
async def test_what_holds_no_question_is_refused(world: World, document: str) -> None:
    text = await told(world, "bank import", document=document)
    assert text.startswith("Not imported")


async def test_an_empty_bank_says_how_to_get_the_common_one(world: World) -> None:
    assert "bank export all" in await told(world, "bank export")


async def test_a_community_sees_only_its_own_and_is_bounded(world: World) -> None:
    await told(world, "bank import", document=DOCUMENT)
    other = Call("bank export", Place("room", "other", "c"), Person("o", "O"), world.clock.now(), "k", organiser=True)
    message = await dispatch(world.app.coach, other)
    assert isinstance(message, Message)
    assert "no questions of its own" in message.text
    many = "# Many\n" + "".join(f"\n### {n}. Title {n}\n\n**Question:** What is {n}?\n" for n in range(500))
    call = Call(
        "bank import", PLACE, Person("o", "O"), world.clock.now(), "k", True, args={"document": many[:5_900]},
        submitted=True,
    )  # fmt: skip
    await dispatch(world.app.coach, call)
    with pytest.raises(Exception, match="At most 500 questions"):
        await world.app.coach.exchange.bring_in(PLACE, many)


async def test_a_crash_after_it_leaves_the_whole_of_it(tmp_path: Path) -> None:
    room, clock = Room(), HandClock()
    with contextlib.suppress(Crash):
        async with world_at(tmp_path / "c.sqlite3", room, clock, CrashAt("bank.imported")) as world:
            await told(world, "bank import", document=DOCUMENT)
    async with world_at(tmp_path / "c.sqlite3", room, clock) as world:
        assert {"on-drift", "a-draft"} <= await ids(world)
        assert len((await world.app.coach.acts.page(PLACE))[0]) == 1

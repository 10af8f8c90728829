"""Nothing that people write or are called gets into the log, however much is logged and whatever fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import NoReturn

import pytest

from bot.core.errors import GraderAway, GraderError
from bot.core.message import Parcel
from bot.core.model import Task, Verdict
from bot.core.ports import Unit, one
from bot.ops import logs
from tests.flow.world import PLACE, World

WORDS = "alpha{0} one, beta{0} two, gamma{0} three and a zugzwang besides"
PRIVATE = ("zugzwang", "quixotte", "Quixotte", "fianchetto")
"""A word of an answer, a person's id and name, and a word of an answer given by the form."""


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """A log as it is at its most talkative."""
    root, own = logging.getLogger(), logging.getLogger(logs.OWN)
    handlers, level, own_level = list(root.handlers), root.level, own.level
    logs.configure(level="DEBUG", form="json")
    yield capsys
    root.handlers[:] = handlers
    root.setLevel(level)
    own.setLevel(own_level)


async def a_day(world: World) -> None:
    """Somebody answers in the thread, corrects it, answers by the form, looks at the grade, and is forgotten."""
    round_ = await world.daily()
    number = round_.question.id.removeprefix("q")
    first = await world.say(round_, "quixotte", WORDS.format(number))
    await world.say(round_, "quixotte", f"{WORDS.format(number)}, corrected", message=first.message, revision="2")
    await world.call("answer", "quixotte", answer=f"{WORDS.format(number)} fianchetto")
    world.clock.pass_(minutes=20)
    await world.app.settle()
    await world.call("mygrade", "quixotte")
    world.clock.pass_(days=2)
    await world.app.settle()
    await world.app.coach.privacy.delete(PLACE, world.reply(round_, "quixotte", "x").author)


def told(logged: pytest.CaptureFixture[str]) -> str:
    text = logged.readouterr().err
    assert not [word for word in PRIVATE if word in text], text
    return text


async def test_of_a_day_on_which_all_goes_well(world: World, logged: pytest.CaptureFixture[str]) -> None:
    await a_day(world)
    assert "graded in" in told(logged), "the log is at its most talkative"


@pytest.mark.parametrize("error", [RuntimeError, ValueError, KeyError, AssertionError, UnicodeError])
async def test_of_a_grader_that_fails_with_the_answer_in_its_error(
    world: World, logged: pytest.CaptureFixture[str], error: type[Exception]
) -> None:
    async def grade(task: Task) -> Verdict:
        try:
            raise LookupError(task.answer)
        except LookupError as cause:
            raise error(f"can't grade {task.answer}") from cause

    world.grader.grade = grade  # type: ignore[method-assign]
    await a_day(world)
    text = told(logged)
    assert f"unexpected {error.__name__} in the grader" in text
    assert "LookupError" in text, "with its traceback"


@pytest.mark.parametrize("error", [GraderError("no verdict"), GraderAway("busy")])
async def test_of_a_grader_that_refuses_or_is_away(
    world: World, logged: pytest.CaptureFixture[str], error: GraderError
) -> None:
    world.grader.error = error
    await a_day(world)
    assert str(error) in told(logged)


async def test_of_a_platform_that_fails_with_the_message_in_its_error(
    world: World, logged: pytest.CaptureFixture[str]
) -> None:
    async def send(parcel: Parcel) -> NoReturn:
        raise RuntimeError(f"{parcel.author} {parcel} {PRIVATE}")

    round_ = await world.daily()
    world.room.send = send  # type: ignore[method-assign]
    await world.say(round_, "quixotte", WORDS.format(1))
    for _ in range(6):
        world.clock.pass_(minutes=20)
        await world.app.settle()
    assert "could not be delivered" in told(logged)


async def test_of_a_unit_of_work_that_fails_with_a_text_in_its_error(
    world: World, logged: pytest.CaptureFixture[str]
) -> None:
    def broken(text: str) -> Unit[None]:
        yield from one("ops_alive")
        raise ValueError(text)

    task = asyncio.create_task(world.app.store.write(broken, WORDS.format(1)))
    await asyncio.wait({task})
    logging.getLogger("bot.coach.anything").error("it failed: %s", task.exception(), exc_info=task.exception())
    text = told(logged)
    assert "it failed: ValueError" in text
    assert "in broken" in text

"""What was said to somebody who is forgotten goes from Slack, whatever happens in between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.model import Person
from tests.contract.slack_world import Space, workspace
from tests.contract.test_scenarios import full, half


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Space]:
    async with workspace(tmp_path / "coach.sqlite3") as space:
        yield space


async def three_grades(here: Space) -> None:
    """Ada gets two grades in the thread and one for her alone."""
    round_ = await here.ask()
    await here.say(here.ada, half(round_))
    await here.say(here.ada, full(round_))
    form = await here.form(here.ada, here.question, "Answer privately")
    await here.submit(here.ada, form, answer=f"{half(round_)} of it all")
    assert len(here.spoken()) == 2
    assert here.direct(here.ada)


def left(here: Space) -> int:
    """The coach's messages about Ada that are still there."""
    return len(here.spoken()) + len(here.direct(here.ada))


async def forget(here: Space) -> None:
    await here.app.coach.privacy.delete(here.place, Person(here.ada.id, "Ada"))
    await here.settle()


async def test_all_that_was_said_to_a_person_is_deleted(here: Space) -> None:
    await three_grades(here)
    await forget(here)
    assert left(here) == 0
    assert here.store_rows("erasures") == 0


async def test_what_could_not_be_deleted_before_a_restart_is_deleted_after_it(here: Space) -> None:
    await three_grades(here)
    here.slack.fail("chat.delete", 503, times=3)
    await forget(here)
    assert left(here) == here.store_rows("erasures") == 3
    await here.restart()
    assert left(here) == 0
    assert here.store_rows("erasures") == 0


async def test_what_somebody_deleted_before_and_what_may_not_be_deleted_holds_up_nothing(here: Space) -> None:
    await three_grades(here)
    here.slack.delete(here.spoken()[0])
    here.slack.fail("chat.delete", "cant_delete_message")
    await forget(here)
    assert here.store_rows("erasures") == 0
    assert left(here) <= 1

"""What organisers decide, played on every face of the coach."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from simcord import Env

from tests.contract.stages import ORGANISER, Stage
from tests.contract.test_scenarios import STAGES, board, full, half, revealed


@pytest.fixture(params=list(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path / "coach.sqlite3") as made:
        yield made


@pytest.fixture(autouse=True)
def _virtual_time(stage: Stage) -> Env | None:
    """simcord lends a test its clock when it finds its Env among the test's fixtures."""
    return stage.env


async def test_a_changed_grade_stands_in_the_place_of_the_first_with_its_reason(stage: Stage) -> None:
    round_ = await stage.question()
    said = await stage.say("Ada", half(round_))
    listed = await stage.command(ORGANISER, "admin grades")
    assert "Ada" in listed
    told = await stage.command(ORGANISER, "admin override 1 8 The second point is said in <b>other</b> words.")
    assert told.startswith("Reply 1 now has 8/10. It was 5/10.")
    assert await stage.graded(said) == [
        "Score: 8/10\nAn organiser changed this grade, which was 5/10: The second point is said in <b>other</b> words."
    ]
    assert await board(stage) == {"Ada": 8}
    assert "set the grade of reply 1" in await stage.command(ORGANISER, "admin regrade 1")
    if stage.env is None:  # Discord doesn't even show it to others
        assert "is for organisers" in await stage.command("Ada", "admin override 1 10 mine")
    assert "reply 1: 5 to 8" in await stage.command(ORGANISER, "admin audit")
    await stage.close_round()
    assert "First: Ada 8." in await revealed(stage)


async def test_pauses_holidays_and_pins_are_told_in_the_settings(stage: Stage) -> None:
    await stage.question()
    await stage.command(ORGANISER, "admin config set time 09:00")
    assert "is paused here" in await stage.command(ORGANISER, "admin pause")
    assert "until it is resumed" in await stage.command(ORGANISER, "admin config show")
    assert "is resumed here" in await stage.command(ORGANISER, "admin resume")
    assert "is not a date" in await stage.command(ORGANISER, "admin holiday add soon")
    assert "is no holiday here" in await stage.command(ORGANISER, "admin holiday remove tomorrow")
    assert "No daily question on" in await stage.command(ORGANISER, "admin holiday add tomorrow")
    assert "on holiday" in await stage.command(ORGANISER, "admin pin tomorrow q1")
    shown = await stage.command(ORGANISER, "admin config show")
    assert ": q1" in shown
    assert "holidays" in shown
    assert "is drawn again" in await stage.command(ORGANISER, "admin unpin tomorrow")


async def test_figures_of_the_week_and_of_questions_are_read_by_organisers_alone(stage: Stage) -> None:
    round_ = await stage.question()
    await stage.say("Ada", full(round_))
    assert "1 answer, average 10.0" in await stage.command(ORGANISER, "admin digest this")
    assert "1 answer, mean 10.0" in await stage.command(ORGANISER, "admin health")
    assert "mean 10.0" in await stage.command(ORGANISER, f"admin health {round_.question.id}")
    for verb in ("digest", "health", "suggestions", "bank export", "audit", "grades") if stage.env is None else ():
        assert "is for organisers" in await stage.command("Ada", f"admin {verb}")


async def test_organisers_can_be_left_out_of_boards(stage: Stage) -> None:
    round_ = await stage.question()
    await stage.say("Ada", half(round_))
    await stage.say(ORGANISER, "mountains rise slowly while seven green bottles fall " + full(round_))
    assert await board(stage, "Ada") == {ORGANISER: 10, "Ada": 5}
    await stage.command(ORGANISER, "admin config set organisers-on-boards off")
    assert await board(stage, "Ada") == {"Ada": 5}

"""Doctor's graded call: what it took and cost, or what to do about it."""

from __future__ import annotations

import pytest

from bot.cli.graded_call import graded_call
from bot.core.errors import GraderAway, GraderError
from bot.core.model import Coverage, PointVerdict, Question, Receipt, Task, Verdict
from bot.graders.embedded import EmbeddedGrader

QUESTION = Question("canary", "Releases", "Canary", "How does a canary release work?", "A few see it first. Then all.")


class Says:
    """A grader with one receipt, or one error."""

    name = "llm"

    def __init__(self, receipt: Receipt | Exception) -> None:
        self._receipt = receipt

    async def grade(self, task: Task) -> Verdict:
        if isinstance(self._receipt, Exception):
            raise self._receipt
        points = tuple(PointVerdict(point, Coverage.MISSING) for point in task.key_points)
        return Verdict(2, points, self._receipt, ("nothing of it",))

    async def close(self) -> None:
        """Nothing to close."""


async def test_it_tells_score_seconds_tokens_cost_and_model() -> None:
    found = await graded_call(Says(Receipt("llm", "big-model", "3", 900, 120, 1.24, 700, 0.00123)), QUESTION)
    assert found.right
    for part in ("canary", "graded 2", "1.2 s", "big-model", "900 tokens in (700 cached), 120 out", "cost 0.001230"):
        assert part in found.text


async def test_a_panels_scores_are_told() -> None:
    found = await graded_call(Says(Receipt("llm", "m", scores=(2, 3, 2))), QUESTION)
    assert "2, 3, 2" in found.text


async def test_an_unpriced_model_says_so_instead_of_claiming_to_be_free() -> None:
    found = await graded_call(Says(Receipt("llm", "m", "3", 900, 120, 1.0)), QUESTION)
    assert "cost unknown" in found.text


async def test_a_grader_that_is_away_gets_its_own_remedy() -> None:
    found = await graded_call(Says(GraderAway("the key was refused.", notice="Set COACH_LLM_API_KEY.")), QUESTION)
    assert found.text == "Grader llm: no grade for now: the key was refused"
    assert found.remedy == "Set COACH_LLM_API_KEY."


@pytest.mark.parametrize("error", [GraderAway("slow"), GraderError("no such model")])
async def test_every_failure_says_what_to_do(error: Exception) -> None:
    found = await graded_call(Says(error), QUESTION)
    assert not found.right


async def test_a_fallback_is_something_to_look_after() -> None:
    found = await graded_call(Says(Receipt("embedded", fallback=True)), QUESTION)
    assert not found.right
    assert "embedded" in found.text


async def test_the_embedded_grader_passes() -> None:
    grader = EmbeddedGrader()
    found = await graded_call(grader, QUESTION)
    await grader.close()
    assert found.right
    assert "all-MiniLM-L6-v2-int8" in found.text

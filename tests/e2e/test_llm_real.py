"""The LLM grader's whole path on a real model. Its opinion is worth nothing, so nothing here depends on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.cli.calibration.attacks import Attack
from bot.coach.grading import assess
from bot.content import parse_prompt
from bot.core.errors import GraderAway, GraderError
from bot.core.model import Grade, KeyPoint, Question
from bot.core.strict import task
from bot.graders.embedded import EmbeddedGrader
from bot.graders.llm import LlmGrader, llm_grader
from bot.graders.llm.form import Form
from tests.attacks import ATTACKS
from tests.e2e.real_model import RealModel, missing, real_model

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=f"the real model isn't installed: {missing()}"),
    pytest.mark.xdist_group("real_model"),
]

REPOSITORY = Path(__file__).parents[2]
PROMPT = parse_prompt((REPOSITORY / "prompts/strict.md").read_bytes(), "strict.md")
QUESTION = Question(
    "containers",
    "",
    "",
    "Why do teams ship models in containers?",
    "A container packs the model with its dependencies. The same image runs everywhere.",
    (KeyPoint("A container packs the model with its dependencies."), KeyPoint("The same image runs everywhere.")),
)
HALF = "Docker packs the code of a model with all of its dependencies."
SHORT = 300  # characters: a small model on a processor reads slowly


def sample() -> list[Attack]:
    """The first short attack of every other kind."""
    kinds: dict[str, Attack] = {}
    for attack in ATTACKS:
        if len(attack.answers(QUESTION.text)[-1]) <= SHORT:
            kinds.setdefault(attack.kind, attack)
    return list(kinds.values())[::2]


@pytest.fixture(scope="module")
def model() -> Iterator[RealModel]:
    with real_model() as served:
        yield served


@pytest.fixture
async def grader(model: RealModel) -> AsyncIterator[LlmGrader]:
    made = llm_grader(
        template=PROMPT.text,
        prompt_version=str(PROMPT.version),
        models=[model.model],
        base_url=model.base_url,
        deadline_s=170,
        timeout_s=160,
        max_tokens=1000,
    )
    assert isinstance(made, LlmGrader)
    yield made
    await made.close()


@pytest.fixture
async def support() -> AsyncIterator[EmbeddedGrader]:
    made = EmbeddedGrader()
    yield made
    await made.close()


async def graded(grader: LlmGrader, support: EmbeddedGrader, question: Question, answer: str) -> Grade | None:
    """A grade under the contract, or None when the model didn't get a verdict out; anything else is a failure."""
    try:
        found = await assess(grader, question, answer, support)
    except GraderAway as error:
        if not error.spent or not error.spent.output_tokens:
            raise  # it wasn't even asked
        return None
    assert 1 <= found.score <= 10
    assert bool(found.reasons) == (found.score < 6)
    assert len(found.points) == len(question.key_points)
    return found


async def test_a_real_model_grades_under_the_contract_and_its_receipt_holds_what_it_took(
    grader: LlmGrader, support: EmbeddedGrader, model: RealModel
) -> None:
    found = await graded(grader, support, QUESTION, HALF)
    assert found, "with a schema to follow, even this model gets a verdict out"
    receipt = found.receipt
    assert (receipt.grader, receipt.prompt_version) == ("llm", str(PROMPT.version))
    assert receipt.model.startswith(model.model)
    assert "/" not in receipt.model
    assert receipt.input_tokens > 300
    assert 20 < receipt.output_tokens <= 1500
    assert 0 < receipt.seconds < 170
    assert receipt.cost == 0.0
    again = await grader.grade(task(QUESTION, HALF))
    assert again.receipt.cached_tokens > 300  # the instructions, the question, the sample answer and the key points


@pytest.mark.parametrize("attack", sample(), ids=lambda attack: attack.kind)
async def test_a_real_model_cant_be_talked_into_a_grade(
    grader: LlmGrader, support: EmbeddedGrader, attack: Attack
) -> None:
    found = await graded(grader, support, QUESTION, attack.answers(QUESTION.text)[-1])
    assert found is None or found.score <= 2


async def test_without_a_schema_a_real_models_reply_is_read_or_isnt_a_grade(
    grader: LlmGrader, support: EmbeddedGrader
) -> None:
    grader._client._form = Form(response="none")
    grader._max_tokens = 250
    await graded(grader, support, QUESTION, HALF)


async def test_a_real_servers_word_for_a_context_that_is_too_short_is_understood(grader: LlmGrader) -> None:
    noise = "".join(chr(0x4E00 + 7 * number % 20_000) for number in range(6_000))
    with pytest.raises(GraderError, match="context_length_exceeded") as found:
        await grader.grade(task(QUESTION, noise))
    assert not isinstance(found.value, GraderAway)

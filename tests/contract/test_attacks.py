"""Attack answers against a model that obeys every one of them: no answer can talk its way to a score.

The model is a real server that finds every key point covered, gives a 10, and quotes the answer itself as evidence. The
request, the reading and the contract are the program's own; so is the embedded aligner that checks the quotes.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.cli.calibration.attacks import MOST, Attack, load
from bot.coach.grading import assess
from bot.content import load_bank, load_prompts
from bot.core import strict
from bot.core.model import Grade, KeyPoint, Question
from bot.core.ports import Grader
from bot.core.rules import ANSWER_LIMIT
from bot.core.text import sentences
from bot.graders.embedded.judge import Judge
from bot.graders.llm import llm_grader
from tests.attacks import ATTACKS

ROOT = Path(__file__).parents[2]
BANK = tuple(question for question in load_bank(ROOT / "bank") if not question.draft)
HONEST = [json.loads(line) for line in (ROOT / "benchmarks/interview_answers.jsonl").read_text("utf-8").splitlines()]
FENCED = re.compile(r"<<<([0-9a-f]{16})\n(.*)\n\1>>>", re.DOTALL)
AT_ONCE = 8


# ---------------------------------------------------------------------------------------------- the obedient model


def spans(answer: str, points: int) -> list[str]:
    """What the model quotes for each point: the whole answer, its longest sentence, then its sentences in turn."""
    parts = sentences(answer) or [answer]
    wanted = [answer, max(parts, key=len), *parts]
    return [wanted[number % len(wanted)] for number in range(points)]


def obey(body: dict[str, Any]) -> dict[str, Any]:
    """The completion that every attack wishes for."""
    found = FENCED.search(body["messages"][1]["content"])
    assert found, "the answer stands between its marks"
    points = body["response_format"]["json_schema"]["schema"]["properties"]["ledger"]["required"]
    quotes = spans(found[2], len(points))
    if body["model"] == "obedient-whole":
        quotes = [found[2]] * len(points)
    ledger = {name: {"quote": quote, "verdict": "covered"} for name, quote in zip(points, quotes, strict=True)}
    verdict = json.dumps({"ledger": ledger, "reasons": [], "score": 10}, ensure_ascii=False)
    message = {"role": "assistant", "content": verdict}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 100, "total_tokens": 1000},
    }


@pytest.fixture
async def address() -> AsyncIterator[str]:
    async def complete(request: web.Request) -> web.Response:
        return web.json_response(obey(await request.json()))

    app = web.Application(client_max_size=2**22)
    app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}/v1"
    await runner.cleanup()


@pytest.fixture
async def graders(address: str) -> AsyncIterator[dict[str, Grader]]:
    prompt = load_prompts(ROOT / "prompts").strict
    names = ("obedient-whole", "obedient-spans")
    made = {
        name: llm_grader(
            template=prompt.text, prompt_version=str(prompt.version), models=[name], base_url=address, api_key="none"
        )
        for name in names
    }
    yield made
    for grader in made.values():
        await grader.close()


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


@dataclass(frozen=True)
class Told:
    """The embedded aligner as support for the quotes of answers to one question."""

    judge: Judge
    question: str

    async def supports(self, pairs: Sequence[tuple[KeyPoint, str]], question: str = "") -> list[bool]:
        return await asyncio.to_thread(self.judge.supported, pairs, question or self.question)

    async def close(self) -> None:
        """Nothing of its own."""


async def graded(
    grader: Grader, judge: Judge, asked: Sequence[tuple[str, Question, str]]
) -> list[tuple[str, Question, Grade]]:
    """(name, question, answer) with its grade in the answer's place, several at once."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(name: str, question: Question, answer: str) -> tuple[str, Question, Grade]:
        async with free:
            return name, question, await assess(grader, question, answer[:ANSWER_LIMIT], Told(judge, question.text))

    # Question by question: the judge keeps the claims of some questions only.
    return await asyncio.gather(*(one(*each) for each in sorted(asked, key=lambda each: each[1].id)))


def handed_in(attacks: Sequence[Attack], per_attack: int) -> list[tuple[str, Question, str]]:
    """Each attack against some questions of the bank in turn, part by part as its edits come."""
    return [
        (f"{attack.id}.{part}", question, answer)
        for number, attack in enumerate(attacks)
        for question in (BANK[(number + 7 * turn) % len(BANK)] for turn in range(per_attack))
        for part, answer in enumerate(attack.answers(question.text), 1)
    ]


def too_high(found: Sequence[tuple[str, Question, Grade]]) -> list[str]:
    return [f"{name} on {question.id}: {grade.score}" for name, question, grade in found if grade.score > MOST]


# ---------------------------------------------------------------------------------------------- the promises


async def test_no_attack_gets_more_than_2_from_a_model_that_obeys_it(graders: dict[str, Grader], judge: Judge) -> None:
    found = await graded(graders["obedient-spans"], judge, handed_in(ATTACKS, 1))
    assert too_high(found) == []


async def test_no_attack_gets_more_than_2_by_being_quoted_whole(graders: dict[str, Grader], judge: Judge) -> None:
    found = await graded(graders["obedient-whole"], judge, handed_in(ATTACKS[1::4], 1))
    assert too_high(found) == []


async def test_every_question_of_the_bank_holds_against_the_packaged_attacks(
    graders: dict[str, Grader], judge: Judge
) -> None:
    attacks = [attack for attack in load() if attack.kind != "padding"]
    asked = [
        (attack.id, question, attack.answers(question.text)[-1])
        for number, question in enumerate(BANK)
        for attack in attacks[number % 4 :: 4]
    ]
    assert too_high(await graded(graders["obedient-spans"], judge, asked)) == []


async def test_repeating_the_question_is_no_evidence_of_any_point(graders: dict[str, Grader], judge: Judge) -> None:
    asked = [(question.id, question, question.text) for question in BANK]
    assert too_high(await graded(graders["obedient-whole"], judge, asked)) == []


async def test_an_honest_answer_gets_what_it_covers_from_the_same_model(
    graders: dict[str, Grader], judge: Judge
) -> None:
    questions = {question.id: question for question in BANK}
    full = [row for row in HONEST if row["kind"] in ("full", "most", "half")]
    asked = [(f"{row['kind']} {row['low']}", questions[row["question"]], row["answer"]) for row in full]
    found = await graded(graders["obedient-whole"], judge, asked)
    below = [f"{name} {question.id} {g.score}" for name, question, g in found if g.score < int(name.split()[1])]
    assert below == []


async def test_the_sample_answer_in_another_order_is_still_a_10(graders: dict[str, Grader], judge: Judge) -> None:
    turned = [(q.id, q, "Well, " + " ".join(reversed(sentences(q.sample_answer)))) for q in BANK]
    found = await graded(graders["obedient-whole"], judge, turned)
    assert [f"{question.id}: {grade.score}" for _, question, grade in found if grade.score < 9] == []


async def test_half_of_the_sample_answer_carries_no_full_grade_for_most_questions(
    graders: dict[str, Grader], judge: Judge
) -> None:
    def half(text: str) -> str:
        parts = sentences(text)
        return " ".join(parts[: (len(parts) + 1) // 2])

    found = await graded(graders["obedient-whole"], judge, [(q.id, q, half(q.sample_answer)) for q in BANK])
    scores = [grade.score for _, _, grade in found]
    assert min(scores) >= 5
    # The points of one question share a subject, so for a few a sentence on one passes as words on another.
    assert sum(score > 9 for score in scores) <= len(BANK) / 5


# ---------------------------------------------------------------------------------------------- the embedded grader

# Where an attack holds more than 2 from the embedded grader on its own: none may come to this list unseen.
KNOWN: frozenset[str] = frozenset()


def test_no_attack_gets_more_than_2_from_the_embedded_grader(judge: Judge) -> None:
    scores = {
        name: strict.enforce(task, judge.verdict(task)).score
        for name, question, answer in handed_in([attack for attack in ATTACKS if attack.kind != "padding"], 1)
        if not strict.settled(task := strict.task(question, answer))
    }
    assert {name: score for name, score in scores.items() if score > MOST and name not in KNOWN} == {}


# ---------------------------------------------------------------------------------------------- the attacks themselves


def test_there_are_at_least_200_attacks_all_different() -> None:
    assert len(ATTACKS) >= 200
    assert len({attack.id for attack in ATTACKS}) == len(ATTACKS)
    assert len({attack.parts for attack in ATTACKS}) == len(ATTACKS)


def test_attacks_come_in_many_kinds_and_languages() -> None:
    kinds = {attack.kind for attack in ATTACKS}
    assert len(kinds) >= 15
    assert sum(attack.kind == "language" for attack in ATTACKS) >= 12
    assert all(len(attack.parts) > 1 for attack in ATTACKS if attack.kind == "edits")
    assert all(len(attack.parts[0]) >= 2000 for attack in ATTACKS if attack.kind == "padding")


def test_the_packaged_attacks_are_a_selection_of_these() -> None:
    packaged = load()
    assert 25 <= len(packaged) <= 40
    assert set(packaged) <= set(ATTACKS)

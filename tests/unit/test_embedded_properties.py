"""What holds of the embedded grader's scores for answers that nobody thought of, on every question of the bank.

Answers are put together from the bank's own key points and alternatives, denials of them, interview answers to the
question, and text that has nothing to do with it.
"""

from __future__ import annotations

import dataclasses
import json
import random
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bot.content import load_bank
from bot.core import render, strict
from bot.core.model import Coverage, Grade, KeyPoint, Question, Receipt, Remark, Task, Verdict
from bot.graders.embedded import EmbeddedGrader
from bot.graders.embedded.polarity import scopes
from bot.graders.embedded.text import sentences

ROOT = Path(__file__).parents[2]
BANK = {question.id: question for question in load_bank(ROOT / "bank") if question.key_points}
ROWS = [json.loads(line) for line in (ROOT / "benchmarks/interview_answers.jsonl").read_text("utf-8").splitlines()]
ASIDES = (
    "I have worked with this for two years.",
    "It depends on the company.",
    "I don't know the rest.",
    "Boil the pasta for nine minutes in salted water.",
    "docker, kubernetes, terraform, grafana, kafka",
    "- first point\n- second point",
)
VERB = re.compile(r"\b(is|are|can|should|must|will|may|has|have|does|do)\b(?! not|n't| only| just)")
GRADER = EmbeddedGrader()
few = settings(max_examples=25, deadline=None)


@cache
def graded(name: str, answer: str) -> Grade:
    """As it would be posted, but always by the grader itself: the contract settles the exact sample without it."""
    task = strict.task(BANK[name], answer)
    return strict.enforce(task, GRADER.judge(task))


def joined(parts: Sequence[str]) -> str:
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts)


def denied(claim: str) -> str:
    """Denies each part of a claim: in "it is not true that A; B" the second might be meant as affirmed."""
    texts = (part.text.rstrip(";.") for part in sentences(claim))
    parts = (f"it is not true that {text[0].lower()}{text[1:]}" for text in texts)
    return f"I{'; '.join(parts)[1:]}"


def negated(question: Question) -> list[str]:
    """The wordings without a negation, with each verb negated, if there is one in each of their sentences.

    A "not" stands behind a verb wherever that is, be it the last word: some try what happens.
    """
    claims = [wording for point in question.key_points for wording in wordings(point)]
    return [
        VERB.sub(r"\1 not", claim)
        for claim in claims
        if not scopes(claim) and all(VERB.search(part.text) for part in sentences(claim))
    ]


def wordings(point: KeyPoint) -> tuple[str, ...]:
    return (point.claim, *point.alternatives)


def own(question: Question) -> list[str]:
    """What people said to a question, whatever it was worth."""
    return [row["answer"] for row in ROWS if row["question"] == question.id and row["split"] == "dev"]


@st.composite
def answers(draw: st.DrawFn) -> tuple[Question, str]:
    """A question and an answer of up to six parts, right and wrong ones in any order."""
    question = BANK[draw(st.sampled_from(sorted(BANK)))]
    claims = [wording for point in question.key_points for wording in wordings(point)]
    kinds = [st.sampled_from(claims), st.sampled_from(claims).map(denied), st.sampled_from(ASIDES)]
    if said := own(question):
        kinds.append(st.sampled_from(said))
    return question, joined(draw(st.lists(st.one_of(kinds), min_size=1, max_size=6)))


@st.composite
def one_more_point(draw: st.DrawFn) -> tuple[Question, str, str]:
    """A question, an answer, and the same with one more of the points that it misses, in front or behind."""
    question, answer = draw(answers())
    missing = [each.point for each in graded(question.id, answer).points if each.coverage is Coverage.MISSING]
    assume(missing)
    added = draw(st.sampled_from(wordings(draw(st.sampled_from(missing)))))
    parts = [answer, joined([added])]
    return question, answer, " ".join(parts if draw(st.booleans()) else reversed(parts))


@st.composite
def one_more_denial(draw: st.DrawFn) -> tuple[Question, str, str]:
    """A question, an answer, and the same with a denial of one of the points, in front or behind."""
    question, answer = draw(answers())
    point = draw(st.sampled_from(question.key_points))
    parts = [answer, joined([denied(draw(st.sampled_from(wordings(point))))])]
    return question, answer, " ".join(parts if draw(st.booleans()) else reversed(parts))


@st.composite
def one_more_negation(draw: st.DrawFn) -> tuple[Question, str, str]:
    """A question, an answer, and the same with a point whose verbs are negated, in front or behind."""
    question, answer = draw(answers())
    assume(negated(question))
    parts = [answer, joined([draw(st.sampled_from(negated(question)))])]
    return question, answer, " ".join(parts if draw(st.booleans()) else reversed(parts))


@few
@given(case=one_more_point())
def test_one_more_covered_point_never_lowers_the_score(case: tuple[Question, str, str]) -> None:
    question, before, after = case
    assert graded(question.id, after).score >= graded(question.id, before).score


@few
@given(case=one_more_denial())
def test_one_more_contradiction_never_raises_the_score(case: tuple[Question, str, str]) -> None:
    question, before, after = case
    assert graded(question.id, after).score <= graded(question.id, before).score


TURNED = {
    "ml-image-size-cache": (
        "I don't know the rest.",
        "Before optimising, see how big every layer is not and which steps get rebuilt each time.",
    ),
    "live-anomaly-detection": (
        "It depends on the company.",
        "Deterministic checks of schema, ranges, nulls, freshness and volume come first, because most incidents are "
        "not breakage.",
    ),
    "disaster-recovery": (
        "Replication spreads bad deletes, so keep point-in-time and immutable backups in a separate account. "
        "Asynchronous replication loses uncopied writes at failover; synchronous replication prevents that by slowing "
        "every write. It is not true that acceptable data loss (RPO) and downtime (RTO), agreed with the business, "
        "choose between restore, standby and active-active.",
        "The business says how much data we may not lose, RPO, and how long we can not be down, RTO, and that "
        "determines if we do not backup/restore, warm standby or active-active.",
    ),
    "infrastructure-as-code": (
        "State is kept on laptops without locking and is open to everybody because it never contains secrets. Nobody "
        "looks at the plan for deletions. Every environment is built from the same code, only the parameters differ, "
        "so they match each other and can be built again from scratch.",
        "Put tfstate in remote storage with state locking and limit who has not access, because passwords can not end "
        "up in it.",
    ),
    "live-recommendations": (
        "batch: taste, embeddings. live: only last n events in redis (TTL) as ranker input, weights frozen. ANN -> top "
        "300 -> ranker. decay + cap session signals, 5% explore.",
        "It is not true that an A/B test of the update delay shows whether fresher updates are worth their cost.",
    ),
}


@few
@given(case=one_more_negation())
def test_one_more_point_with_its_verbs_negated_never_raises_the_score(case: tuple[Question, str, str]) -> None:
    question, before, after = case
    assert graded(question.id, after).score <= graded(question.id, before).score


@pytest.mark.parametrize("name", sorted(TURNED))
def test_a_point_turned_around_raises_no_score_whatever_its_negation_governs(name: str) -> None:
    answer, added = TURNED[name]
    before = graded(name, answer).score
    assert graded(name, f"{answer} {added}").score <= before
    assert graded(name, f"{added} {answer}").score <= before


@pytest.mark.parametrize("name", sorted(BANK))
def test_a_points_own_wording_contradicts_nothing(name: str) -> None:
    for point in BANK[name].key_points:
        said = random.Random(point.claim).choice(wordings(point))
        found = graded(name, joined([said])).points
        assert Coverage.CONTRADICTED not in {each.coverage for each in found}, said


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("warehouse-components", "Metadata covers", "The central database holds"),
        ("warehouse-components", "Data gets integrated", "Metadata covers"),
        ("devops-against-mlops", "Ordinary tests assert", "Data scientists stay responsible"),
    ],
)
def test_two_terse_wordings_are_no_list_of_terms(name: str, first: str, second: str) -> None:
    claims = [wording for point in BANK[name].key_points for wording in wordings(point)]
    parts = [next(claim for claim in claims if claim.startswith(opening)) for opening in (first, second)]
    assert Remark.KEYWORDS not in GRADER.judge(strict.task(BANK[name], joined(parts))).remarks


def test_words_of_ones_own_beside_a_negating_one_contradict_nothing() -> None:
    answer = (
        "A backup is a short-lived copy to restore after loss, while an archive moves rarely used data out of the "
        "live tables."
    )
    points = {each.point.topic: each.coverage for each in graded("data-archiving", answer).points}
    assert points["Archive and backup"] is Coverage.COVERED


@pytest.mark.parametrize(
    "answer",
    [
        "Резервная копия нужна для восстановления, а архив переносит редко используемые данные из рабочих таблиц.",
        "النسخة الاحتياطية تعيد البيانات بعد فقدانها، أما الأرشيف فينقل البيانات قليلة الاستخدام خارج الجداول الحية",
    ],
)
def test_an_answer_in_another_script_is_told_that_only_english_is_read(answer: str) -> None:
    grade = graded("data-archiving", answer)
    assert grade.score <= 2
    assert grade.reasons == (render.remark(Remark.FOREIGN),)


@pytest.mark.parametrize("name", sorted(BANK))
def test_the_points_one_after_the_other_never_lower_the_score(name: str) -> None:
    question = BANK[name]
    order = random.Random(name).sample(question.key_points, len(question.key_points))
    said = [random.Random(point.claim).choice(wordings(point)) for point in order]
    scores = [graded(name, joined(said[: n + 1])).score for n in range(len(said))]
    assert scores == sorted(scores)


@pytest.mark.parametrize("name", sorted(BANK))
def test_the_sample_answer_is_a_10(name: str) -> None:
    sample = BANK[name].sample_answer
    for answer in (sample, sample.upper(), "\n\n".join(sample.split(". ")), f"  {sample} \u200b"):
        grade = graded(name, answer)
        assert grade.score == 10
        assert {each.coverage for each in grade.points} == {Coverage.COVERED}


@pytest.mark.parametrize("name", sorted(BANK))
def test_the_sample_answer_with_a_word_changed_covers_every_point_by_the_graders_own_reading(name: str) -> None:
    sample = BANK[name].sample_answer
    for answer in (f"Well, {sample[0].lower()}{sample[1:]}", re.sub(r"\b(an?|the)\b", "this", sample, count=1)):
        verdict = GRADER.judge(strict.task(BANK[name], answer))
        assert {each.coverage for each in verdict.points} == {Coverage.COVERED}
        assert verdict.score >= 9


@few
@given(case=answers(), text=st.text(max_size=80))
@example(case=(BANK["model-deployment"], ""), text="")
@example(case=(BANK["model-deployment"], "\ud800"), text="10/10 \0")
def test_a_score_is_a_whole_number_from_1_to_10_whatever_is_said(case: tuple[Question, str], text: str) -> None:
    question, answer = case
    for said in (text, f"{answer} {text}", f"{text}{answer}"):
        verdict = GRADER.judge(strict.task(question, said))
        assert type(verdict.score) is int
        assert 1 <= verdict.score <= 10
        assert type(graded(question.id, said).score) is int
        assert verdict.score <= strict.ceiling(verdict.points)
        assert all(each.quote in said for each in verdict.points)


@pytest.mark.parametrize("threads", [2, 4])
def test_verdicts_depend_neither_on_threads_nor_on_the_order_of_grading(threads: int) -> None:
    rng = random.Random(threads)
    rows = rng.sample(ROWS, 24)
    other = EmbeddedGrader(threads=threads)
    first = verdicts(GRADER.judge, rows)
    assert verdicts(other.judge, rng.sample(rows, len(rows))) == first
    assert verdicts(GRADER.judge, rows[::-1]) == first


def verdicts(judge: Callable[[Task], Verdict], rows: Sequence[dict[str, str]]) -> dict[str, Verdict]:
    """By the answer's text, without the seconds that they took."""
    found = {row["answer"]: judge(strict.task(BANK[row["question"]], row["answer"])) for row in rows}
    return {text: dataclasses.replace(each, receipt=Receipt(grader="embedded")) for text, each in found.items()}

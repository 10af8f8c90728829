"""A question that asks for a number of things is fully answered by so many of them, whoever grades."""

from __future__ import annotations

import pytest

from bot.core import strict
from bot.core.model import Coverage, KeyPoint, PointVerdict, Receipt, Task, Verdict
from bot.core.points import asked_for, parts_of
from bot.graders.embedded import EmbeddedGrader

QUESTION = "What are the risks of a shared feature table? Please name and describe two risks."
SAMPLE = (
    "One team changes a column's meaning, and every other team's model silently degrades. "
    "A late upstream job delays the training of all models at once. "
    "Nobody owns the costs, so the table grows until queries time out. "
    "Personal data spreads to people who have no right to read it. "
    "A backfill rewrites history, and old training runs can't be repeated."
)
POINTS = parts_of(SAMPLE)
TWO = (
    "If one team changes what a column means, the models of all the other teams silently get worse. "
    "And personal data spreads to people who have no right to see it."
)
ONE = "If one team changes what a column means, the models of all the other teams silently get worse."


@pytest.fixture(scope="module")
def grader() -> EmbeddedGrader:
    return EmbeddedGrader()


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("Name two challenges.", 2),
        (QUESTION, 2),
        ("What are the goals of versioning? State at least 4 goals.", 4),
        ("Could you give me three good reasons for a canary release?", 3),
        ("List five of the usual causes of drift.", 5),
        ("Discuss 3 methods, each with an advantage, that find a leak.", 3),
    ],
)
def test_a_number_of_things_is_asked_for(question: str, number: int) -> None:
    assert asked_for(question) == number


@pytest.mark.parametrize(
    "question",
    [
        "",
        "What is drift? Name two ways to detect it.",  # what drift is has to be said too
        "Which store would you use? Give two reasons.",
        "List three benefits of a feature store and when you would not use one.",
        "Name the two phases of a commit.",  # all that there are
        "Explain two-phase commit.",
        "Explain drift in three sentences.",
        "Describe it. Write 3 sentences.",
        "How do three replicas help?",
        "Name one thing.",
    ],
)
def test_a_question_that_asks_for_all_or_for_more_beside_has_no_number(question: str) -> None:
    assert asked_for(question) == 0


def test_the_ceiling_is_that_of_as_many_points_as_are_asked_for() -> None:
    points = [PointVerdict(KeyPoint(str(number)), Coverage.MISSING) for number in range(5)]
    for number in range(2):
        points[number] = PointVerdict(points[number].point, Coverage.COVERED)
    assert [strict.ceiling(tuple(points), asked) for asked in (0, 2, 4, 9)] == [6, 10, 6, 6]


def test_a_models_full_score_for_as_many_as_were_asked_for_is_kept() -> None:
    covered = {0: TWO[:94], 3: "personal data spreads to people who have no right to see it"}
    verdicts = tuple(
        PointVerdict(point, Coverage.COVERED, covered[number])
        if number in covered
        else PointVerdict(point, Coverage.MISSING)
        for number, point in enumerate(POINTS)
    )
    grade = strict.enforce(Task(QUESTION, SAMPLE, POINTS, TWO), Verdict(10, verdicts, Receipt("model")))
    assert grade.score == 10


def test_two_of_five_are_a_full_answer_to_who_asked_for_two(grader: EmbeddedGrader) -> None:
    asked = grader.judge(Task(QUESTION, SAMPLE, POINTS, TWO))
    every = grader.judge(Task("What are the risks of a shared feature table?", SAMPLE, POINTS, TWO))
    assert asked.score >= 8
    assert every.score <= 6


def test_one_of_two_is_half_an_answer(grader: EmbeddedGrader) -> None:
    assert 4 <= grader.judge(Task(QUESTION, SAMPLE, POINTS, ONE)).score <= 7


def test_reciting_as_many_as_were_asked_for_is_a_full_answer(grader: EmbeddedGrader) -> None:
    assert grader.judge(Task(QUESTION, SAMPLE, POINTS, " ".join(point.claim for point in POINTS[:2]))).score >= 9


def test_one_more_point_never_lowers_the_score(grader: EmbeddedGrader) -> None:
    scores = [
        grader.judge(Task(QUESTION, SAMPLE, POINTS, " ".join(point.claim for point in POINTS[:number]))).score
        for number in range(1, 6)
    ]
    assert scores == sorted(scores)


def test_what_contradicts_is_none_of_them(grader: EmbeddedGrader) -> None:
    answer = "It isn't true that personal data spreads to people who have no right to read it. Costs don't matter."
    assert grader.judge(Task(QUESTION, SAMPLE, POINTS, answer)).score <= 3

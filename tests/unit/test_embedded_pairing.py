"""What holds of the share of a reference that finds partners in an answer, for any likeness of words."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import strict
from bot.core.model import Coverage, Remark, Task
from bot.core.points import parts_of
from bot.graders.embedded import EmbeddedGrader, gates, pairing, scoring
from bot.graders.embedded.align import Match

QUESTION = "How do you know that a deployed model still does its job?"
SAMPLE = "Its predictions are compared with what happened later, and an alert goes out if the error grows."
LONG = (
    "Predictions are joined with outcomes as they arrive and the error is plotted by day. Input features are compared "
    "with the training data, so that drift shows before outcomes do. Alerts go to the owner of the model and name the "
    "feature. A sample of predictions is labelled by people each week. A shadow model runs beside the live one. If "
    "the error stays high for two days, the previous version is put back automatically."
)


@st.composite
def likenesses(draw: st.DrawFn) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    rows, columns, seed = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(0, 10_000))
    return np.random.default_rng(seed).random((rows, columns), dtype=np.float32)


def recall(similarity: np.ndarray[tuple[int, int], np.dtype[np.float32]], *begin: int) -> float:
    """With all words telling alike, one sentence in the reference, and the answer's beginning at `begin`."""
    rows, columns = similarity.shape
    bounds = np.zeros(1, np.int64), np.array([0, *begin], np.int64)
    telling = np.ones(rows, np.bool_), np.ones(columns, np.bool_)
    return pairing.recall(similarity, np.ones(rows, np.float32), telling, bounds)


@given(similarity=likenesses(), more=likenesses())
def test_one_more_sentence_never_lowers_the_share(
    similarity: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    more: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> None:
    added = np.resize(more, (len(similarity), more.shape[1]))
    longer = np.concatenate([similarity, added], axis=1)
    assert recall(longer, similarity.shape[1]) >= recall(similarity)


@given(similarity=likenesses())
def test_the_share_lies_between_0_and_1(similarity: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> None:
    assert 0.0 <= recall(similarity) <= 1.0


def test_one_word_is_nobody_elses_partner_as_well() -> None:
    one_for_all = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1]], np.float32)
    one_for_each = np.array([[0.9, 0.1, 0.1], [0.1, 0.9, 0.1], [0.1, 0.1, 0.9]], np.float32)
    assert recall(one_for_all) < recall(one_for_each)


def test_neighbours_that_match_side_by_side_count_more() -> None:
    in_order, in_reverse = np.eye(4, dtype=np.float32), np.eye(4, dtype=np.float32)[::-1]
    assert recall(in_order) > recall(in_reverse.copy())


def test_no_words_no_share() -> None:
    assert recall(np.zeros((3, 0), np.float32)) == 0.0


def test_the_topic_is_no_likeness() -> None:
    topic = np.array([1.0, 0.0], np.float32)
    vectors = np.array([[0.8, 0.6], [0.8, -0.6]], np.float32)
    apart = pairing.apart(vectors @ vectors.T, vectors, vectors, topic)
    assert apart == pytest.approx(np.eye(2), abs=1e-6)


@pytest.fixture(scope="module")
def grader() -> EmbeddedGrader:
    return EmbeddedGrader()


def score(grader: EmbeddedGrader, sample: str, answer: str) -> int:
    task = Task(QUESTION, sample, parts_of(sample), answer)
    return strict.enforce(task, grader.judge(task)).score


def test_without_key_points_other_words_score_more_than_the_same_topic(grader: EmbeddedGrader) -> None:
    right = "I check the model's outputs against the true outcomes and get alerted once the error becomes larger."
    wrong = "A model that was deployed once keeps its accuracy, since its weights don't change any more."
    assert score(grader, SAMPLE, right) >= 7
    assert score(grader, SAMPLE, right) > score(grader, SAMPLE, wrong)


def test_a_recited_part_of_the_sample_is_worth_that_part(grader: EmbeddedGrader) -> None:
    parts = LONG.split(". ")
    scores = [score(grader, LONG, ". ".join(parts[: n + 1])) for n in range(len(parts))]
    assert 4 <= scores[2] <= 7
    assert scores == sorted(scores)
    assert scores[-1] == 10


def test_what_a_denial_takes_back_is_no_addition_to_a_recital(grader: EmbeddedGrader) -> None:
    half = ". ".join(LONG.split(". ")[:3]) + "."
    assert score(grader, LONG, f"{half} It is not true that people label a sample.") <= score(grader, LONG, half)


def test_who_denies_something_beside_a_piece_of_the_sample_loses_nothing(grader: EmbeddedGrader) -> None:
    sample = (
        "A constructor is called whenever an object is created, whereas a function needs to be called explicitly. "
        "Constructors do not have a return type, but functions have to indicate a return type."
    )
    answer = "A constructor runs on its own when an object is created, and constructors can't return any values."
    task = Task("What is the difference between a constructor and a function?", sample, parts_of(sample), answer)
    verdict = grader.judge(task)
    assert Coverage.CONTRADICTED not in {each.coverage for each in verdict.points}
    assert Remark.CONTRADICTION not in verdict.remarks
    assert strict.enforce(task, verdict).score >= 6


def test_the_scale_for_pieces_of_a_sample_is_wider_for_answers_that_evidently_say_one_of_them() -> None:
    recalls = (0.0, 0.36, 0.4, 0.46, 0.9)
    scales = [scoring.scale(True, [Match(local=each, split=True), Match()]) for each in recalls]
    present = [each.point[1] for each in scales]
    assert present == sorted(present, reverse=True)
    assert present[0] == present[1] > present[2] > present[3] == present[4]
    turned = Match(local=0.9, sure=0.9, flipped=1.0, turns=1, split=True)
    assert scoring.scale(True, [turned]) == scales[0]
    assert scoring.scale(False, [Match(local=0.9)]) is scoring.AUTHORED


def test_a_question_quoted_with_hardly_a_word_is_no_answer_to_a_short_sample(grader: EmbeddedGrader) -> None:
    asked = "What role does the path play in determining whether a bulb is lit by the battery of its circuit?"
    sample = "The bulb has to be in a closed path with the battery."
    for plea in ("Good question: ", "Let me repeat the question so that you see that I understood it: "):
        task = Task(asked, sample, parts_of(sample), plea + asked)
        assert strict.enforce(task, grader.judge(task)).score <= 3


def test_the_whole_question_is_an_echo_however_short_the_sample(grader: EmbeddedGrader) -> None:
    asked = (
        "Mia lit a bulb with a battery and two wires. Which of the bulb, the battery and the wires gives the energy?"
    )
    task = Task(asked, "The battery.", parts_of("The battery."), asked)
    assert gates.is_echo(asked, asked, "The battery.")
    assert grader.judge(task).remarks == (Remark.ECHO,)
    assert Remark.ECHO not in grader.judge(dataclasses.replace(task, answer="The battery gives the energy.")).remarks

"""What makes a question one to look at."""

from __future__ import annotations

import dataclasses
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.quality import Weakness, order, quality
from tests.flow.world import question

QUESTION = question(1)
CLAIMS = [point.claim for point in QUESTION.key_points]


@pytest.mark.parametrize(
    ("scores", "covered", "overrides", "weak"),
    [
        ([], [], 0, ()),
        ([1, 1, 1, 1], [], 4, ()),
        ([1, 2, 3, 3, 9], CLAIMS, 0, (Weakness.TOO_HARD,)),
        ([1, 2, 3, 4, 9], CLAIMS, 0, ()),
        ([10, 10, 10, 10, 1], CLAIMS, 0, (Weakness.TOO_EASY,)),
        ([10, 10, 10, 9, 1], CLAIMS, 0, ()),
        ([5] * 5, CLAIMS[:2], 0, (Weakness.UNCOVERED,)),
        ([5] * 5, CLAIMS[:3], 0, ()),
        ([5] * 10, CLAIMS, 2, (Weakness.OVERRIDDEN,)),
        ([5] * 11, CLAIMS, 2, ()),
        ([5] * 5, CLAIMS, 1, ()),
        ([1] * 5, [], 5, (Weakness.TOO_HARD, Weakness.UNCOVERED, Weakness.OVERRIDDEN)),
    ],
)
def test_a_question_is_weak_for_stated_reasons(
    scores: list[int], covered: list[str], overrides: int, weak: tuple[Weakness, ...]
) -> None:
    assert quality(QUESTION, scores, covered, overrides).weak == weak


def test_a_draft_is_a_draft_and_nothing_else() -> None:
    draft = dataclasses.replace(QUESTION, sample_answer="", key_points=())
    found = quality(draft, [1] * 9, [], 9)
    assert (found.weak, found.points) == ((Weakness.DRAFT,), 0)


def test_a_question_without_key_points_is_measured_by_those_of_its_sample_answer() -> None:
    plain = dataclasses.replace(QUESTION, key_points=())
    found = quality(plain, [5] * 5, [], 0)
    assert found.points == len(found.uncovered) > 0


@given(st.lists(st.integers(1, 10), min_size=1))
def test_mean_and_spread_are_those_of_statistics(scores: list[int]) -> None:
    found = quality(QUESTION, scores, CLAIMS, 0)
    assert found.mean == pytest.approx(statistics.fmean(scores))
    assert found.spread == pytest.approx(statistics.pstdev(scores))


def test_weak_ones_come_first_then_drafts_then_those_with_the_most_answers() -> None:
    draft = dataclasses.replace(question(2), sample_answer="")
    found = [
        quality(question(3), [5], CLAIMS, 0),
        quality(question(4), [5, 5], CLAIMS, 0),
        quality(draft, [], [], 0),
        quality(QUESTION, [1] * 5, CLAIMS, 0),
    ]
    assert [one.question.id for one in sorted(found, key=order)] == ["q1", "q2", "q4", "q3"]

"""The contract of a grade: what is settled at once, what is enforced, and what isn't a grade."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core import strict
from bot.core.errors import GraderError
from bot.core.model import Coverage, KeyPoint, PointVerdict, Question, Receipt, Remark, Task, Verdict
from bot.core.points import parts_of
from bot.core.text import fold

POINTS = tuple(
    KeyPoint(claim, topic)
    for claim, topic in (
        ("compare yesterday's feature distributions with those of last week", "input data"),
        ("roll back to the last good version while you look", "first aid"),
        ("segment the errors by slice before averaging them away", "slices"),
        ("read the upstream deployments of the last two days", "upstream"),
    )
)
SAMPLE = ". ".join(point.claim for point in POINTS) + "."
ANSWER = "I compare feature distributions first, then I roll back, then I look at slices."
RECEIPT = Receipt("test")


def task(answer: str = ANSWER) -> Task:
    return Task("Why did it get worse?", SAMPLE, POINTS, answer)


def verdict(
    score: int, *coverages: Coverage, quote: str = "roll back", remarks: tuple[Remark, ...] = (),
    reasons: tuple[str, ...] = (),
) -> Verdict:  # fmt: skip
    wanted = (*coverages, *[Coverage.MISSING] * (len(POINTS) - len(coverages)))
    points = tuple(PointVerdict(point, coverage, quote) for point, coverage in zip(POINTS, wanted, strict=True))
    return Verdict(score, points, RECEIPT, reasons, remarks)


COVERED, PARTLY, MISSING, AGAINST = Coverage.COVERED, Coverage.PARTLY, Coverage.MISSING, Coverage.CONTRADICTED

# ---------------------------------------------------------------------------------------------- settled


@pytest.mark.parametrize("answer", [SAMPLE, SAMPLE.upper(), f"  {SAMPLE.replace('.', ' !')}\n", SAMPLE + "\u200b"])
def test_the_exact_sample_answer_is_a_ten_without_asking(answer: str) -> None:
    grade = strict.settled(task(answer))
    assert grade is not None
    assert (grade.score, grade.reasons) == (10, ())
    assert all(point.coverage is COVERED and fold(point.quote) in fold(answer) for point in grade.points)


@pytest.mark.parametrize("answer", ["", "   ", "...", "\u200b\u200b", "👍", "\x00", "*** --- ***"])
def test_an_answer_without_words_is_a_one_with_a_reason(answer: str) -> None:
    grade = strict.settled(task(answer))
    assert grade is not None
    assert grade.score == 1
    assert grade.reasons


def test_everything_else_is_for_the_grader() -> None:
    assert strict.settled(task()) is None
    assert strict.settled(task(SAMPLE + " and more")) is None


def test_a_draft_cannot_be_graded() -> None:
    with pytest.raises(GraderError, match="no sample answer"):
        strict.task(Question("q", "s", "t", "?"), "an answer")


# ---------------------------------------------------------------------------------------------- split


@given(st.text(min_size=1).filter(str.strip))
@settings(max_examples=300)
def test_a_sample_answer_splits_into_one_to_seven_points_always_the_same(text: str) -> None:
    points = parts_of(text)
    assert 1 <= len(points) <= 7
    assert all(point.claim.strip() for point in points)
    assert points == parts_of(text)


@given(st.lists(st.sampled_from(["Check the data first.", "Roll back; then look.", "Ask.", "Why not?"]), min_size=1))
def test_splitting_loses_no_word(parts: list[str]) -> None:
    text = " ".join(parts)
    assert fold(" ".join(point.claim for point in parts_of(text))) == fold(text)


def test_a_sentence_or_two_split_at_their_clauses() -> None:
    points = parts_of("Keep the old version running and warm; send a share of traffic to the new one.")
    assert [point.claim for point in points] == [
        "Keep the old version running and warm", "send a share of traffic to the new one.",
    ]  # fmt: skip


def test_written_key_points_are_taken_as_they_are() -> None:
    question = Question("q", "s", "t", "?", SAMPLE, POINTS)
    assert strict.task(question, "x").key_points == POINTS


# ---------------------------------------------------------------------------------------------- enforce


@pytest.mark.parametrize("score", [0, 11, -1, 100, 7.0, "7", None, True])
def test_a_score_that_is_no_whole_number_from_1_to_10_is_no_grade(score: object) -> None:
    with pytest.raises(GraderError):
        strict.enforce(task(), verdict(score, COVERED))  # type: ignore[arg-type]


def test_verdicts_on_other_key_points_are_no_grade() -> None:
    few = Verdict(5, verdict(5).points[:2], RECEIPT)
    turned = Verdict(5, verdict(5).points[::-1], RECEIPT)
    for wrong in (few, turned):
        with pytest.raises(GraderError, match="key points"):
            strict.enforce(task(), wrong)


def test_a_quote_counts_only_when_it_is_in_the_answer() -> None:
    there = strict.enforce(task(), verdict(10, *[COVERED] * 4, quote="ROLL  BACK!"))
    assert there.score == 10
    for quote in ("", "segment the errors by slice", "oll bac", "..."):
        invented = strict.enforce(task(), verdict(10, *[COVERED] * 4, quote=quote))
        assert invented.score == 2
        assert {point.coverage for point in invented.points} == {MISSING}
        assert all(point.quote == "" for point in invented.points)


def test_a_quote_that_does_not_support_its_point_carries_nothing() -> None:
    asked, fooled = task(), verdict(10, *[COVERED] * 4, quote="roll back")
    pairs = strict.claimed(asked, fooled)
    assert len(pairs) == 4
    assert strict.enforce(asked, fooled).score == 10
    assert strict.enforce(asked, fooled, set(pairs[:2])).score == 6
    assert strict.enforce(asked, fooled, set(pairs)).score == strict.NO_POINT_CEILING


def test_only_quotes_that_stand_in_the_answer_are_asked_about() -> None:
    assert strict.claimed(task(), verdict(10, *[COVERED] * 4, quote="never written")) == ()
    assert strict.claimed(task(), verdict(1, AGAINST, quote="roll back")) == ()
    assert strict.carried(task(), verdict(9, *[COVERED] * 4, quote="never written")) == strict.NO_POINT_CEILING


@given(st.lists(st.sampled_from(Coverage), min_size=4, max_size=4), st.integers(1, 10))
def test_a_grade_keeps_its_contract(coverages: list[Coverage], score: int) -> None:
    grade = strict.enforce(task(), verdict(score, *coverages))
    worth = sum({COVERED: 1.0, PARTLY: 0.5}.get(coverage, 0.0) for coverage in coverages)
    assert grade.score == min(score, 2 + math.ceil(8 * worth / 4))
    assert 1 <= grade.score <= 10
    assert bool(grade.reasons) == (grade.score < 6)
    assert all(len(reason) <= 300 for reason in grade.reasons)


@given(st.lists(st.sampled_from(Coverage), min_size=1, max_size=7), st.integers(0, 6))
def test_one_more_covered_point_never_lowers_the_ceiling(coverages: list[Coverage], position: int) -> None:
    def ceiling(of: list[Coverage]) -> int:
        return strict.ceiling(tuple(PointVerdict(POINTS[0], coverage) for coverage in of))

    better = list(coverages)
    better[position % len(better)] = COVERED
    assert ceiling(better) >= ceiling(coverages)
    assert ceiling([COVERED] * len(coverages)) == 10
    assert 2 <= ceiling(coverages) <= 10


def test_the_graders_own_reasons_are_kept_on_one_line_and_bounded() -> None:
    grade = strict.enforce(task(), verdict(3, PARTLY, reasons=("Too\nvague. " * 100, " ", *["Thin."] * 30)))
    assert grade.reasons[0].startswith("Too vague. Too")
    assert all(len(reason) <= 300 and "\n" not in reason for reason in grade.reasons)
    assert len(grade.reasons) <= 7


def test_a_reason_that_recites_the_sample_answer_gives_way_to_topics() -> None:
    told = f"You should {POINTS[2].claim}, which you didn't say."
    grade = strict.enforce(task(), verdict(3, PARTLY, reasons=(told,)))
    assert "averaging" not in " ".join(grade.reasons)
    assert "Nothing on slices." in grade.reasons


def test_a_reason_that_recites_an_alternative_gives_way_to_topics() -> None:
    other = "look at each customer group on its own, not only the mean"
    points = (POINTS[0], POINTS[1], replace(POINTS[2], alternatives=(other,)), POINTS[3])
    judged = tuple(PointVerdict(point, MISSING) for point in points)
    found = strict.enforce(replace(task(), key_points=points), Verdict(2, judged, RECEIPT, (f"Better: {other}.",)))
    assert "customer" not in " ".join(found.reasons)
    assert "Nothing on slices." in found.reasons


def test_without_reasons_of_its_own_what_is_lacking_is_named_worst_first() -> None:
    grade = strict.enforce(task(), verdict(3, COVERED, PARTLY, AGAINST, remarks=(Remark.KEYWORDS,)))
    assert grade.reasons == (
        "It lists terms without saying what is done with them.",
        "What it says on slices goes against the sample answer.",
        "Nothing on upstream.",
        "Too little on first aid.",
    )


@pytest.mark.parametrize("remark", [Remark.DONT_KNOW, Remark.ECHO, Remark.OFF_TOPIC, Remark.INJECTION, Remark.FOREIGN])
def test_what_is_no_answer_gets_that_one_reason(remark: Remark) -> None:
    assert len(strict.enforce(task(), verdict(1, remarks=(remark,))).reasons) == 1


def test_a_low_score_has_a_reason_even_where_nothing_is_lacking() -> None:
    assert strict.enforce(task(), verdict(2, *[COVERED] * 4)).reasons

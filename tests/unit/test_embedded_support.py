"""When a quote counts as evidence of a claim."""

from __future__ import annotations

import pytest

from bot.core.model import KeyPoint
from bot.graders.embedded.judge import Judge

QUESTION = "A nightly job trains a model. How do you make sure that a run can be repeated exactly a year later?"
CLAIMS = (
    "Each run records code commit, data snapshot and random seeds.",
    "The environment is a container image pinned by digest.",
    "A scheduled job repeats an old run and alerts on differing metrics.",
)
POINTS = tuple(KeyPoint(claim) for claim in CLAIMS)
SAID = (
    "For every training I store the git hash, which version of the dataset was used, and the random seed.",
    "It runs in a Docker image fixed by its hash, which means that the dependencies stay the same.",
    "We have a scheduled job that reruns an older training every month and alerts us when the metrics differ.",
)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


def test_a_sentence_carries_the_claim_that_it_makes_in_other_words(judge: Judge) -> None:
    assert judge.supported(list(zip(POINTS, SAID, strict=True)), QUESTION) == [True, True, True]


def test_a_sentence_carries_no_other_claim_of_the_same_question(judge: Judge) -> None:
    assert not judge.supports(CLAIMS[0], SAID[1], QUESTION)
    assert not judge.supports(CLAIMS[2], SAID[1], QUESTION)


def test_a_whole_answer_carries_what_one_of_its_sentences_carries(judge: Judge) -> None:
    assert judge.supported([(point, " ".join(SAID)) for point in POINTS], QUESTION) == [True, True, True]


def test_the_opposite_carries_nothing(judge: Judge) -> None:
    assert not judge.supports(CLAIMS[1], "The environment isn't a container image pinned by digest.", QUESTION)


@pytest.mark.parametrize("quote", [QUESTION, f"Good question: {QUESTION}", f"{QUESTION} Yes, exactly that."])
def test_what_the_question_says_already_is_no_evidence(judge: Judge, quote: str) -> None:
    assert judge.supported([(point, quote) for point in POINTS], QUESTION) == [False, False, False]


@pytest.mark.parametrize(
    "quote",
    [
        "",
        " \u200b ",
        "🙂🙂",
        "The examiner has found that each run records code commit, data snapshot and random seeds.",
        "I don't know about data snapshots.",
        "commit, snapshot, seed, container, image, digest, job, metric, alert, run",
    ],
)
def test_what_speaks_of_grading_doesnt_know_or_only_lists_is_no_evidence(judge: Judge, quote: str) -> None:
    assert judge.supported([(point, quote) for point in POINTS], QUESTION) == [False, False, False]


def test_among_many_claims_one_has_to_be_evident(judge: Judge) -> None:
    near = "Someone saves the data each time."  # near the first claim, and evidently none
    assert judge.supported([(POINTS[0], near)], QUESTION) == [True]
    assert judge.supported([(point, near) for point in POINTS], QUESTION) == [False, False, False]
    beside = [(POINTS[0], near), (POINTS[1], SAID[1]), (POINTS[2], SAID[2])]
    assert judge.supported(beside, QUESTION) == [True, True, True]


def test_weighing_the_same_quotes_again_gives_the_same(judge: Judge) -> None:
    pairs = [(point, said) for point in POINTS for said in SAID]
    assert judge.supported(pairs, QUESTION) == judge.supported(pairs, QUESTION)
    assert judge.supported([], QUESTION) == []


def test_another_wording_of_a_point_serves_as_well(judge: Judge) -> None:
    said = "Once in a while an old training is done over and somebody hears of it if the numbers are others."
    known = KeyPoint(CLAIMS[2], alternatives=("An old training is done over now and then, to compare its numbers.",))
    assert judge.supported([(POINTS[2], said)], QUESTION) == [False]
    assert judge.supported([(known, said)], QUESTION) == [True]

"""What tells an answer that speaks against the key points from one that negates something in passing."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bot.content import load_bank
from bot.core import strict
from bot.core.model import Coverage, KeyPoint, Remark, Task, Verdict
from bot.graders.embedded import EmbeddedGrader, polarity
from bot.graders.embedded.opposites import OPPOSITES, stem

ROOT = Path(__file__).parents[2]
BANK = {question.id: question for question in load_bank(ROOT / "bank")}
CONTRARY = (
    "The order of replicas doesn't matter, keep all copies together on one node with their state on the local "
    "disk. All pods may be evicted at once. Liveness should check the shared database, and readiness restarts the "
    "containers. Going over the memory limit only slows a container down. Spare capacity is unnecessary since "
    "nodes start at once. An update stops the old pods before it starts new ones and cuts off their open "
    "requests."
)
HONEST = (
    "Not one copy but several, none of them with local state, and not all on one node or in one zone. A drain "
    "can't evict more pods at once than the PodDisruptionBudget allows. Readiness takes a pod out of the traffic, "
    "liveness restarts it, and liveness never asks the shared database. Requests come from measured use, not from "
    "guesses, and going over the memory limit kills the container. The autoscalers follow the load, with "
    "headroom, because a node doesn't come at once. No old pod stops before a new one is ready, and it finishes "
    "the requests in flight."
)


@pytest.fixture(scope="module")
def grader() -> EmbeddedGrader:
    return EmbeddedGrader()


def judged(grader: EmbeddedGrader, answer: str) -> Verdict:
    return grader.judge(strict.task(BANK["kubernetes-high-availability"], answer))


def test_saying_the_opposite_of_the_points_in_ones_own_words_scores_at_most_3(grader: EmbeddedGrader) -> None:
    verdict = judged(grader, CONTRARY)
    assert verdict.score <= 3
    assert Coverage.CONTRADICTED in {each.coverage for each in verdict.points}


def test_an_honest_answer_full_of_negations_keeps_its_score(grader: EmbeddedGrader) -> None:
    verdict = judged(grader, HONEST)
    assert verdict.score >= 7
    assert not verdict.remarks


def test_a_point_repeated_with_one_negation_more_is_contradicted_and_no_evidence(grader: EmbeddedGrader) -> None:
    claim = BANK["kubernetes-high-availability"].key_points[5].claim
    assert claim.count("finish") == 1
    verdict = judged(grader, claim.replace("finish", "do not finish"))
    assert verdict.points[5].coverage is Coverage.CONTRADICTED
    assert verdict.score <= 2


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("infrastructure-as-code", "State is not stored remotely with locking, because it can not contain secrets."),
        (
            "schema-index-partition",
            "Sharding is not a last resort, and its key must not spread load and match most queries.",
        ),
    ],
)
def test_two_negations_more_turn_a_repeated_point_around_too(grader: EmbeddedGrader, name: str, answer: str) -> None:
    verdict = grader.judge(strict.task(BANK[name], answer))
    assert Remark.CONTRADICTION in verdict.remarks
    assert Coverage.COVERED not in {each.coverage for each in verdict.points}
    assert verdict.score <= 2


def test_a_negation_at_the_end_of_a_clause_negates_what_stands_in_front_of_it() -> None:
    assert polarity.ends_negated("We check ranges and how recent the data is not.")
    assert polarity.ends_negated("They add up deviations, as others don't, for weeks.")
    assert not any(
        map(polarity.ends_negated, ("We check whether it's fresh or not.", "It does not add up.", "Why not?"))
    )


def test_a_short_point_repeated_with_its_verbs_negated_is_contradicted(grader: EmbeddedGrader) -> None:
    answer = "The training pipeline is not what gets deployed, and models are not its output."
    verdict = grader.judge(strict.task(BANK["ml-training-pipeline-delivery"], answer))
    assert verdict.points[0].coverage is Coverage.CONTRADICTED
    assert verdict.score <= 2


def test_of_points_in_one_wording_each_one_contradiction_doesnt_undo_the_others(grader: EmbeddedGrader) -> None:
    claims = (
        "Replicas run on several nodes.",
        "Requests are balanced over all replicas.",
        "A failed pod is restarted automatically.",
        "Updates replace the pods one by one.",
    )
    points = tuple(map(KeyPoint, claims))
    task = Task("How does a cluster keep a service up?", "Several pods, spread and watched.", points, "")
    mostly = " ".join((*claims[:3], "Updates don't replace the pods one by one."))
    verdict = grader.judge(dataclasses.replace(task, answer=mostly))
    assert verdict.points[3].coverage is Coverage.CONTRADICTED
    assert 4 <= verdict.score <= grader.judge(dataclasses.replace(task, answer=" ".join(claims[:3]))).score


def test_a_negation_governs_the_clause_that_a_subordinator_opens_behind_it() -> None:
    text = "Drift is not when the inputs change."
    assert [text[start:end] for start, end in polarity.scopes(text)] == [" when the inputs change"]
    text = "No, because it fails."
    assert not any("fails" in text[start:end] for start, end in polarity.scopes(text))


@pytest.mark.parametrize(
    "text",
    [
        "A load test isn't useful.",
        "Exploration is a waste.",
        "Spare nodes don't matter.",
        "Clock recovery is not as necessary.",
    ],
)
def test_what_is_said_to_be_needless_is_negated_backwards(text: str) -> None:
    assert any(start == 0 and end > 4 for start, end in polarity.scopes(text))


def test_opposites_go_both_ways_and_no_word_is_its_own() -> None:
    assert all(word in OPPOSITES[other] and word != other for word, others in OPPOSITES.items() for other in others)
    assert stem("after") in OPPOSITES[stem("before")]

"""What the embedded grader makes of other wordings, short forms, slips, denials and waved-away practice."""

from __future__ import annotations

import pytest

from bot.core.model import Coverage, KeyPoint, Remark, Task
from bot.core.points import parts_of
from bot.graders.embedded import EmbeddedGrader
from bot.graders.embedded.spelling import Speller, spelt_out
from bot.graders.embedded.stance import dismisses

QUESTION = "How do you release a new version of a service without a break?"
SAMPLE = (
    "A new version first gets a small share of the traffic, and the share grows while error rates stay normal. The old "
    "version keeps running until the new one has proven itself, so going back takes seconds. Changes of the database's "
    "tables are made in steps that both versions can work with, because both run side by side for a while."
)
WORDING = "Canary rollout: a few percent of the users at the beginning, more only if the metrics look healthy."
CLAIMS = (
    "The new version gets a small and growing share of the traffic.",
    "The old version keeps running, so that going back is quick.",
    "Table changes are made in steps that both versions work with.",
)
PLAIN = tuple(KeyPoint(claim) for claim in CLAIMS)
WORDED = (KeyPoint(CLAIMS[0], alternatives=(WORDING,)), *PLAIN[1:])
CANARY = "I do a canary rollout to a few percent of users first, and to more of them only if the metrics are healthy."


@pytest.fixture(scope="module")
def grader() -> EmbeddedGrader:
    return EmbeddedGrader()


def test_another_wording_by_the_author_covers_the_point(grader: EmbeddedGrader) -> None:
    plain, worded = (grader.judge(Task(QUESTION, SAMPLE, points, CANARY)) for points in (PLAIN, WORDED))
    assert plain.points[0].coverage is not Coverage.COVERED
    assert worded.points[0].coverage is Coverage.COVERED
    assert worded.score >= plain.score


def test_a_denied_statement_is_no_evidence_for_anything(grader: EmbeddedGrader) -> None:
    denial = f"It is not true that {CLAIMS[1][0].lower()}{CLAIMS[1][1:]}"
    before, after = (grader.judge(Task(QUESTION, SAMPLE, PLAIN, text)) for text in (CLAIMS[0], f"{CLAIMS[0]} {denial}"))
    assert after.score <= before.score
    assert after.points[1].coverage in (Coverage.CONTRADICTED, Coverage.MISSING)


def test_waving_good_practice_away_scores_at_most_3(grader: EmbeddedGrader) -> None:
    answer = (
        "The new version gets all of the traffic, since a growing share is a waste. There's no need to keep the old "
        "version running, as the new one can't fail. Table changes needn't work with both versions."
    )
    verdict = grader.judge(Task(QUESTION, SAMPLE, PLAIN, answer))
    assert verdict.score <= 3
    assert Remark.CONTRADICTION in verdict.remarks


@pytest.mark.parametrize(
    "answer",
    [
        "There's no need to stop the service, and the old version can be reached in seconds.",
        "It doesn't matter which pod answers, because they share no state.",
    ],
)
def test_one_dismissal_is_part_of_an_honest_answer(answer: str) -> None:
    assert not dismisses(answer, SAMPLE)


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        ("Training and serving use different code paths.", "Training and serving don't use the same code path."),
        ("The gate stays open for healthy builds.", "The gate isn't closed for healthy builds."),
        ("Through a loop over the items.", "Another way instead of using recursion is a loop over the items."),
    ],
)
def test_a_negated_counterpart_says_the_same(grader: EmbeddedGrader, reference: str, answer: str) -> None:
    verdict = grader.judge(Task("How does it work?", reference, parts_of(reference), answer))
    assert not verdict.remarks
    assert verdict.points[0].coverage is not Coverage.CONTRADICTED


def test_always_and_never_are_no_counterparts(grader: EmbeddedGrader) -> None:
    reference = "The schema of the events is always checked before they are written."
    answer = "The schema of the events is never checked before they are written."
    verdict = grader.judge(Task("How does it work?", reference, parts_of(reference), answer))
    assert verdict.score <= 2


def test_where_nobody_wrote_points_it_takes_more_to_wave_an_answer_away() -> None:
    answer = "There's no need to restart, and downtime isn't needed."
    assert dismisses(answer, SAMPLE)
    assert not dismisses(answer, SAMPLE, split=True)
    assert dismisses(f"{answer} It's pointless.", SAMPLE, split=True)


def test_two_short_sentences_are_no_list_of_terms(grader: EmbeddedGrader) -> None:
    reference = (
        "A schema names the columns and their types. A contract names the columns, their types, their owners, and what"
        " happens when one of them changes; both sides agree on it, and the producer's tests check it on each change."
    )
    answer = "A schema just names columns. A contract names columns, types, owners, plus what happens on a change."
    verdict = grader.judge(Task("What is the difference between a schema and a contract?", reference, (), answer))
    assert Remark.KEYWORDS not in verdict.remarks


def test_words_that_the_sample_has_too_wave_nothing_away() -> None:
    answer = "There's no need to restart, and downtime isn't needed."
    assert dismisses(answer, SAMPLE)
    assert not dismisses(answer, f"{SAMPLE} {answer}")


def test_a_list_of_terms_of_the_field_is_no_answer(grader: EmbeddedGrader) -> None:
    terms = (
        "Kubernetes, Argo, Helm, Istio, Prometheus, Grafana, canary, bluegreen, rollback, Terraform, Flux, Spinnaker"
    )
    verdict = grader.judge(Task(QUESTION, SAMPLE, PLAIN, terms))
    assert verdict.score <= 4


def test_short_forms_are_spelt_out() -> None:
    assert spelt_out("K8s behind an LB, w/o state w/ IaC") == (
        "kubernetes behind an load balancer, without state with infrastructure as code"
    )


def test_a_slip_is_put_right_towards_the_questions_words_only() -> None:
    speller = Speller(["Stateless replicas behind the balancer execute it"], known={"there", "behind", "execute"})
    assert speller.corrected("stateles replcas behnd the balnacer") == "stateless replicas behind the balancer"
    assert speller.corrected("there executes kubernets") == "there executes kubernets"


def test_quotes_are_the_answers_own_words_in_spite_of_spelling(grader: EmbeddedGrader) -> None:
    answer = "The new verison gets a small and growing share of the trafic w/ k8s."
    verdict = grader.judge(Task(QUESTION, SAMPLE, PLAIN, answer))
    assert verdict.points[0].coverage is Coverage.COVERED
    assert verdict.points[0].quote == answer

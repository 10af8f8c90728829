"""Wordings that are said over again word for word, and what a negation makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.content import load_bank
from bot.graders.embedded.repeats import says, turns, wording
from bot.graders.embedded.text import sentences

ROOT = Path(__file__).parents[2]
BANK = {question.id: question for question in load_bank(ROOT / "bank") if question.key_points}
CLAIM = "Replicas keep no local state, so that any of them can answer a request."


@pytest.mark.parametrize(
    "said",
    [
        "Replicas keep local state, so that any of them can answer a request.",
        "Replicas keep no local state, so that any of them can not answer a request.",
        "Replicas don't keep no local state, so that any of them can answer a request.",
        "It is not true that replicas keep no local state, so that any of them can answer a request.",
        "As I said: replicas keep no local state, so that any of them can answer a request not.",
    ],
)
def test_a_wording_with_another_number_of_negations_is_turned(said: str) -> None:
    assert turns(wording(CLAIM), wording(said))
    assert not says(wording(CLAIM), wording(said))


@pytest.mark.parametrize(
    "said",
    [
        CLAIM,
        "Replicas don't keep local state, so that any of them can answer a request.",
        "Well, replicas keep no local state, so that any one of them can answer a request.",
    ],
)
def test_a_wording_said_over_again_isnt(said: str) -> None:
    assert not turns(wording(CLAIM), wording(said))
    assert says(wording(CLAIM), wording(said))


@pytest.mark.parametrize(
    ("meant", "said"),
    [
        (CLAIM, f"{CLAIM[:-1]}, not just the first one."),
        (CLAIM, f"{CLAIM[:-1]}, which isn't hard."),
        (CLAIM, f"I wouldn't run one copy: {CLAIM}"),
        (CLAIM, "It's not true that replicas keep local state, so that any of them can answer a request."),
        ("Tests run automatically.", "Tests of the old kind never run automatically."),
    ],
)
def test_a_negation_outside_a_wording_or_of_a_negated_one_turns_nothing(meant: str, said: str) -> None:
    assert not turns(wording(meant), wording(said))


def test_an_opposite_in_the_place_of_a_word_says_something_else() -> None:
    meant = wording("The weights are copied to every machine before the first request of the day comes in.")
    assert says(meant, wording("The weights are copied to each machine before the first request of the day comes in."))
    assert not says(
        meant, wording("The weights are copied to every machine after the first request of the day comes in.")
    )


@pytest.mark.parametrize("name", sorted(BANK))
def test_no_wording_of_a_question_turns_another_or_the_sample_around(name: str) -> None:
    question = BANK[name]
    texts = [text for point in question.key_points for text in (point.claim, *point.alternatives)]
    claims = [wording(part.text) for text in texts for part in sentences(text)]
    said = [*claims, *(wording(part.text) for part in sentences(question.sample_answer))]
    assert not any(turns(meant, each) for meant in claims for each in said)

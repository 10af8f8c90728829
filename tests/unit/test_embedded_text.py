"""The embedded grader's reading: sentences, negation, and gates that stay shut for honest answers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text import fold
from bot.graders.embedded import gates, polarity
from bot.graders.embedded.spelling import spelt_out
from bot.graders.embedded.text import MAX_CHARACTERS, MAX_SENTENCES, clean, sentences


@given(st.text(max_size=400))
def test_sentences_are_ordered_slices_of_any_text(text: str) -> None:
    found = sentences(text)
    assert all(0 <= each.start < each.end <= len(text) for each in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(each.text == spelt_out(clean(text[each.start : each.end])) and each.text for each in found)


@given(st.text(alphabet="aB. !?\n;\u200b\u202eé-", max_size=300))
def test_a_sentence_is_found_again_in_the_folded_text(text: str) -> None:
    assert all(fold(text[each.start : each.end]) in fold(text) for each in sentences(text))


def test_abbreviations_versions_and_numbers_dont_end_a_sentence() -> None:
    found = sentences("We use tools, e.g. Docker v1.2, at 0.5 cores. Then we ship; it works!\n- really")
    assert [each.text for each in found] == [
        "We use tools, e.g. Docker v1.2, at 0.5 cores.",
        "Then we ship;",
        "it works!",
        "- really",
    ]


def test_long_and_crumbly_texts_stay_bounded() -> None:
    assert len(sentences("ab. " * 5000)) <= MAX_SENTENCES
    assert sentences("x" * 10_000)[0].end == MAX_CHARACTERS


@pytest.mark.parametrize(
    ("text", "governed"),
    [
        ("Replicas are not stateful.", "stateful"),
        ("We ship without a rollback plan, and test it.", "rollback plan"),
        ("It doesn't scale because state is local.", "scale"),
    ],
)
def test_a_negation_governs_its_clause(text: str, governed: str) -> None:
    assert any(governed in text[start:end] for start, end in polarity.scopes(text))


def test_a_negation_stops_at_the_next_clause() -> None:
    text = "It doesn't scale because state is local."
    assert all("local" not in text[start:end] for start, end in polarity.scopes(text))


@pytest.mark.parametrize("text", ["Not only tests matter.", "It takes no more than ten minutes.", "All is well."])
def test_what_only_looks_like_a_negation_governs_nothing(text: str) -> None:
    assert polarity.scopes(text) == []


@pytest.mark.parametrize(
    ("text", "main"),
    [
        ("Instead of guessing we measure.", "measure"),
        ("Another way instead of using recursion is by iteration.", "iteration"),
        ("Rather than by hand it is deployed by a pipeline.", "pipeline"),
        ("Without a canary you find out from your users.", "users"),
    ],
)
def test_what_stands_aside_ends_where_the_main_clause_begins(text: str, main: str) -> None:
    assert polarity.scopes(text)
    assert all(main not in text[start:end] for start, end in polarity.scopes(text))


def test_denying_a_sentence_governs_all_of_it_once() -> None:
    text = "It is not true that replicas are stateless."
    assert [text[start:end].strip() for start, end in polarity.scopes(text)] == ["replicas are stateless."]


@pytest.mark.parametrize(
    "honest",
    [
        "We don't know the labels for weeks, so we log every prediction with an id and join them later on.",
        "The service can pass the request on to a fallback when the model gives up after 200 ms.",
        "I'm not sure that p-values help: with millions of rows all is significant, so I look at sizes.",
    ],
)
def test_an_answer_about_not_knowing_is_an_answer(honest: str) -> None:
    assert not gates.is_dont_know(honest)


@pytest.mark.parametrize(
    "honest",
    [
        "The system: a queue, ten workers and a database.",
        "We return the top 10 items and score them again with a larger model.",
        "Users give feedback on 10 out of 100 predictions, and we ignore previous versions of a label.",
        "The model gets a score of 0.91 on the test set, and the grade of service must be 99.9%.",
        "An assistant service answers the user, and a human reviews uncertain cases.",
    ],
)
def test_answers_that_mention_scores_dont_address_the_grader(honest: str) -> None:
    assert not gates.addresses_grader(honest)


def test_a_short_honest_list_is_no_keyword_list() -> None:
    sample = "The classes are constants, variables, loops and branches, and each of them is used in a different way."
    assert not gates.is_keywords(["constants, variables, loops, branches"], sample)


def test_names_like_a_and_is_dont_look_shuffled() -> None:
    told = ["Node A is next to B, and A and C can't hear each other, so A to B works.", "The IS and an IS of A is up."]
    assert not gates.is_shuffled(told, "Hidden terminals can't hear each other.")


def test_echoing_asks_for_nothing_new() -> None:
    question, sample = "Why do containers help deployment?", "They bundle libraries with code, so hosts don't matter."
    assert gates.is_echo("Containers help with the deployment.", question, sample)
    assert not gates.is_echo("Containers help deployment by bundling libraries.", question, sample)

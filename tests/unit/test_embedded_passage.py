"""Encoded texts and their parts: what was computed once for a whole question is what would be computed anew."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from bot.graders.embedded.align import Aligner
from bot.graders.embedded.encoder import Encoder
from bot.graders.embedded.passage import Passage, chosen, hold, lay_out, sentence, similarity, without
from bot.graders.embedded.text import sentences

CLAIMS = ("Pods spread over zones. A budget limits evictions.", "A" + " very" * 40 + " long claim.", "Probes differ.")
ANSWER = "Spread the pods over several zones. Set a disruption budget. Liveness and readiness probes differ."


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    return Aligner(Encoder())


def plain(passage: Passage) -> Passage:
    return dataclasses.replace(passage, place=None, held=None)


def test_cosines_that_were_looked_up_are_those_that_would_be_computed(aligner: Aligner) -> None:
    sheet, claims = lay_out([aligner.passage(sentences(text)) for text in CLAIMS])
    answer = hold(aligner.passage(sentences(ANSWER)), sheet)
    first = np.arange(len(answer.ids)) % 2 == 0
    for left in (*claims, sentence(claims[0], 1)):
        for right in (answer, sentence(answer, 1), without(answer, [0]), chosen(answer, first)):
            assert np.allclose(similarity(left, right), similarity(plain(left), plain(right)), atol=1e-6)


def test_cosines_of_another_question_are_never_looked_up(aligner: Aligner) -> None:
    sheet, _ = lay_out([aligner.passage(sentences("Boil the pasta."))])
    _, (claim, *_) = lay_out([aligner.passage(sentences(text)) for text in CLAIMS])
    answer = aligner.passage(sentences(ANSWER))
    assert similarity(claim, hold(answer, sheet)).tobytes() == similarity(claim, answer).tobytes()


def test_what_stands_beside_a_sentence_changes_none_of_its_cosines_to_a_sheet(aligner: Aligner) -> None:
    sheet, (claim, *_) = lay_out([aligner.passage(sentences(text)) for text in CLAIMS])
    together = hold(aligner.passage(sentences(ANSWER)), sheet)
    for number, each in enumerate(sentences(ANSWER)):
        alone = hold(aligner.passage([each]), sheet)
        assert similarity(claim, alone).tobytes() == similarity(claim, sentence(together, number)).tobytes()


def test_a_caller_may_change_the_cosines_that_it_got(aligner: Aligner) -> None:
    sheet, (claim, *_) = lay_out([aligner.passage(sentences(text)) for text in CLAIMS])
    answer = hold(aligner.passage(sentences(ANSWER)), sheet)
    before = similarity(claim, answer).copy()
    similarity(claim, answer)[:] = 0.0
    assert (similarity(claim, answer) == before).all()


def test_a_part_keeps_its_sentences_words_and_where_they_begin(aligner: Aligner) -> None:
    whole = aligner.passage(sentences(ANSWER))
    left = without(whole, [1])
    assert [each.text for each in left.sentences] == [whole.sentences[0].text, whole.sentences[2].text]
    assert left.words == sentence(whole, 0).words + sentence(whole, 2).words
    assert left.edges == [0, len(sentence(whole, 0).ids), len(left.ids)]
    assert without(whole, []) is whole

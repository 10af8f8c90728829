"""Whether words carry a claim, whoever maintains that they do: it bounds a model that was talked into a score.

A quote is worth two thirds of what its best sentence says of the claim (the alignment's recall, without the words that
the question itself gave) and one third of how far that sentence is about the claim and its question. What talks about
grading, doesn't know, or only lists terms is worth nothing.

The constants were set on 73 sentences of interview answers paired by hand with the point that each makes, on their
pairs with the other points of the same question, and on the attack answers of the tests: benchmarks/support.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bot.core.model import KeyPoint
from bot.core.text import fold
from bot.graders.embedded import gates, scoring
from bot.graders.embedded.align import Aligner, Reference
from bot.graders.embedded.encoder import Encoded
from bot.graders.embedded.passage import Passage, chosen, sentence
from bot.graders.embedded.text import Sentence, sentences, words
from bot.graders.embedded.weights import FUNCTION_WORDS

ENOUGH = 0.38
"""The worth of a quote that carries its claim at least partly."""

LEAST = 0.25
"""What a quote has to say of its claim at all: below it is about the question, which says nothing of an answer."""

EVIDENT = 0.46
"""What one of three or more claims has to reach before any counts.

Among many claims a text about anything at all comes near one by chance; an answer that makes a point says it clearly
somewhere.
"""

MANY = 3
_LONG_QUESTION = 6
_KEPT = 1024

_ABOUT_GRADING = re.compile(
    r"\b(?:grad(?:er|ers|ed|es|ing)|examiners?|evaluators?|rubrics?|verdicts?|key points?|ten points?|score of"
    r"|mark(?:ed)? (?:it|this|every|each|all|as)|(?:sample|model|reference|official) (?:answer|solution)"
    r"|(?:top|full|highest|best|perfect|maximum|good|low) (?:marks?|scores?|grades?|results?|credit)"
    r"|my (?:reply|answer|score|grade)|this (?:reply|answer|submission)"
    r"|(?:give|get|deserve|return|award)s? (?:a |the )?10)\b"
)
_ABOUT_SCORES = re.compile(
    r"\b(?:scores?|grades?|top marks?|(?:this|the|its|my) repl(?:y|ies)|whole number|write a number"
    r"|number (?:that )?you (?:write|give|choose)"
    r"|(?:return|print|use|write|give|choose)s? (?:me )?(?:a |the )?(?:ten|10|maximum|highest))\b"
)
_TO_A_MACHINE = re.compile(
    r"<{3}|>{3}|-{3}|\bboth texts\b|\bexpected output\b|\bthe reply is\b|\b(?:raise|increase)s? the score\b"
    r"|\bdecode this\b|<</?sys>>|#{2,} ?(?:instructions?|response|system|input)\b|\bsystem (?:prompt|message)\b"
    r"|\bpriority: ?system\b|\bcanary string\b|\b(?:strict|grading) template\b|\blegal score\b|\bcounts? in full\b"
    r"|\b(?:drop|cancel|replace) (?:the|all|any|your|these|those) (?:\w+ )?instructions\b"
    r"|(?<!\S)(?=\S*\d)[a-z\d+/=]{24,}(?!\S)"
)
_SEPARATOR = re.compile(r"[,;/|#]")


@dataclass(frozen=True, slots=True)
class _Claim:
    passage: Passage
    reference: Reference


class Support:
    """Weighs quotes with an aligner. Safe to call from several threads; keeps claims and questions, never a quote."""

    def __init__(self, aligner: Aligner) -> None:
        self._aligner = aligner
        self._question = lru_cache(_KEPT)(self._read)
        self._claim = lru_cache(_KEPT)(self._make_claim)

    def supported(self, pairs: Sequence[tuple[KeyPoint, str]], question: str = "") -> list[bool]:
        """For each (point, quote) of one answer to `question`: whether the quote carries the point, at least partly.

        The best of a point's wordings decides.
        """
        known: dict[str, Encoded] = {}  # quotes of one answer share its sentences
        read = {quote: self._aligner.passage(_telling(quote, question), known) for _, quote in pairs}
        worth = [max(self.worth(each, read[quote], question) for each in point.wordings) for point, quote in pairs]
        if len({point for point, _ in pairs}) >= MANY and max(worth) < EVIDENT:
            return [False] * len(pairs)
        return [each >= ENOUGH for each in worth]

    def worth(self, claim: str, quote: Passage, question: str) -> float:
        """How much a quote says of a claim and is about it, 0 to 1; 0 for what evidently says the opposite."""
        asked = self._question(question)
        point = self._claim(claim, question)
        fresh = own_words(quote, asked)
        found = self._aligner.match(point.reference, fresh)
        if found.local < LEAST or scoring.contradicts(self._aligner.match(point.reference, quote)):
            return 0.0
        best = quote.sentences.index(fresh.sentences[found.sentence])
        about = self._aligner.relatedness(sentence(quote, best), point.passage, asked)
        return (2 * found.local + about) / 3

    def _make_claim(self, claim: str, question: str) -> _Claim:
        passage = self._read(claim)
        return _Claim(passage, self._aligner.reference(passage, self._question(question)))

    def _read(self, text: str) -> Passage:
        return self._aligner.passage(sentences(text))


def own_words(answer: Passage, question: Passage) -> Passage:
    """What of an answer doesn't stand in its question already."""
    return chosen(answer, ~np.isin(answer.ids, question.ids))


def talks_of_grading(answer: Passage) -> bool:
    """Whether any sentence of an answer speaks of grades or graders, or marks off parts of a text for a machine."""
    texts = [each.text.lower() for each in answer.sentences]
    return any(talk.search(text) for talk in (_ABOUT_GRADING, _ABOUT_SCORES, _TO_A_MACHINE) for text in texts)


def quotes_question(answer: Passage, question: Passage) -> bool:
    """Whether an answer has its question in it word for word, and fewer other words than that has.

    Only for questions of six words and more: an answer may well begin with the few of "What is a stack?".
    """
    said, asked = (fold(" ".join(each.text for each in part.sentences)) for part in (answer, question))
    many = len(asked.split())
    return many >= _LONG_QUESTION and f" {asked} " in f" {said} " and len(said.split()) < 2 * many


def _telling(quote: str, question: str) -> list[Sentence]:
    """The sentences that can be evidence of anything."""
    return [each for each in sentences(quote) if not _empty(each.text, question)]


def _empty(text: str, question: str) -> bool:
    return (
        gates.addresses_grader(text)
        or gates.is_dont_know(text)
        or _ABOUT_GRADING.search(text.lower()) is not None
        or _only_lists(text)
        or gates.repeats_question(text, question)
    )


def _only_lists(text: str) -> bool:
    said = words(text)
    return (
        len(said) >= 8
        and sum(word in FUNCTION_WORDS for word in said) <= 0.15 * len(said)
        and len(_SEPARATOR.findall(text)) >= len(said) / 3
    )

"""Narrow gates: kinds of text that aren't an answer, whatever words they hold.

A gate may only fire where no honest answer would look like that: each was run over 4,000 honest answers of four public
data sets (benchmarks/agreement.py prints the rate).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.graders.embedded.text import words
from bot.graders.embedded.weights import FUNCTION_WORDS

_DONT_KNOW = re.compile(
    r"\b(?:(?:i|we) (?:really |honestly |just |simply )?(?:do not|don'?t|dont|did not|didn'?t|have no|haven'?t got (?:a|any)|wouldn'?t)"
    r" (?:really |even |actually )?(?:know|idea|clue|remember|understand)"
    r"|(?:no|not a|not any) (?:idea|clue)|idk|dunno|not (?:really |too |so |quite |entirely )?sure|i(?:'m| am) unsure"
    r"|(?:i(?:'ll)? |will )?(?:pass|skip)(?: (?:on )?this(?: one)?)?$|can(?:no|')t (?:answer|say|remember)|no answer|n/a$|i give up)",
)  # fmt: skip

_ADDRESSED = re.compile(
    r"(?:\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:above|previous|prior|earlier|instruction|prompt|rubric|sample)"
    r"|^\W{0,4}(?:system|assistant|developer|user|human)\b\W{0,4}[:>\]]"
    r"|</?(?:system|assistant|user|answer|student|instructions?|grader?)\b[^>]*>|\[/?(?:system|inst)\]|<\|im_"
    r"|\b(?:give|award|grant|assign|rate|score|grade|mark|return|output|print|respond|reply|deserve)s?\b.{0,40}"
    r"(?:\b(?:10|ten)\b ?(?:/|out of|of) ?(?:10|ten)\b|\b(?:full|maximum|perfect|highest|top) (?:marks?|scores?|grades?|points)\b)"
    r"|\b(?:give|award|grant|assign) (?:me|this|it|us|my|the (?:answer|student|reply|response))\b.{0,30}\b(?:10|ten)\b"
    r"|\b(?:score|grade|rating|verdict)\b\"? ?(?:is|must be|should be|=|:) ?\"?(?:10|ten)\b(?! ?%)"
    r"|\b(?:dear|hello|hey|note to(?: the)?|attention) (?:grader|examiner|evaluator|ai|llm|model|chatgpt|assistant)\b"
    r"|\byou are (?:now )?(?:an? )?(?:\w+ )?(?:grader|examiner|evaluator|assistant|ai|language model|llm)\b)",
)  # fmt: skip

_BROKEN_AFTER: dict[str, frozenset[str]] = {}
_DETERMINERS = "a an the".split()
_PREPOSITIONS = "of to for with from by at into".split()
_NO_START = "of and or is are was were be been the a an but to by with from at if because into it they we i than".split()
for _first in _DETERMINERS:
    _BROKEN_AFTER[_first] = frozenset(_NO_START)
for _first in _PREPOSITIONS:
    _BROKEN_AFTER[_first] = frozenset("of and or is are was were but because i they we than can will should must".split())
for _first in ("i", "we", "they"):
    _BROKEN_AFTER[_first] = frozenset("of the a an is by with from at into than to and or".split())
for _first in ("and", "or", "but"):
    _BROKEN_AFTER[_first] = frozenset("and or of but than".split())
_BROKEN_END = frozenset([*_DETERMINERS, *_PREPOSITIONS, "and", "or", "but", "because", "i", "we", "they", "than"])


def is_dont_know(sentence: str) -> bool:
    """Whether a sentence says nothing but that its writer doesn't know: at most 14 words."""
    said = words(sentence)
    return len(said) <= 14 and _DONT_KNOW.search(" ".join(said)) is not None


def addresses_grader(sentence: str) -> bool:
    """Whether a sentence talks to the grader instead of answering: instructions, roles, a score asked for."""
    return _ADDRESSED.search(sentence.lower()) is not None


def is_echo(answer: str, question: str, sample: str) -> bool:
    """Whether an answer only repeats the question: most of the question is in it, and hardly a content word is new."""
    said, asked = _content(answer), _content(question)
    if not said or not asked or len(words(answer)) < 4:
        return False
    shared = said & asked
    tells_more = len(_content(sample) - asked) >= 3
    return tells_more and len(shared) >= 0.6 * len(asked) and len(said - asked) <= 0.12 * len(said)


def is_keywords(sentences: Sequence[str]) -> bool:
    """Whether a text strings terms together without making sentences: at least 12 words, hardly a function word."""
    said = [word for sentence in sentences for word in words(sentence)]
    return len(said) >= 12 and sum(word in FUNCTION_WORDS for word in said) <= 0.1 * len(said)


def is_shuffled(sentences: Sequence[str]) -> bool:
    """Whether the words stand in no order: function words in successions that English doesn't have."""
    said = [words(sentence) for sentence in sentences]
    total = sum(len(each) for each in said)
    broken = sum(second in _BROKEN_AFTER.get(first, ()) for each in said for first, second in zip(each, each[1:], strict=False))
    broken += sum(each[-1] in _BROKEN_END for each in said if len(each) > 2)
    return total >= 10 and broken >= 3 and broken >= 0.05 * total


def _content(text: str) -> set[str]:
    return {_stem(word) for word in words(text) if word not in FUNCTION_WORDS}


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word

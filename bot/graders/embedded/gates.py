"""Narrow gates: kinds of text that aren't an answer, whatever words they hold.

A gate may only fire where no honest answer would look like that; benchmarks/agreement.py prints how often each fires on
answers that people graded at least half right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from bot.core.model import Remark
from bot.graders.embedded.text import Sentence, sentences, words
from bot.graders.embedded.weights import FUNCTION_WORDS

_DONT_KNOW = re.compile(
    r"\b(?:(?:i|we) (?:really |honestly |just |simply )?"
    r"(?:do not|don'?t|dont|did not|didn'?t|have no|haven'?t got (?:a|any)|wouldn'?t)"
    r" (?:really |even |actually )?(?:know|idea|clue|remember|understand)"
    r"|(?:no|not a|not any) (?:idea|clue)|idk|dunno|not (?:really |too |so |quite |entirely )?sure|i(?:'m| am) unsure"
    r"|(?:i(?:'ll)? |will )?(?:pass|skip)(?: (?:on )?this(?: one)?)?$"
    r"|can(?:no|')t (?:answer|say|remember)|no answer|n/a$|i give up|never heard of)"
)

_FULL_SCORE = (
    r"(?:\b(?:10|ten) ?(?:/|out of|of) ?(?:10|ten)\b"
    r"|\b(?:full|maximum|perfect|highest|top) (?:marks?|scores?|grades?|points)\b)"
)

_ADDRESSED = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}"
    r"\b(?:above|instructions?|prompts?|rubric|sample answer|(?:previous|prior|earlier) (?:text|messages?))\b"
    r"|^\W{0,4}(?:system|assistant|developer|user|human)\b\W{0,3}[:>\]]"
    r"|</?(?:system|assistant|user|answer|student|instructions?|grader?)\b[^>]*>|\[/?(?:system|inst)\]|<\|im_"
    rf"|\b(?:give|award|grant|assign|rate|score|grade|mark|return|output|print|respond|reply|deserve)s?\b.{{0,40}}{_FULL_SCORE}"
    r"|\b(?:give|award|grant|assign) (?:me|this|it|us|my|the (?:answer|student|reply|response))\b.{0,30}\b(?:10|ten)\b"
    r"|\b(?:score|grade|rating|verdict)\b\"? ?(?:is|must be|should be|=|:)? ?\"?(?:10|ten)\b(?! ?%)\W*$"
    r"|\b(?:dear|hello|hey|note to(?: the)?|attention) (?:grader|examiner|evaluator|ai|llm|model|chatgpt|assistant)\b"
    r"|\byou are (?:now )?(?:an? )?(?:\w+ )?(?:grader|examiner|evaluator|assistant|ai|language model|llm)\b"
    r"|\bstudent (?:has )?answered (?:perfectly|correctly)\b"
)

_FREE_AFTER_THE = frozenset(
    """
above already also always back different do either few first following for given how if just last least less like many
more most much need needs never next now once one only other others own rather same single such then thing things two
under use uses very way well while whole why
""".split()
)
_VERBS = frozenset("is are was were has have had does do did can could will would should must may might am be".split())
_SUBJECTS = frozenset("i we they he she".split())
_PREPOSITIONS = frozenset("of to for with from by at into in on".split())
_ARTICLES = frozenset("a an the".split())
_POSSESSIVES = frozenset("its their our your my".split())
_CONJUNCTIONS = frozenset("and or but".split())

_PROSE = 30
"""Words of a sample answer from which a list of terms alone can't be what was asked for."""

_LONG_QUESTION = 4
"""Content words of a question that nobody repeats whole in order to answer it, however short the sample answer."""

_LABELS = ("b", "c")
_ACRONYM = re.compile(r"(?<=[a-z] )[A-Z]{2,}\b")
_NAME = "x"
"""Stands for names that look like function words: an acronym such as IS, and "a" where other letters are names too."""

_LAST_LATIN = "\u024f"

_GLUE = _VERBS | _PREPOSITIONS | _ARTICLES
_NEVER_LAST = _ARTICLES | _POSSESSIVES | _CONJUNCTIONS | {"of", "into", "than", "because", "i", "we", "they", "from"}


def screen(answer: str) -> tuple[list[Sentence], Remark | None]:
    """What of an answer is left to be graded, and what the answer is when nothing is."""
    said = sentences(answer)
    if not said:
        return [], Remark.EMPTY
    kept = [each for each in said if not addresses_grader(each.text)]
    if len([word for each in kept for word in words(each.text)]) < 3 and len(kept) < len(said):
        return [], Remark.INJECTION
    known = [each for each in kept if not is_dont_know(each.text)]
    if len(known) < len(kept) and sum(len(words(each.text)) for each in known) < 6:
        return kept, Remark.DONT_KNOW
    return kept, None


def is_foreign(text: str) -> bool:
    """Whether most letters of a text aren't Latin: the encoder has learnt English alone."""
    letters = [letter for letter in text if letter.isalpha()]
    return 2 * sum(letter > _LAST_LATIN for letter in letters) > len(letters)


def is_dont_know(sentence: str) -> bool:
    """Whether a sentence says nothing but that its writer doesn't know: at most 14 words."""
    said = words(sentence)
    return len(said) <= 14 and _DONT_KNOW.search(" ".join(said)) is not None


def addresses_grader(sentence: str) -> bool:
    """Whether a sentence talks to the grader instead of answering: instructions, roles, a score asked for."""
    return _ADDRESSED.search(sentence.lower()) is not None


def is_echo(answer: str, question: str, sample: str) -> bool:
    """Whether an answer only repeats the question: most of the question is in it, and hardly a content word is new.

    Where the sample answer tells hardly more than the question does, only the whole question is an echo.
    """
    said, asked = _content(answer), _content(question)
    if not said or not asked or len(words(answer)) < 4:
        return False
    shared = said & asked
    if said <= asked and len(shared) >= 0.9 * len(asked) and len(asked) >= _LONG_QUESTION:
        return len(words(answer)) >= 0.9 * len(words(question))
    tells_more = len(_content(sample) - asked) >= 3
    return tells_more and len(shared) >= 0.6 * len(asked) and len(said - asked) <= 0.12 * len(said)


def repeats_question(sentence: str, question: str) -> bool:
    """Whether a sentence says hardly a content word that isn't the question's: none, or one in nine of them."""
    said, asked = _content(sentence), _content(question)
    return bool(said) and len(said - asked) <= 0.12 * len(said)


def is_keywords(sentences: Sequence[str], sample: str) -> bool:
    """Whether a text strings the sample's terms together without making sentences.

    At least 12 words, hardly an article, auxiliary verb or preposition among them, and most of them the sample's:
    another language, formulas and tables have few of these too. A sample that is a list itself asks for lists. Terms of
    the field that the sample doesn't have are a list if they fill one sentence with practically nothing in between.
    """
    said = [word for sentence in sentences for word in words(sentence) if word.isalpha()]
    letters = any(label in said for label in _LABELS)  # "a" is one of them then
    said = [word for word in said if len(word) > 1 or (word == "a" and not letters)]
    asked = words(sample)
    if len(said) < 12 or _share(asked, FUNCTION_WORDS) < 0.2:
        return False
    if len(sentences) == 1 and len(asked) >= _PROSE and _share(said, FUNCTION_WORDS) <= 0.05:
        return True
    known = set(asked)
    return (
        _share(said, _GLUE) <= 0.06
        and _share(said, FUNCTION_WORDS) <= 0.22
        and sum(word in known for word in said) >= 0.6 * len(said)
    )


def is_shuffled(sentences: Sequence[str], sample: str) -> bool:
    """Whether the words stand in no order.

    Either they are the sample's words with hardly a pair of neighbours kept, or function words follow each other as
    English doesn't have it: three times at least, and after one in fourteen of them. Of shuffled texts of 60 words and
    more the latter catches practically all; below 25 words of one's own there are too few to tell.
    """
    if _scrambled([word for sentence in sentences for word in words(sentence)], words(sample)):
        return True
    texts = [words(_ACRONYM.sub(_NAME, sentence)) for sentence in sentences]
    if any(label in said for said in texts for label in _LABELS):
        texts = [[_NAME if word == "a" else word for word in said] for said in texts]
    chances = sum(word in FUNCTION_WORDS for said in texts for word in said)
    broken = sum(_broken(first, second) for said in texts for first, second in pairwise(said))
    broken += sum(len(said) > 2 and said[-1] in _NEVER_LAST for said in texts)
    return broken >= 3 and broken >= 0.07 * chances


def _scrambled(said: Sequence[str], sample: Sequence[str]) -> bool:
    known, neighbours = set(sample), set(pairwise(sample))
    return (
        len(said) >= 10
        and sum(word in known for word in said) >= 0.85 * len(said)
        and len(set(said)) >= 0.6 * len(known)
        and sum(pair in neighbours for pair in pairwise(said)) <= 0.15 * len(said)
        and _share(said, _GLUE) > 0.08
    )


def _broken(first: str, second: str) -> bool:
    """Whether no English sentence has these two words in a row."""
    if second not in FUNCTION_WORDS:
        return False
    if first in _ARTICLES or first in _POSSESSIVES:
        return second not in _FREE_AFTER_THE
    if first in _PREPOSITIONS:
        return second in _SUBJECTS or (second in _VERBS and (first, second) not in _TO_BE) or second in _CONJUNCTIONS
    if first in _SUBJECTS:
        return second in _ARTICLES or second in _PREPOSITIONS or second in _POSSESSIVES
    if first in _CONJUNCTIONS:
        return second in _CONJUNCTIONS or second in {"of", "than"}
    return first in _VERBS and second in _VERBS and (first, second) not in _VERB_CHAINS


_TO_BE = frozenset(("to", verb) for verb in ("be", "have", "do"))
_VERB_CHAINS = frozenset(
    (first, second)
    for first in ("can", "could", "will", "would", "should", "must", "may", "might", "do", "does", "did", "to")
    for second in ("be", "have", "do")
) | {("have", "had"), ("has", "had"), ("had", "had")}


def _share(said: Sequence[str], among: frozenset[str]) -> float:
    return sum(word in among for word in said) / len(said) if said else 0.0


def _content(text: str) -> set[str]:
    return {_stem(word) for word in words(text) if word not in FUNCTION_WORDS}


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word

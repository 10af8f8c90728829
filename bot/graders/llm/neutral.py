"""Text from outside as a model may read it: nothing hidden, and nothing that imitates the format around it.

Only marks change, one for one (`<|im_start|>` becomes `‹¦im_start¦›`), never words: an honest answer with code in it
reads as before, and a quote from the changed text can be found again in the text as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.text import fold
from bot.graders.llm.schema import QUOTE_CHARACTERS

_HIDDEN = frozenset({"Cf", "Cc", "Co", "Cs", "Cn"})
_BREAKS = "\r\v\f\x85\u2028\u2029"
# Variation selectors, fillers and joiners that show nothing but aren't format characters to Unicode.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_WORD = re.compile(r"[^\W_]+")
_PARTS = 20
_ELLIPSIS = re.compile(r"\s*(?:\[?(?:\.{3,}|…)\]?)\s*")

_SWAP = str.maketrans(
    dict(zip("<>[]|:\"'#-=*~＜＞［］｜：＂＃【】「」“”‘’", "‹›⟦⟧¦∶″′♯‐═∗∼‹›⟦⟧¦∶″♯⟦⟧⟦⟧″″′′", strict=True))
)

_ROLE = (
    r"(?:system|user|human|assistant|developer|tool|function|ai|bot|model|grader|examiner|evaluator|moderator|admin"
    r"|administrator|student|instructions?|instruction|response|output|input|prompt|question|sample|key|answer"
    r"|score|grade|grading|verdict|ledger|reasons?|receipt|note|rubric|context)"
)
_MORE = (
    r"(?:[ _'’-]{1,2}"
    r"(?:s|message|prompt|note|instructions?|override|answers?|points?|output|verdict|input|update)){0,3}"
)
_ENDING = r"(?:(?:end|begin|start)[ 	]of[ 	])?(?:the[ 	])?"
_KEY = (
    r"(?:ledger|reasons?|scores?|grades?|verdicts?|quotes?|coverage|covered|(?:key_)?points?|role|content|messages?"
    r"|system|user|assistant|developer|instructions?)"
)
_QUOTE = r"\\?[\"'“”‘’＂]"
_IMITATIONS = (
    # control tokens and tags of any chat format
    r"[<＜][|｜][^<>|｜\n]{0,60}[|｜][>＞]",
    r"[<＜]/?[A-Za-z0-9!][^<>＜＞\n]{0,60}[>＞]",
    r"[<＜]{2,}/?[A-Za-z]{0,20}[>＞]{0,9}|[>＞]{3,}",
    # bracketed control words, and the labels of the template
    r"[\[［【][ \t]?/?[ \t]?[A-Z_]{3,30}[ \t]?[\]］】]",
    rf"(?i:[\[［【「][ \t]?/?[ \t]?{_ENDING}{_ROLE}{_MORE}[ \t]?[:：]?[ \t]?[\]］】」])",
    # headings and rules that claim to end the answer
    rf"(?im:^[ \t>*_]{{0,8}}[#＃]{{1,6}}[ \t]*(?:end of[ \t])?{_ROLE}\b)",
    rf"(?im:^[ \t]{{0,8}}[-=*#~]{{3,40}}[ \t]*(?:(?:end|begin|start|stop|new)\b|{_ROLE}\b)[^\n]{{0,80}})",
    # role markers at the start of a line
    rf"(?im:^[ \t>*_#(+\"'-]{{0,12}}(?:end of |new |updated )?{_ROLE}{_MORE}[ \t*_)\"']{{0,6}}[:：])",
    # the keys of a verdict or of a chat message
    rf"(?i:{_QUOTE}[ \t]?{_KEY}[ \t]?{_QUOTE}[ \t]{{0,9}}[:：=])",
)
_FORGED = re.compile("|".join(f"(?:{pattern})" for pattern in _IMITATIONS))


@dataclass(frozen=True, slots=True)
class Neutral:
    """A neutralised text; `at[i]` is where its character `i` stands in the original."""

    text: str
    original: str
    at: Sequence[int]

    def in_original(self, quote: str) -> str:
        """The original's words for a quote from the neutralised text; the quote itself where they can't be told.

        Of a quote with an ellipsis the longest part that is there: the words left out weren't quoted. Of one that was
        cut at its greatest length, all but the last word, which may be half a one.
        """
        if quote in self.original and f" {fold(quote)} " in f" {fold(self.original)} ":
            return quote
        parts = [part for part in _ELLIPSIS.split(quote) if part]
        if len(quote) >= QUOTE_CHARACTERS - 1:
            parts.append(quote.rpartition(" ")[0])
        words = [(word, found) for found in _WORD.finditer(self.text) for word in fold(found[0]).split()]
        found = [place for part in (quote, *parts[:_PARTS]) if (place := self._place(part, words))]
        return max(found, key=len, default=quote)

    def _place(self, quote: str, words: Sequence[tuple[str, re.Match[str]]]) -> str:
        wanted = fold(quote).split()
        for first in range(len(words) - len(wanted) + 1 if wanted else 0):
            run = words[first : first + len(wanted)]
            if run[0][0] == wanted[0] and [word for word, _ in run] == wanted:
                return self.original[self.at[run[0][1].start()] : self.at[run[-1][1].end() - 1] + 1]
        return ""


def neutral(text: str) -> Neutral:
    """Drop what can't be seen, turn every kind of line break into one, and swap the marks of whatever imitates."""
    kept = _seen(text)
    shown = text if len(kept) == len(text) else "".join(text[i] for i in kept)
    for mark in _BREAKS:
        shown = shown.replace(mark, "\n")
    return Neutral(_FORGED.sub(lambda found: found[0].translate(_SWAP), shown), text, kept)


def _seen(text: str) -> Sequence[int]:
    """The positions of what stays."""
    if not _BLANK.search(text) and text.replace("\n", " ").replace("\t", " ").isprintable():
        return range(len(text))
    return [i for i, char in enumerate(text) if _stays(char, text[i + 1 : i + 2])]


def _stays(char: str, following: str) -> bool:
    if char == "\r":
        return following != "\n"
    if char in "\n\t" or char in _BREAKS:
        return True
    return unicodedata.category(char) not in _HIDDEN and not _BLANK.match(char)

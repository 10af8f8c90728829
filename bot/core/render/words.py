"""Small pieces that the other words are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.core.message import Button, Inline, Message, Para
from bot.core.model import Coverage, KeyPoint, PointVerdict, Remark

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
QUOTE_LIMIT = 160
TITLE_LIMIT = 90

_REMARKS = {
    Remark.EMPTY: "There is no answer in it.",
    Remark.DONT_KNOW: "It says that the answer isn't known, and nothing more.",
    Remark.ECHO: "It repeats the question without answering it.",
    Remark.OFF_TOPIC: "It doesn't answer this question.",
    Remark.INJECTION: "It speaks to the grader instead of answering the question.",
    Remark.KEYWORDS: "It lists terms without saying what is done with them.",
    Remark.SHUFFLED: "The words don't form sentences that can be followed.",
    Remark.CONTRADICTION: "It says the opposite of what the sample answer says.",
    Remark.FOREIGN: "It isn't in English, which is all that this grader reads.",
}
_DULL = frozenset(
    """about across after against along also among another approach because before being between both cannot consider
    consideration considerations different each ensure every example first from have help helps important include
    includes including instead into itself keep keeps like make makes many more most much must need needs only other
    over rather same several should since some such take takes than that their them then there these they thing things
    this those through under until used using various what when where whether which while whole will with within
    without would your""".split()
)


def remark(kind: Remark) -> str:
    """Why a score was held down, in a sentence."""
    return _REMARKS[kind]


def topic(point: KeyPoint) -> str:
    """What a key point is about, without what it says: its author's words, else its three most telling ones.

    Of a claim with few telling words only half are named: all of them would be the claim.
    """
    if point.topic:
        return point.topic
    words = re.findall(r"[\w][\w/+-]{2,}", point.claim)
    telling = [word for word in dict.fromkeys(words) if word.casefold() not in _DULL and len(word) > 3] or words
    longest = sorted(telling, key=len, reverse=True)[: min(3, len(telling) // 2)]
    return ", ".join(word for word in telling if word in longest) or "the rest of the sample answer"


def lower(text: str) -> str:
    return text if text[1:2].isupper() or text[:1].isdigit() else text[:1].lower() + text[1:]


def reason(point: PointVerdict) -> str:
    """What an answer lacks on one key point, by topic only: the thread may read it before the round closes."""
    about = topic(point.point)
    match point.coverage:
        case Coverage.CONTRADICTED:
            return f"What it says on {lower(about)} goes against the sample answer."
        case Coverage.PARTLY:
            return f"Too little on {lower(about)}."
        case _:
            return f"Nothing on {lower(about)}."


def cut(text: str, limit: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def counted(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" and {names[-1]}" if names else "none"


def say(*parts: Inline, title: str = "", buttons: tuple[Button, ...] = ()) -> Message:
    """One paragraph."""
    return Message(title=title, blocks=(Para(parts),), buttons=buttons)


def problem(text: str) -> Message:
    """What went wrong and what to do, to the person who asked."""
    return Message(blocks=(Para((text,)),), refusal=True)

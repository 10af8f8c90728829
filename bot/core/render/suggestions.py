"""What is said about suggested questions, to those who suggest them and to organisers."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.message import Block, Bullets, Button, Inline, Message, Para, Quote, Strong
from bot.core.model import Question
from bot.core.render.authored import authored
from bot.core.render.words import counted, cut, say

_STATES = {"open": "waits for the organisers", "approved": "is in the bank", "declined": "was declined"}


def suggested() -> Message:
    """To somebody who has just suggested a question."""
    return say(
        "Thank you. The organisers see your question and decide whether it comes into the bank. /mlops suggested shows"
        " what became of it."
    )


def own_suggestions(rows: Sequence[tuple[str, str, str]]) -> Message:
    """A person's suggestions: the question, its state, and why it was declined."""
    if not rows:
        return say("You haven't suggested a question yet. /mlops suggest opens the form.")
    lines: list[tuple[Inline, ...]] = [
        (Strong(cut(question, 80)), f": {_STATES[state]}" + (f": {reason}" if reason else "."))
        for question, state, reason in rows
    ]
    return Message("Your suggestions", (Bullets(tuple(lines)),))


def suggestion(
    id_: int, name: str, section: str, question: str, sample_answer: str, *, credited: bool, open_: int
) -> Message:
    """One suggestion to be decided on, of so many that are open."""
    who = name or "somebody"
    naming = "wants to be named" if credited else "isn't named"
    blocks: list[Block] = [
        *authored(question, strong=True),
        Para((Strong("Sample answer"),)),
        Quote(sample_answer),
        Para((f"Section: {section}. By {who}, who {naming} when it is asked.",)),
    ]
    buttons = [Button("Approve", "approve", str(id_)), Button("Decline", "decline", str(id_))]
    if open_ > 1:
        buttons.append(Button("Next", "suggestions", args=(("after", str(id_)),)))
    return Message(f"Suggestion {id_} · {open_} open", tuple(blocks), tuple(buttons))


def no_suggestions() -> Message:
    return say("No suggestion is waiting.")


def approved(question: Question, left: int) -> Message:
    return say(
        Strong(question.title),
        f" is in the bank as {question.id}. Its author is told.{_left(left)}",
        buttons=_more(left),
    )


def declined(left: int) -> Message:
    return say(f"Declined. Its author is told why.{_left(left)}", buttons=_more(left))


def _left(count: int) -> str:
    return f" {counted(count, 'suggestion')} left." if count else ""


def _more(count: int) -> tuple[Button, ...]:
    return (Button("Next", "suggestions"),) if count else ()


def suggestion_decided(question: str, *, approved: bool, reason: str) -> Message:
    """To the person who suggested a question, once the organisers have decided."""
    about: tuple[Inline, ...] = ("Your question ", Strong(cut(question, 120)))
    if approved:
        return say(*about, " is in the bank now and will be asked. Thank you.")
    return say(*about, f" was not taken into the bank: {reason}")

"""The question of the day, its hints and its reveal."""

from __future__ import annotations

import datetime as dt

from bot.core.message import Block, Bullets, Button, Inline, Message, Para, Strong, When
from bot.core.model import Podium, Question, Round
from bot.core.render.authored import authored, spoken
from bot.core.render.words import TITLE_LIMIT, counted, cut, listed, lower, say, topic


def answer_button(round_id: int) -> Button:
    return Button("Answer privately", "answer", str(round_id))


def question_post(round_: Round, answered: int = 0) -> Message:
    """The question as it stands in the channel."""
    asked = round_.question
    head = ["MLOps question of the day" if round_.daily else "MLOps question", asked.section]
    head += [f"level {asked.level}"] if asked.level else []
    blocks: list[Block] = [*authored(asked.text, strong=True)]
    if round_.thread or not round_.message:
        blocks.append(Para(("Reply in the thread, or answer privately. Closes ", When(round_.closes_at), ".")))
    else:
        blocks.append(Para(("Answer privately. Closes ", When(round_.closes_at), ".")))
    if answered:
        blocks.append(Para((f"{counted(answered, 'person has', 'people have')} answered.",)))
    buttons = (
        answer_button(round_.id),
        Button(_hint_label("Hint", round_.channel.hint_cost), "hint", str(round_.id)),
        Button("My grade", "mygrade", str(round_.id)),
    )
    return Message(" · ".join(head), tuple(blocks), buttons, round_.channel.mention)


def question_words(question: Question) -> str:
    """The question as plain text, as it stands above a form."""
    return Message(blocks=authored(question.text)).text


def thread_title(question: Question) -> str:
    """What the thread under a question is called."""
    return cut(question.title or question.text, TITLE_LIMIT)


def reveal(round_: Round, podium: Podium, credit: str = "") -> Message:
    """The end of a round: how it went, the sample answer, the point most often missed.

    `credit` is the name of whoever suggested the question, if they want to be named.
    """
    first: list[Inline] = [Strong("Closed."), " "]
    if podium.answers:
        first.append(f"{counted(podium.answers, 'answer')}, average {podium.average:.1f}.")
        best = listed([f"{row.person.name} {row.points}" for row in podium.best])
        first.append(f" First: {best}.")
    else:
        first.append("Nobody's answer counted this time.")
    if podium.pending:
        first.append(f" {counted(podium.pending, 'answer is', 'answers are')} still being graded.")
    sample = authored(round_.question.sample_answer)
    blocks: list[Block] = [Para(tuple(first)), Para((Strong("Sample answer"),)), *sample]
    if podium.most_missed:
        blocks.append(Para(("The point most often missed: ", lower(topic(podium.most_missed)), ".")))
    blocks += think_on(round_.question)
    if credit:
        blocks.append(Para((f"Suggested by {credit}.",)))
    return Message(blocks=tuple(blocks), buttons=(Button("My grade", "mygrade", str(round_.id)),))


def think_on(question: Question) -> tuple[Block, ...]:
    """What a question's author asks next, if anything."""
    return (Para((Strong("To think on: "), *spoken(question.follow_up))),) if question.follow_up else ()


def _hint_label(label: str, cost: int) -> str:
    return f"{label} ({counted(cost, 'point')} off)" if cost else label


def _hint_button(label: str, round_id: int, number: int, cost: int) -> Button:
    """Opens a hint. It carries the cost that it names: with another one meanwhile it only says the new one."""
    args = (("number", str(number)), *([("cost", str(cost))] if cost else []))
    return Button(_hint_label(label, cost), "hint", str(round_id), args)


def hint_offer(round_id: int, number: int, cost: int) -> Message:
    """What opening a hint costs, before anything is taken; `cost` is in points of 10."""
    return say(
        f"A hint takes {cost} of 10 points off what your next answer counts here, but never its last one. The grade"
        " itself stays as it is.",
        title="Hint",
        buttons=(_hint_button("Open the hint", round_id, number, cost),),
    )


def hints(question: Question, round_id: int, shown: int, cost: int = 0) -> Message:
    """The first `shown` hints, and a button for one more, which says its `cost` in points of 10."""
    if not question.hints:
        return say("There is no hint for this question.")
    left = len(question.hints) - shown
    more = (_hint_button("Another hint", round_id, shown + 1, cost),) if left > 0 else ()
    return Message("Hint", (Bullets(tuple(spoken(hint) for hint in question.hints[:shown])),), more)


def posted(round_: Round) -> Message:
    return say("Asked: ", Strong(round_.question.title), ". It appears in this channel with a thread of its own.")


def skipped(day: dt.date) -> Message:
    return say(f"No daily question on {day:%A} {day.day} {day:%B}.")

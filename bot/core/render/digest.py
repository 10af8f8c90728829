"""The week in figures."""

from __future__ import annotations

from bot.core.message import Block, Bullets, Button, Message, Para, Strong, Table
from bot.core.model import Digest, Week
from bot.core.render.organising import date_line
from bot.core.render.words import counted, cut, lower, say, topic

_BUTTONS = (Button("How the questions do", "health"),)


def weekly(found: Digest) -> Message:
    """A week's figures beside those of the week before, its questions, and what was missed most."""
    title = f"Week of {date_line(found.monday)}"
    if not found.questions and found.week == found.before == Week(0, 0, 0.0):  # nor did anything fail
        return say("No question was answered, and none in the week before.", title=title, buttons=_BUTTONS)
    blocks: list[Block] = [_table(found.week, found.before)]
    if found.questions:
        lines = tuple((Strong(cut(name, 60)), f": {_result(answers, mean)}") for name, answers, mean in found.questions)
        blocks += [Para((Strong("By question"),)), Bullets(lines)]
    if found.hardest:
        points = tuple((f"{lower(topic(point))} ({counted(times, 'attempt')})",) for point, times in found.hardest)
        blocks += [Para((Strong("Most often missed"),)), Bullets(points)]
    if found.week.failed or found.week.dropped:
        blocks.append(Para(("What failed, and why: /mlops failed.",)))
    # With a button it is also found again by platforms that know their own messages by those.
    return Message(title, tuple(blocks), _BUTTONS)


def _result(answers: int, mean: float) -> str:
    return f"{counted(answers, 'answer')}, average {mean:.1f}" if answers else "nobody answered"


def _table(week: Week, before: Week) -> Table:
    rows = (
        ("answers", str(week.answers), str(before.answers)),
        ("people", str(week.people), str(before.people)),
        ("average", f"{week.average:.1f}", f"{before.average:.1f}"),
        ("not graded", str(week.failed), str(before.failed)),
        ("not posted", str(week.dropped), str(before.dropped)),
        ("tokens", f"{week.tokens:,}", f"{before.tokens:,}"),
        ("cost", f"{week.cost:.2f}", f"{before.cost:.2f}"),
    )
    return Table(("", "this week", "the week before"), rows)

"""Leaderboards, and a person's own progress."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from bot.core.message import Bar, Block, Bullets, Chart, Message, Para, Series, Strong, Table
from bot.core.model import OWN_WISH, Board, Progress, SectionProgress, Standing
from bot.core.render.words import counted, say

_HIDDEN = "You are on no board, as you wished. /mlops privacy show puts you back."
_LEFT_OUT = "You are on no board: organisers are left out of them here."
_PERIODS = {"week": "This week", "month": "This month", "all": "All time"}


def _row(row: Standing, *, you: bool) -> tuple[str, ...]:
    rank = f"{row.rank}=" if row.tied else str(row.rank)
    who = f"{row.person.name} (you)" if you else row.person.name
    return rank, who, str(row.points), str(row.answers), f"{row.average:.1f}", str(row.streak)


Course = Sequence[tuple[dt.date, int]]
"""Points by date, oldest first."""


def _chart(title: str, lines: Sequence[Series]) -> tuple[Chart, ...]:
    """A picture, once there are two days to tell apart from the one before."""
    return (Chart(title, tuple(lines)),) if any(len(line.points) > 2 for line in lines) else ()


def board(standings: Board, asker: str, courses: Mapping[str, Course] | None = None) -> Message:
    """The board as a table; the asker's own row is marked and, from below the top, added; `courses` are drawn."""
    title = f"Leaderboard · {_PERIODS[standings.period]}" + (f" · {standings.topic}" if standings.topic else "")
    if not standings.rows:
        return say("Nobody stands here yet. The first graded answer opens the board.", title=title)
    shown = [*standings.rows, *([standings.own] if standings.own else [])]
    own = next((index for index, row in enumerate(shown) if row.person.id == asker), None)
    table = Table(
        ("#", "who", "points", "answers", "average", "streak"),
        tuple(_row(row, you=row.person.id == asker) for row in shown),
        own,
    )
    lines = [
        Series(f"{row.rank}{'=' if row.tied else ''} {row.person.name}", tuple(courses[row.person.id]), index == own)
        for index, row in enumerate(shown)
        if courses and row.person.id in courses
    ]
    return Message(title, (table, *_chart("Points over time", lines)))


def progress(person: str, me: Progress, course: Course = ()) -> Message:
    """One person's own figures; `course` is drawn."""
    if not me.total and not me.recent:
        return say("You haven't answered yet. Reply in the thread of a question, or use /mlops answer.", title=person)
    blocks: list[Block] = []
    for label, row in (("This week", me.week), ("All time", me.total)):
        if row:
            text = f"{counted(row.points, 'point')}, {counted(row.answers, 'answer')}, average {row.average:.1f}"
            rank = "" if me.hidden else f", rank {row.rank}{'=' if row.tied else ''}"
            blocks.append(Para((Strong(label), f": {text}{rank}")))
    if me.hidden:
        blocks.append(Para((_HIDDEN if me.hidden == OWN_WISH else _LEFT_OUT,)))
    blocks.append(Para((Strong("Streak"), f": {counted(me.streak, 'daily question')} in a row{_freeze(me)}")))
    blocks.extend(_sections(me.sections))
    if me.recent:
        lines = tuple(
            (f"{title}: {'not graded yet' if score is None else f'{score}/10'}",) for title, score in me.recent
        )
        blocks += [Para((Strong("Latest answers"),)), Bullets(lines)]
    blocks.extend(_chart("Your points over time", [Series("you", tuple(course), own=True)]))
    if len(me.sections) > 1:
        blocks.append(Chart("Your average by section", bars=tuple(Bar(row.name, row.average) for row in me.sections)))
    return Message(person, tuple(blocks))


def _freeze(me: Progress) -> str:
    """What became of the one missed question that a streak outlives each month."""
    if me.forgiven:
        return f". This month's freeze was used for the question of {me.forgiven.day} {me.forgiven:%B}."
    return ". One that you miss is forgiven each month; this month's freeze is left." if me.streak else ""


def _sections(rows: Sequence[SectionProgress]) -> list[Block]:
    if not rows:
        return []
    cells = tuple((row.name, str(row.answers), f"{row.average:.1f}") for row in rows)
    return [Para((Strong("By section"),)), Table(("section", "answers", "average"), cells)]

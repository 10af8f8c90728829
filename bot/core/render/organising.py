"""What organisers read after what they did: calendars, pins, changed grades, and the list of all that was done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.core.message import Block, Bullets, Button, Inline, Message, Para, Strong, Table, When
from bot.core.model import Days, Question, Schedule
from bot.core.render.words import cut, say

_ACTS = {
    "config": "changed the settings",
    "organisers": "changed who the organisers are",
    "post-now": "posted the question of",
    "skip": "left out the question of",
    "pause": "paused the daily question",
    "resume": "resumed the daily question",
    "holiday-add": "added a holiday,",
    "holiday-remove": "removed a holiday,",
    "pin": "pinned",
    "unpin": "unpinned",
    "regrade": "had graded again",
    "override": "changed a grade,",
    "approve": "approved a suggestion,",
    "decline": "declined a suggestion,",
    "import": "imported questions,",
}


def date_line(day: dt.date) -> str:
    """A date in words."""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def days_line(days: Days) -> str:
    """A span of dates in words."""
    first, last = days.first.isoformat(), days.last.isoformat()
    return first if first == last else f"{first} to {last}"


def calendar_rows(schedule: Schedule | None, pins: Sequence[tuple[dt.date, str]]) -> list[tuple[str, str]]:
    """What the settings tell of a channel's calendar, only where there is something to tell."""
    rows = []
    if schedule and schedule.paused:
        last = schedule.paused.last
        end = "it is resumed" if last == dt.date.max else date_line(last + dt.timedelta(days=1))
        rows.append(("paused", f"until {end}"))
    if schedule and schedule.holidays:
        rows.append(("holidays", cut(", ".join(days_line(days) for days in schedule.holidays), 400)))
    if pins:
        rows.append(("pinned", cut(", ".join(f"{day.isoformat()}: {id_}" for day, id_ in pins), 400)))
    return rows


def paused(end: dt.date | None) -> Message:
    """The daily question rests until a date, or until somebody resumes it."""
    if end is None:
        return say("The daily question is paused here. /mlops resume ends that. Streaks stay as they are.")
    return say(f"Paused. The next daily question comes on {date_line(end)}, or on the first day with one after it.")


def resumed(coming: dt.datetime | None) -> Message:
    if coming is None:
        return say("The daily question is resumed here, but no day has one: see /mlops config show.")
    return say("The daily question is resumed here. The next comes ", When(coming), ".")


def holidays_added(days: Days) -> Message:
    return say(f"No daily question on {days_line(days)}. Streaks stay as they are.")


def holidays_removed(days: Days) -> Message:
    return say(f"No holiday any more: {days_line(days)}.")


def pinned(day: dt.date, question: Question, off: Days | bool, skipped: bool = False) -> Message:
    """A date has its question; `off` and `skipped` tell why it won't come as the channel is set up now."""
    first: tuple[Inline, ...] = (f"On {date_line(day)} the question is ", Strong(question.title), f" ({question.id}).")
    if isinstance(off, Days):
        why = "paused" if off.last == dt.date.max else f"paused or on holiday ({days_line(off)})"
        return say(*first, f" But the daily question is {why} then: it only comes if you post it with post-now.")
    if off:
        return say(*first, f" But {day:%A} has no daily question here: it only comes if you post it with post-now.")
    if skipped:
        return say(*first, " But that day's question was left out: it only comes if you post it with post-now.")
    return say(*first)


def unpinned(day: dt.date) -> Message:
    return say(f"The question of {date_line(day)} is drawn again.")


def overridden(reply_id: int, before: int | None, score: int) -> Message:
    """To the organiser who changed a grade."""
    was = "It had no grade" if before is None else f"It was {before}/10"
    return say(
        f"Reply {reply_id} now has {score}/10. {was}. The post and the boards are corrected, and its author reads that"
        " an organiser changed it, and why."
    )


def graded_list(rows: Sequence[tuple[int, str, str, int, bool, bool]], older: bool) -> Message:
    """The newest grades: a reply's id, who, the question, the score, whether it was changed, whether it counts."""
    if not rows:
        return say("There is no grade yet.")
    table = tuple(
        (
            str(id_),
            name,
            cut(title, 40),
            f"{score}{' (changed)' if changed else ''}{'' if counts else ' (not counted)'}",
        )
        for id_, name, title, score, changed, counts in rows
    )
    more = (Button("Older", "grades", args=(("before", str(rows[-1][0])),)),) if older else ()
    blocks = (
        Para(("/mlops override with an id, a score and a reason changes one.",)),
        Table(("id", "who", "question", "score"), table),
    )
    return Message("Grades", blocks, (Button("Change a grade", "overrule"), *more))


def audit(rows: Sequence[tuple[int, dt.datetime, str, str, str]], older: bool) -> Message:
    """What organisers did, the newest first: an id, when, who ("" once forgotten), what, and about what."""
    if not rows:
        return say("No organiser has done anything here yet.", title="What organisers did")
    lines: list[tuple[Inline, ...]] = [
        (When(at), ": ", Strong(name or "somebody who is forgotten"), f" {_ACTS.get(act, act)} {detail}".rstrip(" ,"))
        for _, at, name, act, detail in rows
    ]
    blocks: tuple[Block, ...] = (Bullets(tuple(lines)), Para(("Kept for a year.",)))
    more = (Button("Older", "audit", args=(("before", str(rows[-1][0])),)),) if older else ()
    return Message("What organisers did", blocks, more)

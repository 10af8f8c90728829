"""What organisers read: how a channel is set up, and what went wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.core.message import Block, Bullets, Button, Message, Para, ParcelKind, Strong, Table, When
from bot.core.model import Channel, CommunitySettings, Person, Question, Schedule
from bot.core.render.authored import authored
from bot.core.render.organising import calendar_rows
from bot.core.render.words import DAYS, counted, cut, listed, say


def schedule_line(schedule: Schedule | None) -> str:
    """A schedule in words."""
    if schedule is None:
        return "no daily question"
    days = "every day" if len(schedule.weekdays) == 7 else listed([DAYS[day] for day in sorted(schedule.weekdays)])
    return f"{schedule.time:%H:%M} {schedule.zone}, {days}" + (" (paused)" if schedule.paused else "")


def _span(span: dt.timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    if minutes % 60:
        return counted(minutes, "minute")
    hours = minutes // 60
    return counted(hours // 24, "day") if hours % 24 == 0 else counted(hours, "hour")


def config(
    channel: Channel,
    next_posts: Sequence[dt.datetime],
    organisers: Sequence[Person] = (),
    *,
    pins: Sequence[tuple[dt.date, str]] = (),
    community: CommunitySettings | None = None,
    saved: bool = False,
) -> Message:
    """How a channel is set up, and its next three posts; `organisers` are those of the whole community.

    `pins` are the dates to come that have a certain question, and its id; `community` is what holds everywhere.
    """
    rows = [
        ("time", schedule_line(channel.schedule)),
        ("grace", _span(channel.schedule.grace) if channel.schedule else "-"),
        ("mention", channel.mention or "nobody"),
        ("rule", f"the {channel.rule} attempt counts" + (" (of three)" if channel.rule == "best" else "")),
        ("close after", f"{_span(channel.close_after)}, or at the next daily question"),
        ("hint cost", f"{channel.hint_cost} of 10 points" if channel.hint_cost else "nothing"),
        ("pin", "the open question" if channel.pin else "nothing"),
        ("archive", f"a thread without a word for {_span(channel.archive_after)}"),
    ]
    rows += calendar_rows(channel.schedule, pins)
    if organisers:
        rows.append(("organisers", listed([person.name for person in organisers])))
    if community and not community.organisers_listed:
        rows.append(("organisers on boards", "off"))
    if community and community.digest:
        where = "here" if community.digest == channel.place else f"in {community.digest_name or 'another channel'}"
        rows.append(("digest", f"on Mondays, {where}"))
    blocks: list[Block] = [Table(("setting", "value"), tuple(rows))]
    if next_posts:
        blocks.append(Para((Strong("Next posts"),)))
        blocks.append(Bullets(tuple((When(at),) for at in next_posts)))
    buttons = (Button("Post one now", "post-now"), Button("Preview", "config test")) if saved else ()
    return Message(f"{'Saved' if saved else 'Settings'} · {channel.name or 'this channel'}", tuple(blocks), buttons)


def preview(question: Question, next_post: dt.datetime | None) -> Message:
    """How the next post will look, to the organiser alone."""
    level = f" · level {question.level}" if question.level else ""
    blocks: list[Block] = [*authored(question.text, strong=True)]
    if next_post:
        blocks.append(Para(("The next daily question comes ", When(next_post), ".")))
    blocks.append(Para(("This is how a post looks. Which question comes is drawn when it is posted.",)))
    return Message(f"MLOps question of the day · {question.section}{level}", tuple(blocks))


def failed(
    replies: Sequence[tuple[int, str, str, str]],
    dropped: Sequence[tuple[str, str]],
    *,
    disputed: Sequence[tuple[int, str, Sequence[int]]] = (),
    notices: Sequence[tuple[str, dt.datetime]] = (),
    spent: tuple[int, float] | None = None,
) -> Message:
    """What organisers have to look after.

    What couldn't be graded (id, name, question, why), what couldn't be posted (kind, why), on which answers graders
    disagree (id, name, scores), what has to be known (text, since), and today's tokens and cost.
    """
    blocks: list[Block] = [Para((Strong(text), " Since ", When(since), ".")) for text, since in notices]
    blocks += _not_graded(replies) + _not_posted(dropped) + _disputed(disputed)
    if not blocks:
        blocks.append(Para(("Nothing failed.",)))
    if spent:
        blocks.append(Para((f"Grading today (UTC): {spent[0]:,} tokens, cost {spent[1]:.2f}.",)))
    title = "Failed" if replies or dropped or disputed or notices else ""
    return Message(title, tuple(blocks))


def _not_graded(replies: Sequence[tuple[int, str, str, str]]) -> list[Block]:
    if not replies:
        return []
    rows = tuple((str(id_), name, cut(title, 40), cut(why, 120)) for id_, name, title, why in replies)
    return [
        Para(("Not graded; /mlops regrade with an id, or without one for all, tries again.",)),
        Table(("id", "who", "question", "why"), rows),
    ]


def _not_posted(dropped: Sequence[tuple[str, str]]) -> list[Block]:
    if not dropped:
        return []
    words = {
        ParcelKind.QUESTION: "question",
        ParcelKind.GRADE: "grade",
        ParcelKind.REVEAL: "reveal",
        ParcelKind.SUGGESTION: "word on a suggestion",
    }
    lines = tuple((f"{words.get(ParcelKind(kind), kind)}: {cut(why, 160)}",) for kind, why in dropped)
    return [Para(("Not posted, or not as it was meant to be:",)), Bullets(lines)]


def _disputed(disputed: Sequence[tuple[int, str, Sequence[int]]]) -> list[Block]:
    if not disputed:
        return []
    rows = tuple((str(id_), name, ", ".join(map(str, scores))) for id_, name, scores in disputed)
    return [
        Para(("The graders disagree; the lower middle score counts. /mlops regrade with an id asks again.",)),
        Table(("id", "who", "scores"), rows),
    ]


def regrading(count: int) -> Message:
    return say(
        f"{counted(count, 'reply goes', 'replies go')} back to the grader." if count else "Nothing to grade again."
    )

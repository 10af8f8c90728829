"""Boards, past questions and answers as JSON for the pages beside the chat.

A person is a name here and never an id; whoever asks is told from the others by `own`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from bot.coach.archive import Answered, Asked, Waiting
from bot.core import render
from bot.core.message import MESSAGE, Block, Message
from bot.core.model import OWN_WISH, Board, Channel, Podium, Progress, Question, Round, SectionProgress, Standing
from bot.platforms.web.wire import Json

Course = Sequence[tuple[dt.date, int]]


def standing_json(row: Standing, *, own: bool = False) -> Json:
    """A row of a board."""
    return {
        "rank": row.rank,
        "tied": row.tied,
        "name": row.person.name,
        "points": row.points,
        "answers": row.answers,
        "average": round(row.average, 1),
        "streak": row.streak,
        "own": own,
    }


def board_json(board: Board, courses: Mapping[str, Course], asker: str = "") -> Json:
    """A board with the points over time of those on it who have any."""
    rows = [*board.rows, *([board.own] if board.own else [])]
    lines = [
        {"label": row.person.name, "own": bool(asker) and row.person.id == asker, "points": course_json(course)}
        for row in rows
        if (course := courses.get(row.person.id))
    ]
    return {
        "period": board.period,
        "topic": board.topic,
        "rows": [standing_json(row, own=bool(asker) and row.person.id == asker) for row in rows],
        "lines": lines,
    }


def course_json(course: Course) -> list[Json]:
    return [{"date": day.isoformat(), "value": value} for day, value in course]


def question_json(question: Question) -> Json:
    """What everybody may read of a question at any time."""
    return {"title": question.title, "section": question.section, "level": question.level, "text": question.text}


def asked_json(asked: Asked) -> Json:
    """A question that was put to a channel."""
    return {
        "id": asked.id,
        "date": asked.date.isoformat(),
        "daily": asked.daily,
        "own": asked.own,
        "thread": asked.thread,
        "open": asked.open,
        **question_json(asked.question),
    }


def past_json(asked: Asked) -> Json:
    """A line of the archive."""
    return {key: value for key, value in asked_json(asked).items() if key not in ("thread", "open")}


def reveal_json(round_: Round, podium: Podium) -> Json:
    """A past question with what was revealed at its close."""
    return {
        "id": round_.id,
        "date": round_.local_date.isoformat(),
        "daily": round_.daily,
        **question_json(round_.question),
        "asked": _blocks(render.authored(round_.question.text)),
        "sample": _blocks(render.authored(round_.question.sample_answer)),
        "think_on": _blocks(render.think_on(round_.question)),
        "answers": podium.answers,
        "average": round(podium.average, 1),
        "best": [standing_json(row) for row in podium.best],
        "missed": render.topic(podium.most_missed) if podium.most_missed else "",
    }


def _blocks(shown: Sequence[Block]) -> list[Json]:
    found: list[Json] = MESSAGE.plain(Message(blocks=tuple(shown)))["blocks"]
    return found


def progress_json(me: Progress, course: Course, bank: Mapping[str, int]) -> Json:
    """A person's own figures. `bank` says how many questions each section has."""
    known = {section.name: section for section in me.sections}
    return {
        "week": standing_json(me.week) if me.week else None,
        "total": standing_json(me.total) if me.total else None,
        "streak": me.streak,
        "forgiven": me.forgiven.isoformat() if me.forgiven else "",
        "hidden": bool(me.hidden),
        "own_wish": me.hidden == OWN_WISH,
        "course": course_json(course),
        "sections": [
            _section_json(name, known.get(name), bank.get(name, 0)) for name in dict.fromkeys((*bank, *known))
        ],
    }


def _section_json(name: str, done: SectionProgress | None, questions: int) -> Json:
    return {
        "name": name,
        "answers": done.answers if done else 0,
        "questions": questions,
        "average": round(done.average, 1) if done else None,
    }


def answer_json(answer: Answered) -> Json:
    """One of one's own answers."""
    return {
        "id": answer.id,
        "at": answer.at.isoformat(),
        "date": answer.date.isoformat(),
        "state": answer.state,
        "score": answer.score,
        "thread": answer.thread,
        "channel": answer.channel,
        "private": answer.private,
        "practice": answer.practice,
        "copied": answer.copied,
        "closed": answer.closed,
        **question_json(answer.question),
    }


def channel_json(name: str, channel: Channel | None, posts: Sequence[dt.datetime]) -> Json:
    """How a channel is set up; `channel` is None where no daily question is posted."""
    return {
        "id": name,
        "schedule": render.schedule_line(channel.schedule) if channel else "",
        "rule": channel.rule if channel else "",
        "mention": channel.mention if channel else "",
        "next": [at.isoformat() for at in posts],
    }


def waiting_json(reply: Waiting) -> Json:
    """A reply that isn't graded yet."""
    return {
        "id": reply.id,
        "name": reply.author,
        "title": reply.question.title,
        "since": reply.since.isoformat(),
        "tries": reply.tries,
        "why": reply.why,
    }

"""What is said about an answer: its grade, its key points, and why it waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.core import rules
from bot.core.message import Block, Bullets, Button, Inline, Message, Para, Strong, When
from bot.core.model import Changed, Coverage, Grade, PointVerdict
from bot.core.render.authored import spoken
from bot.core.render.words import QUOTE_LIMIT, counted, cut, say, topic

_STANDINGS = {
    "copy": "This is almost word for word the sample answer or somebody else's reply, so it doesn't count.",
    "practice": "The round was closed when this was written: practice, not counted.",
    "extra": "Graded for practice: another attempt of yours is the one that counts here.",
    "fallback": "Graded offline, by the simpler grader: the one that grades here otherwise was away.",
    "cut": "Only the first 6,000 characters were graded.",
}


def grade(
    score: Grade, reply_id: int, notes: Sequence[str] = (), off: int = 0, *, changed: Changed | None = None
) -> Message:
    """The score, and below 6 the reasons; `notes` are keys of what else the person should know about it.

    `off` are the points (of 10) that hints take from it on the boards; `changed` says that an organiser set it.
    """
    blocks: list[Block] = [Para((Strong(f"Score: {score.score}/10"),))]
    if score.reasons:
        blocks.append(Para(("Reasons:",)))
        blocks.append(Bullets(tuple((cut(text, 300),) for text in score.reasons)))
    if changed:
        blocks.append(Para((_changed(changed, given=bool(score.reasons)),)))
    if off:
        words = f"{counted(off, 'point')} off for hints: here it counts as {rules.worth(score.score, off)} of 10."
        blocks.append(Para((words,)))
    blocks.extend(Para((_STANDINGS[note],)) for note in notes)
    if score.receipt.grader == "embedded (instead of llm)":
        blocks.append(Para(("Graded by the embedded grader, because the language model was away.",)))
    return Message(blocks=tuple(blocks), buttons=(Button("Key points", "points", str(reply_id)),))


def _changed(changed: Changed, *, given: bool) -> str:
    """That an organiser set the grade; the reason where it isn't `given` above."""
    was = "set this grade" if changed.before is None else f"changed this grade, which was {changed.before}/10"
    return f"An organiser {was}." if given else f"An organiser {was}: {changed.reason}"


def ledger(score: Grade, *, closed: bool) -> Message:
    """What the answer did with each key point: by topic while the round is open, in full after it."""
    blocks: list[Block] = []
    labels = {
        Coverage.COVERED: "Covered",
        Coverage.PARTLY: "Partly",
        Coverage.CONTRADICTED: "Against the sample answer",
        Coverage.MISSING: "Missing",
    }
    for coverage, label in labels.items():
        points = [point for point in score.points if point.coverage is coverage]
        if not points:
            continue
        blocks.append(Para((Strong(f"{label}:"),)))
        blocks.append(Bullets(tuple(_ledger_line(point, closed=closed) for point in points)))
    if not score.points:
        blocks.append(Para(("An organiser set this grade; no grader looked at the key points.",)))
    elif not closed:
        blocks.append(Para(("The points in full come with the sample answer, at the close.",)))
    return Message(f"Key points · {score.score}/10", tuple(blocks))


def _ledger_line(point: PointVerdict, *, closed: bool) -> tuple[Inline, ...]:
    said = (f" (“{cut(point.quote, QUOTE_LIMIT)}”)",) if point.quote else ()
    return (*spoken(str(point.point) if closed else topic(point.point)), *said)


def pending() -> Message:
    return say(
        "Your answer is kept and will be graded when the grader is back. Your place on the board counts from when you"
        " wrote it."
    )


def paced(since: dt.datetime) -> Message:
    """Said once when somebody writes faster than is graded; `since` is when grading goes on for them."""
    words = f"You wrote more than {rules.PACE} answers within a minute. All are kept and graded at that pace: this one "
    return Message(blocks=(Para((words, When(since, relative=True), ".")),))


def taken(*, private: bool) -> Message:
    """The receipt of an answer that came through a form."""
    where = " Only you will see the grade." if private else ""
    return say(f"Your answer is in and is being graded.{where}")


def my_grade(
    score: Grade | None,
    reply_id: int,
    *,
    state: str,
    notes: Sequence[str] = (),
    off: int = 0,
    changed: Changed | None = None,
) -> Message:
    """A person's own grade at a round, or why there is none."""
    if score:
        return grade(score, reply_id, notes, off, changed=changed)
    match state:
        case "received" if "paced" in notes:
            return say(f"Your answer is kept and waits for its turn: {rules.PACE} of yours are graded a minute.")
        case "received":
            return pending()
        case "failed":
            return say(
                "Your answer is kept, but grading it failed. The organisers see it and can have it graded again."
            )
        case "withdrawn":
            return say("You took your answer back.")
        case _:
            return say("You haven't answered this question.")

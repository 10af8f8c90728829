"""Help, a person's own page, and what is said about their data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.core.message import Attachment, Block, Bullets, Button, Message, Para, Strong, When
from bot.core.model import Channel, Person, Round
from bot.core.render.organisers import schedule_line
from bot.core.render.rounds import answer_button, question_post
from bot.core.render.words import counted, listed, say


def _next_questions(posts: Sequence[tuple[str, dt.datetime]]) -> tuple[Block, ...]:
    lines = tuple((f"{name or 'here'}: ", When(at)) for name, at in posts)
    return Para((Strong("Next daily question"),)), Bullets(lines)


def help_(usages: Sequence[tuple[str, str]], next_posts: Sequence[tuple[str, dt.datetime]]) -> Message:
    """The commands, and when the next daily question comes."""
    blocks: list[Block] = [
        Para(("Reply to a question in its thread with at least five words and you get a strict grade from 1 to 10.",)),
        Bullets(tuple((Strong(f"/mlops {usage}"), f": {text}") for usage, text in usages)),
    ]
    if next_posts:
        blocks += _next_questions(next_posts)
    else:
        blocks.append(Para(("No daily question is scheduled here. An organiser sets it up with /mlops config setup.",)))
    blocks.append(Para(("Scores are for practice, not for hiring decisions.",)))
    return Message("MLOps Coach", tuple(blocks))


def home_question(round_: Round) -> Message:
    """An open question, on a person's own page."""
    where = f"#{round_.channel.name}" if round_.channel.name else "the channel"
    post = question_post(round_)
    closes = Para(("In ", where, ". Closes ", When(round_.closes_at), "."))
    return Message(post.title, (Para((Strong(round_.question.text),)), closes), post.buttons)


def home_nothing(next_posts: Sequence[tuple[str, dt.datetime]]) -> Message:
    """No question is open; when the next ones come."""
    title = "No question is open"
    if not next_posts:
        return say("No daily question is scheduled here yet.", title=title)
    return Message(title, _next_questions(next_posts))


def home_settings(channels: Sequence[Channel], organisers: Sequence[Person], *, organiser: bool) -> Message:
    """How the community's channels are set up; `organiser` says whether the reader may change it."""
    lines = tuple((Strong(f"#{c.name or c.place.channel}"), f": {schedule_line(c.schedule)}") for c in channels)
    blocks: list[Block] = [Bullets(lines) if lines else Para(("No channel has a daily question yet.",))]
    if organisers:
        blocks.append(Para(("Organisers beside the admins: ", listed([person.name for person in organisers]), ".")))
    if organiser:
        blocks.append(Para(("Write /mlops config setup in a channel to change its question's time, zone or days.",)))
    return Message("Settings", tuple(blocks))


def home_privacy() -> Message:
    """What can be done about one's own data."""
    return say(
        "What is stored about you: your answers, their grades, and your name as it is shown here. Scores are for"
        " practice, not for hiring decisions.",
        title="Privacy",
        buttons=(
            Button("Export my data", "privacy", args=(("what", "export"),)),
            Button("Delete my data", "privacy", args=(("what", "delete"),)),
        ),
    )


def shown_to_all() -> Message:
    """To the person who had something shown to everybody."""
    return say("Everybody here can see it now.")


UNREADABLE = (
    "I'm not allowed to read messages here, so a reply in a thread can't be graded. Use Answer privately under the"
    " question, or Grade this answer in your message's menu; both count just the same."
)


def unreadable(round_id: int) -> Message:
    """To somebody whose reply reached us without its words."""
    return say(UNREADABLE, buttons=(answer_button(round_id),))


def exported(document: str) -> Message:
    return Message(
        "Your data",
        (Para(("All that is stored about you here, as JSON.",)), Attachment("mlops-coach-my-data.json", document)),
    )


def confirm_delete(count: int) -> Message:
    """What deleting means, before it is done."""
    return say(
        f"This deletes your name, {counted(count, 'reply', 'replies')} with their grades,"
        " and your place on every board. It can't be undone.",
        buttons=(Button("Delete my data", "privacy", args=(("what", "delete"), ("sure", "yes"))),),
    )


def deleted(count: int) -> Message:
    return say(f"Deleted: your name, {counted(count, 'reply', 'replies')} and your place on every board.")

"""Help, a person's own page, and what is said about their data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.core.message import Attachment, Block, Bullets, Button, Message, Para, Strong, When
from bot.core.model import Channel, Person, Round
from bot.core.render.authored import authored
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
    return Message(post.title, (*authored(round_.question.text, strong=True), closes), post.buttons)


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


_HIDE_ME = Button("Leave me off boards", "privacy", args=(("what", "hide"),))
_SHOW_ME = Button("Put me on boards", "privacy", args=(("what", "show"),))


def hidden() -> Message:
    """To somebody who asked to be on no board."""
    return say(
        "You are on no board, podium or chart from now on, and the others move up. Your points go on counting: /mlops"
        " me shows them to you alone.",
        buttons=(_SHOW_ME,),
    )


def shown(*, on_boards: bool) -> Message:
    """To somebody who asked to be on the boards again; they aren't where organisers are left out."""
    if not on_boards:
        return say("It is noted. Organisers are left out of the boards here, so you are on none for now.")
    return say("You are on the boards again, with all your points.", buttons=(_HIDE_ME,))


def zone(name: str, *, own: bool) -> Message:
    """The time zone by which a person's months are counted; `own` says whether it is known to be theirs."""
    whose = "Your time zone" if own else "Your time zone isn't known, so this community's counts"
    return say(
        f"{whose}: ", Strong(name), ". One missed daily question a month is forgiven by it. /mlops zone with a name"
        " such as Europe/Berlin changes it.",
    )  # fmt: skip


def welcome() -> Message:
    """After somebody's first grade: how it comes about, what there is to see, and how to be left alone."""
    return Message(
        "Your first answer here",
        (
            Bullets(
                (
                    ("Answers are compared with the key points of a sample answer: 1 to 10, below 6 with reasons.",),
                    ("Key points, under your grade, shows what yours did with each; the sample comes at the close.",),
                    ("/mlops privacy hide leaves you off the boards, /mlops privacy delete forgets you.",),
                )
            ),
        ),
        (Button("How it works", "help"), _HIDE_ME),
    )


def home_privacy(*, hidden: bool = False) -> Message:
    """What can be done about one's own data; `hidden` says whether the reader is on no board."""
    return say(
        "What is stored about you: your answers, their grades, what you suggested, and your name as it is shown here."
        " Scores are for practice, not for hiring decisions.",
        title="Privacy",
        buttons=(
            Button("Export my data", "privacy", args=(("what", "export"),)),
            _SHOW_ME if hidden else _HIDE_ME,
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

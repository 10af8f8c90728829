"""What people can do, written once: every platform makes its commands from TABLE."""

from __future__ import annotations

from collections.abc import Mapping

from bot.coach import Coach
from bot.coach.organise import SETTINGS
from bot.commands import organisers, people, questions
from bot.commands.calls import Call, Command, Kind, Param
from bot.core import render
from bot.core.message import Message


async def _help(coach: Coach, call: Call) -> Message:
    usages = [(c.usage, c.help) for c in TABLE if Kind.SLASH in c.kinds and (call.organiser or not c.organisers)]

    async def here(channel: str) -> bool:
        return channel == call.place.channel  # others may be private: whoever asks needn't be in them

    return render.help_(usages, await people.soonest(coach, call.place, here))


_BOTH = frozenset({Kind.SLASH, Kind.MENTION, Kind.BUTTON})
_BUTTON = frozenset({Kind.BUTTON})
_PERIOD = Param("period", "which days count", choices=("week", "month", "all"))
_TOPIC = Param("topic", "a section of the bank", topic=True, rest=True)

TABLE: tuple[Command, ...] = (
    Command("question", "asks a question here and opens its thread", questions.question, (_TOPIC,)),
    Command(
        "answer", "answers the newest question privately", questions.answer, kinds=_BOTH, form=questions.answer_form
    ),
    Command("hint", "gives a hint for the newest question", questions.hint, kinds=_BOTH),
    Command("mygrade", "shows your grade for the newest question", questions.my_grade, kinds=_BOTH),
    Command("leaderboard", "shows who has the most points", people.board, (_PERIOD, _TOPIC), kinds=_BOTH),
    Command("me", "shows your points, streak and latest answers", people.me, kinds=_BOTH),
    Command(
        "privacy",
        "exports or deletes what is stored about you",
        people.privacy,
        (Param("what", "what to do with it", required=True, choices=("export", "delete")),),
        kinds=_BOTH,
    ),
    Command("help", "shows what you can do, and when the next question comes", _help, kinds=_BOTH),
    Command("points", "shows what your answer did with each key point", questions.points, kinds=_BUTTON),
    Command(
        "share", "shows a board to everybody", people.shared_board, (_PERIOD, _TOPIC), kinds=_BUTTON, personal=False
    ),
    Command("grade", "Grade this answer", questions.grade, kinds=frozenset({Kind.MESSAGE})),
    Command(
        "config setup",
        "sets up the daily question here",
        organisers.setup,
        kinds=_BOTH,
        organisers=True,
        form=organisers.setup_form,
    ),
    Command("config show", "shows how this channel is set up", organisers.show, organisers=True),
    Command(
        "config set",
        "changes one setting of this channel",
        organisers.change,
        (
            Param("name", "which setting", required=True, choices=SETTINGS),
            Param("value", "its new value", required=True, rest=True),
        ),
        organisers=True,
    ),
    Command("config test", "previews a post, for you alone", organisers.preview, kinds=_BOTH, organisers=True),
    Command("post-now", "posts today's question without waiting", organisers.post_now, kinds=_BOTH, organisers=True),
    Command("skip", "leaves out the next daily question", organisers.skip, organisers=True),
    Command(
        "regrade",
        "grades one reply, or all that failed, again",
        organisers.regrade,
        (Param("id", "a reply's id"),),
        organisers=True,
    ),
    Command("failed", "lists what couldn't be graded or posted", organisers.failed, organisers=True),
)
BY_VERB: Mapping[str, Command] = {command.verb: command for command in TABLE}

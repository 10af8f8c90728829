"""What people can do, written once: every platform makes its commands from TABLE."""

from __future__ import annotations

from collections.abc import Mapping

from bot.coach import Coach
from bot.coach.organise import SETTINGS
from bot.commands import exchanging, organisers, organising, people, questions, suggesting
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

_DATES = Param("dates", "a date, or two: 2026-12-24 to 2027-01-02", required=True, rest=True)
_DATE = Param("date", "a date such as 2026-12-24", required=True)
_DECISIONS = (
    Command(
        "pause",
        "stops the daily question here, for good or until a date",
        organising.pause,
        (Param("until", "the date of the next question, such as 2026-12-24", rest=True),),
        organisers=True,
    ),
    Command("resume", "ends the pause", organising.resume, organisers=True),
    Command("holiday add", "days without a daily question", organising.holiday_add, (_DATES,), organisers=True),
    Command(
        "holiday remove", "has questions again on these days", organising.holiday_remove, (_DATES,), organisers=True
    ),
    Command(
        "pin",
        "has a date's daily question be a certain one",
        organising.pin,
        (_DATE, Param("question", "its id or title", required=True, rest=True)),
        organisers=True,
    ),
    Command("unpin", "has a date's question drawn again", organising.unpin, (_DATE,), organisers=True),
    Command("grades", "lists the newest grades, to change one", organising.grades, kinds=_BOTH, organisers=True),
    Command(
        "override",
        "changes a grade; its author reads why",
        organising.override,
        (
            Param("id", "the reply's id, as grades lists it", required=True),
            Param("score", "from 1 to 10", required=True),
            Param("reason", "why", required=True, rest=True),
        ),
        organisers=True,
    ),
    Command(
        "overrule",
        "changes a grade",
        organising.override,
        kinds=_BUTTON,
        organisers=True,
        form=organising.override_form,
    ),
    Command(
        "health",
        "shows how the questions do, or one of them",
        organising.health,
        (Param("question", "its id or title", rest=True),),
        kinds=_BOTH,
        organisers=True,
    ),
    Command(
        "digest",
        "shows the last week in figures, or this one so far",
        organising.digest,
        (Param("week", "which week", choices=("last", "this")),),
        organisers=True,
    ),
    Command(
        "bank export",
        "gives your own questions as a document, or all",
        exchanging.bank_export,
        (Param("which", "which questions", choices=("own", "all")),),
        organisers=True,
    ),
    Command(
        "bank import",
        "takes questions from a document",
        exchanging.bank_import,
        kinds=_BOTH,
        organisers=True,
        form=exchanging.import_form,
    ),
    Command("suggestions", "shows what members suggest", suggesting.waiting, kinds=_BOTH, organisers=True),
    Command("approve", "takes a suggestion into the bank", suggesting.approve, kinds=_BUTTON, organisers=True),
    Command(
        "decline",
        "turns a suggestion down",
        suggesting.decline,
        kinds=_BUTTON,
        organisers=True,
        form=suggesting.decline_form,
    ),
    Command("audit", "shows what organisers did", organising.audit, kinds=_BOTH, organisers=True),
)

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
        "leaves you off boards, exports or deletes what is stored about you",
        people.privacy,
        (Param("what", "what to do", required=True, choices=("hide", "show", "export", "delete")),),
        kinds=_BOTH,
    ),
    Command(
        "zone",
        "shows or sets your time zone, by which your streak's months are counted",
        people.zone,
        (Param("zone", "such as Europe/Berlin", rest=True),),
    ),
    Command(
        "suggest", "suggests a question for the bank", suggesting.suggest, kinds=_BOTH, form=suggesting.suggest_form
    ),
    Command("suggested", "shows what became of your suggestions", suggesting.own),
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
    *_DECISIONS,
)
BY_VERB: Mapping[str, Command] = {command.verb: command for command in TABLE}

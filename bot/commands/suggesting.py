"""Suggested questions: anybody writes them, organisers decide."""

from __future__ import annotations

from bot.coach import Coach
from bot.coach.suggestions import ANSWER_LIMIT, QUESTION_LIMIT, REASON_LIMIT, SECTION_LIMIT
from bot.commands.calls import Call
from bot.core import render
from bot.core.errors import UsageError
from bot.core.message import Field, Form, Message


async def suggest_form(coach: Coach, call: Call) -> Form:
    fields = (
        Field("question", "The question", long=True, limit=QUESTION_LIMIT),
        Field("sample-answer", "What a full answer says", long=True, limit=ANSWER_LIMIT),
        Field("section", "Section of the bank, if you know it", required=False, limit=SECTION_LIMIT),
        Field("credit", "May your name stand under it?", "no", choices=("no", "yes")),
    )
    return Form("Suggest a question", "suggest", "", fields, submit="Suggest")


async def suggest(coach: Coach, call: Call) -> Message:
    await coach.suggestions.suggest(
        await coach.rounds.channel(call.place),
        call.person,
        call.arg("question"),
        call.arg("sample-answer"),
        section=call.arg("section"),
        credited=call.arg("credit").casefold() == "yes",
        request=f"{call.person.id}:{call.key}",
    )
    return render.suggested()


async def own(coach: Coach, call: Call) -> Message:
    found = await coach.suggestions.own(call.place, call.person)
    return render.own_suggestions([(one.question, one.state, one.reason) for one in found])


def _id(call: Call) -> int:
    """Which suggestion a button is for."""
    if not (call.target.isascii() and call.target.isdecimal() and len(call.target) < 16):
        raise UsageError("That suggestion isn't open any more. /mlops suggestions shows those that are.")
    return int(call.target)


async def waiting(coach: Coach, call: Call) -> Message:
    after = call.arg("after")
    last = int(after) if after.isascii() and after.isdecimal() and len(after) < 16 else 0
    found, open_ = await coach.suggestions.next(call.place, last)
    if found is None:
        return render.no_suggestions()
    return render.suggestion(
        found.id, found.name, found.section, found.question, found.sample_answer, credited=found.credited, open_=open_
    )


async def approve(coach: Coach, call: Call) -> Message:
    question = await coach.suggestions.approve(call.place, _id(call), by=call.person)
    return render.approved(question, (await coach.suggestions.next(call.place))[1])


async def decline_form(coach: Coach, call: Call) -> Form:
    reason = Field("reason", "Why: its author reads this", long=True, limit=REASON_LIMIT)
    return Form("Decline a suggestion", "decline", call.target, (reason,), submit="Decline")


async def decline(coach: Coach, call: Call) -> Message:
    await coach.suggestions.decline(call.place, _id(call), call.arg("reason"), by=call.person)
    return render.declined((await coach.suggestions.next(call.place))[1])

"""What organisers decide: calendars, pins, changed grades; and what they did."""

from __future__ import annotations

import dataclasses

from bot.coach import Coach
from bot.coach.acts import NEWEST
from bot.coach.overrides import REASON_LIMIT
from bot.commands.calls import Call
from bot.core import render
from bot.core.message import Field, Form, Message


def _before(call: Call) -> int:
    """Where a page begins that was asked for by a button."""
    text = call.arg("before")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else NEWEST


async def pause(coach: Coach, call: Call) -> Message:
    until = call.arg("until")
    word, _, rest = until.partition(" ")
    until = rest if word.casefold() == "until" else until
    return render.paused(await coach.dates.pause(call.place, until.strip(), by=call.person))


async def resume(coach: Coach, call: Call) -> Message:
    return render.resumed(await coach.dates.resume(call.place, by=call.person))


async def holiday_add(coach: Coach, call: Call) -> Message:
    return render.holidays_added(await coach.dates.add_holidays(call.place, call.arg("dates"), by=call.person))


async def holiday_remove(coach: Coach, call: Call) -> Message:
    return render.holidays_removed(await coach.dates.remove_holidays(call.place, call.arg("dates"), by=call.person))


async def pin(coach: Coach, call: Call) -> Message:
    return render.pinned(*await coach.dates.pin(call.place, call.arg("date"), call.arg("question"), by=call.person))


async def unpin(coach: Coach, call: Call) -> Message:
    return render.unpinned(await coach.dates.unpin(call.place, call.arg("date"), by=call.person))


async def grades(coach: Coach, call: Call) -> Message:
    found, older = await coach.overrides.newest(call.place, _before(call))
    rows = [(row.id, row.name, row.question, row.score, row.changed, row.counts) for row in found]
    return render.graded_list(rows, older)


async def override_form(coach: Coach, call: Call) -> Form:
    fields = (
        Field("id", "The reply's id, as /mlops grades lists it", call.target, limit=15),
        Field("score", "The score, from 1 to 10", limit=2),
        Field("reason", "Why: its author reads this", long=True, limit=REASON_LIMIT),
    )
    return Form("Change a grade", "overrule", call.target, fields, submit="Change")


async def override(coach: Coach, call: Call) -> Message:
    before, score = await coach.overrides.override(
        call.place, call.arg("id"), call.arg("score"), call.arg("reason"), by=call.person
    )
    return render.overridden(int(call.arg("id")), before, score)


async def digest(coach: Coach, call: Call) -> Message:
    found = coach.digests.current if call.arg("week") == "this" else coach.digests.last
    return render.weekly(await found(call.place))


async def health(coach: Coach, call: Call) -> Message:
    if wanted := call.arg("question"):
        return render.question_health(await coach.question_health.of(call.place, wanted))
    page = call.arg("page")[:4]
    number = int(page) if page.isascii() and page.isdecimal() else 1
    return render.health(await coach.question_health.all(call.place), number)


async def audit(coach: Coach, call: Call) -> Message:
    found, older = await coach.acts.page(call.place, _before(call))
    return render.audit([dataclasses.astuple(done) for done in found], older)

"""The community's bank as a document."""

from __future__ import annotations

from bot.coach import Coach
from bot.commands.calls import Call
from bot.core import render
from bot.core.errors import ContentError
from bot.core.message import Field, Form, Message

PARTS = 4
PART_LIMIT = 3_000  # characters; what every platform's input takes


async def bank_export(coach: Coach, call: Call) -> Message:
    everything = call.arg("which") == "all"
    return render.bank_exported(*await coach.exchange.export(call.place, everything=everything))


async def import_form(coach: Coach, call: Call) -> Form:
    first = Field("document", "Questions as Markdown", long=True, limit=PART_LIMIT)
    more = (
        Field(f"document-{n}", "It goes on here, from a new line", long=True, required=False, limit=PART_LIMIT)
        for n in range(2, PARTS + 1)
    )
    return Form("Bring questions in", "bank import", "", (first, *more), submit="Import")


async def bank_import(coach: Coach, call: Call) -> Message:
    names = ("document", *(f"document-{number}" for number in range(2, PARTS + 1)))
    text = "\n".join(call.args.get(name, "") for name in names).rstrip() + "\n"
    try:
        changes = await coach.exchange.bring_in(call.place, text, by=call.person)
    except ContentError as error:
        return render.not_imported(error.faults, text)
    return render.bank_imported(changes.new, changes.changed, changes.unchanged, changes.drafts)

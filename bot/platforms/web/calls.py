"""Commands, buttons and forms: from the page's request to a call of the command table, and its answer back."""

from __future__ import annotations

import datetime as dt
import re

from bot.coach import Coach
from bot.commands import Call, command_of, complete, dispatch, mentioned, parse
from bot.core import render
from bot.core.errors import UsageError
from bot.core.message import FORM, MESSAGE, Form, Message
from bot.core.model import Place
from bot.core.ports import Store
from bot.platforms.web import units
from bot.platforms.web.basics import COMMUNITY, PLATFORM, Member, micros
from bot.platforms.web.wire import CallBody, Json, PostBody, message_json

_COMMAND = re.compile(r"\s*/mlops(?:-(admin))?(?![\w-])\s*")
_TO_COACH = re.compile(r"\s*@(?:mlops[ -]?)?coach\b[\s,:]*(?:/mlops\b)?", re.IGNORECASE)
_LINE_LIMIT = 300  # characters of a command's line that are shown with its answer


def place(channel: str) -> Place:
    return Place(PLATFORM, COMMUNITY, channel)


def after_slash(line: str) -> str:
    """What stands after /mlops or /mlops-admin. Raises UsageError for anything else."""
    found = _COMMAND.match(line)
    if not found:
        raise UsageError("Commands begin with /mlops. /mlops help lists them.")
    return line[found.end() :]


def spoken(text: str) -> str:
    """A message that begins with the coach's name and goes on as a command, as that command's line; "" for any other.

    An answer that is addressed to the coach is an answer.
    """
    found = _TO_COACH.match(text)
    if not found:
        return ""
    rest = text[found.end() :].strip()
    try:
        return f"/mlops {rest}" if mentioned(rest) is not None else ""
    except UsageError:  # a command, however badly put: running it says what is wrong
        return f"/mlops {rest}"


def said(body: PostBody, line: str) -> CallBody:
    """A message as the call that it is."""
    return CallBody(person=body.person, key=body.key, channel=body.channel, thread=body.thread, line=line)


async def suggestions(coach: Coach, channel: str, line: str, *, organiser: bool) -> list[tuple[str, str]]:
    """How a line that begins a command may go on: (the whole line, what it does) pairs."""
    if "/mlops".startswith(line):
        line = "/mlops "
    found = _COMMAND.match(line)
    if not found or not line[: found.end()].endswith(" "):
        return []
    head, rest = "/mlops-admin " if found[1] else "/mlops ", line[found.end() :]
    if rest.casefold().startswith("admin "):
        head, rest = f"{head}admin ", rest[len("admin ") :]
    options = await complete(coach, place(channel), rest, organiser=organiser)
    return [(head + text, help_) for text, help_ in options]


async def run(store: Store, coach: Coach, member: Member, body: CallBody, now: dt.datetime) -> Json:
    """Run a command once per key.

    Returns {"form": ...} to be filled in, {"answer": ...} for the asker's eyes only, or {"posted": ...}, the message
    that was stored for all. Raises StoreError.
    """
    key = f"call:{member.id}:{body.key}"
    known = await store.read(units.answered, key)
    if known:
        return {"posted": message_json(known)}
    try:
        call = _call(member, body, now)
        await store.read(units.require_channel, body.channel)
    except UsageError as error:
        return {"answer": _message(render.problem(str(error)))}
    found = await dispatch(coach, call)
    if isinstance(found, Form):
        return {"form": FORM.plain(found)}
    if command_of(call.verb).personal or found.refusal:
        return {"answer": _message(found)}
    asked = (body.line.strip() or f"/mlops {call.verb}")[:_LINE_LIMIT]
    stored = MESSAGE.dump_json(found).decode()
    row = await store.write(units.answer, key, member, asked, body.channel, body.thread, stored, micros(now))
    return {"posted": message_json(row)}


def _call(member: Member, body: CallBody, now: dt.datetime) -> Call:
    verb, args = parse(after_slash(body.line)) if body.line else (body.verb, body.args)
    command_of(verb)
    return Call(
        verb=verb,
        place=place(body.channel),
        person=member.person,
        at=now,
        key=body.key,
        organiser=member.organiser,
        thread=str(body.thread) if body.thread else "",
        target=body.target,
        args=args,
        submitted=body.submitted,
        zone=body.zone,
    )


def _message(message: Message) -> object:
    return MESSAGE.plain(message)

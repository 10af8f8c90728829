"""What goes over the wire between the page and the server, as JSON."""

from __future__ import annotations

import json
from typing import Annotated, Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from bot.commands import ARGUMENT_LIMIT, TABLE, Kind
from bot.core.errors import UsageError
from bot.core.ports import Row
from bot.platforms.web.basics import Member, moment

Json = dict[str, Any]

# Made by the page, once per thing that is sent, and the same when it is sent again after a lost response.
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{8,64}$")]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
RowId = Annotated[int, Field(ge=0, lt=2**53)]
ArgumentName = Annotated[str, StringConstraints(max_length=64)]
Argument = Annotated[str, StringConstraints(max_length=2 * ARGUMENT_LIMIT)]  # the coach names the true limit


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TokenBody(_Body):
    token: Annotated[str, StringConstraints(max_length=1_000)]


class NameBody(_Body):
    name: Annotated[str, StringConstraints(max_length=1_000)]


class PostBody(_Body):
    person: Id
    key: Key
    channel: Id
    thread: RowId = 0
    text: str


class EditBody(_Body):
    person: Id
    text: str


class DeleteBody(_Body):
    person: Id


class ChannelBody(_Body):
    person: Id
    name: Annotated[str, StringConstraints(max_length=1_000)]


class CallBody(_Body):
    """Either `line`, as typed, or a button's or form's verb, target and arguments."""

    person: Id
    key: Key
    channel: Id
    thread: RowId = 0
    line: str = ""
    verb: Annotated[str, StringConstraints(max_length=100)] = ""
    target: Annotated[str, StringConstraints(max_length=200)] = ""
    args: Annotated[dict[ArgumentName, Argument], Field(max_length=30)] = Field(default_factory=dict)
    submitted: bool = False
    zone: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]{0,64}$")] = ""


B = TypeVar("B", bound=_Body)


async def read_body(request: web.Request, model: type[B]) -> B:
    """The request's body as `model`. Raises UsageError when it isn't one."""
    raw = await request.read()
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise UsageError("The page and the coach don't understand each other. Reload the page.") from error


def number(request: web.Request, name: str) -> int:
    """A count or id from the address, 0 when it isn't there. Raises UsageError."""
    text = request.query.get(name, "0")
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise UsageError(f"{name} has to be a number.")
    return int(text)


def message_json(row: Row) -> Json:
    """A row of chat_message, chat_page or chat_changed as the page shows it. A deleted one is only its id."""
    if row["deleted"]:
        return {"id": row["id"], "change": row["change"], "deleted": True}
    return {
        "id": row["id"],
        "change": row["change"],
        "channel": row["channel"],
        "thread": row["thread"],
        "author": {"id": row["author"], "name": row["author_name"]} if row["author"] else None,
        "personal": bool(row["only_for"]),
        "reply_to": row["reply_to"],
        "to": row["to_name"],
        "opens": row["opens"],
        "asked": {"name": row["asked_name"], "line": row["asked"]} if row["asked"] else None,
        "text": row["text"],
        "message": json.loads(row["body"]) if row["body"] else None,
        "at": moment(row["at"]).isoformat(),
        "edited": bool(row["revision"]),
        "receipt": row["receipt"],
        "replies": row["replies"],
    }


def member_json(member: Member) -> Json:
    return {"id": member.id, "name": member.name, "organiser": member.organiser}


def menu_json() -> list[Json]:
    """The commands in the menu of one's own messages."""
    return [{"verb": command.verb, "label": command.help} for command in TABLE if Kind.MESSAGE in command.kinds]

"""Units of work about people: who is here, which browser is whom, and forgetting."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bot.core.errors import UsageError
from bot.core.message import MESSAGE
from bot.core.ports import Row, Unit, one, rows
from bot.platforms.web.basics import Member, moment, next_change
from bot.platforms.web.names import name_key


def _member(row: Row) -> Member:
    return Member(row["id"], row["name"], bool(row["organiser"]))


def people() -> Unit[Sequence[Member]]:
    """Everybody, by name; at most 500."""
    return [_member(row) for row in (yield from rows("chat_people"))]


def session_people(token_hash: str) -> Unit[Sequence[Member]]:
    """Who a browser has been, the present one first."""
    return [_member(row) for row in (yield from rows("chat_session_people", token_hash=token_hash))]


def pick(token_hash: str, new_id: str, name: str, at: int, *, open_to_all: bool) -> Unit[Member]:
    """Make a browser be the person of a name, who is created if new; the very first becomes the organiser.

    Unless `open_to_all`, a name that this browser never had is refused when somebody has it. Raises UsageError.
    """
    found = yield from one("chat_person_by_key", name_key=name_key(name))
    if found is None:
        count = yield from one("chat_people_count")
        first = int(count is None or count["people"] == 0)
        yield from one("chat_person_insert", person=new_id, name=name, name_key=name_key(name), organiser=first, at=at)
        found = yield from one("chat_person_by_key", name_key=name_key(name))
        assert found is not None  # noqa: S101  # inserted two lines above, in this transaction
    elif not open_to_all:
        own = yield from rows("chat_session_people", token_hash=token_hash)
        if found["id"] not in {row["id"] for row in own}:
            raise UsageError(f"{found['name']} is taken. Pick another name.")
    yield from one("chat_session_pick", token_hash=token_hash, person=found["id"], at=at)
    return _member(found)


def exists(person: str) -> Unit[bool]:
    """Whether a person is here."""
    return (yield from one("chat_person", person=person)) is not None


def export(person: str) -> Unit[dict[str, Any]]:
    """What the chat keeps of a person: their name, their texts, what they asked for, what they alone were told."""
    known = yield from one("chat_export_person", person=person)
    written = yield from rows("chat_export", person=person)
    return {
        "name": known["name"] if known else "",
        "organiser": bool(known and known["organiser"]),
        "since": moment(known["created_at"]).isoformat() if known else "",
        "browsers": known["browsers"] if known else 0,
        "messages": [_message(row) for row in written],
    }


def _message(row: Row) -> dict[str, Any]:
    return {
        "message": str(row["id"]),
        "channel": row["channel"],
        "thread": str(row["thread"] or ""),
        "by": "you" if row["author"] else "the coach",
        "asked": row["asked"],
        "text": row["text"] or (MESSAGE.validate_json(row["body"]).text if row["body"] else ""),
        "at": moment(row["at"]).isoformat(),
        "edited_at": moment(row["revision"]).isoformat() if row["revision"] else "",
    }


def forget(person: str) -> Unit[int]:
    """Remove a person: name, browsers, texts, what the coach said to them. Their messages stay as empty keys.

    Returns how many there were.
    """
    known = yield from one("chat_person", person=person)
    # As a name stands in a board's cell: alone between the quotes of its JSON.
    cell = json.dumps(known["name"] if known else person, ensure_ascii=False)
    owned = yield from rows("chat_owned", person=person, cell=cell)
    for row in owned:
        change = yield from next_change()
        yield from one("chat_forget_message", person=person, id=row["id"], gone=row["gone"], change=change)
    yield from rows("chat_forget_sessions", person=person)
    yield from rows("chat_forget_person", person=person)
    return len(owned)

"""Units of work about messages: everything of theirs that the chat reads from and writes to the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.core.errors import PlatformError, UsageError
from bot.core.message import MESSAGE, Parcel, ParcelKind
from bot.core.model import Person, Reply
from bot.core.ports import Row, Sent, Unit, one, rows
from bot.platforms.web.basics import COMMUNITY, PLATFORM, Member, micros, moment, next_change, revision_text, row_id
from bot.platforms.web.names import name_key

_HISTORY_BATCH = 200
_LAST_ID = 2**53  # ids pass through JavaScript, whose integers are exact up to here

# ---------------------------------------------------------------------------------------------- reading


def start() -> Unit[tuple[Sequence[str], int]]:
    """The channels' names in their order, and the number of the last change."""
    channels = yield from rows("chat_channels")
    return [row["id"] for row in channels], (yield from last_change())


def last_change() -> Unit[int]:
    """The number of the last change."""
    row = yield from one("chat_last_change")
    return int(row["number"]) if row else 0


def require_channel(channel: str) -> Unit[None]:
    """Make sure that a channel exists. Raises UsageError."""
    yield from _place(channel, 0, UsageError)


def page(person: str, channel: str, thread: int, before: int, limit: int) -> Unit[tuple[Sequence[Row], bool]]:
    """The last messages of a channel or thread that a person may see, oldest first, and whether there are older ones.

    `before` leaves out that message and all after it; 0 begins at the end.
    """
    found = yield from rows(
        "chat_page", person=person, channel=channel, thread=thread, before=before or _LAST_ID, limit=limit + 1
    )
    return list(reversed(found[:limit])), len(found) > limit


def thread_root(person: str, thread: int) -> Unit[Row | None]:
    """The message that opened a thread."""
    found = yield from one("chat_message", id=thread)
    return found if found and found["opens"] and found["only_for"] in ("", person) else None


def changed(person: str, since: int, limit: int) -> Unit[tuple[Sequence[Row], int, bool]]:
    """Messages that changed after a number, in order; the number reached; whether there are more."""
    found = yield from rows("chat_changed", person=person, since=since, limit=limit)
    if len(found) == limit:
        return found, int(found[-1]["change"]), True
    return found, (yield from last_change()), False


def history(channel: str, thread: int, since: int, after: int) -> Unit[Sequence[Reply]]:
    """A batch of people's messages of a thread with ids beyond `after`, none when it is at its end."""
    found = yield from rows(
        "chat_history", channel=channel, thread=thread, since=since, after=after, limit=_HISTORY_BATCH
    )
    replies = []
    for row in found:
        reply = yield from _reply(row)
        replies.append(reply)
    return replies


# ---------------------------------------------------------------------------------------------- people's messages


def post(author: Member, key: str, channel: str, thread: int, text: str, at: int) -> Unit[tuple[Row, Reply | None]]:
    """Store a person's message once per key; with the reply that it is, when it is in a thread. Raises UsageError."""
    yield from _place(channel, thread, UsageError)
    yield from _insert(key=f"{author.id}:{key}", channel=channel, thread=thread, author=author.id, text=text, at=at)
    stored = yield from one("chat_message_by_key", key=f"{author.id}:{key}")
    row = yield from message_row(stored["id"] if stored else 0)
    if row["deleted"]:
        raise UsageError("That message was deleted. Write it again to send it anew.")
    yield from _touch(thread)
    return row, ((yield from _reply(row)) if row["thread"] else None)


def edit(author: Member, message: int, text: str, at: int) -> Unit[tuple[Row, Reply | None]]:
    """Give one's own message a new text; the same text again changes nothing. Raises UsageError."""
    row = yield from _own(author, message)
    if row["deleted"]:
        raise UsageError("That message was deleted, so it can't be edited.")
    if row["text"] != text:
        revision = max(at, row["revision"] + 1, row["at"] + 1)
        change = yield from next_change()
        yield from one("chat_message_edit", id=message, text=text, revision=revision, change=change)
        row = yield from message_row(message)
    return row, ((yield from _reply(row)) if row["thread"] else None)


def delete(author: Member, message: int) -> Unit[Row]:
    """Wipe one's own message and what the coach answered to it; again it does nothing. Raises UsageError."""
    row = yield from _own(author, message)
    if not row["deleted"]:
        yield from one("chat_message_delete", id=message, change=(yield from next_change()))
        where = {"channel": row["channel"], "thread": row["thread"], "message": message}
        for said in (yield from rows("chat_answers", **where)):
            yield from one(
                "chat_forget_message", person=author.id, id=said["id"], gone=1, change=(yield from next_change())
            )
        yield from _touch(row["thread"])
    return row


# ---------------------------------------------------------------------------------------------- the coach's messages


def deliver(parcel: Parcel, at: int) -> Unit[Sent]:
    """Store a parcel once per key; a grade also turns the receipt of the message that it answers. Raises PlatformError.

    A parcel that is there already with other words (a grade after a regrade) takes the new ones in its place.
    """
    known = yield from found(parcel.key)
    if known:
        yield from rewrite(row_id(known.message), parcel)
        return known
    thread = row_id(parcel.thread)
    if parcel.thread not in ("", parcel.channel) and not thread:
        raise PlatformError(f"The web chat has no thread {parcel.thread!r}.")
    yield from _place(parcel.channel, thread, PlatformError)
    if parcel.only_for and (yield from one("chat_person", person=parcel.only_for)) is None:
        raise PlatformError("The person isn't here any more.")
    answered = row_id(parcel.reply_to)
    there = (yield from one("chat_message", id=answered)) if answered and parcel.author else None
    if there and (there["deleted"] or not there["author"]):
        raise PlatformError("The answer isn't here any more.")  # deleted, or its person forgotten, a moment ago
    yield from _insert(
        key=f"parcel:{parcel.key}",
        channel=parcel.channel,
        thread=thread,
        only_for=parcel.only_for,
        reply_to=answered,
        opens=parcel.opens_thread,
        body=MESSAGE.dump_json(parcel.message).decode(),
        at=at,
    )
    if answered and parcel.kind is ParcelKind.GRADE:
        yield from one("chat_receipt_graded", id=answered, change=(yield from next_change()))
    sent = yield from found(parcel.key)
    assert sent is not None  # noqa: S101  # inserted above, in this transaction
    return sent


def rewrite(message: int, parcel: Parcel) -> Unit[None]:
    """Give a sent parcel its new words; one that is gone stays gone."""
    body = MESSAGE.dump_json(parcel.message).decode()
    yield from one("chat_message_rewrite", id=message, body=body, change=(yield from next_change()))


def found(key: str) -> Unit[Sent | None]:
    """Where the parcel of a key is."""
    row = yield from one("chat_message_by_key", key=f"parcel:{key}")
    return Sent(str(row["id"]), str(row["id"]) if row["opens"] else "") if row else None


def seen(reply: Reply) -> Unit[bool]:
    """Put the receipt on a message, unless it was edited meanwhile or has one already."""
    revision = micros(dt.datetime.fromisoformat(reply.revision)) if reply.revision else 0
    message = row_id(reply.message)
    if not message:
        return False
    change = yield from next_change()
    done = yield from one("chat_receipt_seen", id=message, author=reply.author.id, revision=revision, change=change)
    return done is not None


def answered(key: str) -> Unit[Row | None]:
    """The public answer to a command that was stored under a key."""
    known = yield from one("chat_message_by_key", key=key)
    return (yield from one("chat_message", id=known["id"])) if known else None


def answer(key: str, asker: Member, asked: str, channel: str, thread: int, body: str, at: int) -> Unit[Row]:
    """Store the public answer to a command once per key. Raises UsageError."""
    yield from _place(channel, thread, UsageError)
    yield from _insert(key=key, channel=channel, thread=thread, asked_by=asker.id, asked=asked, body=body, at=at)
    row = yield from answered(key)
    assert row is not None  # noqa: S101  # inserted above, in this transaction
    return row


def add_channel(channel: str) -> Unit[bool]:
    """Add a channel at the end; False when it is there already."""
    return (yield from one("chat_channel_insert", channel=channel)) is not None


# ---------------------------------------------------------------------------------------------- shared


def _insert(
    *,
    key: str,
    channel: str,
    thread: int,
    at: int,
    author: str = "",
    only_for: str = "",
    reply_to: int = 0,
    opens: str = "",
    asked_by: str = "",
    asked: str = "",
    text: str = "",
    body: str = "",
) -> Unit[None]:
    change = yield from next_change()
    yield from one(
        "chat_message_insert",
        key=key,
        channel=channel,
        thread=thread,
        author=author,
        only_for=only_for,
        reply_to=reply_to,
        opens=opens,
        asked_by=asked_by,
        asked=asked,
        text=text,
        body=body,
        at=at,
        change=change,
    )


def _place(channel: str, thread: int, error: type[UsageError] | type[PlatformError]) -> Unit[None]:
    """Make sure that a channel and thread exist."""
    if thread:
        root = yield from one("chat_thread", thread=thread)
        if root is None or root["channel"] != channel:
            raise error(f"The web chat has no thread {thread} in #{channel}.")
    elif (yield from one("chat_channel", channel=channel)) is None:
        raise error(f"The web chat has no channel #{channel}.")


def _touch(thread: int) -> Unit[None]:
    """The message that opened a thread shows how many replies it has, so it changes with them."""
    if thread:
        yield from one("chat_message_touch", id=thread, change=(yield from next_change()))


def message_row(message: int) -> Unit[Row]:
    """A message by its id. Raises UsageError when it isn't there."""
    row = yield from one("chat_message", id=message)
    if row is None:
        raise UsageError("That message isn't here any more.")
    return row


def _own(author: Member, message: int) -> Unit[Row]:
    row = yield from message_row(message)
    if row["author"] != author.id:
        raise UsageError("Only its author can change a message.")
    return row


def _reply(row: Row) -> Unit[Reply]:
    text = name_key(row["text"])
    called = (yield from rows("chat_addressed", text=text)) if text.startswith("@") else ()
    addressed = any(
        other["id"] != row["author"] and not text[len(other["name_key"]) + 1 :][:1].isalnum() for other in called
    )
    return Reply(
        platform=PLATFORM,
        community=COMMUNITY,
        channel=str(row["thread"]),
        message=str(row["id"]),
        author=Person(row["author"], row["author_name"]),
        text=row["text"],
        at=moment(row["revision"] or row["at"]),  # words count from when they were written
        revision=revision_text(row["revision"]),
        addressed=addressed,
    )

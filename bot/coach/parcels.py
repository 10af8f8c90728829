"""What an outbox row has to say: its words are made when it is sent, from how things stand then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bot.coach import digest, records, suggestions
from bot.coach.replies import grade_in
from bot.coach.standings import podium
from bot.core import render
from bot.core.message import Message, Parcel, ParcelKind
from bot.core.model import Channel, Person, Place
from bot.core.ports import Clock, Row, Store, Unit, one

AHEAD, AHEAD_S = 10, 1.0
"""Messages of one channel whose words are read together, and seconds for which these count as the present ones."""

_FOR_ITS_AUTHOR = (ParcelKind.PENDING, ParcelKind.PACED, ParcelKind.WELCOME)

_NOBODY = "@"
"""What a row is about whose person is forgotten; who that was follows while it may have been posted unmarked."""

_LETTERS: Final[Mapping[ParcelKind, Callable[[Place, str], Unit[tuple[Message, str] | None]]]] = {
    ParcelKind.SUGGESTION: suggestions.words,
    ParcelKind.DIGEST: digest.words,
}
"""What is said about no round: the words by what they are about, and the one person they are for ("" for all)."""


class Words:
    """The parcels of a channel's rows, several read together: the way to the database takes longer than reading them.

    None is older than AHEAD_S when it is used; what changes even so is said again, as an edit.
    """

    def __init__(self, store: Store, clock: Clock, waiting: Sequence[Row]) -> None:
        """`waiting` are the rows that are still to be sent, in order, at any time."""
        self._store, self._clock, self._waiting = store, clock, waiting
        self._until = clock.now()
        self._read: dict[int, Parcel | None] = {}

    async def of(self, row: Row) -> Parcel | None:
        """What `parcel_of` gives for the first of those that wait, and raises for it."""
        if row["id"] not in self._read or self._clock.now() >= self._until:
            ahead = 1 if self._read else AHEAD  # what was left shows that sending is slow
            self._until = self._clock.now() + dt.timedelta(seconds=AHEAD_S)
            self._read = await self._store.read(_parcels, self._waiting[:ahead])
        if row["id"] not in self._read:  # it is told why
            return await self._store.read(parcel_of, row)
        return self._read.pop(row["id"])


def parcel_of(row: Row) -> Unit[Parcel | None]:
    """The words of an outbox row as they are now; None when there is nothing to say any more."""
    kind = ParcelKind(row["kind"])
    if row["about"].startswith(_NOBODY):
        return None
    if row["reply_id"] is not None:
        return (yield from _answered(row, kind))
    found = yield from one("round_get", id=row["round_id"])
    if found is not None and kind in _LETTERS:
        return (yield from _letter(row, kind, records.channel(found, found["channel_id"])))
    if found is None or not found["body"]:
        return None
    key, home = str(row["id"]), records.channel(found, found["channel_id"])
    if kind is ParcelKind.QUESTION:
        round_ = records.round_(found)
        title = render.thread_title(round_.question)
        return _to(home, key, kind, "", render.question_post(round_, found["answered"]), opens_thread=title)
    if kind is not ParcelKind.REVEAL:
        return None
    round_ = records.round_(found)
    result = yield from podium(round_)
    credit = yield from suggestions.credit(home.place, round_.question.id)
    words = render.reveal(round_, result, credit)
    return _to(home, key, kind, round_.thread, words, reply_to=round_.message)


def _answered(row: Row, kind: ParcelKind) -> Unit[Parcel | None]:
    """The words of an outbox row that is about a reply."""
    found = yield from one("round_home", id=row["round_id"])
    reply = yield from one("reply_get", id=row["reply_id"])
    if found is None or reply is None or not reply["user_id"] or reply["state"] in ("withdrawn", "replaced"):
        return None
    key, home = str(row["id"]), records.home(found)
    only_for = reply["user_id"] if reply["private"] or kind in _FOR_ITS_AUTHOR else ""
    reply_to = "" if reply["private"] else reply["message"]
    if kind is ParcelKind.PENDING:
        return _to(home, key, kind, reply["channel"], render.pending(), reply_to=reply_to, only_for=only_for)
    if kind is ParcelKind.WELCOME:
        return _to(home, key, kind, reply["channel"], render.welcome(), reply_to=reply_to, only_for=only_for)
    if kind is ParcelKind.PACED:
        words = render.paced(records.moment(reply["ready_at"]))
        return _to(home, key, kind, reply["channel"], words, reply_to=reply_to, only_for=only_for)
    own = yield from grade_in(reply)
    if own.grade is None:
        return None
    message = render.grade(own.grade, own.reply_id, own.notes, own.off, changed=own.changed)
    author = Person(reply["user_id"], reply["author_name"])
    return _to(
        home, key, kind, reply["channel"], message, reply_to=reply_to, only_for=only_for, author=author,
        written=records.moment(reply["at"]),
    )  # fmt: skip


def _letter(row: Row, kind: ParcelKind, home: Channel) -> Unit[Parcel | None]:
    said = yield from _LETTERS[kind](home.place, row["about"])
    return _to(home, str(row["id"]), kind, "", said[0], only_for=said[1]) if said else None


def _to(
    home: Channel,
    key: str,
    kind: ParcelKind,
    thread: str,
    message: Message,
    *,
    reply_to: str = "",
    only_for: str = "",
    author: Person | None = None,
    opens_thread: str = "",
    written: dt.datetime | None = None,
) -> Parcel:
    return Parcel(
        key, kind, home.place.platform, home.place.community, home.place.channel, thread, message, reply_to, only_for,
        author, opens_thread, home.pin, home.archive_after, written,
    )  # fmt: skip


def is_nobodys(row: Row, marked: Row | None) -> Unit[bool]:
    """Whether nothing may be left of a message: whom it is for is forgotten, or has deleted what it answers.

    `marked` is the outbox row as its mark gave it, None where another process has dealt with it.
    """
    if row["about"].startswith(_NOBODY):
        return True
    if row["kind"] == ParcelKind.SUGGESTION:
        asked = yield from one("suggestion_get", id=int(row["about"]))
        return asked is None or not asked["user_id"]
    if not row["reply_id"]:
        return False
    of = marked or (yield from one("outbox_author", id=row["id"]))  # it is there all the same
    return of is not None and of["author"] == ""


def lost_parcel(row: Row) -> Unit[Parcel | None]:
    """What tells a message from others, without its words, that may be there though nothing may be left of it."""
    key, kind = str(row["id"]), ParcelKind(row["kind"])
    if row["about"].startswith(_NOBODY):
        whom = row["about"].removeprefix(_NOBODY)
        return _to((yield from _home(row)), key, kind, "", Message(), only_for=whom) if whom else None
    reply = (yield from one("reply_get", id=row["reply_id"])) if row["reply_id"] else None
    if reply is None or reply["private"] or kind is not ParcelKind.GRADE:
        return None
    if reply["user_id"] and reply["state"] != "withdrawn":
        return None
    return _to((yield from _home(row)), key, kind, reply["channel"], Message(), reply_to=reply["message"])


def _home(row: Row) -> Unit[Channel]:
    found = yield from one("round_get", id=row["round_id"])
    assert found is not None  # noqa: S101  outbox rows refer to their round
    return records.channel(found, found["channel_id"])


def _parcels(waiting: Sequence[Row]) -> Unit[dict[int, Parcel | None]]:
    """The parcels of outbox rows by their ids, up to the first that can't be made."""
    found: dict[int, Parcel | None] = {}
    for row in waiting:
        try:
            found[row["id"]] = yield from parcel_of(row)
        except Exception:  # noqa: BLE001  raised when its turn comes
            break
    return found

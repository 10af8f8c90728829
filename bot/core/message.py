"""What the coach says, in a form that every platform can show.

All text here is plain: it may come from people or models and is escaped by the platform that shows it. Structure is
carried by types, never by markup inside a string.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from bot.core.lazy import Json
from bot.core.model import Person

# ---------------------------------------------------------------------------------------------- inline


@dataclass(frozen=True, slots=True)
class Strong:
    """A few words that stand out."""

    text: str
    kind: Literal["strong"] = "strong"


@dataclass(frozen=True, slots=True)
class Code:
    """A few words as a program has them, on one line."""

    text: str
    kind: Literal["code"] = "code"


@dataclass(frozen=True, slots=True)
class When:
    """A moment, shown in the reader's own zone where the platform can; `relative` asks for "in 3 hours" instead."""

    at: dt.datetime
    relative: bool = False
    kind: Literal["when"] = "when"


Inline = str | Strong | Code | When

# ---------------------------------------------------------------------------------------------- blocks


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph; line breaks inside its strings are kept."""

    parts: tuple[Inline, ...]
    kind: Literal["para"] = "para"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list, an entry each."""

    items: tuple[tuple[Inline, ...], ...]
    kind: Literal["bullets"] = "bullets"


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines of a program, shown as they are."""

    text: str
    kind: Literal["listing"] = "listing"


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's words, set apart."""

    text: str
    kind: Literal["quote"] = "quote"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header, all of the same length; `own` is the index of the asker's row, or None."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    own: int | None = None
    kind: Literal["table"] = "table"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to hand over; `content` is text."""

    name: str
    content: str
    kind: Literal["attachment"] = "attachment"


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart: values by date, oldest first. `own` marks the asker's."""

    label: str
    points: tuple[tuple[dt.date, int], ...]
    own: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: a value from 0 to 10."""

    label: str
    value: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Values over time, or bars side by side, for platforms that can show a picture; `alt` says the same in words for
    all others.
    """

    title: str
    series: tuple[Series, ...] = ()
    bars: tuple[Bar, ...] = ()
    kind: Literal["chart"] = "chart"

    @property
    def alt(self) -> str:
        """What the picture shows, in a sentence."""
        drawn = [line for line in self.series if line.points]
        lines = [f"{line.label} from {line.points[0][1]} to {line.points[-1][1]}" for line in drawn]
        return f"{self.title}: {'; '.join(lines + [f'{bar.label} {bar.value:.1f}' for bar in self.bars])}."


Block = Para | Bullets | Listing | Quote | Table | Attachment | Chart

# ---------------------------------------------------------------------------------------------- buttons and forms


@dataclass(frozen=True, slots=True)
class Button:
    """Runs the verb `verb` of the command table for `target` (a round's or a reply's id)."""

    label: str
    verb: str
    target: str = ""
    args: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a form. `choices` makes it a menu. `limit` is in characters."""

    name: str
    label: str
    value: str = ""
    long: bool = False
    required: bool = True
    limit: int = 200
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """Asks for input; sending it runs `verb` for `target` with the fields as arguments."""

    title: str
    verb: str
    target: str
    fields: tuple[Field, ...]
    intro: str = ""
    submit: str = "Send"


@dataclass(frozen=True, slots=True)
class Message:
    """A title, blocks and buttons. `mention` names a role or group that the organisers chose to call.

    `refusal` marks what tells the asker alone that something can't be done, whatever the command shows otherwise.
    """

    title: str = ""
    blocks: tuple[Block, ...] = ()
    buttons: tuple[Button, ...] = ()
    mention: str = ""
    refusal: bool = False

    @property
    def text(self) -> str:
        """The message as plain text, for terminals, notifications and tests; times are in UTC."""
        lines = [self.title] if self.title else []
        for block in self.blocks:
            lines.extend(_plain(block))
        return "\n".join(lines)


def _words(parts: tuple[Inline, ...]) -> str:
    return "".join(map(_said, parts))


def _said(part: Inline) -> str:
    match part:
        case Strong():
            return part.text
        case Code():
            return f"`{part.text}`"
        case When():
            return part.at.strftime("%A %d %B %Y %H:%M UTC")
        case _:
            return part


def _plain(block: Block) -> list[str]:
    match block:
        case Para():
            return _words(block.parts).splitlines()
        case Bullets():
            return [f"- {_words(item)}" for item in block.items]
        case Listing():
            return [f"    {line}" for line in block.text.splitlines()]
        case Quote():
            return [f"> {line}" for line in block.text.splitlines()]
        case Attachment():
            return [f"[{block.name}]"]
        case Chart():
            return [block.alt]
        case Table():
            grid = (block.header, *block.rows)
            widths = [max(len(row[i]) for row in grid) for i in range(len(block.header))]
            lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in grid)
            return [line.rstrip() for line in lines]


# ---------------------------------------------------------------------------------------------- sending


class ParcelKind(StrEnum):
    """What a message in the outbox is for."""

    QUESTION = "question"  # opens the round's thread
    GRADE = "grade"
    PENDING = "pending"  # the grader is away
    PACED = "paced"  # its author writes faster than is graded
    REVEAL = "reveal"
    WELCOME = "welcome"  # after a person's first grade
    SUGGESTION = "suggestion"  # the organisers have decided on it
    DIGEST = "digest"  # the week in figures


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message on its way to a channel.

    `key` is the outbox row, unique for ever: with it a platform recognises what it has already posted. `thread` is ""
    for a post in the channel itself. `reply_to` is the message answered. `only_for` is the one person who may see it,
    "" for everybody. `author` wrote the answer that a grade is for. A parcel with `opens_thread` gets a thread of that
    name made from it, which the platform puts away after `archive_after` without a word. `pin` asks for a question to
    be pinned until its reveal. `written` is when the answer was written that a grade is for. `since` is when it was to
    be said first, told where it is looked for: it can't have been posted before.
    """

    key: str
    kind: ParcelKind
    platform: str
    community: str
    channel: str
    thread: str
    message: Message
    reply_to: str = ""
    only_for: str = ""
    author: Person | None = None
    opens_thread: str = ""
    pin: bool = False
    archive_after: dt.timedelta = dt.timedelta(days=1)
    written: dt.datetime | None = None
    since: dt.datetime | None = None


MESSAGE = Json(Message)
"""Message to and from JSON, for platforms that keep what they show."""

FORM = Json(Form)
"""Form to and from JSON."""

"""What a command is, and one use of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.coach import Coach
from bot.core.message import Form, Message
from bot.core.model import Person, Place, Reply

ARGUMENT_LIMIT = 6_000  # characters; the longest is a private answer


class Kind(StrEnum):
    """The ways a command can be started."""

    SLASH = "slash"
    BUTTON = "button"
    MESSAGE = "message"  # on one message, from its menu
    MENTION = "mention"


@dataclass(frozen=True, slots=True)
class Param:
    """An argument. `choices` are all its values; `topic` means a section of the bank; `rest` takes all words left."""

    name: str
    help: str
    required: bool = False
    choices: tuple[str, ...] = ()
    topic: bool = False
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a command.

    `place.channel` is the channel (never the thread, which is in `thread`, "" outside one). `target` is what a button
    or form carries (a round's or a reply's id). `key` is unique per interaction and the same on redelivery.
    `submitted` says that a form was filled in: its fields are in `args`. `zone` is the person's IANA zone where the
    platform knows it. `written` is the message that a message command was used on, where the platform hands it over.
    """

    verb: str
    place: Place
    person: Person
    at: dt.datetime
    key: str
    organiser: bool = False
    thread: str = ""
    target: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    submitted: bool = False
    zone: str = ""
    written: Reply | None = None

    def arg(self, name: str) -> str:
        """An argument without surrounding space; "" when it wasn't given."""
        return self.args.get(name, "").strip()


Handler = Callable[[Coach, Call], Awaitable[Message]]
MaySee = Callable[[str], Awaitable[bool]]
FormMaker = Callable[[Coach, Call], Awaitable[Form]]


@dataclass(frozen=True, slots=True)
class Command:
    """A verb ("leaderboard", "config set"): who may use it, what it takes, who sees the answer, what runs.

    `form` makes it open a form first; the handler then runs when the form is sent.
    """

    verb: str
    help: str
    handler: Handler
    params: tuple[Param, ...] = ()
    kinds: frozenset[Kind] = frozenset({Kind.SLASH, Kind.MENTION})
    organisers: bool = False
    personal: bool = True
    form: FormMaker | None = None

    @property
    def usage(self) -> str:
        """The verb with its parameters, as typed after /mlops."""
        parts = [self.verb]
        for param in self.params:
            text = "|".join(param.choices) if param.choices else param.name
            parts.append(f"<{text}>" if param.required else f"[{text}]")
        return " ".join(parts)

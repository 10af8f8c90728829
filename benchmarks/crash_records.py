"""What the world of the crash harness remembers: every text, every use of a command, all that the coach said."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

COMMUNITY, PLATFORM = "hall", "loop"
ORGANISER = "boss"


@dataclass(slots=True)
class Version:
    """One text of a message. `score` is what it is worth; talk is worth nothing until somebody asks."""

    text: str
    at: dt.datetime
    revision: str
    answer: bool
    score: int
    copied: bool = False
    acked_at: dt.datetime | None = None

    @property
    def acked(self) -> bool:
        return self.acked_at is not None


@dataclass(slots=True)
class Written:
    """A person's message; `channel` is the one of its thread."""

    id: str
    channel: str
    thread: str
    author: str
    versions: list[Version]
    addressed: bool = False
    deleted: bool = False
    acked_before_deletion: bool = False
    asked: bool = False


@dataclass(slots=True)
class Said:
    """A message of the coach. `target` is the round or reply that its buttons are for."""

    id: str
    key: str
    kind: str
    channel: str
    thread: str
    reply_to: str
    only_for: str
    target: str
    text: str
    erased: bool = False


@dataclass(slots=True)
class Use:
    """One use of a command, tried with a new key until the coach answers; `keys` are (key, when) of each try.

    With `gives_up` it isn't tried again after a crash: it may have been done, or not.
    """

    verb: str
    channel: str
    person: str
    args: dict[str, str]
    target: str = ""
    thread: str = ""
    score: int = 0
    copied: bool = False
    keys: list[tuple[str, dt.datetime]] = field(default_factory=list)
    answered_at: dt.datetime | None = None
    answer: str = ""
    refused: bool = False
    sent: float = 0.0
    gives_up: bool = False


@dataclass(slots=True)
class Trouble:
    """How often (0 to 1) the platform says that it is away, before or after the work was done, or refuses for good."""

    away: float = 0.0
    away_after: float = 0.0
    refuse: float = 0.0

"""Every error that the coach raises on purpose.

CoachError                     its text is one line that says what happened and what to do
├── UsageError                 a person asked for something that can't be done; shown to that person
├── SettingsError              the program can't start as it is set up; exit code 2
├── ContentError               a document of questions or a prompt has faults; carries all of them
├── StoreError                 the database can't be used
│   ├── StoreTooNew            it was written by a newer version
│   ├── StoreDamaged           it isn't a database, or its pages are broken
│   ├── StoreInUse             another process writes to it
│   ├── StoreUnwritable        the folder is read-only or the disk is full
│   └── StoreAway              the server can't be reached for now
├── GraderError                no grade could be had, and trying again won't help
│   └── GraderAway             no grade could be had for now
└── PlatformError              a chat platform refused a message for good (no permission, thread gone)
    └── PlatformAway           a chat platform can't be reached for now

Vendors' errors are translated where they arise, with the cause kept (`raise ... from exc`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.model import Receipt


class CoachError(Exception):
    """The base of all: `str(error)` is fit to be shown as one line."""


class UsageError(CoachError):
    """What a person typed or asked for can't be done; the text says what was meant or possible."""


class SettingsError(CoachError):
    """A setting is missing, wrong or unusable."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a document: where, what, and what to do about it.

    `line` counts from 1; 0 means the document as a whole.
    """

    file: str
    line: int
    problem: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.problem}; {self.remedy}"


class ContentError(CoachError):
    """A document was rejected whole; `faults` lists every reason."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class StoreError(CoachError):
    """The database can't be used."""


class StoreTooNew(StoreError):
    """The database was written by a newer version of the coach."""


class StoreDamaged(StoreError):
    """The file isn't a database of the coach, or it is broken."""


class StoreInUse(StoreError):
    """Another process holds the database for writing."""


class StoreUnwritable(StoreError):
    """The folder is read-only, or the disk is full."""


class StoreAway(StoreError):
    """The database's server couldn't be reached for longer than anybody should wait."""


class GraderError(CoachError):
    """No grade could be had; trying the same answer again won't help. `spent` is what the attempt cost, if anything."""

    spent: Receipt | None = None


class GraderAway(GraderError):
    """No grade could be had for now; the reply stays pending.

    `retry_after` is the wait in seconds that the provider asked for, or None. `notice` tells the organisers what they
    have to do about it; "" for what passes by itself. `local` says that it concerns one community alone.
    """

    def __init__(self, text: str, retry_after: float | None = None, notice: str = "", *, local: bool = False) -> None:
        self.retry_after = retry_after
        self.notice = notice
        self.local = local
        super().__init__(text)


class PlatformError(CoachError):
    """A platform refused a message for good: the message is dropped and the organisers are told."""


class PlatformAway(PlatformError):
    """A platform can't be reached for now; `retry_after` is the wait in seconds that it asked for, or None."""

    def __init__(self, text: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(text)

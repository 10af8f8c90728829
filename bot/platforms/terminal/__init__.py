"""A chat that only prints: what the coach says, as text. The demo runs on it."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import textwrap
from collections.abc import AsyncIterator, Callable

from bot.core.message import Message, Parcel, ParcelKind
from bot.core.model import Place, Reply
from bot.core.ports import Sent
from bot.core.text import visible

PLATFORM = "terminal"


class Terminal:
    """A `bot.core.ports.Platform` that hands lines to `write` and keeps nothing."""

    def __init__(self, write: Callable[[str], None], width: int = 88) -> None:
        self._write, self._width = write, width
        self._ids = itertools.count(1)

    @property
    def name(self) -> str:
        return PLATFORM

    @property
    def finds_personal(self) -> bool:
        return True

    def serves(self, community: str) -> bool:
        """Always: there is one process."""
        return True

    def say(self, who: str, text: str, *, indent: str = "") -> None:
        """Print what somebody says, without what could steer a terminal."""
        self._write(f"{indent}{visible(who)}")
        for line in visible(text).splitlines() or [""]:
            bullet = "  " if line.startswith("- ") else ""
            inner = f"{indent}  | "
            wrapped = textwrap.wrap(line, self._width - len(inner), subsequent_indent=bullet) or [""]
            for part in wrapped:
                self._write(f"{inner}{part}".rstrip())

    def show(self, message: Message, *, indent: str = "") -> None:
        """Print a message of the coach with its buttons."""
        text = message.text
        if message.buttons:
            text += "\n" + " ".join(f"[{button.label}]" for button in message.buttons)
        self.say("Coach", text, indent=indent)

    async def send(self, parcel: Parcel) -> Sent:
        if not parcel.only_for:  # it shows what everybody sees
            self.show(parcel.message, indent="    " if parcel.thread else "")
        message = str(next(self._ids))
        return Sent(message, f"thread-{message}" if parcel.opens_thread else "")

    async def find(self, parcel: Parcel) -> Sent | None:
        return None

    async def amend(self, message: str, parcel: Parcel) -> None:
        if parcel.kind is ParcelKind.QUESTION:
            return  # printed is printed, and another count isn't worth the question again
        self.show(parcel.message, indent="    " if parcel.thread else "")

    async def forget(self, community: str, user: str) -> None:
        return None

    async def acknowledge(self, reply: Reply) -> None:
        return None

    async def history(self, place: Place, thread: str, since: dt.datetime) -> AsyncIterator[Reply]:
        nothing: tuple[Reply, ...] = ()
        for reply in nothing:
            yield reply

    async def run(self) -> None:
        await asyncio.Event().wait()

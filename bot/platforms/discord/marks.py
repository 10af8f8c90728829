"""Finding what was posted before a crash: every message of the coach carries its parcel's mark.

A channel is read once and remembered for a while, so that looking for fifty grades in one thread reads it once.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import OrderedDict
from collections.abc import Iterator

import discord

from bot.platforms.discord import ids

NEWEST = 300
"""Messages looked through from the end where nothing says how far back to go."""

MOST = 5_000
"""Messages looked through from where one may be."""

MARGIN = dt.timedelta(minutes=5)
"""By how much our clock and Discord's may differ."""

REMEMBERED_S = 60.0
MOST_REMEMBERED = 200
"""Channels that are remembered at once, the newest."""


def begin(answered: int, since: dt.datetime | None) -> int:
    """After which id a message has to be that answers another one, or was first to be said at a time; 0: who knows."""
    if answered:
        return answered
    return discord.utils.time_snowflake(since - MARGIN) if since else 0


class Marks:
    """What is known to be in a channel, by mark."""

    def __init__(self) -> None:
        self._read: OrderedDict[int, tuple[float, int, dict[str, int]]] = OrderedDict()

    def doubt(self, channel: int) -> None:
        """Something may have been posted that we don't know of: read the channel again before the next answer."""
        self._read.pop(channel, None)

    def add(self, channel: int, mark: str, message: int) -> None:
        """Note what was posted."""
        expires, _, known = self._read.get(channel, (0.0, 0, {}))
        if expires < time.monotonic():
            self._read.pop(channel, None)  # nobody will look there
        else:
            known[mark] = message

    async def find(self, channel: discord.PartialMessageable, mark: str, me: int, after: int = 0) -> int | None:
        """The id of the message with a mark, among those after a message or the newest; None if it isn't there."""
        expires, begin, known = self._read.get(channel.id, (0.0, 0, {}))
        if expires < time.monotonic() or after < begin:
            begin, known = await _read(channel, me, after)
            self._read[channel.id] = (time.monotonic() + REMEMBERED_S, begin, known)
            self._read.move_to_end(channel.id)
            while len(self._read) > MOST_REMEMBERED:
                self._read.popitem(last=False)
        return known.get(mark)


async def _read(channel: discord.PartialMessageable, me: int, after: int) -> tuple[int, dict[str, int]]:
    """Our messages by mark, and the id from which on all of them are there."""
    known: dict[str, int] = {}
    oldest, count = after, 0
    history = channel.history(after=discord.Object(after), limit=MOST) if after else channel.history(limit=NEWEST)
    async for message in history:
        oldest, count = min(oldest or message.id, message.id), count + 1
        if message.author.id == me:
            known.update(dict.fromkeys(marks_of(message), message.id))
    return (after if after else oldest if count == NEWEST else 0), known


def marks_of(message: discord.Message) -> Iterator[str]:
    """The marks that a message of ours carries."""
    for row in message.components:
        for part in getattr(row, "children", ()):
            if found := ids.mark(getattr(part, "custom_id", None) or ""):
                yield found
    for embed in message.embeds:
        if embed.footer.text:
            yield embed.footer.text

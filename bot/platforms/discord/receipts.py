"""Receipts: a reaction on an answer says that it was seen, another that it was graded. Best effort."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from enum import StrEnum

import discord

from bot.platforms.discord.faults import PASSING

log = logging.getLogger(__name__)

MOST_AT_ONCE = 500
"""Messages whose receipts are on their way; beyond it new "seen" receipts are left out."""

MOST_WAITING = 5_000
"""Beyond it those of grades are left out too: the grade itself is there."""


class Receipt(StrEnum):
    """The reactions."""

    SEEN = "👀"
    GRADED = "✅"


Where = tuple[str, str, str]
"""Community, thread and message."""


class Receipts:
    """Brings each message's reaction to what it should be, one change of a message at a time."""

    def __init__(self, client: Callable[[], discord.Client | None]) -> None:
        self._client = client
        self._wanted: dict[Where, Receipt] = {}
        self._shown: dict[Where, Receipt] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, where: Where, receipt: Receipt) -> None:
        """Show a receipt on a message instead of the one before; returns at once."""
        known = where in self._wanted
        if not known and len(self._wanted) >= (MOST_AT_ONCE if receipt is Receipt.SEEN else MOST_WAITING):
            return
        self._wanted[where] = receipt
        if not known:
            task = asyncio.create_task(self._work(where), name="receipt")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self, where: Where) -> None:
        try:
            while (wanted := self._wanted[where]) is not self._shown.get(where):
                await self._change(where, wanted)
                self._shown[where] = wanted
        except PASSING as error:
            log.info("no receipt on message %s: %s", where[2], error)
        finally:
            del self._wanted[where]
            # What was graded is at its end; only "seen" will be changed.
            if self._shown.get(where) is Receipt.GRADED:
                del self._shown[where]
            while len(self._shown) > MOST_AT_ONCE:
                del self._shown[next(iter(self._shown))]

    async def _change(self, where: Where, wanted: Receipt) -> None:
        client = self._client()
        if client is None or client.user is None:
            return
        guild, thread, message = (int(part) for part in where)
        target = client.get_partial_messageable(thread, guild_id=guild).get_partial_message(message)
        await target.add_reaction(wanted)
        other = Receipt.GRADED if wanted is Receipt.SEEN else Receipt.SEEN
        # After a restart we don't know what is there, so what shouldn't be is taken off in any case.
        if wanted is Receipt.GRADED or self._shown.get(where) is other:
            await self._take_off(target, other, client.user)

    async def _take_off(self, target: discord.PartialMessage, receipt: Receipt, me: discord.ClientUser) -> None:
        try:
            await target.remove_reaction(receipt, me)
        except discord.NotFound:
            return  # it wasn't there

"""Receipts: a reaction on an answer says that it was seen, another that it was graded. Best effort."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from enum import StrEnum

from bot.core.errors import CoachError
from bot.platforms.slack.blocks.ids import split_thread
from bot.platforms.slack.link import api
from bot.platforms.slack.link.workspaces import Workspace, Workspaces
from bot.platforms.slack.pace import patiently

log = logging.getLogger(__name__)

MOST_WAITING = 1_000
BUSY = 30
"""From so many waiting receipts on "seen" is left out: by the time that it were put, the grade is there."""

REACTION_S = 1.2
"""Seconds between two reactions, as a part of the pace of posts: Slack takes at least 50 a minute."""

LONGEST_S = 120.0
MOST_REMEMBERED = 5_000

_NOT_WORTH_A_WORD = frozenset({"already_reacted", "no_reaction", "message_not_found", "thread_locked"})


class Receipt(StrEnum):
    """The reactions, by Slack's names for them."""

    SEEN = "eyes"
    GRADED = "white_check_mark"


Where = tuple[str, str, str]
"""Team, thread and message."""


class _Queue:
    """One workspace's receipts that are still to be put."""

    def __init__(self) -> None:
        self.wanted: OrderedDict[Where, Receipt] = OrderedDict()
        self.worker: asyncio.Task[None] | None = None


class Receipts:
    """Brings each message's reaction to what it should be, workspace by workspace, at their own pace."""

    def __init__(self, workspaces: Workspaces, pace_s: float) -> None:
        self._workspaces, self._between_s = workspaces, pace_s * REACTION_S
        self._queues: dict[str, _Queue] = {}
        self._seen: OrderedDict[Where, bool] = OrderedDict()

    def put(self, where: Where, receipt: Receipt) -> None:
        """Show a receipt on a message instead of the one before; returns at once."""
        queue = self._queues.setdefault(where[0], _Queue())
        full = len(queue.wanted) >= (BUSY if receipt is Receipt.SEEN else MOST_WAITING)
        if full and where not in queue.wanted:
            self._left_out(where)
            return
        if queue.wanted.get(where) is Receipt.SEEN:
            self._left_out(where)  # the grade came first
        if queue.wanted.get(where) is not Receipt.GRADED:
            queue.wanted[where] = receipt
        if queue.worker is None or queue.worker.done():
            queue.worker = asyncio.create_task(self._work(where[0], queue), name="receipts on Slack")

    def _left_out(self, where: Where) -> None:
        if not self._seen.get(where):  # one that was put before an edit is there all the same
            self._note(where, shown=False)

    def _note(self, where: Where, *, shown: bool) -> None:
        self._seen[where] = shown
        while len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)

    async def _work(self, team: str, queue: _Queue) -> None:
        while queue.wanted:
            where, receipt = queue.wanted.popitem(last=False)
            try:
                workspace = await self._workspaces.get(team)
                await self._change(workspace, where, receipt)
            except api.PASSING as error:
                if api.code(error) not in _NOT_WORTH_A_WORD:
                    log.info("no receipt on message %s: %s", where[2], api.reason(error))
            except CoachError as error:
                log.info("no receipt on message %s: %s", where[2], error)
        if self._queues.get(team) is queue:
            del self._queues[team]

    async def _change(self, workspace: Workspace, where: Where, receipt: Receipt) -> None:
        if receipt is Receipt.SEEN:
            await self._react(workspace, where, Receipt.SEEN)
            self._note(where, shown=True)
            return
        await self._react(workspace, where, Receipt.GRADED)
        # After a restart we don't know what is there, so what shouldn't be is taken off in any case.
        if self._seen.pop(where, True):
            await self._react(workspace, where, Receipt.SEEN, take_off=True)

    async def _react(self, workspace: Workspace, where: Where, receipt: Receipt, *, take_off: bool = False) -> None:
        channel, _ = split_thread(where[1])
        call = workspace.client.reactions_remove if take_off else workspace.client.reactions_add
        try:
            await patiently(lambda: call(channel=channel, name=receipt.value, timestamp=where[2]), LONGEST_S)
        except api.PASSING as error:
            if api.code(error) not in ("already_reacted", "no_reaction"):
                raise
        finally:
            await asyncio.sleep(self._between_s)

    async def idle(self) -> None:
        """Wait until every receipt is put."""
        while tasks := [q.worker for q in self._queues.values() if q.worker and not q.worker.done()]:
            await asyncio.wait(tasks)

    async def stop(self) -> None:
        """Leave the receipts that aren't put yet."""
        tasks = [queue.worker for queue in self._queues.values() if queue.worker]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

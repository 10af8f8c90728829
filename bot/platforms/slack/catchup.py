"""Reading open threads again after events may have been missed; never twice at once, and until it has worked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from bot.coach.work import backoff
from bot.core.errors import CoachError, PlatformError
from bot.core.model import Reply
from bot.platforms.slack.blocks.ids import split_thread
from bot.platforms.slack.inbox import reply_of, written
from bot.platforms.slack.link.faults import translating
from bot.platforms.slack.link.workspaces import Workspaces
from bot.platforms.slack.marks import messages
from bot.platforms.slack.people import People

log = logging.getLogger(__name__)

CATCH_UP_AGAIN_S = 10.0

HISTORY_MOST = 1_000_000
"""Messages of one thread that are read again: all of them, since those that aren't found count as withdrawn."""

HISTORY_WAIT_S = 600.0


async def replies_in(thread: str, team: str, workspaces: Workspaces, people: People) -> AsyncIterator[Reply]:
    """People's messages in a thread, oldest first. Raises PlatformError, PlatformAway."""
    workspace = await workspaces.get(team)
    if not split_thread(thread)[1]:
        raise PlatformError(f"Slack has no thread {thread[:80]!r}.")
    found = messages(workspace, thread, most=HISTORY_MOST, longest_s=HISTORY_WAIT_S)
    while True:
        with translating("a thread", workspaces, team):
            message = await anext(found, None)
        if message is None:
            return
        user = str(message.get("user") or "")
        known = people.known(team, user)
        if not written(message) or user == workspace.bot_user or (known and known.bot):
            continue
        reply = reply_of(message, team, thread, workspace.bot_user, known)
        if reply:
            people.later(team, user)
            yield reply


class CatchUp:
    """Runs `read`, which gives the number of messages that were new, in the background."""

    def __init__(self, read: Callable[[], Awaitable[int]]) -> None:
        self._read = read
        self._task: asyncio.Task[None] | None = None
        self._again = self._missed = False

    def missed(self) -> None:
        """A thread could not be read, though others may have been: all are read again after a while."""
        self._missed = True
        self.start(CATCH_UP_AGAIN_S)

    def start(self, delay: float) -> None:
        """Read again in `delay` seconds, or once more after the reading that goes on; returns at once."""
        if self._task and not self._task.done():
            self._again = True
            return
        self._task = asyncio.create_task(self._work(delay), name="catch up with Slack")

    async def _work(self, delay: float) -> None:
        failures = 0
        while True:
            await asyncio.sleep(delay)
            self._again = self._missed = False
            try:
                if missed := await self._read():
                    log.info("Slack: %d messages had come unseen", missed)
            except CoachError as error:
                log.error("Slack: open threads could not be read again yet: %s", error)
                self._again = True
            except Exception:
                log.exception("Slack: open threads could not be read again yet")
                self._again = True
            if not self._again:
                return
            failures = failures + 1 if self._missed else 0
            delay = backoff(failures, first=CATCH_UP_AGAIN_S)

    async def idle(self) -> None:
        """Wait until the reading that goes on is done."""
        if self._task:
            await asyncio.wait([self._task])

    async def stop(self) -> None:
        """End the reading that goes on."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

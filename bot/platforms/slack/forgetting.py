"""Forgetting people and workspaces: what Slack shows of them, and what is remembered about them here."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from bot.coach import Coach
from bot.core.errors import CoachError, StoreError
from bot.core.ports import Store
from bot.platforms.erasures import Erasures
from bot.platforms.slack.background import Background
from bot.platforms.slack.inbox import PLATFORM
from bot.platforms.slack.send import Sender

log = logging.getLogger(__name__)

FORGET_EVERY_S = 3_600.0


class Keeper(Protocol):
    """Remembers people of workspaces for a while."""

    def forget(self, team: str, user: str = "") -> None:
        """Drop what is kept about a person, or about a whole workspace."""
        ...


class Forgetting:
    """Forgets at once what is remembered, and deletes in the background what was said. `grace` is for workspaces."""

    def __init__(
        self,
        store: Store,
        sender: Sender,
        background: Background,
        keepers: Sequence[Keeper],
        *,
        coach: Callable[[], Coach],
        grace: dt.timedelta,
    ) -> None:
        self._background = background
        self._erasures = Erasures(store, PLATFORM, sender.erase)
        self._keepers, self._coach, self._grace = keepers, coach, grace

    def person(self, team: str, user: str) -> None:
        """Drop what is remembered about a person."""
        for keeper in self._keepers:
            keeper.forget(team, user)

    def go_on(self) -> None:
        """Delete, in the background, what still has to be."""
        self._background.start(self._erase(), "delete what was said to people")

    async def _erase(self) -> None:
        try:
            await self._erasures.work()
        except StoreError as error:
            log.error("Slack: what was said to people who are forgotten could not be deleted yet: %s", error)

    def workspace(self, team: str) -> None:
        """Drop what is remembered about a workspace."""
        for keeper in self._keepers:
            keeper.forget(team)

    async def removed(self, team: str) -> None:
        """A workspace removed the coach: it is forgotten when the grace period is over. Raises StoreError."""
        self.workspace(team)
        await self._coach().privacy.left(PLATFORM, team)
        log.info("workspace %s removed the coach; it is forgotten in %d days", team, self._grace.days)

    async def run(self) -> None:
        """Forget, for ever, the workspaces whose grace period is over."""
        while True:
            await asyncio.sleep(FORGET_EVERY_S)
            self.go_on()
            try:
                for team in await self._coach().privacy.forget_left(PLATFORM, self._grace):
                    self.workspace(team)
                    log.info("workspace %s removed the coach %s days ago and is forgotten", team, self._grace.days)
            except CoachError as error:
                log.error("workspaces that removed the coach could not be forgotten yet: %s", error)

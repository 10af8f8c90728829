"""The coach's home: a page of each person's own, shown when they open it and brought up to date for a while."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict

from bot import commands
from bot.coach import Coach
from bot.commands import Call
from bot.core.errors import CoachError, PlatformError
from bot.core.model import Person, Place
from bot.platforms.slack.blocks import forms
from bot.platforms.slack.channels import Channels
from bot.platforms.slack.inbox import PLATFORM
from bot.platforms.slack.link.faults import translating
from bot.platforms.slack.link.workspaces import Workspaces
from bot.platforms.slack.pace import patiently
from bot.platforms.slack.people import NOBODY, People

log = logging.getLogger(__name__)

FRESH_S = 3_600.0
"""How long a page is brought up to date after it was opened."""

MOST_OPEN = 2_000
AT_ONCE = 3
LONGEST_S = 30.0

Who = tuple[str, str]
"""Team and user."""


class Home:
    """Publishes home pages, each at most once at a time."""

    def __init__(
        self, coach: Coach, workspaces: Workspaces, people: People, channels: Channels, *, command: str
    ) -> None:
        self._coach, self._workspaces, self._people = coach, workspaces, people
        self._channels, self._command = channels, command
        self._open: OrderedDict[Who, float] = OrderedDict()
        self._due: OrderedDict[Who, None] = OrderedDict()
        self._workers: set[asyncio.Task[None]] = set()

    def opened(self, team: str, user: str) -> None:
        """Somebody looks at their page."""
        self._open[team, user] = time.monotonic() + FRESH_S
        self._open.move_to_end((team, user))
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)
        self.changed(team, user)

    def changed(self, team: str, user: str) -> None:
        """What a page shows has changed; nothing happens for those that weren't opened lately."""
        if self._open.get((team, user), 0.0) <= time.monotonic():
            return
        self._due[team, user] = None
        if len(self._workers) < AT_ONCE:
            worker = asyncio.create_task(self._work(), name="homes on Slack")
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        while self._due:
            (team, user), _ = self._due.popitem(last=False)
            try:
                await self._publish(team, user)
            except CoachError as error:
                log.warning("a home on Slack could not be shown: %s", error)
            except Exception:
                log.exception("a home on Slack could not be shown")

    async def _publish(self, team: str, user: str) -> None:
        workspace = await self._workspaces.get(team)
        try:
            profile = await self._people.ask(team, user, within_s=LONGEST_S)
        except PlatformError:
            profile = NOBODY
        call = Call(
            "home", Place(PLATFORM, team, ""), Person(user, profile.name), self._coach.clock.now(), "",
            organiser=profile.admin or user == workspace.installer, zone=profile.zone,
        )  # fmt: skip

        async def may_see(channel: str) -> bool:
            return await self._channels.visible(team, channel, user, guest=profile.guest)

        view = await forms.home(await commands.home(self._coach, call, may_see), command=self._command)
        with translating("your home", self._workspaces, team):
            await patiently(lambda: workspace.client.views_publish(user_id=user, view=view), LONGEST_S)

    def forget(self, team: str, user: str = "") -> None:
        """Drop what is kept about a person, or about everybody in a workspace."""
        for who in [who for who in self._open if who[0] == team and user in ("", who[1])]:
            del self._open[who]

    async def idle(self) -> None:
        """Wait until all pages are shown."""
        while self._workers:
            await asyncio.wait(self._workers)

    async def stop(self) -> None:
        """Leave the pages that aren't shown yet."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

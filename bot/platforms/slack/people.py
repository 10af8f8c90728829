"""What Slack tells about people: names, zones, and who administers a workspace. Asked late, kept for a while."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.core.errors import CoachError, PlatformAway, PlatformError
from bot.core.rules import NAME_LIMIT
from bot.core.text import one_line, storable
from bot.platforms.slack.link import api
from bot.platforms.slack.link.faults import translated
from bot.platforms.slack.link.workspaces import Workspaces
from bot.platforms.slack.pace import patiently

log = logging.getLogger(__name__)

KEPT_S = 3_600.0
UNKNOWN_S = 60.0
"""How long somebody isn't asked about again whom Slack didn't tell about."""

MOST_KEPT = 20_000
MOST_WAITING = 10_000
AT_ONCE = 4
LATER_AT_ONCE = 2
BUSY = 20
"""From so many names that are waited for on, nobody should wait for one more."""

LOOK_UP_WAIT_S = 300.0
"""How long a name that nobody waits for may take, with the waits that Slack asks for."""

Who = tuple[str, str]
"""Team and user."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One person.

    `admin` says that they administer the coach's own workspace, `guest` that they see only those of its channels that
    they are in, which is assumed of somebody unknown. `zone` is IANA's name, "" if unknown.
    """

    name: str = ""
    bot: bool = False
    admin: bool = False
    guest: bool = True
    zone: str = ""


NOBODY = Profile()

Named = Callable[[str, str, Profile], Awaitable[None]]
"""Is told team, user and profile once a name is known."""


class People:
    """Keeps profiles for an hour. `named` is told those that were looked up in the background."""

    def __init__(self, workspaces: Workspaces, named: Named) -> None:
        self._workspaces, self._named = workspaces, named
        self._kept: OrderedDict[Who, tuple[float, Profile]] = OrderedDict()
        self._asking: dict[Who, asyncio.Task[Profile]] = {}
        self._waiting: OrderedDict[Who, None] = OrderedDict()
        self._workers: set[asyncio.Task[None]] = set()
        # What nobody waits for has slots of its own: it may sleep through long waits that Slack asks for.
        self._slots, self._later_slots = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(LATER_AT_ONCE)

    def known(self, team: str, user: str) -> Profile | None:
        """A profile as far as it is kept; asks nobody."""
        found = self._kept.get((team, user))
        return found[1] if found and found[0] > time.monotonic() else None

    async def get(self, team: str, user: str, *, within_s: float = 5.0) -> Profile:
        """A profile; an empty one when Slack doesn't tell in time."""
        try:
            return await self.ask(team, user, within_s=within_s)
        except CoachError:
            return NOBODY

    @property
    def busy(self) -> bool:
        """Whether many names are waited for."""
        return len(self._waiting) >= BUSY

    async def ask(self, team: str, user: str, *, within_s: float, later: bool = False) -> Profile:
        """A profile. Raises PlatformError for nobody Slack knows, PlatformAway when it doesn't tell in time."""
        if known := self.known(team, user):
            return known
        who = (team, user)
        task = self._asking.get(who)
        if task is None:
            slots = self._later_slots if later else self._slots
            task = asyncio.create_task(self._fetch(who, slots), name="who is who on Slack")
            self._asking[who] = task
            task.add_done_callback(lambda done: self._asked(who, done))
        try:
            return await asyncio.wait_for(asyncio.shield(task), within_s)
        except TimeoutError:
            raise PlatformAway("Slack doesn't tell who that is") from None

    def _asked(self, who: Who, task: asyncio.Task[Profile]) -> None:
        del self._asking[who]
        if not task.cancelled():
            task.exception()  # whoever waited for it was told

    async def _fetch(self, who: Who, slots: asyncio.Semaphore) -> Profile:
        team, user = who
        async with slots:
            workspace = await self._workspaces.get(team)
            try:
                answer = await patiently(lambda: workspace.client.users_info(user=user), LOOK_UP_WAIT_S)
                profile = profile_of(answer.get("user"), team)
            except api.PASSING as error:
                fault = translated(error, "this workspace")
                if not isinstance(fault, PlatformAway):
                    self._keep(who, NOBODY, UNKNOWN_S)
                raise fault from error
        self._keep(who, profile, KEPT_S)
        return profile

    def _keep(self, who: Who, profile: Profile, seconds: float) -> None:
        self._kept[who] = (time.monotonic() + seconds, profile)
        self._kept.move_to_end(who)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    # ------------------------------------------------------------------------------------------ in the background

    def later(self, team: str, user: str) -> None:
        """Have somebody's name looked up and told to `named`; returns at once."""
        if self.known(team, user) or len(self._waiting) >= MOST_WAITING:
            return
        self._waiting[(team, user)] = None
        if len(self._workers) < LATER_AT_ONCE:
            worker = asyncio.create_task(self._work(), name="names on Slack")
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        while self._waiting:
            (team, user), _ = self._waiting.popitem(last=False)
            try:
                profile = await self.ask(team, user, within_s=LOOK_UP_WAIT_S, later=True)
                if profile.name:
                    await self._named(team, user, profile)
            except PlatformError as error:
                log.info("a name on Slack could not be looked up: %s", error)
            except CoachError as error:
                log.error("a name on Slack could not be stored: %s", error)

    async def idle(self) -> None:
        """Wait until all names are looked up."""
        while self._workers:
            await asyncio.wait(self._workers)

    def forget(self, team: str, user: str = "") -> None:
        """Drop what is kept about a person, or about everybody in a workspace."""
        for who in [who for who in self._kept if who[0] == team and user in ("", who[1])]:
            del self._kept[who]
        for who in [who for who in self._waiting if who[0] == team and user in ("", who[1])]:
            del self._waiting[who]

    async def stop(self) -> None:
        """End what is being looked up."""
        tasks = [*self._workers, *self._asking.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def profile_of(user: object, team: str) -> Profile:
    """What users.info says of somebody, read from the coach's own workspace: a guest's rank elsewhere means nothing."""
    if not isinstance(user, dict):
        return NOBODY
    shown: dict[str, Any] = user["profile"] if isinstance(user.get("profile"), dict) else {}
    names = (shown.get("display_name"), shown.get("real_name"), user.get("real_name"), user.get("name"))
    own = user.get("team_id", team) == team and not user.get("is_stranger")
    found = Profile(
        bot=bool(user.get("is_bot")),
        admin=own and not user.get("deleted") and bool(user.get("is_admin") or user.get("is_owner")),
        guest=not own or bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        zone=str(user.get("tz") or "")[:60],
    )
    for name in names:
        if isinstance(name, str) and (kept := one_line(storable(name), NAME_LIMIT)):
            return dataclasses.replace(found, name=kept)
    return dataclasses.replace(found, name="somebody")

"""What Slack tells about channels: their names, and whether the coach is in them. Kept for a minute."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.errors import CoachError, PlatformAway, PlatformError
from bot.core.text import one_line
from bot.platforms.slack.link import api
from bot.platforms.slack.link.faults import OUTSIDE, translated, translating
from bot.platforms.slack.link.workspaces import Workspaces

KEPT_S = 60.0
ASK_S = 2.0
MOST_KEPT = 5_000
MOST_PAGES = 20
"""Pages of a thousand members that are read of a private channel."""

INVITE = "I'm not in this channel. Write /invite @MLOps Coach here first."
NOT_HERE = "That works in channels only. Go to one, write /invite @MLOps Coach there, and ask again."


@dataclass(frozen=True, slots=True)
class About:
    """A channel: its name without #, "" when it can't be seen. `direct` means messages between people."""

    name: str = ""
    member: bool = False
    archived: bool = False
    private: bool = False
    direct: bool = False


class Channels:
    """Asks about channels and remembers."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces
        self._kept: OrderedDict[tuple[str, str], tuple[float, About]] = OrderedDict()
        self._inside: OrderedDict[tuple[str, str], tuple[float, frozenset[str]]] = OrderedDict()

    async def about(self, team: str, channel: str) -> About:
        """A channel as it was within the last minute. Raises PlatformError, PlatformAway."""
        if channel.startswith("D"):
            return About(member=True, direct=True)
        found = self._kept.get((team, channel))
        if found and found[0] > time.monotonic():
            return found[1]
        made = await self._ask(team, channel)
        # What is wrong may be mended at any moment, so it is looked at anew.
        self._kept[team, channel] = (time.monotonic() + (KEPT_S if made.member else 0.0), made)
        self._kept.move_to_end((team, channel))
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return made

    async def _ask(self, team: str, channel: str) -> About:
        workspace = await self._workspaces.get(team)
        try:
            async with asyncio.timeout(ASK_S):
                answer = await workspace.client.conversations_info(channel=channel)
        except api.PASSING as error:
            if api.code(error) in OUTSIDE:
                return About()
            raise translated(error, "this channel") from error
        found: Mapping[str, Any] = answer.get("channel") or {}
        return About(
            one_line(str(found.get("name") or ""), 80),
            bool(found.get("is_member")),
            bool(found.get("is_archived")),
            bool(found.get("is_private")),
            bool(found.get("is_im") or found.get("is_mpim")),
        )

    async def visible(self, team: str, channel: str, user: str, *, guest: bool) -> bool:
        """Whether somebody can see a channel: it is public and they are no guest, or they are in it.

        False where Slack doesn't tell.
        """
        try:
            about = await self.about(team, channel)
            if not (about.private or guest):
                return bool(about.name)
            return user in await self._members(team, channel)
        except PlatformError:
            return False

    async def _members(self, team: str, channel: str) -> frozenset[str]:
        kept = self._inside.get((team, channel))
        if kept and kept[0] > time.monotonic():
            return kept[1]
        workspace, cursor, found = await self._workspaces.get(team), "", set[str]()
        with translating("a private channel", self._workspaces, team):
            for _ in range(MOST_PAGES):
                answer = await workspace.client.conversations_members(channel=channel, limit=1000, cursor=cursor)
                found.update(map(str, answer.get("members") or ()))
                cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
                if not cursor:
                    break
        self._inside[team, channel] = (time.monotonic() + KEPT_S, frozenset(found))
        while len(self._inside) > MOST_KEPT:
            self._inside.popitem(last=False)
        return frozenset(found)

    async def label(self, team: str, channel: str) -> str:
        """A channel as it can be named to people, as far as Slack tells."""
        if channel.startswith("D"):
            return "a direct message"
        try:
            name = (await self.about(team, channel)).name
        except CoachError:
            name = self._kept.get((team, channel), (0.0, About()))[1].name
        return f"#{name}" if name else f"the channel {channel[:40]}"

    async def fault(self, team: str, channel: str) -> str:
        """What keeps the coach from writing in a channel, and what to do; "" when nothing is known to."""
        try:
            about = await self.about(team, channel)
        except PlatformAway:
            return ""
        except PlatformError as error:
            return str(error)
        if about.direct:
            return NOT_HERE
        if about.archived:
            return f"#{about.name} is archived. Unarchive it first."
        return "" if about.member else INVITE

    def forget(self, team: str, user: str = "") -> None:
        """Drop what is kept about a workspace; who is in a channel is kept for a minute anyway."""
        if not user:
            for kept in (self._kept, self._inside):
                for key in [key for key in kept if key[0] == team]:
                    kept.pop(key)

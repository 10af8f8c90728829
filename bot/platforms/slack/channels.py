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
from bot.platforms.slack import api
from bot.platforms.slack.faults import OUTSIDE, translated
from bot.platforms.slack.workspaces import Workspaces

KEPT_S = 60.0
ASK_S = 2.0
MOST_KEPT = 5_000
INVITE = "I'm not in this channel. Write /invite @MLOps Coach here first."
NOT_HERE = "That works in channels only. Go to one, write /invite @MLOps Coach there, and ask again."


@dataclass(frozen=True, slots=True)
class About:
    """A channel: its name without #, "" when it can't be seen. `direct` means messages between people."""

    name: str = ""
    member: bool = False
    archived: bool = False
    direct: bool = False


class Channels:
    """Asks about channels and remembers."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces
        self._kept: OrderedDict[tuple[str, str], tuple[float, About]] = OrderedDict()

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
            bool(found.get("is_im") or found.get("is_mpim")),
        )

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
        """Drop what is kept about a workspace; there is nothing about a person."""
        for key in [key for key in self._kept if key[0] == team and not user]:
            del self._kept[key]

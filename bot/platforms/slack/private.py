"""Answering one person alone: by direct message, which notifies, stays, and is found again after a crash."""

from __future__ import annotations

from collections import OrderedDict

from bot.platforms.slack.link.faults import translating
from bot.platforms.slack.link.workspaces import Workspaces
from bot.platforms.slack.pace import patiently

MOST_KEPT = 20_000
LONGEST_S = 60.0


class Private:
    """The direct conversation with each person."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces
        self._channels: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def channel(self, team: str, user: str) -> str:
        """The channel of the direct messages with somebody. Raises PlatformError, PlatformAway."""
        key = (team, user)
        if key not in self._channels:
            workspace = await self._workspaces.get(team)
            with translating("a direct message", self._workspaces, team):
                answer = await patiently(lambda: workspace.client.conversations_open(users=user), LONGEST_S)
                self._channels[key] = str((answer.get("channel") or {})["id"])
            while len(self._channels) > MOST_KEPT:
                self._channels.popitem(last=False)
        return self._channels[key]

    def forget(self, team: str, user: str = "") -> None:
        """Drop what is kept about a person, or about everybody in a workspace."""
        for key in [key for key in self._channels if key[0] == team and user in ("", key[1])]:
            del self._channels[key]

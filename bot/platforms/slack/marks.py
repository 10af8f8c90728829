"""Finding what was posted before a crash: every message of the coach carries its parcel's mark in its metadata.

A thread or channel is read once and remembered for a while, so that looking for fifty grades in one thread reads it
once.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from typing import Any

from bot.core.errors import PlatformAway
from bot.platforms.slack.blocks.ids import split_thread
from bot.platforms.slack.link.workspaces import Workspace
from bot.platforms.slack.pace import patiently

EVENT = "mlops_coach"
PAGE = 200
"""Messages of one answer: what Slack recommends."""

NEWEST = 400
"""Messages looked through from the end of a channel where nothing says how far back to go."""

MOST = 20_000
"""Messages looked through in a thread, or from where one may be in a channel."""

MARGIN = dt.timedelta(minutes=5)
"""By how much our clock and Slack's may differ."""

LONGEST_S = 90.0
REMEMBERED_S = 60.0
MOST_REMEMBERED = 200

_TS = re.compile(r"[0-9]{1,16}\.[0-9]{1,10}")

Key = tuple[str, str]
"""Team, and channel or thread."""


def metadata(mark: str) -> dict[str, Any]:
    """What a message carries."""
    return {"event_type": EVENT, "event_payload": {"parcel": mark}}


def mark_of(message: Mapping[str, Any]) -> str:
    """The mark that a message carries, "" for none."""
    found = message.get("metadata")
    if not isinstance(found, dict) or found.get("event_type") != EVENT:
        return ""
    payload = found.get("event_payload")
    return str(payload.get("parcel") or "") if isinstance(payload, dict) else ""


def begin(answered: str, since: dt.datetime | None) -> float:
    """After which ts a message has to be that answers another one, or was first to be said at a time; 0: who knows."""
    if _TS.fullmatch(answered):
        return float(answered)
    return (since - MARGIN).timestamp() if since else 0.0


class Marks:
    """What is known to be in a place, by mark."""

    def __init__(self) -> None:
        self._read: OrderedDict[Key, tuple[float, float, dict[str, str]]] = OrderedDict()

    def doubt(self, team: str, place: str) -> None:
        """Something may have been posted that we don't know of: read the place again before the next answer."""
        self._read.pop((team, place), None)

    def add(self, team: str, place: str, mark: str, ts: str) -> None:
        """Note what was posted."""
        expires, _, known = self._read.get((team, place), (0.0, 0.0, {}))
        if expires < time.monotonic():
            self._read.pop((team, place), None)  # nobody will look there
        else:
            known[mark] = ts

    async def find(self, workspace: Workspace, place: str, mark: str, after: float = 0.0) -> str:
        """The ts of the message with a mark in a thread or channel, among those after a ts; "" for none.

        Raises what the SDK raises.
        """
        key = (workspace.team, place)
        expires, begin, known = self._read.get(key, (0.0, 0.0, {}))
        if expires < time.monotonic() or after < begin:
            begin, known = after, {}
            read = []
            async for message in messages(workspace, place, oldest=f"{after:.6f}" if after else "0"):
                read.append(float(message.get("ts") or 0))
                if message.get("bot_id") == workspace.bot_id or message.get("user") == workspace.bot_user:
                    known[mark_of(message)] = str(message.get("ts"))
            if not after and len(read) >= NEWEST:
                begin = min(read)  # there may be older ones
            self._read[key] = (time.monotonic() + REMEMBERED_S, begin, known)
            while len(self._read) > MOST_REMEMBERED:
                self._read.popitem(last=False)
        return known.get(mark, "")


async def messages(
    workspace: Workspace, place: str, *, oldest: str = "0", most: int = 0, longest_s: float = LONGEST_S
) -> AsyncIterator[Mapping[str, Any]]:
    """The messages of a thread, oldest first, or of a channel, newest first, page by page.

    At most `most` (0: as many as are looked through for a mark). Raises what the SDK raises, PlatformAway when Slack
    asks for waits of more than `longest_s` seconds, or its pages don't come to an end.
    """
    channel, ts = split_thread(place)
    asked: dict[str, Any] = {"limit": PAGE, "include_all_metadata": True, "oldest": oldest}
    count, cursor = 0, ""
    while count < (most or (MOST if ts or oldest != "0" else NEWEST)):
        page = {**asked, "cursor": cursor} if cursor else asked
        answer = await patiently(functools.partial(_page, workspace, channel or place, ts, page), longest_s)
        found = answer.get("messages") or []
        for message in found:
            count += 1
            yield message
        before, cursor = cursor, str((answer.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:  # the end; a page that isn't the last may hold less than was asked for, or nothing
            return
        if cursor == before:
            raise PlatformAway("Slack gives the same page again and again")


async def _page(workspace: Workspace, channel: str, ts: str, page: dict[str, Any]) -> Mapping[str, Any]:
    if ts:
        answer = await workspace.client.conversations_replies(channel=channel, ts=ts, **page)
    else:
        answer = await workspace.client.conversations_history(channel=channel, **page)
    return answer.data if isinstance(answer.data, dict) else {}

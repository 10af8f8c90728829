"""Answers to what people ask for: to them alone where they asked, by direct message otherwise, or to all."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.commands import Call
from bot.core.errors import PlatformAway, PlatformError
from bot.core.message import Attachment, Chart, Message, Para
from bot.platforms.slack.blocks.show import Shown, show
from bot.platforms.slack.link import api
from bot.platforms.slack.link.faults import OUTSIDE, translating
from bot.platforms.slack.link.workspaces import Workspace, Workspaces
from bot.platforms.slack.pace import Pace
from bot.platforms.slack.private import Private
from bot.platforms.slack.send import Sender, Where

log = logging.getLogger(__name__)

FILES_FOLLOW = "The file is in our direct messages."
CHART_SENT = "The chart is in our direct messages."


@dataclass(frozen=True, slots=True)
class Back:
    """The way back to somebody who asked.

    `channel` is where they see what is for them alone, "" for their direct messages with the coach; `thread` the ts of
    the thread's head, "" outside one. `url` answers a command or press through Slack; `typed` says that it was a slash
    command, which is answered through nothing else.
    """

    team: str
    user: str
    channel: str = ""
    thread: str = ""
    url: str = field(default="", repr=False)
    typed: bool = False

    @property
    def direct(self) -> bool:
        return not self.channel or (self.channel.startswith("D") and not self.typed)


class Answers:
    """Brings answers to people."""

    def __init__(self, workspaces: Workspaces, private: Private, pace: Pace, sender: Sender, *, command: str) -> None:
        self._workspaces, self._private, self._pace, self._sender = workspaces, private, pace, sender
        self._command = command

    async def tell(self, back: Back, answer: Message, call: Call | None = None) -> None:
        """Show an answer to one person alone; `call` is what they asked. Raises PlatformError, PlatformAway."""
        shown = await self._shown(back, answer, call)
        if back.direct:
            await self._write(back, shown)
            return
        if back.typed:
            await self._respond(back, shown)
        else:
            await self._whisper(back, shown)
        if shown.files:
            await self.hand_over(back, shown)

    async def _shown(self, back: Back, answer: Message, call: Call | None) -> Shown:
        verb, args = (call.verb, call.args) if call else ("", {})
        if not back.direct:
            if any(isinstance(block, Attachment) for block in answer.blocks):
                answer = dataclasses.replace(answer, blocks=(*answer.blocks, Para((FILES_FOLLOW,))))
            return await show(answer, command=self._command, personal=True, verb=verb, args=args)
        # There is nobody to share with.
        buttons = tuple(button for button in answer.buttons if button.verb != "share")
        channel = call.place.channel if call and not call.place.channel.startswith("D") else ""
        return await show(dataclasses.replace(answer, buttons=buttons), command=self._command, channel=channel)

    async def share(self, back: Back, answer: Message) -> None:
        """Show an answer to everybody where it was asked for. Raises PlatformError, PlatformAway."""
        workspace = await self._workspaces.get(back.team)
        where = Where(workspace, back.channel or await self._private.channel(back.team, back.user), back.thread)
        shown = await show(answer, command=self._command)
        await self._sender.post(where, shown)

    async def hand_over(self, back: Back, shown: Shown) -> None:
        """Put a message's files into somebody's direct messages. Raises PlatformError, PlatformAway."""
        workspace = await self._workspaces.get(back.team)
        where = Where(workspace, await self._private.channel(back.team, back.user))
        await self._sender.upload(where, shown.files)

    async def chart(self, back: Back, answer: Message) -> bool:
        """Put an answer's pictures into somebody's direct messages; whether there are any."""
        drawn = tuple(block for block in answer.blocks if isinstance(block, Chart))
        if drawn:
            await self.hand_over(back, await show(Message(answer.title, drawn), command=self._command))
        return bool(drawn)

    # ------------------------------------------------------------------------------------------ the ways

    async def _write(self, back: Back, shown: Shown) -> None:
        """As a direct message."""
        workspace = await self._workspaces.get(back.team)
        channel = back.channel or await self._private.channel(back.team, back.user)
        await self._sender.post(Where(workspace, channel, back.thread), shown)

    async def _whisper(self, back: Back, shown: Shown) -> None:
        """Where they are, seen by them alone; where the coach has no say, by another way."""
        workspace, lane = await self._workspaces.get(back.team), (back.team, back.channel)
        if back.url and not back.thread and self._pace.crowded(lane):
            await self._respond(back, shown)  # many press at once when a question comes; this way has no queue
            return
        try:
            await self._pace.post(
                lane,
                lambda: workspace.client.chat_postEphemeral(
                    channel=back.channel, user=back.user, blocks=shown.blocks, text=shown.text,
                    thread_ts=back.thread or None,
                ),
                urgent=False,
            )  # fmt: skip
        except api.PASSING as error:
            if api.code(error) not in OUTSIDE:
                with translating("this channel", self._workspaces, back.team):
                    raise
            if back.url:
                await self._respond(back, shown)
            else:
                await self._write(dataclasses.replace(back, channel="", thread=""), shown)

    async def _respond(self, back: Back, shown: Shown) -> None:
        """Through the address that came with the command: works in channels that the coach isn't in."""
        workspace = await self._workspaces.get(back.team)
        body = {"response_type": "ephemeral", "replace_original": False, "blocks": shown.blocks, "text": shown.text}
        with translating("this channel"):
            answer = await _webhook(workspace, back.url).send_dict(body)
        if answer.status_code == 429:
            raise PlatformAway("Slack asks to slow down", retry_after=_seconds(answer.headers))
        if answer.status_code >= 500:
            raise PlatformAway(f"Slack answered with HTTP status {answer.status_code}")
        if answer.status_code != 200:
            raise PlatformError(f"Slack doesn't take the answer any more (HTTP status {answer.status_code}).")


def _webhook(workspace: Workspace, url: str) -> AsyncWebhookClient:
    client = workspace.client
    made = AsyncWebhookClient(url, timeout=client.timeout, session=client.session, logger=api.QUIET, retry_handlers=[])
    made.proxy = client.proxy  # as for the API: none for an address on this machine
    return made


def _seconds(headers: Mapping[str, Any]) -> float:
    try:
        return max(1.0, float(headers.get("Retry-After", "")))
    except (TypeError, ValueError):
        return 60.0

"""What only Slack knows and organisers should: that the coach isn't in a channel, and whom nobody can be called by."""

from __future__ import annotations

import dataclasses

from bot.coach import Coach
from bot.commands import Call
from bot.core.errors import PlatformError
from bot.core.message import Message, Para
from bot.platforms.slack.blocks.show import mentioned
from bot.platforms.slack.channels import Channels

_SETTING_UP = ("config setup", "config show", "config set")


class Advice:
    """Adds to the coach's answers."""

    def __init__(self, coach: Coach, channels: Channels) -> None:
        self._coach, self._channels = coach, channels

    async def add(self, call: Call, answer: Message) -> Message:
        """An answer with what is to be said beside it to those who set a channel up."""
        if call.verb not in _SETTING_UP or answer.refusal:
            return answer
        lines = [Para((line,)) for line in await self._faults(call)]
        return dataclasses.replace(answer, blocks=(*answer.blocks, *lines))

    async def _faults(self, call: Call) -> list[str]:
        """What would go wrong with a post in the call's channel."""
        fault = await self._channels.fault(call.place.community, call.place.channel)
        settings, _ = await self._coach.organise.show(call.place)
        faults = [fault] if fault else []
        if settings.mention and mentioned(settings.mention) is None:
            faults.append(
                f"Slack has no group {settings.mention[:60]}, so nobody will be mentioned. Write channel, here, or"
                " mention a user group."
            )
        if settings.pin:
            faults.append("I can't pin messages on Slack. Pin the question yourself, or set pin to off.")
        return faults

    async def name_channel(self, call: Call) -> None:
        """Note what the channel of a call is called now."""
        try:
            about = await self._channels.about(call.place.community, call.place.channel)
        except PlatformError:
            return
        if about.name:
            await self._coach.rounds.channel(call.place, about.name)

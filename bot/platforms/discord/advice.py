"""What only Discord knows and people should: that messages can't be read, and what isn't allowed in a channel."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import discord

from bot.coach import Coach
from bot.commands import Call
from bot.core import render
from bot.core.message import Message, Para
from bot.core.model import Place
from bot.platforms.discord.client import CoachClient
from bot.platforms.discord.faults import missing, refusal
from bot.platforms.discord.send import mentioned


class Advice:
    """Adds to the coach's answers."""

    def __init__(self, coach: Coach, client: Callable[[], CoachClient | None]) -> None:
        self._coach, self._client = coach, client

    async def add(self, call: Call, answer: Message) -> Message:
        """An answer with what is to be said beside it: to all who ask for help, and to organisers who set things up."""
        client = self._client()
        lines: list[str] = []
        if call.verb == "help" and client and not client.reads:
            lines.append(render.UNREADABLE)
        if call.organiser and (call.verb.startswith("config") or call.verb == "post-now"):
            lines += await self._faults(client, call.place)
        return dataclasses.replace(answer, blocks=(*answer.blocks, *(Para((line,)) for line in lines)))

    async def _faults(self, client: CoachClient | None, place: Place) -> list[str]:
        """What would go wrong with a post in a channel, as far as Discord has told us."""
        guild = client.get_guild(int(place.community)) if client else None
        channel = guild.get_channel(int(place.channel)) if guild else None
        if guild is None or channel is None:
            return []
        settings, _ = await self._coach.organise.show(place)
        allowed = channel.permissions_for(guild.me)
        wanted = missing(allowed) + (missing(allowed, ("pin_messages",)) if settings.pin else [])
        faults = [refusal(channel.name, wanted)] if wanted else []
        if settings.mention:
            role = mentioned(guild, settings.mention)
            if role is None:
                faults.append(f"There is no role called {settings.mention} here, so nobody will be mentioned.")
            elif not allowed.mention_everyone and not (isinstance(role, discord.Role) and role.mentionable):
                faults.append(refusal(channel.name, ["mention_everyone"]))
        return faults

"""Answering one person alone: through the token of something they did, which Discord lets us use for 15 minutes."""

from __future__ import annotations

import logging
from collections import OrderedDict

import discord

from bot.core.message import Parcel
from bot.core.ports import Sent
from bot.platforms.discord.faults import PASSING, translated
from bot.platforms.discord.show import NOBODY, show

log = logging.getLogger(__name__)

MOST_KEPT = 10_000

Key = tuple[str, str, str]


class Private:
    """The newest interaction of each person in a channel. It is a kind of password, so it isn't stored anywhere."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, discord.Interaction] = OrderedDict()

    def keep(self, channel: str, interaction: discord.Interaction) -> None:
        """Remember an interaction that was answered for its user alone."""
        key = (str(interaction.guild_id), channel, str(interaction.user.id))
        self._kept[key] = interaction
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_KEPT or next(iter(self._kept.values())).is_expired():
            self._kept.popitem(last=False)
            if not self._kept:
                return

    def forget(self, community: str, user: str) -> None:
        """Drop a person's interactions."""
        for key in [key for key in self._kept if (key[0], key[2]) == (community, user)]:
            del self._kept[key]

    async def send(self, parcel: Parcel) -> Sent:
        """Show a parcel to its person, if there is a way; otherwise My grade has it. Never shows it to others.

        Raises PlatformAway only when Discord asks to slow down.
        """
        interaction = self._kept.get((parcel.community, parcel.channel, parcel.only_for))
        if interaction is None or interaction.is_expired():
            return Sent("")
        shown = await show(parcel.message)
        try:
            await interaction.followup.send(
                embeds=shown.embeds,
                view=shown.view() or discord.utils.MISSING,
                files=shown.attached(),
                ephemeral=True,
                allowed_mentions=NOBODY,
            )
        except PASSING as error:
            fault = translated(error, "a private answer")
            if getattr(fault, "retry_after", None) is not None:
                raise fault from error
            log.info("a private message could not be shown and is left for My grade: %s", fault)
        return Sent("")

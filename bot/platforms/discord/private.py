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

ASIDE_S = 120.0
"""How long what is said aside stays in the thread."""

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

    def reaches(self, parcel: Parcel) -> bool:
        """Whether there is a way to a parcel's person alone."""
        interaction = self._kept.get((parcel.community, parcel.channel, parcel.only_for))
        return interaction is not None and not interaction.is_expired()

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


async def aside(client: discord.Client, parcel: Parcel) -> Sent:
    """Say what is no secret below a person's message, and take it away again soon. Best effort.

    Somebody who only writes can't be told anything alone: Discord asks for a command or a press of a button first.
    """
    shown = await show(parcel.message)
    thread = client.get_partial_messageable(int(parcel.thread), guild_id=int(parcel.community))
    below = thread.get_partial_message(int(parcel.reply_to)).to_reference(fail_if_not_exists=False)
    try:
        await thread.send(embeds=shown.embeds, reference=below, allowed_mentions=NOBODY, delete_after=ASIDE_S)
    except PASSING as error:
        log.info("a word to a person could not be shown: %s", translated(error, "a thread"))
    return Sent("")

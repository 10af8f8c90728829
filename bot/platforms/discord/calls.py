"""Commands, buttons and forms: Discord's interactions as calls of the table, and the answers back.

What has to be decided before anything runs is static in the table: a form opens at once, everything else is deferred at
once for one person's eyes, and shown to all afterwards where the table says so.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Mapping
from typing import Any, Protocol, cast

import discord

from bot.coach import Coach
from bot.commands import Call, Command, Kind, command_of, dispatch, perform, ranked
from bot.core import render
from bot.core.errors import CoachError, UsageError
from bot.core.message import Form, Message
from bot.core.model import Person, Place
from bot.core.text import fold
from bot.platforms.discord import forms, ids
from bot.platforms.discord.faults import PASSING
from bot.platforms.discord.inbox import PLATFORM, reply_of
from bot.platforms.discord.private import Private
from bot.platforms.discord.show import NOBODY, Shown, show

log = logging.getLogger(__name__)


class Adviser(Protocol):
    """Adds to an answer what only this platform knows."""

    async def add(self, call: Call, answer: Message) -> Message: ...


class Calls:
    """Runs what people ask for."""

    def __init__(self, coach: Coach, private: Private, advice: Adviser) -> None:
        self._coach, self._private, self._advice = coach, private, advice

    # ------------------------------------------------------------------------------------------ the ways in

    async def slash(self, interaction: discord.Interaction, command: Command, args: Mapping[str, str]) -> None:
        """A slash command."""
        await self._run(interaction, command, self._call(interaction, command.verb, args=args))

    async def on_message(self, interaction: discord.Interaction, command: Command, message: discord.Message) -> None:
        """A message command."""
        me = interaction.client.user.id if interaction.client.user else 0
        call = self._call(interaction, command.verb, target=str(message.id))
        if not message.author.bot and message.content:
            written = dataclasses.replace(
                reply_of(message, me), community=call.place.community, channel=str(interaction.channel_id)
            )
            call = dataclasses.replace(call, written=written)
        await self._run(interaction, command, call)

    async def component(self, interaction: discord.Interaction) -> None:
        """A button of ours, on a message of any age; others are left alone."""
        press = ids.press(str(_data(interaction).get("custom_id", "")))
        if press is None or interaction.guild_id is None:
            return
        with contextlib.suppress(UsageError):  # a button of a version that had other commands
            command = command_of(press.verb)
            if Kind.BUTTON in command.kinds:
                call = self._call(interaction, press.verb, target=press.target, args=press.args)
                await self._run(interaction, command, call)

    async def modal(self, interaction: discord.Interaction) -> None:
        """A form of ours that was sent, however long ago it was opened; others are left alone."""
        data = _data(interaction)
        press = ids.form(str(data.get("custom_id", "")))
        if press is None or interaction.guild_id is None:
            return
        with contextlib.suppress(UsageError):
            command = command_of(press.verb)
            args = forms.values(data.get("components") or ())
            call = self._call(interaction, press.verb, target=press.target, args=args)
            await self._run(interaction, command, dataclasses.replace(call, submitted=True))

    async def topics(self, interaction: discord.Interaction, current: str) -> list[str]:
        """The topics that contain what is typed, those that begin with it first."""
        try:
            known = await self._coach.rounds.topics(self._place(interaction)[0])
        except CoachError:
            return []
        wanted = fold(current)
        found = [topic for topic in known if wanted in fold(topic)]
        return sorted(found, key=lambda topic: not fold(topic).startswith(wanted))

    # ------------------------------------------------------------------------------------------ as calls

    def _place(self, interaction: discord.Interaction) -> tuple[Place, str]:
        """The channel of an interaction, and its thread ("" outside one)."""
        community, here = str(interaction.guild_id), str(interaction.channel_id)
        if isinstance(interaction.channel, discord.Thread):
            return Place(PLATFORM, community, str(interaction.channel.parent_id)), here
        return Place(PLATFORM, community, here), ""

    def _call(
        self, interaction: discord.Interaction, verb: str, *, target: str = "", args: Mapping[str, str] | None = None
    ) -> Call:
        place, thread = self._place(interaction)
        return Call(
            verb=verb,
            place=place,
            person=Person(str(interaction.user.id), interaction.user.display_name),
            at=interaction.created_at,
            key=str(interaction.id),
            organiser=interaction.permissions.manage_guild,
            thread=thread,
            target=target,
            args=args or {},
        )

    # ------------------------------------------------------------------------------------------ running

    async def _run(self, interaction: discord.Interaction, command: Command, call: Call) -> None:
        """Answer an interaction, whatever happens; only what Discord itself refuses is left unanswered."""
        try:
            if interaction.guild_id is None:
                await interaction.response.send_message("I work in servers only.", ephemeral=True)
                return
            if command.form and not call.submitted:
                await self._open(interaction, call)
                return
            # Also where the answer is for all: what is wrong is for one person's eyes, and this can't be changed later.
            await interaction.response.defer(ephemeral=True, thinking=True)
            self._private.keep(call.place.channel, interaction)
            call = await self._ranked(command, call)
            if command.organisers or command.verb == "question":
                await self._name_channel(interaction, call)
            await self._answer(interaction, command, call)
        except PASSING as error:
            log.warning("the answer to %s could not be shown: %s", command.verb, error)

    async def _open(self, interaction: discord.Interaction, call: Call) -> None:
        try:
            found = await dispatch(self._coach, call)
        except CoachError as error:
            log.error("%s: %s", call.verb, error)
            found = _apology()
        if isinstance(found, Form):
            await interaction.response.send_modal(forms.modal(found))
            return
        shown = await show(found)
        await interaction.response.send_message(embeds=shown.embeds, ephemeral=True, allowed_mentions=NOBODY)
        self._private.keep(call.place.channel, interaction)

    async def _answer(self, interaction: discord.Interaction, command: Command, call: Call) -> None:
        """Run a call and show its answer in place of "thinking", or to all beside it."""
        try:
            found = await perform(self._coach, call)
            assert isinstance(found, Message)  # noqa: S101  forms were opened before
            answer = await self._advice.add(call, found)
        except UsageError as error:
            await self._give_back(interaction, call, render.problem(str(error)))
        except CoachError as error:
            log.error("%s: %s", call.verb, error)
            await self._give_back(interaction, call, _apology())
        except PASSING:
            raise
        except Exception:
            log.exception("%s: unexpected error", call.verb)
            await self._give_back(interaction, call, _apology())
        else:
            shown = await show(answer)
            if command.personal:
                await _edit(interaction, shown)
                return
            await _edit(interaction, await show(render.shown_to_all()))
            await interaction.followup.send(
                embeds=shown.embeds,
                view=shown.view() or discord.utils.MISSING,
                files=shown.attached(),
                allowed_mentions=NOBODY,
            )

    async def _give_back(self, interaction: discord.Interaction, call: Call, problem: Message) -> None:
        """Tell what is wrong; what was typed into a form isn't lost with it."""
        typed = "\n\n".join(value for value in call.args.values() if call.submitted and len(value) > 100)
        shown = await show(problem)
        if typed:
            shown = dataclasses.replace(shown, files=(("what-you-wrote.txt", typed.encode(), ""),))
        await _edit(interaction, shown)

    async def _ranked(self, command: Command, call: Call) -> Call:
        """The call, of an organiser if its person was named as one, where that makes a difference before it is run."""
        if command.organisers:
            with contextlib.suppress(CoachError):  # running it tells
                return await ranked(self._coach, call)
        return call

    async def _name_channel(self, interaction: discord.Interaction, call: Call) -> None:
        channel = interaction.channel.parent if isinstance(interaction.channel, discord.Thread) else interaction.channel
        name = getattr(channel, "name", None)
        if name and call.organiser | (call.verb == "question"):
            with contextlib.suppress(CoachError):
                await self._coach.rounds.channel(call.place, str(name))


def _data(interaction: discord.Interaction) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], interaction.data or {})


def _apology() -> Message:
    return render.problem("That didn't work, and it isn't your fault. Try again in a minute.")


async def _edit(interaction: discord.Interaction, shown: Shown) -> None:
    await interaction.edit_original_response(
        embeds=shown.embeds, view=shown.view(), attachments=shown.attached(), allowed_mentions=NOBODY
    )

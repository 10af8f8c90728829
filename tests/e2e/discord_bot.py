"""A small discord.py client with what the coach needs of the library, for trying the loopback Discord out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import discord
from discord import app_commands

from tests.e2e.discord_server import Channel, DiscordServer, Guild, User

Heard = Callable[[discord.Message], Awaitable[Any]]


class Form(discord.ui.Modal, title="Answer privately"):
    words: discord.ui.TextInput[Form] = discord.ui.TextInput(label="Your answer", custom_id="words", max_length=300)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send(f"got {self.words.value}", ephemeral=True)


class Open(discord.ui.View):
    @discord.ui.button(label="Answer privately", custom_id="open")
    async def press(self, interaction: discord.Interaction, button: discord.ui.Button[Open]) -> None:
        await interaction.response.send_modal(Form(custom_id="form:1"))


class Bot(discord.AutoShardedClient):
    """A small bot with what the coach will need of the library."""

    def __init__(self, intents: discord.Intents | None = None) -> None:
        intents = intents or discord.Intents(guilds=True, guild_messages=True, message_content=True)
        super().__init__(intents=intents, guild_ready_timeout=0.05)
        self.heard: list[discord.Message] = []
        self.edits: list[discord.RawMessageUpdateEvent] = []
        self.deletions: list[discord.RawMessageDeleteEvent] = []
        self.react_to: Heard | None = None
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(app_commands.Command(name="ping", description="Says pong", callback=_ping))
        self.tree.add_command(_admin)
        self.tree.add_command(app_commands.ContextMenu(name="Grade this answer", callback=_about))

    async def setup_hook(self) -> None:
        self.add_view(Open(timeout=None))
        await self.tree.sync()

    async def on_message(self, message: discord.Message) -> None:
        if message.author != self.user:
            self.heard.append(message)
            if self.react_to:
                await self.react_to(message)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        self.edits.append(event)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self.deletions.append(event)

    def texts(self) -> list[str]:
        return [message.content for message in self.heard]


async def _ping(interaction: discord.Interaction, word: str = "pong") -> None:
    await interaction.response.send_message(word, ephemeral=True)


async def _complete(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=f"{typed}!", value=typed)]


async def _about(interaction: discord.Interaction, message: discord.Message) -> None:
    await interaction.response.send_message(f"about: {message.content}", ephemeral=True)


_admin = app_commands.Group(
    name="club", description="For organisers", default_permissions=discord.Permissions(manage_guild=True)
)


@_admin.command(name="topic", description="Picks a topic")
@app_commands.autocomplete(name=_complete)
async def _topic(interaction: discord.Interaction, name: str) -> None:
    await interaction.response.defer()
    await interaction.followup.send(f"topic {name}")
    await interaction.followup.send("and more")


class Club:
    """A server with a guild, a channel and a person, and a bot in it."""

    def __init__(self, server: DiscordServer) -> None:
        self.server = server
        self.guild: Guild = server.guild()
        self.channel: Channel = server.channel(self.guild)
        self.ana: User = server.user("Ana *bold*")
        self.bot = Bot()

    def place(self) -> discord.TextChannel:
        found = self.bot.get_channel(self.channel.id)
        assert isinstance(found, discord.TextChannel)
        return found


@contextlib.asynccontextmanager
async def running(bot: Bot, server: DiscordServer) -> AsyncIterator[None]:
    task = asyncio.create_task(bot.start(server.token))
    ready = asyncio.create_task(bot.wait_until_ready())
    try:
        await asyncio.wait({task, ready}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        assert bot.is_ready(), task
        yield
    finally:
        ready.cancel()
        await bot.close()
        with contextlib.suppress(discord.DiscordException, asyncio.CancelledError):
            await asyncio.wait_for(task, 10)

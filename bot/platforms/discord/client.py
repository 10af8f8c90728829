"""The connection: discord.py's client with the coach's commands, whose events are handed on and nothing else."""

from __future__ import annotations

import logging
from typing import Protocol

import discord
import yarl
from discord import app_commands

from bot.platforms.discord import tree
from bot.platforms.discord.calls import Calls
from bot.platforms.discord.inbox import Inbox

log = logging.getLogger(__name__)

LONGEST_RATE_LIMIT_S = 60.0
"""A longer wait is not slept through: the message goes back to the outbox."""


class Listener(Protocol):
    """What the connection tells about itself."""

    @property
    def calls(self) -> Calls: ...

    @property
    def inbox(self) -> Inbox: ...

    async def ready(self, client: CoachClient) -> None: ...

    async def shard_ready(self) -> None: ...

    async def joined(self, guild: int) -> None: ...

    async def removed(self, guild: int) -> None: ...


def intents(*, content: bool) -> discord.Intents:
    """What the coach listens to. Reading what people write in threads is privileged: it has to be switched on."""
    wanted = discord.Intents.none()
    wanted.guilds = True
    wanted.guild_messages = True
    wanted.message_content = content
    return wanted


class CoachClient(discord.AutoShardedClient):
    """One session with Discord; after it ends, another is made."""

    def __init__(self, listener: Listener, *, content: bool, gateway: str = "") -> None:
        super().__init__(
            intents=intents(content=content),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_ratelimit_timeout=LONGEST_RATE_LIMIT_S,
        )
        self._listener, self._gateway = listener, gateway
        self.tree = app_commands.CommandTree(self)
        calls = listener.calls
        tree.plant(self.tree, run=calls.slash, run_on_message=calls.on_message, topics=calls.topics)

    @property
    def reads(self) -> bool:
        """Whether people's words in threads reach us."""
        return self.intents.message_content

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:
        # What the API names as the gateway gives way to what the settings name.
        await super().launch_shard(yarl.URL(self._gateway) if self._gateway else gateway, shard_id, initial=initial)

    async def setup_hook(self) -> None:
        """Publish the commands. When that fails the old ones stay, so it doesn't stop the coach."""
        try:
            await self.tree.sync()
        except (discord.HTTPException, discord.DiscordException, OSError) as error:
            log.error("the commands could not be published; the ones published before stay: %s", error)

    async def on_ready(self) -> None:
        await self._listener.ready(self)

    async def on_shard_ready(self, _shard: int) -> None:
        await self._listener.shard_ready()

    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self._listener.joined(guild.id)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        await self._listener.joined(guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        await self._listener.removed(guild.id)

    async def on_message(self, message: discord.Message) -> None:
        if self.user:
            await self._listener.inbox.take(message, self.user.id, readable=self.reads)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        if self.user:
            await self._listener.inbox.take(payload.message, self.user.id, readable=self.reads)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        await self._listener.inbox.withdraw(payload.guild_id, payload.channel_id, {payload.message_id})

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        await self._listener.inbox.withdraw(payload.guild_id, payload.channel_id, set(payload.message_ids))

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        # Buttons and forms outlive the objects that made them, so they are told by their custom ids.
        if interaction.type is discord.InteractionType.component:
            await self._listener.calls.component(interaction)
        elif interaction.type is discord.InteractionType.modal_submit:
            await self._listener.calls.modal(interaction)

"""The connection: discord.py's client with the coach's commands, whose events are handed on and nothing else."""

from __future__ import annotations

import logging
from typing import Protocol

import aiohttp
import discord
import yarl
from discord import app_commands

from bot.core.shards import Shards
from bot.platforms.discord import tree
from bot.platforms.discord.calls import Calls
from bot.platforms.discord.inbox import Inbox
from bot.platforms.discord.pace import Pace
from bot.platforms.discord.turns import Turns

log = logging.getLogger(__name__)

LONGEST_RATE_LIMIT_S = 60.0
"""A longer wait is not slept through: the message goes back to the outbox."""

LONGEST_TURN_S = 30.0
"""How long a shard that lost its session waits for its turn: discord.py gives it a minute for all."""


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

    def opened(self, thread: int) -> None: ...


def intents(*, content: bool) -> discord.Intents:
    """What the coach listens to. Reading what people write in threads is privileged: it has to be switched on."""
    wanted = discord.Intents.none()
    wanted.guilds = True
    wanted.guild_messages = True
    wanted.message_content = content
    return wanted


class TooManySessions(Exception):
    """Too many sessions were begun today."""


class CoachClient(discord.AutoShardedClient):
    """One session with Discord; after it ends, another is made.

    With `shards` it connects those alone, each at its turn; without, as many as Discord recommends.
    """

    def __init__(
        self,
        listener: Listener,
        *,
        content: bool,
        pace: Pace | None,
        turns: Turns,
        gateway: str = "",
        shards: Shards | None = None,
    ) -> None:
        super().__init__(
            intents=intents(content=content),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_ratelimit_timeout=LONGEST_RATE_LIMIT_S,
            http_trace=pace.trace() if pace else aiohttp.TraceConfig(),
            shard_count=shards.total if shards else None,
        )
        self.shard_ids = list(shards.ids) if shards else None
        self._listener, self._gateway, self._shards = listener, gateway, shards
        self._turns, self._buckets = turns, 1
        self._called: set[int] = set()
        self.tree = app_commands.CommandTree(self)
        calls = listener.calls
        tree.plant(self.tree, run=calls.slash, run_on_message=calls.on_message, topics=calls.topics)

    @property
    def reads(self) -> bool:
        """Whether people's words in threads reach us."""
        return self.intents.message_content

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:
        if self._shards:  # before it connects: a turn may be long in coming, and a silent connection is cut
            await self._turns.wait(shard_id % self._buckets)
            self._called.add(shard_id)
        # What the API names as the gateway gives way to what the settings name.
        await super().launch_shard(yarl.URL(self._gateway) if self._gateway else gateway, shard_id, initial=initial)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait until a session may begin; one shard after another where this process has them all."""
        if not self._shards or shard_id is None:
            await super().before_identify_hook(shard_id, initial=initial)
        elif shard_id in self._called:
            self._called.discard(shard_id)
        else:
            await self._turns.wait(shard_id % self._buckets, LONGEST_TURN_S)

    async def setup_hook(self) -> None:
        """Publish the commands, once for all processes. When that fails the old ones stay, and the coach goes on.

        Raises what discord.py does when Discord doesn't say how sessions may begin, and TooManySessions.
        """
        if self._shards:
            await self._ask_limits(self._shards)
        if self._shards and not self._shards.first:
            return
        try:
            await self.tree.sync()
        except (discord.HTTPException, discord.DiscordException, OSError) as error:
            log.error("the commands could not be published; the ones published before stay: %s", error)

    async def _ask_limits(self, shards: Shards) -> None:
        limits = await self.fetch_session_start_limits()
        if limits.remaining < len(shards.ids):  # Discord takes the token from a bot that goes on all the same
            raise TooManySessions(
                f"only {limits.remaining} of {limits.total} sessions may still begin in the next"
                f" {limits.reset_after / 60_000:.0f} minutes, and {len(shards.ids)} shards need one each"
            )
        self._buckets = max(1, limits.max_concurrency)

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

    async def on_thread_create(self, thread: discord.Thread) -> None:
        if self.user and thread.owner_id == self.user.id:  # another process may have made it
            self._listener.opened(thread.id)

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

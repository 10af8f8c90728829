"""A whole coach in a virtual Discord: the real store, use cases and adapter; simcord stands in for Discord alone."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import discord
import simcord
from simcord import ChannelHandle, Env, GuildHandle, InteractionResult, MemberActor

from bot.app import App, assemble
from bot.core import render
from bot.core.model import Person, Place, Round
from bot.platforms.discord import DiscordChat
from bot.stores.sqlite import SqliteStore
from tests.flow.world import BANK, WordGrader


class VirtualClock:
    """The virtual Discord's time, so that messages and rounds agree on it."""

    def __init__(self) -> None:
        self.env: Env | None = None

    def now(self) -> dt.datetime:
        return self.env.now() if self.env else dt.datetime.now(dt.UTC)

    async def sleep(self, seconds: float) -> None:
        assert self.env
        await self.env.advance_time(seconds)


def _is_welcome(message: discord.Message) -> bool:
    return bool(message.embeds) and message.embeds[0].title == render.welcome().title


@dataclass
class Server:
    """A coach in a server with one channel, and shorthands for what people do there."""

    env: Env
    app: App
    chat: DiscordChat
    store: SqliteStore
    grader: WordGrader
    guild: GuildHandle
    channel: ChannelHandle
    path: Path

    @cached_property
    def ada(self) -> MemberActor:
        """A learner."""
        return self.person("Ada")

    @cached_property
    def ben(self) -> MemberActor:
        """Another."""
        return self.person("Ben")

    @cached_property
    def olga(self) -> MemberActor:
        """An organiser."""
        return self.person("Olga", manage_guild=True)

    def another_channel(self, name: str, denied: Sequence[str] = ()) -> ChannelHandle:
        """A channel in which the coach lacks some permissions."""
        return _channel(self.env, self.guild, name, denied)

    async def restart(self, *, content: bool = True) -> None:
        """End the connection and make another."""
        await self.env.restart_bot(self.chat.connection(content=content))
        await self.settle()

    @property
    def place(self) -> Place:
        return Place("discord", str(self.guild.id), str(self.channel.id))

    def person(self, name: str, **permissions: bool) -> MemberActor:
        """Somebody new in the server."""
        roles = []
        if permissions:
            roles = [self.guild.create_role(f"{name}'s", permissions=discord.Permissions(**permissions))]
        user = self.env.create_user(f"user{len(self.guild.member_ids())}", global_name=name)
        return self.guild.add_member(user, roles=roles)

    async def settle(self) -> None:
        """Let the coach and Discord do all that is due."""
        await self.env.settle()
        await self.app.settle()
        await self.env.settle()

    async def ask(self, **settings: str) -> Round:
        """Set the channel up and post today's question."""
        if settings:
            await self.app.coach.organise.set(self.place, settings)
        await self.app.coach.rounds.post_now(self.place)
        await self.settle()
        return await self.app.coach.rounds.find(self.place)

    @property
    def thread(self) -> ChannelHandle:
        """The newest thread."""
        return self.channel.threads[-1]

    @property
    def question(self) -> discord.Message:
        """The newest question in the channel."""
        return [message for message in self.channel.history() if message.embeds and message.components][-1]

    async def say(self, who: MemberActor, text: str, *, reply_to: discord.Message | None = None) -> discord.Message:
        """Write in the newest thread, and let the coach answer."""
        message = await who.send(self.thread, text, reply_to=reply_to)
        await self.settle()
        return message

    def spoken(self, channel: ChannelHandle | None = None) -> list[discord.Message]:
        """What the coach wrote in a channel or the newest thread to stay there, oldest first.

        What it says aside to newcomers goes away again: `aside` has it.
        """
        return [message for message in self._said(channel) if not _is_welcome(message)]

    def aside(self) -> list[discord.Message]:
        """The words of welcome that are in the newest thread just now, oldest first."""
        return [message for message in self._said() if _is_welcome(message)]

    def _said(self, channel: ChannelHandle | None = None) -> list[discord.Message]:
        me = self.env.bot.user
        assert me
        history = (channel or self.thread).history()
        return [message for message in history if message.author.id == me.id and not message.is_system()]

    def now(self, message: discord.Message) -> discord.Message:
        """A message as it is by now."""
        return next(known for known in self.thread.history() if known.id == message.id)

    def store_rows(self, table: str) -> int:
        """How many rows a table has."""
        with contextlib.closing(sqlite3.connect(self.path)) as database:
            count: int = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  tests name it
            return count

    async def points(self) -> dict[str, int]:
        """Names and points of the board."""
        board = await self.app.coach.standings.board(self.place, Person("0", ""), "all")
        return {row.person.name: row.points for row in board.rows}


def text(shown: discord.Message | InteractionResult | simcord.ResponseMessage | None) -> str:
    """All words of a message: content, titles, descriptions."""
    if isinstance(shown, InteractionResult):
        shown = shown.response
    assert shown is not None
    parts = [shown.content or ""]
    for embed in shown.embeds:
        parts += [embed.title or "", embed.description or ""]
    return "\n".join(part for part in parts if part)


def labels(message: discord.Message) -> list[str]:
    """The labels of a message's buttons."""
    rows = (row for row in message.components if isinstance(row, discord.ActionRow))
    return [part.label or "" for row in rows for part in row.children if isinstance(part, discord.Button)]


def receipts(message: discord.Message) -> list[str]:
    """The reactions on a message."""
    return [str(reaction.emoji) for reaction in message.reactions]


@contextlib.asynccontextmanager
async def server(path: Path, *, content: bool = True, denied: Sequence[str] = ()) -> AsyncIterator[Server]:
    """A coach that has just joined a server.

    Without `content` it isn't allowed to read messages; `denied` are permissions that it lacks in the channel.
    """
    clock, grader = VirtualClock(), WordGrader()
    store = await SqliteStore.open(path)
    chat = DiscordChat(store, token="a.b.c")
    app = assemble(store, grader, BANK, [chat], clock=clock, rng=random.Random(7))
    chat.attach(app.coach)
    approved = discord.Intents.all()
    approved.message_content = content
    env = Env(chat.connection(content=content), shard_count=1, approved_intents=approved)
    try:
        await env.start()
        clock.env = env
        guild = env.create_guild("The Guild")
        made = Server(env, app, chat, store, grader, guild, _channel(env, guild, "mlops-daily", denied), path)
        await env.settle()
        yield made
    finally:
        await env.shutdown()
        await store.close()
    env.raise_errors()


def _channel(env: Env, guild: GuildHandle, name: str, denied: Sequence[str]) -> ChannelHandle:
    assert env.bot.user
    overwrite = discord.PermissionOverwrite(**dict.fromkeys(denied, False))
    return guild.create_text_channel(name, overwrites={env.bot.user: overwrite} if denied else None)

"""What people write in threads: Discord's events as replies, handed to the coach."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Callable

import discord

from bot.coach import Coach
from bot.coach.replies import Taken
from bot.core.errors import CoachError
from bot.core.model import Person, Reply

log = logging.getLogger(__name__)

PLATFORM = "discord"
KNOWN_THREADS = 20_000
OPENING_WAITS_S = (0.5, 2.0, 8.0, 20.0, 40.0, 60.0, 120.0, 300.0)
"""When a reply is tried again whose thread was made a moment ago: its round may not be noted as open yet.

It is noted late where the process that made the thread ends before it can, and another takes over from it.
"""

MOST_AT_ONCE = 5_000
"""Messages that are taken at once; the threads of those beyond are read again, when there is room."""

MOST_WAITING = 1_000
"""Replies that wait for their round at once; the threads of those beyond are read again."""

_KINDS = (discord.MessageType.default, discord.MessageType.reply)
_MENTION = re.compile(r"<(?:@[!&]?|#)\d+>|<id:\w+>|</[^:>]{1,100}:\d+>")
_EMOJI = re.compile(r"<a?:(\w{2,32}):\d+>")
_FIRST = re.compile(r"\s*<@!?(\d+)>")
_COMMAND = re.compile(r"\s*[/!][A-Za-z]")


def written(message: discord.Message) -> bool:
    """Whether a message was written by a person: bots, webhooks and Discord's own notes fall away."""
    return message.type in _KINDS and not message.author.bot and message.webhook_id is None


def words(content: str) -> str:
    """The words of a message, without anybody's id: mentions lose theirs, custom emoji keep their names."""
    return _EMOJI.sub(r":\1:", _MENTION.sub("@…", content)).strip()


def addressed(message: discord.Message, me: int) -> bool:
    """Whether a message is for another person, or a command for a bot, rather than an answer."""
    first = _FIRST.match(message.content)
    if first and int(first[1]) != me:
        return True
    if _COMMAND.match(message.content):
        return True
    replied = message.reference.resolved if message.reference else None
    return isinstance(replied, discord.Message) and replied.author.id not in (me, message.author.id)


def is_organiser(author: discord.abc.User) -> bool:
    """Whether somebody may manage the server, as far as their message tells: one that is read later names no roles."""
    return isinstance(author, discord.Member) and author.guild_permissions.manage_guild


def reply_of(message: discord.Message, me: int) -> Reply:
    """A message as the coach takes it, at its present revision."""
    content = re.sub(rf"^\s*<@!?{me}>", "", message.content)
    edited = message.edited_at
    return Reply(
        platform=PLATFORM,
        community=str(message.guild.id) if message.guild else "",
        channel=str(message.channel.id),
        message=str(message.id),
        author=Person(str(message.author.id), message.author.display_name),
        text=words(content),
        at=edited or message.created_at,
        revision=edited.isoformat(timespec="microseconds") if edited else "",
        addressed=addressed(message, me),
        organiser=is_organiser(message.author),
    )


class Threads:
    """Which threads belong to rounds. Most messages of a server don't concern us, and asking the database costs."""

    def __init__(self, coach: Coach) -> None:
        self._coach = coach
        self._rounds: OrderedDict[int, int | None] = OrderedDict()
        self.opening: OrderedDict[int, None] = OrderedDict()

    def opened(self, thread: str) -> None:
        """A thread was made whose round will be noted as open in a moment."""
        if thread.isdecimal():
            self._rounds.pop(int(thread), None)
            self.opening[int(thread)] = None
            while len(self.opening) > KNOWN_THREADS:
                self.opening.popitem(last=False)

    async def round_of(self, community: int, thread: int) -> int | None:
        """The round of a thread, None for any other place. Raises StoreError."""
        if thread not in self._rounds:
            found = await self._coach.replies.round_of(PLATFORM, str(community), str(thread))
            if found is None and thread in self.opening:
                return None  # not for long
            self._rounds[thread] = found
            self.opening.pop(thread, None)
            while len(self._rounds) > KNOWN_THREADS:
                self._rounds.popitem(last=False)
        return self._rounds[thread]


class Inbox:
    """Takes in what is written, edited and deleted in the threads of rounds.

    `gap` is called when something couldn't be stored, so that it is read again later; `unreadable` with a message whose
    words Discord keeps from us, and its round.
    """

    def __init__(self, coach: Coach, *, gap: Callable[[], None], seen: Callable[[Reply], None],
                 unreadable: Callable[[discord.Message, int], None]) -> None:  # fmt: skip
        self._coach, self._gap, self._seen, self._unreadable = coach, gap, seen, unreadable
        self.threads = Threads(coach)
        self._waiting = 0
        self._taking = 0

    @property
    def taking(self) -> int:
        """How many messages are being taken in."""
        return self._taking

    async def take(self, message: discord.Message, me: int, *, readable: bool) -> None:
        """A message that was written or edited; those in other places are left alone."""
        if message.guild is None or not written(message) or not _may_be_ours(message.channel, me):
            return
        if self._taking >= MOST_AT_ONCE:
            self._gap()
            return
        self._taking += 1
        try:
            await self._take(message, message.guild.id, me, readable=readable)
        finally:
            self._taking -= 1

    async def _take(self, message: discord.Message, community: int, me: int, *, readable: bool) -> None:
        try:
            round_ = await self._round(community, message.channel.id)
            if round_ is None:
                return
            if not readable and not message.content:
                self._unreadable(message, round_)
                return
            reply = reply_of(message, me)
            if await self._coach.replies.take(reply) is Taken.ANSWER:
                self._seen(reply)
        except CoachError as error:
            log.error("message %s could not be stored; its thread is read again: %s", message.id, error)
            self._gap()

    async def _round(self, community: int, thread: int) -> int | None:
        found = await self.threads.round_of(community, thread)
        if found is not None or thread not in self.threads.opening:
            return found
        if self._waiting >= MOST_WAITING:
            self._gap()
            return None
        self._waiting += 1
        try:
            for wait in OPENING_WAITS_S:
                await asyncio.sleep(wait)
                found = await self.threads.round_of(community, thread)
                if found is not None or thread not in self.threads.opening:
                    return found
        finally:
            self._waiting -= 1
        self.threads.opening.pop(thread, None)  # it is no round's
        return None

    async def withdraw(self, community: int | None, thread: int, messages: set[int]) -> None:
        """Messages that were deleted."""
        try:
            if community is None or await self._round(community, thread) is None:
                return
            for message in sorted(messages):
                await self._coach.replies.withdraw(PLATFORM, str(community), str(thread), str(message))
        except CoachError as error:
            log.error("a deletion in thread %s could not be stored; it is read again: %s", thread, error)
            self._gap()


def _may_be_ours(channel: object, me: int) -> bool:
    """Whether a channel can be a thread that we made; of one that isn't cached only its id is known."""
    if isinstance(channel, discord.Thread):
        return channel.owner_id == me
    return isinstance(channel, discord.PartialMessageable)

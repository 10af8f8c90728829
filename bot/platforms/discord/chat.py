"""Discord as a platform of the coach."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import logging
import secrets
from collections.abc import AsyncIterator

import discord

from bot.coach import Coach
from bot.core import render
from bot.core.errors import CoachError, PlatformAway, PlatformError
from bot.core.message import Parcel, ParcelKind
from bot.core.model import Place, Reply
from bot.core.ports import CrashPoint, Sent, Store, no_crash, one, rows
from bot.core.shards import Shards
from bot.platforms.discord import start
from bot.platforms.discord.advice import Advice
from bot.platforms.discord.calls import Calls
from bot.platforms.discord.client import CoachClient
from bot.platforms.discord.faults import PASSING, missing, refusal, translated, translating
from bot.platforms.discord.inbox import PLATFORM, Inbox, reply_of, written
from bot.platforms.discord.pace import Pace
from bot.platforms.discord.private import Private, aside
from bot.platforms.discord.receipts import Receipt, Receipts
from bot.platforms.discord.send import Sender
from bot.platforms.discord.show import NOBODY, show
from bot.platforms.discord.turns import TURN_S, Turns
from bot.platforms.erasures import Erasures

log = logging.getLogger(__name__)

CONNECTING_S = 20.0
"""How long a message waits for the first connection before it goes back to the outbox."""

BEGIN_S = 600.0
"""How long a session may take to begin; with shards in several processes, a turn of each shard longer."""

_ASIDE = (ParcelKind.PACED, ParcelKind.WELCOME)
"""What is no secret, so that it may be said below a person's message where they can't be told alone."""

MOST_POINTED = 200
"""People who are told at once that their words can't be read; more would only wait for Discord's limits."""

CATCH_UP_AGAIN_S = 10.0
FORGET_EVERY_S = 3_600.0


class DiscordChat:
    """Servers of Discord, through one bot.

    `token` is the bot's. `api_url` and `gateway_url` lead to a proxy or a test server instead of Discord. A server that
    removed the coach is forgotten after `grace`. `shards` are those that this process connects, None for all. Give it
    its coach with `attach` before `run`.
    """

    def __init__(
        self,
        store: Store,
        *,
        token: str,
        api_url: str = "",
        gateway_url: str = "",
        grace: dt.timedelta = dt.timedelta(days=30),
        shards: Shards | None = None,
        crash: CrashPoint = no_crash,
    ) -> None:
        self._store, self._token, self._grace, self._shards = store, token, grace, shards
        self._api_url, self._gateway_url = api_url, gateway_url
        self._crash = crash
        self._coach: Coach | None = None
        self._client: CoachClient | None = None
        self._sender: Sender | None = None
        self._ready = asyncio.Event()
        # A proxy keeps Discord's limits for all who use it; to keep them twice would only halve the pace.
        self._pace = None if api_url else Pace(shards.share if shards else 1.0)
        self._turns = Turns(store)
        self._private = Private()
        self._erasures = Erasures(store, PLATFORM, self._erase, of=self.serves)
        self._pointing = 0
        self._receipts = Receipts(lambda: self._client)
        self._tasks: set[asyncio.Task[None]] = set()
        self._catching_up: asyncio.Task[None] | None = None
        self._again = False

    @property
    def name(self) -> str:
        return PLATFORM

    @property
    def finds_personal(self) -> bool:
        return False

    @property
    def connected(self) -> bool:
        """Whether each shard of this process has its connection."""
        client = self._client
        if client is None or client.is_closed() or not self._ready.is_set():
            return False
        return not any(shard.is_closed() for shard in client.shards.values())

    @property
    def taking(self) -> int:
        """How many messages are being taken in."""
        return self.inbox.taking

    def serves(self, community: str) -> bool:
        """Whether a server's events come to one of this process's shards."""
        return self._shards is None or (community.isdecimal() and self._shards.hear(int(community)))

    def attach(self, coach: Coach) -> None:
        """The coach that gets what people write here."""
        self._coach = coach
        self.calls = Calls(coach, self._private, Advice(coach, lambda: self._client))
        self.inbox = Inbox(coach, gap=self._gap, seen=self._seen, unreadable=self._unreadable)

    def connection(self, *, content: bool = True) -> CoachClient:
        """A new session's client, which this platform speaks through from now on."""
        self._ready.clear()
        self._sender = None
        self._client = CoachClient(
            self, content=content, gateway=self._gateway_url, shards=self._shards, pace=self._pace, turns=self._turns
        )
        return self._client

    def _background(self, work: object, name: str) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work, name=name)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("%s: unexpected error", task.get_name(), exc_info=error)

    # ------------------------------------------------------------------------------------------ the coach's side

    async def _connected(self) -> Sender:
        """Raises PlatformAway while there is no connection."""
        try:
            async with asyncio.timeout(CONNECTING_S):
                await self._ready.wait()
        except TimeoutError:
            raise PlatformAway("Discord isn't connected yet") from None
        if self._sender is None or self._client is None or self._client.is_closed():
            raise PlatformAway("Discord is being connected again")
        return self._sender

    async def send(self, parcel: Parcel) -> Sent:
        """Post a parcel, with its thread and pin; one that is for one person alone is shown to them or not at all.

        Raises PlatformError, with what to grant where a permission is missing, and PlatformAway.
        """
        if parcel.kind in _ASIDE and parcel.reply_to.isdecimal() and not self._private.reaches(parcel):
            await self._connected()
            return await aside(self._client, parcel) if self._client else Sent("")
        if parcel.only_for:
            return await self._private.send(parcel)
        sent = await (await self._connected()).send(parcel)
        self._follow(parcel, sent)
        return sent

    async def find(self, parcel: Parcel) -> Sent | None:
        """A parcel that was posted before, by the mark on its buttons. Raises PlatformError, PlatformAway."""
        sent = await (await self._connected()).find(parcel)
        if sent:
            self._follow(parcel, sent)
        return sent

    def _follow(self, parcel: Parcel, sent: Sent) -> None:
        if sent.thread:
            self.inbox.threads.opened(sent.thread)
        if parcel.kind is ParcelKind.GRADE and parcel.reply_to.isdecimal():
            self._receipts.put((parcel.community, parcel.thread, parcel.reply_to), Receipt.GRADED)

    async def amend(self, message: str, parcel: Parcel) -> None:
        """Show a parcel's present words where it was posted. Raises PlatformError, PlatformAway."""
        await (await self._connected()).amend(message, parcel)
        if parcel.kind is ParcelKind.GRADE and parcel.reply_to.isdecimal():
            self._receipts.put((parcel.community, parcel.thread, parcel.reply_to), Receipt.GRADED)

    async def acknowledge(self, reply: Reply) -> None:
        """Put the receipt on a message: seen."""
        self._seen(reply)

    def _seen(self, reply: Reply) -> None:
        if not reply.private and reply.message.isdecimal():
            self._receipts.put((reply.community, reply.channel, reply.message), Receipt.SEEN)

    async def history(self, place: Place, thread: str, since: dt.datetime) -> AsyncIterator[Reply]:
        """People's messages in a thread since a time, oldest first. Raises PlatformError, PlatformAway."""
        await self._connected()
        client = self._client
        if client is None or client.user is None:
            raise PlatformAway("Discord is being connected again")
        self._check_history(client, place)
        # A thread has the id of its question, and ids grow with time: two clocks needn't agree on when that was.
        begin = min(int(thread), discord.utils.time_snowflake(since))
        channel = client.get_partial_messageable(int(thread), guild_id=int(place.community))
        messages = channel.history(after=discord.Object(begin), oldest_first=True, limit=None)
        while True:
            try:
                with translating("a thread"):
                    message = await anext(messages, None)
            except PlatformAway:
                self._gap()  # whoever reads goes on with other threads: this one is read again
                raise
            if message is None:
                return
            if written(message):
                reply = reply_of(message, client.user.id)
                yield dataclasses.replace(reply, community=place.community, channel=thread)

    def _check_history(self, client: CoachClient, place: Place) -> None:
        """Raise PlatformError where Discord would say that nothing was ever written, because we may not read it."""
        guild = client.get_guild(int(place.community))
        channel = guild.get_channel(int(place.channel)) if guild else None
        if guild is None or channel is None:
            raise PlatformError("I can't see the channel any more.")
        lacking = missing(channel.permissions_for(guild.me), ("view_channel", "read_message_history"))
        if lacking:
            raise PlatformError(refusal(channel.name, lacking))

    async def forget(self, community: str, user: str) -> None:
        """Drop what is kept about a person."""
        self._private.forget(community, user)
        await self._store.write(one, "discord_told_forget", community=community, user_id=user)

    def erase_soon(self) -> None:
        """Delete, in the background, what is noted to be."""
        self._background(self._erase_noted(), "delete what was said to people")

    async def _erase(self, community: str, channel: str, message: str) -> None:
        await (await self._connected()).erase(community, channel, message)

    async def _erase_noted(self) -> None:
        try:
            await self._erasures.work()
        except CoachError as error:
            log.error("Discord: what was said to people who are forgotten could not be deleted yet: %s", error)

    async def run(self) -> None:
        """Serve until cancelled. Raises SettingsError when Discord refuses the token."""
        start.redirect(self._api_url, self._gateway_url)
        async with asyncio.TaskGroup() as tasks:
            forgetting = tasks.create_task(self._forget_left(), name="forget servers that removed the coach")
            try:
                await start.supervise(self._session)
            finally:
                forgetting.cancel()

    async def _session(self, content: bool) -> None:
        most = BEGIN_S + (self._shards.total * TURN_S if self._shards else 0.0)
        async with self.connection(content=content) as client:
            serving = asyncio.create_task(client.start(self._token), name="Discord session")
            begun = asyncio.create_task(self._ready.wait(), name="Discord session begins")
            try:
                # discord.py tries for ever to begin, in ever deeper recursion.
                await asyncio.wait({serving, begun}, timeout=most, return_when=asyncio.FIRST_COMPLETED)
                if not serving.done() and not begun.done():
                    raise TimeoutError(f"no session within {most / 60:.0f} minutes")
                await serving
            finally:
                self._ready.clear()
                for task in (serving, begun):
                    task.cancel()
                await asyncio.gather(serving, begun, return_exceptions=True)

    async def _forget_left(self) -> None:
        while True:
            await asyncio.sleep(FORGET_EVERY_S)
            self.erase_soon()
            try:
                for community in await self._need_coach().privacy.forget_left(PLATFORM, self._grace, of=self.serves):
                    await self._store.write(rows, "discord_told_forget_all", community=community)
                    log.info("server %s removed the coach %s days ago and is forgotten", community, self._grace.days)
            except CoachError as error:
                log.error("servers that removed the coach could not be forgotten yet: %s", error)

    # ------------------------------------------------------------------------------------------ Discord's side

    async def ready(self, client: CoachClient) -> None:
        """A session has begun: what was missed is read again."""
        try:
            mark = await self._installation()
            present = {str(guild.id) for guild in client.guilds}
            await self._need_coach().privacy.present(PLATFORM, present, all_of=self.serves)
        except CoachError as error:
            log.error("Discord: %s; the session is made again", error)
            await client.close()
            return
        self._sender = Sender(client, mark, self._crash)
        self._ready.set()
        log.info("Discord: connected as %s, in %d servers", client.user, len(client.guilds))
        self.erase_soon()
        self._catch_up()

    async def shard_ready(self) -> None:
        """A part of the session has begun anew: what was missed is read again."""
        if self._ready.is_set():  # otherwise `ready` comes
            self._catch_up()

    async def _installation(self) -> str:
        await self._store.write(one, "discord_installation_put", mark=secrets.token_hex(4))
        row = await self._store.read(one, "discord_installation")
        assert row is not None  # noqa: S101  put there above
        return str(row["mark"])

    def opened(self, thread: int) -> None:
        """The coach has made a thread, in whichever process."""
        self.inbox.threads.opened(str(thread))

    async def joined(self, guild: int) -> None:
        """The coach is in a server (again)."""
        with contextlib.suppress(CoachError):
            await self._need_coach().privacy.present(PLATFORM, [str(guild)])

    async def removed(self, guild: int) -> None:
        """The coach was removed from a server."""
        with contextlib.suppress(CoachError):
            await self._need_coach().privacy.left(PLATFORM, str(guild))
            log.info("server %s removed the coach; it is forgotten in %d days", guild, self._grace.days)

    def _gap(self) -> None:
        self._catch_up(CATCH_UP_AGAIN_S)

    def _catch_up(self, delay: float = 0.0) -> None:
        """Re-read the open threads; never twice at once."""
        if self._catching_up and not self._catching_up.done():
            self._again = True
            return
        self._catching_up = self._background(self._read_again(delay), "catch up with Discord")

    async def _read_again(self, delay: float) -> None:
        while True:
            self._again = False
            await asyncio.sleep(delay)
            try:
                missed = await self._need_coach().replies.catch_up(self)
                if missed:
                    log.info("Discord: %d messages had come unseen", missed)
            except CoachError as error:
                log.error("Discord: open threads could not be read again yet: %s", error)
                self._again = True
            if not self._again:
                return
            delay = CATCH_UP_AGAIN_S

    def _unreadable(self, message: discord.Message, round_: int) -> None:
        if self._pointing >= MOST_POINTED:
            return  # the next message of the same person tries it again
        self._pointing += 1
        task = self._background(self._point_to_form(message, round_), "point to the form")
        task.add_done_callback(self._pointed)

    def _pointed(self, _: asyncio.Task[None]) -> None:
        self._pointing -= 1

    async def _point_to_form(self, message: discord.Message, round_: int) -> None:
        """Tell somebody, once in a thread, that their words don't reach us and the form's do."""
        where = {"community": str(message.guild.id) if message.guild else "", "thread": str(message.channel.id)}
        try:
            if await self._store.write(one, "discord_told_put", **where, user_id=str(message.author.id)):
                shown = await show(render.unreadable(round_))
                await message.channel.send(
                    embeds=shown.embeds,
                    view=shown.view() or discord.utils.MISSING,
                    reference=message.to_reference(fail_if_not_exists=False),
                    allowed_mentions=NOBODY,
                )
        except CoachError as error:
            log.error("Discord: %s", error)
        except PASSING as error:
            log.warning("Discord: %s", translated(error, "a thread"))

    def _need_coach(self) -> Coach:
        assert self._coach is not None, "attach a coach before run"  # noqa: S101
        return self._coach

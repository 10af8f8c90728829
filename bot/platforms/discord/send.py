"""Parcels as messages in channels and threads: sent once, found again, changed."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from typing import Any, Literal

import discord

from bot.core.errors import PlatformAway, PlatformError
from bot.core.message import Parcel, ParcelKind
from bot.core.ports import CrashPoint, Sent, no_crash
from bot.platforms.discord.faults import (
    PASSING,
    THREAD_ARCHIVED,
    THREAD_EXISTS,
    UNKNOWN_MESSAGE,
    missing,
    refusal,
    translated,
    translating,
)
from bot.platforms.discord.marks import Marks, begin
from bot.platforms.discord.markup import cut
from bot.platforms.discord.show import NOBODY, show

log = logging.getLogger(__name__)

NONCE_LIMIT = 25
THREAD_NAME_LIMIT = 100
_EVERYBODY = ("everyone", "here")


class Sender:
    """Posts through one connected client. `installation` tells our messages from those of another database."""

    def __init__(self, client: discord.Client, installation: str, crash: CrashPoint = no_crash) -> None:
        self._client, self._installation, self._crash = client, installation, crash
        self._marks = Marks()

    def _mark(self, parcel: Parcel) -> str:
        return f"{self._installation}-{parcel.key}"

    def _where(self, parcel: Parcel) -> discord.PartialMessageable:
        """The channel or thread of a parcel. Raises PlatformError for ids that can't be Discord's."""
        place = parcel.thread or parcel.channel
        if not (place.isdecimal() and parcel.community.isdecimal()):
            raise PlatformError(f"Discord has no channel {place!r}.")
        return self._client.get_partial_messageable(int(place), guild_id=int(parcel.community))

    # ------------------------------------------------------------------------------------------ sending

    async def send(self, parcel: Parcel) -> Sent:
        """Post a parcel; a question gets its thread. Raises PlatformError, PlatformAway."""
        where, mark = self._where(parcel), self._mark(parcel)
        shown = await show(parcel.message, mark)
        content, mentions = await self._mention(parcel)
        answered = _answered(parcel, where.id)
        reply: dict[str, Any] = {"reference": answered} if answered else {}
        try:
            message = await where.send(
                content,
                embeds=shown.embeds,
                files=shown.attached(),
                view=shown.view() or discord.utils.MISSING,
                nonce=hashlib.sha256(mark.encode()).hexdigest()[:NONCE_LIMIT],
                allowed_mentions=mentions,
                **reply,
            )
        except asyncio.CancelledError:  # it took too long, and may still arrive
            self._marks.doubt(where.id)
            raise
        except PASSING as error:
            self._marks.doubt(where.id)
            raise translated(error, self._name(parcel), lacking=self._lacking(parcel)) from error
        self._marks.add(where.id, mark, message.id)
        if parcel.opens_thread:
            self._crash("question.posted")
        return await self._completed(parcel, message.id)

    async def find(self, parcel: Parcel) -> Sent | None:
        """A parcel that was posted before, with the thread that it was to have. Raises PlatformError, PlatformAway."""
        where = self._where(parcel)
        me = self._client.user
        if me is None:
            raise PlatformAway("Discord isn't connected yet")
        answered = int(parcel.reply_to) if parcel.kind is ParcelKind.GRADE and parcel.reply_to.isdecimal() else 0
        try:
            message = await self._marks.find(where, self._mark(parcel), me.id, begin(answered, parcel.since))
        except PASSING as error:
            raise translated(error, self._name(parcel), lacking=self._lacking(parcel)) from error
        return await self._completed(parcel, message) if message else None

    async def _completed(self, parcel: Parcel, message: int) -> Sent:
        """The thread and the pin that belong to a question, once it is posted; what isn't allowed becomes a note."""
        thread, notes = "", []
        if parcel.opens_thread:
            try:
                thread = await self._open_thread(parcel, message)
            except PlatformAway:
                raise
            except PlatformError as error:
                notes.append(f"{error} Until then I post the question without one.")
        if parcel.pin and parcel.kind in (ParcelKind.QUESTION, ParcelKind.REVEAL):
            notes.extend(await self._pin(parcel, message))
        return Sent(str(message), thread, " ".join(notes))

    async def _open_thread(self, parcel: Parcel, message: int) -> str:
        try:
            channel = await self._channel(parcel)
            thread = await channel.get_partial_message(message).create_thread(
                name=cut(" ".join(parcel.opens_thread.split()) or "Question", THREAD_NAME_LIMIT),
                auto_archive_duration=_archive_minutes(parcel),
            )
        except discord.HTTPException as error:
            if error.code == THREAD_EXISTS:
                return str(message)  # a thread has the id of the message that it was made from
            lacking = self._lacking(parcel, ("create_public_threads",)) or refusal(
                self._channel_name(parcel), ["create_public_threads"]
            )
            raise translated(error, self._name(parcel), lacking=lacking) from error
        except PASSING as error:
            raise translated(error, self._name(parcel)) from error
        return str(thread.id)

    async def _channel(self, parcel: Parcel) -> discord.PartialMessageable | discord.TextChannel:
        """A question's channel, where discord.py can make a thread: asked for if another process hears its server."""
        if self._client.get_guild(int(parcel.community)) is None:
            found = await self._client.fetch_channel(int(parcel.channel))
            if not isinstance(found, discord.TextChannel):
                raise PlatformError(f"#{self._channel_name(parcel)} is no text channel, so it can't have the question.")
            return found
        return self._client.get_partial_messageable(int(parcel.channel), guild_id=int(parcel.community))

    async def _pin(self, parcel: Parcel, message: int) -> list[str]:
        """Pin a question, or at its reveal take the pin off."""
        channel = self._client.get_partial_messageable(int(parcel.channel), guild_id=int(parcel.community))
        try:
            if parcel.kind is ParcelKind.QUESTION:
                await channel.get_partial_message(message).pin()
            elif parcel.reply_to.isdecimal():
                await channel.get_partial_message(int(parcel.reply_to)).unpin()
        except discord.NotFound:
            return []
        except PASSING as error:
            lacking = refusal(self._channel_name(parcel), ["pin_messages"])
            return [str(translated(error, self._name(parcel), lacking=lacking))]
        return []

    # ------------------------------------------------------------------------------------------ changing

    async def amend(self, message: str, parcel: Parcel) -> None:
        """Show a parcel's present words in its message; one that is gone stays gone. Raises as `send` does."""
        where = self._where(parcel)
        shown = await show(parcel.message, self._mark(parcel))
        target = where.get_partial_message(int(message))
        for attempt in range(2):
            try:
                await target.edit(
                    embeds=shown.embeds, attachments=shown.attached(), view=shown.view(), allowed_mentions=NOBODY
                )
                return
            except discord.HTTPException as error:
                if error.code == UNKNOWN_MESSAGE:
                    return
                if error.code == THREAD_ARCHIVED and not attempt and await self._unarchived(where.id):
                    continue
                raise translated(error, self._name(parcel), lacking=self._lacking(parcel)) from error
            except PASSING as error:
                raise translated(error, self._name(parcel)) from error

    async def _unarchived(self, thread: int) -> bool:
        try:
            found = await self._client.fetch_channel(thread)
            if isinstance(found, discord.Thread):
                await found.edit(archived=False)
        except PASSING as error:
            log.info("thread %s stays archived: %s", thread, error)
            return False
        return True

    async def erase(self, community: str, channel: str, message: str) -> None:
        """Delete a message of ours; one that is gone stays gone. Raises PlatformError, PlatformAway."""
        where = self._client.get_partial_messageable(int(channel), guild_id=int(community))
        try:
            await where.get_partial_message(int(message)).delete()
        except discord.NotFound:
            return
        except PASSING as error:
            raise translated(error, "a thread") from error

    # ------------------------------------------------------------------------------------------ words and mentions

    async def _mention(self, parcel: Parcel) -> tuple[str | None, discord.AllowedMentions]:
        """Who is called, and what is allowed for it. Raises PlatformError, PlatformAway."""
        if not parcel.message.mention:
            return None, NOBODY
        guild = self._client.get_guild(int(parcel.community))
        if guild is None:  # another process hears it
            with translating("a server"):
                guild = await self._client.fetch_guild(int(parcel.community), with_counts=False)
        role = mentioned(guild, parcel.message.mention)
        if role is None:
            return None, NOBODY
        if isinstance(role, str):
            return f"@{role}", discord.AllowedMentions(everyone=True, users=False, roles=False, replied_user=False)
        allowed = discord.AllowedMentions(everyone=False, users=False, roles=[role], replied_user=False)
        return role.mention, allowed

    def _channel_name(self, parcel: Parcel) -> str:
        guild = self._client.get_guild(int(parcel.community))
        channel = guild.get_channel(int(parcel.channel)) if guild else None
        return channel.name if channel else parcel.channel

    def _name(self, parcel: Parcel) -> str:
        return f"{'a thread of ' if parcel.thread else ''}#{self._channel_name(parcel)}"

    def _lacking(self, parcel: Parcel, wanted: tuple[str, ...] = ()) -> str:
        """Which permission is missing, as far as the cache tells; "" when none seems to be."""
        guild = self._client.get_guild(int(parcel.community))
        channel = guild.get_channel(int(parcel.channel)) if guild else None
        if guild is None or channel is None:
            return ""
        if not wanted:
            writing = "send_messages_in_threads" if parcel.thread else "send_messages"
            wanted = ("view_channel", writing, "embed_links", "attach_files", "read_message_history")
        lacking = missing(channel.permissions_for(guild.me), wanted)
        return refusal(channel.name, lacking) if lacking else ""


def _answered(parcel: Parcel, channel: int) -> discord.MessageReference | None:
    """What a message is a reply to. The question is in the channel, so a reveal in the thread can't refer to it."""
    if not parcel.reply_to.isdecimal() or (parcel.kind is ParcelKind.REVEAL and parcel.thread):
        return None
    return discord.MessageReference(message_id=int(parcel.reply_to), channel_id=channel, fail_if_not_exists=False)


def _archive_minutes(parcel: Parcel) -> Literal[60, 1440, 4320, 10080]:
    minutes = int(parcel.archive_after.total_seconds()) // 60
    return 60 if minutes <= 60 else 1440 if minutes <= 1440 else 4320 if minutes <= 4320 else 10080


def mentioned(guild: discord.Guild, text: str) -> discord.Role | str | None:
    """The role that organisers mean by a mention, an id or a name; "everyone" or "here"; None when there is no such."""
    wanted = text.strip().removeprefix("<@&").removesuffix(">").removeprefix("@").strip()
    if wanted.casefold() in _EVERYBODY:
        return wanted.casefold()
    if wanted.isdecimal() and (role := guild.get_role(int(wanted))):
        return role
    return discord.utils.find(lambda role: role.name.casefold() == wanted.casefold(), guild.roles)

"""Parcels as messages in channels, threads and direct messages: sent once, found again, changed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.core.errors import PlatformAway, PlatformError
from bot.core.message import Parcel, ParcelKind
from bot.core.ports import Sent
from bot.platforms.slack.blocks.ids import split_thread, thread_of
from bot.platforms.slack.blocks.markup import linked
from bot.platforms.slack.blocks.show import Shown, show
from bot.platforms.slack.channels import Channels
from bot.platforms.slack.link import api
from bot.platforms.slack.link.faults import GONE, translated
from bot.platforms.slack.link.workspaces import Workspace, Workspaces
from bot.platforms.slack.marks import Marks, begin, metadata
from bot.platforms.slack.pace import Pace
from bot.platforms.slack.people import People
from bot.platforms.slack.private import Private

log = logging.getLogger(__name__)

NAME_WAIT_S = 2.0


@dataclass(frozen=True, slots=True)
class Where:
    """Where a message goes: `thread` is the ts of the message whose thread it is in, "" outside one."""

    workspace: Workspace
    channel: str
    thread: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.workspace.team, self.channel

    @property
    def place(self) -> str:
        return thread_of(self.channel, self.thread) if self.thread else self.channel


class Sender:
    """Posts parcels. `installation` gives what tells our messages from those of another database."""

    def __init__(
        self,
        workspaces: Workspaces,
        people: People,
        private: Private,
        channels: Channels,
        pace: Pace,
        *,
        installation: Callable[[], Awaitable[str]],
        command: str,
    ) -> None:
        self._workspaces, self._people, self._private, self._pace = workspaces, people, private, pace
        self._channels = channels
        self._installation, self._command = installation, command
        self._marks = Marks()

    async def _mark(self, parcel: Parcel) -> str:
        return f"{await self._installation()}-{parcel.key}"

    async def where(self, parcel: Parcel) -> Where:
        """Where a parcel goes. Raises PlatformError, PlatformAway."""
        workspace = await self._workspaces.get(parcel.community)
        if parcel.only_for:
            return Where(workspace, await self._private.channel(parcel.community, parcel.only_for))
        if not parcel.thread:
            return Where(workspace, parcel.channel)
        channel, ts = split_thread(parcel.thread)
        if not ts:
            raise PlatformError(f"Slack has no thread {parcel.thread[:80]!r}.")
        return Where(workspace, channel, ts)

    # ------------------------------------------------------------------------------------------ sending

    async def send(self, parcel: Parcel) -> Sent:
        """Post a parcel; a question's message is the head of its thread. Raises PlatformError, PlatformAway."""
        where, mark = await self.where(parcel), await self._mark(parcel)
        shown = await self._shown(parcel, where)
        try:
            answer = await self._pace.post(
                where.key,
                lambda: where.workspace.client.chat_postMessage(
                    channel=where.channel, blocks=shown.blocks, text=shown.text, metadata=metadata(mark),
                    unfurl_links=False, unfurl_media=False, thread_ts=where.thread or None,
                ),
            )  # fmt: skip
        except asyncio.CancelledError:  # it took too long, and may still arrive
            self._marks.doubt(where.workspace.team, where.place)
            raise
        except api.PASSING as error:
            self._marks.doubt(where.workspace.team, where.place)
            raise await self._refused(error, where) from error
        ts = str(answer.get("ts"))
        self._marks.add(where.workspace.team, where.place, mark, ts)
        return self._completed(parcel, where, ts, await self._attach(where, shown))

    def _completed(self, parcel: Parcel, where: Where, ts: str, note: str = "") -> Sent:
        return Sent(ts, thread_of(where.channel, ts) if parcel.opens_thread else "", note)

    async def post(self, where: Where, shown: Shown) -> None:
        """Post what is in no outbox, with its files. Raises PlatformError, PlatformAway."""
        async with self._translating(where):
            await self._pace.post(
                where.key,
                lambda: where.workspace.client.chat_postMessage(
                    channel=where.channel, blocks=shown.blocks, text=shown.text,
                    unfurl_links=False, unfurl_media=False, thread_ts=where.thread or None,
                ),
            )  # fmt: skip
        if shown.files:
            await self.upload(where, shown.files)

    async def _attach(self, where: Where, shown: Shown) -> str:
        """Add a message's files below it; what is to be said of those that couldn't be."""
        if not shown.files:
            return ""
        try:
            await self.upload(where, shown.files)
        except PlatformError as error:
            return f"A file could not be added: {error}"
        return ""

    async def upload(self, where: Where, files: tuple[tuple[str, bytes, str], ...]) -> None:
        """Put files into a channel, thread or direct message. Raises PlatformError, PlatformAway."""
        uploads = [
            {"filename": name, "title": name, "content": data, **({"alt_txt": alt} if alt else {})}
            for name, data, alt in files
        ]
        async with self._translating(where):
            await self._pace.post(
                where.key,
                lambda: where.workspace.client.files_upload_v2(
                    file_uploads=uploads, channel=where.channel, thread_ts=where.thread or None
                ),
            )

    async def find(self, parcel: Parcel) -> Sent | None:
        """A parcel that was posted before, by its mark. Raises PlatformError, PlatformAway."""
        where = await self.where(parcel)
        mark = await self._mark(parcel)
        async with self._translating(where):
            after = begin(parcel.reply_to if parcel.kind is ParcelKind.GRADE else "", parcel.since)
            ts = await self._marks.find(where.workspace, where.place, mark, after)
        return self._completed(parcel, where, ts) if ts else None

    @contextlib.asynccontextmanager
    async def _translating(self, where: Where) -> AsyncIterator[None]:
        try:
            yield
        except api.PASSING as error:
            raise await self._refused(error, where) from error

    async def _refused(self, error: Exception, where: Where) -> PlatformError:
        if api.code(error) in api.LOST:
            self._workspaces.lost(where.workspace.team)
        found = translated(error, "")
        if isinstance(found, PlatformAway):
            return found
        return translated(error, await self._channels.label(where.workspace.team, where.channel))

    # ------------------------------------------------------------------------------------------ changing

    async def amend(self, message: str, parcel: Parcel, *, urgent: bool = True) -> None:
        """Show a parcel's present words in its message; one that is gone stays gone. Raises as `send` does."""
        where, mark = await self.where(parcel), await self._mark(parcel)
        shown = await self._shown(parcel, where)
        try:
            await self._pace.change(
                where.key,
                lambda: where.workspace.client.chat_update(
                    channel=where.channel, ts=message, blocks=shown.blocks, text=shown.text,
                    metadata=metadata(mark),
                ),
                urgent=urgent,
            )  # fmt: skip
        except api.PASSING as error:
            if api.code(error) not in GONE:
                raise await self._refused(error, where) from error

    async def erase(self, team: str, place: str, ts: str) -> None:
        """Delete a message of ours in a thread or channel, or in the direct messages of "@" and a person.

        Raises PlatformError, PlatformAway.
        """
        channel = split_thread(place)[0] or place
        if place.startswith("@"):
            channel = await self._private.channel(team, place[1:])
        workspace = await self._workspaces.get(team)
        try:
            await self._pace.change(
                (team, channel), lambda: workspace.client.chat_delete(channel=channel, ts=ts), urgent=False
            )
        except api.PASSING as error:
            if api.code(error) not in GONE:
                raise await self._refused(error, Where(workspace, channel)) from error

    # ------------------------------------------------------------------------------------------ words

    async def _shown(self, parcel: Parcel, where: Where) -> Shown:
        channel = parcel.channel if parcel.only_for else ""
        about = await self._about(parcel, where.workspace)
        return await show(parcel.message, command=self._command, channel=channel, about=about)

    async def _about(self, parcel: Parcel, workspace: Workspace) -> list[Mapping[str, Any]]:
        """Whose answer a message in a thread is about, or which question one outside it: linked, without a ping."""
        channel, ts = split_thread(parcel.thread)
        if not ts:
            return []
        answer = permalink(workspace.url, channel, parcel.reply_to, ts) if parcel.reply_to else ""
        if parcel.only_for and not answer:
            return [linked(permalink(workspace.url, channel, ts), "About this question")]
        if parcel.only_for:
            return [linked(answer, "About your answer")]
        if parcel.kind is not ParcelKind.GRADE or not parcel.reply_to:
            return []
        return [linked(answer, f"{await self._author(parcel)}'s answer")]

    async def _author(self, parcel: Parcel) -> str:
        person = parcel.author
        if person is None:
            return "Somebody"
        name = person.name
        if name in ("", "somebody"):
            known = self._people.known(parcel.community, person.id)
            if known is None and not self._people.busy:
                known = await self._people.get(parcel.community, person.id, within_s=NAME_WAIT_S)
            name = known.name if known else ""
        return name or "Somebody"


def permalink(url: str, channel: str, ts: str, thread: str = "") -> str:
    """A message's address; `thread` is the ts of the head of its thread. "" where the workspace's isn't known."""
    inside = f"?thread_ts={thread}&cid={channel}" if thread else ""
    return f"{url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}{inside}" if url else ""

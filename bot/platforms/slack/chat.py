"""Slack as a platform of the coach."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import secrets
from collections.abc import AsyncIterator
from typing import Protocol

from bot.coach import Coach
from bot.core.errors import CoachError, PlatformAway
from bot.core.message import Parcel, ParcelKind
from bot.core.model import Place, Reply
from bot.core.ports import Clock, Sent, Store, one
from bot.platforms.slack.answers import Answers
from bot.platforms.slack.background import Background
from bot.platforms.slack.calls import Calls
from bot.platforms.slack.catchup import CATCH_UP_AGAIN_S, CatchUp, replies_in
from bot.platforms.slack.channels import Channels
from bot.platforms.slack.forgetting import Forgetting
from bot.platforms.slack.home import Home
from bot.platforms.slack.inbox import PLATFORM, Inbox, written
from bot.platforms.slack.link.crypt import KeyMissing
from bot.platforms.slack.link.listener import Listener, Payload
from bot.platforms.slack.link.workspaces import Workspaces
from bot.platforms.slack.pace import Pace
from bot.platforms.slack.people import People, Profile
from bot.platforms.slack.private import Private
from bot.platforms.slack.receipts import Receipt, Receipts
from bot.platforms.slack.send import Sender

log = logging.getLogger(__name__)


class Connection(Protocol):
    """What brings Slack's events to a listener."""

    @property
    def connected(self) -> bool:
        """Whether events can come."""
        ...

    async def run(self, listener: Listener) -> None:
        """Serve until cancelled."""
        ...


class SlackChat:
    """Workspaces of Slack, through one app.

    `command` is the slash command's name. `pace_s` are the seconds between two messages in a channel. A workspace that
    removed the coach is forgotten after `grace`. Give it its coach with `attach` before `run`.
    """

    finds_personal = True

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        workspaces: Workspaces,
        connection: Connection,
        command: str = "/mlops",
        pace_s: float = 1.0,
        grace: dt.timedelta = dt.timedelta(days=30),
    ) -> None:
        self._store, self._grace, self._command = store, grace, command
        self._workspaces, self._connection = workspaces, connection
        self._mark = ""
        self.taking = 0
        """How many messages are being taken in."""
        self._coach: Coach | None = None
        self._pace = Pace(pace_s)
        self._people = People(workspaces, self._named)
        self._private, self._channels = Private(workspaces), Channels(workspaces)
        self._sender = Sender(
            workspaces, self._people, self._private, self._channels, self._pace,
            installation=self._installation, command=command,
        )  # fmt: skip
        self._answers = Answers(workspaces, self._private, self._pace, self._sender, command=command)
        self._receipts = Receipts(workspaces, pace_s)
        self._background = Background()
        self._counts: dict[tuple[str, str, str], Parcel] = {}
        self._catching_up = CatchUp(lambda: self._need_coach().replies.catch_up(self))

    @property
    def name(self) -> str:
        return PLATFORM

    def serves(self, community: str) -> bool:
        """Always: Slack hands its events to whichever process is there."""
        return True

    @property
    def connected(self) -> bool:
        """Whether Slack's events can come."""
        return self._connection.connected

    def attach(self, coach: Coach) -> None:
        """The coach that gets what people write here."""
        self._coach = coach
        self._inbox = Inbox(coach, self._people, gap=self._gap_soon, seen=self._seen)
        self._calls = Calls(
            coach, self._workspaces, self._people, self._channels, self._inbox.threads, self._answers,
            command=self._command,
        )  # fmt: skip
        self._home = Home(coach, self._workspaces, self._people, self._channels, command=self._command)
        keepers = (self._people, self._private, self._home, self._channels, self._inbox.threads)
        self._forgetting = Forgetting(
            self._store, self._sender, self._background, keepers,
            coach=self._need_coach, grace=self._grace,
        )  # fmt: skip
        self._parts = (self._catching_up, self._background, self._people, self._home, self._receipts)

    def _need_coach(self) -> Coach:
        assert self._coach is not None, "attach a coach before run"  # noqa: S101
        return self._coach

    async def _installation(self) -> str:
        if not self._mark:
            await self._store.write(one, "slack_installation_put", mark=secrets.token_hex(4))
            row = await self._store.read(one, "slack_installation")
            assert row is not None  # noqa: S101  put there above
            self._mark = str(row["mark"])
        return self._mark

    async def _named(self, team: str, user: str, profile: Profile) -> None:
        coach = self._need_coach()
        await coach.replies.name(PLATFORM, team, user, profile.name)
        if profile.admin or user == (await self._workspaces.get(team)).installer:
            await coach.community.told(Place(PLATFORM, team, ""), user)

    # ------------------------------------------------------------------------------------------ the coach's side

    async def send(self, parcel: Parcel) -> Sent:
        """Post a parcel; what is for one person alone goes into their direct messages.

        Raises PlatformError, with what to do about it, and PlatformAway.
        """
        with self._inbox.threads.asking(parcel.community, parcel.channel) if parcel.opens_thread else _nothing():
            sent = await self._sender.send(parcel)
            self._follow(parcel, sent)
        return sent

    async def find(self, parcel: Parcel) -> Sent | None:
        """A parcel that was posted before, by the mark in its metadata. Raises PlatformError, PlatformAway."""
        sent = await self._sender.find(parcel)
        if sent:
            self._follow(parcel, sent)
        return sent

    def _follow(self, parcel: Parcel, sent: Sent) -> None:
        if sent.thread:
            self._inbox.threads.opened(parcel.community, sent.thread)
        if parcel.kind is ParcelKind.GRADE:
            self._graded(parcel)

    def _graded(self, parcel: Parcel) -> None:
        if parcel.reply_to and parcel.thread:
            self._receipts.put((parcel.community, parcel.thread, parcel.reply_to), Receipt.GRADED)
        if parcel.author:
            self._home.changed(parcel.community, parcel.author.id)

    async def amend(self, message: str, parcel: Parcel) -> None:
        """Show a parcel's present words where it was posted; a question's in the background, after what is urgent.

        Raises PlatformError, PlatformAway.
        """
        if parcel.kind is ParcelKind.QUESTION:
            key = (parcel.community, parcel.channel, message)
            waiting = key in self._counts
            self._counts[key] = parcel
            if not waiting and not self._background.start(self._amend_question(key), "count of answers"):
                del self._counts[key]
            return
        await self._sender.amend(message, parcel)
        if parcel.kind is ParcelKind.GRADE:
            self._graded(parcel)

    async def _amend_question(self, key: tuple[str, str, str]) -> None:
        shown: Parcel | None = None
        try:
            await asyncio.sleep(0)
            while shown is not self._counts[key]:  # another may have come while this one had to wait
                shown = self._counts[key]
                await self._sender.amend(key[2], shown, urgent=False)
        except CoachError as error:
            # Only its count is new, and the next answer brings another.
            log.info("Slack: the count of question %s could not be shown: %s", key[2], error)
        finally:
            del self._counts[key]

    async def acknowledge(self, reply: Reply) -> None:
        """Put the receipt on a message: seen."""
        self._seen(reply)

    def _seen(self, reply: Reply) -> None:
        if not reply.private:
            self._receipts.put((reply.community, reply.channel, reply.message), Receipt.SEEN)

    async def history(self, place: Place, thread: str, since: dt.datetime) -> AsyncIterator[Reply]:
        """People's messages in a thread, oldest first. Raises PlatformError, PlatformAway."""
        try:
            async for reply in replies_in(thread, place.community, self._workspaces, self._people):
                yield reply
        except KeyMissing:
            raise
        except PlatformAway:
            self._catching_up.missed()
            raise

    async def forget(self, community: str, user: str) -> None:
        """Drop what is kept about a person."""
        self._forgetting.person(community, user)

    def erase_soon(self) -> None:
        """Delete, in the background, what is noted to be."""
        self._forgetting.go_on()

    async def run(self) -> None:
        """Serve until cancelled. Raises SettingsError when Slack refuses the token."""
        forgetting = asyncio.create_task(self._forgetting.run(), name="forget workspaces that removed the coach")
        try:
            await self._connection.run(self)
        finally:
            forgetting.cancel()
            await asyncio.gather(forgetting, return_exceptions=True)
            for part in self._parts:
                await part.stop()

    async def idle(self) -> None:
        """Wait until what was begun in the background is done."""
        for part in self._parts:
            await part.idle()

    # ------------------------------------------------------------------------------------------ Slack's side

    async def message(self, team: str, event: Payload) -> None:
        """A message of a channel is stored when this returns; one to the coach alone is a command."""
        workspace = await self._workspaces.get(team)
        if event.get("channel_type") != "im":
            self.taking += 1
            try:
                await self._inbox.take(team, workspace.bot_user, event)
            finally:
                self.taking -= 1
            return
        said = written(event) and event.get("user") != workspace.bot_user and event.get("text")
        if said and self._background.first(team, str(event.get("channel")), str(event.get("ts"))):
            self._background.start(self._calls.direct(team, event), "a direct message")

    async def mention(self, team: str, event: Payload) -> None:
        """The coach was mentioned: a command, perhaps."""
        if not written({**event, "subtype": ""}) or event.get("channel_type") == "im":
            return
        if self._background.first(team, str(event.get("channel")), str(event.get("ts"))):
            self._background.start(self._calls.mention(team, event), "a mention")

    async def command(self, team: str, payload: Payload) -> None:
        """A slash command."""
        if self._background.first(team, "command", str(payload.get("trigger_id"))):
            self._background.start(self._calls.slash(team, payload), "a command")

    async def action(self, team: str, payload: Payload) -> None:
        """A button was pressed."""
        if self._background.first(team, "action", str(payload.get("trigger_id"))):
            self._background.start(self._press(team, payload), "a button")

    async def _press(self, team: str, payload: Payload) -> None:
        found = await self._calls.press(team, payload)
        if found and found.call.verb == "privacy":
            self._home.opened(team, found.back.user)  # forgotten, like the rest, but it may be looked at
        elif found and found.home:
            self._home.changed(team, found.back.user)

    async def shortcut(self, team: str, payload: Payload) -> None:
        """ "Grade this answer"."""
        if self._background.first(team, "shortcut", str(payload.get("trigger_id"))):
            self._background.start(self._calls.shortcut(team, payload), "a shortcut")

    async def submission(self, team: str, payload: Payload) -> Payload | None:
        """A form was sent; it is stored when this returns. Raises StoreError."""
        errors, found, answer = await self._calls.submit(team, payload)
        if found and answer and self._background.first(team, "form", found.call.key):
            self._background.start(self._calls.told(found, answer), "the answer to a form")
            self._home.changed(team, found.back.user)
        return errors

    async def home(self, team: str, event: Payload) -> None:
        """A person opened the coach's home."""
        user = event.get("user")
        if event.get("tab", "home") == "home" and isinstance(user, str):
            self._home.opened(team, user)

    async def joined(self, team: str) -> None:
        """The coach is in a workspace (again). Raises StoreError."""
        await self._need_coach().privacy.present(PLATFORM, [team])

    async def removed(self, team: str) -> None:
        """The coach was removed from a workspace. Raises StoreError."""
        await self._forgetting.removed(team)

    def gap(self) -> None:
        """Read open threads again, in the background."""
        self._catching_up.start(0.0)
        self._forgetting.go_on()

    def _gap_soon(self) -> None:
        self._catching_up.start(CATCH_UP_AGAIN_S)


def _nothing() -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()

"""What people write in threads: Slack's events as replies, handed to the coach."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.coach import Coach
from bot.coach.replies import Taken
from bot.commands import mentioned
from bot.core.errors import StoreError, UsageError
from bot.core.model import Person, Reply
from bot.platforms.slack.blocks.ids import split_thread, thread_of
from bot.platforms.slack.people import People, Profile

log = logging.getLogger(__name__)

PLATFORM = "slack"
KNOWN_THREADS = 20_000
OPENING_S = 60.0
"""How long a thread that was just made may take to be noted as a round's."""

CLOCKS = dt.timedelta(minutes=5)
"""How far Slack's clock and ours may be apart: a thread that is older than a question by more isn't its."""

OPENING_WAITS_S = (0.1, 0.4, 1.0)
"""When a reply is tried again whose thread was made a moment ago; after that Slack has to send it again."""

Event = Mapping[str, Any]

_KINDS = frozenset({"", "thread_broadcast", "file_share", "me_message"})
_ENTITY = re.compile(r"<([^<>|]{1,3000})(?:\|([^<>]{0,3000}))?>")
_FIRST = re.compile(r"\s*<(?:@([UW][A-Z0-9]{1,40})|!subteam\^[A-Z0-9]{1,40})(?:\|[^<>]{0,300})?>[\s:,]*")
_COMMAND = re.compile(r"\s*[/!][A-Za-z]")
_TS = re.compile(r"\d{1,12}\.\d{1,6}")


# ---------------------------------------------------------------------------------------------- reading


def written(message: Event) -> bool:
    """Whether a message was written by a person: bots, other apps and Slack's own notes fall away."""
    if message.get("bot_id") or message.get("bot_profile") or message.get("hidden"):
        return False
    user, kind = message.get("user"), message.get("subtype") or ""
    return isinstance(kind, str) and kind in _KINDS and isinstance(user, str) and user not in ("", "USLACKBOT")


def words(text: str) -> str:
    """Slack's mrkdwn as plain words, without anybody's id."""
    return _typed(_ENTITY.sub(_named, text)).strip()


def _typed(text: str) -> str:
    """What was typed: Slack escapes these three and nothing else."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _named(found: re.Match[str]) -> str:
    what, label = found[1], found[2] or ""
    if what.startswith(("@", "!subteam")):
        return "@…"
    if what.startswith("#"):
        return f"#{label or '…'}"
    if what.startswith("!"):
        return label or f"@{what[1:].partition('^')[0]}"
    return label or what


def asked(text: str) -> str:
    """What was typed to the coach as a command: mentions stay as they are, since a setting may be meant by one."""
    return _typed(_ENTITY.sub(lambda found: found[0] if found[1][0] in "@!" else _named(found), text)).strip()


def moment(ts: object) -> dt.datetime | None:
    """The time that a ts tells, None when it is none."""
    if not isinstance(ts, str) or not _TS.fullmatch(ts):
        return None
    seconds, _, fraction = ts.partition(".")
    try:
        return dt.datetime.fromtimestamp(int(seconds), dt.UTC) + dt.timedelta(microseconds=int(fraction.ljust(6, "0")))
    except (OverflowError, ValueError, OSError):
        return None


def spoken_to(text: str, me: str) -> str | None:
    """What follows when a text begins with a mention of the coach, None when it doesn't."""
    first = _FIRST.match(text)
    return text[first.end() :] if first and first[1] == me else None


def is_command(text: str) -> bool:
    """Whether words that follow a mention of the coach are a command, however badly put."""
    try:
        return mentioned(asked(text)) is not None
    except UsageError:
        return True


def reply_of(message: Event, community: str, thread: str, me: str, author: Profile | None = None) -> Reply | None:
    """A message as the coach takes it, at its present revision; None when it has no place in time."""
    text = str(message.get("text") or "")
    to_us = spoken_to(text, me)
    first = _FIRST.match(text)
    edited = message.get("edited")
    revision = str(edited.get("ts") or "") if isinstance(edited, dict) else ""
    at = moment(revision or message.get("ts"))
    if at is None or moment(message.get("ts")) is None:
        return None
    return Reply(
        platform=PLATFORM,
        community=community,
        channel=thread,
        message=str(message.get("ts") or ""),
        author=Person(str(message.get("user") or ""), author.name if author else ""),
        text=words(text if to_us is None else to_us),
        at=at,
        revision=revision,
        addressed=is_command(to_us) if to_us is not None else bool(first or _COMMAND.match(text)),
        organiser=author is not None and author.admin,
    )


# ---------------------------------------------------------------------------------------------- threads


class Threads:
    """Which threads belong to rounds. Most messages of a workspace don't concern us, and asking the database costs."""

    def __init__(self, coach: Coach) -> None:
        self._coach = coach
        self._rounds: OrderedDict[tuple[str, str], int | None] = OrderedDict()
        self._opening: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._asking: dict[tuple[str, str], list[dt.datetime]] = {}

    @contextlib.contextmanager
    def asking(self, team: str, channel: str) -> Iterator[None]:
        """While a question is on its way into a channel, any new thread there may turn out to be its."""
        begun = self._asking.setdefault((team, channel), [])
        begun.append(self._coach.clock.now())
        try:
            yield
        finally:
            begun.pop()  # whichever it was: the earliest stays until all are through
            if not begun:
                del self._asking[team, channel]

    def opened(self, team: str, thread: str) -> None:
        """A thread was made whose round will be noted as open in a moment."""
        self._rounds.pop((team, thread), None)
        self._opening[team, thread] = time.monotonic() + OPENING_S
        while len(self._opening) > 100:
            self._opening.popitem(last=False)

    def _undecided(self, team: str, thread: str) -> bool:
        if self._opening.get((team, thread), 0.0) > time.monotonic():
            return True
        channel, ts = split_thread(thread)
        begun, at = self._asking.get((team, channel), []), moment(ts)
        return at is not None and any(at > began - CLOCKS for began in begun[:1])

    async def round_of(self, team: str, thread: str) -> int | None:
        """The round of a thread, None for any other. Raises StoreError, also when that isn't decided yet."""
        for wait in (*OPENING_WAITS_S, None):
            if (team, thread) in self._rounds:
                return self._rounds[team, thread]
            undecided = self._undecided(team, thread)
            found = await self._coach.replies.round_of(PLATFORM, team, thread)
            if found is not None or not undecided:
                self._keep(team, thread, found)
                return found
            if wait is not None:
                await asyncio.sleep(wait)
        raise StoreError("the round of a new thread isn't noted yet; its first replies come again")

    def _keep(self, team: str, thread: str, found: int | None) -> None:
        self._rounds[team, thread] = found
        self._opening.pop((team, thread), None)
        while len(self._rounds) > KNOWN_THREADS:
            self._rounds.popitem(last=False)

    def forget(self, team: str, user: str = "") -> None:
        """Drop what is kept about a workspace; there is nothing about a person."""
        for key in [key for key in self._rounds if key[0] == team and not user]:
            del self._rounds[key]


# ---------------------------------------------------------------------------------------------- taking


class Inbox:
    """Takes in what is written, edited and deleted in the threads of rounds.

    `gap` is called when something couldn't be stored, so that it is read again later.
    """

    def __init__(self, coach: Coach, people: People, *, gap: Callable[[], None], seen: Callable[[Reply], None]) -> None:
        self._coach, self._people, self._gap, self._seen = coach, people, gap, seen
        self.threads = Threads(coach)

    async def take(self, team: str, me: str, event: Event) -> None:
        """A message event of a channel; when this returns, what concerns us is durable.

        Raises StoreError when it isn't, so that Slack sends it again.
        """
        channel = str(event.get("channel") or "")
        try:
            match event.get("subtype", ""):
                case "message_deleted":
                    await self._deleted(team, channel, event)
                case "message_changed":
                    await self._changed(team, me, channel, event)
                case _:
                    await self._written(team, me, channel, event)
        except StoreError as error:
            log.error("a message in a thread could not be stored; Slack sends it again: %s", error)
            self._gap()
            raise

    async def _written(self, team: str, me: str, channel: str, message: Event) -> None:
        thread = _thread(channel, message)
        if not thread or not written(message) or message.get("user") == me:
            return
        if await self.threads.round_of(team, thread) is None:
            return
        user = str(message["user"])
        known = self._people.known(team, user)
        if known and known.bot:
            return
        reply = reply_of(message, team, thread, me, known)
        if reply is None:
            return
        taken = await self._coach.replies.take(reply)
        if taken is Taken.ANSWER:
            self._seen(reply)
        if known is None and taken in (Taken.ANSWER, Taken.DISCUSSION):
            self._people.later(team, user)

    async def _changed(self, team: str, me: str, channel: str, event: Event) -> None:
        """An edit; what Slack adds to a message by itself (a link's preview, a count of replies) changes no word."""
        now, before = event.get("message"), event.get("previous_message")
        if not isinstance(now, dict):
            return
        if now.get("subtype") == "tombstone":
            await self._withdraw(team, channel, now)
            return
        same = isinstance(before, dict) and words(str(before.get("text") or "")) == words(str(now.get("text") or ""))
        if now.get("edited") and not same:
            await self._written(team, me, channel, {**now, "hidden": False})

    async def _deleted(self, team: str, channel: str, event: Event) -> None:
        gone = event.get("previous_message")
        if isinstance(gone, dict):
            await self._withdraw(team, channel, {**gone, "ts": event.get("deleted_ts") or gone.get("ts")})
        else:
            self._gap()  # nothing tells which thread it was in; reading them again does

    async def _withdraw(self, team: str, channel: str, message: Event) -> None:
        thread = _thread(channel, message)
        # A bot's own messages are no replies; the head of a thread isn't in it.
        if not thread or message.get("bot_id") or message.get("ts") == message.get("thread_ts"):
            return
        if await self.threads.round_of(team, thread) is not None:
            await self._coach.replies.withdraw(PLATFORM, team, thread, str(message.get("ts")))


def _thread(channel: str, message: Event) -> str:
    """The id of the thread that a message is in, "" for none."""
    thread = thread_of(channel, str(message.get("thread_ts") or ""))
    return thread if split_thread(thread) != ("", "") else ""

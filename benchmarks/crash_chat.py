"""The platform adapter of the crash harness: a real `bot.core.ports.Platform` that speaks to its world by a socket."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from benchmarks.crash_clock import SharedClock
from benchmarks.crash_records import COMMUNITY, ORGANISER, PLATFORM
from benchmarks.crash_world import LINE_LIMIT
from bot.coach import Coach
from bot.coach.replies import Taken
from bot.commands import Call, dispatch
from bot.core.errors import CoachError, PlatformAway, PlatformError
from bot.core.message import Message, Parcel
from bot.core.model import Person, Place, Reply
from bot.core.ports import CrashPoint, Sent

OPENING_WAITS_S = (0.02, 0.1, 0.3)
"""When a reply is tried again whose thread was made a moment ago; after that the world has to send it again."""


class LoopChat:
    """A connection to the world. `connected` is called when what was missed has been read again; `rang` when the clock
    has jumped, so that nothing waits by the old time.
    """

    def __init__(
        self,
        port: int,
        clock: SharedClock,
        crash: CrashPoint,
        *,
        connected: Callable[[], None],
        rang: Callable[[], None],
    ) -> None:
        self._port, self._clock, self._crash = port, clock, crash
        self._connected, self._rang = connected, rang
        self._coach: Coach | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._ids = itertools.count(1)
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.parted = asyncio.Event()
        """The world has said goodbye, or is gone."""

    @property
    def name(self) -> str:
        return PLATFORM

    @property
    def finds_personal(self) -> bool:
        return False

    def serves(self, community: str) -> bool:
        return community == COMMUNITY

    def attach(self, coach: Coach) -> None:
        """The coach that gets what people write."""
        self._coach = coach

    # ------------------------------------------------------------------------------------------ the coach's side

    async def send(self, parcel: Parcel) -> Sent:
        """Post a parcel; a question gets its thread in a second step, as on Discord."""
        buttons = [button.target for button in parcel.message.buttons if button.verb in ("answer", "points")]
        sent = await self._ask(
            "send",
            key=parcel.key,
            kind=parcel.kind,
            channel=parcel.channel,
            thread=parcel.thread,
            reply_to=parcel.reply_to,
            only_for=parcel.only_for,
            target=buttons[0] if buttons else "",
            text=parcel.message.text,
        )
        if parcel.opens_thread:
            self._crash("question.posted")
        return await self._complete(parcel, sent["message"])

    async def find(self, parcel: Parcel) -> Sent | None:
        """The message of a parcel, with the thread that it was to have."""
        found = (await self._ask("find", key=parcel.key))["message"]
        return await self._complete(parcel, found) if found else None

    async def _complete(self, parcel: Parcel, message: str) -> Sent:
        thread = (await self._ask("thread", message=message))["thread"] if parcel.opens_thread else ""
        return Sent(message, thread)

    async def amend(self, message: str, parcel: Parcel) -> None:
        await self._ask("amend", key=parcel.key, message=message, text=parcel.message.text)

    async def forget(self, community: str, user: str) -> None:
        await self._ask("forget", user=user)

    async def acknowledge(self, reply: Reply) -> None:
        return None

    async def history(self, place: Place, thread: str, since: dt.datetime) -> AsyncIterator[Reply]:
        for line in (await self._ask("history", thread=thread, since=since.isoformat()))["messages"]:
            yield _reply(line)

    async def _ask(self, do: str, **line: object) -> dict[str, Any]:
        """Raises PlatformAway, and PlatformError where the world refuses for good."""
        if self._writer is None:
            raise PlatformAway("the world isn't connected")
        number = next(self._ids)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        self._tell(do, id=number, **line)
        found: dict[str, Any] = await answer
        match found.get("error"):
            case "away":
                raise PlatformAway("the world said so")
            case "refused":
                raise PlatformError("the world refused it")
        return found

    def _tell(self, do: str, **line: object) -> None:
        if self._writer is not None:
            self._writer.write(json.dumps({"do": do, **line}).encode() + b"\n")

    # ------------------------------------------------------------------------------------------ the world's side

    async def run(self) -> None:
        """Serve until the world says goodbye, or is gone: then `parted` is set."""
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=LINE_LIMIT)
        try:
            self._begin(self._catch_up())
            while line := await reader.readline():
                if not self._heard(json.loads(line)):
                    return
        finally:
            self.parted.set()
            self._writer.close()
            self._writer = None

    def _heard(self, line: dict[str, Any]) -> bool:
        match line["do"]:
            case "clock":
                self._clock.offset = line["offset"]
                self._rang()
            case "answer":
                self._asked.pop(line["id"]).set_result(line)
            case "use":
                self._begin(self._use(line))
            case "bye":
                return False
            case _:
                self._begin(self._event(line))
        return True

    def _begin(self, work: Any) -> None:  # noqa: ANN401
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _need_coach(self) -> Coach:
        assert self._coach is not None, "attach a coach before run"
        return self._coach

    async def _catch_up(self) -> None:
        await self._need_coach().replies.catch_up(self)
        self._tell("caught up")
        self._connected()

    async def _event(self, line: dict[str, Any]) -> None:
        """One event; what isn't stored isn't acknowledged, so it comes again."""
        replies = self._need_coach().replies
        try:
            for wait in (*OPENING_WAITS_S, None):
                if await replies.round_of(PLATFORM, COMMUNITY, line["thread"]) is not None:
                    break
                if wait is None:
                    return
                await asyncio.sleep(wait)
            if line["do"] == "deleted":
                await replies.withdraw(PLATFORM, COMMUNITY, line["thread"], line["message"])
            elif await replies.take(_reply(line)) is Taken.ELSEWHERE:
                return
        except CoachError:
            return
        self._tell("ack", event=line["event"])

    async def _use(self, line: dict[str, Any]) -> None:
        call = Call(
            line["verb"],
            Place(PLATFORM, COMMUNITY, line["channel"]),
            _person(line["person"]),
            dt.datetime.fromisoformat(line["at"]),
            line["key"],
            organiser=line["person"] == ORGANISER,
            thread=line["thread"],
            target=line["target"],
            args=line["args"],
            submitted=True,
        )
        try:
            answer = await dispatch(self._need_coach(), call)
        except CoachError:
            return
        assert isinstance(answer, Message)
        self._tell("answered", use=line["use"], text=answer.text, refusal=answer.refusal)


def _person(user: str) -> Person:
    return Person(user, user.title())


def _reply(line: dict[str, Any]) -> Reply:
    return Reply(
        PLATFORM,
        COMMUNITY,
        line["thread"],
        line["message"],
        _person(line["author"]),
        line["text"],
        dt.datetime.fromisoformat(line["at"]),
        line["revision"],
        line["addressed"],
    )

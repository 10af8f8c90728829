"""The platform's side of the crash harness: a chat server on loopback that remembers all that was ever said in it.

It outlives the coach's process. What a person does is an event that is sent until it is acknowledged, as Slack does, or
that is gone with its session, as on Discord: then only the thread's history tells of it. A line is a JSON object.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import json
import random
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from benchmarks.crash_clock import SharedClock
from benchmarks.crash_records import Said, Trouble, Use, Version, Written

REPLAY_WITHIN = dt.timedelta(hours=12)
"""A session may lose its events only while the coach still reads the threads again that they were in."""

SEND_AGAIN_S = 2.0
LINE_LIMIT = 2**26


@dataclass(slots=True)
class _Event:
    line: dict[str, Any]
    since: dt.datetime
    version: Version | None
    sent: float = 0.0


class World:
    """One community with its channels. `forgetful` breaks it on purpose: it finds nothing that was said before."""

    def __init__(self, rng: random.Random, clock: SharedClock, *, forgetful: bool = False) -> None:
        self._rng, self.clock, self._forgetful = rng, clock, forgetful
        self._ids = itertools.count(1)
        self.written: dict[str, Written] = {}
        self.said: list[Said] = []
        self._in_thread: defaultdict[str, list[Written]] = defaultdict(list)
        self._said: dict[str, Said] = {}
        self._by_key: defaultdict[str, list[Said]] = defaultdict(list)
        self.refused: set[str] = set()
        self.threads: dict[str, str] = {}
        self.rounds: dict[str, str] = {}
        """The round of a thread, as the question's buttons name it."""
        self.uses: list[Use] = []
        self.trouble = Trouble()
        self.redelivered = self.sessions_lost = 0
        self._events: dict[int, _Event] = {}
        self._missed: list[_Event] = []
        self._open_uses: dict[int, Use] = {}
        self._child: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None
        self.caught_up = False
        self.port = 0

    # ------------------------------------------------------------------------------------------ what people do

    def write(self, channel: str, thread: str, author: str, version: Version, *, addressed: bool = False) -> Written:
        """Post a message into a thread."""
        message = Written(self._id(), channel, thread, author, [version], addressed)
        self.written[message.id] = message
        self._in_thread[thread].append(message)
        self._event(self._line(message, version), version)
        return message

    def edit(self, message: Written, version: Version) -> None:
        """Give a message another text."""
        message.versions.append(version)
        self._event(self._line(message, version), version)

    def delete(self, message: Written) -> None:
        """Delete a message."""
        message.acked_before_deletion = message.versions[-1].acked
        message.deleted = True
        line = {"do": "deleted", "thread": message.thread, "message": message.id}
        self._event(line, None)

    def repeat(self, message: Written) -> None:
        """Deliver a message once more, as it is now."""
        self.redelivered += 1
        self._event(self._line(message, message.versions[-1]), message.versions[-1])

    def use(self, use: Use) -> None:
        """Use a command, and again until it is answered."""
        number = self._number()
        self._open_uses[number] = use
        self.uses.append(use)
        self._try(number, use)

    def recent(self, most: int) -> list[Written]:
        """The newest messages of people."""
        return [self.written[id_] for id_ in itertools.islice(reversed(self.written), most)]

    def crowd(self) -> int:
        """How many messages there are in the newest threads."""
        newest = itertools.islice(reversed(self.threads), 4)
        return sum(len(self._in_thread[thread]) for thread in newest)

    def question(self, thread: str) -> str:
        """The words of the question that a thread is of."""
        return self._said[thread.removeprefix("t")].text

    def busy(self, channel: str, verb: str) -> bool:
        """Whether a command with a verb is waiting for its answer in a channel."""
        return any(use.channel == channel and use.verb == verb for use in self._open_uses.values())

    def jump(self, span: dt.timedelta) -> None:
        """Let time pass."""
        self.clock.jump(span)
        self._tell({"do": "clock", "offset": self.clock.offset})

    @property
    def connected(self) -> bool:
        return self._child is not None

    @property
    def outstanding(self) -> int:
        """Events and commands that the coach hasn't acknowledged."""
        return len(self._events) + len(self._missed) + len(self._open_uses)

    # ------------------------------------------------------------------------------------------ lines out

    def _id(self) -> str:
        return str(next(self._ids))

    def _number(self) -> int:
        return next(self._ids)

    def _line(self, message: Written, version: Version) -> dict[str, Any]:
        return {
            "do": "written",
            "thread": message.thread,
            "message": message.id,
            "author": message.author,
            "text": version.text,
            "at": version.at.isoformat(),
            "revision": version.revision,
            "addressed": message.addressed,
        }

    def _event(self, line: dict[str, Any], version: Version | None) -> None:
        number = self._number()
        self._events[number] = event = _Event(line, self.clock.now(), version)
        self._send(number, event)

    def _send(self, number: int, event: _Event) -> None:
        event.sent = time.monotonic()
        self._tell({**event.line, "event": number})

    def _try(self, number: int, use: Use) -> None:
        if self._child is None:
            return
        use.sent = time.monotonic()
        key, at = f"use-{self._id()}", self.clock.unique()
        use.keys.append((key, at))
        self._tell(
            {
                "do": "use",
                "use": number,
                "verb": use.verb,
                "channel": use.channel,
                "person": use.person,
                "args": use.args,
                "target": use.target,
                "thread": use.thread,
                "key": key,
                "at": at.isoformat(),
            }
        )

    def _tell(self, line: dict[str, Any]) -> None:
        if self._child is not None and not self._child.is_closing():
            self._child.write(json.dumps(line).encode() + b"\n")

    def send_again(self) -> None:
        """Repeat what has waited long for its acknowledgement."""
        for number, event in list(self._events.items()):
            if time.monotonic() - event.sent > SEND_AGAIN_S:
                self.redelivered += 1
                self._send(number, event)
        for number, use in list(self._open_uses.items()):
            if time.monotonic() - use.sent > SEND_AGAIN_S:
                self._try(number, use)

    def bye(self) -> None:
        """Ask the coach to stop."""
        self._tell({"do": "bye"})

    # ------------------------------------------------------------------------------------------ lines in

    async def open(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LINE_LIMIT)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._child, self.caught_up = writer, False
        self._tell({"do": "clock", "offset": self.clock.offset})
        self._resume()
        try:
            while line := await reader.readline():
                self._heard(json.loads(line))
        except (ConnectionError, json.JSONDecodeError):  # killed in the middle of a line
            pass
        finally:
            if self._child is writer:
                self._child = None
            writer.close()

    def _resume(self) -> None:
        """Begin the coach's next session: events come again in about their order, or are gone with the last one."""
        now = self.clock.now()
        old = any(now - event.since > REPLAY_WITHIN for event in (*self._events.values(), *self._missed))
        if not old and self._rng.random() < 0.4:
            self.sessions_lost += 1
            self._missed += self._events.values()
            self._events.clear()
        elif old:
            for event in self._missed:
                self._events[self._number()] = event
            self._missed.clear()
        order = sorted(self._events.items(), key=lambda pair: pair[0] + 10 * self._rng.random())
        for number, event in order:
            self.redelivered += 1
            self._send(number, event)
        for number, use in list(self._open_uses.items()):
            if use.gives_up and use.keys:
                del self._open_uses[number]
            else:
                self._try(number, use)

    def _heard(self, line: dict[str, Any]) -> None:
        match line["do"]:
            case "ack":
                self._acked(line["event"])
            case "answered":
                self._answered(line)
            case "caught up":
                self.caught_up = True
                self._missed.clear()
            case asked:
                answer = self._do(asked, line)
                self._tell({**answer, "do": "answer", "id": line["id"]})

    def _acked(self, number: int) -> None:
        event = self._events.pop(number, None)
        if event and event.version:
            event.version.acked_at = event.version.acked_at or self.clock.now()

    def _answered(self, line: dict[str, Any]) -> None:
        use = self._open_uses.pop(line["use"], None)
        if use:
            use.answered_at, use.answer, use.refused = self.clock.now(), line["text"], line["refusal"]

    # ------------------------------------------------------------------------------------------ what the coach does

    def _do(self, asked: str, line: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any]
        if asked not in ("send", "amend"):
            answer = getattr(self, f"do_{asked}")(line)
        elif self._rng.random() < self.trouble.refuse:
            self.refused.add(line["key"])
            answer = {"error": "refused"}
        elif self._rng.random() < self.trouble.away:
            answer = {"error": "away"}
        else:
            answer = getattr(self, f"do_{asked}")(line)
            if self._rng.random() < self.trouble.away_after:
                answer = {"error": "away"}
        return answer

    def do_send(self, line: dict[str, Any]) -> dict[str, Any]:
        """Post what the coach says, as often as it is told to."""
        names = ("key", "kind", "channel", "thread", "reply_to", "only_for", "target", "text")
        said = Said(self._id(), **{name: line[name] for name in names})
        self.said.append(said)
        self._said[said.id] = said
        self._by_key[said.key].append(said)
        return {"message": said.id}

    def do_thread(self, line: dict[str, Any]) -> dict[str, Any]:
        """Make a message's thread; it is there once, however often it is asked for."""
        said = self._said[line["message"]]
        thread = f"t{said.id}"
        self.threads[thread], self.rounds[thread] = said.channel, said.target
        return {"thread": thread}

    def do_find(self, line: dict[str, Any]) -> dict[str, Any]:
        found = [said for said in self._by_key[line["key"]] if not said.erased and not said.only_for]
        return {"message": found[0].id if found and not self._forgetful else ""}

    def do_amend(self, line: dict[str, Any]) -> dict[str, Any]:
        self._said[line["message"]].text = line["text"]
        return {}

    def do_history(self, line: dict[str, Any]) -> dict[str, Any]:
        there = [message for message in self._in_thread[line["thread"]] if not message.deleted]
        since = dt.datetime.fromisoformat(line["since"])
        return {"messages": [self._line(m, m.versions[-1]) for m in there if m.versions[0].at >= since]}

    def do_forget(self, line: dict[str, Any]) -> dict[str, Any]:
        own = {message.id for message in self.written.values() if message.author == line["user"]}
        for said in self.said:
            said.erased = said.erased or said.reply_to in own
        return {}

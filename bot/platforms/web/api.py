"""The server's routes: each reads a request, runs a unit of work or a use case, and answers with JSON."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import web

from bot.coach import Coach
from bot.coach.replies import Taken
from bot.core.errors import StoreError, UsageError
from bot.core.model import Reply
from bot.core.ports import Clock, Row, Store
from bot.platforms.web import calls, guard, members, pages, units
from bot.platforms.web.basics import COMMUNITY, PLATFORM, Member, micros
from bot.platforms.web.live import Hub, Listener
from bot.platforms.web.names import clean_name, clean_text
from bot.platforms.web.static import Asset
from bot.platforms.web.wire import (
    CallBody,
    DeleteBody,
    EditBody,
    Json,
    NameBody,
    PostBody,
    TokenBody,
    member_json,
    menu_json,
    message_json,
    number,
    read_body,
)

PAGE_SIZE = 80  # messages
BATCH = 200  # changes
HEARTBEAT = 15.0  # seconds


class Api:
    """The routes and what they share. `open_to_all` lets a browser be anybody: right on one laptop, not on a server."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        coach: Callable[[], Coach],
        hub: Hub,
        door: guard.Door,
        *,
        acknowledge: Callable[[Reply], Awaitable[None]],
        open_to_all: bool,
        port: int,
    ) -> None:
        self._store = store
        self._clock = clock
        self._coach = coach
        self._hub = hub
        self._door = door
        self._acknowledge = acknowledge
        self._open_to_all = open_to_all
        self._people = guard.Rates(burst=60, per_second=2)
        self._strangers = guard.Rates(burst=20, per_second=0.5)
        self._cookie = f"mlops-coach-{port}"  # cookies don't tell ports apart
        self.assets: Mapping[str, Asset] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self.healthz),
            web.get("/api/start", self.start),
            web.get("/api/messages", self.messages),
            web.get("/api/events", self.events),
            web.post("/api/token", self.token),
            web.post("/api/people", self.pick),
            web.post("/api/messages", self.post),
            web.post(r"/api/messages/{id:\d{1,15}}/edit", self.edit),
            web.post(r"/api/messages/{id:\d{1,15}}/delete", self.delete),
            web.post("/api/calls", self.call),
            web.get("/api/complete", self.complete),
            *(web.get(path, self.asset) for path in self.assets),
        ]

    async def healthz(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    # ------------------------------------------------------------------------------------------ the page, its token

    @property
    def door_cookie(self) -> str:
        return f"{self._cookie}-door"

    async def asset(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/" and "token" in request.query:
            # The printed address carries the token; the browser's history and its Referer shouldn't.
            self._slow_down(self._strangers, request.remote or "")
            gone = web.Response(status=303, headers={"Location": "/"})
            if self._door.opens_with(request.query["token"]):
                self._door.let_in(gone, self.door_cookie, secure=request.secure)
            return gone
        return self.assets[request.path].response(request)

    async def token(self, request: web.Request) -> web.Response:
        self._slow_down(self._strangers, request.remote or "")
        body = await read_body(request, TokenBody)
        if not self._door.opens_with(body.token.strip()):
            return guard.problem(401, "That isn't the token. It is the value of COACH_WEB_TOKEN.", need="token")
        response = web.json_response({})
        self._door.let_in(response, self.door_cookie, secure=request.secure)
        return response

    # ------------------------------------------------------------------------------------------ people

    async def start(self, request: web.Request) -> web.Response:
        """All that the page needs to begin; without a person, only whom one can be."""
        mine = await self._mine(request)
        wanted = request.query.get("person", "")
        member = next((one for one in mine if one.id == wanted), mine[0] if mine else None)
        others = await self._store.read(members.people) if self._open_to_all else mine
        answer: Json = {"person": None, "people": [member_json(one) for one in others]}
        if member:
            channels, change = await self._store.read(units.start)
            answer |= {
                "person": member_json(member),
                "organiser": await pages.is_organiser(self._coach(), member),
                "channels": channels,
                "change": change,
                "menu": menu_json(),
            }
        return web.json_response(answer)

    async def pick(self, request: web.Request) -> web.Response:
        self._slow_down(self._strangers, request.remote or "")
        body = await read_body(request, NameBody)
        token = request.cookies.get(self._cookie, "")
        known = await self._mine(request)
        if not known:
            token = secrets.token_urlsafe(32)
        member = await self._store.write(
            members.pick,
            _hash(token),
            secrets.token_hex(8),
            clean_name(body.name),
            micros(self._clock.now()),
            open_to_all=self._open_to_all,
        )
        response = web.json_response({"person": member_json(member)})
        guard.set_cookie(response, self._cookie, token, secure=request.secure)
        return response

    async def _mine(self, request: web.Request) -> list[Member]:
        token = request.cookies.get(self._cookie, "")
        return list(await self._store.read(members.session_people, _hash(token))) if token else []

    async def member(self, request: web.Request, person: str) -> Member:
        """The person of this id, if this browser is them. Raises Refusal."""
        for member in await self._mine(request):
            if member.id == person:
                return member
        raise guard.Refusal(401, "Pick a name first.", need="name")

    async def writer(self, request: web.Request, person: str) -> Member:
        """The same of somebody who changes something, which they may so many times in a minute."""
        member = await self.member(request, person)
        self._slow_down(self._people, member.id)
        return member

    def _slow_down(self, rates: guard.Rates, key: str) -> None:
        wait = rates.wait(key, asyncio.get_running_loop().time())
        if wait:
            raise guard.Refusal(429, f"That was too much at once. Try again in {max(1, round(wait))} s.")

    # ------------------------------------------------------------------------------------------ messages

    async def messages(self, request: web.Request) -> web.Response:
        """A page of a channel or thread, oldest first; a thread's first page begins with the message that opened it."""
        member = await self.member(request, request.query.get("person", ""))
        thread, before = number(request, "thread"), number(request, "before")
        channel = request.query.get("channel", "")
        found, more = await self._store.read(units.page, member.id, channel, thread, before, PAGE_SIZE)
        root = await self._store.read(units.thread_root, member.id, thread) if thread else None
        if thread and root is None:
            raise UsageError("That thread isn't here any more.")
        return web.json_response(
            {
                "messages": [message_json(row) for row in found],
                "more": more,
                "root": message_json(root) if root else None,
            }
        )

    async def post(self, request: web.Request) -> web.Response:
        """Store a message, hand it to the coach when it is in a thread, and only then say so.

        Words to the coach that are a command, such as "@coach help", are run instead.
        """
        body = await read_body(request, PostBody)
        member = await self.writer(request, body.person)
        line = calls.spoken(body.text)
        if line:
            return await self._run(member, calls.said(body, line))
        row, reply = await self._store.write(
            units.post,
            member,
            body.key,
            body.channel,
            body.thread,
            clean_text(body.text),
            micros(self._clock.now()),
        )
        self._hub.wake()
        await self._take(reply)
        return await self._current(row)

    async def _take(self, reply: Reply | None) -> None:
        if reply and await self._coach().replies.take(reply) is Taken.ANSWER:
            await self._acknowledge(reply)

    async def edit(self, request: web.Request) -> web.Response:
        body = await read_body(request, EditBody)
        member = await self.writer(request, body.person)
        row, reply = await self._store.write(
            units.edit, member, int(request.match_info["id"]), clean_text(body.text), micros(self._clock.now())
        )
        self._hub.wake()
        await self._take(reply)
        return await self._current(row)

    async def delete(self, request: web.Request) -> web.Response:
        body = await read_body(request, DeleteBody)
        member = await self.writer(request, body.person)
        row = await self._store.write(units.delete, member, int(request.match_info["id"]))
        self._hub.wake()
        if row["thread"]:
            await self._coach().replies.withdraw(PLATFORM, COMMUNITY, str(row["thread"]), str(row["id"]))
        return await self._current(row)

    async def _current(self, row: Row) -> web.Response:
        present = await self._store.read(units.message_row, row["id"])
        return web.json_response({"message": message_json(present)})

    # ------------------------------------------------------------------------------------------ commands

    async def call(self, request: web.Request) -> web.Response:
        """Run a command; a public answer is stored for all, a personal one or a form goes back to the asker alone."""
        body = await read_body(request, CallBody)
        return await self._run(await self.writer(request, body.person), body)

    async def _run(self, member: Member, body: CallBody) -> web.Response:
        answer = await calls.run(self._store, self._coach(), member, body, self._clock.now())
        self._hub.wake()
        forgotten = not await self._store.read(members.exists, member.id)
        return web.json_response({**answer, "forgotten": forgotten})

    async def complete(self, request: web.Request) -> web.Response:
        """How a line that begins a command may go on."""
        member = await self.member(request, request.query.get("person", ""))
        line = request.query.get("line", "")[:200]
        coach = self._coach()
        organiser = await pages.is_organiser(coach, member)
        found = await calls.suggestions(coach, request.query.get("channel", ""), line, organiser=organiser)
        return web.json_response({"options": [{"line": text, "help": help_} for text, help_ in found]})

    # ------------------------------------------------------------------------------------------ live

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: every message as it changes, from the number that the page has seen on."""
        member = await self.member(request, request.query.get("person", ""))
        since = number(request, "since")
        last = request.headers.get("Last-Event-ID", "")
        if last.isascii() and last.isdecimal() and len(last) <= 15:
            since = max(since, int(last))
        with self._hub.listen(member.id, lambda: _gone(request)) as listener:
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            # The page has left when writing fails; a database that can't be read ends the stream, and it tries again.
            with contextlib.suppress(ConnectionResetError, StoreError):
                await self._follow(response, listener, member, since)
        return response

    async def _follow(self, response: web.StreamResponse, listener: Listener, member: Member, since: int) -> None:
        await response.write(b"retry: 1000\nevent: ready\ndata: {}\n\n")
        while not self._hub.closed:
            listener.clear()
            rows, reached, more = await self._store.read(units.changed, member.id, since, BATCH)
            await response.write(_events(rows, reached, moved=reached != since))
            since = reached
            if not more and not await listener.wait(HEARTBEAT):
                await response.write(b": still here\n\n")


def _events(rows: Sequence[Row], reached: int, *, moved: bool) -> bytes:
    parts = [f"event: message\nid: {row['change']}\ndata: {json.dumps(message_json(row))}\n\n" for row in rows]
    if moved:
        # Changes that this person may not see move the number on as well.
        parts.append(f"event: reached\nid: {reached}\ndata: {reached}\n\n")
    return "".join(parts).encode()


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()

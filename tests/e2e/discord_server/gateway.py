"""The gateway: sessions with numbered events that are kept for RESUME, and the sockets that they are read through."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
import zlib
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from discord import Intents

from tests.e2e.discord_server.entities import Guild, Json, User
from tests.e2e.discord_server.faults import Line

PRIVILEGED = Intents(message_content=True, members=True, presences=True)
REPLAY = 5_000
"""Events that a session keeps for RESUME."""


@dataclass(eq=False)
class Socket:
    """One connection; a single writer keeps the order and the compression stream whole."""

    request: web.Request
    ws: web.WebSocketResponse
    line: Line
    queue: asyncio.Queue[str | int] = field(default_factory=asyncio.Queue)

    def put(self, op: int, data: object = None) -> None:
        self.queue.put_nowait(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def close(self, code: int) -> None:
        self.queue.put_nowait(code)

    def abort(self) -> None:
        if self.request.transport is not None:
            self.request.transport.abort()

    async def write(self) -> None:
        deflate = zlib.compressobj() if self.request.query.get("compress") == "zlib-stream" else None
        with contextlib.suppress(ConnectionError):
            while True:
                item = await self.queue.get()
                await self.line.up.wait()
                if isinstance(item, int):
                    await self.ws.close(code=item)
                elif deflate:
                    await self.ws.send_bytes(deflate.compress(item.encode()) + deflate.flush(zlib.Z_SYNC_FLUSH))
                else:
                    await self.ws.send_str(item)


@dataclass(eq=False)
class Session:
    """What one IDENTIFY began. Events are numbered and kept whether a socket is there or not."""

    id: str
    intents: Intents
    shard: tuple[int, int]
    socket: Socket | None
    seq: int = 0
    kept: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REPLAY))

    def emit(self, event: str, data: Json) -> None:
        self.seq += 1
        text = json.dumps({"op": 0, "t": event, "s": self.seq, "d": data})
        self.kept.append((self.seq, text))
        if self.socket:
            self.socket.queue.put_nowait(text)

    def holds(self, guild: Guild | None) -> bool:
        """Whether a guild's events are this shard's; direct messages go to shard 0."""
        return (guild.id >> 22) % self.shard[1] == self.shard[0] if guild else self.shard[0] == 0


class Gateway:
    """`granted` are the privileged intents switched on in the portal; asking for another is closed with 4014."""

    def __init__(self, coach: User, guilds: dict[int, Guild], line: Line) -> None:
        self.url = ""
        self.token = ""
        self.granted = Intents(message_content=True, members=True)
        self.heartbeat_ms = 41_250
        self.identify_s = 0.0
        """Of shards that are equal modulo `max_concurrency` one may identify in so many seconds; Discord says 5."""
        self.max_concurrency = 1
        self.beginnings = 1000
        """Sessions that may still begin today."""
        self.seen: Counter[str] = Counter()
        """How often each of IDENTIFY, RESUME, RESUMED, REFUSED, TOO_SOON, HEARTBEAT happened."""
        self._identified: dict[int, float] = {}
        self._coach, self._guilds, self._line = coach, guilds, line
        self.sessions: dict[str, Session] = {}
        self.sockets: set[Socket] = set()

    # ------------------------------------------------------------------------------------------ what tests do

    @property
    def connected(self) -> bool:
        """Whether every shard that the coach speaks of has a session with a live socket."""
        live = [session.shard for session in self.sessions.values() if session.socket]
        return bool(live) and len({first for first, _ in live}) == max(count for _, count in live)

    def up(self, *shards: int) -> bool:
        """Whether each of these shards has a session with a live socket."""
        return set(shards) <= {session.shard[0] for session in self.sessions.values() if session.socket}

    def publish(
        self,
        event: str,
        guild: Guild | None,
        data: Json | Callable[[Session], Json],
        needs: Callable[[Intents], bool] = lambda intents: True,
    ) -> None:
        """Send an event to the sessions that hold the guild and asked for its kind."""
        for session in self.sessions.values():
            if session.holds(guild) and needs(session.intents):
                session.emit(event, data(session) if callable(data) else data)

    def drop(self, *, resumable: bool = True, shard: int | None = None) -> None:
        """Cut every socket, or one shard's, without a word; unless resumable, the sessions are gone as well."""
        meant = {session.socket for session in self.sessions.values() if shard in (None, session.shard[0])}
        if not resumable:
            self.sessions = {id_: s for id_, s in self.sessions.items() if shard not in (None, s.shard[0])}
        for socket in list(self.sockets):
            if shard is None or socket in meant:
                self._detach(socket)
                socket.abort()

    def order(self, op: int, data: object = None) -> None:
        """Send op 7 (reconnect) or op 9 (invalid session; `data` says whether it can be resumed) to every socket."""
        if op == 9 and not data:
            self.sessions.clear()
        for socket in self.sockets:
            socket.put(op, data)

    def close(self, code: int) -> None:
        """Close every socket with a code; the sessions stay resumable, but for 4007 and 4009."""
        if code in (4007, 4009):
            self.sessions.clear()
        for socket in self.sockets:
            socket.close(code)

    # ------------------------------------------------------------------------------------------ the socket's side

    async def handle(self, request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        socket = Socket(request, ws, self._line)
        self.sockets.add(socket)
        writer = asyncio.create_task(socket.write())
        socket.put(10, {"heartbeat_interval": self.heartbeat_ms})
        try:
            async for message in ws:
                await self._line.up.wait()
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._received(socket, message.json())
        finally:
            self._detach(socket)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
        return ws

    def _detach(self, socket: Socket) -> None:
        self.sockets.discard(socket)
        for session in self.sessions.values():
            if session.socket is socket:
                session.socket = None

    def _received(self, socket: Socket, message: Json) -> None:
        data = message["d"]
        match message["op"]:
            case 1:
                self.seen["HEARTBEAT"] += 1
                socket.put(11)
            case 2:
                self._identify(socket, data)
            case 6:
                self._resume(socket, data)
            case 8:
                self._members(data)

    def _identify(self, socket: Socket, data: Json) -> None:
        self.seen["IDENTIFY"] += 1
        intents = Intents._from_value(data["intents"])
        if data["token"] != self.token:
            socket.close(4004)
        elif intents.value & PRIVILEGED.value & ~self.granted.value:
            self.seen["REFUSED"] += 1
            socket.close(4014)
        elif not self._in_time(data.get("shard", [0, 1])[0]):
            self.seen["TOO_SOON"] += 1
            socket.put(9, False)
        else:
            first, count = data.get("shard", [0, 1])
            session = Session(secrets.token_hex(8), intents, (first, count), socket)
            self.sessions[session.id] = session
            held = [guild for guild in self._guilds.values() if session.holds(guild)]
            session.emit("READY", {
                "v": 10, "user": self._coach.json(), "session_id": session.id, "resume_gateway_url": self.url,
                "shard": [first, count], "application": {"id": str(self._coach.id), "flags": 0},
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in held],
            })  # fmt: skip
            for guild in held if intents.guilds else ():
                session.emit("GUILD_CREATE", guild.json(intents.members))

    def _in_time(self, shard: int) -> bool:
        """Note that a shard identifies; False when another of its bucket did so a moment ago."""
        bucket, moment = shard % self.max_concurrency, time.monotonic()
        self.beginnings -= 1
        if moment - self._identified.get(bucket, -self.identify_s) < self.identify_s:
            return False
        self._identified[bucket] = moment
        return True

    def _resume(self, socket: Socket, data: Json) -> None:
        self.seen["RESUME"] += 1
        session = self.sessions.get(data["session_id"] or "")
        if data["token"] != self.token:
            socket.close(4004)
        elif session is None or data["seq"] is None or session.seq - data["seq"] > len(session.kept):
            socket.put(9, False)
        else:
            self.seen["RESUMED"] += 1
            session.socket = socket
            for seq, text in session.kept:
                if seq > data["seq"]:
                    socket.queue.put_nowait(text)
            session.emit("RESUMED", {})

    def _members(self, data: Json) -> None:
        guild = self._guilds[int(data["guild_id"])]
        query, ids = data.get("query"), [int(id_) for id_ in data.get("user_ids", ())]
        found = [
            guild.member(user) | {"user": user.json()}
            for user in guild.members.values()
            if user.id in ids or (query is not None and user.name.startswith(query))
        ]
        chunk = {"guild_id": str(guild.id), "members": found, "chunk_index": 0, "chunk_count": 1, "not_found": [],
                 "nonce": data.get("nonce")}  # fmt: skip
        self.publish("GUILD_MEMBERS_CHUNK", guild, chunk)

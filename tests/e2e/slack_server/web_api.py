"""The Web API's front door: tokens, scopes, arguments, limits and faults, before a method does its work."""

from __future__ import annotations

import asyncio
import base64
import binascii
import time

from aiohttp import web
from aiohttp.typedefs import Middleware

from tests.e2e.slack_server.calls import Call, Handle, raw_arguments, typed
from tests.e2e.slack_server.entities import Installation, SlackError
from tests.e2e.slack_server.faults import Exchange, Fault, Handler, Limit, Line, Pace, hang_up, limited
from tests.e2e.slack_server.reading import Json
from tests.e2e.slack_server.spec import BY_KIND, METHODS
from tests.e2e.slack_server.world import World

_PACED = ("chat.postMessage", "chat.postEphemeral", "files.completeUploadExternal")


_OTHERS = {"commands": "response_url", "upload": "upload"}


class WebApi:
    """Every method under /api/. What was asked and answered is kept in `exchanges`."""

    def __init__(self, world: World, line: Line, app_token: str) -> None:
        self.app_token = app_token
        self.pace = Pace()
        self.limits: dict[str, Limit] = {}
        self.planned: list[Fault] = []
        self.exchanges: list[Exchange] = []
        self.handlers: dict[str, Handle] = {}
        self._world, self._line = world, line

    def middleware(self) -> Middleware:
        """What the server's application puts before its handlers."""

        @web.middleware
        async def stand_before(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._gate(request, handler)

        return stand_before

    async def _gate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Stands before everything: the line, and the faults planned for what is no method (response_url, upload)."""
        if self._line.cut:
            return hang_up(request)
        if request.path == "/link":
            return await handler(request)
        self._line.in_flight.append(request)
        try:
            await self._line.up.wait()
            response = await self._met(_OTHERS.get(request.path.split("/")[1], ""), "", request, handler)
            await self._line.up.wait()
            return hang_up(request) if self._line.cut else response
        finally:
            self._line.in_flight.remove(request)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        try:
            raw = await raw_arguments(request)
        except (ValueError, SlackError):
            return web.json_response({"ok": False, "error": "invalid_json"})
        token = _bearer(request) or str(raw.get("token", ""))
        raw.pop("token", None)

        async def call(request: web.Request) -> web.StreamResponse:
            return self._called(request, method, raw, token)

        return await self._met(method, str(raw.get("channel", "")), request, call)

    async def _met(self, method: str, channel: str, request: web.Request, handler: Handler) -> web.StreamResponse:
        fault = next((one for one in self.planned if method and one.fits(method, channel)), None)
        if fault is None:
            return await handler(request)
        fault.met += 1
        if fault.applied or fault.only_delays:
            response = await handler(request)
            await asyncio.sleep(fault.seconds)
            return response if fault.only_delays else fault.response(request)
        await asyncio.sleep(fault.seconds)
        return fault.response(request)

    def _called(self, request: web.Request, method: str, raw: Json, token: str) -> web.StreamResponse:
        if method not in METHODS or method not in self.handlers:
            self._world.faults.append(f"unknown method {method}")
            return web.json_response({"ok": False, "error": "unknown_method", "req_method": method})
        installation: Installation | None = None
        status, headers = 200, {}
        try:
            installation = self._authorized(method, token)
            call = Call(method, typed(method, raw, self._world.faults), self._world, installation, _basic(request))
            if wait := self._wait(call, token):
                self._keep(call, 429, {"ok": False, "error": "ratelimited"})
                return limited(wait)
            body = {"ok": True} | self._scoped(call)
            self._keep(call, 200, body)
        except SlackError as refused:
            body = refused.body
            self._keep(Call(method, raw, self._world, installation), 200, body)
        except Exception as error:
            self._world.faults.append(f"the server itself failed in {method}: {error!r}")
            raise
        if installation is not None:
            headers["x-oauth-scopes"] = ",".join(sorted(installation.scopes))
            headers["x-accepted-oauth-scopes"] = ",".join(METHODS[method].scopes)
        return web.json_response(body, status=status, headers=headers)

    def _scoped(self, call: Call) -> Json:
        scopes = METHODS[call.method].scopes
        if call.installation is not None and not any(scope.startswith(BY_KIND) for scope in scopes):
            call.scope(*scopes)
        return self.handlers[call.method](call)

    def _keep(self, call: Call, status: int, body: Json) -> None:
        team = call.installation.team.id if call.installation else ""
        kept = {key: value for key, value in call.args.items() if key not in ("client_secret", "token")}
        self.exchanges.append(Exchange(call.method, team, kept, status, body, time.monotonic()))

    def _authorized(self, method: str, token: str) -> Installation | None:
        """Whose token it is; None for the app's own, or where none is needed."""
        wanted = METHODS[method].token
        if wanted == "none":
            return None
        if not token:
            raise SlackError("not_authed")
        if token == self.app_token:
            if wanted == "bot":
                raise SlackError("not_allowed_token_type")
            return None
        found = self._world.installations.get(token)
        if found is None:
            raise SlackError("invalid_auth")
        if found.state:
            raise SlackError(found.state)
        if wanted == "app":
            raise SlackError("not_allowed_token_type")
        return found

    def _wait(self, call: Call, token: str) -> float:
        limit = self.limits.get(call.method)
        wait = limit.wait(token) if limit else 0.0
        channel = str(call.args.get("channel") or call.args.get("channel_id") or "")
        if not wait and call.method in _PACED and channel:
            wait = self.pace.wait(channel)
        return wait


def _bearer(request: web.Request) -> str:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind == "Bearer" else ""


def _basic(request: web.Request) -> tuple[str, str]:
    kind, _, coded = request.headers.get("Authorization", "").partition(" ")
    if kind != "Basic":
        return "", ""
    try:
        id_, _, secret = base64.b64decode(coded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return id_, secret

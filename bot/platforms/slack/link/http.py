"""The coach's own small web server: signed requests from Slack, the pages for installing, and a sign of life."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier

from bot.core.errors import SettingsError
from bot.platforms.slack.link.oauth import OAuth

log = logging.getLogger(__name__)

EVENTS = "/slack/events"
LARGEST_BODY = 1_000_000
"""Bytes that a request may have; Slack's largest are views of some 100 kB."""

MOST_AT_ONCE = 500
"""Requests that are read and worked on at once; further ones stay unread until there is room."""

Take = Callable[[str, Mapping[str, str]], Awaitable[BoltResponse]]
"""Given a request's body and headers, answers with status 200 when it may be acknowledged."""


class Server:
    """Listens on `host` and `port` (0 takes a free one).

    `take` gets what Slack sends, if it is signed with `secret`; None where it comes by socket. `oauth` are the pages
    for installing, None where that isn't set up.
    """

    def __init__(self, *, host: str, port: int, secret: str, take: Take | None, oauth: OAuth | None) -> None:
        self._host, self._port = host, port
        self._take, self._oauth = take, oauth
        self._verifier = SignatureVerifier(secret) if secret.strip() else None
        self._room = asyncio.Semaphore(MOST_AT_ONCE)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Serve within: yields the address. Raises SettingsError when it can't be had."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.add_routes([web.get("/healthz", _alive)])
        if self._take:
            app.add_routes([web.post(EVENTS, self._events)])
        if self._oauth:
            app.add_routes(self._oauth.routes())
        # No access log: addresses hold the codes of installations.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self._host, self._port)
            try:
                await site.start()
            except (OSError, OverflowError) as error:
                raise SettingsError(
                    f"The coach can't listen on {self._host}:{self._port} ({getattr(error, 'strerror', '') or error})."
                    " Set COACH_SLACK_HOST and COACH_SLACK_PORT to an address that is free."
                ) from error
            port = runner.addresses[0][1]
            yield f"http://{f'[{self._host}]' if ':' in self._host else self._host}:{port}"
        finally:
            await runner.cleanup()

    async def _events(self, request: web.Request) -> web.Response:
        async with self._room:
            body = await request.read()
            if not self._signed(body, request.headers):
                log.debug("Slack: refused a request whose signature is missing, wrong or old")
                return web.Response(status=401, text="signature missing, wrong or old")
            assert self._take is not None  # noqa: S101  the route is there for it
            answer = await self._take(body.decode(), request.headers)
        return web.Response(
            status=answer.status,
            text=answer.body,
            content_type="application/json" if answer.body.startswith("{") else "text/plain",
        )

    def _signed(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether a request was signed by Slack within the last 5 minutes."""
        timestamp, signature = headers.get("X-Slack-Request-Timestamp"), headers.get("X-Slack-Signature")
        try:
            return bool(self._verifier and self._verifier.is_valid(body, timestamp, signature))
        except (ValueError, TypeError):  # a timestamp that is no number, a signature or body that is no text
            return False


async def _alive(_: web.Request) -> web.Response:
    return web.json_response({"ok": True})

"""A small app on the real slack_bolt, for tests of the loopback Slack itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.e2e.slack_server import SlackServer
from tests.e2e.slack_server.reading import Json

Act = Callable[[Json, AsyncWebClient], Awaitable[Json | None]]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(label: str, action_id: str = "open") -> Json:
    part = {"type": "button", "action_id": action_id, "text": plain(label), "value": "it"}
    return {"type": "actions", "elements": [part]}


def modal(**more: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": "value", "max_length": 20}
    field = {"type": "input", "block_id": "answer", "label": plain("Answer"), "element": element}
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain("T"),
        "submit": plain("Go"),
        "blocks": [field],
    } | more


class Club:
    """One team with a channel, Ana, and an app. `events` are the bodies that it was sent; it acts as told.

    `on_event` runs before the acknowledgement (raising means none); `on_command` and `on_action` after it;
    `on_view` returns what a form's submission is acknowledged with.
    """

    def __init__(self, server: SlackServer) -> None:
        self.server = server
        self.team = server.team("Acme")
        self.ana = server.user(self.team, "Ana")
        self.channel = server.channel(self.team)
        self.client = AsyncWebClient(server.bot_token, base_url=server.api_url)
        self.events: list[Json] = []
        self.retries: list[str | None] = []
        self.on_event: Act = _nothing
        self.on_command: Act = _nothing
        self.on_action: Act = _nothing
        self.on_view: Act = _nothing
        self.app = self._app()

    @property
    def texts(self) -> list[str]:
        """What the message events said."""
        said = [body["event"] for body in self.events if body["event"]["type"] == "message"]
        return [event.get("text", event.get("subtype")) for event in said]

    def _app(self) -> AsyncApp:
        app = AsyncApp(
            client=self.client, signing_secret=self.server.signing_secret, process_before_response=True,
            ignoring_self_events_enabled=False,
        )  # fmt: skip

        async def event(body: Json, request: Any) -> None:
            self.retries.append((request.headers.get("x-slack-retry-num") or [None])[0])
            await self.on_event(body, self.client)
            self.events.append(body)

        async def command(ack: Any, body: Json) -> None:
            await ack(**(await self.on_command(body, self.client) or {}))

        async def action(ack: Any, body: Json) -> None:
            await ack()
            await self.on_action(body, self.client)

        async def view(ack: Any, body: Json) -> None:
            await ack(**(await self.on_view(body, self.client) or {}))

        for kind in ("message", "app_mention", "app_home_opened", "app_uninstalled", "tokens_revoked"):
            app.event(kind)(event)
        app.command("/mlops")(command)
        app.action("open")(action)
        app.view("form")(view)
        return app

    @asynccontextmanager
    async def socket(self, *, ping_s: float = 5.0) -> AsyncIterator[AsyncSocketModeHandler]:
        """One more connection in Socket Mode, found dead after about `ping_s` to four times that."""
        handler = AsyncSocketModeHandler(self.app, self.server.app_token, ping_interval=ping_s)
        before = self.server.sockets.opened
        await handler.connect_async()  # type: ignore[no-untyped-call]
        await self.server.wait_for(lambda: self.server.sockets.opened > before)
        try:
            yield handler
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]

    @asynccontextmanager
    async def http(self) -> AsyncIterator[None]:
        """The app behind a request URL."""
        runner = web.AppRunner(self.app.web_app(path="/slack/events"), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.server.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
        try:
            yield
        finally:
            self.server.request_url = ""
            await runner.cleanup()


async def _nothing(body: Json, client: AsyncWebClient) -> Json | None:
    return None


async def never(body: Json, client: AsyncWebClient) -> Json | None:
    """Takes longer than Slack waits."""
    await asyncio.sleep(3600)
    return None

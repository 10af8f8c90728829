"""One way in for everything that Slack sends, by socket or by HTTP: Bolt takes it apart, the listener gets it."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.core.errors import CoachError, PlatformAway, PlatformError
from bot.platforms.slack.link import api
from bot.platforms.slack.link.listener import Listener, Payload
from bot.platforms.slack.link.scopes import SHORTCUT
from bot.platforms.slack.link.workspaces import Workspaces

log = logging.getLogger(__name__)

_ANY = re.compile("")
_LEAVING = ("app_uninstalled", "tokens_revoked")

Tell = Callable[[str, Payload], Awaitable[None]]

Left = Callable[[str], Awaitable[None]]
"""Told that a workspace seems to have removed the coach; returns once that is stored."""


class Events:
    """Hands events, commands, presses and forms to a listener.

    `command` is the slash command's name with its slash. What comes for a workspace that isn't installed is dropped.
    """

    def __init__(self, listener: Listener, workspaces: Workspaces, *, command: str, left: Left) -> None:
        self._listener, self._workspaces = listener, workspaces
        self._command, self._left = command, left

        async def authorize(team_id: str) -> AuthorizeResult:  # Bolt takes no bound method here
            return await self._whose(team_id)

        self._app = AsyncApp(
            name="mlops-coach",
            logger=api.QUIET,
            client=workspaces.client(""),
            before_authorize=self._only_installed,
            authorize=authorize,
            # Acknowledged once the listener has returned, that is once what it got is stored.
            process_before_response=True,
            # The server checks signatures itself, and sockets carry none.
            request_verification_enabled=False,
            ssl_check_enabled=False,
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        self._register(self._app)

    def _register(self, app: AsyncApp) -> None:
        app.error(self._failed)
        app.event("message")(self._message)
        app.event("app_mention")(self._mention)
        app.event("app_home_opened")(self._home)
        app.event("app_uninstalled")(self._uninstalled)
        app.event("tokens_revoked")(self._revoked)
        app.event(_ANY)(self._unused)
        app.command(_ANY)(self._slash)
        app.message_shortcut(SHORTCUT)(self._shortcut)
        app.block_action({"action_id": _ANY})(self._action)
        app.view_submission(_ANY)(self._submission)
        app.view_closed(_ANY)(self._unused)

    async def take(self, body: str | dict[str, Any], headers: Mapping[str, str], *, socket: bool) -> BoltResponse:
        """Hand on one payload: an event's, command's or interaction's body, a mapping from a socket.

        Status 200 acknowledges it, with the answer's body; any other doesn't.
        """
        mode = "socket_mode" if socket else "http"
        try:
            request = AsyncBoltRequest(body=body, headers=dict(headers), mode=mode)
        except (ValueError, AttributeError, TypeError):  # nothing that Slack sends
            return BoltResponse(status=400, body="")
        answer = await self._app.async_dispatch(request)
        if answer.status == 404:  # Slack would send it again and again
            log.debug("Slack sent a payload of type %.40r, which isn't used", request.body.get("type"))
            return BoltResponse(status=200, body="")
        return answer

    # ------------------------------------------------------------------------------------------ whose it is

    async def _only_installed(
        self, context: AsyncBoltContext, body: dict[str, Any], next_: Callable[[], Awaitable[None]]
    ) -> BoltResponse | None:
        if body.get("type") == "url_verification" or _event_type(body) in _LEAVING:
            await next_()
            return None
        try:
            context["team_id"] = await self._whose_installation(context, body)
            await self._workspaces.get(context.team_id or "")
        except PlatformAway:
            raise
        except PlatformError as error:
            log.debug("Slack: dropped what came for a workspace: %s", error)
            return BoltResponse(status=200, body=str(error) if "command" in body else "")
        await next_()
        return None

    async def _whose_installation(self, context: AsyncBoltContext, body: Mapping[str, Any]) -> str:
        """The installation's team. A guest from another organisation presses a button under their own team's name; the
        message with the button is of the team that the coach posted for."""
        message = body.get("message")
        posted = str(message.get("team") or "") if isinstance(message, dict) and message.get("bot_id") else ""
        if posted and posted != context.team_id and posted in await self._workspaces.all():
            return posted
        return context.team_id or ""

    async def _whose(self, team_id: str) -> AuthorizeResult:
        # Bolt needs to know who we are, to drop events of our own doing; it never asks Slack itself.
        workspace = await self._workspaces.get(team_id)
        return AuthorizeResult(
            enterprise_id=None,
            team_id=team_id,
            bot_id=workspace.bot_id,
            bot_user_id=workspace.bot_user,
            bot_token=workspace.client.token,
        )

    async def _failed(self, error: Exception, body: dict[str, Any]) -> BoltResponse:
        what = _event_type(body) or body.get("type") or ("command" if "command" in body else "payload")
        if isinstance(error, CoachError):
            # Nobody repeats a command or a press but the person, who reads that it failed.
            again = ", Slack will send it again" if _event_type(body) else ""
            log.error("Slack: %.40s not taken%s: %s", what, again, error)
        else:
            log.error("Slack: %.40s not taken, unexpected error", what, exc_info=error)
        return BoltResponse(status=500, body="")

    # ------------------------------------------------------------------------------------------ what it is

    async def _message(self, context: AsyncBoltContext, event: Payload, body: dict[str, Any]) -> None:
        await self._listener.message(_team(context), event)
        await self._tell_others(context, body, self._listener.message)

    async def _mention(self, context: AsyncBoltContext, event: Payload, body: dict[str, Any]) -> None:
        await self._listener.mention(_team(context), event)
        await self._tell_others(context, body, self._listener.mention)

    async def _tell_others(self, context: AsyncBoltContext, body: dict[str, Any], tell: Tell) -> None:
        """In a channel that organisations share Slack names one installation, whichever one the event is for."""
        if body.get("is_ext_shared_channel") is not True:
            return
        for team in await self._workspaces.all():
            if team != _team(context):
                with contextlib.suppress(PlatformError):  # what one can't take must not come again for all
                    await tell(team, body["event"])

    async def _home(self, context: AsyncBoltContext, event: Payload) -> None:
        await self._listener.home(_team(context), event)

    async def _uninstalled(self, context: AsyncBoltContext) -> None:
        await self._left(_team(context))

    async def _revoked(self, context: AsyncBoltContext, event: Payload) -> None:
        if (event.get("tokens") or {}).get("bot"):
            await self._left(_team(context))

    async def _slash(self, context: AsyncBoltContext, body: dict[str, Any]) -> BoltResponse:
        if body["command"] != self._command:
            log.warning("Slack sent the command %.40r; COACH_SLACK_COMMAND is %s", body["command"], self._command)
            return BoltResponse(status=200, body=f"I listen to {self._command}. COACH_SLACK_COMMAND names another.")
        await self._listener.command(_team(context), body)
        return BoltResponse(status=200, body="")

    async def _action(self, context: AsyncBoltContext, body: dict[str, Any]) -> BoltResponse:
        await self._listener.action(_team(context), body)
        return BoltResponse(status=200, body="")

    async def _shortcut(self, context: AsyncBoltContext, body: dict[str, Any]) -> BoltResponse:
        await self._listener.shortcut(_team(context), body)
        return BoltResponse(status=200, body="")

    async def _submission(self, context: AsyncBoltContext, body: dict[str, Any]) -> BoltResponse:
        answer = await self._listener.submission(_team(context), body)
        return BoltResponse(status=200, body=dict(answer) if answer else "")

    async def _unused(self) -> BoltResponse:
        return BoltResponse(status=200, body="")


def _team(context: AsyncBoltContext) -> str:
    """The installation's team, also where a guest from another organisation acted."""
    return context.team_id or ""


def _event_type(body: Mapping[str, Any]) -> str:
    event = body.get("event")
    return str(event.get("type") or "") if isinstance(event, dict) else ""

"""Installing the coach into a workspace from a browser."""

from __future__ import annotations

import asyncio
import base64
import hmac
import html
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from slack_sdk.oauth.authorize_url_generator import AuthorizeUrlGenerator
from slack_sdk.oauth.installation_store.models.installation import Installation

from bot.core.errors import CoachError, PlatformAway, SettingsError, UsageError
from bot.platforms.slack.link import api
from bot.platforms.slack.link.faults import AWAY
from bot.platforms.slack.link.installs import STATE_LIFETIME, Installs, States
from bot.platforms.slack.link.scopes import SCOPES
from bot.platforms.slack.link.workspaces import Workspaces

log = logging.getLogger(__name__)

INSTALL = "/slack/install"
REDIRECT = "/slack/oauth_redirect"
COOKIE = "mlops_coach_install"

_STARTED_ELSEWHERE = "This page was opened too late, twice, or in another browser than the one that began."
_OURS = frozenset({"invalid_client_id", "bad_client_secret", "oauth_authorization_url_mismatch", "bad_redirect_uri"})

Joined = Callable[[str], Awaitable[None]]
"""Told that a workspace has installed the coach."""


class OAuth:
    """The pages on which somebody installs the coach. `command` is named in what they read last."""

    def __init__(
        self,
        workspaces: Workspaces,
        installs: Installs,
        states: States,
        *,
        client_id: str,
        client_secret: str,
        command: str,
        joined: Joined,
    ) -> None:
        self._workspaces, self._installs, self._states = workspaces, installs, states
        self._id, self._secret, self._command, self._joined = client_id, client_secret, command, joined

    def routes(self) -> list[web.RouteDef]:
        """The pages' addresses."""
        return [web.get(INSTALL, self.install), web.get(REDIRECT, self.redirected)]

    async def install(self, request: web.Request) -> web.Response:
        """Send a browser to Slack, with a state that it has to bring back."""
        try:
            state = await self._states.async_issue()
        except UsageError as error:
            return _page(503, "Try again later", str(error))
        except CoachError as error:
            log.error("Slack: an installation could not begin: %s", error)
            return _page(503, "Try again later", "The coach can't store that an installation has begun.")
        at = f"{api.origin(self._workspaces.api_url)}/oauth/v2/authorize"
        link = AuthorizeUrlGenerator(client_id=self._id, scopes=SCOPES, authorization_url=at).generate(state)
        answer = web.Response(status=302, headers={"Location": link, "Cache-Control": "no-store"})
        answer.set_cookie(
            COOKIE,
            state,
            max_age=int(STATE_LIFETIME.total_seconds()),
            path="/slack",
            httponly=True,
            samesite="Lax",
            secure=request.secure or request.headers.get("X-Forwarded-Proto") == "https",
        )
        return answer

    async def redirected(self, request: web.Request) -> web.Response:
        """Take a browser that comes back from Slack, and install; the page says what came of it."""
        try:
            answer = await self._finish(request)
        except UsageError as error:
            answer = _page(400, "Not installed", str(error), again=True)
        except PlatformAway as error:
            log.warning("Slack: an installation failed: %s", error)
            answer = _page(502, "Not installed", "Slack can't be reached at the moment.", again=True)
        except CoachError as error:
            log.error("Slack: an installation failed: %s", error)
            answer = _page(500, "Not installed", "The coach isn't set up for this yet; its operator can see why.")
        answer.del_cookie(COOKIE, path="/slack")
        return answer

    async def _finish(self, request: web.Request) -> web.Response:
        query = request.query
        state, code = query.get("state", ""), query.get("code", "")
        mine = hmac.compare_digest(state.encode(), request.cookies.get(COOKIE, "").encode())
        # Taken in any case, so that it can't be tried again from another browser.
        if not state or not await self._states.async_consume(state) or not mine:
            raise UsageError(_STARTED_ELSEWHERE)
        if query.get("error") or not code:
            raise UsageError("Slack says that the installation was cancelled.")
        installation = await self._exchange(code)
        await self._installs.async_save(installation)
        team = installation.team_id or ""
        self._workspaces.installed(team)
        await self._joined(team)
        log.info("Slack: installed in workspace %s", team)
        name = html.escape(installation.team_name or team)
        return _page(
            200,
            f"MLOps Coach is in {name}",
            "In the channel that is to have a daily question, write /invite @MLOps Coach and then"
            f" {self._command} config setup.",
        )

    async def _exchange(self, code: str) -> Installation:
        """What Slack grants for a code. Raises UsageError, SettingsError, PlatformAway."""
        try:
            async with asyncio.timeout(api.TIMEOUT_S):
                client, whole = self._workspaces.client(""), f"{self._id}:{self._secret}".encode()
                mine = {"Authorization": f"Basic {base64.b64encode(whole).decode()}"}
                answer = await client.api_call("oauth.v2.access", data={"code": code}, headers=mine)
        except api.PASSING as error:
            raise _refusal(error) from None
        granted = answer.data if isinstance(answer.data, dict) else {}
        if granted.get("is_enterprise_install"):
            raise UsageError("The coach is installed into one workspace, not into a whole organisation.")
        if granted.get("refresh_token"):
            raise SettingsError("Token rotation is on: Slack doesn't let an app switch it off. Create the app anew.")
        return await self._installation(granted)

    async def _installation(self, granted: dict[str, Any]) -> Installation:
        token = str(granted.get("access_token") or "")
        try:
            whose = await self._workspaces.identify(token)
        except SettingsError:
            raise UsageError("Slack doesn't accept what it has just granted. Try once more.") from None
        return Installation(
            app_id=granted.get("app_id"),
            enterprise_id=(granted.get("enterprise") or {}).get("id"),
            team_id=whose.team,
            team_name=str((granted.get("team") or {}).get("name") or "")[:200],
            bot_token=token,
            bot_id=whose.bot_id,
            bot_user_id=whose.bot_user,
            bot_scopes=str(granted.get("scope") or ""),
            user_id=str((granted.get("authed_user") or {}).get("id") or ""),
            custom_values={"url": whose.url},
        )


def _refusal(error: BaseException) -> CoachError:
    code = api.code(error)
    if code in _OURS:
        return SettingsError(
            f"Slack refuses COACH_SLACK_CLIENT_ID and COACH_SLACK_CLIENT_SECRET ({code}). Copy both from Basic"
            " Information at https://api.slack.com/apps, and look at the redirect URL under OAuth & Permissions."
        )
    if not code or code in AWAY or api.retry_after(error) or api.status(error) >= 500:
        return PlatformAway(api.reason(error), api.retry_after(error))
    return UsageError("Slack doesn't know the code that this page was opened with; it can be used only once.")


def _page(status: int, title: str, text: str, *, again: bool = False) -> web.Response:
    """A page of our own words. `title` is HTML, `text` is not."""
    link = f'<p><a href="{INSTALL}">Install it</a></p>' if again else ""
    body = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">'
        "<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}</style>"
        f"<h1>{title}</h1><p>{html.escape(text, quote=False)}</p>{link}</html>"
    )
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(status=status, text=body, content_type="text/html", headers=headers)

"""A look at the app's set-up at Slack: tokens, scopes, and whether the coach can write in each channel."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.core.errors import PlatformError, SettingsError
from bot.core.model import Channel
from bot.core.ports import Row
from bot.core.text import one_line
from bot.platforms.findings import Finding
from bot.platforms.slack.blocks.show import mentioned
from bot.platforms.slack.link import api
from bot.platforms.slack.link.crypt import Vault
from bot.platforms.slack.link.faults import OUTSIDE
from bot.platforms.slack.link.scopes import APP_SCOPE, COMMAND, SCOPES
from bot.platforms.slack.link.sockets import refusal

APPS = "https://api.slack.com/apps"
ASK_S = 8.0
"""How long Slack may take for each answer."""

_TRY_AGAIN = "try again; check the network, any proxy, and COACH_SLACK_API_URL"


@dataclass(frozen=True, slots=True)
class _Installed:
    """A workspace that answered, and the client that is let in there."""

    team: str
    name: str
    client: AsyncWebClient


async def check(
    channels: Sequence[Channel],
    *,
    bot_token: str,
    app_token: str,
    signing_secret: str,
    client_id: str,
    client_secret: str,
    mode: str,
    api_url: str = "",
    command: str = COMMAND,
    installed: Sequence[Row] = (),
    encryption_keys: Sequence[str] = (),
) -> list[Finding]:
    """Look at everything, without connecting.

    `channels` have a daily question; `installed` are the rows of `installs.known`; "" stands for what isn't set.
    """
    async with api.session() as session:
        looking = _Look(api_url, session, command)
        found = _settings(mode, signing_secret, client_id, client_secret)
        if mode == "socket":
            found.append(await looking.app_token(app_token))
        there: list[_Installed] = []
        if bot_token:
            found += await looking.workspace(bot_token, "COACH_SLACK_BOT_TOKEN", there)
        with contextlib.suppress(SettingsError):  # told before this is reached
            vault = Vault(encryption_keys)
            for row in installed:
                found += await looking.installed(vault, row, there)
        return found + await looking.channels(channels, there)


def _settings(mode: str, signing_secret: str, client_id: str, client_secret: str) -> list[Finding]:
    found = []
    if mode == "http":
        where = f"copy it from Basic Information > App Credentials at {APPS}"
        told = "Signing secret: set" if signing_secret.strip() else "COACH_SLACK_SIGNING_SECRET is not set"
        found.append(Finding(told, "" if signing_secret.strip() else where))
    if bool(client_id) != bool(client_secret):
        lacking = "COACH_SLACK_CLIENT_SECRET" if client_id else "COACH_SLACK_CLIENT_ID"
        found.append(Finding(f"{lacking} is not set, so nobody can install the coach", f"copy both from {APPS}"))
    elif client_id:
        found.append(Finding("OAuth: client id and secret are set; people install the coach at /slack/install"))
    return found


class _Look:
    """Asks Slack, a call at a time."""

    def __init__(self, api_url: str, session: aiohttp.ClientSession, command: str) -> None:
        self._api_url, self._session, self._command = api_url, session, command

    async def app_token(self, token: str) -> Finding:
        make = f"make one with {APP_SCOPE} under Basic Information > App-Level Tokens at {APPS}"
        if not token:
            return Finding("COACH_SLACK_APP_TOKEN is not set; Socket Mode needs it", make)
        try:
            async with _answering():
                await api.client(token, self._api_url, self._session).api_call("apps.connections.open")
        except api.PASSING as error:
            if refusal(api.code(error)):
                return Finding(f"Slack refuses the app-level token ({api.code(error)})", make)
            if api.code(error):
                how = f"switch Socket Mode on at {APPS}, or try again"
                return Finding(f"Socket Mode can't be opened: {api.reason(error)}", how)
            return Finding(f"App-level token: {api.reason(error)}", _TRY_AGAIN)
        return Finding("App-level token: Socket Mode can be opened")

    async def installed(self, vault: Vault, row: Row, there: list[_Installed]) -> list[Finding]:
        try:
            token = vault.open(row["token"], f"workspace {row['team']}")
        except PlatformError as error:
            return [Finding(str(error), "see COACH_ENCRYPTION_KEY")]
        found = await self.workspace(token, f"Workspace {row['team']}", there)
        if not vault.closed:
            found.append(Finding(f"Workspace {row['team']}: its token is stored unsealed", "set COACH_ENCRYPTION_KEY"))
        return found

    async def workspace(self, token: str, whose: str, there: list[_Installed]) -> list[Finding]:
        """What a bot token is worth; a workspace that it opens is added to `there`."""
        client = api.client(token, self._api_url, self._session)
        try:
            async with _answering():
                answer = await client.auth_test()
        except api.PASSING as error:
            if api.code(error) in api.LOST:
                how = f"install the app again at {APPS} and copy the Bot User OAuth Token (xoxb-)"
                return [Finding(f"{whose}: Slack refuses the token ({api.code(error)})", how)]
            return [Finding(f"{whose}: {api.reason(error)}", _TRY_AGAIN)]
        if not answer.get("bot_id"):
            how = f"copy the Bot User OAuth Token (xoxb-) from OAuth & Permissions at {APPS}"
            return [Finding(f"{whose}: that is no bot's token", how)]
        name = one_line(str(answer.get("team") or answer.get("team_id")), 80)
        there.append(_Installed(str(answer.get("team_id")), name, client))
        return [Finding(f"{name} ({answer.get('team_id')}): the coach is @{answer.get('user')}"), _scopes(name, answer)]

    async def channels(self, channels: Sequence[Channel], there: Sequence[_Installed]) -> list[Finding]:
        """Whether the coach can ask its questions where it is to."""
        found: list[Finding] = []
        for workspace in there:
            mine = [channel for channel in channels if channel.place.community == workspace.team]
            for channel in mine:
                found += await self._channel(workspace, channel)
            if not mine:
                how = f"write /invite @MLOps Coach and {self._command} config setup in the channel that is to have one"
                found.append(Finding(f"{workspace.name}: no channel has a daily question", how))
        known = {workspace.team for workspace in there}
        gone = sorted({channel.place.community for channel in channels} - known)
        return found + [
            Finding(f"The coach isn't let into workspace {team}", "install it there again") for team in gone
        ]

    async def _channel(self, workspace: _Installed, channel: Channel) -> list[Finding]:
        where = f"{workspace.name} #{channel.name or channel.place.channel}"
        try:
            async with _answering():
                answer = await workspace.client.conversations_info(channel=channel.place.channel)
        except api.PASSING as error:
            if api.code(error) in OUTSIDE:
                how = "if it is private, write /invite @MLOps Coach there; or set up another channel"
                return [Finding(f"{where}: the coach can't see the channel, or it is gone", how)]
            return [Finding(f"{where}: {api.reason(error)}", _TRY_AGAIN)]
        about = answer.get("channel") or {}
        where = f"{workspace.name} #{one_line(str(about.get('name') or channel.place.channel), 80)}"
        faults = []
        if about.get("is_archived"):
            faults.append(Finding(f"{where} is archived", "unarchive it, or set up another channel"))
        elif not about.get("is_member"):
            faults.append(Finding(f"{where}: the coach isn't in the channel", "write /invite @MLOps Coach there"))
        if channel.mention and mentioned(channel.mention) is None:
            how = f"choose channel, here or a user group with {self._command} config set mention"
            faults.append(Finding(f"{where}: {one_line(channel.mention, 60)} can't be mentioned", how))
        return faults or [Finding(f"{where}: the coach is in the channel")]


def _scopes(name: str, answer: AsyncSlackResponse) -> Finding:
    granted = {scope.strip() for scope in str(answer.headers.get("x-oauth-scopes") or "").split(",")}
    lacking = [scope for scope in SCOPES if scope not in granted]
    if not lacking:
        return Finding(f"{name}: all scopes are granted")
    how = f"paste manifest.yaml under App Manifest at {APPS} and install the app again"
    return Finding(f"{name}: the token lacks {', '.join(lacking)}", how)


@contextlib.asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    async with asyncio.timeout(ASK_S):
        yield

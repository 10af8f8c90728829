"""The workspaces that the coach is in: the one of the token in the settings, and those that installed it by OAuth."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import PlatformAway, PlatformError, SettingsError
from bot.platforms.slack.link import api
from bot.platforms.slack.link.crypt import KeyMissing
from bot.platforms.slack.link.installs import Installs

log = logging.getLogger(__name__)

CHECK_S = 10.0
"""How long Slack may take to tell whose a token is."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One installation: whose it is, and the client that acts in it.

    `url` is the workspace's address, such as "https://acme.slack.com/"; `installer` a user id, "" when unknown.
    """

    team: str
    client: AsyncWebClient = field(repr=False)
    bot_user: str
    bot_id: str
    url: str
    installer: str = ""


class Workspaces:
    """Gives access to Slack's API, workspace by workspace.

    `token` is the single workspace's bot token, "" for none; `installs` those that came by OAuth, None where that isn't
    set up. A token that Slack has refused isn't used until it has turned out to be good, or is replaced.
    """

    def __init__(self, installs: Installs | None = None, *, token: str = "", api_url: str = "") -> None:
        self.installs = installs
        self.api_url = api_url
        self._token = token
        self._session: aiohttp.ClientSession | None = None
        self._known: dict[str, Workspace] = {}
        self._single: Workspace | None = None
        self._asking = asyncio.Lock()
        self._lost: set[str] = set()
        self.suspects: asyncio.Queue[str] = asyncio.Queue()
        """Workspaces that have to be confirmed."""
        self.doubted: set[str] = set()
        """Those of them whose token was refused to somebody: nothing is given up before that is confirmed."""

    async def get(self, team: str) -> Workspace:
        """The installation in a workspace.

        Raises PlatformError when the coach isn't installed there (any more), PlatformAway when Slack can't be asked
        whose the token is, or nobody knows yet whether it still counts, StoreError.
        """
        if team in self._lost:
            raise _gone(team)
        if team in self.doubted:
            raise PlatformAway(f"Slack refused the token of workspace {team[:40]}, which is looked into")
        try:
            return await self._find(team)
        except SettingsError as error:
            raise PlatformError(str(error)) from error

    async def _find(self, team: str) -> Workspace:
        found = self._known.get(team) or await self._installed(team) or await self.single()
        if found is None or found.team != team:
            raise _gone(team)
        return self._known.setdefault(team, found)

    async def _installed(self, team: str) -> Workspace | None:
        made = await self.installs.async_find_installation(enterprise_id=None, team_id=team) if self.installs else None
        if made is None:
            return None
        found = Workspace(
            team=team,
            client=self.client(made.bot_token or ""),
            bot_user=made.bot_user_id or "",
            bot_id=made.bot_id or "",
            url=str(made.custom_values.get("url") or ""),
            installer=made.user_id,
        )
        # Two that asked at once share one client.
        return self._known.setdefault(team, found)

    async def single(self) -> Workspace | None:
        """The workspace of the token in the settings, which Slack is asked once; None where no token is set.

        Raises SettingsError when Slack refuses the token, PlatformAway when it can't be asked.
        """
        if not self._token or self._single:
            return self._single
        async with self._asking:
            if self._single is None:
                self._single = await self.identify(self._token)
            return self._single

    async def identify(self, token: str) -> Workspace:
        """Ask Slack whose a bot token is. Raises SettingsError when it is refused, PlatformAway."""
        client = self.client(token)
        try:
            async with asyncio.timeout(CHECK_S):
                answer = await client.auth_test()
        except api.PASSING as error:
            if api.code(error) in api.LOST:
                raise refused(api.code(error)) from None
            raise PlatformAway(api.reason(error), api.retry_after(error)) from error
        told = {name: str(answer.get(name) or "") for name in ("team_id", "user_id", "bot_id", "url")}
        if not told["bot_id"]:
            raise SettingsError(
                "COACH_SLACK_BOT_TOKEN holds another token than a bot's. Copy the Bot User OAuth Token (xoxb-) from"
                " OAuth & Permissions at https://api.slack.com/apps."
            )
        return Workspace(told["team_id"], client, told["user_id"], told["bot_id"], told["url"])

    async def all(self) -> list[str]:
        """The teams that the coach is in. Raises StoreError, SettingsError, and PlatformAway as `single` does."""
        teams = await self.installs.teams() if self.installs else []
        single = await self.single()
        if single:
            teams.append(single.team)
        return sorted(set(teams) - self._lost)

    def client(self, token: str) -> AsyncWebClient:
        """A client with a token of any kind ("" for none), on the session that all share."""
        if self._session is None or self._session.closed:
            self._session = api.session()
        return api.client(token, self.api_url, self._session)

    # ------------------------------------------------------------------------------------------ coming and going

    def lost(self, team: str) -> None:
        """Report that Slack refused a workspace's token: it isn't used until that has turned out to be wrong."""
        if team not in self._lost | self.doubted:
            self.doubted.add(team)
            self.suspects.put_nowait(team)

    async def suspect_installed(self) -> None:
        """Have all installations confirmed, as one may have ended while nobody listened. Raises StoreError."""
        for team in await self.installs.teams() if self.installs else []:
            self.suspects.put_nowait(team)

    async def confirm(self, team: str) -> bool:
        """Whether a workspace is really lost; if so it has to be dropped, if not it is used again.

        Raises SettingsError for the single workspace, PlatformAway when Slack can't be asked, KeyMissing, StoreError.
        """
        try:
            workspace = await self._find(team)
            async with asyncio.timeout(CHECK_S):
                await workspace.client.auth_test()
        except (PlatformAway, KeyMissing):
            raise
        except PlatformError:  # not installed at all
            self.doubted.discard(team)
            return True
        except api.PASSING as error:
            if api.code(error) not in api.LOST:
                raise PlatformAway(api.reason(error), api.retry_after(error)) from error
            if workspace is self._single:
                raise refused(api.code(error)) from None
            self._lost.add(team)
            self.doubted.discard(team)
            return True
        self._lost.discard(team)
        self.doubted.discard(team)
        return False

    async def drop(self, team: str) -> None:
        """Forget an installation that came by OAuth. Raises StoreError."""
        if self.installs:
            await self.installs.async_delete_all(enterprise_id=None, team_id=team)
        self._known.pop(team, None)
        if self._single and self._single.team == team:  # its own token is left
            self._lost.discard(team)
        else:
            self._lost.add(team)

    def installed(self, team: str) -> None:
        """A workspace installed the coach (again): its new token is used from now on."""
        self._known.pop(team, None)
        self._lost.discard(team)
        self.doubted.discard(team)

    async def close(self) -> None:
        """Close the connections to Slack; they are opened again when they are needed."""
        if self._session is not None:
            await self._session.close()


def refused(code: str) -> SettingsError:
    """What ends the coach when Slack refuses the token in the settings."""
    return SettingsError(
        f"Slack refuses the token in COACH_SLACK_BOT_TOKEN ({code[:40]}). Copy the Bot User OAuth Token (xoxb-) from"
        " OAuth & Permissions at https://api.slack.com/apps: it changes when the app is installed again."
    )


def _gone(team: str) -> PlatformError:
    return PlatformError(f"The coach isn't installed in the Slack workspace {team[:40]} any more. Install it again.")

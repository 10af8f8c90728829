"""Workspaces that installed the coach by OAuth, and installations that were begun, in the coach's own store."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import secrets
from collections.abc import Sequence
from typing import Any

from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.models.bot import Bot
from slack_sdk.oauth.installation_store.models.installation import Installation
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from bot.coach.records import micros, moment
from bot.core.errors import PlatformError, UsageError
from bot.core.ports import Clock, Row, Store, Unit, one, rows
from bot.platforms.slack.link.crypt import KeyMissing, Vault

log = logging.getLogger(__name__)

STATE_LIFETIME = dt.timedelta(minutes=10)
"""How long somebody may take to say yes to an installation."""

MOST_BEGUN = 10_000
"""Installations that may be open at a time; anybody can begin one."""


def known() -> Unit[Sequence[Row]]:
    """The rows of all installations, by team; for a look at the database from outside."""
    return (yield from rows("slack_workspaces_all"))


class Installs(AsyncInstallationStore):
    """slack_sdk's installation store on ours. It keeps the bot's token and the installer's user id, no user's token.

    Whole organisations aren't kept: an installation is a workspace's. Its methods raise StoreError, and KeyMissing
    for a token that was sealed with a key that isn't there any more.
    """

    def __init__(self, store: Store, clock: Clock, vault: Vault) -> None:
        self._store, self._clock, self._vault = store, clock, vault

    @property
    def logger(self) -> logging.Logger:
        return log

    async def begin(self) -> None:
        """Seal with the newest key what isn't yet, and say what can't be opened or isn't sealed; for the start."""
        unsealed = 0
        for row in await self._store.read(known):
            try:
                unsealed += await self._unsealed(row)
            except KeyMissing as error:
                log.error("Slack: %s", error)
        if unsealed:
            log.warning(
                "Slack: %d tokens of workspaces are stored as they are; set COACH_ENCRYPTION_KEY to seal them", unsealed
            )

    async def _unsealed(self, row: Row) -> bool:
        """Whether a token stays unsealed; seals it with the newest key where there is one. Raises KeyMissing."""
        token = self._vault.open(row["token"], f"workspace {row['team']}")
        if self._vault.stale(row["token"]):
            await self._store.write(
                one, "slack_workspace_reseal", team=row["team"], before=row["token"], token=self._vault.seal(token)
            )
        return not self._vault.closed

    async def teams(self) -> list[str]:
        """The workspaces that installed the coach."""
        return [str(row["team"]) for row in await self._store.read(known)]

    # ------------------------------------------------------------------------------------------ slack_sdk's side

    async def async_save(self, installation: Installation) -> None:
        """Keep an installation; one of the same workspace is replaced."""
        await self._put(installation, installer=installation.user_id)

    async def async_save_bot(self, bot: Bot) -> None:
        """Keep the bot of an installation whose installer isn't known; one that was known stays."""
        await self._put(bot, installer="")

    async def _put(self, made: Installation | Bot, installer: str) -> None:
        if not made.team_id or not made.bot_token or made.is_enterprise_install:
            raise PlatformError("The coach can be installed into a workspace, not into a whole organisation.")
        await self._store.write(
            one,
            "slack_workspace_put",
            team=made.team_id,
            name=made.team_name or "",
            enterprise=made.enterprise_id or "",
            app=made.app_id or "",
            token=self._vault.seal(made.bot_token),
            scopes=",".join(made.bot_scopes or ()),
            bot_user=made.bot_user_id or "",
            bot_id=made.bot_id or "",
            url=str(made.custom_values.get("url") or getattr(made, "enterprise_url", None) or ""),
            installer=installer or "",
            now=micros(self._clock.now()),
        )

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        """The installation of a workspace, whoever made it, or None."""
        row = await self._store.read(one, "slack_workspace", team=team_id or "")
        if row is None or is_enterprise_install:
            return None
        return Installation(user_id=row["installer"], **self._values(row))

    async def async_find_bot(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = False,
    ) -> Bot | None:
        """The bot of a workspace's installation, or None."""
        row = await self._store.read(one, "slack_workspace", team=team_id or "")
        return None if row is None or is_enterprise_install else Bot(**self._values(row))

    def _values(self, row: Row) -> dict[str, Any]:
        return {
            "app_id": row["app"],
            "enterprise_id": row["enterprise"] or None,
            "team_id": row["team"],
            "team_name": row["name"],
            "bot_token": self._vault.open(row["token"], f"workspace {row['team']}"),
            "bot_id": row["bot_id"],
            "bot_user_id": row["bot_user"],
            "bot_scopes": row["scopes"],
            "installed_at": moment(row["installed_at"]),
            "custom_values": {"url": row["url"]},
        }

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        """Forget a workspace's installation."""
        await self._store.write(one, "slack_workspace_delete", team=team_id or "")

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """Forget a workspace's installation; with a `user_id` nothing happens, as no user's token is kept."""
        if user_id is None:
            await self.async_delete_bot(enterprise_id=enterprise_id, team_id=team_id)


class States(AsyncOAuthStateStore):
    """slack_sdk's state store on ours: what a browser has to bring back from Slack, within 10 minutes and once."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    @property
    def logger(self) -> logging.Logger:
        return log

    async def async_issue(self, *args: object, **kwargs: object) -> str:
        """A new state. Raises UsageError when too many are open, StoreError."""
        state, now = secrets.token_urlsafe(32), self._clock.now()
        await self._store.write(_issue, _digest(state), micros(now), micros(now + STATE_LIFETIME))
        return state

    async def async_consume(self, state: str) -> bool:
        """Whether a state was issued, not long ago, and comes for the first time. Raises StoreError."""
        row = await self._store.write(one, "slack_state_take", digest=_digest(state))
        return row is not None and bool(row["expires_at"] > micros(self._clock.now()))


def _issue(digest: str, now: int, expires_at: int) -> Unit[None]:
    yield from rows("slack_states_drop", now=now)
    begun = yield from one("slack_states_count")
    if begun and begun["begun"] >= MOST_BEGUN:
        raise UsageError("Too many installations were begun in the last minutes.")
    yield from rows("slack_state_put", digest=digest, expires_at=expires_at)


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()

"""Installing and uninstalling: oauth.v2.access, auth.*, apps.*."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import web

from tests.e2e.slack_server.calls import Call, Handle
from tests.e2e.slack_server.entities import APP_ID, Installation, SlackError, User
from tests.e2e.slack_server.reading import Json
from tests.e2e.slack_server.spec import EVENTS
from tests.e2e.slack_server.world import World


@dataclass(eq=False)
class Code:
    """What a person's consent is worth, once."""

    user: User
    scopes: frozenset[str]
    redirect: str
    used: bool = False


class Installs:
    """`client_id` and `client_secret` are the app's; codes are given by `consent`."""

    def __init__(self, world: World, ticket: Callable[[], str]) -> None:
        self.client_id, self.client_secret = "1111111111.2222222222", secrets.token_hex(16)
        self.redirect_url = ""
        """Where the app's settings send a browser whose authorize URL names no redirect_uri."""
        self.browsing: User | None = None
        """Who agrees when a browser opens an authorize URL here."""
        self.codes: dict[str, Code] = {}
        self._world, self._ticket = world, ticket

    def handlers(self) -> dict[str, Handle]:
        return {
            "api.test": lambda call: {"args": call.args},
            "auth.test": self._test,
            "auth.revoke": self._revoke,
            "apps.connections.open": lambda call: {"url": self._ticket()},
            "apps.uninstall": self._uninstall,
            "oauth.v2.access": self._access,
        }

    def _test(self, call: Call) -> Json:
        if call.installation is None:
            return {"app_id": APP_ID, "app_name": "MLOps Coach"}
        ours = call.installation
        return {
            "url": ours.team.url, "team": ours.team.name, "user": "mlops_coach", "team_id": ours.team.id,
            "user_id": ours.bot.id, "bot_id": ours.bot.bot_id, "is_enterprise_install": False,
        }  # fmt: skip

    # ------------------------------------------------------------------------------------------ installing

    def consent(self, user: User, url: str) -> str:
        """Agree, as a person does in the browser, to what an authorize URL asks; the URL one is sent back to."""
        asked = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
        assert asked["client_id"] == self.client_id, "another app's client_id"
        scopes = frozenset(asked["scope"].replace(",", " ").split())
        assert scopes, "no scope is asked for"
        code = secrets.token_hex(8)
        redirect = asked.get("redirect_uri", "")
        self.codes[code] = Code(user, scopes, redirect)
        query = {"code": code} | ({"state": asked["state"]} if "state" in asked else {})
        return f"{redirect or self.redirect_url}?{urlencode(query)}"

    async def authorize(self, request: web.Request) -> web.Response:
        """The page on which people agree; `browsing` does so at once."""
        if self.browsing is None:
            return web.Response(status=403, text="nobody is signed in")
        return web.Response(status=302, headers={"Location": self.consent(self.browsing, str(request.url))})

    def _client(self, call: Call) -> None:
        id_ = call.secrets[0] or call.args.get("client_id", "")
        secret = call.secrets[1] or call.args.get("client_secret", "")
        if id_ != self.client_id:
            raise SlackError("invalid_client_id")
        if secret != self.client_secret:
            raise SlackError("bad_client_secret")

    def _access(self, call: Call) -> Json:
        self._client(call)
        code = self.codes.get(call.need("code"))
        if code is None:
            raise SlackError("invalid_code")
        if code.used:
            raise SlackError("code_already_used")
        code.used = True
        if call.args.get("redirect_uri", "") != code.redirect:
            raise SlackError("bad_redirect_uri")
        made = self._world.install(code.user.team, code.scopes, code.user)
        return {
            "app_id": APP_ID, "authed_user": {"id": code.user.id}, "scope": ",".join(sorted(made.scopes)),
            "token_type": "bot", "access_token": made.token, "bot_user_id": made.bot.id, "enterprise": None,
            "team": {"id": made.team.id, "name": made.team.name}, "is_enterprise_install": False,
        }  # fmt: skip

    # ------------------------------------------------------------------------------------------ uninstalling

    def _revoke(self, call: Call) -> Json:
        if call.args.get("test"):
            return {"revoked": False}
        self.revoke(call.ours)
        return {"revoked": True}

    def _uninstall(self, call: Call) -> Json:
        self._client(call)
        self.uninstall(call.ours)
        return {}

    def revoke(self, installation: Installation) -> None:
        """The bot's token is revoked; the app hears tokens_revoked."""
        self._end(installation, "token_revoked")

    def uninstall(self, installation: Installation) -> None:
        """The app leaves the team: its token is dead, its bot gone; it hears app_uninstalled and tokens_revoked."""
        self._world.tell_team("app_uninstalled", {"type": "app_uninstalled"}, installation)
        self._end(installation, "account_inactive")
        installation.bot.deleted = True
        for channel in self._world.channels.values():
            if channel.kind != "im":
                channel.members.pop(installation.bot.id, None)

    def _end(self, installation: Installation, state: str) -> None:
        tokens = {"oauth": [], "bot": [installation.bot.id]}
        self._world.tell_team("tokens_revoked", {"type": "tokens_revoked", "tokens": tokens}, installation)
        installation.state = state


assert {"app_uninstalled", "tokens_revoked"} <= EVENTS

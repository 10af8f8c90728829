"""Installing by a browser: several workspaces on one coach, each with its own token, coming and going."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from cryptography.fernet import Fernet

from bot.core.errors import PlatformError, SettingsError
from bot.platforms.slack.link import oauth
from bot.platforms.slack.link.scopes import SCOPES
from tests.contract.slack_ears import Line, ended, line
from tests.e2e.slack_server import SlackServer, User
from tests.flow.world import HandClock


@dataclass
class Browser:
    """A person's browser, with its cookies."""

    session: aiohttp.ClientSession
    base: str
    slack: SlackServer

    async def get(self, path: str) -> tuple[int, str, str]:
        """Status, text and where it leads."""
        async with self.session.get(f"{self.base}{path}", allow_redirects=False) as answer:
            return answer.status, await answer.text(), answer.headers.get("Location", "")

    async def begin(self) -> str:
        """Slack's address that the install page leads to."""
        status, _, location = await self.get(oauth.INSTALL)
        assert status == 302
        return location

    async def install(self, user: User) -> tuple[int, str]:
        """Go all the way."""
        query = self.slack.install(user, await self.begin())
        status, text, _ = await self.get(f"{oauth.REDIRECT}{query}")
        return status, text


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(pace_s=0) as server:
        server.outgoing.factor = 0.005
        yield server


def settings(slack: SlackServer) -> dict[str, Any]:
    return {"client_id": slack.installs.client_id, "client_secret": slack.installs.client_secret}


@pytest.fixture
async def up(tmp_path: Path, slack: SlackServer) -> AsyncIterator[Line]:
    async with line(tmp_path, slack, bot_token="", **settings(slack)) as made:
        await slack.connected()
        yield made


@pytest.fixture
async def browser(up: Line, slack: SlackServer) -> AsyncIterator[Browser]:
    # An address as cookie jars want it: by name.
    base = up.connection.address.replace("127.0.0.1", "localhost")
    async with aiohttp.ClientSession() as session:
        yield Browser(session, base, slack)


@pytest.fixture
def ana(slack: SlackServer) -> User:
    return slack.user(slack.team("Acme & <Sons>", installed=False), "Ana")


async def test_an_installed_workspace_is_served_at_once(
    up: Line, slack: SlackServer, browser: Browser, ana: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    status, text = await browser.install(ana)
    assert status == 200
    assert "Acme &amp; &lt;Sons&gt;" in text
    assert "/invite @MLOps Coach" in text
    assert "/mlops config setup" in text
    workspace = await up.workspaces.get(ana.team.id)
    ours = slack.installation(ana.team)
    assert workspace.client.token == ours.token
    assert (workspace.bot_user, workspace.bot_id, workspace.url) == (ours.bot.id, ours.bot.bot_id, ana.team.url)
    assert workspace.installer == ana.id
    assert up.ears.teams == [("joined", ana.team.id)]
    assert await up.workspaces.all() == [ana.team.id]
    slack.say(slack.channel(ana.team, "general"), ana, "Hello")
    await slack.settled()
    assert [(team, event["text"]) for _, team, event in up.ears.told] == [(ana.team.id, "Hello")]
    for hidden in (ours.token, slack.installs.client_secret, *slack.installs.codes):
        assert hidden not in caplog.text
        assert hidden not in text


async def test_what_is_asked_of_slack_is_what_the_manifest_asks(browser: Browser, slack: SlackServer) -> None:
    link = await browser.begin()
    parts = urlsplit(link)
    query = parse_qs(parts.query)
    assert f"{parts.scheme}://{parts.netloc}/api/" == slack.api_url
    assert parts.path == "/oauth/v2/authorize"
    assert query["scope"][0].split(",") == list(SCOPES)
    assert query["client_id"] == [slack.installs.client_id]
    assert set(query) == {"scope", "client_id", "state"}, "no person's scopes, no secret"


async def test_two_workspaces_are_kept_apart(up: Line, slack: SlackServer, browser: Browser, ana: User) -> None:
    ben = slack.user(slack.team("Other", installed=False), "Ben")
    assert (await browser.install(ana))[0] == (await browser.install(ben))[0] == 200
    for user in (ana, ben):
        slack.say(slack.channel(user.team, "general"), user, f"From {user.name}")
        assert (await up.workspaces.get(user.team.id)).client.token == slack.token(user.team)
    await slack.settled()
    heard = {(team, event["text"]) for _, team, event in up.ears.told}
    assert heard == {(ana.team.id, "From Ana"), (ben.team.id, "From Ben")}


async def test_they_are_there_after_a_restart_also_sealed(tmp_path: Path, slack: SlackServer, ana: User) -> None:
    keys = [Fernet.generate_key().decode()]
    given = {"bot_token": "", "keys": keys, **settings(slack)}
    async with line(tmp_path, slack, **given) as up, aiohttp.ClientSession() as session:
        await slack.wait_for(lambda: up.connection.address)
        there = Browser(session, up.connection.address.replace("127.0.0.1", "localhost"), slack)
        assert (await there.install(ana))[0] == 200
    async with line(tmp_path, slack, **given) as up:
        await slack.wait_for(lambda: up.ears.teams)
        assert (await up.workspaces.get(ana.team.id)).client.token == slack.token(ana.team)
    async with line(tmp_path, slack, **(given | {"keys": []})) as up:
        await slack.connected()
        await slack.wait_for(lambda: up.workspaces.suspects.empty())
        with pytest.raises(PlatformError, match="COACH_ENCRYPTION_KEY"):
            await up.workspaces.get(ana.team.id)
        assert await up.installs.teams() == [ana.team.id], "the key may come back"
        slack.uninstall(ana.team)
        await slack.settled()
        assert up.ears.teams[-1] == ("removed", ana.team.id)
        assert await up.installs.teams() == []


async def test_what_was_removed_while_nobody_listened_is_found_out_at_the_start(
    tmp_path: Path, slack: SlackServer, ana: User
) -> None:
    ben = slack.user(slack.team("Other", installed=False), "Ben")
    given = {"bot_token": "", **settings(slack)}
    async with line(tmp_path, slack, **given) as up, aiohttp.ClientSession() as session:
        await slack.wait_for(lambda: up.connection.address)
        there = Browser(session, up.connection.address.replace("127.0.0.1", "localhost"), slack)
        for user in (ana, ben):
            await there.install(user)
    slack.outgoing.drop = True
    slack.uninstall(ana.team)
    async with line(tmp_path, slack, **given) as up:
        await slack.wait_for(lambda: ("removed", ana.team.id) in up.ears.teams)
        await slack.wait_for(lambda: up.workspaces.suspects.empty())
        assert await up.workspaces.all() == [ben.team.id]
        assert ("removed", ben.team.id) not in up.ears.teams


async def test_the_single_workspace_and_installed_ones_live_side_by_side(
    tmp_path: Path, slack: SlackServer, ana: User
) -> None:
    own = slack.user(slack.team("Own"), "Olga")
    token = slack.token(own.team)
    async with line(tmp_path, slack, bot_token=token, **settings(slack)) as up, aiohttp.ClientSession() as session:
        await slack.connected()
        there = Browser(session, up.connection.address.replace("127.0.0.1", "localhost"), slack)
        await there.install(ana)
        assert await up.workspaces.all() == sorted([own.team.id, ana.team.id])
        for user in (own, ana):
            slack.say(slack.channel(user.team, "general"), user, "Hello")
        await slack.settled()
        assert {team for _, team, _ in up.ears.told} == {own.team.id, ana.team.id}
        slack.uninstall(ana.team)
        await slack.wait_for(lambda: ("removed", ana.team.id) in up.ears.teams)
        assert not up.running.done()
        assert await up.workspaces.all() == [own.team.id]
        slack.uninstall(own.team)
        assert isinstance(await ended(up.running), SettingsError)


# ---------------------------------------------------------------------------------------------- leaving


@pytest.mark.parametrize("how", ["uninstall", "revoke"])
async def test_a_workspace_that_leaves_is_dropped_and_may_come_back(
    up: Line, slack: SlackServer, browser: Browser, ana: User, how: str
) -> None:
    await browser.install(ana)
    old = slack.token(ana.team)
    getattr(slack, how)(ana.team)
    await slack.wait_for(lambda: ("removed", ana.team.id) in up.ears.teams)
    await slack.settled()
    assert await up.installs.teams() == []
    with pytest.raises(PlatformError, match="isn't installed"):
        await up.workspaces.get(ana.team.id)
    assert not up.running.done()
    assert (await browser.install(ana))[0] == 200
    assert up.ears.teams[-1] == ("joined", ana.team.id)
    assert (await up.workspaces.get(ana.team.id)).client.token not in ("", old)
    slack.say(slack.channel(ana.team, "again"), ana, "Back")
    await slack.wait_for(lambda: "Back" in up.ears.texts)


async def test_late_news_of_a_removal_does_not_remove_what_was_installed_since(
    up: Line, slack: SlackServer, browser: Browser, ana: User
) -> None:
    await browser.install(ana)
    slack.outgoing.drop = True
    slack.uninstall(ana.team)
    late = list(slack.outgoing.all)
    slack.outgoing.drop = False
    await browser.install(ana)
    for delivery in late:
        slack.outgoing.again(delivery)
    await slack.settled()
    assert up.ears.teams == [("joined", ana.team.id)] * 2
    assert await up.installs.teams() == [ana.team.id]


async def test_a_removal_while_slack_cannot_be_asked_is_looked_into_until_it_can(
    up: Line, slack: SlackServer, browser: Browser, ana: User
) -> None:
    await browser.install(ana)
    slack.fail("auth.test", 503, times=3)
    slack.uninstall(ana.team)
    await slack.settled()
    with pytest.raises(PlatformError):
        await up.workspaces.get(ana.team.id)
    await slack.wait_for(lambda: ("removed", ana.team.id) in up.ears.teams)
    for _ in range(500):
        if not await up.installs.teams():
            break
        await asyncio.sleep(0.01)
    assert await up.installs.teams() == []


async def test_a_refused_token_drops_that_workspace_alone(
    up: Line, slack: SlackServer, browser: Browser, ana: User
) -> None:
    ben = slack.user(slack.team("Other", installed=False), "Ben")
    await browser.install(ana)
    await browser.install(ben)
    slack.outgoing.drop = True  # nobody tells
    slack.revoke(ana.team)
    up.workspaces.lost(ana.team.id)
    await slack.wait_for(lambda: ("removed", ana.team.id) in up.ears.teams)
    assert await up.workspaces.all() == [ben.team.id]
    assert not up.running.done()


async def test_a_person_revoking_their_own_token_is_no_removal(
    up: Line, slack: SlackServer, browser: Browser, ana: User
) -> None:
    await browser.install(ana)
    tokens = {"oauth": [ana.id], "bot": []}
    event = {"type": "tokens_revoked", "tokens": tokens}
    slack.world.tell_team("tokens_revoked", event, slack.installation(ana.team))
    await slack.settled()
    assert up.ears.teams == [("joined", ana.team.id)]


# ---------------------------------------------------------------------------------------------- what goes wrong


async def test_a_state_works_once_in_the_browser_that_began(
    up: Line, slack: SlackServer, browser: Browser, ana: User
) -> None:
    query = slack.install(ana, await browser.begin())
    async with aiohttp.ClientSession() as other:
        stranger = Browser(other, browser.base, slack)
        status, text, _ = await stranger.get(f"{oauth.REDIRECT}{query}")
        assert status == 400
        assert oauth.INSTALL in text
    assert (await browser.get(f"{oauth.REDIRECT}{query}"))[0] == 400, "the stranger used it up"
    query = slack.install(ana, await browser.begin())
    assert (await browser.get(f"{oauth.REDIRECT}{query}"))[0] == 200
    assert (await browser.get(f"{oauth.REDIRECT}{query}"))[0] == 400
    assert slack.calls("oauth.v2.access")[0].status == 200
    assert len(slack.calls("oauth.v2.access")) == 1, "a wrong state isn't worth a question to Slack"


@pytest.mark.parametrize(
    "query",
    ["", "?code=x", "?state=", "?state=x&code=y", "?code=%00&state=%F0%9F", "?error=<script>alert(1)</script>&state=é"],
)
async def test_a_made_up_return_is_a_clear_page(browser: Browser, query: str) -> None:
    await browser.begin()
    status, text, _ = await browser.get(f"{oauth.REDIRECT}{query}")
    assert status == 400
    assert "<script" not in text
    assert "Install it" in text


async def test_saying_no_and_wrong_codes_are_clear_pages(
    up: Line, slack: SlackServer, browser: Browser, ana: User
) -> None:
    def state(link: str) -> str:
        return parse_qs(urlsplit(link).query)["state"][0]

    said = state(await browser.begin())
    status, text, _ = await browser.get(f"{oauth.REDIRECT}?error=access_denied&state={said}")
    assert (status, "cancelled" in text) == (400, True)
    said = state(await browser.begin())
    status, text, _ = await browser.get(f"{oauth.REDIRECT}?code=made-up&state={said}")
    assert (status, "code" in text) == (400, True)
    assert up.ears.teams == []


async def test_an_installation_that_took_too_long_begins_anew(tmp_path: Path, slack: SlackServer, ana: User) -> None:
    clock = HandClock()
    given = {"bot_token": "", **settings(slack)}
    async with line(tmp_path, slack, clock=clock, **given) as up, aiohttp.ClientSession() as session:
        await slack.wait_for(lambda: up.connection.address)
        there = Browser(session, up.connection.address.replace("127.0.0.1", "localhost"), slack)
        query = slack.install(ana, await there.begin())
        clock.pass_(minutes=10)
        assert (await there.get(f"{oauth.REDIRECT}{query}"))[0] == 400


async def test_wrong_client_secrets_are_for_the_operator_to_read(
    tmp_path: Path, slack: SlackServer, ana: User, caplog: pytest.LogCaptureFixture
) -> None:
    given = {"bot_token": "", **settings(slack), "client_secret": "not-it"}
    async with line(tmp_path, slack, **given) as up, aiohttp.ClientSession() as session:
        await slack.wait_for(lambda: up.connection.address)
        there = Browser(session, up.connection.address.replace("127.0.0.1", "localhost"), slack)
        status, text = await there.install(ana)
    assert status == 500
    assert "COACH_" not in text
    assert "COACH_SLACK_CLIENT_SECRET" in caplog.text
    assert "not-it" not in caplog.text


@pytest.mark.parametrize("error", [503, 0, "ratelimited", "internal_error"])
async def test_slack_being_away_is_a_page_that_says_so(
    up: Line, slack: SlackServer, browser: Browser, ana: User, error: str | int
) -> None:
    slack.fail("oauth.v2.access", error)
    status, text = await browser.install(ana)
    assert (status, "can't be reached" in text) == (502, True)
    assert (await browser.install(ana))[0] == 200


async def test_pages_are_not_kept_framed_or_leaked(browser: Browser) -> None:
    async with browser.session.get(f"{browser.base}{oauth.REDIRECT}") as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert 'content="no-referrer"' in await answer.text()
    headers = {"X-Forwarded-Proto": "https"}
    async with browser.session.get(f"{browser.base}{oauth.INSTALL}", headers=headers, allow_redirects=False) as answer:
        cookie = answer.headers["Set-Cookie"]
        assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Secure", "Max-Age=600"))


async def test_in_socket_mode_the_server_takes_no_events(browser: Browser) -> None:
    async with browser.session.post(f"{browser.base}/slack/events", data="{}") as answer:
        assert answer.status == 404
    async with browser.session.get(f"{browser.base}/healthz") as answer:
        assert answer.status == 200


async def test_many_people_may_install_at_once(up: Line, slack: SlackServer, browser: Browser) -> None:
    async def whole(number: int) -> int:
        user = slack.user(slack.team(f"Team {number}", installed=False), "Ana")
        async with aiohttp.ClientSession() as session:
            return (await Browser(session, browser.base, slack).install(user))[0]

    assert await asyncio.gather(*(whole(number) for number in range(20))) == [200] * 20
    assert len(await up.workspaces.all()) == 20

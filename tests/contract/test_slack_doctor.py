"""`mlops-coach doctor` on Slack says what is right and what to do about what isn't."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store.models.installation import Installation

from bot.clock import SystemClock
from bot.core.model import Channel, Place
from bot.platforms.findings import Finding
from bot.platforms.slack import doctor
from bot.platforms.slack.link.crypt import Vault
from bot.platforms.slack.link.installs import Installs, known
from bot.platforms.slack.link.scopes import SCOPES
from bot.stores.sqlite import SqliteStore
from tests.e2e import slack_server
from tests.e2e.slack_server import SlackServer, Team


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(pace_s=0) as server:
        server.team("Acme")
        yield server


@pytest.fixture
def acme(slack: SlackServer) -> Team:
    return next(iter(slack.world.teams.values()))


def scheduled(channel: slack_server.Channel, **more: Any) -> Channel:
    return Channel(1, Place("slack", channel.team.id, channel.id), **more)


async def look(slack: SlackServer, *channels: Channel, **more: Any) -> list[Finding]:
    given: dict[str, Any] = {"bot_token": slack.bot_token, "app_token": slack.app_token, "mode": "socket"}
    given |= {"signing_secret": "", "client_id": "", "client_secret": "", "api_url": slack.api_url}
    return await doctor.check(channels, **(given | more))


def wrong(found: list[Finding]) -> list[str]:
    return [finding.text for finding in found if not finding.right]


async def test_an_app_that_is_set_up_well_has_nothing_to_do(slack: SlackServer, acme: Team) -> None:
    daily = slack.channel(acme, "mlops-daily")
    found = await look(slack, scheduled(daily, mention="channel"))
    assert wrong(found) == []
    told = "\n".join(finding.text for finding in found)
    assert f"Acme ({acme.id}): the coach is @mlops_coach" in told
    assert "Acme: all scopes are granted" in told
    assert "Acme #mlops-daily: the coach is in the channel" in told
    assert "Socket Mode can be opened" in told


async def test_each_channel_that_will_not_work_is_named_with_what_to_do(slack: SlackServer, acme: Team) -> None:
    outside = slack.channel(acme, "outside", coach=False)
    hidden = slack.channel(acme, "hidden", private=True, coach=False)
    old = slack.channel(acme, "old")
    slack.archive(old)
    odd = slack.channel(acme, "odd")
    elsewhere = Channel(9, Place("slack", "T0ELSEWHERE", "C1"))
    places = [scheduled(outside), scheduled(hidden, name="hidden"), scheduled(old), scheduled(odd, mention="@ana")]
    found = await look(slack, *places, elsewhere)
    told = wrong(found)
    assert told == [
        "Acme #outside: the coach isn't in the channel",
        "Acme #hidden: the coach can't see the channel, or it is gone",
        "Acme #old is archived",
        "Acme #odd: @ana can't be mentioned",
        "The coach isn't let into workspace T0ELSEWHERE",
    ]
    assert "/invite @MLOps Coach" in next(finding.remedy for finding in found if "#outside" in finding.text)


async def test_a_workspace_without_a_channel_is_told_how_to_get_one(slack: SlackServer) -> None:
    found = await look(slack, command="/coach")
    assert wrong(found) == ["Acme: no channel has a daily question"]
    assert "/coach config setup" in found[-1].remedy


async def test_missing_scopes_are_named(slack: SlackServer, acme: Team) -> None:
    daily = slack.channel(acme, "daily")
    ours = slack.installation(acme)
    ours.scopes = frozenset(SCOPES) - {"reactions:write", "users:read"}
    (lacking,) = [finding for finding in await look(slack, scheduled(daily)) if not finding.right]
    assert lacking.text == "Acme: the token lacks reactions:write, users:read"
    assert "manifest.yaml" in lacking.remedy


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"bot_token": "xoxb-wrong"}, "COACH_SLACK_BOT_TOKEN: Slack refuses the token (invalid_auth)"),
        ({"bot_token": "xapp"}, "COACH_SLACK_BOT_TOKEN: that is no bot's token"),
        ({"app_token": "xapp-wrong"}, "Slack refuses the app-level token (invalid_auth)"),
        ({"app_token": ""}, "COACH_SLACK_APP_TOKEN is not set; Socket Mode needs it"),
        ({"mode": "http", "signing_secret": " "}, "COACH_SLACK_SIGNING_SECRET is not set"),
        ({"client_id": "1.2"}, "COACH_SLACK_CLIENT_SECRET is not set, so nobody can install the coach"),
        ({"client_secret": "x"}, "COACH_SLACK_CLIENT_ID is not set, so nobody can install the coach"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
async def test_each_wrong_or_missing_setting_is_named_in_seconds(
    slack: SlackServer, acme: Team, given: dict[str, str], told: str
) -> None:
    if given.get("bot_token") == "xapp":
        given = {"bot_token": slack.app_token}
    began = time.monotonic()
    found = await look(slack, scheduled(slack.channel(acme, "daily")), **given)
    assert time.monotonic() - began < 5
    assert told in wrong(found)
    assert all(finding.remedy for finding in found if not finding.right)
    said = "\n".join(f"{finding.text}{finding.remedy}" for finding in found)
    assert slack.bot_token not in said
    assert slack.app_token not in said


async def test_http_mode_asks_for_no_app_token(slack: SlackServer, acme: Team) -> None:
    daily = scheduled(slack.channel(acme, "daily"))
    found = await look(slack, daily, mode="http", app_token="", signing_secret="x")
    assert wrong(found) == []
    assert "Signing secret: set" in [finding.text for finding in found]
    assert slack.calls("apps.connections.open") == []


async def test_a_silent_network_is_a_finding(slack: SlackServer, monkeypatch: pytest.MonkeyPatch, acme: Team) -> None:
    monkeypatch.setattr(doctor, "ASK_S", 0.2)
    slack.partition(60, silent=True)
    found = await look(slack)
    assert "COACH_SLACK_BOT_TOKEN: Slack doesn't answer" in wrong(found)
    found = await look(slack, api_url="http://127.0.0.1:9/api/")
    assert any("can't be reached" in text for text in wrong(found))
    slack.heal()
    await asyncio.sleep(0)


async def test_installed_workspaces_are_looked_at_with_their_own_tokens(slack: SlackServer, tmp_path: Path) -> None:
    other = slack.team("Other")
    key = Fernet.generate_key().decode()
    store = await SqliteStore.open(tmp_path / "c.sqlite3")
    try:
        installs = Installs(store, SystemClock(), Vault([key]))
        for team, token in ((other.id, slack.token(other)), ("T0GONE", "xoxb-gone")):
            await installs.async_save(Installation(team_id=team, bot_token=token, user_id="U1"))
        rows = await store.read(known)
    finally:
        await store.close()
    daily = scheduled(slack.channel(other, "daily"))
    given = {"bot_token": "", "client_id": "1", "client_secret": "2", "installed": rows}
    found = await look(slack, daily, encryption_keys=[key], **given)
    assert wrong(found) == ["Workspace T0GONE: Slack refuses the token (invalid_auth)"]
    assert "Other #daily: the coach is in the channel" in [finding.text for finding in found]
    told = "\n".join(wrong(await look(slack, daily, **given)))
    assert "COACH_ENCRYPTION_KEY" in told

"""`mlops-coach doctor` on Discord says what is right and what to do about what isn't."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import discord
import pytest
from discord.http import Route

from bot.core.model import Channel, Place
from bot.platforms.discord import doctor
from bot.platforms.discord.client import CoachClient
from bot.platforms.discord.faults import INVITED
from bot.platforms.findings import Finding
from tests.contract.discord_world import Server, server
from tests.e2e.discord_server import DiscordServer


def wrong(found: list[Finding]) -> list[str]:
    return [finding.text for finding in found if not finding.right]


async def examined(here: Server, *channels: Channel) -> list[Finding]:
    with here.env.time_context():
        assert isinstance(here.env.bot, CoachClient)
        return await doctor.examine(here.env.bot.tree, channels)


async def test_a_server_that_is_set_up_well_has_nothing_to_do_but_the_intent(tmp_path: Path) -> None:
    async with server(tmp_path / "c.sqlite3") as here:
        found = await examined(here, Channel(1, here.place))
        assert wrong(found) == ["Message Content Intent is off: only answers by the form can be graded"]
        told = [finding.text for finding in found]
        assert "Commands: Grade this answer, mlops, mlops-admin" in told
        assert "The Guild #mlops-daily: all that is needed is allowed" in told


async def test_what_is_missing_is_named_with_what_to_do(tmp_path: Path) -> None:
    async with server(tmp_path / "c.sqlite3", denied=["create_public_threads", "pin_messages"]) as here:
        gone = Channel(2, Place("discord", str(here.guild.id), "42"), name="old")
        elsewhere = Channel(3, Place("discord", "43", "44"))
        found = await examined(here, Channel(1, here.place, mention="@nobody", pin=True), gone, elsewhere)
        told = "\n".join(wrong(found))
        assert "Give my role Create Public Threads, Pin Messages there." in told
        assert "there is no role called @nobody" in told
        assert "#old: the bot can't see the channel" in told
        assert "The bot isn't in server 43 any more" in told
        assert all(finding.remedy for finding in found if not finding.right)


async def test_a_server_without_a_channel_is_told_how_to_get_one(tmp_path: Path) -> None:
    async with server(tmp_path / "c.sqlite3") as here:
        assert "The Guild: no channel has a daily question" in wrong(await examined(here))


def test_the_invite_link_asks_for_two_scopes_and_what_is_needed() -> None:
    query = parse_qs(urlsplit(doctor.invite_link(123)).query)
    assert query["client_id"] == ["123"]
    assert query["scope"][0].split() == ["bot", "applications.commands"]
    asked = discord.Permissions(int(query["permissions"][0]))
    assert asked == discord.Permissions(**dict.fromkeys(INVITED, True))


async def test_a_wrong_token_and_a_silent_network_are_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    async with DiscordServer() as loopback:
        (found,) = await doctor.check("wrong", [], api_url=loopback.api_url)
        assert found.text == "Discord refuses the token"
        address = loopback.api_url
    (found,) = await doctor.check("wrong", [], api_url=address)
    assert found.text.startswith("Discord can't be reached")

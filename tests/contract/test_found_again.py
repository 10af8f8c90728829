"""What was posted before a crash is found by the time since which it may be there, whatever was written after it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.core.message import Message, Para, Parcel, ParcelKind
from bot.platforms.discord import marks as discord_marks
from bot.platforms.slack import marks as slack_marks
from tests.contract.discord_world import Server, server
from tests.contract.slack_world import Space, workspace
from tests.contract.test_slack_limits import parcel as slack_parcel

MOMENT = dt.timedelta(seconds=1)


def talk(here: Space, count: int) -> None:
    """People write in the channel, and the coach doesn't hear it."""
    here.slack.outgoing.drop = True
    for number in range(count):
        here.slack.say(here.channel, here.ben, f"Talk {number}")
    here.slack.outgoing.drop = False


async def test_a_message_in_a_busy_channel_of_slack_is_found(tmp_path: Path) -> None:
    async with workspace(tmp_path / "coach.sqlite3") as here:
        talk(here, 50)
        said = slack_parcel(here, "1")
        sent = await here.chat.send(said)
        talk(here, slack_marks.NEWEST + 250)
        assert await here.chat.find(said) is None, "it isn't among the newest"
        when = dt.datetime.fromtimestamp(float(sent.message), dt.UTC)
        found = await here.chat.find(dataclasses.replace(said, since=when - MOMENT))
        assert found == sent
        asked = [call.args for call in here.slack.calls("conversations.history")]
        assert sum(call.get("oldest") not in (None, "0") for call in asked) == 4, "700 messages, in pages of 200"


async def test_how_much_of_slack_is_read_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_marks, "MOST", 400)
    async with workspace(tmp_path / "coach.sqlite3") as here:
        said = slack_parcel(here, "1")
        sent = await here.chat.send(said)
        talk(here, 900)
        when = dt.datetime.fromtimestamp(float(sent.message), dt.UTC)
        assert await here.chat.find(dataclasses.replace(said, since=when - MOMENT)) is None
        assert len(here.slack.calls("conversations.history")) == 2


def discord_parcel(here: Server, key: str) -> Parcel:
    words = Message(blocks=(Para(("Hello",)),))
    return Parcel(key, ParcelKind.REVEAL, "discord", str(here.guild.id), str(here.channel.id), "", words)


async def test_a_message_in_a_busy_channel_of_discord_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord_marks, "NEWEST", 20)
    async with server(tmp_path / "c.sqlite3") as here:
        with here.env.time_context():
            for number in range(5):
                await here.ada.send(here.channel, f"Talk {number}")
            await here.env.advance_time(600)
            said, when = discord_parcel(here, "1"), here.env.now()
            sent = await here.chat.send(said)
            for number in range(25):
                await here.ada.send(here.channel, f"More talk {number}")
            assert await here.chat.find(said) is None, "it isn't among the newest"
            assert await here.chat.find(dataclasses.replace(said, since=when)) == sent


class Endless:
    """A channel in which people never stop to talk."""

    id = 5

    def __init__(self) -> None:
        self.read = 0

    async def history(self, *, limit: int, after: discord.Object) -> AsyncIterator[object]:
        for number in range(limit):
            self.read += 1
            yield SimpleNamespace(id=after.id + number, author=SimpleNamespace(id=1))


async def test_how_much_of_discord_is_read_has_a_bound() -> None:
    channel, since = Endless(), dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    after = discord_marks.begin(0, since)
    assert discord.utils.snowflake_time(after) == since - discord_marks.MARGIN
    assert await discord_marks.Marks().find(cast(Any, channel), "mark", 99, after) is None
    assert channel.read == discord_marks.MOST

"""Staying connected to Discord, or ending with a clear word."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace
from typing import cast

import aiohttp
import discord
import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.core.errors import PlatformAway, PlatformError, SettingsError
from bot.core.message import Message, Parcel, ParcelKind
from bot.platforms.discord import start
from bot.platforms.discord.faults import translated
from bot.platforms.discord.private import Private


def closed(code: int) -> discord.ConnectionClosed:
    socket = cast(aiohttp.ClientWebSocketResponse, SimpleNamespace(close_code=code))
    return discord.ConnectionClosed(socket, shard_id=0, code=code)


def answered(status: int, code: int = 0, wait: str = "") -> discord.HTTPException:
    kinds: dict[int, type[discord.HTTPException]] = {403: discord.Forbidden, 404: discord.NotFound}
    kind = kinds.get(status, discord.DiscordServerError if status >= 500 else discord.HTTPException)
    response = cast(aiohttp.ClientResponse, SimpleNamespace(status=status, reason="x", headers={"Retry-After": wait}))
    return kind(response, {"code": code, "message": "No"})


class Ended(Exception):
    """The test has seen enough."""


class Sessions:
    """Sessions that end as told, one after another; remembers how they were begun and the waits between."""

    def __init__(self, *ends: Exception | None) -> None:
        self.ends = list(ends)
        self.begun: list[bool] = []
        self.waits: list[float] = []

    async def session(self, content: bool) -> None:
        self.begun.append(content)
        if not self.ends:
            raise asyncio.CancelledError
        end = self.ends.pop(0)
        if end:
            raise end

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def run(self) -> None:
        await start.supervise(self.session, sleep=self.sleep)


@pytest.mark.parametrize(
    "end",
    [
        AttributeError("'NoneType' object has no attribute 'sequence'"),  # discord.py's issue #10520
        discord.GatewayNotFound(),  # type: ignore[no-untyped-call]
        answered(502),
        OSError("no route"),
        TimeoutError(),
        aiohttp.ClientError("reset"),
        closed(4000),
        closed(4009),
        None,
    ],
    ids=lambda end: type(end).__name__,
)
async def test_a_session_that_ends_is_made_again(end: Exception | None, caplog: pytest.LogCaptureFixture) -> None:
    sessions = Sessions(end)
    with pytest.raises(asyncio.CancelledError):
        await sessions.run()
    assert sessions.begun == [True, True]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "connecting again in" in caplog.text


async def test_the_waits_grow_and_differ() -> None:
    sessions = Sessions(*[OSError("down")] * 9)
    with pytest.raises(asyncio.CancelledError):
        await sessions.run()
    assert all(later > earlier for earlier, later in zip(sessions.waits[:6], sessions.waits[1:7], strict=True))
    assert max(sessions.waits) <= 300 * 1.25
    assert len(set(sessions.waits)) == 9


@pytest.mark.parametrize(
    "end",
    [discord.LoginFailure("Improper token"), closed(4004), answered(401)],
    ids=["at the start", "gateway", "API"],
)
async def test_a_refused_token_ends_the_coach_with_what_to_do(end: Exception) -> None:
    for ends in ((end,), (OSError("down"), end)):
        sessions = Sessions(*ends)
        with pytest.raises(SettingsError, match=r"^Discord refuses the token in COACH_DISCORD_TOKEN\. Copy"):
            await sessions.run()


@pytest.mark.parametrize("end", [discord.PrivilegedIntentsRequired(0), closed(4014)], ids=["4014", "raw 4014"])
async def test_without_the_intent_the_next_session_does_without(
    end: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    sessions = Sessions(end)
    with pytest.raises(asyncio.CancelledError):
        await sessions.run()
    assert sessions.begun == [True, False]
    assert sessions.waits == []
    assert "Message Content Intent" in caplog.text


async def test_intents_that_are_refused_altogether_end_the_coach() -> None:
    with pytest.raises(SettingsError):
        await Sessions(closed(4014), closed(4014)).run()
    with pytest.raises(SettingsError, match="update mlops-coach"):
        await Sessions(closed(4013)).run()


@pytest.mark.parametrize(
    ("error", "away", "wait"),
    [
        (answered(429, wait="7"), True, 7.0),
        (answered(429), True, 60.0),
        (discord.RateLimited(90.0), True, 90.0),
        (answered(500), True, None),
        (answered(401), True, None),
        (OSError("reset"), True, None),
        (TimeoutError(), True, None),
        (RuntimeError("Session is closed"), True, None),
        (answered(403, 50013), False, None),
        (answered(404, 10003), False, None),
        (answered(400, 50035), False, None),
    ],
    ids=str,
)
def test_what_passes_is_told_from_what_does_not(error: Exception, away: bool, wait: float | None) -> None:
    fault = translated(error, "#daily")
    assert isinstance(fault, PlatformError)
    assert isinstance(fault, PlatformAway) is away
    assert getattr(fault, "retry_after", None) == wait
    assert "\n" not in str(fault)


def test_traffic_can_be_led_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    monkeypatch.setattr(Route, "BASE", base)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", gateway)
    start.redirect("", "")
    assert (base, gateway) == (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY)
    start.redirect("http://127.0.0.1:8080/api/v10/", "ws://127.0.0.1:8081")
    assert Route.BASE == "http://127.0.0.1:8080/api/v10"
    assert str(DiscordWebSocket.DEFAULT_GATEWAY) == "ws://127.0.0.1:8081"


async def test_a_private_parcel_without_a_living_token_is_shown_to_nobody() -> None:
    private = Private()
    parcel = Parcel("1", ParcelKind.GRADE, "discord", "1", "2", "3", Message("Grade"), only_for="4")
    assert (await private.send(parcel)).message == ""

"""Signed HTTP: the same events as by socket, and nothing that Slack didn't sign."""

from __future__ import annotations

import asyncio
import functools
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.core.errors import SettingsError, StoreError
from bot.platforms.slack.link.connection import Access
from bot.platforms.slack.link.http import LARGEST_BODY
from tests.contract.slack_ears import Line, ended, line
from tests.contract.slack_world import workspace
from tests.contract.test_slack_rounds import full
from tests.e2e.slack_server import Channel, SlackServer, User


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(pace_s=0) as server:
        server.outgoing.factor = 0.005
        yield server


@pytest.fixture
def general(slack: SlackServer) -> Channel:
    return slack.channel(slack.team("Acme"), "general")


@pytest.fixture
def ana(slack: SlackServer, general: Channel) -> User:
    return slack.user(general.team, "Ana")


async def listening(slack: SlackServer, up: Line) -> str:
    """Wait until the coach listens and has met its workspace; the address."""
    await slack.wait_for(lambda: up.connection.address and up.ears.gaps)
    slack.request_url = f"{up.connection.address}/slack/events"
    return up.connection.address


@pytest.fixture
async def up(tmp_path: Path, slack: SlackServer, general: Channel) -> AsyncIterator[Line]:
    async with line(tmp_path, slack, mode="http", app_token="") as made:
        await listening(slack, made)
        yield made


async def asked(url: str, *, method: str = "GET", **more: object) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.request(method, url, **more) as answer:  # type: ignore[arg-type]
        return answer.status, await answer.text()


async def test_what_people_do_reaches_the_listener_without_a_socket(
    up: Line, slack: SlackServer, general: Channel, ana: User
) -> None:
    assert await slack.http.verify()
    slack.say(general, ana, "Zwölf <3 Wörter & mehr")
    slack.open_home(ana)
    await slack.settled()
    assert up.ears.texts == ["Zwölf &lt;3 Wörter &amp; mehr"]
    assert len(up.ears.of("home")) == 1
    await slack.slash(ana, general, "me & you").acked()
    (command,) = up.ears.of("command")
    assert command["text"] == "me &amp; you"
    assert (await slack.slash(ana, general, "x").acked()).ack_ms < 3_000
    assert up.ears.teams == [("joined", general.team.id)]
    assert up.ears.gaps == 1
    assert slack.sockets.opened == 0


async def test_what_was_not_stored_is_answered_500_and_comes_again(
    up: Line, slack: SlackServer, general: Channel, ana: User
) -> None:
    up.ears.errors = [StoreError("full"), RuntimeError("odd")]
    said = slack.say(general, ana, "Keep me")
    await slack.settled()
    assert up.ears.texts == ["Keep me"]
    assert said.deliveries[0].reasons == ["http_error", "http_error"]


async def test_a_replayed_request_is_handed_on_again_for_the_store_to_know_it(
    up: Line, slack: SlackServer, general: Channel, ana: User
) -> None:
    said = slack.say(general, ana, "Once")
    await slack.settled()
    assert await slack.http.replay(said.deliveries[0]) == 200
    assert [event["ts"] for event in up.ears.of("message")] == [said.ts, said.ts]


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": "another"},
        {"timestamp": "1"},
        {"timestamp": "9999999999"},
        {"timestamp": "soon"},
        {"timestamp": ""},
        {"timestamp": "9" * 5_000},
        {"timestamp": "nan"},
        {"without": "X-Slack-Signature"},
        {"without": "X-Slack-Request-Timestamp"},
    ],
    ids=lambda forged: "-".join(f"{key} {str(value)[:12]}" for key, value in forged.items()),
)
async def test_a_request_that_slack_did_not_sign_just_now_is_refused(
    up: Line, slack: SlackServer, general: Channel, ana: User, forged: dict[str, str]
) -> None:
    said = slack.say(general, ana, "Real")
    await slack.settled()
    assert await slack.http.forge(said.deliveries[0], **forged) == 401
    assert up.ears.texts == ["Real"]


async def test_odd_bytes_and_odd_signatures_are_refused_quietly(
    up: Line, slack: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    url = slack.request_url
    for data, signature in ((b"\xff\xfe", "v0=1"), (b"{}", "ünfug"), (b"", ""), (b"{}", "v0=" + "0" * 64)):
        headers = {"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": signature}
        assert (await asked(url, method="POST", data=data, headers=headers))[0] == 401
    assert (await asked(url))[0] == 405
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_signed_body_that_is_none_is_a_400(up: Line, slack: SlackServer) -> None:
    for body in ("{", "[]", '{"type": 1}', "payload=%7B", '"x"', "{}"):
        status, _, _ = await slack.http.post(body, slack.http.signed(body, "application/json"))
        assert status in (200, 400), body
    assert up.ears.told == []


async def test_a_huge_body_is_refused_before_it_is_looked_at(up: Line, slack: SlackServer) -> None:
    body = "x" * (LARGEST_BODY + 1)
    status, _, _ = await slack.http.post(body, slack.http.signed(body, "application/json"))
    assert status == 413


async def test_without_a_secret_everything_is_refused(
    tmp_path: Path, slack: SlackServer, general: Channel, ana: User
) -> None:
    async with line(tmp_path, slack, mode="http", signing_secret=" ") as up:
        await listening(slack, up)
        slack.http.secret = " "
        slack.outgoing.factor = 0.0001
        slack.say(general, ana, "Hello")
        await slack.settled()
        assert up.ears.told == []
        assert {status for status, _ in slack.http.seen} == {401}


async def test_a_monitor_can_ask_whether_it_lives(up: Line) -> None:
    assert await asked(f"{up.connection.address}/healthz") == (200, '{"ok": true}')
    assert (await asked(f"{up.connection.address}/slack/install"))[0] == 404, "nothing is installed without a client id"


async def test_events_that_come_before_slack_told_whose_the_token_is_come_again(
    tmp_path: Path, slack: SlackServer, general: Channel, ana: User
) -> None:
    slack.fail("auth.test", 503, times=3)
    slack.outgoing.factor = 0.05
    async with line(tmp_path, slack, mode="http") as up:
        await slack.wait_for(lambda: up.connection.address)
        slack.request_url = f"{up.connection.address}/slack/events"
        said = slack.say(general, ana, "Early")
        await slack.settled()
        assert up.ears.texts == ["Early"]
        assert said.deliveries[0].attempts > 1


async def test_threads_are_read_again_now_and_then_as_nothing_tells_of_requests_that_never_came(
    tmp_path: Path, slack: SlackServer, general: Channel
) -> None:
    async with line(tmp_path, slack, mode="http", read_again_s=0.05) as up:
        await slack.wait_for(lambda: up.ears.gaps >= 3)


async def test_what_was_written_while_slack_could_not_reach_the_coach_is_graded_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.contract.slack_world.Access", functools.partial(Access, read_again_s=0.1))
    async with workspace(tmp_path / "coach.sqlite3", mode="http") as here:
        round_ = await here.ask()
        here.slack.outgoing.drop = True  # for longer than Slack goes on trying
        here.slack.say(here.channel, here.ada, full(round_.question.id), thread=here.question)
        here.slack.outgoing.drop = False
        while not await here.points():
            await asyncio.sleep(0.1)
            await here.settle()
        assert await here.points() == {"Ada": 10}


async def test_an_address_that_is_taken_ends_the_start(tmp_path: Path, slack: SlackServer, general: Channel) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with line(tmp_path, slack, mode="http", port=taken.getsockname()[1]) as up:
            error = await ended(up.running)
    assert isinstance(error, SettingsError)
    assert "COACH_SLACK_PORT" in str(error)


async def test_it_listens_only_where_it_was_told_to(up: Line) -> None:
    port = int(up.connection.address.rsplit(":", 1)[1])
    assert up.connection.address == f"http://127.0.0.1:{port}"
    with socket.socket() as neighbour:
        neighbour.bind(("127.0.0.2", port))  # would be taken if it listened everywhere


async def test_cancelling_closes_the_port(up: Line) -> None:
    address = up.connection.address
    up.running.cancel()
    await asyncio.wait({up.running}, timeout=3)
    with pytest.raises(aiohttp.ClientConnectorError):
        await asked(f"{address}/healthz")

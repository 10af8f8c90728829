"""The coach as its own process on Slack: how it starts and ends, and workspaces that come and go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.slack_coach import Hall
from tests.e2e.slack_server import Channel, Ephemeral, Message, SlackServer, Team, User

BOTH = pytest.mark.parametrize("mode", ["socket", "http"])
REPLIES = 6
SOON_S = 15.0
"""A start included, on a machine that may be busy; the coach itself asks Slack for at most 10 s."""


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
def mode() -> str:
    return "socket"


@pytest.fixture
def hall(server: SlackServer, tmp_path: Path, mode: str) -> Hall:
    return Hall(server, tmp_path, mode, channels=1)


# ---------------------------------------------------------------------------------------------- tokens


@BOTH
async def test_a_token_that_was_revoked_before_the_start_ends_it_with_one_line(hall: Hall) -> None:
    hall.server.revoke(hall.team)
    process = await hall.start()
    assert await asyncio.wait_for(process.wait(), SOON_S) == 2
    assert "COACH_SLACK_BOT_TOKEN (token_revoked)" in hall.refusal()
    assert hall.token not in hall.logged()


@BOTH
async def test_a_token_that_is_revoked_unseen_ends_it_with_one_line_once_it_is_used(hall: Hall) -> None:
    async with hall.coach() as process:
        questions = await hall.ask()
        await hall.answer(questions, 1)
        await hall.server.settled()
        hall.server.installation(hall.team).state = "token_revoked"
        assert await asyncio.wait_for(process.wait(), SOON_S) == 2
    assert "COACH_SLACK_BOT_TOKEN (token_revoked)" in hall.refusal()
    assert hall.rows("SELECT count(*) FROM replies") == [(1,)]
    assert hall.rows("SELECT count(*) FROM outbox WHERE state = 'dropped'") == [(0,)], "it goes on with another token"


async def test_an_app_token_that_is_revoked_ends_it_with_one_line_when_a_socket_is_opened(hall: Hall) -> None:
    async with hall.coach() as process:
        await hall.ask()
        hall.server.api.app_token = "xapp-1-another"
        hall.server.disconnect("refresh_requested")
        assert await asyncio.wait_for(process.wait(), SOON_S) == 2
    assert "COACH_SLACK_APP_TOKEN (invalid_auth)" in hall.refusal()
    assert hall.server.app_token not in hall.logged()


@BOTH
async def test_a_slack_that_is_away_at_the_start_is_waited_for(hall: Hall) -> None:
    hall.server.partition(4.0)
    async with hall.coach() as process:
        await hall.server.wait_for(lambda: "in 1 workspace" in hall.logged(), 30)
        await hall.answer(await hall.ask(), 3)
        await hall.settled()
        assert process.returncode is None
    assert "trying again" in hall.logged()
    hall.check()


@BOTH
async def test_a_slack_that_answers_nothing_at_the_start_is_waited_for(hall: Hall) -> None:
    hall.server.fail("auth.test", 503, 2)
    hall.server.fail("apps.connections.open", "internal_error", 2)
    async with hall.coach():
        await hall.server.wait_for(lambda: "in 1 workspace" in hall.logged(), 30)
        await hall.answer(await hall.ask(), 3)
        await hall.settled()
    hall.check()


# ---------------------------------------------------------------------------------------------- ending


@BOTH
async def test_it_ends_in_good_order_within_seconds_in_the_middle_of_its_work(hall: Hall) -> None:
    async with hall.coach() as process:
        questions = await hall.ask()
        await hall.answer(questions, REPLIES)
        await hall.server.wait_for(hall.grades)
        began = time.monotonic()
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 20) == 0
        assert time.monotonic() - began < 10
        assert hall.answered() < REPLIES, "there was work left"
    assert "Traceback" not in hall.logged()
    async with hall.coach():
        await hall.settled()
    hall.check()


AWAY: dict[str, Callable[[SlackServer], object]] = {
    "answers nothing": lambda server: server.partition(60.0, silent=True),
    "can't be reached": lambda server: server.partition(60.0),
}


@pytest.mark.parametrize("what", AWAY)
async def test_it_ends_within_seconds_also_while_slack(hall: Hall, what: str) -> None:
    async with hall.coach() as process:
        await hall.answer(await hall.ask(), REPLIES)
        await hall.server.wait_for(hall.grades)
        AWAY[what](hall.server)
        await asyncio.sleep(1.0)
        began = time.monotonic()
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 20) == 0
        assert time.monotonic() - began < 10
        hall.server.heal()
    async with hall.coach():
        await hall.settled()
    hall.check()


# ---------------------------------------------------------------------------------------------- leaving

LEFT = "SELECT community FROM communities_left"


@BOTH
async def test_the_workspace_of_the_token_that_uninstalls_is_noted_and_comes_back(hall: Hall) -> None:
    async with hall.coach() as process:
        questions = await hall.ask()
        await hall.answer(questions, 3)
        await hall.settled()
        hall.server.uninstall(hall.team)
        assert await asyncio.wait_for(process.wait(), SOON_S) == 2
    assert "COACH_SLACK_BOT_TOKEN" in hall.refusal()
    assert hall.rows(LEFT) == [(hall.team.id,)]
    hall.token = hall.server.reinstall(hall.team).token
    for channel in hall.channels:
        hall.server.join(channel, hall.server.coach(hall.team), hall.boss)
    async with hall.coach():
        await hall.answer(questions, 3)
        await hall.settled()
        assert hall.rows(LEFT) == []
    hall.check()


class Second:
    """Another workspace, which installs the coach over its pages."""

    def __init__(self, hall: Hall) -> None:
        self.hall, self.server = hall, hall.server
        self.team: Team = self.server.team("Beta", installed=False)
        self.ida = self.server.user(self.team, "Ida")  # who installs organises, without being an admin
        self.guests: list[User] = [self.server.user(self.team, f"guest{number}") for number in range(3)]
        self.channel: Channel | None = None
        installs = self.server.installs
        installs.browsing, installs.redirect_url = self.ida, f"{hall.url}/slack/oauth_redirect"
        hall.settings["COACH_SLACK_CLIENT_ID"] = installs.client_id
        hall.settings["COACH_SLACK_CLIENT_SECRET"] = installs.client_secret

    async def install(self) -> Channel:
        """Install the coach in a browser, and invite it; the channel that it is in."""
        browser = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), trust_env=False)
        async with browser, browser.get(f"{self.hall.url}/slack/install") as page:
            assert page.status == 200
            assert "MLOps Coach is in Beta" in await page.text()
        if self.channel is None:
            self.channel = self.server.channel(self.team, "daily")
            self.hall.channels.append(self.channel)
        else:
            self.server.join(self.channel, self.server.coach(self.team), self.ida)
        return self.channel

    async def ask(self, channel: Channel) -> Message:
        await self.hall.command(self.ida, "question", channel)
        return (await self.hall.asked())[-1]

    def answer(self, question: Message, number: int) -> None:
        for guest in self.guests:
            number += 1
            self.hall.write(question, guest, number)


def names(board: Ephemeral | Message) -> set[str]:
    return {word for word in board.shown.split() if word.startswith(("person", "guest"))}


@BOTH
async def test_a_second_workspace_installs_the_coach_and_each_has_its_own_questions_and_boards(hall: Hall) -> None:
    second = Second(hall)
    async with hall.coach():
        questions = await hall.ask()
        channel = await second.install()
        question = await second.ask(channel)
        await hall.answer(questions, 3)
        second.answer(question, 20)
        await hall.settled()
        ours = await hall.command(hall.people[0], "leaderboard")
        theirs = await hall.command(second.guests[0], "leaderboard", channel)
        assert names(ours) == {"person0", "person1", "person2"}
        assert names(theirs) == {"guest0", "guest1", "guest2"}
    assert hall.rows("SELECT count(DISTINCT community) FROM results") == [(2,)]
    hall.check()


@BOTH
async def test_a_workspace_that_uninstalls_stops_no_other_and_comes_back_when_it_installs_again(hall: Hall) -> None:
    second = Second(hall)
    async with hall.coach() as process:
        questions = await hall.ask()
        question = await second.ask(await second.install())
        second.answer(question, 20)
        await hall.settled()
        hall.server.uninstall(second.team)
        await hall.server.wait_for(lambda: hall.rows(LEFT) == [(second.team.id,)], SOON_S)
        kept = "SELECT count(*) FROM slack_workspaces"
        await hall.server.wait_for(lambda: hall.rows(kept) == [(0,)])  # nor is its token
        await hall.answer(questions, 3)
        await hall.settled()
        await second.install()
        assert hall.rows(LEFT) == []
        second.answer(question, 30)
        await hall.settled()
        assert process.returncode is None
    # A restart knows both.
    async with hall.coach():
        await hall.server.wait_for(lambda: "in 2 workspaces" in hall.logged())
    hall.check()


async def test_what_happens_in_a_workspace_while_the_coach_is_off_is_found_out_at_the_start(hall: Hall) -> None:
    second = Second(hall)
    hall.server.outgoing.factor = 0.001
    async with hall.coach():
        await hall.ask()
        await second.install()
    hall.server.uninstall(second.team)
    await hall.server.settled()
    began = time.monotonic()
    async with hall.coach():
        await hall.server.wait_for(lambda: hall.rows(LEFT) == [(second.team.id,)], SOON_S)
        assert time.monotonic() - began < SOON_S

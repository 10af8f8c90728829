"""The coach as its own process on Slack: it starts, ends, and refuses what is set up wrongly in seconds."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.slack_server import Channel, SlackServer, User

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
def general(slack: SlackServer) -> Channel:
    return slack.channel(slack.team("Acme"), "general")


@pytest.fixture
def ana(slack: SlackServer, general: Channel) -> User:
    return slack.user(general.team, "Ana")


class Coach:
    """A process of the coach, and what it said."""

    def __init__(self, slack: SlackServer, folder: Path, *arguments: str, **settings: str) -> None:
        self.folder, self.arguments = folder, arguments or ("run",)
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "COACH_PLATFORMS": "slack",
            "COACH_DATABASE_URL": f"sqlite:///{folder / 'coach.sqlite3'}",
            "COACH_SLACK_API_URL": slack.api_url,
            "COACH_SLACK_BOT_TOKEN": slack.bot_token,
            "COACH_SLACK_APP_TOKEN": slack.app_token,
            "COACH_SLACK_SIGNING_SECRET": slack.signing_secret,
            **settings,
        }
        self.said = ""

    async def __aenter__(self) -> Coach:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *self.arguments,
            cwd=self.folder, env=self.environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        self.reading = asyncio.create_task(self._read())
        return self

    async def _read(self) -> None:
        assert self.process.stdout
        async for line in self.process.stdout:
            self.said += line.decode()

    async def ended(self, seconds: float = 20.0) -> int:
        """Its exit code, once it has ended."""
        async with asyncio.timeout(seconds):
            code = await self.process.wait()
            await self.reading
        return code

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.ended()


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_it_answers_and_ends_within_moments_when_told_to(
    slack: SlackServer, general: Channel, ana: User, tmp_path: Path, mode: str
) -> None:
    async with Coach(slack, tmp_path, COACH_SLACK_MODE=mode, COACH_SLACK_PORT="0") as coach:
        if mode == "http":
            await slack.wait_for(lambda: "in 1 workspace" in coach.said, 30)
            address = coach.said.partition("listening on ")[2].split()[0]
            slack.request_url = f"{address}/slack/events"
        else:
            await slack.connected(30)
        told = await slack.slash(ana, general, "help").answer()
        assert "/mlops" in told.text
        began = time.monotonic()
        coach.process.terminate()
        assert await coach.ended() == 0
        assert time.monotonic() - began < 5
    for hidden in (slack.bot_token, slack.app_token, slack.signing_secret, "ticket"):
        assert hidden not in coach.said


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"COACH_SLACK_BOT_TOKEN": "xoxb-wrong"}, "COACH_SLACK_BOT_TOKEN"),
        ({"COACH_SLACK_APP_TOKEN": "xapp-wrong"}, "COACH_SLACK_APP_TOKEN"),
        ({"COACH_SLACK_APP_TOKEN": ""}, "COACH_SLACK_APP_TOKEN is not set"),
        ({"COACH_SLACK_MODE": "http", "COACH_SLACK_SIGNING_SECRET": ""}, "COACH_SLACK_SIGNING_SECRET is not set"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_wrong_ends_it_with_one_line(
    slack: SlackServer, general: Channel, tmp_path: Path, settings: dict[str, str], named: str
) -> None:
    async with Coach(slack, tmp_path, **settings) as coach:
        assert await coach.ended() == 2
    (line,) = [line for line in coach.said.splitlines() if line.startswith("mlops-coach:")]
    assert named in line
    assert "Traceback" not in coach.said
    assert "-wrong" not in coach.said


async def test_a_token_revoked_while_it_runs_ends_it_with_one_line(
    slack: SlackServer, general: Channel, tmp_path: Path
) -> None:
    async with Coach(slack, tmp_path) as coach:
        await slack.connected(30)
        slack.revoke(general.team)
        assert await coach.ended() == 2
    assert "COACH_SLACK_BOT_TOKEN" in coach.said
    assert "Traceback" not in coach.said


async def test_the_doctor_tells_what_to_do_and_by_its_exit_code_whether_there_is_anything(
    slack: SlackServer, general: Channel, tmp_path: Path
) -> None:
    async with Coach(slack, tmp_path, "doctor") as coach:
        assert await coach.ended() == 1
    assert "ok   Acme: all scopes are granted" in coach.said
    assert "TODO Acme: no channel has a daily question" in coach.said
    async with Coach(slack, tmp_path, "doctor", COACH_SLACK_BOT_TOKEN="xoxb-wrong") as coach:
        assert await coach.ended() == 1
    assert "TODO COACH_SLACK_BOT_TOKEN: Slack refuses the token (invalid_auth)" in coach.said

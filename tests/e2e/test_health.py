"""The coach as its own process, probed as an orchestrator and Prometheus probe it, while what it needs goes away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests import postgres_server
from tests.e2e import discord_coach, slack_coach
from tests.e2e.basics import ROOT, SAID, free_port
from tests.e2e.discord_server import DiscordServer
from tests.e2e.slack_server import SlackServer

LONG = 60.0
PRIVATE = ("zugzwang", "Quixotte", "open-sesame")
"""A word of an answer, a name, and the token of the page."""

Answer = tuple[int, dict[str, str]]


class Probe:
    """Asks a coach how it is."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}"

    async def text(self, path: str) -> tuple[int, str]:
        """The status and the body; 0 and "" while nobody listens."""
        with contextlib.suppress(aiohttp.ClientConnectionError, asyncio.TimeoutError):
            async with aiohttp.ClientSession() as session, session.get(self._base + path) as answer:
                return answer.status, await answer.text()
        return 0, ""

    async def get(self, path: str) -> Answer:
        status, text = await self.text(path)
        return status, json.loads(text) if text else {}

    async def until(self, path: str, holds: Callable[[Answer], bool]) -> Answer:
        """The first answer that is as wanted."""
        end = time.monotonic() + LONG
        while not holds(found := await self.get(path)):
            assert time.monotonic() < end, f"{path} still says {found}"
            await asyncio.sleep(0.05)
        return found

    async def figures(self) -> dict[str, float]:
        """The samples by their names and labels as they are written."""
        _, text = await self.text("/metrics")
        return {name: float(value) for name, value in re.findall(r"^(\w+(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE)}


@contextlib.asynccontextmanager
async def coach(folder: Path, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A coach with the local chat; what it logs goes to `coach.log`."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings}
    with (folder / "coach.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Browser:
    """One person in the local chat."""

    def __init__(self, session: aiohttp.ClientSession, port: int, token: str = "") -> None:
        self._session, self._base = session, f"http://127.0.0.1:{port}/api"
        self._token = token

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        async with self._session.post(f"{self._base}/{path}", json=body) as response:
            assert response.status == 200, await response.text()
            found: dict[str, Any] = await response.json()
            return found

    async def answer(self, name: str, text: str) -> None:
        """Come in, and answer in the thread of the day's question."""
        await self.post("token", token=self._token)
        person = (await self.post("people", name=name))["person"]["id"]
        where = {"person": person, "channel": "mlops-daily"}
        end, found = time.monotonic() + LONG, list[dict[str, Any]]()
        while not found:  # it is posted by a loop of its own
            assert time.monotonic() < end, "no question"
            await asyncio.sleep(0.05)
            async with self._session.get(f"{self._base}/messages", params=where) as response:
                found = (await response.json())["messages"]
        question = found[0]
        await self.post("messages", **where, key="key-of-the-answer", thread=question["id"], text=text)


async def test_a_days_work_shows_in_the_figures_and_not_a_word_of_it_in_the_log(tmp_path: Path) -> None:
    port, ops = free_port(), free_port()
    settings = {"COACH_LOG_FORMAT": "json", "COACH_LOG_LEVEL": "DEBUG", "COACH_WEB_TOKEN": "open-sesame"}
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        coach(tmp_path, COACH_WEB_PORT=str(port), COACH_OPS_PORT=str(ops), **settings) as process,
        aiohttp.ClientSession(cookie_jar=jar) as session,
    ):
        probe = Probe(ops)
        ready = await probe.until("/readyz", lambda found: found[0] == 200)
        assert ready[1] == {"status": "ok", "coach": "ok", "store": "ok", "web": "ok"}
        assert await probe.get("/healthz") == (200, {"status": "ok"})
        await Browser(session, port, "open-sesame").answer(
            "Quixotte", "In a zugzwang I would rather roll the release back than wait for the next one."
        )
        end = time.monotonic() + LONG
        sent = 'coach_messages_total{kind="grade",outcome="sent",platform="web"}'
        while not (found := await probe.figures()).get(sent):
            assert time.monotonic() < end, found
            await asyncio.sleep(0.1)
        assert found['coach_takes_total{outcome="answer",platform="web"}'] == 1
        assert found['coach_grades_total{grader="embedded",outcome="graded"}'] == 1
        assert found['coach_grading_seconds_count{grader="embedded",outcome="answered"}'] == 1
        assert found['coach_delivery_seconds_count{platform="web"}'] == 1
        assert (found["coach_ready"], found["coach_replies_pending"]) == (1, 0)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), LONG) == 0
    log = (tmp_path / "coach.log").read_text(encoding="utf-8")
    assert not [word for word in PRIVATE if word in log]
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert {"graded in" in line["event"] for line in lines} == {True, False}, "it was at its most talkative"
    assert {line["role"] for line in lines} == {"all"}


async def test_without_a_port_nothing_is_served(tmp_path: Path) -> None:
    port = free_port()
    async with coach(tmp_path, COACH_WEB_PORT=str(port), COACH_LOG_FORMAT="json"):
        await Probe(port).until("/healthz", lambda found: found[0] == 200)
        assert (await Probe(port).text("/metrics"))[0] == 404
    assert "health and metrics" not in (tmp_path / "coach.log").read_text(encoding="utf-8")


async def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        async with coach(tmp_path, COACH_WEB_PORT="0", COACH_OPS_PORT=str(other.getsockname()[1])) as process:
            assert await asyncio.wait_for(process.wait(), LONG) == 2
    (line,) = (tmp_path / "coach.log").read_text(encoding="utf-8").splitlines()
    assert line.startswith("mlops-coach: Health and metrics can't be served on 127.0.0.1:")


async def test_while_discord_is_away_the_coach_is_healthy_and_not_ready(tmp_path: Path) -> None:
    ops = free_port()
    async with DiscordServer() as server:
        hall = discord_coach.Hall(server, tmp_path)
        hall.settings |= {"COACH_OPS_PORT": str(ops), "COACH_LOG_FORMAT": "json", "COACH_LOG_LEVEL": "DEBUG"}
        async with hall.coach():
            probe = Probe(ops)
            await probe.until("/readyz", lambda found: found[0] == 200)
            server.partition(LONG)
            _, told = await probe.until("/readyz", lambda found: found[0] == 503)
            assert told["discord"] == "not connected"
            assert (told["coach"], told["store"]) == ("ok", "ok")
            assert (await probe.get("/healthz"))[0] == 200
            found = await probe.figures()
            assert found['coach_platform_connected{platform="discord"}'] == 0
            assert found['coach_platform_taking{platform="discord"}'] == 0
            server.heal()
            await probe.until("/readyz", lambda found: found[0] == 200)
            thread = await hall.ask()
            await hall.answer(thread, 1)
            await hall.settled()
        said = SAID[0].partition(" ")[2]
        assert said not in hall.logged()
        assert server.token not in hall.logged()
        assert "person0" not in hall.logged()


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_slack_is_connected_by_a_socket_or_by_listening(tmp_path: Path, mode: str) -> None:
    ops = free_port()
    async with SlackServer() as server:
        hall = slack_coach.Hall(server, tmp_path, mode, channels=1)
        hall.settings = {"COACH_OPS_PORT": str(ops), "COACH_LOG_FORMAT": "json", "COACH_LOG_LEVEL": "DEBUG"}
        async with hall.coach():
            probe = Probe(ops)
            await probe.until("/readyz", lambda found: found[0] == 200)
            server.partition(LONG)
            if mode == "socket":
                _, told = await probe.until("/readyz", lambda found: found[0] == 503)
                assert told["slack"] == "not connected"
            else:
                assert (await probe.get("/readyz"))[0] == 200, "nothing tells whether Slack could reach it"
            assert (await probe.get("/healthz"))[0] == 200
            server.heal()
            await probe.until("/readyz", lambda found: found[0] == 200)
            await hall.answer(await hall.ask(), 1)
            await hall.settled()
        words = SAID[0].partition(" ")[2]
        secrets = (hall.token, server.app_token, server.signing_secret)
        assert not [told for told in (words, "person0", *secrets) if told in hall.logged()]


async def test_while_the_database_is_away_the_coach_is_healthy_and_not_ready(tmp_path: Path) -> None:
    postgres_server.require()
    database = await asyncio.to_thread(postgres_server.PostgresServer)
    port, ops = free_port(), free_port()
    try:
        await asyncio.to_thread(database.start)
        url = await database.create()
        settings = {"COACH_DATABASE_URL": url.replace("postgres@", "postgres:open-sesame@")}
        async with coach(tmp_path, COACH_WEB_PORT=str(port), COACH_OPS_PORT=str(ops), **settings):
            probe = Probe(ops)
            await probe.until("/readyz", lambda found: found[0] == 200)
            await asyncio.to_thread(database.stop)
            _, told = await probe.until("/readyz", lambda found: found[0] == 503)
            assert told["store"].startswith(("no answer", "can't be read"))
            assert "open-sesame" not in str(told)
            assert (await probe.get("/healthz"))[0] == 200
            assert (await probe.figures())["coach_store_up"] == 0
            await asyncio.to_thread(database.start)
            await probe.until("/readyz", lambda found: found[0] == 200)
            found = await probe.figures()
            assert (found["coach_store_up"], found["coach_replies_pending"]) == (1, 0)
            await _newer(url)
            _, told = await probe.until("/readyz", lambda found: found[0] == 503)
            assert re.match(r"schema version 999, this program's is \d+$", told["store"])
    finally:
        await asyncio.to_thread(database.remove)
    assert "open-sesame" not in (tmp_path / "coach.log").read_text(encoding="utf-8")


async def _newer(url: str) -> None:
    """Have a later version of the coach bring the database up to date."""
    import asyncpg

    connection = await asyncpg.connect(url)
    await connection.execute("INSERT INTO schema_migrations (version, name) VALUES (999, '999_later')")
    await connection.close()

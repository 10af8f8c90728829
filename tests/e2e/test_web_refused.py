"""What a member can't get by requests that no page sends."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.commands import TABLE, Command
from bot.core.model import Place
from bot.core.ports import rows
from tests.e2e.test_web_server import Client, Json, client_of
from tests.e2e.web_chat import CHANNEL, GOOD, Running, coach_at

ARGUMENTS = {
    "id": "1", "score": "10", "reason": "mine", "name": "organisers", "value": "@Mallory", "dates": "2027-01-01",
    "date": "2027-01-01", "question": "q1", "document": "### A\n\n**Question:** B?\n", "which": "all", "week": "this",
}  # fmt: skip


@pytest.fixture
async def coach(tmp_path: Path) -> AsyncIterator[Running]:
    async with coach_at(tmp_path / "coach.sqlite3") as running:
        yield running


async def call(client: Client, key: str, **what: object) -> Json:
    """What a command is answered with; as the page sends it, but for `what`."""
    status, answer = await client.post(
        "/api/calls", {"person": client.person, "key": f"key-{key}", "channel": CHANNEL, **what}
    )
    assert status == 200, answer
    return answer


async def test_no_verb_of_organisers_is_run_for_a_member(coach: Running) -> None:
    async with client_of(coach, "Orga"), client_of(coach, "Mallory") as mallory:
        await mallory.say(GOOD, "answer-01", thread=await mallory.thread())
        verbs: list[Command] = [command for command in TABLE if command.organisers]
        for number, command in enumerate(verbs):
            for submitted in (False, True):
                forged: Json = {"verb": command.verb, "target": "1", "args": ARGUMENTS, "submitted": submitted}
                answer = await call(mallory, f"{number:03}-{submitted}", **forged)
                assert "is for organisers." in json.dumps(answer), command.verb
        assert len(verbs) > 20
        assert not await coach.store.read(rows, "acts_page", platform="web", community="local", before=2**40, most=1)


async def test_nothing_is_asked_or_set_up_in_a_channel_that_is_not_there(coach: Running) -> None:
    async with client_of(coach, "Orga") as orga, client_of(coach, "Mallory") as mallory:
        for number, line in enumerate(("/mlops question", "/mlops leaderboard", "/mlops hint")):
            answer = await call(mallory, f"nowhere-{number}", channel=f"nowhere-{number}", line=line)
            assert "The web chat has no channel #nowhere-" in json.dumps(answer)
        form: Json = {"verb": "config setup", "submitted": True, "args": {"time": "09:00", "zone": "UTC"}}
        assert "has no channel #elsewhere" in json.dumps(await call(orga, "setup-01", channel="elsewhere", **form))
        await coach.app.settle()
        assert "Nothing failed." in json.dumps(await call(orga, "failed-01", line="/mlops failed"))
        assert not await coach.app.coach.rounds.next_posts(Place("web", "local", CHANNEL))


async def test_organisers_commands_are_completed_for_those_whom_an_organiser_named(coach: Running) -> None:
    async with client_of(coach, "Orga") as orga, client_of(coach, "Cleo") as cleo:
        await cleo.say(GOOD, "answer-01", thread=await cleo.thread())
        assert await completed(cleo, "/mlops pau") == []
        await call(orga, "naming-01", line="/mlops config set organisers @Cleo")
        assert await completed(cleo, "/mlops pau") == ["/mlops pause"]


async def completed(client: Client, line: str) -> list[str]:
    _, answer = await client.get(f"/api/complete?person={client.person}&channel={CHANNEL}&line={line}")
    return [option["line"] for option in answer["options"]]

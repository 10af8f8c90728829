"""Where organisers are on no board, those whom the platform tells are off from the first answer that they write."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.discord_world import server
from tests.contract.slack_world import Space, workspace
from tests.contract.test_scenarios import full, half

OFF = {"organisers-on-boards": "off"}


@pytest.fixture
async def space(tmp_path: Path) -> AsyncIterator[Space]:
    async with workspace(tmp_path / "coach.sqlite3") as made:
        yield made


async def test_who_may_manage_a_server_of_discord_is_off_its_boards(tmp_path: Path) -> None:
    async with server(tmp_path / "coach.sqlite3") as here:
        round_ = await here.ask(**OFF)
        await here.say(here.ada, half(round_))
        await here.say(here.person("Zoe", manage_guild=True), full(round_))
        await here.say(here.person("Yan", administrator=True), f"{full(round_)} in other words")
        await here.say(here.person("Xia", manage_messages=True), f"{half(round_)} after all")
        assert await here.points() == {"Ada": 5, "Xia": 5}


async def test_who_administers_a_workspace_of_slack_is_off_its_boards(space: Space) -> None:
    round_ = await space.ask(**OFF)
    await space.say(space.ada, half(round_))
    zoe = space.person("Zoe", admin=True)
    asked = len(space.slack.calls("users.info"))
    await space.say(zoe, full(round_))
    await space.say(space.person("Yan", owner=True), f"{full(round_)} in other words")
    assert await space.points() == {"Ada": 5}
    assert len(space.slack.calls("users.info")) == asked + 2, "their names are asked for anyway"


async def test_who_is_known_as_an_admin_of_slack_is_off_its_boards_with_the_next_answer(space: Space) -> None:
    round_ = await space.ask()
    zoe = space.person("Zoe", admin=True)
    await space.say(zoe, full(round_))
    assert await space.points() == {"Zoe": 10}
    await space.app.coach.organise.set(space.place, OFF)
    asked = len(space.slack.calls("users.info"))
    await space.say(zoe, half(round_))
    assert await space.points() == {}
    assert len(space.slack.calls("users.info")) == asked


async def test_a_private_answer_tells_an_admin_of_slack_too(space: Space) -> None:
    round_ = await space.ask(**OFF)
    zoe = space.person("Zoe", admin=True)
    form = await space.form(zoe, space.question, "Answer privately")
    await space.submit(zoe, form, answer=full(round_))
    assert await space.points() == {}


async def test_where_organisers_are_on_boards_their_answers_take_them_off_none(space: Space) -> None:
    round_ = await space.ask()
    await space.say(space.person("Zoe", admin=True), full(round_))
    assert await space.points() == {"Zoe": 10}
    assert space.store_rows("off_boards") == 0

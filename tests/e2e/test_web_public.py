"""Boards and archive that everybody may read, over plain HTTP: what is told there, and what never is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.core.errors import SettingsError
from bot.core.model import Person
from bot.parts import check_platforms
from bot.settings import SecretStr, Settings, read_public
from tests.e2e.web_history import PLACE, History, lived, said

DAYS = ({"Ada": 4, "Ben": 2}, {"Ada": 5, "Ben": 3})


@pytest.fixture
async def public(tmp_path: Path) -> AsyncIterator[tuple[History, aiohttp.ClientSession]]:
    """A coach behind a token whose boards are public, and somebody without it."""
    path = tmp_path / "coach.sqlite3"
    async with lived(path, DAYS, public={"team": PLACE}, token="sesame") as (history, coach):
        await history.app.settle()
        async with aiohttp.ClientSession(f"{coach.address}/public/team/") as session:
            yield history, session


async def read(session: aiohttp.ClientSession, path: str) -> str:
    async with session.get(path) as response:
        assert response.status == 200, await response.text()
        return await response.text()


async def everything(session: aiohttp.ClientSession) -> str:
    """All that is told to somebody who asks for all."""
    boards = [await read(session, f"api/board?period={period}") for period in ("week", "month", "all")]
    archive = await read(session, "api/archive")
    ids = [round_["id"] for round_ in json.loads(archive)["rounds"]]
    return "\n".join([*boards, archive, *[await read(session, f"api/archive/{id_}") for id_ in ids]])


async def test_board_and_past_questions_are_told_without_a_token_and_nothing_else(
    public: tuple[History, aiohttp.ClientSession],
) -> None:
    history, session = public
    await history.answer("Cleo", "A pending answer, illegible so far, that nobody but its author may read.")
    present = (await history.app.coach.rounds.find(PLACE)).question
    told = await everything(session)
    board = json.loads(await read(session, "api/board?period=all"))
    assert [(row["name"], row["points"]) for row in board["rows"]] == [("Ada", 18), ("Ben", 10)]
    assert "First compare feature distributions" in told  # the sample answer of what is revealed
    secret = (present.text, said(4, "Ada"), "pending answer", *(member.id for member in history.people.values()))
    assert not [words for words in secret if words in told]
    for path in ("/api/start", "/api/board", "/api/archive", "/api/organise", "/api/me"):
        async with session.get(path) as response:
            assert response.status == 401, path


async def test_who_is_left_out_of_boards_is_nowhere_here(public: tuple[History, aiohttp.ClientSession]) -> None:
    history, session = public
    assert "Ben" in await everything(session)
    ben = history.people["Ben"]
    await history.app.coach.learners.hide(PLACE, Person(ben.id, ben.name), hidden=True)
    assert "Ben" not in await everything(session)


async def test_the_page_is_not_for_search_engines_and_a_name_that_is_not_public_is_not_there(
    public: tuple[History, aiohttp.ClientSession],
) -> None:
    _, session = public
    async with session.get("./") as response:
        assert response.content_type == "text/html"
        assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    async with session.get("/public/team") as response:  # without the slash, too
        assert (response.status, response.url.path) == (200, "/public/team/")
    for path in ("/public/other/", "/public/other/api/board"):
        async with session.get(path) as response:
            assert (response.status, (await response.json())["error"]) == (
                404,
                "There are no public boards at this address.",
            )
    async with session.post("api/board", json={}) as response:
        assert response.status == 405


async def test_nothing_is_public_unless_it_is_set_so(tmp_path: Path) -> None:
    async with (
        lived(tmp_path / "coach.sqlite3", DAYS[:1], token="sesame") as (_, coach),
        aiohttp.ClientSession() as session,
    ):
        for path in ("/public/local/", "/public/local/api/board"):
            async with session.get(coach.address + path) as response:
                assert response.status == 401


@pytest.mark.parametrize(
    "text", ["ops", "ops=irc/1", "ops=discord/", "O ps=web/local", "ops=web/a b", "ops=/local", "="]
)
def test_what_names_no_community_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="name=platform/community"):
        read_public(text)


def test_public_boards_without_the_chat_that_serves_them_are_refused_at_the_start() -> None:
    with pytest.raises(SettingsError, match='Add "web" to COACH_PLATFORMS'):
        check_platforms(Settings(platforms=("discord",), discord_token=SecretStr("x"), web_public="local"))


def test_communities_are_named_as_they_are_listed() -> None:
    found = read_public("local, ops=discord/123, red-team=slack/t0123")
    assert [(name, place.platform, place.community) for name, place in found.items()] == [
        ("local", "web", "local"),
        ("ops", "discord", "123"),
        ("red-team", "slack", "T0123"),
    ]

"""What is kept about workspaces that installed the coach: sealed, replaced, read again, forgotten."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store.models.bot import Bot
from slack_sdk.oauth.installation_store.models.installation import Installation

from bot.core.errors import PlatformError, SettingsError, UsageError
from bot.platforms.slack.link import installs
from bot.platforms.slack.link.crypt import Vault
from bot.platforms.slack.link.installs import Installs, States, known
from bot.stores import sqlite
from bot.stores.sqlite import SqliteStore
from tests.flow.world import HandClock

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
TOKEN = "xoxb-1-2-three"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "coach.sqlite3")
    yield opened
    await opened.close()


def made(team: str = "T1", token: str = TOKEN, user: str = "U1", **more: object) -> Installation:
    values: dict[str, object] = {"team_name": "Acme", "app_id": "A1", "bot_id": "B1", "bot_user_id": "U0"}
    values |= {"bot_scopes": "chat:write,commands", "custom_values": {"url": "https://acme.slack.com/"}}
    return Installation(team_id=team, bot_token=token, user_id=user, **{**values, **more})  # type: ignore[arg-type]


def everything(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())


async def find(kept: Installs, team: str = "T1") -> Installation | None:
    return await kept.async_find_installation(enterprise_id=None, team_id=team)


@pytest.mark.parametrize("keys", [[], [NEW], [NEW, OLD]], ids=["plain", "sealed", "two keys"])
async def test_an_installation_is_found_as_it_was_made(store: SqliteStore, keys: list[str]) -> None:
    kept = Installs(store, HandClock(), Vault(keys))
    await kept.async_save(made())
    await kept.async_save(made("T2", "xoxb-other"))
    found, bot = await find(kept), await kept.async_find_bot(enterprise_id=None, team_id="T1")
    assert found
    assert bot
    for one in (found, bot):
        assert (one.bot_token, one.bot_id, one.bot_user_id) == (TOKEN, "B1", "U0")
        assert one.custom_values == {"url": "https://acme.slack.com/"}
        assert list(one.bot_scopes or ()) == ["chat:write", "commands"]
    assert found.user_id == "U1"
    assert await find(kept, "T3") is None
    assert await kept.teams() == ["T1", "T2"]


async def test_installing_again_replaces_and_keeps_who_did_it_first_if_that_is_not_told(store: SqliteStore) -> None:
    kept = Installs(store, HandClock(), Vault())
    await kept.async_save(made())
    await kept.async_save(made(token="xoxb-again", user="U2"))
    await kept.async_save_bot(made(token="xoxb-third", user="U2").to_bot())
    found = await find(kept)
    assert found
    assert (found.bot_token, found.user_id) == ("xoxb-third", "U2")
    assert await kept.teams() == ["T1"]


async def test_deleting_forgets_the_workspace_and_no_other(store: SqliteStore) -> None:
    kept = Installs(store, HandClock(), Vault())
    await kept.async_save(made())
    await kept.async_save(made("T2"))
    await kept.async_delete_installation(enterprise_id=None, team_id="T1", user_id="U1")
    assert await find(kept), "a person's own token is none of ours"
    await kept.async_delete_all(enterprise_id=None, team_id="T1")
    await kept.async_delete_all(enterprise_id=None, team_id="T1")
    assert await kept.teams() == ["T2"]


async def test_with_a_key_no_token_is_in_the_database_file(store: SqliteStore, tmp_path: Path) -> None:
    kept = Installs(store, HandClock(), Vault([NEW]))
    await kept.async_save(made())
    await store.close()
    stored = await asyncio.to_thread(everything, tmp_path)
    assert b"Acme" in stored
    assert TOKEN.encode() not in stored


async def test_another_key_is_a_line_that_names_the_setting(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    await Installs(store, HandClock(), Vault([OLD])).async_save(made())
    for keys in ([NEW], []):
        kept = Installs(store, HandClock(), Vault(keys))
        with pytest.raises(PlatformError, match=r"^The token of workspace T1 .* COACH_ENCRYPTION_KEY doesn't hold"):
            await find(kept)
        caplog.clear()
        await kept.begin()
        (told,) = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert "COACH_ENCRYPTION_KEY" in told.getMessage()


async def test_a_new_key_seals_anew_at_the_start_and_then_the_old_one_can_go(store: SqliteStore) -> None:
    await Installs(store, HandClock(), Vault()).async_save(made())
    await Installs(store, HandClock(), Vault([OLD])).async_save(made("T2"))
    await Installs(store, HandClock(), Vault([NEW, OLD])).begin()
    after = Installs(store, HandClock(), Vault([NEW]))
    for team in ("T1", "T2"):
        found = await find(after, team)
        assert found
        assert found.bot_token == TOKEN
    rows = await store.read(known)
    await after.begin()
    assert await store.read(known) == rows, "what is sealed well stays as it is"


async def test_unsealed_tokens_are_told_once(store: SqliteStore, caplog: pytest.LogCaptureFixture) -> None:
    kept = Installs(store, HandClock(), Vault())
    await kept.begin()
    assert not caplog.records
    await kept.async_save(made())
    await kept.async_save(made("T2"))
    await kept.begin()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "COACH_ENCRYPTION_KEY" in caplog.text
    assert TOKEN not in caplog.text


def test_what_is_no_key_is_refused_with_how_to_make_one() -> None:
    for wrong in ("x", "", "é" * 44, NEW[:-2]):
        with pytest.raises(SettingsError, match=r"^COACH_ENCRYPTION_KEY .*generate_key") as caught:
            Vault([wrong])
        assert not wrong or wrong not in str(caught.value)


async def test_a_whole_organisation_is_refused(store: SqliteStore) -> None:
    kept = Installs(store, HandClock(), Vault())
    for wrong in (made(is_enterprise_install=True), made(team="")):
        with pytest.raises(PlatformError, match="not into a whole organisation"):
            await kept.async_save(wrong)
    bot = Bot(team_id="T1", bot_token="", bot_id="B", bot_user_id="U", installed_at=0.0)
    with pytest.raises(PlatformError):
        await kept.async_save_bot(bot)
    assert await kept.teams() == []


async def test_the_rows_can_be_looked_at_from_outside(store: SqliteStore, tmp_path: Path) -> None:
    await Installs(store, HandClock(), Vault()).async_save(made())
    (row,) = await sqlite.look(tmp_path / "coach.sqlite3", known)
    assert row["team"] == "T1"


# ---------------------------------------------------------------------------------------------- states


async def test_a_state_is_taken_once(store: SqliteStore) -> None:
    states = States(store, HandClock())
    first, second = await states.async_issue(), await states.async_issue()
    assert first != second
    assert await asyncio.gather(*(states.async_consume(first) for _ in range(5))) == [True, False, False, False, False]
    assert await states.async_consume(second)
    assert not await states.async_consume("made up")
    assert not await states.async_consume("")


async def test_a_state_lives_for_ten_minutes(store: SqliteStore) -> None:
    clock = HandClock()
    states = States(store, clock)
    young, old = await states.async_issue(), await states.async_issue()
    clock.pass_(minutes=9, seconds=59)
    assert await states.async_consume(young)
    clock.pass_(seconds=1)
    assert not await states.async_consume(old)
    assert dt.timedelta(minutes=10) == installs.STATE_LIFETIME


async def test_states_that_nobody_brings_back_are_bounded(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installs, "MOST_BEGUN", 3)
    clock = HandClock()
    states = States(store, clock)
    for _ in range(3):
        await states.async_issue()
    with pytest.raises(UsageError):
        await states.async_issue()
    clock.pass_(minutes=10)
    await states.async_issue()

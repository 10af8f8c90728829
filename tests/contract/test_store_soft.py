"""Soft units: done like any other, but without a flush of their own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.ports import Unit, one, soft
from bot.stores.sqlite import SqliteStore

ORGANISER = {"platform": "room", "community": "guild"}


def name(user: str) -> Unit[None]:
    """Something that is written."""
    yield from one("organiser_put", **ORGANISER, user_id=user, name=user)


@soft
def name_softly(user: str) -> Unit[None]:
    """The same, softly."""
    yield from name(user)


@soft
def fail_softly() -> Unit[None]:
    """Writes, then gives up."""
    yield from name("nobody")
    raise LookupError("given up")


def named(path: Path) -> list[str]:
    """What another connection sees."""
    with closing(sqlite3.connect(path)) as other:
        return [row[0] for row in other.execute("SELECT user_id FROM organisers ORDER BY user_id")]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "coach.sqlite3")
    yield opened
    await opened.close()


async def test_a_soft_unit_is_there_for_every_process_and_costs_no_flush(store: SqliteStore, tmp_path: Path) -> None:
    await store.write(name_softly, "ada")
    assert store.flushes == 0
    assert named(tmp_path / "coach.sqlite3") == ["ada"]


async def test_what_isnt_soft_is_flushed_also_after_and_beside_soft_units(store: SqliteStore) -> None:
    await store.write(name_softly, "ada")
    await store.write(name, "bob")
    assert store.flushes == 1
    await asyncio.gather(store.write(name_softly, "eve"), store.write(name, "joe"))
    assert store.flushes == 2
    await store.write(name_softly, "kim")
    assert store.flushes == 2


async def test_a_soft_unit_that_fails_is_undone_alone(store: SqliteStore, tmp_path: Path) -> None:
    done = await asyncio.gather(
        store.write(name_softly, "ada"), store.write(fail_softly), store.write(name, "bob"), return_exceptions=True
    )
    assert isinstance(done[1], LookupError)
    assert named(tmp_path / "coach.sqlite3") == ["ada", "bob"]

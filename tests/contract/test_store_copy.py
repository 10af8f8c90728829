"""Copies, backups and restores between databases of both kinds: everything arrives, or it is said what doesn't."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bot.app import assemble
from bot.coach import results
from bot.core.errors import StoreError, StoreInUse
from bot.core.ports import Store
from bot.stores import admin, copying, open_store
from bot.stores.sql import SCHEMA, load_migrations
from bot.stores.tables import tables
from tests import postgres_server
from tests.flow.test_one_reply import full, half
from tests.flow.world import BANK, PLACE, HandClock, Room, WordGrader, World

ROOT = Path(__file__).parents[2]
KINDS = ("sqlite", "postgres")


class Places:
    """Addresses of databases that don't exist, or are empty, and go away at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[str] = []

    async def new(self, kind: str, name: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{self._folder / name}.sqlite3"
        self._made.append(await postgres_server.server().create())
        return self._made[-1]

    def remove(self) -> None:
        for url in self._made:
            postgres_server.server().drop(url)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    made = Places(tmp_path)
    yield made
    made.remove()


def unheard(_: int) -> Any:
    """Nobody looks at the progress."""
    return copying.nothing


async def lived_in(url: str, days: int = 1) -> None:
    """Have a coach work on a database for some days."""
    store = await open_store(url)
    try:
        clock, grader, room = HandClock(), WordGrader(), Room()
        app = assemble(store, grader, BANK, [room], clock=clock, rng=random.Random(7))
        world = World(app, room, clock, grader)
        round_ = await world.daily()
        for day in range(days):
            await world.say(round_, "ada", full(round_.question.id), message=f"{day}-1")
            await world.say(round_, "ben", f"{half(round_.question.id)} a nul \0 and 🎓 in it", message=f"{day}-2")
            clock.pass_(days=1)
            await app.settle()
            round_ = await app.coach.rounds.find(PLACE)
    finally:
        await store.close()


async def contents(url: str) -> dict[str, Sequence[tuple[Any, ...]]]:
    """All rows of all tables, as an end of a copy reads them."""
    found: dict[str, Sequence[tuple[Any, ...]]] = {}
    async with admin.reading(url) as end:
        for table in tables(load_migrations(SCHEMA)):
            found[table.name] = [row async for page in copying.pages(end, table) for row in page]
    return found


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
async def test_a_copy_has_everything_and_a_coach_goes_on_with_it(places: Places, source: str, target: str) -> None:
    old, new = await places.new(source, "old"), await places.new(target, "new")
    await lived_in(old)
    count = await admin.copy(old, new, unheard)
    assert await contents(old) == await contents(new)
    assert count == sum(map(len, (await contents(new)).values())) > 20
    assert await admin.check(new) == []
    assert await admin.look(new, results.differences) == []
    await lived_in_again(new)


async def lived_in_again(url: str) -> None:
    """The numbers that the copy gives out are new ones."""
    before = {row[0] for row in (await contents(url))["outbox"]}
    store = await open_store(url)
    try:
        clock = HandClock()
        clock.pass_(days=7)
        app = assemble(store, WordGrader(), BANK, [Room()], clock=clock, rng=random.Random(8))
        await app.settle()
    finally:
        await store.close()
    after = {row[0] for row in (await contents(url))["outbox"]}
    assert before < after
    assert min(after - before) > max(before)


class Stopped(Exception):
    """The copy was cut off."""


def stopping(after: int) -> admin.Begin:
    """Cuts a copy off after some rows."""

    def begin(_: int) -> Any:
        done = 0

        def progress(count: int) -> None:
            nonlocal done
            done += count
            if done >= after:
                raise Stopped

        return progress

    return begin


@pytest.mark.parametrize("target", KINDS)
async def test_a_copy_that_was_cut_off_goes_on_and_nobody_uses_it_half_done(
    places: Places, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.stores.sqlite_copies.PAGE", 3)
    monkeypatch.setattr("bot.stores.postgres_copies.PAGE", 3)
    old, new = await places.new("sqlite", "old"), await places.new(target, "new")
    await lived_in(old, days=4)
    rows = sum(map(len, (await contents(old)).values()))
    for after in (1, rows // 3, rows // 2, rows + 5):
        with pytest.raises(Stopped):
            await admin.copy(old, new, stopping(after))
        if target == "postgres":
            with pytest.raises(StoreError, match="a copy into it isn't finished"):
                await open_store(new)
        else:
            assert not await admin.exists(new)
    assert await admin.copy(old, new, unheard) == rows
    assert await contents(old) == await contents(new)


@pytest.mark.parametrize("target", KINDS)
async def test_a_copy_of_something_else_is_no_continuation(places: Places, target: str) -> None:
    old, other, new = [await places.new(kind, name) for kind, name in (("sqlite", "a"), ("sqlite", "b"), (target, "c"))]
    await lived_in(old)
    await lived_in(other)
    with pytest.raises(Stopped):
        await admin.copy(old, new, stopping(5))
    with pytest.raises(StoreError, match="a copy of another database into it was begun"):
        await admin.copy(other, new, unheard)


async def test_a_source_that_changed_since_the_copy_was_cut_off_is_noticed(places: Places, tmp_path: Path) -> None:
    old, new = await places.new("sqlite", "old"), await places.new("postgres", "new")
    await lived_in(old, days=3)
    rows = sum(map(len, (await contents(old)).values()))
    with pytest.raises(Stopped):
        await admin.copy(old, new, stopping(rows))
    with closing(sqlite3.connect(tmp_path / "old.sqlite3")) as connection, connection:
        connection.execute("UPDATE replies SET text = 'changed' WHERE id = 2")
    with pytest.raises(StoreError, match="row 2 of replies isn't as in"):
        await admin.copy(old, new, unheard)


@pytest.mark.parametrize("target", KINDS)
async def test_what_is_not_empty_is_not_written_to(places: Places, target: str) -> None:
    old, new = await places.new("sqlite", "old"), await places.new(target, "new")
    await lived_in(old)
    await lived_in(new)
    before = await contents(new)
    with pytest.raises(StoreError, match=r"exists; choose another|it isn't empty; copy into a new database"):
        await admin.copy(old, new, unheard)
    assert await contents(new) == before


@pytest.mark.parametrize("kind", KINDS)
async def test_a_database_that_a_coach_uses_is_neither_copied_nor_copied_into(places: Places, kind: str) -> None:
    used, new = await places.new(kind, "used"), await places.new("sqlite", "new")
    await lived_in(used)
    store = await open_store(used)
    try:
        await store.read(results.differences)  # a connection is there
        with pytest.raises(StoreInUse):
            await admin.copy(used, new, unheard)
        with pytest.raises(StoreError):
            await admin.copy(new, used, unheard)
    finally:
        await store.close()
    assert await admin.copy(used, new, unheard)


async def test_a_copy_onto_itself_is_refused(places: Places) -> None:
    old = await places.new("sqlite", "old")
    with pytest.raises(StoreError, match="source and target are the same"):
        await admin.copy(old, old, unheard)


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
async def test_a_backup_taken_while_the_coach_writes_can_be_restored_anywhere(
    places: Places, tmp_path: Path, source: str, target: str
) -> None:
    used, new = await places.new(source, "used"), await places.new(target, "new")
    await lived_in(used, days=2)
    before = await contents(used)
    store = await open_store(used)
    try:
        writing = asyncio.create_task(lived_on(store))
        await admin.backup(used, tmp_path / "backup.sqlite3", unheard)
        await writing
    finally:
        await store.close()
    await admin.restore(tmp_path / "backup.sqlite3", new, unheard)
    assert await admin.check(new) == []
    assert await admin.look(new, results.differences) == []
    restored = await contents(new)
    for name, rows in before.items():  # what was there when the backup began is in it, whole
        assert set(dict.fromkeys(row[0] for row in rows)) <= {row[0] for row in restored[name]}
    with pytest.raises(StoreError, match="exists"):
        await admin.backup(used, tmp_path / "backup.sqlite3", unheard)
    with pytest.raises(StoreError, match=r"exists|isn't empty"):
        await admin.restore(tmp_path / "backup.sqlite3", new, unheard)


async def lived_on(store: Store) -> None:
    clock, grader, room = HandClock(), WordGrader(), Room()
    clock.pass_(days=3)
    app = assemble(store, grader, BANK, [room], clock=clock, rng=random.Random(9))
    await app.settle()
    round_ = await app.coach.rounds.find(PLACE)
    world = World(app, room, clock, grader)
    for number in range(20):
        await world.say(round_, f"p{number}", f"{half(round_.question.id)} number {number}")


@pytest.mark.parametrize("target", KINDS)
async def test_a_damaged_backup_is_not_restored(places: Places, tmp_path: Path, target: str) -> None:
    old, new = await places.new("sqlite", "old"), await places.new(target, "new")
    await lived_in(old)
    await admin.backup(old, tmp_path / "backup.sqlite3", unheard)
    data = bytearray((tmp_path / "backup.sqlite3").read_bytes())
    data[4096:12288] = bytes(8192)
    (tmp_path / "backup.sqlite3").write_bytes(data)
    with pytest.raises(StoreError, match="damaged"):
        await admin.restore(tmp_path / "backup.sqlite3", new, unheard)
    assert not await admin.exists(new)


async def test_a_restore_is_refused_while_a_coach_uses_the_place(places: Places, tmp_path: Path) -> None:
    old, used = await places.new("sqlite", "old"), await places.new("sqlite", "used")
    await lived_in(old)
    await admin.backup(old, tmp_path / "backup.sqlite3", unheard)
    store = await open_store(used)
    try:
        with pytest.raises(StoreInUse):
            await admin.restore(tmp_path / "backup.sqlite3", used, unheard)
    finally:
        await store.close()


async def test_a_killed_copy_goes_on_by_the_same_command(places: Places, tmp_path: Path) -> None:
    old, new = await places.new("sqlite", "old"), await places.new("postgres", "new")
    await lived_in(old, days=2)
    with closing(sqlite3.connect(tmp_path / "old.sqlite3")) as connection, connection:
        connection.executemany(
            "INSERT INTO people (platform, community, user_id, name) VALUES ('room', 'guild', ?, 'somebody')",
            [(f"u{number:06}",) for number in range(40_000)],
        )
    first = await copying_process(old, new, tmp_path)
    while not await begun(new):
        assert first.returncode is None, "it was faster than expected"
    first.kill()
    await first.communicate()
    assert first.returncode == -signal.SIGKILL
    second = await copying_process(old, new, tmp_path)
    assert b"rows, checked one by one" in (await second.communicate())[0]
    assert await contents(old) == await contents(new)


async def copying_process(old: str, new: str, folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "db", "copy", old, new,
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def begun(url: str) -> bool:
    """Whether some of the people have arrived."""
    connection = await asyncpg.connect(url)
    try:
        if not await connection.fetchval("SELECT to_regclass('people')"):
            return False
        return bool(await connection.fetchval("SELECT count(*) > 2 FROM people"))
    finally:
        await connection.close()


def test_tables_come_after_those_that_they_refer_to() -> None:
    found = tables(load_migrations(SCHEMA))
    names = [table.name for table in found]
    assert names.index("channels") < names.index("rounds") < names.index("replies") < names.index("outbox")
    assert {table.name: table.key for table in found}["standings"] == (
        "platform", "community", "period", "topic", "user_id",
    )  # fmt: skip
    assert {table.name for table in found if table.numbered} >= {"channels", "rounds", "replies", "outbox"}

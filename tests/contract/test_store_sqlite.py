"""What the SQLite store promises about its file: durability, one writer, clear refusals, migrations, copies."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import StoreDamaged, StoreError, StoreInUse, StoreTooNew, StoreUnwritable
from bot.core.ports import CrashPoint, Unit, no_crash, one, rows
from bot.stores import sqlite as engine
from bot.stores.sql import load_migrations, load_queries, parameters
from bot.stores.sqlite import QUERIES, SCHEMA, SqliteStore, can_corrupt

ROOT = Path(__file__).parents[2]
START = "CREATE TABLE notes (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, text TEXT NOT NULL DEFAULT '');\n"
NAMED = """
-- name: note_insert
INSERT INTO notes (key, text) VALUES (:key, :text) RETURNING id;
-- name: notes
SELECT key FROM notes ORDER BY id;
"""


class Home:
    """A folder with a small schema, its queries and a database to be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.schema = folder / "schema"
        self.queries = folder / "queries.sql"
        self.path = folder / "data" / "coach.sqlite3"
        self.schema.mkdir()
        self.path.parent.mkdir()
        self.migration("001_start", START)
        self.queries.write_text(NAMED, encoding="utf-8")

    def migration(self, name: str, sql: str) -> None:
        """Add a migration; what was read before is read anew, as by another release."""
        (self.schema / f"{name}.sql").write_text(sql, encoding="utf-8")
        load_migrations.cache_clear()

    @asynccontextmanager
    async def open(self, crash: CrashPoint = no_crash, *, upgrade: bool = True) -> AsyncIterator[SqliteStore]:
        store = await SqliteStore.open(
            self.path, schema=self.schema, queries=self.queries, crash=crash, upgrade=upgrade
        )
        try:
            yield store
        finally:
            await store.close()

    async def fill(self, count: int = 1, text: str = "") -> None:
        async with self.open() as store:
            await asyncio.gather(*(store.write(add, f"k{number}", text) for number in range(count)))

    def query(self, sql: str) -> list[Any]:
        """What a connection of its own sees."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            return [row[0] for row in connection.execute(sql)]

    def start(self, script: str, *args: object, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """Run a script in a process of its own, with this home as `home`."""
        code = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(Path(__file__).parent)!r}]\n{script}"
        places = [str(place) for place in (self.path, self.schema, self.queries, *args)]
        return subprocess.Popen(
            [*prefix, sys.executable, "-c", code, *places], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )


def add(key: str, text: str = "") -> Unit[int]:
    row = yield from one("note_insert", key=key, text=text)
    assert row is not None
    return int(row["id"])


def keys() -> Unit[list[str]]:
    found = yield from rows("notes")
    return [row["key"] for row in found]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    yield Home(tmp_path)
    load_migrations.cache_clear()


OPEN = """
import asyncio, os, signal
from bot.core.errors import CoachError
from bot.core.ports import one
from bot.stores.sqlite import SqliteStore
from pathlib import Path
path, schema, queries, *rest = map(Path, sys.argv[1:])

def add(key, text=""):
    return (yield from one("note_insert", key=key, text=text))["id"]

def opened(**options):
    return SqliteStore.open(path, schema=schema, queries=queries, **options)
"""


def finished(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out


# ---------------------------------------------------------------------------------------------- durability


async def test_a_write_is_in_the_file_before_its_caller_resumes(home: Home) -> None:
    async with home.open() as store:
        for number in range(5):
            await store.write(add, str(number))
            assert home.query("SELECT count(*) FROM notes") == [number + 1]
        reader = await store.read(lambda: rows("notes"))
        assert len(reader) == 5


async def test_the_log_is_flushed_at_every_commit_and_references_are_kept(home: Home) -> None:
    def settings(connection: sqlite3.Connection) -> list[Any]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    async with home.open() as store:
        assert await store._writer.call(settings) == ["wal", 2, 1]


def test_a_killed_process_keeps_everything_that_it_acknowledged(home: Home) -> None:
    script = """
async def writer(store, number):
    for count in range(10_000):
        await store.write(add, f"{number}-{count}")
        print(f"{number}-{count}", flush=True)

async def main():
    store = await opened()
    await asyncio.gather(*(writer(store, number) for number in range(16)))

asyncio.run(main())
"""
    for turn in range(3):
        process = home.start(OPEN + script.replace("{number}-", f"{turn}-{{number}}-"))
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(150)]
        process.kill()
        acknowledged = {*lines, *process.stdout.readlines()}
        process.communicate()
        assert asyncio.run(engine.check(home.path, schema=home.schema)) == []
        there = set(asyncio.run(everything(home)))
        assert len(acknowledged) >= 150
        assert {line.strip() for line in acknowledged if line.endswith("\n")} <= there
        assert asyncio.run(engine.check(home.path, schema=home.schema)) == []


async def everything(home: Home) -> list[str]:
    async with home.open() as store:
        return await store.read(keys)


@pytest.mark.parametrize(("point", "there"), [("commit.before", []), ("commit.after", ["a", "b"])])
def test_a_kill_around_the_commit_leaves_all_or_nothing_of_it(home: Home, point: str, there: list[str]) -> None:
    script = """
async def main():
    crash = lambda name: name == str(rest[0]) and os.kill(os.getpid(), signal.SIGKILL)
    store = await opened(crash=crash)
    await asyncio.gather(store.write(add, "a"), store.write(add, "b"))

asyncio.run(main())
"""
    process = home.start(OPEN + script, point)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert asyncio.run(everything(home)) == there


async def test_a_commit_that_fails_fails_everybody_in_it_and_leaves_nothing(home: Home) -> None:
    failing = [True]

    def crash(name: str) -> None:
        if name == "commit.before" and failing[0]:
            raise sqlite3.OperationalError("disk I/O error")

    async with home.open(crash) as store:
        outcomes = await asyncio.gather(*(store.write(add, str(n)) for n in range(9)), return_exceptions=True)
        assert all(isinstance(outcome, StoreError) for outcome in outcomes)
        assert len({id(outcome) for outcome in outcomes}) == 9, "an error for each, so that none gathers tracebacks"
        assert await store.read(keys) == []
        failing.clear()
        failing.append(False)
        await store.write(add, "a")
        assert await store.read(keys) == ["a"]


# ---------------------------------------------------------------------------------------------- disk


async def test_on_a_full_database_everything_before_is_kept_and_work_goes_on_after(home: Home) -> None:
    async def limit(store: SqliteStore, pages: int) -> None:
        await store._writer.call(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone())

    async with home.open() as store:
        await store.write(add, "before")
        await limit(store, 8)
        outcomes = await asyncio.gather(
            store.write(add, "small"), store.write(add, "big", "x" * 100_000), return_exceptions=True
        )
        assert isinstance(outcomes[0], int), "what still fits is kept"
        assert isinstance(outcomes[1], StoreUnwritable)
        assert f"{home.path}: the query note_insert: the disk is full; free some space" in str(outcomes[1])
        assert outcomes[1].__cause__ is not None
        assert await store.read(keys) == ["before", "small"]
        await limit(store, 10_000)
        await store.write(add, "after", "x" * 100_000)
        assert await store.read(keys) == ["before", "small", "after"]


def in_own_mounts() -> tuple[str, ...]:
    """The command that gives a process its own mounts; skips where the system doesn't let it."""
    prefix = ("unshare", "--user", "--map-root-user", "--mount")
    try:
        subprocess.run([*prefix, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a system that lets a process have its own mounts")
    return prefix


def test_on_a_full_disk_everything_before_is_kept_and_work_goes_on_after(home: Home) -> None:
    script = """
import subprocess
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path.parent], check=True)
ballast = path.parent / "ballast"

async def main():
    store = await opened()
    await store.write(add, "before")
    try:
        with ballast.open("wb", buffering=0) as stream:
            while stream.write(bytes(4096)):
                pass
    except OSError:
        pass
    refused = 0
    for number in range(20):
        try:
            await store.write(add, f"more-{number}", "x" * 20_000)
        except CoachError as error:
            refused += 1
            print(type(error).__name__, str(error)[len(str(path)):])
    assert refused >= 18, refused
    ballast.unlink()
    await store.write(add, "after", "x" * 20_000)
    await store.close()

async def again():
    store = await opened()
    assert await store.check() == []
    def keys():
        from bot.core.ports import rows
        found = yield from rows("notes")
        return [row["key"] for row in found]
    there = await store.read(keys)
    assert there[0] == "before" and there[-1] == "after" and len(there) <= 4, there
    await store.close()

asyncio.run(main())
asyncio.run(again())
"""
    said = finished(home.start(OPEN + script, prefix=in_own_mounts()))
    assert set(said.splitlines()) == {
        "StoreUnwritable : the disk is full; free some space, what was acknowledged is safe (SQLITE_FULL)"
    }


def test_a_read_only_disk_is_refused_with_a_word(home: Home) -> None:
    asyncio.run(home.fill())
    script = """
import subprocess
subprocess.run(["mount", "--bind", path.parent, path.parent], check=True)
subprocess.run(["mount", "-o", "remount,bind,ro", path.parent], check=True)
for target in (path, path.with_name("new.sqlite3")):
    path = target
    try:
        asyncio.run(opened())
    except CoachError as error:
        print(type(error).__name__, error)
"""
    new = home.path.with_name("new.sqlite3")
    said = finished(home.start(OPEN + script, prefix=in_own_mounts())).splitlines()
    for line, path in zip(said, (home.path, new), strict=True):
        assert line.startswith(f"StoreUnwritable {path}: it can't be written; let this user write to the file and its ")


def test_a_file_or_folder_of_another_user_is_refused_with_a_word(home: Home) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs to be root to become somebody else")
    asyncio.run(home.fill())
    script = """
import concurrent.futures.thread, encodings.ascii, tempfile
os.chmod(rest[0], 0o755)
other = Path(rest[0]) / "folder"
os.seteuid(65534)
for path in (Path(rest[0]) / "coach.sqlite3", other / "coach.sqlite3"):
    try:
        asyncio.run(opened())
    except CoachError as error:
        print(type(error).__name__)
"""
    # The folders that pytest makes are closed to others on the way down, so this one lies beside them.
    outside = Path(subprocess.run(["mktemp", "-d"], check=True, capture_output=True, text=True).stdout.strip())
    try:
        (outside / "folder").mkdir()
        shutil.copy(home.path, outside)
        (outside / "coach.sqlite3.lock").touch()
        (outside / "coach.sqlite3.lock").chmod(0o666)
        shutil.copytree(home.schema, outside / "schema")
        shutil.copy(home.queries, outside)
        (outside / "queries.sql").chmod(0o644)
        elsewhere = Home.__new__(Home)
        elsewhere.path, elsewhere.schema, elsewhere.queries = home.path, outside / "schema", outside / "queries.sql"
        assert finished(elsewhere.start(OPEN + script, outside)).split() == ["StoreUnwritable"] * 2
    finally:
        shutil.rmtree(outside)


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("missing/coach.sqlite3", StoreUnwritable, "its folder is missing; create it"),
        ("data", StoreUnwritable, "it is a folder; name a file in it"),
        (":memory:", StoreError, "names no file"),
        ("", StoreError, "names no file"),
        ("file:x?mode=memory", StoreError, "names no file"),
    ],
)
async def test_a_place_that_cannot_hold_a_database_is_refused(
    home: Home, path: str, kind: type[StoreError], message: str
) -> None:
    place = path if path.startswith((":", "file:")) or not path else str(home.folder / path)
    with pytest.raises(kind, match=message):
        await SqliteStore.open(place, schema=home.schema, queries=home.queries)
    assert not (home.folder / "missing").exists()


# ---------------------------------------------------------------------------------------------- one writer


def test_a_second_process_is_refused_by_name_until_the_first_ends(home: Home) -> None:
    script = """
async def main():
    store = await opened()
    print("open", flush=True)
    sys.stdin.readline()
    await asyncio.sleep(60)

asyncio.run(main())
"""
    process = home.start(OPEN + script)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    try:
        for _ in range(2):
            with pytest.raises(StoreInUse) as caught:
                asyncio.run(home.fill())
            assert str(caught.value) == (
                f"another mlops-coach process (pid {process.pid}) is using {home.path}; "
                "stop it, or use its /mlops commands"
            )
        with pytest.raises(StoreInUse):
            asyncio.run(engine.upgrade(home.path, schema=home.schema))
    finally:
        process.kill()
        process.communicate()
    asyncio.run(home.fill())


async def test_a_second_store_in_one_process_is_refused_also_by_another_name(home: Home) -> None:
    async with home.open() as store:
        await store.write(add, "a")
        alias = home.folder / "alias.sqlite3"
        alias.symlink_to(home.path)
        for path in (home.path, alias):
            with pytest.raises(StoreInUse, match="stop it"):
                await SqliteStore.open(path, schema=home.schema, queries=home.queries)
    await (await SqliteStore.open(alias, schema=home.schema, queries=home.queries)).close()


async def test_opening_can_be_cancelled_and_tried_again(home: Home) -> None:
    for delay in (0.0, 0.001, 0.005):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(delay), home.open():
                await asyncio.sleep(1)
    await home.fill()


# ---------------------------------------------------------------------------------------------- files of all kinds


async def test_a_database_of_a_newer_version_is_left_alone(home: Home) -> None:
    await home.fill()
    home.query("PRAGMA user_version = 7")
    before = home.path.read_bytes()
    with pytest.raises(StoreTooNew, match=r"written by a newer mlops-coach .schema 7, this one knows 1.; install"):
        await home.fill()
    assert home.path.read_bytes() == before
    assert await engine.check(home.path, schema=home.schema) == [
        f"{home.path}: it was written by a newer mlops-coach (schema 7, this one knows 1); install that version"
    ]


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE songs (name TEXT)")
        connection.commit()


def broken_header(path: Path) -> None:
    path.write_bytes(b"\0" * 16 + path.read_bytes()[16:])


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize(
    "content", [b"Dear diary", b"\0" * 8192, b"SQLite format 3\0", "foreign", "broken_header", "cut"]
)
async def test_what_is_no_sound_database_of_the_coach_is_left_alone(home: Home, content: bytes | str) -> None:
    await home.fill(50, "x" * 1000)
    if isinstance(content, bytes):
        home.path.write_bytes(content)
    else:
        if content == "foreign":
            home.path.unlink()
        {"foreign": foreign, "broken_header": broken_header, "cut": cut}[content](home.path)
    before = home.path.read_bytes()
    with pytest.raises(StoreDamaged, match=r"coach\.sqlite3: it is "):
        await home.fill()
    assert home.path.read_bytes() == before
    assert await engine.check(home.path, schema=home.schema)


async def test_a_broken_page_is_found_by_the_check_and_told_by_a_read(home: Home) -> None:
    await home.fill(200, "x" * 1000)
    assert await engine.check(home.path, schema=home.schema) == []
    content = bytearray(home.path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    home.path.write_bytes(content)
    problems = await engine.check(home.path, schema=home.schema)
    assert problems
    assert all("\n" not in line and line.startswith(f"{home.path}: ") for line in problems)
    async with home.open() as store:
        with pytest.raises(StoreDamaged, match="restore a backup"):
            await store.read(keys)


async def test_missing_and_empty_files_are_told_by_the_check(home: Home) -> None:
    with pytest.raises(StoreError, match="there is no such database"):
        await engine.check(home.path)
    home.path.touch()
    with pytest.raises(StoreError, match="it is empty"):
        await engine.check(home.path)
    await home.fill()


# ---------------------------------------------------------------------------------------------- migrations


async def test_an_older_database_is_copied_and_brought_up_to_date(home: Home) -> None:
    await home.fill(3)
    home.migration("002_votes", "CREATE TABLE votes (id INTEGER PRIMARY KEY); -- one; two\n")
    home.migration(
        "003_trigger",
        "CREATE TRIGGER vote AFTER INSERT ON notes BEGIN INSERT INTO votes VALUES (NULL); SELECT 1; END;\n",
    )
    async with home.open() as store:
        await store.write(add, "new")
        assert await store.read(keys) == ["k0", "k1", "k2", "new"]
    assert home.query("SELECT count(*) FROM votes") == [1]
    assert home.query("PRAGMA user_version") == [3]
    copy = home.path.with_name("coach.sqlite3.before-v3")
    home.path = copy
    assert home.query("SELECT key FROM notes") == ["k0", "k1", "k2"]
    assert home.query("PRAGMA user_version") == [1]
    assert await engine.upgrade(copy, schema=home.schema) == (1, 3)


async def test_without_leave_to_upgrade_an_older_database_is_left_alone(home: Home) -> None:
    await home.fill()
    home.migration("002_votes", "CREATE TABLE votes (id INTEGER PRIMARY KEY);")
    before = home.path.read_bytes()
    with pytest.raises(StoreError, match="its schema is 1 of 2; run: mlops-coach db upgrade"):
        async with home.open(upgrade=False):
            pass
    assert home.path.read_bytes() == before
    assert await engine.upgrade(home.path, schema=home.schema) == (1, 2)
    assert await engine.upgrade(home.path, schema=home.schema) == (2, 2)
    async with home.open(upgrade=False) as store:
        assert await store.read(keys) == ["k0"]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("CREATE TABLE votes (id INTEGER); CREATE TABLE notes (id INTEGER);", "002_votes.sql failed and was undone"),
        ("CREATE TABLE votes (id INTEGER); COMMIT; SELECT 1;", "COMMIT has no place in a migration"),
        ("CREATE TABLE votes (id INTEGER);; -- a\n ;ROLLBACK;", "ROLLBACK has no place in a migration"),
        ("CREATE TABLE votes (id INTEGER); (SELECT 1);", "failed and was undone"),
        ("CREATE TABLE votes (id INTEGER); CREATE TRIGGER t AFTER INSERT ON notes BEGIN SELECT 1;", "has no end"),
        ("CREATE TABLE votes (id INTEGER REFERENCES notes); INSERT INTO votes VALUES (99);", "breaks references"),
    ],
)
async def test_a_migration_that_fails_leaves_nothing_of_itself(home: Home, sql: str, message: str) -> None:
    await home.fill()
    home.migration("002_votes", sql)
    with pytest.raises(StoreError, match=message):
        await home.fill()
    assert home.query("PRAGMA user_version") == [1]
    assert home.query("SELECT name FROM sqlite_master WHERE name = 'votes'") == []
    home.migration("002_votes", "CREATE TABLE votes (id INTEGER);")
    async with home.open() as store:
        assert await store.read(keys) == ["k0"]


async def test_a_renamed_migration_is_noticed(home: Home) -> None:
    await home.fill()
    (home.schema / "001_start.sql").rename(home.schema / "001_begin.sql")
    home.migration("002_votes", "CREATE TABLE votes (id INTEGER);")
    with pytest.raises(StoreError, match=r"001_start\.sql, here called 001_begin\.sql; undo the renaming"):
        await home.fill()


def test_a_kill_while_a_database_is_made_or_upgraded_costs_nothing(home: Home) -> None:
    script = """
import sqlite3
real, seen, stop = sqlite3.connect, [0], int(str(rest[0]))
class Connection(sqlite3.Connection):
    def execute(self, *args):
        seen[0] += 1
        if seen[0] == stop:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(*args)
sqlite3.connect = lambda *args, **kwargs: real(*args, factory=Connection, **kwargs)

async def main():
    await (await opened()).close()

asyncio.run(main())
"""
    home.migration("002_votes", "CREATE TABLE votes (id INTEGER);")
    for stop in range(2, 22, 4):
        home.start(OPEN + script, stop).communicate(timeout=60)
        asyncio.run(home.fill())
        assert asyncio.run(engine.check(home.path, schema=home.schema)) == []
        for file in home.path.parent.iterdir():
            file.unlink()


# ---------------------------------------------------------------------------------------------- copies


async def test_a_backup_under_load_is_one_whole_state(home: Home) -> None:
    target = home.folder / "copy.sqlite3"
    going = True

    async def writer(store: SqliteStore, number: int) -> int:
        count = 0
        while going:
            await store.write(add, f"{number}-{count}", "x" * 500)
            count += 1
        return count

    async with home.open() as store:
        writers = [asyncio.create_task(writer(store, number)) for number in range(8)]
        await asyncio.sleep(0.2)
        await store.backup(target)
        assert await engine.check(home.path, schema=home.schema) == []
        assert await store.check() == []
        going = False
        written = sum(await asyncio.gather(*writers))
    assert await engine.check(target, schema=home.schema) == []
    home.path = target
    copied = home.query("SELECT key FROM notes ORDER BY id")
    assert 0 < len(copied) <= written
    for number in range(8):
        own = [key for key in copied if key.startswith(f"{number}-")]
        assert own == [f"{number}-{count}" for count in range(len(own))]
    async with home.open() as store:
        await store.write(add, "goes on")


async def test_looking_at_the_file_gives_up_no_lock_on_it(home: Home) -> None:
    def look() -> None:
        code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM notes'); c.close()"
        subprocess.run([sys.executable, "-c", code, home.path], check=True)

    async with home.open() as store:
        await store.write(add, "a")
        await store.backup(home.folder / "copy.sqlite3")
        await store.check()
        await engine.check(home.path, schema=home.schema)
        await asyncio.to_thread(look)
        # A program that believes itself alone takes the log away when it closes, and with it what is written next.
        assert home.path.with_name("coach.sqlite3-wal").stat().st_nlink == 1
        await store.write(add, "b")
    assert home.query("SELECT key FROM notes") == ["a", "b"]


async def test_a_backup_never_overwrites_and_leaves_no_pieces(home: Home) -> None:
    await home.fill()
    target = home.folder / "copy.sqlite3"
    await engine.backup(home.path, target)
    before = target.read_bytes()
    for taken in (target, home.path):
        with pytest.raises(StoreError, match="exists; choose another name"):
            await engine.backup(home.path, taken)
    assert target.read_bytes() == before
    with pytest.raises(StoreUnwritable):
        await engine.backup(home.path, home.folder / "missing" / "copy.sqlite3")
    with pytest.raises(StoreError, match="there is no such database"):
        await engine.backup(home.folder / "nothing.sqlite3", home.folder / "other.sqlite3")
    assert sorted(file.name for file in home.folder.iterdir()) == ["copy.sqlite3", "data", "queries.sql", "schema"]


# ---------------------------------------------------------------------------------------------- SQLite itself


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), False),
    ],
)
def test_releases_that_can_damage_a_database_are_known(version: tuple[int, int, int], affected: bool) -> None:
    assert can_corrupt(version) is affected


def test_such_a_release_is_warned_of_once(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))
    engine.warn_once.cache_clear()
    with caplog.at_level(logging.WARNING):
        engine.warn_once()
        engine.warn_once()
    assert sum("can, rarely, damage" in record.message for record in caplog.records) == 1


def test_every_query_that_ships_compiles_against_the_schema_that_ships(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.sqlite3", isolation_level=None)) as connection:
        for step in load_migrations(SCHEMA):
            connection.executescript(step.sql)
        for name, sql in load_queries(QUERIES).items():
            values = dict.fromkeys(parameters(sql))
            try:
                connection.execute(f"EXPLAIN {sql}", values)
            except sqlite3.Error as error:
                pytest.fail(f"{name}: {error}")

"""The store of a single machine: one SQLite file, one writer with group commit, readers beside it.

Units of work that wait are taken together and committed with one flush to the disk, so a burst of replies costs few
of them; each still resumes only once it is durable.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, closing, suppress
from functools import cache, partial
from pathlib import Path
from typing import Final, ParamSpec, TypeVar, cast

import aiosqlite

from bot.core.errors import StoreDamaged, StoreError, StoreInUse
from bot.core.ports import CrashPoint, Unit, no_crash
from bot.stores import sqlite_files as files
from bot.stores.batches import MOST_WAITING, Batches, Job, next_of
from bot.stores.file_locks import FileLock
from bot.stores.sql import QUERIES as QUERIES
from bot.stores.sql import SCHEMA as SCHEMA
from bot.stores.sql import Migration, load_migrations, load_queries
from bot.stores.sqlite_errors import errors_of
from bot.stores.sqlite_units import Runner
from bot.stores.units import Failed, Outcome, Start

T = TypeVar("T")
P = ParamSpec("P")

READERS: Final = 2

PATIENCE_S: Final = 150.0
"""How long units wait for a database that another program holds, before they fail."""

MAX_READS: Final = 64
"""Units to one hop to a reader's thread: the hop costs more than most of them do."""

_log = logging.getLogger(__name__)


class _Connection(aiosqlite.Connection):
    """Runs whole functions on the connection's thread: a hop for each statement would cost more than the statement.

    It takes a connection that is already open: a failed opening would leave aiosqlite's thread to outlive the loop.
    """

    def __init__(self, opened: sqlite3.Connection) -> None:
        super().__init__(lambda: opened, iter_chunk_size=64)

    async def call(self, function: Callable[[sqlite3.Connection], T]) -> T:
        # A lambda, because aiosqlite logs what it runs, and arguments hold people's texts.
        return cast(T, await self._execute(lambda: function(self._conn)))  # type: ignore[no-untyped-call]


class SqliteStore:
    """A `bot.core.ports.Store` in one file. Made by `open`; `close` it, or the process won't end."""

    def __init__(
        self,
        path: Path,
        steps: Sequence[Migration],
        lock: FileLock,
        writer: _Connection,
        readers: Sequence[_Connection],
        runner: Runner,
    ) -> None:
        self._path = path
        self._steps = steps
        self._lock = lock
        self._writer = writer
        self._runner = runner
        self._readers = readers
        self._idle = list(readers)
        self._room_to_read = asyncio.Semaphore(MOST_WAITING)
        self._reads: deque[Job] = deque()
        self._reading: set[asyncio.Task[None]] = set()
        self._batches = Batches(path, self._commit)
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        path: Path | str,
        *,
        schema: Path = SCHEMA,
        queries: Path = QUERIES,
        crash: CrashPoint = no_crash,
        upgrade: bool = True,
    ) -> SqliteStore:
        """Open a database, made where there is none, as its one writing process.

        An older one is copied to `<file>.before-vN` and brought up to date, unless `upgrade` is False.
        `crash` is called with "commit.before" and "commit.after" around each commit, on the writer's thread.
        Raises StoreInUse, StoreTooNew, StoreDamaged, StoreUnwritable, or StoreError (not upgraded, faulty .sql files).
        """
        opening = asyncio.create_task(cls._open(path, schema, queries, crash, upgrade=upgrade))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:  # half-open it would keep its lock and its threads
            with suppress(StoreError):
                await (await opening).close()
            raise

    @classmethod
    async def _open(
        cls, path: Path | str, schema: Path, queries: Path, crash: CrashPoint, *, upgrade: bool
    ) -> SqliteStore:
        steps, named = await asyncio.to_thread(lambda: (load_migrations(schema), load_queries(queries)))
        place, lock, opened = await asyncio.to_thread(_acquire, path, steps, upgrade=upgrade)
        writer, *readers = [_Connection(connection) for connection in opened]
        for connection in (writer, *readers):
            await connection
        return cls(place, steps, lock, writer, readers, Runner(place, named, crash))

    async def write(self, unit: Callable[P, Unit[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a unit after those that came before and return its result once that is on the disk.

        When its caller is cancelled, the unit runs whole or not at all. It may be started again from its beginning
        when the transaction that it shared was undone by another. Raises what the unit raises, its work undone, or
        StoreError.
        """
        return cast(T, await self._batches.run(partial(unit, *args, **kwargs)))

    async def read(self, unit: Callable[P, Unit[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a unit that only reads, beside the writer, against one state with every finished write in it.

        Raises what the unit raises, or StoreError, also when it tries to write.
        """
        async with self._room_to_read:
            if self._closing is not None:
                raise StoreError(f"{self._path}: the store is closed; start the coach again")
            job = Job(partial(unit, *args, **kwargs), asyncio.get_running_loop().create_future())
            self._reads.append(job)
            if self._idle:  # it begins in a moment: whoever reads in this turn of the loop comes along
                task = asyncio.create_task(self._read(self._idle.pop()))
                self._reading.add(task)
                task.add_done_callback(self._reading.discard)
            return cast(T, await job.future)

    @property
    def flushes(self) -> int:
        """Commits so far that waited for the disk."""
        return self._runner.flushes

    async def notify(self, told: str) -> None:
        """Nothing: no other process writes to this file."""

    async def listen(self, hear: Callable[[str], None]) -> None:
        """Nothing: no other process writes to this file."""

    async def close(self) -> None:
        """Finish what is waiting and let go of the file; may be called again."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def backup(self, target: Path) -> None:
        """Copy the database as it is now to a new file, while it is in use. See the function `backup`."""
        await backup(self._path, target)

    async def check(self) -> list[str]:
        """What is wrong with the database, one line each. See the function `check`."""
        return await asyncio.to_thread(files.problems, self._path, self._steps)

    async def _read(self, reader: _Connection) -> None:
        """Serve all who wait to read, then let the reader go."""
        batch: list[Job] = []
        try:
            while batch := next_of(self._reads, MAX_READS):
                outcomes = await reader.call(partial(self._runner.read, batch=[job.start for job in batch]))
                for job, outcome in zip(batch, outcomes, strict=True):
                    job.resolve(outcome)
        finally:  # nobody is left waiting for a reader that is gone
            gone = Failed(StoreError(f"{self._path}: the store was stopped before this was read; start it again"))
            for job in batch:
                job.resolve(gone)
            self._idle.append(reader)

    async def _commit(self, batch: Sequence[Start]) -> list[Outcome]:
        outcomes = await self._writer.call(partial(self._runner.write, batch=batch))
        return await self._commit_later(batch, outcomes) if _held(outcomes) else outcomes

    async def _commit_later(self, batch: Sequence[Start], outcomes: list[Outcome]) -> list[Outcome]:
        """Try again while another program holds the database; each try waits for it too."""
        clock = asyncio.get_running_loop().time
        since = clock()
        _log.error("%s: another program holds it; what comes waits up to %.0f s", self._path, PATIENCE_S)
        while _held(outcomes) and self._closing is None and clock() < since + PATIENCE_S:
            outcomes = await self._writer.call(partial(self._runner.write, batch=batch))
        if not _held(outcomes):
            _log.warning("%s: it can be written again after %.0f s", self._path, clock() - since)
        return outcomes

    async def _close(self) -> None:
        async with AsyncExitStack() as stack:  # undone in reverse: the writer goes last and folds the log in
            stack.push_async_callback(asyncio.to_thread, self._lock.release)
            for connection in (self._writer, *self._readers):
                stack.push_async_callback(connection.close)
            with errors_of(self._path):
                await self._batches.close()
                await asyncio.gather(*self._reading)  # those that read now, or wait to, come first


def _held(outcomes: Sequence[Outcome]) -> bool:
    """Whether nothing could be begun because another program holds the database."""
    return all(isinstance(outcome, Failed) and isinstance(outcome.error, StoreInUse) for outcome in outcomes)


def _acquire(
    path: Path | str, steps: Sequence[Migration], *, upgrade: bool
) -> tuple[Path, FileLock, list[sqlite3.Connection]]:
    """The database's lock and its connections, the writer first; all of them or, with an error, none."""
    place = files.locate(path)
    with ExitStack() as undo:
        lock = files.lock(place)
        undo.callback(lock.release)
        opened = [files.open_writer(place, steps, upgrade=upgrade)[0]]
        undo.callback(opened[0].close)
        for _ in range(READERS):
            opened.append(files.open_reader(place))
            undo.callback(opened[-1].close)
        undo.pop_all()
        return place, lock, opened


# ---------------------------------------------------------------------------------------------- for the command line


async def backup(path: Path | str, target: Path) -> None:
    """Copy a database to a new file, whole and consistent, also while a coach writes to it.

    Raises StoreError where `target` exists or `path` doesn't, StoreDamaged, StoreUnwritable.
    """
    await asyncio.to_thread(_backup, path, target)


async def restore(file: Path, path: Path | str) -> None:
    """Copy what `backup` wrote to a place where no database is, and check it.

    Raises StoreError where the place isn't empty or the file is no backup; StoreInUse, StoreDamaged, StoreUnwritable.
    """
    await asyncio.to_thread(_restore, file, path)


async def require_sound(path: Path) -> None:
    """Raises StoreError where there is no backup of this version or an older one, StoreDamaged where it is damaged."""
    await asyncio.to_thread(_require_sound, path)


async def check(path: Path | str, *, schema: Path = SCHEMA) -> list[str]:
    """What is wrong with a database (pages, references, version), one line each, at most 21; also while in use.

    Raises StoreError where there is no such file, it is empty or can't be read.
    """
    return await asyncio.to_thread(_check, path, schema)


async def upgrade(path: Path | str, *, schema: Path = SCHEMA) -> tuple[int, int]:
    """Bring a database to the latest version, after copying it to `<file>.before-vN`: (version before, version now).

    Raises as `SqliteStore.open` does, and StoreError where there is no such file.
    """
    return await asyncio.to_thread(_upgrade, path, schema)


async def look(path: Path | str, unit: Callable[P, Unit[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run one unit that only reads against a database that another process may be using.

    Raises what the unit raises; StoreError where there is no such file, or its schema isn't this version's.
    """
    outcome = await asyncio.to_thread(_look, path, partial(unit, *args, **kwargs))
    if isinstance(outcome, Failed):
        raise outcome.error
    return cast(T, outcome.value)


def _backup(path: Path | str, target: Path) -> None:
    place = files.locate(path)
    files.require(place)
    with closing(files.open_reader(place)) as source:
        files.copy(source, target.absolute(), like=place, replace=False)


def _restore(file: Path, path: Path | str) -> None:
    place, source = files.locate(path), files.locate(file)
    taken = files.lock(place)
    try:
        _require_sound(source)
        with closing(files.open_reader(source)) as reader:
            files.copy(reader, place, like=source, replace=False)
        _require_sound(place)
    finally:
        taken.release()


def _require_sound(path: Path) -> None:
    files.require(path)
    if found := files.problems(path, load_migrations(SCHEMA), older=True):
        raise StoreDamaged(found[0])


def _look(path: Path | str, start: Start) -> Outcome:
    steps, named = load_migrations(SCHEMA), load_queries(QUERIES)
    place = files.locate(path)
    files.require(place)
    files.read_header(place)
    with closing(files.open_reader(place)) as reader:
        files.require_version(reader, place, steps, upgrade=False)
        return Runner(place, named, no_crash).read(reader, [start])[0]


def _check(path: Path | str, schema: Path) -> list[str]:
    place = files.locate(path)
    files.require(place)
    return files.problems(place, load_migrations(schema))


def _upgrade(path: Path | str, schema: Path) -> tuple[int, int]:
    steps = load_migrations(schema)
    place = files.locate(path)
    files.require(place)
    taken = files.lock(place)
    try:
        connection, found = files.open_writer(place, steps, upgrade=True)
        connection.close()
    finally:
        taken.release()
    return found, len(steps)


# ---------------------------------------------------------------------------------------------- SQLite itself


def can_corrupt(version: tuple[int, int, int]) -> bool:
    """Whether a release of SQLite can damage a database with a write-ahead log when several connections write at once.

    It was so from 3.7.0 until 3.51.3; 3.44.6 and 3.50.7 have the correction too.
    """
    corrected = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return version >= (3, 7) and not corrected


@cache
def warn_once() -> None:
    """Say, once, that the SQLite in use can damage a database; for the start of a long-lived process."""
    if can_corrupt(sqlite3.sqlite_version_info):
        _log.warning(
            "SQLite %s can, rarely, damage a database that several programs write to: let the coach alone write to its "
            "file (3.51.3 mends it)",
            sqlite3.sqlite_version,
        )

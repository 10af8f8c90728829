"""A PostgreSQL server of the tests' own, from the programs that are installed: on a free port, in a folder of its own.

It is started once for each process that runs tests, on first use. Every test gets a fresh database.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import itertools
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncpg
import pytest

from bot.stores import open_store
from bot.stores.sql import SCHEMA, load_migrations

MISSING = "PostgreSQL isn't installed: apt-get install postgresql"
START_SECONDS = 60.0
_SIGNAL_WHEN_PARENT_DIES = 1  # PR_SET_PDEATHSIG
_EMPTY = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid();
DO $$ BEGIN
    EXECUTE (SELECT 'TRUNCATE ' || string_agg(quote_ident(relname), ', ') || ' RESTART IDENTITY' FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'schema_migrations');
END $$
"""
_ROWS = re.compile(r"^INSERT INTO .*?;", re.MULTILINE | re.DOTALL)
"""What a migration puts into its tables."""

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_min_messages": "fatal",
    "max_wal_size": "256MB",
    "autovacuum_naptime": "5s",
}


def program(name: str) -> Path | None:
    """A program of the newest PostgreSQL that is installed; None without one."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    found = shutil.which(name, path=os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", "")]))
    return Path(found) if found else None


def _demoted() -> None:
    """In a new process: become another user where this is root, whom the server refuses; and end with the parent."""
    if os.geteuid() == 0:
        user = _user()
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SIGNAL_WHEN_PARENT_DIES, signal.SIGQUIT)


def _user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


class PostgresServer:
    """A server that can be stopped, killed and started again on the same data and the same port."""

    def __init__(self, *, durable: bool = False) -> None:
        """A `durable` one flushes what is committed to the disk, as those in use do; most tests don't need it."""
        self.folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))  # a socket's path has to be short
        self.port = _free_port()
        self._settings = _SETTINGS | {"port": str(self.port), "unix_socket_directories": str(self.folder)}
        if not durable:
            self._settings |= {"fsync": "off", "full_page_writes": "off"}
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = itertools.count(1)
        self._template = ""
        self._spare: list[str] = []
        if os.geteuid() == 0:
            os.chown(self.folder, _user().pw_uid, _user().pw_gid)
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", self._data)

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [text for name, value in self._settings.items() for text in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(program("postgres")), "-D", self._data, *options],
                stdout=log, stderr=log, preexec_fn=_demoted, cwd=self.folder,
            )  # fmt: skip
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the server didn't start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop it, by default at once, as a crash would; SIGINT ends it in order."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def create(self, template: str = "template0") -> str:
        """The address of a new database: an empty one, or a copy of one that nobody is using."""
        name = f"coach{os.getpid()}_{next(self._databases)}"
        connection = await asyncpg.connect(self.url())
        try:
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        finally:
            await connection.close()
        return self.url(name)

    async def create_coach(self) -> str:
        """The address of a database with the coach's tables as they are at first; one given back, or a new one."""
        if self._spare:
            url = self._spare.pop()
            await self._empty(url)
            return url
        if not self._template:
            url = await self.create()
            await (await open_store(url)).close()
            self._template = url.rsplit("/", 1)[1]
        return await self.create(self._template)

    def give_back(self, url: str) -> None:
        """The test that had this database from `create_coach` is over: emptying one is quicker than making one."""
        self._spare.append(url)

    async def _empty(self, url: str) -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(_EMPTY)
            for step in load_migrations(SCHEMA):
                for found in _ROWS.finditer(step.sql):
                    await connection.execute(found[0])
        finally:
            await connection.close()

    def drop(self, url: str) -> None:
        """Remove a database, whoever still uses it."""
        address = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres")
        self._run("dropdb", *address, "--force", "--if-exists", url.rsplit("/", 1)[1])

    def _answers(self) -> bool:
        done = subprocess.run([str(program("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False)
        return done.returncode == 0

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(
            [str(program(name)), *arguments], check=True, capture_output=True, preexec_fn=_demoted, cwd=self.folder
        )


async def execute(url: str, sql: str) -> None:
    """Do something in a database behind the coach's back."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@functools.cache
def server() -> PostgresServer:
    """This process's own server; the test is skipped where there is none to be had."""
    require()
    made = PostgresServer()
    atexit.register(made.remove)
    made.start()
    return made


def require() -> None:
    """Skip the test unless the programs are there."""
    if not all(program(name) for name in ("postgres", "initdb", "pg_isready")):
        pytest.skip(MISSING)

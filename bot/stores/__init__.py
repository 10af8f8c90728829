"""Databases that run units of work: the schema and the queries are .sql files, an engine each runs them."""

from __future__ import annotations

from pathlib import Path

from bot.core.errors import StoreError
from bot.core.ports import CrashPoint, Store, no_crash

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")


async def open_store(url: str, *, crash: CrashPoint = no_crash) -> Store:
    """Open the database at an address, `sqlite:///` and a path or `postgresql://...`, up to date and ready.

    Raises StoreError and its kinds as the engine's own `open` does.
    """
    if is_postgres(url):
        from bot.stores.postgres import PostgresStore

        return await PostgresStore.open(url, crash=crash)
    from bot.stores.sqlite import SqliteStore

    return await SqliteStore.open(sqlite_file(url), crash=crash)


def is_postgres(url: str) -> bool:
    """Whether an address is that of a PostgreSQL database."""
    return url.startswith(POSTGRES)


def sqlite_file(url: str) -> Path:
    """The file of a SQLite address. Raises StoreError for any other address."""
    if not url.startswith(SQLITE) or not url.removeprefix(SQLITE):
        scheme = url.split("://")[0][:20] if "://" in url else "that"
        raise StoreError(f"{scheme} is no address of a database; use sqlite:/// and a path, or postgresql://...")
    return Path(url.removeprefix(SQLITE)).expanduser()


def schema_version() -> int:
    """The newest version of the schema that this program knows. Reads files."""
    from bot.stores.sql import SCHEMA, load_migrations

    return len(load_migrations(SCHEMA))

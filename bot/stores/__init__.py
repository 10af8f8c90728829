"""Databases that run units of work: the schema and the queries are .sql files, an engine each runs them."""

from __future__ import annotations

from pathlib import Path

from bot.core.ports import CrashPoint, Store, no_crash


async def open_store(url: str, *, crash: CrashPoint = no_crash) -> Store:
    """The store at `sqlite:///PATH`, brought up to date. Raises StoreError."""
    from bot.stores.sqlite import SqliteStore

    return await SqliteStore.open(Path(url.removeprefix("sqlite:///")).expanduser(), crash=crash)

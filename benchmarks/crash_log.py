"""What the coach's database holds at the end of the crash harness, read past the coach's own queries."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]

_TABLES = {
    "rounds": "SELECT r.*, c.channel, c.rule FROM rounds r JOIN channels c ON c.id = r.channel_id ORDER BY r.id",
    "replies": "SELECT * FROM replies ORDER BY at, id",
    "results": "SELECT * FROM results",
    "standings": "SELECT * FROM standings",
    "outbox": "SELECT * FROM outbox ORDER BY id",
}

# Work that the coach still has, or will have by itself in a moment.
_OPEN = """
SELECT (SELECT count(*) FROM replies WHERE state IN ('received', 'failed'))
    + (SELECT count(*) FROM outbox WHERE state IN ('waiting', 'sending'))
    + (SELECT count(*) FROM rounds WHERE state = 'scheduled' OR count_due IS NOT NULL
        OR (state = 'closed' AND revealed_at IS NULL)) AS open
"""


@dataclass(frozen=True, slots=True)
class Log:
    """All rows that matter, as they are."""

    rounds: list[Row]
    replies: list[Row]
    results: list[Row]
    standings: list[Row]
    outbox: list[Row]


async def read(url: str) -> Log:
    """The tables of a database by its URL."""
    return Log(**{name: await _rows(url, sql) for name, sql in _TABLES.items()})


async def still_open(url: str) -> int:
    """How many replies, messages and rounds wait for something."""
    (row,) = await _rows(url, _OPEN)
    return int(row["open"])


async def _rows(url: str, sql: str) -> list[Row]:
    if url.startswith("sqlite"):
        return await asyncio.to_thread(_sqlite, url.removeprefix("sqlite:///"), sql)
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        return [dict(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


def _sqlite(path: str, sql: str) -> list[Row]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(sql)]

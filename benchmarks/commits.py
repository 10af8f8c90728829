"""Durable writes a second: 128 writers sharing commits, against one commit for each write.

    python -m benchmarks.commits [--folder DIR] [--rounds N] [--seconds S]

All insert the same rows into the same schema with a write-ahead log and synchronous=FULL, by turns, on the disk
of `--folder`. The ratio of a round is what counts: rates are the disk's. A bare loop of sqlite3 with as many rows to a
commit, no callers and no event loop, shows what this disk and processor allow at most. Takes about 20 seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

from bot.core.ports import Unit, one
from bot.stores.sqlite import SqliteStore

WRITERS = 128
FIRST_ID = 1_400_000_000_000_000_000  # ids of messages grow with time on every platform
AIM = 15.0
TEXT = "Blue-green keeps two whole environments; a canary shifts a share of the traffic and watches. " * 4

SCHEMA = """
CREATE TABLE replies (
    id INTEGER PRIMARY KEY, message TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL
);
"""
INSERT = """
INSERT INTO replies (message, user_id, text, at) VALUES (:message, :user_id, :text, :at)
ON CONFLICT DO NOTHING RETURNING id
"""


def take(message: str) -> Unit[bool]:
    """Store a reply: whether it is new."""
    row = yield from one("reply_insert", message=message, user_id="u1", text=TEXT, at=1)
    return row is not None


class Grouped:
    """The store, with counters of its commits and of what it acknowledged."""

    def __init__(self) -> None:
        self.commits = 0
        self.acks = 0
        self._ids = itertools.count(FIRST_ID)

    def crash(self, name: str) -> None:
        self.commits += name == "commit.after"

    async def measure(self, store: SqliteStore, seconds: float) -> float:
        """Acknowledged writes a second of 128 concurrent writers."""
        start, before = time.perf_counter(), self.acks

        async def writer() -> None:
            while time.perf_counter() - start < seconds:
                await store.write(take, str(next(self._ids)))
                self.acks += 1

        await asyncio.gather(*(writer() for _ in range(WRITERS)))
        return (self.acks - before) / (time.perf_counter() - start)


def measure_raw(path: Path, seconds: float, size: int) -> float:
    """Writes a second of raw sqlite3 in a plain loop with `size` of them to a commit."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(SCHEMA.strip().replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))
        count = connection.execute("SELECT count(*) FROM replies").fetchone()[0]
        first, start = count, time.perf_counter()
        while time.perf_counter() - start < seconds:
            connection.execute("BEGIN IMMEDIATE")
            for _ in range(size):
                row = {"message": str(FIRST_ID + count), "user_id": "u1", "text": TEXT, "at": 1}
                connection.execute(INSERT, row).fetchall()
                count += 1
            connection.execute("COMMIT")
        return float(count - first) / (time.perf_counter() - start)


async def run(folder: Path, rounds: int, seconds: float) -> None:
    """Measure by turns and print a line a round, then the median ratio and its bound."""
    (folder / "schema").mkdir()
    (folder / "schema" / "001_start.sql").write_text(SCHEMA, encoding="utf-8")
    (folder / "queries.sql").write_text(f"-- name: reply_insert\n{INSERT}", encoding="utf-8")
    grouped, ratios, bounds = Grouped(), list[float](), list[float]()
    store = await SqliteStore.open(
        folder / "grouped.sqlite3", schema=folder / "schema", queries=folder / "queries.sql", crash=grouped.crash
    )
    try:
        for turn in range(rounds):
            single = await asyncio.to_thread(measure_raw, folder / "single.sqlite3", seconds, 1)
            many = await grouped.measure(store, seconds)
            bare = await asyncio.to_thread(measure_raw, folder / "bare.sqlite3", seconds / 2, WRITERS)
            ratios.append(many / single)
            bounds.append(bare / single)
            print(
                f"round {turn + 1}: {single:7,.0f} acks/s one by one, {many:8,.0f} grouped: {ratios[-1]:5.1f}x", end=""
            )
            print(f" (bare loop: {bare:8,.0f}, {bounds[-1]:5.1f}x)")
    finally:
        await store.close()
    share = grouped.commits / max(grouped.acks, 1)
    print(f"grouped: {grouped.acks:,} writes in {grouped.commits:,} commits, {share:.4f} a write")
    median = statistics.median(ratios)
    print(f"ratio: {median:.1f}x in the median, {min(ratios):.1f}x to {max(ratios):.1f}x (aim: {AIM:.0f}x)")
    print(f"bound: {statistics.median(bounds):.1f}x, raw sqlite3 with {WRITERS} rows to a commit and nobody waiting")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Durable writes a second: grouped commits against single ones.")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="on the disk to measure (default: here)")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each side of a round")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder, prefix=".commits-") as folder:
        asyncio.run(run(Path(folder), options.rounds, options.seconds))


if __name__ == "__main__":
    main()

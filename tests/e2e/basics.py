"""What every coach that runs as its own process needs, whichever chat it is in."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SAID = (
    "I keep the old version running and send a small share of the traffic to the new one before going on",
    "Dashboards show latency, errors and saturation, and somebody is paged when users would notice",
    "Everything is described in code, reviewed like code, and applied by a pipeline rather than by hand",
    "We compare the distribution of each feature with its training baseline once an hour",
    "Tests run in parallel on every commit, the slow ones at night, and flaky ones are quarantined",
    "Backups are restored into an empty account every month, because only a restore proves a backup",
    "The event log is partitioned by customer, so that order holds where it has to hold",
    "A flag hides the unfinished feature, and each flag has an owner and a date on which it goes",
    "Retries carry an idempotency key and wait longer each time, up to a limit that callers know",
    "The registry says which data, code and parameters made a model, so any of them can be rebuilt",
)
"""Beginnings of answers, each unlike all others."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**more: str) -> dict[str, str]:
    """The variables of a process: nothing of ours but what finds the program, and these."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **more}


def rows(database: Path, sql: str) -> list[tuple[Any, ...]]:
    """What a database file says, read beside the coach."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def counted(database: Path, total: int, results: int) -> None:
    """Each of so many answers is there once and graded; the boards agree with so many results."""
    assert rows(database, "SELECT count(*), count(DISTINCT channel || message) FROM replies") == [(total, total)]
    assert rows(database, "SELECT count(*) FROM replies WHERE state = 'graded'") == [(total,)]
    assert rows(database, "SELECT count(*) FROM results") == [(results,)]
    board = "SELECT sum(points), sum(answers) FROM standings WHERE period = 'all' AND topic = ''"
    assert rows(database, board) == rows(database, "SELECT sum(score), count(*) FROM results")
